"""The page of smoothness: walks between latents, their pictures, and how even the steps are to the eye."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...jobs.closely import Close
from ...jobs.smoothness import JUMP, Smoothness, Way, smoothness
from .. import theme
from ..widgets.chart import Chart, Line, of_q
from ..widgets.image_grid import ImageGrid
from ..widgets.quiet_table import quiet_table
from .closer_page import CloserPage
from .desk import Desk

NO_LATENTS = "Only a generator has latents to walk between; choose a run that generates, or a generator's file."
COLUMNS_OF_STRIP = 10
COLUMNS = {
    "Walk": "From the latent of one seed to that of another",
    "Longest step": f"By the mean step: from {JUMP:g} on it is a jump",
    "Unevenness": "Standard deviation of the steps by their mean: 0 is even",
    "Length": "Of the way to the eye, by the usual distance of two real pictures",
}


class SmoothnessPage(CloserPage):
    title = "Smoothness"
    tip = "Walks between latents: even steps, or pictures learnt by heart with jumps between them"
    name = "smoothness"
    about = "Walks from latent to latent, and whether the pictures change evenly on the way, are seen here."

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.told = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.found: Smoothness | None = None
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Walks")
        self.table.setAccessibleDescription(
            "Arrow keys choose the walk that is shown; that with the longest step is first."
        )
        quiet_table(self.table, COLUMNS)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.currentCellChanged.connect(self._choose)
        self.strip = ImageGrid("")
        self.strip.setAccessibleName("Pictures of the walk")
        self.strip.setToolTip("The walk, row by row from the first latent to the second")
        self.chart = StepChart()
        self.chart.pointed.connect(self._point)
        below = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        for part in (self.table, self.strip, self.chart):
            below.addWidget(part)
            below.setStretchFactor(below.count() - 1, 1)
        below.setSizes([150, 230, 150])
        column_of = QVBoxLayout(self.body)
        column_of.setContentsMargins(8, 8, 8, 8)
        column_of.setSpacing(6)
        column_of.addWidget(self.told)
        column_of.addWidget(below, 1)
        QWidget.setTabOrder(self.table, self.strip)
        theme.changed.connect(self._fill)

    def lacking(self, close: Close) -> str:
        return "" if close.snapshot else NO_LATENTS

    def work(self, close: Close) -> Generator[Any, None, Smoothness]:
        return (yield from smoothness(close))

    def show_found(self, value: Smoothness, is_done: bool) -> None:
        self.found = value
        self.told.setText(value.told())
        self._fill()
        self.table.setCurrentCell(0, 0)
        self._show_way(value.ways[0])

    def way(self) -> Way | None:
        row = self.table.currentRow()
        return self.found.ways[row] if self.found and 0 <= row < len(self.found.ways) else None

    def _fill(self) -> None:
        if self.found is None:
            return
        self.table.setRowCount(len(self.found.ways))
        for row, way in enumerate(self.found.ways):
            first, second = way.seeds
            texts = (f"Seed {first} to {second}", f"{way.largest:.2f}", f"{way.unevenness:.2f}", f"{way.length:.2f}")
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                if column == 1 and way.largest >= JUMP:
                    item.setForeground(theme.colours().danger)
                self.table.setItem(row, column, item)

    def _choose(self, row: int, _column: int, before: int, _before: int) -> None:
        if row != before and (way := self.way()) is not None:
            self._show_way(way)

    def _show_way(self, way: Way) -> None:
        self.strip.show_images(way.pictures, COLUMNS_OF_STRIP)
        self.strip.set_caption("")
        self.chart.show_way(way)

    def _point(self, step: int) -> None:
        if way := self.way():
            self.strip.set_caption(
                f"Step {step + 1}: from picture {step + 1} to {step + 2}, {way.steps[step]:.3f} long"
            )


class StepChart(Chart):
    """The length of each step, over what even steps would be."""

    pointed = Signal(int)

    def __init__(self) -> None:
        super().__init__(
            "Lengths of the steps", x_title="step", y_title="length, by the usual distance of real pictures"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("Dashed: steps of even length. Click, or press Left and Right, to point at a step.")
        self._count = 0

    def show_way(self, way: Way) -> None:
        self._count = len(way.steps)
        x = np.repeat(np.arange(self._count + 1), 2)[1:-1] + 0.5
        self.x_range = (0.5, self._count + 0.5)
        mean = float(way.steps.mean())
        self.set_y_range(0.0, 1.35 * max(float(way.steps.max()), mean, 1e-9))
        self.levels = [(mean, "even")]
        self.cursor_x = None
        self.show_lines([Line(x, np.repeat(way.steps, 2), of_q, filled=True)])
        self.setAccessibleDescription(f"The longest step is {way.largest:.2f} times the mean.")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(round(self.place(event.position())[0]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._count:
            super().keyPressEvent(event)
        else:
            self._go(round(self.cursor_x or 0) + step)

    def _go(self, step: int) -> None:
        if self._count:
            self.cursor_x = float(min(max(step, 1), self._count))
            self.update()
            self.pointed.emit(round(self.cursor_x) - 1)
