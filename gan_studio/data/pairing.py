"""Which picture of one folder belongs to which of another, and why the others do not: the pairing assistant's core."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ..images import PictureError, dimensions
from . import Progress

Read = Callable[[str], Path | bytes]  # what `decode` takes, of a picture's name. Raises PictureError

RATIO = 0.02  # sides may differ by so much in their proportion, as rounding makes it
EVERY = 16  # pictures are looked at between two tellings
# What people write behind a name to tell the two apart: 001_A and 001_B, 0801x4, face-input, face-target ...
_TAG = re.compile(r"[ ._-]*(?:(?:real|fake)[ _-])?(?:[ab]|input|output|target|source|lr|hr|low|high|x[248])$")


@dataclass(frozen=True)
class Left:
    """A picture that has no partner, or cannot be used with it."""

    side: str  # "A" or "B"
    name: str
    why: str  # stands after the name: "is only in A"


@dataclass(frozen=True)
class Pairing:
    """What belongs together, and what is left."""

    matched: tuple[tuple[str, str], ...]  # (name in A, name in B), sorted
    left: tuple[Left, ...] = ()

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """(file, why), as data sets tell it."""
        return tuple((left.name, left.why) for left in self.left)


class PairsByName(ABC):
    """A source whose pairs are found by the names of the pictures."""

    @abstractmethod
    def pairing(self) -> Generator[Progress, None, Pairing]:
        """What matches, what does not, and why. Closing the generator cancels. Raises ConfigError."""

    @abstractmethod
    def seen_pair(self, a: str, b: str) -> tuple[np.ndarray, np.ndarray]:
        """Two pictures [H, W, C] uint8 by their names, as they are trained on. Raises ConfigError."""


def by_name(a: Iterable[str], b: Iterable[str]) -> Pairing:
    """Match pictures whose names are the same but for the ending and the case; then those that differ in a tag."""
    rest_a, rest_b = sorted(a), sorted(b)
    matched: list[tuple[str, str]] = []
    left: list[Left] = []
    for key in (_plain, _untagged):
        found, doubled = _once(rest_a, rest_b, key)
        matched += found
        left += doubled
        gone = {("A", x) for x, _ in found} | {("B", y) for _, y in found} | {(n.side, n.name) for n in doubled}
        rest_a = [name for name in rest_a if ("A", name) not in gone]
        rest_b = [name for name in rest_b if ("B", name) not in gone]
    left += [Left("A", name, "is only in A") for name in rest_a] + [Left("B", name, "is only in B") for name in rest_b]
    return Pairing(tuple(sorted(matched)), tuple(sorted(left, key=lambda one: (one.name, one.side))))


def inspected(pairing: Pairing, read_a: Read, read_b: Read) -> Generator[Progress, None, Pairing]:
    """The same without pairs that cannot be read or whose pictures have not one shape; only headers are read."""
    matched: list[tuple[str, str]] = []
    left = list(pairing.left)
    for number, (a, b) in enumerate(pairing.matched):
        if number % EVERY == 0:
            yield Progress(number, len(pairing.matched), "Looking whether the pictures fit together")
        sizes = {}
        for side, name, read in (("A", a, read_a), ("B", b, read_b)):
            try:
                sizes[side] = dimensions(read(name))
            except PictureError as reason:
                left.append(Left(side, name, str(reason)))
        if len(sizes) == 2 and not _alike(sizes["A"], sizes["B"]):
            (w, h), (to_w, to_h) = sizes["A"], sizes["B"]
            left.append(Left("A", a, f"does not fit: its sizes differ, {w} x {h} px in A and {to_w} x {to_h} px in B"))
        elif len(sizes) == 2:
            matched.append((a, b))
    return Pairing(tuple(matched), tuple(left))


def _once(a: list[str], b: list[str], key: Callable[[str], str]) -> tuple[list[tuple[str, str]], list[Left]]:
    """(pairs whose key is in both, once in each; those of whom nobody can say which is meant)."""
    in_a, in_b = Counter(map(key, a)), Counter(map(key, b))
    many = {name for name in in_a.keys() & in_b.keys() if in_a[name] > 1 or in_b[name] > 1}
    partners = {key(name): name for name in b}
    found = [(name, partners[key(name)]) for name in a if key(name) in in_b and key(name) not in many]
    doubled = [
        Left(side, name, "has several namesakes, so that nobody can say which is meant")
        for side, names in (("A", a), ("B", b))
        for name in names
        if key(name) in many
    ]
    return found, doubled


def _plain(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")).casefold()


def _untagged(name: str) -> str:
    folder, _, stem = _plain(name).rpartition("/")
    return f"{folder}/{_TAG.sub('', stem) or stem}"


def _alike(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two sizes have the same proportion."""
    return abs(a[0] * b[1] - a[1] * b[0]) <= RATIO * max(a[0] * b[1], a[1] * b[0])
