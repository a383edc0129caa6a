"""Work that is no job, off the GUI thread: reading what is first seen, and writing small things one by one."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..worker import Worker

MOST = 200  # wishes that wait; of more than a screenful the oldest have been scrolled away


@dataclass(frozen=True)
class Wish:
    key: Hashable  # what it is
    read: Callable[[], Any]
    then: Callable[[Any], object]  # takes it
    otherwise: Callable[[Exception], object]  # takes what reading raised instead


class Later(QObject):
    """Reads on a thread what is wanted, the newest wish first: lists want what they paint."""

    failed = Signal(object)  # an exception, where the wish does not say who takes it

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._wishes: deque[Wish] = deque()
        self._wanted: set[Hashable] = set()
        self._worker: Worker | None = None

    def want(
        self,
        key: Hashable,
        read: Callable[[], Any],
        then: Callable[[Any], object],
        otherwise: Callable[[Exception], object] | None = None,
    ) -> None:
        """Read on a thread, which may touch no widget, then take it here. Wanting the same twice is wanting it once."""
        if key in self._wanted:
            return
        self._wanted.add(key)
        self._wishes.append(Wish(key, read, then, otherwise or self.failed.emit))
        while len(self._wishes) > MOST:
            self._wanted.discard(self._wishes.popleft().key)
        self._begin()

    def _begin(self) -> None:
        if self._worker is None:
            self._worker = Worker(self._read(), parent=self)
            self._worker.events.connect(self._take)
            self._worker.finished.connect(self._end)
            self._worker.start()

    def _read(self) -> Iterator[tuple[Callable[[Any], object], Hashable, Any]]:
        """On the thread: (who takes it, what it is, what was read or raised)."""
        while self._wishes:
            try:
                wish = self._wishes.pop()
            except IndexError:  # it was the last, and just went the other way
                return
            try:
                value = wish.read()
            except Exception as error:
                yield wish.otherwise, wish.key, error
            else:
                yield wish.then, wish.key, value

    def _take(self, found: list[tuple[Callable[[Any], object], Hashable, Any]]) -> None:
        for takes, key, value in found:
            self._wanted.discard(key)  # it may be wanted again
            takes(value)

    def _end(self) -> None:
        assert self._worker
        self._worker.deleteLater()
        self._worker = None
        if self._wishes:  # they came while the thread was ending
            self._begin()


class Chores(QObject):
    """Does small things to files on a thread, in the order in which they were asked for."""

    failed = Signal(object)  # the exception

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._waiting: deque[tuple[Callable[[], Any], Callable[[Any], object]]] = deque()
        self._worker: Worker | None = None
        self._then: Callable[[Any], object] = nothing

    def do(self, chore: Callable[[], Any], then: Callable[[Any], object] | None = None) -> None:
        """`then` is called with the result, back in the window; not after a failure, which is told."""
        self._waiting.append((chore, then or nothing))
        if self._worker is None:
            self._begin()

    def leave(self, seconds: float) -> None:
        """The window closes: what was asked for is still done, as long as it does not take longer than that."""
        until = time.monotonic() + seconds
        if self._worker:
            self._worker.join(seconds)
        while self._waiting and time.monotonic() < until:
            chore, _ = self._waiting.popleft()
            with contextlib.suppress(Exception):  # there is nobody left to be told
                chore()

    def _begin(self) -> None:
        chore, self._then = self._waiting.popleft()
        self._worker = Worker(alone(chore), parent=self)
        self._worker.events.connect(self._take)
        self._worker.failed.connect(self.failed)
        self._worker.finished.connect(self._end)
        self._worker.start()

    def _take(self, results: list[Any]) -> None:
        self._then(results[0])

    def _end(self) -> None:
        assert self._worker
        self._worker.deleteLater()
        self._worker = None
        if self._waiting:
            self._begin()


def alone(chore: Callable[[], Any]) -> Iterator[Any]:
    yield chore()


def nothing(_result: Any) -> None:
    pass
