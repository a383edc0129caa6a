"""D's own estimate says that samples get better while they get worse. Arora et al. 2017; Stanczuk et al. 2021."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from . import CONDITIONS, YARDSTICKS, Condition, Course, Evidence, Finding, Remedy, faster, when


@CONDITIONS.add
class EstimateMisleads(Condition):
    """Looks at the distance that D estimates beside the one that is measured on samples."""

    kind = "estimate-misleads"
    title = "D's estimate misleads"
    about = "D says that samples get better, or are perfect, while they do not."
    learn = (
        "What D estimates bounds a distance from below, and is close to it only where D is strong and well trained. A "
        "weak or slow D sees no difference where there is one: its estimate is small because it is blind."
    )

    blind: float = option(0.1, "An estimate below this share of what it mostly was says: no difference.", gt=0, lt=1)
    far: float = option(0.5, "Samples that came less than so much of the way are far from the data.", gt=0, lt=1)
    falls: float = option(0.4, "An estimate that lost so much of itself has fallen.", gt=0, lt=1)
    worse: float = option(0.15, "Samples that went back by so much of the way got worse.", gt=0, lt=1)
    wakes: float = option(0.3, "A low estimate that rises by this share is D waking up.", gt=0, le=10)
    lately: float = option(0.5, "The last share of the training that is looked at.", gt=0, le=1)
    patience: int = option(200, "Steps before it is said: D may wake up.", ge=1, le=10**6, unit="steps")
    fewest: int = option(10, "Drawn samples before it is said.", ge=4, le=1000)

    def find(self, course: Course) -> Finding | None:
        measured = course.line(course.yardstick)
        names = [name for name in course.named("distance/") if name not in YARDSTICKS]
        if len(measured[0]) < self.fewest or not names or course.length < self.patience:
            return None
        return self._blind(course, names[0]) or self._parted(course, names[0])

    def _blind(self, course: Course, name: str) -> Finding | None:
        line, lately = trends.eased(course.line(name), 9), course.lately(name, self.lately)
        low = max(self.blind * float(np.percentile(line[1], 75)), SMALL.get(name, 0.0))
        now, (before, after) = trends.level(lately), trends.ends(lately, 0.3)
        gained, gain = course.gained(self.lately), course.gain(self.lately)
        wakes = after > max(low, before + self.wakes * abs(before)) and gain > -self.worse
        if now > low or wakes or gain > self.worse or not gained < self.far:
            return None
        since, first = trends.since(line, line[1] < low, 0.8), int(lately[0][0])
        since = first if since is None else min(since, first)
        return self.found(
            f"D's estimate ({name}) is {now:.2g}, as if samples and data were alike; by {course.yardstick} they came "
            f"{max(0.0, gained):.0%} of the way. D is too weak to see it.",
            "ill",
            since,
            (Evidence(name, since, course.step), Evidence(course.yardstick, since, course.step)),
            self._remedies(course),
        )

    def _parted(self, course: Course, name: str) -> Finding | None:
        estimate, measured = course.lately(name, self.lately), course.lately(course.yardstick, self.lately)
        if len(measured[0]) < 6 or len(estimate[0]) < 20 or not course.way > 0:
            return None
        (high, low), (near, far) = trends.ends(estimate, 0.3), trends.ends(measured, 0.3)
        fall, rise = (high - low) / abs(high) if high else 0.0, (far - near) / course.way
        if fall < self.falls or rise < self.worse or trends.spread(measured) > 2 * (far - near):
            return None
        first = int(measured[0][0])
        return self.found(
            f"From step {first:,} on D's estimate ({name}) fell by {fall:.0%}, as if samples got better, while "
            f"{course.yardstick} rose from {near:.3g} to {far:.3g}.",
            "ill",
            first,
            (Evidence(name, first, course.step), Evidence(course.yardstick, first, course.step)),
            self._remedies(course),
        )

    def _remedies(self, course: Course) -> tuple[Remedy | None, ...]:
        d_steps = course.setting("recipe.d_steps")
        return (
            when(
                isinstance(d_steps, int) and d_steps < 5, "Let D take 5 steps for each of G's.", {"recipe.d_steps": 5}
            ),
            faster(course),
        )


SMALL = {"distance/js": 0.02, "distance/total variation": 0.03}  # of ln 2 and 1: no D that sees a difference says so
