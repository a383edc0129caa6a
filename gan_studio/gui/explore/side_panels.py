"""The column beside the picture: panels under headings that fold them."""

from __future__ import annotations

import json

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from ..widgets.fold import Fold


class SidePanels(QScrollArea):
    def __init__(self) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(4, 6, 0, 0)
        self._column.addStretch(1)
        self._inside = inside
        self.setWidget(inside)
        self._folds: dict[str, Fold] = {}  # by their titles

    def add(self, title: str, panel: QWidget, open_: bool = True) -> Fold:
        """Below those that are there."""
        fold = Fold(title, f"Show or hide {title[0].lower()}{title[1:]}")
        fold.rows.setContentsMargins(0, 0, 0, 0)
        fold.rows.addWidget(panel)
        fold.button.set_open(open_)
        self._folds[title] = fold
        self._column.insertWidget(self._column.count() - 1, fold)
        return fold

    def state(self) -> bytes:
        """Which are open and which are folded, for `restore`."""
        return json.dumps({title: fold.button.isChecked() for title, fold in self._folds.items()}).encode()

    def restore(self, state: bytes) -> None:
        """Panels that it does not tell of, or tells nonsense of, stay as they are."""
        try:
            told = dict(json.loads(state))
        except (ValueError, TypeError):
            return
        for title, fold in self._folds.items():
            fold.button.set_open(bool(told.get(title, fold.button.isChecked())))

    def minimumSizeHint(self) -> QSize:
        """Wide enough for each of them: nothing is cut off at the side."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._inside.minimumSizeHint().width() + bar, super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is inside has become wider or narrower."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
