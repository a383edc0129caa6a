"""How far generated pictures are from what was trained on: many at once, by one product of matrices a block.

A picture that is nearer to a training picture than those are to each other is a copy and not new. Meehan et al. 2020
test for copies by the same comparison.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from .events import Progress
from .neighbours import BATCH, Neighbours, neighbours
from .snapshots import Snapshot

PROBES = 128  # training pictures whose own neighbours say what is near
COPIES = 0.05  # what is nearer than this share of them is a copy
CLOSEST = 4  # candidates of the fast distance that the exact one chooses from
MIDDLE = 127.5  # numbers around 0 lose less in float32


@dataclass(frozen=True)
class Known:
    """The training pictures, and how near is too near to be new."""

    held: Neighbours
    near: float  # root of the mean squared difference of the pixels, 0 to 255

    def distances(self, pictures: np.ndarray) -> np.ndarray:
        """[N, H, W, C] uint8 -> [N] float32: how far each is from the training picture next to it, as `near`."""
        return nearest(self.held.pictures, pictures, 1)[:, 0]


def known(snapshot: Snapshot) -> Generator[Progress, None, Known]:
    """Read what a snapshot's run learnt from. Closing the generator cancels. Raises ConfigError."""
    held = yield from neighbours(snapshot)
    probes = held.pictures[:PROBES]  # they come in a random order
    yield Progress(0, 1, "Comparing the training pictures with each other")
    next_to_itself = nearest(held.pictures, probes, 2)[:, -1]
    return Known(held, float(np.quantile(next_to_itself, COPIES)))


def nearest(held: np.ndarray, pictures: np.ndarray, count: int) -> np.ndarray:
    """Distances [N, count] float32 from pictures [N, H, W, C] uint8 to the nearest of those held, nearest first.

    |a - b|^2 = |a|^2 + |b|^2 - 2 a b finds the candidates, and the difference itself measures them: copies are at 0.
    """
    count = min(count, len(held))
    wanted = _rows(pictures)  # [N, F]
    lengths = np.einsum("nf,nf->n", wanted, wanted)
    fast = np.empty((len(pictures), len(held)), np.float32)
    for start in range(0, len(held), BATCH):
        block = _rows(held[start : start + BATCH])  # [B, F]
        squares = np.einsum("bf,bf->b", block, block)
        fast[:, start : start + BATCH] = lengths[:, None] + squares - 2 * wanted @ block.T
    some = min(max(CLOSEST, count), len(held))
    candidates = np.argpartition(fast, some - 1, axis=1)[:, :some]
    exact = [_distances(held[numbers], row) for numbers, row in zip(candidates, pictures, strict=True)]
    return np.sort(np.stack(exact), axis=1)[:, :count]


def _rows(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float32) - MIDDLE


def _distances(held: np.ndarray, picture: np.ndarray) -> np.ndarray:
    difference = held.astype(np.float32) - picture
    return np.sqrt(np.mean(difference.reshape(len(held), -1) ** 2, axis=1))
