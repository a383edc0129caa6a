"""CIE L*a*b* of sRGB pictures under D65, and how colourising networks use it: lightness in, colour out.

IEC 61966-2-1 for sRGB, CIE 15 for L*a*b*. Zhang et al. 2016 give networks L and are given a and b; the scales are those
of pytorch-CycleGAN-and-pix2pix.
"""

from __future__ import annotations

import numpy as np

XYZ_OF_RGB = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
RGB_OF_XYZ = np.linalg.inv(XYZ_OF_RGB)
WHITE = np.array([0.95047, 1.0, 1.08883])  # of D65, as XYZ
DELTA = 6 / 29
LIGHT, COLOUR = 50.0, 110.0  # L / 50 - 1, and a and b / 110, are what networks see
STRIP = 256  # rows at a time, so that a large picture needs no second one of doubles


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """[..., 3] in [0, 1] -> L in [0, 100], a and b."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    t = linear @ XYZ_OF_RGB.T / WHITE
    x, y, z = np.moveaxis(np.where(t > DELTA**3, np.cbrt(t), t / (3 * DELTA**2) + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb_of(lab: np.ndarray) -> np.ndarray:
    """The inverse; what no screen shows is clamped to [0, 1]."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    y = (lightness + 16) / 116
    f = np.stack([y + a / 500, y, np.maximum(y - b / 200, 0)], axis=-1)
    t = np.where(f > DELTA, f**3, 3 * DELTA**2 * (f - 4 / 29))
    linear = (t * WHITE) @ RGB_OF_XYZ.T
    curved = 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    return np.where(linear > 0.0031308, curved, 12.92 * linear).clip(0, 1)


def lightness(colour: np.ndarray) -> np.ndarray:
    """[H, W, 1 or 3] uint8 or uint16 -> [H, W, 1] float32 in [-1, 1], as a network is given it."""
    found = np.empty((*colour.shape[:2], 1), np.float32)
    for top in range(0, len(colour), STRIP):
        found[top : top + STRIP, :, 0] = _lab(colour[top : top + STRIP])[:, :, 0] / LIGHT - 1
    return found


def coloured(colour: np.ndarray, ab: np.ndarray, cuts_off: bool = False) -> np.ndarray:
    """[H, W, 3] of the picture's type: its own lightness with the colour [H, W, 2] in [-1, 1] that a network made.

    Bytes are cut off instead of rounded where the network's own program does that.
    """
    most = np.iinfo(colour.dtype).max
    found = np.empty((*colour.shape[:2], 3), colour.dtype)
    for top in range(0, len(colour), STRIP):
        rows = np.s_[top : top + STRIP]
        lab = _lab(colour[rows])
        lab[:, :, 1:] = ab[rows].astype(np.float64) * COLOUR
        values = rgb_of(lab) * most
        found[rows] = values if cuts_off else values.round()
    return found


def _lab(colour: np.ndarray) -> np.ndarray:
    colour = np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour
    return lab_of(colour / np.iinfo(colour.dtype).max)
