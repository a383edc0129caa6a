"""How an evaluation reads in a terminal: a table of numbers with their intervals, the notes below it, or JSON."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from .terminal import JsonLines, View, jsonable, view

if TYPE_CHECKING:  # rich takes long to load, torch longer
    from rich.table import Table

    from .jobs.evaluations import Evaluated, Number

WIDTH = 120  # where nobody watches
MOST_COLUMNS = 5  # measures side by side, where there are many steps
SIGNS = {"lower": "↓", "higher": "↑", "nearer": "→"}


def evaluation_view(as_json: bool, live: bool) -> View:
    """Shows how far it is on stderr; as JSON everything on stdout."""
    return EvaluationJson() if as_json else view(False, live, err=True)


class EvaluationJson(JsonLines):
    """One JSON object a line: {"event": "evaluated", "numbers": [{"measure": "frechet", "value": ...}, ...], ...}."""

    def show(self, event: Any) -> None:
        if type(event).__name__ == "Evaluated":
            typer.echo(json.dumps({"event": "evaluated"} | jsonable(asdict(event)), allow_nan=False))
        else:
            super().show(event)


def print_tables(found: Sequence[Evaluated]) -> None:
    """What was measured, on stdout: of one subject a row for each number, of several a row for each step."""
    from rich.console import Console

    console = Console(width=max(WIDTH, shutil.get_terminal_size().columns))
    if len(found) == 1:
        console.print(one_table(found[0]))
    for names in _side_by_side(found) if len(found) > 1 else ():
        console.print(steps_table(found, names))
    for sentence in sentences_of(found):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def one_table(evaluated: Evaluated) -> Table:
    from rich.table import Table

    table = Table(title=_title(evaluated), title_justify="left")
    table.add_column("measure")
    for column in ("value", "95 % interval", "at infinity", "best", "real", "others"):
        table.add_column(column, justify="right")
    for number in evaluated.numbers:
        real, others = number.basis.samples
        table.add_row(
            f"{SIGNS.get(number.better, '')} {number.title}",
            " ".join(filter(None, [figure(number.value), number.unit])),
            f"{figure(number.low)} to {figure(number.high)}",
            "" if number.at_infinity is None else figure(number.at_infinity),
            figure(number.ideal if number.most is None else number.most),
            f"{real:,}",
            f"{others:,}",
        )
    return table


def steps_table(found: Sequence[Evaluated], measures: Sequence[str]) -> Table:
    """A row a step; half of the interval stands beside each number, and a star marks the best of a column."""
    from rich.table import Table

    table = Table(title=found[0].subject, title_justify="left")
    table.add_column("step", justify="right")
    for measure in measures:
        number = next(number for one in found if (number := one.number(measure)) is not None)
        table.add_column(f"{SIGNS.get(number.better, '')} {number.title}", justify="right")
    best = {measure: min(_of(found, measure), key=lambda number: number.badness()) for measure in measures}
    for one in found:
        cells = [_cell(one.number(measure), best[measure]) for measure in measures]
        table.add_row("" if one.step is None else f"{one.step:,}", *cells)
    return table


def _side_by_side(found: Sequence[Evaluated]) -> list[list[str]]:
    names = list(dict.fromkeys(number.measure for one in found for number in one.numbers))
    return [names[i : i + MOST_COLUMNS] for i in range(0, len(names), MOST_COLUMNS)]


def _of(found: Sequence[Evaluated], measure: str) -> list[Number]:
    return [number for one in found if (number := one.number(measure)) is not None]


def _cell(number: Number | None, best: Number) -> str:
    if number is None:
        return ""
    return f"{'* ' if number is best else ''}{figure(number.value)} ± {(number.high - number.low) / 2:.2g}"


def _title(evaluated: Evaluated) -> str:
    step = "" if evaluated.step is None else f", step {evaluated.step:,}"
    return f"{evaluated.subject}{step}{f', {evaluated.weights} weights' if evaluated.weights else ''}"


def sentences_of(found: Sequence[Evaluated]) -> list[str]:
    """What stands below the tables: what was compared with, and the notes; those of some steps alone name these."""
    bases = [number.basis for one in found for number in one.numbers]
    compared = [f"Beside {basis.real_name}: {basis.preprocessing}." for basis in bases]
    fullest = [one for one in dict.fromkeys(compared) if not any(it.startswith(one[:-1] + ";") for it in compared)]
    items = [
        f"{number.title}: {', '.join(number.items)}."
        for number in (found[0].numbers if len(found) == 1 else ())
        if number.items
    ]
    notes: dict[str, list[str]] = {}
    for one in found:
        for note in one.notes:
            notes.setdefault(note, []).append("" if one.step is None else f"{one.step:,}")
    told = [note if len(steps) == len(found) else f"Step {', '.join(steps)}: {note}" for note, steps in notes.items()]
    return [*fullest, *items, *told]


def figure(value: float) -> str:
    """Four digits are more than any of these numbers is sure of."""
    return f"{value:.4g}" if math.isfinite(value) else "none" if math.isnan(value) else str(value)
