"""The league: place, lane, what was measured, time; the best of each column stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPalette
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from .. import theme
from ..words import clock
from . import looks
from .lane_view import COVERED, QUALITY

if TYPE_CHECKING:
    from ...jobs.race_folder import Standing

PLACE, LANE, MODES, GOOD, DISTANCE, TIME = range(6)
COLUMNS = (
    ("", "Place: 1 is nearest to the data"),
    ("Lane", "The lanes, in their colours of the plot beneath"),
    ("Modes", "So many modes of the data do the samples reach"),
    ("Good", "Share of the samples that lie near a mode"),
    ("W1", "Distance of the samples from the data, lower is better: exact on points, sliced on pictures"),
    ("Time", "Of this lane's own computing"),
)
HIGH = (MODES, GOOD)  # more is better


class LeagueTable(QTableWidget):
    def __init__(self, parent: QWidget | None = None):
        super().__init__(0, len(COLUMNS), parent)
        self.rows: tuple[Standing, ...] = ()
        self.reasons: dict[int, str] = {}  # {lane: why it is out}
        for column, (title, tip) in enumerate(COLUMNS):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(column, item)
        self.setAccessibleName("League table")
        self.setAccessibleDescription("How the lanes stand at the step that is shown, the best first")
        self.setToolTip("How the lanes stand at the step that is shown; bold is the best of its column")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(looks.WIDTH, looks.HEIGHT))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 9)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(18)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(LANE, QHeaderView.ResizeMode.Stretch)
        theme.changed.connect(self._fill)

    def show_rows(self, rows: tuple[Standing, ...]) -> None:
        """By place."""
        if rows != self.rows:
            self.rows = rows
            self._fill()

    def show_out(self, lane: int, reason: str) -> None:
        self.reasons[lane] = reason
        self._fill()

    def clear_rows(self) -> None:
        self.rows, self.reasons = (), {}
        self._fill()

    def _fill(self) -> None:
        values = [measured(row) for row in self.rows]
        best = {column: best_of(column, values) for column in (MODES, GOOD, DISTANCE)}
        self.setRowCount(len(self.rows))
        for number, (row, measures) in enumerate(zip(self.rows, values, strict=True)):
            out = row.state == "failed"
            told = {
                PLACE: "–" if out else str(row.place),
                LANE: row.title,
                **{column: written(column, value) for column, value in measures.items()},
                TIME: clock(row.seconds),
            }
            for column in range(len(COLUMNS)):
                item = QTableWidgetItem(told.get(column, "–"))
                if column != LANE:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                value = measures.get(column)
                leads = value is not None and value == best.get(column)
                if leads or (column in (PLACE, LANE) and row.place == 1 and not out):
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, the best")
                if out:
                    item.setForeground(self.palette().color(QPalette.ColorRole.PlaceholderText))
                item.setToolTip(self._tip(row) if column == LANE else COLUMNS[column][1])
                if column == LANE:
                    item.setIcon(QIcon(looks.swatch(row.lane)))
                self.setItem(number, column, item)

    def _tip(self, row: Standing) -> str:
        reason = self.reasons.get(row.lane, "")
        out = f"{row.title} is out of the race. {reason}".strip()
        return out if row.state == "failed" else row.title


def measured(row: Standing) -> dict[int, float]:
    """{column: value}"""
    columns = {COVERED: MODES, QUALITY: GOOD}
    return {columns.get(name, DISTANCE): value for name, value in row.measures.items()}


def best_of(column: int, values: list[dict[int, float]]) -> float | None:
    found = [measures[column] for measures in values if column in measures]
    if len(set(found)) < 2:  # nobody stands out
        return None
    return (max if column in HIGH else min)(found)


def written(column: int, value: float) -> str:
    return {MODES: f"{value:.0f}", GOOD: f"{value:.0%}"}.get(column, f"{value:.3g}")
