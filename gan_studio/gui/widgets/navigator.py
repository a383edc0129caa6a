"""A large picture in small, with a frame around the part that is looked at; the frame can be moved."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import theme

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels of the picture
HEIGHT = 130
STEP = 0.25  # of the frame, for an arrow key


class Navigator(QWidget):
    moved = Signal()  # the frame

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._whole = QSize(1, 1)
        self.box: Box = (0, 0, 1, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Part of the picture")
        self.setToolTip("The part that is tried out; click, drag or use the arrow keys to look at another.")

    def show_picture(self, small: np.ndarray, whole: tuple[int, int], box: Box) -> None:
        """`small` is [h, w, 3] uint8 of a picture of `whole` (width, height)."""
        from .compare import image_of

        self._image, self._whole, self.box = image_of(small), QSize(*whole), box
        self.update()

    def place_frame(self, centre: QPointF) -> None:
        """Around a place of the picture, as far as it goes."""
        left, top, right, bottom = self.box
        width, height = right - left, bottom - top
        left = round(min(max(centre.x() - width / 2, 0), self._whole.width() - width))
        top = round(min(max(centre.y() - height / 2, 0), self._whole.height() - height))
        box = (left, top, left + width, top + height)
        if box != self.box:
            self.box = box
            self.update()
            self.moved.emit()

    def _place(self) -> QRectF:
        size = self._whole.scaled(self.width() - 2, self.height() - 2, Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(QPointF(), size)
        place.moveCenter(QRectF(self.rect()).center())
        return place

    def _scale(self) -> float:
        return self._place().width() / self._whole.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        painter, place, scale = QPainter(self), self._place(), self._scale()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._image)
        left, top, right, bottom = self.box
        frame = QRectF(place.topLeft() + QPointF(left, top) * scale, place.topLeft() + QPointF(right, bottom) * scale)
        painter.setPen(Qt.PenStyle.NoPen)
        outside = QColor(0, 0, 0, 110)
        for strip in (
            QRectF(place.topLeft(), QPointF(place.right(), frame.top())),
            QRectF(QPointF(place.left(), frame.bottom()), place.bottomRight()),
            QRectF(QPointF(place.left(), frame.top()), QPointF(frame.left(), frame.bottom())),
            QRectF(QPointF(frame.right(), frame.top()), QPointF(place.right(), frame.bottom())),
        ):
            painter.fillRect(strip, outside)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().highlight().color() if self.hasFocus() else theme.colours().g, 2))
        painter.drawRect(frame)

    def _to_picture(self, at: QPointF) -> QPointF:
        return (at - self._place().topLeft()) / self._scale()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.place_frame(self._to_picture(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.place_frame(self._to_picture(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        x = (event.key() == Qt.Key.Key_Right) - (event.key() == Qt.Key.Key_Left)
        y = (event.key() == Qt.Key.Key_Down) - (event.key() == Qt.Key.Key_Up)
        if x or y:
            left, top, right, bottom = self.box
            centre = QPointF(left + right, top + bottom) / 2
            self.place_frame(centre + QPointF(x * (right - left), y * (bottom - top)) * STEP)
        else:
            super().keyPressEvent(event)


def middle(whole: tuple[int, int], side: int) -> Box:
    """The part of at most `side` pixels square in the middle of a picture."""
    width, height = (min(length, side) for length in whole)
    left, top = (whole[0] - width) // 2, (whole[1] - height) // 2
    return left, top, left + width, top + height
