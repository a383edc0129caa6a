"""Two folders with one picture of each pair in either, matched by name."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import partial

import numpy as np

from ..config import ConfigError, Problem, option
from ..images import BANDS, Fit, PictureError, decode, fitted, planes
from . import SOURCES, HeldOut, Pairs, Progress, Source, cache
from .image_folder import Place, open_place
from .pairing import Pairing, PairsByName, by_name, inspected
from .pairs import HELD_OUT_HELP, PAIRS_HOLD_OUT, Jitter, PairedPictures, check_pairs, first_reason, stacks
from .places import Tone, check_place


@SOURCES.add
class PairedFolders(Source, PairsByName):
    """A pair is two pictures of one name, and of one proportion."""

    kind = "paired-folders"
    title = "Pairs in two folders"
    about = "Two folders whose pictures belong together by their names: 001.png in A and 001.jpg in B."

    path_a: str = option(
        "", "The folder or .zip with the pictures A, those to begin from.", learn=True, title="Pictures A"
    )
    path_b: str = option(
        "", "The folder or .zip with the pictures B, those to arrive at.", learn=True, title="Pictures B"
    )
    size: int = option(
        256, "Side of the square pictures that are trained on.", ge=8, le=1024, multiple_of=4, unit="px", learn=True
    )
    fit: Fit = option(
        "resize", "How pictures that are not square become so: squeezed as in pix2pix, cut, or with bars."
    )
    a_channels: Tone = option("rgb", "What a pixel of A holds.", group="Colours")
    b_channels: Tone = option("rgb", "What a pixel of B holds.", group="Colours")
    held_out_share: float = option(0.1, HELD_OUT_HELP, ge=0, le=0.5)
    jitter: Jitter = option(Jitter(), "Random changes that turn few pairs into many.", title="Jitter")

    def check(self) -> None:
        check_place("path_a", self.path_a)
        check_place("path_b", self.path_b)

    def shape(self) -> tuple[int, ...]:
        return (BANDS[self.a_channels], self.size, self.size)

    def unseen(self) -> Source:
        return HeldOut(source=self)

    def how_to_hold_out(self) -> str:
        return PAIRS_HOLD_OUT

    def pairs(self) -> Pairs:
        return Pairs((BANDS[self.b_channels], self.size, self.size), matched=True)

    def pairing(self) -> Generator[Progress, None, Pairing]:
        yield Progress(0, 0, "Looking for pictures")
        with closing(_place("path_a", self.path_a)) as a, closing(_place("path_b", self.path_b)) as b:
            return (yield from inspected(by_name(a.names, b.names), a.read, b.read))

    def seen_pair(self, a: str, b: str) -> tuple[np.ndarray, np.ndarray]:
        with closing(_place("path_a", self.path_a)) as in_a, closing(_place("path_b", self.path_b)) as in_b:
            try:
                both = _both(self, in_a, in_b, self.size, (a, b))
            except PictureError as error:
                raise ConfigError(f"{a} or {b} {error}.") from None
        bands = BANDS[self.a_channels]
        return both[:bands].transpose(1, 2, 0), both[bands:].transpose(1, 2, 0)

    def prepare(self) -> Generator[Progress, None, PairedPictures]:
        pairing = yield from self.pairing()
        with closing(_place("path_a", self.path_a)) as a, closing(_place("path_b", self.path_b)) as b:
            side = self.jitter.stored(self.size)
            entry = yield from cache.cached(
                "paired-folders",
                {"a": a.fingerprint(), "b": b.fingerprint(), "names": pairing.matched, "side": side, "fit": self.fit}
                | {"channels": [self.a_channels, self.b_channels]},
                (BANDS[self.a_channels] + BANDS[self.b_channels], side, side),
                lambda: cache.Work(pairing.matched, partial(_both, self, a, b, side)),
                "Decoding pairs",
            )
        broken = tuple((" and ".join(pairing.matched[i]), reason) for i, reason in entry.skipped)
        skipped = pairing.skipped + broken
        trained, kept = stacks(entry.pixels, self.size, self.held_out_share)
        check_pairs(len(trained), "pairs", lambda: first_reason(skipped))
        bands, told = BANDS[self.a_channels], ("A", "B")
        held_out = PairedPictures(kept, bands, self.size, told) if kept else None
        return PairedPictures(trained, bands, self.size, told, self.jitter, held_out, skipped, a.notes + b.notes)


def _place(setting: str, path: str) -> Place:
    """Raises ConfigError, naming the setting, where there are no pictures."""
    try:
        place = open_place(path)
    except ConfigError as error:
        raise error.under(setting) from None
    if not place.names:
        place.close()
        raise ConfigError(Problem(setting, f"there is no picture in {path}; choose a folder or a .zip with pictures."))
    return place


def _both(source: PairedFolders, a: Place, b: Place, side: int, names: tuple[str, str]) -> np.ndarray:
    """[C + C', side, side]: A over B."""
    tones = (source.a_channels, source.b_channels)
    pictures = [
        decode(place.read(name), tone, at_least=2 * side)
        for place, name, tone in zip((a, b), names, tones, strict=True)
    ]
    return np.concatenate([planes(fitted(picture, side, source.fit)) for picture in pictures])
