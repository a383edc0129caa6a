"""The shelf of objectives: every entry in every variant, then what each must equal."""

import itertools
import math
from typing import Literal, get_args, get_origin

import numpy as np
import pytest
import scipy.stats
import torch
from scipy.optimize import minimize_scalar
from torch import nn

from gan_studio.config import ConfigError, from_toml, to_toml
from gan_studio.objectives import OBJECTIVES
from gan_studio.objectives.relativistic import LOSSES
from gan_studio.registry import OneOf

# --- every entry -----------------------------------------------------------------------------------------------------


def variants(entry):
    """The entry with each combination of its choices, those from other shelves included."""
    choices = {}
    for name, field in entry.model_fields.items():
        if get_origin(field.annotation) is Literal:
            choices[name] = get_args(field.annotation)
        for mark in field.metadata:
            if isinstance(mark, OneOf):
                choices[name] = [other.kind for other in mark.shelf]
    for values in itertools.product(*choices.values()):
        label = "-".join([entry.kind, *values]).replace("/", "")
        yield pytest.param(entry.parse(dict(zip(choices, values, strict=True))), id=label)


EVERY = [objective for entry in OBJECTIVES for objective in variants(entry)]
every_objective = pytest.mark.parametrize("objective", EVERY)

# Divergences whose terms hold e^v by nature: beyond some 88 they leave float32, whatever the code does.
EXPONENTIAL = {"kl", "reverse-kl", "neyman", "squared-hellinger", "jeffrey", "alpha"}


