"""What stands above a picture and says whose it is: boxes of runs and checkpoints, small buttons, what is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QSizePolicy, QToolButton

from .room import LOADING


def run_box(name: str, tip: str, placeholder: str = "Choose a run", most: int = 300) -> QComboBox:
    """As wide as there is room, up to `most` pixels."""
    box = step_box(name, tip, letters=16)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    box.setMaximumWidth(most)
    box.setMinimumWidth(90)
    box.setPlaceholderText(placeholder)
    return box


class Choice(Protocol):
    """What can be chosen: a run, or a file."""

    @property
    def title(self) -> str: ...
    @property
    def path(self) -> Path: ...


def fill(box: QComboBox, listed: Sequence[Choice], here: Path | None) -> None:
    """With what can be chosen; `here` is chosen now and among them."""
    box.clear()
    for choice in listed:
        box.addItem(choice.title, choice)
        box.setItemData(box.count() - 1, str(choice.path), Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex([choice.path for choice in listed].index(here) if here else -1)


def step_box(name: str, tip: str, letters: int) -> QComboBox:
    box = QComboBox()
    box.setMinimumContentsLength(letters)
    box.setMinimumWidth(80)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box


def named_box(name: str, tip: str, titles: Mapping[str, str]) -> tuple[QLabel, QComboBox]:
    """A box of a few choices, {what it gives: how it is called}, and the label before it; `name` has its "&"."""
    label, box = QLabel(name), QComboBox()
    label.setBuddy(box)
    box.setAccessibleName(name.replace("&", ""))
    box.setToolTip(tip)
    for id, title in titles.items():
        box.addItem(title, id)
    return label, box


def tool(tip: str) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0].partition(": ")[0])
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def menu_tool(tip: str) -> tuple[QToolButton, QMenu]:
    """A button that opens a menu."""
    button = tool(tip)
    menu = QMenu(button.accessibleName(), button)
    menu.setToolTipsVisible(True)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(menu)
    return button, menu


def doing_label() -> QLabel:
    label = QLabel(LOADING, textFormat=Qt.TextFormat.PlainText)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
