"""The Explore tab: open what a run has learnt, and walk through what it can draw.

Each part has a file: `frame` (the widgets), `opening` (what is opened, and following it), `ways` (strips and pad),
`choosing` (classes), `finding` (directions), `breeding` (relatives), `playing` (key-frames, walks, films), `comparing`
(training pictures and D), `searching` (a picture from elsewhere), `seeking` (weights that have moved), `looking`
(inside the network), `keeping` (the clipboard and files), `presets` (views by name). They share a `Scene`, what the tab
is about: whoever moves shows it another view, and who shows something listens to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShowEvent

from ..commands import Commands
from ..room import LOADING, Found, Keys
from ..session import Session
from ..train.dropped import PICTURES, is_checkpoint, is_run
from ..worker import end_all
from .frame import HINT, SAVE_ONE, ExploreFrame

if TYPE_CHECKING:
    import numpy as np

    from ...jobs.explore import View
    from ..widgets.notice import Notices
    from .breeding import Breeding
    from .choices import Opened
    from .choosing import Choosing
    from .comparing import Comparing
    from .finding import DirectionFinding
    from .keeping import Keeping
    from .looking import Looking
    from .opening import Opening
    from .playing import Playing
    from .presets import Presets
    from .scene import Scene
    from .searching import Searching
    from .seeking import Seeking
    from .ways import Ways

KEYS = (
    ("Page Up, Page Down", "The seed before, the next seed", "Wherever the keyboard is in the tab."),
    ("R", "A seed by chance", "Wherever the keyboard is in the tab, but in a field."),
    ("K", "Add the view to the key-frames", "Wherever the keyboard is in the tab, but in a field."),
    ("Ctrl+C, Ctrl+V", "Copy and paste the latent", "As a list of numbers."),
    ("Ctrl+Z, Ctrl+Shift+Z", "Undo and redo", "Of the whole view."),
    ("Arrow keys", "Move in the pad", "In the pad or on the picture; with Shift in large steps."),
    ("Space", "Play the walk, or pause it", "On the line of the walk."),
)
SAVE_SEVERAL = "Write all these pictures: as a contact sheet, a folder of PNGs, a page, a PDF or a data set."
PATIENCE_S = 2.0  # a closing window waits so long for what is being read, looked for and written
NOTHING_OPEN = "Open a run in the Explore tab first."


class ExploreRoom(ExploreFrame):
    title = "Explore"
    takes_what = "a picture that was saved here, or a generator's file of another program"
    scene: Scene
    opening: Opening
    presets: Presets
    ways: Ways
    choosing: Choosing
    finding: DirectionFinding
    breeding: Breeding
    playing: Playing
    comparing: Comparing
    searching: Searching
    seeking: Seeking
    looking: Looking
    keeping: Keeping

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self._is_ready = False
        for id in ("export_picture", "export_walk"):
            commands.allow(id, LOADING)

    # --- the rest, once the window is on the screen ---

    def make_ready(self) -> Iterator[None]:
        yield
        self.draw_icons()
        yield
        self.build_centre()
        yield
        self.build_sides()
        yield
        self._make_parts()
        yield
        self._connect()
        self._is_ready = True
        self.said.setText("")
        self.hint.setText(HINT)
        self._offer()
        self.presets.read()
        if self.isVisible():
            self.opening.read_choices()
        yield

    def _make_parts(self) -> None:
        from .breeding import Breeding
        from .choosing import Choosing
        from .comparing import Comparing
        from .finding import DirectionFinding
        from .keeping import Keeping
        from .looking import Looking
        from .opening import Opening
        from .playing import Playing
        from .presets import Presets
        from .scene import Scene
        from .searching import Searching
        from .seeking import Seeking
        from .ways import Ways

        self.scene = Scene(self)
        self.finding = DirectionFinding(self, self.scene)
        self.ways = Ways(self, self.scene)
        self.breeding = Breeding(self, self.scene)
        self.choosing = Choosing(self, self.scene)
        self.playing = Playing(self, self.scene)
        self.comparing = Comparing(self, self.scene)
        self.seeking = Seeking(self, self.scene)
        self.looking = Looking(self, self.scene)
        self.keeping = Keeping(self, self.scene)
        self.opening = Opening(self, self.scene)
        self.presets = Presets(self, self.scene, self.opening)
        self.searching = Searching(self, self.scene)

    def _connect(self) -> None:
        scene = self.scene
        scene.failed.connect(self.session.tell)
        scene.refused.connect(self._refused)
        scene.moved.connect(self._show_view)
        scene.all_drawn.connect(self._show_pictures)
        scene.drawing_told.connect(self.picture.set_corner)
        self.undo_button.clicked.connect(scene.undo)
        self.redo_button.clicked.connect(scene.redo)
        self.seeds.seed_wanted.connect(scene.go_to_seed)
        self.seeds.count_wanted.connect(scene.show_many)
        self.picture.picked.connect(scene.show_one)
        self.seeds.chance_wanted.connect(scene.go_anywhere)
        self.seeds.truncation_wanted.connect(scene.truncate)
        self.directions.edited.connect(scene.edit)
        self.directions.reset_wanted.connect(scene.reset)
        self.smooth.toggled.connect(self.picture.set_smooth)
        self.picture.set_smooth(self.smooth.isChecked())
        self.opening.choices_read.connect(self._offer)
        self.opening.opened.connect(self.finding.find_some)
        self.opening.search_wanted.connect(self.searching.search)
        self.opening.lost.connect(self.seeking.offer)
        self.comparing.met.connect(self.looking.compare_with)
        self.playing.offered.connect(self._offer)
        self.commands.on("export_picture", self.keeping.save)
        self.commands.on("export_walk", self.playing.export_walk)

    # --- what is shown ---

    @property
    def opened(self) -> Opened | None:
        return self.scene.opened if self._is_ready else None

    @property
    def view(self) -> View | None:
        return self.scene.view if self._is_ready else None

    @property
    def shown(self) -> np.ndarray | None:
        """The picture of the view, once it is drawn."""
        return self.scene.picture if self._is_ready else None

    def _show_view(self, view: View, kind: str) -> None:
        self.seeds.show_view(view, self.scene.count)
        self.directions.show_view(view)
        self._offer()

    def _show_pictures(self, view: View, pictures: np.ndarray) -> None:
        from ...jobs.explore import shares
        from .scene import caption

        told = shares(view, self.scene.snapshot) if view.classes or len(pictures) == 1 else ()  # else each has its own
        self.picture.show_images(pictures)
        self.picture.set_names([f"Seed {view.seed + place:,}" for place in range(len(pictures))])
        self.picture.set_caption(caption(view, pictures, told))

    def _refused(self, sentence: str) -> None:
        self.notices.show_notice(sentence, "warning")
        if self.view:
            self.directions.show_view(self.view)

    def _offer(self) -> None:
        """What can be done now."""
        there, past = self.view is not None, self.scene.past
        for widget in (
            self.smooth,
            self.about_button,
            self.copy_button,
            self.paste_button,
            self.gallery_button,
            self.save_button,
        ):
            widget.setEnabled(there)
        several = there and len(self.scene.seeds()) > 1
        self.save_button.setToolTip(SAVE_SEVERAL if several else SAVE_ONE)
        self.save_button.setAccessibleName("Save the pictures" if several else "Save the picture")
        self._offer_weights()
        self.undo_button.setEnabled(past.can_go_back)
        self.redo_button.setEnabled(past.can_go_forth)
        self.runs.setEnabled(bool(self.opening.listed()))
        self.commands.allow("export_picture", "" if there else NOTHING_OPEN)
        self.commands.allow("export_walk", self.walks.why_not() if there else NOTHING_OPEN)
        self.pages.setCurrentIndex(1 if there else 0)

    def _offer_weights(self) -> None:
        """Which steps and weights there are beside those that are shown."""
        opened = self.opened
        alone = opened.choice.why_not_on if opened else NOTHING_OPEN
        average = "" if opened and opened.has_average else "These weights have no running average beside them."
        for widget, reason in ((self.steps, alone), (self.follow, alone), (self.raw, alone or average)):
            self.allow(widget, reason)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_ready:
            self.opening.show()
            self.scene.rest()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._is_ready:
            self.opening.rest()
            self.playing.pause()

    # --- the keyboard ---

    def deed(self, event: QKeyEvent) -> Callable[[], object] | None:
        if self.view is None:
            return None
        standard = QKeySequence.StandardKey
        for key, deed in (
            (standard.Undo, self.scene.undo),
            (standard.Redo, self.scene.redo),
            (standard.Copy, self.keeping.copy_latent),
            (standard.Paste, self.keeping.paste),
        ):
            if event.matches(key):
                return deed
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        plain: dict[int, Callable[[], object]] = {
            Qt.Key.Key_PageUp: partial(self.seeds.go_by, -1),
            Qt.Key.Key_PageDown: partial(self.seeds.go_by, 1),
            Qt.Key.Key_R: self.scene.go_anywhere,
            Qt.Key.Key_K: self.playing.add_key,
        }
        return plain.get(event.key())

    # --- the window's wishes ---

    def takes(self, path: Path) -> bool:
        return is_run(path) or is_checkpoint(path) or self._takes_file(path)

    def _takes_file(self, path: Path) -> bool:
        """A generator; a picture of ours or its recipe; any picture where it can be searched for."""
        from .choices import has_recipe, may_be_explored

        if may_be_explored(path):
            return True
        if path.suffix.lower() == ".json":
            return path.with_suffix(".png").is_file() and path.is_file()
        return path.suffix.lower() in PICTURES and path.is_file() and (self.opened is not None or has_recipe(path))

    def take(self, path: Path) -> None:
        if self._is_ready:
            self.opening.take(path)
        else:
            self.notices.show_notice(LOADING, "warning")

    def show_subject(self, name: str) -> None:
        if self.takes(Path(name)):
            self.take(Path(name))

    def palette_entries(self) -> Iterator[Found]:
        for choice in self.opening.choices:
            yield f"Explore: {choice.title}", choice.name, partial(self.opening.open_choice, choice)
        for preset in self.presets.known:
            yield f"Explore preset: {preset.name}", preset.view.run, partial(self.presets.open, preset)

    def key_entries(self) -> Iterator[Keys]:
        for keys, what, sentence in KEYS:
            yield "Explore", what, keys, sentence

    def leave(self) -> None:
        if self._is_ready:
            for part in (
                self.opening,
                self.playing,
                self.finding,
                self.comparing,
                self.searching,
                self.seeking,
                self.keeping,
            ):
                part.leave()
            self.scene.leave()
            end_all(self, PATIENCE_S)  # the streams of the parts, which have been stopped
