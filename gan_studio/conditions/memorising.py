"""Samples are copies of the training data. Meehan, Chaudhuri & Dasgupta 2020 (C_T)."""

from __future__ import annotations

from ..config import option
from . import CONDITIONS, Condition, Course, Evidence, Finding, Remedy, slower, when

COPYING, NEAREST = "metrics/copying", "metrics/nearest"


@CONDITIONS.add
class Memorising(Condition):
    """Looks at the data-copying test and the distances to the nearest training sample, by evaluations."""

    kind = "memorising"
    title = "It memorises the training data"
    about = "Samples are nearer to training pictures than pictures that were never seen are."
    learn = (
        "With few pictures D learns them by heart, and then only copies please it. More pictures, pictures that are "
        "changed at random, and stopping earlier help. No loss tells it: it must be measured."
    )

    copying: float = option(
        -3.0, "The data-copying test's Z below which samples are copies; 0 is fresh.", ge=-100, lt=0
    )
    nearest: float = option(
        0.6,
        "Samples whose nearest training picture is so many times as near as an unseen one's are copies.",
        gt=0,
        lt=1,
    )

    def find(self, course: Course) -> Finding | None:
        for name, limit, told in (
            (COPYING, self.copying, "the data-copying test says {:.1f}, and below {:g} samples are copies"),
            (
                NEAREST,
                self.nearest,
                "samples are {:.2f} times as near to training pictures as unseen ones are, below {:g}",
            ),
        ):
            steps, values = course.line(name)
            if len(values) and values[-1] < limit:
                after = [int(step) for step, value in zip(steps, values, strict=True) if value >= limit]
                since = next((int(step) for step in steps if step > max(after, default=-1)), int(steps[-1]))
                sentence = told.format(values[-1], limit)
                return self.found(
                    f"{sentence[0].upper()}{sentence[1:]}.",
                    "ill",
                    since,
                    (Evidence(name, since, int(steps[-1]), limit),),
                    self._remedies(course),
                )
        return None

    def _remedies(self, course: Course) -> tuple[Remedy | None, ...]:
        size = int(course.facts.get("size", 0))
        count = course.setting("data.count")
        more = max(4 * (count or 0), 2000)
        return (
            when(
                course.setting("data.augment.horizontal_flip") is False,
                "Mirror half of the pictures at random, so that there are more of them (not for writing).",
                {"data.augment.horizontal_flip": True},
            ),
            when(
                isinstance(count, int) and 0 < size < 20_000,
                f"Learn from {more:,} pictures instead of {count or 0:,}; begins a new training.",
                {"data.count": more},
                anew=True,
            ),
            slower(course, ("d",), 2, "D takes longer to learn the pictures by heart."),
        )
