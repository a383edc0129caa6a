"""A grid of small pictures, painted with crisp pixels."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget


class ImageGrid(QWidget):
    """Pictures in a grid; wheel zooms, dragging pans, a double click fits."""

    def __init__(self, empty: str = "", parent: QWidget | None = None):
        super().__init__(parent)

    def show_images(self, images: np.ndarray, columns: int | None = None) -> None:
        """Pictures [N, H, W, C] uint8, C = 1, 3 or 4; `columns` None is a near-square grid."""

    def set_caption(self, text: str) -> None:
        """A quiet line beneath the pictures."""

    def clear(self) -> None:
        """Back to the empty state."""
