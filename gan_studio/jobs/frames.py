"""What was drawn of a run at each step, read back from its folder: light, damage-proof, and from any thread.

Written by `shown.py`. A step is one file: a grid of pictures (.png, with the grid of G's own weights beside it), or
points with D's plane (.npz). Older runs hold bare points (.npy), and only the newest plane (landscape.npz).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from ..runs import Run
from .events import Landscape

MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB of RGB
MAX_BYTES = 2**26  # of one array; ours have some thousand points
ARRAYS = ("points", "raw", "logits", "extent", "pull", "warped")
T = TypeVar("T")
_NAME = re.compile(r"step-(\d+)\.(?:png|npz|npy)")


@dataclass(frozen=True)
class Frame:
    """What G made of the fixed latents at a step, and on 2-D data what D thought of the plane."""

    step: int
    array: np.ndarray  # the whole grid as one picture [1, H, W, C] uint8, or points [N, 2] float32
    raw: np.ndarray | None = None  # by G's own weights, where `array` is by their average
    landscape: Landscape | None = None


def frame_steps(run: Run) -> list[int]:
    """The steps that were drawn, in order; only names are read."""
    try:
        names = os.listdir(run.folder / "samples")  # noqa: PTH208 (no Path for each of thousands)
    except OSError:
        return []
    return sorted({int(found[1]) for found in map(_NAME.fullmatch, names) if found})


def read_frame(run: Run, step: int, raw: bool = True) -> Frame | None:
    """What was drawn at a step; None where it is damaged or gone. Without `raw`, pictures are read twice as fast."""
    place = run.folder / "samples" / f"step-{step:08d}"
    if (path := place.with_suffix(".png")).is_file():
        array = _read(_picture, path)
        beside = _read(_picture, path.with_name(f"raw-{step:08d}.png")) if raw else None
        return None if array is None else Frame(step, array, beside)
    if (path := place.with_suffix(".npz")).is_file():
        return _read(_plane, path)
    array = _read(_points, place.with_suffix(".npy"))
    if array is None:
        return None
    newest = frame_steps(run)[-1:] == [step]
    return Frame(step, array, landscape=_read(_old_landscape, run.folder / "landscape.npz", step) if newest else None)


def read_real(run: Run) -> np.ndarray | None:
    """What stands beside the samples, in the shape of `Frame.array`; None where it is damaged or missing."""
    array = _read(_picture, run.folder / "real.png")
    return _read(_points, run.folder / "real.npy") if array is None else array


def columns_of(run: Run) -> tuple[str, ...]:
    """What each picture of a row is, where samples are rows; whatever stands in the file."""
    columns = run.about().get("columns")
    return tuple(map(str, columns)) if isinstance(columns, list) else ()


def _read(read: Callable[..., T], path: Path, *more: object) -> T | None:
    try:
        return read(path, *more)
    except Exception:  # broken files make decoders raise SyntaxError, KeyError, zlib.error ...
        return None


def _picture(path: Path) -> np.ndarray:
    """A grid as [1, H, W, C] uint8."""
    with Image.open(path, formats=("PNG",)) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError("too large")
        if picture.mode not in ("L", "RGB", "RGBA"):
            raise ValueError("not a grid of ours")
        pixels = np.asarray(picture)
    return pixels.reshape(1, *pixels.shape[:2], -1)


def _points(path: Path) -> np.ndarray:
    return _pairs(np.load(path, allow_pickle=False), 2)


def _plane(path: Path) -> Frame:
    arrays = _arrays(path)
    step = int(path.stem.removeprefix("step-"))
    raw = _pairs(arrays["raw"], 2) if "raw" in arrays else None
    return Frame(step, _pairs(arrays["points"], 2), raw, _landscape(step, arrays) if "logits" in arrays else None)


def _old_landscape(path: Path, step: int) -> Landscape:
    return _landscape(step, _arrays(path))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """What we keep in a file, where it is of a sensible size: a foreign one may unpack to more than the memory."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        sizes = {entry.filename: entry.file_size for entry in kept.zip.infolist()}
        names = [name for name in ARRAYS if name in kept.files]
        if any(sizes[f"{name}.npy"] > MAX_BYTES for name in names):
            raise ValueError("too large")
        return {name: kept[name] for name in names}


def _landscape(step: int, arrays: dict[str, np.ndarray]) -> Landscape:
    logits, extent = arrays["logits"].astype(np.float32), float(arrays["extent"])
    if logits.ndim != 2 or logits.shape[0] != logits.shape[1] or not 0 < extent < np.inf:
        raise ValueError("not a square of logits")
    pull = _pairs(arrays["pull"], 2) if "pull" in arrays else None
    warped = _pairs(arrays["warped"], 3) if "warped" in arrays else None
    return Landscape(step, logits, extent, pull, warped)


def _pairs(array: np.ndarray, dimensions: int) -> np.ndarray:
    """[..., 2] float32. Raises ValueError where it is something else."""
    if array.ndim != dimensions or array.shape[-1] != 2:
        raise ValueError("not points in the plane")
    return array.astype(np.float32)
