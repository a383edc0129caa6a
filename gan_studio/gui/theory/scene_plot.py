"""What the two plots of the transport bench have in common: a scene that is edited, and a plan that is seen to move."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QFocusEvent

from ...theory.transport import Frame
from .. import theme
from ..widgets.chart import Chart, of_p, of_q
from .heaps import Scene
from .plan_answer import Answer

COLOURS = {"p": of_p, "q": of_q}
WASTE = 1e-6  # what is paid beyond the lowest price counts from here
Cell = tuple[int, int]


class ScenePlot(Chart):
    """The scene is shown at once; the plan when it was worked out."""

    edited = Signal(object)  # the Scene, while it is dragged
    chose = Signal(str, int)  # "p" or "q", and which of its places
    said = Signal(str)  # why something cannot be done

    def __init__(self, name: str, x_title: str = ""):
        super().__init__(name, x_title)
        self.scene: Scene | None = None
        self.answer: Answer | None = None
        self.frame: Frame | None = None
        self.pointed: Cell | None = None  # the cell of the matrix that is looked at
        self.which, self.chosen = "p", 0

    def show_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.chosen = min(self.chosen, len(scene.heap(self.which)) - 1)
        self.update()

    def show_answer(self, answer: Answer) -> None:
        self.answer, self.frame = answer, None
        self.update()

    def show_frame(self, frame: Frame) -> None:
        self.frame = frame
        self.update()

    def show_pointed(self, cell: Cell | None) -> None:
        if cell != self.pointed:
            self.pointed = cell
            self.update()

    def choose(self, which: str, i: int) -> None:
        """One of the places, for the keyboard."""
        assert self.scene
        self.which, self.chosen = which, i % len(self.scene.heap(which))
        self.setAccessibleDescription(f"{self.told(which, self.chosen)} is chosen.")
        self.chose.emit(which, self.chosen)
        self.update()

    def told(self, which: str, i: int) -> str:
        """A place in words."""
        raise NotImplementedError

    def fits(self) -> bool:
        """Whether the plan that is there is one between as many places as are shown."""
        return (
            self.scene is not None
            and self.answer is not None
            and self.frame is not None
            and self.answer.plan.shape == (len(self.scene.p), len(self.scene.q))
        )

    def wastes(self) -> np.ndarray:
        """[K] which arrows cost more than the lowest price; told while the critic is shown, as it sets that price."""
        assert self.answer
        return (self.answer.wasted > WASTE) & (self.answer.critic is not None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()


def arrow_colour(wasteful: bool) -> QColor:
    c = theme.colours()
    return c.warning if wasteful else c.muted
