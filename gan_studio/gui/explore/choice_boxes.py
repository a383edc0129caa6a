"""The boxes above a picture that say whose it is: a run, its checkpoint, and what is being done."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QSizePolicy, QToolButton

LOADING = "Loading PyTorch; a moment."


def run_box(name: str) -> QComboBox:
    box = QComboBox()
    box.setMinimumContentsLength(16)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    box.setMaximumWidth(300)
    box.setMinimumWidth(90)
    box.setPlaceholderText("Choose a run")
    box.setAccessibleName(name)
    box.setToolTip("The run whose generator draws; the newest is first.")
    return box


def step_box(name: str, tip: str, letters: int) -> QComboBox:
    box = QComboBox()
    box.setMinimumContentsLength(letters)
    box.setMinimumWidth(80)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box


def tool(tip: str) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0])
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def menu_tool(tip: str) -> tuple[QToolButton, QMenu]:
    """A button that opens a menu."""
    button = tool(tip)
    menu = QMenu(button.accessibleName().partition(":")[0], button)
    menu.setToolTipsVisible(True)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(menu)
    return button, menu


def doing_label() -> QLabel:
    label = QLabel(LOADING, textFormat=Qt.TextFormat.PlainText)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
