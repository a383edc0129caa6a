"""PatchGAN: is each patch of a picture real? Isola et al. 2017, sections 3.2.2 and 6.1.2.

Keys and shapes are those of pytorch-CycleGAN-and-pix2pix' `basic`, `n_layers` and `pixel` discriminators.
"""

from __future__ import annotations

from torch import Tensor, nn

from ..config import ConfigError, option
from ..nn.blocks import initialise
from ..nn.norm import TranslatorNorm, translator_bias, translator_norm
from ..nn.spectral import spectral_normalise
from . import JUDGES, Judge, Shape

WIDTH_HELP = "Channels of the first layer; they double with each, up to 8 times."
NORM_HELP = "Normalisation after each layer but the first and the last."
SPECTRAL_HELP = "Divide every weight by its largest singular value."


@JUDGES.add
class PatchDiscriminator(Judge):
    """Convolutions that halve the picture, then one logit for each place."""

    kind = "patch"
    title = "PatchGAN"
    paper = "Isola et al. 2017"
    about = "Judges overlapping patches, so that texture must be right everywhere; 70 x 70 px with 3 layers."

    layers: int = option(
        3, "Halvings. An answer is about 16 x 16 px with 1, 34 with 2, 70 with 3, 142 with 4, 286 with 5.", ge=1, le=6
    )
    width: int = option(64, WIDTH_HELP, ge=1, le=512)
    norm: TranslatorNorm = option("batch", NORM_HELP)
    spectral: bool = option(False, SPECTRAL_HELP, group="More")

    def build(self, shape: Shape) -> nn.Module:
        most = _most_layers(shape)
        if self.layers > most:
            raise ConfigError(
                f"{self.layers} layers halve these pictures of {shape[2]} x {shape[1]} px too often; "
                f"set layers to {most}, which is as good as the whole picture here."
            )
        return _finish(PatchNetwork(shape[0], self.layers, self.width, self.norm), self.spectral)


@JUDGES.add
class WholeDiscriminator(Judge):
    """As many layers as the picture bears, so that every answer is about all of it."""

    kind = "whole"
    title = "Whole picture"
    paper = "Isola et al. 2017 (ImageGAN)"
    about = "Judges the picture as a whole, its composition rather than its texture."

    width: int = option(64, WIDTH_HELP, ge=1, le=512)
    norm: TranslatorNorm = option("batch", NORM_HELP)
    spectral: bool = option(False, SPECTRAL_HELP, group="More")

    def build(self, shape: Shape) -> nn.Module:
        most = _most_layers(shape)
        layers = next((n for n in range(1, most) if receptive_field(n) >= max(shape[1:])), most)
        return _finish(PatchNetwork(shape[0], layers, self.width, self.norm), self.spectral)


@JUDGES.add
class PixelDiscriminator(Judge):
    """One logit for each pixel by itself."""

    kind = "pixel"
    title = "Pixel"
    paper = "Isola et al. 2017 (PixelGAN)"
    about = "Judges each pixel alone: colours become lively, edges and texture are left to the other terms."

    width: int = option(64, "Channels of the first layer; twice as many in the second.", ge=1, le=512)
    norm: TranslatorNorm = option("batch", "Normalisation after the second layer.")
    spectral: bool = option(False, SPECTRAL_HELP, group="More")

    def build(self, shape: Shape) -> nn.Module:
        _check_picture(shape)
        return _finish(PixelNetwork(shape[0], self.width, self.norm), self.spectral)


def receptive_field(layers: int) -> int:
    """The side in px of the patch that one answer is about: 70 for 3 layers."""
    size = 1
    for stride in [1, 1] + [2] * layers:  # from the last layer to the first, all with kernels of 4 px
        size = (size - 1) * stride + 4
    return size


class PatchNetwork(nn.Module):
    """The places in the Sequential are part of the keys."""

    def __init__(self, channels: int, layers: int, width: int, norm: TranslatorNorm):
        super().__init__()
        bias = translator_bias(norm)
        found: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        before = width
        for layer in range(1, layers + 1):
            wide, stride = width * min(8, 2**layer), 2 if layer < layers else 1
            found += [nn.Conv2d(before, wide, 4, stride, 1, bias=bias), translator_norm(norm, wide)]
            found.append(nn.LeakyReLU(0.2, inplace=True))
            before = wide
        self.model = nn.Sequential(*found, nn.Conv2d(before, 1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x).float()  # [N, 1, h, w]


class PixelNetwork(nn.Module):
    def __init__(self, channels: int, width: int, norm: TranslatorNorm):
        super().__init__()
        bias = translator_bias(norm)
        self.net = nn.Sequential(
            nn.Conv2d(channels, width, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 1, bias=bias),
            translator_norm(norm, 2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 1, 1, bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x).float()  # [N, 1, H, W]


def _most_layers(shape: Shape) -> int:
    """So many that a place is left after the two last convolutions, which take a pixel each, and their norm has two."""
    _check_picture(shape)
    most = (min(shape[1:]) // 3).bit_length() - 1  # side / 2^layers >= 3
    if most < 1:
        raise ConfigError(f"Pictures of {shape[2]} x {shape[1]} px are too small for patches; choose the pixel judge.")
    return min(6, most)


def _check_picture(shape: Shape) -> None:
    if len(shape) != 3:
        raise ConfigError("Patches are parts of pictures, and this data is points; choose a set of pictures.")


def _finish(network: nn.Module, spectral: bool) -> nn.Module:
    initialise(network, "normal")
    return spectral_normalise(network) if spectral else network
