"""Bricks of data sets with pictures A and B: true pairs, two independent sets, and pairs made of one picture each."""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..compute import mixed_seed
from ..config import ConfigError, Spec, option
from ..images import to_float
from . import Batch, Dataset, Pairs, shuffled
from .augment import Augment, draws, windows
from .fingerprint import Contents
from .images import Stack, told_of

LEAST_PAIRS = 4
MOST_HELD_OUT = 64  # pairs, where nothing else is said: enough to measure by

Skipped = tuple[tuple[str, str], ...]  # (file, why it was left out)


class Jitter(Spec):
    """Random changes, the same for both pictures of a pair."""

    title = "Jitter"

    horizontal_flip: bool = option(False, "Mirror half of the pairs left to right, both pictures alike.")
    vertical_flip: bool = option(False, "Mirror half of the pairs upside down, both pictures alike.")
    crop: float = option(
        0.0,
        "Keep the pictures larger by this share and cut the same window of both at a random place; 0.12 is pix2pix' "
        "286 px for 256.",
        ge=0,
        le=0.5,
    )

    def stored(self, size: int) -> int:
        """The side in px at which pictures are kept, so that windows of `size` can be cut."""
        return math.ceil(size * (1 + self.crop))

    def __call__(self, pixels: Tensor, size: int, u: Tensor) -> Tensor:
        """[N, C, T, T] uint8 -> [N, C, size, size] float in [-1, 1]; u [N, DRAWS] of `draws`."""
        flips = Augment(horizontal_flip=self.horizontal_flip, vertical_flip=self.vertical_flip)
        return flips(to_float(windows(pixels, size, u)), u).contiguous()


NO_JITTER = Jitter()


def middle(pixels: np.ndarray, size: int) -> np.ndarray:
    """[N, C, T, T] -> [N, C, size, size] from the middle."""
    edge = (pixels.shape[3] - size) // 2
    return pixels[:, :, edge : edge + size, edge : edge + size]


class PairedPictures(Dataset):
    """True pairs: pixels [N, C + C', T, T], A in the first channels and B in the others."""

    def __init__(
        self,
        stack: Stack,
        channels: int,
        size: int,
        names: tuple[str, str],
        jitter: Jitter = NO_JITTER,
        held_out: Dataset | None = None,
        skipped: Skipped = (),
        notes: tuple[str, ...] = (),
    ):
        self.stack, self.channels, self.jitter = stack, channels, jitter
        self.shape = (channels, size, size)
        self.pairs = Pairs((stack.pixels.shape[1] - channels, size, size), matched=True, names=names)
        self.size, self.held_out, self.skipped, self.notes = len(stack), held_out, skipped, told_of(skipped) + notes

    def batch(self, count: int, position: int, seed: int) -> Batch:
        pixels = self.stack.take(shuffled(len(self.stack), count, position, seed))
        u = draws(count, position, seed).to(pixels.device, non_blocking=True)
        both = self.jitter(pixels, self.shape[1], u)
        return Batch(both[:, : self.channels].contiguous(), pair=both[:, self.channels :].contiguous())

    def plain(self) -> PairedPictures:
        size = self.shape[1]
        if self.jitter == NO_JITTER and self.stack.pixels.shape[3] == size:
            return self
        same = copy.copy(self)
        same.jitter, same.stack = NO_JITTER, self.stack.middle(size)
        return same

    def contents(self) -> Contents:
        yield {"shape": self.shape, "jitter": self.jitter.plain()}
        yield (self.stack.all(),)

    def to(self, device: torch.device) -> PairedPictures:
        moved = copy.copy(self)
        moved.stack = self.stack.to(device)
        return moved


