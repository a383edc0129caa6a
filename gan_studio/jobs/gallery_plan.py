"""Which pictures a gallery is of: a plan becomes samples. A new way is a function and a line in WAYS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from ..classes import listed
from ..config import ConfigError, Spec, option
from . import marks
from .explore import View
from .gallery import LAST_SEED, Sample, along, by_seeds, of_each, strips
from .snapshots import Snapshot
from .walk import Walk, key_frames

MOST = 50_000
MOST_KEYS = 1000
KEYS = "Name seeds such as 3, 8, 20-25."


class Plan(Spec):
    """What is made."""

    way: Literal["seeds", "walk", "strips", "starred"] = option(
        "seeds", "One picture a seed; a walk through some; rows from one to the next; or what has a star.", title="Make"
    )
    first: int = option(0, "The first seed; the others follow it.", title="From seed", ge=0, le=LAST_SEED)
    count: int = option(64, "How many.", title="Pictures", ge=1, le=MOST, log=True)
    seeds: Annotated[str, Field(max_length=10_000)] = option("0-7", f"What it goes through. {KEYS}", title="Seeds")
    classes: Annotated[str, Field(max_length=10_000)] = option(
        "", "Where it has classes, each in each of these, side by side: 0,1,2 or all; otherwise the seed draws one."
    )
    steps: int = option(8, "Pictures in a row from one to the next, both among them.", title="A row", ge=2, le=200)
    loop: bool = option(False, Walk.model_fields["loop"].description or "")
    truncation: float = option(
        1.0, "How far the latents are from the mean: less is more alike, and often cleaner.", ge=-2, le=2
    )
    scored: bool = option(False, "D's score of each picture: what it takes for real first.", title="Score by D")
    novel: bool = option(
        False, "How far each picture is from the nearest training picture: near copies are told.", title="Novelty"
    )
    by_features: bool = option(
        False, "Novelty by what D sees, or random convolutions where there is no D; not by pixels.",
        title="Novelty by features",
    )  # fmt: skip


def samples_of(
    plan: Plan, snapshot: Snapshot, view: View, keys: Sequence[View] = (), walk: Walk | None = None
) -> list[Sample]:
    """`view` gives the edits; `keys` are views instead of the seeds, and `walk` is how one goes through them.

    Raises ConfigError.
    """
    start = view.model_copy(update={"psi": plan.truncation})
    return WAYS[plan.way](plan, snapshot, start, keys, walk or Walk())


def _seeds(plan: Plan, snapshot: Snapshot, view: View, keys: Sequence[View], walk: Walk) -> list[Sample]:
    numbers = _classes(plan, snapshot)
    found = by_seeds(view, range(plan.first, plan.first + plan.count))
    _refuse_too_many(len(found) * max(1, len(numbers)))
    return of_each(found, numbers) if numbers else found


def _walk(plan: Plan, snapshot: Snapshot, view: View, keys: Sequence[View], walk: Walk) -> list[Sample]:
    how = walk.model_copy(update={"frames": plan.count, "loop": plan.loop})
    return along(snapshot, _keys(plan, snapshot, view, keys), how)


def _strips(plan: Plan, snapshot: Snapshot, view: View, keys: Sequence[View], walk: Walk) -> list[Sample]:
    views = _keys(plan, snapshot, view, keys)
    _refuse_too_many((len(views) - 1) * plan.steps)
    return strips(snapshot, views, plan.steps, walk.between)


def _starred(plan: Plan, snapshot: Snapshot, view: View, keys: Sequence[View], walk: Walk) -> list[Sample]:
    found = marks.read(snapshot).starred(snapshot)
    if not found:
        raise ConfigError("No picture of this checkpoint has a star yet; make some, and press S on those you like.")
    return found


Way = Callable[[Plan, Snapshot, View, Sequence[View], Walk], list[Sample]]
WAYS: dict[str, Way] = {"seeds": _seeds, "walk": _walk, "strips": _strips, "starred": _starred}


def _keys(plan: Plan, snapshot: Snapshot, view: View, keys: Sequence[View]) -> list[View]:
    return list(keys) or key_frames(view, seeds_in(plan.seeds), _classes(plan, snapshot))


def _classes(plan: Plan, snapshot: Snapshot) -> Sequence[int]:
    return listed(plan.classes, snapshot.classes) if plan.classes.strip() else ()


def _refuse_too_many(count: int) -> None:
    if count > MOST:
        raise ConfigError(f"Those would be {count:,} pictures, more than {MOST:,}; name fewer seeds, or shorter rows.")


def seeds_in(text: str) -> list[int]:
    """Of "3, 8, 20-25". Raises ConfigError."""
    found: list[int] = []
    for part in text.replace(",", " ").split():
        first, dash, last = part.partition("-")
        try:
            numbers = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            numbers = range(0)
        if not numbers:
            raise ConfigError(f"{part} names no seeds. {KEYS}")
        if len(found) + len(numbers) > MOST_KEYS:
            raise ConfigError(f"Those are more than {MOST_KEYS:,} seeds; name fewer.")
        found += numbers
    if not found:
        raise ConfigError(f"There are no seeds. {KEYS}")
    return found