class Judge(nn.Module):
    """D(x) = w x, so that samples are logits while w is 1."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.w * x[:, 0]


def total(terms):
    return sum(term.mean() for term in terms.values())


def test_the_shelf_is_complete():
    assert {entry.kind for entry in OBJECTIVES} >= {
        "minimax",
        "non-saturating",
        "least-squares",
        "loss-sensitive",
        "hinge",
        "wasserstein",
        "f-gan",
        "relativistic-paired",
        "relativistic-average",
    }
    assert all(entry.paper and entry.about.endswith(".") for entry in OBJECTIVES)


@every_objective
def test_round_trip_through_a_file(objective):
    assert OBJECTIVES.parse(from_toml(to_toml(objective.plain()))) == objective


@every_objective
def test_gradients_reach_both_players(objective):
    torch.manual_seed(0)
    D, real = Judge(), torch.randn(64, 1)
    fake = torch.randn(64, 1, requires_grad=True)

    d_terms = objective.d_loss(D, real, fake.detach())
    assert all(term.shape == (64,) for term in d_terms.values())
    total(d_terms).backward()
    assert D.w.grad.isfinite() and D.w.grad != 0

    g_terms = objective.g_loss(D, real, fake)
    assert all(term.shape == (64,) for term in g_terms.values())
    total(g_terms).backward()
    assert fake.grad.isfinite().all()
    assert (fake.grad != 0).float().mean() > 0.5  # a hinge may leave some samples out


@every_objective
@pytest.mark.parametrize("logit", [50.0, 500.0])
def test_finite_at_extreme_logits(objective, logit):
    D = Judge()
    real = torch.tensor([[logit], [logit], [-logit], [-logit]])
    fake = torch.tensor([[logit], [-logit], [logit], [-logit]], requires_grad=True)
    terms = [*objective.d_loss(D, real, fake).values(), *objective.g_loss(D, real, fake).values()]
    sum(term.sum() for term in terms).backward()
    everything = torch.cat([*terms, fake.grad.flatten(), D.w.grad.view(1)])
    exponential = objective.kind == "f-gan" and objective.divergence.kind in EXPONENTIAL
    assert everything.isfinite().all() != (exponential and logit > 88)


@every_objective
def test_patches_are_samples(objective):
    torch.manual_seed(1)
    real, fake = torch.randn(2, 4, 1, 3, 5)
    by_patch = objective.d_loss(lambda x: x, real, fake)
    assert all(term.shape == (4, 1, 3, 5) for term in by_patch.values())
    assert all(term.shape == (4, 1, 3, 5) for term in objective.g_loss(lambda x: x, real, fake).values())
    if objective.kind != "loss-sensitive":  # its margin belongs to the whole sample
        flat = objective.d_loss(lambda x: x, real.flatten(), fake.flatten())
        assert all(torch.allclose(by_patch[name].flatten(), flat[name]) for name in flat)


@every_objective
def test_distance_is_a_lower_bound(objective):
    """Between a distribution and itself no D finds more than there is: 0, or -log 4 where f(1) is not 0."""
    torch.manual_seed(2)
    x = torch.randn(256, 1).double()
    is_gan = objective.kind == "f-gan" and objective.divergence.kind == "gan"
    for slope in (-2.0, -0.3, 0.0, 0.5, 1.0, 3.0):
        for name, estimate in objective.distance(objective.d_loss(lambda x, s=slope: s * x[:, 0] + 0.2, x, x)).items():
            assert name == name.lower() and estimate.shape == ()
            assert estimate <= (-math.log(4) if is_gan else 0) + 1e-6


@every_objective
def test_score_is_a_share_that_rises(objective):
    score = objective.score(torch.linspace(-5, 5, 101))
    if score is not None:
        assert score.min() >= 0 and score.max() <= 1 and (score.diff() >= 0).all()
        assert score.min() < 0.5 < score.max()


# --- the best D reveals the exact distance ---------------------------------------------------------------------------

X = torch.linspace(-14, 14, 4001, dtype=torch.float64)
P = torch.from_numpy(scipy.stats.norm(0, 1).pdf(X))
Q = torch.from_numpy(scipy.stats.norm(0.7, 1.2).pdf(X))
DX = X[1] - X[0]


def integral(y):
    return float((y * DX).sum())


def estimate(objective, logits):
    """What the objective reports when D gives these logits on the grid, with expectations by quadrature."""
    terms = objective.d_loss(lambda x: logits, X, X)
    weighted = {"real": terms["real"] * P * DX * len(X), "fake": terms["fake"] * Q * DX * len(X)}
    ((name, value),) = objective.distance(weighted).items()
    return name, float(value)


def jsd(p, q, share=0.5):
    m = share * p + (1 - share) * q
    return integral(share * p * (p / m).log() + (1 - share) * q * (q / m).log())


@pytest.mark.parametrize("kind", ["minimax", "non-saturating"])
def test_cross_entropy_estimates_jensen_shannon(kind):
    objective = OBJECTIVES.parse(kind)
    name, value = estimate(objective, (P / Q).log())
    assert name == "js" and value == pytest.approx(jsd(P, Q), abs=1e-8)
    assert torch.allclose(objective.score((P / Q).log()), P / (P + Q))


@pytest.mark.parametrize("kind", ["minimax", "non-saturating"])
def test_label_smoothing_keeps_a_lower_bound(kind):
    s = 0.1
    objective = OBJECTIVES.parse({"kind": kind, "smoothing": s})
    best = ((1 - s) * P / (s * P + Q)).log()  # D* = (1 - s) p / (p + q)
    _, value = estimate(objective, best)
    flipped = (s * P + Q) / (1 + s)  # what is labelled "fake"
    assert value == pytest.approx(jsd(P, flipped, share=(1 - s) / 2), abs=1e-8)
    assert 0 < value < jsd(P, Q)
    assert all(estimate(objective, best + 0.1 * torch.sin(k * X))[1] < value for k in (1, 2, 3))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_minimax_is_zero_sum_and_non_saturating_does_not_vanish(smoothing):
    logits = torch.linspace(-30, 30, 61, dtype=torch.float64)
    minimax = OBJECTIVES.parse({"kind": "minimax", "smoothing": smoothing})
    terms = minimax.d_loss(lambda x: x, logits, logits)
    share = torch.sigmoid(logits)
    expected = -(1 - smoothing) * share.log() - smoothing * torch.sigmoid(-logits).log()
    assert torch.allclose(terms["real"], expected)
    assert torch.equal(minimax.g_loss(lambda x: x, logits, logits)["adversarial"], -terms["fake"])
    saturating, alive = logits[:1].clone().requires_grad_(), logits[:1].clone().requires_grad_()
    minimax.g_loss(lambda x: x, logits, saturating)["adversarial"].sum().backward()
    OBJECTIVES.parse("non-saturating").g_loss(lambda x: x, logits, alive)["adversarial"].sum().backward()
    assert abs(saturating.grad) < 1e-12 and alive.grad == pytest.approx(-1)


@pytest.mark.parametrize(("labels", "a", "b"), [("0/1/1", 0, 1), ("-1/1/0", -1, 1)])
def test_lsgan_estimates_triangular_discrimination(labels, a, b):
    objective = OBJECTIVES.parse({"kind": "least-squares", "labels": labels})
    best = (b * P + a * Q) / (P + Q)
    name, value = estimate(objective, best)
    assert name == "triangular" and value == pytest.approx(integral((P - Q) ** 2 / (P + Q)), abs=1e-8)
    assert torch.allclose(objective.score(best), P / (P + Q))


def test_lsgan_lowers_a_pearson_divergence():
    """Where b - c = 1 and b - a = 2, twice G's loss on real and fake is chi^2 of 2 q against p + q: equation 8."""
    objective = OBJECTIVES.parse({"kind": "least-squares", "labels": "-1/1/0"})
    g_term = objective.g_loss(lambda x: (P - Q) / (P + Q), X, X)["adversarial"]
    assert 2 * integral(g_term * (P + Q)) == pytest.approx(integral((2 * Q - (P + Q)) ** 2 / (P + Q)), abs=1e-8)


