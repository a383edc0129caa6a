"""Two folders of pictures that do not belong together: two worlds. Zhu et al. 2017 (CycleGAN)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from ..config import ConfigError, Problem, option
from ..images import BANDS, Fit
from . import SOURCES, HeldOut, Pairs, Progress, Source, cache
from .image_folder import Place, open_place, picture_drawer
from .pairs import PAIRS_HOLD_OUT, Jitter, Skipped, Stack, TwoSets, check_pairs, first_reason, middle, stacks
from .places import Tone, check_place, part_of

WORDS = {"a": "A", "b": "B"}


@SOURCES.add
class TwoFolders(Source):
    """Or one folder with trainA and trainB in it; testA and testB are held out where they are there."""

    kind = "two-folders"
    title = "Two folders, unpaired"
    paper = "Zhu et al. 2017"
    about = "Pictures of two worlds, such as horses and zebras; no picture needs a partner."

    path_a: str = option(
        "", "The folder or .zip of world A; or one with trainA and trainB in it.", learn=True, title="Pictures A"
    )
    path_b: str = option(
        "",
        "The folder or .zip of world B; leave it empty where trainA and trainB lie in the first.",
        learn=True,
        title="Pictures B",
    )
    size: int = option(
        256, "Side of the square pictures that are trained on.", ge=8, le=1024, multiple_of=4, unit="px", learn=True
    )
    fit: Fit = option(
        "resize", "How pictures that are not square become so: squeezed as in CycleGAN, cut, or with bars."
    )
    a_channels: Tone = option("rgb", "What a pixel of A holds.", group="Colours")
    b_channels: Tone = option("rgb", "What a pixel of B holds.", group="Colours")
    held_out_share: float = option(
        0.1,
        "This share of each, at most 64, is kept from the training, to look at. Used where there is no testA.",
        ge=0,
        le=0.5,
    )
    jitter: Jitter = option(Jitter(), "Random changes that turn few pictures into many.", title="Jitter")

    def check(self) -> None:
        check_place("path_a", self.path_a)
        if self.path_b.strip():
            check_place("path_b", self.path_b)

    def shape(self) -> tuple[int, ...]:
        return (BANDS[self.a_channels], self.size, self.size)

    def unseen(self) -> Source:
        return HeldOut(source=self)

    def how_to_hold_out(self) -> str:
        return PAIRS_HOLD_OUT

    def pairs(self) -> Pairs:
        return Pairs((BANDS[self.b_channels], self.size, self.size), matched=False)

    def prepare(self) -> Generator[Progress, None, TwoSets]:
        yield Progress(0, 0, "Looking for pictures")
        a = yield from self._world("a", self.path_a, self.a_channels)
        b = yield from self._world("b", self.path_b.strip() or self.path_a, self.b_channels)
        told = ("A", "B")
        held_out = TwoSets(a.kept, b.kept, self.size, told) if a.kept and b.kept else None
        skipped, notes = a.skipped + b.skipped, a.notes + b.notes
        return TwoSets(a.trained, b.trained, self.size, told, self.jitter, held_out, skipped, notes)

    def _world(self, which: str, path: str, tone: Tone) -> Generator[Progress, None, _World]:
        """One of the two. Raises ConfigError, naming its setting."""
        try:
            place = open_place(path)
        except ConfigError as error:
            raise error.under(f"path_{which}") from None
        with closing(place):
            train, test = self._parts(which, place)
            side, names = self.jitter.stored(self.size), train + test
            settings = {"files": place.fingerprint(), "names": names, "side": side, "fit": self.fit, "tone": tone}
            draw = picture_drawer(place.read, side, self.fit, tone, "white", "black")
            shape = (BANDS[tone], side, side)
            entry = yield from cache.cached(
                "world", settings, shape, lambda: cache.Work(names, draw), f"Decoding {WORDS[which]}"
            )
        skipped = tuple((names[i], reason) for i, reason in entry.skipped)
        held = entry.kept >= len(train)
        if held.any():
            trained = Stack(entry.pixels, np.flatnonzero(~held))
            kept: Stack | None = Stack(middle(entry.pixels[np.flatnonzero(held)], self.size))
        else:
            trained, kept = stacks(entry.pixels, self.size, self.held_out_share)
        check_pairs(len(trained), f"pictures of {WORDS[which]}", lambda: first_reason(skipped))
        return _World(trained, kept, skipped, place.notes)

    def _parts(self, which: str, place: Place) -> tuple[list[str], list[str]]:
        """(to train on, held out). Raises ConfigError where there is nothing."""
        word = WORDS[which]
        train, test = part_of(place.names, f"train{word}"), part_of(place.names, f"test{word}")
        if self.path_b.strip():  # a folder for each: all that is in it
            train = train or [name for name in place.names if name not in test]
            wanted = "there is no picture in there; choose a folder or a .zip with pictures."
        else:
            train = train or part_of(place.names, word)
            wanted = f"there is no folder train{word} with pictures in it; choose such a folder, or one for each world."
        if not train:
            raise ConfigError(Problem(f"path_{which}" if self.path_b.strip() else "path_a", wanted))
        return train, test


@dataclass(frozen=True)
class _World:
    trained: Stack
    kept: Stack | None
    skipped: Skipped
    notes: tuple[str, ...]
