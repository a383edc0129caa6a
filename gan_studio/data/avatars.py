"""Our own anime-style faces: endless, with attributes and captions; face i of a seed is the same everywhere.

`draw` makes any face at any size, `describe` names its attributes and `caption` puts them into a sentence; with
`changes` the same person gets another hair colour or loses the glasses. The strokes are in `avatar_art.py`.
"""

from __future__ import annotations

import copy
from bisect import bisect
from collections.abc import Generator, Mapping
from functools import partial
from itertools import accumulate
from typing import Literal, get_args

import numpy as np
import torch

from ..compute import mixed_seed
from ..config import ConfigError, did_you_mean, option
from ..images import to_float
from . import SOURCES, Batch, Dataset, Progress, Source
from . import avatar_art as art
from .augment import Augment
from .cache import Work, cached
from .images import ImageDataset

UNSEEN = 4096  # faces at most that are drawn to compare with, beside those trained on
DRAWING = 1  # count it up when the same numbers would be drawn otherwise: cached pictures are then drawn anew

Attribute = Literal[
    "hair colour", "hair style", "eye colour", "skin", "expression", "glasses", "accessory", "background"
]
Description = dict[str, str]  # {attribute: value}

# fmt: off
HAIR = {
    "black": (62, 56, 74), "brown": (136, 88, 62), "blonde": (246, 208, 112), "red": (206, 66, 56),
    "orange": (242, 142, 66), "pink": (248, 150, 184), "purple": (156, 108, 204), "blue": (84, 138, 222),
    "green": (96, 182, 124), "silver": (198, 204, 220),
}
EYES = {
    "blue": (64, 142, 236), "green": (62, 176, 104), "brown": (152, 92, 54), "amber": (240, 170, 44),
    "red": (224, 62, 74), "violet": (150, 92, 222),
}
SKIN = {"fair": (255, 228, 210), "tan": (240, 194, 156), "brown": (196, 138, 100), "dark": (136, 90, 68)}
BACKGROUND = {
    "blue": (150, 200, 244), "pink": (250, 190, 208), "green": (170, 222, 176), "yellow": (252, 226, 150),
    "lavender": (202, 184, 240), "white": (240, 240, 244),
}
CLOTHES = (
    (70, 92, 150), (196, 74, 86), (92, 152, 132), (120, 96, 170), (236, 174, 92), (74, 76, 92), (226, 226, 236),
    (240, 148, 172),
)
RIBBONS = ((226, 62, 82), (72, 124, 216), (250, 196, 70), (240, 128, 176), (84, 176, 140), (150, 98, 206))
# fmt: on

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "hair colour": tuple(HAIR),
    "hair style": tuple(art.STYLES),
    "eye colour": tuple(EYES),
    "skin": tuple(SKIN),
    "expression": tuple(art.EXPRESSIONS),
    "glasses": tuple(art.GLASSES),
    "accessory": tuple(art.ACCESSORIES),
    "background": tuple(BACKGROUND),
}
assert tuple(ATTRIBUTES) == get_args(Attribute)

# How often each value comes; where nothing is said, all equally.
SHARES = {"glasses": (0.6, 0.2, 0.2), "accessory": (0.4, 0.12, 0.12, 0.12, 0.12, 0.12)}

HAIR_PHRASES = {
    "short": "short {} hair",
    "bob": "a {} bob",
    "long": "long {} hair",
    "wavy": "wavy {} hair",
    "twin tails": "{} twin tails",
    "ponytail": "a {} ponytail",
    "spiky": "spiky {} hair",
    "buns": "{} hair in buns",
}


# --- one face --------------------------------------------------------------------------------------------------------


def describe(seed: int, index: int) -> Description:
    """The attributes of face `index` of `seed`, each by the name of its value."""
    return _described(_numbers(seed, index))


def draw(seed: int, index: int, size: int, changes: Mapping[str, str] | None = None) -> np.ndarray:
    """Face `index` of `seed` [size, size, 3] uint8; `changes` gives attributes other values. Raises ConfigError."""
    return art.paint(look_of(seed, index, changes), size)


def look_of(seed: int, index: int, changes: Mapping[str, str] | None = None) -> art.Look:
    """What face `index` of `seed` is drawn from. Raises ConfigError."""
    u = _numbers(seed, index)
    return _look(_described(u) | _known(changes or {}), u)


def caption(description: Mapping[str, str]) -> str:
    """One sentence that names every attribute but those that are "none"."""
    has = [
        f"{description['skin']} skin",
        HAIR_PHRASES[description["hair style"]].format(description["hair colour"]),
        f"{description['eye colour']} eyes",
    ]
    if description["glasses"] != "none":
        has.append(f"{description['glasses']} glasses")
    if description["accessory"] != "none":
        accessory = description["accessory"]
        has.append(accessory if accessory.endswith("s") else f"a {accessory}")
    return (
        f"A {description['expression']} character with {', '.join(has[:-1])} and {has[-1]}"
        f" on a {description['background']} background."
    )


def _numbers(seed: int, index: int) -> list[float]:
    """All that is random in a face: the first eight choose its attributes, the rest vary what has no name."""
    return np.random.default_rng((seed, index)).random(64).tolist()


def _described(u: list[float]) -> Description:
    return {
        name: values[min(bisect(_BOUNDS[name], x), len(values) - 1)]
        for x, (name, values) in zip(u, ATTRIBUTES.items(), strict=False)
    }


