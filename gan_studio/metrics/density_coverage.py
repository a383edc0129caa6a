"""Density and coverage. Naeem et al. 2020, eq. 4 and 5: precision and recall that single outliers do not spoil.

The balls are those around real samples alone, to their k-th neighbour, and on the rim is inside. Of two sets from one
distribution density is 1 on average, and coverage 1 - prod_{i=1..k} (N - i) / (N + M - i), near 1 - 2^-k for N = M.
"""

from __future__ import annotations

from collections.abc import Generator

import torch

from ..config import option
from ..progress import Progress
from . import METRICS, Measure, Metric, Sets
from .near import centred, pieces, radii
from .precision_recall import BETWEEN, OF_REAL


@METRICS.add
class DensityCoverage(Metric):
    kind = "density-coverage"
    title = "Density and coverage"
    paper = "Naeem et al. 2020"
    about = "How densely generated samples lie around real ones, and how many real ones have one beside them."
    needs = ("features",)
    measures = {
        "density": Measure(
            "Density",
            "How many real samples' balls each generated one lies in, to how many there should be: above 1 they crowd.",
            "nearer",
            ideal=1,
            least=0,
        ),
        "coverage": Measure(
            "Coverage",
            "The share of real samples that have a generated one in their ball; 0.97 is all that can be hoped for.",
            "higher",
            ideal=1,
            least=0,
            most=1,
        ),
    }
    most_rows = 2000

    k: int = option(5, "A ball reaches to the k-th neighbour.", ge=1, le=50)

    def fewest(self, features: int, classes: int = 0) -> int:
        return max(50, 4 * (self.k + 1))

    def why_fewest(self) -> str:
        return "balls to the nearest of few neighbours are so large that everything is inside"

    def work(self, rows: int, features: int) -> float:
        return 2.0 * rows**2 * (features + 150)

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        real, generated = centred(sets.real.rows, sets.generated.rows)
        limits = yield from radii(real, self.k, OF_REAL)
        covered = torch.zeros(len(real), dtype=torch.bool)
        count = 0
        for progress, _, squared in pieces(generated, real, BETWEEN):
            yield progress
            inside = squared <= limits  # [rows, N]
            count += int(inside.sum())
            covered |= inside.any(dim=0)
        return {"density": count / (self.k * len(generated)), "coverage": float(covered.double().mean())}

    def most(self, sets: Sets) -> dict[str, float]:
        return {"coverage": expected_coverage(len(sets.real), len(sets.generated), self.k)}


def expected_coverage(N: int, M: int, k: int) -> float:
    """Of N real and M generated samples from one distribution."""
    missed = 1.0
    for i in range(1, k + 1):
        missed *= (N - i) / (N + M - i)
    return 1 - missed
