"""Every optimiser against torch's plain loop, which is neither fused nor batched."""

import copy

import pytest
import torch
from torch import nn

from gan_studio.config import ConfigError
from gan_studio.nn.optimisers import OPTIMISERS

PLAIN = {
    "adam": lambda p: torch.optim.Adam(p, 0.01, (0.3, 0.9), foreach=False, fused=False),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, (0.3, 0.9), weight_decay=0.1, foreach=False, fused=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01, 0.9, foreach=False),
    "sgd": lambda p: torch.optim.SGD(p, 0.01, 0.7, foreach=False, fused=False),
}
OURS = {
    "adam": {"beta1": 0.3, "beta2": 0.9},
    "adamw": {"beta1": 0.3, "beta2": 0.9, "weight_decay": 0.1},
    "rmsprop": {"alpha": 0.9},
    "sgd": {"momentum": 0.7},
}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))


def train(made, optimiser, steps, seed=1):
    """`steps` steps on random batches; the losses."""
    random, losses = torch.Generator().manual_seed(seed), []
    for _ in range(steps):
        x = torch.randn(16, 4, generator=random)
        loss = (made(x) - x.sum(1, keepdim=True)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("kind", PLAIN)
def test_equals_the_plain_loop(kind):
    ours, plain = network(), network()
    train(ours, OPTIMISERS.parse({"kind": kind, "lr": 0.01} | OURS[kind]).build(ours.parameters()), 20)
    train(plain, PLAIN[kind](plain.parameters()), 20)
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("entry", list(OPTIMISERS), ids=lambda entry: entry.kind)
def test_learns_and_resumes_bit_for_bit(entry):
    spec = entry(lr=0.01)
    assert OPTIMISERS.parse(spec.plain()) == spec
    straight = network()
    optimiser = spec.build(straight.parameters())
    losses = train(straight, optimiser, 30)
    assert losses[-1] < losses[0]

    stopped = network()
    stopped.load_state_dict(straight.state_dict())
    resumed = spec.build(stopped.parameters())
    resumed.load_state_dict(copy.deepcopy(optimiser.state_dict()))  # else torch shares its tensors
    assert train(stopped, resumed, 5, seed=2) == train(straight, optimiser, 5, seed=2)


@pytest.mark.parametrize("entry", list(OPTIMISERS), ids=lambda entry: entry.kind)
def test_refuses_a_learning_rate_of_zero(entry):
    with pytest.raises(ConfigError, match="lr"):
        entry.parse({"lr": 0})


@pytest.mark.parametrize("kind", PLAIN)
def test_equals_the_plain_loop_in_channels_last(kind):
    """Fused kernels walk through memory: weights, gradients and moments must lie in it alike."""

    def trained(build):
        torch.manual_seed(0)
        made = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Tanh(), nn.Conv2d(8, 4, 1), nn.ConvTranspose2d(4, 2, 4, 2, 1))
        made.to(memory_format=torch.channels_last)
        optimiser = build(made.parameters())
        for _ in range(5):
            optimiser.zero_grad()
            made(torch.randn(2, 3, 8, 8)).square().mean().backward()
            optimiser.step()
        return list(made.parameters())

    ours = trained(OPTIMISERS.parse({"kind": kind, "lr": 0.01} | OURS[kind]).build)
    for a, b in zip(ours, trained(PLAIN[kind]), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-5)
