"""The exact distance against closed forms, SciPy's one-dimensional one, and the search without its easing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from gan_studio.data import toy2d
from gan_studio.metrics.exact_wasserstein import SAMPLES, wasserstein1

RNG = np.random.default_rng(0)


def plainly(a, b):
    cost = cdist(a, b)
    rows, columns = linear_sum_assignment(cost)
    return cost[rows, columns].mean()


@given(st.integers(1, 40), st.floats(1e-6, 1e6), st.integers(0, 2**31))
def test_it_equals_the_plain_search_at_any_scale(count, scale, seed):
    rng = np.random.default_rng(seed)
    a, b = scale * rng.normal(size=(2, count, 2))
    assert wasserstein1(a, b) == pytest.approx(plainly(a, b), rel=1e-9)


@pytest.mark.parametrize("far", [1e1, 1e3, 1e6, 1e30])
@pytest.mark.parametrize("here", [1, 128, 255])
def test_far_crowds_of_other_sizes_are_paired(far, here):
    a, b = 0.1 * RNG.normal(size=(2, 256, 2))
    a[here:] += far
    b[: 256 - here] -= far
    b[::7] *= far
    assert wasserstein1(a, b) == pytest.approx(plainly(a, b), rel=1e-9)


@pytest.mark.parametrize("shift", [[0.0, 0.0], [3.0, -4.0], [0.01, 0.0], [1e4, 1e4]])
def test_moving_a_set_costs_the_length_of_the_move(shift):
    a = RNG.normal(size=(SAMPLES, 2))
    assert wasserstein1(a, RNG.permutation(a) + shift) == pytest.approx(np.hypot(*shift), abs=1e-9)


def test_on_a_line_it_is_the_one_of_sorted_numbers():
    a, b = RNG.normal(size=SAMPLES), RNG.exponential(size=SAMPLES)
    on_a_line = [np.stack([x, np.zeros_like(x)], axis=1) for x in (a, b)]
    assert wasserstein1(*on_a_line) == pytest.approx(wasserstein_distance(a, b))


def test_from_a_single_place_it_is_the_mean_length():
    b = RNG.normal(size=(SAMPLES, 2))
    assert wasserstein1(np.zeros_like(b), b) == pytest.approx(np.linalg.norm(b, axis=1).mean())
    assert wasserstein1(np.zeros((5, 2)), np.zeros((5, 2))) == 0


@pytest.mark.parametrize(("distribution", "floor", "spread"), [(toy2d.Ring(), 0.17, 0.05), (toy2d.Grid(), 0.20, 0.05)])
def test_two_real_sets_are_as_far_apart_as_the_docstring_says(distribution, floor, spread):
    sets = [(distribution.sample(SAMPLES, toy2d.seeded(seed)) / distribution.scale).numpy() for seed in range(40)]
    found = [wasserstein1(*pair) for pair in zip(sets[::2], sets[1::2], strict=True)]
    assert np.mean(found) == pytest.approx(floor, abs=0.03)
    assert np.std(found) == pytest.approx(spread, abs=0.03)
