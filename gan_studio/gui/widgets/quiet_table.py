"""How tables look that are read: no grid, no numbers of rows, nothing to edit."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

ROWS = QAbstractItemView.SelectionBehavior.SelectRows


def quiet_table(
    table: QTableWidget,
    columns: Mapping[str, str] | None = None,
    air: int = 8,
    choose: QAbstractItemView.SelectionBehavior = ROWS,
) -> None:
    """Dress a table. `columns`: {title: tooltip}. `air`: pixels of a row above and below its text. `choose`: one row,
    or one cell."""
    table.setSelectionBehavior(choose)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + air)
    table.horizontalHeader().setHighlightSections(False)
    for column, (title, tip) in enumerate((columns or {}).items()):
        head = QTableWidgetItem(title)
        head.setToolTip(tip)
        table.setHorizontalHeaderItem(column, head)
