"""Convolutions whose weights nobody learnt: they see edges and patches, and know nothing of any picture."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch
from torch import Tensor, nn

from ..compute import mixed_seed, pick_device
from ..config import option
from ..data import Progress, Source, cache
from ..images import to_float
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork

SEED = mixed_seed(0x66656174, 0)
WIDTHS = (32, 64, 128, 128)  # from the full size down
SMALLEST_PX = 4  # a side, of the last maps


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


def drawn(shape: tuple[int, ...], device: torch.device) -> list[Tensor]:
    """Weights [K, C, 3, 3] for pictures [C, H, W], of He's variance, so that what goes through stays as large as it is.

    Always the same: pictures of another size have more or fewer of them.
    """
    channels, H, W = shape
    halvings = max(0, (min(H, W) // SMALLEST_PX).bit_length() - 1)
    rng = torch.Generator().manual_seed(SEED)
    weights = []
    for width in WIDTHS[: 1 + halvings]:
        weights.append(torch.randn(width, channels, 3, 3, generator=rng) * (2 / (9 * channels)) ** 0.5)
        channels = width
    return [weight.to(device) for weight in weights]


def maps(x: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
    """[N, C, H, W] in [-1, 1] -> [N, K, H', W'] each: convolutions, ReLUs, and means over 2 x 2 px between them."""
    found: list[Tensor] = []
    for weight in weights:
        x = nn.functional.avg_pool2d(found[-1], 2) if found else x
        found.append(nn.functional.conv2d(x, weight, padding=1).relu())
    return found


def bounded(x: Tensor, most: int) -> Tensor:
    """Maps halved until they have at most so many numbers, or a side of one pixel."""
    while x.ndim == 4 and x[0].numel() > most and min(x.shape[2:]) > 1:
        x = nn.functional.avg_pool2d(x, 2)
    return x
