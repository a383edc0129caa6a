"""Latents: the distributions that z is drawn from, by seed or in training."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from .config import Spec, option

# Each fills z in place with independent entries.
DISTRIBUTIONS = {
    "normal": lambda z, rng: z.normal_(generator=rng),  # N(0, 1)
    "uniform": lambda z, rng: z.uniform_(-1, 1, generator=rng),  # U(-1, 1)
    "truncated": lambda z, rng: nn.init.trunc_normal_(z, a=-2, b=2, generator=rng),  # N(0, 1) within 2 sigma
}


class Latent(Spec):
    """The noise z that the generator starts from."""

    dim: int = option(100, "How many numbers describe one sample.", ge=1, le=4096)
    distribution: Literal["normal", "uniform", "truncated"] = option(
        "normal", "Normal N(0, 1), uniform U(-1, 1), or a normal cut off at two standard deviations."
    )

    def draw(self, count: int, device: torch.device) -> Tensor:
        """z [N, dim] from the device's global generator, for training."""
        return DISTRIBUTIONS[self.distribution](torch.empty(count, self.dim, device=device), None)

    def seeded(self, count: int, seed: int) -> Tensor:
        """z [N, dim] on the CPU; row i belongs to seed + i, whatever the count, and touches no global generator."""
        rng = torch.Generator()
        rows = [
            DISTRIBUTIONS[self.distribution](torch.empty(self.dim), rng.manual_seed(seed + i)) for i in range(count)
        ]
        return torch.stack(rows)
