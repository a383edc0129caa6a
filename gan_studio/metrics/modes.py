"""Mode coverage on mixtures whose modes are known. Lin et al. 2018 (PacGAN), section 4.1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

SAMPLES = 2500  # of the published protocol; the reverse KL of fewer samples is larger
PERFECT_SHARE = 1 - math.exp(-4.5)  # of a plane Gaussian within three sigma: 98.89 %


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
