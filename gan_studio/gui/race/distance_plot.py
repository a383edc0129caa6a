"""One plot of how far each lane is from the data, over the steps."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from .. import theme
from ..widgets.canvas import Canvas
from ..widgets.fold import quiet
from ..widgets.lines import Line
from ..widgets.plot import run_pen
from ..widgets.series import Series


class DistancePlot(QWidget):
    picked = Signal(float)  # a step: the user clicked there

    def __init__(self) -> None:
        super().__init__()
        self.series: list[Series] = []
        self._last, self._by_hand = 1.0, False
        self._title = QLabel("Distance from the data")
        self._title.setToolTip("W1 between samples and data, lower is better: exact on points, sliced on pictures")
        self.canvas = Canvas()
        self.canvas.setAccessibleName(
            "Distance from the data of all lanes over the steps. Arrows and + and - move it, 0 fits."
        )
        self.canvas.setToolTip("Click to go to a step")
        self.canvas.moved.connect(self._show_steps)
        self.canvas.fit_wanted.connect(self.fit)
        self.canvas.picked.connect(self.picked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addWidget(quiet(self._title))
        column.addWidget(self.canvas, 1)
        self._title.setContentsMargins(8, 0, 8, 0)
        theme.changed.connect(self._draw)

    def show_lanes(self, count: int) -> None:
        """Empty lines for so many."""
        self.series = [Series() for _ in range(count)]
        self._last = 1.0
        self.canvas.show_heights(0.0, 1.0)  # not those of the race before
        self.fit()
        self._draw()

    def extend(self, lane: int, steps: np.ndarray, values: np.ndarray) -> None:
        """Steps [K] and values [K]; NaN where nothing was measured."""
        there = np.isfinite(values)
        if there.any():
            self.series[lane].extend(np.asarray(steps)[there], np.asarray(values)[there])
            self._last = max(self._last, float(np.asarray(steps)[there][-1]))
            self._see()

    def trim(self, step: int) -> None:
        """What was told after a step is taken back."""
        for series in self.series:
            series.trim(step)
        self._see()

    def set_cursor(self, step: float | None) -> None:
        self.canvas.set_cursor_step(math.nan if step is None else step)

    def fit(self) -> None:
        self._by_hand = self.canvas.by_hand = False
        self._see()

    def _see(self) -> None:
        if not self._by_hand:
            self.canvas.show_steps(0.0, self._last)
        self.canvas.fit_heights(False)
        self.canvas.refresh()

    def _show_steps(self, low: float, high: float) -> None:
        self._by_hand = True
        self.canvas.show_steps(low, high)
        self.canvas.fit_heights(False)

    def _draw(self) -> None:
        lines = [Line(series, run_pen(number), dots=True) for number, series in enumerate(self.series)]
        self.canvas.show_lines(lines)
