"""The picture's company: the training pictures nearest to it, and what D says of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..computing import Stream
from . import reading
from .choices import Opened
from .company_panel import COUNT
from .frame import ExploreFrame
from .reading import Company, Compared
from .scene import Scene


class Comparing(QObject):
    met = Signal(object)  # the usual radial power [R] of the training pictures; None where they are not read any more

    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.scene, self.panel = scene, frame.company
        self._company: Company | None = None
        self.stream = Stream(self)
        self.stream.told.connect(self._told)
        self.stream.ended.connect(self.panel.end_progress)
        self.stream.failed.connect(scene.failed)
        self.stream.failed.connect(self.stop)
        self.panel.wanted.connect(self.read)
        self.panel.cancel_wanted.connect(self.cancel)
        self.panel.by_changed.connect(self._other_measure)
        scene.came.connect(self._judge_anew)
        scene.drawn.connect(self._compare)

    def leave(self) -> None:
        self.stream.stop()

    def read(self) -> None:
        if self.scene.opened:
            self.panel.show_progress(0, 0, "Reading the training pictures")
            self.stream.start(reading.company(self.scene.snapshot))

    def cancel(self) -> None:
        """What was read stays, and is compared by its pixels."""
        self.stream.stop()
        if self._company is None:
            self.panel.clear()
        elif self._company.seen is None:
            self.panel.by.setCurrentIndex(0)

    def stop(self, _error: object = None) -> None:
        self.stream.stop()
        self._company = None
        self.panel.clear()
        self.met.emit(None)

    def _told(self, mail: list[Any]) -> None:
        for event in mail:
            match event:
                case Company() as found:
                    self._meet(found)
                case progress:
                    self.panel.show_progress(progress.done, progress.total, progress.text)

    def _other_measure(self) -> None:
        """The training pictures are looked at where that is still to be done."""
        if self._company is None:
            return
        if not self.panel.by_features:
            self.stream.stop()
        self._meet(self._company)

    def _judge_anew(self, found: Opened, is_other: bool) -> None:
        if is_other:
            self.stop()
            self.panel.set_reason(found.no_training)
        elif self._company:
            self.stream.stop()  # of what the D before sees
            self.scene.resting.ask("judge", partial(reading.judged, self._company, self.scene.snapshot), self._meet)

    def _meet(self, company: Company) -> None:
        self._company = company
        self.met.emit(company.usual)
        if self.panel.by_features and company.seen is None:
            self.panel.show_progress(0, 0, "Looking at the training pictures")
            self.stream.start(reading.looked_at(company, self.scene.snapshot))
        self._compare()

    def _compare(self) -> None:
        if self._company is not None and self.scene.picture is not None:
            ask = partial(reading.compared, self._company, self.scene.picture, COUNT, self.panel.by_features)
            self.scene.resting.ask("company", ask, self._compared)

    def _compared(self, found: Compared) -> None:
        if self._company is not None:
            self.panel.show_compared(found.nearest, found.distances, found.score, found.features)
