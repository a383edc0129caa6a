"""The Gallery tab: make many pictures of one generator, look through them, star the best, and write them as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMenu

from ...progress import Progress
from ..commands import Commands
from ..room import LOADING, Found, Keys
from ..session import Session
from ..train.dropped import is_checkpoint, is_run
from .frame import HINT, GalleryFrame

if TYPE_CHECKING:
    import numpy as np

    from ...jobs.explore import View
    from ...jobs.gallery import Arrangement, Mark, Measures, Sample
    from ...jobs.snapshots import Snapshot
    from ...jobs.walk import Walk
    from ..computing import LatestWins, Stream
    from ..explore.choices import Choice
    from ..exporting import Exporting
    from ..widgets.notice import Notices
    from .choosing import Choosing
    from .closer import Closer
    from .export_forms import Form, Shown
    from .held import Held
    from .pictures import Pictures
    from .reading import Nearest
    from .starring import Starring

PATIENCE_S = 2.0  # a closing window waits so long for what is being computed
NO_RUN = "Choose a run above."
NO_PICTURES = "Make pictures in the Gallery tab first."
KEYS = (
    ("Arrow keys, Shift, Ctrl", "Go from picture to picture, choose several", "Ctrl+A chooses all."),
    ("Enter or Space", "One picture large, and back", "Left and Right go on to others."),
    ("C", "Compare two", "The two that are chosen, side by side; Left and Right go from one to the other."),
    ("F", "The picture on the whole screen", "Esc leads back."),
    ("S", "Give a star, or take it back", "Of all that are chosen."),
    ("P, X, U", "Star, reject, neither", "Of all that are chosen; from near, of the one that is looked at."),
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
    choosing: Choosing
    closer: Closer
    starring: Starring

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.by: Measures | None = None
        self._kept: dict[str, Any] = {}  # how the last export was made
        self._folder = ""  # of the last export
        self._ready = False
        for id in ("export_gallery", "make_gallery"):
            commands.allow(id, LOADING)

    @property
    def held(self) -> Held | None:
        """What has been made."""
        return self.pictures.held if self._ready else None

    @property
    def snapshot(self) -> Snapshot | None:
        """That made it."""
        return self.pictures.snapshot if self._ready else None

    # --- the rest, once the window is on the screen ---

    def make_ready(self) -> Iterator[None]:
        from ..computing import LatestWins, Stream
        from ..exporting import Exporting
        from .choosing import Choosing
        from .closer import Closer
        from .grid import Grid
        from .pictures import Pictures
        from .starring import Starring

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
        self.closer = Closer(self, self.pictures, self.looking)
        self.choosing = Choosing(self, self.disk)
        self.starring = Starring(self.pictures, self.disk)
        self._connect()
        self._ready = True
        self.said.setText("")
        self.hint.setText(HINT)
        self._offer()
        if self.isVisible():
            self.choosing.read()
        yield

    def _connect(self) -> None:
        for line in (self.disk, self.looking, self.grid.tiles.line, self.making):
            line.failed.connect(self.session.tell)
        self.choosing.changed.connect(self._offer)
        self.choosing.other.connect(self.maker.forget)
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
        self.grid.mark_wanted.connect(self.mark)
        self.grid.copy_wanted.connect(self.copy_picture)
        self.grid.menu_wanted.connect(self._show_menu)
        self.closer.mark_wanted.connect(self.mark)
        self.closer.turned.connect(self._chosen)
        self.starring.failed.connect(self._not_kept)
        self.closer.copy_wanted.connect(self.copy_picture)
        self.details.explore_wanted.connect(self.explore)
        self.details.recipe_wanted.connect(self.copy_recipe)
        self.details.copy_wanted.connect(self.copy_picture)
        self.export_button.clicked.connect(self.export)
        self.session.gallery_wanted.connect(self.make_of)
        self.commands.on("export_gallery", self.export)
        self.commands.on("make_gallery", self.make)

    def _offer(self) -> None:
        """What can be done now."""
        makes = self.choosing.choice is not None or self.maker.handed_over[0] is not None
        self.maker.set_reason("" if makes else NO_RUN)
        can_make = self.maker.make_button
        self.first_button.setEnabled(can_make.isEnabled())
        self.first_button.setToolTip(can_make.toolTip())
        self.commands.allow("make_gallery", "" if can_make.isEnabled() else can_make.toolTip())
        there = bool(self.held)
        self.commands.allow("export_gallery", "" if there else NO_PICTURES)
        self.export_button.setEnabled(there)
        self.export_button.setToolTip("A sheet, a web page, files, a print or a film." if there else NO_PICTURES)
        self.bar.setVisible(there)
        first = self.held.samples[:1] if self.held else []
        self.bar.offer(
            any(sample.score is not None for sample in first), any(sample.novelty is not None for sample in first)
        )
        if not there:
            self.pages.setCurrentWidget(self.nothing)
        elif self.pages.currentWidget() is self.nothing:
            self.pages.setCurrentWidget(self.grid)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._ready:
            self.choosing.read()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._ready:
            self.closer.leave_full()

    # --- made ---

    def make(self) -> None:
        from .reading import Order, making, open_by

        self.maker.commit()
        self._offer()
        if not self.maker.make_button.isEnabled():
            return
        view, keys, walk = self.maker.handed_over
        if view is not None:
            open_ = partial(open_by, view, self.session.root)
        else:
            assert self.choosing.choice
            open_ = partial(self.choosing.choice.snapshot, self.choosing.step, False)
        self.closer.back()
        self.working.tell(Progress(0, 0, "Opening"))
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
                case Progress() as progress:
                    self.working.tell(progress)
        if self.held is not None and len(self.held) > before:
            self.pictures.grow(before)
            if before == 0:
                self._first_came()
            self._count()

    def _begin(self, begun: Any) -> None:
        """What was there before makes room."""
        from .held import Held

        self.by = None
        self.maker.set_classes(begun.snapshot.classes)
        self.looking.forget_all()
        held = Held(begun.count, begun.snapshot.shape)
        self.grid.tiles.show_held(held)
        self.pictures.show_held(held, begun.snapshot)
        self._resize(self.bar.size_slider.value())
        about = begun.snapshot.about
        self.subject_changed.emit(str(about["title"]))
        self.said.setText(f"{about['title']} · step {about['step']:,} · {about['weights']} weights")
        if begun.sentence:
            self.notices.show_notice(begun.sentence, "warning")

    def _first_came(self) -> None:
        self._offer()
        self.grid.go_to(0)
        if self.maker.make_button.hasFocus() or self.first_button.hasFocus():
            self.grid.setFocus()

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
        self.grid.choose(set(chosen) & set(places) or places[row : row + 1], row)
        if row >= 0:
            self.grid.scrollTo(self.pictures.index(row))
        self._chosen()

    def _resize(self, px: int) -> None:
        if self.held is not None:
            self.grid.set_shape(self.held.shape, px)

    def _count(self) -> None:
        self.bar.show_counts(len(self.pictures.places), *self.pictures.counts(), self.grid.chosen_count())

    # --- which is looked at ---

    def _current(self) -> tuple[int, Sample] | None:
        """(its place, itself)"""
        if self.held is None:
            return None
        row, place = self.grid.current_row(), self.closer.place
        if place is None and row >= 0:
            place = self.pictures.places[row]
        return None if place is None else (place, self.held.samples[place])

    def _chosen(self) -> None:
        from .reading import nearest

        current = self._current()
        training = self.by.training if self.by else None
        place, sample = current or (0, None)
        chosen = self.grid.chosen_count() if self.closer.place is None else 1
        self.details.show_sample(sample, place, chosen, training.held if training else None)
        if sample is not None and self.snapshot and self.by and training:
            self.looking.ask("near", partial(nearest, sample, self.snapshot, self.by), self._show_nearest)
        self._count()
        self.closer.draw()

    def _show_nearest(self, found: Nearest | None) -> None:
        if found is not None:
            self.details.show_nearest(found)

    # --- stars ---

    def mark(self, mark: Mark | None) -> None:
        """All that are chosen; None is a star, or none where all have one."""
        if places := self._subjects():
            self.starring.mark(places, mark)
            how = self.pictures.how
            if how.starred_only or not how.rejected or how.order == "starred":
                self.arrange(how)
            else:
                self._chosen()

    def _subjects(self) -> list[int]:
        """What a key is about: the picture that is seen from near, or all that are chosen."""
        if self.closer.place is not None:
            return [self.closer.place]
        current = self._current()
        return self.grid.chosen_places() or ([current[0]] if current else [])

    def _not_kept(self, sentence: str) -> None:
        self.notices.show_notice(sentence, "error")

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
        two = self.grid.chosen_count() == 2
        return [
            ("Large", self.closer.open_loupe),
            *([("Compare", self.closer.open_compare)] if two else []),
            ("Whole screen", self.closer.fill_screen),
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
        from ..explore.choices import may_be_explored

        return is_run(path) or is_checkpoint(path) or may_be_explored(path)

    def take(self, path: Path) -> None:
        if not self._ready:
            self.notices.show_notice(LOADING, "warning")
            return
        self.raise_tab()
        self.choosing.take(path)

    def palette_entries(self) -> Iterator[Found]:
        for choice in self.choosing.choices:
            yield f"Gallery of: {choice.title}", choice.name, partial(self.make_with, choice)

    def make_with(self, choice: Choice) -> None:
        """Of its newest checkpoint, as the form says."""
        self.maker.forget()
        self.choosing.choose(choice)
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
            for line in (self.disk, self.looking, self.making):
                line.leave(PATIENCE_S)
            self.starring.leave()
