"""What makes a number honest: sets that cannot be measured are refused in a sentence, and numbers have an interval.

The interval is of what other samples from the same two distributions, and as many of them, would give on average: it
does not hide that few samples bias a number, which `at_infinity` tells. It comes from random halves without repeats
(the delete-half jackknife, Shao & Wu 1989), not from draws with replacement (the bootstrap). Those repeat samples, and
a repeated sample has itself as its nearest neighbour: radii, nearest distances and the kernel's sums would be of other
sets than the ones at hand. A half has no repeats, and a number of the n samples varies as the same number of n/2 of
them does when they are drawn from these n: m of n vary by 1/m - 1/n, which for m = n/2 is 1/n. Smaller parts vary more,
and are scaled by sqrt(m / (n - m)). Halves are biased as half as many samples are, so that only how they vary counts;
the interval lies around the number itself. Where two sets are alike, and a number varies by the square of what its
samples do, the halves vary up to 1.7 times as much, and the Frechet distance of fewer samples than features 3 to 4
times: the interval is then too wide rather than too narrow.

Halves come in pairs, each with what it left out, so that their mean is nearly free of chance: that is what
`at_infinity` needs. Where rounds take long there are fewer of them, down to LEAST_ROUNDS, and the interval grows as
Student's t says.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..config import ConfigError

if TYPE_CHECKING:
    from . import Metric, Seen, Sets

T = TypeVar("T")

MEASURING, RESAMPLING = "Measuring", "How much other samples would change it"
LEAST_ROUNDS = 10
MOST_WORK = 1e11  # multiplications of all rounds together: some seconds on two cores
COVERED = 0.975  # 95 % from both sides
SURE = 1e-3  # how far chances may be from adding up to 1


# --- what is refused -------------------------------------------------------------------------------------------------


def check(metric: Metric, sets: Sets) -> None:
    """Whether the metric can vouch for a number of these sets. Raises ConfigError with what to do."""
    title = metric.title
    for what, lacking, sentence in _lacking(sets):
        if what in metric.needs and lacking:
            raise ConfigError(f"{title} {sentence}")
    named = {"real": sets.real, "generated": sets.generated}
    if sets.unseen is not None and "unseen" in metric.needs:
        named["unseen"] = sets.unseen
    for name, seen in named.items():
        if any(x is not None and len(x) != len(seen) for x in (seen.chances, seen.pictures)):
            raise ConfigError(
                f"{title} needs features, chances and pictures of the same {name} samples, and some lack."
            )
    if "features" in metric.needs or "points" in metric.needs:
        _check_rows(title, named)
    if "classes" in metric.needs:
        _check_chances(title, named, len(sets.names))
    if "pictures" in metric.needs or "pairs" in metric.needs:
        _check_pictures(title, named)
    _check_counts(metric, named, len(sets.names))
    if "pairs" in metric.needs and len(sets.real) != len(sets.generated):
        raise ConfigError(
            f"{title} compares pairs, but there are {len(sets.generated):,} samples for {len(sets.real):,} true ones. "
            "Give one for each."
        )
    metric.refuse(sets)


def _lacking(sets: Sets) -> tuple[tuple[str, bool, str], ...]:
    """(need, whether it is not there, how the sentence about it ends)."""
    both = (sets.real, sets.generated)
    return (
        ("points", not sets.points, "is of points in the plane, and these are pictures. Choose a metric of pictures."),
        ("modes", not len(sets.centres), "needs to know where the modes are, and this data has none that are known."),
        (
            "pairs",
            not sets.paired,
            "compares each picture with the one that it should be, and these are not pairs: it is of translators "
            "whose data has the truth.",
        ),
        (
            "unseen",
            sets.unseen is None,
            "needs real samples that training never saw, and there are none. Hold some back from the data, or give "
            "a folder of them.",
        ),
        (
            "classes",
            any(seen.chances is None for seen in both),
            "needs a feature network that tells classes apart. Choose one that is a classifier.",
        ),
        ("pictures", any(seen.pictures is None for seen in both), "is of pictures, and these samples are none."),
    )


def _check_rows(title: str, named: dict[str, Seen]) -> None:
    for name, seen in named.items():
        if seen.rows.ndim != 2:
            raise ConfigError(f"{title} needs rows of features, and the {name} samples have shape {seen.rows.shape}.")
        bad = len(seen.rows) - int(np.isfinite(seen.rows).all(axis=1).sum())
        if bad:
            raise ConfigError(
                f"The features of {bad:,} of the {len(seen):,} {name} samples are not finite numbers (NaN or infinite),"
                f" so {title} cannot be told. Look at these samples, or take a healthy checkpoint or feature network."
            )
    sizes = {name: seen.rows.shape[1] for name, seen in named.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{size:,} of {name} ones" for name, size in sizes.items())
        raise ConfigError(f"{title} needs as many features of each sample: there are {told}. Use one feature network.")
    real = named["real"].rows
    if len(real) > 1 and not np.ptp(real, axis=0).any():
        raise ConfigError(
            f"All {len(real):,} real samples have the very same features, so {title} has nothing to compare with. "
            "Choose other data or another feature network."
        )


def _check_chances(title: str, named: dict[str, Seen], classes: int) -> None:
    for name, seen in named.items():
        p = seen.chances
        if p is None:
            continue
        if p.ndim != 2 or p.shape[1] != classes:
            raise ConfigError(
                f"{title} needs the chances of {classes} classes, and those of the {name} samples have shape "
                f"{p.shape}. Use one classifier for all."
            )
        if not (np.isfinite(p).all() and (p >= 0).all() and (np.abs(p.sum(axis=1) - 1) < SURE).all()):
            raise ConfigError(
                f"The classifier's chances of the {name} samples do not add up to 1, so {title} cannot be told. Look "
                "at these samples, or choose another classifier."
            )


def _check_pictures(title: str, named: dict[str, Seen]) -> None:
    shapes = {name: seen.pictures.shape[1:] for name, seen in named.items() if seen.pictures is not None}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{' x '.join(map(str, shape))} of {name} ones" for name, shape in shapes.items())
        raise ConfigError(f"{title} needs pictures of one size: there are {told}. Resize one of the sets.")
    for name, seen in named.items():
        if seen.pictures is not None and seen.pictures.dtype != np.uint8:
            raise ConfigError(f"{title} needs pictures of 8 bits, and the {name} ones are {seen.pictures.dtype}.")


def _check_counts(metric: Metric, named: dict[str, Seen], classes: int) -> None:
    features = named["real"].rows.shape[-1]
    fewest = metric.fewest(features, classes)
    for_classes = f" for {classes:,} classes" if fewest > metric.fewest(features) else ""
    for name, seen in named.items():
        if len(seen) < fewest:
            raise ConfigError(
                f"{metric.title} needs at least {fewest:,} {name} samples{for_classes}, and there are {len(seen):,}: "
                f"{metric.why_fewest()}. Take more."
            )


def notes(metric: Metric, sets: Sets) -> tuple[str, ...]:
    """What a person should know, whatever is measured of features: a number of samples in one place is right, and
    nothing that one would compare."""
    if "features" not in metric.needs or np.ptp(sets.generated.rows, axis=0).any():
        return ()
    return (f"All {len(sets.generated):,} generated samples have the very same features.",)


def check_found(metric: Metric, found: Sequence[dict[str, float]]) -> None:
    """No number that is none leaves a metric. Raises ConfigError."""
    for name, value in found[0].items():
        if not all(math.isfinite(values[name]) for values in found):
            told = f"came out as {value}" if not math.isfinite(value) else "has no interval"
            raise ConfigError(
                f"{metric.measures[name].title} {told} for these samples: they are too large, too few or too much "
                "alike for it. Look at the samples, or choose another feature network."
            )


# --- intervals -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pick:
    """Which rows of the sets are taken; None is all."""

    real: np.ndarray | None = None
    generated: np.ndarray | None = None
    unseen: np.ndarray | None = None


@dataclass(frozen=True)
class Picks:
    """The whole sets, and then parts of them."""

    all: list[Pick]
    scale: float  # of how the numbers of parts vary to how those of the whole do
    fraction: float  # of the samples that are in a part
    rows: int  # of the smaller set, in a part


def picks(metric: Metric, sets: Sets, rounds: int, seed: int) -> Picks:
    """All, and then parts without repeats, in pairs that share no sample."""
    counts = [len(sets.real), len(sets.generated)] + ([len(sets.unseen)] if sets.unseen else [])
    parts = [min(n // 2, metric.most_rows or n) for n in counts]
    rng = np.random.default_rng((seed, 0x706172))
    pairs = _affordable(metric, rounds, max(parts[:2]), sets.real.rows.shape[-1]) // 2
    found = [Pick()]
    for _ in range(pairs):
        orders = [rng.permutation(n) for n in counts]
        if sets.paired:
            orders[1] = orders[0]
        for half in (0, 1):
            found.append(Pick(*(np.sort(o[half * m : (half + 1) * m]) for o, m in zip(orders, parts, strict=True))))
    fractions = [m / n for n, m in zip(counts, parts, strict=True)]
    return Picks(found, max(math.sqrt(f / (1 - f)) for f in fractions), min(fractions), min(parts[:2]))


def _affordable(metric: Metric, rounds: int, rows: int, features: int) -> int:
    if rounds <= 0:
        return 0
    rounds = max(LEAST_ROUNDS, rounds)
    work = metric.work(rows, features)
    return rounds if work * rounds <= MOST_WORK else max(LEAST_ROUNDS, int(MOST_WORK / work))


def interval(
    value: float, others: Sequence[float], scale: float, least: float = -math.inf, most: float = math.inf
) -> tuple[float, float]:
    """Of 95 %, around the value; `others` are of parts, whose two halves share what chance there is. The value alone
    where there are none."""
    if not others:
        return value, value
    from scipy.special import stdtrit

    t = float(stdtrit(max(1, len(others) // 2), COVERED))
    half = t * scale * float(np.std(others, ddof=1))
    return min(max(value - half, least), value), max(min(value + half, most), value)


def at_infinity(value: float, others: Sequence[float], fraction: float) -> float | None:
    """Where the line in 1/n through all samples and parts of them ends. Chong & Forsyth 2020, of two points; theirs
    makes the generated set alone smaller, and here both become so, as both bias it."""
    if not others:
        return None
    return value - (float(np.mean(others)) - value) * fraction / (1 - fraction)


def finished(work: Generator[object, None, T]) -> T:
    """What a generator returns, without a word on the way."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
