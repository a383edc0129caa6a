"""The exact Wasserstein-1 distance between two sets of points: the cheapest way to carry one onto the other."""

from __future__ import annotations

import numpy as np

SAMPLES = 256  # 2 to 9 ms on one core, however bad the generator is; the time grows with the cube


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
