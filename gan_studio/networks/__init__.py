"""The shelves of architectures: one file each, generator and discriminator side by side. Copy `mlp.py` for a new one.

A network's Spec builds an `nn.Module` for a given shape of sample, (C, H, W) for pictures or (2,) for points, with the
initial weights of its paper.
"""

from __future__ import annotations

from abc import abstractmethod

from torch import nn

from ..config import ConfigError, Spec
from ..registry import Registry

Shape = tuple[int, ...]  # of one sample: (C, H, W) or (2,)


class Generator(Spec):
    """z [N, z_dim] -> x [N, *shape]; pictures in [-1, 1]."""

    @abstractmethod
    def build(self, z_dim: int, shape: Shape) -> nn.Module:
        """The network on the CPU in float32. Raises ConfigError where it cannot make samples of this shape."""


class Discriminator(Spec):
    """x [N, *shape] -> logits [N]."""

    @abstractmethod
    def build(self, shape: Shape) -> nn.Module:
        """The network on the CPU in float32. Raises ConfigError where it cannot judge samples of this shape."""


GENERATORS: Registry[Generator] = Registry("gan_studio.networks", "generator")
DISCRIMINATORS: Registry[Discriminator] = Registry("gan_studio.networks", "discriminator")


SIZES_PX = (16, 32, 64, 128, 256)  # what networks can make that double or halve the picture at each level


def size_px(shape: Shape, title: str) -> int:
    """The side of square pictures of one of SIZES_PX. Raises ConfigError for other shapes, naming the network."""
    if len(shape) != 3:
        raise ConfigError(f"{title} works on pictures, and this data is points; choose the MLP, or a set of pictures.")
    _, height, width = shape
    if height != width or height not in SIZES_PX:
        raise ConfigError(
            f"{title} cannot work at {width} x {height} px; choose 16, 32, 64, 128 or 256 px in the data, or the MLP."
        )
    return height
