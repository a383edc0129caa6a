"""How far two pictures are apart, as a picture. For a thread: it touches no widget."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .pyramid import in_bands, levels_of

STOPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
COLOURS = np.array([(0, 0, 0), (72, 12, 104), (200, 50, 66), (252, 150, 30), (255, 255, 220)], float)  # dark to light


def difference_of(first: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], str]:
    """Of two [H, W, C] uint8: ([H', W', 3], its levels, what it shows, in words).

    The smaller one is enlarged first (bicubic), so that what is shown is what the other one adds to that.
    """
    distance = distances(first, other)
    most = int(distance.max(initial=0))
    table = colours(most)
    pixels = in_bands(distance, lambda band: table[band])
    return pixels, levels_of(pixels), words(most, float(distance.mean()))


def distances(first: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[H, W] uint8: the largest difference of a pixel's colours."""
    height, width = max(first.shape[:2], other.shape[:2], key=lambda size: size[0] * size[1])
    a, b = (resized(as_rgb(one), width, height) for one in (first, other))
    out = np.empty((height, width), np.uint8)
    for y in range(0, height, 512):
        band = slice(y, y + 512)
        out[band] = np.where(a[band] > b[band], a[band] - b[band], b[band] - a[band]).max(axis=2)
    return out


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    """Grey three times; without what is clear or not."""
    return np.repeat(pixels[..., :1], 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]


def resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.Resampling.BICUBIC))


def colours(most: int) -> np.ndarray:
    """[256, 3] uint8: for each distance its colour, where `most` is the brightest."""
    at = np.arange(256) / max(most, 1)
    bands = [np.interp(at, STOPS, COLOURS[:, channel]) for channel in range(3)]
    return np.stack(bands, axis=1).round().astype(np.uint8)


def words(most: int, mean: float) -> str:
    return f"Difference: {mean:.1f} of 255 on average, {most} at most (white)" if most else "No difference at all"
