"""A network as it was in training, for one picture at a time: batch norm by the picture's own statistics, dropout on.

That is how pix2pix is meant to be applied (Isola et al. 2017, section 3.3). The noise is seeded and disturbs nobody.
"""

from __future__ import annotations

import copy
from itertools import chain

import torch
from torch import Tensor, nn


class SeededDropout(nn.Module):
    """Dropout with noise of its own, the same for all pictures of a batch. `seed` begins it anew."""

    def __init__(self, share: float):
        super().__init__()
        self.share = share
        self.generator = torch.Generator()

    def seed(self, seed: int) -> None:
        self.generator.manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        kept = torch.rand(x.shape[1:], generator=self.generator) >= self.share  # drawn on the CPU: the same everywhere
        return x * kept.to(x.device, x.dtype) / (1 - self.share)


def as_trained(network: nn.Module) -> nn.Module:
    """A network of the same weights, which are not copied, with some of its layers replaced.

    With a batch of one, batch norm is an instance norm with gain and bias.
    """
    weights = chain(network.parameters(), network.buffers())
    replaced = copy.deepcopy(network, {id(tensor): tensor for tensor in weights})
    for name, part in list(replaced.named_modules()):
        if isinstance(part, nn.BatchNorm2d):
            replaced.set_submodule(name, _instance_norm(part))
        elif isinstance(part, nn.Dropout) and part.p > 0:
            replaced.set_submodule(name, SeededDropout(part.p))
    return replaced


def _instance_norm(batch: nn.BatchNorm2d) -> nn.InstanceNorm2d:
    norm = nn.InstanceNorm2d(batch.num_features, eps=batch.eps, affine=batch.affine)
    if batch.affine:
        norm.weight, norm.bias = batch.weight, batch.bias
    return norm


def has_noise(network: nn.Module) -> bool:
    return any(isinstance(part, SeededDropout) for part in network.modules())


def seed_noise(network: nn.Module, seed: int) -> None:
    """Begin anew the noise of all its layers, each with another one."""
    noisy = (part for part in network.modules() if isinstance(part, SeededDropout))
    for number, part in enumerate(noisy):
        part.seed(seed * 1000 + number)
