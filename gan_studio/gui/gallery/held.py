"""The pictures of a gallery in memory: samples in the order in which they were made, and a small picture of each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ...jobs.gallery import Sample

MOST_BYTES = 2**28  # of all pictures together; the more there are, the smaller they are kept
LEAST_PX = 32


def kept_size(count: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) in which so many pictures of `shape` [C, H, W] are kept."""
    channels, height, width = shape
    share = min(1.0, math.sqrt(MOST_BYTES / max(1, count * channels * height * width)))
    least = min(1.0, LEAST_PX / max(height, width))
    share = max(share, least)
    return max(1, int(height * share)), max(1, int(width * share))


def reduced(pictures: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[N, H, W, C] uint8 -> [N, *size, C]."""
    if pictures.shape[1:3] == size:
        return pictures
    return np.stack([_resized(picture, (size[1], size[0])) for picture in pictures])


def _resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    pixels = np.asarray(image.resize(size, Image.Resampling.BOX))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def scaled(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """[h, w, C] uint8 as a tile of so many pixels on the screen; what grows keeps its edges."""
    times = math.ceil(max(width / picture.shape[1], height / picture.shape[0]))
    if times > 1:
        picture = picture.repeat(times, axis=0).repeat(times, axis=1)
    return np.ascontiguousarray(
        picture if picture.shape[1::-1] == (width, height) else _resized(picture, (width, height))
    )


class Held:
    """Grows at its end only; places are numbers from 0 on."""

    def __init__(self, count: int, shape: tuple[int, ...]):
        self.shape = shape  # [C, H, W] of a whole picture
        self.size = kept_size(count, shape)
        self.samples: list[Sample] = []
        self._pictures = np.empty((count, *self.size, shape[0]), np.uint8)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def is_whole(self) -> bool:
        """Whether pictures are kept as they were made, up to the rounding of a batch."""
        return self.size == self.shape[1:]

    def add(self, samples: Sequence[Sample], pictures: np.ndarray) -> None:
        """[N, *size, C] uint8"""
        end = len(self.samples) + len(samples)
        self._pictures[len(self.samples) : end] = pictures
        self.samples += samples

    def picture(self, place: int) -> np.ndarray:
        """[h, w, C] uint8"""
        found: np.ndarray = self._pictures[place]
        return found
