"""Every divergence of the f-GAN table against definitions written out a second time, on floats."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import wrightomega

from gan_studio.objectives.f_gan import DIVERGENCES, FGan, log_lambert_w, log_softplus


def alpha_row(a):
    return (
        lambda u: (u**a - 1 - a * (u - 1)) / (a * (a - 1)),
        lambda u: (u ** (a - 1) - 1) / (a - 1),
    )


# name: (f, f')
TABLE = {
    "kl": (lambda u: u * np.log(u), lambda u: np.log(u) + 1),
    "reverse-kl": (lambda u: -np.log(u), lambda u: -1 / u),
    "pearson": (lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1)),
    "neyman": (lambda u: (1 - u) ** 2 / u, lambda u: 1 - u**-2),
    "squared-hellinger": (lambda u: (np.sqrt(u) - 1) ** 2, lambda u: 1 - u**-0.5),
    "jensen-shannon": (lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2), lambda u: np.log(2 * u / (u + 1))),
    "gan": (lambda u: u * np.log(u) - (u + 1) * np.log(u + 1), lambda u: np.log(u / (u + 1))),
    "jeffrey": (lambda u: (u - 1) * np.log(u), lambda u: np.log(u) + 1 - 1 / u),
}
ALPHAS = (-1.0, 0.5, 0.9, 1.5, 2.0, 3.0)
ROWS = [pytest.param(DIVERGENCES.parse(name), *row, id=name) for name, row in TABLE.items()]
ROWS += [
    pytest.param(DIVERGENCES.parse({"kind": "alpha", "alpha": a}), *alpha_row(a), id=f"alpha {a:g}") for a in ALPHAS
]
every_row = pytest.mark.parametrize(("divergence", "f", "slope"), ROWS)


def test_every_divergence_has_a_row():
    assert {entry.kind for entry in DIVERGENCES} == {*TABLE, "alpha"}
    assert len({entry.curve for entry in DIVERGENCES}) == 9


@every_row
def test_conjugate_is_the_supremum(divergence, f, slope):
    for v in np.linspace(-1.9, 2, 12):
        v = torch.tensor(v, dtype=torch.float64)
        t = float(divergence.activation(v))
        best = minimize_scalar(
            lambda log_u, t=t: f(math.exp(log_u)) - t * math.exp(log_u),
            bounds=(-40, 60),
            method="bounded",
            options={"xatol": 1e-10},
        )
        assert float(divergence.conjugate(v)) == pytest.approx(-best.fun, abs=1e-6, rel=1e-6)


@every_row
def test_log_ratio_inverts_the_best_answer(divergence, f, slope):
    v = torch.linspace(-0.3, 4, 40, dtype=torch.float64)  # in the range of f' for every row
    u = divergence.log_ratio(v).exp().numpy()
    assert np.allclose(slope(u), divergence.activation(v).numpy(), atol=1e-9)


@every_row
def test_gradient_of_the_conjugate_is_the_ratio(divergence, f, slope):
    """d f*(T) / dT = u where T = f'(u), so d f*(g_f(v)) / dv = u dT / dv."""
    v = torch.linspace(-0.3, 6, 64, dtype=torch.float64, requires_grad=True)
    (conjugate,) = torch.autograd.grad(divergence.conjugate(v).sum(), v)
    (activation,) = torch.autograd.grad(divergence.activation(v).sum(), v)
    assert torch.allclose(conjugate, divergence.log_ratio(v).exp() * activation, rtol=1e-8)


# --- the bound between two Gaussians ---------------------------------------------------------------------------------

X = np.linspace(-11, 11, 2001)
DX = X[1] - X[0]


