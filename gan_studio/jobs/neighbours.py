"""What the rest of a run says about a picture: the training pictures nearest to it, and D's score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..compute import mixed_seed
from ..data import Dataset
from ..images import to_float, to_uint8
from .events import Progress
from .features import Features, trained
from .snapshots import Snapshot

MOST = 20_000  # training pictures that are compared with
BATCH = 256
SEED = mixed_seed(0x6E656967, 0)  # of the order in which training pictures are taken
READING = "Reading the training pictures"
LOOKING = "Looking at the training pictures"
MOST_NUMBERS = 2**25  # of all the features that are held: 128 MB
PAIRS = 256  # of training pictures, that say how far these are from each other


class Held(ABC):
    """Training pictures in memory, to compare others with."""

    pictures: np.ndarray  # [M, H, W, C] uint8, as they are trained on, in a random order
    unit: float  # of what is told as a distance
    by: str  # what they are compared by, for sentences

    @property
    @abstractmethod
    def rows(self) -> np.ndarray:
        """What is compared, [M, F]; a distance is the root of the mean squared difference."""

    @abstractmethod
    def rows_of(self, pictures: np.ndarray) -> np.ndarray:
        """The same of other pictures [N, H, W, C] uint8."""

    @abstractmethod
    def told(self, far: float) -> str:
        """A distance in words, without "away"."""

    def nearest(self, picture: np.ndarray, count: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """(the nearest [K, H, W, C] uint8 to a picture [H, W, C] uint8, how far each is [K] float32), nearest first."""
        order, far = _nearest(self.rows, self.rows_of(picture[None])[0], count)
        return self.pictures[order], far / np.float32(self.unit)


@dataclass(frozen=True)
class Neighbours(Held):
    """Compared by their pixels: 0 to 255."""

    pictures: np.ndarray = field(repr=False)
    total: int | None  # of the data; None is endless
    unit = 1.0
    by = "pixels"

    @property
    def rows(self) -> np.ndarray:
        return self.rows_of(self.pictures)

    def rows_of(self, pictures: np.ndarray) -> np.ndarray:
        return pictures.reshape(len(pictures), -1)

    def told(self, far: float) -> str:
        return f"{far:.1f} of 255"


@dataclass(frozen=True)
class InFeatures(Held):
    """Compared by what a network sees in them: at 1 is as far as two training pictures usually are from each other."""

    pictures: np.ndarray = field(repr=False)
    vectors: np.ndarray = field(repr=False)  # [M, F] float32, of the pictures
    unit: float
    features: Features

    @property
    def by(self) -> str:  # type: ignore[override]
        return self.features.name

    @property
    def rows(self) -> np.ndarray:
        return self.vectors

    def rows_of(self, pictures: np.ndarray) -> np.ndarray:
        return self.features.vectors(pictures)

    def told(self, far: float) -> str:
        return f"{far:.2f} by {self.by}"


def _nearest(rows: np.ndarray, wanted: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(numbers [K] of the rows [M, F] nearest to one [F], root of the mean squared difference [K] float32)."""
    wanted = wanted.astype(np.float32)
    found = np.concatenate([distances(rows[i : i + BATCH], wanted) for i in range(0, len(rows), BATCH)])
    order = np.argsort(found, kind="stable")[:count]
    return order, found[order]


def distances(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """From rows [N, F] to one [F], or to N: root of the mean squared difference [N] float32."""
    difference = rows.astype(np.float32) - wanted
    return np.sqrt(np.einsum("nf,nf->n", difference, difference) / difference.shape[1])


def neighbours(snapshot: Snapshot, most: int = MOST) -> Generator[Progress, None, Neighbours]:
    """Prepare the data that a snapshot's run learnt from, and hold up to `most` pictures of it.

    Closing the generator cancels. Raises ConfigError where the data is not here.
    """
    dataset = yield from snapshot.config.data.prepare()
    count = min(most, dataset.size or most)
    parts: list[np.ndarray] = []
    for position in range(-(-count // BATCH)):
        yield Progress(position * BATCH, count, READING)
        parts.append(to_uint8(_batch(dataset, position)))
    yield Progress(count, count, READING)
    return Neighbours(np.concatenate(parts)[:count], dataset.size)


def _batch(dataset: Dataset, position: int) -> Tensor:
    return dataset.batch(BATCH, position, SEED).x


def in_features(held: Neighbours, features: Features) -> Generator[Progress, None, InFeatures]:
    """Look at the training pictures, as many as there is room for, with a network. Closing the generator cancels."""
    F = features.vectors(held.pictures[:1]).shape[1]
    count = min(len(held.pictures), max(1, MOST_NUMBERS // F))
    vectors = np.empty((count, F), np.float32)
    for start in range(0, count, BATCH):
        yield Progress(start, count, LOOKING)
        vectors[start : start + BATCH] = features.vectors(held.pictures[start : min(start + BATCH, count)])
    yield Progress(count, count, LOOKING)
    return InFeatures(held.pictures[:count], vectors, _usual_distance(vectors[: 2 * PAIRS]), features)


def _usual_distance(vectors: np.ndarray) -> float:
    """The median over pairs, which are random as the order is; 1 where there are none, or all are the same."""
    pairs = len(vectors) // 2
    if not pairs:
        return 1.0
    return float(np.median(distances(vectors[:pairs], vectors[pairs : 2 * pairs]))) or 1.0


# --- D ---------------------------------------------------------------------------------------------------------------

Judge = Callable[[np.ndarray], np.ndarray]  # pictures [N, H, W, C] uint8 -> logits [N] float32, higher: more like real


def judge(snapshot: Snapshot) -> Judge | None:
    """D of the snapshot's checkpoint; None where there is none. Raises ConfigError where it cannot be read."""
    training = trained(snapshot)
    if training is None:
        return None

    def scores(pictures: np.ndarray) -> np.ndarray:
        x = to_float(torch.tensor(pictures)).permute(0, 3, 1, 2).contiguous()
        return training.judge(x).cpu().numpy()

    return scores
