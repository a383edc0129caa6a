"""What was measured of runs and folders: how it is told, kept beside a run's curves, and compared.

Two numbers can be compared where their `Basis` is the same. A run keeps its own in `evaluations.jsonl`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .events import Event


@dataclass(frozen=True)
class Basis:
    """All that a number depends on beside what was generated."""

    eye: str  # id of the feature network, with its weights
    eye_name: str  # "digits CNN"
    preprocessing: str
    real: str  # hash of the real samples
    real_name: str  # "Handwritten digits", or a folder's name
    samples: tuple[int, int]  # (real, generated)
    metric: dict[str, Any]  # plain values of the metric's Spec

    def differences(self, other: Basis) -> tuple[str, ...]:
        """Why numbers of the two cannot be compared, in words; () where they can."""
        raise NotImplementedError


@dataclass(frozen=True)
class Number:
    """One number that was measured."""

    measure: str  # id: "frechet"
    title: str  # with its eye: "Frechet distance (digits CNN)", or "FID" with the weights that FID is computed by
    value: float
    low: float  # of the 95 % interval
    high: float
    at_infinity: float | None
    better: str  # as in `metrics.Measure`
    ideal: float
    basis: Basis


@dataclass(frozen=True)
class Evaluated(Event):
    """What was measured of one set of samples."""

    subject: str  # a run's name, or a folder's path
    step: int | None  # of a run
    numbers: tuple[Number, ...]
    notes: tuple[str, ...] = ()  # what could not be measured and why, and what a person should know
    histogram: tuple[tuple[str, float, float], ...] = ()  # (class, share of real, share of generated) by the classifier
