"""Draws what a slider asks for while it is dragged: the newest request wins, and the picture follows the hand."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

POLL_MS = 4  # between two looks for an answer, while one is waited for


@dataclass(frozen=True)
class Question:
    number: int
    compute: Callable[[], Any]
    then: Callable[[Any], object]


@dataclass(frozen=True)
class Answer:
    question: Question
    value: Any
    error: Exception | None = None


@dataclass
class Line:
    """Between the window and the thread, which knows nothing of Qt."""

    bell: threading.Condition = field(default_factory=threading.Condition)
    waiting: Question | None = None  # a newer one takes its place
    answers: deque[Answer] = field(default_factory=deque)
    over: bool = False

    def work(self) -> None:
        """On the thread."""
        while question := self._next():
            try:
                answer = Answer(question, question.compute())
            except Exception as error:
                answer = Answer(question, None, error)
            self.answers.append(answer)

    def _next(self) -> Question | None:
        with self.bell:
            self.bell.wait_for(lambda: self.waiting is not None or self.over)
            question, self.waiting = self.waiting, None
        return None if self.over else question


class Following(QObject):
    """One thread for as long as the tab lives: the first pass of a network on a new one takes several times as long.

    What was overtaken while it was being computed is shown all the same, or a fast hand would see nothing move.
    """

    failed = Signal(object)  # an exception that computing was not to raise

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._line = Line()
        self._thread: threading.Thread | None = None
        self._newest = self._forgotten = 0  # numbers of questions
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._deliver)

    def ask(self, compute: Callable[[], Any], then: Callable[[Any], object]) -> None:
        """`compute` runs on the thread and touches no widget; `then` takes what it gave, here."""
        if self._line.over:
            return
        self._newest += 1
        with self._line.bell:
            self._line.waiting = Question(self._newest, compute, then)
            self._line.bell.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._line.work, name="drawing", daemon=True)
            self._thread.start()
        self._timer.start()

    def forget_all(self) -> None:
        """Nobody waits for the answers any more."""
        with self._line.bell:
            self._line.waiting = None
        self._forgotten = self._newest
        self._timer.stop()

    def leave(self, seconds: float) -> None:
        """The window closes: what is being computed is waited for, as quitting in the middle of torch is an abort."""
        self.forget_all()
        with self._line.bell:
            self._line.over = True
            self._line.bell.notify()
        if self._thread:
            self._thread.join(seconds)

    @property
    def is_busy(self) -> bool:
        return self._timer.isActive()

    def _deliver(self) -> None:
        """The newest of what was answered since the last look."""
        found = [self._line.answers.popleft() for _ in range(len(self._line.answers))]
        current = [answer for answer in found if answer.question.number > self._forgotten]
        if not current:
            return
        last = current[-1]
        if last.question.number == self._newest:
            self._timer.stop()
        if last.error:
            self.failed.emit(last.error)
        else:
            last.question.then(last.value)
