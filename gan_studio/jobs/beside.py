"""Measure checkpoints beside a training, in a process of its own that stands back for it: the loop waits for nothing.

The process reads a checkpoint from the disk as anybody does, keeps what it measured in the run's folder, and tells it
over a pipe. While it measures one, only the newest of those that come meanwhile waits.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING

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

    def __init__(self, run: Run):
        self.run = run
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._measuring: int | None = None  # step
        self._next: tuple[int, Evaluation] | None = None

    @property
    def held(self) -> frozenset[int]:
        """The steps whose checkpoints are still needed."""
        waiting = self._next[0] if self._next else None
        return frozenset(step for step in (self._measuring, waiting) if step is not None)

    def ask(self, step: int, how: Evaluation) -> None:
        """Measure the checkpoint of a step, now or after the one that is being measured."""
        self._next = step, how
        self._send_next()

    def told(self, patience: float = 0.0) -> list[Evaluated | Log]:
        """What was measured since the last time; where that is nothing, it is waited for so many seconds."""
        if patience and self._pipe is not None:
            wait([self._pipe], patience)
        found: list[Evaluated | Log] = []
        while self._pipe is not None and self._is_there(self._pipe):
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
        return found

    def leave(self) -> None:
        """Whatever is being measured is given up; it can be measured again at any time."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = self._measuring = self._next = None
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
        if self._measuring is not None or self._next is None:
            return
        if self._pipe is None:
            self._process, self._pipe = born(serve, self.run.folder, name="measuring")
        (step, how), self._next = self._next, None
        with contextlib.suppress(OSError):  # it has died, which `told` will say
            self._pipe.send((step, how.plain()))
        self._measuring = step

    def _died(self) -> Log:
        step, process = self._measuring, self._process
        assert process
        process.join(PATIENCE_S)  # its end of the pipe closes a moment before it is gone
        code = process.exitcode
        self.leave()
        return Log(f"Measuring step {step} ended of itself (exit code {code}); the training goes on.", "warning")


# --- on the other side -----------------------------------------------------------------------------------------------


def serve(pipe: Connection, folder: Path) -> None:
    """The whole life of the process: measure what it is asked for, and say None after each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches all processes; the training decides
    multiprocessing.current_process().daemon = False  # pictures may be drawn by processes of its own
    lower_of_process(NICE, "IDLE_PRIORITY_CLASS")
    import torch

    torch.set_num_threads(THREADS)
    measuring = Measuring(Run(folder))
    with contextlib.suppress(EOFError, OSError):  # whoever asked has gone
        while True:
            step, how = pipe.recv()
            for event in measuring.measured(step, Evaluation.parse(how)):
                pipe.send(event)
            pipe.send(None)


class Measuring:
    """Keeps the real samples, as they were looked at, from one checkpoint to the next."""

    def __init__(self, run: Run):
        self.run = run
        self.ready: Ready | None = None

    def measured(self, step: int, how: Evaluation) -> Iterator[Evaluated | Log]:
        """What is measured of the checkpoint of a step; a sentence where that cannot be done."""
        from .evaluate import told_and_kept

        try:
            subject = Chosen(self.run.folder, step).open()
            ready = self._made_ready(subject, how)
            yield from (event for event in told_and_kept(subject, ready) if not isinstance(event, Progress))
        except ConfigError as error:
            yield Log(f"Step {step:,} could not be measured. {error}", "warning")

    def _made_ready(self, subject: Subject, how: Evaluation) -> Ready:
        from .evaluate import prepare
        from .together import exhausted

        if self.ready is None or self.ready.evaluation != how:
            reference = exhausted(subject.reference(how.against, how.samples))
            self.ready = exhausted(prepare(reference, how))
        return self.ready
