"""Gradients of a function with respect to its input, kept differentiable for penalties; and how long they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]  # x [N, ...] -> [N], or [N, ...], which is summed over each sample


def input_gradient(f: Function, x: Tensor) -> Tensor:
    """The gradient of sum f(x) with respect to x, [N, ...] as x itself; second derivatives flow through it."""
    x = x.detach().requires_grad_()
    (grad,) = torch.autograd.grad(f(x).float().sum(), x, create_graph=True)
    return grad


def squared_gradient_norm(f: Function, x: Tensor) -> Tensor:
    """The sum of squares of the gradient at each sample, [N]."""
    return input_gradient(f, x).flatten(1).square().sum(dim=1)


def gradient_norm(f: Function, x: Tensor) -> Tensor:
    """Euclidean norm of the gradient at each sample, [N]; 1e-12 under the root keeps it differentiable at 0."""
    return (squared_gradient_norm(f, x) + 1e-12).sqrt()


@torch.no_grad()
def weight_gradient_norm(weights: Iterable[Tensor]) -> Tensor:
    """Euclidean norm of the gradient that lies on a network's weights, all of them as one vector: a scalar."""
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
