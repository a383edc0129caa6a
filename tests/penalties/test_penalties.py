"""The shelf of penalties: every entry, then closed forms on linear and quadratic discriminators."""

import pytest
import torch
from torch import nn

from gan_studio.config import extra, from_toml, to_toml
from gan_studio.objectives import OBJECTIVES
from gan_studio.penalties import PENALTIES, SLOPE

every_penalty = pytest.mark.parametrize("entry", list(PENALTIES), ids=lambda entry: entry.kind)
every_weight = pytest.mark.parametrize(
    "entry", [entry for entry in PENALTIES if "weight" in entry.model_fields], ids=lambda entry: entry.kind
)


class Critic(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0))


def batch(seed=0):
    return torch.randn(2, 8, 3, 2, 2, generator=torch.Generator().manual_seed(seed))


def terms_of(penalty, D, real, fake, seed=0):
    """What D minimises."""
    torch.manual_seed(seed)
    return {name: term for name, term in penalty.d_loss(D, real, fake).items() if not name.startswith(SLOPE)}


def slope_of(penalty, D, real, fake):
    """What is shown beside it."""
    (slope,) = (term for name, term in penalty.d_loss(D, real, fake).items() if name.startswith(SLOPE))
    return slope


# --- every entry -----------------------------------------------------------------------------------------------------


def test_the_shelf_is_complete():
    known = {"weight-clipping", "gradient-penalty", "dragan", "r1", "r2", "drift"}
    assert {entry.kind for entry in PENALTIES} >= known
    assert all(entry.paper and entry.about.endswith(".") for entry in PENALTIES)


@every_penalty
def test_round_trip_and_live_strength(entry):
    assert PENALTIES.parse(from_toml(to_toml(entry().plain()))) == entry()
    strength = "weight" if "weight" in entry.model_fields else "limit"
    assert extra(entry.model_fields[strength])["live"]


@every_penalty
def test_a_step_of_d(entry):
    torch.manual_seed(0)
    D = Critic()
    for term in terms_of(entry(), D, *batch()).values():
        assert term.shape == (8,) and term.isfinite().all() and (term >= 0).all()
        term.mean().backward()
        assert all(parameter.grad.isfinite().all() for name, parameter in D.named_parameters() if name != "3.bias")
        assert D[1].weight.grad.abs().sum() > 0
    entry().after_d_step(D)
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in D.parameters())


@pytest.mark.parametrize("entry", [e for e in PENALTIES if e.second_order], ids=lambda entry: entry.kind)
def test_slopes_are_shown_under_the_name_of_their_term(entry):
    """One gradient serves both, and nothing flows back through what is shown."""
    torch.manual_seed(0)
    D, calls = Critic(), []
    told = entry(weight=3.0).d_loss(lambda x: calls.append(x) or D(x), *batch())
    (name,) = terms_of(entry(), D, *batch())
    assert told.keys() == {name, SLOPE + name} and len(calls) == 1
    (x,) = calls
    (gradient,) = torch.autograd.grad(D(x).sum(), x)
    slope = told[SLOPE + name]
    assert not slope.requires_grad
    torch.testing.assert_close(slope, gradient.flatten(1).norm(dim=1))


@every_weight
def test_weight_scales(entry):
    torch.manual_seed(0)
    D, (real, fake) = Critic(), batch()
    once, twice, never = (terms_of(entry(weight=weight), D, real, fake) for weight in (1.0, 2.0, 0.0))
    for name in once:
        assert torch.allclose(twice[name], 2 * once[name]) and not never[name].any()


@every_weight
def test_patch_discriminators(entry):
    torch.manual_seed(0)
    D = nn.Conv2d(3, 1, 2, padding=1)
    for term in entry().d_loss(D, *batch()).values():
        assert len(term) == 8 and term.isfinite().all()


@every_weight
def test_flat_discriminators_give_finite_gradients(entry):
    w = torch.zeros(12, requires_grad=True)
    terms = terms_of(entry(), lambda x: x.flatten(1) @ w, *batch())
    sum(term.mean() for term in terms.values()).backward()
    assert w.grad.isfinite().all()


@every_weight
def test_mixed_precision(entry):
    torch.manual_seed(0)
    D, (real, fake) = Critic(), batch()
    exact = terms_of(entry(), D, real, fake)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = terms_of(entry(), D, real, fake)
    for name in exact:
        assert torch.allclose(exact[name], rounded[name].float(), rtol=0.1, atol=0.02 * exact[name].max().item())


@every_weight
def test_double_precision(entry):
    D, (real, fake) = Critic().double(), batch().double()
    assert all(term.dtype == torch.float64 for term in entry().d_loss(D, real, fake).values())


# --- closed forms ----------------------------------------------------------------------------------------------------


def linear(slope):
    """D(x) = a x with |a| = slope."""
    a = torch.linspace(-1, 2, 12)
    a = slope * a / a.norm()
    return lambda x: x.flatten(1) @ a


