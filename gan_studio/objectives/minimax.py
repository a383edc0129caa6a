"""Minimax GAN, saturating. Goodfellow et al. 2014, equation 1: G minimises what D maximises."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import softplus as sp

from ..config import option
from . import OBJECTIVES, Critic, Objective, Terms


@OBJECTIVES.add
class Minimax(Objective):
    """The zero-sum game min_G max_D E log D(x) + E log(1 - D(G(z))); G's gradient vanishes while D wins."""

    kind = "minimax"
    title = "Minimax GAN (saturating)"
    paper = "Goodfellow et al. 2014"
    about = "The zero-sum game of the theory: G learns little while D tells its samples apart with ease."

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
        return {"adversarial": -sp(D(fake))}  # log(1 - D(G(z)))

    def distance(self, terms: Terms) -> Terms:
        """A lower bound of JSD, reached by the best D; V(D*, G) = 2 JSD - 2 log 2.

        Smoothing flips some labels, and what D learns about flipped labels is less than about true ones: it stays a
        lower bound when the labels' entropy H takes the place of log 2.
        """
        share = (1 - self.smoothing) / 2  # of the labels that say "real"
        H = -share * math.log(share) - (1 - share) * math.log(1 - share)
        return {"js": H - (terms["real"].mean() + terms["fake"].mean()) / 2}
