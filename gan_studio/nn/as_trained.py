"""A network as it was in training, for one picture at a time: batch norm by the picture's own statistics, dropout on.

That is how pix2pix is meant to be applied (Isola et al. 2017, section 3.3). The noise is seeded and disturbs nobody.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SeededDropout(nn.Module):
    """Dropout whose noise comes from a generator of its own. `seed` begins it anew."""

    def __init__(self, share: float):
        super().__init__()
        self.share = share
        self.generator = torch.Generator()

    def seed(self, seed: int) -> None:
        self.generator.manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        kept = torch.rand(x.shape, generator=self.generator) >= self.share  # drawn on the CPU: the same everywhere
        return x * kept.to(x.device, x.dtype) / (1 - self.share)


def as_trained(network: nn.Module) -> nn.Module:
    """The network with its layers replaced. With a batch of one, batch norm is an instance norm with gain and bias."""
    for name, part in list(network.named_children()):
        if isinstance(part, nn.BatchNorm2d):
            network.set_submodule(name, _instance_norm(part))
        elif isinstance(part, nn.Dropout) and part.p > 0:
            network.set_submodule(name, SeededDropout(part.p))
        else:
            as_trained(part)
    return network


def _instance_norm(batch: nn.BatchNorm2d) -> nn.InstanceNorm2d:
    norm = nn.InstanceNorm2d(batch.num_features, eps=batch.eps, affine=batch.affine)
    if batch.affine:
        norm.weight, norm.bias = batch.weight, batch.bias
    return norm.requires_grad_(False).train(batch.training)


def has_noise(network: nn.Module) -> bool:
    return any(isinstance(part, SeededDropout) for part in network.modules())


def seed_noise(network: nn.Module, seed: int) -> None:
    """Begin anew the noise of all its layers, each with another one."""
    noisy = (part for part in network.modules() if isinstance(part, SeededDropout))
    for number, part in enumerate(noisy):
        part.seed(seed * 1000 + number)
