"""Residual networks. Gulrajani et al. 2017 (WGAN-GP), appendix; Miyato et al. 2018 (SNGAN), appendix B.

`width` and `widest` give the published ones: on CIFAR-10, WGAN-GP has width 128, widest 1, and SNGAN's G width 256,
widest 1; at 64 px WGAN-GP has width 64, widest 8; at 128 px SNGAN has width 64, widest 16.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from ..config import option
from ..nn.blocks import doubling, initialise
from ..nn.norm import PictureNorm, picture_norm
from ..nn.spectral import spectral_normalise
from . import DISCRIMINATORS, GENERATORS, Discriminator, Generator, Shape, size_px

WeightInit = Literal["glorot", "orthogonal"]

RESIDUAL_GAIN = math.sqrt(2)  # of the first weights between ReLUs; 1 elsewhere, as in SNGAN


@GENERATORS.add
class ResnetGenerator(Generator):
    """z -> 4 x 4 px by a linear layer, then one residual block for each doubling."""

    kind = "resnet"
    title = "ResNet"
    paper = "Gulrajani et al. 2017; Miyato et al. 2018"
    about = "Residual blocks that double the picture from 4 px on, for square pictures of 16 to 256 px."

    width: int = option(64, "Channels at full size; they double with each coarser level.", ge=1, le=1024, log=True)
    widest: int = option(8, "Channels stop doubling at so many times the width; 1 keeps them equal.", ge=1, le=64)
    norm: PictureNorm = option("batch", "Normalisation before each ReLU.")
    spectral: bool = option(False, "Divide every weight by its largest singular value.")
    init: WeightInit = option("glorot", "How the first weights are drawn.")

    def build(self, z_dim: int, shape: Shape) -> nn.Module:
        size = size_px(shape, "ResNet")
        widths = doubling(self.width, levels=size.bit_length() - 2, most=self.widest)[::-1]  # at 4 px, 8 px ... size
        network = _GeneratorNetwork(z_dim, widths, shape[0], self.norm)
        return _finish(network, self.init, self.spectral)


@DISCRIMINATORS.add
class ResnetDiscriminator(Discriminator):
    """Residual blocks that halve the picture, to 8 px if it has up to 32 px, else to 4 px; then one pooled logit."""

    kind = "resnet"
    title = "ResNet"
    paper = "Gulrajani et al. 2017; Miyato et al. 2018"
    about = "Residual blocks that halve the picture, for square pictures of 16 to 256 px."

    width: int = option(64, "Channels of the first block; they double with each block.", ge=1, le=1024, log=True)
    widest: int = option(8, "Channels stop doubling at so many times the width; 1 keeps them equal.", ge=1, le=64)
    pool: Literal["mean", "sum"] = option(
        "mean", "How the last features are pooled: mean as in WGAN-GP, sum as in SNGAN, beside spectral normalisation."
    )
    norm: PictureNorm = option("none", "Normalisation before each ReLU; batch does not go with gradient penalties.")
    spectral: bool = option(False, "Divide every weight by its largest singular value.")
    init: WeightInit = option("glorot", "How the first weights are drawn.")

    def build(self, shape: Shape) -> nn.Module:
        size = size_px(shape, "ResNet")
        widths = doubling(self.width, levels=size.bit_length() - 2, most=self.widest)
        halvings = len(widths) - (2 if size <= 32 else 1)
        network = _DiscriminatorNetwork(shape[0], widths, halvings, self.norm, self.pool)
        return _finish(network, self.init, self.spectral)


# --- blocks: x -> residual(x) + shortcut(x) --------------------------------------------------------------------------


class _Up(nn.Module):
    """Twice the size. The shortcut convolves before it doubles: with 1 x 1 px the same, at a quarter of the cost."""

    def __init__(self, inputs: int, outputs: int, norm: PictureNorm):
        super().__init__()
        self.residual = nn.Sequential(
            picture_norm(norm, inputs),
            nn.ReLU(),  # not in place: without a norm, its input is also that of the shortcut
            nn.Upsample(scale_factor=2),
            _conv3(inputs, outputs),
            picture_norm(norm, outputs),
            nn.ReLU(inplace=True),
            _conv3(outputs, outputs),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.Upsample(scale_factor=2))

    def forward(self, x: Tensor) -> Tensor:
        return self.residual(x) + self.shortcut(x)


class _First(nn.Module):
    """Half the size, from pixels: no ReLU upon the picture itself."""

    def __init__(self, inputs: int, outputs: int, norm: PictureNorm):
        super().__init__()
        self.residual = nn.Sequential(
            _conv3(inputs, outputs),
            picture_norm(norm, outputs),
            nn.ReLU(inplace=True),
            _conv3(outputs, outputs),
            nn.AvgPool2d(2),
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.residual(x) + self.shortcut(x)


class _Down(nn.Module):
    """Half the size, or the same. The shortcut takes the mean before it convolves, again the same."""

    def __init__(self, inputs: int, outputs: int, norm: PictureNorm, halve: bool):
        super().__init__()
        pool = nn.AvgPool2d(2) if halve else nn.Identity()
        self.residual = nn.Sequential(
            picture_norm(norm, inputs),
            nn.ReLU(),
            _conv3(inputs, outputs),
            picture_norm(norm, outputs),
            nn.ReLU(inplace=True),
            _conv3(outputs, outputs),
            pool,
        )
        convolve = halve or inputs != outputs  # a block that changes nothing adds its input as it is
        self.shortcut = nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1)) if convolve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.residual(x) + self.shortcut(x)


def _conv3(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


# --- networks --------------------------------------------------------------------------------------------------------


class _GeneratorNetwork(nn.Module):
    def __init__(self, z_dim: int, widths: list[int], channels: int, norm: PictureNorm):
        super().__init__()
        self.start = nn.Linear(z_dim, widths[0] * 4 * 4)
        self.blocks = nn.Sequential(*(_Up(a, b, norm) for a, b in pairwise(widths)))
        self.end = nn.Sequential(picture_norm(norm, widths[-1]), nn.ReLU(inplace=True), _conv3(widths[-1], channels))

    def forward(self, z: Tensor) -> Tensor:
        x = self.start(z).unflatten(1, (-1, 4, 4))
        return self.end(self.blocks(x)).float().tanh()  # [N, C, H, W]


class _DiscriminatorNetwork(nn.Module):
    def __init__(self, channels: int, widths: list[int], halvings: int, norm: PictureNorm, pool: str):
        super().__init__()
        blocks: list[nn.Module] = [_First(channels, widths[0], norm)]
        for i, (a, b) in enumerate(pairwise(widths), start=1):
            blocks.append(_Down(a, b, norm, halve=i < halvings))
        self.blocks = nn.Sequential(*blocks)
        self.logit = nn.Linear(widths[-1], 1)
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        features = self.blocks(x).relu()  # [N, C, 4, 4] or [N, C, 8, 8]
        features = features.mean((2, 3)) if self.pool == "mean" else features.sum((2, 3))  # [N, C]
        return self.logit(features).float().flatten()  # [N]


def _finish(network: _GeneratorNetwork | _DiscriminatorNetwork, init: WeightInit, spectral: bool) -> nn.Module:
    for part in network.children():
        if part is not network.blocks:
            initialise(part, init)
    for block in network.blocks:
        initialise(block.residual, init, RESIDUAL_GAIN)  # type: ignore[arg-type]
        initialise(block.shortcut, init)  # type: ignore[arg-type]
    return spectral_normalise(network) if spectral else network
