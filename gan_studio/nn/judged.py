"""D as objectives and penalties see it: a function of samples, asked once for what several terms want to know."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]  # x [N, ...] -> logits [N], or one for each patch


class Judged:
    """D's logits of samples, with instance noise upon all that D sees.

    The batch's real and fake samples are judged once, however many terms ask for them.
    """

    def __init__(self, D: Function, noise: float, real: Tensor, fake: Tensor):
        self.D, self.noise, self.real, self.fake = D, noise, real, fake
        self._logits: dict[int, Tensor] = {}  # by the id of self.real or self.fake, which live as long as this

    def __call__(self, x: Tensor) -> Tensor:
        if x is not self.real and x is not self.fake:
            return self._judged(x)
        if id(x) not in self._logits:
            self._logits[id(x)] = self._judged(x)
        return self._logits[id(x)]

    def both(self) -> Judged:
        """Ask for the real and the fake samples in one pass: the same, faster, where D looks at each alone."""
        logits = self._judged(torch.cat([self.real, self.fake]))
        self._logits[id(self.real)], self._logits[id(self.fake)] = logits.split([len(self.real), len(self.fake)])
        return self

    def _judged(self, x: Tensor) -> Tensor:
        return self.D(x + self.noise * torch.randn_like(x) if self.noise else x).float()

    def scores(self, score: Callable[[Tensor], Tensor | None]) -> dict[str, Tensor]:
        """Mean probability of being real by an objective's `score`, where its logits have one."""
        named = {"D(real)": self.real, "D(fake)": self.fake}
        logits = {name: self._logits[id(x)] for name, x in named.items() if id(x) in self._logits}
        scores = {name: score(logit.detach()) for name, logit in logits.items()}
        return {name: found.mean() for name, found in scores.items() if found is not None}