def gaussian(mean, std):
    return np.exp(-(((X - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


P, Q = gaussian(0, 1), gaussian(0.5, 1.1)


def best_logits(divergence, slope):
    """v with g_f(v) = f'(p/q), by bisection."""
    target, low, high = slope(P / Q), np.full_like(X, -1e7), np.full_like(X, 1e7)
    with np.errstate(over="ignore"):
        for _ in range(100):
            middle = (low + high) / 2
            above = divergence.activation(torch.from_numpy(middle)).numpy() > target
            low, high = np.where(above, low, middle), np.where(above, middle, high)
    return torch.from_numpy(low)


def bound(divergence, logits):
    objective = FGan(divergence=divergence)
    terms = objective.d_loss(lambda x: logits, torch.from_numpy(X), torch.from_numpy(X))
    weighted = {
        "real": terms["real"] * torch.from_numpy(P) * DX * len(X),
        "fake": terms["fake"] * torch.from_numpy(Q) * DX * len(X),
    }
    return float(objective.distance(weighted)[divergence.curve])


@every_row
def test_the_best_discriminator_reaches_the_divergence(divergence, f, slope):
    exact = (Q * f(P / Q)).sum() * DX
    logits = best_logits(divergence, slope)
    assert bound(divergence, logits) == pytest.approx(exact, abs=1e-7)
    inside = np.abs(X) < 6
    score = FGan(divergence=divergence).score(logits).numpy()
    assert np.allclose(score[inside], (P / (P + Q))[inside], atol=1e-6)
    for k in (1, 2, 3):  # any other D finds less
        assert bound(divergence, logits + 0.2 * torch.sin(k * torch.from_numpy(X))) < exact


def test_closed_forms_between_gaussians():
    """An oracle without quadrature: KL both ways, and by them Jeffrey; 1/2 is twice Hellinger's."""

    def kl(m1, s1, m2, s2):
        return math.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5

    forward, backward = kl(0, 1, 0.5, 1.1), kl(0.5, 1.1, 0, 1)
    overlap = math.sqrt(2 * 1.1 / (1 + 1.21)) * math.exp(-0.25 / (4 * 2.21))  # int sqrt(p q)
    exact = {"kl": forward, "reverse-kl": backward, "jeffrey": forward + backward, "squared-hellinger": 2 - 2 * overlap}
    for name, value in exact.items():
        divergence = DIVERGENCES.parse(name)
        assert bound(divergence, best_logits(divergence, TABLE[name][1])) == pytest.approx(value, abs=1e-7)


def test_the_exact_generator_lowers_the_bound_and_the_practical_one_raises_the_answer():
    logits = torch.linspace(-2, 2, 9)
    for entry in DIVERGENCES:
        divergence = entry()
        exact = FGan(divergence=divergence, generator="exact").g_loss(lambda x: x, logits, logits)["adversarial"]
        practical = FGan(divergence=divergence).g_loss(lambda x: x, logits, logits)["adversarial"]
        fake = FGan(divergence=divergence).d_loss(lambda x: x, logits, logits)["fake"]
        assert torch.equal(exact, -fake)  # zero-sum in the fake term
        assert torch.equal(practical, -divergence.activation(logits))


# --- special functions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lambert_w_against_scipy(dtype):
    c = torch.cat([torch.linspace(-600, 600, 4001), torch.linspace(-2, 4, 601)]).to(dtype).requires_grad_()
    x = log_lambert_w(c)
    exact = np.log(wrightomega(c.detach().double().numpy()))
    exact[c.detach() < -700] = c.detach().double()[c.detach() < -700]
    tolerance = 1e-12 if dtype == torch.float64 else 2e-6
    assert np.allclose(x.detach().numpy(), exact, rtol=tolerance, atol=tolerance)
    x.sum().backward()
    assert np.allclose(c.grad.numpy(), 1 / (1 + np.exp(exact)), rtol=10 * tolerance)


def test_log_softplus_far_below_0():
    x = torch.tensor([-500.0, -60, -15.001, -14.999, 0, 30], dtype=torch.float64, requires_grad=True)
    y = log_softplus(x)
    assert np.allclose(y.detach()[1:], np.log(np.log1p(np.exp(x.detach()[1:].numpy()))), rtol=0, atol=1e-9)
    assert y[0] == -500
    y.sum().backward()
    assert x.grad.isfinite().all() and torch.allclose(x.grad[:2], torch.ones(2, dtype=torch.float64))
