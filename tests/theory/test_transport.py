"""Plans against SciPy, against linear programmes, and against what a critic proves."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist
from scipy.stats import norm, wasserstein_distance

from gan_studio.config import ConfigError
from gan_studio.metrics.exact_wasserstein import wasserstein1
from gan_studio.theory.densities import Drawn
from gan_studio.theory.divergences import measure
from gan_studio.theory.transport import (
    best_plan,
    bill,
    clouds,
    duals,
    flows,
    histograms,
    in_turn,
    independent_plan,
    potential,
    repaired,
    together,
)

RNG = np.random.default_rng(5)


def some_histograms(power=1, bins=17):
    a, b = RNG.random(bins) * (RNG.random(bins) < 0.7), RNG.random(bins) * (RNG.random(bins) < 0.7)
    a[3], b[5] = 0.4, 0.2
    return histograms(a, b, np.sort(RNG.normal(size=bins)), power)


def some_clouds(power=1, n=23, m=31):
    x, y = RNG.normal(size=(n, 2)), RNG.normal((1, 0), size=(m, 2))
    return clouds(x, y, RNG.random(n), RNG.random(m), power)


def least_cost(problem):
    """A dense linear programme, written out again."""
    n, m = problem.cost.shape
    rows = [np.repeat(np.eye(n)[i], m) for i in range(n)]
    columns = [np.tile(np.eye(m)[j], n) for j in range(m)]
    wanted = np.concatenate([problem.a, problem.b])
    return linprog(problem.cost.ravel(), A_eq=np.array(rows + columns), b_eq=wanted, method="highs").fun


# --- the best plan ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_w1_on_a_line_is_scipys(seed):
    problem = some_histograms()
    found = bill(problem, best_plan(problem))
    x = problem.x[:, 0]
    assert found.distance == pytest.approx(wasserstein_distance(x, x, problem.a, problem.b), abs=1e-12)
    assert found.is_feasible


@pytest.mark.parametrize("make", [some_histograms, some_clouds])
@pytest.mark.parametrize("power", [1, 2])
def test_the_best_plan_is_that_of_a_linear_programme(make, power):
    problem = make(power)
    found = bill(problem, best_plan(problem))
    assert found.is_feasible
    assert found.cost == pytest.approx(least_cost(problem), abs=1e-10)
    assert found.distance == pytest.approx(found.cost ** (1 / power))


def test_equal_clouds_are_a_linear_assignment():
    x, y = RNG.normal(size=(80, 2)), RNG.normal(size=(80, 2)) * 2
    for power in (1, 2):
        problem = clouds(x, y, power=power)
        cost = cdist(x, y) ** power
        rows, columns = linear_sum_assignment(cost)
        assert bill(problem, best_plan(problem)).cost == pytest.approx(cost[rows, columns].mean(), abs=1e-12)
    problem = clouds(x, y)
    assert bill(problem, best_plan(problem)).distance == pytest.approx(wasserstein1(x, y), abs=1e-9)


def test_a_stretched_cloud_is_carried_straight():
    """Brenier: the gradient of a convex function is optimal for W2, here of a quadratic form."""
    x, stretch = RNG.normal(size=(60, 2)), np.array([[2.0, 0.5], [0.5, 0.7]])
    y = x @ stretch + [3, -1]
    plan = best_plan(clouds(x, y, power=2))
    assert np.allclose(plan, np.eye(60) / 60)


def test_gaussians_have_a_closed_w2():
    places = np.linspace(-9, 11, 801)
    problem = histograms(norm.pdf(places, 0, 1), norm.pdf(places, 2, 1.5), places, power=2)
    assert bill(problem, best_plan(problem)).distance == pytest.approx(math.hypot(2, 0.5), abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_histograms_are_what_the_divergence_bench_measures(seed):
    """All mass of a bin goes together: where none goes the other way within one, that is the same."""
    a, b = np.random.default_rng(seed).random((2, 64))
    problem = histograms(a, b, np.linspace(0.5, 63.5, 64))
    spread = measure(Drawn(tuple(a), 0, 64), Drawn(tuple(b), 0, 64))["w1"]
    # W1 is the area between the distribution functions. Within a bin they are straight, and differ by r at its left end
    # and by s at its right one: together, (|r| + |s|) / 2 is paid, and |r s| / (|r| + |s|) less of what is spread out
    # and crosses.
    surplus = np.cumsum(problem.a - problem.b)
    r, s = surplus[:-1], surplus[1:]
    crossed = np.where(r * s < 0, np.abs(r * s) / (np.abs(r) + np.abs(s)), 0).sum()
    assert bill(problem, best_plan(problem)).distance == pytest.approx(spread + crossed, rel=1e-5)


def test_unsorted_places_are_no_obstacle():
    x, y = RNG.normal(size=(9, 1)), RNG.normal(size=(9, 1))
    problem = clouds(x, y)
    assert bill(problem, best_plan(problem)).cost == pytest.approx(np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean())


def test_what_lies_right_stays():
    a = RNG.random(12)
    problem = histograms(a, a)
    assert np.allclose(best_plan(problem), np.diag(a / a.sum()))
    assert bill(problem, best_plan(problem)).cost == pytest.approx(0, abs=1e-14)


# --- any plan --------------------------------------------------------------------------------------------------------


def test_the_bill_of_a_wrong_plan():
    problem = histograms([1, 1], [0, 2])
    found = bill(problem, np.array([[0.5, 0.0], [0.0, 0.25]]))
    assert found.cost == 0 and found.carried == 0.75
    assert found.row_errors.tolist() == [0, -0.25] and found.column_errors.tolist() == [0.5, -0.75]
    assert found.error == 0.75 and not found.is_feasible


def test_all_to_all_is_a_plan_and_costs_more():
    problem = some_clouds()
    found = bill(problem, independent_plan(problem))
    assert found.is_feasible and found.cost > bill(problem, best_plan(problem)).cost


@settings(max_examples=25, deadline=None)
@given(arrays(float, (6, 6), elements=st.floats(-1, 3)))
def test_any_matrix_can_be_repaired(matrix):
    problem = histograms([1, 2, 0, 4, 1, 1], [3, 0, 1, 1, 2, 2])
    plan = repaired(problem, matrix)
    found = bill(problem, plan)
    assert (plan >= 0).all() and found.is_feasible
    assert found.cost >= bill(problem, best_plan(problem)).cost - 1e-12


def test_a_right_plan_is_not_touched():
    problem = some_histograms()
    assert np.allclose(repaired(problem, best_plan(problem)), best_plan(problem), atol=1e-15)


def test_a_heap_of_nothing_is_refused():
    for a in ([0, 0], [1, -1], []):
        with pytest.raises(ConfigError):
            histograms(a, [1, 1])


# --- the dual --------------------------------------------------------------------------------------------------------


def some_pairing(power=1):
    return clouds(RNG.normal(size=(70, 2)), RNG.normal(size=(70, 2)) + 2, power=power)


@pytest.mark.parametrize("make", [some_histograms, some_clouds, some_pairing])
@pytest.mark.parametrize("power", [1, 2])
def test_the_duality_gap_is_nothing(make, power):
    problem = make(power)
    plan = best_plan(problem)
    phi, psi = duals(problem, plan)
    assert (phi[:, None] + psi <= problem.cost + 1e-12).all()
    assert problem.a @ phi + problem.b @ psi == pytest.approx(bill(problem, plan).cost, abs=1e-9)


@pytest.mark.parametrize("make", [some_histograms, some_clouds, some_pairing])
def test_the_potential_proves_w1_and_is_nowhere_steep(make):
    problem = make()
    plan = best_plan(problem)
    f = potential(problem, plan)
    x, y = f(problem.x), f(problem.y)
    assert problem.a @ x - problem.b @ y == pytest.approx(bill(problem, plan).cost, abs=1e-9)
    anywhere = np.concatenate([RNG.normal(0, 3, (300, problem.x.shape[1])), problem.x, problem.y])
    values = f(anywhere)
    assert (np.abs(values[:, None] - values) <= cdist(anywhere, anywhere) + 1e-9).all()
    moved = flows(problem, plan)
    fall = f(moved.start) - f(moved.end)
    assert np.allclose(fall, np.linalg.norm(moved.start - moved.end, axis=1), atol=1e-9)  # 1 along every arrow


def test_the_slopes_of_a_line_show_where_mass_goes():
    problem = histograms([0, 1, 0, 0, 1, 0, 0, 1, 0], [1, 0, 0, 0, 0, 1, 0, 1, 0])
    f = potential(problem, best_plan(problem))
    assert np.diff(f(problem.x)).tolist() == pytest.approx([1, 0, 0, 0, -1, 0, 0, 0])  # left, nothing, right, nothing
    outside = f(np.array([[-5.0], [0.0], [8.0], [20.0]]))
    assert outside[0] == outside[1] and outside[2] == outside[3]


# --- seeing it move --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [some_histograms, some_clouds])
@pytest.mark.parametrize("way", [together, in_turn])
def test_mass_is_kept_on_the_way(make, way):
    problem = make()
    moved = flows(problem, best_plan(problem))
    for t in np.linspace(0, 1, 23):
        frame = way(problem, moved, t)
        assert frame.left.sum() + frame.arrived.sum() + frame.masses.sum() == pytest.approx(1)
        assert len(frame.places) == len(frame.masses)
        carried = moved.mass @ (frame.gone[:, None] * (moved.end - moved.start))  # of the middle of all mass
        there = frame.left @ problem.x + frame.arrived @ problem.y + frame.masses @ frame.places
        assert np.allclose(there - moved.mass @ moved.start, carried)
    assert moved.cost.sum() == pytest.approx(bill(problem, best_plan(problem)).cost)


def test_arrows_go_one_after_the_other():
    problem = histograms([0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5])
    moved = flows(problem, best_plan(problem))
    start, middle, late, end = (in_turn(problem, moved, t) for t in (0, 0.25, 0.75, 1))
    assert start.left.tolist() == [0, 0.5, 0, 0] and start.places.tolist() == [[0]]
    assert middle.places.tolist() == [[1]] and middle.masses.tolist() == [0.5]
    assert late.arrived.tolist() == [0, 0, 0.5, 0] and late.places.tolist() == [[2]]
    assert end.arrived.tolist() == [0, 0, 0.5, 0.5] and not len(end.places)


def test_what_stays_does_not_take_its_turn():
    problem = histograms([1, 1, 0], [0, 1, 1])
    plan = np.diag([0.0, 0.5, 0.0])
    plan[0, 2] = 0.5
    frame = in_turn(problem, flows(problem, plan), 0.5)
    assert frame.arrived.tolist() == [0, 0.5, 0] and frame.places.tolist() == [[1]]


def test_halfway_of_w2_is_a_cloud_in_between():
    problem = some_pairing(2)
    moved = flows(problem, best_plan(problem))
    halfway = together(problem, moved, 0.5).places
    whole = bill(problem, best_plan(problem)).distance
    half = clouds(problem.x, halfway, power=2)
    assert bill(half, best_plan(half)).distance == pytest.approx(whole / 2, rel=1e-9)  # a geodesic
