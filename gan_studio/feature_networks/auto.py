"""What suits the data: its own classifier where it has labels, else random convolutions."""

from __future__ import annotations

from collections.abc import Generator

import torch

from ..config import ConfigError
from ..data import Progress, Source
from . import FEATURE_NETWORKS, Eye, FeatureNetwork

BEST_FIRST = ("own-classifier", "random-convolutions")


@FEATURE_NETWORKS.add
class Auto(FeatureNetwork):
    kind = "auto"
    title = "What suits the data"
    about = "A classifier that learns the data's own labels where there are some, else random convolutions."

    def prepare(self, source: Source | None, device: torch.device | None = None) -> Generator[Progress, None, Eye]:
        *better, last = (FEATURE_NETWORKS[kind]() for kind in BEST_FIRST)
        for network in better:
            if not network.missing(source):
                try:
                    return (yield from network.prepare(source, device))
                except ConfigError:  # what a quick look does not tell: the data has no labels after all
                    continue
        return (yield from last.prepare(source, device))

    def why_no_classes(self, source: Source | None) -> str:
        usable = (network for kind in BEST_FIRST if not (network := FEATURE_NETWORKS[kind]()).missing(source))
        return next(usable).why_no_classes(source)
