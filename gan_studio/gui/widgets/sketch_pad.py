"""A paper to draw on. What is drawn is told while the hand moves, some thirty times a second at most."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from .compare import UNEVEN, is_uneven
from .strokes import Act, Drawing, Fill, Sheet, Stroke, view_of

TELL_MS = 33
MARGIN = 8
LEAST_BRUSH, MOST_BRUSH = 1, 64  # pixels of the paper
PAPER, INK = QColor(255, 255, 255), QColor(0, 0, 0)


class SketchPad(QWidget):
    """P draws, E rubs out, F fills; the right button takes the colour that is under it. Arrow keys move the brush, the
    space key puts it down and lifts it."""

    changed = Signal()  # the drawing, while it is drawn
    could_change = Signal()  # what can be undone and redone
    tool_wanted = Signal(str)
    brush_wanted = Signal(int)
    colour_wanted = Signal(QColor)

    def __init__(self) -> None:
        super().__init__()
        self.drawing = Drawing(QSize(256, 256), PAPER)
        self.tool, self.brush, self.colour = "pen", 3, INK
        self.soft = True
        self._places: list[tuple[float, float]] = []  # of the stroke under the hand
        self._mouse: QPointF | None = None  # where the brush is, on the paper
        self._by_keys = False  # the brush is down by the space key
        self._untold = False
        self._teller = QTimer(self, interval=TELL_MS, singleShot=True)
        self._teller.timeout.connect(self._tell_late)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)
        self.setAccessibleName("Paper")
        self.setAccessibleDescription("Draw here. Arrow keys move the brush, the space key puts it down and lifts it.")

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    # --- what is drawn ---

    def image(self) -> QImage:
        """With the stroke that is being drawn."""
        if not self._places:
            return self.drawing.image
        image = self.drawing.image.copy()
        self._stroke().draw(image, 1.0)
        return image

    def pixels(self) -> np.ndarray:
        """[H, W, 3] uint8."""
        image = self.image()
        return np.ascontiguousarray(view_of(image)[..., 2::-1])

    def set_paper(self, size: QSize) -> None:
        """What is drawn is drawn again at this size."""
        if size != self.drawing.size:
            self._lift(keep=True)
            self.drawing.resize(size)
            self._tell()

    def add(self, act: Act) -> None:
        self.drawing.add(act)
        self.could_change.emit()
        self._tell()

    def clear(self) -> None:
        self._lift(keep=True)
        if self.drawing.acts:
            self.add(Sheet(PAPER))

    def show_picture(self, picture: QImage) -> None:
        """Draw on it from now on; it can be taken back as a stroke can."""
        self._lift(keep=True)
        self.add(Sheet(PAPER, picture))

    def undo(self) -> None:
        self._lift(keep=True)
        self.drawing.undo()
        self.could_change.emit()
        self._tell()

    def redo(self) -> None:
        self._lift(keep=True)
        self.drawing.redo()
        self.could_change.emit()
        self._tell()

    def _tell(self) -> None:
        """Now, or, when one told a moment ago, soon."""
        self.update()
        if self._teller.isActive():
            self._untold = True
        else:
            self._teller.start()
            self.changed.emit()

    def _tell_late(self) -> None:
        if self._untold:
            self._untold = False
            self._tell()

    # --- the brush ---

    def _put(self, place: QPointF) -> None:
        """The brush comes down."""
        if self.tool == "fill":
            self.add(Fill(place.toTuple(), self.colour))  # type: ignore[arg-type]
        else:
            self._places = [place.toTuple()]  # type: ignore[list-item]
            self._tell()

    def _draw_to(self, place: QPointF) -> None:
        if self._places and place.toTuple() != self._places[-1]:
            self._places.append(place.toTuple())  # type: ignore[arg-type]
            self._tell()

    def _lift(self, keep: bool) -> None:
        self._by_keys = False
        if self._places:
            stroke, self._places = self._stroke(), []
            if keep:
                self.add(stroke)
            else:
                self._tell()

    def _stroke(self) -> Stroke:
        colour = PAPER if self.tool == "eraser" else self.colour
        return Stroke(tuple(self._places), self.brush, colour, self.soft)

    # --- places ---

    def target(self) -> QRectF:
        """Where the paper lies, in device pixels; its pixels are whole ones where they are enlarged."""
        ratio = self.devicePixelRatioF()
        width, height = self.drawing.size.toTuple()  # type: ignore[misc]
        room = (QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN).size()) * ratio
        zoom = max(min(room.width() / width, room.height() / height), 0.01)
        zoom = float(int(zoom)) if zoom >= UNEVEN else zoom
        left, top = (self.width() * ratio - width * zoom) / 2, (self.height() * ratio - height * zoom) / 2
        return QRectF(round(left), round(top), width * zoom, height * zoom)

    def on_paper(self, at: QPointF) -> QPointF:
        target = self.target()
        scale = self.drawing.size.width() / target.width()
        return (at * self.devicePixelRatioF() - target.topLeft()) * scale

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ratio, target = QPainter(self), self.devicePixelRatioF(), self.target()
        painter.fillRect(self.rect(), theme.colours().plot)
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        scale = target.width() / self.drawing.size.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_uneven(scale))
        painter.drawImage(target, self.image())
        painter.setPen(QPen(theme.colours().grid, ratio))
        painter.drawRect(target.adjusted(-1, -1, 0, 0))
        if self._mouse is not None and self.isEnabled():
            self._paint_brush(painter, target)
        painter.restore()
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_brush(self, painter: QPainter, target: QRectF) -> None:
        """A circle as large as what it draws, seen on any ground."""
        assert self._mouse is not None
        scale = target.width() / self.drawing.size.width()
        radius = max(2.0, self.brush * scale / 2) if self.tool != "fill" else 4.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, more in ((QColor(255, 255, 255), 1.0), (QColor(0, 0, 0), 0.0)):
            painter.setPen(QPen(colour, self.devicePixelRatioF()))
            painter.drawEllipse(target.topLeft() + self._mouse * scale, radius + more, radius + more)

    # --- the mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.on_paper(event.position())
        if event.button() == Qt.MouseButton.LeftButton:
            self._lift(keep=True)
            self._put(place)
        elif event.button() == Qt.MouseButton.RightButton and self.drawing.image.rect().contains(place.toPoint()):
            self.colour_wanted.emit(self.drawing.image.pixelColor(int(place.x()), int(place.y())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = self.on_paper(event.position())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._draw_to(self._mouse)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._lift(keep=True)

    def leaveEvent(self, event: QEvent) -> None:
        if not self._by_keys:
            self._mouse = None
            self.update()

    # --- the keyboard ---

    def event(self, event: QEvent) -> bool:
        """Undo and redo mean the drawing while the keyboard is here."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._deed(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if deed := self._deed(event):
            deed()
        elif not self._arrow(event):
            super().keyPressEvent(event)

    def _deed(self, event: QKeyEvent) -> Callable[[], object] | None:
        if event.matches(QKeySequence.StandardKey.Undo):
            return self.undo
        if event.matches(QKeySequence.StandardKey.Redo):
            return self.redo
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        plain: dict[int, Callable[[], object]] = {
            Qt.Key.Key_P: lambda: self.tool_wanted.emit("pen"),
            Qt.Key.Key_E: lambda: self.tool_wanted.emit("eraser"),
            Qt.Key.Key_F: lambda: self.tool_wanted.emit("fill"),
            Qt.Key.Key_BracketLeft: lambda: self.brush_wanted.emit(self.brush - 1),
            Qt.Key.Key_BracketRight: lambda: self.brush_wanted.emit(self.brush + 1),
            Qt.Key.Key_Space: self._press_key,
        }
        if self._places:
            plain[Qt.Key.Key_Escape] = lambda: self._lift(keep=False)
        return plain.get(event.key())

    def _press_key(self) -> None:
        """Down, or up again."""
        place = self._brush_place()
        if self._places:
            self._lift(keep=True)
        else:
            self._put(place)
            self._by_keys = self.tool != "fill"

    def _brush_place(self) -> QPointF:
        if self._mouse is None:
            self._mouse = QPointF(self.drawing.size.width() / 2, self.drawing.size.height() / 2)
        return self._mouse

    def _arrow(self, event: QKeyEvent) -> bool:
        x = (event.key() == Qt.Key.Key_Right) - (event.key() == Qt.Key.Key_Left)
        y = (event.key() == Qt.Key.Key_Down) - (event.key() == Qt.Key.Key_Up)
        if not (x or y):
            return False
        step = max(
            1.0, self.drawing.size.width() / (16 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 64)
        )
        place = self._brush_place() + QPointF(x, y) * step
        width, height = self.drawing.size.toTuple()  # type: ignore[misc]
        self._mouse = QPointF(min(max(place.x(), 0.0), width), min(max(place.y(), 0.0), height))
        self._draw_to(self._mouse)
        self.update()
        return True

    def leave(self) -> None:
        self._teller.stop()
