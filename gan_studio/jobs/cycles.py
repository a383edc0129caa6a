"""There and back again: what a cycle loses, whether it smuggles, and what tiles change. Nothing here is written.

Networks trained to come back may hide the way back in details of B that nobody sees (Chu et al. 2017, "CycleGAN, a
master of steganography"). Whoever takes such details away, by fewer levels or a slight blur, finds it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from .. import images
from ..config import ConfigError
from ..picture_files import Picture
from . import lab
from .apply import Manner, computed, network_input, run_out, sized
from .translators import Translator

LEVELS = 32  # of B, where 256 are usual: 5 bits
BLUR_PX = 0.8  # standard deviation
SMUGGLES, DEPENDS = 3.0, 1.5  # so many times worse does the way back become
LOST_DB = 15.0  # a way back that is no nearer hardly knows the picture: there is nothing to smuggle

Stop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Cycle:
    """A, what becomes of it, and what comes back."""

    there: np.ndarray  # [H, W, C] uint8
    back: np.ndarray  # [H, W, C] uint8
    map: np.ndarray  # [H, W] float32: mean absolute difference of what comes back, 0 to 1
    error: float  # its mean
    psnr: float  # dB


@dataclass(frozen=True, eq=False)
class Trust:
    """The way back from B as it is, from B with fewer levels, and from B slightly blurred."""

    plain: Cycle
    quantised: Cycle
    blurred: Cycle
    ratio: float  # how many times worse the worse of the two is
    sentence: str


@dataclass(frozen=True, eq=False)
class Difference:
    """The same picture in pieces and at once."""

    pieces: np.ndarray  # [H, W, C] uint8
    whole: np.ndarray
    map: np.ndarray  # [H, W] float32: the largest difference of a channel, in levels of 255
    most: float
    mean: float


def cycle(
    there: Translator, back: Translator, picture: Picture, manner: Manner | None = None, stop: Stop = lambda: False
) -> Cycle:
    """A -> B -> A. Raises ConfigError where the two do not fit together, and Cancelled."""
    manner = manner or Manner()
    a = _input(there, back, sized(picture, there, manner))
    b = run_out(computed(there, a, manner, np.float32), stop)
    return _back(a, b, back, manner, stop)


def trust(
    there: Translator, back: Translator, picture: Picture, manner: Manner | None = None, stop: Stop = lambda: False
) -> Trust:
    """Does the way back need details that nobody sees? Raises ConfigError and Cancelled."""
    manner = manner or Manner()
    a = _input(there, back, sized(picture, there, manner))
    b = run_out(computed(there, a, manner, np.float32), stop)
    plain, quantised, blurred = (_back(a, one, back, manner, stop) for one in (b, coarser(b), softer(b)))
    ratio = max(quantised.error, blurred.error) / max(plain.error, 1e-6)
    return Trust(plain, quantised, blurred, ratio, _sentence(plain, quantised, blurred, ratio))


def coarser(b: np.ndarray, levels: int = LEVELS) -> np.ndarray:
    """[H, W, C] float32 in [-1, 1] with so few levels."""
    steps = (levels - 1) / 2
    return (np.round((b.clip(-1, 1) + 1) * steps) / steps - 1).astype(np.float32)


def softer(b: np.ndarray, sigma: float = BLUR_PX) -> np.ndarray:
    return gaussian_filter(b, (sigma, sigma, 0), mode="mirror").astype(np.float32)


def _input(there: Translator, back: Translator, picture: Picture) -> np.ndarray:
    """A as the first network is given it, [H, W, C] float32. Raises ConfigError."""
    if there.channels != back.channels[::-1] or there.needs.scale != 1 or back.needs.scale != 1:
        raise ConfigError("These two do not lead there and back: the one does not take what the other makes.")
    a = network_input(picture, there.channels[0])
    return images.to_numbers(a)[0].permute(1, 2, 0).numpy()


def _back(a: np.ndarray, b: np.ndarray, back: Translator, manner: Manner, stop: Stop) -> Cycle:
    again = run_out(computed(back, b, manner, np.float32), stop)
    shown = _bytes(again)
    apart = _apart(again, a)
    map, error = apart.mean(2), float(apart.mean(dtype=np.float64))
    squared = float(np.square(apart, out=apart).mean(dtype=np.float64))
    psnr = -10 * math.log10(squared) if squared else math.inf
    return Cycle(_bytes(b), shown, map, error, psnr)


def _apart(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[H, W, C] float32 in [0, 1]; in the place of `x`, as the pictures may be large."""
    np.clip(x, -1, 1, out=x)
    x -= other.clip(-1, 1)
    np.abs(x, out=x)
    x /= 2
    return x


def _bytes(x: np.ndarray) -> np.ndarray:
    return images.to_uint8(images.to_numbers(x))[0]


def _sentence(plain: Cycle, quantised: Cycle, blurred: Cycle, ratio: float) -> str:
    words = (
        f"PSNR of the way back: {plain.psnr:.1f} dB, with {LEVELS} levels {quantised.psnr:.1f} dB, "
        f"blurred {blurred.psnr:.1f} dB."
    )
    if ratio >= SMUGGLES:
        return f"It smuggles: without details of B that nobody sees, the way back is {ratio:.1f} times worse. {words}"
    if ratio >= DEPENDS:
        return f"It leans on fine details of B: without them the way back is {ratio:.1f} times worse. {words}"
    if plain.psnr < LOST_DB:
        return f"Nothing can be said: what comes back is far from the picture in any case. {words}"
    return f"It can be trusted: the way back does not need hidden details ({ratio:.1f} times the error). {words}"


def difference(
    translator: Translator, picture: Picture, manner: Manner | None = None, stop: Stop = lambda: False
) -> Difference:
    """In pieces, as `manner` says or as large pictures are done, and at once. Raises ConfigError and Cancelled."""
    manner = manner or Manner(tile=128)
    at_once = manner.model_copy(update={"way": "whole", "tile": 0})
    pieces, whole = (_made(translator, sized(picture, translator, manner), how, stop) for how in (manner, at_once))
    shown = _bytes(pieces)
    apart = 255 * _apart(pieces, whole).max(2)
    return Difference(shown, _bytes(whole), apart, float(apart.max()), float(apart.mean()))


def _made(translator: Translator, picture: Picture, manner: Manner, stop: Stop) -> np.ndarray:
    """[H, W, C] float32 in [-1, 1]: colours that are to be seen."""
    if not translator.lab:
        pixels = network_input(picture, translator.channels[0])
        return run_out(computed(translator, pixels, manner, np.float32), stop)
    ab = run_out(computed(translator, lab.lightness(picture.colour), manner, np.float32), stop)
    return images.to_numbers(lab.coloured(picture.colour, ab))[0].permute(1, 2, 0).numpy()
