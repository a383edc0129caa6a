"""The pixels themselves: no network at all. What looks alike to an eye of pixels need not look alike to a person."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..compute import pick_device
from ..config import option
from ..data import Progress, Source, cache
from ..images import to_float
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork, without_classes


@FEATURE_NETWORKS.add
class Pixels(FeatureNetwork):
    kind = "pixels"
    title = "Pixels"
    about = "The pixels themselves, made smaller until they are few enough: needs nothing, and sees layout and colour."

    most: int = option(1024, "Larger pictures are halved until they have at most so many numbers.", ge=3, le=65_536)

    def prepare(
        self, source: Source | None, device: torch.device | None = None
    ) -> Generator[Progress, None, EyeOfPixels]:
        yield Progress(1, 1, "Pixels are ready")
        return EyeOfPixels(self.most, device or pick_device())

    def why_no_classes(self, source: Source | None) -> str:
        return without_classes("pixels")


class EyeOfPixels(BatchedEye):
    name = "pixels"
    batch = 256

    def __init__(self, most: int, device: torch.device):
        self.most, self.device = most, device
        self.id = f"pixels-{cache.key({'most': most})}"
        self.preprocessing = f"halved by means over 2 x 2 px to at most {most:,} numbers, in [-1, 1]"

    def see(self, pixels: Tensor) -> tuple[Tensor, ...]:
        x = to_float(pixels)
        while x[0].numel() > self.most and max(x.shape[2:]) > 1:
            x = avg_pool2d(x, 2, ceil_mode=True)  # at an odd edge the mean is of what is there
        return (x.flatten(1),)
