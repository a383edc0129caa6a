"""Gradients of a function with respect to its input, kept differentiable for penalties."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def input_gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of sum f(x) with respect to x, [N, ...] as x itself; second derivatives flow through it."""
    x = x.detach().requires_grad_()
    (grad,) = torch.autograd.grad(f(x).float().sum(), x, create_graph=True)
    return grad


def gradient_norm(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Euclidean norm of the gradient at each sample, [N]; 1e-12 under the root keeps it differentiable at 0."""
    return (input_gradient(f, x).flatten(1).square().sum(dim=1) + 1e-12).sqrt()
