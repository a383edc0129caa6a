"""What of the Evaluate tab reads disks or runs networks: for threads, it touches no widget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...config import ConfigError
from ...data import Source
from ...data.published import Published
from ...feature_networks import FEATURE_NETWORKS, FeatureNetwork
from ...jobs import evaluations
from ...jobs.comparison import Comparison, compare
from ...jobs.evaluate import SPECIAL, Evaluation, evaluate
from ...jobs.evaluations import Evaluated
from ...jobs.events import Log
from ...jobs.frames import Frame, frame_steps, read_frame, read_real
from ...jobs.settings import RunConfig
from ...jobs.subjects import Chosen
from ...metrics import METRICS, Need
from ...progress import Progress
from ...runs import EVALUATIONS, Run
from .subjects import Subject

AS_THEY_ARE = "Points in the plane are compared as they are; they need no features."


# --- how it can be measured ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fits:
    """What cannot be used of a subject, and why: {kind: a sentence}."""

    eyes: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    suits: frozenset[str] = frozenset()  # metrics that are measured where nobody chose others
    problem: str = ""  # why nothing at all can be measured
    no_classes: dict[str, str] = field(default_factory=dict)  # feature networks that tell none apart, and what to do
    downloads: dict[str, Published] = field(default_factory=dict)  # what would make feature networks usable


def fits_of(subject: Subject, real: Path | None, options: dict[str, dict[str, Any]]) -> Fits:
    """`options` are those of feature networks, by kind."""
    try:
        source = source_of(subject)
    except ConfigError as error:
        return Fits(problem=str(error))
    shape = source.shape() if source else None
    is_points = shape is not None and len(shape) == 1
    pairs = source.pairs() if source else None
    has: set[Need] = {"features", "unseen"}  # whether there are unseen ones tells the preparation of the data
    has |= {"pairs"} if pairs and pairs.matched else set()
    has |= {"points", "modes"} if is_points else {"pictures", "classes"}
    metrics = {metric.kind: lacking(metric.needs, has, is_points) for metric in METRICS}
    if is_points:
        eyes = {network.kind: AS_THEY_ARE for network in FEATURE_NETWORKS}
        return Fits(only(eyes), only(metrics), suiting(metrics, has))
    seen = None if real else source
    networks = {network.kind: set_up(network.kind, options.get(network.kind, {})) for network in FEATURE_NETWORKS}
    usable = {kind: network for kind, network in networks.items() if isinstance(network, FeatureNetwork)}
    lacked = {kind: network.lacks() for kind, network in usable.items()}
    return Fits(
        only({kind: why_not(network, seen) for kind, network in networks.items()}),
        only(metrics),
        suiting(metrics, has),
        no_classes=only({kind: network.why_no_classes(seen) for kind, network in usable.items()}),
        downloads={kind: file for kind, file in lacked.items() if file is not None},
    )


def suiting(metrics: dict[str, str], has: set[Need]) -> frozenset[str]:
    """Metrics that are measured where nobody chose others; `metrics` has a reason for those that cannot be."""
    special = bool(has & SPECIAL)
    usable = (metric for metric in METRICS if not metrics[metric.kind])
    return frozenset(metric.kind for metric in usable if bool(set(metric.needs) & SPECIAL) == special)


def only(reasons: dict[str, str]) -> dict[str, str]:
    """Those that are reasons."""
    return {kind: why for kind, why in reasons.items() if why}


def set_up(kind: str, options: dict[str, Any]) -> FeatureNetwork | ConfigError:
    """A feature network with its options, or what is wrong with them."""
    try:
        return FEATURE_NETWORKS.parse({"kind": kind, **options})
    except ConfigError as error:
        return error


def why_not(network: FeatureNetwork | ConfigError, source: Source | None) -> str:
    """Why a feature network cannot be used; "" if it can."""
    return str(network) if isinstance(network, ConfigError) else network.missing(source)


def source_of(subject: Subject) -> Source | None:
    """The data that a run learns from. Raises ConfigError."""
    return RunConfig.parse(subject.run.config()).data if subject.run else None


def lacking(needs: tuple[Need, ...], has: set[Need], is_points: bool) -> str:
    """Why a metric cannot be used; "" if it can."""
    words = {
        "points": "It is for points in the plane; these are pictures.",
        "modes": "It is for points whose modes are known.",
        "pairs": "It is for translations whose truth is known.",
    }
    missing = next((need for need in needs if need not in has), None)
    if missing is None:
        return ""
    return words.get(missing, "It is for pictures; these are points in the plane." if is_points else "")


# --- what is known ---------------------------------------------------------------------------------------------------


def kept(run: Run) -> tuple[Evaluated, ...]:
    """What was measured of it; of older kinds of numbers nothing."""
    return evaluations.read(run)


def compared(found: list[Run], by: str) -> Comparison | None:
    """Those of the runs that were measured, beside each other; None where there are not two."""
    runs = [run for run in found if (run.folder / EVALUATIONS).is_file() and evaluations.read(run)]
    if len(runs) < 2:
        return None
    try:
        return compare(runs, by, all_curves=False)
    except ConfigError:  # none of them was measured by it, or one is being deleted
        return compare(runs, all_curves=False) if by else None


@dataclass(frozen=True)
class Seen:
    """What was drawn in training near a step."""

    step: int
    frame: Frame | None
    real: np.ndarray | None = None  # points [N, 2] that stand beneath it


def seen_at(run: Run, step: int) -> Seen:
    steps = frame_steps(run)
    if not steps:
        return Seen(step, None)
    near = min(steps, key=lambda drawn: (abs(drawn - step), drawn))
    frame = read_frame(run, near, raw=False)
    real = read_real(run) if frame is not None and frame.array.ndim == 2 else None
    return Seen(step, frame, real)


def star(run: Run, step: int, starred: bool) -> None:
    """Keep a checkpoint for good, or no more. Raises ConfigError."""
    try:
        run.checkpoint_at(step).star(starred)
    except OSError as error:
        raise ConfigError(f"The checkpoint of step {step:,} cannot be starred ({error.strerror}).") from error


# --- measured --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """What is to be measured, and how."""

    subject: Subject
    steps: tuple[int, ...]  # () of what has none
    real: Path | None  # a folder instead of the data that a run learns from
    eye: dict[str, Any]  # the feature network, with its options; {} where none is needed
    metrics: tuple[dict[str, Any], ...]  # with their options; () are those that suit
    samples: int


def evaluating(order: Order) -> Iterator[Progress | Evaluated | Log]:
    """Closing the iterator cancels; what was told is kept. Raises ConfigError."""
    yield Progress(0, 0, "Getting ready")
    wishes = {
        "metrics": list(order.metrics),
        "samples": order.samples,
        "against": str(order.real or ""),
        **({"features": order.eye} if order.eye else {}),
    }
    chosen = [Chosen(order.subject.path, step) for step in order.steps or (None,)]
    yield from evaluate(chosen, Evaluation.parse(wishes))


def downloading(file: Published) -> Iterator[Progress]:
    """Closing the iterator cancels, and leaves nothing behind. Raises ConfigError."""
    yield Progress(0, 0, f"Downloading {file.name}")
    yield from file.fetched()
