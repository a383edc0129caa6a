"""A few pictures in a row: what a slider will do, or what a picture is like. A click picks one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from ..widgets.image_grid import tile, to_image

GAP = 2


class FilmStrip(QWidget):
    picked = Signal(int)  # the place in the row

    def __init__(self, places: int, side: int = 42, captions: bool = False):
        super().__init__()
        self._places, self._side = places, side
        self._images: list[QImage] = []
        self._captions: list[str] | None = [] if captions else None
        self._here = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(side + (self.fontMetrics().height() if captions else 0))

    def show_pictures(self, pictures: np.ndarray, captions: list[str] | None = None) -> None:
        """[N, H, W, C] uint8"""
        self._images = [to_image(tile(picture[None])) for picture in pictures]
        if self._captions is not None:
            self._captions = captions or []
        self.update()

    def clear(self) -> None:
        self._images = []
        self.update()

    @property
    def is_empty(self) -> bool:
        return not self._images

    def set_here(self, place: int) -> None:
        """The one that is framed; -1 is none."""
        if place != self._here:
            self._here = place
            self.update()

    def rect_of(self, place: int) -> QRectF:
        """Squares, as large as there is room, from the left."""
        side = min(self._side, (self.width() - GAP * (self._places - 1)) / self._places)
        return QRectF(place * (side + GAP), 0, side, side)

    def sizeHint(self) -> QSize:
        return QSize(self._places * (self._side + GAP), self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place in range(self._places):
            where = self.rect_of(place)
            if place < len(self._images):
                image = self._images[place]
                ratio = image.height() / image.width()
                size = QRectF(where.x(), where.y(), where.width(), where.width() * min(1.0, ratio))
                painter.drawImage(size, image)
                self._write(painter, place, where)
            else:
                painter.fillRect(where, theme.colours().grid)
        if 0 <= self._here < self._places:
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self.rect_of(self._here).adjusted(1, 1, -1, -1))

    def _write(self, painter: QPainter, place: int, where: QRectF) -> None:
        if self._captions and place < len(self._captions):
            painter.setPen(theme.colours().muted)
            room = QRectF(where.x(), where.bottom(), where.width(), self.fontMetrics().height())
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self._captions[place])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for place in range(len(self._images)):
            if self.rect_of(place).contains(event.position()):
                self.picked.emit(place)
