"""Convolutions whose weights nobody learnt: they see edges and patches, and know nothing of any picture."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor

from ..compute import pick_device
from ..config import option
from ..data import Progress, Source, cache
from ..images import to_float
from ..nn.random_convolutions import SEED, SMALLEST_PX, WIDTHS, bounded, drawn, maps
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork, without_classes


@FEATURE_NETWORKS.add
class RandomConvolutions(FeatureNetwork):
    kind = "random-convolutions"
    title = "Random convolutions"
    about = "Convolutions with weights that are drawn once and for all: no training, and no knowledge of the pictures."

    most: int = option(512, "The last maps are halved until they have at most so many numbers.", ge=128, le=65_536)

    def prepare(
        self, source: Source | None, device: torch.device | None = None
    ) -> Generator[Progress, None, EyeOfRandomConvolutions]:
        yield Progress(1, 1, "Random convolutions are ready")
        return EyeOfRandomConvolutions(self.most, device or pick_device())

    def why_no_classes(self, source: Source | None) -> str:
        return without_classes("random convolutions")


class EyeOfRandomConvolutions(BatchedEye):
    name = "random convolutions"

    def __init__(self, most: int, device: torch.device):
        self.most, self.device = most, device
        self.id = f"random-convolutions-{cache.key({'seed': SEED, 'widths': WIDTHS, 'px': SMALLEST_PX, 'most': most})}"
        self.preprocessing = f"in [-1, 1]; the last maps halved by means over 2 x 2 to at most {most:,} numbers"
        self._weights: dict[tuple[int, ...], list[Tensor]] = {}  # by the shape of what is looked at

    def see(self, pixels: Tensor) -> tuple[Tensor, ...]:
        shape = tuple(pixels.shape[1:])
        if shape not in self._weights:
            self._weights[shape] = drawn(shape, self.device)
        x = to_float(pixels).contiguous()
        return (bounded(maps(x, self._weights[shape])[-1], self.most).flatten(1),)
