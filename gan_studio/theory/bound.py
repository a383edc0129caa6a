"""A critic that learns an f-divergence while one watches: F = E_p[T] - E_q[f*(T)] rises towards D_f(P||Q).

Nowozin et al. 2016, equation 4. It is trained and judged by quadrature instead of samples, so that F is exact for the T
at hand, and never above D_f.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, skip_init
from torch.optim import Adam, Optimizer

from ..objectives.f_gan import Divergence
from .densities import Array, Density
from .divergences import nodes
from .f_table import FRow

TELL_EVERY_S = 0.04
NO_MASS = 1e-14  # nodes with less of both are left out: they would take a third of the time
STEEPEST = 5.0  # gradients are clipped to this norm: the first ones of exponential divergences are huge


@dataclass(frozen=True)
class Bound:
    """How far a critic has come."""

    step: int
    steps: int
    bound: float  # F of its T, by quadrature
    exact: float  # D_f(P||Q), which F is never above; where it is inf, F rises without end
    t: Array  # T at the places that were asked for
    d: Array  # D there, as T has it: p / (p + q) where it is the best


def raise_bound(
    p: Density, q: Density, row: FRow, x: Array, steps: int = 2000, rate: float = 1e-2, seed: int = 0
) -> Iterator[Bound]:
    """Train a critic from scratch; tell F, and T and D at x [N], before the first step, 25 times a second, at the end.

    `rate` is Adam's, which falls to 0 over the second half. Where D_f is infinite F may leave the range of floats; then
    it ends early. Two thousand steps take 2 to 3 s on one core.
    """
    expectation, exact = Expectation(p, q), row.value(p, q)
    critic = Critic(*between(p, q), row.divergence, seed)
    optimiser = Adam(critic.parameters(), rate, betas=(0.9, 0.99), fused=True)
    pace = Pace(steps)
    for step in range(steps + 1):
        bound = expectation.bound(critic)
        if not torch.isfinite(bound):
            return
        if pace.tells(step):
            yield Bound(step, steps, bound.item(), exact, critic.t(x), critic.d(x))
        descend(optimiser, -bound, rate * falling(step, steps))


# --- bricks, of the Gaussian fit too ---------------------------------------------------------------------------------


class Critic(nn.Module):
    """x [N] -> v [N], float64, through two layers of 64 tanh, as in the paper. It begins near T = f'(1), where F = 0.

    The input is scaled by `centre` and `scale`. The weights come from a generator of their own: the global one belongs
    to whoever trains.
    """

    def __init__(self, centre: float, scale: float, divergence: Divergence, seed: int, width: int = 64):
        super().__init__()
        self.centre, self.scale, self.divergence = centre, scale, divergence
        generator = torch.Generator().manual_seed(seed)
        self.first, self.second = linear(1, width, generator), linear(width, width, generator)
        self.last = linear(width, 1, generator)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.fill_(indifferent(divergence))

    def forward(self, x: Tensor) -> Tensor:
        h = ((x - self.centre) / self.scale)[:, None]  # [N, 1]
        return self.last(self.second(self.first(h).tanh()).tanh())[:, 0]

    @torch.no_grad()
    def t(self, x: Array) -> Array:
        """T = g_f(v) at x."""
        return self.divergence.activation(self(torch.as_tensor(np.asarray(x, float)))).numpy()

    @torch.no_grad()
    def d(self, x: Array) -> Array:
        """D = u / (1 + u) at x, of the ratio u = p/q for which T is the best."""
        return self.divergence.log_ratio(self(torch.as_tensor(np.asarray(x, float)))).sigmoid().numpy()


def linear(fan_in: int, fan_out: int, generator: torch.Generator) -> nn.Linear:
    layer = skip_init(nn.Linear, fan_in, fan_out, dtype=torch.float64)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
    return layer


def indifferent(divergence: Divergence) -> float:
    """The v of a critic that finds no difference: its T is f'(1). The log ratio rises with v, so by halving."""
    low, high = -64.0, 64.0
    for _ in range(60):
        middle = (low + high) / 2
        rises = float(divergence.log_ratio(torch.tensor(middle, dtype=torch.float64))) > 0
        low, high = (low, middle) if rises else (middle, high)
    return (low + high) / 2


class Expectation:
    """F of a critic between p and q, by quadrature."""

    def __init__(self, p: Density, q: Density):
        rule = nodes(p, q)
        p_mass, q_mass = rule.p_mass[0], rule.q_mass[0]
        kept = (p_mass > NO_MASS) | (q_mass > NO_MASS)
        self._x, self._p, self._q = (torch.as_tensor(values[kept]) for values in (rule.x[0], p_mass, q_mass))
        self._real, self._fake = self._p > 0, self._q > 0  # beyond a support, T may be infinite

    def bound(self, critic: Critic) -> Tensor:
        v, divergence = critic(self._x), critic.divergence
        real = self._p[self._real] @ divergence.activation(v[self._real])
        return real - self._q[self._fake] @ divergence.conjugate(v[self._fake])


def between(p: Density, q: Density) -> tuple[float, float]:
    """The mean and the deviation of half p, half q."""
    gap = (p.mean - q.mean) / 2
    spread = math.sqrt((p.deviation**2 + q.deviation**2) / 2 + gap**2)
    return (p.mean + q.mean) / 2, spread or 1.0


def descend(optimiser: Optimizer, loss: Tensor, rate: float) -> None:
    optimiser.zero_grad()
    loss.backward()
    for group in optimiser.param_groups:
        clip_grad_norm_(group["params"], STEEPEST)
        group["lr"] = rate
    optimiser.step()


def falling(step: int, steps: int) -> float:
    """1 over the first half, then down to 0 at the end."""
    return min(1.0, 2 * (1 - step / steps))


class Pace:
    """When to tell: first, last, and some 25 times a second."""

    def __init__(self, steps: int):
        self._steps, self._told = steps, -math.inf

    def tells(self, step: int) -> bool:
        now = time.monotonic()
        if now - self._told < TELL_EVERY_S and step < self._steps:
            return False
        self._told = now
        return True
