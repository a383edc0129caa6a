"""A form made from a Spec class: every field, range, unit and help sentence comes from there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..config import Problem, Spec


class ConfigForm(QWidget):
    """Edits the plain values of a Spec."""

    values_changed = Signal(dict)  # all plain values, after every edit
    live_changed = Signal(str, object)  # (dotted path, value) of a live field edited while a run trains

    def __init__(self, spec: type[Spec], parent: QWidget | None = None):
        super().__init__(parent)
        self._values: dict[str, Any] = {}

    def set_base(self, values: dict[str, Any]) -> None:
        """The plain values that "changed" and "reset" are measured against: those of the preset."""

    def set_values(self, values: dict[str, Any]) -> None:
        """Show these plain values; emits nothing."""
        self._values = values

    def values(self) -> dict[str, Any]:
        """The plain values that the form shows; a copy."""
        return dict(self._values)

    def set_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show what is wrong beneath the fields; what belongs to no field in sight is told on top."""

    def set_running(self, running: bool) -> None:
        """Lock all fields but the live ones."""
