"""Pictures made larger and smaller: layers that double inside a network, and bicubic resampling of whole batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import interpolate

Upsampling = Literal["transposed", "nearest"]

UPSAMPLING_HELP = "Transposed convolution, as in the paper, or nearest pixel and a convolution: no checkerboards."


def bicubic(x: Tensor, size: tuple[int, int]) -> Tensor:
    """[N, C, H, W] float at another size, as Pillow's BICUBIC: smoothed before it shrinks, so that nothing aliases."""
    return interpolate(x.float(), size=size, mode="bicubic", antialias=True, align_corners=False)


def resize_convolution(inputs: int, outputs: int, bias: bool) -> nn.Module:
    """Twice the size without checkerboards. Odena, Dumoulin & Olah 2016."""
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias))


def transposed(inputs: int, outputs: int, bias: bool) -> nn.Module:
    """Twice the size by a kernel of 4 px, as in DCGAN and in U-Nets."""
    return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias)


def transposed_3(inputs: int, outputs: int, bias: bool) -> nn.Module:
    """Twice the size by a kernel of 3 px, as in CycleGAN's ResNet."""
    return nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1, bias=bias)


DOUBLE: dict[str, Callable[[int, int, bool], nn.Module]] = {"transposed": transposed, "nearest": resize_convolution}
DOUBLE_3: dict[str, Callable[[int, int, bool], nn.Module]] = {"transposed": transposed_3, "nearest": resize_convolution}
