"""A game of the Dirac-GAN: a loss with a regulariser, and its vector field."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from ...config import Spec, option
from ...registry import OneOf
from . import LOSSES, REGULARISERS, Array, Loss, Regulariser


class Game(Spec):
    """Any loss with any regulariser: `Game.parse({"loss": "minimax", "regulariser": {"kind": "r1", "gamma": 1}})`."""

    loss: Annotated[Loss, OneOf(LOSSES)] = option("minimax", "What the two players each try to do.", learn=True)
    regulariser: Annotated[Regulariser, OneOf(REGULARISERS)] = option(
        "none", "What is added so that the players come to rest.", learn=True
    )

    def g(self, theta: Array, psi: Array) -> Array:
        """θ', elementwise."""
        return self.regulariser.g(self.loss, theta, psi)

    def d(self, theta: Array, psi: Array) -> Array:
        """ψ', elementwise."""
        return self.regulariser.d(self.loss, theta, psi)

    @property
    def jumps(self) -> bool:
        """Whether the field jumps somewhere."""
        return self.loss.jumps or self.regulariser.jumps

    def jacobian(self) -> Array:
        """[2, 2]: the derivative of (θ', ψ') at the equilibrium, in closed form; see `Regulariser.jacobian`."""
        return self.regulariser.jacobian(self.loss)


def field(game: Game, theta: Array, psi: Array, d_rate: float = 1.0) -> Array:
    """The arrows [rows, columns, 2] of (θ', d_rate ψ') on the grid of theta [columns] and psi [rows]."""
    at_theta, at_psi = np.meshgrid(np.asarray(theta, float), np.asarray(psi, float))
    return np.stack([game.g(at_theta, at_psi), d_rate * game.d(at_theta, at_psi)], axis=-1)
