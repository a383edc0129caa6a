"""The page over time: each measure of a run's checkpoints on the run's own time axis, the best with a star."""

from __future__ import annotations

import itertools
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ...jobs.verdict import Key, LeftOut, good_is, is_of, judge, left_out, left_out_told, measures_of, points_of
from ..widgets.fold import quiet
from .about import about_of
from .desk import Desk
from .page import Page
from .time_plot import TimePlot

NO_STEPS = "Folders and single files have no time axis: choose a run."
ONE = "One checkpoint is one point. Choose “Every checkpoint” above, and evaluate."
USUAL = "A star is the best step of its measure. Click a point to see its samples."
ALIKE = "Choose “Every checkpoint” above, and evaluate, to have all alike."
WIDE = 900  # pixels of the page that hold two plots side by side


class OverTimePage(Page):
    title = "Over time"
    tip = "Each measure of the checkpoints, with its intervals; a click shows the samples of a step"

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.plots: dict[Key, TimePlot] = {}
        self.inside = QWidget()
        self.grid = QGridLayout(self.inside)
        self.grid.setContentsMargins(8, 4, 8, 8)
        self.grid.setSpacing(8)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.inside)
        self.hint = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        self.hint.setContentsMargins(8, 0, 8, 0)
        column.addWidget(self.hint)
        column.addWidget(scroll, 1)

    def show_now(self) -> None:
        desk = self.desk
        if desk.subject is None:
            self.blank("Choose a run above, and how good it was from step to step is drawn here.")
            return
        if desk.subject.run is None:
            self.blank(NO_STEPS)
            return
        keys = [key for key in measures_of(desk.found) if points_of(desk.found, key)]
        if not keys:
            tip = "Choose “Every checkpoint” above first."
            self.blank("Nothing has been measured over time yet.", "Evaluate", tip, desk.reason)
            return
        self._keep(keys)
        others: LeftOut = {}
        for key, plot in self.plots.items():
            verdict = judge(desk.found, key)
            points = points_of(desk.found, key)
            others |= left_out(desk.found, points, partial(is_of, key))
            plot.show_points(points, desk.subject.last, verdict.best.step if verdict and len(points) > 1 else None)
            plot.look_at(desk.step)
            plot.setToolTip("")
            plot.y_title = f"{key[1]}: {good_is(points[0].number)}"
        alone = all(len(plot.points) < 2 for plot in self.plots.values())
        hint = ONE if alone and not others else USUAL
        self.hint.setText(f"{left_out_told(others)} {ALIKE}" if others else hint)
        self.fill()

    def _keep(self, keys: list[Key]) -> None:
        """A plot for each; those that stay are not made anew."""
        for key in [key for key in self.plots if key not in keys]:
            plot = self.plots.pop(key)
            self.grid.removeWidget(plot)
            plot.hide()
            plot.deleteLater()
        for key in keys:
            if key not in self.plots:
                plot = self.plots[key] = TimePlot(key[1])
                plot.setAccessibleName(f"{key[1]} over the steps")
                plot.picked.connect(self.desk.look_at)
                plot.setWhatsThis(about_of(key[0]))
        self.plots = {key: self.plots[key] for key in keys}
        self._lay_out()

    def _lay_out(self) -> None:
        """Side by side where there is room; in the order of the Tab key."""
        columns = 2 if self.width() >= WIDE and len(self.plots) > 1 else 1
        for place, plot in enumerate(self.plots.values()):
            self.grid.addWidget(plot, place // columns, place % columns)
            plot.show()
        self.grid.setColumnStretch(1, 1 if columns == 2 else 0)
        self.grid.setColumnStretch(0, 1)
        for before, after in itertools.pairwise(self.plots.values()):
            QWidget.setTabOrder(before, after)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()
