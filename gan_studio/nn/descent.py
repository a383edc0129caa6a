"""One step of an optimiser down a loss, and how long the gradient was."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .gradients import weight_gradient_norm

# Norms of gradients are measured in one iteration of so many: in each they take 4 % of a step on 2-D data (8 + 8 small
# tensors, CPU), 0.4 % of DCGAN's at 64 px. Where gradients are clipped the norm is there already, and told each time.
NORMS_EVERY = 5
LONGEST = 1e19  # a gradient so long that its square overflows in float32 is shown as this, and the training goes on


def total(terms: dict[str, Tensor]) -> Tensor:
    """What is minimised: the sum of the means of per-sample terms."""
    return torch.stack([term.float().mean() for term in terms.values()]).sum()


def descend(
    loss: Tensor,
    optimiser: torch.optim.Optimizer,
    mean_gradients: Callable[[list[Tensor]], None],
    clip_norm: float = 0.0,
    measured: bool = True,
) -> Tensor | None:
    """Move the optimiser's weights. `mean_gradients` averages those of several processes, in place.

    Gradients longer than `clip_norm` are shortened to it; 0 leaves them. Returns the norm before that, a scalar, where
    it was known or is to be `measured`.
    """
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    mean_gradients(weights)
    norm = None
    if clip_norm:
        norm = nn.utils.clip_grad_norm_(weights, clip_norm, foreach=True)
    elif measured:
        norm = weight_gradient_norm(weights)
    optimiser.step()
    return None if norm is None else norm.clamp(max=LONGEST)
