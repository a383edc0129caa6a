"""Some modes or classes of the data are never made. Srivastava et al. 2017 (VEEGAN); Arora & Zhang 2018."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from . import CONDITIONS, COVERED, Condition, Course, Evidence, Finding, varied

CLASSES = "metrics/classes"


@CONDITIONS.add
class DroppedModes(Condition):
    """Looks at the modes that samples reach, or at the classes that an evaluation counted."""

    kind = "dropped-modes"
    title = "Modes are dropped"
    about = "Some modes or classes of the data are never made."
    learn = (
        "D only says whether a sample looks real, not what is missing. A mode without samples sends G no gradient, so "
        "what was left out early stays out, however long the training goes on."
    )

    few: float = option(0.35, "Reaching less than this share of the modes is a collapse instead.", gt=0, lt=1)
    lately: float = option(0.4, "No more modes were reached in this last share of the training.", gt=0, lt=1)
    fewest: int = option(10, "Drawn samples before it is said.", ge=3, le=1000)
    patience: int = option(200, "Steps without another mode before it is said.", ge=1, le=10**6, unit="steps")
    slack: float = option(0.5, "So many classes fewer than there are is still all of them.", ge=0, le=100)

    def find(self, course: Course) -> Finding | None:
        return self._of_modes(course) or self._of_classes(course)

    def _of_modes(self, course: Course) -> Finding | None:
        steps, covered = course.line(COVERED)
        modes = course.facts.get("modes", 0.0)
        lately = course.lately(COVERED, self.lately)
        if len(covered) < self.fewest or len(lately[0]) < 3 or not modes:
            return None
        reached, most = trends.level(lately), float(lately[1].max())
        waited = self.lately * course.length >= self.patience
        if most >= modes or reached <= self.few * modes or not waited or trends.slope(lately) >= 0.5:
            return None
        since = int(steps[np.argmax(covered >= reached)])
        lost = f" It reached {covered.max():.0f} once." if covered.max() > most else ""
        return self.found(
            f"The samples reach {reached:.0f} of the {modes:.0f} modes, and no other since step {since:,}.{lost}",
            "ill" if reached < 0.9 * modes else "watch",
            since,
            (Evidence(COVERED, since, course.step, modes),),
            varied(course),
            f"{modes - reached:.0f} of {modes:.0f} modes are dropped",
        )

    def _of_classes(self, course: Course) -> Finding | None:
        """By the newest two evaluations: one may be by chance."""
        steps, classes = course.line(CLASSES)
        known = course.facts.get("classes", 0.0)
        if not known or len(classes) < 2 or classes[-2:].max() > known - self.slack - 0.5:
            return None
        since = trends.since((steps, classes), classes <= known - self.slack - 0.5)
        assert since is not None
        return self.found(
            f"The samples show {classes[-1]:.0f} of the {known:.0f} classes of the data.",
            "ill" if classes[-1] < 0.9 * known else "watch",
            since,
            (Evidence(CLASSES, since, course.step, known),),
            varied(course),
            f"{known - classes[-1]:.0f} of {known:.0f} classes are dropped",
        )
