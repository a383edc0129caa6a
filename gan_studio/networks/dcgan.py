"""DCGAN. Radford, Metz & Chintala 2016, section 3.

At 64 px, with batch norm and transposed convolutions, keys and shapes are those of the PyTorch DCGAN example, whose
`netG_epoch_N.pth` and `netD_epoch_N.pth` therefore fit: a place in `main` that another choice leaves empty stays.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from ..config import option
from ..nn.blocks import PictureToScalar, VectorToPicture, doubling, initialise
from ..nn.minibatch import MinibatchDiscrimination
from ..nn.norm import PictureNorm, picture_norm
from ..nn.resample import DOUBLE, Upsampling
from ..nn.spectral import spectral_normalise
from . import DISCRIMINATORS, GENERATORS, Discriminator, Generator, Shape, size_px

WIDTH_HELP = "Channels at half the size; they double with each coarser level, up to 8 times."


@GENERATORS.add
class DcganGenerator(Generator):
    """z -> 4 x 4 px, then doubled up to the size; channels halve from level to level, from at most 8 times width."""

    kind = "dcgan"
    title = "DCGAN"
    paper = "Radford et al. 2016"
    about = "Transposed convolutions that double the picture from 4 px on, for square pictures of 16 to 256 px."

    width: int = option(64, WIDTH_HELP, ge=1, le=512, log=True)
    upsampling: Upsampling = option(
        "transposed", "Transposed convolution, or nearest pixel and a convolution, which avoids checkerboards."
    )
    norm: PictureNorm = option("batch", "Normalisation after each layer but the last.")
    spectral: bool = option(False, "Divide every weight by its largest singular value.")

    def build(self, z_dim: int, shape: Shape) -> nn.Module:
        widths = _widths(self.width, size_px(shape, "DCGAN"))[::-1]  # from 4 px up to half the size
        bias = self.norm == "none"  # a norm brings its own
        layers: list[nn.Module] = [VectorToPicture(z_dim, widths[0], 4, bias)]
        for channels, finer in zip(widths, [*widths[1:], shape[0]], strict=True):
            layers += [picture_norm(self.norm, channels), nn.ReLU(inplace=True)]
            layers.append(DOUBLE[self.upsampling](channels, finer, bias))
        return _finish(_GeneratorNetwork(layers), self.spectral)


@DISCRIMINATORS.add
class DcganDiscriminator(Discriminator):
    """Halves the picture down to 4 px, then one logit; channels double from level to level, up to 8 times width."""

    kind = "dcgan"
    title = "DCGAN"
    paper = "Radford et al. 2016"
    about = "Convolutions that halve the picture down to 4 px, for square pictures of 16 to 256 px."

    width: int = option(64, WIDTH_HELP, ge=1, le=512, log=True)
    norm: PictureNorm = option("batch", "Normalisation after each layer but the first and the last.")
    spectral: bool = option(False, "Divide every weight by its largest singular value.")
    minibatch_kernels: int = option(
        0,
        "So many kernels tell D how close each sample is to the rest of its batch (minibatch discrimination), so that "
        "it sees a collapse; 0: none.",
        ge=0,
        le=512,
        group="Mode collapse",
    )

    def build(self, shape: Shape) -> nn.Module:
        widths = _widths(self.width, size_px(shape, "DCGAN"))
        bias = self.norm == "none"
        layers: list[nn.Module] = [_halve(shape[0], widths[0], bias), nn.LeakyReLU(0.2, inplace=True)]
        for finer, channels in pairwise(widths):
            layers += [_halve(finer, channels, bias), picture_norm(self.norm, channels)]
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        layers += _head(widths[-1], self.minibatch_kernels, bias)
        return _finish(_DiscriminatorNetwork(layers), self.spectral)


class _GeneratorNetwork(nn.Module):
    def __init__(self, layers: list[nn.Module]):
        super().__init__()
        self.main = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z[:, :, None, None]).float().tanh()  # [N, C, H, W]


class _DiscriminatorNetwork(nn.Module):
    def __init__(self, layers: list[nn.Module]):
        super().__init__()
        self.main = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x).float()  # [N]


def _widths(width: int, size: int) -> list[int]:
    """Channels of the hidden levels: at half the size, at a quarter ... at 4 px."""
    return doubling(width, levels=size.bit_length() - 3)


def _head(channels: int, kernels: int, bias: bool) -> list[nn.Module]:
    """[N, channels, 4, 4] -> logits [N]"""
    if not kernels:
        return [PictureToScalar(channels, 4, bias)]
    features = channels * 4 * 4
    return [
        nn.Flatten(),
        MinibatchDiscrimination(features, kernels),
        nn.Linear(features + kernels, 1, bias=bias),
        nn.Flatten(0),
    ]


def _halve(inputs: int, outputs: int, bias: bool) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 4, 2, 1, bias=bias)


def _finish(network: nn.Module, spectral: bool) -> nn.Module:
    initialise(network, "normal")
    return spectral_normalise(network) if spectral else network
