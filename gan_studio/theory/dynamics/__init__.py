"""Two players with one number each: the Dirac-GAN. Mescheder et al. 2018, "Which Training Methods for GANs do actually
Converge?", section 2.

The data is one point at 0, the generator makes one point at θ, and D(x) = ψ x. As in the paper, D answers high on what
is *generated*: D maximises and G minimises L(θ, ψ) = f(ψ θ) + f(0). The equilibrium is (θ, ψ) = (0, 0): the generated
point lies on the data, and D is flat. A game is a loss and a regulariser, each one class on its shelf here; `game.py`
holds the field, `rules.py` how the players move in turn, `spectrum.py` the eigenvalues and what follows from them.

A state is [..., 2], θ first. NumPy alone; everything is a pure function of frozen Specs.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from ...config import Spec
from ...registry import Registry

Array = np.ndarray


class Loss(Spec):
    """What the players make of t = ψ θ, D's answer to the generated point: θ' = -ψ a(t), ψ' = θ b(t).

    In the paper's zero-sum games a = b = f'. All maps are elementwise, and a(0) = b(0), the paper's f'(0). D's real
    side mirrors its generated side: a real point at x adds -x b(-ψ x) to ψ'.
    """

    formula: ClassVar[str]  # the field, for the eye
    jumps: ClassVar[bool] = False  # whether a push jumps somewhere

    @abstractmethod
    def a(self, t: Array) -> Array:
        """How hard G is pushed."""

    @abstractmethod
    def b(self, t: Array) -> Array:
        """How hard D is pushed."""

    @abstractmethod
    def da(self, t: Array) -> Array:
        """The derivative of a."""

    @abstractmethod
    def db(self, t: Array) -> Array:
        """The derivative of b."""

    @property
    def slope(self) -> float:
        """f'(0) = a(0) = b(0)."""
        return float(self.b(np.zeros(())))


class Regulariser(Spec):
    """What is added to the game so that it comes to rest; the base adds nothing."""

    eigenvalues: ClassVar[str]  # of the field at the equilibrium, as a formula for the eye; f'(0) is `Loss.slope`
    holds: ClassVar[bool] = False  # whether ψ is kept within bounds however the players move

    @property
    def jumps(self) -> bool:
        """Whether a push jumps somewhere."""
        return False

    def rest(self, loss: Loss) -> float:
        """The θ at which all is still for ψ = 0, seen from ψ > 0; from ψ < 0 it is -θ. It is 0 where the regulariser
        agrees with the equilibrium; elsewhere there is a jump between the two, and no rest at the data."""
        return 0.0

    def g(self, loss: Loss, theta: Array, psi: Array) -> Array:
        """θ' where the state is (θ, ψ), elementwise."""
        return plain_g(loss, theta, psi)

    def d(self, loss: Loss, theta: Array, psi: Array) -> Array:
        """ψ' where the state is (θ, ψ), elementwise."""
        return plain_d(loss, theta, psi)

    def after_d_step(self, psi: Array) -> Array:
        """ψ after a step of D: clipping acts here."""
        return psi

    def jacobian(self, loss: Loss) -> Array:
        """[2, 2]: the derivative of (θ', ψ') by (θ, ψ) at (`rest`, 0), seen from ψ > 0."""
        return plain_jacobian(loss)


def plain_g(loss: Loss, theta: Array, psi: Array) -> Array:
    return -psi * loss.a(psi * theta)


def plain_d(loss: Loss, theta: Array, psi: Array) -> Array:
    return theta * loss.b(psi * theta)


def plain_jacobian(loss: Loss) -> Array:
    return np.array([[0.0, -loss.slope], [loss.slope, 0.0]])


LOSSES: Registry[Loss] = Registry("gan_studio.theory.dynamics", "loss of the Dirac-GAN")
REGULARISERS: Registry[Regulariser] = Registry("gan_studio.theory.dynamics", "regulariser of the Dirac-GAN")
