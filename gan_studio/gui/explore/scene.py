"""What the tab is about, as its parts share it: a snapshot, the view of it, its picture, and the views before."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from ...classes import Shares, told
from ...directions import Direction
from ...jobs.explore import MOST_EDITS, View, is_of_file, render, shares
from ...jobs.snapshots import Snapshot
from ..computing import LatestWins
from .choices import Opened
from .following import Following
from .past import Past

REST_MS = 150  # without a change: then what shows the way is drawn anew
PATIENCE_S = 2.0  # a closing window waits so long for what is being computed


class Scene(QObject):
    """All that is seen follows from one frozen view; whoever moves gives it another one."""

    moving = Signal()  # what takes the picture's place for a while is to end
    came = Signal(object, bool)  # Opened, and whether it is of another run
    moved = Signal(object, str)  # the View, and the kind of change
    drawn = Signal(object, object)  # a View, and its picture [H, W, C] uint8
    rested = Signal()  # the hand did: what shows the way can be drawn
    not_here = Signal(object)  # a View of other weights, from the past or a key-frame, is asked for
    refused = Signal(str)  # why the view stays as it is
    failed = Signal(object)  # an exception that nobody was to raise

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.view: View | None = None
        self.opened: Opened | None = None
        self.picture: np.ndarray | None = None  # of the view, once it is drawn
        self.past = Past()
        self.drawing = Following(self)  # the picture
        self.resting = LatestWins(self)  # what shows the way
        self.disk = LatestWins(self)
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.rested)
        for line in (self.drawing, self.resting, self.disk):
            line.failed.connect(self.failed)

    @property
    def snapshot(self) -> Snapshot:
        """Of a latent alone it draws the classes of the view."""
        assert self.opened
        here = self.opened.snapshot
        is_seen = self.view is not None and self.view.sha256 == here.about["sha256"]
        return here.of(shares(self.view, here)) if self.view and is_seen else here

    def leave(self) -> None:
        self._rest.stop()
        for line in (self.drawing, self.resting, self.disk):
            line.leave(PATIENCE_S)

    # --- a snapshot ---

    def open(self, found: Opened) -> None:
        """Nothing of the last one is waited for."""
        self.moving.emit()
        self.drawing.forget_all()
        self.resting.forget_all()
        before, self.opened, self.picture = self.opened, found, None
        is_other = before is None or before.choice.path != found.choice.path
        if is_other:
            self.past.clear()
        self.came.emit(found, is_other)
        self.show_view(found.view)

    # --- the view ---

    def show_view(self, view: View, kind: str = "", kept: bool = True) -> None:
        """Changes of one `kind` in quick succession are taken back together."""
        if self.opened is None:
            return
        if view.sha256 != self.snapshot.about["sha256"]:
            self.not_here.emit(view)
            return
        self.moving.emit()
        self.view = view
        if kept:
            self.past.add(view, kind)
        self.moved.emit(view, kind)
        self.draw()
        self.rest()

    def rest(self) -> None:
        """What shows the way is drawn anew in a moment."""
        self._rest.start()

    def undo(self) -> None:
        if self.past.can_go_back:
            self.show_view(self.past.back(), kept=False)

    def redo(self) -> None:
        if self.past.can_go_forth:
            self.show_view(self.past.forth(), kept=False)

    def go_to_seed(self, seed: int) -> None:
        if self.view:
            self.show_view(self.view.at_seed(seed), "seed")

    def go_anywhere(self) -> None:
        self.go_to_seed(random.randrange(100_000))

    def truncate(self, psi: float) -> None:
        if self.view:
            self.show_view(self.view.model_copy(update={"psi": psi}), "psi")

    def edit(self, direction: Direction, amount: float) -> None:
        if self.view is None:
            return
        self.move_to(self.view.edited(direction, amount), direction.name)

    def move_to(self, view: View, kind: str) -> None:
        """As the user does: no further than a picture's recipe tells of."""
        if len(view.edits) > MOST_EDITS:
            self.refused.emit(f"A picture takes {MOST_EDITS} directions at most; reset some first.")
        else:
            self.show_view(view, kind)

    def reset(self) -> None:
        if self.view:
            self.show_view(self.view.unedited())

    # --- its picture ---

    def draw(self) -> None:
        if self.view:
            self.picture = None
            self.drawing.ask(partial(render, self.view, self.snapshot), partial(self._show, self.view))

    def cover(self) -> None:
        """Something else is shown in the picture's place; `draw` brings it back."""
        self.picture = None

    @property
    def is_covered(self) -> bool:
        return self.picture is None

    def _show(self, view: View, picture: np.ndarray) -> None:
        if view.sha256 != self.snapshot.about["sha256"]:
            return  # of what was open before
        if view is self.view:
            self.picture = picture
        self.drawn.emit(view, picture)


def caption(view: View, picture: np.ndarray, drawn: Shares = ()) -> str:
    """`drawn` are its classes, where there are some."""
    height, width = picture.shape[:2]
    what = "a latent of its own" if view.z else f"seed {view.seed:,}"
    if drawn:
        what += f" · class {told(drawn)}"
    if view.edits:
        what += " + 1 direction" if len(view.edits) == 1 else f" + {len(view.edits)} directions"
    weights = Path(view.run).name if is_of_file(view) else f"step {view.step:,} · {view.weights} weights"
    return f"{what} · {weights} · {width} × {height}"
