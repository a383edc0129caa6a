"""f-GAN: any f-divergence as an objective. Nowozin et al. 2016, equation 7 and table 2.

D maximises F = E_P[T] - E_Q[f*(T)] <= D_f(P||Q) = int q f(p/q), with T = g_f(v) and v the raw logit of D. The best T is
f'(p/q). A divergence gives both terms as functions of v: composing f* with g_f as they stand overflows.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import field_validator
from torch import Tensor
from torch.nn.functional import softplus as sp

from ..config import ConfigError, Spec, option
from ..registry import OneOf, Registry
from . import OBJECTIVES, Critic, Objective, Terms

LOG2 = math.log(2)


class Divergence(Spec):
    """D_f(P||Q) through its variational form; `about` is its formula. All maps are elementwise in v."""

    curve: ClassVar[str]  # the name of F as a curve

    @abstractmethod
    def activation(self, v: Tensor) -> Tensor:
        """T = g_f(v), rising, with values where f* is finite."""

    @abstractmethod
    def conjugate(self, v: Tensor) -> Tensor:
        """f*(g_f(v)), in a stable form."""

    @abstractmethod
    def log_ratio(self, v: Tensor) -> Tensor:
        """The log(p/q) for which v is the best answer: f'(p/q) = g_f(v)."""


DIVERGENCES: Registry[Divergence] = Registry("gan_studio.objectives", "divergence")


@DIVERGENCES.add
class KL(Divergence):
    """f = u log u. Exponential in the fake term."""

    kind = "kl"
    title = "Kullback-Leibler"
    about = "∫ p log(p/q): asks Q to cover all of P."
    curve = "kl"

    def activation(self, v: Tensor) -> Tensor:
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        return (v - 1).exp()

    def log_ratio(self, v: Tensor) -> Tensor:
        return v - 1


@DIVERGENCES.add
class ReverseKL(Divergence):
    """f = -log u. Exponential in the real term."""

    kind = "reverse-kl"
    title = "Reverse Kullback-Leibler"
    about = "∫ q log(q/p): asks Q to stay where P is, be it on one mode."
    curve = "reverse kl"

    def activation(self, v: Tensor) -> Tensor:
        return -(-v).exp()

    def conjugate(self, v: Tensor) -> Tensor:
        return v - 1

    def log_ratio(self, v: Tensor) -> Tensor:
        return v


@DIVERGENCES.add
class Pearson(Divergence):
    """f = (u - 1)^2. The paper's table 1 has the integrals of Pearson and Neyman swapped; here they follow from f.

    f* is the paper's, as if f went on below u = 0: for T < -2 the bound is valid but not the best (α = 2 clamps there).
    """

    kind = "pearson"
    title = "Pearson χ²"
    about = "∫ (p - q)² / q"
    curve = "pearson χ²"

    def activation(self, v: Tensor) -> Tensor:
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        return v.square() / 4 + v

    def log_ratio(self, v: Tensor) -> Tensor:
        return (1 + v / 2).clamp(min=1e-12).log()  # below v = -2 no ratio fits


@DIVERGENCES.add
class Neyman(Divergence):
    """f = (1 - u)^2 / u. Exponential in both terms."""

    kind = "neyman"
    title = "Neyman χ²"
    about = "∫ (p - q)² / p"
    curve = "neyman χ²"

    def activation(self, v: Tensor) -> Tensor:
        return 1 - (-v).exp()

    def conjugate(self, v: Tensor) -> Tensor:
        return 2 - 2 * (-v / 2).exp()

    def log_ratio(self, v: Tensor) -> Tensor:
        return v / 2


@DIVERGENCES.add
class SquaredHellinger(Divergence):
    """f = (sqrt(u) - 1)^2. Exponential in both terms."""

    kind = "squared-hellinger"
    title = "Squared Hellinger"
    about = "∫ (√p - √q)²"
    curve = "hellinger²"

    def activation(self, v: Tensor) -> Tensor:
        return 1 - (-v).exp()

    def conjugate(self, v: Tensor) -> Tensor:
        return v.exp() - 1

    def log_ratio(self, v: Tensor) -> Tensor:
        return 2 * v


@DIVERGENCES.add
class JensenShannon(Divergence):
    """f = u log u - (u + 1) log((u + 1) / 2): twice what textbooks call the Jensen-Shannon divergence."""

    kind = "jensen-shannon"
    title = "Jensen-Shannon"
    about = "∫ p log(p/m) + q log(q/m) with m = (p + q) / 2: twice the usual JSD."
    curve = "2 js"

    def activation(self, v: Tensor) -> Tensor:
        return LOG2 - sp(-v)

    def conjugate(self, v: Tensor) -> Tensor:
        return sp(v) - LOG2

    def log_ratio(self, v: Tensor) -> Tensor:
        return v


@DIVERGENCES.add
class Gan(Divergence):
    """f = u log u - (u + 1) log(u + 1): the minimax game; f(1) is not 0, so neither is D_f(P||P)."""

    kind = "gan"
    title = "GAN"
    about = "2 JSD - log 4, the value of the original game; -log 4 where P = Q."
    curve = "2 js - log 4"

    def activation(self, v: Tensor) -> Tensor:
        return -sp(-v)

    def conjugate(self, v: Tensor) -> Tensor:
        return sp(v)

    def log_ratio(self, v: Tensor) -> Tensor:
        return v


