"""How the players of the Dirac-GAN move: at once, in turn, or as a flow without steps."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from ...config import Spec, option
from ...registry import Registry
from . import Array
from .game import Game

Move = Callable[[Array, Array], tuple[Array, Array]]  # (θ [N], ψ [N]) -> the same, one iteration later

FAR = 1e3  # a path that comes so far from the equilibrium has diverged; it ends there


class Rule(Spec):
    """A way to move. One of its iterations is one step of G, together with all that D does meanwhile."""

    h: float = option(
        0.2, "The step size, G's learning rate; of the flow, the time from point to point.", gt=0, le=4, learn=True
    )
    d_rate: float = option(
        1.0, "D's learning rate in units of G's: two time scales (TTUR, Heusel et al. 2017).", gt=0, le=10, log=True
    )

    @abstractmethod
    def paths(self, game: Game, starts: Array, iterations: int) -> Array:
        """The states [iterations + 1, N, 2] from starts [N, 2]; NaN from where a path is farther off than `FAR`."""

    @abstractmethod
    def matrix(self, J: Array) -> Array:
        """[2, 2]: the derivative of one iteration at the equilibrium, where the field's is J."""

    @property
    def balance(self) -> float:
        """How far ψ moves for each of θ's moves, when both are pushed alike; draw the field with it."""
        return self.d_rate


RULES: Registry[Rule] = Registry("gan_studio.theory.dynamics", "way to move")


@RULES.add
class Simultaneous(Rule):
    """Both gradients are taken at the same state, then both players step. Without help they spiral out."""

    kind = "simultaneous"
    title = "Simultaneous steps"
    about = "Both players look at the same state, then both step."

    def paths(self, game: Game, starts: Array, iterations: int) -> Array:
        h, h_d, regulariser = self.h, self.h * self.d_rate, game.regulariser

        def move(theta: Array, psi: Array) -> tuple[Array, Array]:
            after = psi + h_d * game.d(theta, psi)
            return theta + h * game.g(theta, psi), regulariser.after_d_step(after)

        return _paths(game, starts, iterations, move)

    def matrix(self, J: Array) -> Array:
        return np.eye(2) + self.h * np.diag([1.0, self.d_rate]) @ J


@RULES.add
class Alternating(Rule):
    """D steps, `d_steps` times, then G, `g_steps` times, each seeing what the other has just done. As in Algorithm 1
    of the GAN papers D is first; the paper's figures begin with G, which changes no eigenvalue."""

    kind = "alternating"
    title = "Alternating steps"
    about = "D steps first, then G, which sees what D has just done."

    d_steps: int = option(1, "n_d: steps of D before each turn of G.", ge=1, le=50, learn=True)
    g_steps: int = option(1, "n_g: steps of G in each of its turns.", ge=1, le=50)

    def paths(self, game: Game, starts: Array, iterations: int) -> Array:
        h, h_d, regulariser = self.h, self.h * self.d_rate, game.regulariser

        def move(theta: Array, psi: Array) -> tuple[Array, Array]:
            for _ in range(self.d_steps):
                psi = regulariser.after_d_step(psi + h_d * game.d(theta, psi))
            for _ in range(self.g_steps):
                theta = theta + h * game.g(theta, psi)
            return theta, psi

        return _paths(game, starts, iterations, move)

    def matrix(self, J: Array) -> Array:
        d_step = np.eye(2) + self.h * self.d_rate * np.diag([0.0, 1.0]) @ J
        g_step = np.eye(2) + self.h * np.diag([1.0, 0.0]) @ J
        return np.linalg.matrix_power(g_step, self.g_steps) @ np.linalg.matrix_power(d_step, self.d_steps)

    @property
    def balance(self) -> float:
        return self.d_rate * self.d_steps / self.g_steps


@RULES.add
class Flow(Rule):
    """What steps become as they get smaller: (θ, ψ)' = field, by the classical Runge-Kutta method of order 4.

    Its step is fixed: SciPy's step control needs 5 s for 20 paths of WGAN-GP, whose field jumps. After 100 units of
    time the error is below 1e-3; where the field jumps it is some hundredths, mostly along the path.
    """

    kind = "flow"
    title = "Flow (infinitely small steps)"
    about = "Both players move all the time: what is left when step sizes go to 0."

    def paths(self, game: Game, starts: Array, iterations: int) -> Array:
        parts = math.ceil(self.h / (0.04 if game.jumps else 0.1))
        h, regulariser, rates = self.h / parts, game.regulariser, np.array([[1.0], [self.d_rate]])

        def speed(x: Array) -> Array:  # [2, N] -> [2, N]
            theta, psi = x[0], regulariser.after_d_step(x[1])
            return rates * np.array([game.g(theta, psi), game.d(theta, psi)])

        def move(theta: Array, psi: Array) -> tuple[Array, Array]:
            x = np.array([theta, psi])
            for _ in range(parts):
                k1 = speed(x)
                k2 = speed(x + h / 2 * k1)
                k3 = speed(x + h / 2 * k2)
                k4 = speed(x + h * k3)
                x = x + h / 6 * (k1 + 2 * (k2 + k3) + k4)
                x[1] = regulariser.after_d_step(x[1])
            return x[0], x[1]

        return _paths(game, starts, iterations, move)

    def matrix(self, J: Array) -> Array:
        from scipy.linalg import expm  # 0.1 s to import

        return expm(self.h * np.diag([1.0, self.d_rate]) @ J)


def _paths(game: Game, starts: Array, iterations: int, move: Move) -> Array:
    start = np.array(starts, dtype=float).reshape(-1, 2).T  # [2, N]
    theta, psi = start[0], game.regulariser.after_d_step(start[1])
    path = np.empty((iterations + 1, *start.shape))
    path[0] = theta, psi
    with np.errstate(all="ignore"):  # what diverges is cut off afterwards
        for k in range(1, iterations + 1):
            theta, psi = path[k] = move(theta, psi)
    return _ended(path.transpose(0, 2, 1))


def _ended(path: Array) -> Array:
    near = (np.abs(path) <= FAR).all(axis=-1)  # [T, N], False at NaN too
    gone = np.logical_or.accumulate(~near, axis=0)
    return np.where(gone[..., None], np.nan, path)
