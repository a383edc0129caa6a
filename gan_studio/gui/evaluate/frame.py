"""The widgets of the Evaluate tab, and their layout: how it is measured, the verdict over the pages, one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QWidget,
)

from .. import theme
from ..choice_boxes import doing_label, menu_tool, run_box, step_box
from ..commands import Commands
from ..room import PanedRoom, bar_row, empty_column, put
from ..session import Session
from ..widgets.work_bar import WorkBar

if TYPE_CHECKING:
    from ..widgets.notice import Notices
    from .measure_panel import MeasurePanel
    from .page import Page
    from .step_panel import StepPanel

STAR = 22  # pixels
NOTHING = "Is it any good? Choose a run above, and press Evaluate."
NO_RUNS = "No run has begun yet. Train one in the Train tab; or drop a run, or a folder of pictures, here."


class EvaluateFrame(PanedRoom):
    widths = (250, 790, 270)  # of the form, the pages and the step at first
    measure: MeasurePanel
    seen: StepPanel

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self._build()

    # --- at once ---

    def _build(self) -> None:
        below = empty_column()
        for part in (self._headline(), self.splitter, self._progress()):
            put(part, below)
        self.splitter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.lay_out(self._top(), below)
        self.splitter.setStretchFactor(1, 3)  # of a large screen both have their share
        self.splitter.setStretchFactor(2, 1)
        self.pages = QTabWidget(documentMode=True)
        self.pages.setAccessibleName("Pages of the evaluation")
        put(self.pages, self.centre)

    def _top(self) -> QHBoxLayout:
        tip = "Open what is to be evaluated: a run's folder, a folder of pictures, a generator's file"
        self.open_tool, self.open_menu = menu_tool(tip)
        self.runs = run_box("Run to evaluate", "What is evaluated; the newest run is first.")
        tip = "Which checkpoints: the newest, the one next to the best samples, every one, or that of a step"
        self.steps = step_box("Checkpoints to evaluate", tip, letters=16)
        self.said = doing_label()
        row = bar_row()
        row.setSpacing(6)
        for widget in (self.open_tool, self.runs, self.steps):
            widget.setEnabled(False)
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self.said, 1)
        return row

    def _headline(self) -> QWidget:
        """Which step is best, and by what it is judged."""
        self.head = QFrame()
        self.head.setAutoFillBackground(True)
        self.head.setBackgroundRole(QPalette.ColorRole.Base)
        self.star_label = QLabel()
        self.star_label.setFixedSize(STAR, STAR)
        self.verdict = QLabel(NOTHING, textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        font = self.verdict.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.verdict.setFont(font)
        self.best_button = QPushButton("Look at it")
        self.best_button.setToolTip("Show the samples of the best step.")
        self.by_label = QLabel("by")
        self.by = QComboBox()
        self.by.setAccessibleName("Measure that judges")
        self.by.setToolTip("By which measure the best step is chosen")
        self.by.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.by.setMinimumContentsLength(22)
        self.by_label.setBuddy(self.by)
        row = QHBoxLayout(self.head)
        row.setContentsMargins(10, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self.star_label)
        row.addWidget(self.verdict, 1)
        for widget in (self.best_button, self.by_label, self.by):
            row.addWidget(widget)
            widget.hide()
        return self.head

    def _progress(self) -> QWidget:
        self.working = WorkBar("Progress of the evaluation", "Stop it; what has been measured stays.")
        self.cancel_button = self.working.cancel_button
        self.doing = self.working.doing
        return self.working

    # --- later ---

    def build_sides(self) -> Iterator[None]:
        from .measure_panel import MeasurePanel
        from .step_panel import StepPanel

        yield
        self.measure = MeasurePanel()
        yield
        self.seen = StepPanel()
        for part, widget in ((self.left, self.measure), (self.right, self.seen)):
            scroll = QScrollArea(widgetResizable=True)
            scroll.setFrameShape(QScrollArea.Shape.NoFrame)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            scroll.setWidget(widget)
            part.setMinimumWidth(190)
            put(scroll, part)
        theme.tint(self.open_tool, "folder-open-outline")
        theme.tint(self.best_button, "eye-outline")
        theme.changed.connect(self._draw_star)
        self._draw_star()
        yield

    def add_page(self, page: Page) -> None:
        self.pages.addTab(page, page.title)
        self.pages.setTabToolTip(self.pages.count() - 1, page.tip)

    def _draw_star(self) -> None:
        size = QSize(STAR, STAR)
        there = self.best_button.isVisibleTo(self)
        name, colour = ("star", theme.colours().warning) if there else ("star-outline", theme.colours().muted)
        self.star_label.setPixmap(theme.icon(name, colour).pixmap(size, self.devicePixelRatioF()))

    def show_verdict(self, sentence: str, is_best: bool, tip: str = "") -> None:
        """`is_best`: it names a best step."""
        self.verdict.setText(sentence)
        self.verdict.setToolTip(tip)
        self.best_button.setVisible(is_best)
        self._draw_star()
