"""The shelf of conditions that a training can be in: one rule a file, with its thresholds in its Spec.

A rule reads what is known of a training and, where it fits, names the condition with its evidence and what helps. Copy
`d_has_won.py` for a new one.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from ..config import Spec
from ..registry import Registry

Line = tuple[np.ndarray, np.ndarray]  # (steps [K] int64, values [K] float), rising steps, no NaN


@dataclass(frozen=True)
class Course:
    """All that is known of a training by now."""

    curves: dict[str, Line] = field(repr=False)  # those of the run, and its metrics as "metrics/..."
    settings: dict[str, Any] = field(repr=False)  # plain, as in config.toml, with what was changed since
    steps: int  # that it is to have
    state: str  # as in `runs.State`
    reason: str  # why it ended
    checkpoints: tuple[int, ...] = ()  # steps that can be branched from
    facts: dict[str, float] = field(default_factory=dict)  # of the data: "modes", "classes"

    @property
    def step(self) -> int:
        """That the curves have come to."""
        return max((int(steps[-1]) for steps, _ in self.curves.values() if len(steps)), default=0)


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

    sentence: str
    changes: dict[str, Any]  # {dotted path of the config: value}


@dataclass(frozen=True)
class Finding:
    """A condition that a training is in."""

    condition: str  # kind
    title: str  # in plain words: "D has won"
    sentence: str  # what was seen, with its numbers
    severity: Literal["ill", "watch"]
    since: int  # step at which it begins
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...]


class Condition(Spec):
    """A rule. What must be silent on healthy runs is proven by `benchmarks/doctor.py`."""

    learn: ClassVar[str] = ""  # a sentence or two on why it happens

    @abstractmethod
    def find(self, course: Course) -> Finding | None:
        """None where the training is not in this condition, or too little is known."""


CONDITIONS: Registry[Condition] = Registry("gan_studio.conditions", "condition")
