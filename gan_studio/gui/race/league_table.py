"""The league: place, lane, what was measured, time; the best of each column stands out. Any column sorts it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QHeaderView, QTableWidgetItem

from ...words import clock
from ..widgets import looks
from ..widgets.sorted_table import Copy, SortedTable
from .lane_view import COVERED, QUALITY

if TYPE_CHECKING:
    from ...jobs.race_folder import Standing

PLACE, LANE, MODES, GOOD, DISTANCE, TIME = range(6)
COLUMNS = (
    ("", "Place: 1 is nearest to the data; equals share it"),
    ("Lane", "The lanes, in their colours of the plot beneath"),
    ("Modes", "So many modes of the data do the samples reach"),
    ("Good", "Share of the samples that lie near a mode"),
    ("W1", "Distance of the samples from the data, lower is better: exact on points, sliced on pictures"),
    ("Time", "Of this lane's own computing"),
)
NAMES = ("place", "lane", "modes", "good samples", "distance", "time")  # in a menu
HIGH = (MODES, GOOD)  # more is better
ABOUT = "How the lanes stand at the step that is shown."


class LeagueTable(SortedTable):
    csv_wanted = Signal(bool)  # of the step that is shown, or of all
    as_they_came = (PLACE, False)

    def __init__(self) -> None:
        super().__init__(len(COLUMNS), "League table", ABOUT)
        self.rows: tuple[Standing, ...] = ()  # by place
        self.step = 0  # that they are of
        self.reasons: dict[int, str] = {}  # {lane: why it is out}
        for column, (title, tip) in enumerate(COLUMNS):
            item = QTableWidgetItem(title)
            item.setToolTip(f"{tip}. A click sorts by it.")
            self.setHorizontalHeaderItem(column, item)
        self.setToolTip("How the lanes stand at the step that is shown; bold is the best of its column")
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(looks.WIDTH, looks.HEIGHT))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 9)
        self.horizontalHeader().setMinimumSectionSize(18)
        self.horizontalHeader().setSectionResizeMode(LANE, QHeaderView.ResizeMode.Stretch)

    def height_of(self, count: int) -> int:
        """Pixels that so many rows take, with the head."""
        return self.horizontalHeader().sizeHint().height() + count * self.verticalHeader().defaultSectionSize() + 6

    # what is shown

    def show_rows(self, rows: tuple[Standing, ...], step: int = 0) -> None:
        """By place."""
        self.step = step
        if rows != self.rows:
            self.rows = rows
            self.fill()

    def show_out(self, lane: int, reason: str) -> None:
        self.reasons[lane] = reason
        self.fill()

    def clear_rows(self) -> None:
        self.rows, self.reasons = (), {}
        self.fill()

    def titles(self) -> Sequence[str]:
        return [name.capitalize() for name in NAMES]

    def falls(self, column: int) -> bool:
        """The best first."""
        return column in HIGH

    def sorted_rows(self) -> tuple[Standing, ...]:
        """As they stand in the table; who has no value there comes last, either way."""
        column, downward = self.order
        with_value = [(key_of(column, row), row) for row in self.rows]
        there = sorted((pair for pair in with_value if pair[0] is not None), key=first_of, reverse=downward)
        return tuple(row for _, row in there) + tuple(row for key, row in with_value if key is None)

    def fill(self) -> None:
        rows = self.sorted_rows()
        best = {column: best_of(column, self.rows) for column in (MODES, GOOD, DISTANCE, TIME)}
        shared = len({row.place for row in self.rows}) < 2  # nobody stands out
        self.setRowCount(len(rows))
        for column in (MODES, GOOD):  # pictures have none
            self.setColumnHidden(column, bool(rows) and all(value_of(column, row) is None for row in rows))
        for number, row in enumerate(rows):
            still = row.state != "failed"
            leads = still and row.place == 1 and not shared
            for column in range(len(COLUMNS)):
                is_best = leads if column in (PLACE, LANE) else still and text_of(column, row) == best[column]
                self.setItem(number, column, self._item(column, row, is_best))

    def _item(self, column: int, row: Standing, is_best: bool) -> QTableWidgetItem:
        item = QTableWidgetItem(text_of(column, row))
        item.setToolTip(self._tip(row) if column == LANE else COLUMNS[column][1])
        if column == LANE:
            item.setIcon(QIcon(looks.swatch(row.lane)))
        else:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if row.state == "failed":
            item.setForeground(self.palette().color(QPalette.ColorRole.PlaceholderText))
        if is_best:
            font = item.font()
            font.setBold(True)
            item.setFont(font)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, the best")
        return item

    def _tip(self, row: Standing) -> str:
        reason = self.reasons.get(row.lane, "")
        out = f"{row.title} is out of the race. {reason}".strip()
        return out if row.state == "failed" else row.title

    # what can be done with it

    def copy(self) -> None:
        """As it is sorted, for a spreadsheet."""
        from ...jobs.race_table import as_tabs

        QGuiApplication.clipboard().setText(as_tabs([(self.step, self.sorted_rows())]))

    def copies(self) -> Sequence[Copy]:
        return (
            ("&Copy", "Copy the table, for a spreadsheet", self.copy),
            ("&Save as CSV…", "The table of the step that is shown", self._want_step),
            ("Save &all steps as CSV…", "The tables of all sample steps, one after the other", self._want_all),
        )

    def _want_step(self) -> None:
        self.csv_wanted.emit(False)

    def _want_all(self) -> None:
        self.csv_wanted.emit(True)


# --- values ----------------------------------------------------------------------------------------------------------


def value_of(column: int, row: Standing) -> float | None:
    """None where it was not measured."""
    if column == TIME:
        return row.seconds
    return measured(row).get(column)


def measured(row: Standing) -> dict[int, float]:
    """{column: value}"""
    columns = {COVERED: MODES, QUALITY: GOOD}
    return {columns.get(name, DISTANCE): value for name, value in row.measures.items()}


def key_of(column: int, row: Standing) -> tuple[float | str, ...] | None:
    """What it is sorted by."""
    if column == PLACE:
        return (row.place,)
    if column == LANE:
        return (row.title.casefold(),)
    value = value_of(column, row)
    return None if value is None or not math.isfinite(value) else (value,)


def first_of(pair: tuple[tuple[float | str, ...] | None, Standing]) -> tuple[float | str, ...]:
    return pair[0] or ()


def best_of(column: int, rows: tuple[Standing, ...]) -> str:
    """As it is written, of those that still race; several may share it. "" where nobody stands out."""
    pairs = [(value_of(column, row), text_of(column, row)) for row in rows if row.state != "failed"]
    found = [(value, text) for value, text in pairs if value is not None]
    if len({text for _, text in found}) < 2:
        return ""
    return (max if column in HIGH else min)(found)[1]


def text_of(column: int, row: Standing) -> str:
    if column == PLACE:
        return "–" if row.state == "failed" else str(row.place)
    if column == LANE:
        return row.title
    value = value_of(column, row)
    if value is None:
        return "–"
    return {MODES: f"{value:.0f}", GOOD: f"{value:.0%}", TIME: clock(value)}.get(column, f"{value:.3g}")
