"""What of the Gallery tab reads disks or runs networks: for threads, it touches no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...config import ConfigError
from ...jobs import gallery, marks
from ...jobs.explore import View, explorable, opened, render, sidecar_of, view_of
from ...jobs.gallery import Made, Measures, Sample
from ...jobs.gallery_plan import Plan, samples_of
from ...jobs.marks import Marks
from ...jobs.snapshots import Snapshot
from ...jobs.walk import Walk
from ...progress import Progress
from ...runs import Checkpoint, Run
from ..computing import attempted
from ..explore.choices import Choice, of_file, of_run, translates
from ..train.dropped import is_checkpoint, is_run
from .held import kept_size, reduced

# --- made ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """What is to be made, of which weights: those of a path, or those of `view`, which gives the edits, too."""

    plan: Plan
    open: Callable[[], Snapshot]
    view: View | None = None
    keys: tuple[View, ...] = ()
    walk: Walk | None = None


@dataclass(frozen=True)
class Begun:
    """What is about to be made."""

    snapshot: Snapshot
    count: int
    sentence: str  # what the user should know


@dataclass(frozen=True)
class Measured:
    """What pictures are measured by; the training pictures stay at hand."""

    by: Measures


@dataclass(frozen=True)
class Arrived:
    samples: tuple[Sample, ...]
    pictures: np.ndarray  # [N, h, w, C] uint8, as small as they are kept


def making(order: Order) -> Iterator[Progress | Begun | Measured | Arrived]:
    """Open, measure, draw. Closing the iterator cancels; what has arrived is whole. Raises ConfigError."""
    yield Progress(0, 0, "Opening")
    snapshot = explorable(order.open())
    view = order.view.model_copy(update=_address(snapshot)) if order.view else view_of(snapshot)
    samples = samples_of(order.plan, snapshot, view, order.keys, order.walk)
    found, sentence = _marks(snapshot)
    by = yield from gallery.measures(snapshot, order.plan.scored, order.plan.novel, order.plan.by_features)
    yield Begun(snapshot, len(samples), sentence)
    yield Measured(by)
    size = kept_size(len(samples), snapshot.shape)
    for event in gallery.make(snapshot, found.marked(samples), by):
        yield Arrived(event.samples, reduced(event.pictures, size)) if isinstance(event, Made) else event


def _address(snapshot: Snapshot) -> dict[str, Any]:
    here = view_of(snapshot)
    return {name: getattr(here, name) for name in ("run", "step", "weights", "sha256")}


def _marks(snapshot: Snapshot) -> tuple[Marks, str]:
    try:
        return marks.read(snapshot), ""
    except ConfigError as error:
        return Marks({}, frozenset()), str(error)


def chosen_by(path: Path) -> tuple[Choice | Run, int | None]:
    """What a run's folder, a checkpoint or a file is, the run itself where it translates; and the step that it names.

    Raises ConfigError where a file is of no generator that can be opened.
    """
    if is_checkpoint(path) or is_run(path):
        run, step = (Run(path), None) if is_run(path) else (Run(path.parent.parent), Checkpoint(path).step)
        return (run if translates(run) else of_run(run)), step
    choice = of_file(path)
    choice.snapshot(None, False)
    return choice, None


def classes_of(choice: Choice) -> int:
    """0 where it cannot be read: making pictures of it tells."""
    snapshot = attempted(partial(choice.snapshot, None, False))
    return snapshot.classes if isinstance(snapshot, Snapshot) else 0


def open_by(view: View, root: Path) -> Snapshot:
    return opened(view, root)


# --- looked at -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Nearest:
    picture: np.ndarray  # [1, H, W, C] uint8
    told: str  # how far it is


def exact(sample: Sample, snapshot: Snapshot) -> np.ndarray:
    """[H, W, C] uint8, bit for bit what its recipe gives."""
    return render(sample.view, snapshot)


def nearest(sample: Sample, snapshot: Snapshot, by: Measures) -> Nearest | None:
    """The training picture next to it, where these are at hand."""
    if by.training is None:
        return None
    held = by.training.held
    found, far = held.nearest(render(sample.view, snapshot), 1)
    return Nearest(found, held.told(float(far[0])))


def recipe(sample: Sample, snapshot: Snapshot) -> str:
    return sidecar_of(sample.view, render(sample.view, snapshot))
