"""Optimisers as Specs: one class each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from ..config import Spec, option
from ..registry import OneOf, Registry

Parameters = Iterable[nn.Parameter]


class Optimiser(Spec):
    lr: float = option(
        2e-4,
        "Learning rate, the size of each step: too large, and the players swing; too small, and nothing is learnt.",
        gt=0,
        le=10,
        live=True,
        learn=True,
        log=True,
    )

    @abstractmethod
    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        """The torch optimiser, in its fused form where there is one.

        Fused kernels trust that each gradient lies in memory as its weight does. `backward()` sees to that; gradients
        put there by hand must too, or the wrong numbers meet without an error.
        """


OPTIMISERS: Registry[Optimiser] = Registry("gan_studio.nn", "optimiser")


@OPTIMISERS.add
class Adam(Optimiser):
    kind = "adam"
    title = "Adam"
    paper = "Kingma & Ba 2015"

    beta1: float = option(0.5, "How long the mean of the gradients remembers; GANs like 0.5 or 0.", ge=0, lt=1)
    beta2: float = option(0.999, "How long the mean of their squares remembers.", ge=0, lt=1)

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, self.lr, (self.beta1, self.beta2), fused=True)


@OPTIMISERS.add
class AdamW(Optimiser):
    kind = "adamw"
    title = "AdamW"
    paper = "Loshchilov & Hutter 2019"

    beta1: float = option(0.5, "How long the mean of the gradients remembers; GANs like 0.5 or 0.", ge=0, lt=1)
    beta2: float = option(0.999, "How long the mean of their squares remembers.", ge=0, lt=1)
    weight_decay: float = option(0.01, "Shrinks the weights by this share of the learning rate each step.", ge=0, le=1)

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        betas = (self.beta1, self.beta2)
        return torch.optim.AdamW(parameters, self.lr, betas, weight_decay=self.weight_decay, fused=True)


@OPTIMISERS.add
class RmsProp(Optimiser):
    kind = "rmsprop"
    title = "RMSprop"
    paper = "Hinton 2012; used by WGAN"

    alpha: float = option(0.99, "How long the mean of the squared gradients remembers.", ge=0, lt=1)

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        return torch.optim.RMSprop(parameters, self.lr, self.alpha)


@OPTIMISERS.add
class Sgd(Optimiser):
    kind = "sgd"
    title = "SGD"
    paper = "Robbins & Monro 1951"

    momentum: float = option(0.5, "The share of the last step that is kept in the next.", ge=0, lt=1)

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, self.lr, self.momentum, fused=True)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next step."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def rate_of(optimiser: torch.optim.Optimizer) -> float:
    return optimiser.param_groups[0]["lr"]


AnyOptimiser = Annotated[Optimiser, OneOf(OPTIMISERS)]


def load_optimiser(optimiser: torch.optim.Optimizer, spec: Spec, saved: dict[str, Any]) -> None:
    """Take over the moments of an optimiser of the same kind; its options are those of the config."""
    if saved["kind"] != spec.kind:
        return
    options = [{k: v for k, v in group.items() if k != "params"} for group in optimiser.param_groups]
    optimiser.load_state_dict(saved["state"])
    for parameter, moments in optimiser.state.items():  # fused kernels want them laid out as the weights are
        for name, value in moments.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(value)
    for group, chosen in zip(optimiser.param_groups, options, strict=True):
        group.update(chosen)
