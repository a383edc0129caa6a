"""How a race looks in a terminal: a league table that lives above a bar, plain lines where nobody watches, or JSON."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from .terminal import JsonLines, View, jsonable, line, plain
from .words import clock

if TYPE_CHECKING:  # rich takes long to load, torch longer
    from rich.table import Table

    from .jobs.race import League


def race_view(names: list[str], as_json: bool, live: bool) -> View:
    """For a race of lanes with these names. `live`: somebody watches."""
    if as_json:
        return RaceJson()
    return RaceBar(names) if live else RaceLines(names)


class RaceJson(JsonLines):
    """One JSON object a line; what a lane tells is {"event": "lane", "index": 0, "told": {"event": "curves", ...}}."""

    def show(self, event: Any) -> None:
        match type(event).__name__:
            case "Lane":
                self._say({"event": "lane", "index": event.index, "told": plain(event.event)})
            case "League":
                rows = [jsonable(asdict(row)) for row in event.rows]
                self._say({"event": "league", "step": event.step, "rows": rows})
            case _:
                super().show(event)

    def _say(self, values: dict[str, Any]) -> None:
        import json

        typer.echo(json.dumps(values, allow_nan=False))


class RaceLines(View):
    """A line for what matters, the order every few seconds, the table at the end."""

    def __init__(self, names: list[str], every: float = 10.0):
        self.names, self.every, self.told_at = names, every, -math.inf
        self.league: League | None = None
        self.steps = 0

    def show(self, event: Any) -> None:
        match type(event).__name__:
            case "Started":
                self.steps = event.steps
            case "League":
                self.league = event
                self._tell_order(event)
            case "Progress" if self._is_time():
                typer.echo(event.text)
        if said := said_of(event, self.names):
            typer.echo(said)

    def _tell_order(self, league: League) -> None:
        if self._is_time():
            order = "  ".join(f"{row.place}. {row.title}" for row in league.rows)
            typer.echo(f"step {league.step} of {self.steps}: {order}")

    def close(self) -> None:
        if self.league:
            from rich.console import Console

            Console().print(league_table(self.league))
        super().close()

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self.told_at < self.every:
            return False
        self.told_at = now
        return True


class RaceBar(View):
    """The league table with a bar beneath, lines above."""

    def __init__(self, names: list[str]):
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.names = names
        self.bar = Progress(TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
        self.task = self.bar.add_task("", total=None)
        self.league: League | None = None
        self.live = Live(self.bar, refresh_per_second=8)
        self.live.start()

    def show(self, event: Any) -> None:
        match type(event).__name__:
            case "Started":
                self.bar.reset(self.task, description="racing", total=event.steps, completed=event.step)
            case "Lane" if type(event.event).__name__ == "Curves":
                self.bar.update(self.task, completed=int(event.event.steps[-1]))
            case "Progress":
                self.bar.update(self.task, description=event.text, completed=event.done, total=event.total or None)
            case "League":
                from rich.console import Group

                self.league = event
                self.live.update(Group(league_table(event), self.bar))
        if said := said_of(event, self.names):
            self.live.console.print(said, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self.live.stop()


def said_of(event: Any, names: list[str]) -> str:
    """What is said about an event of a race; of the lanes only warnings and ends for a reason."""
    if type(event).__name__ != "Lane":
        return line(event)
    told = event.event
    match type(told).__name__:
        case "Log" if told.level != "info":
            return f"{names[event.index]}: {line(told)}"
        case "Stopped" if told.reason:
            return f"{names[event.index]}: {line(told)}"
    return ""


def league_table(league: League) -> Table:
    """The lanes by their places, with what was measured of them."""
    from rich.table import Table

    table = Table(title=f"step {league.step}", title_justify="left")
    measures = list(dict.fromkeys(name for row in league.rows for name in row.measures))
    for column in ("", "lane", *(name.partition("/")[2] for name in measures), "time", "state"):
        table.add_column(column, justify="left" if column in ("lane", "state") else "right")
    for row in league.rows:
        values = [f"{row.measures[name]:.3g}" if name in row.measures else "" for name in measures]
        table.add_row(str(row.place), row.title, *values, clock(row.seconds), row.state)
    return table
