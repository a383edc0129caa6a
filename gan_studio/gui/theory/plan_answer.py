"""What is worked out of a scene, off the window's thread: the plan to be shown, its cost, and the proof of the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from ...theory.densities import Array
from ...theory.transport import Bill, Flows, Potential, Problem, best_plan, bill, duals, flows, potential
from .heaps import PLANS, Scene

APART = 1e-6  # places nearer than that tell no slope


@dataclass(frozen=True, eq=False)
class Critic:
    """The potential of Kantorovich and Rubinstein."""

    at_p: Array  # [N]
    at_q: Array  # [M]
    values: Array  # [R] or [R, R], where the scene is looked at
    gain: float  # its mean over p less its mean over q
    steepest: float  # the largest slope found between any two of the places


@dataclass(frozen=True, eq=False)
class Answer:
    problem: Problem
    plan: Array  # [N, M] as is to be shown
    bill: Bill
    best: Bill  # of the cheapest plan, for the problem's cost
    w1: float
    w2: float
    moved: Flows  # K arrows
    wasted: Array  # [K] what a unit of mass pays on each arrow beyond the lowest price
    dual: float  # the lowest price of all, sum a phi + sum b psi
    critic: Critic | None


def answer(scene: Scene, kind: str, power: int, wants_critic: bool) -> Answer:
    """Of one of `PLANS`; a critic only where the cost is the distance. At most 20 ms for 24 points each."""
    problems = {power: scene.problem(power) for power in (1, 2)}
    plans = {power: best_plan(problem) for power, problem in problems.items()}
    problem, best = problems[power], plans[power]
    plan = PLANS[kind].make(problem, best, scene.hand)
    phi, psi = duals(problem, best)
    moved = flows(problem, plan)
    wasted = problem.cost[moved.source, moved.target] - phi[moved.source] - psi[moved.target]
    w1, w2 = (bill(problems[power], plans[power]).distance for power in (1, 2))
    return Answer(
        problem,
        plan,
        bill(problem, plan),
        bill(problem, best),
        w1,
        w2,
        moved,
        np.maximum(wasted, 0),
        float(problem.a @ phi + problem.b @ psi),
        critic_of(scene, problem, potential(problem, best)) if wants_critic and power == 1 else None,
    )


def critic_of(scene: Scene, problem: Problem, f: Potential) -> Critic:
    look = scene.look()
    values = f(look.reshape(-1, look.shape[-1])).reshape(look.shape[:-1])
    at_p, at_q = f(problem.x), f(problem.y)
    places, heights = np.concatenate([problem.x, problem.y]), np.concatenate([at_p, at_q])
    steepest = max(slope_between(places, heights), slope_on_grid(look, values))
    return Critic(at_p, at_q, values, float(problem.a @ at_p - problem.b @ at_q), steepest)


def slope_between(places: Array, heights: Array) -> float:
    """The largest between any two of the places [K, D]."""
    away = cdist(places, places)
    far = away > APART
    return float((np.abs(heights[:, None] - heights)[far] / away[far]).max(initial=0))


def slope_on_grid(look: Array, values: Array) -> float:
    """The largest between neighbours."""
    slopes = [
        np.abs(np.diff(values, axis=axis)) / np.linalg.norm(np.diff(look, axis=axis), axis=-1)
        for axis in range(values.ndim)
    ]
    return float(max(slope.max() for slope in slopes))
