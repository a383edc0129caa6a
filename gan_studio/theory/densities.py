"""Distributions on the line whose density, distribution function and quantiles are known exactly.

All are frozen and made of plain numbers, so a window edits one by making the next. A new one is one more subclass of
`Density` at the end of this file.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..config import ConfigError

Array = NDArray[Any]  # of float64

NOTHING: Array = np.empty(0)
REACH = 10.0  # deviations from a Gaussian's mean to where it is taken as over: 1.5e-23 of it lies beyond
RULER = np.concatenate([np.arange(0, 5, 0.5), [5, 6, 7, 8.5, REACH]])
MARKS = np.concatenate([-RULER[:0:-1], RULER])  # of a standard Gaussian: between two, five nodes are exact to 1e-10
LOG_ROOT_2_PI = math.log(2 * math.pi) / 2

# How log p falls far out: -a x^2 + b x, as (a, b); a = inf where the support ends, so that nothing falls.
Tail = tuple[float, float]
BOUNDED: tuple[Tail, Tail] = ((math.inf, 0.0), (math.inf, 0.0))


class Density(ABC):
    """A distribution p on the line. Every function works elementwise on float64 arrays of any shape.

    Subclasses are frozen dataclasses; `dataclasses.replace` reshapes one, `moved` and `scaled` do what dragging does.
    """

    @property
    @abstractmethod
    def mean(self) -> float: ...

    @property
    @abstractmethod
    def deviation(self) -> float: ...

    @property
    @abstractmethod
    def extent(self) -> tuple[float, float]:
        """An interval to draw that holds all of p, or all but 1e-4 of it."""

    @property
    @abstractmethod
    def marks(self) -> Array:
        """Places [K], rising, from the least to the greatest x that matters, between which p is smooth."""

    @property
    def atoms(self) -> Array:
        """Places [K], rising, that hold a mass each; where there are any, there is nothing between them."""
        return NOTHING

    @property
    def masses(self) -> Array:
        """[K] of the atoms; they sum to 1."""
        return NOTHING

    @property
    def tails(self) -> tuple[Tail, Tail]:
        """How p falls on the left and on the right."""
        return BOUNDED

    @abstractmethod
    def log_pdf(self, x: Array) -> Array:
        """log p(x); -inf where there is nothing."""

    @abstractmethod
    def cdf(self, x: Array) -> Array:
        """P(X <= x)."""

    @abstractmethod
    def survival(self, x: Array) -> Array:
        """P(X > x), to all digits where the cdf is nearly 1."""

    @abstractmethod
    def cdf_integral(self, x: Array) -> Array:
        """The integral of the cdf up to x, which is E max(x - X, 0)."""

    @abstractmethod
    def at_score(self, z: Array) -> Array:
        """The quantile at u = Phi(z): a map of a standard Gaussian variable that rises and is distributed as p."""

    @property
    @abstractmethod
    def score_marks(self) -> Array:
        """Scores z [K] between which `at_score` is smooth, besides the halves that a standard Gaussian needs anyway."""

    @abstractmethod
    def sample(self, count: int, generator: np.random.Generator) -> Array:
        """[count] independent samples."""

    @abstractmethod
    def moved(self, by: float) -> Density:
        """The same shape, to the right by `by`."""

    @abstractmethod
    def scaled(self, by: float) -> Density:
        """The same shape and mean, wider by the factor `by` > 0."""

    def pdf(self, x: Array) -> Array:
        """p(x); 0 everywhere for atoms."""
        return np.exp(self.log_pdf(np.asarray(x, float)))

    def score(self, x: Array) -> Array:
        """z with Phi(z) = P(X <= x), to all digits on both sides."""
        below = self.cdf(x)
        return np.where(below < 0.5, ndtri(below), -ndtri(self.survival(x)))


@dataclass(frozen=True)
class Gaussian(Density):
    """N(mean, deviation^2)."""

    mean: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        if not (self.deviation > 0 and math.isfinite(self.mean) and math.isfinite(self.deviation)):
            raise ConfigError("A Gaussian needs a finite mean and a deviation above 0.")

    @property
    def extent(self) -> tuple[float, float]:
        return self.mean - 4 * self.deviation, self.mean + 4 * self.deviation

    @cached_property
    def marks(self) -> Array:
        return self.mean + self.deviation * MARKS

    @property
    def tails(self) -> tuple[Tail, Tail]:
        tail = 0.5 / self.deviation**2, self.mean / self.deviation**2
        return tail, tail

    def log_pdf(self, x: Array) -> Array:
        z = (x - self.mean) * (1 / self.deviation)
        return z * z * -0.5 - (math.log(self.deviation) + LOG_ROOT_2_PI)

    def cdf(self, x: Array) -> Array:
        return ndtr((x - self.mean) / self.deviation)

    def survival(self, x: Array) -> Array:
        return ndtr((self.mean - x) / self.deviation)

    def cdf_integral(self, x: Array) -> Array:
        z = (x - self.mean) / self.deviation
        return self.deviation * (z * ndtr(z) + np.exp(z * z * -0.5 - LOG_ROOT_2_PI))

    def at_score(self, z: Array) -> Array:
        return self.mean + self.deviation * z

    score_marks = NOTHING

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        return generator.normal(self.mean, self.deviation, count)

    def moved(self, by: float) -> Gaussian:
        return Gaussian(self.mean + by, self.deviation)

    def scaled(self, by: float) -> Gaussian:
        return Gaussian(self.mean, self.deviation * by)


@dataclass(frozen=True)
class Mixture(Density):
    """Gaussians with weights that need not sum to 1: they are divided by their sum."""

    weights: tuple[float, ...] = (0.5, 0.5)
    means: tuple[float, ...] = (-2.0, 2.0)
    deviations: tuple[float, ...] = (0.6, 0.6)

    def __post_init__(self) -> None:
        if not (len(self.weights) == len(self.means) == len(self.deviations) > 0):
            raise ConfigError("A mixture needs a weight, a mean and a deviation for each of its parts.")
        if min(self.deviations) <= 0 or min(self.weights) < 0 or not 0 < sum(self.weights) < math.inf:
            raise ConfigError("A mixture's deviations must be above 0, its weights too, at least one of them.")

    @cached_property
    def parts(self) -> tuple[tuple[float, Gaussian], ...]:
        """(share, Gaussian) of every part that has a share; the shares sum to 1."""
        total, rows = sum(self.weights), zip(self.weights, self.means, self.deviations, strict=True)
        return tuple((weight / total, Gaussian(mean, deviation)) for weight, mean, deviation in rows if weight > 0)

    @property
    def mean(self) -> float:
        return sum(share * part.mean for share, part in self.parts)

    @property
    def deviation(self) -> float:
        mean = self.mean
        return math.sqrt(sum(share * (part.deviation**2 + (part.mean - mean) ** 2) for share, part in self.parts))

    @property
    def extent(self) -> tuple[float, float]:
        lows, highs = zip(*(part.extent for _, part in self.parts), strict=True)
        return min(lows), max(highs)

    @cached_property
    def marks(self) -> Array:
        return np.unique(np.concatenate([part.marks for _, part in self.parts] + self._crossings))

    @property
    def tails(self) -> tuple[Tail, Tail]:
        widest = max(part.deviation for _, part in self.parts)
        means = [part.mean for _, part in self.parts if part.deviation == widest]
        return (0.5 / widest**2, min(means) / widest**2), (0.5 / widest**2, max(means) / widest**2)

    def log_pdf(self, x: Array) -> Array:
        logs = [part.log_pdf(x) + math.log(share) for share, part in self.parts]
        if len(logs) == 1:
            return logs[0]
        highest = np.maximum.reduce(logs)  # finite: log-sum-exp by hand is a third of SciPy's time
        total = np.exp(logs[0] - highest)
        for log in logs[1:]:
            total += np.exp(log - highest)
        return highest + np.log(total)

    def cdf(self, x: Array) -> Array:
        return self._tail(x, 1.0)

    def survival(self, x: Array) -> Array:
        return self._tail(x, -1.0)

    def cdf_integral(self, x: Array) -> Array:
        (share, part), *others = self.parts
        return sum((weight * other.cdf_integral(x) for weight, other in others), start=share * part.cdf_integral(x))

    def at_score(self, z: Array) -> Array:
        """From the cubic between two marks, by Newton's method on the score; by halving where that leaves the marks."""
        z = np.asarray(z, float)
        places, scores, slopes = self.marks, self.score_marks, self._slopes
        right = np.clip(np.searchsorted(scores, z), 1, len(scores) - 1)
        low, high, width = places[right - 1], places[right], scores[right] - scores[right - 1]
        t = np.clip((z - scores[right - 1]) / width, 0, 1)
        bend = t * (1 - t) * width * ((1 - t) * slopes[right - 1] - t * slopes[right])
        x = np.clip(low + (high - low) * t * t * (3 - 2 * t) + bend, low, high)
        side = np.where(z < 0, 1.0, -1.0)  # whose tail is the smaller: the one to add up
        for _ in range(12):
            score = side * ndtri(self._tail(x, side))
            gap = score - z
            low, high = np.where(gap < 0, x, low), np.where(gap > 0, x, high)
            with np.errstate(over="ignore", invalid="ignore"):
                x = x - gap * np.exp(-score * score / 2 - LOG_ROOT_2_PI - self.log_pdf(x))  # phi / p
            x = np.where((low <= x) & (x <= high), x, (low + high) / 2)
            if np.abs(gap).max(initial=0) < 1e-5:  # and the error is now about its square
                break
        return x

    @cached_property
    def score_marks(self) -> Array:
        return np.clip(self.score(self.marks), -38, 38)

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        shares, parts = zip(*self.parts, strict=True)
        chosen = generator.choice(len(parts), count, p=shares)
        means, deviations = np.array([part.mean for part in parts]), np.array([part.deviation for part in parts])
        return generator.normal(means[chosen], deviations[chosen])

    def moved(self, by: float) -> Mixture:
        return Mixture(self.weights, tuple(mean + by for mean in self.means), self.deviations)

    def scaled(self, by: float) -> Mixture:
        middle = self.mean
        means = tuple(middle + by * (mean - middle) for mean in self.means)
        return Mixture(self.weights, means, tuple(by * deviation for deviation in self.deviations))

    @cached_property
    def _slopes(self) -> Array:
        """[K] dx/dz at the marks."""
        log_slopes = -self.score_marks * self.score_marks / 2 - LOG_ROOT_2_PI - self.log_pdf(self.marks)
        return np.exp(np.minimum(log_slopes, 700))

    @cached_property
    def _crossings(self) -> list[Array]:
        return [_crossings(*one, *other) for one, other in combinations(self.parts, 2)]

    def _tail(self, x: Array, side: Array | float) -> Array:
        """The mass below x where side is 1, above x where it is -1."""
        return sum(share * ndtr(side * (x - part.mean) * (1 / part.deviation)) for share, part in self.parts)


