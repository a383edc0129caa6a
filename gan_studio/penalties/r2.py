"""R2: zero-centred gradient penalty on generated samples. Mescheder et al. 2018, equation 10."""

from __future__ import annotations

from torch import Tensor

from ..config import option
from ..nn.gradients import squared_gradient_norm
from . import PENALTIES, SLOPE, Critic, Penalty, Terms


@PENALTIES.add
class R2(Penalty):
    """gamma/2 |grad D(x)|^2 at generated x, the squares summed over all values of a sample; see `r1.py`."""

    second_order = True
    kind = "r2"
    title = "R2"
    paper = "Mescheder et al. 2018"
    about = "Flattens D at generated samples; the companion of R1."

    weight: float = option(
        10.0,
        "Gamma: half of it times the squared slope is added. More is calmer and slower, less is sharper and may swing.",
        ge=0,
        le=10000,
        live=True,
        learn=True,
        log=True,
    )

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        squares = squared_gradient_norm(D, fake)  # [N]
        return {"r2": self.weight / 2 * squares, SLOPE + "r2": squares.detach().sqrt()}
