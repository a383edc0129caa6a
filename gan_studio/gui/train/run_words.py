"""What the run list says of a run, and of the settings in which two runs differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ...words import clock
from ..form_fields import WORDS, as_sentence
from ..widgets.editors import number_text
from .run_reader import Entry

STATE_WORDS = {"new": "not started", "queued": "in the queue"}
Differences = dict[str, tuple[Any, Any]]  # {dotted path: (old, new)}


# --- a run -----------------------------------------------------------------------------------------------------------


def state_words(entry: Entry) -> str:
    return STATE_WORDS.get(entry.state.name, entry.state.name)


def status(entry: Entry, number: int = 0) -> str:
    """ "running · 12,000 of 50,000 · 1:02:03"; `number` is its place in the queue."""
    queue = ("next in the queue" if number == 1 else f"number {number} in the queue") if number else ""
    return " · ".join(part for part in (queue or state_words(entry), *progress(entry)) if part)


def progress(entry: Entry) -> tuple[str, str]:
    """(how many steps, how long); "" for what has not begun."""
    state = entry.state
    steps = f"{state.step:,} steps" if state.name == "finished" else f"{state.step:,} of {state.steps:,}"
    return steps if state.steps else "", clock(state.seconds) if state.seconds >= 1 else ""


def best(entry: Entry) -> str:
    """ "W1 0.031 at 4,200"; "" where nothing was measured."""
    if entry.best is None:
        return ""
    name, value, step = entry.best
    return f"{short_curve(name)} {value:.3g} at {step:,}"


def short_curve(name: str) -> str:
    """ "distance/W1, exact" is "W1", "distance/sliced W1 of pixels" is "sliced W1"."""
    return name.rpartition("/")[2].partition(",")[0].partition(" of ")[0]


def best_in_full(entry: Entry) -> str:
    return f"Best {entry.best[0]}: {entry.best[1]:.6g} at step {entry.best[2]:,}" if entry.best else ""


def origin(step: int, told: str | None, gone: bool = False, title: str = "") -> str:
    """Where a branch comes from. `told`: in what it differs, None while nobody has looked; `title`: of its parent."""
    where = f"from “{title}”, step {step:,}" if title else f"from step {step:,}"
    if gone:
        return f"{where}; parent deleted"
    if told is None:
        return where
    return f"{where}: {told}" if told else f"{where}, same settings"


# --- differences of settings -----------------------------------------------------------------------------------------


def in_words(differences: Differences) -> str:
    """ "objective non-saturating → hinge, learning rate 0.0002 → 0.0001"; equal changes of D and G are said once.

    Settings that one side does not know are left out: it was written when they did not exist, or by other defaults.
    """
    said: dict[tuple[str, str, str], list[str]] = {}
    for path, (old, new) in differences.items():
        if old is not None and new is not None:
            said.setdefault((last_word(path), value_words(old), value_words(new)), []).append(path)
    return ", ".join(f"{_subject(paths)} {old} → {new}" for (_, old, new), paths in said.items())


def _subject(paths: list[str]) -> str:
    """Two paths with the same last word and the same values need no more than that word."""
    return path_words(paths[0]) if len(paths) == 1 else last_word(paths[0])


def path_words(path: str) -> str:
    """ "recipe.g_optimiser.lr" is "G learning rate": only optimisers have one, and the place for it is small.

    "recipe.g_optimiser.kind" is "G optimiser".
    """
    parts = _named(path.removesuffix(".kind").split("."))
    *before, last = parts[1:][-2:] or parts
    return " ".join(map(_words, [*(part.removesuffix("_optimiser") for part in before), last]))


def told_apart(paths: Iterable[str]) -> dict[str, str]:
    """{path: its words}; where two would be called the same, as the seeds of the run and of its data, with the table
    that holds it: "Seed", "Seed (data)"."""
    words = {path: path_words(path) for path in paths}
    count = Counter(words.values())
    tables = {path: path.partition(".")[0] if "." in path else "" for path in words}
    return {
        path: as_sentence(f"{said} ({tables[path]})" if count[said] > 1 and tables[path] else said)
        for path, said in words.items()
    }


def last_word(path: str) -> str:
    return _words(_named(path.removesuffix(".kind").split("."))[-1])


def _named(parts: list[str]) -> list[str]:
    """The items of a list are called after it: penalties, 0 is "penalties 1"."""
    named: list[str] = []
    for part in parts:
        if part.isdigit() and named:
            named[-1] += f"_{int(part) + 1}"
        else:
            named.append(part)
    return named


def _words(name: str) -> str:
    return " ".join(WORDS.get(word, word) for word in name.split("_"))


def value_words(value: Any) -> str:
    """A plain value as short as it can be said; what has a kind is called by it."""
    match value:
        case bool():
            return "on" if value else "off"
        case int():
            return f"{value:,}"
        case float():
            return number_text(value)
        case {"kind": kind}:
            return str(kind)
        case dict():
            return ", ".join(f"{_words(key)} {value_words(inner)}" for key, inner in value.items())
        case list():
            return " + ".join(map(value_words, value)) or "none"
        case None:
            return "not set"
        case _:
            return str(value) or "none"
