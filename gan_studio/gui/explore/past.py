"""What was looked at, to go back and forth."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

TOGETHER_S = 1.0  # changes of one kind that follow each other so soon are one
MOST = 500


T = TypeVar("T")  # all that is to come back


class Past(Generic[T]):
    def __init__(self) -> None:
        self._views: list[T] = []
        self._at = -1
        self._kind, self._when = "", 0.0

    def add(self, view: T, kind: str = "") -> None:
        """What was taken back is forgotten. Changes of one `kind`, as of a slider that is dragged, count as one."""
        now = time.monotonic()
        goes_on = bool(kind) and kind == self._kind and now - self._when < TOGETHER_S and self._at > 0
        if self._at >= 0 and self._views[self._at] == view:
            return
        del self._views[self._at + (0 if goes_on else 1) :]
        self._views = [*self._views[-MOST:], view]
        self._at = len(self._views) - 1
        self._kind, self._when = kind, now

    def back(self) -> T:
        self._at -= 1
        self._kind = ""
        return self._views[self._at]

    def forth(self) -> T:
        self._at += 1
        self._kind = ""
        return self._views[self._at]

    def clear(self) -> None:
        self._views, self._at, self._kind = [], -1, ""

    @property
    def can_go_back(self) -> bool:
        return self._at > 0

    @property
    def can_go_forth(self) -> bool:
        return self._at < len(self._views) - 1
