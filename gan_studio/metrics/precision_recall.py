"""Improved precision and recall: how much of each set lies within the other's. Kynkaanniemi et al. 2019, eq. 1 and 2.

A set's region is a ball around each of its samples, up to its k-th neighbour in the set, itself left out. On the rim
is inside (<=), as in the authors' code. Both numbers depend on how many samples there are: compare only equal counts.
"""

from __future__ import annotations

from collections.abc import Generator

import torch

from ..config import option
from ..progress import Progress
from . import METRICS, Measure, Metric, Sets
from .near import centred, pieces, radii

OF_REAL, OF_GENERATED, BETWEEN = (
    "Distances between real samples",
    "Distances between generated samples",
    "Distances between both",
)


@METRICS.add
class PrecisionRecall(Metric):
    kind = "precision-recall"
    title = "Precision and recall"
    paper = "Kynkaanniemi et al. 2019"
    about = "How many generated samples look real, and how much of what is real is generated."
    needs = ("features",)
    measures = {
        "precision": Measure(
            "Precision",
            "The share of generated samples that lie among the real ones: how good each of them is.",
            "higher",
            ideal=1,
            least=0,
            most=1,
        ),
        "recall": Measure(
            "Recall",
            "The share of real samples that lie among the generated ones: how much of the variety is there.",
            "higher",
            ideal=1,
            least=0,
            most=1,
        ),
    }
    most_rows = 2000

    k: int = option(3, "A ball reaches to the k-th neighbour.", ge=1, le=50)

    def fewest(self, features: int, classes: int = 0) -> int:
        return max(50, 4 * (self.k + 1))

    def why_fewest(self) -> str:
        return "balls to the nearest of few neighbours are so large that everything is inside"

    def work(self, rows: int, features: int) -> float:
        return 3.0 * rows**2 * (features + 150)  # of a distance; of finding the nearest

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        real, generated = centred(sets.real.rows, sets.generated.rows)
        real_radii = yield from radii(real, self.k, OF_REAL)
        generated_radii = yield from radii(generated, self.k, OF_GENERATED)
        inside = torch.zeros(len(generated), dtype=torch.bool)
        reached = torch.zeros(len(real), dtype=torch.bool)
        for progress, here, squared in pieces(generated, real, BETWEEN):
            yield progress
            inside[here] = (squared <= real_radii).any(dim=1)
            reached |= (squared <= generated_radii[here, None]).any(dim=0)
        return {"precision": float(inside.double().mean()), "recall": float(reached.double().mean())}
