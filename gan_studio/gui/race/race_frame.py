"""The widgets of the Race tab, and their layout: the lanes' form, the lanes, their league, and the words beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..choice_boxes import doing_label
from ..commands import Commands
from ..room import Room, bar_row, without_gaps
from ..session import Session

if TYPE_CHECKING:
    from ..computing import LatestWins
    from ..theory.words import WordsPane
    from ..widgets.notice import Notices
    from ..widgets.overlaid import OverlaidPlot
    from ..widgets.timeline import Timeline
    from .lane_view import LaneGrid
    from .league_table import LeagueTable

WIDTHS = (310, 620, 370)  # of the form, the lanes and the league at first
WORDS = 300  # pixels of the words at first
WIDE = 1500  # pixels of the room: with less, the words make room for a race
HEIGHTS = (260, 240)  # of the league and its plot
HINT = "Choose a base and two to eight lanes on the left. All see the same data, start from the same weights and race "
HINT += "in lock-step."
DISTANCE = (
    "Distance from the data",
    "W1 between samples and data, lower is better: exact on points, sliced on pictures",
    "all lanes",
    "Click to go to a step",
)


class RaceFrame(Room):
    grid: LaneGrid
    table: LeagueTable
    plot: OverlaidPlot
    timeline: Timeline
    words: WordsPane

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self._furnished = False
        self._panels = True  # are to be seen
        self._kept: dict[str, Any] = {}  # what is remembered of parts that are not built yet
        self._has_words = self._said_words = False  # not written before they are seen: formulas take a while
        self._folding = False  # the words, not by the user
        self._fitted = 0  # the number of lanes that the table was made to fit
        self._build()

    # --- at once ---

    def _build(self) -> None:
        self.left = QTabWidget(documentMode=True)
        self.left.setAccessibleName("Lanes and earlier races")
        self.left.setMinimumWidth(300)
        self.pages = QStackedWidget()
        self.nothing = self._empty_state()
        self.pages.addWidget(self.nothing)
        self.beside = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.beside.hide()  # until there is a race
        self.seen = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.seen.addWidget(self.pages)
        self.seen.addWidget(self.beside)
        self.seen.setStretchFactor(0, 1)
        right = QWidget()
        self.right = without_gaps(right)
        self.right.addWidget(self.seen, 1)
        self.aside = QWidget()  # for the words
        QVBoxLayout(self.aside).setContentsMargins(0, 0, 0, 0)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        for part in (self.left, right, self.aside):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.lay_out(self._bar(), self.splitter)
        self.reset_layout()

    def _bar(self) -> QHBoxLayout:
        bar = bar_row()
        self.start_button = self._button("race")
        self.stop_button = self._button("stop")
        self.queue_button = self._button("enqueue_race")
        for button in (self.start_button, self.stop_button, self.queue_button):
            bar.addWidget(button)
        bar.addSpacing(12)
        self.said = doing_label()
        bar.addWidget(self.said, 1)
        return bar

    def _button(self, id: str) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setDefaultAction(self.commands[id])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _empty_state(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        words = QLabel("The lanes will be drawn here, side by side.")
        start = self._button("race")
        start.setAutoRaise(False)
        column.addStretch(1)
        for widget in (words, start, QLabel(HINT)):
            if isinstance(widget, QLabel):
                widget.setForegroundRole(QPalette.ColorRole.PlaceholderText)
                widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
                widget.setWordWrap(True)
                column.addWidget(widget)
            else:
                column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    # --- later ---

    def build_views(self) -> None:
        """The lanes, their league, and the line of steps beneath."""
        from ..widgets.overlaid import OverlaidPlot
        from ..widgets.timeline import Timeline
        from .lane_view import LaneGrid
        from .league_table import LeagueTable

        self.grid, self.table, self.plot = LaneGrid(), LeagueTable(), OverlaidPlot(*DISTANCE)
        self.pages.addWidget(self.grid)
        self.beside.addWidget(self.table)
        self.beside.addWidget(self.plot)
        self.beside.setMinimumWidth(260)
        self.timeline = Timeline("Each sample step of the race becomes a place on this line.")
        self.timeline.branch_button.hide()  # a race has no branches
        self.timeline.draw_icons()
        self.right.addWidget(self.timeline)
        self.keep_foot(self.timeline.sizeHint().height())
        self._furnished = True
        self.reset_sizes()

    def build_words(self, latest: LatestWins) -> None:
        from ..theory.words import WordsPane

        self.words = WordsPane(latest)
        self.words.set_language(str(self._kept.get("language", self.words.language)))
        self.words.fold.turned.connect(self._words_turned)
        self._set_words_open(self._kept.get("words") is not False)
        layout = self.aside.layout()
        assert layout
        layout.addWidget(self.words)
        self._has_words = True
        if self.isVisible():
            self._write_words()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._write_words()

    def _write_words(self) -> None:
        if self._has_words and not self._said_words:
            self._said_words = True
            self.words.show_words("race")

    def _set_words_open(self, open_: bool) -> None:
        """Not by the user, whose wish is remembered."""
        self._folding = True
        self.words.set_open(open_)
        self._make_room(open_)
        self._folding = False

    def _words_turned(self, open_: bool) -> None:
        if not self._folding:
            self._kept["words"] = open_
            self._make_room(open_)

    def _make_room(self, open_: bool) -> None:
        """What folded words leave goes to the race, and comes back from it."""
        self.aside.setMaximumWidth(self.words.maximumWidth())
        left, right, words = self.splitter.sizes()
        words_then = max(words, WORDS) if open_ else self.words.maximumWidth()
        self.splitter.setSizes([left, right + words - words_then, words_then])

    # --- a race is shown, or none ---

    def show_views(self) -> None:
        """The table is as high as it has rows, until the user drags it."""
        if len(self.grid.views) != self._fitted:
            self._fitted = len(self.grid.views)
            high = self.table.height_of(self._fitted)
            self.beside.setSizes([high, max(high, self.seen.height() - high)])
        if self.pages.currentWidget() is not self.grid:
            self.pages.setCurrentWidget(self.grid)
            if self.width() < WIDE and not self._kept.get("words"):
                self._set_words_open(False)
        self.show_panels(self._panels)

    def show_no_views(self) -> None:
        self.pages.setCurrentWidget(self.nothing)
        self.show_panels(self._panels)
        if self._kept.get("words") is not False:
            self._set_words_open(True)

    # --- the window's wishes ---

    def save_layout(self) -> list[QByteArray]:
        kept = dict(self._kept)
        if self._has_words:
            kept["language"] = self.words.language
        return [self.splitter.saveState(), self.seen.saveState(), QByteArray(json.dumps(kept).encode())]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        if len(layout) != 3:
            return
        for splitter, state in zip((self.splitter, self.seen), layout, strict=False):
            splitter.restoreState(state)
        try:
            self._kept = dict(json.loads(bytes(layout[2].data())))
        except (ValueError, TypeError):
            self._kept = {}

    def show_panels(self, visible: bool) -> None:
        self._panels = visible
        self.left.setVisible(visible)
        self.aside.setVisible(visible)
        self.beside.setVisible(visible and self.pages.currentWidget() is not self.nothing)

    def reset_layout(self) -> None:
        left, centre, right = WIDTHS
        self.splitter.setSizes([left, centre + right, WORDS])
        self.seen.setSizes([centre, right])
        self.reset_sizes()

    def reset_sizes(self) -> None:
        self._fitted = 0
        self.beside.setSizes(list(HEIGHTS))
