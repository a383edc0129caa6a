"""One Gaussian fitted to another distribution by each f-divergence: some cover all of it, others seek one mode.

Nowozin et al. 2016, section 4.1 and table 3. The exact optimum, by quadrature, stands beside the one that a generator
of two numbers, G(z) = mean + deviation z, finds against a critic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor
from torch.optim import Adam

from .bound import Critic, Expectation, Pace, between, descend, falling
from .densities import Array, Density, Gaussian
from .f_table import FRow

BATCH = 256


@dataclass(frozen=True)
class Optimum:
    """The Gaussian q nearest to p."""

    q: Gaussian
    divergence: float  # D_f(P||Q)


@dataclass(frozen=True)
class Fit:
    """How far generator and critic have come."""

    step: int
    steps: int
    q: Gaussian
    bound: float  # F of the critic at this q, by quadrature
    exact: float  # D_f(P||Q) of this q, which F is never above; may be inf
    t: Array  # T at the places that were asked for


def best_fit(p: Density, row: FRow) -> Optimum | None:
    """The exact optimum, to 1e-6; None where D_f is infinite for every Gaussian. p must have a density.

    D_f may have several minima, as reverse KL has one at each mode: a grid of starts, then Nelder and Mead's simplex
    from the best of them. About 0.1 s.
    """
    from scipy.optimize import minimize

    def value(at: Array) -> float:
        return row.value(p, Gaussian(at[0], math.exp(at[1])))

    means, log_deviations = np.linspace(*p.extent, 9), math.log(p.deviation) + np.array([-2.4, -1.6, -0.8, 0.0, 0.5])
    starts = np.stack(np.meshgrid(means, log_deviations), axis=-1).reshape(-1, 2)
    values = np.array([value(start) for start in starts])
    ends = [
        minimize(value, starts[index], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-12})
        for index in np.argsort(values)[:4]
        if math.isfinite(values[index])
    ]
    if not ends:
        return None
    found = min(ends, key=lambda end: end.fun)
    return Optimum(Gaussian(float(found.x[0]), math.exp(found.x[1])), float(found.fun))


def train_fit(
    p: Density, row: FRow, start: Gaussian, x: Array, steps: int = 3000, rate: float = 1e-2, seed: int = 0
) -> Iterator[Fit]:
    """Train critic and generator by turns, from `start`; tell before the first step, 25 times a second, and at the end.

    Each takes one step of Adam on fresh samples, the critic up and the generator down the bound F; `rate` falls to 0
    over the second half. The samples are stratified, one in each of 256 layers of equal mass: with plain ones the end
    would tremble, and at half the rate Jeffrey's critic would lag behind. Three thousand steps take 8 to 10 s on one
    core. It ends early where F leaves the range of floats.
    """
    divergence, draw = row.divergence, np.random.default_rng(seed)
    critic = Critic(*between(p, p), divergence, seed)
    mean = torch.tensor(start.mean, dtype=torch.float64, requires_grad=True)
    log_deviation = torch.tensor(math.log(start.deviation), dtype=torch.float64, requires_grad=True)

    def sample() -> Tensor:
        return mean + log_deviation.exp() * torch.from_numpy(scores(draw))

    critic_steps = Adam(critic.parameters(), rate, betas=(0.5, 0.99), fused=True)
    generator_steps = Adam([mean, log_deviation], rate, betas=(0.5, 0.99))
    pace = Pace(steps)
    for step in range(steps + 1):
        if pace.tells(step):
            q = Gaussian(mean.item(), math.exp(log_deviation.item()))
            bound = Expectation(p, q).bound(critic).item()
            yield Fit(step, steps, q, bound, row.value(p, q), critic.t(x))
        real, fake = torch.from_numpy(p.at_score(scores(draw))), sample().detach()
        v_real, v_fake = critic(torch.cat([real, fake])).chunk(2)
        bound_now = divergence.activation(v_real).mean() - divergence.conjugate(v_fake).mean()
        if not torch.isfinite(bound_now):
            return
        descend(critic_steps, -bound_now, rate * falling(step, steps))
        critic.requires_grad_(False)
        descend(generator_steps, -divergence.conjugate(critic(sample())).mean(), rate * falling(step, steps))
        critic.requires_grad_(True)


def scores(draw: np.random.Generator) -> Array:
    """Standard Gaussian samples [BATCH], one in each layer of equal mass."""
    return ndtri((np.arange(BATCH) + draw.random(BATCH)) / BATCH)
