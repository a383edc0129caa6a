"""A critic that learns: its bound rises, nears the divergence, and never passes it."""

import math

import numpy as np
import pytest
import torch

from gan_studio.theory.bound import Critic, indifferent, raise_bound
from gan_studio.theory.densities import Gaussian, Mixture, Points, Uniform
from gan_studio.theory.f_table import row, rows

X = np.linspace(-4, 4, 81)
P, Q = Mixture((0.33, 0.67), (-1.0, 2.0), (0.25, 2**0.5)), Gaussian(1.0, 1.8)
every_row = pytest.mark.parametrize("row", rows(), ids=lambda row: row.divergence.kind)


@every_row
def test_the_bound_rises_and_stays_below(row):
    told = list(raise_bound(P, Q, row, X, steps=250))
    first, last = told[0], told[-1]
    assert first.step == 0 and last.step == last.steps == 250
    assert first.exact == pytest.approx(row.value(P, Q))
    assert all(one.bound <= one.exact + 1e-9 for one in told)
    nothing = row.offset  # what a critic that finds no difference says: 0, and -log 4 for the GAN
    assert first.bound == pytest.approx(nothing, abs=0.02)
    assert last.bound - nothing > 0.9 * (last.exact - nothing)
    assert last.t.shape == X.shape and (last.t < row.highest).all()


def test_the_critic_learns_the_optimal_t():
    one = row("jensen-shannon")
    *_, last = raise_bound(P, Q, one, X, steps=700)
    assert last.bound > 0.998 * last.exact
    likely = P.pdf(X) + Q.pdf(X) > 0.02
    assert np.abs(last.t - one.optimal(P, Q, X))[likely].max() < 0.1


def test_where_the_divergence_is_infinite_the_bound_has_no_end():
    told = list(raise_bound(Uniform(0, 1), Uniform(0.5, 1.5), row("reverse-kl"), X, steps=300))
    assert told[-1].exact == math.inf and told[-1].bound > 10


def test_points_are_told_apart():
    *_, last = raise_bound(Points((0.0,)), Points((1.0,)), row("jensen-shannon"), X, steps=200)
    assert 0.98 * 2 * math.log(2) < last.bound <= 2 * math.log(2)


def test_the_same_seed_learns_the_same_and_touches_no_other_generator():
    before = torch.random.get_rng_state()
    one, other = ([*raise_bound(P, Q, row("kl"), X, steps=30)][-1] for _ in range(2))
    assert one.bound == other.bound and np.array_equal(one.t, other.t)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert [*raise_bound(P, Q, row("kl"), X, steps=30, seed=1)][-1].bound != one.bound


def test_it_can_be_closed_at_any_moment():
    learning = raise_bound(P, Q, row("kl"), X, steps=10**9)
    assert next(learning).step == 0
    assert next(learning).step > 0
    learning.close()


@every_row
def test_the_critic_begins_without_an_opinion(row):
    v = torch.tensor([indifferent(row.divergence)], dtype=torch.float64)
    assert float(row.divergence.activation(v)) == pytest.approx(row.threshold, abs=1e-9)
    assert np.allclose(Critic(0, 1, row.divergence, seed=0).t(X), row.threshold, atol=0.3)
