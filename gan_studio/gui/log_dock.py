"""The pane at the foot of the window: everything that was told, and beside it what went wrong."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QPlainTextEdit, QTabWidget, QWidget

LINES = 2000
HEIGHT = 120  # of the text at first


class LogDock(QDockWidget):
    """Closed at first; opens itself on an error."""

    def __init__(self, parent: QWidget):
        super().__init__("Log", parent)
        self.setObjectName("log")  # for saving the layout
        self.setAllowedAreas(Qt.DockWidgetArea.BottomDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self.log = self._page("Everything that was told")
        self.problems = self._page("What went wrong, with the full trace")
        self.pages = QTabWidget(documentMode=True)
        self.pages.setAccessibleName("Log and problems")
        self.pages.addTab(self.log, "Log")
        self.pages.addTab(self.problems, "Problems")
        self.setWidget(self.pages)

    def add(self, text: str, level: str = "info") -> None:
        line = f"{time.strftime('%H:%M:%S')}  {text}"
        self.log.appendPlainText(line)
        if level != "info":
            self.problems.appendPlainText(line)

    def add_error(self, sentence: str, details: str) -> None:
        """A sentence with its trace."""
        self.add(f"{sentence}\n{details}".rstrip(), "error")

    def reset(self) -> None:
        """As it was at first: closed, with the log on top."""
        self.pages.setCurrentWidget(self.log)
        self.hide()

    def show_problems(self) -> None:
        self.pages.setCurrentWidget(self.problems)
        self.show()

    def _page(self, name: str) -> QPlainTextEdit:
        page = Page(readOnly=True)
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setMaximumBlockCount(LINES)
        page.setAccessibleName(name)
        page.setToolTip(name)
        page.setTabChangesFocus(True)
        return page


class Page(QPlainTextEdit):
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), HEIGHT)
