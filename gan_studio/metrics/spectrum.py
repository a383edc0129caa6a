"""The power spectrum of pictures, averaged over directions. Durall et al. 2020, section 3.1.

Upsampling leaves more, or less, of high frequencies than real pictures have. Each channel of each picture, 0 to 255,
less its mean, has |F|^2 / (H W) at each frequency, so that white noise of variance s^2 has s^2 at all of them; rounding
to 8 bits alone leaves 1/12, which is added to all, and nothing below it is seen. Frequencies are in cycles a pixel, up
to 0.71, where the finest chequer board is.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..config import ConfigError
from ..progress import Progress
from . import METRICS, AtOnce, Measure, Pick, Sets
from .honest import finished

SMALLEST_PX = 8  # a side
BATCH_NUMBERS = 2**22  # of all pictures that are transformed at a time
ROUNDING = 1 / 12  # variance of what rounding to whole numbers takes away
TEXT = "Power spectra"


@METRICS.add
class SpectrumDistance(AtOnce):
    kind = "spectrum"
    title = "Spectrum distance"
    paper = "Durall et al. 2020"
    about = "How far the power spectra of generated and real pictures are apart: fine patterns that no picture has."
    needs = ("pictures",)
    measures = {
        "spectrum": Measure(
            "Spectrum distance",
            "The root mean squared difference of the two spectra over all frequencies, in decibels of power.",
            unit="dB",
            least=0,
        )
    }

    def fewest(self, features: int, classes: int = 0) -> int:
        return 20

    def resampled(
        self, sets: Sets, picks: Sequence[Pick], seed: int
    ) -> Generator[Progress, None, list[dict[str, float]]]:
        """Each picture is transformed once."""
        assert sets.real.pictures is not None and sets.generated.pictures is not None
        real = yield from powers(sets.real.pictures)
        generated = yield from powers(sets.generated.pictures)
        found = []
        for pick in picks:
            a = decibels(real if pick.real is None else real[pick.real])
            b = decibels(generated if pick.generated is None else generated[pick.generated])
            found.append({"spectrum": float(np.sqrt(np.square(a - b).mean()))})
        return found

    def refuse(self, sets: Sets) -> None:
        assert sets.real.pictures is not None
        _, H, W, _ = sets.real.pictures.shape
        if min(H, W) < SMALLEST_PX:
            raise ConfigError(
                f"Spectrum distance needs pictures of at least {SMALLEST_PX} x {SMALLEST_PX} px, and these are "
                f"{W} x {H}. Take larger pictures."
            )
        if _flat(sets.real.pictures):
            raise ConfigError(
                "The real pictures are of one colour each, and have no spectrum to compare with. Choose other data."
            )

    def notes(self, sets: Sets) -> tuple[str, ...]:
        assert sets.generated.pictures is not None
        return ("The generated pictures are of one colour each.",) if _flat(sets.generated.pictures) else ()


def _flat(pictures: np.ndarray) -> bool:
    return bool((pictures == pictures[:, :1, :1]).all())


@dataclass(frozen=True)
class Spectrum:
    """Of a set of pictures."""

    frequencies: np.ndarray = field(repr=False)  # [R] in cycles a pixel
    power: np.ndarray = field(repr=False)  # [R] in decibels


def spectrum(pictures: np.ndarray) -> Spectrum:
    """Of pictures [N, H, W, C] uint8: their mean power, to be drawn."""
    _, H, W, _ = pictures.shape
    return Spectrum(frequencies(H, W), decibels(finished(powers(pictures))))


def decibels(power: np.ndarray) -> np.ndarray:
    """Of the mean over pictures [N, R]: [R]."""
    return 10 * np.log10(power.mean(axis=0) + ROUNDING)


def frequencies(H: int, W: int) -> np.ndarray:
    """Of the rings, in cycles a pixel: [R]."""
    return np.arange(1, int(_rings(H, W).max()) + 1) / min(H, W)


def powers(pictures: np.ndarray) -> Generator[Progress, None, np.ndarray]:
    """Of each picture [H, W, C] uint8: its power in rings of equal frequency, the mean over channels, [N, R]."""
    N, H, W, C = pictures.shape
    rings = _rings(H, W).flatten()
    counts = torch.bincount(rings)
    found = np.empty((N, len(counts) - 1))
    size = max(1, BATCH_NUMBERS // (H * W * C))
    for start in range(0, N, size):
        yield Progress(start, N, TEXT)
        x = torch.from_numpy(pictures[start : start + size]).double().permute(0, 3, 1, 2)
        x = x - x.mean(dim=(2, 3), keepdim=True)
        power = torch.fft.fft2(x, norm="ortho").abs().square().mean(dim=1).flatten(1)  # [n, H W]
        sums = torch.zeros(len(x), len(counts), dtype=torch.float64).index_add_(1, rings, power)
        found[start : start + size] = (sums / counts)[:, 1:]  # without the mean
    return found


def _rings(H: int, W: int) -> Tensor:
    """The number of the ring, of equal width, that each frequency is in: [H, W]."""
    fy, fx = (torch.fft.fftfreq(n, dtype=torch.float64) for n in (H, W))
    return (torch.hypot(fy[:, None], fx[None]) * min(H, W)).round().long()
