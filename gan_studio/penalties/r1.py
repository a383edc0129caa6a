"""R1: zero-centred gradient penalty on real samples. Mescheder et al. 2018, equation 9."""

from __future__ import annotations

from torch import Tensor

from ..config import option
from ..nn.gradients import squared_gradient_norm
from . import PENALTIES, SLOPE, Critic, Penalty, Terms


@PENALTIES.add
class R1(Penalty):
    """gamma/2 |grad D(x)|^2 at real x, the squares summed over all values of a sample.

    The paper's convention, with the half. Its code leaves the half out: 10 there is gamma = 20 here.
    """

    second_order = True
    kind = "r1"
    title = "R1"
    paper = "Mescheder et al. 2018"
    about = "Flattens D at real samples, so that training comes to rest there."

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
        squares = squared_gradient_norm(D, real)  # [N]
        return {"r1": self.weight / 2 * squares, SLOPE + "r1": squares.detach().sqrt()}