@pytest.mark.parametrize("sigma", [0.7, 0.97, 1.03, 1.4])
@pytest.mark.parametrize("labels", ["0/1/1", "-1/1/0"])
def test_lsgan_pull_on_the_width_of_the_samples(labels, sigma):
    """G(z) = sigma z against N(0, 1), with the best D held: 0/1/1 pulls to the true width, -1/1/0 narrows always."""
    objective = OBJECTIVES.parse({"kind": "least-squares", "labels": labels})
    b, a = (1, 0) if labels == "0/1/1" else (1, -1)
    normal = torch.distributions.Normal(torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))

    def D(x):
        p, q = normal.log_prob(x).exp(), normal.log_prob(x / sigma).exp() / sigma
        return (b * p + a * q) / (p + q)

    z, width = X[(X > -8) & (X < 8)], torch.tensor(sigma, dtype=torch.float64, requires_grad=True)
    loss = (objective.g_loss(D, z, width * z)["adversarial"] * normal.log_prob(z).exp() * DX).sum()
    (pull,) = torch.autograd.grad(loss, width)
    assert (pull > 0) == (sigma > 1 or labels == "-1/1/0")


def test_hinge_estimates_total_variation():
    name, value = estimate(OBJECTIVES.parse("hinge"), torch.sign(P - Q))
    assert name == "total variation" and value == pytest.approx(integral((P - Q).abs()) / 2, abs=1e-8)


def test_wasserstein_equals_the_transport_cost():
    random = np.random.default_rng(0)
    real, fake = random.normal(0, 1, 400), random.normal(0.3, 2, 400)
    at = np.sort(np.concatenate([real, fake]))
    below = [np.searchsorted(np.sort(side), at[:-1], side="right") / 400 for side in (real, fake)]
    slope = np.sign(below[1] - below[0])  # f' = sign(F_q - F_p) is the best slope of 1 at most
    potential = np.concatenate([[0], np.cumsum(slope * np.diff(at))])

    def D(x):
        return torch.from_numpy(np.interp(x.numpy(), at, potential))

    objective = OBJECTIVES.parse("wasserstein")
    terms = objective.d_loss(D, torch.from_numpy(real), torch.from_numpy(fake))
    value = float(objective.distance(terms)["wasserstein"])
    assert value == pytest.approx(scipy.stats.wasserstein_distance(real, fake), rel=1e-12)


# --- loss-sensitive --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_loss_sensitive_against_numpy(slope, gamma):
    random = np.random.default_rng(1)
    real, fake = random.normal(size=(2, 50, 3, 4))
    w = random.normal(size=(3, 4))
    objective = OBJECTIVES.parse({"kind": "loss-sensitive", "slope": slope, "gamma": gamma, "scale": 0.1})
    terms = objective.d_loss(
        lambda x: (x * torch.from_numpy(w)).sum(dim=(1, 2)), torch.from_numpy(real), torch.from_numpy(fake)
    )
    for n in range(50):
        L_r, L_f = -(real[n] * w).sum(), -(fake[n] * w).sum()
        a = 0.1 * np.abs(real[n] - fake[n]).sum() + L_r - L_f
        assert terms["margin"][n] == pytest.approx(max(a, slope * a))
        if gamma:
            assert terms["real"][n] == pytest.approx(gamma * max(0, L_r))


def test_gls_gan_with_slope_1_is_wasserstein():
    torch.manual_seed(3)
    real, fake = torch.randn(2, 32, 1)
    gradients = []
    for plain in ({"kind": "loss-sensitive", "slope": 1.0}, {"kind": "wasserstein"}):
        D, objective = Judge(), OBJECTIVES.parse(plain)
        total(objective.d_loss(D, real, fake)).backward()
        moved = fake.clone().requires_grad_()
        total(objective.g_loss(D, real, moved)).backward()
        gradients.append((D.w.grad, moved.grad))
    assert torch.allclose(gradients[0][0], gradients[1][0]) and torch.equal(gradients[0][1], gradients[1][1])


def test_the_margin_of_a_sample_holds_for_each_of_its_patches():
    real, fake = torch.zeros(2, 3, 4, 4), torch.stack([torch.zeros(3, 4, 4), torch.ones(3, 4, 4)])
    terms = OBJECTIVES.parse({"kind": "loss-sensitive", "scale": 0.5}).d_loss(lambda x: 0 * x[:, :1], real, fake)
    assert torch.equal(terms["margin"][:, 0, 0, 0], torch.tensor([0.0, 24.0]))  # 0.5 * 48 values that differ by 1


