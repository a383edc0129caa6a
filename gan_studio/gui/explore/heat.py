"""One map of colours for what networks hold, the same in both themes: blue below 0, dark at 0, orange above."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from ..widgets.image_grid import tile, to_image

PLACES = np.array([-1.0, -0.55, 0.0, 0.55, 1.0])
COLOURS = np.array(
    [(176, 218, 255), (38, 112, 196), (20, 23, 28), (204, 92, 28), (255, 226, 160)], float
)  # red, green and blue


def heat(amounts: np.ndarray) -> np.ndarray:
    """Any shape, in [-1, 1] -> [..., 3] uint8; beyond is as at the end."""
    return np.stack([np.interp(amounts, PLACES, band) for band in COLOURS.T], axis=-1).round().astype(np.uint8)


def heat_image(amounts: np.ndarray) -> QImage:
    """[H, W] in [-1, 1]"""
    return to_image(tile(heat(amounts)[None]))
