"""Convolutions whose weights nobody learnt: they see edges and patches, and know nothing of any picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

SEED = 0x678E35D9A80C11B8
WIDTHS = (32, 64, 128, 128)  # from the full size down
SMALLEST_PX = 4  # a side, of the last maps


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
