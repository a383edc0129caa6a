"""Diagnose: what is wrong with a training, by the rules of `conditions/`, and a branch that does something about it.

Of a run that has ended or that still trains: whoever follows one asks again as its curves grow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import orjson

from .. import history, runs, trends
from ..conditions import CONDITIONS, Condition, Course, Finding, Remedy, finite
from ..config import ConfigError, differences, get, put
from ..runs import Run
from . import evaluations
from .events import Event
from .settings import RunConfig
from .train import new_run

POINTS = 2**11  # of a curve that rules look at; of longer ones every n-th
FEWEST_STEPS, FEWEST_DRAWN = 100, 8  # before a training that nothing is said against is called well

NEARER, BACK = 0.1, 0.15  # of the way to the data: what samples must have come for it, and may not have gone back

Verdict = Literal["ill", "watch", "well", "unclear", "early"]
_ORDER = ("ill", "watch")


@dataclass(frozen=True)
class Diagnosis(Event):
    """What can be said of a training by now."""

    run: str  # its name
    step: int
    steps: int
    verdict: Verdict  # "unclear": not well, and no rule says why; "early": too little is known to call it well
    sentence: str  # the whole in one line
    findings: tuple[Finding, ...] = ()  # the worst first
    short: str = ""  # where there are no findings: the whole in a few words

    @property
    def remedies(self) -> list[tuple[Finding, Remedy]]:
        """All that are offered, in the order in which `gan-studio diagnose --apply` counts them from 1."""
        return [(finding, remedy) for finding in self.findings for remedy in finding.remedies]


def diagnose(
    run: Run, curves: history.Curves | None = None, conditions: Iterable[Condition] | None = None
) -> Diagnosis:
    """Let the rules look at a run. `curves` are the run's, where somebody holds them already.

    Raises ConfigError where its config cannot be read.
    """
    course = course_of(run, curves)
    rules = [rule() for rule in CONDITIONS] if conditions is None else conditions
    found = [finding for rule in rules if (finding := rule.find(course)) is not None]
    findings = tuple(_treated(course, finding) for finding in sorted(found, key=_urgency))
    verdict, short, sentence = _summed_up(course, findings)
    return Diagnosis(run.name, course.step, course.steps, verdict, sentence, findings, short)


def _urgency(finding: Finding) -> tuple[int, int]:
    return _ORDER.index(finding.severity), finding.since


# --- what is known ---------------------------------------------------------------------------------------------------


def course_of(run: Run, curves: history.Curves | None = None) -> Course:
    """All that the rules may look at. Raises ConfigError."""
    state, about, parent = run.state(), run.about(), run.parent()
    told = (run.curves() if curves is None else curves) | evaluations.lines(run)
    lines = {name: finite(trends.thinned(line, POINTS)) for name, line in told.items() if len(line[0])}
    settings = _completed(orjson.dumps(run.config_at(state.step)))
    return Course(
        lines,
        settings,
        settings["steps"],
        state.name,
        state.reason,
        tuple(checkpoint.step for checkpoint in run.checkpoints()),
        _facts(about.get("facts")),
        parent[1] if parent else 0,
    )


def _facts(told: Any) -> dict[str, float]:
    facts = told if isinstance(told, dict) else {}
    return {str(name): float(value) for name, value in facts.items() if type(value) in (int, float)}


@lru_cache(maxsize=64)
def _completed(values: bytes) -> dict[str, Any]:
    """Of JSON: with the defaults. Raises ConfigError."""
    return RunConfig.parse(orjson.loads(values)).plain()


# --- what helps ------------------------------------------------------------------------------------------------------


def _treated(course: Course, finding: Finding) -> Finding:
    """With the checkpoint to branch from, and only such remedies as can be applied to this run."""
    before = [step for step in course.checkpoints if step <= finding.since]
    healthy = max(before, default=None)
    settings = orjson.dumps(course.settings)
    offered = [
        remedy
        for remedy in finding.remedies
        if (remedy.anew or healthy is not None) and _can_be_applied(settings, orjson.dumps(remedy.changes), remedy.anew)
    ]
    return replace(finding, healthy=healthy, remedies=tuple(offered))


@lru_cache(maxsize=256)
def _can_be_applied(settings: bytes, changes: bytes, networks: bool) -> bool:
    """Whether they change something that this recipe has, to something that it can be trained with.

    `networks`: whether they change these too, so that it takes a look at whether they fit together.
    """
    try:
        new = changed(orjson.loads(settings), orjson.loads(changes))
        if networks:
            new.check()
    except ConfigError:
        return False
    return bool(differences(orjson.loads(settings), new.plain()))


def changed(settings: dict[str, Any], changes: dict[str, Any]) -> RunConfig:
    """A complete config with some values changed by dotted path. Raises ConfigError."""
    values: dict[str, Any] = orjson.loads(orjson.dumps(settings))
    for path, value in changes.items():
        _must_be_there(settings, path)
        put(values, path, value)
    return RunConfig.parse(values)


def _must_be_there(settings: dict[str, Any], path: str) -> None:
    try:
        get(settings, path)
    except (KeyError, IndexError, ValueError, TypeError):
        raise ConfigError(f"{path}: this recipe has no such setting.") from None


def branch(run: Run, finding: Finding, remedy: Remedy) -> Run:
    """A new run, beside this one and not yet started, that does what the remedy says. Raises ConfigError."""
    about = run.about()
    step = 0 if remedy.anew or finding.healthy is None else finding.healthy
    config = changed(RunConfig.parse(run.config_at(step)).plain(), remedy.changes)
    config.check()
    if remedy.anew:
        new = new_run(config, about.get("title", run.name), run.folder.parent, about.get("preset", ""))
    elif finding.healthy is None:
        raise ConfigError(f"The run {run.name} has no checkpoint from before this began; start it again.")
    else:
        new = runs.branch(run, finding.healthy, config.plain())
    new.log(f"{finding.title} in {run.name} from step {finding.since} on. {remedy.sentence}")
    return new


# --- the whole in a line ---------------------------------------------------------------------------------------------


def _summed_up(course: Course, findings: tuple[Finding, ...]) -> tuple[Verdict, str, str]:
    """(verdict, the whole in a few words where nothing was found, and in a line)."""
    if findings:
        said = "; ".join(f"{finding.title} (since step {finding.since:,})" for finding in findings)
        return findings[0].severity, "", said
    if early := _too_early(course):
        return "early", *early
    if doubt := _no_better(course):
        return "unclear", *doubt
    return "well", "nothing wrong", "Nothing wrong that these curves could tell."


def _no_better(course: Course) -> tuple[str, str] | None:
    """That samples are no better than the mean of the data, or were better before, where no rule says why; in a few
    words, and in a line."""
    if not course.way > 0:
        return None
    gained, so = course.gained(0.2), f"No rule says that anything is wrong, but by {course.yardstick} samples"
    if gained <= NEARER:
        return "samples come no nearer", f"{so} came {max(0.0, gained):.0%} of the way to the data so far."
    steps, values = trends.between(trends.eased(course.line(course.yardstick), 5), course.start + 1, course.step)
    best = int(np.argmin(values))
    lost = gained + (float(values[best]) - course.floor) / course.way - 1
    if lost < -BACK:
        nearest = f"{steps[best]:,}"
        said = f"{so} were nearest around step {nearest}, and went back by {-lost:.0%} of the way since."
        return f"samples were nearer at step {nearest}", said
    return None


def _too_early(course: Course) -> tuple[str, str] | None:
    """What to wait for before the training can be called well, in a few words, and in a line; None where enough is
    known."""
    every = course.settings["samples_every"]
    needed = course.start + max(FEWEST_STEPS, (FEWEST_DRAWN - 1) * every)
    drawn = len(course.line(course.yardstick)[0])
    if course.step >= needed and (drawn >= FEWEST_DRAWN or not course.yardstick):
        return None
    if needed > course.steps or course.state == "finished":
        return "too short to tell", (
            f"Too short to tell: it is judged from {FEWEST_STEPS} steps and {FEWEST_DRAWN} drawn samples on. "
            "Train it for more steps, or draw samples more often."
        )
    return "too early to tell", f"Too early to tell; come back at step {max(needed, course.step + every):,}."
