"""Opening a run and watching its folder, both on threads of their own."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ..session import Session
from ..worker import Worker

if TYPE_CHECKING:
    from ...runs import Run
    from .record import Record, Tail

LEAVE_S = 1.0  # a closing window waits so long for a look at the disk


@dataclass(frozen=True)
class Wish:
    """Which run to open, and how."""

    run: Run
    branch_step: int | None = None  # its checkpoint to branch from
    step: int | None = None  # of its past to show; None is the newest


class Opening(QObject):
    """The latest wish counts. What the run tells while it is read is held back for `read`."""

    read = Signal(object, object, list)  # Wish, Record, the events that were held
    failed = Signal(object, object)  # Wish, the exception

    def __init__(self, session: Session, parent: QObject):
        super().__init__(parent)
        self.session = session
        self.wish: Wish | None = None  # what is being read
        self.held: list[Any] = []
        self._worker: Worker | None = None

    def begin(self, wish: Wish) -> None:
        from .record import read

        self.drop()
        worker = Worker(read(wish.run, self.session.is_at(wish.run)), parent=self)
        worker.events.connect(self._take)
        worker.failed.connect(self._fail)
        worker.finished.connect(self._forget)
        worker.finished.connect(worker.deleteLater)
        self._worker, self.wish, self.held = worker, wish, []
        worker.start()

    def drop(self) -> None:
        """Somebody was faster than the disk."""
        if self._worker:
            self._worker.events.disconnect(self._take)
            self._worker.failed.disconnect(self._fail)
            self._worker.finished.disconnect(self._forget)
            self._worker.cancel()
        self._worker = self.wish = None
        self.held = []

    def leave(self) -> None:
        """The window closes."""
        worker = self._worker
        self.drop()
        if worker:
            worker.join(LEAVE_S)

    def awaits(self, run: Run | None) -> bool:
        return run is not None and self.wish is not None and run.folder == self.wish.run.folder

    def _take(self, records: list[Record]) -> None:
        wish, held, self.wish, self.held = self.wish, self.held, None, []
        self.read.emit(wish, records[-1], held)

    def _fail(self, error: Exception) -> None:
        wish, self.wish, self.held = self.wish, None, []
        self.failed.emit(wish, error)

    def _forget(self) -> None:
        self._worker = None


class Watch(QObject):
    """Looks after the run that is shown: what another process writes to it, and whether it is still there."""

    news = Signal(object)  # News: of the run that another process writes
    turned = Signal()  # the run is to be read anew
    gone = Signal()  # the folder was deleted
    failed = Signal(object)

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._worker: Worker | None = None
        self._enough = Event()

    def begin(self, run: Run, tail: Tail | None) -> None:
        """`tail` is where another process writes the run."""
        from .record import watch

        self.end()
        self._enough = Event()
        worker = Worker(watch(run, tail, self._enough), parent=self, hz=10)
        worker.events.connect(self._take)
        worker.failed.connect(self.failed)
        worker.finished.connect(self._forget)
        worker.finished.connect(worker.deleteLater)
        self._worker = worker
        worker.start()

    def end(self) -> None:
        if self._worker:
            self._worker.events.disconnect(self._take)
            self._worker.failed.disconnect(self.failed)
            self._worker.finished.disconnect(self._forget)
            self._enough.set()
        self._worker = None

    def leave(self) -> None:
        """The window closes."""
        worker = self._worker
        self.end()
        if worker:
            worker.join(LEAVE_S)

    def _take(self, mail: list[Any]) -> None:
        from .record import Gone, News, Turned

        for event in mail:
            match event:
                case News():
                    self.news.emit(event)
                case Turned():
                    self.turned.emit()
                case Gone():
                    self.gone.emit()

    def _forget(self) -> None:
        self._worker = None
