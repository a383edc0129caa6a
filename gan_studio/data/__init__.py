"""The shelf of data sources: one file each; all yield the same frozen batch. Copy `digits.py` to start a new one.

A source is a Spec. `prepare()` makes it ready, yielding `Progress` on the way, and returns a `Dataset`. A dataset is
an endless, seeded sequence of batches with random access: batch k of seed s is always the same, so the position of a
training is one number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from ..config import ConfigError, Spec
from ..progress import Progress as Progress
from ..registry import OneOf, Registry
from .fingerprint import Contents, hashed

FIRST = 64  # samples that endless data are known by


@dataclass(frozen=True)
class Batch:
    """N samples on one device."""

    x: Tensor  # pictures [N, C, H, W], float32 in [-1, 1]; or points [N, 2]
    y: Tensor | None = None  # class numbers [N], int64
    attributes: dict[str, Tensor] = field(default_factory=dict)  # {name: class numbers [N]}
    pair: Tensor | None = None  # the pictures B [N, C', H', W'] where `x` are the pictures A, see `Pairs`

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        attributes = {name: values.to(device) for name, values in self.attributes.items()}
        y, pair = (None if part is None else part.to(device) for part in (self.y, self.pair))
        return Batch(self.x.to(device), y, attributes, pair)

    def both(self) -> tuple[Tensor, Tensor]:
        """(A, B) of data that has pairs."""
        assert self.pair is not None
        return self.x, self.pair


@dataclass(frozen=True)
class Pairs:
    """What the pictures B are, in data whose samples are pictures A."""

    shape: tuple[int, ...]  # of one B
    matched: bool  # whether each B is what its A should become; otherwise they are two independent sets
    names: tuple[str, str] = ("A", "B")  # what people call the pictures: ("lines", "avatar")


class Dataset(ABC):
    """What a prepared source gives."""

    shape: tuple[int, ...]  # of one sample: (C, H, W) or (2,)
    classes: tuple[str, ...] = ()  # names of the labels in `Batch.y`
    attributes: dict[str, tuple[str, ...]] = {}  # {attribute: names of its values}
    size: int | None = None  # number of samples; None is endless
    extent: float = 1.0  # of points: half the width of a square around 0 that shows them
    centres: Tensor = torch.empty(0, 2)  # of points: their modes [K, 2], where they have any
    sigma: float = 0.0  # the standard deviation of each coordinate within a mode
    counts: tuple[int, ...] = ()  # samples of each class, where they are numbered
    skipped: tuple[tuple[str, str], ...] = ()  # (file, why it was left out)
    notes: tuple[str, ...] = ()  # what a person should know; the first sums up `skipped`, where there are any
    pairs: Pairs | None = None  # what `Batch.pair` holds, where there is one
    held_out: Dataset | None = None  # samples that training never sees; of pairs, true ones where the truth is known

    @abstractmethod
    def batch(self, count: int, position: int, seed: int) -> Batch:
        """Batch number `position` of the sequence that `seed` names, on the device of `to`."""

    def plain(self) -> Dataset:
        """The samples without random changes; itself where there are none."""
        return self

    def fingerprint(self) -> str:
        """24 hexadecimal digits that name the samples, their labels and what is done to them: not files, names, dates.

        Everything is read: about a second a gigabyte.
        """
        return hashed(self.contents())

    def contents(self) -> Contents:
        """What `fingerprint` is of: plain settings, and arrays whose rows may come in any order.

        Of endless data it is the first samples of one sequence.
        """
        batch = self.batch(FIRST, 0, 0)
        yield {"shape": self.shape}
        yield (batch.x.cpu().numpy(),) if batch.y is None else (batch.x.cpu().numpy(), batch.y.cpu().numpy())

    def to(self, device: torch.device) -> Dataset:
        """Move the samples to a device where they fit; otherwise batches are moved one by one."""
        return self

    def augmented(self, count: int, versions: int, seed: int) -> np.ndarray | None:
        """Rows [count, 1 + versions, H, W, C] uint8: a sample as it is, then changed; None where nothing is changed."""
        return None


class Source(Spec):
    """Where samples come from."""

    @abstractmethod
    def prepare(self) -> Generator[Progress, None, Dataset]:
        """Make the samples ready. Closing the generator cancels. Raises ConfigError with what to do."""

    def check(self) -> None:
        """Whether the choices can be used, as far as a quick look tells. Raises ConfigError with paths."""

    def shape(self) -> tuple[int, ...] | None:
        """The shape of one sample, where it is known before `prepare`."""
        return None

    def pairs(self) -> Pairs | None:
        """What the pictures B are, where there are any and it is known before `prepare`."""
        return None

    @classmethod
    def variants(cls) -> tuple[Source, ...]:
        """What a list of sources shows: one entry, or one for each data set of a family."""
        return (cls(),)

    def called(self) -> str:
        """What this very choice is called."""
        return self.title

    def short(self) -> str:
        """A word or two for it within other names: "digits CNN"."""
        return self.kind

    def unseen(self) -> Source | None:
        """Where samples of the same kind come from that training never sees; None where there are none.

        Of endless data it is the source itself: those of another seed are new. Preparing it raises ConfigError where
        there turn out to be none.
        """
        return None

    def how_to_hold_out(self) -> str:
        """What to do before the next training, so that there are some that it never sees, as a sentence."""
        return "Training sees all of this data: before the next one, take other data, or a part of it."

    def missing(self) -> str:
        """What `fetch` would bring to this computer, as a sentence; "" where nothing is missing."""
        return ""

    def fetch(self) -> Generator[Progress, None, None]:
        """Bring it from the internet. Closing the generator cancels. Raises ConfigError with what to do."""
        yield from ()


SOURCES: Registry[Source] = Registry("gan_studio.data", "data source")


class HeldOut(Source):
    """What another source keeps from its training. It stands on no shelf: a source gives it as `unseen`."""

    source: Annotated[Source, OneOf(SOURCES)]

    def prepare(self) -> Generator[Progress, None, Dataset]:
        dataset = yield from self.source.prepare()
        if dataset.held_out is None:
            raise ConfigError(self.source.how_to_hold_out())
        return dataset.held_out

    def shape(self) -> tuple[int, ...] | None:
        return self.source.shape()

    def pairs(self) -> Pairs | None:
        return self.source.pairs()

    def called(self) -> str:
        return f"{self.source.called()}, held out"

    def short(self) -> str:
        return self.source.short()

    def missing(self) -> str:
        return self.source.missing()


class Stream:
    """An iterator over a dataset's batches; `position` is all of its state."""

    def __init__(self, dataset: Dataset, count: int, seed: int, position: int = 0):
        self.dataset, self.count, self.seed, self.position = dataset, count, seed, position

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Batch:
        batch = self.dataset.batch(self.count, self.position, self.seed)
        self.position += 1
        return batch


def shuffled(size: int, count: int, position: int, seed: int) -> np.ndarray:
    """The sample numbers [count] of batch `position`: epochs without repeats, each in its own order."""
    start = position * count
    parts = []
    while count:
        epoch, offset = divmod(start, size)
        order = _order(size, seed, epoch)[offset : offset + count]
        parts.append(order)
        start, count = start + len(order), count - len(order)
    return np.concatenate(parts)


@lru_cache(maxsize=4)
def _order(size: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch)).permutation(size)
