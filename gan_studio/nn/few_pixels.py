"""Convolutions that halve or double, done as matrix products while they train on few pixels.

Deep in a U-Net there are 4 million weights and a handful of pixels, and libraries for convolutions move the weights
about more often than they use them. Measured on a CPU (batch 1, bf16, forward and backward): 512 -> 512 channels from
8 px 11 ms instead of 21, 1024 -> 512 channels from 4 px 41 ms instead of 75; from 16 px on up, the library is as fast.
Keys and shapes are those of torch's own layers; what they compute differs by rounding.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import fold, linear, unfold

KERNEL, STRIDE, PADDING = 4, 2, 1
FEW = 64  # pixels of the smaller side of the layer, in the whole batch


class Halving(nn.Conv2d):
    """[N, C, 2h, 2w] -> [N, C', h, w]."""

    def __init__(self, inputs: int, outputs: int, bias: bool):
        super().__init__(inputs, outputs, KERNEL, STRIDE, PADDING, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        if not self.training or n * h * w > STRIDE**2 * FEW:  # applied, it stays what exports and tiles know
            return super().forward(x)
        patches = unfold(x, KERNEL, padding=PADDING, stride=STRIDE).transpose(1, 2)  # [N, L, C * 16]
        weight = self.weight
        if weight.is_contiguous():
            weight = weight.flatten(1)  # [C', C * 16]
        else:  # in channels_last nothing moves
            weight = weight.permute(0, 2, 3, 1).flatten(1)  # [C', 16 * C]
            patches = patches.unflatten(2, (-1, KERNEL**2)).transpose(2, 3).flatten(2)
        return linear(patches, weight, self.bias).transpose(1, 2).unflatten(2, (h // STRIDE, w // STRIDE))


class Doubling(nn.ConvTranspose2d):
    """[N, C, h, w] -> [N, C', 2h, 2w]."""

    def __init__(self, inputs: int, outputs: int, bias: bool):
        super().__init__(inputs, outputs, KERNEL, STRIDE, PADDING, bias=bias)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        n, _, h, w = x.shape
        if not self.training or n * h * w > FEW:
            return super().forward(x)
        pixels = x.flatten(2).transpose(1, 2)  # [N, L, C]
        weight = self.weight
        if weight.is_contiguous():
            patches = linear(pixels, weight.flatten(1).t())  # [N, L, C' * 16]
        else:
            patches = linear(pixels, weight.permute(0, 2, 3, 1).flatten(1).t())  # [N, L, 16 * C']
            patches = patches.unflatten(2, (KERNEL**2, -1)).transpose(2, 3).flatten(2)
        size = (STRIDE * h, STRIDE * w)
        y = fold(patches.transpose(1, 2), size, KERNEL, padding=PADDING, stride=STRIDE)
        return y if self.bias is None else y + self.bias[:, None, None]
