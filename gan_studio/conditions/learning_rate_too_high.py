"""Steps are so long that losses and gradients leap instead of settling."""

from __future__ import annotations

import numpy as np

from .. import trends
from ..config import option
from . import CONDITIONS, Condition, Course, Evidence, Finding, Remedy, slower, when

VANISHED = 0.01  # of what norms once were: leaps within such a rest are no matter


@CONDITIONS.add
class LearningRateTooHigh(Condition):
    """Looks at spikes of the gradients' norms, and at whether samples get anywhere meanwhile.

    Not at the losses: a term that is near 0 because D is right leaps whenever D errs.
    """

    kind = "learning-rate-too-high"
    title = "The learning rate is too high"
    about = "Gradients leap instead of settling, and samples get nowhere."
    learn = (
        "A step that is too long lands on the other side of the valley, higher than it began. In a game it also wakes "
        "the other player up: both leap, and neither settles."
    )

    spike: float = option(8.0, "A value so many times the usual one of its neighbourhood is a spike.", gt=1, le=1000)
    share: float = option(0.05, "So large a share of spikes is no accident.", gt=0, lt=1)
    lately: float = option(0.75, "The last share of the training that is looked at.", gt=0, le=1)
    gained: float = option(0.5, "Samples that came more of the way to the data get on all the same.", gt=0, le=1)
    lower: float = option(10.0, "By so much are learning rates lowered.", gt=1, le=1000)
    fewest: int = option(20, "Values in that part before it is said.", ge=5, le=10**6)

    def find(self, course: Course) -> Finding | None:
        if course.gained(0.2) > self.gained:
            return None
        return self._dead(course) or self._leaping(course)

    def _leaping(self, course: Course) -> Finding | None:
        spiky = {name: share for name in self._curves(course) if (share := self._spikes(course, name)) > self.share}
        if not spiky:
            return None
        name = max(spiky, key=spiky.__getitem__)
        steps, values = course.lately(name, self.lately)
        since = int(steps[int(np.argmax(self._is_spike(values)))])
        times = float(values.max()) / max(1e-12, float(np.median(values)))
        return self.found(
            f"{name} leaps to {times:,.0f} times its usual size; {spiky[name]:.0%} of its values are spikes."
            f"{self._far(course)}",
            "ill",
            since,
            tuple(Evidence(each, since, course.step) for each in spiky),
            self._remedies(course),
        )

    def _dead(self, course: Course) -> Finding | None:
        """A leap so wide that no unit of a network is left in the range where it learns."""
        for name, (steps, norms) in course.named("gradient/").items():
            since = trends.since((steps, norms), norms == 0)
            before = norms[: np.searchsorted(steps, since)] if since is not None else norms[:0]
            if since is None or not len(before) or np.sum(norms == 0) < self.fewest / 2:
                continue
            if before.max() < self.spike * np.median(before):
                continue
            return self.found(
                f"{name} leapt to {before.max():.3g} and is exactly 0 since step {since:,}: the network is dead."
                f"{self._far(course)}",
                "ill",
                since,
                (Evidence(name, since, course.step),),
                self._remedies(course),
                "A leap killed a network",
            )
        return None

    def _far(self, course: Course) -> str:
        gained = course.gained(0.2)
        return "" if np.isnan(gained) else f" Samples came {max(0.0, gained):.0%} of the way to the data."

    def _remedies(self, course: Course) -> tuple[Remedy | None, ...]:
        return (
            slower(course, ("d", "g"), self.lower, "shorter steps settle."),
            when(
                course.setting("recipe.clip_norm") == 0,
                "Shorten gradients longer than 1, so that no single step goes far.",
                {"recipe.clip_norm": 1.0},
            ),
        )

    def _curves(self, course: Course) -> list[str]:
        names = course.named("gradient/")
        return [name for name in names if len(course.lately(name, self.lately)[0]) >= self.fewest]

    def _spikes(self, course: Course, name: str) -> float:
        least = VANISHED * float(np.percentile(course.line(name)[1], 90))
        return float(self._is_spike(course.lately(name, self.lately)[1], least).mean())

    def _is_spike(self, values: np.ndarray, least: float = 0.0) -> np.ndarray:
        """[K] bool, beside the running median of 31 neighbours, or what is nothing any more."""
        usual = trends.eased((np.arange(len(values)), values), 31)[1]
        return values > self.spike * np.maximum(usual, least)
