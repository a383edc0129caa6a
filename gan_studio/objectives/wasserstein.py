"""Wasserstein GAN. Arjovsky et al. 2017, Algorithm 1. D must be kept Lipschitz: clip, penalise or normalise it."""

from __future__ import annotations

from torch import Tensor

from . import OBJECTIVES, Critic, Objective, Terms


@OBJECTIVES.add
class Wasserstein(Objective):
    """D, a critic without sigmoid, rates real above fake samples; its lead is the dual of the transport cost."""

    kind = "wasserstein"
    title = "Wasserstein (WGAN)"
    paper = "Arjovsky et al. 2017"
    about = "D measures how far the samples would have to be moved; it needs clipping, a penalty or spectral norm."

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"critic": D(fake) - D(real)}

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"critic": -D(fake)}

    def distance(self, terms: Terms) -> Terms:
        """A lower bound of the Wasserstein-1 distance, in the units of the samples, times D's Lipschitz constant."""
        return {"wasserstein": -terms["critic"].mean()}

    def score(self, logits: Tensor) -> None:
        return None  # a critic is known up to a constant only
