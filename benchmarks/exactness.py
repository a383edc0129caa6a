"""How exact the theory lab is: each of its numbers beside a closed form or a second way to work it out.

    python benchmarks/exactness.py

The first table holds the largest error over many cases, the second the Gaussian that is trained towards a mixture with
each divergence: its bound F, its mean and its deviation against the exact optimum, on one core.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from common import arguments, show
from scipy.optimize import linear_sum_assignment, minimize_scalar
from scipy.spatial.distance import cdist
from scipy.stats import norm, wasserstein_distance

from gan_studio.theory.densities import Gaussian, Mixture, parallel_lines
from gan_studio.theory.divergences import measure
from gan_studio.theory.dynamics.game import Game
from gan_studio.theory.dynamics.rules import Alternating, Rule, Simultaneous
from gan_studio.theory.dynamics.spectrum import spectrum
from gan_studio.theory.f_table import game_value, optimal_d, row, rows
from gan_studio.theory.gaussian_fit import best_fit, train_fit
from gan_studio.theory.transport import best_plan, bill, clouds, histograms, potential

LOG2 = math.log(2)
RNG = np.random.default_rng(0)
MIXTURE = Mixture((0.33, 0.67), (-1.0, 2.0), (0.25, 2**0.5))  # of the f-GAN paper
KINDS = ("kl", "reverse-kl", "jensen-shannon", "jeffrey", "pearson", "squared-hellinger")


def main() -> None:
    given = arguments(__doc__ or "", seeds=3)
    torch.set_num_threads(1)
    show("Against closed forms and second ways", [checked(*check) for check in CHECKS], given.json)
    show("A Gaussian trained towards a mixture", [fitted(kind, given.seeds) for kind in KINDS])


def checked(what: str, against: str, errors: Callable[[], Iterator[float]]) -> dict[str, Any]:
    found = list(errors())
    return {"what": what, "against": against, "cases": len(found), "largest error": f"{max(found):.0e}"}


# --- divergences -----------------------------------------------------------------------------------------------------


def gaussians() -> Iterator[tuple[Gaussian, Gaussian]]:
    for gap in (0.0, 0.5, 2.0, 6.0):
        for deviation in (0.5, 1.0, 1.3):
            yield Gaussian(0.3, 1.0), Gaussian(0.3 + gap, deviation)


def kl_errors() -> Iterator[float]:
    for p, q in gaussians():
        s, t = p.deviation, q.deviation
        exact = math.log(t / s) + (s**2 + (p.mean - q.mean) ** 2) / (2 * t**2) - 0.5
        yield relative(measure(p, q)["kl"], exact)


def w2_errors() -> Iterator[float]:
    for p, q in gaussians():
        yield relative(measure(p, q)["w2"], math.hypot(p.mean - q.mean, p.deviation - q.deviation))


def js_errors() -> Iterator[float]:
    """Between Gaussians of one width log p/q is a Gaussian too: one integral over it, by half a million trapezia."""
    for gap in (0.3, 1.0, 3.0, 9.0):
        logit = np.linspace(-40, 40, 500_001) * gap + gap**2 / 2
        expected = LOG2 - np.trapezoid(np.logaddexp(0, -logit) * norm.pdf(logit, gap**2 / 2, gap), logit)
        yield abs(measure(Gaussian(0, 1), Gaussian(gap, 1))["jensen-shannon"] - expected)


def line_errors() -> Iterator[float]:
    for theta in (-1.0, -0.1, 0.01, 0.5, 2.0):
        found = measure(*parallel_lines(theta))
        yield max(abs(found["w1"] - abs(theta)), abs(found["jensen-shannon"] - LOG2))


def conjugate_errors() -> Iterator[float]:
    for one in rows():
        for t in one.slope(np.linspace(-4, 4, 41)):
            found = minimize_scalar(
                lambda log_u, one=one, t=t: float(one.f(np.exp(log_u)) - t * np.exp(log_u)),
                bounds=(-20, 20),
                method="bounded",
                options={"xatol": 1e-10},
            )
            supremum = max(-found.fun, -float(one.f(np.array(0.0))))
            yield relative(float(one.conjugate(np.array(t))), supremum)


def optimal_d_errors() -> Iterator[float]:
    x = np.linspace(-5, 6, 101)
    for p, q in gaussians():
        yield float(np.abs(optimal_d(p, q, x) - p.pdf(x) / (p.pdf(x) + q.pdf(x))).max())


def value_errors() -> Iterator[float]:
    for p, q in gaussians():
        yield abs(game_value(p, q) - (2 * measure(p, q)["jensen-shannon"] - math.log(4)))


# --- transport -------------------------------------------------------------------------------------------------------


def line_plan_errors() -> Iterator[float]:
    for _ in range(20):
        x, a, b = np.sort(RNG.normal(size=24)), RNG.random(24), RNG.random(24)
        problem = histograms(a, b, x)
        yield abs(bill(problem, best_plan(problem)).distance - wasserstein_distance(x, x, a, b))


def plane_plan_errors() -> Iterator[float]:
    for power in (1, 2) * 5:
        x, y = RNG.normal(size=(60, 2)), RNG.normal(size=(60, 2)) + 1
        cost = cdist(x, y) ** power
        problem = clouds(x, y, power=power)
        yield abs(bill(problem, best_plan(problem)).cost - cost[linear_sum_assignment(cost)].mean())


def dual_errors() -> Iterator[float]:
    """What the potential earns falls short of the plan's cost, or its slope is above 1."""
    for _ in range(10):
        x, y = RNG.normal(size=(40, 2)), RNG.normal(size=(50, 2)) + 1
        problem = clouds(x, y)
        plan = best_plan(problem)
        f = potential(problem, plan)
        earned = problem.a @ f(problem.x) - problem.b @ f(problem.y)
        places = np.concatenate([problem.x, problem.y])
        gaps, heights = cdist(places, places), f(places)
        slope = np.abs(heights[:, None] - heights)[gaps > 0] / gaps[gaps > 0]
        yield max(abs(earned - bill(problem, plan).cost), float(slope.max()) - 1)


