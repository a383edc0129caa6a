"""The doctor's page: what is wrong with a training, where that is seen, and what helps. It follows one that goes on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ..computing import attempted
from ..signs import Sign
from .desk import Desk
from .finding_card import FindingCard
from .page import Page

if TYPE_CHECKING:
    from ...conditions import Finding, Remedy
    from ...runs import Run
    from .examining import Examined

AGAIN_MS = 4000  # between two looks at a run that goes on
STAYS_S = 20  # a notice that offers to start a branch


class DoctorPage(Page):
    title = "Doctor"
    tip = "What is wrong with the training, since when, and what helps"

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.found: Examined | None = None
        self._asked: Path | None = None  # of the run that is being looked at
        self.cards: list[FindingCard] = []
        self.sign = Sign("early", 26)
        self.words = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        top = QHBoxLayout()
        top.setContentsMargins(8, 8, 8, 0)
        top.setSpacing(8)
        top.addWidget(self.sign)
        top.addWidget(self.words, 1)
        self.inside = QWidget()
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(8, 4, 8, 8)
        self.column.setSpacing(10)
        self.column.addStretch(1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.inside)
        rows = QVBoxLayout(self.body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(top)
        rows.addWidget(scroll, 1)
        self._timer = QTimer(self, interval=AGAIN_MS)
        self._timer.timeout.connect(self._look_again)
        desk.chosen.connect(self._forget)
        desk.failed.connect(self._stumble)

    # looking

    def show_now(self) -> None:
        subject = self.desk.subject
        if subject is None:
            self.blank("Choose a run above, and the doctor says what is wrong with its training, if anything is.")
        elif subject.run is None:
            self.blank("The doctor looks at trainings: choose a run.")
        elif subject.problem:
            self.blank(subject.problem)
        elif self.found is None:
            self.blank("The doctor is looking at the curves…")
            self._ask(subject.run)
        else:
            self.fill()

    def _ask(self, run: Run) -> None:
        """Once at a time: a look that takes long is not begun anew before it has ended."""
        from .examining import examined

        if self._asked == run.folder:
            return
        self._asked = run.folder
        self.desk.disk.ask("doctor", partial(attempted, partial(examined, run)), partial(self._show, run))

    def _look_again(self) -> None:
        """While the run goes on; once more when it has ended, as the last steps count, too."""
        subject = self.desk.subject
        if subject and subject.run and (self.desk.goes_on or self._is_behind()):
            self._ask(subject.run)

    def _is_behind(self) -> bool:
        subject = self.desk.subject
        return bool(self.found and subject and self.found.diagnosis.step < subject.last)

    def _forget(self) -> None:
        self.found = self._asked = None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    # what was found

    def _show(self, run: Run, found: Examined | Exception) -> None:
        if run.folder == self._asked:
            self._asked = None
        if self.desk.subject is None or self.desk.subject.path != run.folder:
            return
        if isinstance(found, Exception):
            self.blank(str(found), "Look again")
            return
        self.found = found
        findings = found.diagnosis.findings
        self.sign.show_verdict(found.diagnosis.verdict)
        self.words.setText(headline_of(found))
        if len(findings) == len(self.cards) and all(map(FindingCard.can_become, self.cards, findings)):
            for card, finding in zip(self.cards, findings, strict=True):
                card.renew(finding, found)
        else:
            self._fill_cards(found)
        self.fill()

    def _stumble(self, _error: Exception) -> None:
        """The room tells what happened, and once is enough: it is not looked at again by itself."""
        if self._asked is not None and self.found is None:
            self.blank("The doctor could not look at it.", "Look again")

    def begin(self) -> None:
        self._forget()
        self.show_now()

    def _fill_cards(self, found: Examined) -> None:
        """Anew, with the focus where it was."""
        focus = next((i for i, card in enumerate(self.cards) if card.isAncestorOf(self.focusWidget() or self)), None)
        for card in self.cards:
            self.column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [FindingCard(finding, found) for finding in found.diagnosis.findings]
        for place, card in enumerate(self.cards):
            card.remedy_wanted.connect(self.treat)
            self.column.insertWidget(place, card)
        if focus is not None and focus < len(self.cards) and self.cards[focus].buttons:
            next(iter(self.cards[focus].buttons)).setFocus()

    # what helps

    def treat(self, finding: Finding, remedy: Remedy) -> None:
        from .examining import branched

        if self.found is not None:
            for card in self.cards:
                card.allow("It is being made.")
            work = partial(attempted, partial(branched, self.found.run, finding, remedy))
            self.desk.disk.ask("branch", work, self._branched)

    def _branched(self, new: Run | Exception) -> None:
        for card in self.cards:
            card.allow("")
        if isinstance(new, Exception):
            self.desk.notices.show_notice(str(new), "error")
            return
        session = self.desk.session
        session.runs_changed.emit()
        start = "Queue it" if session.is_training else "Start it"
        self.desk.notices.show_notice(
            f"The branch is made, and waits as {new.name}.",
            action=(start, partial(session.train_wanted.emit, new)),
            seconds=STAYS_S,
        )

    def leave(self) -> None:
        self._timer.stop()


def headline_of(found: Examined) -> str:
    diagnosis = found.diagnosis
    of = f" of {diagnosis.steps:,}" if diagnosis.steps else ""
    return f"{diagnosis.sentence.rstrip('.')}. At step {diagnosis.step:,}{of}."
