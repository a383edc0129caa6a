"""`netG_N_steps.pth` of mimicry (torch-mimicry, Lee & Town 2020): residual blocks `block2` ..., then `bN` and `cN`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import nn

from .. import classes
from ..config import ConfigError
from . import FORMATS, Draft, Format, consecutive
from .mimicry_networks import AttentiveGenerator, ClassGenerator, Generator
from .torch_file import Weights

MOST_START_PX = 32  # a side, of what the first layer makes
ATTENTION = {3: 3, 5: 4}  # the number of blocks: the block that SAGAN's attention stands behind, for 32 and 128 px
# One of its generators differs in a way that leaves no trace in the weights; by the size of its pictures.
SIGMOID = {32: ("whether it is mimicry's DCGAN for CIFAR, which ends in a sigmoid: its colours would be off here",)}
UNKNOWN = ("the pictures it learnt from", "its discriminator")


@FORMATS.add
class Mimicry(Format):
    """DCGAN, WGAN-GP, SNGAN, SSGAN and InfoMax-GAN have one generator there, for 32, 48, 64 and 128 px; the cGAN with
    projection discriminator has it with classes, and SAGAN with attention, too."""

    kind = "mimicry"
    title = "mimicry"
    paper = "Lee & Town 2020"
    about = "netG_N_steps.pth of a ResNet, with classes or without."

    def fits(self, weights: Weights) -> bool:
        return any(f"{block}.c1.{weight}" in weights for block in ("block1", "block2") for weight in _WEIGHTS)

    def draft(self, weights: Weights) -> Draft:
        if any(name.startswith("block1.") for name in weights):
            raise ConfigError("is a discriminator; take its generator, netG_N_steps.pth.")
        tower = _tower(weights)
        if any(name.startswith("attn") or name.endswith(".weight_orig") for name in weights):
            return _attentive(tower, weights)
        if any(".embed." in name for name in weights):
            return _with_classes(tower, weights)
        network = Generator(tower.z_dim, tower.start, tower.widths, tower.channels)
        which = "which method trained it: those of mimicry share this generator"
        return _draft(tower, network, (), (which, *UNKNOWN, *SIGMOID.get(tower.side, ())))


_WEIGHTS = ("weight", "weight_orig")  # as it is, or before its spectral normalisation


# --- sizes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tower:
    z_dim: int
    start: int  # px: bottom_width, 4, or 6 for 48 px
    widths: list[int]
    channels: int

    @property
    def side(self) -> int:
        return self.start * 2 ** (len(self.widths) - 1)


def _tower(weights: Weights) -> _Tower:
    """Raises ConfigError."""
    kind = next(kind for kind in _WEIGHTS if f"block2.c1.{kind}" in weights)
    blocks = consecutive(weights, f"block{{}}.c1.{kind}", start=2)
    if any(weights[f"block{i}.c1.{kind}"].ndim != 4 for i in blocks):
        raise _other_layers()
    widths = [weights[f"block2.c1.{kind}"].shape[1], *(weights[f"block{i}.c1.{kind}"].shape[0] for i in blocks)]
    first, end = f"l1.{kind}", f"c{blocks[-1] + 1}.{kind}"
    if end not in weights or first not in weights or weights[first].ndim != 2:
        raise _other_layers()
    features, z_dim = weights[first].shape
    start = math.isqrt(features // max(1, widths[0]))
    if not 0 < start <= MOST_START_PX or not 0 < z_dim <= 4096:
        raise ConfigError(f"begins with {start} x {start} px from {z_dim:,} latents; it cannot be held.")
    return _Tower(z_dim, start, widths, weights[end].shape[0])


def _other_layers() -> ConfigError:
    return ConfigError("is of a generator with other layers than mimicry's ResNet; it cannot be held.")


def _draft(tower: _Tower, network: nn.Module, inferred: tuple[str, ...], unknown: tuple[str, ...]) -> Draft:
    return Draft(
        network,
        tower.z_dim,
        (tower.channels, tower.side, tower.side),
        (
            f"{tower.widths[0]} channels at {tower.start} px (ngf)",
            "latents from N(0, 1), as mimicry draws them",
            *inferred,
        ),
        unknown,
    )


# --- with classes ----------------------------------------------------------------------------------------------------

NAMES = "what its classes are called"


def _with_classes(tower: _Tower, weights: Weights) -> Draft:
    many = _classes(weights)
    network = ClassGenerator(tower.z_dim, tower.start, tower.widths, tower.channels, many)
    which = "a cGAN with projection discriminator: of mimicry's, no other has classes without attention"
    return _draft(tower, network, (which,), (NAMES, *UNKNOWN))


def _attentive(tower: _Tower, weights: Weights) -> Draft:
    """What stands where leaves no trace in the weights but the number of blocks."""
    blocks = len(tower.widths) - 1
    if blocks not in ATTENTION or tower.widths[ATTENTION[blocks] - 1] < 8:
        raise ConfigError("looks like mimicry's SAGAN, but has other layers than that for 32 or 128 px; take another.")
    network = AttentiveGenerator(
        tower.z_dim, tower.start, tower.widths, tower.channels, _classes(weights), after=ATTENTION[blocks]
    )
    where = f"SAGAN, with attention behind block {ATTENTION[blocks]}"
    return _draft(tower, network, (where,), (NAMES, *UNKNOWN))


def _classes(weights: Weights) -> int:
    """Raises ConfigError."""
    embedding = weights.get("block2.b1.embed.weight")
    if embedding is None or embedding.ndim != 2 or not embedding.shape[0] <= classes.MOST:
        raise ConfigError(
            f"has no list of up to {classes.MOST:,} classes where mimicry's generators have it; take another."
        )
    return embedding.shape[0]
