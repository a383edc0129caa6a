"""The picture's company: the training pictures nearest to it, and what D says of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from ...jobs.explore import View
from ...jobs.neighbours import Judge, judge
from ..computing import Stream
from . import reading
from .choices import Opened
from .company_panel import COUNT
from .frame import ExploreFrame
from .reading import Company, Compared, Read, Seen
from .scene import Scene


class Comparing(QObject):
    met = Signal(object)  # the usual radial power [R] of the training pictures; None where they are not read any more

    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.scene, self.panel = scene, frame.company
        self._company: Company | None = None
        self._shown: np.ndarray | None = None  # [N, H, W, C] uint8, all pictures of the view
        self.stream = Stream(self)
        self.stream.told.connect(self._told)
        self.stream.ended.connect(self.panel.end_progress)
        self.stream.failed.connect(scene.failed)
        self.stream.failed.connect(self.cancel)
        self.panel.wanted.connect(self.read)
        self.panel.cancel_wanted.connect(self.cancel)
        self.panel.by_changed.connect(self._other_measure)
        scene.came.connect(self._judge_anew)
        scene.all_drawn.connect(self._see)

    def leave(self) -> None:
        self.stream.stop()

    def read(self) -> None:
        if self.scene.opened:
            self._company = Company()
            self._ask_d()
            self.panel.show_progress(0, 0, "Reading the training pictures")
            self.stream.start(reading.training_pictures(self.scene.snapshot))

    def cancel(self, _error: object = None) -> None:
        """What was read stays, and is compared by its pixels; D says what it thinks all the same."""
        self.stream.stop()
        if self._company is None:
            self.panel.clear()
        elif self._company.pictures is None:
            self.panel.offer_pictures()
        elif self._company.seen is None:
            self.panel.by.setCurrentIndex(0)

    def stop(self) -> None:
        self.stream.stop()
        self._company = None
        self.panel.clear()
        self.met.emit(None)

    def _told(self, mail: list[Any]) -> None:
        for event in mail:
            match event:
                case Read(pictures, usual) if self._company:
                    self._meet(replace(self._company, pictures=pictures, usual=usual))
                case Seen(pictures) if self._company:
                    self._meet(replace(self._company, seen=pictures))
                case progress:
                    self.panel.show_progress(progress.done, progress.total, progress.text)

    def _other_measure(self) -> None:
        if self._company and self._company.pictures:
            self.stream.stop()
            self._meet(self._company)

    def _judge_anew(self, found: Opened, is_other: bool) -> None:
        self._shown = None
        if is_other:
            self.stop()
            self.panel.set_reason(found.no_training)
        elif self._company:
            self._ask_d()

    def _ask_d(self) -> None:
        self.scene.resting.ask("judge", partial(judge, self.scene.snapshot), self._judged)

    def _judged(self, judge: Judge | None) -> None:
        """Another D has other features."""
        if self._company:
            if self._company.pictures:
                self.stream.stop()
            self._meet(replace(self._company, judge=judge, is_judged=True, seen=None))

    def _meet(self, company: Company) -> None:
        """The training pictures are looked at where that is wanted and still to be done."""
        self._company = company
        self.met.emit(company.usual)
        if self.panel.by_features and company.pictures and company.seen is None:
            self.panel.show_progress(0, 0, "Looking at the training pictures")
            self.stream.start(reading.looked_at(company.pictures, self.scene.snapshot))
        self._compare()

    def _see(self, view: View, pictures: np.ndarray) -> None:
        if view is self.scene.view:
            self._shown = pictures
            self._compare()

    def _compare(self) -> None:
        if (company := self._company) is not None and self._shown is not None:
            ask = partial(reading.compared, company, self._shown, COUNT, self.panel.by_features)
            self.scene.resting.ask("company", ask, partial(self._compared, company, len(self._shown)))

    def _compared(self, company: Company, count: int, found: Compared) -> None:
        if self._company is not None:
            if company.is_judged:
                self.panel.show_scores(found.scores)
            if near := found.nearest:
                self.panel.show_nearest(near.pictures, near.distances, near.features, of_first=count > 1)
