"""The peak signal-to-noise ratio: 10 log10(R^2 / MSE), in decibels. Higher is better."""

from __future__ import annotations

import torch
from torch import Tensor

from ..config import ConfigError, option
from . import METRICS, Measure, Sets
from .pairs import OfPairs

LEAST = 1e-10  # of the mean square, so that equal pictures have 100 dB at a range of 1

STUDIO = (65.481, 128.553, 24.966)  # ITU-R BT.601, studio swing: black is 16 and white 235 of 255


@METRICS.add
class Psnr(OfPairs):
    kind = "psnr"
    title = "PSNR"
    about = "The peak signal-to-noise ratio of pictures to what they should be, in decibels: how small the error is."
    measures = {
        "psnr": Measure(
            "PSNR",
            "10 log10(255^2 / mean squared error) of each pair, and the mean over pairs: 100 for equal pictures.",
            "higher",
            ideal=100,
            unit="dB",
            most=100,
        )
    }

    luma: bool = option(False, "Of the Y of ITU-R BT.601 alone, as papers on super-resolution tell it.")

    def each(self, made: Tensor, truth: Tensor) -> Tensor:
        return psnr(studio_luma(made), studio_luma(truth)) if self.luma else psnr(made, truth)

    def refuse(self, sets: Sets) -> None:
        super().refuse(sets)
        assert sets.real.pictures is not None
        if self.luma and sets.real.pictures.shape[-1] != 3:
            raise ConfigError("The luma is of pictures in colour, and these are not. Set luma to false.")


def mean_square(x: Tensor, y: Tensor) -> Tensor:
    """Of each pair of pictures [N, C, H, W]: [N], in float64."""
    return (x.double() - y.double()).square().flatten(1).mean(dim=1)


def psnr(x: Tensor, y: Tensor, data_range: float = 1.0) -> Tensor:
    """Of each pair of pictures [N, C, H, W]: [N]."""
    return 10 * torch.log10(data_range**2 / mean_square(x, y).clamp(min=LEAST * data_range**2))


def studio_luma(x: Tensor) -> Tensor:
    """The Y of pictures [N, 3, H, W] in [0, 1], [N, 1, H, W], as papers on super-resolution measure it."""
    weights = torch.tensor(STUDIO, dtype=x.dtype, device=x.device)[:, None, None]
    return ((x * weights).sum(dim=1, keepdim=True) + 16) / 255