def _crossings(share: float, one: Gaussian, other_share: float, other: Gaussian) -> Array:
    """Marks around the places where two parts are equally dense: there log p turns, the sharper the farther apart."""
    a = 0.5 / other.deviation**2 - 0.5 / one.deviation**2  # log one - log other = a x^2 + b x + c
    b = one.mean / one.deviation**2 - other.mean / other.deviation**2
    c = math.log(share * other.deviation / (other_share * one.deviation)) + (
        0.5 * (other.mean / other.deviation) ** 2 - 0.5 * (one.mean / one.deviation) ** 2
    )
    roots = np.roots([a, b, c] if abs(a) > 1e-12 * abs(b) else [b, c]) if a or b else NOTHING
    roots = np.real(roots[np.isreal(roots)])
    slopes = np.abs(2 * a * roots + b)
    sharp = slopes * min(one.deviation, other.deviation) > 3
    width = 1 / slopes[sharp, None]
    return (roots[sharp, None] + width * [-6, -2.5, -1, 0, 1, 2.5, 6]).ravel()


@dataclass(frozen=True)
class Uniform(Density):
    """Equally dense between `low` and `high`, and nothing elsewhere."""

    low: float = -1.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise ConfigError("A uniform distribution needs a lower end below its upper end.")

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def deviation(self) -> float:
        return self.width / math.sqrt(12)

    @property
    def extent(self) -> tuple[float, float]:
        return self.low, self.high

    @cached_property
    def marks(self) -> Array:
        return np.linspace(self.low, self.high, 9)

    def log_pdf(self, x: Array) -> Array:
        return np.where((self.low <= x) & (x <= self.high), -math.log(self.width), -math.inf)

    def cdf(self, x: Array) -> Array:
        return np.clip((x - self.low) / self.width, 0, 1)

    def survival(self, x: Array) -> Array:
        return np.clip((self.high - x) / self.width, 0, 1)

    def cdf_integral(self, x: Array) -> Array:
        inside = np.clip(x - self.low, 0, self.width)
        return inside**2 / (2 * self.width) + np.maximum(x - self.high, 0)

    def at_score(self, z: Array) -> Array:
        return self.low + self.width * ndtr(z)

    score_marks = NOTHING

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        return generator.uniform(self.low, self.high, count)

    def moved(self, by: float) -> Uniform:
        return Uniform(self.low + by, self.high + by)

    def scaled(self, by: float) -> Uniform:
        half = by * self.width / 2
        return Uniform(self.mean - half, self.mean + half)


