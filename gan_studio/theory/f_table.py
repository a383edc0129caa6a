"""The table of f-divergences: f, its conjugate and its slope, for every divergence that an f-GAN can be trained with.

What D is trained by stands in `objectives/f_gan.py`; here is the mathematics behind it in closed form, to be drawn. The
tests hold the two together. Nowozin et al. 2016, tables 1, 2 and 6; Goodfellow et al. 2014 for the optimal D.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit, log_expit, wrightomega, xlogy

from ..objectives.f_gan import DIVERGENCES, Alpha, Divergence
from .densities import Array, Density
from .divergences import measure, nodes

LOG2 = math.log(2)
Map = Callable[[Array], Array]


@dataclass(frozen=True)
class Formulas:
    """In Unicode, to stand in a table."""

    f: str
    conjugate: str  # f*(t)
    activation: str  # g_f(v)
    optimal: str  # T where D is at its best
    measure: str  # D_f(P||Q)


@dataclass(frozen=True)
class FRow:
    """One f. Its maps are elementwise on float64."""

    divergence: Divergence  # what D is trained by
    f: Map  # of u >= 0, convex; inf at 0 where it has no bound there
    conjugate: Map  # f*(t), the supremum over u >= 0 of u t - f(u); inf where there is none
    slope: Map  # f'(u), as a function of log u
    highest: float  # where f* ends, and so the output activation: it is finite for t below
    formulas: Formulas
    key: str  # D_f = factor * the measure of this key + offset
    factor: float = 1.0
    offset: float = 0.0
    alpha: float = 0.5

    @property
    def threshold(self) -> float:
        """f'(1), the T of a D that finds no difference: above it D takes x for real."""
        return float(self.slope(np.zeros(1))[0])

    def activation(self, v: Array) -> Array:
        """T = g_f(v), the output activation on D's raw output."""
        return self.divergence.activation(torch.as_tensor(np.asarray(v, float))).numpy()

    def value(self, p: Density, q: Density) -> float:
        """D_f(P||Q), exact; math.inf where it is infinite."""
        return self.factor * measure(p, q, self.alpha, [self.key])[self.key] + self.offset

    def optimal(self, p: Density, q: Density, x: Array) -> Array:
        """T = f'(p/q) at x: inf or -inf where only p or only q is there and f' has no bound, NaN where neither is."""
        with np.errstate(invalid="ignore"):
            return self.slope(p.log_pdf(x) - q.log_pdf(x))


def rows(alpha: float = 0.5) -> list[FRow]:
    """The whole table, in the order in which the f-GAN lists its divergences; `alpha` is the α-divergence's."""
    return [row(Alpha(alpha=alpha) if entry is Alpha else entry()) for entry in DIVERGENCES]


def row(divergence: Divergence | str) -> FRow:
    """The row of one of the f-GAN's divergences, given it or its kind. Raises ConfigError where there is none."""
    divergence = DIVERGENCES.parse(divergence)
    return ROWS[divergence.kind](divergence)


# --- the optimal D ---------------------------------------------------------------------------------------------------


def optimal_d(p: Density, q: Density, x: Array) -> Array:
    """D = p / (p + q) at x, in [0, 1], the best D of the original GAN; NaN where neither is. Goodfellow et al. 2014."""
    with np.errstate(invalid="ignore"):
        return expit(p.log_pdf(x) - q.log_pdf(x))


def game_value(p: Density, q: Density) -> float:
    """V = E_p log D + E_q log(1 - D) at the optimal D, by quadrature: it is 2 JS - log 4."""
    rule = nodes(p, q)
    there = (rule.p_mass > 0) | (rule.q_mass > 0)
    d = rule.log_ratio[there]
    return float(_weigh(rule.p_mass[there], log_expit(d)) + _weigh(rule.q_mass[there], log_expit(-d)))


def _weigh(mass: Array, values: Array) -> Array:
    return np.multiply(mass, values, out=np.zeros_like(mass), where=mass > 0).sum()


# --- the rows --------------------------------------------------------------------------------------------------------


def _kl(divergence: Divergence) -> FRow:
    return FRow(
        divergence,
        f=lambda u: xlogy(u, u),
        conjugate=lambda t: np.exp(t - 1),
        slope=lambda d: d + 1,
        highest=math.inf,
        formulas=Formulas("u log u", "exp(t − 1)", "v", "1 + log(p/q)", "∫ p log(p/q)"),
        key="kl",
    )


def _reverse_kl(divergence: Divergence) -> FRow:
    return FRow(
        divergence,
        f=lambda u: -_log(u),
        conjugate=lambda t: -1 - _log(-t),
        slope=lambda d: -_exp(-d),
        highest=0.0,
        formulas=Formulas("−log u", "−1 − log(−t)", "−exp(−v)", "−q/p", "∫ q log(q/p)"),
        key="reverse-kl",
    )


def _pearson(divergence: Divergence) -> FRow:
    return FRow(
        divergence,
        f=lambda u: (u - 1) ** 2,
        conjugate=lambda t: np.where(t > -2, t * t / 4 + t, -1.0),
        slope=lambda d: 2 * _expm1(d),
        highest=math.inf,
        formulas=Formulas("(u − 1)²", "t²/4 + t;  −1 for t < −2", "v", "2 (p/q − 1)", "∫ (p − q)²/q"),
        key="pearson",
    )


