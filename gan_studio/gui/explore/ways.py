"""What shows the way when the hand rests: the strips of the sliders, the pictures in the pad; and moving in the pad."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from ...jobs.explore import View, shares
from . import reading
from .choices import Opened
from .direction_row import DirectionRow
from .frame import ExploreFrame
from .scene import Scene


class Ways(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene = frame, scene
        self._pad_drawn: Any = None  # the source of what the pad shows, its key, and the classes that are drawn
        frame.directions.seen.connect(scene.rest)
        frame.directions.listed.connect(frame.pad.show_directions)
        frame.pad.moved.connect(self.move)
        frame.pad.changed.connect(self._pad_changed)
        frame.picture.dragged.connect(frame.pad.square.move_by)
        scene.moved.connect(self._show_place)
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
                self.scene.resting.ask(("strip", row.direction.name), ask, partial(self._show_strip, row))

    def _show_strip(self, row: DirectionRow, pictures: np.ndarray) -> None:
        if self.frame.directions.rows.get(row.direction.name) is row:  # others may have taken its place meanwhile
            row.show_strip(pictures)

    def _draw_pad(self) -> None:
        pad, view, snapshot = self.frame.pad, self.scene.view, self.scene.snapshot
        assert view
        wanted = pad.source, pad.source.key(view), shares(view, snapshot)
        if wanted != self._pad_drawn and pad.square.isVisible():
            self._pad_drawn = wanted
            self.scene.resting.ask("pad", pad.source.drawing(view, snapshot), pad.square.show_pictures)

    def _forget(self, _found: Opened, is_other: bool) -> None:
        self.frame.directions.forget_strips()
        if is_other:
            self._pad_drawn = None
            self.frame.pad.corners.set_seeds([0, 1, 2, 3])
            self.frame.pad.square.clear()

    # --- the user ---

    def move(self, x: float, y: float) -> None:
        if view := self.scene.view:
            found = self.frame.pad.source.at((x, y), view, self.scene.snapshot)
            self.scene.move_to(found, "pad")

    def _pad_changed(self) -> None:
        self.scene.rest()
        if self.scene.view:
            self.frame.pad.show_view(self.scene.view)

    def _show_place(self, view: View, _kind: str) -> None:
        self.frame.pad.show_view(view)
