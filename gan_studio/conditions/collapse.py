"""Samples are all alike, or sit in a few modes: mode collapse. Goodfellow 2016 (tutorial), section 5.1.1."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from . import (
    CONDITIONS,
    COVERED,
    DIVERSITY,
    Condition,
    Course,
    Evidence,
    Finding,
    varied,
)

QUALITY = "modes/high quality"


@CONDITIONS.add
class Collapse(Condition):
    """Looks at how far samples are apart, beside real ones, and at the modes that they reach."""

    kind = "collapse"
    title = "Mode collapse"
    about = "Samples are all alike, or sit in a few of the data's modes."
    learn = (
        "G is paid for each sample alone, so putting all of them where D is least sure pays best. D then learns that "
        "place, and G moves on to another. A D that sees several samples at once, or one that learns more slowly, "
        "breaks the chase."
    )

    low: float = option(
        0.45, "Samples that became less than so many times as far apart as real ones are all alike.", gt=0, lt=1
    )
    never: float = option(0.2, "And samples that never were farther apart than this.", gt=0, lt=1)
    few: float = option(
        0.35, "Reaching less than this share of the modes is a collapse; else some are dropped.", gt=0, lt=1
    )
    good: float = option(0.2, "And so large a share of the samples must be in them.", gt=0, lt=1)
    lately: float = option(0.25, "The last share of the training that is looked at.", gt=0, le=1)
    rising: float = option(0.08, "It is no collapse while that number rose by so much over the last half.", gt=0, le=1)
    learnt: float = option(
        0.25, "Samples that came nearer by less than this share have not collapsed: they never began.", gt=0, lt=1
    )
    patience: int = option(100, "Steps before it is said.", ge=1, le=10**6, unit="steps")
    fewest: int = option(8, "Drawn samples before it is said.", ge=3, le=1000)

    def find(self, course: Course) -> Finding | None:
        if course.length < self.patience:
            return None
        return self._in_few_modes(course) or self._all_alike(course)

    def _in_few_modes(self, course: Course) -> Finding | None:
        steps, covered = course.line(COVERED)
        modes = course.facts.get("modes", max(covered, default=0))
        lately = course.lately(COVERED, self.lately)
        if len(covered) < self.fewest or len(lately[0]) < 2:
            return None
        reached = trends.level(lately)
        if not 1 <= reached <= self.few * modes or trends.slope(lately) > 1 or not self._in_them(course):
            return None
        since = trends.since((steps, covered), covered <= self.few * modes, 0.9)
        if since is None or since > lately[0][0]:
            return None
        most = int(covered.max())
        before = f", of {most} that they once reached" if most > reached else ""
        return self.found(
            f"The samples sit in {reached:.0f} of the {modes:.0f} modes{before}.",
            "ill",
            since,
            (Evidence(COVERED, since, course.step, modes), Evidence(DIVERSITY, since, course.step, 1.0)),
            varied(course),
            f"Collapsed to {reached:.0f} of {modes:.0f} modes",
        )

    def _in_them(self, course: Course) -> bool:
        """Whether many samples are in the modes that are reached, and do not only stray over them."""
        return trends.level(course.lately(QUALITY, self.lately)) > self.good

    def _all_alike(self, course: Course) -> Finding | None:
        line, lately = course.line(DIVERSITY), course.lately(DIVERSITY, self.lately)
        if len(line[0]) < self.fewest or len(lately[0]) < 2:
            return None
        since = trends.since(line, line[1] < self.low, 0.9)
        before, now = trends.ends(course.lately(DIVERSITY, 0.5), 0.3)
        if since is None or since > lately[0][0] or now > before + self.rising:
            return None
        most = float(line[1].max())
        if most < 1.5 * now and (now > self.never or not self._has_learnt(course)):
            return None  # it still begins, or never began
        fell = f", after {most:.2f} times at step {int(line[0][int(np.argmax(line[1]))]):,}" if most > 2 * now else ""
        return self.found(
            f"Samples are {now:.2f} times as far apart as real ones{fell}: they are all alike.",
            "ill",
            since,
            (Evidence(DIVERSITY, since, course.step, self.low),),
            varied(course),
        )

    def _has_learnt(self, course: Course) -> bool:
        """Whether samples are nearer to the data than the first ones, or than they were when it was branched."""
        values = course.line(course.yardstick)[1]
        now = trends.level(course.lately(course.yardstick, self.lately))
        return len(values) > 0 and now < (1 - self.learnt) * float(values[0])
