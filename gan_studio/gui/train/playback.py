"""The timeline at work: it moves the samples, D's plane and the cursor of the curves through a run's past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ..widgets.timeline import Timeline, nearest
from .frame_reader import AHEAD, FrameReader
from .results_panel import ResultsPanel

if TYPE_CHECKING:
    from ...jobs.events import Landscape, Samples
    from ...jobs.frames import Frame
    from ...runs import Run
    from ..widgets.curves import CurvesView

FARTHEST = 64  # frames ahead: beyond, nobody can tell where the mouse goes


class Playback(QObject):
    """Live it shows what is given to it; in the past it reads frames, and only remembers what is new."""

    shown = Signal(int)  # the step whose samples are seen now

    def __init__(self, timeline: Timeline, results: ResultsPanel, curves: CurvesView, parent: QObject):
        super().__init__(parent)
        self.timeline, self.results, self.curves = timeline, results, curves
        self.reader = FrameReader(self)
        self._samples: Samples | None = None  # the newest
        self._landscape: Landscape | None = None
        self._place = 0  # where the last wish was, as a number of a frame
        self.reader.read.connect(self._show_frame)
        timeline.moved.connect(self._go_back)
        timeline.live_wanted.connect(self._go_live)
        curves.picked.connect(timeline.go_to)

    # a run

    def open(self, run: Run, steps: list[int], newest: Frame | None) -> None:
        """All that was drawn of a run; `newest` is the last of it."""
        self.close()
        self.reader.open(run)
        self.timeline.set_steps(steps)
        if newest is not None:
            self._show_frame(newest.step, newest)

    def close(self) -> None:
        self.timeline.pause()
        self.reader.open(None)
        self.timeline.set_steps([])
        self.timeline.set_checkpoints([])
        self.timeline.set_changes([])
        self.curves.set_cursor(None)
        self._samples = self._landscape = None

    def leave(self) -> None:
        self.timeline.pause()
        self.reader.leave()

    # what comes

    def add(self, samples: Samples) -> None:
        """New samples of the run in training."""
        self._samples = samples
        self.timeline.add_step(samples.step)
        if self.timeline.is_live:
            self._show_newest()

    def add_landscape(self, landscape: Landscape) -> None:
        self._landscape = landscape
        if self.timeline.is_live:
            self.results.show_landscape(landscape)

    def set_steps(self, steps: list[int]) -> None:
        """All steps that another process has drawn by now."""
        self.timeline.set_steps(steps)
        if self.timeline.is_live:
            self._go_live()

    def take_back(self, after: int) -> None:
        """The run goes on from this step; what was drawn after it does not count any more."""
        self.reader.forget(after)
        self._samples = self._landscape = None
        self.timeline.set_steps([step for step in self.timeline.track.steps if step <= after])

    # moving

    def _go_back(self, step: int) -> None:
        steps = self.timeline.track.steps
        place = nearest(steps, step)
        stride = max(-FARTHEST, min(FARTHEST, place - self._place)) or 1
        self._place = place
        ahead = [place + stride * (1 + i) for i in range(AHEAD)]
        self.reader.wish(step, [steps[i] for i in ahead if 0 <= i < len(steps)])
        self.curves.set_cursor(step)

    def _go_live(self) -> None:
        self.curves.set_cursor(None)
        steps = self.timeline.track.steps
        self._place = len(steps) - 1
        if self._samples is not None and steps[-1:] == [self._samples.step]:
            self.reader.cancel()
            self._show_newest()
        elif steps:
            self.reader.wish(steps[-1], [])

    def _show_newest(self) -> None:
        assert self._samples is not None
        self.results.show_samples(self._samples.array, self._samples.step, self._samples.raw)
        if self._landscape is not None and self._landscape.step == self._samples.step:
            self.results.show_landscape(self._landscape)
        self.shown.emit(self._samples.step)

    def _show_frame(self, step: int, frame: Frame | None) -> None:
        if frame is None:
            self.results.show_missing(step)
        else:
            self.results.show_samples(frame.array, step, frame.raw)
            self.results.show_landscape(frame.landscape)
        self.shown.emit(step)
