"""The second tab of the divergence bench: one f-divergence laid open, and a critic that learns it while one watches."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ...theory.bound import Bound, raise_bound
from ...theory.f_table import FRow, optimal_d, rows
from .. import theme
from ..widgets.chart import Chart, Line, muted, of_p, of_q, of_t
from .density_plot import outline
from .measure_table import number
from .part import Part
from .shapes import X_RANGE, Pair

if TYPE_CHECKING:
    from .divergence import DivergenceBench

U = np.linspace(0, 4, 201)
V = np.linspace(-4, 4, 201)
T_AXIS = np.linspace(-4, 4, 401)
XS = np.linspace(*X_RANGE, 321)
SEEN = 1e-3  # a density below this share of the highest is no reason to make room for T there
LEGEND = "Drawn for this f: dotted is where p and q are alike, u = 1 and T = f'(1)."


class CriticTab(Part):
    """Shows the row of the table that is chosen; `Train` lets a small critic raise F towards D_f."""

    def __init__(self, bench: DivergenceBench):
        super().__init__(bench)
        self._rows = {row.divergence.kind: row for row in rows(bench.alpha())}
        self._bounds: list[tuple[int, float]] = []  # (step, F) of the training that is shown
        self._learned: Bound | None = None  # T and D at XS
        self._exact = np.nan
        self.stream = bench.new_stream()
        self.stream.told.connect(self._show_progress)
        self.stream.ended.connect(self._show_stopped)
        self.choice = QComboBox()
        self.choice.setAccessibleName("f-divergence")
        self.choice.setToolTip("Which f-divergence the critic learns")
        for kind, row in self._rows.items():
            self.choice.addItem(str(row.divergence.title), kind)
        self.choice.setCurrentIndex(self.choice.findData("jensen-shannon"))
        self.choice.currentIndexChanged.connect(self._change)
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.setToolTip("Train a small critic T from scratch on these densities; it stops when they are changed")
        self.button.clicked.connect(self._press)
        self.as_d = QCheckBox("As &D")
        self.as_d.setToolTip("Draw D = p/(p + q), how probably x is real, instead of T; best T and best D say the same")
        self.as_d.toggled.connect(self._show_critic)
        self.status = QLabel()
        self.status.setToolTip("F is never above D_f, and reaches it where T is the best one")
        self._lay_out()
        self._show_stopped()

    # --- how it is laid out ---

    def _lay_out(self) -> None:
        self.formulas = {
            name: QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
            for name in ("f(u)", "f*(t)", "T = g(v)", "f'(1)", "best T", "D_f")
        }
        form = QFormLayout()
        form.setVerticalSpacing(3)
        for name, label in self.formulas.items():
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            form.addRow(name, label)
        self.f = Chart("f", "u = p/q", "f(u)")
        self.f.x_range = (0.0, 4.0)
        self.conjugate = Chart("The conjugate of f", "t", "f*(t)")
        self.conjugate.x_range = (-4.0, 4.0)
        self.activation = Chart("The output activation", "v, what the network says", "T = g(v)")
        self.activation.x_range = (-4.0, 4.0)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        for chart in (self.f, self.conjugate, self.activation):
            chart.setToolTip(LEGEND)
            column.addWidget(chart, 1)
        self.critic = Chart("The best critic and the one that learns", y_title="")
        self.critic.x_range = X_RANGE
        self.critic.setToolTip("T over x: what is best, f'(p/q), and what has been learned; p and q lie beneath")
        self.bound = Chart("The bound F over the steps", "step", "F")
        self.bound.empty = "Train a critic, and watch F rise towards D_f."
        right = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        right.addWidget(self.critic)
        right.addWidget(self.bound)
        right.setSizes([300, 240])
        across = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        across.addWidget(left)
        across.addWidget(right)
        across.setStretchFactor(1, 1)
        across.setSizes([280, 500])
        bar = QHBoxLayout()
        label = QLabel("&Divergence")
        label.setBuddy(self.choice)
        for widget in (label, self.choice, self.button, self.as_d):
            bar.addWidget(widget)
        bar.addWidget(self.status, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(bar)
        layout.addWidget(across, 1)

    # --- what is shown ---

    def row(self) -> FRow:
        return self._rows[str(self.choice.currentData())]

    def choose(self, kind: str) -> None:
        self.choice.setCurrentIndex(self.choice.findData(kind))

    def kinds(self) -> list[str]:
        return list(self._rows)

    def show_pair(self, pair: Pair) -> None:
        """Other densities: what was learned of the last ones is gone."""
        self.stream.stop()
        self._rows = {row.divergence.kind: row for row in rows(self.bench.alpha())}
        self._bounds, self._learned, self._exact = [], None, np.nan
        self.bench.ask("D_f", partial(self.row().value, pair.p, pair.q), self._show_exact)
        self._show_row()
        self._show_critic()
        self._show_bound()

    def pause(self) -> None:
        self.stream.stop()

    def _change(self) -> None:
        self.show_pair(self.bench.pair)

    def _show_row(self) -> None:
        row = self.row()
        formulas = row.formulas
        at_one = f"{row.threshold:.4g}: above it, D takes x for real"
        texts = (formulas.f, formulas.conjugate, formulas.activation, at_one, formulas.optimal, formulas.measure)
        for label, text in zip(self.formulas.values(), texts, strict=True):
            label.setText(text.replace("-", "−") if text is at_one else text)
        draw(self.f, U, row.f(U))
        draw(self.conjugate, T_AXIS, row.conjugate(T_AXIS))
        draw(self.activation, V, row.activation(V))
        self.f.cursor_x, self.conjugate.cursor_x = 1.0, row.threshold
        self.activation.levels = [(row.threshold, "f'(1)")]

    def _show_critic(self) -> None:
        """The best T and the learned one, over p and q; or D."""
        if self.as_d.isChecked():
            best = optimal_d(self.bench.pair.p, self.bench.pair.q, XS)
            learned = None if self._learned is None else self._learned.d
            self._draw_critic("D", "best D = p/(p + q)", best, learned, (-0.05, 1.3), (0.5, "½"))
            return
        row = self.row()
        best = row.optimal(self.bench.pair.p, self.bench.pair.q, XS)
        learned = None if self._learned is None else self._learned.t
        self._draw_critic("T", "best T = f'(p/q)", best, learned, self._reach(best), (row.threshold, "f'(1)"))

    def _reach(self, best: np.ndarray) -> tuple[float, float]:
        """Where T is seen, of places that p or q has something at."""
        pair, row = self.bench.pair, self.row()
        weight = pair.p.pdf(XS) + pair.q.pdf(XS)
        matters = best[(weight > SEEN * weight.max(initial=0)) & np.isfinite(best)]
        if not len(matters):
            matters = np.array([row.threshold - 1, row.threshold + 1])
        low, high = float(np.quantile(matters, 0.02)), float(np.quantile(matters, 0.98))
        room = 0.25 * max(high - low, 0.5)
        return low - room, high + room

    def _draw_critic(
        self,
        letter: str,
        title: str,
        best: np.ndarray,
        learned: np.ndarray | None,
        reach: tuple[float, float],
        level: tuple[float, str],
    ) -> None:
        pair, (bottom, top) = self.bench.pair, reach
        self.critic.set_y_range(bottom, top)
        tallest = 0.4 * (top - bottom)
        beneath = [
            Line(x, bottom + tallest * y / max(float(y.max(initial=0)), 1e-9), colour, filled=True)
            for density, colour in ((pair.p, of_p), (pair.q, of_q))
            for x, y in [outline(density)]
        ]
        lines = [Line(XS, np.where(np.isfinite(best), best, np.nan), muted, title)]
        if learned is not None:
            lines.append(Line(XS, learned, of_t, f"learned {letter}"))
        self.critic.levels = [level]
        self.critic.show_lines([*beneath, *lines])

    def _show_bound(self) -> None:
        steps = np.array([step for step, _ in self._bounds], float)
        bounds = np.array([bound for _, bound in self._bounds], float)
        self.bound.x_range = (0.0, max(100.0, float(steps.max(initial=0))))
        finite = np.append(bounds[np.isfinite(bounds)], 0.0)
        goal = self._exact if np.isfinite(self._exact) else float(finite.max())
        low = min(float(np.quantile(finite, 0.1)), goal - 0.3)
        span = max(goal - low, 0.1)
        self.bound.set_y_range(low - 0.05 * span, max(goal, float(finite.max())) + 0.2 * span)
        self.bound.levels = [(goal, f"D_f = {number(self._exact)}")] if np.isfinite(self._exact) else []
        self.bound.show_lines([Line(steps, bounds, of_t, "F")] if len(steps) > 1 else [])
        self._say()

    def _say(self) -> None:
        exact = f"D_f = {number(self._exact)}"
        if not self._bounds:
            self.status.setText(exact)
            return
        step, bound = self._bounds[-1]
        share = f", {bound / self._exact:.1%} of it" if np.isfinite(self._exact) and self._exact > 1e-9 else ""
        self.status.setText(f"{exact}   F = {number(bound)}{share}   step {step:,}")

    def _show_exact(self, value: float) -> None:
        self._exact = value
        self._show_bound()

    # --- the critic that learns ---

    def _press(self) -> None:
        if self.stream.is_running:
            self.stream.stop()
        else:
            self.train()

    def train(self) -> None:
        self._bounds, self._learned = [], None
        self.stream.start(raise_bound(self.bench.pair.p, self.bench.pair.q, self.row(), XS))
        self.button.setText("Stop")
        theme.tint(self.button, "stop")

    def _show_progress(self, news: list[Any]) -> None:
        self._bounds += [(one.step, one.bound) for one in news]
        self._learned = news[-1]
        self._show_critic()
        self._show_bound()

    def _show_stopped(self) -> None:
        self.button.setText("Train")
        theme.tint(self.button, "play")


def draw(chart: Chart, x: np.ndarray, y: np.ndarray) -> None:
    """One line, with a range in which its course is seen although it may go to infinity."""
    y = np.where(np.isfinite(y), y, np.nan)
    finite = y[np.isfinite(y)]
    low, high = (float(np.quantile(finite, q)) for q in (0.0, 0.94)) if len(finite) else (0.0, 1.0)
    low = max(low, -6.0)
    high = min(max(high, low + 0.5), 8.0)
    room = 0.08 * (high - low)
    chart.set_y_range(low - room, high + room)
    chart.show_lines([Line(x, np.clip(y, low - 100, high + 100), of_t)])
