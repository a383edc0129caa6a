"""Points drawn with the mouse, for the data source that learns a drawing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from .. import theme
from .fold import quiet

EXTENT = 2.0  # the drawing is the square [-2, 2]^2
APART = 0.06  # a drag puts its points this far from each other
ERASER = 0.15  # radius
MOST = 2000

Point = tuple[float, float]


class PointsEditor(QWidget):
    """The left button adds points, the right one erases; the arrow keys move a cross, Space adds, Delete erases."""

    edited = Signal(object)  # [(x, y), ...] when a stroke ends

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.canvas = _Canvas(self)
        self.canvas.stroke_ended.connect(self._ended)
        self.canvas.redrawn.connect(self._count)
        self.clear_button = QPushButton("Clear")
        self.clear_button.setAccessibleName("Clear the drawing")
        self.clear_button.setToolTip("Take all points away")
        self.clear_button.clicked.connect(self._clear)
        self._told = quiet(QLabel())
        self._told.setWordWrap(False)
        row = QHBoxLayout()
        row.addWidget(self._told, 1)
        row.addWidget(self.clear_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.canvas)
        column.addLayout(row)
        self.setFocusProxy(self.canvas)
        self.setAccessibleName("Points")
        self.setToolTip("Left button: draw. Right button: erase.")
        self._count()

    def points(self) -> list[Point]:
        return list(self.canvas.points)

    value = points

    def set_points(self, points: Sequence[Sequence[float]]) -> None:
        """Show these; emits nothing."""
        self.canvas.points = [(float(x), float(y)) for x, y in points]
        self.canvas.redraw()

    set_value = set_points

    def commit(self) -> None:
        pass  # a stroke is told when it ends

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.canvas.setAccessibleName(name)

    def _ended(self) -> None:
        self.edited.emit(self.points())

    def _clear(self) -> None:
        self.set_points([])
        self._ended()

    def _count(self) -> None:
        count = len(self.canvas.points)
        self._told.setText(f"{count} point{'' if count == 1 else 's'}" if count else "Draw with the mouse")
        self.clear_button.setEnabled(count > 0)


class _Canvas(QWidget):
    stroke_ended = Signal()
    redrawn = Signal()

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.points: list[Point] = []
        self._cross: Point = (0.0, 0.0)
        self._before: list[Point] | None = None  # at the start of a stroke
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFixedHeight(220)
        self.setMinimumWidth(120)

    def redraw(self) -> None:
        self.update()
        self.redrawn.emit()

    # places

    def _square(self) -> QRectF:
        side = min(self.width(), self.height()) - 1
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def to_pixel(self, point: Point) -> QPointF:
        square = self._square()
        scale = square.width() / (2 * EXTENT)
        return QPointF(square.center().x() + point[0] * scale, square.center().y() - point[1] * scale)

    def to_point(self, pixel: QPointF) -> Point:
        square = self._square()
        scale = 2 * EXTENT / square.width()
        x = (pixel.x() - square.center().x()) * scale
        y = (square.center().y() - pixel.y()) * scale
        return (round(min(max(x, -EXTENT), EXTENT), 3), round(min(max(y, -EXTENT), EXTENT), 3))

    # strokes

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._before is None and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._before = list(self.points)
            self._draw(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._before is not None:
            self._draw(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._before is None or event.buttons() != Qt.MouseButton.NoButton:
            return
        changed, self._before = self.points != self._before, None
        if changed:
            self.stroke_ended.emit()

    def _draw(self, event: QMouseEvent) -> None:
        at = self.to_point(event.position())
        buttons = event.buttons() | event.button()
        if buttons & Qt.MouseButton.RightButton:
            self.erase(at)
        else:
            self.add(at)

    def add(self, at: Point) -> None:
        if len(self.points) < MOST and not any(_near(at, p, APART) for p in self.points[-1:]):
            self.points.append(at)
            self.redraw()

    def erase(self, at: Point) -> None:
        self.points = [p for p in self.points if not _near(at, p, ERASER)]
        self.redraw()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, (x, y) = event.key(), self._cross
        arrows = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        before = list(self.points)
        if key in arrows:
            dx, dy = arrows[Qt.Key(key)]
            x, y = x + 0.1 * dx, y + 0.1 * dy
            self._cross = (round(min(max(x, -EXTENT), EXTENT), 3), round(min(max(y, -EXTENT), EXTENT), 3))
            self.update()
        elif key == Qt.Key.Key_Space:
            self.add(self._cross)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.erase(self._cross)
        else:
            super().keyPressEvent(event)
        if self.points != before:
            self.stroke_ended.emit()

    # picture

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, square = theme.colours(), self._square()
        painter = QPainter(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.45)
        painter.fillRect(square, colours.plot)
        painter.setPen(colours.grid)
        for place in (-1.0, 0.0, 1.0):
            painter.drawLine(self.to_pixel((place, -EXTENT)), self.to_pixel((place, EXTENT)))
            painter.drawLine(self.to_pixel((-EXTENT, place)), self.to_pixel((EXTENT, place)))
        painter.setPen(QPen(self.palette().highlight().color() if self.hasFocus() else colours.grid, 1))
        painter.drawRect(square.adjusted(0, 0, -1, -1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours.third, 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints([self.to_pixel(p) for p in self.points])
        if self.hasFocus():
            centre = self.to_pixel(self._cross)
            painter.setPen(colours.muted)
            painter.drawLine(centre + QPointF(-5, 0), centre + QPointF(5, 0))
            painter.drawLine(centre + QPointF(0, -5), centre + QPointF(0, 5))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()


def _near(a: Point, b: Point, distance: float) -> bool:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 < distance**2
