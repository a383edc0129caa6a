"""What the run list shows of the runs in a folder, read on threads: a run is read again when its files have changed."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from ... import presets
from ...config import ConfigError, differences
from ...jobs.frames import Frame, frame_steps, read_frame
from ...runs import Run, State

FILES = ("config.toml", "run.json", "state.json", "samples", "checkpoints")  # each is replaced whole where it changes
LIVE = ("running", "paused")
RESTLESS = (*LIVE, "interrupted")  # what they are depends on who holds their lock, too
TAIL_BYTES = 8192  # of curves.jsonl hold at least one whole line
Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Entry:
    """A run as it stood when it was read."""

    run: Run
    title: str
    preset: str  # its title
    created: float  # seconds since 1970
    state: State  # of a run in training: the step of its newest curves
    place: float  # in the queue; the smallest comes first
    best: tuple[str, float, int] | None  # (curve, value, step)
    parent: tuple[str, int] | None  # (folder name, step)
    checkpoints: tuple[tuple[int, bool], ...]  # (step, starred), oldest first
    shape: tuple[int, ...]  # of one sample, () where it is not known yet
    drawn: int  # changes with the newest samples
    badness: float | None = None  # of the best, to sort by; None of distances, whose value it is

    @cached_property
    def name(self) -> str:
        return self.run.name

    @property
    def is_live(self) -> bool:
        return self.state.name in LIVE

    @property
    def is_queued(self) -> bool:
        return self.state.name == "queued"


@dataclass(frozen=True)
class Listing:
    entries: tuple[Entry, ...]
    problem: str = ""  # a sentence where the folder cannot be read


class RunReader:
    """Remembers what it has read. Used by one thread at a time."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, Entry]] = {}
        self._titles: dict[str, str] = {}  # of presets, by id

    def read(self, root: Path) -> Iterator[Listing]:
        """One Listing, in no order."""
        asked_presets = False
        found: dict[Path, tuple[Stamp, Entry]] = {}
        try:
            folders = run_folders(root)
        except OSError as error:
            yield Listing((), f"{root} cannot be read ({error.strerror}); mend that, or choose another folder of runs.")
            return
        for folder in folders:
            stamp = stamp_of(folder)
            if not stamp[0][1]:
                continue  # no config.toml: not a run
            known = self._known.get(folder)
            if known and known[0] == stamp and known[1].state.name not in RESTLESS:
                found[folder] = known
                continue
            entry = read_entry(known[1].run if known else Run(folder), stamp)
            if entry.preset and entry.preset not in self._titles and not asked_presets:
                self._titles = {preset.id: preset.title for preset in presets.all_presets()}
                asked_presets = True
            found[folder] = stamp, replace(entry, preset=self._titles.get(entry.preset, entry.preset))
        self._known = found
        yield Listing(tuple(entry for _, entry in found.values()))


def run_folders(root: Path) -> list[Path]:
    """All folders in it; [] where it is not there yet. Raises OSError."""
    try:
        with os.scandir(root) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []


def stamp_of(folder: Path) -> Stamp:
    """Changes with what is shown; taken before reading, so that nothing is missed. (0, 0) for what is not there."""
    return tuple(changed_at(f"{folder}{os.sep}{name}") for name in FILES)


def changed_at(path: str) -> tuple[int, int]:
    """(nanoseconds, number of the file): a file that is replaced within one tick of the clock has another number."""
    try:
        found = os.stat(path)  # noqa: PTH116 (thousands of them each time)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino or 1


# --- one run ---------------------------------------------------------------------------------------------------------


def read_entry(run: Run, stamp: Stamp) -> Entry:
    """Whatever stands in the files: people and other programs may have written them."""
    about = run.about()
    state = sound_state(run)
    shape = about.get("shape")
    return Entry(
        run=run,
        title=text(about.get("title")) or run.name,
        preset=text(about.get("preset")),
        created=number(about.get("created")),
        state=live(run, state) if state.name in LIVE else state,
        place=number(about.get("queued")),
        best=sound_best(state.best),
        badness=sound_badness(state.best),
        parent=run.parent(),
        checkpoints=tuple((checkpoint.step, checkpoint.starred) for checkpoint in run.checkpoints()),
        shape=tuple(shape) if isinstance(shape, list) and all(isinstance(size, int) for size in shape) else (),
        drawn=stamp[FILES.index("samples")][0],
    )


