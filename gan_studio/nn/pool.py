"""A pool of past fakes for D to look at. Shrivastava et al. 2017; as CycleGAN uses it, Zhu et al. 2017, section 4."""

from __future__ import annotations

import torch
from torch import Tensor


class Pool:
    """While it fills, fakes pass and are kept. Then half of them pass, and half are swapped with a kept one at random.

    Draws from the global generator of the CPU. Its whole state is `pictures`.
    """

    def __init__(self, size: int):
        self.size = size
        self.pictures: list[Tensor] = []  # each [C, H, W]

    def swap(self, fakes: Tensor) -> Tensor:
        """[N, C, H, W], detached -> as many, some of them older."""
        if not self.size:
            return fakes
        return torch.stack([self._one(fake) for fake in fakes])

    def _one(self, fake: Tensor) -> Tensor:
        if len(self.pictures) < self.size:
            self.pictures.append(fake.clone())
            return fake
        u, where = torch.rand(2).tolist()
        if u < 0.5:
            return fake
        place = int(where * self.size)
        old, self.pictures[place] = self.pictures[place], fake.clone()
        return old

    def state(self) -> dict[str, Tensor]:
        """{} or {"pictures": [n, C, H, W]}."""
        return {"pictures": torch.stack(self.pictures)} if self.pictures else {}

    def load_state(self, state: dict[str, Tensor], device: torch.device) -> None:
        self.pictures = list(state["pictures"].to(device)[: self.size]) if state else []
