"""The classes that a generator can be told to draw: one, or a blend of several.

A network with classes is one of rows [z | w]: a latent, and beside it the share of each class. Where a class has an
embedding, the blend of classes is the blend of their embeddings.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from .config import ConfigError

Shares = tuple[tuple[int, float], ...]  # classes, counted from 0, and how much of each; together they are 1

MOST = 4096  # classes of a network
TOLERANCE = 1e-3  # of the sum of shares


class ByClass(nn.Module, ABC):
    """x of rows [z | w], w [N, classes]; of z alone, the classes being those that are chosen: at first class 0."""

    def __init__(self, z_dim: int, classes: int):
        super().__init__()
        self.z_dim, self.classes = z_dim, classes
        self.chosen: Shares = ((0, 1.0),)

    def of(self, shares: Shares) -> Self:
        """The same weights, not copied, with other classes chosen."""
        other = copy.copy(self)
        other.chosen = shares
        return other

    def forward(self, rows: Tensor) -> Tensor:
        z, w = rows[:, : self.z_dim], rows[:, self.z_dim :]
        if not w.shape[1]:
            w = dense([self.chosen], self.classes).to(z).expand(len(z), -1)
        return self.drawn(z, w)

    @abstractmethod
    def drawn(self, z: Tensor, w: Tensor) -> Tensor:
        """z [N, z_dim] and w [N, classes] -> x [N, C, H, W]"""


def count(network: nn.Module) -> int:
    """0 where it has no classes."""
    return network.classes if isinstance(network, ByClass) else 0


def chosen(network: nn.Module) -> Shares:
    """Those of a latent alone; () where it has none."""
    return network.chosen if isinstance(network, ByClass) else ()


# --- shares ----------------------------------------------------------------------------------------------------------


def one(number: int) -> Shares:
    """Of a single class."""
    return ((number, 1.0),)


def dense(rows: Sequence[Shares], classes: int) -> Tensor:
    """w [N, classes] float32"""
    w = torch.zeros(len(rows), classes)
    for row, shares in zip(w, rows, strict=True):
        for number, share in shares:
            row[number] += share
    return w


def sparse(w: Tensor) -> Shares:
    """Of one row [classes]: float32 as the shortest decimals that give the very same float32 again."""
    return tuple((i, float(str(share))) for i, share in enumerate(w.detach().cpu().float().numpy()) if share > 0)


def checked(shares: Shares, classes: int) -> Shares:
    """Raises ConfigError where a network of so many classes cannot draw them."""
    if shares and not classes:
        raise ConfigError(f"This generator has no classes, and class {told(shares)} is asked for; leave the class out.")
    wrong = next((number for number, _ in shares if not 0 <= number < classes), None)
    if wrong is not None:
        raise ConfigError(f"There is no class {wrong:,}: this generator's go from 0 to {classes - 1:,}.")
    if shares and abs(sum(share for _, share in shares) - 1) > TOLERANCE:
        raise ConfigError("The shares of the classes must add up to 1.")
    return shares


def single(shares: Shares) -> int | None:
    """The class, where it is one."""
    among = {number for number, share in shares if share}
    return among.pop() if len(among) == 1 else None


# --- words -----------------------------------------------------------------------------------------------------------


def told(shares: Shares) -> str:
    """ "3", or "3 → 7, 40 %", or "3, 7 and 9" of more."""
    numbers = [f"{number:,}" for number, _ in shares]
    if len(shares) == 2:
        return f"{numbers[0]} → {numbers[1]}, {100 * shares[1][1]:.0f} %"
    return " and ".join(filter(None, [", ".join(numbers[:-1]), *numbers[-1:]]))


def parsed(text: str) -> Shares:
    """ "3" or "3:0.6,7:0.4"; the shares are made to add up to 1. Raises ConfigError."""
    try:
        parts = [part.partition(":") for part in text.split(",")]
        shares = [(int(number), float(share) if colon else 1.0) for number, colon, share in parts]
    except ValueError:
        shares = []
    total = sum(share for _, share in shares)
    if not shares or len(shares) > MOST or not all(n >= 0 and 0 <= share < 1e6 for n, share in shares) or not total:
        raise ConfigError(f"Class {text}: write its number, or several with their shares, such as 3:0.6,7:0.4.")
    return tuple((number, share / total) for number, share in shares)


def listed(text: str, classes: int) -> list[int]:
    """ "0,1,2", or "all". Raises ConfigError where a network of so many classes has not these."""
    try:
        numbers = list(range(classes)) if text == "all" else [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"Classes {text}: write their numbers with commas between them, such as 0,1,2.") from None
    for number in numbers or [0]:
        checked(one(number), classes)
    return numbers
