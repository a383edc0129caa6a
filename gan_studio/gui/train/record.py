"""What a run's folder tells about it: read once on a thread, then followed while another process writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QImage

from ...runs import Run, State, sample_step


@dataclass(frozen=True)
class Record:
    """A run as it stood when it was read."""

    run: Run
    title: str
    preset: str
    values: dict[str, Any]  # plain, with what was changed on the way
    state: State
    engine: dict[str, Any]
    curves: dict[str, tuple[np.ndarray, np.ndarray]]  # {name: (steps [K], values [K])}
    changes: list[dict[str, Any]]
    samples: np.ndarray | None
    samples_step: int
    real: np.ndarray | None
    landscape: tuple[np.ndarray, float] | None  # D's logits on a square, and half its width
    tail: Tail | None  # where another process writes it


def read(run: Run, ours: bool) -> Iterator[Record]:
    """One Record; `ours` says that this process writes the run. Raises ConfigError. Long curves take a while."""
    tail = Tail(run) if not ours and run.is_being_written() else None  # before the curves, so that no row is missed
    about, state = run.about(), run.state()
    samples = run.samples()
    pictures = [run.folder / "real.png", run.folder / "real.npy"]
    yield Record(
        run=run,
        title=about.get("title", run.name),
        preset=about.get("preset", ""),
        values=run.config_at(state.step),
        state=state,
        engine=run.engine(),
        curves=run.curves(),
        changes=run.changes(),
        samples=load(samples[-1]) if samples else None,
        samples_step=sample_step(samples[-1]) if samples else 0,
        real=next((load(path) for path in pictures if path.is_file()), None),
        landscape=run.landscape(),
        tail=tail,
    )


def load(path: Path) -> np.ndarray | None:
    """A saved grid as one picture [1, H, W, 3] uint8, or points [N, 2]; None where the file is damaged."""
    if path.suffix == ".npy":
        try:
            points = np.load(path, allow_pickle=False)
        except (OSError, ValueError):
            return None
        return points if points.ndim == 2 and points.shape[1] == 2 else None
    image = QImage(str(path))
    if image.isNull():
        return None
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(1, image.height(), image.width(), 3).copy()


class Tail:
    """Follows the curves of a run that another process writes, from where its file ends now."""

    def __init__(self, run: Run):
        self.run = run
        self._path = run.folder / "curves.jsonl"
        self._offset = self._path.stat().st_size if self._path.exists() else 0
        self._newest = self._newest_sample()

    def rows(self) -> list[dict[str, Any]] | None:
        """The whole lines that came since the last time; None where the file was begun anew or a resumption stands."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size <= self._offset:
            return [] if size == self._offset else None
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole = file.read().rpartition(b"\n")[0]
        self._offset += len(whole) + (1 if whole else 0)
        rows = [row for row in map(_parsed, whole.splitlines()) if row]
        return None if any("resumed" in row for row in rows) else rows

    def sample(self) -> Path | None:
        """The newest saved samples, where they are new."""
        newest = self._newest_sample()
        if newest == self._newest:
            return None
        self._newest = newest
        return newest

    def _newest_sample(self) -> Path | None:
        return next(iter(self.run.samples()[-1:]), None)


def columns(rows: list[dict[str, Any]]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rows of curves.jsonl as (steps [K], {name: [K]}), NaN where there is none."""
    names = list(dict.fromkeys(name for row in rows for name in row if name != "step"))
    steps = np.array([row["step"] for row in rows], np.int64)
    return steps, {name: np.array([row.get(name, np.nan) for row in rows], np.float32) for name in names}


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) and ("step" in row or "resumed" in row) else {}
