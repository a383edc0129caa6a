"""The kernel distance: unbiased MMD^2 with k(x, y) = (x^T y / F + 1)^3. Binkowski et al. 2018 (KID).

Theirs is the mean over random subsets of 1,000. Its limit, over all subsets there are, is the same sum over all pairs
of samples, which is taken where it costs no more than the subsets would: it has no chance of its own. As in their code
the mean over pairs of real and generated samples takes in all of them, and a sample is not paired with itself. The
value may be below 0.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..config import option
from ..progress import Progress
from . import METRICS, AtOnce, Measure, Pick, Sets

ROOM = 2**23  # kernel values that are held at a time: 64 MB
TEXT = "Kernel distance"


@METRICS.add
class Kernel(AtOnce):
    kind = "kernel"
    title = "Kernel distance"
    paper = "Binkowski et al. 2018"
    about = (
        "How far apart the means are under a cubic kernel, unbiased by few samples; the published KID, by Inception."
    )
    needs = ("features",)
    measures = {
        "kernel": Measure(
            "Kernel distance",
            "How far apart both sets' features are under a cubic kernel: 0 is the same, and chance goes below it.",
        )
    }

    subsets: int = option(100, "Random subsets that are averaged, where there are more pairs than in them.", ge=1)
    subset_size: int = option(1000, "Samples of each set in a subset.", ge=20, unit="samples")

    def fewest(self, features: int, classes: int = 0) -> int:
        return 20

    def work(self, rows: int, features: int) -> float:
        return 12.0 * min(float(rows) ** 2, self.subsets * float(self.subset_size) ** 2)

    def resampled(
        self, sets: Sets, picks: Sequence[Pick], seed: int
    ) -> Generator[Progress, None, list[dict[str, float]]]:
        """Kernel values are computed once, and summed for all picks together."""
        X, Y = (torch.from_numpy(seen.rows).double() for seen in (sets.real, sets.generated))
        S = _masks([pick.real for pick in picks], len(X))  # [N, P]
        T = _masks([pick.generated for pick in picks], len(Y))  # [M, P]
        total = torch.zeros(len(picks), dtype=torch.float64)
        parts = list(self._parts(len(X), len(Y), seed))
        for i, (a, b) in enumerate(parts):
            yield Progress(i, len(parts), TEXT)
            total += yield from _mmd(X[a], Y[b], S[a], T[b])
        return [{"kernel": float(value)} for value in total / len(parts)]

    def _parts(self, N: int, M: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Rows of real and of generated samples whose pairs are taken together."""
        if max(N, M) ** 2 <= self.subsets * self.subset_size**2:
            yield torch.arange(N), torch.arange(M)
            return
        rng = np.random.default_rng((seed, 0x6B6964))
        for _ in range(self.subsets):
            picked = (rng.choice(n, min(n, self.subset_size), replace=False) for n in (N, M))
            a, b = (torch.from_numpy(np.sort(rows)) for rows in picked)
            yield a, b


def _masks(picked: Sequence[np.ndarray | None], count: int) -> Tensor:
    """[count, P] of 0 and 1: whether a row is in a pick."""
    masks = torch.zeros(count, len(picked), dtype=torch.float64)
    for p, rows in enumerate(picked):
        masks[slice(None) if rows is None else torch.from_numpy(rows), p] = 1
    return masks


def _mmd(X: Tensor, Y: Tensor, S: Tensor, T: Tensor) -> Generator[Progress, None, Tensor]:
    """MMD^2 of the rows of X [N, F] and Y [M, F] that each column of S [N, P] and T [M, P] marks: [P]."""
    n, m = S.sum(dim=0), T.sum(dim=0)
    real = (yield from _sums(X, X, S, S)) - S.T @ _kernel_of_itself(X)
    generated = (yield from _sums(Y, Y, T, T)) - T.T @ _kernel_of_itself(Y)
    across = yield from _sums(X, Y, S, T)
    return real / (n * (n - 1)) + generated / (m * (m - 1)) - 2 * across / (n * m)


def _sums(X: Tensor, Y: Tensor, S: Tensor, T: Tensor) -> Generator[Progress, None, Tensor]:
    """The sum of k over pairs of rows that both are marked: [P]."""
    total = torch.zeros(S.shape[1], dtype=torch.float64)
    rows = max(1, ROOM // len(Y))
    for start in range(0, len(X), rows):
        yield Progress(start, len(X), TEXT)
        here = slice(start, start + rows)
        K = (X[here] @ Y.T).div_(X.shape[1]).add_(1).pow_(3)
        total += (S[here] * (K @ T)).sum(dim=0)
    return total


def _kernel_of_itself(X: Tensor) -> Tensor:
    return (X.square().sum(dim=1) / X.shape[1] + 1) ** 3
