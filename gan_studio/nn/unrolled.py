"""Looking ahead: where a network's next optimiser steps would lead, differentiably. Metz et al. 2017, section 2.2.

Each step is the optimiser's own, with the moments that it has by now, as the paper's published code unrolls Adam.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

Function = Callable[[Tensor], Tensor]
Weights = dict[str, Tensor]

TINY = 1e-30  # the least under a root: the slope of a root at 0 is infinite


def look_ahead(
    network: nn.Module, optimiser: torch.optim.Optimizer, loss: Callable[[Function], Tensor], steps: int
) -> Function:
    """The network as it would be after so many optimiser steps on `loss(network)`, a scalar.

    Gradients of all orders flow through the steps to whatever `loss` depends on. Neither the network nor its
    statistics nor the optimiser are moved. `optimiser` holds all of the network's weights, in their order.
    """
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    weights = {name: weight.detach().requires_grad_() for name, weight in network.named_parameters()}
    rules = {name: RULES[type(optimiser)](optimiser, weight) for name, weight in network.named_parameters()}

    def at(weights: Weights) -> Function:
        return lambda x: functional_call(network, (weights, buffers), (x,))

    for _ in range(steps):
        gradients = torch.autograd.grad(loss(at(weights)), list(weights.values()), create_graph=True)
        moved = zip(weights.items(), gradients, strict=True)
        weights = {name: rules[name].step(weight, gradient) for (name, weight), gradient in moved}
    return at(weights)


class Rule(ABC):
    """How an optimiser moves one weight: its own arithmetic, out of place."""

    def __init__(self, optimiser: torch.optim.Optimizer, weight: Tensor):
        self.options = next(group for group in optimiser.param_groups if any(p is weight for p in group["params"]))
        self.state: dict[str, Any] = dict(optimiser.state.get(weight, {}))  # tensors in it are read, never written
        self.begin(weight)

    @property
    def lr(self) -> float:
        return float(self.options["lr"])

    @abstractmethod
    def begin(self, weight: Tensor) -> None:
        """Take the moments out of the state, or begin them."""

    @abstractmethod
    def step(self, weight: Tensor, gradient: Tensor) -> Tensor: ...


class AdamRule(Rule):
    """Kingma & Ba 2015, Algorithm 1."""

    def begin(self, weight: Tensor) -> None:
        step = torch.as_tensor(self.state.get("step", 0.0))
        self.t = step.to(weight.dtype)  # it stays where it is: nothing waits for a graphics card
        self.m = self.state.get("exp_avg", torch.zeros_like(weight))
        self.v = self.state.get("exp_avg_sq", torch.zeros_like(weight))

    def step(self, weight: Tensor, gradient: Tensor) -> Tensor:
        beta1, beta2 = self.options["betas"]
        self.t = self.t + 1
        self.m = beta1 * self.m + (1 - beta1) * gradient
        self.v = beta2 * self.v + (1 - beta2) * gradient.square()
        m_hat = self.m / self.weight_so_far(beta1)
        v_hat = self.v / self.weight_so_far(beta2)
        return weight - self.lr * m_hat / (v_hat.clamp(min=TINY).sqrt() + self.options["eps"])

    def weight_so_far(self, beta: float) -> Tensor | float:
        """1 - beta^t, also in single precision."""
        return -torch.expm1(self.t * math.log(beta)) if beta else 1.0


class AdamWRule(AdamRule):
    """Loshchilov & Hutter 2019, Algorithm 2."""

    def step(self, weight: Tensor, gradient: Tensor) -> Tensor:
        return super().step(weight * (1 - self.lr * self.options["weight_decay"]), gradient)


class RmsPropRule(Rule):
    def begin(self, weight: Tensor) -> None:
        self.v = self.state.get("square_avg", torch.zeros_like(weight))

    def step(self, weight: Tensor, gradient: Tensor) -> Tensor:
        alpha = self.options["alpha"]
        self.v = alpha * self.v + (1 - alpha) * gradient.square()
        return weight - self.lr * gradient / (self.v.clamp(min=TINY).sqrt() + self.options["eps"])


class SgdRule(Rule):
    def begin(self, weight: Tensor) -> None:
        self.velocity = self.state.get("momentum_buffer")

    def step(self, weight: Tensor, gradient: Tensor) -> Tensor:
        old = self.velocity
        self.velocity = gradient if old is None else self.options["momentum"] * old + gradient
        return weight - self.lr * self.velocity


RULES: dict[type[torch.optim.Optimizer], type[Rule]] = {
    torch.optim.Adam: AdamRule,
    torch.optim.AdamW: AdamWRule,
    torch.optim.RMSprop: RmsPropRule,
    torch.optim.SGD: SgdRule,
}
