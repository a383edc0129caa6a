"""The first tab of the divergence bench: two densities, the table of all distances, one of them against the shift."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from ...theory.densities import Density
from ...theory.divergences import Curves, curve
from .density_form import DensityForm
from .density_plot import DensityPlot
from .measure_table import MeasureTable
from .part import Part
from .shapes import Pair
from .shift_plot import COARSE, SHIFTS, ShiftPlot

if TYPE_CHECKING:
    from .divergence import DivergenceBench

NEAR = 0.005  # how far q is moved for a slope


class TwoTab(Part):
    """Edits the bench's pair and shows it."""

    def __init__(self, bench: DivergenceBench):
        super().__init__(bench)
        self.forms = {which: DensityForm(which) for which in ("p", "q")}
        self.plot = DensityPlot()
        self.table = MeasureTable()
        self.shifts = ShiftPlot()
        self.alpha = QDoubleSpinBox(minimum=-3, maximum=4, singleStep=0.25, value=0.5)
        self.alpha.setAccessibleName("alpha")
        self.alpha.setToolTip("α of the α-divergence: at 1 it is KL, at 0 reverse KL, at 2 half of Pearson's")
        self._known: tuple[Pair, str, float] | None = None  # what the curve that is shown, or asked for, is of
        self._lay_out()
        for which, form in self.forms.items():
            form.edited.connect(partial(self._edit, which))
            form.pen_toggled.connect(partial(self._take_pen, which))
        self.plot.edited.connect(bench.set_pair)
        self.plot.released.connect(self.refine)
        self.table.chosen.connect(self.compute)
        self.alpha.valueChanged.connect(self.compute)
        self.shifts.moved.connect(self._move)
        self.table.choose("jensen-shannon")

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        name = QLabel("α of the α-divergence")
        name.setBuddy(self.alpha)
        row.addWidget(name)
        row.addWidget(self.alpha)
        row.addStretch(1)
        column.addLayout(row)
        below = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        below.addWidget(left)
        below.addWidget(self.shifts)
        below.setStretchFactor(1, 1)
        below.setSizes([320, 470])
        halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        halves.addWidget(self.plot)
        halves.addWidget(below)
        halves.setStretchFactor(0, 2)
        halves.setStretchFactor(1, 3)
        halves.setSizes([220, 340])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        for form in self.forms.values():
            layout.addWidget(form)
        layout.addWidget(halves, 1)

    # what is shown

    def show_pair(self, pair: Pair) -> None:
        self.plot.show_pair(pair)
        self.forms["p"].show_density(pair.p)
        self.forms["q"].show_density(pair.q)
        self.shifts.set_shift(pair.shift)
        self.compute()

    def compute(self) -> None:
        """The table, then a coarse curve; a fine one when there is nothing else to do. A curve over how far q's mean
        lies from p's stands still while q is moved."""
        pair, alpha, key = self.bench.pair, self.alpha.value(), self.table.key()
        self.bench.ask("table", partial(nearby, pair, alpha), self._show_table)
        wanted = (pair.with_shift(0.0), key, alpha)
        if self._known is None or not (wanted[0].is_like(self._known[0]) and wanted[1:] == self._known[1:]):
            self._known = wanted
            self.bench.forget("fine curve")
            self.bench.ask("curve", partial(curve_of, *wanted, COARSE), self._show_coarse)

    def refine(self) -> None:
        if self._known is not None:
            self.bench.ask("fine curve", partial(curve_of, *self._known, SHIFTS), self._show_curve)

    def _show_table(self, curves: Curves) -> None:
        """The middle one of three shifts is q as it is."""
        self.table.show_values({key: float(values[1]) for key, values in curves.values.items()})
        self.table.show_slopes({key: float(slopes[1]) for key, slopes in curves.slopes.items()})

    def _show_coarse(self, curves: Curves) -> None:
        self._show_curve(curves)
        self.refine()

    def _show_curve(self, curves: Curves) -> None:
        (key,) = curves.values
        self.shifts.show_curves(curves, key)

    # what the user does

    def _edit(self, which: str, density: Density) -> None:
        self.bench.set_pair(self.bench.pair.with_density(which, density))

    def _take_pen(self, which: str, on: bool) -> None:
        """One pen at a time."""
        if on:
            self.forms["q" if which == "p" else "p"].pen.setChecked(False)
        self.plot.pen = which if on else None
        self.plot.choose(which)

    def _move(self, shift: float) -> None:
        self.bench.set_pair(self.bench.pair.with_shift(shift))


def nearby(pair: Pair, alpha: float) -> Curves:
    """All measures where q is, and a little to both sides."""
    return curve(pair.p, pair.q, np.array([-NEAR, 0.0, NEAR]), alpha)


def curve_of(pair: Pair, key: str, alpha: float, shifts: np.ndarray) -> Curves:
    return curve(pair.p, pair.q, shifts, alpha, keys=(key,))
