"""A table of numbers that any column sorts, by a click on its head or by the menu key, and that can be copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHeaderView, QMenu, QTableWidget

from .. import theme
from .quiet_table import quiet_table

Copy = tuple[str, str, Callable[[], None]]  # (text, tooltip, what it does)


class SortedTable(QTableWidget):
    """Who inherits fills it in `self.order`, and says what can be copied."""

    as_they_came = (-1, False)  # the order that a third click goes back to

    def __init__(self, columns: int, name: str, about: str):
        super().__init__(0, columns)
        self.order = self.as_they_came  # the column that sorts, and whether downward
        self.setAccessibleName(name)
        self.setAccessibleDescription(f"{about} The menu key sorts and copies.")
        quiet_table(self, air=11)
        self.setWordWrap(False)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self.sort_by)
        theme.changed.connect(self.fill)

    # for those that inherit

    def fill(self) -> None:
        """All rows anew, in this order."""
        raise NotImplementedError

    def titles(self) -> Sequence[str]:
        """Of the columns, in the menu."""
        raise NotImplementedError

    def copies(self) -> Sequence[Copy]:
        """What the menu offers; the first is done by Ctrl+C, too."""
        raise NotImplementedError

    def falls(self, column: int) -> bool:
        """Whether a first click sorts it downward."""
        return False

    # what can be done with it

    def sort_by(self, column: int) -> None:
        """One way; then the other; then as the rows came."""
        before, downward = self.order
        if column != before:
            self.order = (column, self.falls(column))
        else:
            self.order = (column, not downward) if downward == self.falls(column) else self.as_they_came
        self.horizontalHeader().setSortIndicatorShown(self.order != self.as_they_came)  # it takes room
        way = Qt.SortOrder.DescendingOrder if self.order[1] else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(self.order[0], way)
        self.fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copies()[0][2]()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos() if not event.globalPos().isNull() else self.mapToGlobal(QPoint(0, 0)))

    def menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for text, tip, copy in self.copies():
            action = menu.addAction(text, copy)
            action.setToolTip(tip)
            action.setEnabled(self.rowCount() > 0)
        menu.actions()[0].setShortcut(QKeySequence.StandardKey.Copy)
        by = menu.addMenu("S&ort by")
        for column, name in enumerate(self.titles()):
            action = QAction(name, by, checkable=True, checked=column == self.order[0])
            action.triggered.connect(partial(self.sort_by, column))
            by.addAction(action)
        return menu
