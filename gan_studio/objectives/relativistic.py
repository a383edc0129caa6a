"""Relativistic GANs, paired (RpGAN) and average (RaGAN). Jolicoeur-Martineau 2019; divergences: the same, 2020.

Both share one idea and one table: D is asked how much more real one sample is than others, d = C(x) - C(y), and learns
by h(d), which falls as d rises; G swaps the roles. What d is differs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, relu
from torch.nn.functional import softplus as sp

from ..config import option
from . import OBJECTIVES, Critic, Objective, Terms


@dataclass(frozen=True)
class Loss:
    h: Callable[[Tensor], Tensor]
    at_0: float  # h(0), the loss of a D that cannot tell


LOSSES = {
    "standard": Loss(lambda d: sp(-d), math.log(2)),  # RSGAN, RaSGAN
    "least-squares": Loss(lambda d: (d - 1).square(), 1.0),  # RLSGAN, RaLSGAN
    "hinge": Loss(lambda d: relu(1 - d), 1.0),  # RHingeGAN, RaHingeGAN
}
Choice = Literal["standard", "least-squares", "hinge"]
HELP = "What D pays for a difference: cross-entropy, least squares, or a hinge."


@OBJECTIVES.add
class RelativisticPaired(Objective):
    """d compares one real with one fake sample: d = C(x) - C(G(z))."""

    kind = "relativistic-paired"
    title = "Relativistic paired (RpGAN)"
    paper = "Jolicoeur-Martineau 2019"
    about = "D says which of two samples is the real one, so that G also makes real samples look less real."

    loss: Choice = option("standard", HELP)

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"relativistic": LOSSES[self.loss].h(D(real) - D(fake))}

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"relativistic": LOSSES[self.loss].h(D(fake) - D(real))}

    def distance(self, terms: Terms) -> Terms:
        """A lower bound of the relativistic divergence sup_C 2 E[h(0) - h(C(x) - C(y))]."""
        return {"relativistic divergence": 2 * (LOSSES[self.loss].at_0 - terms["relativistic"].mean())}

    def score(self, logits: Tensor) -> None:
        return None  # only differences are learned


@OBJECTIVES.add
class RelativisticAverage(Objective):
    """d compares each sample with the mean of the other kind; G's gradient flows through that mean too."""

    kind = "relativistic-average"
    title = "Relativistic average (RaGAN)"
    paper = "Jolicoeur-Martineau 2019"
    about = "D says how much more real a sample is than the average sample of the other kind."

    loss: Choice = option("standard", HELP)

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        l_r, l_f = D(real), D(fake)
        h = LOSSES[self.loss].h
        return {"real": h(l_r - l_f.mean()) / 2, "fake": h(l_r.mean() - l_f) / 2}

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        l_r, l_f = D(real), D(fake)
        h = LOSSES[self.loss].h
        return {"real": h(l_f.mean() - l_r) / 2, "fake": h(l_f - l_r.mean()) / 2}

    def distance(self, terms: Terms) -> Terms:
        """An estimate of the relativistic average divergence sup_C E[h(0) - h(C(x) - E C(y))] + E[h(0) - h(E C(x) -
        C(y))]; the means over a batch bias it slightly."""
        L_D = terms["real"].mean() + terms["fake"].mean()
        return {"relativistic divergence": 2 * (LOSSES[self.loss].at_0 - L_D)}

    def score(self, logits: Tensor) -> None:
        return None  # only differences are learned
