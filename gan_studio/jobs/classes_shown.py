"""Histograms over classes, real beside generated, with intervals, and the classes that are dropped."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .closely import Close

COVERED = 0.1  # a class below this part of its share is dropped, as the class histogram counts it
RARE = 0.6  # and rare below this part, where the intervals do not meet
Z = 1.96  # deviations of a 95 % interval
MOST_NAMED = 8


@dataclass(frozen=True)
class Classes:
    """Shares of the classes [K] each, by an eye."""

    names: tuple[str, ...]
    real: np.ndarray = field(repr=False)
    generated: np.ndarray = field(repr=False)
    lows: tuple[np.ndarray, np.ndarray] = field(repr=False)  # of the 95 % intervals, of real and of generated
    highs: tuple[np.ndarray, np.ndarray] = field(repr=False)
    eye: str

    @property
    def high(self) -> np.ndarray:
        return np.maximum(*self.highs)

    @property
    def dropped(self) -> tuple[int, ...]:
        """Numbers of the classes that hardly come, or not at all."""
        return tuple(np.flatnonzero((self.real > 0) & (self.generated < COVERED * self.real)).tolist())

    @property
    def rare(self) -> tuple[int, ...]:
        """Those that come too rarely, surely."""
        few = (self.generated < RARE * self.real) & (self.highs[1] < self.lows[0])
        return tuple(i for i in np.flatnonzero(few).tolist() if i not in self.dropped)

    def told(self) -> str:
        dropped, rare = (self._listed(numbers) for numbers in (self.dropped, self.rare))
        if not dropped and not rare:
            return "No class is dropped, and none is much too rare."
        parts = [f"Dropped: {dropped}." if dropped else "No class is dropped.", f"Too rare: {rare}." if rare else ""]
        return " ".join(filter(None, parts))

    def _listed(self, numbers: tuple[int, ...]) -> str:
        names = [self.names[i] for i in numbers[:MOST_NAMED]]
        return ", ".join([*names, *([f"and {len(numbers) - MOST_NAMED} more"] if len(numbers) > MOST_NAMED else [])])


def classes_of(close: Close) -> Classes:
    """Of a close look whose eye knows classes."""
    names, real, generated = zip(*close.shares(), strict=True)
    counts = len(close.real), len(close.generated)
    shares = np.array(real), np.array(generated)
    ends = [interval(share, count) for share, count in zip(shares, counts, strict=True)]
    return Classes(names, *shares, (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1]), close.eye.name)


def interval(share: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's 95 % interval of shares [K] of so many samples: it holds near 0, too."""
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * np.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)
