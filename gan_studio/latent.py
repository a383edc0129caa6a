"""Latents: the distributions that z is drawn from, by seed or in training."""

from __future__ import annotations

import math
from collections.abc import Callable
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
CUT_OFF = 0.5 * math.erfc(2 / math.sqrt(2))  # the share of N(0, 1) below -2
# Each maps shares p in (0, 1) to the number that one entry of z stays below with probability p.
QUANTILES: dict[str, Callable[[Tensor], Tensor]] = {
    "normal": torch.special.ndtri,
    "uniform": lambda p: 2 * p - 1,
    "truncated": lambda p: torch.special.ndtri(CUT_OFF + p * (1 - 2 * CUT_OFF)),
}
GRID_EDGE = 0.02  # the share of a latent's distribution that lies beyond each side of the grid


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

    def grid(self, side: int) -> Tensor:
        """z [side * side, dim] on the CPU: a grid in the plane of the first two latents, the others 0.

        Row by row, from the lowest second latent up; in a row the first latent rises. Its lines stand at evenly spaced
        quantiles, 2 % to 98 %, so that every cell holds the same share of z. With one latent all rows are the same.
        """
        p = torch.linspace(GRID_EDGE, 1 - GRID_EDGE, side, dtype=torch.float64)
        lines = QUANTILES[self.distribution](p).float()  # [side]
        second, first = torch.meshgrid(lines, lines, indexing="ij")
        plane = torch.stack([first.flatten(), second.flatten()], dim=1)  # [side * side, 2]
        z = torch.zeros(side * side, self.dim)
        z[:, :2] = plane[:, : self.dim]
        return z
