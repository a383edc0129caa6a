"""How events look in a terminal: a live progress bar, plain lines where nobody watches, or JSON for scripts."""

from __future__ import annotations

import json
import math
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .progress import Pace
from .words import rate, time_left

if TYPE_CHECKING:  # torch comes with the events, and takes seconds to load
    import numpy as np

    from .jobs.events import Curves


class View(ABC):
    """Shows events one after the other. Events are told apart by the names of their classes, so that none is loaded."""

    @abstractmethod
    def show(self, event: Any) -> None: ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        sys.stdout.flush()


def view(as_json: bool, live: bool, err: bool = False) -> View:
    """`live`: somebody watches. `err`: on stderr, where stdout carries the result."""
    if as_json:
        return JsonLines()
    return LiveBar(err) if live else PlainLines(err)


# --- JSON ------------------------------------------------------------------------------------------------------------


class JsonLines(View):
    """One JSON object a line: {"event": "curves", ...}; NaN is null, large arrays are told by their shape."""

    def show(self, event: Any) -> None:
        typer.echo(json.dumps(plain(event), allow_nan=False))


def plain(event: Any) -> dict[str, Any]:
    """An event as plain values for JSON."""
    name = type(event).__name__.lower()
    return {"event": name} | {field.name: jsonable(getattr(event, field.name)) for field in fields(event)}


def jsonable(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int() | str():
            return value
        case Path():
            return str(value)
    if getattr(value, "ndim", 0) == 1:
        return jsonable(value.tolist())
    if hasattr(value, "shape"):
        return {"shape": list(value.shape)}
    return str(value)


# --- lines -----------------------------------------------------------------------------------------------------------


def line(event: Any) -> str:
    """What is said about an event; "" is nothing."""
    match type(event).__name__:
        case "Log":
            return event.text if event.level == "info" else f"{event.level}: {event.text}"
        case "Forecast":
            speed = f", {rate(event.samples_per_second)}" if event.samples_per_second else ""
            memory = f"{event.memory_bytes / 2**30:.1f} GiB in use"
            return f"computing on {event.device} with {event.picked}{speed}, {memory}"
        case "Started":
            return f"{'resuming' if event.step else 'starting'} {event.run} at step {event.step} of {event.steps}"
        case "Checkpoint":
            return f"step {event.step}: saved"
        case "Evaluated" if event.step is not None and event.numbers:
            told = ", ".join(f"{number.title} {number.value:.4g}" for number in event.numbers)
            return f"step {event.step}: {told}"
        case "Changed":
            return f"step {event.step}: {event.path} {event.old} -> {event.new}"
        case "Paused":
            return f"step {event.step}: paused. {event.reason}".rstrip()
        case "Resumed":
            return f"step {event.step}: going on"
        case "Stopped":
            return f"step {event.step}: stopped. {event.reason}".rstrip()
        case "Finished":
            return f"step {event.step}: finished"
        case "Gallery":
            return f"pictures: {event.path}"
        case "Exported":
            return f"written: {event.path}"
        case "FileState" if event.state == "done":
            return f"{event.source} -> {event.target}"
        case "FileState" if event.state in ("failed", "skipped"):
            return f"{event.state}: {event.source} {event.reason}"
        case "Listed":
            return f"{len(event.items)} picture{'s' if len(event.items) > 1 else ''} to translate"
        case "Check":
            return f"{event.outcome:8}{event.name}: {event.text}"
    return ""


def losses(event: Curves, most: int = 4) -> str:
    """The newest value of the first few curves."""
    return "  ".join(f"{name} {_newest(values):.3g}" for name, values in list(event.values.items())[:most])


def told_of(event: Curves) -> list[str]:
    """How fast it trains, how long still ("" while nobody knows), and the losses."""
    return [rate(event.samples_per_second), time_left(event.seconds_left), losses(event)]


def joined(*words: str) -> str:
    """The words that there are, with commas."""
    return ", ".join(filter(None, words))


def _newest(values: np.ndarray) -> float:
    measured = [value for value in values.tolist() if not math.isnan(value)]
    return measured[-1] if measured else math.nan


class PlainLines(View):
    """A line for what matters, and for the curves and other progress one every few seconds."""

    def __init__(self, err: bool = False, every: float = 10.0):
        self.err, self.every, self.told_at = err, every, -math.inf
        self.steps = 0
        self.doing = ""
        self.pace = Pace()

    def show(self, event: Any) -> None:
        match type(event).__name__:
            case "Started":
                self.steps = event.steps
            case "Curves" if self._is_time():
                self._say(f"step {int(event.steps[-1])} of {self.steps}: {joined(*told_of(event))}")
            case "Translating" if self._is_time():
                self._say(joined(f"{event.done} of {event.total} pictures", time_left(event.seconds_left)))
            case "Progress":
                left = self.pace.left(event)
                if event.text != self.doing or self._is_time():
                    self.doing, self.told_at = event.text, time.monotonic()
                    counted = f"{event.text}: {event.done} of {event.total}" if event.total else event.text
                    self._say(joined(counted, left))
        if said := line(event):
            self._say(said)

    def _say(self, text: str) -> None:
        typer.echo(text, err=self.err)

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self.told_at < self.every:
            return False
        self.told_at = now
        return True


class LiveBar(View):
    """A progress bar at the bottom, lines above it."""

    def __init__(self, err: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=Console(stderr=err),
            transient=True,
        )
        self.task = self.bar.add_task("", total=None, note="")
        self.pace = Pace()
        self.bar.start()

    def show(self, event: Any) -> None:
        match type(event).__name__:
            case "Started":
                self.bar.reset(self.task, description="training", total=event.steps, completed=event.step, note="")
            case "Curves":
                self.bar.update(self.task, completed=int(event.steps[-1]), note="  ".join(filter(None, told_of(event))))
            case "Translating":
                note = time_left(event.seconds_left)
                self.bar.update(
                    self.task, description="translating", completed=event.done, total=event.total, note=note
                )
            case "Progress":
                done, total, note = event.done, event.total or None, self.pace.left(event)
                self.bar.update(self.task, description=event.text, completed=done, total=total, note=note)
        if type(event).__name__ != "Checkpoint" and (said := line(event)):
            self.bar.console.print(said, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self.bar.stop()
