"""`netG_N_steps.pth` of mimicry (torch-mimicry, Lee & Town 2020): residual blocks `block2` ..., then `bN` and `cN`.

Its ResNet doubles pictures bilinearly where the studio's repeats pixels, so it has a network of its own here, with the
names of its weights.
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..config import ConfigError
from . import FORMATS, Draft, Format, consecutive
from .torch_file import Weights

MOST_START_PX = 32  # a side, of what the first layer makes
# One of its generators differs in a way that leaves no trace in the weights; by the size of its pictures.
SIGMOID = {32: ("whether it is mimicry's DCGAN for CIFAR, which ends in a sigmoid: its colours would be off here",)}


@FORMATS.add
class Mimicry(Format):
    """DCGAN, WGAN-GP, SNGAN, SSGAN and InfoMax-GAN have one generator there, for 32, 48, 64 and 128 px."""

    kind = "mimicry"
    title = "mimicry"
    paper = "Lee & Town 2020"
    about = "netG_N_steps.pth of an unconditional ResNet."

    def fits(self, weights: Weights) -> bool:
        return any(f"{block}.c1.{weight}" in weights for block in ("block1", "block2") for weight in _WEIGHTS)

    def draft(self, weights: Weights) -> Draft:
        _refuse_others(weights)
        blocks = consecutive(weights, "block{}.c1.weight", start=2)
        if not blocks or any(weights[f"block{i}.c1.weight"].ndim != 4 for i in blocks):
            raise ConfigError("is of a generator with other layers than mimicry's ResNet; it cannot be held.")
        widths = [weights["block2.c1.weight"].shape[1], *(weights[f"block{i}.c1.weight"].shape[0] for i in blocks)]
        end = f"c{blocks[-1] + 1}.weight"
        if end not in weights or "l1.weight" not in weights or weights["l1.weight"].ndim != 2:
            raise ConfigError("is of a generator with other layers than mimicry's ResNet; it cannot be held.")
        features, z_dim = weights["l1.weight"].shape
        start = math.isqrt(features // max(1, widths[0]))  # bottom_width: 4, or 6 for 48 px
        if not 0 < start <= MOST_START_PX or not 0 < z_dim <= 4096:
            raise ConfigError(f"begins with {start} x {start} px from {z_dim:,} latents; it cannot be held.")
        channels, side = weights[end].shape[0], start * 2 ** len(blocks)
        return Draft(
            Generator(z_dim, start, widths, channels),
            z_dim,
            (channels, side, side),
            (f"{widths[0]} channels at {start} px (ngf)", "latents from N(0, 1), as mimicry draws them"),
            (
                "which method trained it: those of mimicry share this generator",
                "the pictures it learnt from",
                "its discriminator",
                *SIGMOID.get(side, ()),
            ),
        )


_WEIGHTS = ("weight", "weight_orig")  # as it is, or behind spectral normalisation


def _refuse_others(weights: Weights) -> None:
    """Raises ConfigError for what else mimicry writes."""
    if any(name.startswith("block1.") for name in weights):
        raise ConfigError("is a discriminator; take its generator, netG_N_steps.pth.")
    if any(name.startswith("attn") or name.endswith(".weight_orig") for name in weights):
        raise ConfigError("is mimicry's SAGAN, whose attention and normalised weights are not held here; take another.")
    if any(name.endswith(".embed.weight") for name in weights):
        raise ConfigError("makes pictures of chosen classes, which cannot be chosen here; take one without classes.")


class Generator(nn.Module):
    """z [N, z_dim] -> x [N, C, H, W] in [-1, 1]; widths are those at the start and behind each block."""

    def __init__(self, z_dim: int, start_px: int, widths: list[int], channels: int):
        super().__init__()
        self.start_px = start_px
        self.l1 = nn.Linear(z_dim, start_px**2 * widths[0])
        self.blocks = [f"block{i}" for i in range(2, len(widths) + 1)]
        for name, (inputs, outputs) in zip(self.blocks, pairwise(widths), strict=True):
            self.add_module(name, _Block(inputs, outputs))
        last = len(widths) + 1
        self.end = (f"b{last}", f"c{last}")
        self.add_module(self.end[0], nn.BatchNorm2d(widths[-1]))
        self.add_module(self.end[1], nn.Conv2d(widths[-1], channels, 3, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        h = self.l1(z).unflatten(1, (-1, self.start_px, self.start_px))
        for name in self.blocks:
            h = self.get_submodule(name)(h)
        norm, convolve = map(self.get_submodule, self.end)
        return convolve(norm(h).relu()).float().tanh()  # [N, C, H, W]


class _Block(nn.Module):
    """Twice the size, bilinearly. Our ResNet's shortcut convolves first: the same, at a quarter of the cost."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.c1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.c2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.b1, self.b2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.c_sc = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.c1(_doubled(self.b1(x).relu()))
        return self.c2(self.b2(h).relu()) + _doubled(self.c_sc(x))


def _doubled(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
