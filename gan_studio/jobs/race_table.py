"""A race's league as a table for other programs: one row a lane and sample step."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it brings torch
    from .race_folder import Standing

    League = tuple[int, tuple[Standing, ...]]  # (step, standings)

FIRST, LAST = ("step", "place", "lane", "state"), ("seconds",)


def table(leagues: Iterable[League]) -> list[list[str]]:
    """A head and the rows, in the order given; empty where nothing was measured. Numbers are written in full."""
    found = list(leagues)
    measures = list(dict.fromkeys(name for _, rows in found for row in rows for name in row.measures))
    lines = [[*FIRST, *measures, *LAST]]
    for step, rows in found:
        for row in rows:
            values = [f"{row.measures[name]:.9g}" if name in row.measures else "" for name in measures]
            lines.append([str(step), str(row.place), row.title, row.state, *values, f"{row.seconds:.9g}"])
    return lines


def as_csv(leagues: Iterable[League]) -> str:
    return _written(leagues, ",")


def as_tabs(leagues: Iterable[League]) -> str:
    """As spreadsheets take it from the clipboard."""
    return _written(leagues, "\t")


def _written(leagues: Iterable[League], delimiter: str) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(table(leagues))
    return file.getvalue()
