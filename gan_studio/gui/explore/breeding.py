"""The family of the picture: drawn when the hand rests; whoever is picked becomes the picture."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from torch import Tensor

from ...jobs.explore import View, at_input, inputs, latent_from_text, read_recipe
from ...jobs.family import Family, Kinship, family
from ...jobs.snapshots import Snapshot
from ..computing import attempted
from .choices import Opened
from .family import ParentBox
from .frame import ExploreFrame
from .scene import Scene


class Breeding(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene, self.panel = frame, scene, frame.family
        self._drawn: Kinship | None = None
        self.panel.changed.connect(self._ask_anew)
        self.panel.picked.connect(self._take)
        self.panel.paste_wanted.connect(self._paste)
        self.panel.dropped.connect(self._read)
        frame.walks.changed.connect(self._show_keys)
        scene.came.connect(self._forget)
        scene.rested.connect(self.draw)

    def _ask_anew(self) -> None:
        """What is being drawn is of another form."""
        self.scene.resting.forget("family")
        self._drawn = None
        self.scene.rest()

    def draw(self) -> None:
        view = self.scene.view
        if view is None or not self.panel.isVisible():
            return
        kinship = self.panel.kinship(view)
        if kinship != self._drawn or self.panel.family is None:
            self._drawn = kinship
            ask = partial(attempted, partial(family, kinship, self.scene.snapshot))
            self.scene.resting.ask("family", ask, self._show)

    def _show(self, found: Family | Exception) -> None:
        self.panel.show_family(found)

    def _take(self, row: Tensor) -> None:
        if self.scene.view:
            self.scene.show_view(at_input(self.scene.view, row, self.scene.snapshot))

    def _show_keys(self) -> None:
        self.panel.show_keys(self.frame.walks.views())
        self.scene.rest()

    def _forget(self, _found: Opened, _is_other: bool) -> None:
        self._drawn = None

    # --- parents from elsewhere ---

    def _paste(self, box: ParentBox) -> None:
        view = self.scene.view
        if view is None:
            return box.refuse()
        z = attempted(partial(latent_from_text, QApplication.clipboard().text(), self.scene.snapshot.z_dim))
        if isinstance(z, Exception):
            box.refuse()
            self.frame.notices.show_notice(str(z), "warning")
        else:
            box.hold(view.at(z), "Pasted latent")

    def _read(self, box: ParentBox, path: Path) -> None:
        if self.scene.view:
            ask = partial(attempted, partial(parent_in, path, self.scene.view, self.scene.snapshot))
            self.scene.disk.ask("parent", ask, partial(self._have_read, box, path))

    def _have_read(self, box: ParentBox, path: Path, found: View | Exception) -> None:
        if isinstance(found, Exception):
            self.frame.notices.show_notice(str(found), "warning")
        else:
            box.hold(found, path.name)


def parent_in(path: Path, here: View, snapshot: Snapshot) -> View:
    """The latent in a picture of ours, and its classes, for the weights that are open. Raises ConfigError."""
    return at_input(here, inputs([read_recipe(path).view], snapshot)[0], snapshot)
