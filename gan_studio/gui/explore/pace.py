"""How long pictures take, and what is drawn in their place while the hand moves, where they take too long.

The exact ones always follow when the hand rests.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...jobs.drafts import Draft
from ...jobs.explore import View, inputs
from ...jobs.snapshots import Snapshot
from .reading import together

SLOW_MS = 50.0  # of all that is shown: longer, and the picture lags behind the hand
LAST, FEW = 9, 3  # measurements that count, at most and at least: the first on a new thread takes several times as long


@dataclass(frozen=True)
class Drawn:
    pictures: np.ndarray  # [N, H, W, C] uint8: the first of those that are shown, or all
    milliseconds: float
    is_exact: bool = True

    def told(self, count: int) -> str:
        """For a corner of the picture, `count` being shown."""
        parts = [] if self.is_exact else ["draft"]
        parts += [f"{len(self.pictures)} of {count}"] if len(self.pictures) < count else []
        return " · ".join([*parts, f"{self.milliseconds:.0f} ms"])


def exactly(view: View, seeds: range, snapshot: Snapshot) -> Drawn:
    return _timed(partial(together, view, seeds, snapshot), True)


class Pace:
    """Of one snapshot."""

    def __init__(self) -> None:
        self.draft: Draft | None = None  # how the network draws more quickly, once that is found
        self._taken: deque[float] = deque(maxlen=LAST)  # ms a picture
        self._is_sought = False

    def took(self, drawn: Drawn) -> None:
        if drawn.is_exact:
            self._taken.append(drawn.milliseconds / len(drawn.pictures))

    @property
    def milliseconds(self) -> float:
        """That an exact picture takes: the median of the last ones; 0 where that is not known yet."""
        return statistics.median(self._taken) if len(self._taken) >= FEW else 0.0

    def wants_draft(self) -> bool:
        """Whether it is time to look for a quicker way; once."""
        wants = not self._is_sought and self.milliseconds > SLOW_MS
        self._is_sought = self._is_sought or wants
        return wants

    def set_draft(self, found: Draft | None) -> None:
        self.draft = found

    def roughly(self, view: View, seeds: range, snapshot: Snapshot) -> Callable[[], Drawn] | None:
        """What to draw while the hand moves; None: all, and exactly.

        Of several pictures as many as there is time for. Of one that is slow a draft, where the network has one; where
        it has none, the newest picture that is finished has to do, as nothing is ever queued up.
        """
        if self.milliseconds * len(seeds) <= SLOW_MS:
            return None
        few = seeds[: max(1, int(SLOW_MS / self.milliseconds))]
        if self.draft is not None:
            return partial(_drafted, self.draft, view, few, snapshot)
        if len(few) < len(seeds):
            return partial(_fewer, view, few, snapshot)
        return None


def _drafted(draft: Draft, view: View, seeds: range, snapshot: Snapshot) -> Drawn:
    views = [view] if len(seeds) == 1 else [view.at_seed(seed) for seed in seeds]
    return _timed(lambda: draft.pictures(inputs(views, snapshot)), False)


def _fewer(view: View, seeds: range, snapshot: Snapshot) -> Drawn:
    return _timed(partial(together, view, seeds, snapshot), False)


def _timed(draw: Callable[[], np.ndarray], is_exact: bool) -> Drawn:
    began = time.perf_counter()
    pictures = draw()
    return Drawn(pictures, 1000 * (time.perf_counter() - began), is_exact)
