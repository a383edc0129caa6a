"""Looks after the race that is shown while another process races it, or nobody does."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ..computing import Stream
from .record import Gone, RaceNews, Turned, watch

if TYPE_CHECKING:
    from ...jobs.race_folder import Race
    from .record import RaceTail


class RaceWatch(QObject):
    news = Signal(object)  # RaceNews: of the race that another process races
    turned = Signal()  # it is to be read anew
    gone = Signal()  # the folder was deleted
    failed = Signal(object)

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._enough = Event()
        self._stream = Stream(self, hz=10)
        self._stream.told.connect(self._take)
        self._stream.failed.connect(self.failed)

    def begin(self, race: Race, tail: RaceTail | None) -> None:
        """`tail` is where another process races it."""
        self.end()
        self._enough = Event()
        self._stream.start(watch(race, tail, self._enough))

    def end(self) -> None:
        self._enough.set()
        self._stream.stop()

    def leave(self, seconds: float) -> None:
        """The window closes."""
        self._enough.set()
        self._stream.leave(seconds)

    def _take(self, mail: list[Any]) -> None:
        for event in mail:
            match event:
                case RaceNews():
                    self.news.emit(event)
                case Turned():
                    self.turned.emit()
                case Gone():
                    self.gone.emit()
