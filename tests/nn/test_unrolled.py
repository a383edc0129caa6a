"""Looking ahead: against the optimisers themselves, and its gradients against finite differences."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_studio.networks import DISCRIMINATORS
from gan_studio.nn.optimisers import OPTIMISERS
from gan_studio.nn.unrolled import Function, look_ahead

KINDS = [entry.kind for entry in OPTIMISERS]


def played(kind: str, **options: object) -> tuple[nn.Module, torch.optim.Optimizer, Tensor]:
    """D in double precision after two steps, so that there are moments; and what it told apart."""
    torch.manual_seed(0)
    values = {"kind": "mlp", "width": 5, "activation": "tanh"} | options
    D = DISCRIMINATORS.parse(values).build((2,)).double()
    D.forward = lambda x: D.main(x).flatten()  # type: ignore[method-assign]  # a logit in double precision, too
    optimiser = OPTIMISERS[kind](lr=0.05).build(D.parameters())
    real = torch.randn(6, 2, dtype=torch.float64)
    for _ in range(2):
        step(D, optimiser, d_loss(real, real.flip(0) + 1))
    return D, optimiser, real


def d_loss(real: Tensor, fake: Tensor) -> Callable[[Function], Tensor]:
    return lambda D: (softplus(-D(real)) + softplus(D(fake))).mean()


def step(D: nn.Module, optimiser: torch.optim.Optimizer, loss: Callable[[Function], Tensor]) -> None:
    optimiser.zero_grad()
    loss(D).backward()
    optimiser.step()


@pytest.mark.parametrize("kind", KINDS)
def test_it_foresees_the_optimisers_own_steps_and_moves_nothing(kind: str) -> None:
    D, optimiser, real = played(kind, norm="batch", spectral=True)
    loss, x = d_loss(real, real - 1), torch.randn(4, 2, dtype=torch.float64)
    before = copy.deepcopy([D.state_dict(), optimiser.state_dict()])
    foreseen = look_ahead(D, optimiser, loss, 3)
    answer = foreseen(x)
    after = [D.state_dict(), optimiser.state_dict()]
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    for _ in range(3):
        step(D, optimiser, loss)
    torch.testing.assert_close(answer, D(x), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_ahead_is_the_network_itself(kind: str) -> None:
    D, optimiser, real = played(kind)
    assert torch.equal(look_ahead(D, optimiser, d_loss(real, real), 0)(real), D(real))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 4])
def test_gradients_flow_through_the_steps(kind: str, steps: int) -> None:
    """What moving the generated points does to G's loss under the D that answers them, by central differences."""
    D, optimiser, real = played(kind)
    fake = (0.5 * real.flip(0)).requires_grad_()

    def g_loss(fake: Tensor) -> Tensor:
        return softplus(-look_ahead(D, optimiser, d_loss(real, fake), steps)(fake)).mean()

    (gradient,) = torch.autograd.grad(g_loss(fake), fake)
    (plain,) = torch.autograd.grad(softplus(-D(fake)).mean(), fake)
    numeric = torch.zeros_like(gradient)
    for i, j in torch.cartesian_prod(torch.arange(6), torch.arange(2)):
        moved = torch.zeros_like(numeric)
        moved[i, j] = 1e-6
        numeric[i, j] = (g_loss(fake.detach() + moved) - g_loss(fake.detach() - moved)).detach() / 2e-6
    torch.testing.assert_close(gradient, numeric, rtol=1e-5, atol=1e-8)
    assert (gradient - plain).norm() > 0.01 * plain.norm()


@pytest.mark.parametrize("kind", ["adam", "rmsprop"])
def test_a_weight_without_gradient_spoils_nothing(kind: str) -> None:
    """The slope of a root at 0 is infinite."""
    torch.manual_seed(0)
    D = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        D[0].bias[0] = -100.0  # a dead unit
    x = torch.randn(4, 2, requires_grad=True)
    optimiser = OPTIMISERS[kind](lr=0.01).build(D.parameters())
    foreseen = look_ahead(D, optimiser, lambda D_k: D_k(x).sum(), 2)
    (gradient,) = torch.autograd.grad(foreseen(x).sum(), x)
    assert gradient.isfinite().all()
