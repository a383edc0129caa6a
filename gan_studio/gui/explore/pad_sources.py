"""What lies in the pad: pictures between four seeds, or on the plane of two directions around the one that is shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from functools import partial

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...directions import Direction, ranked
from ...jobs.explore import Edit, View
from ...jobs.snapshots import Snapshot
from ..widgets.editors import ChoiceBox, NumberBox
from ..widgets.number_slider import NumberSlider
from . import reading

SIDE = 5  # pictures a row
CORNERS = ("Upper left", "Upper right", "Lower left", "Lower right")
MOST_SEED = 2**32
REACH, LEAST_REACH, MOST_REACH = 3.0, 0.5, 6.0  # sigmas from the middle to the edge
NO_DIRECTIONS = "Find two directions first, on the right."

Place = tuple[float, float]  # to the right and down, 0 to 1


class Source(QWidget):
    """The controls of one; `x` goes right, `y` goes down, 0 to 1."""

    title = ""
    tip = ""
    changed = Signal()  # other pictures lie in the square now

    def key(self, view: View) -> Hashable:
        """Alike for all views with the same pictures around them."""
        raise NotImplementedError

    def drawing(self, view: View, snapshot: Snapshot) -> Callable[[], np.ndarray]:
        """For a thread: SIDE * SIDE pictures, row by row."""
        raise NotImplementedError

    def at(self, place: Place, view: View, snapshot: Snapshot) -> View:
        """What is there."""
        raise NotImplementedError

    def place_of(self, view: View) -> Place | None:
        """Where a view is; None where it is not in the square."""
        raise NotImplementedError

    def why_not(self) -> str:
        """Why there is nothing in the square; "" if there is."""
        return ""


class Corners(Source):
    """A blend of four seeds. Truncation and edits stay those of the view."""

    title = "Four seeds"
    tip = "Blend the latents of the four seeds at the corners."

    def __init__(self) -> None:
        super().__init__()
        self._blends: dict[tuple[float, ...], Place] = {}  # the last one: its latent, and where it is
        self.boxes = []
        grid = QGridLayout()
        grid.setSpacing(4)
        for i, name in enumerate(CORNERS):
            box = NumberBox(True, 0, MOST_SEED, step=1)
            box.setAccessibleName(f"{name} seed")
            box.setToolTip(f"The seed at the {name.lower()} corner")
            box.edited.connect(self.changed)
            self.boxes.append(box)
            grid.addWidget(box, i // 2, i % 2)
        self.new_button = QPushButton("Other corners")
        self.new_button.setToolTip("Put four seeds into the corners by chance.")
        self.new_button.clicked.connect(self._draw_seeds)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)
        column.addWidget(self.new_button)

    def seeds(self) -> list[int]:
        """Upper left, upper right, lower left, lower right."""
        return [int(box.value()) for box in self.boxes]

    def set_seeds(self, seeds: list[int]) -> None:
        """Silently."""
        for box, seed in zip(self.boxes, seeds, strict=True):
            box.set_value(seed)

    def _draw_seeds(self) -> None:
        self.set_seeds([random.randrange(100_000) for _ in range(4)])
        self.changed.emit()

    def key(self, view: View) -> Hashable:
        return tuple(self.seeds()), view.model_copy(update={"seed": 0, "z": (), "limit": 0.0})

    def drawing(self, view: View, snapshot: Snapshot) -> Callable[[], np.ndarray]:
        return partial(reading.blends, view, self.seeds(), snapshot, SIDE)

    def at(self, place: Place, view: View, snapshot: Snapshot) -> View:
        found = reading.blended(view, self.seeds(), *place, snapshot)
        self._blends = {found.z: place}
        return found

    def place_of(self, view: View) -> Place | None:
        if view.z:
            return self._blends.get(view.z)
        seeds = self.seeds()
        corner = seeds.index(view.seed) if view.seed in seeds and not view.limit else None
        return None if corner is None else (float(corner % 2), float(corner // 2))


class Plane(Source):
    """Two directions from the picture that is shown: their amounts go with the sliders."""

    title = "Two directions"
    tip = "Go from this picture along two directions at once: the first to the right, the second up."

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, Direction] = {}
        self.across, self.up = ChoiceBox([]), ChoiceBox([])
        self.reach = NumberSlider("Reach ±", Edit.model_fields["amount"], LEAST_REACH, MOST_REACH)
        self.reach.set_value(REACH)
        self.reach.about = "Sigmas from the middle of the square to the edge"
        self.reach.set_reason("")
        self.reach.edited.connect(self.changed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (box, where, name) in enumerate(
            ((self.across, "Right", "Direction to the right"), (self.up, "Up", "Direction up"))
        ):
            label = QLabel(where)
            label.setBuddy(box)
            box.setAccessibleName(name)
            box.setToolTip(f"The direction that goes {where.lower()} in the square")
            box.setMinimumContentsLength(8)
            box.edited.connect(self._chosen)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1)
        grid.addWidget(self.reach, 2, 0, 1, 2)

    def show_directions(self, found: list[Direction]) -> None:
        """The two strongest, unless others were chosen that are still there."""
        alive, dead = ranked(found)
        before = [box.value() for box in (self.across, self.up)]
        self._found = {one.name: one for one in [*alive, *dead]}
        names = list(self._found)
        kept = [name for name in dict.fromkeys(before) if name in self._found]
        chosen = [*kept, *(name for name in names if name not in kept)][:2]
        for box in (self.across, self.up):
            box.set_rows([(name, name, "") for name in names])
        for box, name in zip((self.across, self.up), chosen, strict=False):
            box.set_value(name)

    def _chosen(self, _: object = None) -> None:
        """Two different ones: what the other box had goes to this one's place."""
        box, other = (self.across, self.up) if self.sender() is self.across else (self.up, self.across)
        if box.value() == other.value():
            other.set_value(next(name for name in self._found if name != box.value()))
        self.changed.emit()

    def _two(self) -> tuple[Direction, Direction]:
        return self._found[self.across.value()], self._found[self.up.value()]

    def key(self, view: View) -> Hashable:
        return self._middle(view), self._two(), self.reach.value()

    def _middle(self, view: View) -> View:
        across, up = self._two()
        return view.edited(across, 0.0).edited(up, 0.0)

    def drawing(self, view: View, snapshot: Snapshot) -> Callable[[], np.ndarray]:
        return partial(reading.plane, self._middle(view), *self._two(), self.reach.value(), snapshot, SIDE)

    def at(self, place: Place, view: View, snapshot: Snapshot) -> View:
        x, y = place
        across, up = self._two()
        reach = self.reach.value()
        return view.edited(across, round((2 * x - 1) * reach, 3)).edited(up, round((1 - 2 * y) * reach, 3))

    def place_of(self, view: View) -> Place | None:
        across, up = (view.amount(one.name) / self.reach.value() for one in self._two())
        return ((1 + across) / 2, (1 - up) / 2) if max(abs(across), abs(up)) <= 1 else None

    def why_not(self) -> str:
        return "" if len(self._found) > 1 else NO_DIRECTIONS
