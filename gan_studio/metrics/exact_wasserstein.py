"""The exact Wasserstein-1 distance between two sets of points: the cheapest way to carry one onto the other."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from ..config import option
from ..progress import Progress
from . import METRICS, Measure, Metric, Sets

MOST_PAIRS = 8
SAMPLES = 256  # 2 to 9 ms on one core, however bad the generator is; the time grows with the cube


@METRICS.add
class ExactWasserstein(Metric):
    kind = "w1"
    title = "Exact Wasserstein-1 distance"
    paper = "Kuhn 1955"
    about = "How far points must be carried to become the real ones, by the cheapest plan."
    needs = ("points",)
    measures = {
        "w1": Measure(
            "Wasserstein-1 distance",
            "The mean way from generated to real points by the cheapest plan. Two real sets are apart, too.",
            least=0,
        )
    }

    samples: int = option(
        SAMPLES, "Points of each set in one plan; the distance of fewer is larger.", ge=16, le=2048, unit="points"
    )

    def fewest(self, features: int, classes: int = 0) -> int:
        return 2 * 16

    def work(self, rows: int, features: int) -> float:
        return MOST_PAIRS * 100.0 * min(self.samples, rows) ** 2.5

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        """The mean over plans of points that they do not share."""
        rng = np.random.default_rng((seed, 0x7731))
        fewer = min(len(sets.real), len(sets.generated))
        count = min(self.samples, fewer)
        plans = min(MOST_PAIRS, fewer // count)
        a, b = (seen.rows[rng.permutation(len(seen))[: plans * count]] for seen in (sets.generated, sets.real))
        found = []
        for i in range(plans):
            yield Progress(i, plans, self.title)
            here = slice(i * count, (i + 1) * count)
            found.append(wasserstein1(a[here], b[here]))
        return {"w1": float(np.mean(found))}


def wasserstein1(a: np.ndarray, b: np.ndarray) -> float:
    """W1 between two sets [N, d] of equal size: the mean length of the shortest one-to-one pairing, by the Hungarian
    method (Kuhn 1955; Crouse 2016), with lengths as the ground distance.

    It is the distance between the *sets*. Two independent sets of `SAMPLES` from the very same distribution are apart
    too: on the ring of 8 (radius 1.41) 0.17 ± 0.05, on the 5 x 5 grid (side 2.83) 0.20 ± 0.05.
    """
    from scipy.optimize import linear_sum_assignment  # 0.3 s to import
    from scipy.spatial.distance import cdist

    cost = cdist(a, b)  # [N, N]
    rows, columns = linear_sum_assignment(_eased(cost))
    return float(cost[rows, columns].mean())


def _eased(cost: np.ndarray) -> np.ndarray:
    """Less a number for each row and each column, which changes no pairing's rank but makes the best one easy to find.

    They are the potentials of the blurred problem (Cuturi 2013, 15 rounds). Without them the search takes several times
    as long where all of `a` is in one place, as when a training begins or collapses.
    """
    rows = cost.min(axis=1, keepdims=True)
    columns = (cost - rows).min(axis=0)
    eased = cost - rows - columns  # >= 0, with a 0 in each row and column
    blur = 0.05 * float(eased.mean()) or 1.0
    K = np.exp((eased / -blur).astype(np.float32))
    tiny = np.finfo(np.float32).tiny
    v = np.ones(len(cost), np.float32)
    with np.errstate(all="ignore"):  # single points very far from all others
        for _ in range(15):
            u = 1 / np.maximum(K @ v, tiny)
            v = 1 / np.maximum(u @ K, tiny)
        easier = eased - (blur * np.log(u))[:, None] - blur * np.log(v)
    return easier if np.isfinite(easier).all() else eased