def _neyman(divergence: Divergence) -> FRow:
    return FRow(
        divergence,
        f=lambda u: _over((1 - u) ** 2, u),
        conjugate=lambda t: _finite_to(1.0, t, lambda t: 2 - 2 * np.sqrt(1 - t)),
        slope=lambda d: -_expm1(-2 * d),
        highest=1.0,
        formulas=Formulas("(1 − u)²/u", "2 − 2 √(1 − t)", "1 − exp(−v)", "1 − (q/p)²", "∫ (p − q)²/p"),
        key="neyman",
    )


def _squared_hellinger(divergence: Divergence) -> FRow:
    return FRow(
        divergence,
        f=lambda u: (np.sqrt(u) - 1) ** 2,
        conjugate=lambda t: _over(t, np.maximum(1 - t, 0)),
        slope=lambda d: -_expm1(-d / 2),
        highest=1.0,
        formulas=Formulas("(√u − 1)²", "t/(1 − t)", "1 − exp(−v)", "1 − √(q/p)", "∫ (√p − √q)²"),
        key="squared-hellinger",
    )


def _jensen_shannon(divergence: Divergence) -> FRow:
    return FRow(
        divergence,
        f=lambda u: xlogy(u, u) - (u + 1) * np.log((u + 1) / 2),
        conjugate=lambda t: -_log(2 - np.exp(t)),
        slope=lambda d: LOG2 + log_expit(d),
        highest=LOG2,
        formulas=Formulas(
            "u log u − (u + 1) log((u + 1)/2)",
            "−log(2 − exp(t))",
            "log 2 − log(1 + exp(−v))",
            "log(2p/(p + q))",
            "∫ p log(p/m) + ∫ q log(q/m), m = (p + q)/2: twice Jensen-Shannon",
        ),
        key="jensen-shannon",
        factor=2.0,
    )


def _gan(divergence: Divergence) -> FRow:
    return FRow(
        divergence,
        f=lambda u: xlogy(u, u) - (u + 1) * np.log1p(u),
        conjugate=lambda t: -_log(-np.expm1(t)),
        slope=log_expit,
        highest=0.0,
        formulas=Formulas(
            "u log u − (u + 1) log(u + 1)",
            "−log(1 − exp(t))",
            "−log(1 + exp(−v))",
            "log(p/(p + q))",
            "V = 2 JS − log 4, of the game at its best D",
        ),
        key="jensen-shannon",
        factor=2.0,
        offset=-2 * LOG2,
    )


def _jeffrey(divergence: Divergence) -> FRow:
    def conjugate(t: Array) -> Array:
        w = wrightomega(1 - np.asarray(t, float))  # W(e^(1 - t)), Lambert's
        return w + _over(1, w) + t - 2

    return FRow(
        divergence,
        f=lambda u: (u - 1) * _log(u),
        conjugate=conjugate,
        slope=lambda d: d - _expm1(-d),
        highest=math.inf,
        formulas=Formulas(
            "(u − 1) log u",
            "w + 1/w + t − 2, w = W(exp(1 − t))",
            "v",
            "1 + log(p/q) − q/p",
            "∫ (p − q) log(p/q)",
        ),
        key="jeffrey",
    )


def _alpha(divergence: Divergence) -> FRow:
    assert isinstance(divergence, Alpha)
    a = divergence.alpha

    def conjugate(t: Array) -> Array:
        z = np.maximum((a - 1) * t + 1, 0)
        with np.errstate(divide="ignore"):
            return (z ** (a / (a - 1)) - 1) / a

    end = math.inf if a > 1 else 1 / (1 - a)
    return FRow(
        divergence,
        f=lambda u: (_power(u, a) - 1 - a * (u - 1)) / (a * (a - 1)),
        conjugate=conjugate if a > 0 else lambda t: _finite_to(end, t, conjugate),
        slope=lambda d: _expm1((a - 1) * d) / (a - 1),
        highest=end,
        formulas=Formulas(
            "(uᵅ − 1 − α(u − 1)) / (α(α − 1))",
            "(zᵝ − 1)/α, z = (α − 1)t + 1 ≥ 0, β = α/(α − 1)",
            "v" if a > 1 else "1/(1 − α) − log(1 + exp(−v))",
            "((p/q)ᵅ⁻¹ − 1)/(α − 1)",
            "∫ (pᵅ q¹⁻ᵅ − αp − (1 − α)q) / (α(α − 1))",
        ),
        key="alpha",
        alpha=a,
    )


ROWS: dict[str, Callable[[Divergence], FRow]] = {
    "kl": _kl,
    "reverse-kl": _reverse_kl,
    "pearson": _pearson,
    "neyman": _neyman,
    "squared-hellinger": _squared_hellinger,
    "jensen-shannon": _jensen_shannon,
    "gan": _gan,
    "jeffrey": _jeffrey,
    "alpha": _alpha,
}


# --- functions with infinities where they belong ---------------------------------------------------------------------


def _log(x: Array) -> Array:
    """-inf at 0 and below: where a conjugate ends, its minus is the supremum that is not there."""
    x = np.asarray(x, float)
    return np.log(x, out=np.full_like(x, -np.inf), where=x > 0)


def _exp(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(x)


def _expm1(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.expm1(x)


def _power(x: Array, a: float) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(x, float) ** a


def _over(a: Array | float, b: Array) -> Array:
    """a / b, inf where b = 0."""
    a, b = np.broadcast_arrays(np.asarray(a, float), b)
    with np.errstate(over="ignore"):
        return np.divide(a, b, out=np.full(a.shape, np.inf), where=b > 0)


def _finite_to(end: float, t: Array, conjugate: Map) -> Array:
    """A conjugate that is finite at its end, and inf beyond."""
    t = np.asarray(t, float)
    return np.where(t <= end, conjugate(np.minimum(t, end)), np.inf)
