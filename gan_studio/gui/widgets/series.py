"""One curve's numbers: growing arrays, thinned to what a screen can show, and smoothed. No Qt here."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

BLOCK = 64  # points; a power of two
USUAL = 5  # distances whose median is the usual one
GAP = 4  # so many times the usual number of missing values is a gap
INSIDE = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))  # [i, j]: how long before point i point j was
LEAST, MOST = -(2**31), 2**31 - 1  # steps
TINY = 1e-7  # weights below it are left out


class Series:
    """Steps (to 2^31) and values of one curve without its NaNs, in 8.25 bytes a point.

    Blocks of 64 points keep their extremes and the moving average at their end: thinning a million points looks at
    sixteen thousand, and the average is worked out only where it is drawn.

    Curves may be measured every few steps only: that is no gap. The line breaks where more than four times as many
    values are missing as is usual, by the median of the five distances before; of the second point nobody can tell.
    """

    def __init__(self) -> None:
        self.count = 0
        self.version = 0  # grows with each change
        self._steps = np.zeros(BLOCK, np.int32)
        self._values = np.zeros(BLOCK, np.float32)
        self._breaks = np.zeros(0, np.int64)  # points before which the line breaks
        self._weight = 0.0
        self._blocks = 0  # full ones that are summed up in
        self._low = np.zeros(1, np.float32)
        self._high = np.zeros(1, np.float32)
        self._mean = np.zeros(1, np.float64)  # the moving average at the end of each block, still pulled towards 0

    @property
    def steps(self) -> np.ndarray:
        return self._steps[: self.count]

    @property
    def values(self) -> np.ndarray:
        return self._values[: self.count]

    @property
    def smooth(self) -> np.ndarray:
        """Values after `set_smoothing`, [count]."""
        return self._smooth_at(np.arange(self.count))

    @property
    def spacing(self) -> float:
        """The usual distance in steps of the newest points; infinite while there are fewer than two."""
        return float(np.median(np.diff(self.steps[-USUAL - 1 :]))) if self.count > 1 else float("inf")

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Append points [K]; NaN and infinity are missing. Steps that come again, of a resumed run, replace the old."""
        if not len(steps):
            return
        self._take_back(self._before(int(steps[0])))
        there = np.isfinite(values)
        if not there.all():
            steps, values = steps[there], values[there]
        start, stop = self.count, self.count + len(steps)
        self._reserve(stop)
        self._steps[start:stop], self._values[start:stop] = steps, values
        self.count = stop
        self.version += 1
        self._find_breaks(start)
        self._sum_up()

    def trim(self, step: int) -> None:
        """Take back the points after a step."""
        self._take_back(self._before(step + 1))
        self.version += 1

    def set_smoothing(self, weight: float) -> None:
        """Exponential moving average over points, 0 (none) to 0.99, without the pull towards 0 at the start."""
        if weight != self._weight:
            self._weight = weight
            self.version += 1
            self._average(0)

    def shown(self, low: float, high: float, most: int, smooth: bool = False) -> tuple[np.ndarray, ...]:
        """(steps, values, breaks) of at most `most` points between two steps and one beyond each.

        Of the values the extremes are kept; of the smooth line, which has none, every so-manieth point. `breaks` [K]
        says where the line is not joined to the point before.
        """
        first = max(0, self._before(math.ceil(low)) - 1)
        last = min(self.count, self._before(math.floor(high) + 1) + 1)
        if smooth:
            chosen = evenly(first, last, most // 2)
            values = self._smooth_at(chosen)
        elif (size := bucket(first, last, most)) > BLOCK:
            chosen, values = self._extreme_blocks(first, last, size)
        else:
            chosen = extremes(self._values, first, last, size)
            values = self._values[chosen]
        before = np.searchsorted(self._breaks, chosen, side="right")  # one anywhere since the point before counts
        return self._steps[chosen], values, np.diff(before, prepend=before[:1]) > 0

    def at(self, step: float) -> float:
        """The value at the nearest step, that of the newest at infinity; NaN where there is none."""
        if not self.count:
            return float("nan")
        step = min(step, float(self._steps[self.count - 1]))
        i = self._before(math.ceil(step))
        near = [j for j in (i - 1, i) if 0 <= j < self.count]
        return float(self._values[min(near, key=lambda j: abs(self._steps[j] - step))])

    # how it is kept

    def _before(self, step: int) -> int:
        """How many points lie before a step; the search would turn all steps into its number's type."""
        return int(np.searchsorted(self.steps, np.int32(min(max(step, LEAST), MOST))))

    def _take_back(self, count: int) -> None:
        self.count = count
        self._blocks = min(self._blocks, count // BLOCK)
        self._breaks = self._breaks[: int(np.searchsorted(self._breaks, count))]

    def _reserve(self, size: int) -> None:
        """Whole blocks, and half as much again as before, so that growing costs little."""
        if size <= len(self._steps):
            return
        blocks = -(-max(size, len(self._steps) * 3 // 2) // BLOCK)
        for name, length in (("_steps", BLOCK), ("_values", BLOCK), ("_low", 1), ("_high", 1), ("_mean", 1)):
            old = getattr(self, name)
            new = np.zeros(blocks * length, old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)

    def _find_breaks(self, start: int) -> None:
        """Among the points from `start` on."""
        first = max(0, start - USUAL - 1)
        found = first + 1 + breaks(np.diff(self._steps[first : self.count]) - 1)
        self._breaks = np.append(self._breaks, found[found >= start])

    def _sum_up(self) -> None:
        """Extremes and averages of the blocks that became full."""
        start, self._blocks = self._blocks, self.count // BLOCK
        if start < self._blocks:
            body = self._values[start * BLOCK : self._blocks * BLOCK].reshape(-1, BLOCK)
            self._low[start : self._blocks] = body.min(axis=1)
            self._high[start : self._blocks] = body.max(axis=1)
            self._average(start)

    def _average(self, start: int) -> None:
        """Blocks from `start` on: y_b = w^64 y_(b-1) + the block's own part, by doubling."""
        w, blocks = self._weight, self._blocks - start
        if blocks <= 0:
            return
        body = self._values[start * BLOCK : self._blocks * BLOCK].reshape(-1, BLOCK)
        mean = (body @ ((1 - w) * w ** np.arange(BLOCK - 1.0, -1.0, -1.0)).astype(np.float32)).astype(np.float64)
        if start:
            mean[0] += w**BLOCK * self._mean[start - 1]
        shift = 1
        while shift < blocks and w ** (BLOCK * shift) > TINY:
            mean[shift:] += w ** (BLOCK * shift) * mean[:-shift]  # after this pass 2 shift terms are in
            shift *= 2
        self._mean[start : self._blocks] = mean

    def _extreme_blocks(self, first: int, last: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """As `extremes`, (indices, values); from the blocks alone, so that the index may be 32 points beside its value,
        which no screen shows."""
        start, stop = -(-first // size) * size, last // size * size
        chosen, values = [], []
        for kept, find in ((self._low, np.argmin), (self._high, np.argmax)):
            body = kept[start // BLOCK : stop // BLOCK].reshape(-1, size // BLOCK)
            block = find(body, axis=1) + np.arange(start // BLOCK, stop // BLOCK, size // BLOCK)
            chosen.append(block * BLOCK + BLOCK // 2)
            values.append(kept[block])
        ends = [pair(self._values, a, b) for a, b in ((first, start), (stop, last)) if a < b]
        where = np.concatenate([*chosen, *ends])
        order = np.argsort(where, kind="stable")
        return where[order], np.concatenate([*values, *(self._values[end] for end in ends)])[order]

    def _smooth_at(self, chosen: np.ndarray) -> np.ndarray:
        """The moving average at points [K], float32."""
        w, block, place = self._weight, chosen // BLOCK, chosen % BLOCK
        mean = self._mean[np.minimum(block, len(self._mean) - 1)]  # right where a full block ends
        other = np.flatnonzero((place < BLOCK - 1) | (block >= self._blocks))
        if len(other):
            b, p = block[other], place[other]
            inside = np.einsum("kj,kj->k", self._values.reshape(-1, BLOCK)[b], weights_inside(w)[p])
            mean[other] = inside + np.where(b > 0, self._mean[b - 1], 0.0) * w ** (p + 1.0)
        return (mean / (1 - w ** (chosen + 1.0))).astype(np.float32)


@lru_cache(maxsize=4)
def weights_inside(w: float) -> np.ndarray:
    """[i, j]: what point j of a block counts in the moving average at point i, [64, 64]."""
    return np.where(INSIDE >= 0, (1 - w) * w ** np.maximum(INSIDE, 0.0), 0.0).astype(np.float32)


def breaks(missing: np.ndarray) -> np.ndarray:
    """Indices i where `missing` [K] is more than GAP times the median of the USUAL before; the first is usual."""
    if not len(missing) or missing.max() <= GAP * missing.min():
        return np.zeros(0, np.int64)
    before = sliding_window_view(np.concatenate([np.repeat(missing[:1], USUAL), missing]), USUAL)[:-1]  # [K, USUAL]
    candidates = np.flatnonzero(missing > GAP * before.min(axis=1))  # a median costs more than a minimum
    return candidates[missing[candidates] > GAP * np.median(before[candidates], axis=1)]


def bucket(first: int, last: int, most: int) -> int:
    """How many values share two points, so that those in [first, last) are at most `most`; 1: each has its own.

    It is a power of two, and buckets start at its multiples, so that a growing curve does not flicker.
    """
    if last - first <= most:
        return 1
    size = 2
    while 2 * (-(-last // size) - first // size) > most:
        size *= 2
    return size


def extremes(values: np.ndarray, first: int, last: int, size: int) -> np.ndarray:
    """Indices in [first, last): the lowest and the highest of each bucket, in their order."""
    if size == 1:
        return np.arange(first, last)
    start, stop = -(-first // size) * size, last // size * size
    body = values[start:stop].reshape(-1, size)
    places = np.arange(start, stop, size)
    ends = [pair(values, a, b) for a, b in ((first, start), (stop, last)) if a < b]
    chosen = np.sort(np.concatenate([places + body.argmin(axis=1), places + body.argmax(axis=1), *ends]))
    return chosen[np.append(True, np.diff(chosen) > 0)]


def evenly(first: int, last: int, most: int) -> np.ndarray:
    """Indices in [first, last), at most `most` + 2: both ends, and between them those before multiples of a power of
    two, where blocks end."""
    size = 1
    while -(-last // size) - first // size > most:
        size *= 2
    between = np.arange(-(-(first + 1) // size) * size - 1, last, size)
    chosen = np.concatenate([[first], between, [last - 1]])
    return chosen[np.append(True, np.diff(chosen) > 0)] if last > first else between[:0]


def pair(values: np.ndarray, first: int, last: int) -> np.ndarray:
    """Indices of the lowest and the highest in [first, last)."""
    return first + np.array([values[first:last].argmin(), values[first:last].argmax()])
