"""The settings of two runs side by side, to be read and copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...config import ConfigError, join
from ...runs import Run
from ..worker import Worker
from .run_words import told_apart, value_words

Line = tuple[str, str, str]  # path, left, right
MISSING = "–"


@dataclass(frozen=True)
class Side:
    """A run, with its settings as they were at a step."""

    title: str
    run: Run
    step: int


class CompareDialog(QDialog):
    """Reads both on a thread; shows only what differs, or all."""

    def __init__(self, left: Side, right: Side, parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare settings")
        self._lines: list[Line] = []
        self.words = QLabel("Reading the settings…", textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.table = self._table(left, right)
        self.only = QCheckBox("Only what &differs")
        self.only.setChecked(True)
        self.only.setToolTip("Leave out the settings that both runs share.")
        self.only.toggled.connect(self._fill)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.table, 1)
        column.addWidget(self.only)
        column.addWidget(self._buttons())
        self.resize(640, 420)
        self._reader = Worker(compared(left, right), parent=self)
        self._reader.events.connect(self._show)
        self._reader.failed.connect(self._fail)
        self._reader.start()

    def _table(self, left: Side, right: Side) -> QTreeWidget:
        table = QTreeWidget()
        table.setAccessibleName("Settings of both runs")
        table.setToolTip("Ctrl+C copies the chosen lines.")
        table.setHeaderLabels(["Setting", left.title, right.title])
        table.setRootIsDecorated(False)
        table.setAlternatingRowColors(True)
        table.setUniformRowHeights(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.header().setTextElideMode(Qt.TextElideMode.ElideRight)
        for i, title in enumerate(("Setting", left.title, right.title)):
            table.headerItem().setToolTip(i, title)
        copy = QAction("Copy", table, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        table.addAction(copy)
        return table

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setToolTip("Close the comparison (Esc)")
        buttons.rejected.connect(self.reject)
        copy = buttons.addButton("&Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip("Copy the chosen lines, or all that are shown, as a table.")
        copy.clicked.connect(self.copy)
        return buttons

    def _show(self, lines: list[list[Line]]) -> None:
        self._lines = lines[-1]
        differ = sum(left != right for _, left, right in self._lines)
        self.words.setText("All settings are the same." if not differ else f"{differ} of {len(self._lines)} differ.")
        self._fill()

    def _fail(self, error: Exception) -> None:
        self.words.setText(str(error))

    def _fill(self) -> None:
        self.table.clear()
        names = told_apart(path for path, _, _ in self._lines)
        for path, left, right in self._lines:
            if left == right and self.only.isChecked():
                continue
            item = QTreeWidgetItem(self.table, [names[path], left, right])
            for i, text in enumerate((path, left, right)):
                item.setToolTip(i, text)

    def copy(self) -> None:
        """The chosen lines, or all, as columns divided by tabs."""
        items = [self.table.topLevelItem(i) for i in range(self.table.topLevelItemCount())]
        chosen = [item for item in items if item and item.isSelected()] or [item for item in items if item]
        head = [self.table.headerItem(), *chosen]
        QGuiApplication.clipboard().setText("\n".join("\t".join(item.text(i) for i in range(3)) for item in head))


# --- on a thread -----------------------------------------------------------------------------------------------------


def compared(left: Side, right: Side) -> Iterator[list[Line]]:
    """Every setting of either, in the order of the form. Raises ConfigError where one of them cannot be read."""
    old, new = settings_of(left), settings_of(right)
    yield [(path, old.get(path, MISSING), new.get(path, MISSING)) for path in dict.fromkeys([*old, *new])]


def settings_of(side: Side) -> dict[str, str]:
    """{dotted path: value}, with the defaults of what its file does not name."""
    from ...jobs.settings import RunConfig
    from ..form_fields import complete

    try:
        return dict(flat(complete(RunConfig, side.run.config_at(side.step))))
    except ConfigError as error:
        raise ConfigError(f"The settings of {side.title} cannot be read: {error}") from error


def flat(values: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """("recipe.g_optimiser.lr", "0.0002") and so on; lists of plain values stay whole."""
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from flat(value, join(path, key))
    elif isinstance(values, list) and any(isinstance(value, dict) for value in values):
        for i, value in enumerate(values):
            yield from flat(value, join(path, str(i)))
    else:
        yield path, value_words(values)
