"""Points drawn with the mouse, for the data source that learns a drawing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class PointsEditor(QWidget):
    """The left button adds, the right one erases; points lie in [-2, 2]^2."""

    changed = Signal(list)  # [(x, y), ...]

    def points(self) -> list[tuple[float, float]]:
        return []

    def set_points(self, points: Sequence[Sequence[float]]) -> None:
        """Show these; emits nothing."""
