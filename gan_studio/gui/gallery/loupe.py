"""One picture large, two side by side, or one on the whole screen."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from ..widgets.image_grid import ImageGrid
from .grid import MARKS

STEPS = {  # through the pictures that are shown, by their keys
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_Home: -(2**30),
    Qt.Key.Key_End: 2**30,
}
FRAME = 2  # pixels, around the one of two that keys are about
COMPARING = "Left and Right go from one to the other; S, P, X and U mark the one with the frame."
BACK = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_G)


class Loupe(ImageGrid):
    """The keys go from picture to picture, mark, and lead back."""

    step_wanted = Signal(int)
    back_wanted = Signal()
    fill_wanted = Signal()
    mark_wanted = Signal(object)  # as of Grid
    copy_wanted = Signal()
    entered = Signal()  # by the keyboard

    def __init__(self, name: str = "Large picture") -> None:
        super().__init__("The picture appears here.")
        self.setAccessibleName(name)
        self.setToolTip("The wheel zooms, dragging moves, a double click fits; Esc leads back.")

    def copy(self) -> None:
        """As exactly as it is told: that is for the room."""
        self.copy_wanted.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif plain and key in STEPS:
            self.step_wanted.emit(STEPS[key])
        elif plain and key in BACK:
            self.back_wanted.emit()
        elif plain and key == Qt.Key.Key_F:
            self.fill_wanted.emit()
        elif plain and key in MARKS:
            self.mark_wanted.emit(MARKS[key])
        else:
            super().keyPressEvent(event)


class Compare(QWidget):
    """Two pictures; what is zoomed or moved in one is in the other. Keys are about the one where the keyboard is."""

    back_wanted = Signal()
    mark_wanted = Signal(object)  # as of Grid
    copy_wanted = Signal()
    turned = Signal()  # to the other one

    def __init__(self) -> None:
        super().__init__()
        self.current = 0  # 1 is the right one
        self.sides = (Loupe("Left picture"), Loupe("Right picture"))
        row = QHBoxLayout(self)
        row.setContentsMargins(FRAME, FRAME, FRAME, FRAME)
        row.setSpacing(2 * FRAME)
        for number, side in enumerate(self.sides):
            row.addWidget(side, 1)
            side.setToolTip(f"{side.toolTip()} {COMPARING}")
            side.back_wanted.connect(self.back_wanted)
            side.mark_wanted.connect(self.mark_wanted)
            side.copy_wanted.connect(self.copy_wanted)
            side.looked.connect(self._look)
            side.step_wanted.connect(self._step)
            side.entered.connect(partial(self._turn, number))
        self.setFocusProxy(self.sides[0])

    def _look(self) -> None:
        here = self.sender()
        assert isinstance(here, Loupe)
        for side in self.sides:
            if side is not here:
                side.look_at(here.look())

    def _step(self, by: int) -> None:
        self.go_to(by > 0)

    def go_to(self, number: int) -> None:
        self.sides[number].setFocus()
        self._turn(number)

    def _turn(self, number: int) -> None:
        if number != self.current:
            self.current = number
            self.update()
            self.turned.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        around = self.sides[self.current].geometry().adjusted(-FRAME, -FRAME, FRAME, FRAME)
        QPainter(self).fillRect(around, self.palette().highlight())

    def show_side(self, number: int, picture: np.ndarray) -> None:
        """[H, W, C] uint8"""
        self.sides[number].show_images(picture[None])

    def fit(self) -> None:
        for side in self.sides:
            side.fit()


class FullScreen(QDialog):
    """The picture alone."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Picture")
        self.loupe = Loupe("Picture on the whole screen")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.loupe)
        self.loupe.back_wanted.connect(self.close)
        self.loupe.fill_wanted.connect(self.close)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F11:
            self.close()
        else:
            super().keyPressEvent(event)
