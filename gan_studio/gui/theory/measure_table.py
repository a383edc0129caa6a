"""The table of all distances between two densities, live."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from ...theory.divergences import MEASURES
from ..widgets.quiet_table import quiet_table

COLUMNS = {
    "Distance": "Choose the one that is drawn on the right",
    "Now": "Between p and q as they are; ∞ where it is infinite",
    "Slope": "How much it changes when q is moved to the right: what a generator is told",
}


class MeasureTable(QTableWidget):
    chosen = Signal(str)  # the key of the measure in the row that is selected

    def __init__(self) -> None:
        super().__init__(len(MEASURES), len(COLUMNS))
        self.setAccessibleName("Distances between p and q")
        quiet_table(self, COLUMNS, air=7)
        self.setAlternatingRowColors(True)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 68)
        header.resizeSection(2, 68)
        self.setMinimumWidth(250)
        for row, measure in enumerate(MEASURES.values()):
            for column, text in enumerate((measure.title, "", "")):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{measure.title} = {measure.formula}{bound(measure.highest)}")
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        self.currentCellChanged.connect(self._choose)

    def choose(self, key: str) -> None:
        self.setCurrentCell(list(MEASURES).index(key), 0)

    def key(self) -> str:
        return list(MEASURES)[max(0, self.currentRow())]

    def show_values(self, values: dict[str, float]) -> None:
        for row, key in enumerate(MEASURES):
            self._set(row, 1, number(values[key]))

    def show_slopes(self, slopes: dict[str, float]) -> None:
        for row, key in enumerate(MEASURES):
            self._set(row, 2, number(slopes[key]))

    def _set(self, row: int, column: int, text: str) -> None:
        item = self.item(row, column)
        assert item
        if item.text() != text:
            item.setText(text)

    def _choose(self, row: int, _column: int, before: int, _before: int) -> None:
        if row != before and row >= 0:
            self.chosen.emit(list(MEASURES)[row])


def bound(highest: float) -> str:
    return "" if math.isinf(highest) else f"\nAt most {highest:.4g}, where p and q have nothing in common."


def number(value: float) -> str:
    """ "0.6931", "∞", "1.2e6", "–" where there is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    value = 0.0 if abs(value) < 5e-7 else value
    size = abs(value)
    if size >= 1e5:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{mantissa}e{int(power)}".replace("-", "−")
    return (f"{value:.4f}" if size < 100 else f"{value:.1f}").replace("-", "−")
