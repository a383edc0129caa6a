"""A tab of the transport bench: a scene, the plan that moves it, as arrows and as a matrix, and its cost."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ...theory.transport import repaired
from .. import theme
from ..widgets.flow import FlowLayout
from ..widgets.toggle import Toggle
from .bill_view import BillView
from .heaps import PLANS, Scene
from .move_bar import MoveBar
from .plan_answer import Answer, answer
from .plan_matrix import NOTHING, PlanMatrix
from .scene_plot import WASTE, ScenePlot

if TYPE_CHECKING:
    from .transport import TransportBench

POWERS = {1: ("|x − y|", "A unit of mass costs its way: the cheapest plan is W1"),
          2: ("|x − y|²", "A unit of mass costs its way squared: the cheapest plan is W2 squared")}  # fmt: skip
FULL = "Nothing is left to carry here. Click a cell that carries something to empty it, or use the right button."
POTENTIAL = "Draw f, the best critic: high on p, low on q, nowhere steeper than 1"
NO_POTENTIAL = "Only where a way costs its length is there one critic for both; choose |x − y|"
REPAIR = "Make it a plan: what is too much is scaled down, what is missing is spread over what is left"
Preset = tuple[str, str, Scene]


class TransportTab(QWidget):
    """Holds the scene; the plot and the matrix show it and say what the user wants instead."""

    def __init__(self, bench: TransportBench, key: str, plot: ScenePlot, presets: Mapping[str, Preset], start: str):
        super().__init__()
        self.bench, self.key, self.plot, self.known = bench, key, plot, presets
        self.scene = presets[start][2]
        self.kind = "optimal"
        self.answer: Answer | None = None
        self.matrix, self.bar, self.bill = PlanMatrix(), MoveBar(), BillView()
        self._make_controls()
        self._lay_out()
        self._connect()
        self.kinds[self.kind].setChecked(True)
        self.presets.setCurrentIndex(self.presets.findData(start))
        self.plot.show_scene(self.scene)
        self.plot.choose("p", 0)

    def _make_controls(self) -> None:
        self.presets = QComboBox()
        self.presets.setAccessibleName("Preset")
        self.presets.setToolTip("Something to begin with; what was drawn by hand is cleared")
        for id, (name, about, _) in self.known.items():
            self.presets.addItem(name, id)
            self.presets.setItemData(self.presets.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self.kinds = {id: Narrow(kind.title, kind.about) for id, kind in PLANS.items()}
        self.group = QButtonGroup(self)
        for id, button in self.kinds.items():
            button.setAccessibleName(f"Plan: {PLANS[id].title}")
            self.group.addButton(button)
        self.cost = QComboBox()
        self.cost.setAccessibleName("Cost of a way")
        self.cost.setToolTip("What it costs to move a unit of mass from x to y")
        for power, (name, about) in POWERS.items():
            self.cost.addItem(name, power)
            self.cost.setItemData(self.cost.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self.potential = QCheckBox("Potential f")
        self.potential.setToolTip(POTENTIAL)
        self.heaps = {which: Narrow(which, f"Keys and clicks go to {which}") for which in ("p", "q")}
        self.which = QButtonGroup(self)
        for which, button in self.heaps.items():
            button.setAccessibleName(f"Edit {which}")
            self.which.addButton(button)
        self.amount = QSpinBox(minimum=0, maximum=100, suffix=" %")
        self.amount.setSpecialValueText("what fits")
        self.amount.setAccessibleName("What a click carries")
        self.amount.setToolTip(
            "What a click in the matrix carries: all that fits, or so much of all mass, fitting or not"
        )
        self.repair, self.clear = QPushButton("Repair"), QPushButton("Clear")
        for push in (self.repair, self.clear):
            push.setAutoDefault(False)
        theme.tint(self.repair, "auto-fix")
        theme.tint(self.clear, "eraser")

    def _lay_out(self) -> None:
        top = QWidget()
        flow = FlowLayout(top)
        for pair in (
            labelled("&Preset", self.presets),
            labelled("Plan", *self.kinds.values()),
            labelled("&Cost", self.cost),
            self.potential,
            labelled("Edit", *self.heaps.values()),
        ):
            flow.addWidget(pair)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.plot, 1)
        column.addWidget(self.bar)
        hand = QHBoxLayout()
        hand.setSpacing(5)
        hand.addWidget(labelled("Clic&k carries", self.amount))
        hand.addStretch(1)
        hand.addWidget(self.repair)
        hand.addWidget(self.clear)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(4, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.matrix, 1)
        column.addLayout(hand)
        column.addWidget(self.bill)
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(left)
        halves.addWidget(right)
        for place in range(2):
            halves.setStretchFactor(place, 1)
        halves.setSizes([410, 350])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(top)
        layout.addWidget(halves, 1)

    def _connect(self) -> None:
        self.presets.activated.connect(self._choose_preset)
        for id, button in self.kinds.items():
            button.clicked.connect(partial(self.set_kind, id))
        for which, button in self.heaps.items():
            button.clicked.connect(partial(self._choose_heap, which))
        self.cost.currentIndexChanged.connect(self._change_cost)
        self.potential.toggled.connect(self.compute)
        self.plot.edited.connect(self.set_scene)
        self.plot.chose.connect(self._show_chosen)
        self.plot.said.connect(self.bill.say)
        self.matrix.more.connect(self._carry_more)
        self.matrix.less.connect(self._carry_less)
        self.matrix.pointed.connect(self.plot.show_pointed)
        self.bar.moved.connect(self._show_moment)
        self.repair.clicked.connect(self._repair)
        self.clear.clicked.connect(self._clear)

    # what is set

    def set_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.plot.show_scene(scene)
        self.compute()

    def set_preset(self, id: str) -> None:
        self.presets.setCurrentIndex(self.presets.findData(id))
        self.bar.go_to(0)
        self.set_scene(self.known[id][2])

    def set_kind(self, kind: str) -> None:
        self.kind = kind
        self.kinds[kind].setChecked(True)
        self.compute()

    def set_power(self, power: int) -> None:
        self.cost.setCurrentIndex(self.cost.findData(power))

    def power(self) -> int:
        return int(self.cost.currentData())

    def _change_cost(self) -> None:
        lengths = self.power() == 1
        self.potential.setEnabled(lengths)
        self.potential.setToolTip(POTENTIAL if lengths else NO_POTENTIAL)
        self.compute()

    def _choose_preset(self) -> None:
        self.set_preset(str(self.presets.currentData()))

    def _choose_heap(self, which: str) -> None:
        self.plot.choose(which, self.plot.chosen)
        self.plot.setFocus()

    def _show_chosen(self, which: str, i: int) -> None:
        self.heaps[which].setChecked(True)
        self.matrix.mark(which, i)

    # what is shown

    def enter(self) -> None:
        self.plot.show_scene(self.scene)
        self.compute()

    def pause(self) -> None:
        """It goes out of sight."""
        self.bar.pause()

    def compute(self) -> None:
        self._show_hand()
        wanted = partial(answer, self.scene, self.kind, self.power(), self.potential.isChecked())
        self.bench.ask(self.key, wanted, self._show)

    def _show_hand(self) -> None:
        """A plan by hand needs no computing to be seen."""
        if self.kind == "hand":
            problem = self.scene.problem(1)
            self.matrix.show_plan(self.scene.hand, problem.a, problem.b)

    def _show(self, found: Answer) -> None:
        self.answer = found
        self.matrix.show_plan(found.plan, found.problem.a, found.problem.b)
        wasted = np.zeros(found.plan.shape, bool)
        wasted[found.moved.source, found.moved.target] = (found.wasted > WASTE) & (found.critic is not None)
        self.matrix.show_wasted(wasted)
        self.plot.show_answer(found)
        self.bill.show_answer(found)
        self.bar.arrows = len(found.moved.mass)
        self._show_moment()
        self._enable()

    def _show_moment(self) -> None:
        if self.answer is not None:
            self.plot.show_frame(self.bar.way().at(self.answer.problem, self.answer.moved, self.bar.t()))

    def _enable(self) -> None:
        assert self.answer
        broken = not self.answer.bill.is_feasible
        self.repair.setEnabled(broken)
        self.repair.setToolTip(REPAIR if broken else "Nothing is missing and nothing too much")
        drawn = self.kind == "hand" and bool(self.answer.plan.any())
        self.clear.setEnabled(drawn)
        self.clear.setToolTip("Carry nothing" if drawn else "Only what was drawn by hand can be cleared")

    # the plan by hand

    def _carry_more(self, i: int, j: int) -> None:
        """All that fits, or what is chosen; a cell that is full is emptied by the first."""
        if self._is_stale():
            return
        hand, problem = self._plan(), self.scene.problem(1)
        fits = min(problem.a[i] - hand[i].sum(), problem.b[j] - hand[:, j].sum())
        if self.amount.value():
            self._put(hand, i, j, hand[i, j] + self.amount.value() / 100)
        elif fits > NOTHING:
            self._put(hand, i, j, hand[i, j] + fits)
        elif hand[i, j] > NOTHING:
            self._put(hand, i, j, 0.0)
        else:
            self.bill.say(FULL)

    def _carry_less(self, i: int, j: int) -> None:
        if self._is_stale():
            return
        hand = self._plan()
        by = self.amount.value() / 100 or hand[i, j]
        self._put(hand, i, j, max(0.0, hand[i, j] - by))

    def _is_stale(self) -> bool:
        """A point has come or gone, and the matrix does not know yet: its cells are others."""
        return self.matrix.plan.shape != self.scene.hand.shape

    def _plan(self) -> np.ndarray:
        """A copy [N, M] of what is shown: any plan can be changed by hand."""
        if self.kind != "hand" and self.answer is not None and self.answer.plan.shape == self.scene.hand.shape:
            return self.answer.plan.copy()
        return self.scene.hand.copy()

    def _put(self, hand: np.ndarray, i: int, j: int, mass: float) -> None:
        hand[i, j] = mass
        self._set_hand(hand)

    def _set_hand(self, hand: np.ndarray) -> None:
        self.kind = "hand"
        self.kinds["hand"].setChecked(True)
        self.set_scene(self.scene.with_hand(hand))

    def _repair(self) -> None:
        self._set_hand(repaired(self.scene.problem(1), self.scene.hand))

    def _clear(self) -> None:
        self._set_hand(np.zeros_like(self.scene.hand))


class Narrow(Toggle):
    """No wider than its word: several of them stand in a row."""

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 20, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def labelled(text: str, *widgets: QWidget) -> QWidget:
    """A label with what it names, kept together."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    label = QLabel(text)
    label.setBuddy(widgets[0])
    row.addWidget(label)
    for widget in widgets:
        row.addWidget(widget)
        row.setSpacing(3)
    return whole
