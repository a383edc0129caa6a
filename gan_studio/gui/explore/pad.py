"""A square full of pictures: dragging in it goes from one to the next. What they are is for its sources."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ...directions import Direction
from ...jobs.explore import View
from .. import theme
from ..widgets.image_grid import tile, to_image
from ..widgets.toggle import Toggle
from .pad_sources import SIDE, Corners, Place, Plane, Source

STEP = 0.02  # of an arrow key
KEYS = "Drag in it, or drag the large picture; the arrow keys move in small steps, with Shift in large ones."


class Square(QWidget):
    """x goes right, y goes down, 0 to 1."""

    moved = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.across, self.down = 0.5, 0.5
        self._is_here = False  # the picture is the one at the mark
        self._image: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumSize(120, 120)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Pad")
        self.say(Corners.tip)

    def say(self, what: str) -> None:
        """What dragging does."""
        self.setToolTip(f"{what} {KEYS}")

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, 260)

    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    def show_pictures(self, pictures: np.ndarray) -> None:
        """[SIDE * SIDE, H, W, C] uint8, row by row."""
        self._image = to_image(tile(pictures, SIDE))
        self.update()

    def clear(self) -> None:
        self._image = None
        self.update()

    def show_place(self, place: Place | None) -> None:
        """Silently. None: the picture is none of these, and the mark stays where it was."""
        self._is_here = place is not None
        if place is not None:
            self._put(*place)
        self.update()

    def area(self) -> QRectF:
        """The square itself, in the middle of the widget."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _centres(self) -> QRectF:
        """From the centre of the first picture to that of the last: there the corners are."""
        area = self.area()
        inset = area.width() / SIDE / 2
        return area.adjusted(inset, inset, -inset, -inset)

    def move_to(self, x: float, y: float) -> None:
        """As the user does."""
        self._is_here = True
        self._put(x, y)
        self.moved.emit(self.across, self.down)

    def move_by(self, x: float, y: float) -> None:
        self.move_to(self.across + x, self.down + y)

    def _put(self, x: float, y: float) -> None:
        self.across, self.down = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        self.setAccessibleDescription(f"{self.across:.0%} to the right, {self.down:.0%} down")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self.area()
        painter.fillRect(area, theme.colours().grid)
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self._centres()
        at = QPointF(frame.x() + self.across * frame.width(), frame.y() + self.down * frame.height())
        accent = self.palette().highlight().color()
        painter.setPen(QPen(theme.LIGHT.plot, 4))
        painter.drawEllipse(at, 7, 7)
        painter.setPen(QPen(accent if self._is_here else theme.LIGHT.muted, 2))
        painter.drawEllipse(at, 7, 7)
        if self.hasFocus():
            painter.setPen(QPen(accent, 2))
            painter.drawRect(area)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            frame = self._centres()
            at = event.position() - frame.topLeft()
            self.move_to(at.x() / frame.width(), at.y() / frame.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)  # while a button is held

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if by := arrow_step(event):
            self.move_by(*by)
        else:
            super().keyPressEvent(event)


class Pad(QWidget):
    """The square, and what lies in it: one of several sources, each with controls of its own."""

    moved = Signal(float, float)
    changed = Signal()  # what lies in the square

    def __init__(self) -> None:
        super().__init__()
        self.square = Square()
        self.square.moved.connect(self.moved)
        self.corners, self.plane = Corners(), Plane()
        self.source: Source = self.corners
        self._buttons: dict[Source, Toggle] = {source: self._button(source) for source in (self.corners, self.plane)}
        kinds = QHBoxLayout()
        kinds.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.addLayout(kinds)
        column.addWidget(self.square)
        for source, button in self._buttons.items():
            kinds.addWidget(button, 1)
            column.addWidget(source)
            source.setVisible(source is self.source)
            source.changed.connect(self.changed)
        self._offer()

    def _button(self, source: Source) -> Toggle:
        button = Toggle(source.title, source.tip)
        button.setAutoExclusive(True)
        button.setChecked(source is self.source)
        button.clicked.connect(partial(self.show_source, source))
        return button

    def show_source(self, source: Source, _: bool = True) -> None:
        if source is not self.source:
            self.source = source
            self._buttons[source].setChecked(True)
            for other in self._buttons:
                other.setVisible(other is source)
            self.square.say(source.tip)
            self.square.clear()
            self.changed.emit()

    def show_directions(self, found: list[Direction]) -> None:
        self.plane.show_directions(found)
        self._offer()
        self.changed.emit()

    def show_view(self, view: View) -> None:
        """Where it is."""
        self.square.show_place(self.source.place_of(view))

    def _offer(self) -> None:
        for source, button in self._buttons.items():
            button.setEnabled(not source.why_not())
            button.setToolTip(source.why_not() or source.tip)
        if self.source.why_not():
            self.show_source(self.corners)


def arrow_step(event: QKeyEvent) -> Place | None:
    """How far an arrow key goes to the right and down; None for any other key."""
    step = STEP * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
    steps: dict[int, Place] = {
        Qt.Key.Key_Left: (-step, 0.0),
        Qt.Key.Key_Right: (step, 0.0),
        Qt.Key.Key_Up: (0.0, -step),
        Qt.Key.Key_Down: (0.0, step),
    }
    return steps.get(event.key())
