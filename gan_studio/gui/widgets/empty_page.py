"""What a room shows while it is about nothing yet: what it is for, what to do next, and buttons that do it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget


class EmptyPage(QWidget):
    def __init__(self, heading: str, hint: str, *buttons: QPushButton):
        super().__init__()
        self.heading, self.hint = QLabel(heading), QLabel(hint)
        column = QVBoxLayout(self)
        column.addStretch(1)
        for label in (self.heading, self.hint):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            column.addWidget(label)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        column.addSpacing(8)
        column.addLayout(row)
        column.addStretch(1)


def waiting_button(text: str, tip: str) -> QPushButton:
    """Disabled until what it needs is loaded."""
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setEnabled(False)
    return button
