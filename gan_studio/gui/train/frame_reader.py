"""Reads what was drawn of a run, frame by frame, without the window waiting: the newest wish wins."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from threading import Condition
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ..worker import Worker

if TYPE_CHECKING:
    from ...jobs.frames import Frame
    from ...runs import Run

HZ = 120  # how often answers are fetched, while something is read
LINGER_S = 0.3  # a reader without a wish stays so long
CALM_S = 0.018  # so long after a wish one reads ahead, if nothing else was wished: in a fast drag never
CACHE_BYTES = 96 * 2**20
AHEAD = 6  # frames that are read in the direction of travel
LEAVE_S = 1.0


class FrameReader(QObject):
    """Answers wishes from a cache at once, else from the disk. A frame that nobody waits for any more is only kept."""

    read = Signal(int, object)  # step, Frame; None where it is damaged or gone
    failed = Signal(object)  # an exception that reading was not to raise, once for each run

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.run: Run | None = None
        self._wishes = Wishes()
        self._worker: Worker | None = None
        self._cache: OrderedDict[int, Frame] = OrderedDict()
        self._bytes = 0  # of it
        self._number = self._shown = 0  # of the newest wish, and of the newest that was answered
        self._has_failed = False

    def open(self, run: Run | None) -> None:
        """Read of this run from now on; None of none."""
        self._let_go()
        self.run, self._has_failed = run, False
        self.forget(-1)

    def forget(self, after: int) -> None:
        """The steps after this one were taken back, and will be drawn anew."""
        for step in [step for step in self._cache if step > after]:
            self._bytes -= size(self._cache.pop(step))

    def wish(self, step: int, then: list[int]) -> None:
        """`read` tells the frame of a step, unless a newer wish was answered before; `then` is likely wished next."""
        self._number += 1
        ahead = [other for other in then if other not in self._cache][:AHEAD]
        if step in self._cache:
            self._answer(self._number, step, self._cache[step])
            if ahead:
                self._wishes.put(None, ahead)
                self._work()
        else:
            self._wishes.put((self._number, step), ahead)
            self._work()

    def cancel(self) -> None:
        """Nothing is wished any more."""
        self._wishes.put(None, [])
        self._number += 1
        self._shown = self._number

    def leave(self) -> None:
        """The window closes."""
        worker = self._worker
        self._let_go()
        if worker:
            worker.join(LEAVE_S)

    def _work(self) -> None:
        if self._worker is None and self.run is not None:
            worker = Worker(reading(self.run, self._wishes), parent=self, hz=HZ, gently=False)
            worker.events.connect(self._take)
            worker.failed.connect(self._fail)
            worker.finished.connect(self._rest)
            worker.finished.connect(worker.deleteLater)
            self._worker = worker
            worker.start()

    def _rest(self) -> None:
        self._worker = None
        if self._wishes.waiting():  # it came as the reader went
            self._work()

    def _let_go(self) -> None:
        if self._worker:
            self._worker.events.disconnect(self._take)
            self._worker.failed.disconnect(self._fail)
            self._worker.finished.disconnect(self._rest)
            self._wishes.close()
        self._worker, self._wishes = None, Wishes()

    def _fail(self, error: Exception) -> None:
        """A fault is rarely alone: a time-lapse would tell thirty a second."""
        if not self._has_failed:
            self._has_failed = True
            self.failed.emit(error)

    def _take(self, answers: list[tuple[int, int, Frame | None]]) -> None:
        for _, step, frame in answers:
            if frame is not None:
                self._keep(step, frame)
        wished = [answer for answer in answers if answer[0]]
        if wished:
            self._answer(*wished[-1])

    def _answer(self, number: int, step: int, frame: Frame | None) -> None:
        if number > self._shown:
            self._shown = number
            self.read.emit(step, frame)

    def _keep(self, step: int, frame: Frame) -> None:
        if step in self._cache:
            self._bytes -= size(self._cache.pop(step))
        self._cache[step] = frame
        self._bytes += size(frame)
        while len(self._cache) > 1 and self._bytes > CACHE_BYTES:
            self._bytes -= size(self._cache.popitem(last=False)[1])


class Wishes:
    """What is wished now, and what is likely wished next; whatever is put replaces what was there. For two threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._now: tuple[int, int] | None = None
        self._next: list[int] = []
        self._put_at = 0.0
        self._closed = False

    def put(self, now: tuple[int, int] | None, then: list[int]) -> None:
        with self._changed:
            self._now, self._next, self._put_at = now, list(then), time.monotonic()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def waiting(self) -> bool:
        with self._changed:
            return not self._closed and (self._now is not None or bool(self._next))

    def take(self) -> tuple[int, int] | None:
        """(number of the wish, step), number 0 for what is not wished yet; None where nothing comes for a while."""
        with self._changed:
            if self._next:
                calm = self._put_at + CALM_S - time.monotonic()
                self._changed.wait_for(lambda: self._closed or self._now, max(0.0, calm))
            else:
                self._changed.wait_for(lambda: self._closed or self._now or self._next, LINGER_S)
            if self._closed:
                return None
            if self._now:
                taken, self._now = self._now, None
                return taken
            return (0, self._next.pop(0)) if self._next else None


def reading(run: Run, wishes: Wishes) -> Iterator[tuple[int, int, Frame | None]]:
    """The job: answer wishes until none comes for a while."""
    from ...jobs.frames import read_frame

    while (wish := wishes.take()) is not None:
        number, step = wish
        try:
            frame = read_frame(run, step)
        except Exception:
            yield number, step, None  # whoever waits for it goes on
            raise
        yield number, step, frame


def size(frame: Any) -> int:
    """Of its arrays, in bytes."""
    place = frame.landscape
    arrays = [frame.array, frame.raw, *([place.logits, place.pull, place.warped] if place else [])]
    return sum(array.nbytes for array in arrays if array is not None)
