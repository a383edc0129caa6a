"""mimicry's residual generators, with the names of their weights.

They double pictures bilinearly where the studio's own repeat pixels. Behind `*w` stand the shares of the classes, in
networks that have classes.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d
from torch.nn.utils import remove_spectral_norm, spectral_norm

from ..classes import ByClass

Norm = Callable[[int], nn.Module]

# --- bricks ----------------------------------------------------------------------------------------------------------


class ClassNorm(nn.Module):
    """Batch norm whose gains and biases are those of the classes, blended by their shares. Dumoulin et al. 2017."""

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels, affine=False)
        self.embed = nn.Embedding(classes, 2 * channels)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        gain, bias = (w @ self.embed.weight)[:, :, None, None].chunk(2, dim=1)  # each [N, C, 1, 1]
        return gain * self.bn(x) + bias


class Block(nn.Module):
    """Twice the size. Its shortcut convolves first: the same, at a quarter of the cost."""

    def __init__(self, inputs: int, outputs: int, norm: Norm):
        super().__init__()
        self.c1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.c2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.b1, self.b2 = norm(inputs), norm(outputs)
        self.c_sc = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, *w: Tensor) -> Tensor:
        h = self.c1(_doubled(self.b1(x, *w).relu()))
        return self.c2(self.b2(h, *w).relu()) + _doubled(self.c_sc(x))


def _doubled(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Attention(nn.Module):
    """x + gamma o(g softmax(theta phi)), keys and values at half the size. Zhang et al. 2019, as in BigGAN's code."""

    def __init__(self, channels: int):
        super().__init__()
        few, half = channels >> 3, channels >> 1
        self.theta, self.phi = (nn.Conv2d(channels, few, 1, bias=False) for _ in range(2))
        self.g, self.o = nn.Conv2d(channels, half, 1, bias=False), nn.Conv2d(half, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.tensor(0.0))

    def forward(self, x: Tensor, *w: Tensor) -> Tensor:
        query = self.theta(x).flatten(2)  # [N, C / 8, H W]
        key, value = (max_pool2d(layer(x), 2).flatten(2) for layer in (self.phi, self.g))  # [N, ..., H W / 4]
        looked = (query.mT @ key).softmax(dim=-1)  # [N, H W, H W / 4]
        return x + self.gamma * self.o((value @ looked.mT).unflatten(2, x.shape[2:]))


# --- networks --------------------------------------------------------------------------------------------------------


class _Tower(nn.Module):
    """A linear layer, blocks, and a convolution to colours; widths are those at the start and behind each block."""

    def furnish(self, z_dim: int, start_px: int, widths: list[int], channels: int, norm: Norm) -> None:
        self.start_px = start_px
        self.l1 = nn.Linear(z_dim, start_px**2 * widths[0])
        self.parts = [f"block{i}" for i in range(2, len(widths) + 1)]
        for name, (inputs, outputs) in zip(self.parts, pairwise(widths), strict=True):
            self.add_module(name, Block(inputs, outputs, norm))
        last = len(widths) + 1
        self.end = (f"b{last}", f"c{last}")
        self.add_module(self.end[0], nn.BatchNorm2d(widths[-1]))
        self.add_module(self.end[1], nn.Conv2d(widths[-1], channels, 3, padding=1))

    def climb(self, z: Tensor, *w: Tensor) -> Tensor:
        h = self.l1(z).unflatten(1, (-1, self.start_px, self.start_px))
        for name in self.parts:
            h = self.get_submodule(name)(h, *w)
        norm, convolve = map(self.get_submodule, self.end)
        return convolve(norm(h).relu()).float().tanh()  # [N, C, H, W]


class Generator(_Tower):
    """z [N, z_dim] -> x [N, C, H, W] in [-1, 1]"""

    def __init__(self, z_dim: int, start_px: int, widths: list[int], channels: int):
        super().__init__()
        self.furnish(z_dim, start_px, widths, channels, nn.BatchNorm2d)

    def forward(self, z: Tensor) -> Tensor:
        return self.climb(z)


class ClassGenerator(_Tower, ByClass):
    """[z | w] -> x"""

    def __init__(self, z_dim: int, start_px: int, widths: list[int], channels: int, classes: int):
        ByClass.__init__(self, z_dim, classes)
        self.furnish(z_dim, start_px, widths, channels, lambda width: ClassNorm(width, classes))

    def drawn(self, z: Tensor, w: Tensor) -> Tensor:
        return self.climb(z, w)


class AttentiveGenerator(ClassGenerator):
    """[z | w] -> x, looking around behind `block{after}`; its weights come normalised, and are divided once for all."""

    def __init__(self, z_dim: int, start_px: int, widths: list[int], channels: int, classes: int, after: int):
        super().__init__(z_dim, start_px, widths, channels, classes)
        self.attn_block = Attention(widths[after - 1])
        self.parts.insert(after - 1, "attn_block")
        for layer in self.modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                spectral_norm(layer)
        self.register_load_state_dict_post_hook(_divided)


def _divided(network: nn.Module, _incompatible: object) -> None:
    """By the largest singular value as its training left it: what the network itself does in evaluation."""
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            remove_spectral_norm(layer)
