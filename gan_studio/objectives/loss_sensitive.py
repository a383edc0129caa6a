"""Loss-sensitive GAN, LS-GAN, and its generalisation GLS-GAN. Qi 2017, "Loss-Sensitive GANs on Lipschitz Densities"."""

from __future__ import annotations

from torch import Tensor, relu
from torch.nn.functional import leaky_relu

from ..config import option
from . import OBJECTIVES, Critic, Objective, Terms


@OBJECTIVES.add
class LossSensitive(Objective):
    """A fake sample must cost more than a real one by a margin Delta(x, G(z)), the distance between the two.

    The paper's loss function L is low on real samples, so L = -D. It keeps L >= 0 by D's last layer; here D is any
    network, and gamma counts the part of L above 0 only: the same where L >= 0, and bounded below elsewhere.
    """

    kind = "loss-sensitive"
    title = "Loss-sensitive (LS-GAN, GLS-GAN)"
    paper = "Qi 2017"
    about = "D sets real above generated samples by a margin, the smaller the more alike the two are."

    slope: float = option(
        0.0, "What counts where the margin is kept: 0 is LS-GAN, 1 is WGAN, between them GLS-GAN.", ge=0, le=1
    )
    scale: float = option(
        2e-4,
        "The margin is this times the sum of absolute differences of two samples.",
        ge=0,
        le=10,
        live=True,
        log=True,
    )
    gamma: float = option(0.0, "How strongly the loss of real samples is pulled down to 0.", ge=0, le=100, live=True)

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        L_r, L_f = -D(real), -D(fake)
        delta = self.scale * (real - fake).abs().flatten(1).sum(dim=1)  # [N]
        delta = delta.view(-1, *[1] * (L_r.ndim - 1))  # [N, 1, 1, 1] beside patches
        terms = {"margin": leaky_relu(delta + L_r - L_f, self.slope)}
        return terms | {"real": self.gamma * relu(L_r)} if self.gamma else terms

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"critic": -D(fake)}  # L(G(z))

    def score(self, logits: Tensor) -> None:
        return None  # only differences between samples are learned
