"""A small button with an icon alone, which therefore says in words what it does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from .. import theme


def tool_button(name: str, icon: str, tip: str, call: Callable[[], object]) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda _checked=False: call())
    theme.tint(button, icon)
    return button
