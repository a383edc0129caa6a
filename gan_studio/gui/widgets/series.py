"""One curve's numbers: growing arrays, thinned to what a screen can show, and smoothed. No Qt here."""

from __future__ import annotations

import numpy as np


class Series:
    """Steps and values of one curve, without the NaNs; where `gaps` grows at point i, the line breaks before it.

    Curves may be measured every few steps only, with NaN between: that is no gap. A gap is where more values are
    missing than were before the point before; of the second point nobody can tell.
    """

    def __init__(self) -> None:
        self.count = 0
        self._steps = np.empty(1024, np.float64)  # exact up to 2^53
        self._values = np.empty(1024, np.float32)
        self._smooth = np.empty(1024, np.float32)
        self._gaps = np.empty(1024, np.int32)  # so many until here
        self._missing = 0  # NaNs since the last point
        self._missed = 0  # NaNs before the last point
        self._weight = 0.0

    @property
    def steps(self) -> np.ndarray:
        return self._steps[: self.count]

    @property
    def values(self) -> np.ndarray:
        return self._values[: self.count]

    @property
    def smooth(self) -> np.ndarray:
        """Values after `set_smoothing`."""
        return self._smooth[: self.count]

    @property
    def gaps(self) -> np.ndarray:
        return self._gaps[: self.count]

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Append points [K]; NaN and infinity are missing. Steps that come again, of a resumed run, replace the old."""
        if not len(steps):
            return
        self.count = int(np.searchsorted(self.steps, steps[0]))
        there = np.flatnonzero(np.isfinite(values))
        missing = np.diff(np.concatenate([[-1 - self._missing], there])) - 1  # NaNs before each point
        before = np.concatenate([[self._missed], missing[:-1]])
        gaps = (missing > before) & (self.count + np.arange(len(there)) > 1)
        self._missing = len(values) - 1 - int(there[-1]) if len(there) else self._missing + len(values)
        self._missed = int(missing[-1]) if len(there) else self._missed
        self._reserve(self.count + len(there))
        new = slice(self.count, self.count + len(there))
        self._steps[new], self._values[new] = steps[there], values[there]
        self._gaps[new] = np.cumsum(gaps) + (self._gaps[self.count - 1] if self.count else 0)
        self._smooth_from(self.count, self.count + len(there))
        self.count += len(there)

    def set_smoothing(self, weight: float) -> None:
        """Exponential moving average over points, 0 (none) to 0.99, without the pull towards 0 at the start."""
        if weight != self._weight:
            self._weight = weight
            self._smooth_from(0, self.count)

    def shown(self, low: float, high: float, most: int, smooth: bool = False) -> tuple[np.ndarray, ...]:
        """(steps, values, gaps) of at most `most` points between two steps and one beyond each.

        Of the values the extremes are kept; of the smooth line, which has none, every so-manieth point.
        """
        first = max(0, int(np.searchsorted(self.steps, low)) - 1)
        last = min(self.count, int(np.searchsorted(self.steps, high, side="right")) + 1)
        chosen = evenly(first, last, most // 2) if smooth else extremes(self._values, first, last, most)
        gaps = self.gaps[np.concatenate([chosen[:1], chosen])]  # one anywhere since the point before breaks the line
        return self.steps[chosen], (self.smooth if smooth else self.values)[chosen], np.diff(gaps) > 0

    def at(self, step: float) -> float:
        """The value at the nearest step; NaN where there is none."""
        if not self.count:
            return float("nan")
        i = int(np.searchsorted(self.steps, step))
        near = [j for j in (i - 1, i) if 0 <= j < self.count]
        return float(self._values[min(near, key=lambda j: abs(self._steps[j] - step))])

    def _smooth_from(self, start: int, stop: int) -> None:
        values, weight = self._values[start:stop].astype(np.float64), self._weight
        if not weight or start == stop:
            self._smooth[start:stop] = values
            return
        # y_k = sum_j (1 - w) w^j x_(k - j), by doubling: after the pass with shift s, 2 s terms are in.
        average, shift = (1 - weight) * values, 1
        while shift < len(average) and weight**shift > 1e-7:
            average[shift:] += weight**shift * average[:-shift]
            shift *= 2
        powers = weight ** np.arange(start + 1, stop + 1, dtype=np.float64)
        if start:
            last = self._smooth[start - 1] * (1 - weight**start)
            average += last * weight ** np.arange(1, stop - start + 1, dtype=np.float64)
        self._smooth[start:stop] = average / (1 - powers)

    def _reserve(self, size: int) -> None:
        while len(self._steps) < size:
            for name in ("_steps", "_values", "_smooth", "_gaps"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.empty_like(old)]))


def extremes(values: np.ndarray, first: int, last: int, most: int) -> np.ndarray:
    """Indices in [first, last), at most `most`: the lowest and the highest of each bucket, in their order.

    A bucket is a power of two long and starts at a multiple of it, so that a growing curve does not flicker.
    """
    if last - first <= most:
        return np.arange(first, last)
    size = 2
    while 2 * (-(-last // size) - first // size) > most:
        size *= 2
    start, stop = -(-first // size) * size, last // size * size
    body = values[start:stop].reshape(-1, size)
    starts = np.arange(start, stop, size)
    pairs = np.stack([starts + body.argmin(axis=1), starts + body.argmax(axis=1)], axis=1)
    ends = [_pair(values, a, b) for a, b in ((first, start), (stop, last)) if a < b]
    return np.unique(np.concatenate([np.sort(pairs, axis=1).ravel(), *ends]))


def evenly(first: int, last: int, most: int) -> np.ndarray:
    """Indices in [first, last), at most `most` + 2: both ends, and multiples of a power of two between."""
    size = 1
    while -(-last // size) - first // size > most:
        size *= 2
    between = np.arange(-(-first // size) * size, last, size)
    return np.unique(np.concatenate([[first][: last - first], between, [last - 1][: last - first]])).astype(np.int64)


def _pair(values: np.ndarray, first: int, last: int) -> np.ndarray:
    return first + np.array([values[first:last].argmin(), values[first:last].argmax()])
