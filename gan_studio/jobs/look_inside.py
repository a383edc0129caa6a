"""What a network makes of a latent on its way to the picture, and which spatial frequencies a picture is made of.

The spectrum's convention: grey by Rec. 601 with white at 1, its mean removed, under a Hann window; |FFT|^2 over the sum
of the window's squares. So white noise of variance v has power v at every frequency, whatever the size, and an edge of
the picture makes no cross.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor, nn

from ..directions import activation
from .find_directions import layers
from .snapshots import Snapshot

__all__ = ["Inside", "Spectrum", "inside", "layers", "radial_mean", "spectrum", "usual_radial"]

MOST_MAPS = 64
MOST_PX = 64  # a side, of a map that is shown
REC_601 = np.array([0.299, 0.587, 0.114])  # of red, green and blue
MOST_PICTURES = 1024  # that a mean spectrum is taken of
BATCH = 128
FLOOR = 1e-12  # of a power that is shown on a logarithmic scale: far below the 1e-7 of one grey level

# --- activations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inside:
    """What one layer makes of one latent, its strongest channels first."""

    layer: str
    shape: tuple[int, ...]  # of all of it: (K, H, W) or (K,)
    channels: np.ndarray  # [M] the numbers of those that are shown
    maps: np.ndarray = field(repr=False)  # [M, H', W'] float32, H' and W' at most MOST_PX; 1 x 1 of a linear layer
    means: np.ndarray = field(repr=False)  # [M] float32
    stds: np.ndarray = field(repr=False)  # [M] float32, over the places; 0 of a linear layer

    @property
    def is_linear(self) -> bool:
        return len(self.shape) == 1


def inside(snapshot: Snapshot, layer: str, z: Tensor, most: int = MOST_MAPS) -> Inside:
    """Of a latent [1, z_dim]. How strong a channel is tells its root mean square.

    The network is hooked meanwhile: bring a copy that nobody else uses.
    """
    x = activation(snapshot.network, layer, z.to(snapshot.device))[0].float().cpu()  # [K, H, W] or [K]
    maps = x if x.ndim == 3 else x.reshape(-1, 1, 1)
    flat = maps.flatten(1).double()
    strongest = flat.square().mean(dim=1).argsort(descending=True, stable=True)[:most]
    return Inside(
        layer,
        tuple(x.shape),
        strongest.numpy(),
        _small(maps[strongest]).numpy(),
        flat[strongest].mean(dim=1).float().numpy(),
        flat[strongest].std(dim=1, correction=0).float().numpy(),
    )


def _small(maps: Tensor) -> Tensor:
    while max(maps.shape[1:]) > MOST_PX and min(maps.shape[1:]) > 1:
        maps = nn.functional.avg_pool2d(maps, 2)
    return maps.contiguous()


# --- frequencies -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spectrum:
    """The power of a picture by spatial frequency."""

    power: np.ndarray = field(repr=False)  # [H, W] float64, frequency 0 at [H // 2, W // 2]
    frequencies: np.ndarray = field(repr=False)  # [R] cycles a pixel, up to 0.5
    radial: np.ndarray = field(repr=False)  # [R] the mean power at about each of these, whatever the direction


def spectrum(picture: np.ndarray) -> Spectrum:
    """Of [H, W, C] uint8."""
    power = powers(picture[None])[0]
    return Spectrum(power, *radial_mean(power))


def usual_radial(pictures: np.ndarray) -> np.ndarray:
    """The mean radial power [R] over the first MOST_PICTURES of pictures [N, H, W, C] uint8."""
    some = pictures[:MOST_PICTURES]
    total = sum(powers(some[start : start + BATCH]).sum(axis=0) for start in range(0, len(some), BATCH))
    return radial_mean(np.asarray(total) / len(some))[1]


def radial_mean(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(frequencies [R] in cycles a pixel, the mean power [R] around each) of a spectrum [H, W], its 0 in the middle.

    Rings are as wide as the shorter side has steps of frequency; what lies beyond 0.5, in the corners, and the mean at
    0 are left out.
    """
    H, W = power.shape
    steps = min(H, W)
    y, x = (np.fft.fftshift(np.fft.fftfreq(side)) for side in (H, W))
    ring = np.rint(np.hypot(y[:, None], x[None, :]) * steps).astype(int).ravel()
    counts = np.bincount(ring)
    sums = np.bincount(ring, weights=power.ravel())
    rings = np.arange(1, steps // 2 + 1)
    return rings / steps, sums[rings] / np.maximum(counts[rings], 1)


def powers(pictures: np.ndarray) -> np.ndarray:
    """[N, H, W, C] uint8 -> [N, H, W]"""
    grey = _grey(pictures)
    H, W = grey.shape[1:]
    window = np.outer(_hann(H), _hann(W))
    mean = (grey * window).sum(axis=(1, 2), keepdims=True) / window.sum()
    amplitudes = np.fft.fft2((grey - mean) * window)
    return np.fft.fftshift(np.abs(amplitudes) ** 2, axes=(1, 2)) / np.square(window).sum()


def _hann(side: int) -> np.ndarray:
    """Periodic, so that a whole number of waves leaks to its neighbours alone; all ones where there is too little."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side) if side > 2 else np.ones(side)


def _grey(pictures: np.ndarray) -> np.ndarray:
    """[N, H, W, C] uint8 -> [N, H, W] float64 in [0, 1]; what is transparent lies on white."""
    x = pictures / 255.0
    if x.shape[3] == 4:
        x = x[..., :3] * x[..., 3:] + 1 - x[..., 3:]
    return x[..., 0] if x.shape[3] == 1 else x @ REC_601
