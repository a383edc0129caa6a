"""How far generated samples are from the nearest training sample, beside how far unseen real samples are.

A generator that has learnt what it should is as far as new real samples are; one that memorised is nearer.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from ..progress import Progress
from . import METRICS, AtOnce, Measure, Pick, Sets
from .near import centred, check_new, nearest

TEXT = "Distances to the training samples"


@METRICS.add
class Nearest(AtOnce):
    kind = "nearest"
    title = "Nearest training sample"
    about = "How far generated samples are from the nearest training sample, beside unseen real samples."
    needs = ("features", "unseen")
    measures = {
        "nearest": Measure(
            "Nearest ratio",
            "The median distance to the nearest training sample, of generated to that of unseen real samples: below 1 "
            "they are copies, or too much alike; above 1 they are off.",
            "nearer",
            ideal=1,
            least=0,
        )
    }

    def fewest(self, features: int, classes: int = 0) -> int:
        return 20

    def resampled(
        self, sets: Sets, picks: Sequence[Pick], seed: int
    ) -> Generator[Progress, None, list[dict[str, float]]]:
        """The training samples stay as they are: copying is of these very ones."""
        of_generated, of_unseen = yield from distances(sets)
        usual = [_taken(of_unseen, pick.unseen) for pick in picks]
        for part in usual:
            check_new(part)
        ours = [float(np.median(_taken(of_generated, pick.generated))) for pick in picks]
        return [{"nearest": a / float(np.median(b))} for a, b in zip(ours, usual, strict=True)]


def _taken(x: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    return x if rows is None else x[rows]


def distances(sets: Sets) -> Generator[Progress, None, tuple[np.ndarray, np.ndarray]]:
    """To the nearest training sample, of each generated [M] and each unseen sample [U]: what a histogram shows."""
    assert sets.unseen is not None
    real, generated, unseen = centred(sets.real.rows, sets.generated.rows, sets.unseen.rows)
    ours = yield from nearest(generated, real, TEXT)
    usual = yield from nearest(unseen, real, TEXT)
    return ours.numpy(), usual.numpy()
