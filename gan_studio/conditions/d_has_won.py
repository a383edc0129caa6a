"""D tells samples apart with hardly an error, and G no longer comes nearer to the data. Arjovsky & Bottou 2017."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from ..trends import Line
from . import (
    CONDITIONS,
    Condition,
    Course,
    Evidence,
    Finding,
    Remedy,
    bound_slope,
    quieter,
    slower,
    when,
)

REAL, FAKE, GRADIENT = "D(real)", "D(fake)", "gradient/G"


@CONDITIONS.add
class DHasWon(Condition):
    """Looks at the lead of D's scores, or at its loss where it has none, and at whether samples still get better."""

    kind = "d-has-won"
    title = "D has won"
    about = "D tells all samples apart, and G learns nothing from it any more."
    learn = (
        "Where real and generated samples do not overlap, some D tells them apart without an error. Its answer is then "
        "flat around the samples, so G's gradient says nothing, or vanishes. D must be held back, or asked something "
        "else."
    )

    lead: float = option(0.9, "D(real) - D(fake) from which D has no doubt.", gt=0, lt=1)
    left: float = option(0.05, "D's loss, as a share of what it began with, from which D has no doubt.", gt=0, lt=1)
    lately: float = option(0.25, "The last share of the training that is looked at.", gt=0, le=1)
    gain: float = option(
        0.05, "G still learns where samples lately came nearer to the data by so much of the whole way.", gt=0, lt=1
    )
    near: float = option(0.85, "Samples that have come so much of the way are good, whatever D says.", gt=0, le=1)
    fewest: int = option(100, "Steps before it is said.", ge=10, le=10**6, unit="steps")

    def find(self, course: Course) -> Finding | None:
        sure, threshold, name = self._doubts(course)
        since = trends.since(sure, sure[1] > threshold, 0.9)
        if since is None or course.length < self.fewest or since > course.step - self.lately * course.length:
            return None
        gained, gain = course.gained(self.lately), course.gain(self.lately)
        if gained > self.near or gain > self.gain:
            return None
        vanished, what = self._gradient(course, since)
        scores = "D's answers to real and generated samples no longer overlap"
        if name == REAL:
            real, fake = (trends.level(course.lately(curve, self.lately)) for curve in (REAL, FAKE))
            scores = f"D gives real samples {real:.3f} and generated ones {fake:.3f}"
        far = "" if np.isnan(gained) else f", and samples came {max(0.0, gained):.0%} of the way to the data"
        return self.found(
            f"{scores}{far}, without getting on since. {what}",
            "ill",
            since,
            (
                Evidence(name, since, course.step),
                *([Evidence(FAKE, since, course.step)] if name == REAL else []),
                *([Evidence(GRADIENT, since, course.step)] if vanished else []),
                *([Evidence(course.yardstick, since, course.step)] if course.yardstick else []),
            ),
            self._remedies(course),
        )

    def _doubts(self, course: Course) -> tuple[Line, float, str]:
        """(line, threshold above which D is sure, curve to look at)."""
        (steps, real), (_, fake) = course.line(REAL), course.line(FAKE)
        if len(real) and len(real) == len(fake):
            return trends.eased((steps, real - fake), 9), self.lead, REAL
        terms = [line for name, line in course.named("D/").items() if "penalty" not in name]
        if not terms or len({len(steps) for steps, _ in terms}) > 1:
            return (np.empty(0, np.int64), np.empty(0)), 0.0, REAL
        steps, loss = terms[0][0], np.sum([values for _, values in terms], axis=0)
        began = float(np.median(loss[:5]))
        if began <= 0 or loss.min() < 0:  # a critic, whose loss has no least value
            return (np.empty(0, np.int64), np.empty(0)), 0.0, REAL
        return trends.eased((steps, 1 - loss / began), 9), 1 - self.left, next(iter(course.named("D/")))

    def _gradient(self, course: Course, since: int) -> tuple[bool, str]:
        before = trends.level(trends.between(course.line(GRADIENT), course.start, max(since, course.start + 20)))
        now = trends.level(course.lately(GRADIENT, self.lately))
        if now < 0.1 * before:
            return True, f"G's gradient fell from {before:.2g} to {now:.2g}: it gets nothing to go by."
        return False, "G is told that all is bad, and not where it would be better."

    def _remedies(self, course: Course) -> tuple[Remedy | None, ...]:
        d_steps = course.setting("recipe.d_steps")
        return (
            when(
                course.setting("recipe.objective.kind") == "minimax",
                "Let G raise what D takes for real (non-saturating), whose gradient does not vanish while D wins.",
                {"recipe.objective": {"kind": "non-saturating"}},
            ),
            slower(course, ("d",), 4, "G gets time to follow."),
            when(
                isinstance(d_steps, int) and d_steps > 1,
                "Let D take one step for each of G's.",
                {"recipe.d_steps": 1},
            ),
            quieter(course),
            bound_slope(course),
        )
