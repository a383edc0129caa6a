"""Real and generated points in the plane over the landscape of D."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget


class PointsView(QWidget):
    """A scatter plot with equal axes; the heat map beneath shows where D sees real and fake."""

    def __init__(self, empty: str = "", parent: QWidget | None = None):
        super().__init__(parent)

    def show_real(self, points: np.ndarray) -> None:
        """Points [N, 2]."""

    def show_generated(self, points: np.ndarray) -> None:
        """Points [N, 2]."""

    def show_landscape(self, logits: np.ndarray, extent: float) -> None:
        """D's logits [R, R] on the square [-extent, extent]^2, row 0 at y = -extent."""

    def set_caption(self, text: str) -> None:
        """A quiet line beneath the plot."""

    def clear(self) -> None:
        """Back to the empty state."""
