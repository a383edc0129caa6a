"""The third tab of the divergence bench: one Gaussian is fitted to p by each divergence, exactly and by training."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from ...theory.densities import Gaussian
from ...theory.f_table import FRow, rows
from ...theory.gaussian_fit import Fit, Optimum, best_fit, train_fit
from .. import theme
from ..widgets.chart import Chart, Line, of_p, of_q, of_t
from ..widgets.quiet_table import quiet_table
from .density_plot import XS, outline
from .measure_table import number
from .part import Part
from .shapes import X_RANGE, Pair

if TYPE_CHECKING:
    from .divergence import DivergenceBench

COLUMNS = {
    "Fitted by": "The divergence between p and q that is lowered",
    "Mean": "Of the Gaussian that is exactly the best",
    "Width": "Its deviation",
    "D_f": "How far the best Gaussian is from p",
    "Trained: mean": "Of the Gaussian that a generator of two numbers learned against a critic",
    "Width ": "Its deviation",
    "F": "What the critic says it is: never above the divergence itself",
}
ELSEWHERE = 1.1  # the trained one's divergence is more than so many times the best: it is not the same Gaussian
ROOM = 0.35  # above the highest value, in which the legend stands


class FitTab(Part):
    """The exact optima of all divergences come by themselves; `Train` trains the chosen one."""

    def __init__(self, bench: DivergenceBench):
        super().__init__(bench)
        self._rows: dict[str, FRow] = {}
        self._p: Any = None
        self._best: dict[str, Optimum | None] = {}  # {kind: the exact optimum}
        self._trained: dict[str, Fit] = {}  # {kind: the newest progress}
        self._training = ""
        self._steps: list[tuple[int, float, float]] = []
        self.stream = bench.new_stream()
        self.stream.told.connect(self._show_progress)
        self.stream.ended.connect(self._show_stopped)
        self.plot = Chart("p, the best Gaussian and the trained one")
        self.plot.x_range = X_RANGE
        self.plot.setToolTip("Change p in the first tab, or by a preset")
        self.path = Chart("Mean and width over the steps", "step", "")
        self.path.empty = "Train, and watch the mean and the width find their places."
        self.table = QTableWidget(0, len(COLUMNS))
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.setToolTip("Train a generator of two numbers, mean and width, against a critic; it begins at q")
        self.button.clicked.connect(self._press)
        self.status = QLabel(wordWrap=True)
        self._lay_out()
        self._show_stopped()

    def _lay_out(self) -> None:
        table = self.table
        table.setAccessibleName("Gaussians fitted to p")
        quiet_table(table, COLUMNS, air=7)
        table.setAlternatingRowColors(True)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.currentCellChanged.connect(self._choose)
        bar = QHBoxLayout()
        bar.addWidget(self.button)
        bar.addWidget(self.status, 1)
        plots = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        plots.addWidget(self.plot)
        plots.addWidget(self.path)
        plots.setSizes([480, 300])
        halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        halves.addWidget(plots)
        halves.addWidget(table)
        halves.setSizes([280, 260])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(bar)
        layout.addWidget(halves, 1)

    # --- what is shown ---

    def kinds(self) -> list[str]:
        return list(self._rows) or [row.divergence.kind for row in table_of(self.bench.alpha())]

    def kind(self) -> str:
        return list(self._rows)[max(0, self.table.currentRow())]

    def choose(self, kind: str) -> None:
        self._fill()
        self.table.setCurrentCell(list(self._rows).index(kind), 0)

    def show_pair(self, pair: Pair) -> None:
        self._fill()
        if pair.p != self._p:
            self.stream.stop()
            self.bench.forget("best fit")  # of another p
            self._p, self._best, self._trained = pair.p, {}, {}
        self.button.setEnabled(self._can_fit())
        for kind in self._rows:
            self._tell(kind)
        self._ask_for_next()
        self._show_plots()

    def pause(self) -> None:
        self.stream.stop()

    def _fill(self) -> None:
        """The rows of the table; once, and again where α was changed."""
        found = {row.divergence.kind: row for row in table_of(self.bench.alpha())}
        if self._rows and found["alpha"].alpha == self._rows["alpha"].alpha:
            return
        self._best.pop("alpha", None)
        self._rows = found
        chosen = max(0, self.table.currentRow())
        self.table.setRowCount(len(found))
        for i, row in enumerate(found.values()):
            for column in range(len(COLUMNS)):
                item = QTableWidgetItem(str(row.divergence.title) if column == 0 else "")
                item.setToolTip(f"{row.divergence.title} = {row.formulas.measure}")
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(i, column, item)
        self.table.setCurrentCell(chosen, 0)

    def _can_fit(self) -> bool:
        """Points have no density, and every f-divergence to a Gaussian is as large as it can be."""
        return len(self._p.atoms) == 0

    def _ask_for_next(self) -> None:
        """One optimum after the other, the chosen one first, so that nothing else waits for them."""
        missing = [kind for kind in [self.kind(), *self._rows] if kind not in self._best]
        if missing and self._can_fit() and self.isVisible():
            kind = missing[0]
            self.bench.ask("best fit", partial(best_fit, self._p, self._rows[kind]), partial(self._show_best, kind))

    def _show_best(self, kind: str, found: Any) -> None:
        self._best[kind] = found
        self._tell(kind)
        self._ask_for_next()
        self._show_plots()

    def _tell(self, kind: str) -> None:
        """Fill the row."""
        texts = ["…" if self._can_fit() else "–"] * 3 + [""] * 3
        if kind in self._best:
            found = self._best[kind]
            texts[:3] = ["–", "–", "∞"]
            if found:
                texts[:3] = [number(value) for value in (found.q.mean, found.q.deviation, found.divergence)]
        if kind in self._trained:
            one = self._trained[kind]
            texts[3:] = [number(one.q.mean), number(one.q.deviation), number(one.bound)]
        for column, text in enumerate(texts, start=1):
            item = self.table.item(list(self._rows).index(kind), column)
            assert item
            item.setText(text)

    def _show_plots(self) -> None:
        kind = self.kind()
        x, y = outline(self._p)
        lines = [Line(x, y, of_p, "p", filled=True)]
        top = float(y.max(initial=0.1))
        if found := self._best.get(kind):
            x, y = outline(found.q)
            lines.append(Line(x, y, of_q, "the best Gaussian", filled=True))
            top = max(top, float(y.max()))
        if kind in self._trained:
            x, y = outline(self._trained[kind].q)
            lines.append(Line(x, y, of_t, "the trained one", dashed=True))
            top = max(top, min(float(y.max()), 2 * top))
        self.plot.set_y_range(0.0, 1.2 * top)
        self.plot.show_lines(lines)
        self.status.setText(f"{self._rows[kind].divergence.title}: {self._about(kind)}")

    def _about(self, kind: str) -> str:
        """In words, what the best one does."""
        if not self._can_fit():
            return "points have no density; choose another kind of p in the first tab"
        if kind not in self._best:
            return "the best Gaussian is being looked for …"
        found = self._best[kind]
        if found is None:
            return "infinite for every Gaussian"
        widths = found.q.deviation / self._p.deviation
        seeks = "spreads over all of p (mean-seeking)" if widths > 0.85 else "keeps to a part of p (mode-seeking)"
        numbers = f"mean {found.q.mean:.2f}, width {found.q.deviation:.2f}".replace("-", "−")
        return f"{numbers}: it {seeks}{self._elsewhere(kind, found)}"

    def _elsewhere(self, kind: str, best: Optimum) -> str:
        """Training goes downhill from q, and a divergence may have a valley at each hill of p."""
        one = self._trained.get(kind)
        if one is None or one.step < one.steps or one.exact <= ELSEWHERE * best.divergence:
            return ""
        return ". The trained one went downhill from q into another valley: move q, and try again"

    def _choose(self, row: int, _column: int, before: int, _before: int) -> None:
        if row != before and row >= 0 and self._p is not None:
            self.stream.stop()
            self.path.show_lines([])
            self._ask_for_next()
            self._show_plots()

    # --- training ---

    def _press(self) -> None:
        if self.stream.is_running:
            self.stream.stop()
        else:
            self.train()

    def train(self) -> None:
        if not self._can_fit():
            return
        q = self.bench.pair.q
        start = Gaussian(q.mean, max(q.deviation, 0.1))
        self._training, self._steps = self.kind(), []
        self.stream.start(train_fit(self._p, self._rows[self._training], start, XS))
        self.button.setText("Stop")
        theme.tint(self.button, "stop")

    def _show_progress(self, news: list[Any]) -> None:
        self._trained[self._training] = news[-1]
        self._steps += [(one.step, one.q.mean, one.q.deviation) for one in news]
        self._tell(self._training)
        self._show_plots()
        steps, means, deviations = np.array(self._steps, float).T
        self.path.x_range = (0.0, max(100.0, float(steps[-1])))
        goal = self._best.get(self._training)
        self.path.levels = [(goal.q.mean, ""), (goal.q.deviation, "")] if goal else []
        values = np.concatenate([means, deviations, [level for level, _ in self.path.levels]])
        low, high = float(values.min()) - 0.3, float(values.max())
        self.path.set_y_range(low, high + ROOM * (high - low))
        self.path.show_lines([Line(steps, means, of_t, "mean"), Line(steps, deviations, of_t, "width", dashed=True)])

    def _show_stopped(self) -> None:
        self.button.setText("Train")
        theme.tint(self.button, "play")


def table_of(alpha: float) -> list[FRow]:
    """All rows but the GAN's, whose optimum is Jensen-Shannon's."""
    return [row for row in rows(alpha) if row.offset == 0]
