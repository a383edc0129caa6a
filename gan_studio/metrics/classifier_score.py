"""The classifier score: exp(E KL(p(y|x) || p(y))). Salimans et al. 2016: the Inception score, by Inception.

As there, it is the mean over splits of the samples, each with a p(y) of its own, after a shuffle, so that samples that
come sorted do not matter. It knows nothing of the real samples beside their classes.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from ..config import option
from ..progress import Progress
from . import METRICS, Measure, Metric, Sets

FEWEST_A_SPLIT = 20
TINY = 1e-16  # of a chance, whose logarithm is taken


@METRICS.add
class ClassifierScore(Metric):
    kind = "score"
    title = "Classifier score"
    paper = "Salimans et al. 2016"
    about = "How sure a classifier is of each sample, and how unlike each other its answers are."
    needs = ("classes",)
    measures = {
        "score": Measure(
            "Classifier score",
            "1 where all samples look alike to the classifier, up to the number of classes where it is sure of each "
            "and finds all of them equally often.",
            "higher",
            least=1,
            bias_shrinks=True,
        )
    }

    splits: int = option(
        10, "The score is the mean over so many parts of the samples; 1 is biased least.", ge=1, le=100
    )

    def fewest(self, features: int, classes: int = 0) -> int:
        return FEWEST_A_SPLIT * self.splits

    def why_fewest(self) -> str:
        return f"each of the {self.splits} splits needs {FEWEST_A_SPLIT}"

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield from ()
        assert sets.generated.chances is not None
        p = sets.generated.chances.astype(np.float64)
        p = p[np.random.default_rng((seed, 0x73636F)).permutation(len(p))]
        return {"score": float(np.mean([score(part) for part in np.array_split(p, self.splits)]))}

    def most(self, sets: Sets) -> dict[str, float]:
        return {"score": float(len(sets.names))}

    def notes(self, sets: Sets) -> tuple[str, ...]:
        assert sets.real.chances is not None
        real = score(sets.real.chances.astype(np.float64))
        return (f"The real samples have a classifier score of {real:.2f}, in one split.",)


def score(p: np.ndarray) -> float:
    """Of chances [N, K]: the exponential of the mean KL divergence from their mean."""
    mean = p.mean(axis=0)
    logs = np.log(np.maximum(p, TINY)) - np.log(np.maximum(mean, TINY))
    return float(np.exp((p * logs).sum(axis=1).mean()))
