"""The players chase each other in circles. Mescheder et al. 2018; Metz et al. 2017 on cycling through modes."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from ..trends import Line
from . import CONDITIONS, DIVERSITY, Condition, Course, Evidence, Finding, Remedy, bound_slope, quieter, slower, when


@CONDITIONS.add
class Oscillation(Condition):
    """Looks at how often the distance from the data swings up and down by a good part of its way."""

    kind = "oscillation"
    title = "The players go in circles"
    about = "Samples come nearer and go away again, over and over."
    learn = (
        "D's answer to where the samples are drives them elsewhere, and D follows, too late. Momentum, and a D without "
        "a bound on its slope, swing it up; an average of the weights hides it; rates that fall, R1 and a lower beta1 "
        "calm it."
    )

    swing: float = option(0.25, "A swing is so large a part of the way from the first samples to the data.", gt=0, le=1)
    turns: int = option(4, "So many turns are no accident.", ge=2, le=100)
    lately: float = option(0.6, "The last share of the training that is looked at.", gt=0, le=1)
    fewest: int = option(12, "Drawn samples before it is said.", ge=5, le=1000)

    def find(self, course: Course) -> Finding | None:
        for name, way in ((course.yardstick, course.way), (DIVERSITY, 1.0)):
            steps, values = course.lately(name, self.lately)
            if len(values) < self.fewest or not way > 0:
                continue
            turns = trends.turns((steps, values), self.swing * way)
            if len(turns[0]) >= self.turns:
                return self._swinging(course, name, turns)
        return None

    def _swinging(self, course: Course, name: str, turns: Line) -> Finding:
        steps, values = turns
        size = float(np.median(np.abs(np.diff(values))))
        period = 2 * float(np.median(np.diff(steps)))
        since = int(steps[0])
        return self.found(
            f"{name} swings by {size:.2g} every {period:,.0f} steps, {len(steps)} turns since step {since:,}.",
            "watch" if course.gained(0.3) > 0.7 else "ill",
            since,
            (
                Evidence(name, since, course.step),
                *(Evidence(scores, since, course.step) for scores in course.named("D(")),
            ),
            self._remedies(course),
        )

    def _remedies(self, course: Course) -> tuple[Remedy | None, ...]:
        beta1 = {
            f"recipe.{player}_optimiser.beta1": course.setting(f"recipe.{player}_optimiser.beta1") for player in "gd"
        }
        heavy = all(isinstance(value, float) for value in beta1.values()) and max(beta1.values()) > 0
        return (
            when(
                heavy,
                "Let Adam's first moment forget at once (beta1 0), so that no momentum swings it up.",
                dict.fromkeys(beta1, 0.0),
            ),
            bound_slope(course, 0.1 if "distance/W1, exact" in course.curves else 1.0),
            quieter(course),
            when(
                course.setting("recipe.schedule.kind") == "constant",
                "Let both learning rates fall to 0 by the end.",
                {"recipe.schedule": {"kind": "cosine"}},
            ),
            slower(course, ("d", "g"), 2, "shorter steps swing less."),
            when(course.setting("recipe.ema") == 0, "Show an average of G's weights (0.99).", {"recipe.ema": 0.99}),
        )
