"""A chooser among the entries of a shelf: their titles, with what each is about as its tooltip."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

LETTERS = 10  # that are seen at least, however narrow the window


class EntryBox(QComboBox):
    """Its data are the entries' kinds."""

    def __init__(self, name: str, letters: int = LETTERS):
        super().__init__()
        self.setAccessibleName(name)
        self.setMinimumContentsLength(letters)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def add(self, entries: Iterable[Any]) -> None:
        for entry in entries:
            self.addItem(entry.title, entry.kind)
            tip = f"{entry.about} {entry.paper}".strip()
            self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