@pytest.mark.parametrize("slope", [0.25, 1.0, 3.0])
def test_linear_discriminators(slope):
    D, (real, fake) = linear(slope), batch()
    expected = {
        ("gradient-penalty", "two"): 10 * (slope - 1) ** 2,
        ("gradient-penalty", "one"): 10 * max(0, slope - 1) ** 2,
        ("dragan", None): 10 * (slope - 1) ** 2,
        ("r1", None): 10 / 2 * slope**2,
        ("r2", None): 10 / 2 * slope**2,
    }
    for (kind, sides), value in expected.items():
        penalty = PENALTIES.parse({"kind": kind} | ({"sides": sides} if sides else {}))
        (term,) = terms_of(penalty, D, real, fake).values()
        assert torch.allclose(term, torch.full((8,), float(value)), atol=1e-5), kind
        assert torch.allclose(slope_of(penalty, D, real, fake), torch.full((8,), slope)), kind


@pytest.mark.parametrize(("kind", "which"), [("r1", 0), ("r2", 1)])
def test_r1_and_r2_on_a_quadratic(kind, which):
    """D(x) = k/2 |x|^2 has the gradient k x: the penalty is gamma/2 k^2 |x|^2, its own slope in k gamma k |x|^2."""
    k, samples = torch.tensor(1.5, requires_grad=True), batch()
    squares = samples[which].flatten(1).square().sum(dim=1)
    penalty = PENALTIES.parse({"kind": kind, "weight": 6})

    def D(x):
        return k / 2 * x.flatten(1).square().sum(1)

    (term,) = terms_of(penalty, D, *samples).values()
    assert torch.allclose(term, 3 * 1.5**2 * squares)
    assert torch.allclose(slope_of(penalty, D, *samples), 1.5 * squares.sqrt())
    term.sum().backward()
    assert torch.allclose(k.grad, 6 * 1.5 * squares.sum())


def test_drift_is_on_real_samples():
    real, fake = batch()
    (term,) = PENALTIES.parse("drift").d_loss(linear(2.0), real, fake).values()
    assert torch.allclose(term, 0.001 * linear(2.0)(real) ** 2)


def seen_by(D, penalty, real, fake):
    """The points at which the penalty asks for D's slope."""
    seen = []
    penalty.d_loss(lambda x: seen.append(x.detach()) or D(x), real, fake)
    (points,) = seen
    return points


def test_gradient_penalty_looks_between_real_and_fake():
    torch.manual_seed(4)
    real, fake = batch().double()
    points = seen_by(lambda x: x.flatten(1).sum(1), PENALTIES.parse("gradient-penalty"), real, fake)
    eps = ((points - fake) / (real - fake)).flatten(1)  # [N, 12]
    assert torch.allclose(eps, eps[:, :1].expand_as(eps))  # one for all values of a sample
    assert eps.min() >= 0 and eps.max() <= 1 and eps[:, 0].unique().numel() == 8


def test_dragan_looks_around_real_samples_only():
    torch.manual_seed(5)
    real = torch.randn(500, 40, dtype=torch.float64)
    points = seen_by(lambda x: x.sum(1), PENALTIES.parse({"kind": "dragan", "spread": 0.8}), real, 1e6 + real)
    step = (points - real) / (0.8 * real.std(correction=0))  # alpha delta
    assert step.min() >= 0 and step.max() <= 1
    assert step.mean() == pytest.approx(1 / 4, abs=0.02)  # E alpha E delta
    alpha = 2 * step.mean(dim=1)  # nearly: delta averages to 1/2 over 40 values
    assert alpha.std() == pytest.approx((1 / 12) ** 0.5, abs=0.03)  # alpha is one per sample
    one = seen_by(lambda x: x.sum(1), PENALTIES.parse("dragan"), torch.ones(1, 1), torch.ones(1, 1))
    assert one.isfinite().all()


def test_two_sided_penalty_raises_the_estimate_of_wasserstein():
    """Between points 0 and W the best slope is 1 + W / (2 lambda), where -s W + lambda (s - 1)^2 rests."""
    W, weight = 3.0, 10.0
    real, fake = torch.full((4, 1), W), torch.zeros(4, 1)
    s = torch.tensor(1 + W / (2 * weight), requires_grad=True)

    def D(x):
        return s * x[:, 0]

    terms = OBJECTIVES.parse("wasserstein").d_loss(D, real, fake)
    terms |= terms_of(PENALTIES.parse({"kind": "gradient-penalty", "weight": weight}), D, real, fake)
    sum(term.mean() for term in terms.values()).backward()
    assert abs(s.grad) < 1e-5


def test_weight_clipping():
    D = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    before = [parameter.detach().clone() for parameter in D.parameters()]
    penalty = PENALTIES.parse({"kind": "weight-clipping", "limit": 0.05})
    assert penalty.d_loss(D, torch.zeros(2, 3), torch.zeros(2, 3)) == {}
    penalty.after_d_step(D)
    for old, new in zip(before, D.parameters(), strict=True):
        assert torch.equal(new, old.clamp(-0.05, 0.05))
    assert torch.equal(D[1].running_var, torch.ones(4))  # statistics are no weights
