"""Carries the events of a job to the window. The GUI pulls, it is not pushed.

A job that sent one queued signal an event would leave the window no time at all; a mailbox that is emptied thirty times
a second costs the same whatever the job does.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from ..jobs.inbox import Command, Inbox, Pause, Resume, Stop
from ..priority import lower_of_thread

SWITCH_S = 0.001  # what many small steps of NumPy hold the window up: a dragged start waited 44 ms, and now 27


class Worker(QObject):
    """Iterates a job on its own thread, which touches no Qt object.

    A job that reads an inbox is given as `Worker(job, job.inbox)` and obeys all commands itself, between two steps. A
    plain generator obeys `Pause`, `Resume` and `Stop` between two events. `gently` lets the window and others come
    first; small things that the user waits for are not done gently.
    """

    events = Signal(list)  # what came since the last time, in order
    failed = Signal(object)  # the exception, whole, with its traceback
    finished = Signal()  # always the last

    def __init__(
        self,
        job: Iterable[Any],
        inbox: Inbox | None = None,
        parent: QObject | None = None,
        hz: int = 30,
        gently: bool = True,
    ):
        super().__init__(parent)
        self._job = job
        self._gently = gently
        self._inbox = inbox or Inbox()
        self._between = self._leave_it if inbox else self._obey
        self._cancelled = False
        self._mail: deque[Any] = deque()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="job", daemon=True)
        self._timer = QTimer(self, interval=1000 // hz)
        self._timer.timeout.connect(self._deliver)

    # from the window

    def start(self) -> None:
        sys.setswitchinterval(SWITCH_S)  # of this process, in which nothing is trained for long
        self._thread.start()
        self._timer.start()

    def put(self, command: Command) -> None:
        self._inbox.put(command)

    def pause(self) -> None:
        self.put(Pause())

    def resume(self) -> None:
        self.put(Resume())

    def stop(self) -> None:
        """Ask the job to save and end; what it still tells arrives as ever."""
        self.put(Stop())

    def cancel(self) -> None:
        """End at the next event, for a job that does not get round to its inbox. Closing it saves."""
        self._cancelled = True
        self.stop()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, seconds: float) -> bool:
        """Wait so long for the end; whether it came. Call it after `stop`."""
        self._thread.join(seconds)
        return not self.is_alive()

    # on the job's thread

    def _run(self) -> None:
        if self._gently:
            lower_of_thread()
        try:
            events: Generator[Any, None, None] = iter(self._job)  # type: ignore[arg-type, assignment]
            try:
                for event in events:
                    self._mail.append(event)
                    if self._cancelled or not self._between():
                        break
            finally:
                events.close()  # here, because a generator cannot be closed from another thread while it runs
        except Exception as error:
            self._error = error

    def _leave_it(self) -> bool:
        """The job reads its inbox itself."""
        return True

    def _obey(self) -> bool:
        """Pause and stop a job without an inbox; whether to go on."""
        paused, commands = False, self._inbox.waiting()
        while True:
            for command in commands:
                if isinstance(command, Stop):
                    return False
                paused = isinstance(command, Pause) or (paused and not isinstance(command, Resume))
            if not paused:
                return True
            commands = [self._inbox.wait()]

    # on the GUI's thread

    def _deliver(self) -> None:
        alive = self.is_alive()  # read before emptying, so that nothing is left behind
        mail = [self._mail.popleft() for _ in range(len(self._mail))]
        if mail:
            self.events.emit(mail)
        if not alive:
            self._timer.stop()
            if self._error:
                self.failed.emit(self._error)
            self.finished.emit()


def end_all(below: QObject, seconds: float) -> None:
    """The window closes: what works below this object is told to end, and waited for, no longer than that in all.

    Quitting while torch computes on a thread is an abort, and a file that is written then is nobody's any more.
    """
    workers, until = below.findChildren(Worker), time.monotonic() + seconds
    for worker in workers:
        worker.cancel()
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
