"""What all critics say W1 is, over the steps, beside the exact value."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...theory.lipschitz import CriticView, LipschitzProgress
from .. import theme
from ..widgets.canvas import Canvas
from ..widgets.flow import FlowLayout
from ..widgets.legend import Chip
from ..widgets.lines import Line
from ..widgets.plot import dashed, run_pen
from ..widgets.series import Series
from ..widgets.toggle import Toggle

EXACT = "W1, exact"
RUNS_AWAY = 5.0  # so many times W1 an estimate is out of all proportion: the heights go by factors
DEEPEST = 2  # powers of ten below W1 that are shown
AHEAD = 100  # steps that are shown at least
SHORT = {
    "clipping": "Clipping",
    "two-sided": "GP, two-sided",
    "one-sided": "GP, one-sided",
    "spectral": "Spectral norm.",
}


class EstimatePlot(QWidget):
    """Heights by factors once an estimate runs away, unless the user decides otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._series: dict[str, Series] = {}
        self.chips: dict[str, Chip] = {}
        self._decided = False  # by the user, how heights are shown
        self._followed = True  # all steps are seen
        self.canvas = Canvas()
        self.canvas.setAccessibleName("Estimates of W1 over the steps. Arrows and + and - move it, 0 fits.")
        self.log = Toggle("Log", "Heights by factors of ten; by itself when an estimate runs away")
        self.log.setAccessibleName("Logarithmic heights")
        self.log.setFixedWidth(self.log.fontMetrics().horizontalAdvance("Log") + 24)
        self.log.toggled.connect(self._show)
        self.log.clicked.connect(self._decide)
        self._legend = FlowLayout(gap=4)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addLayout(self._legend, 1)
        top.addWidget(self.log, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addLayout(top)
        column.addWidget(self.canvas, 1)
        self.canvas.setToolTip("What each critic says W1 is, before each step. The wheel zooms, dragging moves, 0 fits")
        self.canvas.setMinimumHeight(90)
        self.canvas.moved.connect(self._move)
        self.canvas.fit_wanted.connect(self._follow)
        theme.changed.connect(self._show)

    # what is shown

    def clear(self) -> None:
        self._series = {name: Series() for name in self._series}
        if not self._decided:
            self.log.setChecked(False)
        self._followed = True
        self.canvas.by_hand = False
        self._show()

    def extend(self, told: LipschitzProgress) -> None:
        """Draws nothing; see `refresh`."""
        if not self._series:
            self._begin({EXACT: EXACT} | {critic.title: short_title(critic) for critic in told.critics})
        exact = self._series[EXACT]
        exact.extend(told.steps, np.full(len(told.steps), told.w1))
        for critic, values in zip(told.critics, told.estimates, strict=True):
            self._series[critic.title].extend(told.steps, values)
        far = float(np.abs(told.estimates).max(initial=0.0)) > RUNS_AWAY * told.w1
        if far and not self._decided:
            self.log.setChecked(True)

    def refresh(self, told: LipschitzProgress) -> None:
        if self.chips:
            self.chips[EXACT].show_value(told.w1)
        for critic in told.critics:
            if critic.title in self.chips:
                self.chips[critic.title].show_value(critic.estimate)
        self._show()

    def estimates(self, title: str) -> np.ndarray:
        return self._series[title].values if title in self._series else np.empty(0)

    def _begin(self, names: dict[str, str]) -> None:
        before: QWidget = self.log
        for name, short in names.items():
            self._series[name] = Series()
            chip = Chip(name, short)
            chip.toggled.connect(self._show)
            self.chips[name] = chip
            self._legend.addWidget(chip)
            chip.show()
            self.setTabOrder(before, chip)
            before = chip

    def _show(self) -> None:
        lines = []
        for look, name in enumerate(self._series):
            pen = pen_of(look)
            self.chips[name].set_pen(pen)
            if self.chips[name].isChecked():
                lines.append(Line(self._series[name], pen))
        self.canvas.show_lines(lines)
        if self._followed:
            last = max((int(s.steps[-1]) for s in self._series.values() if s.count), default=0)
            self.canvas.show_steps(0, max(AHEAD, last))
        self.canvas.set_log(self.log.isChecked())
        self._fit()

    def _fit(self) -> None:
        """By factors from one power of ten to another; what is far below the exact value is not looked for."""
        self.canvas.fit_heights(robust=False)
        if self.canvas.log and not self.canvas.by_hand:
            low, high = self.canvas.heights
            exact = self.estimates(EXACT)[-1:]
            least = math.log10(float(exact[0])) - DEEPEST if len(exact) else low
            self.canvas.show_heights(math.floor(max(low, least)), math.ceil(high))

    # the user

    def _decide(self) -> None:
        self._decided = True

    def _move(self, low: float, high: float) -> None:
        self._followed = False
        self.canvas.show_steps(max(0.0, low), max(high, low + 10.0))
        self._fit()

    def _follow(self) -> None:
        self._followed = True
        self.canvas.by_hand = False
        self._show()


def short_title(critic: CriticView) -> str:
    """Where there is little room."""
    return SHORT.get(critic.key, critic.title)


def pen_of(look: int) -> QPen:
    """The exact value is solid and of the text's colour, the critics have a look each."""
    return run_pen(look - 1) if look else dashed(theme.colours().text, ())
