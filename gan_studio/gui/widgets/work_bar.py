"""A row that tells of work under way: what is done, how far it is, the time that is left, and a way to cancel it."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from ..words import duration


class WorkBar(QWidget):
    """Hidden until something is told."""

    def __init__(self, name: str, cancel_tip: str):
        super().__init__()
        self._began = 0.0
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

    def begin(self) -> None:
        """The time that is left is reckoned from now."""
        self._began = time.monotonic()

    def tell(self, done: int, total: int, text: str) -> None:
        passed = time.monotonic() - self._began
        left = f", {duration(passed * (total - done) / done)} left" if done and passed > 1 and done < total else ""
        self.show()
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.doing.setText(f"{text}{left}")