# --- relativistic ----------------------------------------------------------------------------------------------------

H = {  # a second implementation, on floats
    "standard": lambda d: math.log1p(math.exp(-d)),
    "least-squares": lambda d: (d - 1) ** 2,
    "hinge": lambda d: max(0.0, 1 - d),
}
every_loss = pytest.mark.parametrize("loss", list(LOSSES))


def logits_of(x):
    return x


@every_loss
def test_paired_against_numpy(loss):
    objective = OBJECTIVES.parse({"kind": "relativistic-paired", "loss": loss})
    r, f = np.random.default_rng(2).normal(size=(2, 40))
    real, fake = torch.from_numpy(r), torch.from_numpy(f)
    for n in range(40):
        assert objective.d_loss(logits_of, real, fake)["relativistic"][n] == pytest.approx(H[loss](r[n] - f[n]))
        assert objective.g_loss(logits_of, real, fake)["relativistic"][n] == pytest.approx(H[loss](f[n] - r[n]))


@every_loss
def test_average_against_numpy(loss):
    objective = OBJECTIVES.parse({"kind": "relativistic-average", "loss": loss})
    r, f = np.random.default_rng(3).normal(size=(2, 40))

    def player(for_real, for_fake):  # what either player minimises
        return (np.mean([H[loss](d) for d in for_real]) + np.mean([H[loss](d) for d in for_fake])) / 2

    fake = torch.from_numpy(f).requires_grad_()
    d_value = total(objective.d_loss(logits_of, torch.from_numpy(r), fake))
    g_value = total(objective.g_loss(logits_of, torch.from_numpy(r), fake))
    assert d_value.item() == pytest.approx(player(r - f.mean(), r.mean() - f))
    assert g_value.item() == pytest.approx(player(f.mean() - r, f - r.mean()))

    # G's gradient, through the mean in the real branch too, by finite differences.
    g_value.backward()
    for n in (0, 7, 39):
        up, down = f.copy(), f.copy()
        up[n] += 1e-6
        down[n] -= 1e-6
        slope = (player(up.mean() - r, up - r.mean()) - player(down.mean() - r, down - r.mean())) / 2e-6
        assert float(fake.grad[n]) == pytest.approx(slope, rel=1e-5)


PAIRED_SUPREMUM = {  # between (0.7, 0.3) and (0.2, 0.8): pairs that differ one way have mass A, the other way B
    "standard": lambda A, B: 2 * (A * math.log(2 * A / (A + B)) + B * math.log(2 * B / (A + B))),
    "least-squares": lambda A, B: 2 * (A - B) ** 2 / (A + B),
    "hinge": lambda A, B: 2 * abs(A - B),
}


@every_loss
@pytest.mark.parametrize("kind", ["relativistic-paired", "relativistic-average"])
def test_relativistic_divergence_of_two_coins(kind, loss):
    objective = OBJECTIVES.parse({"kind": kind, "loss": loss})
    real = torch.tensor([1.0] * 7 + [0.0] * 3).double().repeat_interleave(10)  # all pairs of 10 with 10
    fake = torch.tensor([1.0] * 2 + [0.0] * 8).double().repeat(10)

    def reported(d):
        (value,) = objective.distance(objective.d_loss(lambda x: d * x, real, fake)).values()
        return float(value)

    def average(d):  # sup_C E[h(0) - h(C(x) - E C(y))] + E[h(0) - h(E C(x) - C(y))], written out
        h, mean_r, mean_f = H[loss], 0.7 * d, 0.2 * d
        on_real = 0.7 * h(d - mean_f) + 0.3 * h(-mean_f)
        on_fake = 0.2 * h(mean_r - d) + 0.8 * h(mean_r)
        return 2 * h(0) - on_real - on_fake

    def supremum(f):
        return -minimize_scalar(lambda d: -f(d), bounds=(0, 6), method="bounded", options={"xatol": 1e-9}).fun

    paired = kind == "relativistic-paired"
    exact = PAIRED_SUPREMUM[loss](0.7 * 0.8, 0.3 * 0.2) if paired else supremum(average)
    assert supremum(reported) == pytest.approx(exact, abs=1e-7)


# --- options that do not fit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0, 1, 1.001])
def test_alpha_near_its_limits_is_refused_with_advice(alpha):
    with pytest.raises(ConfigError, match=r"divergence\.alpha.*choose reverse-kl or kl"):
        OBJECTIVES.parse({"kind": "f-gan", "divergence": {"kind": "alpha", "alpha": alpha}})
