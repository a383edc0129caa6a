"""A critic on the plane: its values or its slopes as a picture with the points on it, and the bars that explain it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from ..widgets.points import heat_map

OCTAVES = 2.0  # slopes from 1/4 to 4 have each a colour of their own
FULL = 5.0  # what `heat_map` takes for nearly full colour
DOT = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], float)  # pixels
TICKS = (("4", 2.0), ("2", 1.0), ("1", 0.0), ("½", -1.0), ("¼", -2.0))  # of the slopes: (label, octaves)
MARK = 1.0  # the slope that W1 asks for

Amount = Callable[[np.ndarray], np.ndarray]  # [R, R] -> [R, R] in [-1, 1]: orange below 0, blue above


def of_values(values: np.ndarray) -> np.ndarray:
    """On a scale of its own: blue where the critic says real."""
    return values / max(float(np.abs(values).max()), 1e-12)


def of_slopes(slopes: np.ndarray) -> np.ndarray:
    """On one scale for all, by factors: orange where it is steeper than 1, blue where it is flatter."""
    return -np.clip(np.log2(np.maximum(slopes, 1e-12) / MARK) / OCTAVES, -1, 1)


class PlaneMap(QWidget):
    """Shows an array [R, R], row 0 at the bottom, and points."""

    def __init__(self, name: str, about: str, amount: Amount):
        super().__init__()
        self._amount = amount
        self._field: np.ndarray | None = None
        self._image: QImage | None = None
        self._points: tuple[np.ndarray, np.ndarray] | None = None
        self._extent = 1.0
        self.setAccessibleName(name)
        self.setToolTip(about)
        self.setMinimumSize(64, 64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self._recolour)

    def show_field(self, field: np.ndarray, extent: float) -> None:
        self._field, self._extent = field, extent
        self._recolour()

    def show_points(self, real: np.ndarray, generated: np.ndarray) -> None:
        self._points = real, generated
        self.update()

    def _recolour(self) -> None:
        if self._field is not None:
            self._image = heat_map(FULL * self._amount(self._field), theme.colours())
        self.update()

    def square(self) -> QRectF:
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        c, box = theme.colours(), self.square()
        painter = QPainter(self)
        painter.fillRect(box, c.plot)
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(box, self._image)
        if self._points is not None:
            painter.setClipRect(box)
            for points, colour in zip(self._points, (c.third, c.text), strict=True):
                painter.setPen(theme.faded(colour, 0.8))
                x, y = self._pixels(points, box)
                painter.drawPointsNp(x, y)  # type: ignore[arg-type]
            painter.setClipping(False)
        painter.setPen(QPen(c.grid, 1))
        painter.drawRect(box)

    def _pixels(self, points: np.ndarray, box: QRectF) -> np.ndarray:
        middle = np.array([box.center().x(), box.center().y()])
        pixels = middle + points * (box.width() / 2 / self._extent) * np.array([1, -1])  # [N, 2]
        dots = pixels.round()[:, None] + DOT  # [N, pixels of a dot, 2]
        return np.ascontiguousarray(dots.reshape(-1, 2).T)

    def sizeHint(self) -> QSize:
        return QSize(140, 140)


class ColourBar(QWidget):
    """Upright, with words beside it; the mark in the middle is the value that matters."""

    def __init__(self, title: str, about: str, ticks: tuple[tuple[str, float], ...], reach: float, upside: float):
        super().__init__()
        self._title, self._ticks, self._reach, self._upside = title, ticks, reach, upside
        self.setToolTip(about)
        self.setAccessibleName(about)
        self.setFixedWidth(46)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        c, font = theme.colours(), self.fontMetrics()
        painter = QPainter(self)
        bar = QRectF(2, font.height() + 4, 11, max(10, self.height() - 1.5 * font.height() - 10))
        shades = np.linspace(-1, 1, 64)[:, None] * self._upside
        painter.drawImage(bar, heat_map(FULL * np.repeat(shades, 2, axis=1), c))
        painter.setPen(c.text)
        painter.drawText(QRectF(0, 0, self.width(), font.height()), LEFT, self._title)
        for text, value in self._ticks:
            y = bar.center().y() - value / self._reach * bar.height() / 2
            painter.setPen(c.text if value == 0 else c.muted)
            left = bar.left() if value == 0 else bar.right() - 3
            painter.drawLine(QPointF(left, y), QPointF(bar.right() + 3, y))
            painter.drawText(QRectF(bar.right() + 5, y - 10, 30, 20), LEFT, text)


def slope_bar() -> ColourBar:
    return ColourBar("|∇f|", "Slope of the critic; 1 is what W1 asks for. Beyond 4 all is orange", TICKS, OCTAVES, -1)


def value_bar() -> ColourBar:
    ticks = (("high", 1.0), ("0", 0.0), ("low", -1.0))
    return ColourBar("f", "Value of the critic, each map on a scale of its own: high is real", ticks, 1.0, 1)


class WeightBars(QWidget):
    """A histogram of weights around 0. Heights are roots of counts, so that few are seen too."""

    def __init__(self, name: str):
        super().__init__()
        self._counts = np.zeros(1)
        self.reach = 0.0
        self.setAccessibleName(name)
        self.setToolTip("Histogram of the weights as they are used, from minus to plus the largest")
        self.setFixedHeight(50)
        theme.changed.connect(self.update)

    def show_counts(self, counts: np.ndarray, edges: np.ndarray) -> None:
        self._counts, self.reach = np.sqrt(counts), float(edges[-1])
        self.setAccessibleDescription(f"Weights up to {self.reach:.3g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c, font = theme.colours(), self.fontMetrics()
        painter = QPainter(self)
        box = QRectF(1, 1, self.width() - 2, self.height() - font.height() - 3)
        painter.fillRect(box, c.plot)
        tall = self._counts / max(float(self._counts.max()), 1e-9) * (box.height() - 2)
        wide = box.width() / len(tall)
        for i, height in enumerate(tall.tolist()):
            painter.fillRect(QRectF(box.left() + i * wide, box.bottom() - height, max(1.0, wide - 1), height), c.muted)
        painter.setPen(c.grid)
        painter.drawRect(box)
        painter.setPen(c.muted)
        below = QRectF(box.left(), box.bottom() + 2, box.width(), font.height())
        painter.drawText(below, LEFT, f"−{self.reach:.2g}")
        painter.drawText(below, RIGHT, f"{self.reach:.2g}")


LEFT = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight) | int(Qt.AlignmentFlag.AlignVCenter)
