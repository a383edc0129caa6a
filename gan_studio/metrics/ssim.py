"""The structural similarity of two pictures. Wang et al. 2004. Higher is better, 1 is equal."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from . import METRICS, Measure
from .pairs import OfPairs

WINDOW, SIGMA = 11, 1.5  # of the Gaussian
K1, K2 = 0.01, 0.03


@METRICS.add
class Ssim(OfPairs):
    kind = "ssim"
    title = "SSIM"
    paper = "Wang et al. 2004"
    about = "The structural similarity of pictures to what they should be, in windows of 11 px; 1 is equal."
    measures = {
        "ssim": Measure(
            "SSIM",
            "How alike brightness, contrast and structure are around each pixel, the mean over pairs; 1 is equal.",
            "higher",
            ideal=1,
            least=-1,
            most=1,
        )
    }

    def smallest_px(self) -> int:
        return WINDOW

    def each(self, made: Tensor, truth: Tensor) -> Tensor:
        return ssim(made, truth)


def ssim(x: Tensor, y: Tensor, data_range: float = 1.0) -> Tensor:
    """Of each pair of pictures [N, C, H, W] with sides of at least WINDOW: [N], the mean over channels and places.

    As in the paper: a Gaussian window, the population's covariance, and only places where the window fits.
    """
    luminance, structure = terms(x, y, data_range)
    return (luminance * structure).flatten(1).mean(dim=1)


def terms(x: Tensor, y: Tensor, data_range: float = 1.0) -> tuple[Tensor, Tensor]:
    """(luminance, contrast times structure) around each place where the window fits: [N, C, H', W'] in float64."""
    x, y = x.double(), y.double()
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    mean_x, mean_y = _windowed(x), _windowed(y)
    var_x = _windowed(x * x) - mean_x**2
    var_y = _windowed(y * y) - mean_y**2
    covariance = _windowed(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance, (2 * covariance + c2) / (var_x + var_y + c2)


def _windowed(x: Tensor) -> Tensor:
    """The Gaussian mean around each place where the window fits, by rows and then by columns."""
    t = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    kernel = torch.exp(-(t**2) / (2 * SIGMA**2))
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, -1)
    x = conv2d(x, kernel[:, :, None, :], groups=x.shape[1])
    return conv2d(x, kernel[:, :, :, None], groups=x.shape[1])
