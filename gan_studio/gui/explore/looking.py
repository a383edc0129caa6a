"""What happens inside the network for this picture: read on a thread when the hand rests and the panel is open."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject

from . import reading
from .choices import Opened
from .frame import ExploreFrame
from .reading import Looked, Own
from .scene import Scene


class Looking(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.scene, self.panel, self.fold = scene, frame.inside, frame.inside_fold
        self._own: Own | None = None  # one copy of the network a snapshot, to look into
        self._usual: np.ndarray | None = None  # radial power of the training pictures
        self._looked: Looked | None = None
        self.fold.opened.connect(self.look)
        self.panel.layer_wanted.connect(self.look)
        scene.came.connect(self._show_network)
        scene.rested.connect(self.look)

    def look(self) -> None:
        if self._own and self.scene.view and self.panel.isVisible():
            ask = partial(reading.looked_inside, self._own, self.scene.view, self.panel.layer)
            self.scene.resting.ask("inside", ask, self._show)

    def compare_with(self, usual: np.ndarray | None) -> None:
        """The curve of the training pictures, once they are read; None where they are not any more."""
        self._usual = usual
        if self._looked:
            self._show(self._looked)

    def _show_network(self, found: Opened, is_other: bool) -> None:
        self._own, self._looked = Own(found.snapshot), None
        if is_other:
            self.panel.clear()

    def _show(self, looked: Looked) -> None:
        self._looked = looked
        self.panel.show_layers(looked.layers, looked.inside.layer)
        self.panel.show_inside(looked.inside, of_first=len(self.scene.seeds()) > 1)
        self.panel.show_spectrum(looked.spectrum, self._usual)
