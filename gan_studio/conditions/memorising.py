"""Samples are copies of the training data: Meehan, Chaudhuri & Dasgupta 2020 (C_T). D knows these by heart: Karras et
al. 2020 (ADA, r_v)."""

from __future__ import annotations

from .. import trends
from ..config import option
from . import CONDITIONS, Condition, Course, Evidence, Finding, Remedy, slower, when

COPYING, NEAREST = "metrics/copying", "metrics/nearest"
R_V = "overfitting/r_v"


@CONDITIONS.add
class Memorising(Condition):
    """Looks at the data-copying test and the distances to the nearest training sample, by evaluations; and, while it
    trains, at what D answers to samples that it never sees."""

    kind = "memorising"
    title = "It memorises the training data"
    about = "Samples are nearer to training pictures than pictures that were never seen are, or D knows these by heart."
    learn = (
        "With few pictures D learns them by heart, and then only copies please it. More pictures, pictures that are "
        "changed at random, and stopping earlier help. No loss tells it: it must be measured, or some pictures be held "
        "out, which D then finds less real than those that it has learnt."
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
    lacking: float = option(
        0.5,
        "Where held-out pictures lack so large a share of D's lead, of trained-on before generated ones (r_v), D knows "
        "these by heart; 0 is no overfitting.",
        gt=0,
        le=1,
    )
    lately: float = option(0.25, "The last share of the training over which r_v is so high.", gt=0, le=1)
    fewest: int = option(4, "Times that D must have been asked in it.", ge=1, le=1000)

    def find(self, course: Course) -> Finding | None:
        """Copies are ill. A D that knows the data by heart is to be watched, and the first evidence where both are."""
        copies, by_heart = self._copies(course), self._by_heart(course)
        if not copies and not by_heart:
            return None
        told = [one for one in (copies, by_heart) if one]
        return self.found(
            " ".join(sentence for sentence, _ in told),
            "ill" if copies else "watch",
            min(evidence.first for _, evidence in told),
            tuple(evidence for _, evidence in told),
            self._remedies(course),
            "" if copies else "D learns the training data by heart",
        )

    def _copies(self, course: Course) -> tuple[str, Evidence] | None:
        for name, limit, told in (
            (COPYING, self.copying, "The data-copying test says {:.1f}, and below {:g} samples are copies."),
            (
                NEAREST,
                self.nearest,
                "Samples are {:.2f} times as near to training pictures as unseen ones are, below {:g}.",
            ),
        ):
            steps, values = course.line(name)
            if len(values) and values[-1] < limit:
                after = [int(step) for step, value in zip(steps, values, strict=True) if value >= limit]
                since = next((int(step) for step in steps if step > max(after, default=-1)), int(steps[-1]))
                return told.format(values[-1], limit), Evidence(name, since, int(steps[-1]), limit)
        return None

    def _by_heart(self, course: Course) -> tuple[str, Evidence] | None:
        recent = course.lately(R_V, self.lately)
        level = trends.level(recent)
        if len(recent[0]) < self.fewest or not level > self.lacking:
            return None
        line = trends.eased(course.line(R_V), 5)
        since = trends.since(line, line[1] > self.lacking, 0.9)
        sentence = (
            f"Held-out pictures lack {min(1, level):.0%} of the lead that D gives training pictures before generated "
            f"ones (r_v is {level:.2f}); above {self.lacking:.0%} it knows the training pictures by heart."
        )
        return sentence, Evidence(R_V, int(recent[0][0]) if since is None else since, course.step, self.lacking)

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
