"""A button that stays pressed, and shows it in both themes: Fusion alone only darkens it a little."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from .. import theme

Role = QPalette.ColorRole


class Toggle(QPushButton):
    def __init__(self, text: str, tip: str, parent: QWidget | None = None):
        super().__init__(text, parent)
        self.setAutoDefault(False)
        self.setCheckable(True)
        self.setToolTip(tip)
        self.toggled.connect(self._colour)
        theme.changed.connect(self._colour)

    def _colour(self) -> None:
        own = QPalette()  # nothing of its own: it follows the application's
        if self.isChecked():
            whole = QApplication.palette()
            for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
                own.setColor(group, Role.Button, whole.color(group, Role.Accent).darker(130))  # Fusion lightens it
                own.setColor(group, Role.ButtonText, whole.color(group, Role.HighlightedText))
        self.setPalette(own)
