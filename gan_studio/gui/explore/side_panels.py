"""The column beside the picture: panels under headings that fold them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from ..widgets.fold import Fold


class SidePanels(QScrollArea):
    def __init__(self) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(4, 6, 0, 0)
        self._column.addStretch(1)
        self.setWidget(inside)

    def add(self, title: str, panel: QWidget, open_: bool = True) -> Fold:
        """Below those that are there."""
        fold = Fold(title, f"Show or hide {title[0].lower()}{title[1:]}")
        fold.rows.setContentsMargins(0, 0, 0, 0)
        fold.rows.addWidget(panel)
        fold.button.set_open(open_)
        self._column.insertWidget(self._column.count() - 1, fold)
        return fold
