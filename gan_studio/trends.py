"""Reading noisy curves: windows, levels and turning points. A line is (steps [K] int64, values [K] float)."""

from __future__ import annotations

import itertools

import numpy as np

Line = tuple[np.ndarray, np.ndarray]  # (steps [K] int64, values [K] float), rising steps, no NaN
NOTHING: Line = (np.empty(0, np.int64), np.empty(0))


def thinned(line: Line, most: int) -> Line:
    """At most so many of its points, evenly chosen, the last among them."""
    steps, values = line
    if len(steps) <= most:
        return line
    stride = -(-len(steps) // most)
    first = (len(steps) - 1) % stride
    return steps[first::stride], values[first::stride]


def between(line: Line, first: float, last: float) -> Line:
    """The part with first <= step <= last."""
    steps, values = line
    part = slice(np.searchsorted(steps, first, "left"), np.searchsorted(steps, last, "right"))
    return steps[part], values[part]


def level(line: Line) -> float:
    """Its median; NaN where it has no point."""
    values = line[1]
    return float(np.median(values)) if len(values) else float("nan")


def spread(line: Line) -> float:
    """Half the distance between the 16th and the 84th percentile: the standard deviation, where it is Gaussian."""
    values = line[1]
    return float(np.diff(np.percentile(values, (16, 84)))[0]) / 2 if len(values) else float("nan")


def binned(line: Line, bins: int) -> Line:
    """(last step, median) of so many equal parts, or of each point where there are fewer."""
    steps, values = line
    if len(steps) <= bins:
        return line
    edges = np.linspace(0, len(steps), bins + 1).astype(int)
    parts = [values[a:b] for a, b in itertools.pairwise(edges)]
    return steps[edges[1:] - 1], np.array([np.median(part) for part in parts])


def eased(line: Line, points: int) -> Line:
    """The running median of so many points, those at the ends of fewer."""
    steps, values = line
    if points < 2 or len(values) < 3:
        return line
    half = points // 2
    padded = np.pad(values.astype(float), half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)  # [K, points]
    return steps, np.nanmedian(windows, axis=1)


def ends(line: Line, share: float) -> tuple[float, float]:
    """The levels of its first and its last part, each so large a share of its steps; NaN where it has no point."""
    steps = line[0]
    if not len(steps):
        return float("nan"), float("nan")
    part = share * (steps[-1] - steps[0])
    return level(between(line, steps[0], steps[0] + part)), level(between(line, steps[-1] - part, steps[-1]))


def since(line: Line, holds: np.ndarray, at_least: float = 1.0) -> int | None:
    """The step from which on it has held, for so large a share of the points, to the last; None where it does not.

    It must hold at that step and at the last one.
    """
    if not len(holds) or not holds[-1]:
        return None
    share = np.cumsum(holds[::-1])[::-1] / np.arange(len(holds), 0, -1)  # [K], of the points from here on
    first = np.flatnonzero(holds & (share >= at_least))
    return int(line[0][first[0]])


def slope(line: Line) -> float:
    """By how much it changes from its first step to its last, by least squares."""
    steps, values = line
    if len(steps) < 2 or steps[-1] == steps[0]:
        return 0.0
    x = (steps - steps[0]) / (steps[-1] - steps[0])
    return float(np.polyfit(x, values, 1)[0])


def turns(line: Line, swing: float) -> Line:
    """Where it turns: its highs and lows, of which each is away from the one before by at least `swing`."""
    steps, values = line
    found: list[int] = []
    low = high = 0  # indices of the extremes since the last turn
    rising = 0  # +1 or -1 once it is known
    for i, value in enumerate(values.tolist()):
        high = i if value > values[high] else high
        low = i if value < values[low] else low
        if rising >= 0 and values[high] - value >= swing:
            found.append(high)
            rising, low, high = -1, i, i
        elif rising <= 0 and value - values[low] >= swing:
            found.append(low)
            rising, low, high = 1, i, i
    return steps[found], values[found]
