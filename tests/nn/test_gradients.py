"""Norms of gradients, by the weights and by the input."""

from __future__ import annotations

import torch
from torch import nn

from gan_studio.nn.gradients import gradient_norm, weight_gradient_norm


def test_all_weights_count_as_one_vector() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    network(torch.randn(4, 3)).square().sum().backward()
    whole = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    norm = weight_gradient_norm(network.parameters())
    assert norm.shape == () and not norm.requires_grad
    torch.testing.assert_close(norm, whole.norm())


def test_weights_without_a_gradient_do_not_count() -> None:
    network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    network[1].requires_grad_(False)
    network(torch.tensor([[2.0]])).sum().backward()
    torch.testing.assert_close(
        weight_gradient_norm(network.parameters()), (2 * network[1].weight).abs().detach().squeeze()
    )


def test_the_norm_by_the_input_is_that_of_each_sample() -> None:
    """f(x) = |x|^2 / 2 has the gradient x."""
    x = torch.randn(6, 3, 2, generator=torch.Generator().manual_seed(0))
    norms = gradient_norm(lambda x: x.flatten(1).square().sum(dim=1) / 2, x)
    torch.testing.assert_close(norms, x.flatten(1).norm(dim=1))
