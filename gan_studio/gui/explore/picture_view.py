"""The one large picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter

from ..widgets.image_grid import ImageGrid
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

    def __init__(self) -> None:
        super().__init__("The picture appears here.")
        self._smooth = False
        self._from: QPointF | None = None  # where the hand was that drags through the latents
        self._drags = False  # it has moved by more than a click does
        self.setAccessibleName("Picture")
        self.setToolTip(ABOUT)

    def set_smooth(self, smooth: bool) -> None:
        self._smooth = smooth
        self.update()

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        if self._smooth and self.zoom() > 1:
            image = image.scaled(
                self.target().size().toSize(),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        super()._paint_image(painter, image)

    # the user

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        walks = self.fits or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if left and walks and self.image() is not None:
            self._from, self._drags = event.position(), False
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None:
            super().mouseMoveEvent(event)
            return
        by = event.position() - self._from
        if self._drags or by.manhattanLength() >= DRAG:
            self._drags, self._from = True, event.position()
            size = self.target().size() / self.devicePixelRatioF()
            self.dragged.emit(by.x() / size.width(), by.y() / size.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._from = None
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = arrow_step(event)
        if by and self.image() is not None:
            self.dragged.emit(*by)
        else:
            super().keyPressEvent(event)

    def save_as(self) -> None:
        """With its recipe: that is for the room."""
        self.save_wanted.emit()
