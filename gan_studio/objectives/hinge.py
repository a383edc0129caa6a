"""Hinge loss. Lim & Ye 2017 (geometric GAN), Tran et al. 2017; made standard by SNGAN, Miyato et al. 2018."""

from __future__ import annotations

from torch import Tensor, relu

from . import OBJECTIVES, Critic, Objective, Terms


@OBJECTIVES.add
class Hinge(Objective):
    """D learns only from samples inside the margin of a support vector machine; G raises D's answer."""

    kind = "hinge"
    title = "Hinge"
    paper = "Lim & Ye 2017"
    about = "D stops learning from samples that it tells apart by a clear margin."

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"real": relu(1 - D(real)), "fake": relu(1 + D(fake))}

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"adversarial": -D(fake)}

    def distance(self, terms: Terms) -> Terms:
        """A lower bound of the total variation int |p - q| / 2, in [0, 1]; the best D is sign(p - q)."""
        return {"total variation": 1 - (terms["real"].mean() + terms["fake"].mean()) / 2}

    def score(self, logits: Tensor) -> Tensor:
        return ((logits + 1) / 2).clamp(0, 1)  # where between the margins
