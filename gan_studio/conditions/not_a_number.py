"""The training ended because a loss or a weight was no number any more."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from . import CONDITIONS, NOT_A_NUMBER, Condition, Course, Evidence, Finding, slower, when


@CONDITIONS.add
class NotANumber(Condition):
    """Looks at how the training ended, and back along losses and gradients to where they began to run away."""

    kind = "not-a-number"
    title = "Numbers ran away"
    about = "The training ended because a term or a weight was no number any more."
    learn = (
        "Each step made the next one longer, until a number was too large to be told. Usually the learning rate is too "
        "high, or nothing holds D's slope; what was learnt before it ran away is not lost."
    )

    factor: float = option(
        10.0, "Running away is to stay above so many times the usual size until the end.", gt=1, le=1e6
    )
    lower: float = option(4.0, "By so much are learning rates lowered.", gt=1, le=1000)

    def find(self, course: Course) -> Finding | None:
        if course.state != "failed" or NOT_A_NUMBER not in course.reason:
            return None
        began = {name: step for name in course.named("D/", "G/", "gradient/") if (step := self._began(course, name))}
        since = min(began.values(), default=course.step)
        told = began or dict.fromkeys(course.named("gradient/"), since)
        return self.found(
            f"{course.reason.split('.')[0]}. {self._course(began, course)}",
            "ill",
            since,
            tuple(Evidence(name, step, course.step) for name, step in told.items()),
            (
                slower(course, ("d", "g"), self.lower, "shorter steps do not run away."),
                when(
                    course.setting("recipe.clip_norm") == 0,
                    "Shorten gradients longer than 1, so that no single step goes far.",
                    {"recipe.clip_norm": 1.0},
                ),
            ),
        )

    def _began(self, course: Course, name: str) -> int | None:
        steps, values = course.line(name)
        usual = float(np.median(np.abs(values))) if len(values) else 0.0
        return trends.since((steps, values), np.abs(values) > self.factor * max(usual, 1e-12))

    def _course(self, began: dict[str, int], course: Course) -> str:
        if not began:
            return "It came without a warning in the curves."
        name = min(began, key=began.__getitem__)
        value = course.line(name)[1][-1]
        return f"{name} was running away from step {began[name]:,} on and came to {value:.3g}."
