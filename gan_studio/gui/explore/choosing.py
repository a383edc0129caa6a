"""The classes of a network that has some: chosen and blended, beside the seed."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ...classes import Shares
from ...jobs.explore import View, shares
from .choices import Opened
from .frame import ExploreFrame
from .scene import Scene


class Choosing(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.scene, self.bar = scene, frame.seeds.classes
        self.bar.wanted.connect(self.choose)
        scene.came.connect(self._show_network)
        scene.moved.connect(self._show_view)

    def choose(self, chosen: Shares, kind: str = "") -> None:
        if view := self.scene.view:
            self.scene.show_view(view.of_classes(chosen), kind)

    def _show_network(self, opened: Opened, _is_other: bool) -> None:
        self.bar.show_classes(opened.snapshot.classes)

    def _show_view(self, view: View, _kind: str) -> None:
        if self.scene.snapshot.classes:
            self.bar.show_shares(view.classes, shares(view, self.scene.snapshot))
