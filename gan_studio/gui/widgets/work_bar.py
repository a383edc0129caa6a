"""A row that tells of work under way: what is done, how far it is, the time that is left, and a way to cancel it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from ...progress import Pace, Progress


class WorkBar(QWidget):
    """Hidden until something is told."""

    def __init__(self, name: str, cancel_tip: str):
        super().__init__()
        self._pace = Pace()
        self.doing = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setMaximumHeight(8)
        self.progress.setAccessibleName(name)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip(cancel_tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.doing)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel_button)
        self.hide()

    def tell(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total)
        self.progress.setValue(progress.done)
        self.doing.setText(self._pace.told(progress))
        self.show()
