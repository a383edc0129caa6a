"""Earlier races, to open or to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from ..theory.room import SUMMARY, TwoLines
from ..widgets.fold import quiet

if TYPE_CHECKING:
    from .record import Entry


class RaceList(QWidget):
    opened = Signal(object)  # Race
    resumed = Signal(object)  # Race

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self._busy = False
        self.view = QListWidget()
        self.view.setAccessibleName("Earlier races")
        self.view.setToolTip("Races under the folder of runs, the newest first; Enter opens one")
        self.view.setItemDelegate(TwoLines(self.view))
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.itemActivated.connect(self._open)
        self.view.currentRowChanged.connect(self._allow)
        self.nothing = quiet(QLabel("Races are kept here. Begin one under “Lanes”."))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = QPushButton("Open", autoDefault=False)
        self.open_button.clicked.connect(self._open)
        self.resume_button = QPushButton("Resume", autoDefault=False)
        self.resume_button.clicked.connect(self._resume)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.resume_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.nothing)
        column.addWidget(self.view, 1)
        column.addLayout(buttons)
        self.show_entries([])

    def show_entries(self, entries: list[Entry]) -> None:
        """Newest first; the one that is selected stays so."""
        before = self.entry()
        self.entries = entries
        self.view.blockSignals(True)
        self.view.clear()
        for entry in entries:
            item = QListWidgetItem(entry.title)
            item.setData(SUMMARY, entry.told)
            item.setToolTip(f"{entry.title}: {entry.told}. Enter or a double click opens it.")
            self.view.addItem(item)
        folders = [entry.race.folder for entry in entries]
        self.view.setCurrentRow(folders.index(before.race.folder) if before and before.race.folder in folders else -1)
        self.view.blockSignals(False)
        self.nothing.setVisible(not entries)
        self.view.setVisible(bool(entries))
        self._allow()

    def set_busy(self, busy: bool) -> None:
        """Something is in training: nothing can go on."""
        self._busy = busy
        self._allow()

    def entry(self) -> Entry | None:
        row = self.view.currentRow()
        return self.entries[row] if 0 <= row < len(self.entries) else None

    def _allow(self) -> None:
        entry = self.entry()
        nothing = "" if entry else "Choose a race in the list."
        self.open_button.setEnabled(not nothing)
        self.open_button.setToolTip(nothing or "Show this race, step by step")
        ended = "" if entry is None or entry.can_resume else "It cannot go on: it has ended, or is being raced."
        reason = nothing or ended or ("Something is in training; wait for its end." if self._busy else "")
        self.resume_button.setEnabled(not reason)
        self.resume_button.setToolTip(reason or "Go on from the newest checkpoints of its lanes")

    def _open(self) -> None:
        if entry := self.entry():
            self.opened.emit(entry.race)

    def _resume(self) -> None:
        if entry := self.entry():
            self.resumed.emit(entry.race)
