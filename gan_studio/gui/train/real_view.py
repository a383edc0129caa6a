"""The real samples; after a look at the data also how they are augmented, and what was left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ..widgets.fold import FoldButton, Title
from ..widgets.image_grid import ImageGrid
from .results_panel import heading

if TYPE_CHECKING:
    from ...jobs.events import Looked

NAMED = 40  # classes in the tooltip
LIST_PX = 110


class RealView(QWidget):
    def __init__(self, grid: ImageGrid, parent: QWidget | None = None):
        super().__init__(parent)
        self.grid = grid
        self._summary = "Real"
        self.heading = heading(self._summary)
        self.versions = ImageGrid("")
        self.versions.setAccessibleName("Augmented samples")
        self.versions.setToolTip("Each row begins with a picture as it is; the others are what is trained on.")
        self.versions.set_caption("Augmented: each row begins with the original")
        self.remarks = Remarks()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.grid, 2)
        column.addWidget(self.versions, 1)
        column.addWidget(self.remarks)
        self.forget_look()

    def show_look(self, look: Looked) -> None:
        """Pictures, their versions, and what there is to know."""
        self.grid.show_images(look.real)
        self._summary = f"Real · {summary(look)}"
        self.set_aged(False)
        self.heading.setToolTip(class_counts(look))
        self.heading.setAccessibleDescription(class_counts(look))
        if look.augmented is not None:
            rows, columns, *shape = look.augmented.shape
            self.versions.show_images(look.augmented.reshape(rows * columns, *shape), columns)
        self.versions.setVisible(look.augmented is not None)
        self.remarks.show_look(look)

    def set_aged(self, aged: bool) -> None:
        """Whether other data is chosen by now than what was looked at."""
        changed = aged and self._summary != "Real"
        self.heading.setText(f"{self._summary} · before the last change" if changed else self._summary)

    def forget_look(self) -> None:
        """Only the samples stay."""
        self._summary = "Real"
        self.set_aged(False)
        self.heading.setToolTip("")
        self.heading.setAccessibleDescription("")
        self.versions.hide()
        self.remarks.hide()


class Remarks(QWidget):
    """A line that unfolds: the files that were left out, each with its reason."""

    def __init__(self) -> None:
        super().__init__()
        self.fold = FoldButton("what there is to know about the data")
        self.title = Title("")
        self.title.pressed.connect(self.fold.toggle)
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Files that were left out, and why")
        self.text.setFixedHeight(LIST_PX)
        self.text.hide()
        self.fold.turned.connect(self.text.setVisible)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.fold)
        row.addWidget(self.title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.text)

    def show_look(self, look: Looked) -> None:
        lines = [f"{file}: {reason}" for file, reason in look.skipped] + list(look.notes)
        self.title.setText(self._title(len(look.skipped), len(look.notes)))
        self.text.setPlainText("\n".join(lines))
        self.setVisible(bool(lines))

    def _title(self, skipped: int, notes: int) -> str:
        if skipped:
            return "1 file was left out" if skipped == 1 else f"{skipped:,} files were left out"
        return "1 remark" if notes == 1 else f"{notes:,} remarks"


def summary(look: Looked) -> str:
    """ "1,797 samples · 10 classes"."""
    parts = ["Endless samples" if look.size is None else f"{look.size:,} samples"]
    parts += [f"{len(look.classes)} classes"] if look.classes else []
    parts += [f"{len(look.skipped):,} left out"] if look.skipped else []
    return " · ".join(parts)


def class_counts(look: Looked) -> str:
    lines = [f"{name}: {count:,}" for name, count in look.classes]
    return "\n".join(lines[:NAMED] + (["…"] if len(lines) > NAMED else []))
