"""What the rest of a run says about a picture: the training pictures nearest to it, and D's score."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..compute import Engine, mixed_seed
from ..config import ConfigError
from ..data import Dataset
from ..images import to_float, to_uint8
from ..recipes import Generates
from .events import Progress
from .snapshots import Snapshot

MOST = 20_000  # training pictures that are compared with
BATCH = 256
SEED = mixed_seed(0x6E656967, 0)  # of the order in which training pictures are taken
READING = "Reading the training pictures"


@dataclass(frozen=True)
class Neighbours:
    """Training pictures in memory, as they are trained on."""

    pictures: np.ndarray = field(repr=False)  # [M, H, W, C] uint8
    total: int | None  # of the data; None is endless

    def nearest(self, picture: np.ndarray, count: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """(the nearest [K, H, W, C] uint8, how far each is [K] float32), nearest first.

        The distance from a picture [H, W, C] uint8 is the root of the mean squared difference of the pixels, 0 to 255.
        """
        wanted = picture.reshape(-1).astype(np.float32)
        distances = np.concatenate(
            [_distances(self.pictures[start : start + BATCH], wanted) for start in range(0, len(self.pictures), BATCH)]
        )
        order = np.argsort(distances, kind="stable")[:count]
        return self.pictures[order], distances[order]


def _distances(pictures: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    difference = pictures.reshape(len(pictures), -1).astype(np.float32) - wanted
    return np.sqrt(np.einsum("nf,nf->n", difference, difference) / len(wanted))


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


# --- D ---------------------------------------------------------------------------------------------------------------

Judge = Callable[[np.ndarray], np.ndarray]  # pictures [N, H, W, C] uint8 -> logits [N] float32, higher: more like real


def judge(snapshot: Snapshot) -> Judge | None:
    """D of the snapshot's checkpoint; None where there is none. Raises ConfigError where it cannot be read."""
    weights = snapshot.origin.networks()
    if not weights:
        return None
    config = snapshot.config
    training = config.recipe.build(
        snapshot.shape, config.steps, Engine(snapshot.device, threads=torch.get_num_threads())
    )
    if not isinstance(training, Generates):
        return None
    try:
        training.load_weights(weights)
    except KeyError:  # a generator alone
        return None
    except RuntimeError:
        raise ConfigError(
            f"The weights in {snapshot.checkpoint} are of other networks than the run's config names."
        ) from None

    def scores(pictures: np.ndarray) -> np.ndarray:
        x = to_float(torch.tensor(pictures)).permute(0, 3, 1, 2).contiguous()
        return training.judge(x).cpu().numpy()

    return scores
