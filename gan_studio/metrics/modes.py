"""Mode coverage on mixtures whose modes are known. Lin et al. 2018 (PacGAN), section 4.1."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..config import ConfigError
from ..progress import Progress
from . import METRICS, Measure, Metric, Sets

SAMPLES = 2500  # of the published protocol; the reverse KL of fewer samples is larger
PERFECT_SHARE = 1 - math.exp(-4.5)  # of a plane Gaussian within three sigma: 98.89 %


@METRICS.add
class Modes(Metric):
    kind = "modes"
    title = "Modes"
    paper = "Lin et al. 2018"
    about = "How many modes of a known mixture the generated points reach, how evenly, and how many are good."
    needs = ("points", "modes")
    measures = {
        "modes": Measure(
            "Modes covered", "How many modes have a good sample, one within three sigma.", "higher", least=0
        ),
        "quality": Measure(
            "High-quality share",
            "The share of samples within three sigma of a mode: 0.989 is perfect, and more means modes too narrow.",
            "nearer",
            ideal=PERFECT_SHARE,
            least=0,
            most=1,
        ),
        "reverse_kl": Measure(
            "Reverse KL of the modes",
            "KL(good samples' histogram over the modes || uniform): 0 is even.",
            unit="nats",
            least=0,
            bias_shrinks=True,
        ),
    }

    def fewest(self, features: int, classes: int = 0) -> int:
        return 50

    def why_fewest(self) -> str:
        return "fewer leave modes empty by chance"

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield from ()
        score = score_modes(torch.from_numpy(sets.generated.rows), torch.from_numpy(sets.centres), sets.sigma)
        return {"modes": float(score.covered), "quality": score.high_quality, "reverse_kl": max(0.0, score.reverse_kl)}

    def most(self, sets: Sets) -> dict[str, float]:
        return {"modes": float(len(sets.centres))}

    def refuse(self, sets: Sets) -> None:
        if not sets.sigma > 0:
            raise ConfigError("Modes need to know how wide each is, and this data does not say. Choose another metric.")


@dataclass(frozen=True)
class ModeScore:
    """How samples spread over K modes. A share above `PERFECT_SHARE` means modes that are too narrow, not better."""

    modes: int  # K
    covered: int  # modes with at least one good sample
    high_quality: float  # share of all samples that are good, 0 to 1
    reverse_kl: float  # KL(good samples' histogram over modes || uniform), in nats: 0 is even, log K is the worst


def score_modes(samples: Tensor, centres: Tensor, sigma: float) -> ModeScore:
    """Score points [N, 2] against modes [K, 2]: a sample belongs to its nearest, and is good within three sigma of it.

    A perfect sampler has `PERFECT_SHARE` good samples and a reverse KL of about (K - 1) / 2N.
    """
    modes = len(centres)
    distance, nearest = torch.cdist(samples.double(), centres.to(samples.device).double()).min(dim=1)  # [N] each
    good = nearest[distance < 3 * sigma]
    histogram = torch.bincount(good, minlength=modes)  # [K]
    return ModeScore(
        modes=modes,
        covered=int((histogram > 0).sum()),
        high_quality=len(good) / max(1, len(samples)),
        reverse_kl=math.log(modes) - entropy(histogram),
    )


def entropy(histogram: Tensor) -> float:
    """Of the frequencies, in nats; 0 for an empty histogram, the same as for a single bin."""
    share = histogram[histogram > 0] / histogram.sum()
    return float(-(share * share.log()).sum())
