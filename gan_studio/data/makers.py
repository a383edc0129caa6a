"""Ways to make a picture A of a picture B, so that one folder gives pairs: one class each."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, pad

from ..compute import mixed_seed
from ..config import ConfigError, option
from ..nn.resample import bicubic
from ..registry import Registry
from .augment import LUMA
from .pairs import Maker

MAKERS: Registry[Maker] = Registry("gan_studio.data", "way to make pairs")

SOBEL = ((1.0, 2.0, 1.0), (0.0, 0.0, 0.0), (-1.0, -2.0, -1.0))


@MAKERS.add
class LowResolution(Maker):
    """B at a half or a quarter of its size, by bicubic with antialias, as super-resolution is measured."""

    kind = "low-resolution"
    title = "Low resolution"
    about = "A small picture to the large one: super-resolution."
    names: ClassVar[tuple[str, str]] = ("low", "high")

    scale: Literal[2, 4] = option(
        2, "How many times smaller A is, each way: 4 is far harder than 2.", unit="times", learn=True
    )
    blur: float = option(0.0, "Standard deviation of a blur before it is made smaller.", ge=0, le=8, unit="px")
    noise: float = option(0.0, "Standard deviation of noise upon A, as a share of the full range.", ge=0, le=0.5)

    def __call__(self, b: Tensor, position: int, seed: int) -> Tensor:
        if self.blur:
            b = blurred(b, self.blur)
        a = bicubic(b, (b.shape[2] // self.scale, b.shape[3] // self.scale))
        if self.noise:
            a = a + 2 * self.noise * _drawn(a.shape, position, seed, torch.randn).to(a.device)
        return a.clamp(-1, 1)

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        c, h, w = shape
        if h % self.scale or w % self.scale:
            raise ConfigError(f"{w} x {h} px cannot be divided by {self.scale}; choose a size that can.")
        return c, h // self.scale, w // self.scale


@MAKERS.add
class Edges(Maker):
    """Where the brightness changes, as dark lines on white. Sobel 1968."""

    kind = "edges"
    title = "Edges"
    about = "Outlines to the picture: draw, and see it painted."
    names: ClassVar[tuple[str, str]] = ("edges", "picture")

    blur: float = option(
        0.7, "Standard deviation of a blur before edges are looked for; more finds fewer.", ge=0, le=8, unit="px"
    )
    strength: float = option(3.0, "How dark a change is drawn.", gt=0, le=10)
    threshold: float = option(0.3, "Weaker changes are left white.", ge=0, le=1)

    def __call__(self, b: Tensor, position: int, seed: int) -> Tensor:
        grey = luma(b)
        grey = blurred(grey, self.blur) if self.blur else grey
        kernel = torch.tensor(SOBEL, device=b.device) / 8  # a step of 1 from black to white gives 1/2 at either side
        kernels = torch.stack([kernel, kernel.T])[:, None]  # [2, 1, 3, 3]
        slope = conv2d(pad(grey, (1, 1, 1, 1), "replicate"), kernels).square().sum(dim=1, keepdim=True).sqrt()
        slope = self.strength * slope
        return 1 - 2 * ((slope - self.threshold) / max(1e-6, 1 - self.threshold)).clamp(0, 1)

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (1, *shape[1:])


@MAKERS.add
class Grey(Maker):
    """The luma of B. ITU-R BT.601."""

    kind = "grey"
    title = "Grey"
    about = "A grey picture to the coloured one: learn to colour."
    names: ClassVar[tuple[str, str]] = ("grey", "colour")

    def __call__(self, b: Tensor, position: int, seed: int) -> Tensor:
        return luma(b)

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if shape[0] != 3:
            raise ConfigError("These pictures have no colours to be found again; choose pictures with colours.")
        return (1, *shape[1:])


@MAKERS.add
class Holes(Maker):
    """B with a rectangle cut out at a random place, filled with grey. Pathak et al. 2016 (context encoders)."""

    kind = "holes"
    title = "Holes"
    paper = "Pathak et al. 2016"
    about = "A picture with a hole to the whole one: learn to fill in."
    names: ClassVar[tuple[str, str]] = ("with a hole", "whole")

    least: float = option(0.25, "The shortest side of a hole, as a share of the picture's.", gt=0, le=0.9)
    most: float = option(0.5, "The longest side of a hole, as a share of the picture's.", gt=0, le=0.9)

    def __call__(self, b: Tensor, position: int, seed: int) -> Tensor:
        n, _, h, w = b.shape
        u = _drawn((n, 4), position, seed, torch.rand).to(b.device)
        least, most = min(self.least, self.most), max(self.least, self.most)
        rows, columns = (
            _between((least + (most - least) * u[:, i]) * side, u[:, i + 2], side) for i, side in ((0, h), (1, w))
        )
        hole = rows[:, None, :, None] & columns[:, None, None, :]  # [N, 1, H, W]
        return b.masked_fill(hole, 0.0)

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape


@MAKERS.add
class Blocks(Maker):
    """B as a mosaic: the mean of each block of pixels, at B's own size."""

    kind = "mosaic"
    title = "Mosaic"
    about = "A coarse mosaic to the picture, at the same size."
    names: ClassVar[tuple[str, str]] = ("mosaic", "picture")

    block: Literal[2, 4, 8] = option(4, "Side of a block.", unit="px")

    def __call__(self, b: Tensor, position: int, seed: int) -> Tensor:
        return avg_pool2d(b, self.block).repeat_interleave(self.block, 2).repeat_interleave(self.block, 3)

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if shape[1] % self.block or shape[2] % self.block:
            raise ConfigError(f"{shape[2]} x {shape[1]} px cannot be divided by {self.block}; choose a size that can.")
        return shape


def luma(x: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, 1, H, W]; of pictures with transparency, that of their colours."""
    if x.shape[1] < 3:
        return x[:, :1]
    return (x[:, :3] * torch.tensor(LUMA, dtype=x.dtype, device=x.device)[:, None, None]).sum(dim=1, keepdim=True)


def blurred(x: Tensor, sigma: float) -> Tensor:
    """By a Gaussian, row by row and column by column; edges are continued."""
    reach = max(1, round(3 * sigma))
    t = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-(t**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, -1)
    x = conv2d(pad(x, (reach, reach, 0, 0), "replicate"), kernel[:, :, None, :], groups=x.shape[1])
    return conv2d(pad(x, (0, 0, reach, reach), "replicate"), kernel[:, :, :, None], groups=x.shape[1])


def _drawn(shape: tuple[int, ...] | torch.Size, position: int, seed: int, draw: Callable[..., Tensor]) -> Tensor:
    """Random numbers of a batch, drawn on the CPU: the same on every device."""
    return draw(shape, generator=torch.Generator().manual_seed(mixed_seed(seed, position, 77)))


def _between(length: Tensor, u: Tensor, side: int) -> Tensor:
    """Which of `side` places [N, side] lie in a stretch of this length [N], begun at a random place."""
    length = length.round()
    start = (u * (side - length + 1)).floor()
    at = torch.arange(side, device=u.device)
    return (at >= start[:, None]) & (at < (start + length)[:, None])
