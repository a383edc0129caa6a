"""Distances between samples, a few rows at a time: what is held does not grow with the square of the samples."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
import torch
from torch import Tensor

from ..config import ConfigError
from ..progress import Progress

ROOM = 2**23  # distances that are held at a time: 64 MB
SAME = 1e-13  # squared distances below this part of the squared length are rounding, and 0
TIE = 1e-9  # what is this much farther is as far


def centred(real: np.ndarray, *others: np.ndarray) -> list[Tensor]:
    """Rows [N, F] each as float64, moved so that the mean of the first is 0: lengths, and their rounding, are small."""
    mean = torch.from_numpy(real.mean(axis=0, dtype=np.float64))
    return [torch.from_numpy(rows).double().sub_(mean) for rows in (real, *others)]


def pieces(x: Tensor, y: Tensor, text: str) -> Iterator[tuple[Progress, slice, Tensor]]:
    """(how far it is, rows of x, their squared distances to all of y [rows, M])."""
    ahead, y_lengths = y.T.mul(-2).contiguous(), y.square().sum(dim=1)
    size = max(1, ROOM // len(y))
    for start in range(0, len(x), size):
        here = slice(start, min(start + size, len(x)))
        lengths = x[here].square().sum(dim=1, keepdim=True)  # [rows, 1]
        squared = torch.addmm(lengths + y_lengths, x[here], ahead)  # [rows, M]
        squared.masked_fill_(squared < SAME * lengths, 0)
        yield Progress(start, len(x), text), here, squared


def radii(x: Tensor, k: int, text: str) -> Generator[Progress, None, Tensor]:
    """The squared distance of each row of x [N, F] to its k-th neighbour in x, itself left out: [N]."""
    found = torch.empty(len(x), dtype=torch.float64)
    for progress, here, squared in pieces(x, x, text):
        yield progress
        found[here] = squared.topk(k + 1, largest=False).values[:, k]  # it is its own nearest
    return found * (1 + TIE)


def nearest(x: Tensor, y: Tensor, text: str) -> Generator[Progress, None, Tensor]:
    """The distance of each row of x [N, F] to the nearest of y [M, F]: [N]."""
    found = torch.empty(len(x), dtype=torch.float64)
    for progress, here, squared in pieces(x, y, text):
        yield progress
        found[here] = squared.amin(dim=1)
    return found.sqrt()


def check_new(of_unseen: np.ndarray) -> None:
    """Whether unseen samples are new at all, by their distances to the training samples. Raises ConfigError."""
    if not np.median(of_unseen) > 0:
        raise ConfigError(
            "Most unseen real samples are training samples, too, so that copies cannot be told from new samples. "
            "Take duplicates out of the data, or choose other unseen samples."
        )
