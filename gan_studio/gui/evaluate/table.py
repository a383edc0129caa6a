"""The numbers as rows: what stands beside what, on which scale, and as text for other programs. No Qt here."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...jobs.evaluations import Evaluated, Number
from ...jobs.verdict import differ, figure, good_is, ideal_of, interval, rank_of, value_of

NUMBERS = ("value", "low", "high", "at_infinity")
HEAD = ("measure", "title", "of", "step", *NUMBERS, "real_samples", "generated_samples", "features", "comparable")


@dataclass(frozen=True)
class Column:
    """One thing that was evaluated, as it stands beside others."""

    title: str  # of the subject
    evaluated: Evaluated
    is_here: bool  # of the subject that is chosen

    @property
    def of(self) -> str:
        step = self.evaluated.step
        if step is None:
            return self.title
        return f"Step {step:,}" if self.is_here else f"{self.title}, step {step:,}"


@dataclass(frozen=True)
class Row:
    place: int  # among the rows as they were given
    number: Number
    of: str
    step: int | None  # of the subject that is chosen
    span: tuple[float, float]  # that all rows of its measure lie in
    reasons: tuple[str, ...]  # why it cannot be compared
    reference: str  # with what
    best: bool  # of its measure


def rows_of(columns: Iterable[Column]) -> list[Row]:
    """Measure by measure, in each the columns in their order."""
    found: dict[str, list[tuple[Column, Number]]] = {}
    for column in columns:
        for number in column.evaluated.numbers:
            found.setdefault(number.measure, []).append((column, number))
    rows: list[Row] = []
    for _, group in sorted(found.items(), key=lambda pair: rank_of(pair[0])):
        first, reference = group[0]
        span = span_of([number for _, number in group])
        reasons = [differ(reference.basis, number.basis) for _, number in group]
        alike = [number for (_, number), why in zip(group, reasons, strict=True) if not why]
        best = min(alike, key=lambda number: number.badness()) if len(alike) > 1 else None
        for (column, number), why in zip(group, reasons, strict=True):
            step = column.evaluated.step if column.is_here else None
            is_best = best is not None and not why and number.value == best.value
            rows.append(Row(len(rows), number, column.of, step, span, why, first.of, is_best))
    return rows


def span_of(numbers: list[Number]) -> tuple[float, float]:
    """What holds all the intervals, and the ideal where it is near."""
    ends = [end for n in numbers for end in (n.low, n.high, n.value) if math.isfinite(end)]
    if not ends:
        return 0.0, 1.0
    low, high = min(ends), max(ends)
    ideal = ideal_of(numbers[0])
    if math.isfinite(ideal) and low - 2 * (high - low) <= ideal <= high + 2 * (high - low):
        low, high = min(low, ideal), max(high, ideal)
    room = 0.04 * (high - low) or 0.5 * abs(high) or 1.0
    return low - room, high + room


# --- the columns -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """A column: what stands in it, and what it is sorted by; None stays last."""

    name: str  # in a menu
    title: str
    tip: str
    text: Callable[[Row], str]
    key: Callable[[Row], float | str | None]


def short_title(number: Number) -> str:
    """Without the features, which have a column of their own."""
    return number.title.removesuffix(f" ({number.basis.eye_name})")


def samples_of(row: Row) -> str:
    real, generated = row.number.basis.samples
    return f"{real:,}" if real == generated else f"{real:,} / {generated:,}"


def finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def endless_of(row: Row) -> str:
    return "" if row.number.at_infinity is None else figure(row.number.at_infinity)


# fmt: off
FIELDS = (
    Field("measure", "Measure", "What was measured; the sentence about it stands beneath the table",
          lambda row: short_title(row.number), lambda row: row.number.title.casefold()),
    Field("whose", "Of", "Whose samples: a run's step, or a folder",
          lambda row: row.of, lambda row: float(row.step) if row.step is not None else None),
    Field("value", "Value", "What was measured of these samples; bold is the best of its measure",
          lambda row: value_of(row.number), lambda row: finite(row.number.value)),
    Field("interval", "95 % interval", "Where it lies were other samples drawn; the rows of a measure share a scale",
          lambda row: interval(row.number), lambda row: finite(row.number.high - row.number.low)),
    Field("extrapolated", "n → ∞", "What it would be of endlessly many samples, where fewer bias it",
          endless_of, lambda row: finite(row.number.at_infinity)),
    Field("samples", "Samples", "Real and generated samples that it was computed from",
          samples_of, lambda row: float(row.number.basis.samples[1])),
    Field("features", "Features", "What the samples were looked at with",
          lambda row: row.number.basis.eye_name or "none", lambda row: row.number.basis.eye_name.casefold()),
    Field("comparable", "", "Whether it can be compared with the first row of its measure",
          lambda row: "not comparable" if row.reasons else "", lambda row: float(bool(row.reasons))),
)
# fmt: on
MEASURE, OF, VALUE, INTERVAL, ENDLESS, SAMPLES, FEATURES, BADGE = range(len(FIELDS))


def arranged(rows: list[Row], column: int, downward: bool) -> list[Row]:
    """By a column; below 0 it is the order in which they were given."""
    if column < 0:
        return rows
    keyed = [(FIELDS[column].key(row), row) for row in rows]
    there = sorted((pair for pair in keyed if pair[0] is not None), key=first_of, reverse=downward)
    return [row for _, row in there] + [row for key, row in keyed if key is None]


def first_of(pair: tuple[float | str | None, Row]) -> tuple[bool, float | str]:
    key = pair[0]
    assert key is not None
    return isinstance(key, str), key


# --- for other programs ----------------------------------------------------------------------------------------------


def as_text(rows: Iterable[Row]) -> str:
    """A line a number, to be read."""
    lines = []
    for row in rows:
        line = f"{row.number.title}, {row.of}: {value_of(row.number)} ({interval(row.number)})"
        line += f", of endlessly many samples {endless_of(row)}" if row.number.at_infinity is not None else ""
        line += f"; {samples_of(row)} samples, {good_is(row.number)}"
        line += f"; not comparable with {row.reference}: {', '.join(row.reasons)}" if row.reasons else ""
        lines.append(line + ".")
    return "\n".join(lines) + "\n" if lines else ""


def as_csv(rows: Iterable[Row]) -> str:
    """With numbers in full."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEAD)
    for row in rows:
        n = row.number
        values = ["" if value is None else f"{value:.9g}" for value in (n.value, n.low, n.high, n.at_infinity)]
        step = "" if row.step is None else str(row.step)
        told = "; ".join(row.reasons) or "yes"
        writer.writerow([n.measure, n.title, row.of, step, *values, *n.basis.samples, n.basis.eye_name, told])
    return file.getvalue()
