"""Radially averaged power spectra of real and generated pictures, with bands: which sizes of detail are missing.

Too little power at high frequencies is blur, too much is grain; a peak near the end is a checkerboard of up-sampling
(Durall et al. 2020, Odena et al. 2016).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from ..progress import Progress
from .closely import Close
from .look_inside import powers, radial_mean

MOST = 1000  # pictures of each kind
BATCH = 64
BAND = (0.1, 0.9)  # quantiles over pictures
EVEN = 2.0  # decibels: less is no difference worth a word
TINY = 1e-12  # power that counts as none
COMPARING = "Taking spectra"


@dataclass(frozen=True)
class Spectrum:
    """Of many pictures of one kind."""

    mean: np.ndarray = field(repr=False)  # [R] of the powers, in decibels
    low: np.ndarray = field(repr=False)  # [R] quantiles over pictures, in decibels
    high: np.ndarray = field(repr=False)
    power: np.ndarray = field(repr=False)  # [H, W] the mean in decibels, frequency 0 in the middle
    count: int


@dataclass(frozen=True)
class Spectra:
    frequencies: np.ndarray = field(repr=False)  # [R] cycles a pixel, up to 0.5
    real: Spectrum
    generated: Spectrum

    @property
    def gap(self) -> np.ndarray:
        """[R] decibels that the generated pictures have more than real ones."""
        return self.generated.mean - self.real.mean

    def told(self) -> str:
        """A sentence about where they differ most."""
        gap, worst = self.gap, int(np.abs(self.gap).argmax())
        outside = (self.generated.mean < self.real.low) | (self.generated.mean > self.real.high)
        many = "nowhere" if not outside.any() else f"at {outside.mean():.0%} of the frequencies".replace("%", " %")
        word = "more" if gap[worst] > 0 else "less"
        return (
            f"The generated pictures leave the band of real ones {many}. They differ most at "
            f"{self.frequencies[worst]:.2f} cycles a pixel: {abs(gap[worst]):.1f} dB {word} power{_meaning(self)}."
        )


def _meaning(spectra: Spectra) -> str:
    gap = spectra.gap
    upper = gap[2 * len(gap) // 3 :]
    if abs(upper.mean()) < EVEN:
        return "; the finest details have about the power of real ones"
    return (
        "; the finest details are too weak: blur" if upper.mean() < 0 else "; the finest details are too strong: grain"
    )


def spectra(close: Close) -> Generator[Progress, None, Spectra]:
    """Closing the generator cancels."""
    total = sum(min(MOST, len(seen)) for seen in (close.real, close.generated))
    real = yield from _spectrum(close.real.pictures, 0, total)
    generated = yield from _spectrum(close.generated.pictures, real.count, total)
    side = close.real.pictures[0] if close.real.pictures is not None else np.zeros((2, 2, 1))
    frequencies, _ = radial_mean(np.zeros(side.shape[:2]))
    return Spectra(frequencies, real, generated)


def _spectrum(pictures: np.ndarray | None, before: int, total: int) -> Generator[Progress, None, Spectrum]:
    assert pictures is not None
    pictures = pictures[:MOST]
    power = np.zeros(pictures.shape[1:3])
    rings = []
    for start in range(0, len(pictures), BATCH):
        yield Progress(before + start, total, COMPARING)
        part = powers(pictures[start : start + BATCH])
        power += part.sum(axis=0)
        rings += [radial_mean(one)[1] for one in part]
    radial = np.stack(rings)  # [N, R]
    low, high = np.quantile(radial, BAND, axis=0)
    return Spectrum(
        decibels(radial.mean(axis=0)), decibels(low), decibels(high), decibels(power / len(pictures)), len(pictures)
    )


def decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, TINY))
