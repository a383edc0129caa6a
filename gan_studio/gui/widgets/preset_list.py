"""Presets as cards with a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ...presets import Preset


class PresetList(QWidget):
    """One card a preset, with a filter on top; `chosen(id)` on a click or Enter."""

    chosen = Signal(str)

    def set_presets(self, presets: Sequence[Preset]) -> None:
        """Show these, keeping the current one where it is still there."""

    def set_current(self, id: str) -> None:
        """Mark a preset as the one in use; emits nothing."""

    def current(self) -> str:
        """The id of the preset in use, "" if there is none."""
        return ""
