"""One plot, painted by itself: axes, lines, markers, and two vertical lines at the mouse and at the timeline's step.

Painted with QPainter alone: three times as fast as pyqtgraph's plots (`benchmarks/plots.py`), and text is text in an
SVG. What makes it light: at most a thousand points a line, pens of one pixel (a wider one with antialiasing costs ten
times as much), and everything but the two lines is kept as a picture until it changes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from .. import theme
from .axes import area_in, paint_axes, paint_level, paint_step
from .lines import WILD, Line, clipped, columns, paint_dots, polygon, travel
from .marks import Label, Mark, labels_of, marks_at, paint_labels, paint_marks, told
from .scale import Piece, Scale

DOT_PIXELS = 14  # between dots on a line, at least
NEAR = 5  # pixels within which the timeline's line is taken hold of
DRAG = 4  # pixels from which a click is a drag
ZOOM = 1.25  # a notch of the wheel
LARGEST, LARGEST_POWER = 1e300, 300  # heights beyond are no floats any more
UNIT = (-0.09, 1.09)  # room for the labels at 0 and 1


class Canvas(QWidget):
    """Steps to the right, values up. It knows its lines and what part of them is seen; others decide on both.

    The wheel zooms, dragging pans, dragging with Shift shows that part alone; over the numbers at the left (or with
    Ctrl) it is the height. Arrows, + and - do the same.
    """

    hovered = Signal(float, float)  # step and height under the mouse; NaN when it leaves
    moved = Signal(float, float)  # the user asks for these steps
    stretched = Signal()  # the user chose the heights
    fit_wanted = Signal()
    picked = Signal(float)  # a click, or the timeline's line was dragged here
    menu_wanted = Signal(QPoint)

    def __init__(self, ideal: float | None = None, unit_range: bool = False, always: Sequence[float] = ()):
        super().__init__()
        self.lines: list[Line] = []
        self.marks: list[Mark] = []
        self.steps = (0.0, 1.0)
        self.heights = UNIT if unit_range else (0.0, 1.0)
        self.unit_range = unit_range
        self.by_hand = False  # the heights
        self.log = False
        self.numbered = True  # the steps beneath
        self.names_marks = True
        self.cross = math.nan
        self.cursor_step = math.nan
        self.cost = 0.0  # seconds of the last picture
        self._ideal, self._always = ideal, always
        self._picture = QPixmap()
        self._stale = True
        self._scale: Scale | None = None
        self._vector, self._density = False, 0.0  # see `print_with`
        self._pressed: QPointF | None = None
        self._held = ""  # what the mouse drags: the cursor, the plot, its heights, or a part
        self._from = (self.steps, self.heights)  # when it began to
        self._part: tuple[float, float] | None = None
        self._picking = math.nan
        self._click = QTimer(self, singleShot=True)
        self._click.timeout.connect(self._pick)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumSize(120, 64)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        return QSize(400, 140)

    # what is shown

    def show_lines(self, lines: list[Line]) -> None:
        self.lines = lines
        self.refresh()

    def show_steps(self, low: float, high: float) -> None:
        if (low, high) != self.steps:
            self.steps = (low, high)
            self.refresh()

    def show_heights(self, bottom: float, top: float) -> None:
        if (bottom, top) != self.heights:
            self.heights = (bottom, top)
            self.refresh()

    def set_log(self, log: bool) -> None:
        """Heights of the one kind say nothing in the other: they are to be fitted anew."""
        log = log and not self.unit_range
        if log != self.log:
            self.log, self.by_hand = log, False
            self.heights = (0.0, 1.0)
        self.refresh()

    def set_cross(self, step: float) -> None:
        self.cross = step
        self.update()

    def set_cursor_step(self, step: float) -> None:
        """The timeline's line; NaN is none."""
        self.cursor_step = step
        self.update()

    def refresh(self) -> None:
        """Paint all anew, soon."""
        self._stale, self._scale = True, None
        self.update()

    def fit_heights(self, robust: bool) -> None:
        """Everything that is seen; `robust` leaves single spikes out, of each curve by itself: a curve of few points
        is no spike of one that has many."""
        if self.unit_range or self.by_hand:
            return
        found: dict[int, list[np.ndarray]] = {}  # a curve is often two lines: its values, and smoothed
        for line in self.lines:
            found.setdefault(id(line.series), []).append(line.drawn(*self.steps)[1])
        curves = [np.concatenate(parts).astype(np.float64) for parts in found.values()]
        if self.log:
            curves = [np.log10(values[values > 0]) for values in curves]
        ends = [ends_of(values, robust) for values in curves if len(values)]
        if not ends:
            return
        if not self.log:
            ends += [(height, height) for height in self._always]
        bottom, top = min(low for low, _ in ends), max(high for _, high in ends)
        pad = 0.08 * (top - bottom) or 0.1 * abs(top) or 0.1
        self.show_heights(bottom - pad, top + pad)

    # places

    @property
    def scale(self) -> Scale:
        if self._scale is None:
            area = area_in(self.size(), self.small(), self.numbered)
            self._scale = Scale(area, self.steps, self.heights, self.log)
        return self._scale

    def small(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(max(7.0, 0.9 * font.pointSizeF()))
        return font

    def mark_labels(self) -> list[Label]:
        return labels_of(self.marks, self.scale, self.small()) if self.names_marks else []

    # painting

    def print_with(self, density: float, vector: bool) -> None:
        """Paint for a file from now on: `density` pixels a pixel, 0 is the screen's; or strokes."""
        self._density, self._vector = density, vector
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.small())
        if self._vector:
            self.paint(painter, 1.0)
        else:
            painter.drawPixmap(0, 0, self._kept())
            self._paint_part(painter)
            paint_step(painter, self.scale, self.cross, self.numbered, strong=False)
        paint_step(painter, self.scale, self.cursor_step, self.numbered, strong=True)
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _kept(self) -> QPixmap:
        ratio = self._density or self.devicePixelRatioF()
        if self._stale or self._picture.devicePixelRatioF() != ratio:
            begun = time.perf_counter()
            if self._picture.size() != self.size() * ratio:
                self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            painter = QPainter(self._picture)
            painter.setFont(self.small())
            self.paint(painter, ratio)
            painter.end()
            self._stale = False
            self.cost = time.perf_counter() - begun
        return self._picture

    def paint(self, painter: QPainter, ratio: float) -> None:
        """Everything but what moves with the mouse and the timeline; `ratio` pixels a pixel."""
        scale = self.scale
        painter.fillRect(self.rect(), theme.colours().plot)
        paint_axes(painter, scale, self.numbered, self.unit_range, ratio)
        if self._ideal is not None:
            paint_level(painter, scale, scale.height_of(self._ideal), ratio)
        paint_marks(painter, scale, self.marks, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, ratio < 1.5)  # where a pen may be a hairline
        if not self._vector:
            painter.setClipRect(scale.area)
        for line in self.lines:
            self._paint_line(painter, line, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setClipping(False)
        paint_labels(painter, self.mark_labels())

    def _paint_line(self, painter: QPainter, line: Line, ratio: float) -> None:
        scale, area = self.scale, self.scale.area
        pieces = list(scale.pieces(*line.drawn(*scale.steps)))
        if self._vector:
            painter.setPen(line.pen)
            for x, y in pieces:
                for part in clipped(x, y, area):
                    painter.drawPolyline(part)
        elif sum(travel(y) for _, y in pieces) > WILD * area.width():
            painter.drawImage(area.topLeft(), columns(pieces, area, line.pen.color(), ratio))
        else:
            pen = QPen(line.pen)
            pen.setWidth(max(1, round(ratio)))
            pen.setCosmetic(True)
            painter.setPen(pen)
            for x, y in pieces:
                painter.drawPolyline(polygon(x, y))
        for x, y in self._dotted(line, pieces):
            paint_dots(painter, x, y, area, line.pen.color())

    def _dotted(self, line: Line, pieces: list[Piece]) -> list[Piece]:
        """Points that stand alone, and those of a line that is measured now and then."""
        if not line.dots:
            return [(x, y) for x, y in pieces if len(x) == 1]
        chosen = line.dotted(self.steps, self.scale.area.width() / DOT_PIXELS)
        steps, values, breaks = line.drawn(*self.steps)
        return list(self.scale.pieces(steps[chosen], values[chosen], breaks[chosen]))

    def _paint_part(self, painter: QPainter) -> None:
        """What is dragged over with Shift."""
        if self._part:
            area = self.scale.area
            a, b = sorted(min(max(x, area.left()), area.right()) for x in self._part)
            band = QColor(self.palette().highlight().color())
            band.setAlphaF(0.25)
            painter.fillRect(QRectF(a, area.top(), b - a, area.height()), band)

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        place = event.position()
        self._pressed, self._from = place, (self.steps, self.heights)
        self._held = self._under(place, event.modifiers()) if self._is_cursor(place) else ""

    def _is_cursor(self, place: QPointF) -> bool:
        return abs(self.scale.to_x(self.cursor_step) - place.x()) <= NEAR and self.scale.area.contains(place)

    def _under(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> str:
        """What a drag from here would move."""
        if self._is_cursor(place):
            return "cursor"
        if place.x() < self.scale.area.left() or modifiers & Qt.KeyboardModifier.ControlModifier:
            return "heights"
        return "part" if modifiers & Qt.KeyboardModifier.ShiftModifier else "steps"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._held != "steps":  # these move with the mouse
            self.hovered.emit(self.scale.to_step(place.x()), self.scale.to_height(place.y()))
        if self._pressed is None:
            self.setCursor(Qt.CursorShape.SplitHCursor if self._is_cursor(place) else Qt.CursorShape.ArrowCursor)
            return
        if not self._held and (place - self._pressed).manhattanLength() >= DRAG:
            self._held = self._under(self._pressed, event.modifiers())
        area, by = self.scale.area, place - self._pressed
        (low, high), (bottom, top) = self._from
        if self._held == "cursor":
            self.picked.emit(self.scale.to_step(min(max(place.x(), area.left()), area.right())))
        elif self._held == "part":
            self._part = (self._pressed.x(), place.x())
            self.update()
        elif self._held:
            if self._held == "heights" or self.by_hand:
                shift = by.y() * (top - bottom) / area.height()
                self._stretch(bottom + shift, top + shift)
            if self._held == "steps":
                shift = by.x() * (high - low) / area.width()
                self.moved.emit(low - shift, high - shift)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        if not self._held and self.scale.area.contains(self._pressed):
            self._picking = self.scale.to_step(self._pressed.x())
            self._click.start(QApplication.doubleClickInterval())  # a double click is none
        if self._held == "part" and self._part and abs(self._part[1] - self._part[0]) >= DRAG:
            self.moved.emit(*sorted(map(self.scale.to_step, self._part)))
        self._pressed, self._held, self._part = None, "", None
        self.update()

    def forget_click(self) -> None:
        """What it was meant for is not shown any more."""
        self._click.stop()

    def _pick(self) -> None:
        self.picked.emit(self._picking)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._click.stop()
        self.fit_wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        place, turn = event.position(), event.angleDelta()
        if self._under(place, event.modifiers() & Qt.KeyboardModifier.ControlModifier) == "heights":
            self.zoom_heights(ZOOM ** (-turn.y() / 120), self.scale.to_height(place.y()))
        elif abs(turn.x()) > abs(turn.y()):
            self.pan(-turn.x() / 1200)
        else:
            self.zoom(ZOOM ** (-turn.y() / 120), self.scale.to_step(place.x()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(math.nan, math.nan)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = marks_at(QPointF(event.pos()), self.marks, self.mark_labels(), self.scale)
            QToolTip.showText(event.globalPos(), told(found), self)
            return True
        return super().event(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        middle = sum(self.steps) / 2
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.pan(-0.1 if key == Qt.Key.Key_Left else 0.1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1 / ZOOM, middle)
        elif key == Qt.Key.Key_Minus:
            self.zoom(ZOOM, middle)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.fit_wanted.emit()
        else:
            super().keyPressEvent(event)

    def pan(self, share: float) -> None:
        """By a share of what is seen, to the right."""
        low, high = self.steps
        self.moved.emit(low + share * (high - low), high + share * (high - low))

    def zoom(self, factor: float, around: float) -> None:
        """See so many times as many steps; `around` stays where it is."""
        low, high = self.steps
        self.moved.emit(around - factor * (around - low), around + factor * (high - around))

    def zoom_heights(self, factor: float, around: float) -> None:
        bottom, top = self.heights
        self._stretch(around - factor * (around - bottom), around + factor * (top - around))

    def _stretch(self, bottom: float, top: float) -> None:
        size = max(abs(top), abs(bottom))
        if not self.unit_range and top - bottom > 1e-12 * size and size < (LARGEST_POWER if self.log else LARGEST):
            self.by_hand = True
            self.show_heights(bottom, top)
            self.stretched.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.refresh()


def ends_of(values: np.ndarray, robust: bool) -> tuple[float, float]:
    """The least and the greatest; `robust` leaves out what is rare."""
    low, high = np.percentile(values, [2, 98]) if robust and len(values) >= 20 else (values.min(), values.max())
    return float(low), float(high)
