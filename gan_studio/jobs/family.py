"""Relatives of pictures: children of one, children of two, and what is to c as a is to b.

All that is random comes from a number, the draw, so that a family can be made again. Truncation and edits of the
parents are in their latents, and so are passed on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from .. import walks
from ..config import Spec, option
from .explore import View, latents, pictures
from .snapshots import Snapshot

COUNT = 6  # of the children that are drawn together


class Litter(Spec):
    """What is chosen of children that are drawn."""

    distance: float = option(0.4, "How far children of one are from it: 0 is itself, 1 are strangers.", ge=0, le=1)
    draw: int = option(0, "Names what is random in them; the same draw gives the same children.", ge=0, le=1_000_000)


class Kinship(ABC):
    """How new latents come from old ones."""

    @property
    @abstractmethod
    def parents(self) -> tuple[View, ...]: ...

    @abstractmethod
    def offspring(self, parents: Tensor, snapshot: Snapshot) -> Tensor:
        """[N, z_dim] from the parents' latents [P, z_dim]."""


@dataclass(frozen=True)
class Around(Kinship):
    """Children of one, so far from it: 0 is itself, 1 are the strangers of COUNT seeds in a row."""

    parent: View
    distance: float
    draw: int

    @property
    def parents(self) -> tuple[View, ...]:
        return (self.parent,)

    def offspring(self, parents: Tensor, snapshot: Snapshot) -> Tensor:
        strangers = snapshot.latents(COUNT, COUNT * self.draw).cpu()
        return walks.children(parents[0], strangers, self.distance)


@dataclass(frozen=True)
class Crossed(Kinship):
    """Children of two: each number from the one or the other."""

    mother: View
    father: View
    draw: int

    @property
    def parents(self) -> tuple[View, ...]:
        return self.mother, self.father

    def offspring(self, parents: Tensor, snapshot: Snapshot) -> Tensor:
        return walks.crossed(parents[0], parents[1], COUNT, self.draw)


@dataclass(frozen=True)
class Analogy(Kinship):
    """a - b + c."""

    a: View
    b: View
    c: View

    @property
    def parents(self) -> tuple[View, ...]:
        return self.a, self.b, self.c

    def offspring(self, parents: Tensor, snapshot: Snapshot) -> Tensor:
        return walks.analogy(*parents)[None]


@dataclass(frozen=True)
class Family:
    """As it is shown; `z` are the latents of the children, as they are taken over."""

    parents: np.ndarray  # [P, H, W, C] uint8
    z: Tensor  # [N, z_dim]
    children: np.ndarray  # [N, H, W, C] uint8


def family(kinship: Kinship, snapshot: Snapshot) -> Family:
    """Raises ConfigError where a parent is of another generator."""
    parents = latents(kinship.parents, snapshot)
    z = kinship.offspring(parents, snapshot)
    return Family(pictures(parents, snapshot), z, pictures(z, snapshot))
