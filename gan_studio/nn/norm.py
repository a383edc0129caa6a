"""Normalisation by name, for pictures and for vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import nn

PictureNorm = Literal["batch", "instance", "layer", "none"]
TranslatorNorm = Literal["batch", "instance", "none"]
VectorNorm = Literal["batch", "layer", "none"]  # an instance norm of a vector has one value per channel: always 0

_OF_PICTURES: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    # Statistics over all of one sample's channels and pixels, gain and bias per channel. nn.LayerNorm would learn them
    # per pixel and tie the network to one size.
    "layer": lambda channels: nn.GroupNorm(1, channels),
    "none": lambda channels: nn.Identity(),
}
_OF_TRANSLATORS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "instance": nn.InstanceNorm2d,  # without a gain and a bias of its own, so without any key in a file
    "none": lambda channels: nn.Identity(),
}
_OF_VECTORS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
    "none": lambda features: nn.Identity(),
}


def picture_norm(kind: PictureNorm, channels: int) -> nn.Module:
    """[N, C, H, W] -> the same, normalised; `none` keeps a place in a Sequential, so keys stay where they are."""
    return _OF_PICTURES[kind](channels)


def translator_norm(kind: TranslatorNorm, channels: int) -> nn.Module:
    """As in the code of pix2pix and CycleGAN, whose instance norm learns nothing: [N, C, H, W] -> the same."""
    return _OF_TRANSLATORS[kind](channels)


def translator_bias(kind: TranslatorNorm) -> bool:
    """Whether convolutions before such a norm have a bias there: beside instance norm alone."""
    return kind == "instance"


def vector_norm(kind: VectorNorm, features: int) -> nn.Module:
    """[N, F] -> the same, normalised."""
    return _OF_VECTORS[kind](features)
