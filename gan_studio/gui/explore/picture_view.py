"""The one large picture."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPainter

from ..widgets.image_grid import ImageGrid


class PictureView(ImageGrid):
    save_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("The picture appears here.")
        self._smooth = False
        self.setAccessibleName("Picture")
        self.setToolTip("The wheel zooms, dragging moves, a double click fits.")

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

    def save_as(self) -> None:
        """With its recipe: that is for the room."""
        self.save_wanted.emit()
