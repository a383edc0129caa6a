"""How a network stands for a while: without gradients for its weights, in evaluation mode, or so that it forgets it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """No gradients for a network's weights, for a while."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    for p in parameters:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in parameters:
            p.requires_grad_(True)


@contextlib.contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while: nothing that a network counts is moved."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


@contextlib.contextmanager
def undisturbed(*networks: nn.Module) -> Iterator[None]:
    """What these count, in whichever mode, is afterwards what it was: statistics of batch norm, singular vectors."""
    buffers = [buffer for network in networks for buffer in network.buffers()]
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in zip(buffers, before, strict=True):
                buffer.copy_(value)


def looks_at_batches(network: nn.Module) -> bool:
    """Whether what becomes of a sample depends on the others of its batch."""
    return any(isinstance(module, _BatchNorm) for module in network.modules())


def one_pass(network: nn.Module, *batches: Tensor) -> tuple[Tensor, ...]:
    """What a network makes of several batches, in one pass where that gives the same."""
    if looks_at_batches(network):
        return tuple(network(x) for x in batches)
    return network(torch.cat(batches)).split([len(x) for x in batches])
