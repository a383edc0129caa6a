"""How a network stands for a while: without gradients for its weights, in evaluation mode, or as it is trained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn
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
def as_in_training(network: nn.Module) -> Iterator[None]:
    """Training mode for a while, so that dropout is on and batch norms look at what they are given; nothing is moved.

    Dropout draws from the global generator, which is the caller's to seed.
    """
    tracking = [m for m in network.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    training = network.training
    network.train()
    for norm in tracking:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in tracking:
            norm.track_running_stats = True
        network.train(training)
