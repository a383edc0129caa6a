"""The Explore tab: open what a run has learnt, and walk through what it can draw.

All that is seen follows from one frozen view. Whatever is moved makes another view; the picture is drawn at once, and
what shows the way (the strips, the pad, the neighbours) when the hand rests.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from ..commands import Commands
from ..room import Found, Keys
from ..session import Session
from ..train.dropped import PICTURES, is_checkpoint, is_run
from .frame import HINT, LOADING, NO_RUNS, ExploreFrame
from .past import Past

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...directions import Direction
    from ...jobs.explore import View
    from ...jobs.snapshots import Snapshot
    from ...runs import Run
    from ..computing import LatestWins, Stream
    from ..widgets.notice import Notices
    from .following import Following
    from .reading import Choice, Company, Compared, Opened

REST_MS = 150  # without a change: then what shows the way is drawn anew
LOOK_MS = 2000  # between two looks for a newer checkpoint
PATIENCE_S = 2.0  # a closing window waits so long for what is being computed
MOST_SEED = 2**32
KEYS = (
    ("Page Up, Page Down", "The seed before, the next seed", "Wherever the keyboard is in the tab."),
    ("R", "A seed by chance", "Wherever the keyboard is in the tab, but in a field."),
    ("K", "Add the view to the key-frames", "Wherever the keyboard is in the tab, but in a field."),
    ("Ctrl+C, Ctrl+V", "Copy and paste the latent", "As a list of numbers."),
    ("Ctrl+Z, Ctrl+Shift+Z", "Undo and redo", "Of the whole view."),
    ("Arrow keys", "Move in the pad", "With Shift in large steps."),
)
FILMS = "GIF (*.gif);;WebP (*.webp);;MP4 (*.mp4)"


class ExploreRoom(ExploreFrame):
    title = "Explore"
    takes_what = "a picture that was saved here"
    drawing: Following  # the picture
    resting: LatestWins  # what shows the way
    disk: LatestWins
    finder: Stream
    reader: Stream
    writer: Stream
    searcher: Stream

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.view: View | None = None
        self.opened: Opened | None = None
        self.shown: np.ndarray | None = None  # the picture of the view, once it is drawn
        self.past = Past()
        self._choices: list[Choice] = []
        self._company: Company | None = None
        self._near: Any = None  # of the picture that is searched for
        self._asked_steps: tuple[int, ...] = ()  # that the box shows
        self._walk: Tensor | None = None  # that is played
        self._fps, self._loops, self._began = 24.0, False, 0.0
        self._ready = False
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.draw_ways)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_for_newer)
        self._player = QTimer(self)
        self._player.setTimerType(Qt.TimerType.PreciseTimer)
        self._player.timeout.connect(self._tick)
        for id in ("export_picture", "export_walk"):
            commands.allow(id, LOADING)

    # --- the rest, once the window is on the screen ---

    def make_ready(self) -> Iterator[None]:
        from ..computing import LatestWins, Stream
        from .following import Following

        yield
        self.drawing, self.resting, self.disk = Following(self), LatestWins(self), LatestWins(self)
        self.finder, self.reader, self.writer, self.searcher = (Stream(self) for _ in range(4))
        self.draw_icons()
        yield
        self.build_centre()
        yield
        self.build_sides()
        yield
        self._connect()
        self._ready = True
        self.said.setText("")
        self.hint.setText(HINT)
        self._offer()
        if self.isVisible():
            self.read_choices()
        yield

    def _connect(self) -> None:
        for line in (self.drawing, self.resting, self.disk):
            line.failed.connect(self.session.tell)
        self.runs.activated.connect(self._run_chosen)
        self.open_button.clicked.connect(self._ask_for_run)
        self.open_button.setEnabled(True)
        self.steps.activated.connect(self._step_chosen)
        self.raw.clicked.connect(self._weights_chosen)
        self.follow.toggled.connect(self._follow)
        self.smooth.toggled.connect(self.picture.set_smooth)
        self.picture.set_smooth(self.smooth.isChecked())
        self.undo_button.clicked.connect(self.undo)
        self.redo_button.clicked.connect(self.redo)
        self.paste_button.clicked.connect(self.paste)
        self.save_button.clicked.connect(self.save_picture)
        for text, slot in (
            ("&Picture", self.copy_picture),
            ("&Latent, as a list of numbers", self.copy_latent),
            ("As P&ython, a script that draws it", self.copy_python),
        ):
            self.copy_menu.addAction(text, slot)
        self.picture.save_wanted.connect(self.save_picture)
        self.seeds.seed_wanted.connect(self.go_to_seed)
        self.seeds.chance_wanted.connect(self.go_anywhere)
        self.seeds.truncation_wanted.connect(self.truncate)
        self.directions.edited.connect(self.edit)
        self.directions.reset_wanted.connect(self.reset)
        self.directions.find_wanted.connect(self.find_directions)
        self.directions.cancel_wanted.connect(self.finder.stop)
        self.directions.keep_wanted.connect(self._keep)
        self.directions.renamed.connect(self._renamed)
        self.directions.seen.connect(self._rest.start)
        self.pad.moved.connect(self.blend)
        self.pad.corners_changed.connect(self._rest.start)
        self.pad.corners_wanted.connect(self.other_corners)
        self.walks.add_wanted.connect(self.add_key)
        self.walks.opened.connect(self.show_view)
        self.walks.play_wanted.connect(self._play)
        self.walks.changed.connect(self._walk_changed)
        self.walks.export_wanted.connect(self.export_walk)
        self.walks.cancel_wanted.connect(self.writer.stop)
        self.company.wanted.connect(self._read_company)
        self.company.cancel_wanted.connect(self._leave_company)
        self.search_stop.clicked.connect(self.searcher.stop)
        for stream, told, ended in (
            (self.finder, self._finder_told, self.directions.end_progress),
            (self.reader, self._reader_told, None),
            (self.writer, self._writer_told, self.walks.end_progress),
            (self.searcher, self._searcher_told, self._searched),
        ):
            stream.told.connect(told)
            stream.failed.connect(self.session.tell)
            if ended:
                stream.ended.connect(ended)
        self.reader.failed.connect(self._leave_company)
        self.session.runs_changed.connect(self._read_if_seen)
        self.session.explore_wanted.connect(self.open_run)
        self.commands.on("export_picture", self.save_picture)
        self.commands.on("export_walk", self.export_walk)

    def _offer(self) -> None:
        """What can be done now."""
        there = self.view is not None
        for widget in (self.steps, self.follow, self.smooth, self.copy_button, self.paste_button, self.save_button):
            widget.setEnabled(there)
        self.raw.setEnabled(self.opened is not None and self.opened.has_average)
        self.undo_button.setEnabled(self.past.can_go_back)
        self.redo_button.setEnabled(self.past.can_go_forth)
        self.runs.setEnabled(bool(self._choices) or there)
        self.commands.allow("export_picture", "" if there else "Open a run in the Explore tab first.")
        self.commands.allow("export_walk", self.walks.why_not() if there else "Open a run in the Explore tab first.")
        self.pages.setCurrentIndex(1 if there else 0)

    # --- what can be opened ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._ready:
            self.read_choices()
            self._rest.start()
            self._follow(self.follow.isChecked())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.stop()
        if self._ready:
            self.walks.set_playing(False)

    def _read_if_seen(self) -> None:
        if self.isVisible() and self._ready:
            self.read_choices()

    def read_choices(self) -> None:
        from .reading import choices

        self.disk.ask("choices", partial(choices, self.session.root), self._show_choices)

    def _show_choices(self, found: list[Choice]) -> None:
        self._choices = found
        self._fill_runs()
        self.hint.setText(HINT if found else NO_RUNS)
        self._offer()

    def _fill_runs(self) -> None:
        """The run that is shown is among them, wherever it lies."""
        here = self.opened.choice if self.opened else None
        among = [choice.run.folder for choice in self._choices]
        listed = self._choices if here is None or here.run.folder in among else [here, *self._choices]
        self.runs.clear()
        for choice in listed:
            self.runs.addItem(choice.title, choice.run)
            self.runs.setItemData(self.runs.count() - 1, choice.run.name, Qt.ItemDataRole.ToolTipRole)
        folders = [choice.run.folder for choice in listed]
        self.runs.setCurrentIndex(folders.index(here.run.folder) if here else -1)

    def _fill_steps(self, steps: tuple[int, ...], here: int) -> None:
        self.steps.clear()
        for step in reversed(steps):
            self.steps.addItem(f"Step {step:,}", step)
        self.steps.setCurrentIndex(self.steps.findData(here))

    def _ask_for_run(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, "Open a run's folder", str(self.session.root)):
            folder = Path(chosen)
            if is_run(folder) or is_checkpoint(folder):
                self.take(folder)
            else:
                self.notices.show_notice(
                    f"{folder.name} is not the folder of a run; choose one with a config.toml.", "error"
                )

    def _run_chosen(self, row: int) -> None:
        run = self.runs.itemData(row)
        if self.opened is None or run.folder != self.opened.choice.run.folder:
            self.open_run(run)

    def _step_chosen(self, row: int) -> None:
        assert self.opened
        self.follow.setChecked(False)
        self.open_run(self.opened.choice.run, self.steps.itemData(row))

    def _weights_chosen(self, raw: bool) -> None:
        assert self.opened
        self.open_run(self.opened.choice.run, self.opened.snapshot.about["step"], raw)

    def open_run(self, run: Run, step: int | None = None, raw: bool = False) -> None:
        """Its newest checkpoint, or that of a step; the seed and the edits stay where they fit."""
        from .reading import open_at

        self._open(partial(open_at, run, step, raw, self.view))

    def _open(self, read: Callable[[], Opened]) -> None:
        from .reading import attempted

        self.raise_tab()
        self.said.setText("Opening …")
        self.disk.ask("open", partial(attempted, read), self._show_opened)

    def _show_opened(self, found: Opened | Exception) -> None:
        self.said.setText("")
        if isinstance(found, Exception):
            self.notices.show_notice(str(found), "error")
            self._fill_runs()
            self.raw.setChecked(self.view is not None and self.view.weights == "raw")
            return
        before, self.opened = self.opened, found
        is_same_run = before is not None and before.choice.run.folder == found.choice.run.folder
        self._forget()
        if not is_same_run:
            self._show_other_run(found)
        elif self._company:
            self._judge_anew()
        self._fill_runs()
        self._fill_steps(found.choice.steps, found.snapshot.about["step"])
        self.raw.setChecked(found.view.weights == "raw")
        self.subject_changed.emit(found.choice.title)
        if found.sentence:
            self.notices.show_notice(found.sentence)
        self.show_view(found.view)
        if not self.directions.found and not self.finder.is_running:
            self.find_directions(("pca", "sefa", "attribute"), "")

    def _forget(self) -> None:
        """Nothing of the last snapshot is waited for."""
        self.drawing.forget_all()
        self.resting.forget_all()
        self.searcher.stop()
        self.walks.set_playing(False)
        self.shown = None
        self.directions.forget_strips()

    def _show_other_run(self, found: Opened) -> None:
        self.finder.stop()
        self.writer.stop()
        self._leave_company()
        self.past.clear()
        self.walks.clear()
        self.pad.set_seeds([0, 1, 2, 3])
        self.pad.square.clear()
        self.directions.show_network(found.snapshot.z_dim, found.spread, found.layers)
        self.directions.show_directions(found.found)

    @property
    def snapshot(self) -> Snapshot:
        assert self.opened
        return self.opened.snapshot

    # --- a run that goes on ---

    def _follow(self, on: bool) -> None:
        if on and self.opened and self.isVisible():
            self._look.start()
            self._look_for_newer()
        else:
            self._look.stop()

    def _look_for_newer(self) -> None:
        from .reading import newest_step

        if self.opened:
            self.disk.ask("newest", partial(newest_step, self.opened.choice.run), self._newer)

    def _newer(self, step: int) -> None:
        if self.opened and self.follow.isChecked() and step > self.snapshot.about["step"]:
            raw = self.opened.has_average and self.raw.isChecked()
            self.open_run(self.opened.choice.run, step, raw)

    # --- the view ---

    def show_view(self, view: View, kind: str = "", kept: bool = True) -> None:
        """Changes of one `kind` in quick succession are taken back together."""
        if self.opened is None:
            return
        if view.sha256 != self.snapshot.about["sha256"]:  # of another checkpoint: from the past, or a key-frame
            from .reading import open_view

            self._open(partial(open_view, view, self.session.root))
            return
        self.searcher.stop()
        self.walks.set_playing(False)
        self.view = view
        if kept:
            self.past.add(view, kind)
        self.seeds.show_view(view)
        self.directions.show_view(view)
        self.pad.square.set_here(kind == "pad")
        self._draw()
        self._rest.start()
        self._offer()

    def _draw(self) -> None:
        from ...jobs.explore import render

        assert self.view
        self.shown = None
        self.drawing.ask(partial(render, self.view, self.snapshot), partial(self._show_picture, self.view))

    def _show_picture(self, view: View, picture: np.ndarray) -> None:
        if self.opened is None or view.sha256 != self.snapshot.about["sha256"]:
            return  # of what was open before
        if view is self.view:
            self.shown = picture
            self._compare()
        self.picture.show_images(picture[None])
        self.picture.set_caption(self._caption(view, picture))

    def _caption(self, view: View, picture: np.ndarray) -> str:
        height, width = picture.shape[:2]
        what = "a latent of its own" if view.z else f"seed {view.seed:,}"
        if view.edits:
            what += " + 1 direction" if len(view.edits) == 1 else f" + {len(view.edits)} directions"
        return f"{what} · step {view.step:,} · {view.weights} weights · {width} × {height}"

    def go_to_seed(self, seed: int) -> None:
        if self.view:
            self.show_view(self.view.at_seed(seed), "seed")

    def go_anywhere(self) -> None:
        self.go_to_seed(random.randrange(100_000))

    def truncate(self, psi: float) -> None:
        if self.view:
            self.show_view(self.view.model_copy(update={"psi": psi}), "psi")

    def edit(self, direction: Direction, amount: float) -> None:
        from .direction_list import is_full

        if self.view is None:
            return
        if amount and is_full(self.view) and not self.view.amount(direction.name):
            self.notices.show_notice("A picture takes 64 directions at most; reset some first.", "warning")
            self.directions.show_view(self.view)
            return
        self.show_view(self.view.edited(direction, amount), direction.name)

    def reset(self) -> None:
        if self.view:
            self.show_view(self.view.unedited())

    def undo(self) -> None:
        if self.past.can_go_back:
            self.show_view(self.past.back(), kept=False)

    def redo(self) -> None:
        if self.past.can_go_forth:
            self.show_view(self.past.forth(), kept=False)

    # --- when the hand rests ---

    def draw_ways(self) -> None:
        """The strips that are in sight, and the pad."""
        from .reading import drawn

        if self.view is None or self.opened is None or not self.isVisible():
            return
        for row in self.directions.seen_rows():
            base = self.view.edited(row.direction, 0.0)
            if row.drawn != base:
                row.drawn = base
                views = [base.edited(row.direction, amount) for amount in self._amounts]
                ask = partial(drawn, views, self.snapshot)
                self.resting.ask(("strip", row.direction.name), ask, row.show_strip)
        self._draw_pad()

    @property
    def _amounts(self) -> tuple[float, ...]:
        from .direction_row import AMOUNTS

        return AMOUNTS

    def _draw_pad(self) -> None:
        from .reading import blends

        assert self.view
        wanted = (tuple(self.pad.seeds()), self.view.psi, self.view.edits, self.view.sha256)
        if wanted != self._pad_drawn:
            self._pad_drawn = wanted
            ask = partial(blends, self.view, self.pad.seeds(), self.snapshot)
            self.resting.ask("pad", ask, self.pad.square.show_pictures)

    _pad_drawn: Any = None  # seeds, truncation, edits and weights of what the pad shows

    def blend(self, x: float, y: float) -> None:
        from .reading import blended

        if self.view:
            self.show_view(blended(self.view, self.pad.seeds(), x, y, self.snapshot), "pad")

    def other_corners(self) -> None:
        self.pad.set_seeds([random.randrange(100_000) for _ in range(4)])
        self._rest.start()

    # --- directions ---

    def find_directions(self, ways: tuple[str, ...], layer: str) -> None:
        from ...jobs.find_directions import Finding
        from .reading import finding

        if self.opened:
            self.directions.show_progress(0, 0, "Finding directions")
            self.finder.start(finding(self.snapshot, Finding.parse({"ways": list(ways), "layer": layer})))

    def _finder_told(self, mail: list[Any]) -> None:
        from .reading import Directions

        for event in mail:
            match event:
                case Directions(found):
                    self.directions.add_directions(found)
                    self._rest.start()
                case progress:
                    self.directions.show_progress(progress.done, progress.total, progress.text)

    def _keep(self, found: list[Direction]) -> None:
        from ...jobs import find_directions
        from .reading import attempted

        if self.opened:
            self.disk.ask(
                "keep", partial(attempted, partial(find_directions.replace, self.snapshot, found)), self._kept
            )

    def _kept(self, problem: Exception | None) -> None:
        if problem:
            self.notices.show_notice(str(problem), "error")
        else:
            self.notices.show_notice("The directions are kept in the run; the command line knows them, too.")

    def _renamed(self, direction: Direction, name: str) -> None:
        """What there is of it stays."""
        if self.view and (amount := self.view.amount(direction.name)):
            self.show_view(self.view.edited(direction, 0.0).edited(direction.renamed(name), amount))

    # --- key-frames ---

    def add_key(self) -> None:
        from ...jobs.explore import render

        if self.view:
            number = self.walks.add(self.view)
            ask = partial(render, self.view, self.snapshot)
            self.resting.ask(("key", number), ask, partial(self.walks.show_thumbnail, number))
            self._offer()

    def _walk_changed(self) -> None:
        if self._ready:
            self._offer()
            if self._player.isActive():
                self._play(True)

    def _play(self, on: bool) -> None:
        from ...jobs.explore import latents
        from ...jobs.walk import way
        from .reading import attempted
        from .walk_bar import valid

        self._player.stop()
        walk = valid(self.walks)
        if not on or walk is None or self.walks.why_not():
            self.walks.set_playing(False)
            if self.view and self.shown is None:
                self._draw()
            return
        found = attempted(lambda: way(latents(self.walks.views(), self.snapshot), walk))
        if isinstance(found, Exception):
            self.notices.show_notice(str(found), "warning")
            self.walks.set_playing(False)
            return
        self._walk, self._fps, self._began = found, walk.frames_per_second, time.monotonic()
        self._loops = walk.loop or walk.way == "circle"
        self.shown = None
        self._player.start(round(1000 / walk.frames_per_second))

    def _tick(self) -> None:
        """The frame that is due now; a slow network leaves some out."""
        from ...jobs.explore import pictures

        assert self._walk is not None
        frame = int((time.monotonic() - self._began) * self._fps)
        if frame >= len(self._walk) and not self._loops:
            self.walks.set_playing(False)
            return
        frame %= len(self._walk)
        z = self._walk[frame : frame + 1]
        self.drawing.ask(partial(pictures, z, self.snapshot), partial(self._show_frame, frame))

    def _show_frame(self, frame: int, pictures: np.ndarray) -> None:
        if self._walk is not None and self._player.isActive():
            self.picture.show_images(pictures)
            self.picture.set_caption(f"Frame {frame + 1:,} of {len(self._walk):,}")

    def export_walk(self) -> None:
        if self.walks.why_not() or self.opened is None:
            return
        name = str(Path.home() / f"{self.opened.choice.run.name}-walk.gif")
        chosen, kind = QFileDialog.getSaveFileName(self, "Write the walk", name, FILMS)
        if chosen:
            self.write_walk(Path(chosen), f".{kind.partition(' ')[0].lower()}")

    def write_walk(self, path: Path, ending: str = ".gif") -> None:
        """As a film of that name; what is there already was asked about."""
        from ...jobs.walk import export_walk

        named = path if path.suffix.lower() in (".gif", ".webp", ".mp4") else path.with_name(path.name + ending)
        views, snapshot = self.walks.views(), self.snapshot
        try:
            walk = self.walks.walk()
        except ValueError as error:
            self.notices.show_notice(str(error), "warning")
            return
        zoom = max(1, 256 // max(snapshot.shape[1:]))
        walk = walk.model_copy(update={"zoom": zoom})
        self.walks.show_progress(0, 0, "Writing the walk")
        self.writer.start(export_walk(snapshot, views, named, walk, replace=named == path and path.exists()))

    def _writer_told(self, mail: list[Any]) -> None:
        from ...jobs.events import Exported

        match mail[-1]:
            case Exported(path):
                self.notices.show_notice(f"Saved {path}.")
            case progress:
                self.walks.show_progress(progress.done, progress.total, progress.text)

    # --- the picture's company ---

    def _read_company(self) -> None:
        from .reading import company

        if self.opened:
            self.company.show_progress(0, 0, "Reading the training pictures")
            self.reader.start(company(self.snapshot))

    def _reader_told(self, mail: list[Any]) -> None:
        from .reading import Company

        match mail[-1]:
            case Company() as found:
                self._company = found
                self._compare()
            case progress:
                self.company.show_progress(progress.done, progress.total, progress.text)

    def _judge_anew(self) -> None:
        from .reading import judged

        assert self._company
        self.resting.ask("judge", partial(judged, self._company, self.snapshot), self._judged)

    def _judged(self, company: Company) -> None:
        self._company = company
        self._compare()

    def _leave_company(self, _error: object = None) -> None:
        self.reader.stop()
        self._company = None
        self.company.clear()

    def _compare(self) -> None:
        from .company_panel import COUNT
        from .reading import compared

        if self._company is not None and self.shown is not None:
            self.resting.ask("company", partial(compared, self._company, self.shown, COUNT), self._compared)

    def _compared(self, found: Compared) -> None:
        if self._company is not None:
            self.company.show_compared(found.nearest, found.distances, found.score)

    # --- a picture from elsewhere ---

    def search(self, path: Path) -> None:
        """The latent whose picture is most like it."""
        from .reading import inverting

        if self.opened is None:
            self.notices.show_notice(f"Open a run first, then drop {path.name}: it is searched for there.", "warning")
            return
        self._near = None
        self.searching.show()
        self.search_bar.setRange(0, 0)
        self.search_said.setText(f"Searching for {path.name}")
        self.searcher.start(inverting(path, self.snapshot))

    def _searcher_told(self, mail: list[Any]) -> None:
        near = self._near = mail[-1]
        self.search_bar.setRange(0, near.steps)
        self.search_bar.setValue(near.step)
        self.search_said.setText(f"The nearest so far is {near.error:.0f} of 255 away")
        self.shown = None
        self.picture.show_images(near.picture[None])
        self.picture.set_caption(f"Step {near.step:,} of {near.steps:,}")

    def _searched(self) -> None:
        import torch

        self.searching.hide()
        near, self._near = self._near, None
        if near is not None and self.view:
            self.show_view(self.view.at(torch.from_numpy(near.z)))

    # --- the clipboard and files ---

    def copy_picture(self) -> None:
        self.picture.copy()

    def copy_latent(self) -> None:
        from ...jobs.explore import latent, latent_as_text

        if self.view:
            QApplication.clipboard().setText(latent_as_text(latent(self.view, self.snapshot)))
            self.notices.show_notice("The latent is on the clipboard.", seconds=2)

    def copy_python(self) -> None:
        from ...jobs.explore import as_python

        if self.view:
            QApplication.clipboard().setText(as_python(self.view))
            self.notices.show_notice("A script that draws this picture is on the clipboard.", seconds=2)

    def paste(self) -> None:
        from ...jobs.explore import latent_from_text
        from .reading import attempted

        if self.view is None:
            return
        z = attempted(partial(latent_from_text, QApplication.clipboard().text(), self.snapshot.z_dim))
        if isinstance(z, Exception):
            self.notices.show_notice(str(z), "warning")
        else:
            self.show_view(self.view.at(z))

    def save_picture(self) -> None:
        if self.view is None or self.opened is None:
            return
        what = "latent" if self.view.z else f"seed-{self.view.seed}"
        name = str(Path.home() / f"{self.opened.choice.run.name}-{what}.png")
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the picture", name, "PNG (*.png)")
        if chosen:
            self.write_picture(Path(chosen))

    def write_picture(self, path: Path) -> None:
        """With its recipe. What is there of that very name already was asked about."""
        from .reading import attempted, save_view

        assert self.view
        named = path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png")
        replaces = named == path and path.exists()
        write = partial(save_view, self.view, self.snapshot, named, replaces)
        self.disk.ask("save", partial(attempted, write), self._saved)

    def _saved(self, result: Path | Exception) -> None:
        if isinstance(result, Exception):
            self.notices.show_notice(str(result), "error")
        else:
            self.notices.show_notice(f"Saved {result}. Dropped here, it opens again.")

    # --- the keyboard ---

    def event(self, event: QEvent) -> bool:
        """Keys that serve here come before those of the menus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._deed(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if deed := self._deed(event):
            deed()
        else:
            super().keyPressEvent(event)

    def _deed(self, event: QKeyEvent) -> Callable[[], object] | None:
        if self.view is None:
            return None
        standard = QKeySequence.StandardKey
        for key, deed in (
            (standard.Undo, self.undo),
            (standard.Redo, self.redo),
            (standard.Copy, self.copy_latent),
            (standard.Paste, self.paste),
        ):
            if event.matches(key):
                return deed
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        plain: dict[int, Callable[[], object]] = {
            Qt.Key.Key_PageUp: partial(self.seeds.go_by, -1),
            Qt.Key.Key_PageDown: partial(self.seeds.go_by, 1),
            Qt.Key.Key_R: self.go_anywhere,
            Qt.Key.Key_K: self.add_key,
        }
        return plain.get(event.key())

    # --- the window's wishes ---

    def takes(self, path: Path) -> bool:
        return is_run(path) or is_checkpoint(path) or self._takes_file(path)

    def _takes_file(self, path: Path) -> bool:
        """A picture of ours or its recipe; any picture where it can be searched for."""
        from .reading import has_recipe

        if path.suffix.lower() == ".json":
            return path.with_suffix(".png").is_file() and path.is_file()
        return path.suffix.lower() in PICTURES and path.is_file() and (self.opened is not None or has_recipe(path))

    def take(self, path: Path) -> None:
        from ...runs import Run

        if not self._ready:
            self.notices.show_notice(LOADING, "warning")
        elif is_run(path):
            self.open_run(Run(path))
        elif is_checkpoint(path):
            from .reading import step_of

            self.open_run(Run(path.parent.parent), step_of(path))
        else:
            self._take_picture(path)

    def _take_picture(self, path: Path) -> None:
        """One of ours opens as it was; another one is searched for."""
        from .reading import attempted, has_recipe

        self.disk.ask("drop", partial(attempted, partial(has_recipe, path)), partial(self._use_picture, path))

    def _use_picture(self, path: Path, is_ours: bool) -> None:
        from .reading import open_picture

        if is_ours:
            self._open(partial(open_picture, path, self.session.root))
        else:
            self.search(path)

    def show_subject(self, name: str) -> None:
        if self.takes(Path(name)):
            self.take(Path(name))

    def palette_entries(self) -> Iterator[Found]:
        for choice in self._choices:
            yield f"Explore: {choice.title}", choice.run.name, partial(self.open_run, choice.run)

    def key_entries(self) -> Iterator[Keys]:
        for keys, what, sentence in KEYS:
            yield "Explore", what, keys, sentence

    def leave(self) -> None:
        for timer in (self._rest, self._look, self._player):
            timer.stop()
        if self._ready:
            self.directions.leave()
            for stream in (self.finder, self.reader, self.writer, self.searcher):
                stream.stop()
            for line in (self.drawing, self.resting, self.disk):
                line.leave(PATIENCE_S)
