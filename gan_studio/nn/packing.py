"""Packs: several samples that a discriminator sees as one. Lin et al. 2018 (PacGAN), section 3."""

from __future__ import annotations

import torch
from torch import Tensor

Shape = tuple[int, ...]


def packed_shape(shape: Shape, m: int) -> Shape:
    """Of one pack: m samples behind each other along the first axis, that of channels or coordinates."""
    return (m * shape[0], *shape[1:])


def packed(x: Tensor, m: int) -> Tensor:
    """Neighbours become packs, [N, C, ...] -> [N // m, m * C, ...]; a rest that fills no pack is left out."""
    if m == 1:
        return x
    packs = len(x) // m
    return x[: packs * m].reshape(packs, m * x.shape[1], *x.shape[2:])


def of_copies(x: Tensor, m: int) -> Tensor:
    """Each sample in a pack with itself, [N, C, ...] -> [N, m * C, ...]: what a collapse onto it would look like."""
    return torch.cat([x] * m, dim=1)


def filled_up(x: Tensor, m: int) -> Tensor:
    """So many of the first samples once more that the last pack is full; no gradient flows to those."""
    return torch.cat([x, x[: -len(x) % m].detach()])
