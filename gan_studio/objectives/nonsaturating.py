"""Non-saturating GAN. Goodfellow et al. 2014, section 3: G maximises log D(G(z))."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import softplus as sp

from ..config import option
from . import OBJECTIVES, Critic, Objective, Terms


@OBJECTIVES.add
class NonSaturating(Objective):
    """D as in the minimax game; G minimises -log D(fake), whose gradient does not vanish while D wins."""

    kind = "non-saturating"
    title = "Non-saturating GAN"
    paper = "Goodfellow et al. 2014"
    about = "The standard GAN loss: G is rewarded for what D takes for real."

    smoothing: float = option(
        0.0, "One-sided label smoothing: D is told that real samples are fake with this share.", ge=0, le=0.5
    )

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        l_r, l_f = D(real), D(fake)
        return {
            "real": (1 - self.smoothing) * sp(-l_r) + self.smoothing * sp(l_r),  # -log D(x)
            "fake": sp(l_f),  # -log(1 - D(G(z)))
        }

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"adversarial": sp(-D(fake))}  # -log D(G(z))

    def distance(self, terms: Terms) -> Terms:
        """A lower bound of JSD, reached by the best D; V(D*, G) = 2 JSD - 2 log 2.

        Smoothing flips some labels, and what D learns about flipped labels is less than about true ones: it stays a
        lower bound when the labels' entropy H takes the place of log 2.
        """
        share = (1 - self.smoothing) / 2  # of the labels that say "real"
        H = -share * math.log(share) - (1 - share) * math.log(1 - share)
        return {"js": H - (terms["real"].mean() + terms["fake"].mean()) / 2}
