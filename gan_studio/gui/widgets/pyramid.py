"""A picture in halves of its size: of one of any size only what is seen is painted, at the cost of what is seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

LEAST_SIDE = 256  # pixels: to halve what is smaller gains nothing
WHOLE = 16_000_000  # pixels up to which the full size, too, is kept in the screen's own layout
BAND = 512  # rows that are worked on at once, so that little is needed in between

FORMATS = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}


class Pyramid:
    """Of [H, W, C] uint8, C = 1, 3 or 4. Until it `grow`s it is painted a little rough where it is shrunk."""

    def __init__(self, pixels: np.ndarray):
        self.pixels = np.ascontiguousarray(pixels)
        self.height, self.width, self.channels = self.pixels.shape
        self.is_grown = False
        self._levels = [Level.of(self.pixels, FORMATS[self.channels])]

    def grow(self, halves: list[np.ndarray]) -> None:
        """Take what `levels_of` gave: from the full size on, or from the half."""
        levels = [Level.of(half, QImage.Format.Format_ARGB32_Premultiplied) for half in halves]
        has_whole = bool(levels) and levels[0].pixels.shape[:2] == self.pixels.shape[:2]
        self._levels = levels if has_whole else [self._levels[0], *levels]
        self.is_grown = True

    def paint(self, painter: QPainter, place: QRectF, pane: QRectF, smooth: bool) -> None:
        """What is within `pane` of the picture, the whole of which lies at `place`; both in the painter's pixels."""
        seen = place & pane
        if seen.isEmpty():
            return
        scale = place.width() / self.width
        number = min(max(0, math.floor(-math.log2(scale))), len(self._levels) - 1)
        level, step = self._levels[number], scale * 2**number  # so wide is a pixel of the level
        height, width = level.pixels.shape[:2]
        left, right = touched(seen.left() - place.left(), seen.right() - place.left(), step, width)
        top, bottom = touched(seen.top() - place.top(), seen.bottom() - place.top(), step, height)
        part = QRectF(left, top, right - left, bottom - top)
        corner = place.topLeft() + QPointF(left, top) * step
        painter.save()
        painter.setClipRect(seen, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.is_grown if step < 1 else smooth)
        painter.drawImage(QRectF(corner, part.size() * step), level.image, part)
        painter.restore()


@dataclass(frozen=True)
class Level:
    image: QImage
    pixels: np.ndarray  # whose memory the image shares

    @classmethod
    def of(cls, pixels: np.ndarray, form: QImage.Format) -> Level:
        height, width = pixels.shape[:2]
        return cls(QImage(pixels.data, width, height, pixels.strides[0], form), pixels)


def touched(first: float, last: float, step: float, count: int) -> tuple[int, int]:
    """The pixels of a row of `count`, each `step` wide, between two places: [first, last)."""
    return max(0, math.floor(first / step)), min(count, math.ceil(last / step))


# --- for a thread ----------------------------------------------------------------------------------------------------


def levels_of(pixels: np.ndarray) -> list[np.ndarray]:
    """[H, W, 4] premultiplied BGRA, each half of the one before; the full size is among them unless it is huge."""
    height, width = pixels.shape[:2]
    levels = [in_bands(pixels, as_screen)] if height * width <= WHOLE else [in_bands(pixels, halved_as_screen)]
    while max(levels[-1].shape[:2]) > LEAST_SIDE:
        levels.append(in_bands(levels[-1], halved))
    return levels


def in_bands(pixels: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Through `change`, some rows at a time."""
    return np.concatenate([change(pixels[y : y + BAND]) for y in range(0, len(pixels), BAND)])


def as_screen(pixels: np.ndarray) -> np.ndarray:
    """[H, W, C] in RGB order as [H, W, 4] in the byte order of ARGB32 on all machines that Qt's wheels are for."""
    channels = pixels.shape[2]
    out = np.empty((*pixels.shape[:2], 4), np.uint8)
    out[..., :3] = pixels[..., :1] if channels == 1 else pixels[..., 2::-1]
    out[..., 3] = pixels[..., 3] if channels == 4 else 255
    if channels == 4:  # premultiplied: what is clear has no colour that could bleed into its neighbours
        alpha = out[..., 3:].astype(np.uint16)
        out[..., :3] = (out[..., :3] * alpha + 127) // 255
    return out


def halved(pixels: np.ndarray) -> np.ndarray:
    """The mean of each 2 x 2 pixels; an odd last row or column counts twice."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    total = pixels[0::2, 0::2].astype(np.uint16)
    total += pixels[1::2, 0::2]
    total += pixels[0::2, 1::2]
    total += pixels[1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)


def halved_as_screen(pixels: np.ndarray) -> np.ndarray:
    return halved(as_screen(pixels))
