"""The shelves of architectures: one file each, generator and discriminator side by side. Copy `mlp.py` for a new one.

A network's Spec builds an `nn.Module` for a given shape of sample, (C, H, W) for pictures or (2,) for points, with the
initial weights of its paper. Translators make pictures of pictures, and judges answer for them patch by patch.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from torch import nn

from ..config import ConfigError, Spec
from ..registry import Registry

Shape = tuple[int, ...]  # of one sample: (C, H, W) or (2,)
FORTH, BACK = "A to B", "B to A"  # the directions of translators


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


@dataclass(frozen=True)
class Needs:
    """What a translator asks of the pictures that it is applied to."""

    multiple: int = 1  # both sides must be multiples of this, in pixels of the input
    least: int = 1  # neither side may be shorter
    reach: int | None = 0  # an output pixel depends on input pixels up to so far away; None: on the whole picture
    scale: int = 1  # pixels of the output for each of the input, each way


class TranslatorModule(nn.Module):
    """x [N, C_in, H, W] in [-1, 1] -> [N, C_out, s H, s W] in [-1, 1], float32.

    Networks without a tanh may go a little beyond; whoever makes bytes of it cuts that off. `needs.reach` is that of
    the convolutions: instance norms, where there are any, also look at each picture as a whole.
    """

    needs: Needs


class TranslatorNetwork(Spec):
    """A picture of a picture."""

    @abstractmethod
    def build(self, in_shape: Shape, out_shape: Shape) -> TranslatorModule:
        """The network on the CPU in float32. Raises ConfigError where it cannot make the one shape of the other."""


class Judge(Spec):
    """x [N, *shape] -> logits [N, 1, h, w], one for each patch, or [N]."""

    @abstractmethod
    def build(self, shape: Shape) -> nn.Module:
        """The network on the CPU in float32. Raises ConfigError where it cannot judge pictures of this shape."""


GENERATORS: Registry[Generator] = Registry("gan_studio.networks", "generator")
DISCRIMINATORS: Registry[Discriminator] = Registry("gan_studio.networks", "discriminator")
TRANSLATORS: Registry[TranslatorNetwork] = Registry("gan_studio.networks", "translator")
JUDGES: Registry[Judge] = Registry("gan_studio.networks", "judge")


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


def picture_shapes(in_shape: Shape, out_shape: Shape, title: str) -> None:
    """Whether both are pictures. Raises ConfigError, naming the network."""
    if len(in_shape) != 3 or len(out_shape) != 3:
        raise ConfigError(
            f"{title} makes pictures of pictures; choose data with pairs of pictures or two sets of them."
        )


def same_size(in_shape: Shape, out_shape: Shape, title: str) -> None:
    """Whether both are pictures of one size. Raises ConfigError, naming the network."""
    picture_shapes(in_shape, out_shape, title)
    if in_shape[1:] != out_shape[1:]:
        (_, h, w), (_, to_h, to_w) = in_shape, out_shape
        raise ConfigError(
            f"{title} keeps the size of a picture, and this data leads from {w} x {h} to {to_w} x {to_h} px; "
            "choose a super-resolution network, or pairs of one size."
        )


def enlargement(in_shape: Shape, out_shape: Shape, title: str) -> int:
    """The scale that leads from the one shape to the other: 2 or 4. Raises ConfigError, naming the network."""
    picture_shapes(in_shape, out_shape, title)
    (_, h, w), (_, to_h, to_w) = in_shape, out_shape
    for scale in (2, 4):
        if (to_h, to_w) == (scale * h, scale * w):
            return scale
    raise ConfigError(
        f"{title} enlarges pictures 2 or 4 times, and this data leads from {w} x {h} to {to_w} x {to_h} px; "
        "choose data with low and high resolution, or a translator that keeps the size."
    )
