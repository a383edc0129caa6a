"""The shelf of adversarial losses: one file each. Copy `nonsaturating.py` to start a new one.

An objective is complete and is its own Spec. It sees D as a function from samples to raw logits, `D(x) -> [N]`, high on
what D takes for real, and returns named, per-sample terms, all to be minimised; the recipe takes the mean. For patch
discriminators logits and terms are [N, ...], each patch a sample. `l_r`, `l_f` are the logits of real and fake samples,
`sp` is softplus.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from torch import Tensor

from ..config import Spec
from ..registry import Registry

Critic = Callable[[Tensor], Tensor]  # x [N, ...] -> logits [N]
Terms = dict[str, Tensor]  # {curve name: [N]}


class Objective(Spec):
    """What D and G each minimise."""

    @abstractmethod
    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        """Terms for D; `fake` comes detached from G."""

    @abstractmethod
    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        """Terms for G; `real` is given too, since relativistic losses need it."""

    def distance(self, terms: Terms) -> Terms:
        """What the terms of `d_loss` estimate between the two distributions: {"wasserstein": scalar}. None: {}."""
        return {}

    def score(self, logits: Tensor) -> Tensor | None:
        """For display: how real D finds samples, in [0, 1], 0.5 if it cannot tell; None where logits have no scale."""
        return logits.sigmoid()  # D* = p / (p + q), where D learns by cross-entropy


OBJECTIVES: Registry[Objective] = Registry("gan_studio.objectives", "objective")
