"""The table of runs: a row each, what was measured of it and the settings that differ. Any column sorts it."""

from __future__ import annotations

import csv
import io
import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QAbstractItemView, QTableWidgetItem

from ...jobs.comparison import Comparison, Entrant
from ...jobs.verdict import Key, good_is, interval, value_of
from .. import theme
from ..widgets import looks
from ..widgets.sorted_table import Copy, SortedTable

RUN, STEP = 0, 1
NAME = Qt.ItemDataRole.UserRole
WIDEST = 260  # pixels of a column
CHECK = "Checked runs are compared: in the plot beneath, in the settings that differ, and in the report"


class CompareTable(SortedTable):
    checked = Signal()  # other runs are to be compared

    def __init__(self) -> None:
        super().__init__(2, "Table of runs", f"{CHECK}. Space checks a run.")
        self.found: Comparison | None = None
        self.part: Comparison | None = None  # of those that are checked
        self.names: set[str] = set()  # of the runs that are checked
        self.words = ""  # that rows must hold
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(QSize(looks.WIDTH, looks.HEIGHT))
        header = self.horizontalHeader()
        header.setMaximumSectionSize(WIDEST)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.itemChanged.connect(self._check)

    # what is shown

    def show_runs(self, found: Comparison, names: set[str]) -> None:
        """`names` are the folders of the runs that are checked."""
        self.found, self.names = found, names
        self.part = found.only([one for one in found.entrants if one.run.name in names])
        self.fill()

    def filter(self, words: str) -> None:
        """Only rows that hold each of these words somewhere."""
        self.words = words
        for row in range(self.rowCount()):
            items = [self.item(row, column) for column in range(self.columnCount())]
            text = " ".join(item.text() for item in items if item).casefold()
            self.setRowHidden(row, not all(word in text for word in words.casefold().split()))

    def titles(self) -> list[str]:
        heads = map(self.horizontalHeaderItem, range(self.columnCount()))
        return [head.text() for head in heads if head]

    @property
    def keys(self) -> tuple[Key, ...]:
        return self.found.keys if self.found else ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the settings that differ."""
        return tuple(self.part.settings) if self.part else ()

    def rows(self) -> list[Entrant]:
        """As they stand in the table; those without a value last."""
        found = list(self.found.entrants) if self.found else []
        column, downward = self.order
        if not 0 <= column < 2 + len(self.keys) + len(self.paths):
            return found
        there = [one for one in found if self._key(one, column) is not None]
        there.sort(key=lambda one: self._key(one, column) or (), reverse=downward)
        return there + [one for one in found if one not in there]

    def _key(self, one: Entrant, column: int) -> tuple[float, str] | None:
        if column == RUN:
            return (0.0, one.title.casefold())
        if column == STEP:
            return None if one.step is None else (float(one.step), "")
        if column < 2 + len(self.keys):
            number = one.numbers.get(self.keys[column - 2])
            return None if number is None or not math.isfinite(number.value) else (number.badness(), "")
        text = one.settings.get(self.paths[column - 2 - len(self.keys)], "")
        try:
            return (float(text), "")
        except ValueError:
            return (math.inf, text)

    def fill(self) -> None:
        self.blockSignals(True)
        current = self.item(self.currentRow(), RUN)
        chosen = current.data(NAME) if current else ""
        rows = self.rows()
        self._fill_head()
        self.setRowCount(len(rows))
        order = [one.run.name for one in self.part.entrants] if self.part else []
        for number, one in enumerate(rows):
            for column in range(self.columnCount()):
                self.setItem(number, column, self._item(one, column, order))
            if one.run.name == chosen:
                self.setCurrentCell(number, RUN)
        if rows and self.currentRow() < 0:
            self.setCurrentCell(0, RUN)
        self.blockSignals(False)
        self.filter(self.words)

    def _fill_head(self) -> None:
        titles = [("Run", CHECK), ("Step", "The best step of those that were measured, or the newest")]
        for key in self.keys:
            reference = self.found.reference(key) if self.found else None
            titles.append((key[1], f"{key[1]}: {good_is(reference)}" if reference else key[1]))
        titles += [
            (path.rpartition(".")[2], f"{path}: a setting in which the checked runs differ") for path in self.paths
        ]
        self.setColumnCount(len(titles))
        for column, (title, tip) in enumerate(titles):
            item = QTableWidgetItem(title)
            item.setToolTip(f"{tip}. A click sorts by it.")
            if column >= 2 + len(self.keys):  # what differs stands out from what was measured
                item.setForeground(theme.colours().warning)
            self.setHorizontalHeaderItem(column, item)

    def _item(self, one: Entrant, column: int, order: list[str]) -> QTableWidgetItem:
        if column == RUN:
            item = QTableWidgetItem(one.title)
            item.setData(NAME, one.run.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_checked = one.run.name in self.names
            item.setCheckState(Qt.CheckState.Checked if is_checked else Qt.CheckState.Unchecked)
            if is_checked:
                item.setIcon(QIcon(looks.swatch(order.index(one.run.name))))
            item.setToolTip(f"{one.title}, {one.state.name}. {CHECK}.")
            return item
        if column == STEP:
            step = "–" if one.step is None else f"{one.step:,}"
            item = QTableWidgetItem(step)
            item.setToolTip("Its best step" if one.is_best else "The only step that was measured")
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            return item
        if column < 2 + len(self.keys):
            return self._number(one, self.keys[column - 2])
        path = self.paths[column - 2 - len(self.keys)]
        item = QTableWidgetItem(one.settings.get(path, "–"))
        item.setToolTip(f"{path}: {item.text()}")
        return item

    def _number(self, one: Entrant, key: Key) -> QTableWidgetItem:
        assert self.found
        number = one.numbers.get(key)
        if number is None:
            item = QTableWidgetItem("–")
            item.setToolTip(f"{key[1]} was not measured of {one.title}")
            return item
        reasons = self.found.reasons(one, key)
        item = QTableWidgetItem(f"{value_of(number)}  ({interval(number)}){'  ≠' if reasons else ''}")
        item.setToolTip(f"{key[1]}: {good_is(number)}")
        if reasons:
            item.setForeground(theme.colours().warning)
            item.setToolTip(f"Not comparable with the first run that has it: {'; '.join(reasons)}")
        elif self.part and one in self.part.best(key):
            font = item.font()
            font.setBold(True)
            item.setFont(font)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, the best")
        return item

    # what can be done with it

    def _check(self, item: QTableWidgetItem) -> None:
        if item.column() == RUN and self.found:
            name = item.data(NAME)
            names = self.names | {name} if item.checkState() == Qt.CheckState.Checked else self.names - {name}
            if names != self.names:
                self.show_runs(self.found, names)
                self.checked.emit()

    def as_csv(self) -> str:
        """As it is sorted and filtered, with all digits."""
        file = io.StringIO()
        table = csv.writer(file, lineterminator="\n")
        ends = [f"{key[1]}{end}" for key in self.keys for end in ("", ", low", ", high")]
        table.writerow(["run", "step", *ends, *self.paths])
        for row, one in enumerate(self.rows()):
            if self.isRowHidden(row):
                continue
            numbers = [one.numbers.get(key) for key in self.keys]
            values = [v for n in numbers for v in (("", "", "") if n is None else (n.value, n.low, n.high))]
            table.writerow([one.title, one.step, *values, *(one.settings.get(path, "") for path in self.paths)])
        return file.getvalue()

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.as_csv())

    def copies(self) -> list[Copy]:
        return [("&Copy", "For a spreadsheet, with all digits", self.copy)]
