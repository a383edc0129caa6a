"""Weights that are not where a view says: they are offered to be searched for, and searched for on a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from ...jobs.explore import LostError, View, is_of_file
from ..computing import Stream
from ..widgets.notice import Bar
from .frame import ExploreFrame
from .reading import Sought, seeking
from .scene import Scene

Then = Callable[[View], object]  # what is done with the view, once it says where its weights are


class Seeking(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame = frame
        self._view: View | None = None
        self._then: Then | None = None
        self._bar: Bar | None = None
        self.stream = Stream(self)
        self.stream.told.connect(self._told)
        self.stream.failed.connect(scene.failed)
        self.stream.ended.connect(self._ended)

    def offer(self, lost: LostError, then: Then) -> None:
        self.frame.notices.show_notice(str(lost), "warning", action=("Search", partial(self.begin, lost.view, then)))

    def begin(self, view: View, then: Then) -> None:
        self.stop()
        self._view, self._then = view, then
        self._bar = self.frame.notices.show_notice("Searching …", action=("Cancel", self.stop), seconds=0)
        self.stream.start(seeking(view, self.frame.session.root))

    def stop(self) -> None:
        self.stream.stop()

    def leave(self) -> None:
        self.stop()

    def _told(self, mail: list[Any]) -> None:
        match mail[-1]:
            case Sought(view):
                self._found(view)
            case progress if self._bar in self.frame.notices.bars:  # else it was closed
                assert self._bar
                self._bar.say(f"{progress.text}: {progress.done:,} of {progress.total:,}")

    def _found(self, view: View | None) -> None:
        assert self._then and self._view
        if view is None:
            self.frame.notices.show_notice(self._nowhere(self._view), "warning")
        else:
            self._then(view)

    def _nowhere(self, view: View) -> str:
        if is_of_file(view):
            return (
                "No file with these weights is where it was, in the working folder, or among your downloads; bring it "
                "back to one of these."
            )
        return f"None of the runs in {self.frame.session.root} holds these weights; bring the run back there."

    def _ended(self) -> None:
        if self._bar:
            self.frame.notices.take_back(self._bar)
        self._bar = None
