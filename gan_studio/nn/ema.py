"""Exponential moving average of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class Average:
    """A frozen copy of a network, in evaluation mode, whose weights trail those of the network.

    Its whole state is `module.state_dict()`. Averaged are the parameters (under spectral normalisation the plain ones
    beneath it); buffers, such as the statistics of batch norms and singular vectors, are copied as they are.
    """

    def __init__(self, network: nn.Module):
        self.module = copy.deepcopy(network).eval().requires_grad_(False)
        self._parameters: list[Tensor] = list(self.module.parameters())
        self._buffers: list[Tensor] = list(self.module.buffers())

    @torch.no_grad()
    def update(self, network: nn.Module, decay: float) -> None:
        """average <- decay * average + (1 - decay) * network, in one fused call."""
        torch._foreach_lerp_(self._parameters, list(network.parameters()), 1 - decay)
        if self._buffers:
            torch._foreach_copy_(self._buffers, list(network.buffers()))


def ramped(decay: float, updates: int) -> float:
    """The decay of update number `updates` (from 0), small at first: min(decay, (1 + t) / (10 + t))."""
    return min(decay, (1 + updates) / (10 + updates))
