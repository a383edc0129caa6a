"""Draws what a slider asks for while it is dragged: the newest request wins, and the picture follows the hand."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ..theory.computing import HZ, LatestWins, Question
from ..worker import Worker


class Following(LatestWins):
    """What was overtaken while it was being drawn is shown all the same, or a fast hand would see nothing move."""

    def _begin(self) -> None:
        if self._worker is None:
            self._worker = Worker(self._answers(), parent=self, hz=HZ, gently=False)  # the user waits for it
            self._worker.events.connect(self._take)
            self._worker.failed.connect(self.failed)
            self._worker.finished.connect(self._end)
            self._worker.start()

    def _take(self, answers: list[tuple[Hashable, Question, Any]]) -> None:
        last = {key: (question, value) for key, question, value in answers}
        for key, (question, value) in last.items():
            if question.number <= self._newest.get(key, -1):
                question.then(value)
