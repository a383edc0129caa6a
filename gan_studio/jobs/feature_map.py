"""Real and generated pictures as points on one map, by what an eye sees in them: `tsne.py` places them.

Where generated points lie among the real ones, the pictures are alike to the eye; clumps of real points without
generated ones are what the generator leaves out, and the other way around what it makes up.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from ..metrics import Seen
from ..progress import Progress
from . import tsne
from .closely import Close

MOST = 300  # points of each kind
KINDS = ("real", "unseen", "generated")  # in the order in which they are drawn
PLACING, NEIGHBOURS = "Placing the points", "Looking for neighbours"
NEIGHBOUR_COUNT = 10


@dataclass(frozen=True)
class Map:
    """Points and what they stand for, after some iterations; row i of each array belongs to point i."""

    points: np.ndarray = field(repr=False)  # [N, 2]
    kinds: np.ndarray = field(repr=False)  # [N] numbers of `KINDS`
    numbers: np.ndarray = field(repr=False)  # [N] of the picture among those of its kind
    classes: np.ndarray | None = field(repr=False)  # [N] class numbers by the eye, where it knows classes
    mixed: float  # of a generated point's neighbours in features, the share that is real; as drawn, half would be even
    iteration: int
    iterations: int
    divergence: float


def drawn_map(
    close: Close, most: int = MOST, iterations: int = tsne.ITERATIONS
) -> Generator[Progress | Map, None, None]:
    """The map as it comes about; the last one is done. Closing the generator cancels."""
    yield Progress(0, iterations, NEIGHBOURS)
    parts: list[Seen | None] = [close.real, close.unseen, close.generated]
    taken = [None if seen is None else seen.taken(np.arange(min(most, len(seen)))) for seen in parts]
    there = [(kind, seen) for kind, seen in enumerate(taken) if seen is not None]
    rows = np.concatenate([seen.rows for _, seen in there])
    kinds = np.concatenate([np.full(len(seen), kind) for kind, seen in there])
    numbers = np.concatenate([np.arange(len(seen)) for _, seen in there])
    chances = [seen.chances for _, seen in there]
    known = [one.argmax(axis=1) for one in chances if one is not None]
    classes = np.concatenate(known) if len(known) == len(there) else None
    mixed = mixing(rows, kinds)
    for placed in tsne.tsne(rows, iterations=iterations):
        yield Progress(placed.iteration, iterations, PLACING)
        yield Map(placed.points, kinds, numbers, classes, mixed, placed.iteration, placed.iterations, placed.divergence)


def mixing(rows: np.ndarray, kinds: np.ndarray) -> float:
    """Of the nearest neighbours of generated rows among real (of training) and generated ones, the real share.

    Scaled so that 0.5 is what evenly mixed sets give, whatever their sizes.
    """
    real, generated = (np.flatnonzero(kinds == KINDS.index(kind)) for kind in ("real", "generated"))
    both = np.concatenate([real, generated])
    far = ((rows[generated] ** 2).sum(axis=1)[:, None] + (rows[both] ** 2).sum(axis=1)) - 2 * rows[generated] @ rows[
        both
    ].T
    own = len(real) + np.arange(len(generated))
    far[np.arange(len(generated)), own] = np.inf
    k = min(NEIGHBOUR_COUNT, len(both) - 1)
    nearest = np.argpartition(far, k - 1, axis=1)[:, :k]
    odds = (nearest < len(real)).sum() / len(real), (nearest >= len(real)).sum() / max(1, len(generated) - 1)
    return float(odds[0] / sum(odds))
