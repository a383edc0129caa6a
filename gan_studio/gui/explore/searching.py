"""A picture from elsewhere: the latent whose picture is most like it, searched for in the picture's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from ...jobs.encoder import Encoding
from ...jobs.invert import FEATURE_WEIGHT, Found, Inversion
from ...progress import Pace, Progress
from ..computing import Stream
from ..train.dropped import PICTURES
from .frame import ExploreFrame
from .reading import Wanted, inverting
from .scene import Scene


class Searching(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene, self.row = frame, scene, frame.search_row
        self._path: Path | None = None  # of what is searched for
        self._near: Found | None = None
        self._pace = Pace()
        self.stream = Stream(self)
        self.stream.told.connect(self._told)
        self.stream.failed.connect(scene.failed)
        self.stream.ended.connect(self._ended)
        self.row.stop_wanted.connect(self.stop)
        self.row.again_wanted.connect(self._again)
        self.row.options_changed.connect(self._other_options)
        frame.open_menu.addAction("A &picture, to search for it…", self.ask_for_picture)
        scene.moving.connect(self._give_way)
        scene.came.connect(self._forget)

    def stop(self) -> None:
        """The nearest so far is taken."""
        self.stream.stop()

    def leave(self) -> None:
        self._near = None
        self.stream.stop()

    def ask_for_picture(self) -> None:
        endings = " ".join(f"*{ending}" for ending in sorted(PICTURES))
        chosen, _ = QFileDialog.getOpenFileName(
            self.frame, "Search for a picture", str(Path.home()), f"Pictures ({endings})"
        )
        if chosen:
            self.search(Path(chosen))

    def search(self, path: Path) -> None:
        if self.scene.view is None:
            self.frame.notices.show_notice(
                f"Open a run first, then drop {path.name}: it is searched for there.", "warning"
            )
            return
        self._path, self._near, self._pace = path, None, Pace()
        self.row.begin(f"Searching for {path.name}")
        how = Inversion(feature_weight=FEATURE_WEIGHT if self.row.features.isChecked() else 0.0)
        encoding = Encoding() if self.row.encoder.isChecked() else None
        self.stream.start(inverting(path, self.scene.view, self.scene.snapshot, how, encoding))

    def _again(self) -> None:
        assert self._path
        self.search(self._path)

    def _other_options(self) -> None:
        """Of a search that is under way: it begins again with them."""
        if self.stream.is_running:
            self._again()

    # --- what the search tells ---

    def _told(self, mail: list[Any]) -> None:
        for event in mail[:-1]:
            if isinstance(event, Wanted):
                self.row.show_wanted(event.picture)
        match mail[-1]:
            case Wanted(picture):
                self.row.show_wanted(picture)
            case Progress() as progress:
                self.row.show_progress(progress.done, progress.total, self._pace.told(progress), trains=True)
            case Found() as near:
                self._show_near(near)

    def _show_near(self, near: Found) -> None:
        self._near = near
        self.row.show_progress(near.step, near.steps, f"The nearest so far is {_away(near)}.", trains=False)
        self.scene.cover()
        self.frame.picture.show_images(near.picture[None])
        self.frame.picture.set_caption(f"Step {near.step:,} of {near.steps:,}")

    def _ended(self) -> None:
        near, self._near = self._near, None
        if near is None:
            self.row.hide()
        elif self.scene.view:
            self.row.end(f"The nearest that was found is {_away(near)}, compared by {near.compared_by}.")
            self.scene.show_view(self.scene.view.at(torch.from_numpy(near.z)))

    # --- what else happens ---

    def _give_way(self) -> None:
        """To the picture, where it is covered; an encoder goes on training beside it."""
        if self._near is not None:
            self.stop()

    def _forget(self, _found: object, _is_other: bool) -> None:
        self.stream.stop()
        self.row.hide()


def _away(near: Found) -> str:
    return f"{near.error:.1f} of 255 away" if near.error < 9.95 else f"{near.error:.0f} of 255 away"
