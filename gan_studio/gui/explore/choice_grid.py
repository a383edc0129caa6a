"""A few pictures in rows, of which one is taken: by a click, or by the arrow keys and Enter."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from ..widgets.image_grid import tile, to_image

GAP = 4
MOST_SIDE = 96  # pixels of a picture


class ChoiceGrid(QWidget):
    picked = Signal(int)

    def __init__(self, places: int, columns: int, name: str, tip: str):
        super().__init__()
        self._places, self._columns = places, columns
        self._images: list[QImage] = []
        self._here = 0  # of the keyboard
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_places(self, places: int, columns: int) -> None:
        self._places, self._columns = places, columns
        self.clear()
        self.updateGeometry()

    def show_pictures(self, pictures: np.ndarray) -> None:
        """[N, H, W, C] uint8"""
        self._images = [to_image(tile(picture[None])) for picture in pictures]
        self._go_to(min(self._here, len(self._images) - 1))
        self.update()

    def clear(self) -> None:
        self._images, self._here = [], 0
        self.update()

    @property
    def is_empty(self) -> bool:
        return not self._images

    # places

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = -(-self._places // self._columns)
        return round(rows * (self._side(width) + GAP) - GAP)

    def sizeHint(self) -> QSize:
        return QSize(220, self.heightForWidth(220))

    def minimumSizeHint(self) -> QSize:
        return QSize(40 * self._columns, 40)

    def _side(self, width: int) -> float:
        return min(MOST_SIDE, (width - GAP * (self._columns - 1)) / self._columns)

    def rect_of(self, place: int) -> QRectF:
        """Squares in rows, in the middle of the widget."""
        row, column = divmod(place, self._columns)
        side = self._side(self.width())
        left = (self.width() - self._columns * (side + GAP) + GAP) / 2
        return QRectF(left + column * (side + GAP), row * (side + GAP), side, side)

    def _go_to(self, place: int) -> None:
        self._here = max(0, place)
        self.setAccessibleDescription(f"{self._here + 1} of {len(self._images)}" if self._images else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place in range(self._places):
            where = self.rect_of(place)
            painter.fillRect(where, theme.colours().grid)
            if place < len(self._images):
                image = self._images[place]
                size = image.size().scaled(where.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
                drawn = QRectF(0, 0, size.width(), size.height())
                drawn.moveCenter(where.center())
                painter.drawImage(drawn, image)
        if self.hasFocus() and self._images:
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self.rect_of(self._here).adjusted(1, 1, -1, -1))

    # the user

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for place in range(len(self._images)):
            if event.button() == Qt.MouseButton.LeftButton and self.rect_of(place).contains(event.position()):
                self._go_to(place)
                self.picked.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._images:
            self.picked.emit(self._here)
        elif event.key() in steps:
            place = self._here + steps[event.key()]
            if 0 <= place < len(self._images):
                self._go_to(place)
        else:
            super().keyPressEvent(event)
