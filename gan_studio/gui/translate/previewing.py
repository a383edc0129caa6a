"""What becomes of the picture that is chosen, before anything is written: on a thread, the newest wish wins."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QComboBox

from ...config import ConfigError
from ..widgets.compare import Shown
from . import reading
from .desk import Desk
from .frame import TranslateFrame
from .looks import BY_ID, LOOKS, Look, Question, Seen, Ticket, shown
from .reading import Opened, Photo, attempted

POLL_MS = 100  # how often one asks how far a preview is
REST_MS = 120  # without a change, before a part that is dragged is tried out


class Previewing(QObject):
    answered = Signal()  # what is shown is what was asked

    def __init__(self, frame: TranslateFrame, desk: Desk):
        super().__init__(frame)
        self.frame, self.desk = frame, desk
        self.look: Look = LOOKS[0]
        self.seen: Seen | None = None  # that is shown, once it is there
        self.written: Path | None = None  # a result that is shown instead, as the file is done
        self._others: dict[Path, Opened] = {}  # networks beside the chosen one
        self._all_taken = False  # the whole picture is tried out, and no part
        self._own_mode = frame.looks.compare.view.mode.id  # of comparing, that the user chose
        self.is_fresh = False  # what is shown is what was asked last
        self._ticket = Ticket()
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_progress)
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.refresh)
        desk.networks.failed.connect(self._end_progress)
        desk.came.connect(self._translator_came)
        desk.looked_at.connect(self._photo_came)
        frame.looks.look_chosen.connect(self.set_look)
        frame.looks.others_chosen.connect(self._others_chosen)
        frame.options.part_moved.connect(self._part_moved)
        frame.options.part_resized.connect(self._part_resized)
        frame.options.changed.connect(self._options_changed)

    # --- what is asked ---

    def set_look(self, id: str) -> None:
        """In the way of comparing that shows it best; that which the user chose comes back afterwards."""
        view, before, self.look = self.frame.looks.compare.view, self.look, BY_ID[id]
        if not before.mode:
            self._own_mode = view.mode.id
        view.set_mode(self.look.mode or self._own_mode)
        self.frame.looks.show_look(self.look)
        self.refresh()

    def look_at_file(self, path: Path, written: Path | None = None) -> None:
        """What was written of it is shown where it is done."""
        self.give_up()
        self.written = written
        self.desk.disk.ask("photo", partial(attempted, partial(reading.photo, path)), self._photo_read)

    def look_away(self) -> None:
        """Nothing is chosen any more."""
        self.desk.disk.forget("photo")
        self.give_up()
        self.written = None
        self.desk.look_at(None)

    def _photo_read(self, found: Photo | Exception) -> None:
        if isinstance(found, Exception):
            self.desk.photo = None
            self.frame.options.part.hide()
            self.frame.looks.compare.clear(str(found))
        else:
            self.desk.look_at(found)

    def _photo_came(self, photo: Photo | None) -> None:
        self.seen = None
        if photo is None:
            self.frame.options.part.hide()
            self.frame.looks.compare.clear(self.frame.looks.nothing)
        else:
            self.frame.options.show_photo(photo)
            self._show_before(fit=True)
            self.refresh()

    def _show_before(self, fit: bool) -> None:
        assert self.desk.photo
        self.frame.looks.compare.show_pictures([Shown("Before", shown(self._cut()))], self.desk.photo.path.name, fit)

    def _translator_came(self, opened: Opened) -> None:
        self.written = None
        one_way = "" if opened.back else "This translator knows one direction only."
        self.frame.looks.offer({look.id: one_way if look.needs_back else "" for look in LOOKS})
        if one_way and self.look.needs_back:
            self.set_look(LOOKS[0].id)
        else:
            self.refresh()

    # --- the part that is tried out ---

    def _options_changed(self) -> None:
        """Whether parts can be tried out is among them."""
        if self.desk.photo and self.frame.options.takes_all() != self._all_taken:
            self.frame.options.show_photo(self.desk.photo)
            self._show_before(fit=True)
        self._all_taken = self.frame.options.takes_all()
        self.refresh()

    def _part_resized(self) -> None:
        if self.desk.photo:
            self.frame.options.show_photo(self.desk.photo)
            self._part_moved()

    def _part_moved(self) -> None:
        if self.desk.photo:
            self.written = None
            self.give_up()
            self._show_before(fit=False)
            self._rest.start()

    def _cut(self) -> reading.Picture:
        assert self.desk.photo
        picture, options = self.desk.photo.picture, self.frame.options
        return picture if options.takes_all() else reading.cut(picture, options.navigator.box)

    # --- networks beside the chosen one ---

    def show_choices(self, choices: list[reading.Choice]) -> None:
        self.frame.looks.show_others([(choice.title, choice.path) for choice in choices])

    def _others_chosen(self) -> None:
        """Open what is not open yet, then look."""
        for path in self._wanted_others():
            if path not in self._others:
                read = partial(attempted, partial(reading.opened, reading.opening_of(path)))
                self.desk.disk.ask(("other", path), read, partial(self._other_opened, path))
        self.refresh()

    def _other_opened(self, path: Path, found: Opened | Exception) -> None:
        if isinstance(found, Exception):
            self.frame.notices.show_notice(str(found), "error")
            for box in self._boxes():
                if box.currentData() == path:
                    box.setCurrentIndex(0)
        else:
            self._others[path] = found
        self.refresh()

    def _boxes(self) -> list[QComboBox]:
        return self.frame.looks.others

    def _wanted_others(self) -> list[Path]:
        return list(dict.fromkeys(box.currentData() for box in self._boxes() if box.currentData()))

    # --- the answer ---

    def refresh(self) -> None:
        """Ask anew, as something changed."""
        opened, photo = self.desk.opened, self.desk.photo
        self.give_up()
        self.is_fresh = False
        if opened is None or photo is None:
            return
        if self.written and self.look is LOOKS[0]:
            read = partial(attempted, partial(reading.photo, self.written))
            self.desk.disk.ask("written", read, self._show_written)
            return
        try:
            question = self._question(opened)
        except ConfigError:
            return  # the form says it
        self._ticket = ticket = Ticket()
        self._poll.start()
        see = partial(attempted, partial(self.look.see, question, ticket))
        self.desk.networks.ask("preview", see, self._show)

    def _question(self, opened: Opened) -> Question:
        there = opened.translator
        others = [(opened.choice.title, there)]
        others += [
            (one.choice.title, one.translator) for path in self._wanted_others() if (one := self._others.get(path))
        ]
        return Question(self._cut(), there, self.frame.options.manner(), opened.back, tuple(others))

    def go_on(self) -> None:
        """The pictures are seen again: what was given up is asked anew."""
        if not self.is_fresh:
            self.refresh()

    def give_up(self) -> None:
        """Nobody waits for the last one any more; it ends at its next piece."""
        self._ticket.is_void = True
        self._rest.stop()
        self._end_progress()
        self.desk.networks.forget("preview")
        self.desk.disk.forget("written")

    def _end_progress(self) -> None:
        self._poll.stop()
        self.frame.looks.show_progress(None)

    def _show(self, found: Seen | Exception | None) -> None:
        self._end_progress()
        self.is_fresh = True
        if isinstance(found, Exception):
            self.frame.looks.say(str(found))
        elif found is not None:
            self._show_seen(found)
        self.answered.emit()

    def _show_seen(self, found: Seen) -> None:
        self.seen = found
        self.frame.looks.say(found.sentence)
        pictures = [Shown(name, pixels) for name, pixels in found.pictures]
        self.frame.looks.compare.show_pictures(pictures, found.caption)

    def _show_written(self, found: Photo | Exception) -> None:
        if isinstance(found, Exception):  # it was moved or deleted meanwhile
            self.written = None
            self.refresh()
            return
        assert self.desk.photo
        before, after = shown(self.desk.photo.picture), shown(found.picture)
        self.is_fresh = True
        self._show_seen(Seen((("Before", before), ("Written", after)), f"Written: {found.path}"))
        self.answered.emit()

    def _show_progress(self) -> None:
        self.frame.looks.show_progress(self._ticket.share)

    def leave(self) -> None:
        self.give_up()
