"""What the tab is about, as its pages share it: the subject, what was measured of it, the step that is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ..computing import LatestWins
from ..session import Session

if TYPE_CHECKING:
    from ...jobs.evaluations import Evaluated
    from ...jobs.verdict import Key, Verdict
    from ..widgets.notice import Notices
    from .subjects import Subject

PATIENCE_S = 2.0  # a closing window waits so long for what is being computed


class Desk(QObject):
    """Disks are read on one thread, networks run on another; of questions of one kind only the newest counts."""

    chosen = Signal()  # another subject
    renewed = Signal()  # the same subject, as it stands by now
    measured = Signal()  # numbers of it came
    judged = Signal()  # by another measure
    looked = Signal()  # at another step
    evaluate_wanted = Signal()  # as the form says
    failed = Signal(object)  # an exception

    def __init__(self, session: Session, notices: Notices, parent: QObject):
        super().__init__(parent)
        self.session, self.notices = session, notices
        self.subjects: list[Subject] = []  # the runs there are, newest first
        self.subject: Subject | None = None
        self.found: tuple[Evaluated, ...] = ()  # of the subject, in the order of their measuring
        self._told: list[Evaluated] = []  # those of them that were measured since it was chosen
        self.key: Key | None = None  # what it is judged by
        self.step: int | None = None  # that is looked at; of a run
        self.reason = ""  # why nothing can be measured now
        self.real: Path | None = None  # a folder to compare with instead of the data that a run learns from
        self.eye = ""  # the kind of features that are chosen
        self.disk, self.networks = LatestWins(self), LatestWins(self)
        for line in (self.disk, self.networks):
            line.failed.connect(self.failed)

    # what it is about

    def choose(self, subject: Subject, step: int | None = None) -> None:
        self.subject, self.found, self._told = subject, (), []
        self.step = step if step is not None else next(iter(subject.steps[-1:]), None)
        self.chosen.emit()
        self.measured.emit()
        self.looked.emit()

    def renew(self, subject: Subject) -> None:
        """It has gone on, or was starred."""
        if subject != self.subject:
            self.subject = subject
            self.renewed.emit()

    @property
    def goes_on(self) -> bool:
        """Whether the run is being trained, here or by another process."""
        subject = self.subject
        return bool(subject and subject.run and (subject.lives or self.session.is_at(subject.run)))

    # what is known of it

    def take(self, kept: tuple[Evaluated, ...]) -> None:
        """All that was ever measured of it, as its folder says; what came meanwhile, or cannot be kept, stays."""
        from ...jobs.verdict import measures_of

        found = (*kept, *(one for one in self._told if one not in kept))
        if found == self.found:
            return
        self.found = found
        keys = measures_of(found)
        if self.key not in keys:
            self.key = keys[0] if keys else None
        self.measured.emit()

    def add(self, one: Evaluated) -> None:
        self._told.append(one)
        self.take(self.found)

    def judge_by(self, key: Key) -> None:
        self.key = key
        self.judged.emit()

    def verdict(self) -> Verdict | None:
        from ...jobs.verdict import judge

        return judge(self.found, self.key) if self.key else None

    def look_at(self, step: int) -> None:
        if step != self.step:
            self.step = step
            self.looked.emit()

    def leave(self) -> None:
        for line in (self.disk, self.networks):
            line.leave(PATIENCE_S)
