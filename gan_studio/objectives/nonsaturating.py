"""Non-saturating GAN. Goodfellow et al. 2014, section 3: G maximises log D(G(z))."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus as sp

from ..config import option
from ..nn.cross_entropy import cross_entropy, js_lower_bound
from . import OBJECTIVES, Critic, Objective, Terms


@OBJECTIVES.add
class NonSaturating(Objective):
    """D as in the minimax game; G minimises -log D(fake), whose gradient does not vanish while D wins."""

    kind = "non-saturating"
    title = "Non-saturating GAN"
    paper = "Goodfellow et al. 2014"
    about = "The standard GAN loss: G is rewarded for what D takes for real."

    smoothing: float = option(
        0.0, "One-sided label smoothing: D is told that real samples are fake with this share.", ge=0, le=0.5
    )

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return cross_entropy(D(real), D(fake), self.smoothing)

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"adversarial": sp(-D(fake))}  # -log D(G(z))

    def distance(self, terms: Terms) -> Terms:
        return {"js": js_lower_bound(terms, self.smoothing)}
