"""How a comparison of runs reads in a terminal: two tables, or JSON."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .jobs.comparison_report import footnotes, head, rows, verdict
from .terminal import jsonable
from .terminal_evaluate import WIDTH

if TYPE_CHECKING:
    from .jobs.comparison import Comparison


def print_comparison(found: Comparison) -> None:
    """Numbers, what cannot be compared of them, and the settings that differ."""
    from rich.console import Console

    console = Console(width=max(WIDTH, shutil.get_terminal_size().columns))
    console.print(verdict(found), markup=False, highlight=False)
    console.print(_table(head(found), rows(found)))
    for line in footnotes(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    settings = [[path, *values] for path, values in found.settings.items()]
    console.print(_table(["Setting", *(one.title for one in found.entrants)], settings))


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for title in head:
        table.add_column(escape(title))
    for line in lines:
        table.add_row(*map(escape, line))
    return table


def comparison_rows(found: Comparison) -> list[dict[str, Any]]:
    """An object a run."""
    return [
        {
            "event": "compared",
            "run": one.run.name,
            "title": one.title,
            "step": one.step,
            "numbers": [
                {
                    "measure": key[0],
                    "title": key[1],
                    "value": jsonable(number.value),
                    "low": jsonable(number.low),
                    "high": jsonable(number.high),
                    "best": one in found.best(key),
                    "not_comparable": list(found.reasons(one, key)),
                }
                for key, number in one.numbers.items()
            ],
            "settings": {path: values[place] for path, values in found.settings.items()},
        }
        for place, one in enumerate(found.entrants)
    ]
