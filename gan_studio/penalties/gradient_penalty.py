"""Gradient penalty of WGAN-GP. Gulrajani et al. 2017, Algorithm 1; one-sided: section 4, Petzka et al. 2018."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from ..config import option
from ..nn.gradients import gradient_norm
from . import PENALTIES, SLOPE, Critic, Penalty, Terms


@PENALTIES.add
class GradientPenalty(Penalty):
    """lambda (|grad D(x_hat)| - 1)^2 at points x_hat drawn uniformly between pairs of real and fake samples."""

    second_order = True
    kind = "gradient-penalty"
    title = "Gradient penalty (WGAN-GP)"
    paper = "Gulrajani et al. 2017"
    about = "Asks D to have slope 1 between real and generated samples."

    weight: float = option(
        10.0,
        "Lambda, the pull of D's slope to 1. Too weak, and G gets wild advice; too strong, and D learns little.",
        ge=0,
        le=1000,
        live=True,
        learn=True,
    )
    target: float = option(1.0, "The slope that D is asked to have.", ge=0, le=100)
    sides: Literal["two", "one"] = option(
        "two", "Two: punish slopes above and below the target. One: only those above."
    )

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        per_sample = (len(real), *[1] * (real.ndim - 1))
        eps = torch.rand(per_sample, dtype=real.dtype, device=real.device)  # U[0, 1]
        return self.at(D, fake.lerp(real, eps))

    def at(self, D: Critic, x_hat: Tensor) -> Terms:
        """The terms at points x_hat [N, ...] that the caller chose, with a random generator of his own."""
        slope = gradient_norm(D, x_hat)  # [N]
        excess = slope - self.target
        if self.sides == "one":
            excess = excess.clamp(min=0)
        return {"gradient penalty": self.weight * excess.square(), SLOPE + "gradient penalty": slope.detach()}
