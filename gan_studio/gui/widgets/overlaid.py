"""One plot of what several runs measured, a line each, over the steps."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from .. import theme
from .canvas import Canvas
from .fold import quiet
from .lines import Line
from .plot import run_pen
from .series import Series


class OverlaidPlot(QWidget):
    picked = Signal(float)  # a step: the user clicked there

    def __init__(self, title: str, tip: str, of: str, tool_tip: str = ""):
        """`of` names the lines: "all lanes"."""
        super().__init__()
        self._of = of
        self.series: list[Series] = []
        self._last, self._by_hand = 1.0, False
        self._title = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.canvas = Canvas()
        self.canvas.setToolTip(tool_tip)
        self.set_title(title, tip)
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

    def set_title(self, title: str, tip: str) -> None:
        self._title.setText(title)
        self._title.setToolTip(tip)
        self.canvas.setAccessibleName(f"{title} of {self._of} over the steps. Arrows and + and - move it, 0 fits.")

    def show_lines(self, count: int) -> None:
        """Empty ones for so many."""
        self.series = [Series() for _ in range(count)]
        self._last = 1.0
        self.canvas.show_heights(0.0, 1.0)  # not those of the race before
        self.fit()
        self._draw()

    def extend(self, number: int, steps: np.ndarray, values: np.ndarray) -> None:
        """Steps [K] and values [K]; NaN where nothing was measured."""
        there = np.isfinite(values)
        if there.any():
            self.series[number].extend(np.asarray(steps)[there], np.asarray(values)[there])
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
