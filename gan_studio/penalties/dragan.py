"""DRAGAN: gradient penalty around the data. Kodali et al. 2017, Algorithm 1, in the form of the authors' code."""

from __future__ import annotations

import torch
from torch import Tensor

from ..config import option
from ..nn.gradients import gradient_norm
from . import PENALTIES, SLOPE, Critic, Penalty, Terms


@PENALTIES.add
class Dragan(Penalty):
    """lambda (|grad D(x_hat)| - 1)^2 at x_hat = x + alpha spread std(x) delta, near real samples only.

    alpha ~ U[0, 1] per sample, delta ~ U[0, 1] per value, std over the whole batch: the authors' code. The paper writes
    delta ~ N(0, c I) without alpha.
    """

    second_order = True
    kind = "dragan"
    title = "DRAGAN"
    paper = "Kodali et al. 2017"
    about = "Asks D to have slope 1 around real samples, where sharp gradients make G collapse."

    weight: float = option(
        10.0,
        "Lambda, the pull of D's slope to 1. Too weak, and G gets wild advice; too strong, and D learns little.",
        ge=0,
        le=1000,
        live=True,
        learn=True,
    )
    target: float = option(1.0, "The slope that D is asked to have.", ge=0, le=100)
    spread: float = option(0.5, "How far around real samples.", ge=0, le=10, unit="std of the batch")

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        alpha = torch.rand((len(real), *[1] * (real.ndim - 1)), dtype=real.dtype, device=real.device)
        delta = self.spread * real.std(correction=0) * torch.rand_like(real)
        slope = gradient_norm(D, real + alpha * delta)  # [N]
        return {"dragan": self.weight * (slope - self.target).square(), SLOPE + "dragan": slope.detach()}
