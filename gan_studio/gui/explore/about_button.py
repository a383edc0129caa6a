"""What is known of the generator that is open: a small button that shows it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFormLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget, QWidgetAction

WIDTH = 420


class AboutButton(QToolButton):
    def __init__(self) -> None:
        super().__init__(autoRaise=True)
        self.setAccessibleName("About this generator")
        self.setToolTip("What is known of this generator")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.panel = QWidget()
        self.rows = QFormLayout(self.panel)
        self.rows.setContentsMargins(12, 10, 12, 10)
        self.rows.setHorizontalSpacing(12)
        self.rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setText(self.toolTip())
        action.setDefaultWidget(self.panel)
        menu.addAction(action)
        self.setMenu(menu)
        self.facts: tuple[tuple[str, str], ...] = ()

    def show_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        """What stands in them may be anybody's: it is shown as plain text."""
        self.facts = facts
        while self.rows.rowCount():
            self.rows.removeRow(0)
        for name, value in facts:
            self.rows.addRow(_label(name, muted=True), _label(value))
        self.panel.setFixedSize(WIDTH, self.rows.heightForWidth(WIDTH))
        self.setAccessibleDescription(". ".join(f"{name}: {value}" for name, value in facts))


def _label(text: str, muted: bool = False) -> QLabel:
    breakable = text if muted else text.replace("/", "/\u200b")  # long paths have no other place to be broken at
    label = QLabel(breakable, textFormat=Qt.TextFormat.PlainText)
    if muted:
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    else:
        label.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        label.setSizePolicy(policy)
    return label
