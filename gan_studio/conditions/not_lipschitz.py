"""The critic's slope is far from 1, so what it estimates is no Wasserstein distance. Arjovsky et al. 2017."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from ..trends import Line
from . import CONDITIONS, Condition, Course, Evidence, Finding, Remedy, slower, when

ESTIMATE, EXACT = "distance/wasserstein", "distance/W1, exact"


@CONDITIONS.add
class NotLipschitz(Condition):
    """Looks at the critic's estimate beside the exact distance, or beside what it can be at most, and at its slope."""

    kind = "not-lipschitz"
    title = "The critic's slope is out of bounds"
    about = "A critic that is too steep, or held so tight that it tells nothing."
    learn = (
        "A critic measures the Wasserstein distance only while its slope is at most 1 everywhere. Without a bound it "
        "makes its answers as large as it likes; a bound that is too tight leaves it too simple to tell samples apart. "
        "G then follows advice of no, or of a wild, scale."
    )

    steep: float = option(5.0, "A slope so many times 1 is out of bounds.", gt=1, le=1000)
    flat: float = option(0.02, "An estimate below so small a share of the exact distance tells nothing.", gt=0, lt=1)
    lately: float = option(0.25, "The last share of the training that is looked at.", gt=0, le=1)
    near: float = option(0.8, "Samples that came so much of the way are well, whatever the slope.", gt=0, le=1)
    fewest: int = option(60, "Steps before it is said.", ge=1, le=10**6, unit="steps")

    def find(self, course: Course) -> Finding | None:
        if ESTIMATE not in course.curves or course.length < self.fewest:
            return None
        return self._too_steep(course) or self._too_flat(course)

    def _too_steep(self, course: Course) -> Finding | None:
        name, line, most, beside = self._steepness(course)
        since = trends.since(line, line[1] > most, 0.8)
        if since is None or since > course.step - self.lately * course.length:
            return None
        now = trends.level(trends.between(line, course.step - self.lately * course.length, course.step))
        fine = course.gained(self.lately) > self.near
        all_the_same = " Samples get nearer all the same; only its height says nothing." if fine else ""
        return self.found(
            f"{beside.format(now)}.{all_the_same}",
            "watch" if fine else "ill",
            since,
            (
                Evidence(name, since, course.step, most),
                *((Evidence(EXACT, since, course.step),) if EXACT in course.curves else ()),
            ),
            self._against_steepness(course),
            "The critic is not Lipschitz",
        )

    def _steepness(self, course: Course) -> tuple[str, Line, float, str]:
        """(curve, line, most, sentence) of what tells the critic's slope best."""
        for name, line in course.named("slope/").items():  # the first
            return name, trends.eased(line, 9), self.steep, "The slope of the critic is {:.3g}, and should be about 1"
        exact = course.line(EXACT)
        bound = float(exact[1].max()) if len(exact[0]) else course.facts.get("spread", 0.0)
        if not bound:
            return ESTIMATE, trends.NOTHING, 0.0, ""
        of = "the exact distance" if len(exact[0]) else "the distance between two real samples"
        told = f"The critic's estimate is {{:.3g}}, where {of} was never above {bound:.3g}: its slope is far above 1"
        steps, estimate = trends.eased(course.line(ESTIMATE), 9)
        return ESTIMATE, (steps, np.abs(estimate)), self.steep * bound, told  # below 0 it is as steep, and wrong

    def _too_flat(self, course: Course) -> Finding | None:
        exact, estimate = course.lately(EXACT, self.lately), course.lately(ESTIMATE, self.lately)
        floor = course.facts.get("floor", 0.0)
        if len(exact[0]) < 3 or trends.level(exact) < 3 * floor or course.gain(self.lately) > 0.05:
            return None
        share = trends.level(estimate) / trends.level(exact)
        if not 0 < share <= self.flat:  # at 0 D is dead
            return None
        first = self._flat_since(course)
        return self.found(
            f"The critic estimates {trends.level(estimate):.2g} where the exact distance is {trends.level(exact):.2g}: "
            "it is held so flat that it tells nothing, and the samples do not get nearer.",
            "ill",
            first,
            (Evidence(ESTIMATE, first, course.step), Evidence(EXACT, first, course.step)),
            self._against_flatness(course),
            "The critic is held too tight",
        )

    def _flat_since(self, course: Course) -> int:
        (steps, exact), (at, estimate) = course.line(EXACT), trends.eased(course.line(ESTIMATE), 9)
        tells_nothing = np.interp(steps, at, estimate) < self.flat * exact
        since = trends.since((steps, exact), tells_nothing, 0.9)
        return int(steps[-1]) if since is None else since

    def _against_steepness(self, course: Course) -> tuple[Remedy | None, ...]:
        clip = course.penalty("weight-clipping")
        limit = course.setting(f"{clip}.limit") if clip else None
        return (
            self._penalised(course),
            self._harder(course),
            when(
                limit is not None,
                f"Clip D's weights to {(limit or 0) / 10:g} instead of {limit or 0:g}.",
                {f"{clip}.limit": (limit or 0) / 10},
            ),
            when(
                course.setting("recipe.discriminator.spectral") is False,
                "Let spectral normalisation bound each layer of D; begins a new training.",
                {"recipe.discriminator.spectral": True},
                anew=True,
            ),
            slower(course, ("d",), 4, "its slope grows more slowly."),
        )

    def _against_flatness(self, course: Course) -> tuple[Remedy | None, ...]:
        clip = course.penalty("weight-clipping")
        limit = course.setting(f"{clip}.limit") if clip else None
        return (
            self._penalised(course),
            when(
                limit is not None,
                f"Clip D's weights to {10 * (limit or 0):g} instead of {limit or 0:g}.",
                {f"{clip}.limit": min(10.0, 10 * (limit or 0))},
            ),
        )

    def _harder(self, course: Course) -> Remedy | None:
        path = course.penalty("gradient-penalty")
        weight = course.setting(f"{path}.weight") if path else None
        if weight is None:
            return None
        more = 10.0 * weight if weight else 10.0
        return Remedy(f"Weigh the gradient penalty {more:g} instead of {weight:g}.", {f"{path}.weight": more})

    def _penalised(self, course: Course) -> Remedy | None:
        """The gradient penalty in place of whatever there is; on points as light as the paper's code has it."""
        if course.setting("recipe.discriminator.norm") == "batch" or course.penalty("gradient-penalty"):
            return None
        weight = 0.1 if EXACT in course.curves else 10.0
        penalty = {"kind": "gradient-penalty", "weight": weight}
        return Remedy(
            f"Pull D's slope to 1 by the gradient penalty of WGAN-GP (weight {weight:g}).",
            {"recipe.penalties": [penalty]},
        )
