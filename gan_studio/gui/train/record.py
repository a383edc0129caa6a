"""What a run's folder tells about it: read once on a thread, then watched while it is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np

from ...jobs.evaluations import lines
from ...jobs.frames import Frame, columns_of, frame_steps, read_frame, read_real
from ...runs import Run, State

LOOK_S = 1.0  # between two looks at a folder


@dataclass(frozen=True)
class Record:
    """A run as it stood when it was read."""

    run: Run
    title: str
    preset: str
    values: dict[str, Any]  # plain, with what was changed on the way
    state: State
    curves: dict[str, tuple[np.ndarray, np.ndarray]]  # {name: (steps [K], values [K])}, and what checkpoints measure
    changes: list[dict[str, Any]]
    checkpoints: list[int]  # their steps
    frames: list[int]  # the steps that were drawn
    newest: Frame | None
    real: np.ndarray | None
    columns: tuple[str, ...]  # of samples that are rows of pictures
    tail: Tail | None  # where another process writes it


def read(run: Run, ours: bool) -> Iterator[Record]:
    """One Record; `ours` says that this process writes the run. Raises ConfigError. Long curves take a while."""
    tail = Tail(run) if not ours and run.is_being_written() else None  # before the curves, so that no row is missed
    about, state = run.about(), run.state()
    frames = frame_steps(run)
    yield Record(
        run=run,
        title=about.get("title", run.name),
        preset=about.get("preset", ""),
        values=run.config_at(state.step),
        state=state,
        curves=run.curves() | lines(run),
        changes=run.changes(),
        checkpoints=[checkpoint.step for checkpoint in run.checkpoints()],
        frames=frames,
        newest=read_frame(run, frames[-1]) if frames else None,
        real=read_real(run),
        columns=columns_of(run),
        tail=tail,
    )


# --- what comes after ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class News:
    """What another process has written since the last look."""

    steps: np.ndarray  # [K] of the new points of the curves
    values: dict[str, np.ndarray]  # {name: [K]}
    frames: list[int]  # all steps that are drawn by now
    checkpoints: list[int]


@dataclass(frozen=True)
class Turned:
    """Somebody began to write the run, or ceased, or went back: it is to be read anew."""


@dataclass(frozen=True)
class Gone:
    """The folder was deleted."""


def watch(run: Run, tail: Tail | None, enough: Event) -> Iterator[News | Turned | Gone]:
    """Look at a run that this process does not write, once a second until `enough`."""
    while not enough.wait(LOOK_S):
        if not (run.folder / "config.toml").is_file():
            yield Gone()
            return
        rows = tail.rows() if tail else []
        if rows is None or run.is_being_written() != (tail is not None):
            yield Turned()
            return
        if tail and (rows or tail.has_new_frames()):
            steps, values = columns(rows)
            yield News(steps, values, frame_steps(run), [checkpoint.step for checkpoint in run.checkpoints()])


class Tail:
    """Follows the curves of a run that another process writes, from where its file ends now."""

    def __init__(self, run: Run):
        self.run = run
        self._path = run.folder / "curves.jsonl"
        self._offset = self._size()
        self._newest = self._newest_frame()

    def rows(self) -> list[dict[str, Any]] | None:
        """The whole lines that came since the last time; None where the file was begun anew or a resumption stands."""
        size = self._size()
        if size <= self._offset:
            return [] if size == self._offset else None
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole = file.read().rpartition(b"\n")[0]
        except OSError:  # deleted this very moment
            return None
        self._offset += len(whole) + (1 if whole else 0)
        rows = [row for row in map(_parsed, whole.splitlines()) if row]
        return None if any("resumed" in row for row in rows) else rows

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def has_new_frames(self) -> bool:
        """Whether samples were drawn since the last time."""
        before, self._newest = self._newest, self._newest_frame()
        return before != self._newest

    def _newest_frame(self) -> int:
        return next(iter(frame_steps(self.run)[-1:]), -1)


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
