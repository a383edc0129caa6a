"""A picture from elsewhere: the latent whose picture is most like it, searched for in the picture's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PySide6.QtCore import QObject

from ...jobs.invert import Found
from ..computing import Stream
from .frame import ExploreFrame
from .reading import inverting
from .scene import Scene


class Searching(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene = frame, scene
        self._near: Found | None = None
        self.stream = Stream(self)
        self.stream.told.connect(self._told)
        self.stream.failed.connect(scene.failed)
        self.stream.ended.connect(self._ended)
        frame.search_stop.clicked.connect(self.stop)
        scene.moving.connect(self.stop)

    def stop(self) -> None:
        """The nearest so far is taken."""
        self.stream.stop()

    def leave(self) -> None:
        self._near = None
        self.stream.stop()

    def search(self, path: Path) -> None:
        if self.scene.opened is None:
            self.frame.notices.show_notice(
                f"Open a run first, then drop {path.name}: it is searched for there.", "warning"
            )
            return
        self._near = None
        self.frame.search_row.show()
        self.frame.search_bar.setRange(0, 0)
        self.frame.search_said.setText(f"Searching for {path.name}")
        self.stream.start(inverting(path, self.scene.snapshot))

    def _told(self, mail: list[Any]) -> None:
        near = self._near = mail[-1]
        self.frame.search_bar.setRange(0, near.steps)
        self.frame.search_bar.setValue(near.step)
        self.frame.search_said.setText(f"The nearest so far is {near.error:.0f} of 255 away")
        self.scene.cover()
        self.frame.picture.show_images(near.picture[None])
        self.frame.picture.set_caption(f"Step {near.step:,} of {near.steps:,}")

    def _ended(self) -> None:
        self.frame.search_row.hide()
        near, self._near = self._near, None
        if near is not None and self.scene.view:
            self.scene.show_view(self.scene.view.at(torch.from_numpy(near.z)))
