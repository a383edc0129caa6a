"""The pictures that are shown, in their order, for Qt's views; rows are what is seen, places what was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ...jobs.gallery import Arrangement, Mark, Sample, arranged
from ...jobs.sheet import caption
from ...jobs.snapshots import Snapshot
from .held import Held

Index = QModelIndex | QPersistentModelIndex


class Pictures(QAbstractListModel):
    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.held: Held | None = None
        self.snapshot: Snapshot | None = None  # that makes them
        self.places: list[int] = []  # of the rows
        self.how = Arrangement()

    # what there is

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.places)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or self.held is None:
            return None
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return described(self.sample(index.row()), self.places[index.row()])
        return None

    def sample(self, row: int) -> Sample:
        assert self.held is not None
        return self.held.samples[self.places[row]]

    def counts(self) -> tuple[int, int, int]:
        """(all, with a star, rejected)"""
        found = [sample.mark for sample in self.held.samples] if self.held else []
        return len(found), found.count("starred"), found.count("rejected")

    # what changes

    def show_held(self, held: Held, snapshot: Snapshot) -> None:
        """Nothing of what was there before; what is in it is shown by `grow`."""
        self.beginResetModel()
        self.held, self.snapshot, self.places = held, snapshot, []
        self.endResetModel()

    def grow(self, before: int) -> None:
        """Others have come behind the first `before`; they stand at the end until all is arranged anew."""
        assert self.held is not None
        in_turn = self.how.model_copy(update={"order": "seed", "backwards": False})
        new = [before + place for place in arranged(self.held.samples[before:], in_turn)]
        if new:
            self.beginInsertRows(QModelIndex(), len(self.places), len(self.places) + len(new) - 1)
            self.places += new
            self.endInsertRows()

    def arrange(self, how: Arrangement) -> None:
        self.how = how
        self.beginResetModel()
        self.places = arranged(self.held.samples, how) if self.held else []
        self.endResetModel()

    def mark(self, places: Sequence[int], mark: Mark) -> None:
        """It is seen at once; whether the picture still belongs here is for `arrange`."""
        assert self.held is not None
        for place in places:
            self.held.samples[place] = replace(self.held.samples[place], mark=mark)
        if self.places:
            self.dataChanged.emit(self.index(0), self.index(len(self.places) - 1))


def described(sample: Sample, place: int) -> str:
    """ "Seed 12, D 1.30, novelty 8.4, starred" """
    words = [*caption(sample, place), sample.mark]
    if sample.is_novel is False:
        words.insert(-1, "near a training picture")
    text = ", ".join(word for word in words if word)
    return f"Picture {text}" if sample.view.z else text[:1].upper() + text[1:]
