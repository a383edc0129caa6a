"""The GAN recipe: what it must equal beside what the job's tests show."""

from __future__ import annotations

import pytest
import torch

from gan_studio.nn.optimisers import OPTIMISERS
from gan_studio.recipes.gan import _load_optimiser


@pytest.mark.parametrize("kind", [entry.kind for entry in OPTIMISERS])
def test_moments_are_laid_out_as_the_weights_they_are_loaded_for(kind: str) -> None:
    """Fused kernels go through weights and moments in the order of memory, without looking at strides."""
    spec = OPTIMISERS[kind](lr=0.1)
    start, gradients = torch.randn(4, 3, 2, 2), torch.randn(2, 4, 3, 2, 2)
    ends = []
    for second_format in (torch.channels_last, torch.contiguous_format):
        first = torch.nn.Parameter(start.clone(memory_format=torch.channels_last))
        optimiser = spec.build([first])
        first.grad = gradients[0].clone(memory_format=torch.channels_last)
        optimiser.step()
        saved = {"kind": kind, "state": optimiser.state_dict()}

        second = torch.nn.Parameter(first.detach().clone(memory_format=second_format))
        resumed = spec.build([second])
        _load_optimiser(resumed, spec, saved)
        second.grad = gradients[1].clone(memory_format=second_format)
        resumed.step()
        ends.append(second.detach())
    torch.testing.assert_close(*ends, rtol=0, atol=1e-7)
