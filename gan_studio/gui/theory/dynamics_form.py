"""What can be set of the two players: the loss, the regulariser, how they move, and the numbers that these have."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ...config import Spec
from ...registry import Registry
from ...theory.dynamics import LOSSES, REGULARISERS
from ...theory.dynamics.portrait import Portrait
from ...theory.dynamics.rules import RULES
from ..widgets.entry_box import EntryBox
from ..widgets.number_slider import NumberSlider

SHELVES: dict[str, tuple[str, Registry[Any]]] = {  # {key of the words: (label, shelf)}
    "loss": ("&Loss", LOSSES),
    "regulariser": ("Re&gulariser", REGULARISERS),
    "rule": ("&Move", RULES),
}
PLACES = {"loss": "game.loss", "regulariser": "game.regulariser", "rule": "rule"}  # of these in a Portrait

# {key of the words: (label, the part whose field it is, from, to, by factors)}; the sliders' reach, not the fields'
SLIDERS: dict[str, tuple[str, str, float, float, bool]] = {
    "h": ("Step h", "rule", 0.01, 4.0, True),
    "d_steps": ("D steps", "rule", 1, 10, False),
    "d_rate": ("D rate", "rule", 0.1, 10, True),
    "steps": ("Steps", "", 20, 5000, True),
    "gamma": ("γ", "regulariser", 0, 4, False),
    "target": ("g0", "regulariser", 0, 2, False),
    "limit": ("Clip c", "regulariser", 0.05, 2, False),
    "sigma": ("Noise σ", "regulariser", 0, 3, False),
}
COLUMNS = 4


class DynamicsForm(QWidget):
    """Shows a Portrait and tells another one. Each regulariser keeps its own numbers while others are tried."""

    edited = Signal(object)  # Portrait

    def __init__(self) -> None:
        super().__init__()
        self.portrait = Portrait()
        self._tried: dict[str, Spec] = {}  # the regularisers as they were left, by kind
        self.choices = {key: self._choice(key) for key in SHELVES}
        self.sliders = {key: self._slider(key) for key in SLIDERS}
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(3)
        rows.addLayout(self._lay_out_choices())
        rows.addLayout(self._lay_out_sliders())

    def _choice(self, key: str) -> QComboBox:
        name, shelf = SHELVES[key]
        box = EntryBox(name.replace("&", ""))
        box.add(shelf)
        box.activated.connect(partial(self._choose, key))
        return box

    def _slider(self, key: str) -> NumberSlider:
        name, part, low, high, log = SLIDERS[key]
        owner: Any = owners(key)[0] if part else Portrait
        slider = NumberSlider(name, owner.model_fields[key], low, high, log)
        slider.edited.connect(partial(self._put, key))
        return slider

    def _lay_out_choices(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for key, box in self.choices.items():
            label = QLabel(SHELVES[key][0])
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 1)
        return row

    def _lay_out_sliders(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        for i, slider in enumerate(self.sliders.values()):
            grid.addWidget(slider, i // COLUMNS, i % COLUMNS)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        return grid

    # what is shown

    def show_portrait(self, portrait: Portrait) -> None:
        self.portrait = portrait
        self._tried[portrait.game.regulariser.kind] = portrait.game.regulariser
        for key, box in self.choices.items():
            chosen = part_of(portrait, key)
            box.setCurrentIndex(box.findData(chosen.kind))
            box.setToolTip(f"{chosen.about} {chosen.paper}".strip())
        for key, slider in self.sliders.items():
            part = SLIDERS[key][1]
            chosen = part_of(portrait, part)
            there = key in type(chosen).model_fields
            slider.set_reason("" if there else f"Without effect: only with {either(owners(key))}.")
            if there:
                slider.set_value(getattr(chosen, key))

    # what the user does

    def _choose(self, key: str, _index: int) -> None:
        kind = str(self.choices[key].currentData())
        before = part_of(self.portrait, key)
        if kind != before.kind:
            self.edited.emit(self.portrait.with_values({PLACES[key]: self._values_for(key, kind, before)}))

    def _values_for(self, key: str, kind: str, before: Spec) -> dict[str, Any]:
        """A regulariser as it was left; ways to move share their numbers."""
        if kind in self._tried:
            return self._tried[kind].plain()
        shared = {} if key == "regulariser" else before.plain()
        fields = SHELVES[key][1][kind].model_fields
        return {name: value for name, value in shared.items() if name in fields} | {"kind": kind}

    def _put(self, key: str, value: float) -> None:
        part = SLIDERS[key][1]
        self.edited.emit(self.portrait.with_values({f"{PLACES[part]}.{key}" if part else key: value}))


def part_of(portrait: Portrait, key: str) -> Any:
    """The loss, the regulariser, the rule; "" is the portrait itself."""
    node: Any = portrait
    for name in PLACES[key].split(".") if key else ():
        node = getattr(node, name)
    return node


def owners(key: str) -> list[type[Spec]]:
    """Whoever has this number."""
    return [entry for entry in SHELVES[SLIDERS[key][1]][1] if key in entry.model_fields]


def either(entries: list[type[Spec]]) -> str:
    """ "A, B or C"."""
    *most, last = [entry.title for entry in entries]
    return f"{', '.join(most)} or {last}" if most else last
