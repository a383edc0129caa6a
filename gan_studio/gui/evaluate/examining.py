"""What the doctor says of a run, with the curves to show it on: for threads, it touches no widget."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...conditions import Finding, Remedy
from ...jobs import diagnose
from ...jobs.diagnose import Diagnosis
from ...runs import Run
from ..widgets.series import bucket, extremes

MOST = 600  # points of a curve that are drawn
Curve = tuple[np.ndarray, np.ndarray]  # (steps [K], values [K])


@dataclass(frozen=True)
class Examined:
    run: Run
    diagnosis: Diagnosis
    curves: dict[str, Curve] = field(repr=False)  # those that the findings point at, thinned


def examined(run: Run) -> Examined:
    """Raises ConfigError."""
    curves = run.curves()
    diagnosis = diagnose.diagnose(run, curves)
    names = {evidence.curve for finding in diagnosis.findings for evidence in finding.evidence}
    return Examined(run, diagnosis, {name: thinned(curves[name]) for name in names if name in curves})


def thinned(curve: Curve) -> Curve:
    """What a plot can show of it, extremes kept."""
    steps, values = curve
    good = np.isfinite(values)
    steps, values = steps[good], values[good]
    chosen = extremes(values, 0, len(values), bucket(0, len(values), MOST))
    return steps[chosen], values[chosen]


def branched(run: Run, finding: Finding, remedy: Remedy) -> Run:
    """A new run, not started. Raises ConfigError."""
    return diagnose.branch(run, finding, remedy)
