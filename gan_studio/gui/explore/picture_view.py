"""The one large picture."""

from __future__ import annotations

from PySide6.QtCore import Signal

from ..widgets.image_grid import ImageGrid


class PictureView(ImageGrid):
    save_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("The picture appears here.")
        self.setAccessibleName("Picture")
        self.setToolTip("The wheel zooms, dragging moves, a double click fits.")

    def save_as(self) -> None:
        """With its recipe: that is for the room."""
        self.save_wanted.emit()
