"""What the tabs of the divergence bench let learn: a critic of two densities, and one Gaussian against a critic.

Everything is computed on the nodes of a quadrature rather than on samples, so that F is exact for the critic at hand
and never above D_f. No Qt here; torch is imported when something learns.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...theory.densities import Density, Gaussian
from ...theory.divergences import measure, nodes
from ...theory.f_table import FRow, rows
from .shapes import LEAST, WIDEST, Pair

if TYPE_CHECKING:
    from torch import Tensor, nn

TELL_EVERY_S = 0.04
STEPS = 4000
WIDTH = 32
NO_MASS = 1e-14


@dataclass(frozen=True)
class Learned:
    """A critic on its way: F, and T at the places that were asked for."""

    step: int
    bound: float
    t: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """A generator on its way, and F, what its critic says."""

    step: int
    mean: float
    deviation: float
    bound: float


def learning(pair: Pair, row: FRow, x: np.ndarray) -> Iterator[Learned]:
    """Train a critic of two hidden layers to raise F; T is told at x [N]."""
    import torch

    place, p_mass, q_mass = quadrature(pair.p, pair.q)
    centre, scale = between(pair)
    critic = new_critic()
    optimiser = torch.optim.Adam(critic.parameters(), 1e-2, betas=(0.9, 0.99))
    seen, shown = (scaled(at, centre, scale) for at in (place, x))
    told = 0.0
    for step in range(1, STEPS + 1):
        set_rate(optimiser, 1e-2 * min(1.0, 2 * (1 - step / STEPS) + 0.01))
        v = critic(seen)[:, 0]
        bound = weigh(p_mass, row.divergence.activation(v)) - weigh(q_mass, row.divergence.conjugate(v))
        optimiser.zero_grad()
        (-bound).backward()
        torch.nn.utils.clip_grad_norm_(critic.parameters(), 10.0)
        optimiser.step()
        if time.monotonic() - told > TELL_EVERY_S or step == STEPS:
            told = time.monotonic()
            with torch.no_grad():
                t = row.divergence.activation(critic(shown)[:, 0]).numpy()
            yield Learned(step, bound.item(), t)


def fitting(p: Density, row: FRow) -> Iterator[Fitted]:
    """Train mean and deviation of a Gaussian against a critic, by turns: it raises F, they lower it."""
    import torch

    critic = new_critic()
    mean = torch.tensor(p.mean, dtype=torch.float64, requires_grad=True)
    log_deviation = torch.tensor(math.log(max(p.deviation, LEAST)), dtype=torch.float64, requires_grad=True)
    critic_steps = torch.optim.Adam(critic.parameters(), 5e-3, betas=(0.5, 0.99))
    generator_steps = torch.optim.Adam([mean, log_deviation], 5e-3, betas=(0.5, 0.99))
    place, p_mass = own_nodes(p)
    z, z_mass = own_nodes(Gaussian())
    real = scaled(place, p.mean, p.deviation)
    noise = torch.as_tensor(z)
    p_weight, z_weight = torch.as_tensor(p_mass), torch.as_tensor(z_mass)
    told = 0.0
    for step in range(1, STEPS + 1):
        for optimiser in (critic_steps, generator_steps):
            set_rate(optimiser, 5e-3 * min(1.0, 2 * (1 - step / STEPS) + 0.01))
        x = mean + log_deviation.exp() * noise
        fake = ((x - p.mean) / p.deviation)[:, None]
        raised = weigh(p_weight, row.divergence.activation(critic(real)[:, 0]))
        bound = raised - weigh(z_weight, row.divergence.conjugate(critic(fake.detach())[:, 0]))
        critic_steps.zero_grad()
        (-bound).backward()
        torch.nn.utils.clip_grad_norm_(critic.parameters(), 10.0)
        critic_steps.step()
        lowered = -weigh(z_weight, row.divergence.conjugate(critic(fake)[:, 0]))
        generator_steps.zero_grad()
        lowered.backward()
        torch.nn.utils.clip_grad_norm_([mean, log_deviation], 10.0)
        generator_steps.step()
        if time.monotonic() - told > TELL_EVERY_S or step == STEPS:
            told = time.monotonic()
            yield Fitted(step, mean.item(), math.exp(log_deviation.item()), bound.item())


def best(p: Density, row: FRow) -> tuple[float, float, float]:
    """(mean, deviation, D_f) of the Gaussian nearest to p, by D_f of quadrature; NaN where it is infinite for all."""
    from scipy.optimize import minimize

    def value(at: Any) -> float:
        found = measure(p, Gaussian(at[0], math.exp(at[1])), row.alpha, keys=(row.key,))[row.key]
        return found if math.isfinite(found) and LEAST / 2 < math.exp(at[1]) < 4 * WIDEST else 1e9

    deviation = max(p.deviation, LEAST)
    starts = [(m, math.log(s * deviation)) for m in np.linspace(*p.extent, 5)[1:-1] for s in (0.4, 1.0)]
    lowest = min([*starts, (p.mean, math.log(deviation))], key=value)
    found = minimize(value, lowest, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-10})
    if found.fun >= 1e9:
        return math.nan, math.nan, math.inf
    return float(found.x[0]), math.exp(found.x[1]), row.factor * float(found.fun) + row.offset


# --- bricks ----------------------------------------------------------------------------------------------------------


def new_critic() -> nn.Sequential:
    """From x, scaled to about 1, to v; the same first weights each time."""
    import torch
    from torch import nn

    state = torch.random.get_rng_state()  # the global one belongs to the training
    torch.manual_seed(0)
    layers = [nn.Linear(1, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1)]
    torch.random.set_rng_state(state)
    critic = nn.Sequential(*layers).double()
    with torch.no_grad():
        layers[-1].weight.mul_(0.1)  # type: ignore[operator, union-attr]
    return critic


def quadrature(p: Density, q: Density) -> tuple[np.ndarray, Tensor, Tensor]:
    """Places [N], and the masses [N] of p and of q that they stand for."""
    import torch

    rule = nodes(p, q)
    kept = (rule.p_mass[0] > NO_MASS) | (rule.q_mass[0] > NO_MASS)
    return rule.x[0][kept], torch.as_tensor(rule.p_mass[0][kept]), torch.as_tensor(rule.q_mass[0][kept])


def own_nodes(p: Density) -> tuple[np.ndarray, np.ndarray]:
    """Places [N] and masses [N] of one density."""
    rule = nodes(p, p)
    kept = rule.p_mass[0] > NO_MASS
    return rule.x[0][kept], rule.p_mass[0][kept]


def between(pair: Pair) -> tuple[float, float]:
    """The middle of both, and how wide they are together."""
    half = (pair.p.mean - pair.q.mean) / 2
    width = math.sqrt((pair.p.deviation**2 + pair.q.deviation**2) / 2 + half**2)
    return (pair.p.mean + pair.q.mean) / 2, max(width, LEAST)


def scaled(x: np.ndarray, centre: float, scale: float) -> Tensor:
    import torch

    return torch.as_tensor((np.asarray(x, float) - centre) / max(scale, LEAST))[:, None]


def weigh(mass: Tensor, values: Tensor) -> Tensor:
    return (mass * values).sum()


def set_rate(optimiser: Any, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate


def fitting_rows(alpha: float) -> list[FRow]:
    """All of the table, but the GAN's row, whose optimum is Jensen-Shannon's."""
    return [row for row in rows(alpha) if row.offset == 0]
