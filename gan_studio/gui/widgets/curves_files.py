"""Curves as files and on the clipboard: a table of all of them, a picture of the plots that are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from ...files import write_atomic
from ..worker import Worker
from . import picture

Numbers = dict[str, tuple[np.ndarray, np.ndarray]]  # {name: (steps [K], values [K])}
Paint = Callable[[Callable[[list[QWidget]], object], float], object]  # (what paints widgets, pixels a pixel)
FORMATS = {".csv": "Table (*.csv)", ".png": "Picture (*.png)", ".svg": "Drawing (*.svg)"}


class CurvesFiles(QObject):
    """`columns` tells all curves, `paint` calls what it is given with the plots."""

    written = Signal(str)  # the path of a new file
    failed = Signal(str)  # why there is none, in a sentence

    def __init__(self, parent: QWidget, columns: Callable[[], Numbers], paint: Paint):
        super().__init__(parent)
        self._window, self._columns, self._paint = parent, columns, paint
        copy = QAction("Copy picture", self)
        copy.triggered.connect(self.copy)
        self.actions = [copy]
        for suffix in FORMATS:
            action = QAction(f"Export as {suffix[1:].upper()} …", self)
            action.triggered.connect(partial(self.ask, suffix))
            self.actions.append(action)

    def write(self, path: Path) -> None:
        """As a table (.csv) or a picture (.png, .svg). Raises OSError."""
        makers: dict[str, Callable[[], object]] = {
            ".csv": lambda: as_table(self._columns()),
            ".png": lambda: self._paint(picture.as_png, picture.DENSITY),
            ".svg": lambda: self._paint(partial(picture.as_svg, title="Curves"), 0),
        }
        write_atomic(path, makers[path.suffix.lower()]())  # type: ignore[arg-type]

    def copy(self) -> None:
        QApplication.clipboard().setImage(self._paint(picture.as_image, picture.DENSITY))  # type: ignore[call-overload]

    def ask(self, suffix: str) -> None:
        """For a place, and write there; a table on a thread of its own, since a long one takes seconds."""
        told, _ = QFileDialog.getSaveFileName(self._window, "Export the curves", f"curves{suffix}", FORMATS[suffix])
        if not told:
            return
        path = Path(told if told.lower().endswith(suffix) else told + suffix)
        if suffix == ".csv":
            self._write_apart(path)
            return
        try:
            self.write(path)
        except OSError as error:
            self._tell_failure(error)
        else:
            self.written.emit(str(path))

    def _write_apart(self, path: Path) -> None:
        writer = Worker(table_written(path, self._columns()), parent=self)
        writer.events.connect(self._tell_written)
        writer.failed.connect(self._tell_failure)
        writer.finished.connect(writer.deleteLater)
        writer.start()

    def _tell_written(self, paths: list[Path]) -> None:
        self.written.emit(str(paths[-1]))

    def _tell_failure(self, error: Exception) -> None:
        self.failed.emit(f"The curves were not exported: {error}. Choose another place.")


def table_written(path: Path, curves: Numbers) -> Iterator[Path]:
    write_atomic(path, as_table(curves))
    yield path


def as_table(curves: Numbers) -> str:
    from ...tables import as_csv

    return as_csv(curves)
