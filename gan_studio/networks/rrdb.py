"""RRDB: residual in residual dense blocks. Wang et al. 2018 (ESRGAN), section 3.1.

Keys are those of BasicSR's `RRDBNet`, whose x4 files therefore fit where the base is left out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from ..config import option
from ..nn.resample import bicubic
from . import TRANSLATORS, Needs, Shape, TranslatorModule, TranslatorNetwork, enlargement

RESIDUAL = 0.2  # what each block adds is scaled by this
INIT = 0.1  # its first weights are scaled by this


@TRANSLATORS.add
class Rrdb(TranslatorNetwork):
    """Dense blocks, three in each residual block, then nearest pixels and a convolution for each doubling."""

    kind = "rrdb"
    title = "RRDB (ESRGAN)"
    paper = "Wang et al. 2018"
    about = "Dense blocks inside residual blocks, deeper and sharper than SRResNet, and slower; enlarges 2 or 4 times."

    width: int = option(64, "Channels between the blocks.", ge=4, le=512)
    blocks: int = option(23, "Residual blocks, each of three dense ones.", ge=1, le=64)
    growth: int = option(32, "Channels that each layer in a dense block adds.", ge=1, le=256)
    base: bool = option(
        True,
        "Learn what is missing in the picture enlarged bicubically, which is sooner learnt. Off: as in the paper.",
    )

    def build(self, in_shape: Shape, out_shape: Shape) -> TranslatorModule:
        scale = enlargement(in_shape, out_shape, "RRDB")
        return RrdbNetwork(in_shape[0], out_shape[0], scale, self)


class RrdbNetwork(TranslatorModule):
    def __init__(self, inputs: int, outputs: int, scale: int, spec: Rrdb):
        super().__init__()
        width = spec.width
        self.scale, self.base = scale, spec.base and inputs == outputs
        # 15 layers a block, the one before and the one after them, and those at the higher resolutions.
        self.needs = Needs(least=4, reach=1 + 15 * spec.blocks + 1 + 3, scale=scale)
        self.conv_first = _conv(inputs, width)
        self.body = nn.Sequential(*(_Rrdb(width, spec.growth) for _ in range(spec.blocks)))
        self.conv_body = _conv(width, width)
        self.conv_up1 = _conv(width, width)
        self.conv_up2 = _conv(width, width) if scale == 4 else None
        self.conv_hr = _conv(width, width)
        self.conv_last = _conv(width, outputs)
        if self.base:  # begins as bicubic
            nn.init.normal_(self.conv_last.weight, 0.0, 1e-3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_first(x)
        h = h + self.conv_body(self.body(h))
        for up in (self.conv_up1, self.conv_up2):
            h = h if up is None else leaky_relu(up(interpolate(h, scale_factor=2)), 0.2)
        y = self.conv_last(leaky_relu(self.conv_hr(h), 0.2)).float()  # [N, C, s H, s W]
        return y + bicubic(x, (y.shape[2], y.shape[3])) if self.base else y


class _Rrdb(nn.Module):
    def __init__(self, width: int, growth: int):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (_Dense(width, growth) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + RESIDUAL * self.rdb3(self.rdb2(self.rdb1(x)))


class _Dense(nn.Module):
    """Each layer sees all that came before it."""

    def __init__(self, width: int, growth: int):
        super().__init__()
        self.conv1 = _conv(width, growth, INIT)
        self.conv2 = _conv(width + growth, growth, INIT)
        self.conv3 = _conv(width + 2 * growth, growth, INIT)
        self.conv4 = _conv(width + 3 * growth, growth, INIT)
        self.conv5 = _conv(width + 4 * growth, width, INIT)

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat([seen, leaky_relu(conv(seen), 0.2)], dim=1)
        return x + RESIDUAL * self.conv5(seen)


def _conv(inputs: int, outputs: int, scale: float = 1.0) -> nn.Conv2d:
    """He et al. 2015, its weights scaled, its bias 0."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight)
    conv.weight.data.mul_(scale)
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv
