"""The structural similarity at several scales. Wang, Simoncelli & Bovik 2003. Higher is better, 1 is equal."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..config import option
from . import METRICS, Measure
from .pairs import OfPairs
from .ssim import WINDOW, terms

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, the finest first


@METRICS.add
class MsSsim(OfPairs):
    kind = "ms-ssim"
    title = "MS-SSIM"
    paper = "Wang et al. 2003"
    about = "The structural similarity at five scales, each half the one before: closer to what people see than SSIM."
    measures = {
        "ms_ssim": Measure(
            "MS-SSIM",
            "How alike structures are at all scales, and brightness at the coarsest, the mean over pairs; 1 is equal.",
            "higher",
            ideal=1,
            least=0,
            most=1,
        )
    }

    scales: int = option(
        5, "Published are 5, for which pictures need 176 px a side; each one less halves that.", ge=1, le=5
    )

    def smallest_px(self) -> int:
        return WINDOW * 2 ** (self.scales - 1)

    def each(self, made: Tensor, truth: Tensor) -> Tensor:
        return ms_ssim(made, truth, scales=self.scales)


def ms_ssim(x: Tensor, y: Tensor, data_range: float = 1.0, scales: int = 5) -> Tensor:
    """Of each pair of pictures [N, C, H, W]: [N], the mean over channels.

    Fewer scales share the weight of those that are left out. Structures that oppose each other count as 0.
    """
    weights = [weight / sum(WEIGHTS[:scales]) for weight in WEIGHTS[:scales]]
    found = torch.ones(x.shape[:2], dtype=torch.float64, device=x.device)  # [N, C]
    for weight in weights[:-1]:
        found = found * terms(x, y, data_range)[1].mean(dim=(2, 3)).clamp(min=0) ** weight
        x, y = avg_pool2d(x, 2), avg_pool2d(y, 2)
    luminance, structure = terms(x, y, data_range)
    found = found * (luminance * structure).mean(dim=(2, 3)).clamp(min=0) ** weights[-1]
    return found.mean(dim=1)
