"""The shelf of metrics: one file each. They compare arrays, and know no feature networks, data sources or jobs.

A metric is a Spec that reads two sets of samples; what it says of them is a `Reading` with an interval. Copy
`class_histogram.py` for a new one. What `Sets` are lacking is said in one sentence: no metric returns a number that it
cannot vouch for. What all of them share, the checks and the intervals, is in `honest.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np

from ..config import Spec
from ..progress import Progress
from ..registry import Registry
from . import honest
from .honest import Pick

Better = Literal["lower", "higher", "nearer"]  # nearer to its ideal, from both sides
Need = Literal["features", "classes", "pictures", "points", "pairs", "unseen", "modes"]


@dataclass(frozen=True)
class Seen:
    """One set of samples, as a metric looks at it: row i of each array belongs to sample i."""

    rows: np.ndarray = field(repr=False)  # [N, F] float32: what a feature network makes of it, or a point in the plane
    chances: np.ndarray | None = field(default=None, repr=False)  # [N, K] float32, of the classes, by a classifier
    pictures: np.ndarray | None = field(default=None, repr=False)  # [N, H, W, C] uint8

    def __len__(self) -> int:
        return len(self.rows)

    def taken(self, rows: np.ndarray | None) -> Seen:
        """Some of the samples; None is all."""
        if rows is None:
            return self
        chances, pictures = (None if x is None else x[rows] for x in (self.chances, self.pictures))
        return Seen(self.rows[rows], chances, pictures)


@dataclass(frozen=True)
class Sets:
    """What is compared."""

    real: Seen  # what training saw, where there is an `unseen` beside it
    generated: Seen
    unseen: Seen | None = None  # real samples that training never saw
    classes: tuple[str, ...] = ()  # names of the columns of `chances`; () where they have none
    points: bool = False  # samples are points in the plane, and `rows` are they
    centres: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.float32))  # of points: their modes [K, 2]
    sigma: float = 0.0  # the standard deviation of each coordinate within a mode
    paired: bool = False  # generated sample i should be real sample i: a translation and its truth

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes; their numbers, where they have none."""
        K = 0 if self.real.chances is None else self.real.chances.shape[-1]
        return self.classes or tuple(map(str, range(K)))

    def taken(self, pick: Pick) -> Sets:
        """Some of the samples."""
        unseen = None if self.unseen is None else self.unseen.taken(pick.unseen)
        real, generated = self.real.taken(pick.real), self.generated.taken(pick.generated)
        return replace(self, real=real, generated=generated, unseen=unseen)


@dataclass(frozen=True)
class Measure:
    """One number that a metric gives."""

    title: str  # without the network: "Frechet distance"
    about: str  # a sentence for whoever reads it
    better: Better = "lower"
    ideal: float = 0.0  # of "higher" the most, where it does not depend on the sets: see `Reading.most`
    unit: str = ""
    least: float = -np.inf  # what it can be, whatever is compared
    most: float = np.inf
    bias_shrinks: bool = False  # its bias goes as 1/n, so that it can be extrapolated to endlessly many samples


@dataclass(frozen=True)
class Reading:
    """What a metric says of two sets."""

    measure: str  # id, and with "metrics/" before it a curve's name: "frechet"
    value: float
    low: float  # of the 95 % interval of what such samples, and as many of them, give on average
    high: float
    samples: tuple[int, int]  # (real, generated) that it was computed from
    at_infinity: float | None = None  # extrapolated to endlessly many samples, where fewer bias it
    rounds: int = 0  # of resampling behind the interval; of 0 there is none: `low` and `high` are the value
    most: float | None = (
        None  # the best that it can be of these sets, where that depends on them: the number of classes
    )
    items: tuple[str, ...] = ()  # what is counted, by name: the classes that were dropped
    notes: tuple[str, ...] = ()  # what a person should know about this number


