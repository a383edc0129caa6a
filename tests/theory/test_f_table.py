"""The table of f-divergences: held to suprema, to slopes, and to what the f-GAN trains by."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from gan_studio.objectives.f_gan import DIVERGENCES, Alpha
from gan_studio.theory.densities import Drawn, Gaussian, Mixture, Uniform
from gan_studio.theory.divergences import measure, nodes
from gan_studio.theory.f_table import game_value, optimal_d, row, rows

LOG2 = math.log(2)
ROWS = [*rows(), *(row(Alpha(alpha=alpha)) for alpha in (-1.0, 0.9, 1.5, 2.0, 3.0))]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.divergence.kind} {row.alpha:g}")


def test_every_divergence_of_the_f_gan_has_its_row():
    assert [one.divergence.kind for one in rows()] == [entry.kind for entry in DIVERGENCES]
    assert rows(2.5)[0].divergence.kind == rows()[0].divergence.kind
    assert next(one for one in rows(2.5) if one.divergence.kind == "alpha").alpha == 2.5


def ratios(low=-6.0, high=6.0):
    return np.linspace(low, high, 61)


@every_row
def test_the_conjugate_is_the_supremum(row):
    """To 1e-10, by a search over log u."""
    for t in row.slope(ratios(-4, 4)):
        found = minimize_scalar(
            lambda log_u, t=t: float(row.f(np.exp(log_u)) - t * np.exp(log_u)),
            bounds=(-20, 20),
            method="bounded",
            options={"xatol": 1e-10},
        )
        supremum = max(-found.fun, -float(row.f(np.array(0.0))))
        assert float(row.conjugate(np.array(t))) == pytest.approx(supremum, abs=1e-10, rel=1e-10)


@every_row
def test_no_u_does_better_than_the_conjugate(row):
    """Fenchel and Young: f(u) + f*(t) >= u t, with equality where t = f'(u)."""
    u = np.exp(ratios())
    t = row.slope(ratios())
    sums = row.f(u)[:, None] + row.conjugate(t)[None] - u[:, None] * t[None]
    scale = 1 + np.abs(u[:, None] * t[None])
    assert (sums >= -1e-12 * scale).all()
    assert np.allclose(np.diag(sums) / np.diag(scale), 0, atol=1e-12)


@every_row
def test_the_slope_is_that_of_f(row):
    u, step = np.exp(ratios(-3, 3)), 1e-5
    slope = (row.f(u * (1 + step)) - row.f(u * (1 - step))) / (2 * step * u)
    assert np.allclose(row.slope(np.log(u)), slope, rtol=1e-8, atol=1e-8)
    assert row.threshold == pytest.approx(float(row.slope(np.zeros(1))[0]))


@every_row
def test_the_f_gan_trains_by_this_table(row):
    """f*(g_f(v)) as D's loss has it, the range of the activation, and the v that stands for each ratio."""
    v = torch.linspace(-1.9, 6, 80, dtype=torch.float64)
    t = row.activation(v.numpy())
    assert np.allclose(row.divergence.conjugate(v).numpy(), row.conjugate(t), rtol=1e-10, atol=1e-10)
    assert (t < row.highest).all()
    assert (np.diff(t) > 0).all()
    high = row.activation(np.array([20.0, 30.0]))
    assert np.allclose(high, row.highest, atol=1e-6) if math.isfinite(row.highest) else (high > 10).all()
    shown = v[v > 0]  # where every row has a ratio
    ratio = row.divergence.log_ratio(shown).numpy()
    assert np.allclose(row.slope(ratio), row.activation(shown.numpy()), rtol=1e-9, atol=1e-9)


@every_row
def test_a_conjugate_ends_where_it_says(row):
    beyond = row.conjugate(np.array([row.highest + 0.1, row.highest + 3]))
    assert np.isinf(beyond).all() if math.isfinite(row.highest) else np.isfinite(row.conjugate(np.array([5.0]))).all()


