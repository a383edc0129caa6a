"""How generated samples spread over the classes, by a classifier: which classes they reach, and how evenly.

Of mode coverage see Che et al. 2017 and Srivastava et al. 2017 (VEEGAN); here the other histogram is not uniform, but
that of the real samples by the same classifier, so that data may be uneven and the classifier may err alike on both.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from ..config import option
from ..progress import Progress
from . import METRICS, Measure, Metric, Sets

FEWEST_A_CLASS = 5  # samples: a class is found missing by chance in less than one of a hundred even draws
HALF = 0.5  # samples, that a class counts with that no real sample is of


@METRICS.add
class ClassHistogram(Metric):
    kind = "class-histogram"
    title = "Class histogram"
    paper = "Che et al. 2017; Srivastava et al. 2017"
    about = "Which classes the generated samples reach, by a classifier, and how evenly beside the real ones."
    needs = ("classes",)
    measures = {
        "classes": Measure(
            "Classes covered",
            "How many classes the generated samples reach; the most is how many the real ones have.",
            "higher",
            least=0,
        ),
        "missing": Measure(
            "Classes dropped", "How many classes of the real samples the generated ones do not reach.", least=0
        ),
        "reverse_kl": Measure(
            "Reverse KL of the classes",
            "KL(generated || real) of the two histograms: large where samples crowd in classes that are rare.",
            unit="nats",
            least=0,
            bias_shrinks=True,
        ),
        "histogram": Measure(
            "Histogram distance",
            "The Jensen-Shannon divergence of the two histograms: 0 where they are the same, log 2 (0.69) at most.",
            unit="nats",
            least=0,
            most=float(np.log(2)),
            bias_shrinks=True,
        ),
    }

    share: float = option(
        0.1,
        "A class counts as covered from this part of its share among real samples on; 0: one sample is enough.",
        ge=0,
        le=1,
    )

    def fewest(self, features: int, classes: int = 0) -> int:
        return max(20, FEWEST_A_CLASS * classes)

    def why_fewest(self) -> str:
        return "fewer leave classes empty by chance"

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield from ()
        real, generated = counts(sets)
        covered, had = self._covered(real, generated), real > 0
        q, p = generated / generated.sum(), np.where(had, real, HALF) / np.where(had, real, HALF).sum()
        return {
            "classes": float((covered & had).sum()),
            "missing": float((had & ~covered).sum()),
            "reverse_kl": kl(q, p),
            "histogram": 0.5 * kl(q, 0.5 * (p + q)) + 0.5 * kl(p, 0.5 * (p + q)),
        }

    def _covered(self, real: np.ndarray, generated: np.ndarray) -> np.ndarray:
        wanted = self.share * real * (generated.sum() / real.sum())
        return (generated > 0) & (generated >= wanted)

    def most(self, sets: Sets) -> dict[str, float]:
        return {"classes": float((counts(sets)[0] > 0).sum())}

    def items(self, sets: Sets) -> dict[str, tuple[str, ...]]:
        real, generated = counts(sets)
        dropped = (real > 0) & ~self._covered(real, generated)
        return {"missing": tuple(name for name, gone in zip(sets.names, dropped, strict=True) if gone)}

    def notes(self, sets: Sets) -> tuple[str, ...]:
        real, generated = counts(sets)
        only = [sets.names[i] for i in np.flatnonzero((real == 0) & (generated > 0))]
        if not only:
            return ()
        few = ", ".join(only[:3]) + (" and others" if len(only) > 3 else "")
        return (f"No real sample is of {few} by the classifier; the reverse KL counts half a sample there.",)


def counts(sets: Sets) -> tuple[np.ndarray, np.ndarray]:
    """How many (real, generated) samples are of each class [K], by what the classifier finds likeliest."""
    found = []
    for seen in (sets.real, sets.generated):
        assert seen.chances is not None
        found.append(np.bincount(seen.chances.argmax(axis=1), minlength=seen.chances.shape[1]))
    return found[0], found[1]


def kl(q: np.ndarray, p: np.ndarray) -> float:
    """KL(q || p) in nats; p is above 0 wherever q is."""
    there = q > 0
    return max(0.0, float((q[there] * np.log(q[there] / p[there])).sum()))
