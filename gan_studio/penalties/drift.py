"""Drift penalty. Karras et al. 2018 (progressive GAN), appendix A.1: keeps a critic's answers near 0."""

from __future__ import annotations

from torch import Tensor

from ..config import option
from . import PENALTIES, Critic, Penalty, Terms


@PENALTIES.add
class Drift(Penalty):
    """epsilon D(x)^2 at real x: the Wasserstein loss alone does not see a constant that is added to D."""

    kind = "drift"
    title = "Drift penalty"
    paper = "Karras et al. 2018"
    about = "Keeps the answers of a Wasserstein critic from drifting away from 0."

    weight: float = option(
        0.001, "Epsilon: how strongly D is drawn to 0 on real samples.", ge=0, le=10, live=True, log=True
    )

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"drift": self.weight * D(real).square()}