@dataclass(frozen=True)
class Drawn(Density):
    """A density of steps, drawn by hand: `heights` of equal bins between `low` and `high`, divided by their sum.

    Steps rather than lines between values: so the density ends at its support, and every infinity is decided exactly.
    64 to 256 bins look smooth.
    """

    heights: tuple[float, ...] = (1.0,)
    low: float = -1.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not (-math.inf < self.low < self.high < math.inf and self.heights):
            raise ConfigError("A drawn density needs heights, and a lower end below its upper end.")
        if min(self.heights) < 0 or not 0 < sum(self.heights) < math.inf:
            raise ConfigError("A drawn density needs heights of at least 0, not all of them 0.")

    @classmethod
    def of(cls, density: Density, low: float, high: float, bins: int = 128) -> Drawn:
        """Another density in `bins` steps, to draw on: each bin holds its exact mass between `low` and `high`."""
        return cls(tuple(np.diff(density.cdf(np.linspace(low, high, bins + 1))).tolist()), low, high)

    @cached_property
    def shares(self) -> Array:
        """[bins] masses, which sum to 1."""
        heights = np.array(self.heights, float)
        return heights / heights.sum()

    @property
    def step(self) -> float:
        return (self.high - self.low) / len(self.heights)

    @property
    def mean(self) -> float:
        return float(self.shares @ self._centres)

    @property
    def deviation(self) -> float:
        return math.sqrt(float(self.shares @ (self._centres - self.mean) ** 2) + self.step**2 / 12)

    @property
    def extent(self) -> tuple[float, float]:
        inside = np.flatnonzero(self.shares)
        return float(self.marks[inside[0]]), float(self.marks[inside[-1] + 1])

    @cached_property
    def marks(self) -> Array:
        return np.linspace(self.low, self.high, len(self.heights) + 1)

    def log_pdf(self, x: Array) -> Array:
        return self._log_densities[
            np.clip(np.floor((x - self.low) * (1 / self.step)), -1, len(self.heights)).astype(int)
        ]

    def cdf(self, x: Array) -> Array:
        bin, inside = self._place(x)
        return np.minimum(self._levels[bin] + self.shares[bin] * inside, 1)

    def survival(self, x: Array) -> Array:
        bin, inside = self._place(x)
        return np.minimum(self._levels_above[bin + 1] + self.shares[bin] * (1 - inside), 1)

    def cdf_integral(self, x: Array) -> Array:
        bin, inside = self._place(x)
        within = self._areas[bin] + self.step * (self._levels[bin] + self.shares[bin] * inside / 2) * inside
        return within + np.maximum(x - self.high, 0)

    def at_score(self, z: Array) -> Array:
        left = np.interp(ndtr(z), self._levels, self.marks)
        right = np.interp(ndtr(-np.asarray(z)), self._levels_above[::-1], self.marks[::-1])
        return np.where(np.asarray(z) < 0, left, right)

    @cached_property
    def score_marks(self) -> Array:
        scores = np.where(self._levels < 0.5, ndtri(self._levels), -ndtri(self._levels_above))
        return np.unique(scores[np.isfinite(scores)])

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        bins = generator.choice(len(self.shares), count, p=self.shares)
        return self.low + self.step * (bins + generator.random(count))

    def moved(self, by: float) -> Drawn:
        return Drawn(self.heights, self.low + by, self.high + by)

    def scaled(self, by: float) -> Drawn:
        middle = self.mean
        return Drawn(self.heights, middle + by * (self.low - middle), middle + by * (self.high - middle))

    def _place(self, x: Array) -> tuple[NDArray[np.int64], Array]:
        """The bin of each x, and how far it lies within, 0 to 1; those outside lie at the ends."""
        place = np.clip((x - self.low) * (1 / self.step), 0, len(self.heights))
        bin = np.minimum(place.astype(int), len(self.heights) - 1)
        return bin, place - bin

    @property
    def _centres(self) -> Array:
        return (self.marks[1:] + self.marks[:-1]) / 2

    @cached_property
    def _log_densities(self) -> Array:
        """[bins + 2]: one entry for what lies to the right, one, at -1, for what lies to the left."""
        with np.errstate(divide="ignore"):
            return np.log(np.concatenate([self.shares / self.step, [0, 0]]))

    @cached_property
    def _levels(self) -> Array:
        """[bins + 1] the mass to the left of each mark."""
        return np.concatenate([[0], np.cumsum(self.shares)])

    @cached_property
    def _levels_above(self) -> Array:
        """[bins + 1] the mass to the right of each mark."""
        return np.concatenate([np.cumsum(self.shares[::-1])[::-1], [0]])

    @cached_property
    def _areas(self) -> Array:
        """[bins] the integral of the cdf up to each bin."""
        return np.concatenate([[0], np.cumsum((self._levels[:-1] + self.shares / 2) * self.step)[:-1]])


