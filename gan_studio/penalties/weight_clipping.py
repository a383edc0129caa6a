"""Weight clipping. Arjovsky et al. 2017, Algorithm 1, line 7."""

from __future__ import annotations

import torch
from torch import nn

from ..config import option
from . import PENALTIES, Penalty


@PENALTIES.add
class WeightClipping(Penalty):
    """After each step every parameter of D, biases and norms too, is put back into [-limit, limit]."""

    kind = "weight-clipping"
    title = "Weight clipping (WGAN)"
    paper = "Arjovsky et al. 2017"
    about = "Keeps the slope of D bounded by keeping its weights small."

    limit: float = option(
        0.01,
        "No weight of D may be larger. Too small, and D is too simple; too large, and it takes long to settle.",
        gt=0,
        le=10,
        live=True,
        learn=True,
        log=True,
    )
    every: int = option(1, "Weights are clipped after each step.", ge=1, le=1, unit="D steps")

    @torch.no_grad()
    def after_d_step(self, D: nn.Module) -> None:
        for parameter in D.parameters():
            parameter.clamp_(-self.limit, self.limit)
