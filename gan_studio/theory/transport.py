"""Moving plans: how mass is carried from heap to heap, what that costs, and the critic that proves a plan the cheapest.

Heaps are masses on places: `a` [N] on x [N, D], `b` [M] on y [M, D], D of 1 or 2, each summing to 1. A plan is a matrix
[N, M] of what is carried from each x to each y. Peyré & Cuturi 2019, chapters 2 and 3, with the algorithms named below.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.distance import cdist

from ..config import ConfigError
from .densities import Array

NOTHING = 1e-12  # less mass than this is not carried


@dataclass(frozen=True)
class Problem:
    """Two heaps; the ground cost is |x - y|^power, so that the least cost is W1, or W2 squared."""

    x: Array  # [N, D]
    a: Array  # [N]
    y: Array  # [M, D]
    b: Array  # [M]
    power: int = 1

    @property
    def on_a_line(self) -> bool:
        return self.x.shape[1] == 1

    @cached_property
    def cost(self) -> Array:
        """[N, M]"""
        return self.costs(self.x)

    def costs(self, x: Array) -> Array:
        """The ground cost [K, M] from any places x [K, D] to each y."""
        return cdist(x, self.y) ** self.power


def histograms(a: Array, b: Array, places: Array | None = None, power: int = 1) -> Problem:
    """Two heaps on the same `places` [N] of the line (0, 1, 2 ... by default), as heights; they are made to sum to 1.

    Raises ConfigError where a heap has nothing or less.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    x = np.arange(len(a), dtype=float) if places is None else np.asarray(places, float)
    return Problem(x[:, None], _shares(a), x[:, None], _shares(b), power)