def sound_state(run: Run) -> State:
    state = run.state()
    return replace(
        state,
        name=text(state.name) or "new",
        step=int(number(state.step)),
        steps=int(number(state.steps)),
        reason=text(state.reason),
        updated=number(state.updated),
        seconds=number(state.seconds),
    )


def sound_best(best: Any) -> tuple[str, float, int] | None:
    if not isinstance(best, dict) or not isinstance(best.get("value"), (int, float)):
        return None
    return text(best.get("name")), float(best["value"]), int(number(best.get("step")))


def sound_badness(best: Any) -> float | None:
    """None of distances, and of what is no number."""
    badness = best.get("badness") if isinstance(best, dict) else None
    return float(badness) if isinstance(badness, (int, float)) else None


def live(run: Run, state: State) -> State:
    """How far a run in training has come: its state is written at checkpoints, its curves ten times a second.

    The time since is told by the clock that stamps the files, which may be another machine's.
    """
    curves = run.folder / "curves.jsonl"
    step = newest_step(curves)
    if step <= state.step:
        return state
    since = changed_at(str(curves))[0] - changed_at(str(run.folder / "state.json"))[0]
    return replace(state, step=step, seconds=state.seconds + max(0, since) / 1e9)


def newest_step(curves: Path) -> int:
    """Of the last whole line; 0 where there is none."""
    try:
        with curves.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return 0
    for line in reversed(lines):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            return int(number(row.get("step", row.get("resumed"))))
    return 0


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def number(value: Any) -> float:
    """0 for what is none."""
    is_one = isinstance(value, (int, float)) and math.isfinite(value)
    return value if is_one else 0.0


# --- what is read when it is first seen ------------------------------------------------------------------------------


def branch_differences(run: Run, parent: Run, step: int) -> dict[str, tuple[Any, Any]]:
    """{path: (the parent's at that step, the branch's)}; {} where one of them cannot be read."""
    try:
        return differences(parent.config_at(step), run.config())
    except ConfigError:
        return {}


def thumbnail(entry: Entry, side: int, ink: QColor, paper: QColor) -> QImage:
    """The newest samples as a square of so many pixels; a null image where there are none."""
    steps = frame_steps(entry.run)
    frame = read_frame(entry.run, steps[-1]) if steps else None
    if frame is None:
        return QImage()
    return points_in(frame, side, ink, paper) if frame.array.ndim == 2 else few_of(frame.array[0], entry.shape, side)


def few_of(grid: np.ndarray, shape: tuple[int, ...], side: int) -> QImage:
    """The first 2 x 2 pictures of a grid [H, W, C], or its middle where it is not known how large they are."""
    height, width, channels = grid.shape
    tile = shape[-1] if len(shape) == 3 else 0
    cut = min(2 * tile + GAP if tile else height, height, width)
    top, left = (0, 0) if tile else ((height - cut) // 2, (width - cut) // 2)
    pixels = np.ascontiguousarray(grid[top : top + cut, left : left + cut])
    formats = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}
    image = QImage(pixels.data, cut, cut, cut * channels, formats[channels])
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.convertToFormat(QImage.Format.Format_RGB32).scaled(side, side, mode=smooth)


GAP = 2  # pixels between two pictures of a grid


def points_in(frame: Frame, side: int, ink: QColor, paper: QColor) -> QImage:
    """Points [N, 2] on the square that nearly all of them, or D's landscape, lie in."""
    picture = QImage(side, side, QImage.Format.Format_RGB32)
    picture.fill(paper)
    points = frame.array[np.isfinite(frame.array).all(axis=1)][:400]
    if not len(points):
        return picture
    extent = frame.landscape.extent if frame.landscape else 1.1 * float(np.quantile(np.abs(points), 0.99)) or 1.0
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, side / 24, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for x, y in (points / extent).tolist():
        painter.drawPoint(QPointF((x + 1) / 2 * side, (1 - y) / 2 * side))
    painter.end()
    return picture
