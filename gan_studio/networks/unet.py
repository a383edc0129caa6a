"""U-Net. Ronneberger et al. 2015, as pix2pix uses it: Isola et al. 2017, section 3.2.1 and appendix 6.1.1.

Keys and shapes are those of pytorch-CycleGAN-and-pix2pix' `unet_256`, `unet_128` ..., so that its files fit.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..config import ConfigError, option
from ..nn.blocks import doubling, initialise
from ..nn.few_pixels import Doubling, Halving
from ..nn.norm import TranslatorNorm, translator_bias, translator_norm
from ..nn.resample import DOUBLE, UPSAMPLING_HELP, Upsampling
from . import TRANSLATORS, Needs, Shape, TranslatorModule, TranslatorNetwork, same_size

LEAST, MOST = 3, 9  # halvings: of 8 px, of 512 px
WIDEST_AT = 4  # from this level on, channels do not grow any more


_DOUBLE = DOUBLE | {"transposed": Doubling}


@TRANSLATORS.add
class UNet(TranslatorNetwork):
    """Halves the picture down to one pixel and doubles it back; each level hands its details across."""

    kind = "unet"
    title = "U-Net"
    paper = "Isola et al. 2017"
    about = "Each level hands its details across to the way back, for pairs whose outlines agree."

    width: int = option(64, "Channels at half the size; they double with each level, up to 8 times.", ge=1, le=512)
    levels: int = option(
        0, "So often is the picture halved. 0: down to one pixel, 8 times at 256 px.", ge=0, le=MOST, group="More"
    )
    norm: TranslatorNorm = option("batch", "Normalisation after each layer; with a batch of 1, batch is as instance.")
    dropout: float = option(
        0.5, "This share of the deepest features is left out at random: the only noise that pix2pix has.", ge=0, lt=1
    )
    upsampling: Upsampling = option("transposed", UPSAMPLING_HELP)

    def build(self, in_shape: Shape, out_shape: Shape) -> TranslatorModule:
        same_size(in_shape, out_shape, "The U-Net")
        network = UNetNetwork(in_shape[0], out_shape[0], self.levels or _halvings(in_shape), self)
        _check_sides(in_shape, network.needs)
        initialise(network, "normal")
        return network


class UNetNetwork(TranslatorModule):
    def __init__(self, inputs: int, outputs: int, levels: int, spec: UNet):
        super().__init__()
        widths = doubling(spec.width, levels)  # at half the size, at a quarter ... at the bottom
        self.needs = Needs(multiple=2**levels, least=2**levels, reach=None)
        level: _Level | None = None
        for depth in reversed(range(levels)):
            above = outputs if depth == 0 else widths[depth - 1]
            level = _level(depth, above, inputs if depth == 0 else above, widths[depth], level, spec)
        assert level is not None
        self.model = level

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x).float().tanh()  # [N, C_out, H, W]


class _Level(nn.Module):
    """Down, what lies below, and up again: [N, C, h, w] -> [N, 2C, h, w], its input beside what came back."""

    def __init__(self, layers: list[nn.Module], outermost: bool):
        super().__init__()
        self.model = nn.Sequential(*layers)
        self.outermost = outermost

    def forward(self, x: Tensor) -> Tensor:
        # The first layer's LeakyReLU works in place, so it is upon x too: the way up begins with a ReLU, to which that
        # is the same.
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], dim=1)


def _level(depth: int, above: int, inputs: int, width: int, below: _Level | None, spec: UNet) -> _Level:
    """The places in the Sequential are part of the keys; tanh comes in `forward`, in float32."""
    bias = translator_bias(spec.norm)
    down = Halving(inputs, width, bias)
    double = _DOUBLE[spec.upsampling]
    up = double(width if below is None else 2 * width, above, bias or depth == 0)
    if depth == 0:
        assert below is not None
        return _Level([down, below, nn.ReLU(inplace=True), up], outermost=True)
    layers = [nn.LeakyReLU(0.2, inplace=True), down]
    if below is not None:  # at the bottom there may be one pixel alone, which a norm would make 0
        layers += [translator_norm(spec.norm, width), below]
    layers += [nn.ReLU(inplace=True), up, translator_norm(spec.norm, above)]
    # As in that code: in the levels between the bottom and those whose channels still grow. Where there is none, as in
    # pictures of 32 px, at the bottom, so that there is noise.
    middle = below is not None and depth >= WIDEST_AT
    shallow = below is None and depth <= WIDEST_AT
    if spec.dropout and (middle or shallow):
        layers.append(nn.Dropout(spec.dropout))
    return _Level(layers, outermost=False)


def _halvings(shape: Shape) -> int:
    """How often both sides can be halved."""
    common = math.gcd(*shape[1:])
    return min(MOST, (common & -common).bit_length() - 1)


def _check_sides(shape: Shape, needs: Needs) -> None:
    _, h, w = shape
    if needs.multiple < 2**LEAST or h % needs.multiple or w % needs.multiple:
        least = max(needs.multiple, 2**LEAST)
        raise ConfigError(
            f"The U-Net halves the picture again and again, and {w} x {h} px cannot be halved so often; "
            f"choose sides that are multiples of {least}, such as 32, 64, 128 or 256 px, or the ResNet."
        )
