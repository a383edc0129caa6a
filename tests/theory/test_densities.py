"""Every distribution against itself: density, distribution function, quantiles and samples tell the same story."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import kstest

from gan_studio.config import ConfigError
from gan_studio.theory.densities import Drawn, Gaussian, Mixture, Points, Uniform, parallel_lines

SMOOTH = [
    Gaussian(-0.5, 0.7),
    Mixture((0.2, 0.5, 0.3), (-4.0, 0.0, 3.0), (0.3, 1.0, 0.5)),
    Mixture((1.0, 1.0), (-8.0, 8.0), (0.2, 0.3)),  # a wide gap, where the quantile nearly jumps
    Uniform(-2, 1.5),
    Drawn((0.0, 1.0, 3.0, 0.0, 0.0, 2.0, 0.5, 0.0), -2, 3),
    Drawn.of(Gaussian(1, 0.5), -1, 3, 64),
]
smooth = pytest.mark.parametrize("density", SMOOTH, ids=lambda density: type(density).__name__)
everyone = pytest.mark.parametrize(
    "density", [*SMOOTH, Points((1.0, -2.0, 0.5), (1.0, 2.0, 1.0))], ids=lambda density: type(density).__name__
)


def integral(function, density):
    """Over all that matters, piece by piece."""
    marks = density.marks
    return sum(quad(function, a, b, epsabs=1e-13)[0] for a, b in itertools.pairwise(marks))


@smooth
def test_moments(density):
    assert integral(density.pdf, density) == pytest.approx(1, abs=1e-9)
    assert integral(lambda x: x * density.pdf(x), density) == pytest.approx(density.mean, abs=1e-9)
    spread = integral(lambda x: (x - density.mean) ** 2 * density.pdf(x), density)
    assert math.sqrt(spread) == pytest.approx(density.deviation, abs=1e-9)


@smooth
def test_the_cdf_and_its_integral(density):
    x = np.linspace(density.marks[0], density.marks[-1], 7)
    pieces = [np.linspace(a, b, 2001) for a, b in itertools.pairwise(x)]
    rises = [integral_between(density.pdf, density, a, b) for a, b in itertools.pairwise(x)]
    assert np.allclose(np.diff(density.cdf(x)), rises, atol=1e-9)
    assert np.allclose(density.cdf(x) + density.survival(x), 1, atol=1e-14)
    areas = [np.trapezoid(density.cdf(piece), piece) for piece in pieces]
    assert np.allclose(np.diff(density.cdf_integral(x)), areas, atol=1e-5)
    far = density.marks[-1] + 3.0
    assert float(density.cdf_integral(np.array(far))) == pytest.approx(far - density.mean)  # E (far - X)


def integral_between(function, density, low, high):
    inside = density.marks[(density.marks > low) & (density.marks < high)]
    ends = np.concatenate([[low], inside, [high]])
    return sum(quad(function, a, b, epsabs=1e-13)[0] for a, b in itertools.pairwise(ends))


@smooth
def test_quantiles_invert_the_cdf(density):
    z = np.linspace(-6, 6, 1001)
    x = density.at_score(z)
    assert (np.diff(x) >= 0).all()
    assert np.allclose(density.cdf(x), ndtr(z), atol=1e-9)
    assert np.allclose(
        density.survival(x)[z > 0], ndtr(-z[z > 0]), rtol=1e-6, atol=1e-15
    )  # the far tail, to its digits


@everyone
def test_samples_follow_the_cdf(density):
    samples = density.sample(4000, np.random.default_rng(3))
    assert samples.mean() == pytest.approx(density.mean, abs=0.2 * density.deviation)
    if not len(density.atoms):
        assert kstest(samples, density.cdf).pvalue > 1e-3
    assert np.array_equal(samples, density.sample(4000, np.random.default_rng(3)))


@everyone
def test_moving_and_scaling(density):
    for other, mean, deviation in (
        (density.moved(1.5), density.mean + 1.5, density.deviation),
        (density.scaled(2.5), density.mean, 2.5 * density.deviation),
    ):
        assert type(other) is type(density)
        assert (other.mean, other.deviation) == pytest.approx((mean, deviation), abs=1e-12)
    x = np.linspace(-3, 4, 50)
    assert np.allclose(density.moved(1.5).cdf(x + 1.5), density.cdf(x), atol=1e-12)
    low, high = density.extent
    assert density.cdf(np.array(high)) - density.cdf(np.array(low - 1e-9)) > 0.9998


def test_a_mixture_of_equals_is_a_gaussian():
    mixture, gaussian = Mixture((1.0, 3.0, 0.0), (0.5, 0.5, 9.0), (2.0, 2.0, 1.0)), Gaussian(0.5, 2)
    x = np.linspace(-100, 100, 501)
    assert np.allclose(mixture.log_pdf(x), gaussian.log_pdf(x), rtol=1e-14)
    assert mixture.tails == gaussian.tails
    assert np.allclose(mixture.at_score(x / 20), gaussian.at_score(x / 20), atol=1e-12)


def test_log_density_has_no_end_where_the_density_has_none():
    assert np.isfinite(Mixture().log_pdf(np.array([-1e6, 1e6]))).all()
    assert Gaussian().pdf(np.array([1e3])) == 0


def test_what_is_drawn_keeps_its_masses():
    drawn = Drawn.of(Mixture(), -4, 4, 128)
    assert np.allclose(np.diff(drawn.cdf(drawn.marks)), drawn.shares)
    whole = Mixture().cdf(drawn.marks)
    assert np.allclose(drawn.shares, np.diff(whole) / (whole[-1] - whole[0]))
    assert Drawn((0.0, 2.0, 0.0), 0, 3).extent == (1, 2)


def test_parallel_lines():
    p, q = parallel_lines(0.7)
    assert p.atoms == [0] and q.atoms == [0.7] and p.masses == [1]
    assert Points((3.0, 1.0), (1.0, 3.0)).cdf(np.array([0, 1, 2, 3])).tolist() == [0, 0.75, 0.75, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Gaussian(0, 0),
        lambda: Gaussian(math.nan, 1),
        lambda: Mixture((1.0,), (0.0, 1.0), (1.0, 1.0)),
        lambda: Mixture((0.0, 0.0), (0.0, 1.0), (1.0, 1.0)),
        lambda: Mixture((1.0, 1.0), (0.0, 1.0), (1.0, -1.0)),
        lambda: Uniform(1, 1),
        lambda: Drawn((0.0, 0.0), 0, 1),
        lambda: Drawn((1.0, -1.0), 0, 1),
        lambda: Points((1.0, 1.0), (1.0, 1.0)),
    ],
)
def test_impossible_shapes_are_refused(make):
    with pytest.raises(ConfigError):
        make()
