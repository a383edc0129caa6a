"""A series as a line on the screen: thinned, cut at the edges of its plot, handed to Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shiboken6
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from .scale import Piece
from .series import Series

MOST = 1000  # points of a line that are drawn
WILD = 12  # a line that goes so many times as far up and down as its plot is wide is painted by columns
SLACK = 1e-6  # pixels that rounding may put a crossing beside its edge
Drawn = tuple[np.ndarray, ...]  # steps, values, breaks [K]


@dataclass(eq=False)
class Line:
    """A series with the pen that draws it."""

    series: Series
    pen: QPen
    smooth: bool = False  # the moving average
    dots: bool = False  # on the points, where they can be told apart
    _key: tuple[float, ...] = ()
    _drawn: Drawn = field(default_factory=lambda: (np.empty(0), np.empty(0), np.empty(0, bool)))

    def drawn(self, low: float, high: float) -> Drawn:
        """(steps, values, breaks) between two steps; worked out again only if something changed."""
        key = (low, high, self.series.version)
        if key != self._key:
            self._key, self._drawn = key, self.series.shown(low, high, MOST, self.smooth)
        return self._drawn

    def dotted(self, span: tuple[float, float], most: float) -> np.ndarray:
        """Which of the points drawn [K] get a dot, so that there are at most `most`; always the same while it grows."""
        steps, _, _ = self.drawn(*span)
        every = 1
        while (span[1] - span[0]) / (every * self.series.spacing) > most:
            every *= 2
        return np.round(steps / self.series.spacing).astype(np.int64) % every == 0


def clipped(x: np.ndarray, y: np.ndarray, area: QRectF) -> Iterator[QPolygonF]:
    """A line in pixels, x [K] ascending and y [K], cut at the edges; Qt's own clipping goes wrong in SVG files."""
    left, right, top, bottom = area.left(), area.right(), area.top(), area.bottom()
    x, y = with_crossings(x, y, x, left)
    x, y = with_crossings(x, y, x, right)
    x, y = with_crossings(x, y, y, top)
    x, y = with_crossings(x, y, y, bottom)
    inside = (x >= left - SLACK) & (x <= right + SLACK) & (y >= top - SLACK) & (y <= bottom + SLACK)
    edges = np.flatnonzero(np.diff(inside.astype(np.int8), prepend=0, append=0))
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if stop - start > 1:
            yield polygon(x[start:stop], y[start:stop])


def with_crossings(x: np.ndarray, y: np.ndarray, which: np.ndarray, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """The line with a point more wherever `which`, x or y, crosses an edge."""
    side = which > edge
    at = np.flatnonzero(side[:-1] != side[1:])
    if not len(at):
        return x, y
    share = (edge - which[at]) / (which[at + 1] - which[at])
    return tuple(np.insert(a, at + 1, a[at] + share * (a[at + 1] - a[at])) for a in (x, y))  # type: ignore[return-value]


def travel(y: np.ndarray) -> float:
    """How far a line goes up and down."""
    return float(np.abs(y[1:] - y[:-1]).sum())


def columns(pieces: list[Piece], area: QRectF, colour: QColor, ratio: float) -> QImage:
    """A line as the pixels that it passes in each column of a plot, without antialiasing; `ratio` pixels a pixel.

    Noise of a thousand points takes 0.2 ms, at any density; its strokes take 18 ms, or 300 with a pen of two pixels.
    """
    width, height = max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio))
    low, high = np.full(width, np.inf, np.float32), np.full(width, -np.inf, np.float32)
    for x, y in pieces:
        x, y = (x - area.left()) * ratio, (y - area.top()) * ratio
        # Where it crosses the borders between columns, and what lies within them.
        first, last = max(0, math.floor(x[0])), min(width - 1, math.floor(x[-1]))
        if first > last:
            continue
        edges = np.interp(np.arange(first, last + 2), x, y)
        inside = slice(first, last + 1)
        low[inside] = np.minimum(low[inside], np.minimum(edges[:-1], edges[1:]))
        high[inside] = np.maximum(high[inside], np.maximum(edges[:-1], edges[1:]))
        column = np.floor(x).astype(np.int64)
        seen = (column >= 0) & (column < width)
        column, y = column[seen], y[seen]
        if len(column):
            starts = np.flatnonzero(np.diff(column, prepend=-1))
            column = column[starts]
            low[column] = np.minimum(low[column], np.minimum.reduceat(y, starts))
            high[column] = np.maximum(high[column], np.maximum.reduceat(y, starts))
    rows = np.arange(height, dtype=np.float32)[:, None] + 0.5
    passed = (rows >= low - ratio / 2) & (rows <= high + ratio / 2)  # [height, width]
    for _ in range(round(ratio) - 1):  # a stroke is as wide as a pixel of the user's
        passed[:, 1:] |= passed[:, :-1]
    alpha = colour.alphaF()
    premultiplied = [colour.alpha(), *(round(alpha * part) for part in (colour.red(), colour.green(), colour.blue()))]
    pixels = passed * np.uint32(int.from_bytes(premultiplied))  # ARGB
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
    image.setDevicePixelRatio(ratio)
    return image


def polygon(x: np.ndarray, y: np.ndarray) -> QPolygonF:
    """Points [K] written into Qt's memory: five microseconds, against a millisecond for a list of points."""
    points = QPolygonF()
    points.resize(len(x))
    memory = shiboken6.VoidPtr(points.data(), 16 * len(x), True)  # type: ignore[call-arg, arg-type]
    pairs = np.frombuffer(memory, np.float64).reshape(-1, 2)  # type: ignore[call-overload]
    pairs[:, 0], pairs[:, 1] = x, y
    return points


def paint_dots(painter: QPainter, x: np.ndarray, y: np.ndarray, area: QRectF, colour: QColor) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        if area.contains(px, py):
            painter.drawEllipse(QPointF(px, py), 2.5, 2.5)
    painter.restore()
