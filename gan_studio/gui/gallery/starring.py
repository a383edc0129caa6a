"""Stars and rejections: seen at once, and kept on a thread; none is lost where the window closes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from ...config import ConfigError
from ...jobs import marks
from ...jobs.explore import View
from ...jobs.gallery import Mark
from ...jobs.snapshots import Snapshot
from ..computing import LatestWins
from .pictures import Pictures


class Starring(QObject):
    failed = Signal(str)  # why they were not kept

    def __init__(self, pictures: Pictures, disk: LatestWins):
        super().__init__(pictures)
        self._pictures, self._disk = pictures, disk
        self._left: deque[tuple[Snapshot, list[View], Mark]] = deque()  # to be kept

    def mark(self, places: Sequence[int], mark: Mark | None) -> None:
        """None is a star, or none where all have one."""
        held, snapshot = self._pictures.held, self._pictures.snapshot
        assert held is not None and snapshot is not None
        samples = [held.samples[place] for place in places]
        if mark is None:
            mark = "" if all(sample.mark == "starred" for sample in samples) else "starred"
        self._left.append((snapshot, [sample.view for sample in samples], mark))
        self._disk.ask("marks", self._keep, self._kept)
        self._pictures.mark(places, mark)

    def _keep(self) -> str:
        """On a thread: all that is left; "" where that went well."""
        problem = ""
        while self._left:
            try:
                marks.mark(*self._left.popleft())
            except ConfigError as error:
                problem = str(error)
        return problem

    def _kept(self, problem: str) -> None:
        if problem:
            self.failed.emit(problem)

    def leave(self) -> None:
        """After the thread has ended."""
        self._keep()
