"""What the numbers say: which step is best, by what, and whether that can be told at all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .evaluations import Basis, Evaluated, Number, comparable

# Of what was measured, the first of these that is there says which checkpoint is best, where nobody chooses.
JUDGING = ("frechet", "kernel", "w1", "histogram", "psnr", "perceptual")
Key = tuple[str, str]  # a measure by its id and its title, which names the eye
LeftOut = dict[int, str]  # {step: why its number cannot be compared}


@dataclass(frozen=True)
class Point:
    """One number of one step."""

    step: int
    number: Number


@dataclass(frozen=True)
class Verdict:
    """Of steps whose numbers can be compared."""

    best: Point
    newest: Point
    count: int  # of the steps that were compared
    left_out: LeftOut  # steps whose numbers by this measure cannot be compared with these

    @property
    def can_be_told(self) -> bool:
        """Whether the intervals of the best and the newest are apart."""
        a, b = self.best.number, self.newest.number
        return a.high < b.low or b.high < a.low


# --- numbers of a run ------------------------------------------------------------------------------------------------


def key_of(number: Number) -> Key:
    return number.measure, number.title


def is_of(key: Key, number: Number) -> bool:
    return key_of(number) == key


def measures_of(found: Iterable[Evaluated]) -> list[Key]:
    """All that were measured, those that judge best first."""
    keys = dict.fromkeys(key_of(number) for one in found for number in one.numbers)
    return sorted(keys, key=lambda key: rank_of(key[0]))


def rank_of(measure: str) -> int:
    """Its place among those that judge; all others come after them, as they were measured."""
    return JUDGING.index(measure) if measure in JUDGING else len(JUDGING)


def points_of(found: Iterable[Evaluated], key: Key) -> list[Point]:
    """By step, those that can be compared with what was measured last."""
    alone = [replace(one, numbers=tuple(n for n in one.numbers if key_of(n) == key)) for one in found]
    numbers = comparable(alone).get(key[0], {})
    return [Point(step, number) for step, number in numbers.items() if math.isfinite(number.value)]


def judge(found: Iterable[Evaluated], key: Key) -> Verdict | None:
    """None where nothing was measured by it. Of equals the earlier step is best: it cost less."""
    found = list(found)
    points = points_of(found, key)
    if not points:
        return None
    best = min(points, key=lambda point: (point.number.badness(), point.step))
    return Verdict(best, points[-1], len(points), left_out(found, points, lambda number: number.measure == key[0]))


def left_out(found: Iterable[Evaluated], points: list[Point], is_meant: Callable[[Number], bool]) -> LeftOut:
    """The other steps of which such numbers were measured, by step, and why each last one does not compare."""
    found, newest = list(found), points[-1]
    steps = {point.step for point in points}
    weights = {one.weights for one in found if one.step == newest.step and newest.number in one.numbers}
    reasons: LeftOut = {}
    for one in found:
        for number in filter(is_meant, one.numbers):
            if one.step is not None and one.step not in steps:
                reasons[one.step] = _why_left_out(number, one.weights, newest.number, weights)
    return dict(sorted(reasons.items()))


def _why_left_out(number: Number, weights: str, newest: Number, newest_weights: set[str]) -> str:
    if reasons := differ(newest.basis, number.basis):
        return "; ".join(reasons)
    return "no finite number" if weights in newest_weights else f"{weights or 'other'} weights"


def differ(a: Basis, b: Basis) -> tuple[str, ...]:
    """Why numbers of the two cannot be compared; () where they can."""
    return () if a == b else a.differences(b)


def headline(verdict: Verdict) -> str:
    """Which step is best and why, in a sentence."""
    best, newest = verdict.best, verdict.newest
    told = f"{best.number.title}: {with_interval(best.number)}"
    others = f" {left_out_told(verdict.left_out)}" if verdict.left_out else ""
    if verdict.count == 1:
        alone = f"Step {best.step:,} alone was measured{' so' if others else ''}"
        return f"{alone}, {told}.{others} Evaluate every checkpoint to see which is best."
    if best.step == newest.step:
        return f"Step {best.step:,}, the newest, is best by {told}.{others}"
    rest = f"the newest, {newest.step:,}, has {figure(newest.number.value)}"
    doubt = "" if verdict.can_be_told else ", which their intervals do not tell apart"
    return f"Step {best.step:,} is best by {told}; {rest}{doubt}.{others}"


def left_out_told(left_out: LeftOut) -> str:
    """How many steps do not compare, and why, as a sentence; the commonest reason stands for all where there are
    several."""
    reasons = Counter(left_out.values())
    (why, _), more = reasons.most_common(1)[0], len(reasons) > 1
    count = len(left_out)
    steps = f"step {next(iter(left_out)):,} was" if count == 1 else f"{count:,} steps were"
    return f"{steps[:1].upper()}{steps[1:]} measured otherwise, and left out ({why}{', and more' if more else ''})."


# --- in words --------------------------------------------------------------------------------------------------------


def figure(value: float) -> str:
    """Three digits: "12.3", "1,234", "0.00012"; a count is a count."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size < 1e7 and (value == round(value) or size >= 1000):
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".") if 1e-4 <= size < 1000 else f"{value:.3g}"


def value_of(number: Number) -> str:
    """ "12.3", "31.2 dB", "7 of 10"."""
    unit = f" {number.unit}" if number.unit else ""
    most = f" of {figure(number.most)}" if number.most is not None else ""
    return f"{figure(number.value)}{unit}{most}"


def with_interval(number: Number) -> str:
    """ "12.3 (11.8 to 12.9)"."""
    return f"{value_of(number)} ({interval(number)})"


def interval(number: Number) -> str:
    return f"{figure(number.low)} to {figure(number.high)}"


def good_is(number: Number) -> str:
    """What good looks like, in a few words."""
    ideal = f", {figure(ideal_of(number))} at best" if math.isfinite(ideal_of(number)) else ""
    match number.better:
        case "lower":
            return f"lower is better{ideal}"
        case "higher":
            return f"higher is better{ideal}"
        case _:
            return f"nearer to {figure(ideal_of(number))} is better"


def ideal_of(number: Number) -> float:
    """The best that it can be, which may depend on the samples."""
    return number.ideal if number.most is None else number.most
