"""A bench: one experiment of the Theory tab. Copy this recipe to add one.

1. `gui/theory/<id>.py` holds a subclass of `Bench`, here `class SpringBench(Bench)` with `id`, `title`, `summary`,
   `keys` and `build`; importing the file may take its time (it happens on a thread), building should not.
2. One line in `room.BENCHES`: `"spring.SpringBench"`.
3. Its words: `resources/theory/<id>/en.md` and `zh.md`, see `words.py`; their first heading is `title`, the paragraph
   beneath it `summary`.

The room calls, on the GUI thread: `build()` once, when the bench is first seen; `enter()` each time it comes into
sight, and after `build`; `leave()` each time it goes out of sight, be it that another bench or tab is shown or that the
window closes; `apply(settings)` when a "Try this" button is pressed, never before `build`.

Computing: `self.ask(key, compute, then)` runs `compute()` on the thread that all benches share and gives its result to
`then` here; the newest question of a key wins, stale answers are dropped. So pass plain frozen values into `compute`
(`partial(measure, p, q)`), and touch no widget in it. `self.new_stream()` is for what goes on and on, such as training
a critic: `stream.start(generator)`, `stream.told` (a list of what was yielded), `stream.stop()`. Both are ended by the
base class's `leave()`; a bench that overrides it calls `super().leave()`. Exceptions are shown by the room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..computing import LatestWins, Stream


class Bench(QWidget):
    id: ClassVar[str] = ""  # the name of its words' folder; it never changes
    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""  # one line for the list
    keys: ClassVar[tuple[str, ...]] = ()  # what `apply` takes

    failed = Signal(object)  # an exception: the room tells the user

    def __init__(self, latest: LatestWins):
        """Cheap: everything else is done by `build`."""
        super().__init__()
        self._latest = latest
        self._streams: list[Stream] = []
        self.setAccessibleName(self.title)

    def build(self) -> None:
        """Lay out the bench; it is about to be seen for the first time."""
        raise NotImplementedError

    def enter(self) -> None:
        """It has come into sight: compute what is out of date."""

    def apply(self, settings: dict[str, str]) -> None:
        """Set what a "Try this" button says, texts as they stand in the words: {"preset": "lines"}. Only keys among
        `keys` come. Values that make no sense raise ConfigError."""
        raise NotImplementedError

    def leave(self) -> None:
        """It is out of sight: nothing is computed for it any more."""
        for stream in self._streams:
            stream.stop()

    def ask(self, key: str, compute: Callable[[], Any], then: Callable[[Any], object]) -> None:
        """Compute on the shared thread; the newest question of a key wins."""
        self._latest.ask((self.id, key), compute, then)

    def forget(self, key: str) -> None:
        """The answer is not wanted any more."""
        self._latest.forget((self.id, key))

    def new_stream(self, hz: int = 30) -> Stream:
        """For a generator that goes on; it ends when the bench is left."""
        stream = Stream(self, hz)
        stream.failed.connect(self.failed)
        self._streams.append(stream)
        return stream
