"""Line art and the avatar it becomes: true pairs, drawn, ready without a download."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Literal

import numpy as np

from ..config import option
from . import SOURCES, HeldOut, Pairs, Progress, Source, avatar_art
from .avatars import DRAWING, look_of
from .cache import Work, cached
from .pairs import HELD_OUT_HELP, PAIRS_HOLD_OUT, Jitter, PairedPictures, stacks

LINES = 2  # count it up when the same numbers would give other lines
NAMES = ("lines", "avatar")


@SOURCES.add
class AvatarLines(Source):
    """Each avatar twice: as ink on white paper, and as it is."""

    kind = "avatar-lines"
    title = "Line art to avatar"
    about = "Drawn faces as ink outlines and in colour: pairs to learn colouring from, ready without a download."

    size: Literal[32, 64, 128, 256] = option(
        64, "Side of the pictures: twice the side takes about four times as long.", unit="px", learn=True
    )
    count: int = option(2048, "Different faces; some of them are held out.", ge=64, le=1_000_000)
    spots: bool = option(
        True,
        "Dabs of colour in the line art say what has which colour. Off: the network must choose, and can only be "
        "right by chance.",
        learn=True,
    )
    held_out_share: float = option(0.05, HELD_OUT_HELP, ge=0, le=0.5)
    seed: int = option(0, "Another number gives other faces.", ge=0, le=2**31 - 1)
    jitter: Jitter = option(Jitter(), "Random changes that turn few pairs into many.", title="Jitter")

    def shape(self) -> tuple[int, ...]:
        return (3, self.size, self.size)

    def unseen(self) -> Source:
        return HeldOut(source=self)

    def how_to_hold_out(self) -> str:
        return PAIRS_HOLD_OUT

    def pairs(self) -> Pairs:
        return Pairs((3, self.size, self.size), matched=True, names=NAMES)

    def prepare(self) -> Generator[Progress, None, PairedPictures]:
        side = self.jitter.stored(self.size)
        settings = {"drawing": [DRAWING, LINES], "seed": self.seed, "count": self.count, "side": side}
        draw = partial(_pair, self.seed, side, self.spots)
        entry = yield from cached(
            "avatar-lines",
            settings | {"spots": self.spots},
            (6, side, side),
            lambda: Work(range(self.count), draw, processes=True),
            "Drawing the avatars",
        )
        trained, kept = stacks(entry.pixels, self.size, self.held_out_share)
        held_out = PairedPictures(kept, 3, self.size, NAMES) if kept else None
        return PairedPictures(trained, 3, self.size, NAMES, self.jitter, held_out)


def _pair(seed: int, size: int, spots: bool, index: int) -> np.ndarray:
    """[6, size, size] uint8."""
    look = look_of(seed, index)
    both = np.concatenate([avatar_art.paint_lines(look, size, spots), avatar_art.paint(look, size)], axis=2)
    return np.ascontiguousarray(both.transpose(2, 0, 1))
