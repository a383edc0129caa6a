"""The time of a walk that is played: which frame is due, at any speed, from any place on."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

LEAST_MS = 16  # between two frames: screens show no more
LONGEST_S = 0.25  # between two looks; a window that was busy for longer goes on from where it was


class Player(QObject):
    """Frames that nobody had the time for are left out."""

    due = Signal(int)  # this frame
    ended = Signal()  # by itself, at the last frame

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.monotonic):
        super().__init__(parent)
        self._clock = clock
        self._frames, self._rate, self._speed, self._loops = 0, 24.0, 1.0, False
        self._place = self._looked = 0.0  # in frames; when it was looked at
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.look)

    def set_walk(self, frames: int, rate: float, loops: bool) -> None:
        """The place stays, so far as there is one; with 0 frames it stops."""
        self._frames, self._rate, self._loops = frames, rate, loops
        self._place = min(self._place, max(0, frames - 1))
        if not frames:
            self.stop()
        self._keep_time()

    def set_speed(self, speed: float) -> None:
        """So many times as fast."""
        self._speed = speed
        self._keep_time()

    def _keep_time(self) -> None:
        self._timer.setInterval(max(LEAST_MS, round(1000 / (self._rate * self._speed))))

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    @property
    def frame(self) -> int:
        return int(self._place)

    def go_to(self, frame: int) -> None:
        self._place = float(frame)

    def start(self) -> None:
        """From here on; at the end, from the beginning."""
        if not self._loops and self.frame >= self._frames - 1:
            self._place = 0.0
        self._looked = self._clock()
        self._timer.start()
        self.due.emit(self.frame)

    def stop(self) -> None:
        self._timer.stop()

    def look(self) -> None:
        """Tell what is due now, if it is another one."""
        now, before = self._clock(), self.frame
        self._place += min(now - self._looked, LONGEST_S) * self._rate * self._speed
        self._looked = now
        is_over = self._place >= self._frames and not self._loops
        self._place = self._frames - 1 if is_over else self._place % self._frames
        if self.frame != before:
            self.due.emit(self.frame)
        if is_over:
            self.stop()
            self.ended.emit()
