"""Learning-rate schedules as Specs: the factor is a function of the step alone, so a resumed run needs no state."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated

from ..config import Spec, option
from ..registry import OneOf, Registry


class Schedule(Spec):
    @abstractmethod
    def factor(self, step: int, steps: int) -> float:
        """What the learning rate is multiplied by at `step` of `steps`, in [0, 1]."""


SCHEDULES: Registry[Schedule] = Registry("gan_studio.nn", "schedule")


@SCHEDULES.add
class Constant(Schedule):
    kind = "constant"
    title = "Constant"

    def factor(self, step: int, steps: int) -> float:
        return 1.0


@SCHEDULES.add
class Linear(Schedule):
    kind = "linear"
    title = "Linear decay to 0"

    start: float = option(0.0, "The share of the training after which the decay begins.", ge=0, lt=1)

    def factor(self, step: int, steps: int) -> float:
        left = (steps - step) / max(1.0, steps * (1 - self.start))
        return min(1.0, max(0.0, left))


@SCHEDULES.add
class Cosine(Schedule):
    kind = "cosine"
    title = "Cosine decay to 0"
    paper = "Loshchilov & Hutter 2017"

    def factor(self, step: int, steps: int) -> float:
        return (1 + math.cos(math.pi * min(1.0, step / max(1, steps)))) / 2


AnySchedule = Annotated[Schedule, OneOf(SCHEDULES)]
