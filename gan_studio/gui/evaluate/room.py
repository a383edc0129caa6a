"""The Evaluate tab: is it any good, which checkpoint is best and why, and what is wrong with the training."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QHideEvent, QShowEvent

from ...progress import Progress
from ..commands import Commands
from ..room import LOADING, Found, Keys
from ..session import Session
from .frame import NO_RUNS, NOTHING, EvaluateFrame

if TYPE_CHECKING:
    from ...data.published import Published
    from ...jobs.evaluations import Evaluated
    from ...runs import Run
    from ..computing import Stream
    from ..widgets.notice import Notices
    from .choosing import Choosing
    from .desk import Desk
    from .page import Page
    from .reading import Fits, Seen

NO_SUBJECT = "Choose a run above."
NO_CHECKPOINT = "It keeps no checkpoint yet; train it on, or save one now in the Train tab."
MEASURING = "It is being measured; cancel that first."
DOWNLOADING = "Weights are being downloaded; cancel that first."
MOST_TOLD = 12  # lines of a tooltip
PATIENCE_S = 2.0  # a closing window waits so long for what is being measured
KEYS = (
    ("Space", "Check a metric", "In the list of metrics: measure it, or leave it out."),
    ("Left, Right, Home, End", "From step to step", "In the plots over time."),
    ("Ctrl+C", "Copy the numbers", "As text; the menu key has them for a spreadsheet, too."),
)


class EvaluateRoom(EvaluateFrame):
    title = "Evaluate"
    takes_what = "a run, a folder of generated pictures or a generator's file"
    desk: Desk
    working_on: Stream
    choosing: Choosing

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.page_list: list[Page] = []
        self._kept: dict[str, Any] = {}  # how it was measured in the last session
        self._busy = MEASURING
        self._subject: Path | None = None  # whose numbers are being measured
        self._fits: Fits | None = None
        self._ready = False
        self._early: tuple[Run, str] | None = None  # what somebody wants to see as soon as it can be
        commands.allow("measure", LOADING)

    # --- the rest, once the window is on the screen ---

    def make_ready(self) -> Iterator[None]:
        from ..computing import Stream
        from .choosing import Choosing
        from .desk import Desk

        yield
        self.desk = Desk(self.session, self.notices, self)
        self.working_on = Stream(self)
        yield
        yield from self.build_sides()
        from .pages import PAGES

        for kind in PAGES:
            page = kind(self.desk)
            self.page_list.append(page)
            self.add_page(page)
            yield
        self.choosing = Choosing(self, self.desk)
        self._connect()
        self.measure.restore(self._kept)
        self._ready = True
        self.said.setText("")
        self._offer()
        if self.isVisible():
            self.choosing.read()
            self.choosing.watch(True)
        if self._early:
            self.show_run(*self._early)
        yield

    def _connect(self) -> None:
        desk = self.desk
        desk.failed.connect(self.session.tell)
        desk.chosen.connect(self._subject_chosen)
        desk.measured.connect(self._show_verdict)
        desk.judged.connect(self._show_verdict)
        desk.looked.connect(self._look)
        desk.renewed.connect(self._offer)
        desk.renewed.connect(self._read_kept)
        desk.evaluate_wanted.connect(self.evaluate)
        self.working_on.failed.connect(self.session.tell)
        self.working_on.told.connect(self._told)
        self.working_on.ended.connect(self._ended)
        self.choosing.changed.connect(self._offer)
        self.choosing.changed.connect(self._show_verdict)
        self.measure.changed.connect(self._offer)
        self.measure.real_changed.connect(self._find_fits)
        self.measure.eye_changed.connect(self._find_fits)
        self.measure.evaluate_wanted.connect(self.evaluate)
        self.measure.download_wanted.connect(self.download)
        self.cancel_button.clicked.connect(self.working_on.stop)
        self.by.activated.connect(self._judge_by)
        self.best_button.clicked.connect(self._look_at_best)
        self.seen.star_wanted.connect(self.star)
        self.seen.explore_wanted.connect(self.explore)
        self.seen.branch_wanted.connect(self.branch)
        self.commands.on("measure", self.evaluate)
        self.session.evaluate_wanted.connect(self.show_run)

    def page(self, kind: type[Page]) -> Page:
        return next(page for page in self.page_list if isinstance(page, kind))

    # --- what it is about ---

    def show_run(self, run: Run, page: str = "") -> None:
        """What another room wants to be evaluated; `page` is the title of the one to show."""
        self.raise_tab()
        if not self._ready:
            self._early = run, page
            return
        for number, one in enumerate(self.page_list):
            if one.title == page:
                self.pages.setCurrentIndex(number)
        if self.desk.subject is None or self.desk.subject.path != run.folder:
            self.choosing.choose_run(run)

    def _subject_chosen(self) -> None:
        subject = self.desk.subject
        assert subject
        self.subject_changed.emit(subject.title)
        self.seen.clear()
        self.measure.compare_with(subject.real)
        self._fits = None
        self._find_fits()
        self._read_kept()
        self._offer()

    def _read_kept(self) -> None:
        """What was measured of it, also beside a training that goes on."""
        from .reading import kept

        subject = self.desk.subject
        if subject and subject.run:
            self.desk.disk.ask("kept", partial(kept, subject.run), partial(self._show_kept, subject.path))

    def _show_kept(self, path: Path, found: tuple[Evaluated, ...]) -> None:
        if self.desk.subject and self.desk.subject.path == path:
            self.desk.take(found)

    def _find_fits(self) -> None:
        if subject := self.desk.subject:
            from .reading import fits_of

            work = partial(fits_of, subject, self.measure.real, dict(self.measure.eye_options.values))
            self.desk.disk.ask("fits", work, partial(self._show_fits, subject.path))

    def _show_fits(self, path: Path, fits: Fits) -> None:
        if self.desk.subject and self.desk.subject.path == path:
            self._fits = fits
            self.measure.show_fits(fits)
            self._offer()

    def _offer(self) -> None:
        """What can be done now."""
        subject = self.desk.subject
        needs_real, is_busy = subject is not None and subject.run is None, self.working_on.is_running
        self.measure.set_reason(self._why_not(), needs_real, is_busy)
        button = self.measure.evaluate_button
        self.desk.reason = "" if button.isEnabled() else button.toolTip()
        self.desk.real, self.desk.eye = self.measure.real, self.measure.eye()
        self.commands.allow("measure", self.desk.reason)
        for page in self.page_list:
            if page.isVisible():
                page.show_now()
        self._offer_step()

    def _why_not(self) -> str:
        subject = self.desk.subject
        if subject is None:
            return NO_SUBJECT if self.desk.subjects else NO_RUNS
        if self.working_on.is_running:
            return self._busy
        if subject.problem:
            return subject.problem
        if subject.run and not subject.steps:
            return NO_CHECKPOINT
        if self._fits is None:
            return "One moment: looking at its data."
        return self._fits.problem

    # --- the verdict ---

    def _show_verdict(self) -> None:
        from ...jobs.verdict import figure, headline, measures_of

        keys = measures_of(self.desk.found)
        self.by.clear()
        for key in keys:
            self.by.addItem(key[1], key)
        if self.desk.key in keys:
            self.by.setCurrentIndex(keys.index(self.desk.key))
        for widget in (self.by_label, self.by):
            widget.setVisible(bool(keys) and any(one.step is not None for one in self.desk.found))
        verdict = self.desk.verdict()
        if verdict is not None:
            compared = f"Of {verdict.count:,} checkpoints that can be compared."
            left_out = (f"Step {step:,} is left out: {why}." for step, why in verdict.left_out.items())
            tip = [*([compared] if verdict.count > 1 else []), *itertools.islice(left_out, MOST_TOLD)]
            self.show_verdict(headline(verdict), verdict.count > 1, "\n".join(tip))
        elif self.desk.key and self.desk.found:
            title = self.desk.key[1]
            last = next((n for one in reversed(self.desk.found) for n in one.numbers if n.title == title), None)
            told = f"{title}: {figure(last.value)} ({figure(last.low)} to {figure(last.high)})." if last else NOTHING
            self.show_verdict(told, False)
        else:
            self.show_verdict(self._nothing(), False)

    def _nothing(self) -> str:
        subject = self.desk.subject
        if subject is None:
            return NO_RUNS if self.choosing.was_read else NOTHING
        if len(subject.steps) > 1:
            return f"Nothing has been measured of {subject.title} yet. Choose “Every checkpoint” to see which is best."
        return f"Nothing has been measured of {subject.title} yet."

    def _judge_by(self, row: int) -> None:
        self.desk.judge_by(tuple(self.by.itemData(row)))

    def _look_at_best(self) -> None:
        if verdict := self.desk.verdict():
            self.desk.look_at(verdict.best.step)

    # --- a step ---

    def _look(self) -> None:
        subject, step = self.desk.subject, self.desk.step
        if subject and subject.run and step is not None:
            from .reading import seen_at

            self.desk.disk.ask("seen", partial(seen_at, subject.run, step), self._show_seen)
        self._offer_step()

    def _show_seen(self, seen: Seen) -> None:
        if seen.step == self.desk.step:
            self.seen.show_real(seen.real)
            self.seen.show_seen(seen)

    def _offer_step(self) -> None:
        from .step_panel import NO_CHECKPOINT as GONE
        from .step_panel import NO_STEP

        subject, step = self.desk.subject, self.desk.step
        there = subject is not None and step in subject.steps
        reason = "" if there else NO_STEP if subject is None or step is None else GONE
        plane = "" if self._draws_pictures() else "The Explore tab is for pictures; this run draws points."
        self.seen.offer(reason, there and subject is not None and step in subject.starred, plane)

    def _draws_pictures(self) -> bool:
        subject = self.desk.subject
        shape = subject.run.about().get("shape") if subject and subject.run else None
        return not isinstance(shape, list) or len(shape) == 3

    def star(self) -> None:
        from ..computing import attempted
        from .reading import star

        subject, step = self.desk.subject, self.desk.step
        if subject and subject.run and step is not None:
            work = partial(star, subject.run, step, step not in subject.starred)
            self.desk.disk.ask("star", partial(attempted, work), self._starred)

    def _starred(self, error: Exception | None) -> None:
        if error is not None:
            self.notices.show_notice(str(error), "error")
        self.choosing.read()
        self.session.runs_changed.emit()

    def explore(self) -> None:
        if self.desk.subject and self.desk.subject.run and self.desk.step is not None:
            self.session.explore_at_wanted.emit(self.desk.subject.run, self.desk.step)

    def branch(self) -> None:
        if self.desk.subject and self.desk.subject.run and self.desk.step is not None:
            self.session.branch_wanted.emit(self.desk.subject.run, self.desk.step)

    # --- measuring ---

    def evaluate(self) -> None:
        from .reading import Order, evaluating

        self.measure.commit()
        self._offer()
        subject = self.desk.subject
        if subject is None or not self.measure.evaluate_button.isEnabled():
            return
        order = Order(
            subject,
            self.choosing.steps,
            self.measure.real,
            self.measure.wished_eye(),
            self.measure.wished_metrics(),
            int(self.measure.samples.value()),
        )
        self._subject = subject.path
        self._begin(evaluating(order), "Getting ready", MEASURING)

    def download(self, file: Published) -> None:
        """Weights that features lack; then these can be used."""
        from .reading import downloading

        self._begin(downloading(file), f"Downloading {file.name}", DOWNLOADING)

    def _begin(self, work: Iterator[Any], text: str, why_busy: str) -> None:
        self._busy = why_busy
        self.working.tell(Progress(0, 0, text))
        self.working_on.start(work)
        self._offer()

    def _told(self, mail: list[Any]) -> None:
        from ...jobs.evaluations import Evaluated
        from ...jobs.events import Log

        for event in mail:
            match event:
                case Evaluated():
                    self._take(event)
                case Log():
                    self.logged.emit(event.text, event.level)
                case Progress():
                    self.working.tell(event)

    def _take(self, one: Evaluated) -> None:
        """Somebody may look at another run by now, which finds what was kept when it is chosen again."""
        if self.desk.subject and self.desk.subject.path == self._subject:
            self.desk.add(one)

    def _ended(self) -> None:
        self.working.hide()
        self._offer()
        self._find_fits()  # weights may have come

    # --- the window's wishes ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._ready:
            self.choosing.read()
            self.choosing.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._ready:
            self.choosing.watch(False)

    def takes(self, path: Path) -> bool:
        from .subjects import fits

        return fits(path)

    def take(self, path: Path) -> None:
        self.take_all(path, ())

    def take_all(self, path: Path, others: Any) -> None:
        """Of two folders of pictures the first is what was generated, the second what is real."""
        if not self._ready:
            self.notices.show_notice(LOADING, "warning")
            return
        self.raise_tab()
        real = next((other for other in others if other.is_dir()), None) if path.is_dir() else None
        self.choosing.take(path, real)

    def palette_entries(self) -> Iterator[Found]:
        for subject in self.desk.subjects:
            yield f"Evaluate: {subject.title}", subject.path.name, partial(self.choosing.choose, subject)

    def key_entries(self) -> Iterator[Keys]:
        for keys, what, sentence in KEYS:
            yield "Evaluate", what, keys, sentence

    def save_layout(self) -> list[QByteArray]:
        kept = self.measure.kept() if self._ready else self._kept
        return [*super().save_layout(), QByteArray(json.dumps(kept).encode())]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        super().restore_layout(layout)
        if len(layout) == 2:
            try:
                self._kept = dict(json.loads(bytes(layout[1].data())))
            except (ValueError, TypeError):
                self._kept = {}

    def leave(self) -> None:
        if self._ready:
            self.working_on.leave(PATIENCE_S)
            self.choosing.leave()
            for page in self.page_list:
                page.leave()
            self.desk.leave()