# --- two players -----------------------------------------------------------------------------------------------------


def eigenvalue_errors() -> Iterator[float]:
    """Mescheder et al. 2018, lemmas 2.3, 2.5, 2.6 and theorem 4.1, for f'(0) = 1/2."""
    plain = Game.parse({"loss": "minimax", "regulariser": {"kind": "none"}})
    for h in (0.05, 0.2, 0.5):
        yield apart(plain, Simultaneous(h=h), [1 + 0.5j * h, 1 - 0.5j * h])
        half = 1 - h**2 / 8
        root = np.sqrt(complex(half**2 - 1))
        yield apart(plain, Alternating(h=h), [half + root, half - root])
    for gamma in (0.3, 1.0, 2.0):
        game = Game.parse({"loss": "minimax", "regulariser": {"kind": "r1", "gamma": gamma}})
        root = np.sqrt(complex(gamma**2 / 4 - 0.25))
        expected = [-gamma / 2 + root, -gamma / 2 - root]
        yield float(np.abs(sorted_(spectrum(game, Simultaneous()).field) - sorted_(expected)).max())


def apart(game: Game, rule: Rule, expected: list[complex]) -> float:
    return float(np.abs(sorted_(spectrum(game, rule).step) - sorted_(expected)).max())


def sorted_(values: Any) -> np.ndarray:
    return np.array(sorted(np.asarray(values, complex), key=lambda z: (round(z.real, 9), z.imag)))


def relative(found: float, expected: float) -> float:
    return abs(found - expected) / max(1.0, abs(expected))


CHECKS = (
    ("KL of Gaussians", "closed form", kl_errors),
    ("W2 of Gaussians", "closed form", w2_errors),
    ("JS of Gaussians of one width", "another integral", js_errors),
    ("Parallel lines: W1 = |θ|, JS = log 2", "closed form", line_errors),
    ("Conjugates of all f-divergences", "numeric supremum", conjugate_errors),
    ("Optimal D", "p / (p + q)", optimal_d_errors),
    ("V of the best D", "2 JS - log 4", value_errors),
    ("W1 on the line", "scipy.stats", line_plan_errors),
    ("W1 and W2 in the plane", "linear assignment", plane_plan_errors),
    ("Kantorovich's dual, and its slope of 1", "the plan's cost", dual_errors),
    ("Dirac-GAN's eigenvalues", "closed form", eigenvalue_errors),
)


# --- a Gaussian for a mixture ----------------------------------------------------------------------------------------


def fitted(kind: str, seeds: int) -> dict[str, Any]:
    """The worst over the seeds."""
    best = best_fit(MIXTURE, row(kind))
    assert best
    shortfall, over, mean, deviation, seconds = [], [], [], [], []
    for seed in range(seeds):
        begun = time.thread_time()
        told = list(train_fit(MIXTURE, row(kind), Gaussian(), np.linspace(-4, 6, 41), seed=seed))
        seconds.append(time.thread_time() - begun)
        last = told[-1]
        shortfall.append(100 * (1 - last.bound / last.exact))
        over.append(max(one.bound - one.exact for one in told if math.isfinite(one.exact)))
        mean.append(abs(last.q.mean - best.q.mean))
        deviation.append(abs(last.q.deviation - best.q.deviation))
    return {
        "divergence": kind,
        "D_f at the optimum": best.divergence,
        "mean, deviation": f"{best.q.mean:.3f}, {best.q.deviation:.3f}",
        "F above D_f at most": f"{max(over):.0e}" if max(over) > 0 else "never",
        "F below, % at the end": max(shortfall),
        "mean off by": max(mean),
        "deviation off by": max(deviation),
        "CPU s": max(seconds),
    }


if __name__ == "__main__":
    main()
