"""A plot that is painted at once: axes with round numbers, lines, zones, a cursor. For a few hundred points a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from .ticks import labels, ticks

Range = tuple[float, float]
FAR = 1e6  # pixels: Qt draws nothing sensible beyond
LINE = 1.0  # width of a pen: wider ones are slow where they are smooth


@dataclass(frozen=True)
class Line:
    """`colour` is asked at each painting, so that it follows the theme. NaN leaves a gap."""

    x: np.ndarray  # [N]
    y: np.ndarray  # [N]
    colour: Callable[[], QColor]
    label: str = ""
    dashed: bool = False
    filled: bool = False


@dataclass(frozen=True)
class Zone:
    """A stretch of the x axis that is shaded, with a word in it."""

    low: float
    high: float
    label: str
    colour: Callable[[], QColor]


class Chart(QWidget):
    """Shows `lines` and `zones`; ranges and levels are set by whoever knows what is to be seen, before `show_lines`."""

    def __init__(self, name: str, x_title: str = "", y_title: str = ""):
        super().__init__()
        self.x_range: Range = (0.0, 1.0)
        self.y_range: Range = (0.0, 1.0)
        self.lines: list[Line] = []
        self.zones: list[Zone] = []
        self.cursor_x: float | None = None  # a line from top to bottom
        self.levels: list[tuple[float, str]] = []  # faint lines across, with a word
        self.x_title, self.y_title = x_title, y_title
        self._look: tuple[object, ...] = ()  # what the pictures were painted for
        self._ground: QPixmap | None = None  # the axes
        self._picture: QPixmap | None = None  # the axes and all that stands still on them
        self.empty = ""  # what is said where there is nothing
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 70)
        theme.changed.connect(self._recolour)

    def show_lines(self, lines: list[Line], zones: list[Zone] | None = None) -> None:
        self.lines, self.zones = lines, zones or []
        self._picture = None
        self.update()

    def set_y_range(self, low: float, high: float) -> None:
        self.y_range = (low, high if high > low else low + 1.0)
        self.update()

    def _recolour(self) -> None:
        self._look = ()
        self.update()

    # places

    def inside(self) -> QRectF:
        """Where the lines are, between the axes."""
        height = self.fontMetrics().height()
        below = height + 4 + (height if self.x_title else 0)
        return QRectF(self.rect()).adjusted(46, 6, -8, -below)

    def pixels(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[N] each, from the plot's units to the widget's."""
        box, (x0, x1), (y0, y1) = self.inside(), self.x_range, self.y_range
        right = box.left() + (np.asarray(x) - x0) * (box.width() / (x1 - x0))
        down = box.bottom() - (np.asarray(y) - y0) * (box.height() / (y1 - y0))
        return right, np.clip(down, -FAR, FAR)

    def point(self, x: float, y: float) -> QPointF:
        right, down = self.pixels(np.array([x]), np.array([y]))
        return QPointF(float(right[0]), float(down[0]))

    def place(self, pixel: QPointF) -> tuple[float, float]:
        """From the widget's units to the plot's."""
        box, (x0, x1), (y0, y1) = self.inside(), self.x_range, self.y_range
        x = x0 + (pixel.x() - box.left()) / max(box.width(), 1) * (x1 - x0)
        y = y0 + (box.bottom() - pixel.y()) / max(box.height(), 1) * (y1 - y0)
        return x, y

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and the lines are kept as pictures: what moves most is the cursor alone."""
        painter = QPainter(self)
        box, c = self.inside(), theme.colours()
        look = (self.size().toTuple(), self.devicePixelRatioF(), self.x_range, self.y_range, c.dark, self.font().key())
        if look != self._look:
            self._look, self._ground, self._picture = look, self._layer(self._paint_ground), None
        if self._picture is None:
            self._picture = self._layer(self._paint_content, self._ground)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(box.adjusted(-1, -1, 1, 1))
        self.paint_more(painter, box, c)
        if self.cursor_x is not None:
            painter.setPen(QPen(c.text, LINE, Qt.PenStyle.DotLine))
            at = self.point(self.cursor_x, 0).x()
            painter.drawLine(QPointF(at, box.top()), QPointF(at, box.bottom()))
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self.palette().highlight().color() if self.hasFocus() else c.grid, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)

    def _layer(self, paint: Callable[[QPainter], None], beneath: QPixmap | None = None) -> QPixmap:
        if beneath is None:
            ratio = self.devicePixelRatioF()
            layer = QPixmap(self.size() * ratio)
            layer.setDevicePixelRatio(ratio)
            layer.fill(Qt.GlobalColor.transparent)
        else:
            layer = QPixmap(beneath)
        painter = QPainter(layer)
        painter.setFont(self.font())
        paint(painter)
        painter.end()
        return layer

    def _paint_ground(self, painter: QPainter) -> None:
        painter.fillRect(self.inside(), theme.colours().plot)
        self._paint_axes(painter, self.inside(), theme.colours())

    def _paint_content(self, painter: QPainter) -> None:
        box = self.inside()
        painter.setClipRect(box.adjusted(-1, -1, 1, 1))
        for zone in self.zones:
            self._paint_zone(painter, box, zone)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self.lines:
            self.paint_line(painter, line)
        painter.setClipping(False)
        self._paint_words(painter, box, theme.colours())

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        """Over the lines, clipped to the axes."""

    def paint_line(self, painter: QPainter, line: Line) -> None:
        colour = line.colour()
        x, y = self.pixels(line.x, line.y)
        for points in unbroken(x, y):
            corners = [QPointF(a, b) for a, b in points.tolist()]
            if line.filled:
                bottom = self.inside().bottom()
                ends = [QPointF(points[-1, 0], bottom), QPointF(points[0, 0], bottom)]
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QBrush(theme.faded(colour, 0.18)))
                painter.drawPolygon(QPolygonF([*corners, *ends]))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(pen_of(line))
            painter.drawPolyline(QPolygonF(corners))

    def _paint_axes(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        font = self.fontMetrics()
        across = ticks(*self.x_range, max(2, int(box.width() // 52)))
        upward = ticks(*self.y_range, max(2, int(box.height() // 36)))
        lines = [(self.point(x, self.y_range[0]).x(), text) for x, text in zip(across, labels(across), strict=True)]
        for at, text in lines:
            painter.setPen(QPen(c.grid, 1))
            painter.drawLine(QPointF(at, box.top()), QPointF(at, box.bottom()))
            painter.setPen(c.muted)
            left = min(at - 40, self.width() - 40 - font.horizontalAdvance(text) / 2)  # the last one whole
            painter.drawText(QRectF(left, box.bottom() + 2, 80, font.height()), CENTRE, text)
        for y, text in zip(upward, labels(upward), strict=True):
            at = self.point(self.x_range[0], y).y()
            painter.setPen(QPen(c.grid, 1))
            painter.drawLine(QPointF(box.left(), at), QPointF(box.right(), at))
            painter.setPen(c.muted)
            painter.drawText(QRectF(0, at - 10, box.left() - 4, 20), RIGHT, text)
        if self.x_title:
            below = QRectF(box.left(), box.bottom() + 2 + font.height(), box.width(), font.height())
            painter.drawText(below, CENTRE, self.x_title)

    def _paint_zone(self, painter: QPainter, box: QRectF, zone: Zone) -> None:
        left, right = self.point(zone.low, 0).x(), self.point(zone.high, 0).x()
        area = QRectF(left, box.top(), right - left, box.height()).intersected(box)
        painter.fillRect(area, QBrush(theme.faded(zone.colour(), 0.16)))
        if area.width() > self.fontMetrics().horizontalAdvance(zone.label) + 6:
            painter.setPen(zone.colour())
            painter.drawText(area.adjusted(3, 2, -3, -4), BOTTOM, zone.label)

    def _paint_words(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        """The titles of the lines at the top right, the levels where they are, what is missing in the middle."""
        for y, text in self.levels:
            at = self.point(self.x_range[0], y).y()
            if box.top() - 1 <= at <= box.bottom() + 1:
                painter.setPen(QPen(c.muted, 1, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(box.left(), at), QPointF(box.right(), at))
                wide = self.fontMetrics().horizontalAdvance(text)
                aside = bool(self.y_title) and not any(line.label for line in self.lines)  # the title stands left
                left = box.right() - 6 - wide if aside else box.left() + 6
                painter.drawText(QPointF(left, at - 3 if at > box.top() + 32 else at + 13), text)
        if not self.lines and self.empty:
            painter.setPen(c.muted)
            painter.drawText(box.adjusted(8, 8, -8, -8), CENTRE | int(Qt.TextFlag.TextWordWrap), self.empty)
        if self.y_title:
            wide, height = self.fontMetrics().horizontalAdvance(self.y_title), self.fontMetrics().height()
            painter.fillRect(QRectF(box.left() + 4, box.top() + 2, wide + 4, height - 1), theme.faded(c.plot, 0.8))
            painter.setPen(c.muted)
            painter.drawText(QPointF(box.left() + 6, box.top() + self.fontMetrics().ascent() + 2), self.y_title)
        row, height = 0, self.fontMetrics().height()
        for line in self.lines:
            if line.label:
                wide = self.fontMetrics().horizontalAdvance(line.label)
                left, middle = box.right() - wide - 8, box.top() + 3 + height * (row + 0.5)
                painter.setPen(pen_of(line))
                painter.drawLine(QPointF(left - 24, middle), QPointF(left - 5, middle))
                painter.drawText(QPointF(left, middle + self.fontMetrics().ascent() / 2 - 1), line.label)
                row += 1

    def sizeHint(self) -> QSize:
        return QSize(360, 180)


CENTRE = int(Qt.AlignmentFlag.AlignCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight) | int(Qt.AlignmentFlag.AlignVCenter)
BOTTOM = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.AlignmentFlag.AlignBottom)


def pen_of(line: Line) -> QPen:
    return QPen(line.colour(), LINE, Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine)


def unbroken(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Stretches [M, 2] without NaN."""
    points = np.stack([x, y], axis=1)
    good = np.isfinite(points).all(axis=1)
    if good.all():
        return [points] if len(points) > 1 else []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]])))
    return [points[a:b] for a, b in edges.reshape(-1, 2).tolist() if b - a > 1]


# --- whose colour ----------------------------------------------------------------------------------------------------


def of_p() -> QColor:
    """The data: green, as real points are."""
    return theme.colours().third


def of_q() -> QColor:
    """The generator's."""
    return theme.colours().g


def of_t() -> QColor:
    """The critic's."""
    return theme.colours().d


def muted() -> QColor:
    return theme.colours().muted


def warning() -> QColor:
    return theme.colours().warning


def danger() -> QColor:
    return theme.colours().danger
