"""What networks make of pictures, so that pictures can be compared by more than their pixels.

The features are those of D, which learnt what matters in its run's pictures; or of random convolutions where there is
no D, as beside a foreign generator: those see edges and patches, and know nothing of any picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..compute import Engine
from ..config import ConfigError
from ..images import to_float
from ..nn import random_convolutions
from ..recipes import Generates
from .snapshots import Snapshot

MOST_FEATURES = 1024  # of one picture, where larger maps can be made smaller
BATCH = 64


class Features(ABC):
    """A network that pictures are looked at with."""

    name: str  # for sentences: "D's features"

    @abstractmethod
    def maps(self, x: Tensor) -> list[Tensor]:
        """What it makes of x [N, C, H, W] in [-1, 1]: [N, K, H', W'] or [N, K] each, shallow to deep, with gradients
        where x asks for them."""

    def vectors(self, pictures: np.ndarray) -> np.ndarray:
        """Pictures [N, H, W, C] uint8 -> [N, F] float32: the deepest, made smaller until F is at most MOST_FEATURES."""
        parts = [self._deepest(part) for part in torch.tensor(pictures).split(BATCH)]
        return torch.cat(parts).numpy()

    @torch.no_grad()
    def _deepest(self, pixels: Tensor) -> Tensor:
        x = to_float(pixels).permute(0, 3, 1, 2).contiguous()
        return random_convolutions.bounded(self.maps(x)[-1].float(), MOST_FEATURES).flatten(1).cpu()


def features_of(snapshot: Snapshot) -> Features:
    """D's of the snapshot's checkpoint, or random ones. Raises ConfigError where D cannot be read."""
    training = trained(snapshot)
    if training is not None:
        C, H, W = snapshot.shape
        if training.features(torch.zeros(1, C, H, W)):
            return OfDiscriminator(training)
    return RandomConvolutions(snapshot.shape, snapshot.device)


def trained(snapshot: Snapshot) -> Generates | None:
    """All that was trained together, at the snapshot's checkpoint; None where there is the generator alone.

    Raises ConfigError where it cannot be read.
    """
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
    return training


@dataclass(frozen=True)
class OfDiscriminator(Features):
    """What D makes of pictures before its answer."""

    training: Generates = field(repr=False)
    name = "D's features"

    def maps(self, x: Tensor) -> list[Tensor]:
        return self.training.features(x)


class RandomConvolutions(Features):
    """Convolutions with weights that are drawn once and for all, ReLUs, and means over 2 x 2 px between them."""

    name = "random convolutions"

    def __init__(self, shape: tuple[int, ...], device: torch.device):
        self.weights = random_convolutions.drawn(shape, device)

    def maps(self, x: Tensor) -> list[Tensor]:
        return random_convolutions.maps(x.to(self.weights[0].device), self.weights)
