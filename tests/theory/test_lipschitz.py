"""The Lipschitz bench: exact distances, the known bias, bounds that each constraint promises."""

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from gan_studio.config import from_toml, to_toml
from gan_studio.theory.lipschitz import BINS, LipschitzBench, compare, penalty_bias

SMALL = {"count": 64, "width": 32, "resolution": 24, "lr": 3e-3}


def bench(**values):
    return LipschitzBench.parse(SMALL | values)


@pytest.fixture(scope="module")
def trained():
    """(the bench, all that it told)."""
    chosen = bench(steps=400)
    return chosen, list(compare(chosen))


def critics_of(progress):
    return {critic.key: critic for critic in progress.critics}


def test_w1_is_the_exact_one(trained):
    chosen, told = trained
    cost = cdist(*chosen.points())
    assert told[0].w1 == pytest.approx(cost[linear_sum_assignment(cost)].mean(), rel=1e-6)
    assert told[0].expected_bias == penalty_bias(told[0].w1, chosen.weight)


def test_all_is_told_in_order(trained):
    chosen, told = trained
    assert told[0].step == 0 and told[-1].step == chosen.steps
    np.testing.assert_array_equal(np.concatenate([progress.steps for progress in told]), np.arange(chosen.steps))
    estimates = np.concatenate([progress.estimates for progress in told], axis=1)
    assert estimates.shape == (5, chosen.steps) and np.isfinite(estimates).all()
    for progress in told:
        assert [critic.key for critic in progress.critics] == [c.key for c in chosen.constraints()]
        for critic in progress.critics:
            assert critic.values.shape == critic.slopes.shape == (24, 24)
            assert critic.weight_counts.sum() == 32 * (2 + 32 + 1) and critic.weight_edges.shape == (BINS + 1,)


def test_all_begin_alike(trained):
    _, told = trained
    plain = [critic for critic in told[0].critics if critic.key != "spectral"]
    assert all(np.array_equal(critic.values, plain[0].values) for critic in plain)
    assert critics_of(told[0])["spectral"].ceiling == pytest.approx(1, abs=0.01)


def test_without_a_constraint_the_value_runs_away(trained):
    _, told = trained
    assert critics_of(told[-1])["nothing"].estimate > 10 * told[-1].w1


def test_each_constraint_keeps_its_promise(trained):
    chosen, told = trained
    found, w1 = critics_of(told[-1]), told[-1].w1
    for critic in found.values():
        assert critic.steepest <= critic.ceiling * (1 + 1e-3)
        assert critic.between <= critic.steepest
        assert 0 < critic.scaled <= 1.03 * w1
    assert np.abs(found["clipping"].weight_edges).max() <= chosen.limit * (1 + 1e-5)
    assert found["spectral"].steepest < 1.1 and found["spectral"].estimate < w1
    for key in ("two-sided", "one-sided"):
        assert found[key].estimate == pytest.approx(w1 * told[-1].expected_bias, rel=0.03)
        assert found[key].between == pytest.approx(told[-1].expected_bias, rel=0.05)


def test_slopes_are_those_of_the_values(trained):
    _, told = trained
    critic = critics_of(told[-1])["two-sided"]
    apart = 2 * told[-1].extent / 23
    steep = np.hypot(*np.gradient(critic.values.astype(float), apart))[1:-1, 1:-1]
    assert np.median(np.abs(steep - critic.slopes[1:-1, 1:-1])) < 0.05
    assert critic.steepest >= critic.slopes.max()


@pytest.mark.parametrize(("distance", "weight"), [(0.5, 0.5), (2.0, 10.0)])
def test_the_bias_is_exact_between_two_points(distance, weight):
    real, generated = np.zeros((32, 2)), np.tile([distance, 0.0], (32, 1))
    chosen = bench(weight=weight, steps=400, resolution=8, lr=2e-3)
    told = list(compare(chosen, (real, generated)))
    assert told[-1].w1 == pytest.approx(distance)
    assert told[-1].expected_bias == pytest.approx(1 + distance / (2 * weight))
    lately = np.concatenate([progress.estimates for progress in told], axis=1)[:, -100:].mean(axis=1)
    found = dict(zip([c.key for c in chosen.constraints()], lately, strict=True))
    for key in ("two-sided", "one-sided"):
        assert found[key] == pytest.approx(distance * told[-1].expected_bias, rel=0.01)


def test_on_a_line_the_bias_is_the_least():
    """The best slope in each cell by search, then its value by quadrature, for two Gaussians and a Cauchy-like μ."""
    x = np.linspace(-6, 8, 401)
    dx, weight = x[1] - x[0], 2.0
    p, q, mu = np.exp(-(x**2) / 2), np.exp(-((x - 2) ** 2) / 2), 1 / (1 + (x - 1) ** 2)
    p, q, mu = (each / (each.sum() * dx) for each in (p, q, mu))
    apart = np.abs(np.cumsum(p - q) * dx)  # |P - Q|
    w1 = apart.sum() * dx
    slopes = np.linspace(0, 4, 8001)
    best = slopes[np.argmax(apart[:, None] * slopes - weight * mu[:, None] * (slopes - 1) ** 2, axis=1)]
    np.testing.assert_allclose(best, 1 + apart / (2 * weight * mu), atol=1e-3)
    assert w1 == pytest.approx(2, rel=1e-3)
    estimate = (apart * best).sum() * dx
    assert estimate == pytest.approx(w1 + (apart**2 / (2 * weight * mu)).sum() * dx, rel=1e-3)
    assert estimate > w1 * penalty_bias(w1, weight)


def test_the_same_settings_give_the_same_critics_and_nothing_global_is_drawn():
    before = torch.get_rng_state()
    *_, one = compare(bench(steps=12, resolution=8))
    *_, two = compare(bench(steps=12, resolution=8))
    *_, other = compare(bench(steps=12, resolution=8, seed=1))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(one.critics, two.critics, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    assert one.w1 != other.w1


def test_it_can_be_closed_at_any_moment():
    told = compare(bench(steps=100_000))
    next(told), next(told)
    told.close()


def test_settings_survive_a_file():
    chosen = bench(steps=7, real={"kind": "grid"}, generated={"kind": "two-moons"})
    assert LipschitzBench.parse(from_toml(to_toml(chosen.plain()))) == chosen
    real, generated = chosen.points()
    assert real.shape == generated.shape == (64, 2) and real.dtype == np.float32
