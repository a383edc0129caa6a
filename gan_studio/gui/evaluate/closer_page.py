"""A page that starts from a close look: it says what to do until there is one, and shows how far the work is."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ...jobs.closely import POINTS, Close
from .closer import CLOSE, Closer, Found
from .desk import Desk
from .page import Page

CHOOSE = "Choose a run above."
LOOK = "Look closely"
TIP = "Draw some hundred pictures, read real ones, and look at all of them with the features on the left."
NO_CHECKPOINT = "There is no checkpoint of this step any more; look at another step."


class CloserPage(Page):
    """Who inherits fills `body`, and says what is made of a close look and how it is shown."""

    name: str  # of what it finds
    about: ClassVar[str]  # what is seen here, as a sentence

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.closer = Closer.of(desk)
        self.closer.changed.connect(self._changed)
        self._shown: Found | None = None
        self._busy()

    def _busy(self) -> None:
        """A third layer beside the words and the body."""
        self.busy = QWidget()
        self.doing = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, textFormat=Qt.TextFormat.PlainText)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName("Progress")
        self.bar.setFixedWidth(280)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop looking; nothing is lost but what is being made now.")
        self.cancel_button.clicked.connect(self.closer.cancel)
        column = QVBoxLayout(self.busy)
        column.addStretch(1)
        column.addWidget(self.doing)
        for widget in (self.bar, self.cancel_button):
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget)
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(1)
        self._layers.addWidget(self.busy)

    # for those that inherit

    def work(self, close: Close) -> Generator[Any, None, Any]:
        """What is made of a close look; it runs on a thread and touches no widget."""
        raise NotImplementedError

    def show_found(self, value: Any, is_done: bool) -> None:
        """What the work gave, or gives so far."""
        raise NotImplementedError

    def lacking(self, close: Close) -> str:
        """Why there is nothing to be seen here of this; "" if there is."""
        return ""

    # as a page

    def show_now(self) -> None:
        self.closer.aim()
        if (words := self._unfit()) is not None:
            self.blank(words)
        elif self.closer.close is None:
            self._show_start()
        elif lacking := self.lacking(self.closer.close):
            self.blank(lacking)
        else:
            self._show_work()

    def _unfit(self) -> str | None:
        """Why this cannot be looked at; None where it can."""
        subject, step = self.desk.subject, self.desk.step
        if subject is None:
            return f"{self.about} {CHOOSE}"
        if subject.problem:
            return subject.problem
        if subject.run is None:
            return None if self.desk.real else f"{self.about} Choose a folder of real pictures on the left first."
        shape = subject.run.about().get("shape")
        if isinstance(shape, list) and len(shape) == 1:
            return POINTS
        return None if step in subject.steps else NO_CHECKPOINT

    def _show_start(self) -> None:
        if self.closer.working == CLOSE:
            self._show_busy()
        else:
            at = f" at step {self.desk.step:,}" if self.desk.step is not None else ""
            self.blank(self.closer.why.get(CLOSE, self.about), f"{LOOK}{at}", TIP)

    def _show_work(self) -> None:
        found = self.closer.found.get(self.name)
        is_working = self.closer.working == self.name
        if found is not None and (found.is_done or is_working or self._shown is found):
            self.fill()
            if found is not self._shown:
                self._shown = found
                self.show_found(found.value, found.is_done)
        elif is_working:
            self._show_busy()
        elif why := self.closer.why.get(self.name):
            self.blank(why, "Again", "Begin it once more")
        else:
            self.closer.ask(self.name, self.work)

    def _show_busy(self) -> None:
        self.doing.setText(self.closer.doing)
        self.bar.setRange(0, self.closer.progress.total)
        self.bar.setValue(self.closer.progress.done)
        self._layers.setCurrentWidget(self.busy)

    def begin(self) -> None:
        if self.closer.close is None:
            self.closer.look()
        else:
            self.closer.ask(self.name, self.work)

    def leave(self) -> None:
        self.closer.leave()
