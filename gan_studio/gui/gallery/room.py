"""The Gallery tab: make many pictures of one generator, look through them, star the best, and write them as files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMenu

from ..commands import Commands
from ..room import Found, Keys
from ..session import Session
from ..train.dropped import is_checkpoint, is_run
from ..words import duration
from .frame import HINT, LOADING, NO_RUNS, GalleryFrame

if TYPE_CHECKING:
    import numpy as np

    from ...jobs.explore import View
    from ...jobs.gallery import Arrangement, Mark, Measures, Sample
    from ...jobs.snapshots import Snapshot
    from ...jobs.walk import Walk
    from ...runs import Run
    from ..computing import LatestWins, Stream
    from ..explore.reading import Choice
    from ..exporting import Exporting
    from ..widgets.notice import Notices
    from .export_forms import Form, Shown
    from .held import Held
    from .loupe import FullScreen, Loupe
    from .pictures import Pictures
    from .reading import Nearest, Steps

PATIENCE_S = 2.0  # a closing window waits so long for what is being computed
NEWEST = None  # the step of the newest checkpoint, whichever it is when pictures are made
WEIGHTS = (".pth", ".pt", ".ckpt", ".safetensors")
NO_RUN = "Choose a run above."
NO_PICTURES = "Make pictures in the Gallery tab first."
KEYS = (
    ("Arrow keys, Shift, Ctrl", "Go from picture to picture, choose several", "Ctrl+A chooses all."),
    ("Enter or Space", "One picture large, and back", "Left and Right go on to others."),
    ("C", "Compare two", "The two that are chosen, side by side."),
    ("F", "The picture on the whole screen", "Esc leads back."),
    ("S", "Give a star, or take it back", "Of all that are chosen."),
    ("P, X, U", "Star, reject, neither", "Of all that are chosen."),
    ("Ctrl+C", "Copy the picture", "Bit for bit what its recipe gives."),
    ("Ctrl+wheel", "Larger and smaller pictures", "As the slider above them."),
)


class GalleryRoom(GalleryFrame):
    title = "Gallery"
    pictures: Pictures
    disk: LatestWins
    looking: LatestWins  # at pictures one by one, exactly
    making: Stream
    exporting: Exporting

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.held: Held | None = None
        self.snapshot: Snapshot | None = None  # of what is held
        self.by: Measures | None = None
        self._choices: list[Choice] = []
        self._path: Path | None = None  # of what is chosen above: a run's folder, or a file
        self._kept: dict[str, Any] = {}  # how the last export was made
        self._folder = ""  # of the last export
        self._began = 0.0
        self._writes = 0  # of marks
        self._full: FullScreen | None = None
        self._ready = False
        for id in ("export_gallery", "make_gallery"):
            commands.allow(id, LOADING)

    # --- the rest, once the window is on the screen ---

    def make_ready(self) -> Iterator[None]:
        from ..computing import LatestWins, Stream
        from ..exporting import Exporting
        from .grid import Grid
        from .pictures import Pictures

        yield
        self.pictures = Pictures(self)
        self.disk, self.looking, self.making = LatestWins(self), LatestWins(self), Stream(self)
        self.exporting = Exporting(self, self.notices, self.session.tell)
        if self._folder:
            self.exporting.folder = self._folder
        yield
        self.build_centre(Grid(self.pictures))
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
        for line in (self.disk, self.looking, self.grid.tiles.line, self.making):
            line.failed.connect(self.session.tell)
        self.runs.activated.connect(self._run_chosen)
        self.first_button.clicked.connect(self.make)
        self.maker.make_wanted.connect(self.make)
        self.maker.changed.connect(self._offer)
        self.cancel_button.clicked.connect(self.making.stop)
        self.making.told.connect(self._told)
        self.making.ended.connect(self._made)
        self.bar.changed.connect(self.arrange)
        self.bar.size_wanted.connect(self._resize)
        self.bar.captions_wanted.connect(self.grid.set_captions)
        self.grid.size_wanted.connect(self.bar.size_slider.setValue)
        self.grid.chosen.connect(self._chosen)
        self.grid.opened.connect(self.open_loupe)
        self.grid.compare_wanted.connect(self.open_compare)
        self.grid.fill_wanted.connect(self.fill_screen)
        self.grid.mark_wanted.connect(self.mark)
        self.grid.copy_wanted.connect(self.copy_picture)
        self.grid.menu_wanted.connect(self._show_menu)
        self._connect_loupe(self.loupe)
        self.loupe.back_wanted.connect(self.back)
        self.loupe.fill_wanted.connect(self.fill_screen)
        self.compare.back_wanted.connect(self.back)
        self.details.explore_wanted.connect(self.explore)
        self.details.recipe_wanted.connect(self.copy_recipe)
        self.details.copy_wanted.connect(self.copy_picture)
        self.export_button.clicked.connect(self.export)
        self.session.runs_changed.connect(self._read_if_seen)
        self.session.gallery_wanted.connect(self.make_of)
        self.commands.on("export_gallery", self.export)
        self.commands.on("make_gallery", self.make)

    def _connect_loupe(self, loupe: Loupe) -> None:
        loupe.step_wanted.connect(self.step)
        loupe.mark_wanted.connect(self.mark)
        loupe.copy_wanted.connect(self.copy_picture)

    def _offer(self) -> None:
        """What can be done now."""
        makes = self._path is not None or self.maker.handed_over[0] is not None
        self.maker.set_reason("" if makes else NO_RUN)
        can_make = self.maker.make_button
        self.first_button.setEnabled(can_make.isEnabled())
        self.first_button.setToolTip(can_make.toolTip())
        self.commands.allow("make_gallery", "" if can_make.isEnabled() else can_make.toolTip())
        self.runs.setEnabled(self.runs.count() > 0)
        self.steps.setEnabled(self.steps.count() > 0)
        there = bool(self.held)
        self.commands.allow("export_gallery", "" if there else NO_PICTURES)
        self.export_button.setEnabled(there)
        self.export_button.setToolTip("A sheet, a web page, files, a print or a film." if there else NO_PICTURES)
        self.bar.setVisible(there)
        samples = self.held.samples if self.held else []
        self.bar.offer(
            *((bool(samples) and samples[0].score is not None), bool(samples) and samples[0].is_novel is not None)
        )
        if not there:
            self.pages.setCurrentWidget(self.nothing)
        elif self.pages.currentWidget() is self.nothing:
            self.pages.setCurrentWidget(self.grid)

    # --- what can be made ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._ready:
            self.read_choices()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._full is not None:
            self._full.close()

    def _read_if_seen(self) -> None:
        if self.isVisible() and self._ready:
            self.read_choices()

    def read_choices(self) -> None:
        from ..explore.reading import choices

        self.disk.ask("choices", partial(choices, self.session.root), self._show_choices)

    def _show_choices(self, found: list[Choice]) -> None:
        self._choices = found
        self._fill_runs()
        if self._path is None and found:
            self._choose(found[0].run.folder)
        elif self._path is not None:
            self._read_steps()
        self.hint.setText(HINT if found or self._path else NO_RUNS)
        self._offer()

    def _fill_runs(self) -> None:
        """What is chosen is among them, wherever it lies."""
        listed = {choice.run.folder: choice.title for choice in self._choices}
        if self._path is not None and self._path not in listed:
            listed = {self._path: self._path.name} | listed
        self.runs.clear()
        for path, title in listed.items():
            self.runs.addItem(title, path)
            self.runs.setItemData(self.runs.count() - 1, path.name, Qt.ItemDataRole.ToolTipRole)
        self.runs.setCurrentIndex(list(listed).index(self._path) if self._path else -1)

    def _run_chosen(self, row: int) -> None:
        path = self.runs.itemData(row)
        if path != self._path:
            self.maker.forget()  # that belongs to other weights
            self._choose(path)

    def _choose(self, path: Path, step: int | None = NEWEST) -> None:
        from .reading import classes_of

        self._path = path
        self._fill_runs()
        self.steps.clear()
        self.maker.set_classes(0)
        if path.is_file():
            self.disk.ask("classes", partial(classes_of, path), self.maker.set_classes)
        else:
            self._read_steps(step)
        self._offer()

    def _read_steps(self, step: int | None = NEWEST) -> None:
        from ...runs import Run
        from ..explore.reading import attempted
        from .reading import steps_of

        assert self._path is not None
        if not self._path.is_file():
            wanted = step if self.steps.count() == 0 else self.steps.currentData()
            read = partial(attempted, partial(steps_of, Run(self._path)))
            self.disk.ask("steps", read, partial(self._show_steps, self._path, wanted))

    def _show_steps(self, path: Path, wanted: int | None, found: Steps | Exception) -> None:
        if isinstance(found, Exception) or path != self._path:
            return  # making them will tell
        self.steps.clear()
        if found.steps:
            self.steps.addItem("Newest", NEWEST)
        if found.best is not None:
            self.steps.addItem(f"Best: step {found.best:,}", found.best)
            tip = "The checkpoint next to the samples that were nearest to the data"
            self.steps.setItemData(1, tip, Qt.ItemDataRole.ToolTipRole)
        for step in reversed(found.steps):
            self.steps.addItem(f"Step {step:,}", step)
        self.steps.setCurrentIndex(max(0, self.steps.findData(wanted)) if wanted is not NEWEST else 0)
        self._offer()

    # --- made ---

    def make(self) -> None:
        from .reading import Order, making, open_by, open_of

        self.maker.commit()
        self._offer()
        if not self.maker.make_button.isEnabled():
            return
        view, keys, walk = self.maker.handed_over
        if view is not None:
            open_ = partial(open_by, view, self.session.root)
        else:
            assert self._path is not None
            open_ = partial(open_of, self._path, self.steps.currentData())
        self.back()
        self._began = time.monotonic()
        self._show_progress(0, 0, "Opening")
        self.making.start(making(Order(self.maker.plan(), open_, view, keys, walk)))

    def make_of(self, views: tuple[View, ...], walk: Walk | None) -> None:
        """What the Explore tab hands over."""
        self.raise_tab()
        self.maker.take(tuple(views), walk)
        self.make()

    def _told(self, mail: list[Any]) -> None:
        from .reading import Arrived, Begun, Measured

        before = len(self.held) if self.held else 0
        for event in mail:
            match event:
                case Begun():
                    self._begin(event)
                    before = 0
                case Measured(by):
                    self.by = by
                case Arrived(samples, pictures) if self.held is not None:
                    self.held.add(samples, pictures)
                case progress:
                    self._show_progress(progress.done, progress.total, progress.text)
        if self.held is not None and len(self.held) > before:
            self.pictures.grow(before)
            if before == 0:
                self._first_came()
            self._count()

    def _begin(self, begun: Any) -> None:
        """What was there before makes room."""
        from .held import Held

        self.snapshot, self.by = begun.snapshot, None
        self.maker.set_classes(begun.snapshot.classes)
        self.held = Held(begun.count, begun.snapshot.shape)
        self.looking.forget_all()
        self.grid.tiles.show_held(self.held)
        self.pictures.show_held(self.held)
        self._resize(self.bar.size_slider.value())
        about = begun.snapshot.about
        self.subject_changed.emit(str(about["title"]))
        self.said.setText(f"{about['title']} · step {about['step']:,} · {about['weights']} weights")
        if begun.sentence:
            self.notices.show_notice(begun.sentence, "warning")

    def _first_came(self) -> None:
        self._began = time.monotonic()
        self._offer()
        self.grid.go_to(0)
        if self.maker.make_button.hasFocus() or self.first_button.hasFocus():
            self.grid.setFocus()

    def _show_progress(self, done: int, total: int, text: str) -> None:
        passed = time.monotonic() - self._began
        left = f", {duration(passed * (total - done) / done)} left" if done and passed > 1 and done < total else ""
        self.working.show()
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.doing.setText(f"{text}{left}")

    def _made(self) -> None:
        """By itself, or cancelled: what has come stays, and takes its place."""
        self.working.hide()
        self._offer()
        if self.held is not None:
            self.arrange(self.bar.arrangement())

    # --- which are shown ---

    def arrange(self, how: Arrangement) -> None:
        """What is chosen stays chosen, as far as it is shown."""
        chosen, row = self.grid.chosen_places(), self.grid.current_row()
        current = self.pictures.places[row] if row >= 0 else -1
        self.pictures.arrange(how)
        places = self.pictures.places
        row = places.index(current) if current in places else min(row, len(places) - 1)
        self.grid.choose([place for place in chosen if place in set(places)] or places[row : row + 1], row)
        if row >= 0:
            self.grid.scrollTo(self.pictures.index(row))
        self._chosen()

    def _resize(self, px: int) -> None:
        if self.held is not None:
            self.grid.set_shape(self.held.shape, px)

    def _count(self) -> None:
        self.bar.show_counts(len(self.pictures.places), *self.pictures.counts(), len(self.grid.chosen_rows()))

    # --- which is looked at ---

    def _current(self) -> tuple[int, Sample] | None:
        """(its place, itself)"""
        row = self.grid.current_row() if self.held else -1
        return (self.pictures.places[row], self.pictures.sample(row)) if row >= 0 else None

    def _chosen(self) -> None:
        from .reading import nearest

        current = self._current()
        has_training = self.by is not None and self.by.training is not None
        place, sample = current or (0, None)
        self.details.show_sample(sample, place, len(self.grid.chosen_rows()), has_training)
        if sample is not None and self.snapshot and self.by and has_training:
            self.looking.ask("near", partial(nearest, sample, self.snapshot, self.by), self._show_nearest)
        self._count()
        if self.pages.currentWidget() is self.loupe or self._full is not None:
            self._draw_loupe()

    def _show_nearest(self, found: Nearest | None) -> None:
        if found is not None:
            self.details.show_nearest(found)

    def open_loupe(self) -> None:
        if self._current():
            self.loupe.fit()
            self.pages.setCurrentWidget(self.loupe)
            self.loupe.setFocus()
            self._draw_loupe()

    def _draw_loupe(self) -> None:
        """The small one at once, the exact one as soon as it is drawn."""
        from .reading import exact

        current = self._current()
        if current is None or self.held is None or self.snapshot is None:
            self.back()
            return
        place, sample = current
        self._show_large(sample, place, self.held.picture(place))
        self.looking.ask("large", partial(exact, sample, self.snapshot), partial(self._show_large, sample, place))

    def _show_large(self, sample: Sample, place: int, picture: np.ndarray) -> None:
        from .pictures import described

        row = self.grid.current_row()
        words = f"{described(sample, place)} · {row + 1:,} of {len(self.pictures.places):,}"
        for loupe in (self.loupe, *([self._full.loupe] if self._full else [])):
            loupe.show_images(picture[None])
            loupe.set_caption(words)

    def step(self, by: int) -> None:
        """To another of those that are shown."""
        last = len(self.pictures.places) - 1
        self.grid.go_to(min(max(self.grid.current_row() + by, 0), last))

    def open_compare(self) -> None:
        from .pictures import described
        from .reading import exact

        rows = self.grid.chosen_rows()
        if len(rows) != 2 or self.held is None or self.snapshot is None:
            self.notices.show_notice("Choose two pictures to compare: click one, then another with Ctrl.", "warning")
            return
        self.compare.fit()
        for side, row in enumerate(rows):
            place, sample = self.pictures.places[row], self.pictures.sample(row)
            words = described(sample, place)
            self.compare.show_side(side, self.held.picture(place), words)
            show = partial(self._show_side, side, words)
            self.looking.ask(("side", side), partial(exact, sample, self.snapshot), show)
        self.pages.setCurrentWidget(self.compare)
        self.compare.sides[0].setFocus()

    def _show_side(self, side: int, words: str, picture: np.ndarray) -> None:
        self.compare.show_side(side, picture, words)

    def fill_screen(self) -> None:
        from .loupe import FullScreen

        if self._current() is None or self._full is not None:
            return
        self._full = FullScreen(self)
        self._full.finished.connect(self._leave_full)
        self._connect_loupe(self._full.loupe)
        self._full.showFullScreen()
        self._draw_loupe()

    def _leave_full(self) -> None:
        self._full = None

    def back(self) -> None:
        """To the grid."""
        if self.held is not None and self.pages.currentWidget() is not self.nothing:
            self.pages.setCurrentWidget(self.grid)
            self.grid.setFocus()

    # --- stars ---

    def mark(self, mark: Mark | None) -> None:
        """All that are chosen; None is a star, or none where all have one."""
        from ..explore.reading import attempted
        from .reading import keep_mark

        places = self._subjects()
        if not places or self.held is None or self.snapshot is None:
            return
        samples = [self.held.samples[place] for place in places]
        if mark is None:
            mark = "" if all(sample.mark == "starred" for sample in samples) else "starred"
        self._writes += 1
        write = partial(keep_mark, self.snapshot, [sample.view for sample in samples], mark)
        self.disk.ask(("mark", self._writes), partial(attempted, write), self._marked)
        self.pictures.mark(places, mark)
        how = self.pictures.how
        if how.starred_only or not how.rejected or how.order == "starred":
            self.arrange(how)
        else:
            self._chosen()

    def _subjects(self) -> list[int]:
        """What a key is about: the large picture, or all that are chosen."""
        current = self._current()
        if self.pages.currentWidget() is not self.grid or self._full is not None:
            return [current[0]] if current else []
        return self.grid.chosen_places() or ([current[0]] if current else [])

    def _marked(self, problem: Exception | None) -> None:
        if problem:
            self.notices.show_notice(str(problem), "error")

    # --- elsewhere ---

    def explore(self) -> None:
        if current := self._current():
            self.session.view_wanted.emit(current[1].view)

    def copy_picture(self) -> None:
        from .reading import exact

        if (current := self._current()) and self.snapshot:
            self.looking.ask("copy", partial(exact, current[1], self.snapshot), self._copy_picture)

    def _copy_picture(self, picture: np.ndarray) -> None:
        from ..widgets.image_grid import tile, to_image

        QApplication.clipboard().setImage(to_image(tile(picture[None])))
        self.notices.show_notice("The picture is on the clipboard.", seconds=2)

    def copy_recipe(self) -> None:
        from .reading import recipe

        if (current := self._current()) and self.snapshot:
            self.looking.ask("recipe", partial(recipe, current[1], self.snapshot), self._copy_recipe)

    def _copy_recipe(self, text: str) -> None:
        QApplication.clipboard().setText(text)
        self.notices.show_notice("The recipe is on the clipboard.", seconds=2)

    def _show_menu(self, where: QPoint) -> None:
        if self._current() is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for text, call in self._menu_entries():
            action = QAction(text, menu)
            action.triggered.connect(call)
            menu.addAction(action)
        menu.popup(where)

    def _menu_entries(self) -> list[tuple[str, Callable[[], object]]]:
        two = len(self.grid.chosen_rows()) == 2
        return [
            ("Large", self.open_loupe),
            *([("Compare", self.open_compare)] if two else []),
            ("Whole screen", self.fill_screen),
            ("Star", partial(self.mark, "starred")),
            ("Reject", partial(self.mark, "rejected")),
            ("Neither", partial(self.mark, "")),
            ("Open in Explore", self.explore),
            ("Copy picture", self.copy_picture),
            ("Copy recipe", self.copy_recipe),
            ("Export…", self.export),
        ]

    # --- files ---

    def export(self) -> None:
        from .export_dialog import ExportDialog

        if not self.held:
            return
        everything = list(range(len(self.held)))
        chosen, shown = self.grid.chosen_places(), list(self.pictures.places)
        which = [(f"The {len(chosen):,} chosen", chosen)] if len(chosen) > 1 else []
        which += [(f"The {len(shown):,} shown", shown)] if shown and shown != everything else []
        which += [(f"All {len(everything):,}", everything)]
        dialog = ExportDialog([(words, partial(self._shown, places)) for words, places in which], self._kept, self)
        dialog.wanted.connect(self._ask_where)
        dialog.open()

    def _shown(self, places: list[int]) -> Shown:
        from .export_forms import MOST_TILES, Shown

        assert self.held is not None and self.snapshot is not None
        pictures = [self.held.picture(place) for place in places[:MOST_TILES]]
        return Shown(self.snapshot, [self.held.samples[place] for place in places], pictures)

    def _ask_where(self, form: Form, shown: Shown, how: Any, kept: dict[str, Any]) -> None:
        from ..exporting import suffix_of

        self._kept = kept
        suffix = suffix_of(form.kinds[0])
        name = f"{shown.snapshot.about['run']}-gallery" + (f".{suffix}" if suffix else "")
        self.exporting.ask("Export pictures", name, list(form.kinds), partial(self.write, form, shown, how))

    def write(self, form: Form, shown: Shown, how: Any, path: Path) -> None:
        """What is there of that very name already was asked about."""
        self.exporting.write(form.job(shown, path, how, path.is_file()), "Writing the pictures")

    # --- the window's wishes ---

    def takes(self, path: Path) -> bool:
        return is_run(path) or is_checkpoint(path) or (path.suffix.lower() in WEIGHTS and path.is_file())

    def take(self, path: Path) -> None:
        from ...runs import Checkpoint

        if not self._ready:
            self.notices.show_notice(LOADING, "warning")
            return
        self.raise_tab()
        self.maker.forget()
        if is_checkpoint(path):
            self._choose(path.parent.parent, Checkpoint(path).step)
        else:
            self._choose(path)
        self._offer()

    def palette_entries(self) -> Iterator[Found]:
        for choice in self._choices:
            yield f"Gallery of: {choice.title}", choice.run.name, partial(self.make_of_run, choice.run)

    def make_of_run(self, run: Run) -> None:
        """Of its newest checkpoint, as the form says."""
        self.maker.forget()
        self._choose(run.folder)
        self.make()

    def key_entries(self) -> Iterator[Keys]:
        for keys, what, sentence in KEYS:
            yield "Gallery", what, keys, sentence

    def save_layout(self) -> list[QByteArray]:
        folder = self.exporting.folder if self._ready else self._folder
        return [*super().save_layout(), QByteArray(folder.encode())]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        super().restore_layout(layout)
        if len(layout) == 2:
            self._folder = bytes(layout[1].data()).decode(errors="replace")

    def leave(self) -> None:
        if self._ready:
            self.making.stop()
            self.exporting.leave()
            self.grid.leave(PATIENCE_S)
            for line in (self.disk, self.looking):
                line.leave(PATIENCE_S)
