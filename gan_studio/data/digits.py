"""The 1,797 real handwritten digits that scikit-learn ships. Alpaydin & Kaynak 1998, UCI repository."""

from __future__ import annotations

import gzip
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from ..config import ConfigError, option
from . import SOURCES, HeldOut, Progress, Source
from .augment import Augment
from .images import HELD_OUT_HELP, ImageDataset, hold_out

CLASSES = tuple("0123456789")
FULL = 16  # the file's white: each pixel counts the inked ones of a 4 x 4 block


@SOURCES.add
class Digits(Source):
    """8 x 8 grey pictures as they are, or enlarged smoothly."""

    kind = "digits"
    title = "Handwritten digits"
    paper = "Alpaydin & Kaynak 1998"
    about = "1,797 real handwritten digits: small, ready at once, and learnt in a minute."

    size: Literal[8, 16, 32] = option(
        32,
        "Side of the pictures: twice the side takes about four times as long. The originals are 8 px.",
        unit="px",
        learn=True,
    )
    held_out_share: float = option(0.0, HELD_OUT_HELP, ge=0, le=0.5)
    augment: Augment = option(Augment(), "Random changes that turn few pictures into many.", title="Augmentation")

    def prepare(self) -> Generator[Progress, None, ImageDataset]:
        yield Progress(0, 1, "Reading the digits")
        raw, labels = read()
        stored = self.augment.stored(self.size)
        pixels = (raw / FULL * 255).round().astype(np.uint8) if stored == raw.shape[1] else enlarged(raw, stored)
        yield Progress(1, 1, "Reading the digits")
        digits = ImageDataset(pixels[:, None], labels, CLASSES, size=self.size, augment=self.augment)
        return hold_out(digits, [f"digit {i}" for i in range(len(labels))], self.held_out_share)

    def shape(self) -> tuple[int, ...]:
        return (1, self.size, self.size)

    def unseen(self) -> Source | None:
        return HeldOut(source=self) if self.held_out_share else None

    def how_to_hold_out(self) -> str:
        return "Training sees all 1,797 digits: set data.held_out_share, such as to 0.2, before the next one."


def read() -> tuple[np.ndarray, np.ndarray]:
    """Pictures [1797, 8, 8] in 0 to FULL and labels [1797], both uint8. Raises ConfigError."""
    # The file itself: importing scikit-learn to read it would cost a second or more.
    package = find_spec("sklearn")
    try:
        path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"  # type: ignore[union-attr, arg-type]
        with gzip.open(path, "rt") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.uint8)  # [1797, 65]
    except (AttributeError, OSError):
        raise ConfigError(
            "The digits that come with scikit-learn are missing; reinstall it: pip install scikit-learn."
        ) from None
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1]


def enlarged(raw: np.ndarray, size: int) -> np.ndarray:
    """[N, 8, 8] in 0 to FULL -> [N, size, size] uint8: crisp strokes, and a margin since the digits touch the edge."""
    framed = np.pad(raw.astype(np.float32) / FULL, ((0, 0), (1, 1), (1, 1)))
    smooth = [Image.fromarray(digit).resize((size, size), Image.Resampling.LANCZOS) for digit in framed]
    x = np.stack([np.asarray(digit) for digit in smooth]).clip(0, 1)
    return (255 * x * x * (3 - 2 * x)).round().astype(np.uint8)  # the smooth step steepens the blurred edges
