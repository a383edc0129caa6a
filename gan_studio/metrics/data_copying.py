"""The data-copying test C_T. Meehan, Chaudhuri & Dasgupta 2020, section 3.

The training samples are parted into cells by k-means. In each cell the distances of generated samples to the nearest
training sample are ranked among those of unseen real samples, by Mann and Whitney's U as a Z score:
(U - nm/2 + 1/2) / sqrt(nm (n + m + 1) / 12). C_T is the mean over the cells, each weighted by its share of the unseen
samples; cells with few generated ones are left out. Far below 0 generated samples are nearer than new ones would be:
they are copies. Of new samples from the same distribution each Z is N(0, 1), and C_T, a mean over cells, varies less.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from ..config import ConfigError, option
from ..progress import Progress
from . import METRICS, AtOnce, Measure, Pick, Sets
from .near import centred, check_new, nearest

FEWEST_A_CELL = 20  # generated samples, and unseen ones, for U to be nearly Gaussian
TEXT = "Distances to the training samples"


@METRICS.add
class DataCopying(AtOnce):
    kind = "data-copying"
    title = "Data copying"
    paper = "Meehan et al. 2020"
    about = "Whether generated samples are nearer to training samples than unseen real ones are: C_T, a Z score."
    needs = ("features", "unseen")
    measures = {
        "copying": Measure(
            "Data copying (C_T)",
            "Below -3 generated samples are copies of training samples, above 3 they are off; 0 is as new samples are.",
            "nearer",
        )
    }

    cells: int = option(5, "Cells of the training samples, or fewer where there are few samples.", ge=1, le=100)

    def fewest(self, features: int, classes: int = 0) -> int:
        return 2 * FEWEST_A_CELL

    def why_fewest(self) -> str:
        return "ranks of fewer say little"

    def resampled(
        self, sets: Sets, picks: Sequence[Pick], seed: int
    ) -> Generator[Progress, None, list[dict[str, float]]]:
        """The cells, and the training samples, stay as they are. A Z score grows with the root of the samples, so that
        those of parts are brought to the size of all."""
        cells = yield from self._cells(sets, seed)
        if not cells:
            raise ConfigError(
                f"No cell of the training samples has {FEWEST_A_CELL} generated and {FEWEST_A_CELL} unseen samples, so "
                "copying cannot be told. Take more samples, or fewer cells."
            )
        check_new(np.concatenate([cell.unseen[~np.isnan(cell.unseen)] for cell in cells]))
        return [{"copying": _mean(cells, pick, sets)} for pick in picks]

    def _cells(self, sets: Sets, seed: int) -> Generator[Progress, None, list[Cell]]:
        from sklearn.cluster import KMeans  # 0.5 s to import

        assert sets.unseen is not None
        T, Q, P = centred(sets.real.rows, sets.generated.rows, sets.unseen.rows)
        count = max(1, min(self.cells, min(len(T), len(Q), len(P)) // (2 * FEWEST_A_CELL)))
        yield Progress(0, 1, "Cells of the training samples")
        parting = KMeans(count, n_init=1, random_state=seed % 2**32).fit(T.numpy())
        t, q, p = (torch.from_numpy(parting.predict(x.numpy())) for x in (T, Q, P))
        cells = []
        for c in range(count):
            generated, unseen = (x == c for x in (q, p))
            if min(int(generated.sum()), int(unseen.sum())) < FEWEST_A_CELL:
                continue
            L = torch.full((len(Q),), math.nan, dtype=torch.float64)
            L[generated] = yield from nearest(Q[generated], T[t == c], TEXT)
            K = torch.full((len(P),), math.nan, dtype=torch.float64)
            K[unseen] = yield from nearest(P[unseen], T[t == c], TEXT)
            cells.append(Cell(L.numpy(), K.numpy()))
        return cells


@dataclass(frozen=True)
class Cell:
    """Distances to the nearest training sample in a cell; NaN of samples that are in another."""

    generated: np.ndarray = field(repr=False)  # [M]
    unseen: np.ndarray = field(repr=False)  # [U]


def _mean(cells: list[Cell], pick: Pick, sets: Sets) -> float:
    """C_T of part of the samples, as large as that of all would be."""
    scores, weights = [], []
    for cell in cells:
        generated, unseen = (
            x if rows is None else x[rows] for x, rows in ((cell.generated, pick.generated), (cell.unseen, pick.unseen))
        )
        q, p = generated[~np.isnan(generated)], unseen[~np.isnan(unseen)]
        if len(q) and len(p):
            scores.append(z_score(q, p))
            weights.append(len(p))
    part = 1.0 if pick.generated is None else len(pick.generated) / len(sets.generated)
    return float(np.average(scores, weights=weights)) / math.sqrt(part)


def z_score(q: np.ndarray, p: np.ndarray) -> float:
    """Of Mann and Whitney's U: how many pairs have q above p. Pairs that are equal count half."""
    p = np.sort(p)
    U = (np.searchsorted(p, q, "left").sum() + np.searchsorted(p, q, "right").sum()) / 2
    m, n = len(q), len(p)
    return float((U - n * m / 2 + 0.5) / math.sqrt(n * m * (n + m + 1) / 12))
