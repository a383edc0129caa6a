"""What names the curves: a chip for each, one for each run laid over them, and a table of all values at the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from .. import theme

SAMPLE = 28  # pixels of line before a name: the longest dash with its gap, and the beginning of the next
EDGE = 6  # pixels at both ends
LONGEST = 200  # pixels of a run's name
CROSS = 9  # pixels of the cross that takes a run away
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Chip(QAbstractButton):
    """A curve in the legend: a click hides it. It tells the value under the mouse, else the newest."""

    def __init__(self, name: str, short: str = ""):
        super().__init__(checkable=True, checked=True)
        self.name = name
        self._value = ""
        self._widest = 0
        self._pen = QPen()
        self._dots = False
        self.setAccessibleName(f"Show {name}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.describe(short or name)

    def describe(self, short: str, what: str = "") -> None:
        self.setText(short)
        self.setToolTip(f"{self.name}. {what} A click shows or hides it.".replace("  ", " "))

    def set_pen(self, pen: QPen, dots: bool = False) -> None:
        self._pen, self._dots = thick(pen), dots
        self.update()

    def show_value(self, value: float) -> None:
        text = f"{value:.3g}" if np.isfinite(value) else ""
        if text == self._value:
            return
        self._value = text
        widest = max(self.fontMetrics().horizontalAdvance(t) for t in (text, "-0.000"))
        if widest > self._widest:  # it only grows: the legend does not dance
            self._widest = widest
            self.updateGeometry()
        self.update()

    def value_text(self) -> str:
        return self._value

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        room = self._widest or metrics.horizontalAdvance("-0.000")
        wide = EDGE + SAMPLE + 6 + metrics.horizontalAdvance(self.text()) + 6 + room + 2
        return QSize(wide, metrics.height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, c = QPainter(self), theme.colours()
        paint_ground(painter, self)
        paint_sample(painter, self._pen, QPointF(EDGE, self.height() / 2), self.isChecked(), self._dots)
        room = self.rect().adjusted(EDGE + SAMPLE + 6, 0, 0, 0)
        paint_name(painter, self, room, self.text())
        painter.setPen(c.muted)
        room.adjust(self.fontMetrics().horizontalAdvance(self.text()) + 6, 0, 0, 0)
        painter.drawText(room, LEFT, self._value)


class RunChip(QAbstractButton):
    """A run laid over the curves: a click hides it, its cross (or Delete) takes it away."""

    removed = Signal(str)
    looked_at = Signal(str)  # its key while the mouse or the keyboard is on it, else ""

    def __init__(self, key: str, name: str):
        super().__init__(checkable=True, checked=True)
        self.key = key
        self._pen = QPen()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        self.setText(name.replace("&", "&&"))
        self._name = name
        self.setAccessibleName(f"Show the run {name}")
        self.setToolTip(f"{name}\nA click shows or hides it, its cross or Delete takes it away.")
        self.updateGeometry()

    def name(self) -> str:
        return self._name

    def set_pen(self, pen: QPen) -> None:
        self._pen = thick(pen)
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        wide = min(LONGEST, metrics.horizontalAdvance(self._name)) + 2
        return QSize(EDGE + SAMPLE + 6 + wide + 6 + CROSS + EDGE, metrics.height() + 6)

    def cross(self) -> QRect:
        return QRect(self.width() - EDGE - CROSS, (self.height() - CROSS) // 2, CROSS, CROSS)

    def _is_cross(self, place: QPoint) -> bool:
        return self.cross().adjusted(-4, -6, 6, 6).contains(place)

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place) and not self._is_cross(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self._is_cross(event.position().toPoint()):
            self.removed.emit(self.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.key)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.looked_at.emit(self.key)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.looked_at.emit("")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, c = QPainter(self), theme.colours()
        paint_ground(painter, self)
        paint_sample(painter, self._pen, QPointF(EDGE, self.height() / 2), self.isChecked())
        room = self.rect().adjusted(EDGE + SAMPLE + 6, 0, -(CROSS + EDGE + 4), 0)
        name = self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room.width() + 1)
        paint_name(painter, self, room, name)
        over = self.underMouse() and self._is_cross(self.mapFromGlobal(self.cursor().pos()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(c.danger if over else c.muted, 1.5))
        place = QRectF(self.cross()).adjusted(1, 1, -1, -1)
        painter.drawLine(place.topLeft(), place.bottomRight())
        painter.drawLine(place.topRight(), place.bottomLeft())


def paint_ground(painter: QPainter, button: QAbstractButton) -> None:
    if not (button.underMouse() or button.hasFocus()):
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(button.palette().highlight().color() if button.hasFocus() else Qt.PenStyle.NoPen)
    painter.setBrush(theme.colours().grid)
    painter.drawRoundedRect(button.rect().adjusted(0, 0, -1, -1), 4, 4)


def thick(pen: QPen) -> QPen:
    """Twice as wide, to be seen; its dashes stay as long as they are in the plot, where Qt would lengthen them too."""
    wide = QPen(pen)
    wide.setWidth(2 * pen.width())
    if pen.style() == Qt.PenStyle.CustomDashLine:
        wide.setDashPattern([length / 2 for length in pen.dashPattern()])
    return wide


def paint_sample(painter: QPainter, pen: QPen, start: QPointF, on: bool = True, dots: bool = False) -> None:
    """A piece of the line, from `start` to the right."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, dots)
    painter.setOpacity(1.0 if on else 0.4)
    painter.setPen(pen)
    painter.drawLine(start, start + QPointF(SAMPLE, 0))
    if dots:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.color())
        painter.drawEllipse(start + QPointF(SAMPLE / 2, 0), 3, 3)
    painter.restore()


