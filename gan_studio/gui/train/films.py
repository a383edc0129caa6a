"""Time-lapses: how they are to be made, then where; they are written while one goes on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from .film_dialog import FilmDialog
from .report_export import Exports
from .results_panel import ResultsPanel

if TYPE_CHECKING:
    from ...jobs.timelapse import Film
    from ...runs import Run


class Films(QObject):
    def __init__(self, exports: Exports, results: ResultsPanel, room: QWidget):
        super().__init__(room)
        self._exports, self._results, self._room = exports, results, room
        self._kept: dict[str, Any] = {}  # how the last one was made

    def ask(self, run: Run) -> None:
        layers = self._results.points.layers()
        dialog = FilmDialog(run, run.about().get("title", run.name), self._kept, layers, self._room)
        dialog.wanted.connect(self._ask_where)
        dialog.show()

    def _ask_where(self, run: Run, film: Film, choices: dict[str, Any]) -> None:
        from ...jobs.timelapse import FORMATS

        self._kept, ending = choices, choices["format"]
        kinds = [f"{FORMATS[ending].title} (*{ending})"]
        self._exports.ask("Export the time-lapse", run.name + ending, kinds, partial(self.write, run, film))

    def write(self, run: Run, film: Film, path: Path) -> None:
        from ...jobs.timelapse import timelapse

        self._exports.write(timelapse(run, path, film), "Writing the time-lapse")
