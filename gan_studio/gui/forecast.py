"""How long work takes still, told beside what is being done."""

from __future__ import annotations

import time

from ..progress import Progress
from .words import duration

SHOWN_AFTER = 0.05  # of the work


class Forecast:
    """Each text is work of its own, which begins when it is first told."""

    def __init__(self) -> None:
        self._text, self._began, self._from = "", 0.0, 0

    def told(self, progress: Progress) -> str:
        """ "Measuring: about 20 s left"."""
        now = time.monotonic()
        if progress.text != self._text:
            self._text, self._began, self._from = progress.text, now, progress.done
        done, total = progress.done - self._from, progress.total - self._from
        if total <= 0 or done / total < SHOWN_AFTER:
            return progress.text
        return f"{progress.text}: about {duration((now - self._began) * (total - done) / done)} left"
