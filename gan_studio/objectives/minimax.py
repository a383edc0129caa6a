"""Minimax GAN, saturating. Goodfellow et al. 2014, equation 1: G minimises what D maximises."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus as sp

from ..config import option
from ..nn.cross_entropy import cross_entropy, js_lower_bound
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
        return cross_entropy(D(real), D(fake), self.smoothing)

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"adversarial": -sp(D(fake))}  # log(1 - D(G(z)))

    def distance(self, terms: Terms) -> Terms:
        return {"js": js_lower_bound(terms, self.smoothing)}
