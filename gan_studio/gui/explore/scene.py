"""What the tab is about, as its parts share it: a snapshot, the view of it, its picture, and the views before."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from torch import Tensor

from ...classes import Shares, told
from ...directions import Direction
from ...jobs.drafts import draft_of
from ...jobs.explore import MOST_EDITS, View, is_of_file, pictures, shares
from ...jobs.gallery import LAST_SEED
from ...jobs.snapshots import Snapshot
from ..computing import LatestWins
from .choices import Opened
from .following import Following
from .pace import Drawn, Pace, exactly
from .past import Past

REST_MS = 150  # without a change: then what shows the way is drawn anew
PATIENCE_S = 2.0  # a closing window waits so long for what is being computed


class Scene(QObject):
    """All that is seen follows from one frozen view; whoever moves gives it another one."""

    moving = Signal()  # what takes the picture's place for a while is to end
    came = Signal(object, bool)  # Opened, and whether it is of another run
    moved = Signal(object, str)  # the View, and the kind of change
    drawn = Signal(object, object)  # a View, and its picture [H, W, C] uint8
    all_drawn = Signal(object, object)  # a View, and [N, H, W, C] uint8: its picture and those of the next seeds
    drawing_told = Signal(str)  # how long the pictures took, and whether they are a draft
    rested = Signal()  # the hand did: what shows the way can be drawn
    not_here = Signal(object, int)  # a View of other weights, from the past or a key-frame, and how many of its seeds
    refused = Signal(str)  # why the view stays as it is
    failed = Signal(object)  # an exception that nobody was to raise

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.view: View | None = None
        self.count = 1  # pictures: those of so many seeds, from the view's on
        self.opened: Opened | None = None
        self.picture: np.ndarray | None = None  # of the view, once it is drawn
        self.past: Past[tuple[View, int]] = Past()
        self.pace = Pace()  # of the snapshot
        self._is_rough = False  # what was asked for last, as the hand was moving
        self._whole: np.ndarray | None = None  # [N, H, W, C]: all pictures, as they are seen
        self.drawing = Following(self)  # the picture
        self.resting = LatestWins(self)  # what shows the way
        self.disk = LatestWins(self)
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self._finish)
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

    def open(self, found: Opened, count: int | None = None) -> None:
        """Nothing of the last one is waited for."""
        self.moving.emit()
        self.drawing.forget_all()
        self.resting.forget_all()
        before, self.opened, self.picture = self.opened, found, None
        self.pace, self._whole = Pace(), None
        is_other = before is None or before.choice.path != found.choice.path
        if is_other:
            self.past.clear()
        self.came.emit(found, is_other)
        self.show_view(found.view, count=count)

    # --- the view ---

    def show_view(self, view: View, kind: str = "", kept: bool = True, count: int | None = None) -> None:
        """Changes of one `kind` in quick succession are taken back together; `count` stays where it is not given."""
        if self.opened is None:
            return
        count = count or self.count
        if view.sha256 != self.snapshot.about["sha256"]:
            self.not_here.emit(view, count)
            return
        self.moving.emit()
        self.view, self.count = view, count
        if kept:
            self.past.add((view, count), kind)
        self.moved.emit(view, kind)
        self.draw(rough=bool(kind))  # the hand may drag
        self.rest()

    def rest(self) -> None:
        """What shows the way is drawn anew in a moment."""
        self._rest.start()

    def undo(self) -> None:
        if self.past.can_go_back:
            self._return_to(*self.past.back())

    def redo(self) -> None:
        if self.past.can_go_forth:
            self._return_to(*self.past.forth())

    def _return_to(self, view: View, count: int) -> None:
        self.show_view(view, kept=False, count=count)

    def go_to_seed(self, seed: int) -> None:
        if self.view:
            self.show_view(self.view.at_seed(seed), "seed")

    def go_anywhere(self) -> None:
        self.go_to_seed(random.randrange(100_000))

    def show_many(self, count: int) -> None:
        """The pictures of so many seeds, under the same truncation and edits."""
        if self.view:
            self.show_view(self.view, count=count)

    def show_one(self, place: int) -> None:
        """Of the many, alone."""
        if self.view:
            self.show_view(self.view.at_seed(self.seeds()[place]), count=1)

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

    # --- its pictures ---

    def seeds(self) -> range:
        """That are shown; a latent of its own has no next one."""
        assert self.view
        count = 1 if self.view.z else min(self.count, max(1, LAST_SEED + 1 - self.view.seed))
        return range(self.view.seed, self.view.seed + count)

    def draw(self, rough: bool = False) -> None:
        """`rough` may be a draft, where exact pictures take long."""
        if self.view:
            assert self.opened
            self.picture = None
            here = self.view, self.seeds(), self.opened.snapshot
            quick = self.pace.roughly(*here) if rough else None
            self._is_rough = quick is not None
            self.drawing.ask(quick or partial(exactly, *here), partial(self._show, self.view))

    def sketch(self, rows: Tensor) -> Callable[[], np.ndarray]:
        """Draws `inputs` that are seen for a moment only, as quickly as it can."""
        assert self.opened
        if self.pace.draft:
            return partial(self.pace.draft.pictures, rows)
        return partial(pictures, rows, self.opened.snapshot)

    def cover(self) -> None:
        """Something else is shown in the picture's place; `draw` brings it back."""
        self.picture = None
        self._is_rough = False

    def _finish(self) -> None:
        """The hand rests: what was drawn roughly follows as it is."""
        if self._is_rough:
            self.draw()
        self.rested.emit()

    def _show(self, view: View, found: Drawn) -> None:
        if view.sha256 != self.snapshot.about["sha256"]:
            return  # of what was open before
        count = len(self.seeds())
        self.pace.took(found)
        self.drawing_told.emit(found.told(count))
        if self.pace.wants_draft():
            self.resting.ask("draft", partial(draft_of, self.snapshot), self.pace.set_draft)
        shown = found.pictures if found.is_exact else self._filled(found.pictures, count)
        self._whole = shown
        is_whole = found.is_exact and len(shown) == count
        if view is self.view and is_whole:
            self.picture = shown[0]
        self.all_drawn.emit(view, shown)
        if is_whole:
            self.drawn.emit(view, shown[0])

    def _filled(self, few: np.ndarray, count: int) -> np.ndarray:
        """With the others as they were, so that the grid stays."""
        if self._whole is None or len(self._whole) != count:
            return few
        return np.concatenate([few, self._whole[len(few) :]])


def caption(view: View, pictures: np.ndarray, drawn: Shares = ()) -> str:
    """Of [N, H, W, C]; `drawn` are the classes that all are of, where there are some."""
    count, height, width = pictures.shape[:3]
    what = "a latent of its own" if view.z else f"seed {view.seed:,}"
    if count > 1:
        what = f"seeds {view.seed:,} to {view.seed + count - 1:,}"
    if drawn:
        what += f" · class {told(drawn)}"
    if view.edits:
        what += " + 1 direction" if len(view.edits) == 1 else f" + {len(view.edits)} directions"
    weights = Path(view.run).name if is_of_file(view) else f"step {view.step:,} · {view.weights} weights"
    return f"{what} · {weights} · {width} × {height}{' each' if count > 1 else ''}"
