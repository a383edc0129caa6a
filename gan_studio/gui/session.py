"""What the tabs share: where runs live, what is training, and what it tells."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from ..jobs.inbox import Command, Stop
from .worker import Worker

if TYPE_CHECKING:  # these import torch or pydantic, which the window does not wait for
    from ..jobs.apart import Apart
    from ..jobs.race_folder import Race
    from ..runs import Run

Stage = Literal["idle", "preparing", "running", "paused", "stopping"]


class Session(QObject):
    """At most one run, or one race, is in training at a time; others wait in the queue.

    `engine` offers `new_run` and `TrainJob` as `gan_studio.jobs.train` does, and `RaceJob` as `gan_studio.jobs.race`;
    where nothing is given, all is trained in processes of their own.
    """

    stage_changed = Signal(str)
    events = Signal(list)  # of the run in training
    problem = Signal(str, str, bool)  # one sentence, the trace, whether it is of a kind that was expected
    ended = Signal(object)  # the Run that was in training
    race_ended = Signal(object)  # the Race
    explore_wanted = Signal(object)  # a Run: show what it can draw
    view_wanted = Signal(object)  # a View: go on from it in the Explore tab
    gallery_wanted = Signal(object, object)  # Views, and a Walk or None: make a gallery of them
    translate_wanted = Signal(object, object)  # a Run, and a checkpoint's step or None: make pictures of pictures
    explore_at_wanted = Signal(object, int)  # a Run and the step of a checkpoint: show what that can draw
    evaluate_wanted = Signal(object, str)  # a Run, and the page of the Evaluate tab to show; "" is the one in front
    branch_wanted = Signal(object, int)  # a Run and the step of a checkpoint: go on from it with changed settings
    train_wanted = Signal(object)  # a Run: look at it in the Train tab, and train it as soon as it can be
    preset_wanted = Signal(str)  # show this one, to begin with it
    runs_changed = Signal()  # one came, went, or stands otherwise; or a race

    def __init__(self, root: Path | None = None, engine: Any = None, parent: QObject | None = None):
        super().__init__(parent)
        self._root, self._engine = root, engine
        self._apart: Apart | None = None
        self.stage: Stage = "idle"
        self.run: Run | None = None  # the one in training
        self.race: Race | None = None  # or this
        self.worker: Worker | None = None
        self.leaving = False  # the window closes: nothing new is begun
        self._error: Exception | None = None  # of the last training
        self._looking: Worker | None = None  # for the next of the queue
        self._stuck: set[Path] = set()  # what was queued and could not begin, nor be marked as failed

    # what there is

    @property
    def root(self) -> Path:
        from ..runs import default_root

        return self._root or default_root()

    @property
    def engine(self) -> Any:
        from ..jobs.apart import Apart

        if self._engine is None:
            self._engine = self._apart = Apart()
        return self._engine

    @property
    def is_training(self) -> bool:
        return self.worker is not None

    def is_at(self, run: Run | None) -> bool:
        """Whether this is the run in training."""
        return run is not None and self.run is not None and run.folder == self.run.folder

    @property
    def title(self) -> str:
        """Of what is in training."""
        subject = self.run or self.race
        return str(subject.about().get("title", subject.name)) if subject else "The run"

    # what can be done

    def new_run(self, values: dict[str, Any], title: str, preset: str = "") -> Run:
        """A run folder for these plain values. Raises ConfigError."""
        from ..jobs.settings import RunConfig

        config = RunConfig.parse(values)
        config.check()
        run: Run = self.engine.new_run(config, title, self.root, preset)
        self.runs_changed.emit()
        return run

    def train(self, run: Run, *first: Command) -> None:
        """Train a run from where it stands; `first` are commands that it finds in its inbox."""
        self.run = run
        self._begin(self.engine.TrainJob(run, spare_core=True), *first)

    def train_race(self, race: Race) -> None:
        """Race from where the lanes stand."""
        self.race = race
        self._begin(self.engine.RaceJob(race, spare_core=True))

    def _begin(self, job: Any, *first: Command) -> None:
        self._error = None
        self.worker = Worker(job, job.inbox, self)
        self.worker.events.connect(self._take)
        self.worker.failed.connect(self._fail)
        self.worker.finished.connect(self._end)
        for command in first:
            self.worker.put(command)
        self._enter("preparing")
        self.worker.start()
        self.runs_changed.emit()

    def put(self, command: Command) -> None:
        """A command to the run in training; without one it is nobody's."""
        if self.worker:
            self.worker.put(command)

    def stop(self) -> None:
        if self.worker:
            self._enter("stopping")
            self.worker.put(Stop())

    def insist(self) -> None:
        """End at the next event, for a job that is too busy to read its inbox."""
        if self.worker:
            self.worker.cancel()

    def is_saving(self) -> bool:
        """Whether a checkpoint is being written."""
        subject = self.run or self.race
        lanes = self.race.lanes() if self.race else []
        folders = [place.folder / "checkpoints" for place in (subject, *lanes) if place]
        return any(any(folder.glob(".step-*.tmp")) for folder in folders)

    def start_queue(self) -> None:
        """Begin the first of the queue, also one that could not begin before."""
        self._stuck.clear()
        self.start_next()

    def start_next(self) -> None:
        """Begin the first of the queue, if there is one and nothing is training. Many folders take a while."""
        if self.is_training or self.leaving:
            return
        self._look_no_more()  # the newest look misses nothing
        self._looking = Worker(self._waiting(), parent=self)
        self._looking.events.connect(self._begin_first)
        self._looking.failed.connect(self.tell)
        self._looking.finished.connect(self._look_no_more)
        self._looking.start()

    def _look_no_more(self) -> None:
        if self._looking:
            self._looking.events.disconnect(self._begin_first)
            self._looking.finished.disconnect(self._look_no_more)  # it may come after the next look has begun
            self._looking.deleteLater()
            self._looking = None

    def _waiting(self) -> Iterator[list[Run | Race]]:
        """On a thread."""
        from ..jobs.race_folder import waiting

        yield waiting(self.root)

    def _begin_first(self, found: list[list[Run | Race]]) -> None:
        from ..jobs.race_folder import Race
        from ..runs import Run

        if not self.is_training and not self.leaving:
            match next(filter(self._still_waits, found[-1]), None):
                case Run() as run:
                    self.train(run)
                case Race() as race:
                    self.train_race(race)
        self.warm()

    def _still_waits(self, subject: Run | Race) -> bool:
        """It may have been taken out of the queue, or deleted, since one looked."""
        return subject.folder not in self._stuck and subject.state().name == "queued"

    def warm(self) -> None:
        """Have a process import what the next training needs, while nothing else wants the processor."""
        if self.engine is self._apart and not self.is_training and not self.leaving:
            threading.Thread(target=self._apart.warm, name="warm", daemon=True).start()

    def leave(self) -> None:
        """The window closes, and nothing is in training: nothing is begun any more."""
        self.leaving = True
        if self._looking:
            self._looking.join(1.0)
            self._look_no_more()

    def close(self) -> None:
        """Let that process go; the window is closed."""
        if self._apart:
            self._apart.dismiss()

    def tell(self, error: Exception) -> None:
        """Show an error as one sentence, with the full trace as details."""
        sentence, expected = told(error)
        self.problem.emit(sentence, "".join(traceback.format_exception(error)), expected)

    # what comes back

    def _take(self, mail: list[Any]) -> None:
        from ..jobs import events

        for event in mail:
            match event:
                case events.Started() | events.Resumed() if self.stage != "stopping":
                    self._enter("running")
                case events.Paused() if self.stage != "stopping":
                    self._enter("paused")
        self.events.emit(mail)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self.tell(error)

    def _end(self) -> None:
        assert self.worker
        run, race, worker = self.run, self.race, self.worker
        self.run = self.race = self.worker = None
        worker.deleteLater()
        if subject := run or race:
            self._leave_queue(subject)
        self._enter("idle")
        if run:
            self.ended.emit(run)
        if race:
            self.race_ended.emit(race)
        self.runs_changed.emit()
        self.start_next()

    def _leave_queue(self, subject: Run | Race) -> None:
        """What could not even begin must not stay first in the queue for ever, nor stop the others."""
        state = subject.state()
        if state.name == "queued" or (self._error and state.name == "stopped"):
            reason = told(self._error)[0] if self._error else "It could not be started."
            try:
                subject.set_state(replace(state, name="failed", reason=reason))
            except OSError:  # a full disk, or a folder that may not be written: it waits for a new start of the queue
                self._stuck.add(subject.folder)

    def _enter(self, stage: Stage) -> None:
        if stage != self.stage:
            self.stage = stage
            self.stage_changed.emit(stage)


def told(error: Exception) -> tuple[str, bool]:
    """(one sentence, whether the error is of a kind that was expected)"""
    from ..config import ConfigError

    sentence = next(iter(str(error).strip().splitlines()), "")
    if isinstance(error, ConfigError):
        return sentence, True
    what = f"{type(error).__name__}: {sentence.rstrip('.')}"
    return f"This should not have happened: {what}. The log holds the details.", False
