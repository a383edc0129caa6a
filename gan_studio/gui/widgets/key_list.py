"""All keys at a glance, by menu."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

COLUMNS = ("Keys", "What they do")
SIZE = QSize(560, 620)


class KeyList(QDialog):
    """Stays open beside the work; filled anew each time it is shown."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.tree = QTreeWidget(columnCount=len(COLUMNS))
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderLabels(list(COLUMNS))
        self.tree.setAccessibleName("Keyboard shortcuts")
        self.tree.setToolTip("All keys of the window, by menu")
        self.tree.setTabKeyNavigation(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setToolTip("Close this list (Esc)")
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.tree)
        column.addWidget(buttons)

    def sizeHint(self) -> QSize:
        return SIZE

    def show_keys(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        """(menu, text, keys, a sentence about it); those without keys are left out."""
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for menu, text, keys, about in rows:
            if keys:
                if menu not in groups:
                    groups[menu] = self._group(menu)
                item = QTreeWidgetItem(groups[menu], [keys, text])
                item.setToolTip(1, about)
        self.tree.expandAll()
        self.tree.resizeColumnToContents(0)
        self.show()
        self.raise_()
        self.activateWindow()

    def _group(self, menu: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.tree, [menu])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setFirstColumnSpanned(True)
        font = item.font(0)
        font.setBold(True)
        item.setFont(0, font)
        return item
