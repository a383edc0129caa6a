"""The Translate tab: choose a translator, drop pictures, see what becomes of them, and write them all.

Each part has a file: `frame` (the widgets), `choosing` (which translator), `adding` (files into the list), `previewing`
(what becomes of one, seen in the ways of `looks`), `working` (the list is translated), `drawing` (on paper). They share
a `Desk`, what the tab is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFileDialog

from ..commands import Commands
from ..room import LOADING, Found, Keys
from ..session import Session
from ..train.dropped import PICTURES, has_pictures, is_checkpoint, is_run
from .frame import HINT, TranslateFrame

if TYPE_CHECKING:
    from ..widgets.notice import Notices
    from .adding import Adding
    from .choosing import Choosing
    from .desk import Desk
    from .drawing import Drawing
    from .previewing import Previewing
    from .reading import Opened
    from .working import Working

NETWORKS = {".pth", ".pt", ".safetensors", ".ckpt", ".bin", ".th", ".pkl"}
KEYS = (
    ("Ctrl+V", "Add the picture or the files on the clipboard", "Wherever the keyboard is in the tab, but in a field."),
    ("Ctrl+C", "Copy the result that is seen", "Wherever the keyboard is in the tab, but in a field."),
    ("X", "Turn the direction round", "Where the translator has learnt both."),
    ("D, Y, B, L, I", "Divider, side by side, blink, lens, difference", "In the pictures that are compared."),
    ("Left, Right", "Move the divider", "With Shift in large steps; with Ctrl, the picture is moved."),
    ("Space, held", "The picture before alone", "In the pictures that are compared."),
    ("+, -, 0, 1", "Zoom in and out, fit, pixel by pixel", "In the pictures that are compared."),
    ("P, E, F", "Pen, eraser, fill", "On the paper that is drawn on."),
    ("[, ]", "A narrower, a wider brush", "On the paper that is drawn on."),
    ("Delete", "Take the chosen files out of the list", "In the list of files."),
)


class TranslateRoom(TranslateFrame):
    title = "Translate"
    takes_what = "pictures to translate or a translator's file"
    desk: Desk
    choosing: Choosing
    adding: Adding
    previewing: Previewing
    working: Working
    painting: Drawing

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.is_ready = False
        self._folder = ""  # of the results, kept from an earlier session

    # --- the rest, once the window is on the screen ---

    def make_ready(self) -> Iterator[None]:
        yield
        self.draw_icons()
        yield
        self.build_options()
        yield from self.options.furnish()
        yield
        self.build_centre()
        yield
        self.build_sides()
        yield
        self.build_drawing()
        yield
        self._build_parts()
        self._connect()
        self.is_ready = True
        self.said.setText("")
        self.hint.setText(HINT)
        if self._folder:
            self.options.set_folder(Path(self._folder))
        self._offer()
        if self.isVisible():
            self.choosing.read_choices()
        self.working.look_for_unfinished()
        yield

    def _build_parts(self) -> None:
        from .adding import Adding
        from .choosing import Choosing
        from .desk import Desk
        from .drawing import Drawing
        from .previewing import Previewing
        from .working import Working

        self.desk = Desk(self)
        self.desk.failed.connect(self.session.tell)
        self.choosing = Choosing(self, self.desk)
        self.previewing = Previewing(self, self.desk)
        self.adding = Adding(self, self.desk)
        self.working = Working(self, self.desk, self.adding)
        self.painting = Drawing(self, self.desk)

    def _connect(self) -> None:
        self.desk.came.connect(self._translator_came)
        self.choosing.choices_read.connect(self._choices_read)
        self.files.view.chosen.connect(self._file_chosen)
        self.files.queue.counted.connect(self._files_changed)
        self.options.folder_wanted.connect(self._ask_for_folder)
        self.pictures_button.clicked.connect(self._show_page)
        self.draw_button.clicked.connect(self._show_page)
        self.train_button.clicked.connect(self._look_for_preset)
        self.train_button.setEnabled(True)

    def _translator_came(self, _opened: Opened) -> None:
        self._offer()
        path = self.files.view.current_path()
        if path is not None and self.desk.photo is None:
            self._file_chosen(path)

    def _choices_read(self) -> None:
        self.previewing.show_choices(self.choosing.choices)

    def _offer(self) -> None:
        """What can be done now: without a translator files can wait already."""
        there = self.desk.opened is not None
        self.pictures_button.setEnabled(there or bool(self.files.queue.files))
        self.draw_button.setEnabled(there)
        self._show_page()

    def _show_page(self) -> None:
        """What is not seen any more is not translated any more, either."""
        drawn, before = self.draw_button.isChecked(), self.pages.currentWidget()
        page = self.drawing if drawn else self.splitter
        page = page if self.pictures_button.isEnabled() else self.nothing
        self.pages.setCurrentWidget(page)
        if page is self.drawing and page is not before:
            self.previewing.give_up()
            self.painting.translate()
            self.draw.sketch.pad.setFocus()
        elif page is self.splitter and page is not before:
            self.previewing.go_on()

    # --- files ---

    def _files_changed(self) -> None:
        self._offer()
        path = self.files.view.current_path()
        if path is None and self.desk.photo is not None:
            self.previewing.look_away()

    def _file_chosen(self, path: Path) -> None:
        self.previewing.look_at_file(path, self.working.result_of(path))

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose the folder of the results", str(self.options.folder))
        if chosen:
            self.options.set_folder(Path(chosen))

    def _look_for_preset(self) -> None:
        from .reading import preset_that_translates

        self.desk.disk.ask("preset", preset_that_translates, self.session.preset_wanted.emit)

    # --- the keyboard ---

    def deed(self, event: QKeyEvent) -> Callable[[], object] | None:
        if not self.is_ready:
            return None
        if event.matches(QKeySequence.StandardKey.Paste):
            return self.adding.paste
        if event.matches(QKeySequence.StandardKey.Copy):
            return self.copy
        if event.key() == Qt.Key.Key_X and not event.modifiers():
            return self.choosing.turn_round
        return None

    def copy(self) -> None:
        """What is seen of the result; without one, the picture."""
        view = self.draw.result if self.painting.is_seen else self.looks.compare.view
        if view.pictures:
            view.copy(min(view.chosen, len(view.pictures) - 1))
            self.notices.show_notice("The picture is on the clipboard.", seconds=2)

    # --- the window's wishes ---

    def start(self) -> None:
        if self.is_ready:
            self.working.start()

    def start_over(self) -> None:
        """An empty list."""
        if self.is_ready and not self.working.is_working:
            self.files.queue.clear()
            self.draw.sketch.pad.clear()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.is_ready:
            self.choosing.read_choices()
            if not self.working.has_offered:
                self.working.look_for_unfinished()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.is_ready:
            self.working.left()

    def takes(self, path: Path) -> bool:
        """Pictures, translators of other programs, and runs that translate."""
        if path.is_dir():
            return self._takes_run(path) if is_run(path) or is_checkpoint(path) else has_pictures(path)
        if path.suffix.lower() in NETWORKS and path.is_file():
            return self._takes_weights(path)
        return path.suffix.lower() in PICTURES and path.is_file()

    def _takes_weights(self, file: Path) -> bool:
        """Of a translator, or of nobody knows what, which opening it tells; a run's own go with their run."""
        from ...importers.translators import Kind, kind_of

        if is_checkpoint(file.parent):
            return self._takes_run(file.parent)
        return kind_of(file) is not Kind.GENERATOR

    def _takes_run(self, folder: Path) -> bool:
        from ...config import ConfigError
        from ...jobs.translators import choices

        try:
            return bool(choices(folder if is_run(folder) else folder.parent.parent))
        except ConfigError:
            return False

    def take(self, path: Path) -> None:
        self.take_all(path, ())

    def take_all(self, path: Path, others: Sequence[Path]) -> None:
        if not self.is_ready:
            self.notices.show_notice(LOADING, "warning")
        elif is_run(path) or is_checkpoint(path) or path.suffix.lower() in NETWORKS:
            from .reading import opening_of

            self.choosing.open(opening_of(path))
            pictures = [other for other in others if other.suffix.lower() not in NETWORKS and not is_run(other)]
            self.adding.add(pictures)
        else:
            self.pictures_button.setChecked(True)
            self.adding.add([path, *others])

    def take_picture(self, picture: QImage) -> bool:
        if self.is_ready:
            self.adding.add_picture(picture)
        return self.is_ready

    def dragged_over(self, names: Sequence[str]) -> None:
        if self.is_ready:
            self.files.dragged_over(words_for(names))

    def show_subject(self, name: str) -> None:
        self.take(Path(name))

    def palette_entries(self) -> Iterator[Found]:
        if self.is_ready:
            from .reading import opening_of

            for choice in self.choosing.choices:
                yield (
                    f"Translate with: {choice.title}",
                    str(choice.path),
                    partial(self.choosing.open, opening_of(choice.path)),
                )

    def key_entries(self) -> Iterator[Keys]:
        for keys, what, sentence in KEYS:
            yield "Translate", what, keys, sentence

    def save_layout(self) -> list[QByteArray]:
        folder = str(self.options.folder) if self.is_ready else self._folder
        return [*super().save_layout(), QByteArray(folder.encode())]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        super().restore_layout(layout)
        if len(layout) > 1:
            self._folder = bytes(layout[1].data()).decode(errors="replace")

    def leave(self) -> None:
        if self.is_ready:
            self.working.leave()
            self.previewing.leave()
            self.looks.leave()
            self.draw.leave()
            self.options.leave()
            self.desk.leave()


def words_for(names: Sequence[str]) -> str:
    """What dropping them here will do; "" where nothing is held over the window any more."""
    if not names:
        return ""
    pictures = sum(Path(name).suffix.lower() in PICTURES for name in names)
    networks = [name for name in names if Path(name).suffix.lower() in NETWORKS]
    others = len(names) - pictures - len(networks)
    parts = []
    if networks:
        parts.append(f"Translate with {networks[0]}")
    if pictures:
        parts.append(f"Add {pictures:,} picture{'s' if pictures > 1 else ''}")
    if others:
        parts.append(
            f"look through {others:,} folder{'s' if others > 1 else ''} or other file{'s' if others > 1 else ''}"
        )
    words = ", ".join(parts)
    return words[0].upper() + words[1:]
