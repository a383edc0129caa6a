"""Measure checkpoints beside a training, in a process of its own that stands back for it: the loop waits for nothing.

The process reads a checkpoint from the disk as anybody does, keeps what it measured in the run's folder, and tells it
over a pipe. While it measures one, only the newest of those that come meanwhile waits. The lanes of a race share the
process, so that one checkpoint is measured at a time, and a card holds the samples and the features once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import ConfigError
from ..priority import lower_of_process
from ..runs import Run
from .apart import born
from .evaluation import Evaluation
from .evaluations import Evaluated
from .events import Log, Progress
from .subjects import Chosen, Subject

if TYPE_CHECKING:  # it brings the metrics
    from .evaluate import Ready

NICE = 15  # far behind the training, which has 0 in a terminal and 5 beside the window
THREADS = 1
PATIENCE_S = 5.0  # for a process that is told to end


class Beside:
    """Measures the checkpoints of one run. Used by the training's thread alone, which does not wait for it."""

    def __init__(self, run: Run, measurer: Measurer):
        self.run, self._measurer = run, measurer

    @property
    def held(self) -> frozenset[int]:
        """The steps whose checkpoints are still needed."""
        return self._measurer.held(self.run.folder)

    def ask(self, step: int, how: Evaluation) -> None:
        """Measure the checkpoint of a step as soon as nothing else is being measured."""
        self._measurer.ask(self.run.folder, step, how)

    def told(self, patience: float = 0.0) -> list[Evaluated | Log]:
        """What was measured since the last time; where that is nothing, it is waited for so many seconds."""
        return self._measurer.told(self.run.folder, patience)

    def leave(self) -> None:
        """What is being measured of it is given up; it can be measured again at any time."""
        self._measurer.leave(self.run.folder)


class Measurer:
    """The process, begun when it is first needed, and who waits for it: runs, which are known by their folders."""

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._measuring: tuple[Path, int] | None = None  # (run, step)
        self._waiting: dict[Path, tuple[int, Evaluation]] = {}  # of each run the newest, in the order of their turns
        self._found: dict[Path, list[Evaluated | Log]] = {}

    def held(self, run: Path) -> frozenset[int]:
        steps = [step for one, step in filter(None, [self._measuring]) if one == run]
        return frozenset(steps + [step for one, (step, _) in self._waiting.items() if one == run])

    def ask(self, run: Path, step: int, how: Evaluation) -> None:
        self._waiting[run] = step, how
        self._send_next()

    def told(self, run: Path, patience: float = 0.0) -> list[Evaluated | Log]:
        self._send_next()  # where another run has left in the middle
        if patience and self._pipe is not None and run not in self._found:
            wait([self._pipe], patience)
        while self._pipe is not None and self._is_there(self._pipe):
            if self._measuring is None:  # it has died in the meantime, and nothing is lost
                self._end()
                break
            found = self._found.setdefault(self._measuring[0], [])
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                found.append(self._died())
                break
            if message is None:
                self._measuring = None
                self._send_next()
            else:
                found.append(message)
        return self._found.pop(run, [])

    def leave(self, run: Path) -> None:
        """Others that wait have their turn with their next word; where nobody does, the process ends."""
        self._waiting.pop(run, None)
        self._found.pop(run, None)
        if (self._measuring is None and not self._waiting) or (self._measuring and self._measuring[0] == run):
            self._end()

    def _end(self) -> None:
        process, pipe = self._process, self._pipe
        self._process = self._pipe = self._measuring = None
        if process and pipe:
            pipe.close()
            process.terminate()
            process.join(PATIENCE_S)
            process.kill()
            process.join()

    @staticmethod
    def _is_there(pipe: Connection) -> bool:
        try:
            return pipe.poll()
        except OSError:
            return True  # `recv` says why

    def _send_next(self) -> None:
        if self._measuring is not None or not self._waiting:
            return
        if self._pipe is None:
            self._process, self._pipe = born(serve, name="measuring")
        run = next(iter(self._waiting))
        step, how = self._waiting.pop(run)
        with contextlib.suppress(OSError):  # it has died, which `told` will say
            self._pipe.send((run, step, how.plain()))
        self._measuring = run, step

    def _died(self) -> Log:
        assert self._measuring and self._process
        (_, step), process = self._measuring, self._process
        process.join(PATIENCE_S)  # its end of the pipe closes a moment before it is gone
        code = process.exitcode
        self._end()
        return Log(f"Measuring step {step} ended of itself (exit code {code}); the training goes on.", "warning")


# --- on the other side -----------------------------------------------------------------------------------------------


def serve(pipe: Connection) -> None:
    """The whole life of the process: measure what it is asked for, and say None after each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches all processes; the training decides
    multiprocessing.current_process().daemon = False  # pictures may be drawn by processes of its own
    lower_of_process(NICE, "IDLE_PRIORITY_CLASS")
    import torch

    torch.set_num_threads(THREADS)
    measuring = Measuring()
    with contextlib.suppress(EOFError, OSError):  # whoever asked has gone
        while True:
            run, step, how = pipe.recv()
            for event in measuring.measured(run, step, Evaluation.parse(how)):
                pipe.send(event)
            pipe.send(None)


class Measuring:
    """Keeps the real samples, as they were looked at, from one checkpoint to the next: also of another lane."""

    def __init__(self) -> None:
        self.ready: Ready | None = None
        self.made_of: tuple[type[Subject], Any, Evaluation] | None = None

    def measured(self, folder: Path, step: int, how: Evaluation) -> Iterator[Evaluated | Log]:
        """What is measured of the checkpoint of a run's step; a sentence where that cannot be done."""
        from .evaluate import told_and_kept

        try:
            subject = Chosen(folder, step).open()
            ready = self._made_ready(subject, Run(folder).config_at(step).get("data"), how)
            yield from (event for event in told_and_kept(subject, ready) if not isinstance(event, Progress))
        except ConfigError as error:
            yield Log(f"Step {step:,} could not be measured. {error}", "warning")

    def _made_ready(self, subject: Subject, data: Any, how: Evaluation) -> Ready:
        from .evaluate import prepare
        from .together import exhausted

        made_of = type(subject), data, how
        if self.ready is None or self.made_of != made_of:
            reference = exhausted(subject.reference(how.against, how.samples))
            self.ready, self.made_of = exhausted(prepare(reference, how)), made_of
        return self.ready
