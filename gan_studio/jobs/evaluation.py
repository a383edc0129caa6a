"""What is to be measured, and how: the choices of an evaluation, wherever it is made."""

from __future__ import annotations

from typing import Annotated

from ..config import Spec, option
from ..feature_networks import FEATURE_NETWORKS, FeatureNetwork
from ..metrics import METRICS, Metric
from ..registry import OneOf


class Evaluation(Spec):
    """What is measured, and how."""

    metrics: tuple[Annotated[Metric, OneOf(METRICS)], ...] = option(
        (), "What is measured; none: all that suit the samples."
    )
    features: Annotated[FeatureNetwork, OneOf(FEATURE_NETWORKS)] = option(
        "auto", "What pictures are looked at with: every number is one of these features, and named after them."
    )
    samples: int = option(
        2000,
        "So many generated samples, and as many real ones where there are: more of them make numbers surer, and less "
        "biased.",
        ge=2,
        le=1_000_000,
        log=True,
    )
    rounds: int = option(100, "Rounds of resampling, for the intervals; 0: none.", ge=0, le=10_000)
    seed: int = option(0, "Sample i belongs to this seed + i: the same latents for every checkpoint.", ge=0, le=2**31)
    against: str = option(
        "",
        "What is compared with: a folder or a zip of real pictures, or a run, for its data. Empty: what the run learnt "
        "from.",
    )
