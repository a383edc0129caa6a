"""Key-frames, the walk through them as it is played in the picture's place, and the film it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog
from torch import Tensor

from ...jobs.events import Exported
from ...jobs.explore import View, at_input, latents, render
from ...jobs.snapshots import Snapshot
from ...jobs.timelapse import FORMATS
from ...jobs.walk import Walk, export_walk, key_places, through
from ..computing import Stream, attempted
from .choices import Opened
from .frame import ExploreFrame
from .player import Player
from .scene import Scene
from .walk_bar import valid


class Playing(QObject):
    offered = Signal()  # what can be done with the walk is another than it was

    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene, self.walks = frame, scene, frame.walks
        self._way: Way | None = None
        self._is_wanted = False  # it is to play as soon as there is a way
        self.player = Player(self)
        self.stream = Stream(self)  # writes films
        self._connect()

    def _connect(self) -> None:
        self.stream.told.connect(self._writer_told)
        self.stream.failed.connect(self.scene.failed)
        self.stream.ended.connect(self.walks.end_progress)
        self.walks.add_wanted.connect(self.add_key)
        self.walks.opened.connect(self.scene.show_view)
        self.walks.play_wanted.connect(self._play)
        self.walks.changed.connect(self._walk_changed)
        self.walks.export_wanted.connect(self.export_walk)
        self.walks.cancel_wanted.connect(self.stream.stop)
        self.walks.scrub.scrubbed.connect(self._scrub)
        self.walks.scrub.speed_changed.connect(self.player.set_speed)
        self.player.due.connect(self._draw_frame)
        self.player.ended.connect(self._end)
        self._of_view = self.frame.gallery_menu.addAction("Of this &view, at other seeds", self.gallery_of_view)
        self._of_walk = self.frame.gallery_menu.addAction("Of the &walk", self.gallery_of_walk)
        self.frame.gallery_menu.aboutToShow.connect(self._offer_gallery)
        self.scene.moving.connect(self.stop)
        self.scene.moved.connect(self._show_whether_here)
        self.scene.came.connect(self._forget)

    def leave(self) -> None:
        self.player.stop()
        self.stream.stop()

    def _forget(self, _found: Opened, is_other: bool) -> None:
        if is_other:
            self.stream.stop()
            self.walks.clear()
        self._lay_out()

    # --- key-frames ---

    def add_key(self) -> None:
        self.pause()
        if view := self.scene.view:
            number = self.walks.add(view)
            ask = partial(render, view, self.scene.snapshot)
            self.scene.resting.ask(("key", number), ask, partial(self.walks.show_thumbnail, number))

    def _walk_changed(self) -> None:
        self.offered.emit()
        self._lay_out()

    def _lay_out(self) -> None:
        """The way through the key-frames as they are now; one that is played goes on."""
        walk = valid(self.walks)
        if walk is None or self.walks.why_not() or self.scene.opened is None:
            self.stop()
            self._way = None
            self.player.set_walk(0, 1.0, False)
            self.scene.resting.forget("way")
        else:
            ask = partial(attempted, partial(laid_out, self.walks.views(), walk, self.scene.snapshot))
            self.scene.resting.ask("way", ask, self._laid_out)

    def _laid_out(self, found: Way | Exception) -> None:
        if isinstance(found, Exception):
            self.stop()
            self.frame.notices.show_notice(str(found), "warning")
            return
        self._way, walk = found, found.walk
        self.walks.scrub.show_walk(len(found.rows), found.places, walk.frames_per_second)
        self.player.set_walk(len(found.rows), walk.frames_per_second, walk.loop or walk.way == "circle")
        if self._is_wanted:
            self._begin()
        elif self.scene.view:
            self._show_whether_here(self.scene.view)

    # --- in the Gallery tab ---

    def _offer_gallery(self) -> None:
        why_not = self.walks.why_not()
        self._of_walk.setEnabled(not why_not)
        self._of_walk.setToolTip(why_not or "Its pictures, as many as the walk has frames.")
        self._of_view.setToolTip("The same edits and truncation; the seeds that follow this one.")

    def gallery_of_view(self) -> None:
        if view := self.scene.view:
            self.frame.session.gallery_wanted.emit((view,), None)

    def gallery_of_walk(self) -> None:
        if not self.walks.why_not():
            self.frame.session.gallery_wanted.emit(tuple(self.walks.views()), valid(self.walks))

    # --- in the picture's place ---

    def stop(self) -> None:
        """Something else is to be shown."""
        self._is_wanted = False
        self.player.stop()
        self.walks.set_playing(False)

    def pause(self) -> None:
        """The frame that is shown stays, as the view: what one sees is what all tools work on."""
        if self.player.is_playing:
            self.player.stop()
            self._take(self.player.frame)
        self.stop()

    def _end(self) -> None:
        self._take(self.player.frame)
        self.stop()

    def _play(self, on: bool) -> None:
        if not on:
            self.pause()
        elif self._way is None:
            self._is_wanted = True  # it is being laid out
        else:
            self._begin()

    def _begin(self) -> None:
        self._is_wanted = False
        if not self.player.is_playing:
            self.scene.cover()
            self.player.go_to(self.walks.scrub.frame)
            self.player.start()

    def _draw_frame(self, frame: int) -> None:
        """A slow network leaves some out."""
        assert self._way is not None
        self.walks.scrub.show_frame(frame)
        self.walks.scrub.track.set_here(True)
        rows = self._way.rows[frame : frame + 1]
        self.scene.drawing.ask(self.scene.sketch(rows), partial(self._show_frame, frame))

    def _show_frame(self, frame: int, pictures: np.ndarray) -> None:
        if self.player.is_playing and self._way is not None:
            self.frame.picture.show_images(pictures)
            self.frame.picture.set_caption(f"Frame {frame + 1:,} of {len(self._way.rows):,}")

    def _scrub(self, frame: int) -> None:
        self.player.stop()  # the hand is stronger
        self._take(frame)

    def _take(self, frame: int) -> None:
        view = self.scene.view
        if view is not None and self._way is not None:
            self.scene.show_view(at_input(view, self._way.rows[frame], self.scene.snapshot), "scrub")

    def _show_whether_here(self, view: View, _kind: str = "") -> None:
        scrub = self.walks.scrub
        if self._way is not None and not self.player.is_playing:
            may_be = bool(view.z) and not view.edits  # the rest costs a millisecond, at each move of any slider
            frame = self._way.rows[scrub.frame]
            scrub.track.set_here(may_be and view == at_input(view, frame, self.scene.snapshot))

    # --- as a film ---

    def export_walk(self) -> None:
        if self.walks.why_not() or self.scene.opened is None:
            return
        name = str(Path.home() / f"{self.scene.opened.choice.name}-walk.gif")
        kinds = {f"{made.title} (*{ending})": ending for ending, made in FORMATS.items()}
        chosen, kind = QFileDialog.getSaveFileName(self.frame, "Write the walk", name, ";;".join(kinds))
        if chosen:
            self.write_walk(Path(chosen), kinds.get(kind, ".gif"))

    def write_walk(self, path: Path, ending: str = ".gif") -> None:
        """As a film of that name; what is there already was asked about."""
        named = path if path.suffix.lower() in FORMATS else path.with_name(path.name + ending)
        views, snapshot = self.walks.views(), self.scene.snapshot
        try:
            walk = self.walks.walk()
        except ValueError as error:
            self.frame.notices.show_notice(str(error), "warning")
            return
        zoom = max(1, 256 // max(snapshot.shape[1:]))
        walk = walk.model_copy(update={"zoom": zoom})
        self.walks.show_progress(0, 0, "Writing the walk")
        self.stream.start(export_walk(snapshot, views, named, walk, replace=named == path and path.exists()))

    def _writer_told(self, mail: list[Any]) -> None:
        match mail[-1]:
            case Exported(path):
                self.frame.notices.show_notice(f"Saved {path}.")
            case progress:
                self.walks.show_progress(progress.done, progress.total, progress.text)


# --- the way ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """A walk through key-frames, laid out."""

    walk: Walk
    rows: Tensor  # [F, z_dim + classes]
    places: list[float]  # of the key-frames, in frames


def laid_out(views: list[View], walk: Walk, snapshot: Snapshot) -> Way:
    """For a thread. Raises ConfigError."""
    return Way(walk, through(views, snapshot, walk), key_places(latents(views, snapshot), walk))
