"""What is carried on the transport bench: heaps on a line or clouds in the plane, with a plan that is drawn by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from ...theory.densities import Array
from ...theory.transport import Problem, clouds, histograms, independent_plan

BINS = 12  # places of a line: so many that each cell of the matrix can be hit
EXTENT = 2.0  # half the side of what is seen of the plane
MOST = 24  # points of a cloud
RESOLUTION = 64  # of the critic's map


@dataclass(frozen=True, eq=False)
class Scene:
    """What lies where, and the plan by hand, as masses."""

    p: Array  # [N] shares on the line, or [N, 2] places in the plane
    q: Array  # [M] or [M, 2]
    hand: Array  # [N, M]

    @classmethod
    def of(cls, p: Any, q: Any) -> Self:
        """Without a plan."""
        p, q = np.asarray(p, float), np.asarray(q, float)
        return cls(p, q, np.zeros((len(p), len(q))))

    def problem(self, power: int) -> Problem:
        raise NotImplementedError

    def look(self) -> Array:
        """[..., D] where a critic is looked at."""
        raise NotImplementedError

    def with_hand(self, hand: Array) -> Self:
        return replace(self, hand=hand)

    def heap(self, which: str) -> Array:
        return self.p if which == "p" else self.q


class Heaps(Scene):
    """Shares of the places 0, 1, 2 ...; p and q sum to 1 each."""

    def problem(self, power: int) -> Problem:
        return histograms(self.p, self.q, power=power)

    def look(self) -> Array:
        return np.linspace(-0.5, len(self.p) - 0.5, 4 * len(self.p) + 1)[:, None]

    def with_share(self, which: str, i: int, share: float) -> Heaps:
        """That place holds so much of the whole; the others share the rest as before, or alike if they had nothing."""
        masses, share = self.heap(which), min(max(share, 0.0), 1.0)
        rest = np.delete(masses, i)
        rest = rest if rest.sum() > 1e-9 else np.ones_like(rest)
        return replace(self, **{which: np.insert(rest * (1 - share) / rest.sum(), i, share)})


class Clouds(Scene):
    """Places of points of equal weights."""

    def problem(self, power: int) -> Problem:
        return clouds(self.p, self.q, power=power)

    def look(self) -> Array:
        """[R, R, 2], row 0 at the bottom."""
        axis = np.linspace(-EXTENT, EXTENT, RESOLUTION)
        return np.stack(np.meshgrid(axis, axis), axis=-1)

    def moved(self, which: str, i: int, place: tuple[float, float]) -> Clouds:
        places = self.heap(which).copy()
        places[i] = np.clip(place, -EXTENT, EXTENT)
        return replace(self, **{which: places})

    def with_point(self, which: str, place: tuple[float, float]) -> Clouds:
        """One more, the last; nothing is carried from it or to it by hand."""
        places = np.vstack([self.heap(which), np.clip(place, -EXTENT, EXTENT)])
        N, M = self.hand.shape
        hand = np.vstack([self.hand, np.zeros((1, M))]) if which == "p" else np.hstack([self.hand, np.zeros((N, 1))])
        return replace(self, **{which: places, "hand": hand})

    def without(self, which: str, i: int) -> Clouds:
        hand = np.delete(self.hand, i, axis=0 if which == "p" else 1)
        return replace(self, **{which: np.delete(self.heap(which), i, axis=0), "hand": hand})


# --- plans -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """How a plan is found; `make` takes the problem, its cheapest plan, and the one by hand."""

    title: str
    about: str
    make: Callable[[Problem, Array, Array], Array]


def by_hand(problem: Problem, best: Array, hand: Array) -> Array:
    return hand


def all_to_all(problem: Problem, best: Array, hand: Array) -> Array:
    return independent_plan(problem)


def cheapest(problem: Problem, best: Array, hand: Array) -> Array:
    return best


PLANS = {
    "hand": Kind("By hand", "Your own: click and drag in the matrix", by_hand),
    "independent": Kind("Independent", "From everywhere to everywhere, in proportion: γ = p q", all_to_all),
    "optimal": Kind("Optimal", "The cheapest of all plans, exact", cheapest),
}


# --- to begin with ---------------------------------------------------------------------------------------------------


def hills(*parts: tuple[float, float, float]) -> Array:
    """[N] of (share, middle, width) each."""
    x = np.arange(BINS)
    heights = sum(share / width * np.exp(-(((x - middle) / width) ** 2) / 2) for share, middle, width in parts)
    shares = np.where(heights > 0.004, heights, 0)
    return np.asarray(shares / shares.sum())


def piles(shares: dict[int, float]) -> Array:
    return np.array([shares.get(x, 0.0) for x in range(BINS)]) / sum(shares.values())


LINE_PRESETS: dict[str, tuple[str, str, Heaps]] = {
    "hills": (
        "Two hills",
        "Earth from two sides meets in the middle",
        Heaps.of(hills((0.6, 1.7, 0.8), (0.4, 9, 0.8)), hills((1, 5.4, 1.3))),
    ),
    "piles": (
        "Piles of earth",
        "The lecture's example: many plans move these piles; which is the cheapest?",
        Heaps.of(piles({0: 0.3, 1: 0.2, 2: 0.1, 4: 0.4}), piles({5: 0.2, 7: 0.2, 8: 0.4, 10: 0.2})),
    ),
    "shift": (
        "Moved aside",
        "All goes 5 to the right: W1 = W2 = 5",
        Heaps.of(hills((1, 2.5, 1)), hills((1, 7.5, 1))),
    ),
    "lines": (
        "Parallel lines",
        "The WGAN paper's example: one pile, one hole, one plan; W1 is how far they are apart",
        Heaps.of(piles({3: 1}), piles({8: 1})),
    ),
    "books": (
        "A row of books",
        "Eight books move on by one. To W1 it is the same if the first jumps over all others, to W2 it is not",
        Heaps.of(piles(dict.fromkeys(range(1, 9), 1)), piles(dict.fromkeys(range(2, 10), 1))),
    ),
    "spread": (
        "One pile, spread",
        "All earth comes from one place, so there is only one plan",
        Heaps.of(piles({3: 1}), piles(dict.fromkeys(range(BINS), 1))),
    ),
    "same": ("Nothing to do", "p and q are the same: what lies right stays", Heaps.of(*2 * [hills((1, 5.5, 1.6))])),
}


def circle(count: int, radius: float, turned: float = 0.0) -> Array:
    angle = 2 * np.pi * np.arange(count) / count + turned
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def blob(seed: int, count: int, middle: tuple[float, float], width: float) -> Array:
    return np.round(np.random.default_rng(seed).normal(middle, width, (count, 2)), 3).clip(-EXTENT, EXTENT)


def upright(x: float, count: int) -> Array:
    return np.stack([np.full(count, x), np.linspace(-1.4, 1.4, count)], axis=1)


def half_circle(count: int, middle: tuple[float, float], up: float) -> Array:
    angle = np.linspace(0.05, np.pi - 0.05, count)
    return np.stack([np.cos(angle), up * np.sin(angle)], axis=1) + middle


CLUMPS = [(-1.3, 1.0, 5), (-1.2, -1.1, 5)], [(1.3, 1.3, 4), (1.1, 0.0, 4), (1.2, -1.4, 4)]

PLANE_PRESETS: dict[str, tuple[str, str, Clouds]] = {
    "ring": (
        "Ring and a blob",
        "Data on a ring, a generator that makes a blob in its middle",
        Clouds.of(circle(16, 1.5, 0.1), blob(3, 16, (0.0, 0.0), 0.35)),
    ),
    "shift": (
        "Moved aside",
        "The same cloud twice: W1 = W2 = how far it was moved",
        Clouds.of(blob(1, 12, (-0.8, -0.3), 0.45), blob(1, 12, (-0.8, -0.3), 0.45) + np.array([1.5, 0.8])),
    ),
    "lines": (
        "Parallel lines",
        "The WGAN paper's example: W1 is how far they are apart",
        Clouds.of(upright(-0.7, 8), upright(0.7, 8)),
    ),
    "moons": (
        "Two moons",
        "From one half circle to the other",
        Clouds.of(half_circle(12, (-0.5, -0.2), 1.2), half_circle(12, (0.5, 0.2), -1.2)),
    ),
    "clumps": (
        "Ten and twelve",
        "Mass has to be split: the plan is no pairing",
        Clouds.of(*(np.vstack([blob(i, n, (x, y), 0.2) for i, (x, y, n) in enumerate(part)]) for part in CLUMPS)),
    ),
    "two": (
        "Two and two",
        "Small enough to see all plans; drag a point past another and the pairing changes",
        Clouds.of([(-1.0, 0.6), (-0.6, -0.8)], [(0.9, -0.4), (1.1, 0.9)]),
    ),
}
