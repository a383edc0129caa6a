"""Key-frames, the walk through them as it is played in the picture's place, and the film it becomes."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog
from torch import Tensor

from ...jobs.events import Exported
from ...jobs.explore import latents, pictures, render
from ...jobs.walk import export_walk, way
from ..computing import Stream
from .choices import Opened, attempted
from .frame import ExploreFrame
from .scene import Scene
from .walk_bar import valid

FILMS = "GIF (*.gif);;WebP (*.webp);;MP4 (*.mp4)"


class Playing(QObject):
    offered = Signal()  # what can be done with the walk is another than it was

    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene, self.walks = frame, scene, frame.walks
        self._walk: Tensor | None = None  # that is played
        self._fps, self._loops, self._began = 24.0, False, 0.0
        self._player = QTimer(self)
        self._player.setTimerType(Qt.TimerType.PreciseTimer)
        self._player.timeout.connect(self._tick)
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
        self.scene.moving.connect(self.stop)
        self.scene.came.connect(self._forget)

    def leave(self) -> None:
        self._player.stop()
        self.stream.stop()

    def _forget(self, _found: Opened, is_other: bool) -> None:
        if is_other:
            self.stream.stop()
            self.walks.clear()

    # --- key-frames ---

    def add_key(self) -> None:
        if view := self.scene.view:
            number = self.walks.add(view)
            ask = partial(render, view, self.scene.snapshot)
            self.scene.resting.ask(("key", number), ask, partial(self.walks.show_thumbnail, number))

    def _walk_changed(self) -> None:
        self.offered.emit()
        if self._player.isActive():
            self._play(True)

    # --- in the picture's place ---

    def stop(self) -> None:
        self.walks.set_playing(False)

    def _play(self, on: bool) -> None:
        self._player.stop()
        walk = valid(self.walks)
        if not on or walk is None or self.walks.why_not():
            self.walks.set_playing(False)
            if self.scene.is_covered:
                self.scene.draw()
            return
        found = attempted(lambda: way(latents(self.walks.views(), self.scene.snapshot), walk))
        if isinstance(found, Exception):
            self.frame.notices.show_notice(str(found), "warning")
            self.walks.set_playing(False)
            return
        self._walk, self._fps, self._began = found, walk.frames_per_second, time.monotonic()
        self._loops = walk.loop or walk.way == "circle"
        self.scene.cover()
        self._player.start(round(1000 / walk.frames_per_second))

    def _tick(self) -> None:
        """The frame that is due now; a slow network leaves some out."""
        assert self._walk is not None
        frame = int((time.monotonic() - self._began) * self._fps)
        if frame >= len(self._walk) and not self._loops:
            self.stop()
            return
        frame %= len(self._walk)
        z = self._walk[frame : frame + 1]
        self.scene.drawing.ask(partial(pictures, z, self.scene.snapshot), partial(self._show_frame, frame))

    def _show_frame(self, frame: int, pictures: np.ndarray) -> None:
        if self._walk is not None and self._player.isActive():
            self.frame.picture.show_images(pictures)
            self.frame.picture.set_caption(f"Frame {frame + 1:,} of {len(self._walk):,}")

    # --- as a film ---

    def export_walk(self) -> None:
        if self.walks.why_not() or self.scene.opened is None:
            return
        name = str(Path.home() / f"{self.scene.opened.choice.name}-walk.gif")
        chosen, kind = QFileDialog.getSaveFileName(self.frame, "Write the walk", name, FILMS)
        if chosen:
            self.write_walk(Path(chosen), f".{kind.partition(' ')[0].lower()}")

    def write_walk(self, path: Path, ending: str = ".gif") -> None:
        """As a film of that name; what is there already was asked about."""
        named = path if path.suffix.lower() in (".gif", ".webp", ".mp4") else path.with_name(path.name + ending)
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
