"""The one large picture; or several, each of which a click makes the one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip

from .. import theme
from ..widgets.image_grid import MARGIN, ImageGrid
from .pad import arrow_step

DRAG = 3  # pixels from which a click is a drag
ABOUT = (
    "Drag to move as in the pad. The wheel zooms, and what is zoomed is moved by dragging, with Shift as in the pad; "
)
ABOUT += "a double click fits."


class PictureView(ImageGrid):
    """While it fits into its place there is nothing to pan, and dragging moves through the latents."""

    save_wanted = Signal()
    dragged = Signal(float, float)  # to the right and down, in shares of the picture
    picked = Signal(int)  # the place of one of several pictures

    def __init__(self) -> None:
        super().__init__("The picture appears here.")
        self._smooth = False
        self._from: QPointF | None = None  # where the hand was that drags through the latents
        self._drags = False  # it has moved by more than a click does
        self._pressed: QPointF | None = None  # where the hand was put down, as long as it may become a click
        self._corner = ""
        self._names: list[str] = []  # of several pictures
        self._under = -1  # the place of the picture that the hand is over
        self.setMouseTracking(True)
        self.setAccessibleName("Picture")
        self.setToolTip(ABOUT)

    def set_smooth(self, smooth: bool) -> None:
        self._smooth = smooth
        self.update()

    def show_images(self, images: np.ndarray, columns: int | None = None) -> None:
        """Without names, until they are given."""
        self._names = []
        super().show_images(images, columns)

    def set_names(self, names: list[str]) -> None:
        """Of several pictures, for who points at them; none where there is one."""
        self._names = names if len(names) > 1 else []
        self._point_at(None)

    def name_at(self, point: QPointF) -> str:
        """Of the picture there, and what a click does; "" where there are not several."""
        place = self.place_at(point)
        return f"{self._names[place]}; a click shows it alone." if 0 <= place < len(self._names) else ""

    def _point_at(self, point: QPointF | None) -> None:
        under = self.place_at(point) if point is not None and self._names else -1
        if under != self._under:
            self._under = under
            self.update()

    def set_corner(self, text: str) -> None:
        """A few quiet words below, on the right."""
        self._corner = text
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._paint_corner()
        if 0 <= self._under < len(self._names) and self.image() is not None:
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self.rect_of(self._under))

    def _paint_corner(self) -> None:
        """Where the caption leaves room."""
        words = self.fontMetrics().horizontalAdvance(self._corner)
        free = (self.width() - self.fontMetrics().horizontalAdvance(self._caption)) / 2 - 2 * MARGIN
        if self.image() is not None and words < free:
            painter = QPainter(self)
            painter.setPen(theme.colours().muted)
            room = self.rect().adjusted(MARGIN, 0, -MARGIN, -MARGIN // 2)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, self._corner)

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        if self._smooth and self.zoom() > 1:
            image = image.scaled(
                self.target().size().toSize(),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        super()._paint_image(painter, image)

    # the user

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and (name := self.name_at(QPointF(event.pos()))):
            QToolTip.showText(event.globalPos(), name, self)
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None
        left = event.button() == Qt.MouseButton.LeftButton
        walks = self.fits or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if left and walks and self.image() is not None:
            self._from, self._drags = event.position(), False
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position())
        if self._pressed is not None and (event.position() - self._pressed).manhattanLength() >= DRAG:
            self._pressed = None
        if self._from is None:
            super().mouseMoveEvent(event)
            return
        by = event.position() - self._from
        if self._drags or by.manhattanLength() >= DRAG:
            self._drags, self._from = True, event.position()
            size = self.target().size() / self.devicePixelRatioF()
            self.dragged.emit(by.x() / size.width(), by.y() / size.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed, self._from = self._pressed, None, None
        super().mouseReleaseEvent(event)
        if pressed is not None and 0 <= (place := self.place_at(pressed)) < len(self._names):
            self.picked.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = arrow_step(event)
        if by and self.image() is not None:
            self.dragged.emit(*by)
        else:
            super().keyPressEvent(event)

    def save_as(self) -> None:
        """With its recipe: that is for the room."""
        self.save_wanted.emit()
