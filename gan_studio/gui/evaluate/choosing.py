"""What is evaluated: a run and which of its checkpoints, a folder of pictures, or another program's generator."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from ...runs import Run
from ..choice_boxes import fill
from ..computing import attempted
from ..explore.opening import FILES, told_of
from .desk import Desk
from .frame import EvaluateFrame
from .subjects import Subject, as_it_is, run_subjects, subject_at

NEWEST, BEST, EVERY = "newest", "best", "every"  # beside single steps
LOOK_MS = 3000  # between two looks at a run that goes on


class Choosing(QObject):
    changed = Signal()  # what is chosen, or can be

    def __init__(self, frame: EvaluateFrame, desk: Desk):
        super().__init__(frame)
        self.frame, self.desk = frame, desk
        self.was_read = False
        frame.runs.activated.connect(self._run_chosen)
        frame.steps.activated.connect(self._step_chosen)
        frame.open_menu.addAction("A &run's folder…", self.ask_for_run)
        frame.open_menu.addAction("A &folder of generated pictures…", self.ask_for_folder)
        frame.open_menu.addAction("&Two folders: generated and real…", self.ask_for_two)
        frame.open_menu.addAction("A &generator's file of another program…", self.ask_for_file)
        frame.open_tool.setEnabled(True)
        frame.session.runs_changed.connect(self.read_if_seen)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look_again)

    # --- what there is ---

    def read(self) -> None:
        self.desk.disk.ask("subjects", partial(run_subjects, self.frame.session.root), self._show)

    def read_if_seen(self) -> None:
        if self.frame.isVisible():
            self.read()

    def _show(self, found: list[Subject]) -> None:
        self.desk.subjects, self.was_read = found, True
        here = self.desk.subject
        if here is None:
            if found:
                self.choose(found[0])
        elif newer := next((subject for subject in found if subject.path == here.path), None):
            self._renew(newer)
        elif here.run:  # it lies elsewhere, or was deleted
            self._ask_again(here)
        self._fill_runs()
        self.changed.emit()

    def watch(self, seen: bool) -> None:
        """Look at a run that goes on again and again, while the tab is seen."""
        if seen:
            self._timer.start()
        else:
            self._timer.stop()

    def _look_again(self) -> None:
        here = self.desk.subject
        if here and here.run and self.desk.goes_on:
            self._ask_again(here)

    def _ask_again(self, here: Subject) -> None:
        self.desk.disk.ask("again", partial(attempted, partial(as_it_is, here)), self._renew_if_there)

    def _renew_if_there(self, found: Subject | Exception) -> None:
        if isinstance(found, Subject):
            self._renew(found)

    def _renew(self, newer: Subject) -> None:
        here = self.desk.subject
        if here and newer.path == here.path and newer != here:
            follows = bool(newer.steps) and self.desk.step in (None, *here.steps[-1:])  # whoever looks at the newest
            self.desk.renew(newer)
            if follows:
                self.desk.look_at(newer.steps[-1])
            if (newer.steps, newer.starred, newer.best) != (here.steps, here.starred, here.best):
                self._fill_steps(self.frame.steps.currentData())  # not while its list may be open, for nothing
            self.changed.emit()

    def _fill_runs(self) -> None:
        """What is chosen is among them, wherever it lies."""
        here = self.desk.subject
        among = [subject.path for subject in self.desk.subjects]
        listed = self.desk.subjects if here is None or here.path in among else [here, *self.desk.subjects]
        fill(self.frame.runs, listed, here.path if here else None)
        self.frame.runs.setEnabled(bool(listed))

    def _fill_steps(self, wanted: str | int | None) -> None:
        box, subject = self.frame.steps, self.desk.subject
        box.clear()
        if subject and subject.steps:
            box.addItem(f"Newest (step {subject.steps[-1]:,})", NEWEST)
            if subject.best:
                box.addItem(f"Best (step {subject.best.step:,})", BEST)
                box.setItemData(1, told_of(subject.best), Qt.ItemDataRole.ToolTipRole)
            if len(subject.steps) > 1:
                box.addItem(f"Every checkpoint ({len(subject.steps)})", EVERY)
            for step in reversed(subject.steps):
                box.addItem(f"Step {step:,}{' ★' if step in subject.starred else ''}", step)
        box.setCurrentIndex(max(0, box.findData(wanted)))
        box.setEnabled(box.count() > 0)

    @property
    def steps(self) -> tuple[int, ...]:
        """That are to be evaluated; () of what has none."""
        subject, chosen = self.desk.subject, self.frame.steps.currentData()
        if subject is None or not subject.steps:
            return ()
        best = subject.best.step if subject.best else subject.steps[-1]
        named = {NEWEST: subject.steps[-1:], BEST: (best,), EVERY: subject.steps}
        return named[chosen] if chosen in named else (int(chosen),)

    # --- chosen ---

    def choose(self, subject: Subject, step: int | None = None) -> None:
        self.desk.choose(subject, step)
        self._fill_runs()
        self._fill_steps(step)
        self.changed.emit()

    def choose_run(self, run: Run, step: int | None = None) -> None:
        self.take(run.folder, step=step)

    def _run_chosen(self, row: int) -> None:
        subject = self.frame.runs.itemData(row)
        if self.desk.subject is None or subject.path != self.desk.subject.path:
            self.choose(subject)

    def _step_chosen(self) -> None:
        if self.frame.steps.currentData() != EVERY:
            for step in self.steps:
                self.desk.look_at(step)
        self.changed.emit()

    def ask_for_run(self) -> None:
        frame = self.frame
        if chosen := QFileDialog.getExistingDirectory(frame, "Open a run's folder", str(frame.session.root)):
            self.take(Path(chosen))

    def ask_for_folder(self) -> None:
        if chosen := self._folder("A folder of generated pictures"):
            self.take(chosen)

    def ask_for_two(self) -> None:
        if (generated := self._folder("First the folder of generated pictures")) and (
            real := self._folder("Then the folder of real pictures")
        ):
            self.take(generated, real)

    def ask_for_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self.frame, "Open a generator's file", str(Path.home()), FILES)
        if chosen:
            self.take(Path(chosen))

    def _folder(self, title: str) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(self.frame, title, str(Path.home()))
        return Path(chosen) if chosen else None

    def take(self, path: Path, real: Path | None = None, step: int | None = None) -> None:
        """A run's folder, a checkpoint, a file, or a folder of pictures with one to compare it with."""
        work = partial(attempted, partial(subject_at, path, real))
        self.desk.disk.ask("take", work, partial(self._take, step))

    def _take(self, wanted: int | None, found: tuple[Subject, int | None] | Exception) -> None:
        if isinstance(found, Exception):
            self.frame.notices.show_notice(str(found), "error")
        else:
            subject, step = found
            self.choose(subject, step if wanted is None else wanted)

    def leave(self) -> None:
        self._timer.stop()
