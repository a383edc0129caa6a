"""The widgets of the Train tab, and their layout: three columns, the timeline beneath two of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSplitter,
    QStackedLayout,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..commands import Commands
from ..room import Room, bar_row, without_gaps
from ..session import Session
from ..widgets.timeline import Timeline
from .doctor_sign import DoctorSign
from .results_panel import ResultsPanel
from .settings_panel import SettingsPanel

if TYPE_CHECKING:
    from ..widgets.curves import CurvesView
    from ..widgets.notice import Notices

WIDTHS = (330, 640, 390)  # of the three columns at first
EMPTY = "The curves of the training will be drawn here."
HINT = "Choose a preset on the left, or drop a folder of pictures on the window."


class TrainFrame(Room):
    curves: CurvesView

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self._layout: dict[str, Any] = {}  # what is remembered of parts that are not built yet
        self._build()

    def _build(self) -> None:
        self.settings = SettingsPanel()
        self.results = ResultsPanel()
        self.timeline = Timeline()
        self.left = QTabWidget(documentMode=True)
        self.left.setAccessibleName("Settings and runs")
        self.left.addTab(self.settings, "Settings")
        self.centre = QWidget()
        self.pages = QStackedLayout(self.centre)
        self.nothing = self._empty_state()
        self.pages.addWidget(self.nothing)
        self.seen = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.seen.addWidget(self.centre)
        self.seen.addWidget(self.results)
        self.seen.setStretchFactor(0, 3)  # of a large screen both have their share
        self.seen.setStretchFactor(1, 2)
        right = QWidget()
        column = without_gaps(right)
        column.addWidget(self.seen, 1)
        column.addWidget(self.timeline)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.splitter.addWidget(self.left)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        self.left.setMinimumWidth(240)
        self.results.setMinimumWidth(160)
        self.reset_layout()
        self.lay_out(self._bar(), self.splitter)

    def _bar(self) -> QHBoxLayout:
        """Start, step, stop; what is trained, and what was forecast."""
        bar = bar_row()
        self.start_button = self._button("start")
        self.step_button = self._button("step")
        menu = QMenu(self.step_button)
        menu.setToolTipsVisible(True)
        menu.addActions([self.commands[id] for id in ("step", "step_d", "step_g")])
        self.step_button.setMenu(menu)
        self.step_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        more = self._button("enqueue", "fresh", "branch")
        for widget in (self.start_button, self.step_button, self._button("stop")):
            bar.addWidget(widget)
        bar.addSpacing(12)
        for widget in (self._button("sample_now"), self._button("save_now"), more):
            bar.addWidget(widget)
        bar.addSpacing(12)
        self.forecast = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.forecast.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.forecast.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.forecast.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.forecast.setToolTip("What the dry run before the start measured and picked")
        bar.addWidget(self.forecast, 1)
        self.doctor = DoctorSign(self.session)
        bar.addSpacing(8)
        bar.addWidget(self.doctor)
        return bar

    def _empty_state(self) -> QWidget:
        """What will be here, and the one thing to do next; `show_empty` says which."""
        page = QWidget()
        column = QVBoxLayout(page)
        self.empty_words = QLabel(EMPTY, textFormat=Qt.TextFormat.PlainText)
        self.hint = QLabel(HINT, textFormat=Qt.TextFormat.PlainText)
        for label in (self.empty_words, self.hint):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty_start, self.empty_queue = self._button("start"), self._button("enqueue")
        self.empty_show = QToolButton()
        self.empty_show.setText("Show it")
        self.empty_show.setToolTip("Look at the run that is in training.")
        self.empty_show.setAccessibleName("Show the run in training")
        self.empty_show.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.empty_start, self.empty_show, self.empty_queue):
            button.setAutoRaise(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addStretch(1)
        column.addWidget(self.empty_words)
        column.addLayout(buttons)
        column.addWidget(self.hint)
        column.addStretch(1)
        self.show_empty("", HINT)
        return page

    def show_empty(self, training: str, hint: str, can_be_shown: bool = False) -> None:
        """`training` is the title of what trains while something else is prepared here, "" where nothing does."""
        wait = f"“{training}” is in training. What you prepare here can wait in the queue."
        self.empty_words.setText(wait if training else EMPTY)
        self.hint.setText(hint)
        self.empty_start.setVisible(not training)
        self.empty_queue.setVisible(bool(training))
        self.empty_show.setVisible(bool(training) and can_be_shown)

    def _button(self, id: str, *others: str) -> QToolButton:
        """A button for a command; further ones fold out of it."""
        button = QToolButton(autoRaise=True)
        button.setDefaultAction(self.commands[id])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if others:
            menu = QMenu(button)
            menu.setToolTipsVisible(True)
            menu.addActions([self.commands[other] for other in others])
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.keep_foot(self.timeline.sizeHint().height())

    # --- the layout ---

    def save_layout(self) -> list[QByteArray]:
        splitters = [splitter.saveState() for splitter in (self.splitter, self.seen, self.settings.splitter)]
        return [*splitters, QByteArray(json.dumps(self._parts()).encode())]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        if len(layout) < 4:  # of an earlier version
            return
        for splitter, state in zip((self.splitter, self.seen, self.settings.splitter), layout, strict=False):
            splitter.restoreState(state)
        try:
            self._layout = dict(json.loads(bytes(layout[3].data())))
        except (ValueError, TypeError):
            self._layout = {}

    def _parts(self) -> dict[str, Any]:
        """What was chosen in the parts; as it was kept where they are not built yet."""
        if self.results.pages.count() < 2:
            return self._layout
        return {
            "curves": bytes(self.curves.save_state().data()).decode(),
            "layers": self.results.points.layers(),
            "raw": self.results.wants_raw,
            "speed": self.timeline.speed.currentIndex(),
            "repeat": self.timeline.loop.isChecked(),
        }

    def restore_parts(self) -> None:
        kept = self._layout
        if "curves" in kept:
            self.curves.restore_state(str(kept["curves"]).encode())
        if "layers" in kept:
            self.results.points.set_layers(kept["layers"])
        self.results.set_raw(bool(kept.get("raw")))
        self.timeline.speed.setCurrentIndex(kept.get("speed", self.timeline.speed.currentIndex()))
        self.timeline.loop.setChecked(bool(kept.get("repeat")))

    def show_panels(self, visible: bool) -> None:
        self.left.setVisible(visible)
        self.results.setVisible(visible)

    def reset_layout(self) -> None:
        left, centre, results = WIDTHS
        self.splitter.setSizes([left, centre + results])
        self.seen.setSizes([centre, results])
        self.left.setCurrentIndex(0)
        if self.results.pages.count() > 1:
            self.curves.reset_heights()