class Metric(Spec):
    """A way to compare what was generated with what is real.

    A metric says how its numbers come about in `measure`; `read` checks the sets before it, and resamples.
    """

    paper: ClassVar[str] = ""
    needs: ClassVar[tuple[Need, ...]] = ("features",)
    measures: ClassVar[dict[str, Measure]]  # by their ids, which never change: they stand in saved runs
    most_rows: ClassVar[int | None] = None  # of a set, in a round of resampling; None: half of it, however many

    @classmethod
    def by_eye(cls) -> bool:
        """Whether its numbers depend on the feature network, whose name they then carry."""
        return bool({"features", "classes"} & set(cls.needs))

    def fewest(self, features: int, classes: int = 0) -> int:
        """Samples that each set must have, of so many features and classes."""
        return 2

    def why_fewest(self) -> str:
        """What is wrong with fewer, as the end of a sentence."""
        return "an interval needs some to leave out"

    @abstractmethod
    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        """{measure: value} of sets that were checked. Closing the generator cancels."""

    def resampled(
        self, sets: Sets, picks: Sequence[Pick], seed: int
    ) -> Generator[Progress, None, list[dict[str, float]]]:
        """What `measure` says of each pick of the sets; one that can do better than one by one does so here."""
        found = []
        for i, pick in enumerate(picks):
            yield Progress(i, len(picks), honest.RESAMPLING if i else honest.MEASURING)
            found.append((yield from self.measure(sets.taken(pick), seed)))
        return found

    def work(self, rows: int, features: int) -> float:
        """About how many multiplications `measure` takes of sets of so many rows: bounds the rounds of resampling."""
        return 0.0

    def extrapolates(self, rows: int, features: int) -> bool:
        """Whether the bias goes as 1/n for parts of so many samples, where a measure's does at all."""
        return True

    def refuse(self, sets: Sets) -> None:
        """What else the sets must be, beyond `needs` and `fewest`. Raises ConfigError with a sentence."""

    def most(self, sets: Sets) -> dict[str, float]:
        """{measure: the best that it can be of these sets}, where that depends on them."""
        return {}

    def items(self, sets: Sets) -> dict[str, tuple[str, ...]]:
        """{measure: names of what it counts}."""
        return {}

    def notes(self, sets: Sets) -> tuple[str, ...]:
        """What a person should know about its numbers of these sets, a sentence each."""
        return ()

    def values(self, sets: Sets, seed: int = 0) -> dict[str, float]:
        """{measure: value} without intervals, such as for a curve. Raises ConfigError as `read` does."""
        honest.check(self, sets)
        found = honest.finished(self.measure(sets, seed))
        honest.check_found(self, [found])
        return found

    def read(self, sets: Sets, rounds: int, seed: int) -> Generator[Progress, None, tuple[Reading, ...]]:
        """Check, measure, and resample in so many rounds, or fewer where they take long; 0: there are no intervals.

        Closing the generator cancels, and the same seed reads the same.
        Raises ConfigError with a sentence where the sets lack what it needs.
        """
        honest.check(self, sets)
        picks = honest.picks(self, sets, rounds, seed)
        found = yield from self.resampled(sets, picks.all, seed)
        honest.check_found(self, found)
        far = self.extrapolates(picks.rows, sets.real.rows.shape[-1])
        most, items, notes = self.most(sets), self.items(sets), (*honest.notes(self, sets), *self.notes(sets))
        readings = []
        for name, measure in self.measures.items():
            value, *others = (values[name] for values in found)
            low, high = honest.interval(value, others, picks.scale, measure.least, measure.most)
            beyond = honest.at_infinity(value, others, picks.fraction) if far and measure.bias_shrinks else None
            if beyond is not None:
                beyond = min(max(beyond, measure.least), measure.most)
            readings.append(
                Reading(
                    measure=name,
                    value=value,
                    low=low,
                    high=high,
                    samples=(len(sets.real), len(sets.generated)),
                    at_infinity=beyond,
                    rounds=len(others),
                    most=most.get(name),
                    items=items.get(name, ()),
                    notes=notes,
                )
            )
        return tuple(readings)


class AtOnce(Metric):
    """A metric whose work for all picks is done once, in `resampled`: the whole sets are one of them."""

    @abstractmethod
    def resampled(
        self, sets: Sets, picks: Sequence[Pick], seed: int
    ) -> Generator[Progress, None, list[dict[str, float]]]: ...

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        found = yield from self.resampled(sets, [Pick()], seed)
        return found[0]


METRICS: Registry[Metric] = Registry("gan_studio.metrics", "metric")
