"""What shows the way when the hand rests: the strips of the sliders, the pictures in the pad; and the pad's blend."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from . import reading
from .choices import Opened
from .frame import ExploreFrame
from .scene import Scene


class Ways(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene = frame, scene
        self._pad_drawn: Any = None  # seeds, truncation, edits and weights of what the pad shows
        frame.directions.seen.connect(scene.rest)
        frame.pad.moved.connect(self.blend)
        frame.pad.corners_changed.connect(scene.rest)
        frame.pad.corners_wanted.connect(self.other_corners)
        scene.came.connect(self._forget)
        scene.rested.connect(self.draw)

    def draw(self) -> None:
        """What is in sight."""
        if self.scene.view and self.frame.isVisible():
            self._draw_strips()
            self._draw_pad()

    def _draw_strips(self) -> None:
        assert self.scene.view
        for row in self.frame.directions.seen_rows():
            base = self.scene.view.edited(row.direction, 0.0)
            if row.drawn != base:
                row.drawn = base
                views = [base.edited(row.direction, amount) for amount in row.amounts]
                ask = partial(reading.drawn, views, self.scene.snapshot)
                self.scene.resting.ask(("strip", row.direction.name), ask, row.show_strip)

    def _draw_pad(self) -> None:
        pad, view = self.frame.pad, self.scene.view
        assert view
        wanted = (tuple(pad.seeds()), view.psi, view.edits, view.sha256)
        if wanted != self._pad_drawn:
            self._pad_drawn = wanted
            ask = partial(reading.blends, view, pad.seeds(), self.scene.snapshot)
            self.scene.resting.ask("pad", ask, pad.square.show_pictures)

    def _forget(self, _found: Opened, is_other: bool) -> None:
        self.frame.directions.forget_strips()
        if is_other:
            self.frame.pad.set_seeds([0, 1, 2, 3])
            self.frame.pad.square.clear()

    # --- the user ---

    def blend(self, x: float, y: float) -> None:
        if view := self.scene.view:
            seeds = self.frame.pad.seeds()
            self.scene.show_view(reading.blended(view, seeds, x, y, self.scene.snapshot), "pad")

    def other_corners(self) -> None:
        self.frame.pad.set_seeds([random.randrange(100_000) for _ in range(4)])
        self.scene.rest()
