"""Translating files: pictures in, pictures out, one after the other, each on its own: one that fails stops no other.

Reading and writing happen on threads while the network computes. What is written is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from ..config import ConfigError
from ..picture_files import Picture, PictureError, read, write
from .apply import Manner, applied, given_size, way_for
from .events import Event, FileState, Finished, Listed, Log, Paused, Resumed, Stopped, Translating
from .inbox import Command, Inbox, Pause, Resume, Stop
from .journal import Journal, begun
from .naming import Item, Output, Rooted, free, listed, same
from .readied import readied
from .translators import Translator

AHEAD = 3  # pictures that are read before their turn, and that wait to be written
LARGE_PX = 2**24
TOLD_EVERY = 0.1  # seconds
FULL = (errno.ENOSPC, errno.EDQUOT)


class TranslateJob:
    """Iterate it: frozen events. Commands come through `inbox`; closing the iterator stops.

    `files` are pictures and folders. Raises ConfigError where there is nothing to do, or the pattern makes no names.
    """

    def __init__(
        self,
        translator: Translator,
        files: Sequence[Path | str | Rooted],
        folder: Path | str,
        output: Output | None = None,
        manner: Manner | None = None,
        journal: bool = True,
    ):
        self.translator, self.folder = translator, Path(folder)
        self.output, self.manner = output or Output(), manner or Manner()
        given_size(translator, (1, 1), self.manner)  # raises where there is none
        self.items = listed(files, folder, self.output, translator)
        self.wants_journal, self.journal = journal, None
        self.inbox = Inbox()

    journal: Journal | None

    @classmethod
    def going_on(cls, journal: Journal, device: str = "auto") -> TranslateJob:
        """With what is left of an earlier one. Raises ConfigError where its translator is gone."""
        job = cls.__new__(cls)
        job.translator, job.folder = journal.opening.open(device), journal.folder
        job.output, job.manner, job.items = journal.output, journal.manner, list(journal.items)
        job.wants_journal, job.journal, job.inbox = True, journal, Inbox()
        return job

    def __iter__(self) -> Iterator[Event]:
        yield Listed(tuple((item.source, item.target) for item in self.items))
        if self.wants_journal and self.journal is None:
            try:
                opening, title = self.translator.opening, str(self.translator.about["title"])
                self.journal = begun(opening, self.folder, self.items, self.output, self.manner, title)
            except OSError as error:
                yield Log(f"It will not go on after a restart: its list cannot be kept ({error.strerror}).", "warning")
        with contextlib.ExitStack() as stack:
            if self.journal is not None:
                try:
                    stack.enter_context(self.journal.lock().acquire(timeout=0))
                except filelock.Timeout:
                    raise ConfigError("These pictures are being translated already, by another process.") from None
            work = _Work(self)
            stack.callback(work.close)
            yield from work.run()


@dataclass
class _Work:
    """One pass over the items."""

    job: TranslateJob
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "read"))
    writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "write"))
    written: deque[tuple[int, float, Picture, Path, Future[None]]] = field(default_factory=deque)
    commands: deque[Command] = field(default_factory=deque)  # that have come, and are not obeyed yet
    ended: dict[int, str] = field(default_factory=dict)
    busy: float = 0.0  # seconds of work, without pauses
    computed: int = 0  # pictures
    told: float = 0.0
    pixels: int = 0  # of the newest picture, translated
    stopped: bool = False
    taken: set[str] = field(default_factory=set)  # places of pictures, those that are read and those to be written

    def __post_init__(self) -> None:
        self.taken = {same(path) for item in self.job.items for path in (item.source, item.target)}

    def run(self) -> Generator[Event, None, None]:
        if self.job.journal is not None:
            for index, (state, reason) in self.job.journal.ended.items():
                self.ended[index] = state
                yield self._state(index, state, reason)
        yield Log(f"Computing with {readied(self.job.translator, self.job.manner.precision).words}.")
        for note in self.job.translator.notes:
            yield Log(note, "warning")
        waiting = [index for index in range(len(self.job.items)) if index not in self.ended]
        ahead: deque[tuple[int, Future[Picture]]] = deque()
        for index in waiting:
            target = self.job.items[index].target
            if self.job.output.existing == "skip" and target.exists():
                yield from self._ends(index, "skipped", f"{target.name} is there already")
                continue
            ahead.append((index, self.readers.submit(read, self.job.items[index].source)))
            while len(ahead) > self._most_ahead() and not self.stopped:
                yield from self._one(*ahead.popleft())
            if self.stopped:
                break
        while ahead and not self.stopped:
            yield from self._one(*ahead.popleft())
        yield from self._collect(0)
        yield from self._end()

    def _most_ahead(self) -> int:
        """Pictures that are read before their turn, and that wait to be written: fewer of large ones."""
        return AHEAD if self.pixels < LARGE_PX else 1

    def _one(self, index: int, coming: Future[Picture]) -> Iterator[Event]:
        """Read, compute, hand to a writer."""
        yield from self._obey()
        if self.stopped:
            return
        start, before = time.monotonic(), self.busy
        yield self._state(index, "working")
        try:
            picture = coming.result()
            self.pixels = picture.colour.shape[0] * picture.colour.shape[1] * self.job.translator.needs.scale**2
            size = given_size(self.job.translator, picture.colour.shape[:2], self.job.manner)
            way = way_for(self.job.translator, size, self.job.manner)
            if str(way) != "in one piece":
                yield Log(f"{self.job.items[index].source.name} is translated {way}.")
            result = yield from self._translated(index, picture)
        except PictureError as error:
            yield from self._ends(index, "failed", str(error))
            return
        except ConfigError as error:
            yield from self._ends(index, "failed", " ".join(problem.sentence for problem in error.problems))
            return
        except OSError as error:  # of what does not fit into the memory
            yield from self._ends(index, "failed", f"needs more room on the disk than there is ({error.strerror})")
            return
        except Exception as error:  # of one picture: the others go on
            yield from self._ends(index, "failed", _first_line(error))
            return
        if result is None:  # stopped half way
            yield self._state(index, "waiting")
            return
        self.busy += time.monotonic() - start
        self.computed += 1
        self._hand_over(index, self.busy - before, result)
        yield from self._collect(self._most_ahead())

    def _translated(self, index: int, picture: Picture) -> Generator[Event, None, Picture | None]:
        """None where it was stopped."""
        with contextlib.closing(applied(self.job.translator, picture, self.job.manner)) as work:
            while True:
                try:
                    share = next(work)
                except StopIteration as done:
                    return done.value
                if (now := time.monotonic()) - self.told > TOLD_EVERY:
                    self.told = now
                    yield self._progress(index, share)
                yield from self._obey()
                if self.stopped:
                    return None

    # --- writing

    def _hand_over(self, index: int, seconds: float, picture: Picture, target: Path | None = None) -> None:
        item, output = self.job.items[index], self.job.output
        if target is None:
            target = item.target
            if output.existing == "number":
                target = free(target, self.taken - {same(target)}, on_disk=True)
                self.taken.add(same(target))
        coming = self.writers.submit(_write, target, picture, output, item.source)
        self.written.append((index, seconds, picture, target, coming))

    def _collect(self, most: int) -> Iterator[Event]:
        """What has been written, waiting until no more than `most` are under way."""
        while self.written and (len(self.written) > most or self.written[0][4].done()):
            index, seconds, picture, target, coming = self.written.popleft()
            try:
                coming.result()
                yield from self._ends(index, "done", "", seconds, target)
            except PictureError as error:
                yield from self._ends(index, "failed", str(error))
            except OSError as error:
                if error.errno not in FULL:
                    yield from self._ends(index, "failed", f"{target} cannot be written ({error.strerror})")
                    continue
                yield from self._full(target)
                if self.stopped:
                    yield self._state(index, "waiting")
                    continue
                self._hand_over(index, seconds, picture, target)
            except Exception as error:  # of a form that cannot hold it
                yield from self._ends(index, "failed", _first_line(error))

    def _full(self, target: Path) -> Iterator[Event]:
        """Wait until somebody made room."""
        if not self.stopped:
            yield Paused(len(self.ended), f"The disk of {target.parent} is full; make room and go on: nothing is lost.")
            yield from self._wait()

    # --- commands

    def _obey(self) -> Iterator[Event]:
        self.commands += self.job.inbox.waiting()
        while self.commands:
            command = self.commands.popleft()
            if isinstance(command, Stop):
                self.stopped = True
            elif isinstance(command, Pause):
                yield from self._collect(0)  # what is computed is done, and not left as being worked on
                yield Paused(len(self.ended))
                yield from self._wait()

    def _wait(self) -> Iterator[Event]:
        start = time.monotonic()
        while not self.stopped:
            command = self.commands.popleft() if self.commands else self.job.inbox.wait()
            if isinstance(command, Stop):
                self.stopped = True
            elif isinstance(command, Resume):
                self.busy -= time.monotonic() - start  # nobody worked
                yield Resumed(len(self.ended))
                return

    # --- what is told

    def _state(
        self, index: int, state: str, reason: str = "", seconds: float = 0.0, target: Path | None = None
    ) -> FileState:
        item = self.job.items[index]
        return FileState(index, item.source, target or item.target, state, reason, seconds)

    def _ends(
        self, index: int, state: str, reason: str, seconds: float = 0.0, target: Path | None = None
    ) -> Iterator[Event]:
        self.ended[index] = state
        if self.job.journal is not None:
            with contextlib.suppress(OSError):  # a full disk: then it is done again after a restart
                self.job.journal.note(index, state, reason)
        yield self._state(index, state, reason, seconds, target)
        yield self._progress(index, 1.0 if state == "done" else 0.0)

    def _progress(self, index: int, share: float) -> Translating:
        total, done = len(self.job.items), len(self.ended)
        each = self.busy / self.computed if self.computed else float("nan")
        part = share if index not in self.ended else 0.0
        return Translating(index, share, done, total, each * (total - done - part), 1 / each if each else 0.0)

    def _end(self) -> Iterator[Event]:
        done = sum(state == "done" for state in self.ended.values())
        if len(self.ended) == len(self.job.items):
            if self.job.journal is not None:
                self.job.journal.forget()
            yield Finished(done)
        else:
            yield Stopped(done)

    def close(self) -> None:
        """What is being written is written to its end; what is read ahead is dropped."""
        self.readers.shutdown(wait=True, cancel_futures=True)
        self.writers.shutdown(wait=True)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def _write(target: Path, picture: Picture, output: Output, source: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, picture, output.form(source), output.quality, output.metadata)


__all__ = ["Item", "Output", "TranslateJob", "listed"]