def test_ends_of_the_table():
    """At u = 0, and where T has no bound."""
    by_kind = {one.divergence.kind: one for one in rows()}
    at_zero = {kind: float(one.f(np.array(0.0))) for kind, one in by_kind.items()}
    finite = {"kl": 0, "pearson": 1, "squared-hellinger": 1, "jensen-shannon": LOG2, "gan": 0, "alpha": 2}
    assert {kind: value for kind, value in at_zero.items() if math.isfinite(value)} == pytest.approx(finite)
    assert by_kind["gan"].threshold == pytest.approx(-LOG2)
    assert by_kind["kl"].threshold == 1 and by_kind["reverse-kl"].threshold == -1
    assert float(by_kind["pearson"].conjugate(np.array(-5.0))) == -1
    assert float(by_kind["neyman"].conjugate(np.array(1.0))) == 2


PAIRS = [
    (Gaussian(0, 1), Gaussian(0.5, 1.1)),
    (Mixture((0.33, 0.67), (-1.0, 2.0), (0.25, 2**0.5)), Gaussian(1.0, 1.8)),
    (Drawn((1.0, 3.0, 2.0), -1, 2), Uniform(-1, 2)),
]


@every_row
@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_the_optimal_t_reaches_the_divergence(row, p, q):
    """int q f(p/q) = E_p T - E_q f*(T) at T = f'(p/q), and the measure says the same; any other T finds less."""
    exact = row.value(p, q)
    if math.isinf(exact):
        return
    rule = nodes(p, q, row.alpha)
    there = np.maximum(rule.p_mass[0], rule.q_mass[0]) > 1e-40
    x, p_mass, q_mass = rule.x[0][there], rule.p_mass[0][there], rule.q_mass[0][there]

    def bound(t):
        return p_mass @ t - q_mass @ row.conjugate(t)

    t = row.optimal(p, q, x)
    assert bound(t) == pytest.approx(exact, rel=1e-6, abs=1e-8)
    for k in (1, 2):
        other = t - 0.1 * np.abs(np.sin(k * x))  # below, so that it stays in the range of the activation
        assert bound(other) < exact


def test_beyond_the_supports():
    x = np.array([-2.0, -0.5, 0.5, 2.0])
    p, q = Uniform(-1, 0.1), Uniform(-0.1, 1)
    assert row("jensen-shannon").optimal(p, q, x)[1:3] == pytest.approx([LOG2, -math.inf])
    assert np.isnan(row("kl").optimal(p, q, x)[[0, 3]]).all()
    assert optimal_d(p, q, x)[1:3].tolist() == [1, 0]
    assert row("kl").value(p, q) == math.inf


# --- the original GAN ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("p", "q"), [*PAIRS, (Uniform(0, 1), Gaussian()), (Uniform(0, 1), Uniform(2, 3))])
def test_the_value_of_the_game(p, q):
    """Goodfellow et al. 2014, theorem 1: V = 2 JS - log 4 at D = p / (p + q)."""
    js = measure(p, q)["jensen-shannon"]
    assert game_value(p, q) == pytest.approx(2 * js - 2 * LOG2, abs=1e-8)
    assert row("gan").value(p, q) == pytest.approx(2 * js - 2 * LOG2)
    assert row("jensen-shannon").value(p, q) == pytest.approx(2 * js)


def test_the_optimal_d():
    x = np.linspace(-4, 4, 41)
    p, q = PAIRS[1]
    assert np.allclose(optimal_d(p, q, x), p.pdf(x) / (p.pdf(x) + q.pdf(x)))
    logit = np.log(
        optimal_d(Gaussian(0, 1), Gaussian(1.5, 1), x) / (1 - optimal_d(Gaussian(0, 1), Gaussian(1.5, 1), x))
    )
    assert np.allclose(logit, -1.5 * x + 1.5**2 / 2)  # linear between Gaussians of one width
    assert game_value(p, p) == pytest.approx(-2 * LOG2)
