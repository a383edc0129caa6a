"""What long work says on its way, and how long it takes still; light, so that listening need not load what works."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .words import time_left

SURE_AFTER_S = 1.0  # before, the pace of the work is anybody's guess


@dataclass(frozen=True)
class Progress:
    """Long work, `done` of `total` (0: not known); `text` says what is being done."""

    done: int
    total: int
    text: str


class Pace:
    """How fast work goes, and so how long it takes still. Work begins anew where its count does."""

    def __init__(self) -> None:
        self._began, self._from, self._last = 0.0, 0, Progress(0, 0, "")

    def left(self, progress: Progress) -> str:
        """ "20 s left"; "" while that cannot be told. It is to be asked at each progress."""
        now, last, self._last = time.monotonic(), self._last, progress
        if progress.total != last.total or progress.done < last.done:
            self._began, self._from = now, progress.done
        passed, done = now - self._began, progress.done - self._from
        if passed < SURE_AFTER_S or not done or progress.done >= progress.total:
            return ""
        return time_left(passed * (progress.total - progress.done) / done)

    def told(self, progress: Progress) -> str:
        """ "Measuring, 20 s left"."""
        return ", ".join(filter(None, (progress.text, self.left(progress))))
