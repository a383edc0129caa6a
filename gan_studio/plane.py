"""How points in the plane are shown: in the window and in pictures of it alike."""

from __future__ import annotations

import numpy as np

ARROWS = 100  # that are drawn: more hide what they stand on
LONG = 0.1  # nearly all arrows are at most this share of the side

Arrows = tuple[np.ndarray, np.ndarray]  # from and to, [A, 2] each


def pulled(points: np.ndarray, pull: np.ndarray, extent: float) -> Arrows:
    """From the first points [N, 2] along what pulls them [M, 2], so long that nearly all are at most LONG of the side.

    The few that pull harder are cut to that length.
    """
    count = min(len(points), len(pull), ARROWS)
    start, pull = points[:count].astype(np.float64), np.nan_to_num(pull[:count].astype(np.float64)).clip(-1e100, 1e100)
    norms = np.linalg.norm(pull, axis=1)
    longest = float(np.quantile(norms, 0.95)) if count else 0.0
    share = np.minimum(norms / longest, 1.0) if longest else np.zeros_like(norms)
    unit = pull / np.maximum(norms, 1e-30)[:, None]
    return start, start + unit * (share * LONG * 2 * extent)[:, None]
