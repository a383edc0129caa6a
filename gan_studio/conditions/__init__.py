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
        """That its own curves have come to; metrics may have been measured at any."""
        own = (steps for name, (steps, _) in self.curves.items() if not name.startswith("metrics/"))
        return max((int(steps[-1]) for steps in own if len(steps)), default=self.start)

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

    @property
    def way(self) -> float:
        """From copies of the data's mean to the data, by the yardstick: to as near as real samples are to each other.

        Where that is not known, from the first samples. NaN where nothing was measured.
        """
        values = self.line(self.yardstick)[1]
        way = self.facts.get("mean", float(values[0])) - self.floor if len(values) else 0.0
        return way if way > 0 else float("nan")

    @property
    def floor(self) -> float:
        """The yardstick between real samples, or the least that was reached."""
        values = self.line(self.yardstick)[1]
        return min(self.facts.get("floor", 0.0), float(values.min())) if len(values) else 0.0

    def gained(self, share: float) -> float:
        """How much of that way samples had come in the last part of the training: 1 is all of it, and 0 no better than
        the mean of the data, as all are at first or worse. NaN: not known."""
        return 1 - (trends.level(self.lately(self.yardstick, share)) - self.floor) / self.way

    def gain(self, share: float) -> float:
        """By how much of that way samples came nearer within the last part. NaN: not known."""
        return -trends.slope(self.lately(self.yardstick, share)) / self.way

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


def faster(course: Course, factor: float = 4.0) -> Remedy | None:
    """A higher learning rate of D."""
    lr = course.setting("recipe.d_optimiser.lr")
    if not isinstance(lr, (int, float)):
        return None
    higher = min(10.0, float(f"{lr * factor:.2g}"))
    changes = {"recipe.d_optimiser.lr": higher}
    return Remedy(f"Raise D's learning rate from {lr:g} to {higher:g}, so that it sees what is wrong.", changes)


def when(applies: bool, sentence: str, changes: dict[str, Any], anew: bool = False) -> Remedy | None:
    """A remedy, where it applies."""
    return Remedy(sentence, changes, anew) if applies else None


def quieter(course: Course) -> Remedy | None:
    """Noise on all that D sees, where there is none."""
    return when(
        course.setting("recipe.instance_noise") == 0,
        "Blur all that D sees by noise of 0.1 that fades, so that real and generated samples overlap.",
        {"recipe.instance_noise": 0.1},
    )


def bound_slope(course: Course, weight: float = 1.0) -> Remedy | None:
    """A penalty on D's slope, where there is none; it looks at each sample alone, so not beside batch norm."""
    penalties = course.setting("recipe.penalties")
    fits = penalties == [] and course.setting("recipe.discriminator.norm") != "batch"
    r1 = {"kind": "r1", "weight": weight}
    return when(fits, f"Punish D's slope at real samples (R1, weight {weight:g}).", {"recipe.penalties": [r1]})


def varied(course: Course) -> tuple[Remedy | None, ...]:
    """What helps against too little variety."""
    batch = course.setting("recipe.batch_size")
    return (
        when(
            course.setting("recipe.pack") == 1 and isinstance(batch, int) and batch % 2 == 0,
            "Let D judge two samples at once (PacGAN), so that it sees when they are alike; begins a new training.",
            {"recipe.pack": 2},
            anew=True,
        ),
        when(
            course.setting("recipe.unroll") == 0,
            "Let G look five steps ahead, to how D will answer (unrolled GAN); steps take several times as long.",
            {"recipe.unroll": 5},
        ),
        slower(course, ("d",), 4, "D leaves G time to spread out."),
        quieter(course),
        bound_slope(course),
    )


def finite(line: Line) -> Line:
    """Without what is no number."""
    steps, values = line
    good = np.isfinite(values)
    return line if good.all() else (steps[good], values[good])
