"""LSGAN: least squares. Mao et al. 2017, equation 2; not to be confused with the loss-sensitive GAN, LS-GAN."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from ..config import option
from . import OBJECTIVES, Critic, Objective, Terms

LABELS = {"0/1/1": (0, 1, 1), "-1/1/0": (-1, 1, 0)}  # a: D's for fake; b: D's for real; c: what G wants D to say


@OBJECTIVES.add
class LeastSquares(Objective):
    """D regresses real samples to b and fake ones to a; G pulls D's answer to c. No sigmoid.

    With -1/1/0 and the best D, G's pull is of second order near P = Q and narrows the samples from either side: between
    Gaussians the samples end narrower than the data. That is the paper's scheme; 0/1/1 does not do so.
    """

    kind = "least-squares"
    title = "LSGAN (least squares)"
    paper = "Mao et al. 2017"
    about = "D marks samples on a scale, and G learns even from those that D is sure about."

    labels: Literal["0/1/1", "-1/1/0"] = option(
        "0/1/1",
        "The marks: D's for fake, D's for real, and the one G wants. -1/1/0, the theory's, may narrow the samples.",
    )

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        a, b, _ = LABELS[self.labels]
        return {"real": (D(real) - b).square() / 2, "fake": (D(fake) - a).square() / 2}

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        c = LABELS[self.labels][2]
        return {"adversarial": (D(fake) - c).square() / 2}

    def distance(self, terms: Terms) -> Terms:
        """A lower bound of the triangular discrimination int (p - q)^2 / (p + q), in [0, 2]: the best D = (b p + a q) /
        (p + q) leaves L_D = (b - a)^2 / 2 int p q / (p + q)."""
        a, b, _ = LABELS[self.labels]
        return {"triangular": 2 - 8 * (terms["real"].mean() + terms["fake"].mean()) / (b - a) ** 2}

    def score(self, logits: Tensor) -> Tensor:
        a, b, _ = LABELS[self.labels]
        return ((logits - a) / (b - a)).clamp(0, 1)