def clouds(x: Array, y: Array, a: Array | None = None, b: Array | None = None, power: int = 1) -> Problem:
    """Two clouds of points [N, D] and [M, D], of equal weights, or of `a` [N] and `b` [M], divided by their sums.

    Raises ConfigError where a cloud has no mass.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    a, b = np.ones(len(x)) if a is None else a, np.ones(len(y)) if b is None else b
    return Problem(x, _shares(np.asarray(a, float)), y, _shares(np.asarray(b, float)), power)


def _shares(heights: Array) -> Array:
    if not (len(heights) and heights.min() >= 0 and 0 < heights.sum() < math.inf):
        raise ConfigError("A heap needs some mass, and nowhere less than none.")
    return heights / heights.sum()


# --- what a plan costs -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bill:
    """What is to be said of a plan, be it right or wrong."""

    cost: float  # sum of mass x ground cost: W1 or W2 squared where the plan is the best
    distance: float  # its root of the problem's power
    row_errors: Array  # [N] what is taken from each x, less what is there
    column_errors: Array  # [M] what arrives at each y, less what is wanted
    carried: float  # all mass of the plan

    @property
    def error(self) -> float:
        """Mass in the wrong place, at most 2: 0 where this is a plan of the problem."""
        return float(np.abs(self.row_errors).sum() + np.abs(self.column_errors).sum()) / 2

    @property
    def is_feasible(self) -> bool:
        return self.error < 1e-9


def bill(problem: Problem, plan: Array) -> Bill:
    """The cost of any matrix [N, M] of masses, and how far it is from a plan."""
    cost = float((plan * problem.cost).sum())
    return Bill(
        cost,
        max(cost, 0.0) ** (1 / problem.power),
        plan.sum(axis=1) - problem.a,
        plan.sum(axis=0) - problem.b,
        float(plan.sum()),
    )


def independent_plan(problem: Problem) -> Array:
    """Everything from everywhere to everywhere, a b^T: a plan to begin with, and rarely a good one."""
    return np.outer(problem.a, problem.b)


def repaired(problem: Problem, plan: Array) -> Array:
    """A plan of the problem near any matrix of masses: scale down what is too much, spread what is missing.

    Altschuler et al. 2017, algorithm 2. What fits already is not touched.
    """
    plan = np.maximum(plan, 0)
    plan = plan * _at_most_1(problem.a, plan.sum(axis=1))[:, None]
    plan = plan * _at_most_1(problem.b, plan.sum(axis=0))
    rows, columns = np.maximum(problem.a - plan.sum(axis=1), 0), np.maximum(problem.b - plan.sum(axis=0), 0)
    missing = (rows.sum() + columns.sum()) / 2
    return plan + np.outer(rows, columns) / missing if missing > 1e-15 else plan


def _at_most_1(wanted: Array, there: Array) -> Array:
    return np.divide(wanted, there, out=np.ones_like(there), where=there > wanted)


# --- the best plan ---------------------------------------------------------------------------------------------------


def best_plan(problem: Problem) -> Array:
    """The cheapest plan [N, M], exact. On a line nothing overtakes, whatever the power; between clouds of equally many
    equal points it is a pairing; else a linear programme.

    On one core: a line at once, a pairing of 200 in 10 ms, a programme of 60 x 60 in 100 ms.
    """
    if problem.on_a_line:
        return _in_order(problem)
    equal = len(problem.a) == len(problem.b) and np.ptp(problem.a) == np.ptp(problem.b) == 0
    return _pairing(problem) if equal else _programme(problem)


def _in_order(problem: Problem) -> Array:
    """The leftmost mass goes to the leftmost place: the overlaps of two divisions of [0, 1]."""
    rows, columns = np.argsort(problem.x[:, 0], kind="stable"), np.argsort(problem.y[:, 0], kind="stable")
    a, b = np.cumsum(problem.a[rows]), np.cumsum(problem.b[columns])  # where each one's share ends
    ends = np.minimum(a[:, None], b)
    starts = np.maximum((a - problem.a[rows])[:, None], b - problem.b[columns])
    plan = np.zeros((len(a), len(b)))
    plan[np.ix_(rows, columns)] = np.maximum(ends - starts, 0)
    return plan


def _pairing(problem: Problem) -> Array:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(problem.cost)
    plan = np.zeros_like(problem.cost)
    plan[rows, columns] = 1 / len(rows)
    return plan


def _programme(problem: Problem) -> Array:
    """Minimise <plan, cost>, plan >= 0, with the sums of rows and columns given."""
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    n, m = problem.cost.shape
    sums = vstack([kron(eye_array(n), np.ones((1, m))), kron(np.ones((1, n)), eye_array(m))], format="csr")
    wanted = np.concatenate([problem.a, problem.b])
    found = linprog(problem.cost.ravel(), A_eq=sums[:-1], b_eq=wanted[:-1], method="highs-ds")  # one sum follows
    assert found.success, found.message
    return np.maximum(found.x, 0).reshape(n, m)


# --- the proof: Kantorovich's dual -----------------------------------------------------------------------------------


def duals(problem: Problem, plan: Array) -> tuple[Array, Array]:
    """(phi [N], psi [M]) of a cheapest plan: phi + psi <= cost everywhere, with equality where something is carried.

    So sum a phi + sum b psi is the cost, and no plan can cost less. They are shortest paths in the graph of what could
    be carried otherwise, by Bellman and Ford, in at most N + M rounds.
    """
    carried = np.where(plan > NOTHING, problem.cost, -math.inf)  # [N, M]
    g = np.zeros(len(problem.b))  # -psi
    for _ in range(sum(plan.shape)):
        phi = (problem.cost + g).min(axis=1)
        lower = np.minimum(g, (phi[:, None] - carried).min(axis=0))
        done = np.allclose(lower, g, rtol=0, atol=1e-14 * (1 + problem.cost.max()))
        g = lower
        if done:
            break
    return (problem.cost + g).min(axis=1), -g


Potential = Callable[[Array], Array]  # f [K] at places [K, D], of the whole line or plane


def potential(problem: Problem, plan: Array) -> Potential:
    """The best critic of Kantorovich and Rubinstein, for a problem of power 1 and its cheapest plan.

    It is high on x and low on y, its slope is nowhere above 1, and sum a f(x) - sum b f(y) = W1: no other f of slope at
    most 1 reaches more. On a line the slope is -1 where mass goes right, 1 where it goes left, 0 where none passes; in
    the plane f is the highest that fits. It is 0 on average over both heaps.
    """
    assert problem.power == 1, "only lengths have one potential for both heaps"
    found = _from_the_cdfs(problem) if problem.on_a_line else _cones(problem, duals(problem, plan)[1])
    middle = (problem.a @ found(problem.x) + problem.b @ found(problem.y)) / 2
    return lambda places: found(np.asarray(places, float)) - middle


def _from_the_cdfs(problem: Problem) -> Potential:
    """W1 = int |A - B| = - int f' (A - B), so f' = -sign(A - B)."""
    places = np.unique(np.concatenate([problem.x[:, 0], problem.y[:, 0]]))
    ahead = _cdf(problem.x[:, 0], problem.a, places) - _cdf(problem.y[:, 0], problem.b, places)
    slopes = np.where(np.abs(ahead) > NOTHING, -np.sign(ahead), 0)[:-1]
    heights = np.concatenate([[0], np.cumsum(slopes * np.diff(places))])
    return lambda x: np.interp(x[:, 0], places, heights)


def _cdf(x: Array, mass: Array, places: Array) -> Array:
    order = np.argsort(x)
    return np.concatenate([[0], np.cumsum(mass[order])])[np.searchsorted(x[order], places, side="right")]


def _cones(problem: Problem, psi: Array) -> Potential:
    """McShane's extension: the least of the cones that stand on the y."""

    def value_at(places: Array) -> Array:
        parts = np.array_split(places, max(1, len(places) * len(psi) // 500_000))  # each [K, M] at a time
        return np.concatenate([(problem.costs(part) - psi).min(axis=1) for part in parts])

    return value_at


# --- seeing it move --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flows:
    """The arrows of a plan: K of them, from the first x to the last."""

    source: Array  # [K] which x, as int
    target: Array  # [K] which y, as int
    mass: Array  # [K]
    start: Array  # [K, D]
    end: Array  # [K, D]
    cost: Array  # [K] mass x ground cost


@dataclass(frozen=True)
class Frame:
    """A moment of the move; all masses together are those of the plan."""

    left: Array  # [N] what still lies on x
    arrived: Array  # [M] what lies on y
    places: Array  # [L, D] of what is on its way
    masses: Array  # [L]
    gone: Array  # [K] how far each arrow has come, from 0 to 1


def flows(problem: Problem, plan: Array) -> Flows:
    source, target = np.nonzero(plan > NOTHING)
    mass = plan[source, target]
    cost = mass * problem.cost[source, target]
    return Flows(source, target, mass, problem.x[source], problem.y[target], cost)


def together(problem: Problem, moved: Flows, t: float) -> Frame:
    """Everything at once, each in a straight line: for W2 the shortest path between the heaps. t from 0 to 1."""
    places = moved.start + t * (moved.end - moved.start)
    nothing = np.zeros(len(problem.a)), np.zeros(len(problem.b))
    return Frame(*nothing, places, moved.mass, np.full(len(moved.mass), float(t)))


def in_turn(problem: Problem, moved: Flows, t: float) -> Frame:
    """One arrow after the other, each for the same time; what may stay lies where it is to be. t from 0 to 1."""
    goes = np.any(moved.start != moved.end, axis=1)
    turn = np.where(goes, np.cumsum(goes) - 1, -1)  # [K] its place in the row
    place = t * max(1, goes.sum())
    waiting, arrived = turn > place, turn + 1 <= place
    now = ~waiting & ~arrived
    left = np.bincount(moved.source[waiting], moved.mass[waiting], len(problem.a))
    there = np.bincount(moved.target[arrived], moved.mass[arrived], len(problem.b))
    gone = np.clip(place - turn, 0, 1)
    way = moved.start[now] + gone[now, None] * (moved.end[now] - moved.start[now])
    return Frame(left, there, way, moved.mass[now], gone)
