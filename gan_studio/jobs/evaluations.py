"""What was measured of runs and folders: how it is told, kept beside a run's curves, and compared.

Two numbers can be compared where their `Basis` is the same. A run keeps its own in `evaluations.jsonl`, a line for each
`Evaluated`; as all of a run's files that grow, it is only ever appended to, and a line that was cut off is skipped.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..config import ConfigError, differences
from ..runs import EVALUATIONS, Run, append_lines, read_lines
from .events import Event

CURVES = "metrics/"  # before a measure's id: the name of its curve

Curve = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # steps int64, values, lows, highs float64, [K] each


@dataclass(frozen=True)
class Basis:
    """All that a number depends on beside what was generated."""

    eye: str  # id of the feature network, with its weights; "" where none is used
    eye_name: str  # "digits CNN"
    preprocessing: str
    real: str  # hash of the real samples
    real_name: str  # "Handwritten digits", or a folder's name
    samples: tuple[int, int]  # (real, generated)
    metric: dict[str, Any]  # plain values of the metric's Spec

    def differences(self, other: Basis) -> tuple[str, ...]:
        """Why numbers of the two cannot be compared, in words; () where they can."""
        found = [
            _other("features", self.eye_name, other.eye_name, "trained anew") if self.eye != other.eye else "",
            _other("preprocessing", self.preprocessing, other.preprocessing),
            self._other_samples(other),
            self._other_real(other),
            *_other_metric(self.metric, other.metric),
        ]
        return tuple(filter(None, found))

    def _other_samples(self, other: Basis) -> str:
        (real, generated), (their_real, their_generated) = self.samples, other.samples
        if real == generated and their_real == their_generated:
            return _other("number of samples", f"{real:,}", f"{their_real:,}")
        parts = [
            _other("number of real samples", f"{real:,}", f"{their_real:,}"),
            _other("number of generated samples", f"{generated:,}", f"{their_generated:,}"),
        ]
        return ", ".join(filter(None, parts))

    def _other_real(self, other: Basis) -> str:
        """Fewer real samples, or prepared in another way, are other ones too: nobody need be told that twice."""
        is_told = self.samples[0] != other.samples[0] or self.preprocessing != other.preprocessing
        if self.real == other.real or (self.real_name == other.real_name and is_told):
            return ""
        return _other("real samples", self.real_name, other.real_name, "of other contents")


def _other(what: str, ours: str, theirs: str, otherwise: str = "") -> str:
    """ "other features: digits CNN, pixels"; `otherwise` is what differs where the names do not."""
    if ours != theirs:
        return f"other {what}: {ours or 'none'}, {theirs or 'none'}"
    return f"other {what}: {ours}, {otherwise}" if otherwise else ""


def _other_metric(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    if ours.get("kind") != theirs.get("kind"):
        return [_other("metric", str(ours.get("kind", "")), str(theirs.get("kind", "")))]
    return [_other(f"{path} of the metric", str(a), str(b)) for path, (a, b) in differences(ours, theirs).items()]


@dataclass(frozen=True)
class Number:
    """One number that was measured."""

    measure: str  # id: "frechet"
    title: str  # with its eye: "Frechet distance (digits CNN)", or "FID" with the weights that FID is computed by
    value: float
    low: float  # of the 95 % interval
    high: float
    at_infinity: float | None
    better: str  # as in `metrics.Measure`
    ideal: float
    basis: Basis
    unit: str = ""
    most: float | None = None  # the best that it can be of these sets, where that depends on them
    items: tuple[str, ...] = ()  # what is counted, by name: the classes that were dropped

    def badness(self) -> float:
        """To sort by: the least is the best; infinite where it is no number."""
        far = {"lower": self.value, "higher": -self.value}.get(self.better, abs(self.value - self.ideal))
        return far if math.isfinite(far) else math.inf


@dataclass(frozen=True)
class Evaluated(Event):
    """What was measured of one set of samples."""

    subject: str  # a run's name, or a folder's path
    step: int | None  # of a run
    numbers: tuple[Number, ...]
    notes: tuple[str, ...] = ()  # what could not be measured and why, and what a person should know
    histogram: tuple[tuple[str, float, float], ...] = ()  # (class, share of real, share of generated) by the classifier
    weights: str = ""  # of a run: "averaged" or "raw"
    key: str = ""  # names all that it was measured of and by: measuring again would tell the same

    def number(self, measure: str) -> Number | None:
        return next((number for number in self.numbers if number.measure == measure), None)


# --- kept in a run ---------------------------------------------------------------------------------------------------


def keep(run: Run, evaluated: Evaluated) -> None:
    """Append it to what the run keeps. Raises OSError."""
    append_lines(run.folder / EVALUATIONS, [plain(evaluated)])


def read(run: Run) -> tuple[Evaluated, ...]:
    """What was measured of a run, in the order in which it was; what a resumption took back is not among it."""
    kept: list[Evaluated] = []
    for row in read_lines(run.folder / EVALUATIONS):
        if type(row.get("resumed")) is int:
            kept = [one for one in kept if one.step is None or one.step <= row["resumed"]]
        elif (found := from_plain(row)) is not None:
            kept.append(found)
    return tuple(kept)


def plain(evaluated: Evaluated) -> dict[str, Any]:
    """As plain values for JSON; a number that is not finite is a text, which `float` reads."""
    values = asdict(evaluated)
    for number in values["numbers"]:
        for name in ("value", "low", "high", "at_infinity", "most"):
            if number[name] is not None and not math.isfinite(number[name]):
                number[name] = str(number[name])
    return values


def from_plain(values: dict[str, Any]) -> Evaluated | None:
    """None where the values are not what `plain` makes."""
    try:
        return Evaluated(
            str(values["subject"]),
            None if values["step"] is None else int(values["step"]),
            tuple(_number(one) for one in values["numbers"]),
            tuple(map(str, values.get("notes", ()))),
            tuple((str(name), float(real), float(made)) for name, real, made in values.get("histogram", ())),
            str(values.get("weights", "")),
            str(values.get("key", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _number(values: dict[str, Any]) -> Number:
    basis = values["basis"]
    real, generated = basis["samples"]
    texts = {name: str(basis[name]) for name in ("eye", "eye_name", "preprocessing", "real", "real_name")}
    return Number(
        str(values["measure"]),
        str(values["title"]),
        float(values["value"]),
        float(values["low"]),
        float(values["high"]),
        _or_none(values["at_infinity"]),
        str(values["better"]),
        float(values["ideal"]),
        Basis(samples=(int(real), int(generated)), metric=dict(basis["metric"]), **texts),
        str(values.get("unit", "")),
        _or_none(values.get("most")),
        tuple(map(str, values.get("items", ()))),
    )


def _or_none(value: Any) -> float | None:
    return None if value is None else float(value)


# --- over a run's steps ----------------------------------------------------------------------------------------------


def comparable(evaluated: Sequence[Evaluated]) -> dict[str, dict[int, Number]]:
    """{measure: {step: number}}, by rising steps, of the basis and the weights that each measure was told with last.

    Of a step that was measured twice, the later number.
    """
    found: dict[str, dict[int, Number]] = {}
    newest: dict[str, tuple[Basis, str]] = {}
    for one in reversed(evaluated):
        for number in one.numbers if one.step is not None else ():
            assert one.step is not None
            basis = newest.setdefault(number.measure, (number.basis, one.weights))
            if basis == (number.basis, one.weights):
                found.setdefault(number.measure, {}).setdefault(one.step, number)
    return {measure: dict(sorted(numbers.items())) for measure, numbers in found.items()}


def curves(run: Run) -> dict[str, Curve]:
    """{"metrics/frechet": (steps, values, lows, highs)} on the run's own axis, each of one basis: the newest."""
    return {f"{CURVES}{measure}": _curve(numbers) for measure, numbers in comparable(read(run)).items()}


def lines(run: Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{"metrics/frechet": (steps [K] int64, values [K] float32)}: as the run's own curves are."""
    return {name: (steps, values.astype(np.float32)) for name, (steps, values, *_) in curves(run).items()}


def _curve(numbers: dict[int, Number]) -> Curve:
    def line(values: Iterable[float]) -> np.ndarray:
        return np.fromiter(values, np.float64)

    told = numbers.values()
    steps = np.fromiter(numbers, np.int64)
    return steps, line(n.value for n in told), line(n.low for n in told), line(n.high for n in told)


def best(evaluated: Sequence[Evaluated], measure: str, among: Collection[int] | None = None) -> int:
    """The step that is best by a measure, of those that compare; of equal ones the first. Raises ConfigError.

    `among` are the steps that may be chosen, such as those whose checkpoints are still there; None is all.
    """
    numbers = comparable(evaluated).get(measure, {})
    finite = {
        step: number
        for step, number in numbers.items()
        if math.isfinite(number.badness()) and (among is None or step in among)
    }
    if not finite:
        measured = ", ".join(comparable(evaluated)) or "nothing yet"
        raise ConfigError(f"No checkpoint that is there was measured by {measure!r}; measured: {measured}.")
    return min(finite, key=lambda step: finite[step].badness())
