"""Draw at the left, see what the translator makes of it at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from ..widgets.compare import CompareView
from ..widgets.fold import quiet
from ..widgets.sketch import Sketch

NOTHING_YET = "Choose a translator above, then draw at the left: what it makes of the drawing is shown here."


class DrawPage(QWidget):
    def __init__(self) -> None:
        from PySide6.QtWidgets import QLabel

        super().__init__()
        self.sketch = Sketch()
        self.result = CompareView(NOTHING_YET)
        self.result.setAccessibleName("Translation of the drawing")
        self.said = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.said.setContentsMargins(8, 2, 8, 2)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.result, 1)
        column.addWidget(self.said)
        splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        splitter.addWidget(self.sketch)
        splitter.addWidget(right)
        splitter.setSizes([500, 500])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(splitter)

    def leave(self) -> None:
        self.sketch.leave()
        self.result.leave()
