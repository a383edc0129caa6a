"""Pictures that hold A and B side by side, as the data sets of pix2pix do. Isola et al. 2017."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from ..config import option
from ..images import BANDS, Fit, PictureError, decode, fitted, planes
from . import SOURCES, HeldOut, Pairs, Progress, Source, cache
from .image_folder import open_place
from .pairs import (
    HELD_OUT_HELP,
    PAIRS_HOLD_OUT,
    Jitter,
    PairedPictures,
    Stack,
    check_pairs,
    first_reason,
    middle,
    stacks,
)
from .places import Tone, check_place, part_of

Read = Callable[[str], Path | bytes]


@SOURCES.add
class AbPairs(Source):
    """One file a pair. Of folders train and test (or val) the first is trained on and the other held out."""

    kind = "ab-pairs"
    title = "Pairs side by side"
    paper = "Isola et al. 2017"
    about = "Pictures whose one half is A and whose other half is B: the layout of pix2pix' data sets."

    path: str = option("", "The folder or .zip with the double pictures; train and test in it are found.", learn=True)
    a_is: Literal["left", "right"] = option("left", "Which half is A, the picture to begin from.", learn=True)
    size: int = option(
        256, "Side of the square pictures that are trained on.", ge=8, le=1024, multiple_of=4, unit="px", learn=True
    )
    fit: Fit = option("resize", "How halves that are not square become so: squeezed as in pix2pix, cut, or with bars.")
    a_channels: Tone = option("rgb", "What a pixel of A holds.", group="Colours")
    b_channels: Tone = option("rgb", "What a pixel of B holds.", group="Colours")
    held_out_share: float = option(0.1, HELD_OUT_HELP + " Used where there is no folder test.", ge=0, le=0.5)
    jitter: Jitter = option(Jitter(), "Random changes that turn few pairs into many.", title="Jitter")

    def check(self) -> None:
        check_place("path", self.path)

    def shape(self) -> tuple[int, ...]:
        return (BANDS[self.a_channels], self.size, self.size)

    def unseen(self) -> Source:
        return HeldOut(source=self)

    def how_to_hold_out(self) -> str:
        return PAIRS_HOLD_OUT

    def pairs(self) -> Pairs:
        return Pairs((BANDS[self.b_channels], self.size, self.size), matched=True)

    def prepare(self) -> Generator[Progress, None, PairedPictures]:
        yield Progress(0, 0, "Looking for pictures")
        with closing(open_place(self.path)) as place:
            train, test = part_of(place.names, "train"), part_of(place.names, "test") or part_of(place.names, "val")
            train = train or [name for name in place.names if name not in test]
            names = train + test
            side = self.jitter.stored(self.size)
            channels = BANDS[self.a_channels] + BANDS[self.b_channels]
            entry = yield from cache.cached(
                "ab-pairs",
                {"files": place.fingerprint(), "names": names, "side": side, "fit": self.fit, "a": self.a_is}
                | {"channels": [self.a_channels, self.b_channels]},
                (channels, side, side),
                lambda: cache.Work(names, partial(_halves, self, place.read, side)),
                "Decoding pairs",
            )
        skipped = tuple((names[i], reason) for i, reason in entry.skipped)
        held = entry.kept >= len(train)
        if held.any():
            rows = np.flatnonzero(held)
            trained = Stack(entry.pixels, np.flatnonzero(~held))
            kept: Stack | None = Stack(middle(entry.pixels[rows], self.size))
        else:
            trained, kept = stacks(entry.pixels, self.size, self.held_out_share)
        check_pairs(len(trained), "double pictures", lambda: first_reason(skipped))
        bands, told = BANDS[self.a_channels], ("A", "B")
        held_out = PairedPictures(kept, bands, self.size, told) if kept else None
        return PairedPictures(trained, bands, self.size, told, self.jitter, held_out, skipped, place.notes)


def _halves(source: AbPairs, read: Read, side: int, name: str) -> np.ndarray:
    """[C + C', side, side]: A over B."""
    picture = decode(read(name))
    w, h = picture.size
    if w % 2:
        raise PictureError(f"is {w} px wide, which is odd, so it is not two pictures side by side")
    halves = [picture.crop((0, 0, w // 2, h)), picture.crop((w // 2, 0, w, h))]
    if source.a_is == "right":
        halves.reverse()
    tones = (source.a_channels, source.b_channels)
    return np.concatenate(
        [
            planes(fitted(half.convert("L") if tone == "grey" else half, side, source.fit))
            for half, tone in zip(halves, tones, strict=True)
        ]
    )
