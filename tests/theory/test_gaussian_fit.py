"""The exact optimum against what is known of it, and the trained one against the exact."""

import numpy as np
import pytest

from gan_studio.theory.densities import Gaussian, Mixture, Points, Uniform
from gan_studio.theory.f_table import row
from gan_studio.theory.gaussian_fit import best_fit, scores, train_fit

P = Mixture((0.33, 0.67), (-1.0, 2.0), (0.25, 2**0.5))  # of the f-GAN paper; variances 0.0625 and 2
X = np.linspace(-4, 6, 41)


def test_kl_matches_the_moments():
    """The Gaussian of least KL(P||Q) has the mean and the deviation of p, whatever p is."""
    for p in (P, Uniform(-1, 4)):
        found = best_fit(p, row("kl"))
        assert (found.q.mean, found.q.deviation) == pytest.approx((p.mean, p.deviation), abs=1e-4)
    assert best_fit(P, row("kl")).divergence == pytest.approx(0.28809, abs=1e-5)


def test_a_gaussian_is_its_own_best_fit():
    for kind in ("kl", "reverse-kl", "pearson", "neyman", "squared-hellinger", "jensen-shannon", "jeffrey"):
        found = best_fit(Gaussian(1.3, 0.4), row(kind))
        assert (found.q.mean, found.q.deviation) == pytest.approx((1.3, 0.4), abs=1e-3), kind
        assert found.divergence == pytest.approx(0, abs=1e-6)


def test_some_cover_all_modes_and_some_seek_one():
    far = Mixture((0.4, 0.6), (-4.0, 4.0), (0.6, 0.6))
    covering, seeking = best_fit(far, row("kl")).q, best_fit(far, row("reverse-kl")).q
    assert covering.deviation > 3.5 and abs(covering.mean) < 1
    assert (seeking.mean, seeking.deviation) == pytest.approx((4, 0.6), abs=0.02)  # the heavier mode


@pytest.mark.parametrize("kind", ["kl", "reverse-kl", "jensen-shannon", "jeffrey", "pearson", "squared-hellinger"])
def test_no_other_gaussian_is_better(kind):
    found, one = best_fit(P, row(kind)), row(kind)
    for mean in np.linspace(-2, 4, 13):
        for deviation in (0.25, 0.5, 1.0, 1.5, 2.0, 3.0):
            assert one.value(P, Gaussian(mean, deviation)) >= found.divergence - 1e-9


def test_nothing_is_best_where_all_is_infinite():
    assert best_fit(Uniform(0, 1), row("reverse-kl")) is None
    assert best_fit(Points((0.0, 1.0), (1.0, 1.0)), row("kl")) is None


# --- trained ---------------------------------------------------------------------------------------------------------

STEPS = {"kl": 800, "reverse-kl": 800, "jensen-shannon": 800, "jeffrey": 1400, "pearson": 800, "squared-hellinger": 800}


@pytest.mark.parametrize("kind", STEPS)
def test_the_trained_one_finds_the_optimum(kind):
    """From a standard Gaussian, where Pearson's is infinite: F never above D_f, at the end within 3 %, and the two
    numbers within 0.03."""
    told = list(train_fit(P, row(kind), Gaussian(), X, steps=STEPS[kind]))
    last, best = told[-1], best_fit(P, row(kind))
    assert told[0].q == Gaussian() and last.step == last.steps == STEPS[kind]
    assert all(one.bound <= one.exact + 1e-9 for one in told)
    assert last.bound > 0.97 * last.exact
    assert last.exact < 1.01 * best.divergence
    assert (last.q.mean, last.q.deviation) == pytest.approx((best.q.mean, best.q.deviation), abs=0.03)


def test_the_same_seed_trains_the_same():
    one, other = ([*train_fit(P, row("kl"), Gaussian(2, 1), X, steps=20)][-1] for _ in range(2))
    assert one.q == other.q and one.bound == other.bound


def test_samples_are_one_a_layer():
    z = scores(np.random.default_rng(0))
    assert (np.diff(z) > 0).all()
    assert (z.mean(), z.std()) == pytest.approx((0, 1), abs=0.02)
