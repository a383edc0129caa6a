"""Live curves: losses, estimated distance, scores, in linked plots."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget


class CurvesView(QWidget):
    """Curves by name, routed by prefix: "D/..." and "G/..." are losses, "distance/..." a distance, "D(...)" scores."""

    def clear(self) -> None:
        """Forget all curves and markers."""

    def extend(self, steps: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Append points; steps [K], values {name: [K]} with NaN where there is none."""

    def set_curves(self, curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Replace all curves by {name: (steps, values)}."""

    def mark(self, step: int, text: str) -> None:
        """A vertical line with a word, where a setting was changed."""
