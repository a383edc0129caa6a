"""Buttons that stay pressed, and show it in both themes: Fusion alone only darkens them a little."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QButtonGroup, QPushButton, QWidget

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


class ToggleGroup(QButtonGroup):
    """Buttons of which one is pressed: Tab comes by that one, and arrow keys go from it to the others.

    Qt sees to it only for what a user pressed, not where the choice is made elsewhere.
    """

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.buttonToggled.connect(self._let_tab_come_by)

    def _let_tab_come_by(self) -> None:
        for button in self.buttons():
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if button.isChecked() else Qt.FocusPolicy.ClickFocus)
