"""Directions: found on a thread, kept in the run, renamed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from ... import directions
from ...config import ConfigError
from ...directions import Direction
from ...jobs import find_directions
from ...jobs.exports import refuse_existing
from ...jobs.find_directions import Finding
from ..computing import Stream, attempted
from . import reading
from .choices import Opened
from .frame import ExploreFrame
from .reading import Directions
from .scene import Scene

UNLABELLED = ("pca", "sefa")  # of what comes without directions of its own
FILES = "Directions (*.json)"
AT_FIRST = (*UNLABELLED, "attribute")


class DirectionFinding(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene, self.list = frame, scene, frame.directions
        self.stream = Stream(self)
        self.stream.told.connect(self._told)
        self.stream.failed.connect(scene.failed)
        self.stream.ended.connect(self.list.end_progress)
        self.list.find_wanted.connect(self.find)
        self.list.cancel_wanted.connect(self.stream.stop)
        self.list.keep_wanted.connect(self._keep)
        self.list.save_wanted.connect(self._ask_where)
        self.list.load_wanted.connect(self._ask_which)
        self.list.renamed.connect(self._renamed)
        scene.came.connect(self._show_network)

    def leave(self) -> None:
        self.list.leave()
        self.stream.stop()

    def find(self, ways: tuple[str, ...], layer: str = "") -> None:
        if self.scene.opened:
            self.list.show_progress(0, 0, "Finding directions")
            how = Finding.parse({"ways": list(ways), "layer": layer})
            self.stream.start(reading.finding(self.scene.snapshot, how))

    def _told(self, mail: list[Any]) -> None:
        for event in mail:
            match event:
                case Directions(found):
                    self.list.add_directions(found)
                    self.scene.rest()
                case progress:
                    self.list.show_progress(progress.done, progress.total, progress.text)

    def _show_network(self, opened: Opened, is_other: bool) -> None:
        if is_other:
            self.stream.stop()
            self.list.show_network(opened.snapshot.z_dim, opened.spread, opened.layers, opened.no_training)
            self.list.show_directions(opened.found)

    def find_some(self) -> None:
        """Where there are none."""
        if not self.list.found and not self.stream.is_running:
            self.find(AT_FIRST if self.scene.opened and not self.scene.opened.no_training else UNLABELLED)

    # --- those that are there ---

    def _keep(self, found: list[Direction]) -> None:
        if self.scene.opened:
            keep = partial(find_directions.replace, self.scene.snapshot, found)
            self.scene.disk.ask("keep", partial(attempted, keep), self._kept)

    def _kept(self, problem: Exception | None) -> None:
        if problem:
            self.frame.notices.show_notice(str(problem), "error")
        else:
            self.frame.notices.show_notice("The directions are kept; the command line knows them, too.")

    def _ask_where(self, found: list[Direction]) -> None:
        assert self.scene.opened
        name = str(Path.home() / f"{self.scene.opened.choice.name}-directions.json")
        chosen, _ = QFileDialog.getSaveFileName(self.frame, "Save the directions", name, FILES)
        if chosen:
            path = Path(chosen) if chosen.endswith(".json") else Path(f"{chosen}.json")
            self.scene.disk.ask("save directions", partial(attempted, partial(save, path, found, chosen)), self._saved)

    def _saved(self, result: Path | Exception) -> None:
        if isinstance(result, Exception):
            self.frame.notices.show_notice(str(result), "error")
        else:
            self.frame.notices.show_notice(f"Saved {result}. It loads for any latents of the same length.")

    def _ask_which(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self.frame, "Load directions", str(Path.home()), FILES)
        if chosen and self.scene.opened:
            self.list.show_progress(0, 0, "Loading directions")
            self.stream.start(reading.loading(Path(chosen), self.scene.snapshot))

    def _renamed(self, direction: Direction, name: str) -> None:
        """What there is of it stays."""
        view = self.scene.view
        if view and (amount := view.amount(direction.name)):
            self.scene.show_view(view.edited(direction, 0.0).edited(direction.renamed(name), amount))


def save(path: Path, found: list[Direction], asked: str) -> Path:
    """What is there of another name than was `asked` for is never replaced. Raises ConfigError."""
    if str(path) != asked:
        refuse_existing(path)
    try:
        directions.save(path, found)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}); choose another place.") from None
    return path
