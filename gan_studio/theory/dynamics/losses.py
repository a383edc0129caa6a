"""Losses of the Dirac-GAN, as what they make of t = ψ θ; σ is the logistic function."""

from __future__ import annotations

import numpy as np

from . import LOSSES, Array, Loss


@LOSSES.add
class Minimax(Loss):
    """f(t) = -log(1 + exp(-t)), f' = σ(-t). The flow keeps θ² + ψ²: it circles."""

    kind = "minimax"
    title = "Minimax GAN (saturating)"
    paper = "Goodfellow et al. 2014"
    about = "The zero-sum game of the theory: the flow runs in circles around the equilibrium."
    formula = "θ' = -ψ σ(-ψθ),  ψ' = θ σ(-ψθ)"

    def a(self, t: Array) -> Array:
        return sigmoid(-t)

    def b(self, t: Array) -> Array:
        return sigmoid(-t)

    def da(self, t: Array) -> Array:
        return -sigmoid_slope(t)

    def db(self, t: Array) -> Array:
        return -sigmoid_slope(t)


@LOSSES.add
class NonSaturating(Loss):
    """a = σ(t), b = σ(-t): (θ² + ψ²)' = -2 t tanh(t/2) <= 0, so the flow nears the equilibrium, ever more slowly."""

    kind = "non-saturating"
    title = "Non-saturating GAN"
    paper = "Goodfellow et al. 2014"
    about = "The standard loss: to first order it circles too, and the flow comes nearer only ever more slowly."
    formula = "θ' = -ψ σ(ψθ),  ψ' = θ σ(-ψθ)"

    def a(self, t: Array) -> Array:
        return sigmoid(t)

    def b(self, t: Array) -> Array:
        return sigmoid(-t)

    def da(self, t: Array) -> Array:
        return sigmoid_slope(t)

    def db(self, t: Array) -> Array:
        return -sigmoid_slope(t)


@LOSSES.add
class Wasserstein(Loss):
    """f(t) = t. The flow is a rotation at the speed of one radian in a unit of time."""

    kind = "wasserstein"
    title = "Wasserstein (WGAN)"
    paper = "Arjovsky et al. 2017"
    about = "Straight pushes: an exact rotation, unless something is done about D."
    formula = "θ' = -ψ,  ψ' = θ"

    def a(self, t: Array) -> Array:
        return np.ones_like(t)

    def b(self, t: Array) -> Array:
        return np.ones_like(t)

    def da(self, t: Array) -> Array:
        return np.zeros_like(t)

    def db(self, t: Array) -> Array:
        return np.zeros_like(t)


@LOSSES.add
class LeastSquares(Loss):
    """LSGAN with the marks 0, 1, 1 and D(x) = 1/2 - ψ x, since a D that is 0 at the data could not mark it 1/2.

    D: ½ (D(0) - 1)² + ½ D(θ)²; G: ½ (D(θ) - 1)². (θ² + ψ²)' = -4 t²: the flow nears the equilibrium, ever more slowly.
    """

    kind = "least-squares"
    title = "LSGAN (least squares)"
    paper = "Mao et al. 2017"
    about = "D marks points on a scale: to first order the same circle as the minimax game."
    formula = "θ' = -ψ (½ + ψθ),  ψ' = θ (½ - ψθ)"

    def a(self, t: Array) -> Array:
        return 0.5 + t

    def b(self, t: Array) -> Array:
        return 0.5 - t

    def da(self, t: Array) -> Array:
        return np.ones_like(t)

    def db(self, t: Array) -> Array:
        return -np.ones_like(t)


@LOSSES.add
class Hinge(Loss):
    """D learns while it has not parted the points by the margin: b = 1 where t < 1, else 0. Near 0 it is WGAN."""

    kind = "hinge"
    title = "Hinge"
    paper = "Lim & Ye 2017"
    about = "WGAN near the equilibrium; D rests where it parts the points by a margin."
    formula = "θ' = -ψ,  ψ' = θ [ψθ < 1]"
    jumps = True

    def a(self, t: Array) -> Array:
        return np.ones_like(t)

    def b(self, t: Array) -> Array:
        return (t < 1).astype(float)

    def da(self, t: Array) -> Array:
        return np.zeros_like(t)

    def db(self, t: Array) -> Array:
        return np.zeros_like(t)


def sigmoid(t: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * t)


def sigmoid_slope(t: Array) -> Array:
    return 0.25 - 0.25 * np.tanh(0.5 * t) ** 2
