"""What is done to the Dirac-GAN so that it comes to rest, with its eigenvalues in closed form."""

from __future__ import annotations

import numpy as np

from ...config import option
from . import REGULARISERS, Array, Loss, Regulariser, plain_d, plain_jacobian


@REGULARISERS.add
class Nothing(Regulariser):
    """Eigenvalues on the imaginary axis, so that nothing draws the players to the equilibrium."""

    kind = "none"
    title = "Nothing"
    about = "The bare game."
    eigenvalues = "λ = ± i f'(0)"


@REGULARISERS.add
class Clipping(Regulariser):
    """ψ is put back into [-limit, limit] after each of D's steps. Near the equilibrium nothing is changed."""

    kind = "clipping"
    title = "Weight clipping (WGAN)"
    paper = "Arjovsky et al. 2017"
    about = "Keeps ψ between two bounds: the players circle within them for ever."
    eigenvalues = "λ = ± i f'(0)"
    holds = True

    limit: float = option(1.0, "The bound c of |ψ|: the players' circle ends up within it.", gt=0, le=10, learn=True)

    def after_d_step(self, psi: Array) -> Array:
        return np.minimum(np.maximum(psi, -self.limit), self.limit)


@REGULARISERS.add
class GradientPenalty(Regulariser):
    """γ/2 (|ψ| - g0)²: |ψ| is D's slope. Written with λ as in WGAN-GP, γ = 2 λ.

    Its push jumps by 2 γ g0 where ψ changes its sign, so that near the equilibrium ψ is driven off 0 to either side.
    From ψ > 0 all is still at θ = -γ g0 / f'(0), from ψ < 0 at the opposite. Where these are spirals, the players run
    from one to the other for ever; where they are nodes (a large γ, or a loss that bends), the players come to rest
    there, beside the data.
    """

    kind = "gradient-penalty"
    title = "Gradient penalty (WGAN-GP)"
    paper = "Gulrajani et al. 2017"
    about = "Asks for a slope g0, which is not the slope 0 of the equilibrium: the players never come to rest there."
    eigenvalues = (
        "none at the data, where ψ' jumps by 2 γ g0; at θ = ± γ g0 / f'(0): "
        "λ = -κ/2 ± √(κ²/4 - f'(0)²), κ = γ - θ² f''(0)"
    )

    gamma: float = option(0.7, "γ: how strongly D's slope is pulled to g0.", ge=0, le=10, learn=True)
    target: float = option(1.0, "g0: the slope that D is asked to have; at 0 this is R1.", ge=0, le=5, learn=True)

    @property
    def jumps(self) -> bool:
        return self.gamma * self.target > 0

    def rest(self, loss: Loss) -> float:
        return -self.gamma * self.target / loss.slope

    def d(self, loss: Loss, theta: Array, psi: Array) -> Array:
        return plain_d(loss, theta, psi) - self.gamma * (psi - self.target * np.sign(psi))

    def jacobian(self, loss: Loss) -> Array:
        kappa = self.gamma - self.rest(loss) ** 2 * bend(loss)
        return plain_jacobian(loss) - kappa * np.diag([0.0, 1.0])


@REGULARISERS.add
class InstanceNoise(Regulariser):
    """Both points become N(., σ²) before D sees them; the means are taken by Gauss-Hermite quadrature.

    The loss must bend for it to help: f''(0) = 0 leaves WGAN and hinge where they are.
    """

    kind = "instance-noise"
    title = "Instance noise"
    paper = "Sønderby et al. 2017"
    about = "Blurs the points, so that D cannot be sure: what bends in the loss draws the players in."
    eigenvalues = "λ = σ² f''(0) ± √(σ⁴ f''(0)² - f'(0)²)"

    sigma: float = option(0.7, "σ: the standard deviation of the noise.", ge=0, le=3, learn=True)

    def g(self, loss: Loss, theta: Array, psi: Array) -> Array:
        x = theta[..., None] + self.sigma * NODES  # [..., K]
        return -psi * (loss.a(psi[..., None] * x) @ WEIGHTS)

    def d(self, loss: Loss, theta: Array, psi: Array) -> Array:
        eps, psi = self.sigma * NODES, psi[..., None]  # [K], [..., 1]
        fake, real = theta[..., None] + eps, eps
        return (fake * loss.b(psi * fake) - real * loss.b(-psi * real)) @ WEIGHTS

    def jacobian(self, loss: Loss) -> Array:
        return plain_jacobian(loss) + 2 * self.sigma**2 * bend(loss) * np.diag([0.0, 1.0])


@REGULARISERS.add
class R1(Regulariser):
    """γ/2 ψ², the zero-centred gradient penalty; on this D, which is linear, R1 and R2 are the same."""

    kind = "r1"
    title = "R1 (zero-centred gradient penalty)"
    paper = "Mescheder et al. 2018"
    about = "Asks for slope 0, the slope of the equilibrium: the players spiral in, or glide in when γ is large."
    eigenvalues = "λ = -γ/2 ± √(γ²/4 - f'(0)²)"

    gamma: float = option(
        0.3,
        "γ: how strongly D is flattened; at 2 f'(0) the spiral ends and the gliding begins.",
        ge=0,
        le=10,
        learn=True,
    )

    def d(self, loss: Loss, theta: Array, psi: Array) -> Array:
        return plain_d(loss, theta, psi) - self.gamma * psi

    def jacobian(self, loss: Loss) -> Array:
        return plain_jacobian(loss) - self.gamma * np.diag([0.0, 1.0])


@REGULARISERS.add
class Consensus(Regulariser):
    """Both players also minimise γ/2 |v|², v the bare field: v - γ J(θ, ψ)ᵀ v. Mescheder et al. 2017.

    The paper's notebook halves the second part of that gradient; here it is whole, as the formula has it.
    """

    kind = "consensus"
    title = "Consensus optimisation"
    paper = "Mescheder et al. 2017"
    about = "Both players also try to slow the game down: the players spiral in."
    eigenvalues = "λ = -γ f'(0)² ± i f'(0)"

    gamma: float = option(1.0, "γ: how strongly both players avoid speed.", ge=0, le=10, learn=True)

    def g(self, loss: Loss, theta: Array, psi: Array) -> Array:
        t = psi * theta
        a, b, da, db = loss.a(t), loss.b(t), loss.da(t), loss.db(t)
        v_g, v_d = -psi * a, theta * b
        return v_g - self.gamma * (-(psi**2) * da * v_g + (b + t * db) * v_d)  # the first column of J times v

    def d(self, loss: Loss, theta: Array, psi: Array) -> Array:
        t = psi * theta
        a, b, da, db = loss.a(t), loss.b(t), loss.da(t), loss.db(t)
        v_g, v_d = -psi * a, theta * b
        return v_d - self.gamma * (-(a + t * da) * v_g + theta**2 * db * v_d)  # the second

    def jacobian(self, loss: Loss) -> Array:
        J = plain_jacobian(loss)
        return J - self.gamma * J.T @ J


def bend(loss: Loss) -> float:
    """f''(0)."""
    return float(loss.db(np.zeros(())))


def gauss_hermite(count: int) -> tuple[Array, Array]:
    """Nodes and weights [K] for the mean of a function of N(0, 1)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / np.sqrt(2 * np.pi)


NODES, WEIGHTS = gauss_hermite(12)  # for |ψ| σ <= 3 right to 1e-2 of a σ(t), for |ψ| σ <= 1 to 1e-6