_BOUNDS = {
    name: list(accumulate(SHARES.get(name, (1 / len(values),) * len(values)))) for name, values in ATTRIBUTES.items()
}


def _known(changes: Mapping[str, str]) -> Description:
    for name, value in changes.items():
        if name not in ATTRIBUTES:
            raise ConfigError(f"avatars have no attribute {name!r}.{did_you_mean(name, list(ATTRIBUTES))}")
        if value not in ATTRIBUTES[name]:
            raise ConfigError(f"{value!r} is no {name} of avatars.{did_you_mean(value, list(ATTRIBUTES[name]))}")
    return dict(changes)


def _look(description: Mapping[str, str], u: list[float]) -> art.Look:
    v = iter(u[len(ATTRIBUTES) :])

    def near(colour: art.Colour, amount: float = 1.0) -> art.Colour:
        return art.varied(colour, next(v), next(v), next(v), amount)

    # What is worn in the hair must stand out from it.
    hair = HAIR[description["hair colour"]]
    ribbons = [ribbon for ribbon in RIBBONS if sum(abs(a - b) for a, b in zip(ribbon, hair, strict=True)) > 120]
    return art.Look(
        style=description["hair style"],
        expression=description["expression"],
        glasses=description["glasses"],
        accessory=description["accessory"],
        hair=near(hair),
        eyes=near(EYES[description["eye colour"]]),
        skin=near(SKIN[description["skin"]], amount=0.3),
        background=near(BACKGROUND[description["background"]]),
        clothes=near(CLOTHES[int(next(v) * len(CLOTHES))]),
        ribbon=near(ribbons[int(next(v) * len(ribbons))]),
        u=tuple(v),
    )


# --- the source ------------------------------------------------------------------------------------------------------


@SOURCES.add
class Avatars(Source):
    """Faces drawn once into the cache, or without an end."""

    kind = "avatars"
    title = "Anime avatars"
    about = "Drawn anime-style faces with attributes and captions: as many as you like, ready without a download."

    size: Literal[16, 32, 64, 128] = option(
        64,
        "Side of the pictures: twice the side takes about four times as long, and is harder to learn.",
        unit="px",
        learn=True,
    )
    count: int = option(4096, "Different faces; 0 draws new ones for every batch, which is slow.", ge=0, le=1_000_000)
    label: Attribute = option("hair colour", "The attribute that conditional networks are told as the class.")
    seed: int = option(0, "Another number gives other faces.", ge=0, le=2**31 - 1)
    augment: Augment = option(Augment(), "Random changes that turn few pictures into many.", title="Augmentation")

    def prepare(self) -> Generator[Progress, None, Dataset]:
        if self.count == 0:
            yield Progress(1, 1, "The avatars are drawn as they are needed")
            return EndlessAvatars(self)
        side = self.augment.stored(self.size)
        settings = {"drawing": DRAWING, "seed": self.seed, "count": self.count, "size": side}
        entry = yield from cached("avatars", settings, (3, side, side), self._work, "Drawing the avatars")
        columns = {name: entry.columns[name] for name in ATTRIBUTES}
        return ImageDataset(
            entry.pixels,
            columns[self.label],
            ATTRIBUTES[self.label],
            columns,
            ATTRIBUTES,
            size=self.size,
            augment=self.augment,
        )

    def shape(self) -> tuple[int, ...]:
        return (3, self.size, self.size)

    def unseen(self) -> Source:
        """Faces of another seed, up to UNSEEN of them."""
        count = min(self.count or UNSEEN, UNSEEN)
        return self.model_copy(update={"seed": mixed_seed(self.seed, 1) % 2**31, "count": count})

    def _work(self) -> Work[int]:
        faces = range(self.count)
        side = self.augment.stored(self.size)
        return Work(faces, partial(_picture, self.seed, side), _columns(self.seed, faces), processes=True)


class EndlessAvatars(Dataset):
    """A new face for every place in the sequence that a training's seed names."""

    def __init__(self, source: Avatars):
        self.source = source
        self.shape = source.shape()
        self.classes, self.attributes = ATTRIBUTES[source.label], ATTRIBUTES
        self.device = torch.device("cpu")

    def batch(self, count: int, position: int, seed: int) -> Batch:
        source = self.source
        faces = range(position * count, (position + 1) * count)
        mixed = int(np.random.SeedSequence((source.seed, seed)).generate_state(1)[0])
        pixels = torch.from_numpy(np.stack([_picture(mixed, source.size, face) for face in faces]))
        columns = {
            name: torch.from_numpy(values).to(self.device, non_blocking=True)
            for name, values in _columns(mixed, faces).items()
        }
        return Batch(to_float(pixels.to(self.device, non_blocking=True)), columns[source.label], columns)

    def to(self, device: torch.device) -> EndlessAvatars:
        moved = copy.copy(self)
        moved.device = device
        return moved


def _picture(seed: int, size: int, index: int) -> np.ndarray:
    """[3, size, size] uint8."""
    return np.ascontiguousarray(draw(seed, index, size).transpose(2, 0, 1))


def _columns(seed: int, faces: range) -> dict[str, np.ndarray]:
    """{attribute: class numbers [N] int64}."""
    described = [describe(seed, face) for face in faces]
    return {
        name: np.array([values.index(description[name]) for description in described], np.int64)
        for name, values in ATTRIBUTES.items()
    }
