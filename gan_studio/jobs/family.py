"""Relatives of pictures: children of one, children of two, and what is to c as a is to b.

All that is random comes from a number, the draw, so that a family can be made again. Truncation and edits of the
parents are in their latents, and so are passed on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .. import walks
from ..compute import mixed_seed
from ..config import Spec, option
from .explore import View, inputs, pictures
from .snapshots import Snapshot

COUNT = 6  # of the children that are drawn together
CLASSES = 1  # beside a draw: what their classes are tossed up with


class Litter(Spec):
    """What is chosen of children that are drawn."""

    distance: float = option(0.4, "How far children of one are from it: 0 is itself, 1 are strangers.", ge=0, le=1)
    draw: int = option(0, "Names what is random in them; the same draw gives the same children.", ge=0, le=1_000_000)


class Kinship(ABC):
    """How new latents come from old ones, and the shares of classes with them."""

    @property
    @abstractmethod
    def parents(self) -> tuple[View, ...]: ...

    @abstractmethod
    def offspring(self, z: Tensor, w: Tensor, snapshot: Snapshot) -> tuple[Tensor, Tensor]:
        """[N, z_dim] and [N, classes] from the parents' [P, z_dim] and [P, classes]."""


@dataclass(frozen=True)
class Around(Kinship):
    """Children of one, so far from it: 0 is itself, 1 are the strangers of COUNT seeds in a row. Its classes stay."""

    parent: View
    distance: float
    draw: int

    @property
    def parents(self) -> tuple[View, ...]:
        return (self.parent,)

    def offspring(self, z: Tensor, w: Tensor, snapshot: Snapshot) -> tuple[Tensor, Tensor]:
        strangers = snapshot.latents(COUNT, COUNT * self.draw).cpu()
        return walks.children(z[0], strangers, self.distance), w.expand(COUNT, -1)


@dataclass(frozen=True)
class Crossed(Kinship):
    """Children of two: each number from the one or the other, and so their classes."""

    mother: View
    father: View
    draw: int

    @property
    def parents(self) -> tuple[View, ...]:
        return self.mother, self.father

    def offspring(self, z: Tensor, w: Tensor, snapshot: Snapshot) -> tuple[Tensor, Tensor]:
        rng = torch.Generator().manual_seed(mixed_seed(CLASSES, self.draw))
        of_mother = torch.rand(COUNT, 1, generator=rng) < 0.5
        return walks.crossed(z[0], z[1], COUNT, self.draw), torch.where(of_mother, w[0], w[1])


@dataclass(frozen=True)
class Analogy(Kinship):
    """a - b + c; of classes, what is left of their shares above 0."""

    a: View
    b: View
    c: View

    @property
    def parents(self) -> tuple[View, ...]:
        return self.a, self.b, self.c

    def offspring(self, z: Tensor, w: Tensor, snapshot: Snapshot) -> tuple[Tensor, Tensor]:
        left = walks.analogy(*w)[None].clamp(min=0)  # together 1 at least, where there are classes
        return walks.analogy(*z)[None], left / left.sum(dim=1, keepdim=True)


@dataclass(frozen=True)
class Family:
    """As it is shown."""

    parents: np.ndarray  # [P, H, W, C] uint8
    rows: Tensor  # [N, z_dim + classes]: the children, as they are taken over
    children: np.ndarray  # [N, H, W, C] uint8


def family(kinship: Kinship, snapshot: Snapshot) -> Family:
    """Raises ConfigError where a parent is of another generator."""
    parents = inputs(kinship.parents, snapshot)
    z, w = parents.split([snapshot.z_dim, snapshot.classes], dim=1)
    rows = torch.cat(kinship.offspring(z, w, snapshot), dim=1)
    return Family(pictures(parents, snapshot), rows, pictures(rows, snapshot))