@dataclass(frozen=True)
class Points(Density):
    """Masses on single places, with weights that need not sum to 1: no density, and nothing in between.

    A line {x} x [0, 1] in the plane, seen from the side, is one such point: all divergences and distances between
    parallel lines are those between points.
    """

    places: tuple[float, ...] = (0.0,)
    weights: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if not (len(self.places) == len(self.weights) == len(set(self.places)) > 0):
            raise ConfigError("Points need different places, and a weight for each.")
        if not (min(self.weights) > 0 and sum(self.weights) < math.inf and all(map(math.isfinite, self.places))):
            raise ConfigError("Points need finite places and weights above 0.")

    @cached_property
    def atoms(self) -> Array:
        return np.sort(np.array(self.places, float))

    @cached_property
    def masses(self) -> Array:
        weights = np.array(self.weights, float)[np.argsort(self.places)]
        return weights / weights.sum()

    @property
    def mean(self) -> float:
        return float(self.masses @ self.atoms)

    @property
    def deviation(self) -> float:
        return math.sqrt(float(self.masses @ (self.atoms - self.mean) ** 2))

    @property
    def extent(self) -> tuple[float, float]:
        return float(self.atoms[0]), float(self.atoms[-1])

    @property
    def marks(self) -> Array:
        return self.atoms

    def log_pdf(self, x: Array) -> Array:
        return np.full(np.shape(x), -math.inf)

    def cdf(self, x: Array) -> Array:
        return np.concatenate([[0], np.cumsum(self.masses)])[np.searchsorted(self.atoms, x, side="right")]

    def survival(self, x: Array) -> Array:
        above = np.concatenate([np.cumsum(self.masses[::-1])[::-1], [0]])
        return above[np.searchsorted(self.atoms, x, side="right")]

    def cdf_integral(self, x: Array) -> Array:
        return np.maximum(np.asarray(x)[..., None] - self.atoms, 0) @ self.masses

    def at_score(self, z: Array) -> Array:
        return self.atoms[np.searchsorted(self.score_marks, z)]

    @cached_property
    def score_marks(self) -> Array:
        below = np.cumsum(self.masses)[:-1]
        return np.where(below < 0.5, ndtri(below), -ndtri(np.cumsum(self.masses[::-1])[-2::-1]))

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        return generator.choice(self.atoms, count, p=self.masses)

    def moved(self, by: float) -> Points:
        return Points(tuple(place + by for place in self.places), self.weights)

    def scaled(self, by: float) -> Points:
        middle = self.mean
        return Points(tuple(middle + by * (place - middle) for place in self.places), self.weights)


def parallel_lines(theta: float = 1.0) -> tuple[Points, Points]:
    """P_0 and P_theta of Arjovsky et al. 2017, example 1: W = |theta|, and, but for theta = 0, JS = log 2, KL = inf."""
    return Points((0.0,)), Points((theta,))
