"""A perceptual distance as LPIPS is built, Zhang et al. 2018, eq. 1, by random convolutions and with weights of 1.

LPIPS itself is by a network that was trained on photographs, and weighs channels as people judged. Random ones see
edges and patches, too, and need nothing; the number is not LPIPS, and compares with none of it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..nn.perceptual import apart
from ..nn.random_convolutions import drawn, maps
from . import METRICS, Measure
from .pairs import OfPairs


@METRICS.add
class Perceptual(OfPairs):
    kind = "perceptual"
    title = "Perceptual distance"
    paper = "Zhang et al. 2018"
    about = "How far pictures are from what they should be in the maps of random convolutions, built as LPIPS is."
    measures = {
        "perceptual": Measure(
            "Perceptual distance (random convolutions)",
            "How unlike edges and patches are at each place, over several scales, the mean over pairs; 0 is equal.",
            least=0,
        )
    }

    def smallest_px(self) -> int:
        return 4

    def each(self, made: Tensor, truth: Tensor) -> Tensor:
        weights = drawn(tuple(made.shape[1:]), torch.device("cpu"))
        with torch.inference_mode():
            return apart(*(maps(2 * x - 1, weights) for x in (made, truth)))
