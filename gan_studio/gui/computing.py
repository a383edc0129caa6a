"""Work of the tabs, off the GUI thread: questions, of which only the newest counts, and live trainings."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from .worker import Worker, end_all

HZ = 60  # how often answers are fetched: what is dragged is to follow the hand


@dataclass(frozen=True)
class Question:
    number: int
    compute: Callable[[], Any]
    then: Callable[[Any], object]


class LatestWins(QObject):
    """Computes on one thread; of the questions with one key only the newest counts."""

    failed = Signal(object)  # an exception that computing was not to raise

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._waiting: dict[Hashable, Question] = {}
        self._newest: dict[Hashable, int] = {}
        self._count = 0
        self._worker: Worker | None = None

    def ask(self, key: Hashable, compute: Callable[[], Any], then: Callable[[Any], object]) -> None:
        """`compute` runs on the thread and touches no widget; `then` takes what it gave, here, unless the same key was
        asked again meanwhile."""
        self._count += 1
        self._newest[key] = self._count
        self._waiting[key] = Question(self._count, compute, then)
        self._begin()

    def forget(self, key: Hashable) -> None:
        """Nobody waits for the answer any more."""
        self._waiting.pop(key, None)
        self._newest.pop(key, None)

    def forget_all(self) -> None:
        self._waiting.clear()
        self._newest.clear()

    def leave(self, seconds: float) -> None:
        """The window closes: what is being computed is waited for, as quitting in the middle of torch is an abort."""
        self.forget_all()
        if self._worker:
            self._worker.join(seconds)

    @property
    def is_busy(self) -> bool:
        return self._worker is not None

    def _begin(self) -> None:
        if self._worker is None:
            self._worker = Worker(self._answers(), parent=self, hz=HZ)
            self._worker.events.connect(self._take)
            self._worker.failed.connect(self.failed)
            self._worker.finished.connect(self._end)
            self._worker.start()

    def _answers(self) -> Iterator[tuple[Hashable, Question, Any]]:
        """On the thread."""
        while self._waiting:
            try:
                key = next(iter(self._waiting))
                question = self._waiting.pop(key)
            except (StopIteration, KeyError, RuntimeError):  # it was changed from the window that very moment
                continue
            yield key, question, question.compute()

    def _take(self, answers: list[tuple[Hashable, Question, Any]]) -> None:
        for key, question, value in answers:
            if self._newest.get(key) == question.number:
                question.then(value)

    def _end(self) -> None:
        assert self._worker
        self._worker.deleteLater()
        self._worker = None
        if self._waiting:  # they came while the thread was ending
            self._begin()


class Stream(QObject):
    """Iterates a generator on a thread of its own; starting the next one ends the last, which tells nothing more."""

    told = Signal(list)  # what it yielded since the last time, in order; the last is what counts for most
    failed = Signal(object)
    ended = Signal()  # by itself or by `stop`, not when another is started in its place

    def __init__(self, parent: QObject, hz: int = 30):
        super().__init__(parent)
        self._hz = hz
        self._worker: Worker | None = None

    @property
    def is_running(self) -> bool:
        return self._worker is not None

    def start(self, generator: Generator[Any, None, None] | Iterator[Any]) -> None:
        """It is closed on its thread at its next yield when it is stopped or replaced."""
        self._let_go()
        self._worker = Worker(generator, parent=self, hz=self._hz)
        self._worker.events.connect(self.told)
        self._worker.failed.connect(self.failed)
        self._worker.finished.connect(self._end)
        self._worker.start()

    def stop(self) -> None:
        if self._worker is not None:
            self._let_go()
            self.ended.emit()

    def leave(self, seconds: float) -> None:
        """The window closes: what is being computed is waited for, also of those that were replaced."""
        self.stop()
        end_all(self, seconds)

    def pause(self) -> None:
        if self._worker is not None:
            self._worker.pause()

    def resume(self) -> None:
        if self._worker is not None:
            self._worker.resume()

    def _let_go(self) -> None:
        if self._worker is None:
            return
        for signal in (self._worker.events, self._worker.failed, self._worker.finished):
            signal.disconnect()
        self._worker.finished.connect(self._worker.deleteLater)
        self._worker.cancel()
        self._worker = None

    def _end(self) -> None:
        assert self._worker
        self._worker.deleteLater()
        self._worker = None
        self.ended.emit()


# --- on a thread -----------------------------------------------------------------------------------------------------


def attempted(compute: Callable[[], Any]) -> Any:
    """What it gives, or the ConfigError or OSError that it raised."""
    from ..config import ConfigError  # loads pydantic, which the window does not wait for

    try:
        return compute()
    except (ConfigError, OSError) as error:
        return error
