"""The shelf of metrics: one file each. They compare arrays, and know no networks, data sources or jobs.

A metric is a Spec that reads two sets of samples; what it says of them is a `Reading` with an interval. Copy
`kernel.py` for a new one. What `Sets` are lacking is said in one sentence: no metric returns a number that it cannot
vouch for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from ..config import Spec
from ..progress import Progress
from ..registry import Registry

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


@dataclass(frozen=True)
class Sets:
    """What is compared."""

    real: Seen
    generated: Seen
    unseen: Seen | None = None  # real samples that training never saw
    classes: tuple[str, ...] = ()  # names of the columns of `chances`
    points: bool = False  # samples are points in the plane, and `rows` are they
    centres: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.float32))  # of points: their modes [K, 2]
    sigma: float = 0.0  # the standard deviation of each coordinate within a mode
    paired: bool = False  # generated sample i should be real sample i: a translation and its truth


@dataclass(frozen=True)
class Measure:
    """One number that a metric gives."""

    title: str  # without the network: "Frechet distance"
    about: str  # a sentence for whoever reads it
    better: Better = "lower"
    ideal: float = 0.0
    unit: str = ""


@dataclass(frozen=True)
class Reading:
    """What a metric says of two sets."""

    measure: str  # id, and with "metrics/" before it a curve's name: "frechet"
    value: float
    low: float  # of the 95 % interval
    high: float
    samples: tuple[int, int]  # (real, generated) that it was computed from
    at_infinity: float | None = None  # extrapolated to endlessly many samples, where fewer bias it


class Metric(Spec):
    """A way to compare what was generated with what is real."""

    paper: ClassVar[str] = ""
    needs: ClassVar[tuple[Need, ...]] = ("features",)
    measures: ClassVar[dict[str, Measure]]  # by their ids, which never change: they stand in saved runs

    def fewest(self, features: int) -> int:
        """Samples that each set must have, of so many features."""
        return 2

    @abstractmethod
    def values(self, sets: Sets) -> dict[str, float]:
        """{measure: value} of sets that were checked."""

    def at_infinity(self, sets: Sets, seed: int) -> dict[str, float]:
        """What the values would be of endlessly many samples, where that can be told."""
        return {}

    @abstractmethod
    def read(self, sets: Sets, rounds: int, seed: int) -> Generator[Progress, None, tuple[Reading, ...]]:
        """Check, measure, and bootstrap in so many rounds. Closing the generator cancels.

        Raises ConfigError with a sentence where the sets lack what it needs.
        """


METRICS: Registry[Metric] = Registry("gan_studio.metrics", "metric")
