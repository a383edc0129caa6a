"""The shelf of conditions that a training can be in: one rule a file, with its thresholds in its Spec.

A rule reads what is known of a training and, where it fits, names the condition with its evidence and what helps. Copy
`d_has_won.py` for a new one; `benchmarks/doctor.py` proves that it fires where it should and nowhere else.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from .. import trends
from ..config import Spec, get
from ..registry import Registry
from ..trends import NOTHING, Line

Severity = Literal["ill", "watch"]  # it will not mend itself; it may

YARDSTICKS = ("distance/W1, exact", "distance/RMSE to the truth", "distance/sliced W1 of pixels")
DIVERSITY = "diversity/pairwise distance"
COVERED = "modes/covered"
NOT_A_NUMBER = "stopped being a number"  # in the reason of a training that ended so


@dataclass(frozen=True)
class Course:
    """All that is known of a training by now."""

    curves: dict[str, Line] = field(repr=False)  # those of the run, and its metrics as "metrics/..."
    settings: dict[str, Any] = field(repr=False)  # plain and complete, with what was changed since
    steps: int  # that it is to have
    state: str  # as in `runs.State`
    reason: str  # why it ended
    checkpoints: tuple[int, ...] = ()  # steps that can be branched from, ascending
    facts: dict[str, float] = field(default_factory=dict)  # of the data, as in `jobs.drawn.Shown.facts`
    start: int = 0  # step that it began at: that of its parent's checkpoint, where it is a branch

    @property
    def step(self) -> int:
        """That the curves have come to."""
        return max((int(steps[-1]) for steps, _ in self.curves.values() if len(steps)), default=self.start)

    @property
    def length(self) -> int:
        """Steps that it has taken."""
        return self.step - self.start

    def line(self, name: str) -> Line:
        return self.curves.get(name, NOTHING)

    def named(self, *prefixes: str) -> dict[str, Line]:
        """The curves whose names begin so."""
        return {name: line for name, line in self.curves.items() if name.startswith(prefixes)}

    def lately(self, name: str, share: float) -> Line:
        """The last part of a curve: so large a share of the steps taken so far."""
        return trends.between(self.line(name), self.step - share * self.length, self.step)

    @property
    def yardstick(self) -> str:
        """The curve that says how near samples are to the data, lower is better; "" where there is none."""
        return next((name for name in YARDSTICKS if name in self.curves), "")

    def gained(self, share: float) -> float:
        """How far samples have come lately on their way from where they began to the data, by the yardstick: 1 is as
        near as real samples are to each other; NaN where nothing was measured."""
        steps, values = self.line(self.yardstick)
        if not len(steps):
            return float("nan")
        floor = min(self.facts.get("floor", 0.0), float(values.min()))
        began = float(values[0]) - floor
        return 1 - (trends.level(self.lately(self.yardstick, share)) - floor) / began if began > 0 else float("nan")

    # what could be changed

    def setting(self, path: str) -> Any:
        """The value at a dotted path; None where this recipe has none."""
        try:
            return get(self.settings, path)
        except (KeyError, IndexError, ValueError, TypeError):
            return None

    def penalty(self, kind: str) -> str:
        """The path of the first penalty of a kind, "" where there is none."""
        for i, penalty in enumerate(self.setting("recipe.penalties") or []):
            if penalty.get("kind") == kind:
                return f"recipe.penalties.{i}"
        return ""


@dataclass(frozen=True)
class Evidence:
    """Where to look."""

    curve: str  # its name
    first: int  # step
    last: int
    threshold: float | None = None  # a line across the plot


@dataclass(frozen=True)
class Remedy:
    """What helps, as a branch from the last healthy checkpoint with these settings."""

    sentence: str  # what is done and why: "Lower D's learning rate from 0.004 to 0.001, so that G can follow."
    changes: dict[str, Any]  # {dotted path of the config: value}
    anew: bool = False  # needs other networks, so it begins a new training


@dataclass(frozen=True)
class Finding:
    """A condition that a training is in."""

    condition: str  # kind
    title: str  # in plain words: "D has won"
    sentence: str  # what was seen, with its numbers
    severity: Severity
    since: int  # step at which it begins
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...] = ()
    learn: str = ""  # a sentence or two on why it happens
    healthy: int | None = None  # the newest checkpoint before it, to branch from; None where there is none


class Condition(Spec):
    """A rule. That it is silent on healthy runs is proven by `benchmarks/doctor.py`."""

    learn: ClassVar[str] = ""  # a sentence or two on why it happens

    @abstractmethod
    def find(self, course: Course) -> Finding | None:
        """None where the training is not in this condition, or too little is known."""

    def found(
        self,
        sentence: str,
        severity: Severity,
        since: int,
        evidence: tuple[Evidence, ...],
        remedies: tuple[Remedy | None, ...] = (),
        title: str = "",
    ) -> Finding:
        """A finding of this condition; remedies that there are none of are left out."""
        kept = tuple(remedy for remedy in remedies if remedy is not None)
        return Finding(self.kind, title or self.title, sentence, severity, since, evidence, kept, self.learn)


CONDITIONS: Registry[Condition] = Registry("gan_studio.conditions", "condition")


# --- remedies that several rules offer -------------------------------------------------------------------------------


def slower(course: Course, players: tuple[str, ...], factor: float, why: str) -> Remedy | None:
    """Lower learning rates of "d", "g" or both; None where this recipe has no such player."""
    rates = {player: course.setting(f"recipe.{player}_optimiser.lr") for player in players}
    if not all(isinstance(lr, (int, float)) for lr in rates.values()):
        return None
    lower = {player: float(f"{lr / factor:.2g}") for player, lr in rates.items()}  # as a person would choose
    told = ", ".join(f"{player.upper()}'s from {rates[player]:g} to {lower[player]:g}" for player in players)
    changes = {f"recipe.{player}_optimiser.lr": lr for player, lr in lower.items()}
    return Remedy(f"Lower the learning rate, {told}: {why}", changes)


def when(applies: bool, sentence: str, changes: dict[str, Any], anew: bool = False) -> Remedy | None:
    """A remedy, where it applies."""
    return Remedy(sentence, changes, anew) if applies else None


def finite(line: Line) -> Line:
    """Without what is no number."""
    steps, values = line
    good = np.isfinite(values)
    return line if good.all() else (steps[good], values[good])