class TwoSets(Dataset):
    """Two independent sets of pictures [N, C, T, T] and [M, C', T, T], each with its own order and its own jitter."""

    def __init__(
        self,
        a: Stack,
        b: Stack,
        size: int,
        names: tuple[str, str],
        jitter: Jitter = NO_JITTER,
        held_out: Dataset | None = None,
        skipped: Skipped = (),
        notes: tuple[str, ...] = (),
    ):
        self.a, self.b, self.jitter = a, b, jitter
        self.shape = (a.pixels.shape[1], size, size)
        self.pairs = Pairs((b.pixels.shape[1], size, size), matched=False, names=names)
        self.size, self.held_out = max(len(a), len(b)), held_out
        self.skipped, self.notes = skipped, told_of(skipped) + notes

    def batch(self, count: int, position: int, seed: int) -> Batch:
        x, pair = (
            self._taken(stack, count, position, own) for stack, own in ((self.a, seed), (self.b, mixed_seed(seed, 1)))
        )
        return Batch(x, pair=pair)

    def _taken(self, stack: Stack, count: int, position: int, seed: int) -> Tensor:
        pixels = stack.take(shuffled(len(stack), count, position, seed))
        u = draws(count, position, seed).to(pixels.device, non_blocking=True)
        return self.jitter(pixels, self.shape[1], u)

    def plain(self) -> TwoSets:
        size = self.shape[1]
        if self.jitter == NO_JITTER and self.a.pixels.shape[3] == self.b.pixels.shape[3] == size:
            return self
        same = copy.copy(self)
        same.jitter, same.a, same.b = NO_JITTER, self.a.middle(size), self.b.middle(size)
        return same

    def contents(self) -> Contents:
        yield {"shape": self.shape, "jitter": self.jitter.plain()}
        yield (self.a.all(),)
        yield (self.b.all(),)

    def to(self, device: torch.device) -> TwoSets:
        moved = copy.copy(self)
        moved.a, moved.b = self.a.to(device), self.b.to(device)
        return moved


class Maker(Spec):
    """How a picture A is made of a picture B, on the device."""

    names: ClassVar[tuple[str, str]]  # what people call A and B

    @abstractmethod
    def __call__(self, b: Tensor, position: int, seed: int) -> Tensor:
        """A [N, C, h, w] of B [N, C', H, W], both in [-1, 1]; what is random in it comes from (seed, position)."""

    @abstractmethod
    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of A by that of B. Raises ConfigError."""


class MadePairs(Dataset):
    """Pairs made of one picture each: B as it is, A by a `Maker`."""

    def __init__(self, pictures: Dataset, make: Maker, held_out: Dataset | None = None):
        self.pictures, self.make, self.held_out = pictures, make, held_out
        self.shape = make.shape(pictures.shape)
        self.pairs = Pairs(pictures.shape, matched=True, names=make.names)
        self.size, self.skipped, self.notes = pictures.size, pictures.skipped, pictures.notes

    def batch(self, count: int, position: int, seed: int) -> Batch:
        b = self.pictures.batch(count, position, seed).x
        return Batch(self.make(b, position, seed).contiguous(), pair=b)

    def plain(self) -> MadePairs:
        pictures = self.pictures.plain()
        if pictures is self.pictures:
            return self
        same = copy.copy(self)
        same.pictures = pictures
        return same

    def contents(self) -> Contents:
        yield {"made": self.make.plain()}
        yield from self.pictures.contents()

    def to(self, device: torch.device) -> MadePairs:
        moved = copy.copy(self)
        moved.pictures = self.pictures.to(device)
        return moved


# --- what is held out -------------------------------------------------------------------------------------------------


def split(count: int, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(rows to train on, rows held out), disjoint and sorted; with a share of 0 nothing is held out."""
    held = min(MOST_HELD_OUT, math.ceil(share * count)) if share else 0
    order = np.random.default_rng(seed).permutation(count)
    return np.sort(order[held:]), np.sort(order[:held])


PAIRS_HOLD_OUT = "Training sees all of these pictures: set data.held_out_share, such as to 0.1, before the next one."
HELD_OUT_HELP = "This share of them, at most 64, is kept from the training, to measure by."


def stacks(pixels: np.ndarray, size: int, share: float) -> tuple[Stack, Stack | None]:
    """(to train on, held out: the middles of the pictures); None where nothing is held out."""
    rows, held = split(len(pixels), share)
    if not len(held):
        return Stack(pixels), None
    return Stack(pixels, rows), Stack(np.ascontiguousarray(middle(pixels[held], size)))


def check_pairs(count: int, what: str, why: Callable[[], str]) -> None:
    """Raises ConfigError where there are too few to learn from; `why` tells what became of the rest."""
    if count < LEAST_PAIRS:
        raise ConfigError(f"{count} {what} can be used, and at least {LEAST_PAIRS} are needed{why()}.")


def first_reason(skipped: Skipped) -> str:
    return f"; {skipped[0][0]} {skipped[0][1]}" if skipped else ""
