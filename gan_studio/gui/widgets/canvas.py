"""One plot, painted by itself: axes, lines, markers, and two vertical lines at the mouse and at the timeline's step.

Painted with QPainter alone: that measured four times as fast as a plot of pyqtgraph's, and writes text as text into an
SVG. What makes it light: at most a thousand points a line, pens of one pixel (a wider one with antialiasing costs ten
times as much), and everything but the two lines is kept as a picture until it changes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
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
from .lines import WILD, Line, Piece, clipped, columns, paint_dots, polygon, travel
from .ticks import labels, log_labels, log_ticks, step_labels, ticks

DOT_PIXELS = 14  # between dots on a line, at least
TOP, RIGHT = 5, 10  # pixels around the lines
BARE = 6  # beneath them, without numbers
NEAR = 5  # pixels within which a vertical line is taken hold of
DRAG = 4  # pixels from which a click is a drag
FAR = 1e5  # pixels; further away all is the same
ZOOM = 1.25  # a notch of the wheel
MARK_WIDTH = 220  # pixels of a marker's words
LISTED = 12  # markers in a tooltip
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

    def __init__(self, ideal: float | None = None, unit_range: bool = False):
        super().__init__()
        self.lines: list[Line] = []
        self.marks: list[tuple[int, str]] = []
        self.steps = (0.0, 1.0)
        self.heights = UNIT if unit_range else (0.0, 1.0)
        self.unit_range = unit_range
        self.by_hand = False  # the heights
        self.log = False
        self.numbered = True  # the steps beneath
        self.names_marks = True
        self.cross = math.nan
        self.cursor_step = math.nan
        self.vector = False  # paint strokes, without the kept picture: for files
        self.density = 0.0  # pixels a pixel, for files; 0 is that of the screen
        self.cost = 0.0  # seconds of the last picture
        self._ideal = ideal
        self._picture = QPixmap()
        self._stale = True
        self._area: QRectF | None = None
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
        self.log = log and not self.unit_range
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
        self._stale, self._area = True, None
        self.update()

    def fit_heights(self, robust: bool) -> None:
        """Everything that is seen; `robust` leaves single spikes out."""
        if self.unit_range or self.by_hand:
            return
        found = [line.drawn(*self.steps)[1] for line in self.lines]
        values = np.concatenate([np.empty(0, np.float32), *found]).astype(np.float64)
        if self.log:
            values = np.log10(values[values > 0])
        if not len(values):
            return
        bottom, top = np.percentile(values, [2, 98]) if robust and len(values) >= 20 else (values.min(), values.max())
        pad = 0.08 * (top - bottom) or 0.1 * abs(top) or 0.1
        self.show_heights(float(bottom - pad), float(top + pad))

    # places

    def small(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(max(7.0, 0.9 * font.pointSizeF()))
        return font

    def area(self) -> QRectF:
        """Where the lines are, in the widget."""
        if self._area is None:
            self._area = self._measured_area()
        return self._area

    def _measured_area(self) -> QRectF:
        metrics = QFontMetricsF(self.small())
        left = math.ceil(metrics.horizontalAdvance("-0.00005")) + 6
        below = math.ceil(metrics.height()) + 5 if self.numbered else BARE
        return QRectF(left, TOP, max(1, self.width() - left - RIGHT), max(1, self.height() - TOP - below))

    def to_x(self, step: float) -> float:
        area, (low, high) = self.area(), self.steps
        return area.left() + (step - low) / (high - low) * area.width()

    def to_y(self, height: float) -> float:
        area, (bottom, top) = self.area(), self.heights
        return area.bottom() - (height - bottom) / (top - bottom) * area.height()

    def to_step(self, x: float) -> float:
        area, (low, high) = self.area(), self.steps
        return low + (x - area.left()) / area.width() * (high - low)

    def to_height(self, y: float) -> float:
        area, (bottom, top) = self.area(), self.heights
        return bottom + (area.bottom() - y) / area.height() * (top - bottom)

    def place_of(self, value: float) -> float:
        """The height at which a value is drawn; NaN where a logarithm has none."""
        if not self.log:
            return value
        return math.log10(value) if value > 0 else math.nan

    # painting

    def print_with(self, density: float, vector: bool) -> None:
        """Paint for a file from now on."""
        self.density, self.vector = density, vector
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.vector:
            self.paint(painter, 1.0)
        else:
            painter.drawPixmap(0, 0, self._kept())
            self._paint_cross(painter)
        self._paint_cursor(painter)
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _kept(self) -> QPixmap:
        ratio = self.density or self.devicePixelRatioF()
        if self._stale or self._picture.devicePixelRatioF() != ratio:
            begun = time.perf_counter()
            if self._picture.size() != self.size() * ratio:
                self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            painter = QPainter(self._picture)
            self.paint(painter, ratio)
            painter.end()
            self._stale = False
            self.cost = time.perf_counter() - begun
        return self._picture

    def paint(self, painter: QPainter, ratio: float) -> None:
        """Everything but the lines that move with the mouse and the timeline."""
        c, area = theme.colours(), self.area()
        painter.setFont(self.small())
        painter.fillRect(self.rect(), c.plot)
        self._paint_axes(painter, area, c, ratio)
        if self._ideal is not None and self.heights[0] < self._ideal < self.heights[1] and not self.log:
            painter.setPen(hairline(c.muted, ratio, Qt.PenStyle.DashLine))
            y = round(self.to_y(self._ideal))
            painter.drawLine(int(area.left()), y, int(area.right()), y)
        self._paint_marks(painter, area, c, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, ratio < 1.5)  # where a pen may be a hairline
        if not self.vector:
            painter.setClipRect(area)
        for line in self.lines:
            self._paint_line(painter, line, area, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setClipping(False)
        self._name_marks(painter, area, c)

    def _paint_axes(self, painter: QPainter, area: QRectF, c: theme.Colours, ratio: float) -> None:
        metrics = painter.fontMetrics()
        half = metrics.height() / 2
        heights, words = self._height_ticks(area, metrics.height())
        for height, word in zip(heights, words, strict=True):
            y = round(self.to_y(height))
            painter.setPen(hairline(c.grid, ratio))
            painter.drawLine(int(area.left()), y, int(area.right()), y)
            painter.setPen(c.muted)
            place = QRectF(0, y - half, area.left() - 4, 2 * half)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, word)
        steps = ticks(*self.steps, most=max(2, int(area.width() / 70)), whole=True)
        for step, word in zip(steps, step_labels(steps), strict=True):
            x = round(self.to_x(step))
            painter.setPen(hairline(c.grid, ratio))
            painter.drawLine(x, int(area.top()), x, int(area.bottom()))
            if self.numbered:
                painter.setPen(c.muted)
                wide = metrics.horizontalAdvance(word)
                left = min(x - wide / 2, self.width() - wide - 1)
                painter.drawText(QPointF(left, area.bottom() + 3 + metrics.ascent()), word)

    def _height_ticks(self, area: QRectF, text_height: float) -> tuple[list[float], list[str]]:
        if self.unit_range:
            return [0, 0.5, 1], ["0", "0.5", "1"]
        most = max(2, int(area.height() / (2.2 * text_height)))
        if self.log:
            places = log_ticks(*self.heights, most)
            return places, log_labels(places)
        values = ticks(*self.heights, most)
        return values, labels(values)

    def _paint_line(self, painter: QPainter, line: Line, area: QRectF, ratio: float) -> None:
        steps, values, breaks = line.drawn(*self.steps)
        pieces = list(self._pieces(steps, values, breaks, area))
        if self.vector:
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
        self._paint_dots(painter, line, area, pieces)

    def _paint_dots(self, painter: QPainter, line: Line, area: QRectF, pieces: list[Piece]) -> None:
        """On points that stand alone, and on those of a line that is measured now and then."""
        alone = [(x, y) for x, y in pieces if len(x) == 1]
        if line.dots:
            steps, values, breaks = line.drawn(*self.steps)
            told = line.dotted(self.steps, area.width() / DOT_PIXELS)
            alone = list(self._pieces(steps[told], values[told], breaks[told], area))
        for x, y in alone:
            paint_dots(painter, x, y, area, line.pen.color())

    def _pieces(self, steps: np.ndarray, values: np.ndarray, breaks: np.ndarray, area: QRectF) -> Iterator[Piece]:
        """What is joined."""
        (low, high), (bottom, top) = self.steps, self.heights
        if self.log:
            good = values > 0
            breaks = breaks | ~good | np.append(False, ~good[:-1])
            values = np.log10(np.where(good, values, np.nan))
        x = area.left() + (steps - low) * (area.width() / (high - low))
        y = area.bottom() - (values.astype(np.float64) - bottom) * (area.height() / (top - bottom))
        y = np.clip(y, -FAR, FAR)
        for start, stop in pairwise([0, *np.flatnonzero(breaks).tolist(), len(x)]):
            if start < stop and not np.isnan(y[start]):
                yield x[start:stop], y[start:stop]

    # markers

    def _paint_marks(self, painter: QPainter, area: QRectF, c: theme.Colours, ratio: float) -> None:
        places = {round(self.to_x(step)) for step, _ in self.marks}
        painter.setPen(hairline(c.warning, ratio, Qt.PenStyle.DotLine))
        for x in places:
            if area.left() <= x <= area.right():
                painter.drawLine(x, int(area.top()), x, int(area.bottom()))

    def _name_marks(self, painter: QPainter, area: QRectF, c: theme.Colours) -> None:
        if not self.names_marks:
            return
        for place, word, _ in self.mark_labels():
            painter.fillRect(place.adjusted(-2, 0, 2, 0), c.plot)
            painter.setPen(c.warning)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)

    def mark_labels(self) -> list[tuple[QRectF, str, list[int]]]:
        """(place, words, which marks): those that would overlap share one label, "3 changes"."""
        area, metrics = self.area(), QFontMetricsF(self.small())
        seen = sorted(
            (i for i, (step, _) in enumerate(self.marks) if self.steps[0] <= step <= self.steps[1]),
            key=lambda i: self.marks[i][0],
        )
        words = [metrics.elidedText(self.marks[i][1], Qt.TextElideMode.ElideMiddle, MARK_WIDTH) for i in seen]
        places = [self.to_x(self.marks[i][0]) + 3 for i in seen]
        gap = 8
        widths = [metrics.horizontalAdvance(word) + gap for word in words]
        found = []
        for group in clusters(places, widths, metrics.horizontalAdvance("00 changes") + gap):
            word = words[group[0]] if len(group) == 1 else f"{len(group)} changes"
            wide = metrics.horizontalAdvance(word)
            left = min(places[group[0]], area.right() - wide)
            place = QRectF(left, area.top() + 1, wide, metrics.height())
            found.append((place, word, [seen[i] for i in group]))
        return found

    def marks_at(self, place: QPointF) -> list[tuple[int, str]]:
        """What the label under the mouse stands for, else the markers whose lines are near."""
        if self.names_marks:
            for label, _, group in self.mark_labels():
                if label.adjusted(-3, -3, 3, 3).contains(place):
                    return [self.marks[i] for i in group]
        return sorted(mark for mark in self.marks if abs(self.to_x(mark[0]) - place.x()) <= NEAR)

    # lines on top

    def _paint_cross(self, painter: QPainter) -> None:
        area = self.area()
        if self._part:
            a, b = sorted(min(max(x, area.left()), area.right()) for x in self._part)
            band = QColor(self.palette().highlight().color())
            band.setAlphaF(0.25)
            painter.fillRect(QRectF(a, area.top(), b - a, area.height()), band)
        self._paint_vertical(painter, self.cross, theme.colours().muted)

    def _paint_cursor(self, painter: QPainter) -> None:
        self._paint_vertical(painter, self.cursor_step, theme.colours().text)

    def _paint_vertical(self, painter: QPainter, step: float, colour: QColor) -> None:
        """A line through the plot, with the step beneath."""
        if not self.steps[0] <= step <= self.steps[1]:
            return
        area, c = self.area(), theme.colours()
        x = round(self.to_x(step))
        painter.setPen(colour)
        painter.drawLine(x, int(area.top()), x, int(area.bottom()))
        if self.numbered:
            painter.setFont(self.small())
            metrics = painter.fontMetrics()
            word = f"{round(step):,}"
            wide = metrics.horizontalAdvance(word) + 12
            left = min(max(x - wide / 2, 0), self.width() - wide)
            place = QRectF(left, area.bottom() + 2, wide, metrics.height() + 1)
            painter.fillRect(place, c.text if colour == c.text else c.grid)
            painter.setPen(c.plot if colour == c.text else c.text)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        place = event.position()
        self._pressed, self._from = place, (self.steps, self.heights)
        self._held = self._under(place, event.modifiers()) if self._is_cursor(place) else ""

    def _is_cursor(self, place: QPointF) -> bool:
        return abs(self.to_x(self.cursor_step) - place.x()) <= NEAR and self.area().contains(place)

    def _under(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> str:
        """What a drag from here would move."""
        if self._is_cursor(place):
            return "cursor"
        if place.x() < self.area().left() or modifiers & Qt.KeyboardModifier.ControlModifier:
            return "heights"
        return "part" if modifiers & Qt.KeyboardModifier.ShiftModifier else "steps"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._held != "steps":  # these move with the mouse
            self.hovered.emit(self.to_step(place.x()), self.to_height(place.y()))
        if self._pressed is None:
            self.setCursor(Qt.CursorShape.SplitHCursor if self._is_cursor(place) else Qt.CursorShape.ArrowCursor)
            return
        if not self._held and (place - self._pressed).manhattanLength() >= DRAG:
            self._held = self._under(self._pressed, event.modifiers())
        area, by = self.area(), place - self._pressed
        (low, high), (bottom, top) = self._from
        if self._held == "cursor":
            self.picked.emit(self.to_step(min(max(place.x(), area.left()), area.right())))
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
        if not self._held and self.area().contains(self._pressed):
            self._picking = self.to_step(self._pressed.x())
            self._click.start(QApplication.doubleClickInterval())  # a double click is none
        if self._held == "part" and self._part and abs(self._part[1] - self._part[0]) >= DRAG:
            self.moved.emit(*sorted(map(self.to_step, self._part)))
        self._pressed, self._held, self._part = None, "", None
        self.update()

    def _pick(self) -> None:
        self.picked.emit(self._picking)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._click.stop()
        self.fit_wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        place, turn = event.position(), event.angleDelta()
        if self._under(place, event.modifiers() & Qt.KeyboardModifier.ControlModifier) == "heights":
            self.zoom_heights(ZOOM ** (-turn.y() / 120), self.to_height(place.y()))
        elif abs(turn.x()) > abs(turn.y()):
            self.pan(-turn.x() / 1200)
        else:
            self.zoom(ZOOM ** (-turn.y() / 120), self.to_step(place.x()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(math.nan, math.nan)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), told(self.marks_at(QPointF(event.pos()))), self)
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
        if not self.unit_range and top - bottom > 1e-12 * max(abs(top), abs(bottom)):
            self.by_hand = True
            self.show_heights(bottom, top)
            self.stretched.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.refresh()


def hairline(colour: QColor, ratio: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """One pixel as the user counts them, and equally wide everywhere."""
    pen = QPen(colour, max(1, round(ratio)), style)
    pen.setCosmetic(True)
    return pen


def clusters(places: Sequence[float], widths: Sequence[float], joined: float) -> list[list[int]]:
    """Indices of labels, by place, that would overlap; `joined` is the width of the one label of several."""
    groups: list[list[int]] = []
    end = -math.inf
    for i, place in enumerate(places):
        if place < end:
            groups[-1].append(i)
            end = places[groups[-1][0]] + joined
        else:
            groups.append([i])
            end = place + widths[i]
    return groups


def told(marks: list[tuple[int, str]]) -> str:
    """One line a marker, for a tooltip."""
    lines = [f"Step {step:,}: {text}" for step, text in marks[:LISTED]]
    more = len(marks) - LISTED
    return "\n".join(lines + ([f"and {more} more"] if more > 0 else []))
