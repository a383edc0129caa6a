"""The list is translated by the same job as on the command line; it can wait, be ended, and go on after a restart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from ...config import ConfigError
from ...jobs import events as e
from ...jobs.inbox import Pause, Resume
from ...jobs.journal import Journal, unfinished
from ...jobs.translate import TranslateJob
from ..widgets.compare import image_of
from ..widgets.notice import SECONDS, Bar
from ..worker import Worker
from . import reading
from .adding import Adding
from .desk import Desk
from .frame import TranslateFrame
from .looks import shown
from .queue_panel import progress_words
from .reading import Order, Rooted, attempted

NAMES_SHOWN = 3
PATIENCE_S = 5.0  # a closing window waits so long for the piece that is being translated
NO_TRANSLATOR = "Choose a translator first."


class Working(QObject):
    finished = Signal()  # or stopped

    def __init__(self, frame: TranslateFrame, desk: Desk, adding: Adding):
        super().__init__(frame)
        self.frame, self.desk, self.adding = frame, desk, adding
        self.worker: Worker | None = None
        self._job: TranslateJob | None = None
        self._paths: list[Path] = []  # of the job, by its numbers
        self.is_preparing = self._is_paused = self._is_cancelled = False
        self.has_offered = False  # what was left by an earlier session
        self._offered: Bar | None = None
        files = frame.files
        files.start_wanted.connect(self.start)
        files.pause_wanted.connect(self.pause)
        files.cancel_wanted.connect(self.cancel)
        files.retry_wanted.connect(files.queue.wait_again)
        files.view.remove_wanted.connect(self.remove)
        files.view.open_wanted.connect(self.open_result)
        files.show_result_wanted.connect(self.show_result)
        files.copy_result_wanted.connect(self.copy_result)
        files.queue.counted.connect(self.name_results)
        frame.options.changed.connect(self.name_results)
        desk.came.connect(self._translator_came)
        self.offer()

    # --- what can be done ---

    @property
    def is_working(self) -> bool:
        return self.is_preparing or self.worker is not None

    def offer(self) -> None:
        why_not = "" if self.desk.opened else NO_TRANSLATOR
        self.frame.files.show_state(self.is_working, self._is_paused, why_not)

    def _translator_came(self, _opened: object) -> None:
        """What is done was done by another network: it may be wanted anew, which `Again` is for."""
        self.offer()
        self.name_results()

    def order(self, paths: list[Path]) -> Order:
        """Raises ConfigError."""
        assert self.desk.opened
        choices = self.frame.options.choices()
        files = tuple(self.adding.rooted.get(path, Rooted(path, path.parent)) for path in paths)
        return Order(
            self.desk.opened.translator.opening, files, self.frame.options.folder, choices.output, choices.manner
        )

    def name_results(self) -> None:
        """The first names that would be written; while it works there are others to look at."""
        if self.is_working:
            return
        waiting = self.frame.files.queue.paths("waiting")
        if self.desk.opened is None or not waiting:
            self.frame.options.show_names([], 0)
            return
        try:
            order = self.order(waiting)
        except ConfigError:
            return  # the form says it
        ask = partial(attempted, partial(order.items, self.desk.opened.translator))
        self.desk.disk.ask("names", ask, partial(self._show_names, len(waiting) - NAMES_SHOWN))

    def _show_names(self, more: int, found: Any) -> None:
        if isinstance(found, Exception):
            self.frame.options.show_names([], 0)
            return
        folder = self.frame.options.folder
        names = [str(item.target.relative_to(folder)) for item in found[:NAMES_SHOWN]]
        self.frame.options.show_names(names, more)

    # --- the job ---

    def start(self) -> None:
        self.frame.options.settle()
        waiting = self.frame.files.queue.paths("waiting")
        if self.is_working or not self.desk.opened or not waiting:
            return
        try:
            order = self.order(waiting)
        except ConfigError as error:
            self.frame.notices.show_notice(error.problems[0].sentence, "error")
            return
        self._prepare(order.job)

    def _prepare(self, make: Callable[[], Any]) -> None:
        """The job is made on a thread, as that reads weights."""
        self.is_preparing = True
        self.frame.files.show_preparing("Opening the translator …")
        self.desk.disk.ask("job", partial(attempted, make), self._begin)
        self.offer()

    def _begin(self, job: Any) -> None:
        self.is_preparing = False
        if isinstance(job, Exception):
            self.frame.files.say("")
            self.frame.notices.show_notice(str(job), "error")
        else:
            self._job, self._is_paused, self._is_cancelled, self._paths = job, False, False, []
            self.worker = Worker(job, job.inbox, self)
            self.worker.events.connect(self._take)
            self.worker.failed.connect(self.frame.session.tell)
            self.worker.finished.connect(self._end)
            self.worker.start()
        self.offer()

    def pause(self, wait: bool) -> None:
        if self.worker:
            self.worker.put(Pause() if wait else Resume())
            self.frame.files.say("Pausing after this piece …" if wait else "Going on …")

    def cancel(self) -> None:
        if self.is_preparing:
            self.desk.disk.forget("job")
            self.is_preparing = False
            self.frame.files.say("")
            self.offer()
        elif self.worker:
            self._is_cancelled = True
            self.worker.stop()
            self.frame.files.say("Ending …")

    def _take(self, mail: list[Any]) -> None:
        for event in mail:
            match event:
                case e.Listed(items):
                    self._paths = [source for source, _ in items]
                    self.frame.files.queue.add(self._paths)  # those of a job from before a restart
                case e.FileState():
                    self._show_file(event)
                case e.Translating():
                    self._show_share(event)
                case e.Log(text, level):
                    self.frame.logged.emit(text, level)
                case e.Paused(_, reason):
                    self._is_paused = True
                    self.frame.files.say(reason or "Paused.")
                    if reason:
                        self.frame.notices.show_notice(reason, "warning", action=("Go on", partial(self.pause, False)))
                    self.offer()
                case e.Resumed():
                    self._is_paused = False
                    self.offer()

    def _show_file(self, event: Any) -> None:
        target = event.target if event.state in ("done", "skipped") else None
        self.frame.files.queue.change(
            event.source,
            state=event.state,
            reason=event.reason,
            seconds=event.seconds,
            share=0.0,
            target=target,
        )
        if event.state == "done" and event.source == self.frame.files.view.current_path():
            self.frame.files.view.chosen.emit(event.source)  # what was written is seen

    def _show_share(self, event: Any) -> None:
        file = self.frame.files.queue.file(self._paths[event.index]) if event.index < len(self._paths) else None
        if file and file.state == "working":
            self.frame.files.queue.change(file.path, share=event.share)
        words = progress_words(event.done, event.total, event.seconds_left, event.pictures_per_second)
        share = (event.done + event.share) / event.total if event.total else 0.0
        self.frame.files.show_progress(share, words)

    def _end(self) -> None:
        assert self.worker and self._job
        self.worker.deleteLater()
        if self._is_cancelled and self._job.journal:  # nobody wants it after a restart, either
            self._forget(self._job.journal)
        self.worker, self._job, self._is_paused = None, None, False
        queue = self.frame.files.queue
        for path in queue.paths("working"):
            queue.change(path, state="waiting", share=0.0)
        self.frame.files.say(self._summary())
        self.offer()
        self.name_results()
        self.finished.emit()

    def _summary(self) -> str:
        queue = self.frame.files.queue
        counts = [(queue.count(state), state) for state in ("done", "failed", "skipped", "waiting")]
        return ", ".join(f"{count:,} {state}" for count, state in counts if count) + "."

    # --- the files in the list ---

    def remove(self, paths: list[Path]) -> None:
        """What is being worked on stays."""
        busy = set(self._paths) if self.worker else set()
        kept = [path for path in paths if path in busy]
        if kept:
            self.frame.notices.show_notice(
                "What is being translated stays in the list until that has ended.", "warning"
            )
        self.frame.files.queue.remove([path for path in paths if path not in busy])

    def result_of(self, path: Path) -> Path | None:
        file = self.frame.files.queue.file(path)
        return file.target if file else None

    def open_result(self, path: Path) -> None:
        if target := self.result_of(path):
            self._open(target)

    def show_result(self, path: Path) -> None:
        if target := self.result_of(path):
            self._open(target.parent)

    def _open(self, path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.frame.notices.show_notice(f"No program was found that opens {path}.", "warning")

    def copy_result(self, path: Path) -> None:
        if target := self.result_of(path):
            read = partial(attempted, partial(reading.photo, target))
            self.desk.disk.ask("copy", read, self._copy)

    def _copy(self, found: Any) -> None:
        if isinstance(found, Exception):
            self.frame.notices.show_notice(f"The result cannot be copied: {found}", "warning")
        else:
            QGuiApplication.clipboard().setImage(image_of(shown(found.picture)))
            self.frame.notices.show_notice("The result is on the clipboard.", seconds=2)

    # --- after a restart ---

    def look_for_unfinished(self) -> None:
        self.desk.disk.ask("unfinished", partial(attempted, unfinished), self._offer_to_resume)

    def _offer_to_resume(self, found: Any) -> None:
        """Over other tabs for a moment, as it would lie on what is at hand there; it comes again with this one."""
        self.has_offered = self.frame.isVisible() or not found
        if isinstance(found, Exception) or not found or self.is_working:
            return
        journal = found[0]
        text = f"{journal.left:,} of {len(journal.items):,} pictures for {journal.folder} are still to be translated."
        resume, forget = ("Go on", partial(self.resume, journal)), ("Forget them", partial(self._forget, journal))
        seconds = 0 if self.has_offered else SECONDS
        self._offered = self.frame.notices.show_notice(text, action=resume, other=forget, seconds=seconds)

    def left(self) -> None:
        """Another tab is in front: an offer that still stands comes again with this one."""
        if self._offered in self.frame.notices.bars:
            self.frame.notices.take_back(self._offered)
            self.has_offered = False

    def resume(self, journal: Journal) -> None:
        self.has_offered = True
        self.frame.raise_tab()
        if not self.is_working:
            self._prepare(partial(TranslateJob.going_on, journal))

    def _forget(self, journal: Journal) -> None:
        self.has_offered = True
        self.desk.disk.ask("forget", partial(attempted, journal.forget), lambda _: None)

    def leave(self) -> None:
        """What is finished stays; the rest is offered again at the next start."""
        if self.worker:
            worker, self.worker = self.worker, None
            for signal in (worker.events, worker.failed, worker.finished):
                signal.disconnect()
            worker.stop()
            worker.join(PATIENCE_S)
