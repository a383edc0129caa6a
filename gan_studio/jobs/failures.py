"""Generators that fail on purpose, made of real pictures, and what each metric says of them.

Real pictures are parted at random into those that were trained on, those that training never saw, and those that an
honest generator would draw. A failure spoils the last by an amount from 0 to 1. What a metric says of it is held
against what it says of honest sets: as many, parted anew each time. A metric that cannot tell the two apart is blind to
the failure; one that finds the failure better than honest sets was fooled by it.

A failure more is one class here and one line in `FAILURES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from ..config import ConfigError
from ..data import Dataset, Source
from ..feature_networks import Eye, FeatureNetwork, Looked
from ..images import to_uint8
from ..metrics import METRICS, Measure, Metric, Seen, Sets
from .events import Progress

MOST = 500  # pictures in each set
LEAST = 32
PARTS = 4  # one for training, one unseen, two to choose from for the generator
ROUNDS = 16  # honest sets that say how much a metric varies by chance
BATCH = 128
SEED = 0x6661696C
NOTICED, ALARMED = 3.0, 10.0  # deviations of honest sets
STEADY = 0.01  # of a value, or of 1 where it is 0: a measure never counts as steadier than this

Verdict = Literal["fooled", "blind", "notices", "alarmed"]


# --- real pictures ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """Numbers of pictures: which are what."""

    real: np.ndarray  # [N] that training learnt from
    unseen: np.ndarray  # [N] that it never saw
    fresh: np.ndarray  # [2N] that an honest generator would draw; the first N are what it does draw


@dataclass(frozen=True)
class Ground:
    """Real pictures, and what an eye sees in them."""

    pictures: np.ndarray = field(repr=False)  # [P, H, W, C] uint8
    labels: np.ndarray | None = field(repr=False)  # [P] class numbers
    classes: tuple[str, ...]  # their names
    eye: Eye
    looked: Looked = field(repr=False)  # row i is of picture i

    @property
    def count(self) -> int:
        """Pictures in each set."""
        return len(self.pictures) // PARTS

    def parts(self, draw: int = 0) -> Parts:
        """Other parts for another number."""
        N, order = self.count, np.random.default_rng((SEED, draw)).permutation(len(self.pictures))
        return Parts(order[:N], order[N : 2 * N], order[2 * N : 4 * N])

    def seen(self, numbers: np.ndarray) -> Seen:
        chances = self.looked.chances
        return Seen(self.looked.rows[numbers], None if chances is None else chances[numbers], self.pictures[numbers])

    def sets(self, parts: Parts, generated: Seen) -> Sets:
        return Sets(self.seen(parts.real), generated, self.seen(parts.unseen), self.eye.classes)


def gather(source: Source, network: FeatureNetwork, most: int = MOST) -> Generator[Progress, None, Ground]:
    """Prepare the data and the eye, and look at up to four times `most` pictures. Closing the generator cancels.

    Raises ConfigError with what to do.
    """
    dataset = yield from source.prepare()
    if len(dataset.shape) != 3:
        raise ConfigError("Deliberate failures are made of pictures; choose a data source that has them.")
    count = PARTS * most if dataset.size is None else min(PARTS * most, dataset.size)
    if count < PARTS * LEAST:
        raise ConfigError(
            f"These are {count} pictures, and {PARTS * LEAST} are the least: they are parted into those of training, "
            "those it never saw, and those to draw from. Add pictures, or choose other data."
        )
    eye = yield from network.prepare(source)
    pictures, labels = yield from _read(dataset, count)
    looked = yield from _look(eye, pictures)
    return Ground(pictures, labels, dataset.classes, eye, looked)


def _read(dataset: Dataset, count: int) -> Generator[Progress, None, tuple[np.ndarray, np.ndarray | None]]:
    batches = []
    for position in range(-(-count // BATCH)):
        yield Progress(position * BATCH, count, "Reading pictures")
        batches.append(dataset.batch(BATCH, position, SEED))
    pictures = np.concatenate([to_uint8(batch.x) for batch in batches])[:count]
    labels = [batch.y.numpy() for batch in batches if batch.y is not None]
    return pictures, np.concatenate(labels)[:count] if labels else None


def _look(eye: Eye, pictures: np.ndarray) -> Generator[Progress, None, Looked]:
    seen, done = [], 0
    for looked in eye.looks(pictures):
        yield Progress(done, len(pictures), f"Looking at pictures ({eye.name})")
        seen.append(looked)
        done += len(looked.rows)
    chances = [looked.chances for looked in seen if looked.chances is not None]
    return Looked(np.concatenate([looked.rows for looked in seen]), np.concatenate(chances) if chances else None)


# --- failures --------------------------------------------------------------------------------------------------------


class Failure(ABC):
    """A way to fail. At 0 it is honest; more of it keeps what less of it did."""

    id: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]  # a sentence: what such a generator does

    def lacking(self, ground: Ground) -> str:
        """Why it cannot be done with these pictures, as a sentence; "" where it can."""
        return ""

    @abstractmethod
    def told(self, ground: Ground, amount: float) -> str:
        """What an amount means here: "21 different pictures"."""

    def numbers(self, ground: Ground, parts: Parts, amount: float) -> np.ndarray:
        """Which real pictures it draws [N]."""
        return parts.fresh[: ground.count]

    def change(self, pictures: np.ndarray, amount: float) -> np.ndarray | None:
        """What it makes of each of them [N, H, W, C] uint8; None where it leaves them as they are."""
        return None


class Good(Failure):
    id = "good"
    title = "Nothing: an honest generator"
    about = "Draws new real pictures: what every metric says of it is what it says at its best."

    def told(self, ground: Ground, amount: float) -> str:
        return "real pictures that training never saw"


class Duplicates(Failure):
    id = "duplicates"
    title = "Duplicates: few different pictures"
    about = "Mode collapse: each picture is good, but it draws the same few again and again."

    def different(self, ground: Ground, amount: float) -> int:
        return round(ground.count ** (1 - amount))

    def told(self, ground: Ground, amount: float) -> str:
        count = self.different(ground, amount)
        return f"{count} different picture{'s' if count > 1 else ''} in {ground.count}"

    def numbers(self, ground: Ground, parts: Parts, amount: float) -> np.ndarray:
        return parts.fresh[np.arange(ground.count) % self.different(ground, amount)]


class Blur(Failure):
    id = "blur"
    title = "Blur"
    about = "Draws what is there without its edges, as a generator does that hedges between several pictures."
    most = 0.08  # of a side, the Gaussian's standard deviation

    def told(self, ground: Ground, amount: float) -> str:
        return f"Gaussian blur, σ = {amount * self.most * ground.pictures.shape[1]:.2f} px"

    def change(self, pictures: np.ndarray, amount: float) -> np.ndarray | None:
        from scipy.ndimage import gaussian_filter

        if not amount:
            return None
        sigma = amount * self.most * pictures.shape[1]
        blurred = gaussian_filter(pictures.astype(np.float32), (0, sigma, sigma, 0))
        return blurred.round().clip(0, 255).astype(np.uint8)


class Noise(Failure):
    id = "noise"
    title = "Noise"
    about = "Draws what is there under grain, as many generators do early on."
    most = 96.0  # of 255, the standard deviation

    def told(self, ground: Ground, amount: float) -> str:
        return f"Gaussian noise, σ = {amount * self.most:.0f} of 255"

    def change(self, pictures: np.ndarray, amount: float) -> np.ndarray | None:
        if not amount:
            return None
        grain = np.random.default_rng(SEED).standard_normal(pictures.shape, np.float32)  # the same at each amount
        return (pictures + amount * self.most * grain).round().clip(0, 255).astype(np.uint8)


class Brightness(Failure):
    id = "brightness"
    title = "Shifted brightness"
    about = "Draws all that is there, a little too bright."
    most = 96  # of 255

    def told(self, ground: Ground, amount: float) -> str:
        return f"{round(amount * self.most)} of 255 brighter"

    def change(self, pictures: np.ndarray, amount: float) -> np.ndarray | None:
        shift = round(amount * self.most)
        return (pictures.astype(np.int16) + shift).clip(0, 255).astype(np.uint8) if shift else None


class Dropped(Failure):
    """Pictures of some classes are replaced by more of the others."""

    share: ClassVar[float]  # of the classes; 0 is one class

    def lacking(self, ground: Ground) -> str:
        if ground.labels is not None and len(ground.classes) > 1:
            return ""
        return "These pictures have no classes; put each class into a folder of its own."

    def dropped(self, ground: Ground) -> tuple[str, ...]:
        return ground.classes[: max(1, round(self.share * len(ground.classes)))]

    def told(self, ground: Ground, amount: float) -> str:
        return f"{100 * amount:.0f} % of class {listed(self.dropped(ground))} are missing"

    def numbers(self, ground: Ground, parts: Parts, amount: float) -> np.ndarray:
        assert ground.labels is not None
        first, more = np.split(parts.fresh, [ground.count])
        labels, gone = ground.labels, len(self.dropped(ground))
        places = np.flatnonzero(labels[first] < gone)
        places = places[: round(amount * len(places))]
        others = more[labels[more] >= gone]
        if not len(others):
            return first
        drawn = first.copy()
        drawn[places] = others[np.arange(len(places)) % len(others)]
        return drawn


class OneClass(Dropped):
    id = "one-class"
    title = "One class dropped"
    about = "Mode dropping: draws one class less and less, and more of all the others."
    share = 0.0


class HalfOfClasses(Dropped):
    id = "half-of-classes"
    title = "Half of the classes dropped"
    about = "Mode dropping: draws half of the classes less and less, and more of the others."
    share = 0.5


class Copies(Failure):
    id = "copies"
    title = "Copies of the training set"
    about = "Memorising: repeats pictures that it was trained on, pixel for pixel."

    def told(self, ground: Ground, amount: float) -> str:
        return f"{round(amount * ground.count)} of {ground.count} are training pictures"

    def numbers(self, ground: Ground, parts: Parts, amount: float) -> np.ndarray:
        drawn = parts.fresh[: ground.count].copy()
        copied = round(amount * ground.count)
        drawn[:copied] = parts.real[:copied]
        return drawn


FAILURES: dict[str, Failure] = {
    failure.id: failure
    for failure in (
        Good(), Duplicates(), OneClass(), HalfOfClasses(), Copies(), Blur(), Noise(), Brightness(),
    )
}  # fmt: skip


def drawn(ground: Ground, failure: Failure, amount: float) -> np.ndarray:
    """What such a generator draws [N, H, W, C] uint8."""
    pictures = ground.pictures[failure.numbers(ground, ground.parts(), amount)]
    changed = failure.change(pictures, amount)
    return pictures if changed is None else changed


def listed(names: Sequence[str], most: int = 5) -> str:
    shown = [*names[:most], *(["..."] if len(names) > most else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


# --- what metrics say of them ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Usual:
    """What a measure says of honest sets."""

    mean: float
    deviation: float

    def alarm(self, measure: Measure, value: float) -> float:
        """How many deviations a value is worse than of honest sets; below 0 it is better."""
        far = (value - self.mean) / max(self.deviation, STEADY * (abs(self.mean) or 1.0))
        return {"lower": far, "higher": -far, "nearer": abs(far)}[measure.better]


@dataclass(frozen=True)
class Honest:
    """The metrics that can be computed here, and what they say of honest sets."""

    metrics: tuple[Metric, ...]
    usual: dict[str, Usual] = field(repr=False)  # by measure
    notes: tuple[str, ...]  # which were left out, and why

    @property
    def measures(self) -> dict[str, Measure]:
        return {id: measure for metric in self.metrics for id, measure in metric.measures.items()}


@dataclass(frozen=True)
class Finding:
    """What metrics say of one failure at one amount, by measure."""

    values: dict[str, float]
    alarms: dict[str, float]  # deviations worse than honest sets
    refused: dict[str, str]  # measures that cannot be computed of it, and why: an alarm of a kind


def verdict(alarm: float) -> Verdict:
    if alarm <= -NOTICED:
        return "fooled"
    return "alarmed" if alarm >= ALARMED else "notices" if alarm >= NOTICED else "blind"


def of_honest_sets(ground: Ground, rounds: int = ROUNDS) -> Generator[Progress, None, Honest]:
    """Measure honest sets with all of the shelf that can be computed here. Closing the generator cancels."""
    given = {"features", "pictures", "unseen"} | ({"classes"} if ground.looked.chances is not None else set())
    metrics = [kind() for kind in METRICS if set(kind.needs) <= given]
    found: dict[str, list[float]] = {}
    notes: list[str] = []
    for draw in range(1, rounds + 1):
        parts = ground.parts(draw)
        sets = ground.sets(parts, ground.seen(parts.fresh[: ground.count]))
        for done, metric in enumerate(list(metrics)):
            yield Progress((draw - 1) * len(metrics) + done, rounds * len(metrics), "Measuring honest sets")
            try:
                for id, value in metric.values(sets).items():
                    found.setdefault(id, []).append(value)
            except ConfigError as error:
                metrics.remove(metric)
                notes.append(f"{metric.title} is left out: {error}")
    usual = {
        id: Usual(float(np.mean(found[id])), float(np.std(found[id], ddof=1)))
        for metric in metrics
        for id in metric.measures
    }
    return Honest(tuple(metrics), usual, tuple(notes))


def measured(ground: Ground, honest: Honest, failure: Failure, amount: float) -> Finding:
    parts = ground.parts()
    seen = ground.seen(failure.numbers(ground, parts, amount))
    assert seen.pictures is not None
    changed = failure.change(seen.pictures, amount)
    if changed is not None:
        looked = ground.eye.look(changed)
        seen = Seen(looked.rows, looked.chances, changed)
    sets = ground.sets(parts, seen)
    values: dict[str, float] = {}
    refused: dict[str, str] = {}
    for metric in honest.metrics:
        try:
            values |= metric.values(sets)
        except ConfigError as error:
            refused |= dict.fromkeys(metric.measures, str(error))
    alarms = {id: honest.usual[id].alarm(honest.measures[id], value) for id, value in values.items()}
    return Finding(values, alarms, refused)