@DIVERGENCES.add
class Jeffrey(Divergence):
    """f = (u - 1) log u; f*(t) = W + 1/W + t - 2 with W = W(e^(1-t)), Lambert's. Exponential in the fake term."""

    kind = "jeffrey"
    title = "Jeffrey"
    about = "∫ (p - q) log(p/q): Kullback-Leibler both ways."
    curve = "jeffrey"

    def activation(self, v: Tensor) -> Tensor:
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        x = log_lambert_w(1 - v)
        return x.exp() + (-x).exp() + v - 2

    def log_ratio(self, v: Tensor) -> Tensor:
        return -log_lambert_w(1 - v)


@DIVERGENCES.add
class Alpha(Divergence):
    """f = (u^a - 1 - a (u - 1)) / (a (a - 1)). Its limits: KL at 1, reverse KL at 0; 2 is half of Pearson's, 1/2 twice
    Hellinger's, -1 half of Neyman's. Exponential in the fake term where 0 < a < 1.

    The variable of both forms is z = (a - 1) T + 1 = (p/q)^(a-1) >= 0. Below 1 the range of T makes it positive; above,
    T is any number and z is clamped: there f* has its least value, -1/a.
    """

    kind = "alpha"
    title = "α-divergence"
    about = "∫ q f(p/q) with f(u) = (u^α - 1 - α(u - 1)) / (α(α - 1)); KL as α nears 1, reverse KL as α nears 0."
    curve = "α-divergence"

    alpha: float = option(0.5, "From mode-seeking (below 0) to covering (above 1); neither 0 nor 1.", ge=-5, le=5)

    @field_validator("alpha")
    @classmethod
    def _neither_0_nor_1(cls, alpha: float) -> float:
        if min(abs(alpha), abs(alpha - 1)) < 0.01:
            raise ConfigError(f"{alpha:g} is too near to 0 or 1; choose reverse-kl or kl there.")
        return alpha

    def activation(self, v: Tensor) -> Tensor:
        return v if self.alpha > 1 else 1 / (1 - self.alpha) - sp(-v)

    def conjugate(self, v: Tensor) -> Tensor:
        a = self.alpha
        z_power = self._z(v).pow(a / (a - 1)) if a > 1 else (self._log_z(v) * a / (a - 1)).exp()
        return (z_power - 1) / a

    def log_ratio(self, v: Tensor) -> Tensor:
        log_z = self._z(v).clamp(min=1e-12).log() if self.alpha > 1 else self._log_z(v)
        return log_z / (self.alpha - 1)

    def _z(self, v: Tensor) -> Tensor:
        return ((self.alpha - 1) * v + 1).clamp(min=0)

    def _log_z(self, v: Tensor) -> Tensor:
        return math.log(1 - self.alpha) + log_softplus(-v)


@OBJECTIVES.add
class FGan(Objective):
    """D maximises F; G minimises its fake term, or, in the practical form of section 3.2, maximises E_Q[T]."""

    kind = "f-gan"
    title = "f-GAN"
    paper = "Nowozin et al. 2016"
    about = "Lowers a divergence of your choice between real and generated samples."

    divergence: Annotated[Divergence, OneOf(DIVERGENCES)] = option(
        JensenShannon(),
        "What D estimates and G lowers: it decides whether G covers all modes or only some.",
        learn=True,
    )
    generator: Literal["practical", "exact"] = option(
        "practical", "Practical: G raises D's answer, as in the non-saturating GAN. Exact: G lowers the bound itself."
    )

    def d_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        return {"real": -self.divergence.activation(D(real)), "fake": self.divergence.conjugate(D(fake))}

    def g_loss(self, D: Critic, real: Tensor, fake: Tensor) -> Terms:
        raised = {"practical": self.divergence.activation, "exact": self.divergence.conjugate}[self.generator]
        return {"adversarial": -raised(D(fake))}

    def distance(self, terms: Terms) -> Terms:
        """F, a lower bound of D_f(P||Q), reached by the best D."""
        return {self.divergence.curve: -terms["real"].mean() - terms["fake"].mean()}

    def score(self, logits: Tensor) -> Tensor:
        return self.divergence.log_ratio(logits).sigmoid()  # p / (p + q)


def log_lambert_w(c: Tensor) -> Tensor:
    """x = log W(e^c), the root of e^x + x = c, for any c; differentiable once.

    h(x) = e^x + x - c is convex and rising, and the start lies right of the root: Newton's steps descend to it without
    overshooting. The last one is recorded, which gives the exact first derivative 1 / (1 + e^x).
    """
    with torch.no_grad():
        x = torch.where(c < 1, c, c.clamp(min=1).log())
        for _ in range(8):
            x = x - (x.exp() + x - c) / (x.exp() + 1)
    return x - (x.exp() + x - c) / (x.exp() + 1)


def log_softplus(x: Tensor) -> Tensor:
    """log(log(1 + e^x)), finite and differentiable far below 0, where it is x - e^x / 2 to all digits."""
    low, high = x.clamp(max=-15), x.clamp(min=-15)  # neither branch may overflow where the other is taken
    return torch.where(x < -15, low - low.exp() / 2, sp(high).log())
