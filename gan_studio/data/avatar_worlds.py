"""Two worlds of avatars with a known way from the one to the other, which training never sees.

World A shows some people, world B others, and the held-out pairs a third group in both worlds: what a translation
learnt without pairs is worth can be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from ..config import option
from . import SOURCES, HeldOut, Pairs, Progress, Source, avatar_art
from .avatars import ATTRIBUTES, DRAWING, describe, look_of
from .cache import Work, cached
from .pairs import Jitter, PairedPictures, Stack, TwoSets

WORLDS_DRAWING = 1  # count it up when the same numbers would give other worlds
HELD_OUT = 64


@dataclass(frozen=True)
class Worlds:
    """A pair of worlds: how a person is drawn in each."""

    names: tuple[str, str]
    a: Callable[[int, int, int], np.ndarray]  # (seed, index, size) -> [size, size, 3] uint8
    b: Callable[[int, int, int], np.ndarray]


Which = Literal["hair", "night", "glasses"]


@SOURCES.add
class AvatarWorlds(Source):
    """Unpaired avatars: dark and fair hair, day and night, without and with glasses."""

    kind = "avatar-worlds"
    title = "Two worlds of avatars"
    about = "Drawn faces of two worlds, unpaired, with a truth that training never sees, to measure CycleGAN by."

    worlds: Which = option(
        "hair",
        "What differs: dark hair becomes fair, day becomes night, or a face gets glasses.",
        learn=True,
    )
    size: Literal[32, 64, 128, 256] = option(
        64, "Side of the pictures: twice the side takes about four times as long.", unit="px", learn=True
    )
    count: int = option(1024, "Different people in each world.", ge=16, le=1_000_000)
    seed: int = option(0, "Another number gives other people.", ge=0, le=2**31 - 1)
    jitter: Jitter = option(Jitter(), "Random changes that turn few pictures into many.", title="Jitter")

    def shape(self) -> tuple[int, ...]:
        return (3, self.size, self.size)

    def unseen(self) -> Source:
        return HeldOut(source=self)

    def pairs(self) -> Pairs:
        return Pairs((3, self.size, self.size), matched=False, names=WORLDS[self.worlds].names)

    def people(self) -> tuple[range, range, range]:
        """Who is in world A, who in world B, and who is held out: nobody is in two of them."""
        n = self.count
        return range(n), range(n, 2 * n), range(2 * n, 2 * n + HELD_OUT)

    def prepare(self) -> Generator[Progress, None, TwoSets]:
        in_a, in_b, held = self.people()
        side, names = self.jitter.stored(self.size), WORLDS[self.worlds].names
        a = yield from self._drawn("a", in_a, side)
        b = yield from self._drawn("b", in_b, side)
        true_a = yield from self._drawn("a", held, self.size)
        true_b = yield from self._drawn("b", held, self.size)
        truth = Stack(np.concatenate([true_a, true_b], axis=1))
        held_out = PairedPictures(truth, 3, self.size, names)
        return TwoSets(Stack(a), Stack(b), self.size, names, self.jitter, held_out)

    def _drawn(self, world: str, people: range, side: int) -> Generator[Progress, None, np.ndarray]:
        settings = {"drawing": [DRAWING, WORLDS_DRAWING], "seed": self.seed, "worlds": self.worlds, "world": world}
        entry = yield from cached(
            "avatar-worlds",
            settings | {"people": [people.start, people.stop], "side": side},
            (3, side, side),
            lambda: Work(people, partial(_picture, self.worlds, world, self.seed, side), processes=True),
            f"Drawing world {world.upper()}",
        )
        return entry.pixels


def _picture(which: str, world: str, seed: int, size: int, index: int) -> np.ndarray:
    """[3, size, size] uint8."""
    worlds = WORLDS[which]
    draw = worlds.a if world == "a" else worlds.b
    return np.ascontiguousarray(draw(seed, index, size).transpose(2, 0, 1))


# --- the worlds ------------------------------------------------------------------------------------------------------

HAIR_COLOURS = ATTRIBUTES["hair colour"]
DARK, FAIR = ("black", "brown"), ("silver", "blonde")  # the one becomes the other, in this order
NIGHT = np.array([0.34, 0.42, 0.72])  # what is left of each channel by moonlight


def _hair(colours: tuple[str, str], seed: int, index: int, size: int) -> np.ndarray:
    """The same person, with one of two colours of hair; what is worn in it stays the same."""
    which = HAIR_COLOURS.index(describe(seed, index)["hair colour"]) % len(FAIR)
    look = look_of(seed, index, {"hair colour": colours[which]})
    fair = look_of(seed, index, {"hair colour": FAIR[which]})
    return avatar_art.paint(replace(look, ribbon=fair.ribbon), size)


def _day(seed: int, index: int, size: int) -> np.ndarray:
    return avatar_art.paint(look_of(seed, index), size)


def _night(seed: int, index: int, size: int) -> np.ndarray:
    """By moonlight: each channel keeps a share of its light, so that the day can be found again."""
    return (_day(seed, index, size) * NIGHT).round().astype(np.uint8)


def _glasses(kind: str, seed: int, index: int, size: int) -> np.ndarray:
    return avatar_art.paint(look_of(seed, index, {"glasses": kind}), size)


WORLDS: dict[str, Worlds] = {
    "hair": Worlds(("dark hair", "fair hair"), partial(_hair, DARK), partial(_hair, FAIR)),
    "night": Worlds(("day", "night"), _day, _night),
    "glasses": Worlds(("no glasses", "glasses"), partial(_glasses, "none"), partial(_glasses, "round")),
}