def paint_name(painter: QPainter, button: QAbstractButton, room: QRect, name: str) -> None:
    on, c = button.isChecked(), theme.colours()
    font = QFont(button.font())
    font.setStrikeOut(not on)
    painter.setFont(font)
    painter.setPen(c.text if on else c.muted)
    painter.drawText(room, LEFT, name)
    font.setStrikeOut(False)
    painter.setFont(font)


@dataclass(frozen=True)
class Row:
    """A run in the table of values."""

    name: str
    pen: QPen
    values: list[float]  # one for each curve, NaN where it has none


class ReadOut(QWidget):
    """A table at the mouse: a row for each run, a column for each curve. It takes no part in the layout."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._room = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.step = 0
        self.columns: list[str] = []
        self.rows: list[Row] = []
        self.nearest = (-1, -1)  # row and column of the value nearest to the mouse
        self._widths: list[int] = []
        self.hide()

    def show_table(
        self, step: int, columns: Sequence[str], rows: Sequence[Row], nearest: tuple[int, int], beside: QPoint
    ) -> None:
        """Beside the place `beside` of the mouse, and never on it."""
        self.step, self.columns, self.rows, self.nearest = step, list(columns), list(rows), nearest
        metrics = self.fontMetrics()
        first = max(min(LONGEST, metrics.horizontalAdvance(row.name)) for row in self.rows) + SAMPLE + 8
        self._widths = [first] + [
            max(metrics.horizontalAdvance(text) for text in (name, "-0.000")) + 12 for name in self.columns
        ]
        self.resize(sum(self._widths) + 2 * EDGE, self._row_height() * (len(self.rows) + 1) + 2 * EDGE)
        self.move(place_beside(beside, self.size(), self._room.size()))
        self.raise_()
        self.show()
        self.update()

    def _row_height(self) -> int:
        return self.fontMetrics().height() + 2

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, c, high = QPainter(self), theme.colours(), self._row_height()
        painter.setPen(c.muted)
        painter.setBrush(c.plot)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        y = EDGE
        painter.drawText(QRect(EDGE, y, self._widths[0], high), LEFT, f"Step {self.step:,}")
        x = EDGE + self._widths[0]
        for name, wide in zip(self.columns, self._widths[1:], strict=True):
            painter.drawText(QRect(x, y, wide, high), RIGHT, name)
            x += wide
        for i, row in enumerate(self.rows):
            self._paint_row(painter, row, y + (i + 1) * high, self.nearest[1] if i == self.nearest[0] else -1, c)

    def _paint_row(self, painter: QPainter, row: Row, y: int, bold: int, c: theme.Colours) -> None:
        high, font = self._row_height(), QFont(self.font())
        paint_sample(painter, row.pen, QPointF(EDGE, y + high / 2))
        font.setBold(bold >= 0)
        painter.setFont(font)
        painter.setPen(c.text)
        room = QRect(EDGE + SAMPLE + 6, y, self._widths[0] - SAMPLE - 6, high)
        name = self.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, LEFT, name)
        x = EDGE + self._widths[0]
        for i, (value, wide) in enumerate(zip(row.values, self._widths[1:], strict=True)):
            font.setBold(i == bold)
            painter.setFont(font)
            painter.drawText(QRect(x, y, wide, high), RIGHT, f"{value:.3g}" if np.isfinite(value) else "")
            x += wide


def place_beside(point: QPoint, size: QSize, room: QSize, gap: int = 14) -> QPoint:
    """Where something of this size goes, best to the right of a point, else to its left, beneath or above it."""
    x, y = point.x(), point.y()
    along_x = max(0, min(x - size.width() // 2, room.width() - size.width()))
    along_y = max(0, min(y - size.height() // 2, room.height() - size.height()))
    if x + gap + size.width() <= room.width():
        return QPoint(x + gap, along_y)
    if x - gap - size.width() >= 0:
        return QPoint(x - gap - size.width(), along_y)
    beneath = y + gap + size.height() <= room.height()
    return QPoint(along_x, y + gap if beneath else max(0, y - gap - size.height()))
