"""A page of the Evaluate tab. A new one is a class and a line in `pages.py`; it listens to the desk."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QStackedLayout, QWidget

from ..widgets.empty_page import EmptyPage
from .desk import Desk


class Page(QWidget):
    """Shows `body` where there is something to be seen, else one sentence and what can be done about it.

    `show_now` is called when the page comes in sight, and in sight whenever something changes that it may be about: it
    says `self.blank(...)` or `self.fill()`. Pages that are not looked at do nothing.
    """

    title: ClassVar[str]
    tip: ClassVar[str]  # of its tab

    def __init__(self, desk: Desk):
        super().__init__()
        self.desk = desk
        self.body = QWidget()
        self._layers = QStackedLayout(self)
        self._layers.addWidget(self._blank())
        self._layers.addWidget(self.body)
        for signal in (desk.chosen, desk.renewed, desk.measured, desk.judged, desk.looked):
            signal.connect(self._changed)

    def _blank(self) -> QWidget:
        self.first_button = QPushButton("Evaluate")
        self.first_button.clicked.connect(self.begin)
        page = EmptyPage("", "", self.first_button)
        page.hint.hide()
        self.words = page.heading
        return page

    # for those that inherit

    def show_now(self) -> None:
        """Show what there is."""

    def begin(self) -> None:
        """The button of the blank page."""
        self.desk.evaluate_wanted.emit()

    def leave(self) -> None:
        """The window closes."""

    # what they use

    def blank(self, words: str, button: str = "", tip: str = "", reason: str = "") -> None:
        """`reason` is why the button can do nothing now."""
        self.words.setText(words)
        self.first_button.setText(button or "Evaluate")
        self.first_button.setVisible(bool(button))
        self.first_button.setEnabled(not reason)
        self.first_button.setToolTip(reason or tip)
        self._layers.setCurrentIndex(0)

    def fill(self) -> None:
        self._layers.setCurrentWidget(self.body)

    @property
    def is_blank(self) -> bool:
        return self._layers.currentWidget() is not self.body

    def _changed(self) -> None:
        if self.isVisible():
            self.show_now()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_now()
