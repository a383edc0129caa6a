"""Divergences against closed forms, and against quadrature done a second time, by brute force."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from gan_studio.theory.densities import Drawn, Gaussian, Mixture, Points, Uniform, parallel_lines
from gan_studio.theory.divergences import LARGEST, MEASURES, curve, measure, measured, nodes

LOG2 = math.log(2)
GAUSSIANS = [
    (Gaussian(0, 1), Gaussian(0, 1)),
    (Gaussian(0, 1), Gaussian(0.5, 1.1)),
    (Gaussian(-2, 0.5), Gaussian(1, 0.6)),
    (Gaussian(0, 1), Gaussian(12, 1)),
    (Gaussian(1, 0.1), Gaussian(0, 3)),
    (Gaussian(0, 1.4), Gaussian(0.3, 1)),  # p^2/q nearly without end
]


def closed_forms(p, q, alpha):
    """Textbook formulas between two Gaussians."""
    gap, s, t = p.mean - q.mean, p.deviation, q.deviation

    def kl(s, t):
        return math.log(t / s) + (s**2 + gap**2) / (2 * t**2) - 0.5

    def power(a):  # int p^a q^(1-a)
        variance = a * t**2 + (1 - a) * s**2
        if variance <= 0:
            return math.inf
        exponent = -a * (1 - a) * gap**2 / (2 * variance)
        return t**a * s ** (1 - a) / math.sqrt(variance) * math.exp(exponent) if exponent < 700 else LARGEST

    return {
        "kl": kl(s, t),
        "reverse-kl": kl(t, s),
        "jeffrey": kl(s, t) + kl(t, s),
        "pearson": power(2) - 1,
        "neyman": power(-1) - 1,
        "squared-hellinger": 2 - 2 * power(0.5),
        "alpha": (power(alpha) - 1) / (alpha * (alpha - 1)),
        "w2": math.hypot(gap, s - t),
    }


@pytest.mark.parametrize(("p", "q"), GAUSSIANS)
@pytest.mark.parametrize("alpha", [-1.5, 0.3, 0.5, 1.5, 3.0])
def test_gaussians_have_closed_forms(p, q, alpha):
    found = measure(p, q, alpha)
    for key, exact in closed_forms(p, q, alpha).items():
        assert found[key] == pytest.approx(exact, rel=1e-7, abs=1e-9), key


@pytest.mark.parametrize("gap", [0.0, 0.3, 2.0, 9.0])
def test_gaussians_of_one_width(gap):
    """Total variation and W1 have closed forms there; JS is known by its own integral over the logit, which is N."""
    found = measure(Gaussian(0, 1), Gaussian(gap, 1))
    assert found["total-variation"] == pytest.approx(2 * norm.cdf(gap / 2) - 1, abs=1e-9)
    assert found["w1"] == pytest.approx(gap, abs=1e-12)
    logit = np.linspace(-40, 40, 400_001) * max(gap, 1e-9) + gap**2 / 2  # log p/q is N(gap^2/2, gap^2) under p
    weight = norm.pdf(logit, gap**2 / 2, max(gap, 1e-9))
    assert found["jensen-shannon"] == pytest.approx(
        LOG2 - np.trapezoid(np.logaddexp(0, -logit) * weight, logit), abs=1e-8
    )


def test_uniforms_have_closed_forms():
    p, q = Uniform(0, 1), Uniform(0.25, 1.25)
    found = measure(p, q)
    assert found["total-variation"] == pytest.approx(0.25)
    assert found["jensen-shannon"] == pytest.approx(0.25 * LOG2)
    assert found["squared-hellinger"] == pytest.approx(0.5)
    assert found["w1"] == found["w2"] == pytest.approx(0.25)
    assert found["alpha"] == pytest.approx(4 * (1 - 0.75))
    inside = measure(Uniform(0, 1), Uniform(-1, 3))  # p = 4 q where it is
    assert inside["kl"] == pytest.approx(math.log(4))
    assert inside["pearson"] == pytest.approx(3)
    assert inside["total-variation"] == pytest.approx(0.75)
    assert inside["w2"] == pytest.approx(math.hypot(0.5, 3 / math.sqrt(12)))
    assert {key for key, value in inside.items() if math.isinf(value)} == {"reverse-kl", "neyman", "jeffrey"}


def brute(p, q):
    """By a million trapezia."""
    x = np.linspace(-60, 60, 1_000_001)
    a, b = p.log_pdf(x), q.log_pdf(x)
    p_x, q_x = np.exp(a), np.exp(b)
    z = np.linspace(-8, 8, 100_001)
    m = np.logaddexp(a, b) - LOG2
    integrands = {
        "kl": p_x * (a - b),
        "reverse-kl": q_x * (b - a),
        "jensen-shannon": (p_x * (a - m) + q_x * (b - m)) / 2,
        "total-variation": np.abs(p_x - q_x) / 2,
        "pearson": np.exp(2 * a - b) - 2 * p_x + q_x,
        "neyman": np.exp(2 * b - a) - 2 * q_x + p_x,
        "squared-hellinger": (np.exp(a / 2) - np.exp(b / 2)) ** 2,
        "jeffrey": (p_x - q_x) * (a - b),
        "w1": np.abs(p.cdf(x) - q.cdf(x)),
    }
    w2 = np.trapezoid(norm.pdf(z) * (p.at_score(z) - q.at_score(z)) ** 2, z)
    return {key: np.trapezoid(values, x) for key, values in integrands.items()} | {"w2": math.sqrt(w2)}


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (Mixture((0.33, 0.67), (-1.0, 2.0), (0.25, 2**0.5)), Gaussian(1.01, 1.83)),
        (Mixture((0.4, 0.6), (-5.0, 5.0), (1.0, 1.2)), Mixture((0.2, 0.5, 0.3), (-4.0, 0.0, 3.0), (0.9, 1.0, 1.1))),
        (Gaussian(0, 1), Mixture((0.5, 0.5), (-5.0, 5.0), (1.0, 1.0))),
    ],
)
def test_mixtures_against_brute_force(p, q):
    found = measure(p, q)
    for key, exact in brute(p, q).items():
        if math.isfinite(found[key]):
            assert found[key] == pytest.approx(exact, rel=1e-5 if key == "w2" else 1e-6), key


def test_drawn_against_sums():
    """Steps of one grid: every integral is a sum."""
    rng = np.random.default_rng(1)
    p = Drawn(tuple(rng.random(40)), -2, 2)
    q = Drawn(tuple(rng.random(40)), -2, 2)
    a, b, found = p.shares, q.shares, measure(p, q)
    assert found["kl"] == pytest.approx((a * np.log(a / b)).sum())
    assert found["pearson"] == pytest.approx(((a - b) ** 2 / b).sum())
    assert found["total-variation"] == pytest.approx(np.abs(a - b).sum() / 2)
    fine = np.linspace(-2, 2, 400_001)
    assert found["w1"] == pytest.approx(np.trapezoid(np.abs(p.cdf(fine) - q.cdf(fine)), fine), rel=1e-8)


# --- infinities ------------------------------------------------------------------------------------------------------

INFINITE_PAIRS = [
    (Gaussian(), Uniform(-9, 9), {"kl", "pearson", "jeffrey"}),
    (Uniform(-9, 9), Gaussian(), {"reverse-kl", "neyman", "jeffrey"}),
    (Uniform(0, 1), Gaussian(0.5, 0.01), {"reverse-kl", "neyman", "jeffrey"}),  # its ends lie beyond what is looked at
    (Uniform(0, 1), Uniform(2, 3), {"kl", "reverse-kl", "pearson", "neyman", "jeffrey"}),
    (Uniform(0, 1), Drawn((1.0, 0.0, 1.0), 0, 1), {"kl", "pearson", "jeffrey"}),
    (Gaussian(0, 1.5), Gaussian(0, 1), {"pearson"}),  # the tails of p^2/q rise
    (Gaussian(0, 1), Mixture((0.99, 0.01), (0.0, 0.0), (0.1, 0.8)), set()),  # the widest part decides
    (Points((0.0, 1.0), (1.0, 1.0)), Points((0.0,), (1.0,)), {"kl", "pearson", "jeffrey"}),
    (Points((0.0,)), Gaussian(), {"kl", "reverse-kl", "pearson", "neyman", "jeffrey"}),
]


@pytest.mark.parametrize(("p", "q", "infinite"), INFINITE_PAIRS)
def test_infinities_follow_supports_and_tails(p, q, infinite):
    found = measure(p, q)
    assert {key for key, value in found.items() if math.isinf(value)} == infinite
    back = measure(q, p)
    swap = {"kl": "reverse-kl", "reverse-kl": "kl", "pearson": "neyman", "neyman": "pearson"}
    for key, value in found.items():
        if key != "alpha":
            assert back[swap.get(key, key)] == pytest.approx(value, rel=1e-9), key


def test_what_shares_nothing_is_as_far_apart_as_can_be():
    for p, q in ((Uniform(0, 1), Uniform(2, 3)), parallel_lines(0.1), (Points(), Gaussian())):
        found = measure(p, q)
        for key, entry in MEASURES.items():
            if not key.startswith("w") and key != "alpha":
                assert found[key] == pytest.approx(entry.highest, rel=1e-14), key
        assert found["alpha"] == pytest.approx(4)  # 1 / (a (1 - a))


def test_a_huge_value_is_not_an_infinity():
    far = measure(Gaussian(0, 1), Gaussian(60, 1))
    assert far["pearson"] == LARGEST  # e^3600 - 1
    assert far["kl"] == pytest.approx(1800)
    assert far["jensen-shannon"] == pytest.approx(LOG2)


def test_tails_of_one_curvature_are_decided_by_their_slopes():
    """sigma_p = 3 sigma_q: for alpha = 9/8 the squares in p^a q^(1-a) cancel, and an exponential is left."""
    p, alpha = Gaussian(0, 3), 1.125
    between = Mixture((0.5, 0.5), (-1.0, 1.0), (1.0, 1.0))
    assert measure(p, Gaussian(0, 1), alpha)["alpha"] == math.inf
    assert measure(p, Gaussian(1, 1), alpha)["alpha"] == math.inf
    found = measure(p, between, alpha)["alpha"]
    x = np.linspace(-1000, 1000, 2_000_001)
    power = np.trapezoid(np.exp(alpha * p.log_pdf(x) + (1 - alpha) * between.log_pdf(x)), x)
    assert found == pytest.approx((power - 1) / (alpha * (alpha - 1)), rel=1e-6)


@pytest.mark.parametrize("ratio", [2**0.5, 2**0.5 * (1 - 1e-9), 2**0.5 * (1 - 1e-5), 1.4, 1.41421])
def test_tails_that_nearly_cancel_disturb_no_other_measure(ratio):
    """p^2/q has nearly no curvature: its own marks lie anywhere, up to 1e16 away."""
    for mean in (-2.0, 0.0, 1.0):
        p, q = Gaussian(0, ratio), Gaussian(mean, 1)
        found, exact = measure(p, q), closed_forms(p, q, 0.5)
        for key in ("kl", "reverse-kl", "squared-hellinger", "neyman"):
            assert found[key] == pytest.approx(exact[key], rel=1e-7), key
        if exact["pearson"] < 1e6:
            assert found["pearson"] == pytest.approx(exact["pearson"], rel=1e-6)


def test_alpha_has_its_limits():
    p, q = Mixture(), Gaussian(0.5, 2)
    whole = measure(p, q)
    assert measure(p, q, 1)["alpha"] == whole["kl"]
    assert measure(p, q, 0)["alpha"] == whole["reverse-kl"]
    assert measure(p, q, 1.0001)["alpha"] == pytest.approx(whole["kl"], rel=1e-3)
    assert measure(p, q, 2)["alpha"] == pytest.approx(whole["pearson"] / 2)
    assert measure(p, q, 0.5)["alpha"] == pytest.approx(2 * whole["squared-hellinger"])


def test_the_same_is_nowhere_apart():
    for density in (Gaussian(3, 0.2), Mixture(), Uniform(), Drawn((1.0, 0.0, 2.0)), Points((1.0, 2.0), (1.0, 2.0))):
        assert all(value == pytest.approx(0, abs=1e-12) for value in measure(density, density).values())


def test_nodes_are_a_rule_of_quadrature():
    rule = nodes(Mixture(), Uniform(-1, 1))
    assert rule.p_mass.sum() == pytest.approx(1, abs=1e-9)
    assert rule.q_mass.sum() == pytest.approx(1, abs=1e-12)
    assert (rule.x * rule.x * rule.q_mass).sum() == pytest.approx(1 / 3)


# --- curves ----------------------------------------------------------------------------------------------------------

SHIFTS = np.linspace(-6, 6, 121)


@pytest.mark.parametrize(
    ("p", "q"),
    [(Gaussian(), Mixture()), (Uniform(0, 1), Gaussian(0, 0.3)), (Uniform(), Drawn((1.0, 2.0))), (Points(), Points())],
)
def test_a_curve_is_made_of_measures(p, q):
    found = measured(p, q, SHIFTS)
    for index in range(0, len(SHIFTS), 15):
        single = measure(p, q.moved(float(SHIFTS[index])))
        for key, values in found.items():
            assert values[index] == pytest.approx(single[key], rel=1e-6, abs=1e-7), (key, SHIFTS[index])


def test_slopes_and_flat_zones_of_gaussians():
    found = curve(Gaussian(), Gaussian(), np.linspace(-15, 15, 301), tolerance=1e-3)
    inner = slice(1, -1)
    assert np.allclose(found.slopes["kl"][inner], found.shifts[inner], atol=1e-6)  # KL = s^2 / 2
    assert found.flat["kl"] == [] and found.flat["w1"] == []
    (left_start, left_end), (right_start, right_end) = found.flat["jensen-shannon"]  # saturated, but not at the minimum
    assert (left_start, right_end) == (-15, 15) and left_end == pytest.approx(-right_start)
    assert 5 < right_start < 9
    assert found.infinite["kl"] == []


def test_zones_of_uniforms():
    found = curve(Uniform(0, 1), Uniform(0, 1), SHIFTS)
    assert found.flat["total-variation"] == [(-6, pytest.approx(-1.1)), (pytest.approx(1.1), 6)]
    assert found.infinite["kl"] == [(-6, pytest.approx(-0.1)), (pytest.approx(0.1), 6)]
    assert np.isnan(found.slopes["kl"][0]) and found.flat["kl"] == []
    assert np.abs(found.slopes["w1"][5]) == pytest.approx(1)


def test_parallel_lines():
    """Arjovsky et al. 2017, example 1."""
    found = curve(*parallel_lines(0), SHIFTS)
    apart = np.abs(SHIFTS) > 1e-9
    assert np.allclose(found.values["w1"], np.abs(SHIFTS))
    assert np.allclose(found.values["jensen-shannon"], LOG2 * apart)
    assert np.allclose(found.values["total-variation"], apart)
    assert (np.isinf(found.values["kl"]) == apart).all() and (np.isinf(found.values["reverse-kl"]) == apart).all()
    assert (found.slopes["jensen-shannon"][apart] == 0).all()  # there is nothing to follow
    assert np.isnan(found.slopes["jensen-shannon"][~apart]).all()
    assert found.flat["jensen-shannon"] == [(-6, pytest.approx(-0.1)), (pytest.approx(0.1), 6)]
    assert np.allclose(np.abs(found.slopes["w1"][apart]), 1) and found.flat["w1"] == []
