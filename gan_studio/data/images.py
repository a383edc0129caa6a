"""A finite set of pictures: uint8 on the device where they fit, else read batch by batch from the cache's map."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..compute import free_bytes, mixed_seed
from ..images import to_float
from . import Batch, Dataset, shuffled
from .augment import Augment, draws, preview, windows
from .fingerprint import Contents

HELD_SHARE = 0.4  # of the device's free memory that the pictures may take; the rest is for the training
COPIED_BYTES = 64 * 2**20  # at a time, while the pictures move to the device
TOLD = 3  # files named in the note about those that could not be read


class Stack:
    """Pictures [N, C, T, T] uint8, an array or the cache's map: all of them on a device where they fit.

    With `rows` [M] it is these alone, in this order.
    """

    def __init__(self, pixels: np.ndarray, rows: np.ndarray | None = None):
        self.pixels, self.rows = pixels, rows
        self.device = torch.device("cpu")
        self.held: Tensor | None = None  # all of them on the device, where they fit

    def __len__(self) -> int:
        return len(self.pixels) if self.rows is None else len(self.rows)

    def only(self, rows: np.ndarray) -> Stack:
        """These of them, in this order; no pixel is copied yet."""
        return Stack(self.pixels, rows if self.rows is None else self.rows[rows])

    def middle(self, size: int) -> Stack:
        """Their middles [N, C, size, size]; no pixel is copied."""
        edge = (self.pixels.shape[3] - size) // 2
        window = (..., slice(edge, edge + size), slice(edge, edge + size))
        part = copy.copy(self)
        part.pixels, part.held = self.pixels[window], None if self.held is None else self.held[window]
        return part

    def to(self, device: torch.device) -> Stack:
        """The same on `device`: all of them where they take up to HELD_SHARE of its free memory."""
        moved = copy.copy(self)
        moved.device = device
        if self.held is None or self.device != device:
            fits = len(self) * self.pixels[0].nbytes <= HELD_SHARE * free_bytes(device)
            moved.held = self._copied(device) if fits else None
        return moved

    def take(self, numbers: np.ndarray) -> Tensor:
        """These pictures [n, C, T, T] uint8 on the device."""
        if self.held is not None:
            return self.held.index_select(0, torch.from_numpy(numbers).to(self.device, non_blocking=True))
        return torch.from_numpy(self.array(numbers)).to(self.device, non_blocking=True)

    def array(self, numbers: np.ndarray) -> np.ndarray:
        return self.pixels[numbers if self.rows is None else self.rows[numbers]]

    def all(self) -> np.ndarray:
        """Every one of them; copied only where `rows` choose."""
        return self.pixels if self.rows is None else self.pixels[self.rows]

    def _copied(self, device: torch.device) -> Tensor:
        held = torch.empty((len(self), *self.pixels.shape[1:]), dtype=torch.uint8, device=device)
        step = max(1, COPIED_BYTES // self.pixels[0].nbytes)
        for start in range(0, len(self), step):
            part = slice(start, start + step)
            held[part] = torch.from_numpy(np.array(self.pixels[part if self.rows is None else self.rows[part]]))
        return held


class ImageDataset(Dataset):
    """N pictures [N, C, T, T] uint8, an array or the cache's map, seen as windows of `size` px; T is `size` by default.

    `labels` are class numbers [N]; `columns` are those of the attributes, {name: [N]}; `skipped` are (file, reason).
    """

    def __init__(
        self,
        pixels: np.ndarray,
        labels: np.ndarray | None = None,
        classes: tuple[str, ...] = (),
        columns: Mapping[str, np.ndarray] | None = None,
        attributes: dict[str, tuple[str, ...]] | None = None,
        size: int | None = None,
        augment: Augment | None = None,
        skipped: tuple[tuple[str, str], ...] = (),
        notes: tuple[str, ...] = (),
    ):
        side = size or pixels.shape[-1]
        self.pixels = pixels
        self.size = len(pixels)
        self.shape = (pixels.shape[1], side, side)
        self.classes, self.attributes = classes, attributes or {}
        self.augment = augment or Augment()
        self.counts = () if labels is None else tuple(np.bincount(labels, minlength=len(classes)).tolist())
        self.skipped = skipped
        self.notes = told_of(skipped) + notes

        self.device = torch.device("cpu")
        self._stack = Stack(pixels)
        self._labels = None if labels is None else torch.from_numpy(labels.astype(np.int64))
        self._columns = {name: torch.from_numpy(values.astype(np.int64)) for name, values in (columns or {}).items()}

    def batch(self, count: int, position: int, seed: int) -> Batch:
        numbers = shuffled(len(self._stack), count, position, seed)
        index = torch.from_numpy(numbers).to(self.device, non_blocking=True)
        pixels = self._stack.take(numbers)  # [N, C, T, T]
        u = draws(count, position, seed).to(self.device, non_blocking=True)
        x = self.augment(to_float(windows(pixels, self.shape[1], u)), u)
        return Batch(
            x.contiguous(),
            None if self._labels is None else self._labels[index],
            {name: values[index] for name, values in self._columns.items()},
        )

    def only(self, rows: np.ndarray) -> ImageDataset:
        """These alone, in this order; no pixel is copied yet."""
        part = copy.copy(self)
        part._stack, part.size = self._stack.only(rows), len(rows)
        part._columns = {name: values[rows] for name, values in self._columns.items()}
        if self._labels is not None:
            part._labels = self._labels[rows]
            part.counts = tuple(part._labels.bincount(minlength=len(self.classes)).tolist())
        return part

    def plain(self) -> ImageDataset:
        size = self.shape[1]
        if self.augment == Augment() and self.pixels.shape[3] == size:
            return self
        same = copy.copy(self)
        same.augment, same._stack = Augment(), self._stack.middle(size)
        same.pixels = same._stack.pixels
        return same

    def contents(self) -> Contents:
        yield {"shape": self.shape, "augment": self.augment.plain(), "attributes": sorted(self._columns)}
        labels = [] if self._labels is None else [self._labels]
        columns = [values for _, values in sorted(self._columns.items())]
        yield (self._stack.all(), *(values.cpu().numpy() for values in labels + columns))

    def augmented(self, count: int, versions: int, seed: int) -> np.ndarray | None:
        size, side = self.shape[1], self.pixels.shape[3]
        if self.augment == Augment() and side == size:
            return None
        edge = (side - size) // 2
        rows = []
        for number in shuffled(len(self._stack), min(count, len(self._stack)), 0, seed):
            picture = self._stack.array(number).transpose(1, 2, 0)  # [T, T, C]
            middle = picture[None, edge : edge + size, edge : edge + size]
            changed = preview(self.augment, picture, versions, mixed_seed(seed, int(number)), size)
            rows.append(np.concatenate([middle, changed]))
        return np.stack(rows)

    def to(self, device: torch.device) -> ImageDataset:
        moved = copy.copy(self)
        moved.device = device
        moved._stack = self._stack.to(device)
        moved._labels = None if self._labels is None else self._labels.to(device)
        moved._columns = {name: values.to(device) for name, values in self._columns.items()}
        return moved


HELD_OUT_HELP = (
    "This share of the pictures is kept from the training, so that copying them can be told from learning; 0 trains on "
    "all."
)


def hold_out(dataset: ImageDataset, names: Sequence[str], share: float) -> ImageDataset:
    """The pictures to train on, with the others as `held_out`; a share of 0 holds nothing out.

    The name of a picture says on which side it is, so that pictures that are added later move no other. One that is a
    double of a picture on the other side is left out of those held out.
    """
    if not share:
        return dataset
    held = np.array([_chance(name) < share for name in names])
    contents = np.array([hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest() for picture in dataset.pixels])
    kept = held & ~np.isin(contents, contents[~held])
    trained = dataset.only(np.flatnonzero(~held))
    if kept.any():
        trained.held_out = dataset.only(np.flatnonzero(kept))
        trained.notes += (f"{kept.sum():,} pictures are kept from the training.",)
    return trained


def _chance(name: str) -> float:
    """A number in [0, 1) that belongs to this name."""
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogateescape")).digest()[:6]) / 2**48


def told_of(skipped: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    if not skipped:
        return ()
    count = f"{len(skipped)} files were" if len(skipped) > 1 else "1 file was"
    named = "; ".join(f"{name} {reason}" for name, reason in skipped[:TOLD])
    return (f"{count} left out: {named}{'; ...' if len(skipped) > TOLD else '.'}",)
