"""How far generated pictures are from what was trained on: many at once, by one product of matrices a block.

A picture that is nearer to a training picture than those are to each other is a copy and not new. Meehan et al. 2020
test for copies by the same comparison.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from .events import Progress
from .features import features_of
from .neighbours import BATCH, Held, distances, in_features, neighbours
from .snapshots import Snapshot

PROBES = 128  # training pictures whose own neighbours say what is near
COPIES = 0.05  # what is nearer than this share of them is a copy
CLOSEST = 4  # candidates of the fast distance that the exact one chooses from


@dataclass(frozen=True)
class Known:
    """The training pictures, and how near is too near to be new."""

    held: Held
    near: float  # in the units of what is held: of pixels 0 to 255

    def distances(self, pictures: np.ndarray) -> np.ndarray:
        """[N, H, W, C] uint8 -> [N] float32: how far each is from the training picture next to it, as `near`."""
        return nearest(self.held, pictures, 1)[:, 0]


def known(snapshot: Snapshot, by_features: bool = False) -> Generator[Progress, None, Known]:
    """Read what a snapshot's run learnt from, to compare pixels, or what D or random convolutions see.

    Closing the generator cancels. Raises ConfigError.
    """
    held: Held
    held = pixels = yield from neighbours(snapshot)
    if by_features:
        held = yield from in_features(pixels, features_of(snapshot))
    yield Progress(0, 1, "Comparing the training pictures with each other")
    probes = held.pictures[:PROBES]  # they come in a random order
    next_to_itself = nearest(held, probes, 2)[:, -1]
    return Known(held, float(np.quantile(next_to_itself, COPIES)))


def nearest(held: Held, pictures: np.ndarray, count: int) -> np.ndarray:
    """Distances [N, count] float32 from pictures [N, H, W, C] uint8 to the nearest of those held, nearest first.

    |a - b|^2 = |a|^2 + |b|^2 - 2 a b finds the candidates, and the difference itself measures them: copies are at 0.
    """
    rows, wanted = held.rows, held.rows_of(pictures).astype(np.float32)
    count = min(count, len(rows))
    middle = rows[:BATCH].mean(axis=0, dtype=np.float32)  # numbers around 0 lose less in float32
    centred = wanted - middle  # [N, F]
    lengths = np.einsum("nf,nf->n", centred, centred)
    fast = np.empty((len(pictures), len(rows)), np.float32)
    for start in range(0, len(rows), BATCH):
        block = rows[start : start + BATCH].astype(np.float32) - middle  # [B, F]
        squares = np.einsum("bf,bf->b", block, block)
        fast[:, start : start + BATCH] = lengths[:, None] + squares - 2 * centred @ block.T
    some = min(max(CLOSEST, count), len(rows))
    candidates = np.argpartition(fast, some - 1, axis=1)[:, :some]
    exact = [distances(rows[numbers], row) for numbers, row in zip(candidates, wanted, strict=True)]
    return np.sort(np.stack(exact), axis=1)[:, :count] / np.float32(held.unit)
