"""The shelf of penalties and constraints on D: one file each. Copy `gradient_penalty.py` to start a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor, nn

from ..config import Spec, option
from ..registry import Registry

Critic = Callable[[Tensor], Tensor]  # x [N, ...] -> logits [N]
Terms = dict[str, Tensor]  # {curve name: [N]}

SLOPE = "slope/"  # how the names of what is shown of D, and not minimised, begin


class Penalty(Spec):
    """Terms that D minimises beside its objective, already weighted; or a constraint put upon D after its step.

    `second_order` penalties differentiate D's gradient, which a compiled D cannot give.
    The recipe adds `d_loss` in every `every`-th D step, multiplied by `every` (lazy regularisation, StyleGAN2).
    Names that begin with SLOPE are shown and neither minimised nor multiplied: the norm of D's gradient by its input,
    where the penalty looks, "slope/r1" beside "r1".
    """

    second_order: ClassVar[bool] = False

    every: int = option(1, "Apply it in every n-th D step only, n times as strong.", ge=1, le=64, unit="D steps")

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        """{name: [N]}; real and fake are detached, D maps samples to logits [N]. Slopes come detached."""
        return {}

    def after_d_step(self, D: nn.Module) -> None:
        """Called with the network itself after the optimiser's step on D."""


PENALTIES: Registry[Penalty] = Registry("gan_studio.penalties", "penalty")


def second_order(penalties: Sequence[Penalty]) -> bool:
    """Whether one of them differentiates D's gradient."""
    return any(penalty.second_order for penalty in penalties)


def applied(penalties: Sequence[Penalty], turn: int, D: Critic, real: Tensor, fake: Tensor) -> tuple[Terms, Terms]:
    """What D minimises in its `turn`-th step because of these penalties, and what is only shown of it."""
    terms: Terms = {}
    slopes: Terms = {}
    for penalty in penalties:
        if turn % penalty.every == 0:
            for name, term in penalty.d_loss(D, real, fake).items():
                if name.startswith(SLOPE):
                    slopes[name] = term
                else:
                    terms[name] = terms.get(name, 0.0) + penalty.every * term  # two of a kind add up
    return terms, slopes
