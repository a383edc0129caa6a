"""Runs beside each other: what was measured of each, what of it can be compared, and which settings differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..config import ConfigError
from ..runs import Run, State
from ..tables import Curves
from . import choices, evaluations
from .choices import flat, said
from .evaluations import Evaluated, Number
from .verdict import Key, differ, judge, key_of, measures_of

ABSENT = "–"  # of a setting that a run does not have


@dataclass(frozen=True)
class Entrant:
    """A run as it stands beside others: at its best step, or the newest that was measured."""

    run: Run
    title: str
    state: State
    settings: dict[str, str] = field(repr=False)  # {dotted path: value in words}
    curves: Curves = field(repr=False)  # with those of its metrics
    step: int | None  # that the numbers are of; None where nothing was measured
    is_best: bool  # whether `step` is the best of several
    numbers: dict[Key, Number] = field(repr=False)  # of that step


@dataclass(frozen=True)
class Comparison:
    """Several runs; the first that has a measure is what the others are held against."""

    entrants: tuple[Entrant, ...]
    keys: tuple[Key, ...]  # of all that was measured, those that judge best first
    by: Key | None  # what each run's best step was chosen by
    settings: dict[str, tuple[str, ...]]  # {dotted path: the value in each run} of those that differ

    def only(self, entrants: Sequence[Entrant]) -> Comparison:
        """Some of the runs."""
        return replace(self, entrants=tuple(entrants), settings=_differing([one.settings for one in entrants]))

    def reasons(self, entrant: Entrant, key: Key) -> tuple[str, ...]:
        """Why this number cannot be compared with that of the first run that has one; () where it can."""
        reference, number = self.reference(key), entrant.numbers.get(key)
        return differ(reference.basis, number.basis) if reference and number else ()

    def reference(self, key: Key) -> Number | None:
        """What the others' numbers are held against."""
        return next((one.numbers[key] for one in self.entrants if key in one.numbers), None)

    def best(self, key: Key) -> tuple[Entrant, ...]:
        """Those whose number is the best of those that can be compared; () where there are not two."""
        alike = self._alike(key)
        if len(alike) < 2:
            return ()
        least = min(one.numbers[key].badness() for one in alike)
        return tuple(one for one in alike if one.numbers[key].badness() == least)

    def is_apart(self, key: Key) -> bool:
        """Whether the interval of the best lies outside of all others that can be compared with it."""
        best = self.best(key)
        if len(best) != 1:
            return False
        a = best[0].numbers[key]
        others = [one.numbers[key] for one in self._alike(key) if one is not best[0]]
        return all(a.high < b.low or b.high < a.low for b in others)

    def _alike(self, key: Key) -> list[Entrant]:
        """Those whose numbers can be compared with the reference's."""
        return [one for one in self.entrants if key in one.numbers and not self.reasons(one, key)]


def compare(runs: Sequence[Run], by: str = "", all_curves: bool = True) -> Comparison:
    """What the folders of runs tell. `by` is a measure's id; "" lets the first that they have judge. Without
    `all_curves` those alone are read that were measured of checkpoints, which is quick however long a run is.

    Raises ConfigError where there are not two, where one cannot be read, or where none was measured by `by`.
    """
    if len(runs) < 2:
        raise ConfigError("Name two runs or more to compare.")
    found = [evaluations.read(run) for run in runs]
    keys = measures_of([one for kept in found for one in kept])
    if by and by not in {measure for measure, _ in keys}:
        known = ", ".join(dict.fromkeys(measure for measure, _ in keys)) or "nothing yet"
        raise ConfigError(f"None of these runs was measured by {by!r}; measured: {known}. Evaluate them first.")
    judging = next((key for key in keys if not by or key[0] == by), None)
    entrants = _told_apart([_entrant(run, kept, judging, all_curves) for run, kept in zip(runs, found, strict=True)])
    return Comparison(entrants, tuple(keys), judging, _differing([one.settings for one in entrants]))


def _entrant(run: Run, found: tuple[Evaluated, ...], by: Key | None, all_curves: bool) -> Entrant:
    state = run.state()
    verdict = judge(found, by) if by else None
    step = verdict.best.step if verdict else next((one.step for one in reversed(found)), None)
    numbers = {key_of(number): number for one in found if one.step == step for number in one.numbers}
    if by and verdict:  # a later number of this step may be of another basis
        numbers[by] = verdict.best.number
    return Entrant(
        run=run,
        title=str(run.about().get("title") or run.name),
        state=state,
        settings=settings_of(run, state.step),
        curves=(run.curves() if all_curves else {}) | evaluations.lines(run),
        step=step,
        is_best=bool(verdict and verdict.count > 1),
        numbers=numbers,
    )


def settings_of(run: Run, step: int) -> dict[str, str]:
    """{dotted path: value in words}, with the defaults of what its file does not name. Raises ConfigError."""
    values: dict[str, Any] = choices.complete(run.config_at(step))
    return {path: said(value) for path, value in flat(values)}


def _differing(settings: Sequence[dict[str, str]]) -> dict[str, tuple[str, ...]]:
    rows = {
        path: tuple(one.get(path, ABSENT) for one in settings)
        for path in dict.fromkeys(path for one in settings for path in one)
    }
    return {path: row for path, row in rows.items() if len(set(row)) > 1}


def _told_apart(entrants: Sequence[Entrant]) -> tuple[Entrant, ...]:
    """Runs of one title by their folders' names."""
    titles = [one.title for one in entrants]
    return tuple(replace(one, title=one.run.name) if titles.count(one.title) > 1 else one for one in entrants)
