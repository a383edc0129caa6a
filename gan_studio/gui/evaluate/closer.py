"""The close look that several pages share: pictures and features of one subject at one step, and what is made of them.

One thing is worked on at a time, on a thread; what another page asks for comes first. What was found stays until
another subject, step, eye or folder is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ...config import ConfigError
from ...jobs.closely import Close, Closely, look_closely
from ...jobs.subjects import Chosen
from ...progress import Pace, Progress
from ..computing import Stream

if TYPE_CHECKING:
    from .desk import Desk

PATIENCE_S = 2.0  # a closing window waits so long for what is being computed
GETTING_READY = "Getting ready"
CLOSE = "close"  # the look itself, beside what pages make of it
CANCELLED = "It was cancelled before there was anything to see."
Work = Callable[[Close], Generator[Any, None, Any]]


@dataclass(frozen=True)
class Target:
    """What is looked at, and how."""

    path: Path
    step: int | None
    real: Path | None  # a folder instead of the data that a run learns from
    eye: str


@dataclass(frozen=True)
class Found:
    """What a page's work gave, or gives so far."""

    name: str
    value: Any = field(repr=False)
    is_done: bool = True


class Closer(QObject):
    changed = Signal()  # progress was made, or something was found, or it ended

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.desk = desk
        self.target: Target | None = None  # that all of the following is about
        self.close: Close | None = None
        self.found: dict[str, Found] = {}
        self.why: dict[str, str] = {}  # by name: why it came to nothing, which is not begun again by itself
        self.working = ""  # what is worked on: "" is nothing, CLOSE, or a page's name
        self.progress = Progress(0, 0, "")
        self.doing = ""  # in words, with the time that is left
        self._pace = Pace()
        self._stream = Stream(self)
        self._stream.told.connect(self._take)
        self._stream.failed.connect(self._fail)
        self._stream.ended.connect(self._end)

    @staticmethod
    def of(desk: Desk) -> Closer:
        """The one of a desk, which all its pages share."""
        return desk.findChild(Closer) or Closer(desk)

    def aim(self) -> None:
        """At what the desk is about now: what was found of anything else is forgotten."""
        subject, desk = self.desk.subject, self.desk
        target = Target(subject.path, desk.step, desk.real, desk.eye or "auto") if subject else None
        if target != self.target:
            self.stop()
            self.target, self.close, self.found, self.why = target, None, {}, {}

    def look(self) -> None:
        """Make and read pictures."""
        assert self.target
        self._begin(CLOSE, looking(self.target))

    def ask(self, name: str, work: Work) -> None:
        """Begin a page's work on the close look, which is there."""
        assert self.close
        self._begin(name, worked(name, work, self.close))

    def stop(self) -> None:
        """What has come so far stays."""
        self._stream.stop()

    def cancel(self) -> None:
        """The user does not want what is worked on."""
        if self.working:
            self.why[self.working] = CANCELLED
        self.stop()

    def leave(self) -> None:
        """The window closes: what computes is waited for."""
        self._stream.leave(PATIENCE_S)

    def _begin(self, name: str, work: Iterator[Any]) -> None:
        self.working = name
        self.why.pop(name, None)
        self._show(Progress(0, 0, GETTING_READY))
        self._stream.start(work)
        self.changed.emit()

    def _take(self, told: list[Any]) -> None:
        for one in told:
            match one:
                case Progress():
                    self._show(one)
                case Close():
                    self.close = one
                case Found():
                    self.found[one.name] = one
        self.changed.emit()

    def _show(self, progress: Progress) -> None:
        self.progress, self.doing = progress, self._pace.told(progress)

    def _fail(self, error: Exception) -> None:
        self.why[self.working] = str(error)
        if not isinstance(error, ConfigError):  # a sentence is shown in the page; all else the room tells
            self.desk.failed.emit(error)

    def _end(self) -> None:
        self.working = ""
        self.changed.emit()


# --- on the thread ---------------------------------------------------------------------------------------------------


def looking(target: Target) -> Iterator[Progress | Close]:
    how = Closely.parse({"features": target.eye, "against": str(target.real or "")})
    close = yield from look_closely(Chosen(target.path, target.step), how)
    yield close


def worked(name: str, work: Work, close: Close) -> Iterator[Progress | Found]:
    """What it yields beside progress is what it gives so far; what it returns, or else yields last, is done."""
    going, last = work(close), None
    while True:
        try:
            one = next(going)
        except StopIteration as end:
            yield Found(name, last if end.value is None else end.value)
            return
        if isinstance(one, Progress):
            yield one
        else:
            last = one
            yield Found(name, one, is_done=False)
