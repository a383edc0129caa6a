"""How far apart two pictures are in what a network makes of them, place by place. Zhang et al. 2018 (LPIPS)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

EPSILON = 1e-10  # of a squared length


def apart(ours: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """How far maps are from others, [N]: LPIPS, Zhang et al. 2018, eq. 1, with weights of 1.

    At each place the channels are brought to length 1; their squared difference, 0 to 4, is averaged over the places
    and summed over the layers.
    """
    terms = [
        (_unit(a.float()) - _unit(b.float())).square().sum(dim=1).flatten(1).mean(dim=1)
        for a, b in zip(ours, wanted, strict=True)
    ]
    return torch.stack(terms).sum(dim=0)


def _unit(x: Tensor) -> Tensor:
    """[N, K] or [N, K, H, W] -> [N, K, places], of length 1 along K."""
    x = x.flatten(2) if x.ndim > 2 else x[:, :, None]
    return x * (x.square().sum(dim=1, keepdim=True) + EPSILON).rsqrt()
