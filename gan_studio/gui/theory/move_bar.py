"""Plays how a plan is carried out, or shows the moment that the slider is put to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from ...theory.transport import Flows, Frame, Problem, in_turn, together
from .. import theme

NOTCHES = 1000
FRAME_MS = 25
ALL_S = 2.5  # everything at once
TURN_S, MOST_S = 0.45, 14.0  # an arrow in turn; all of them
HICCUP_S = 0.2  # a window that was busy for longer does not jump


@dataclass(frozen=True)
class Way:
    title: str
    about: str
    at: Callable[[Problem, Flows, float], Frame]
    seconds: Callable[[int], float]  # for so many arrows


WAYS = {
    "together": Way("All together", "Everything moves at once", together, lambda arrows: ALL_S),
    "turns": Way(
        "One after another",
        "One arrow after the other; what may stay is where it is to be",
        in_turn,
        lambda arrows: min(max(ALL_S, TURN_S * arrows), MOST_S),
    ),
}


class MoveBar(QWidget):
    """`arrows` is how many loads there are; `moved` tells that another moment, or way, is to be shown."""

    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.arrows = 1
        self.play = QToolButton(autoRaise=True)
        self.play.setAccessibleName("Play")
        self.play.clicked.connect(self.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, NOTCHES)
        self.slider.setSingleStep(NOTCHES // 50)
        self.slider.setPageStep(NOTCHES // 10)
        self.slider.setAccessibleName("How far the earth has moved")
        self.slider.setToolTip("How far the earth has moved: 0 lies on p, 1 on q. Drag to look at any moment")
        self.slider.setMinimumWidth(80)
        self.slider.valueChanged.connect(self._slid)
        self.share = QLabel()
        self.share.setMinimumWidth(self.share.fontMetrics().horizontalAdvance("t = 0.00") + 4)
        self.ways = QComboBox()
        self.ways.setAccessibleName("In which order the earth moves")
        self.ways.setToolTip("In which order the earth moves")
        for id, way in WAYS.items():
            self.ways.addItem(way.title, id)
            self.ways.setItemData(self.ways.count() - 1, way.about, Qt.ItemDataRole.ToolTipRole)
        self.ways.currentIndexChanged.connect(self.moved)
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self._play_on)
        self._place, self._played_at = 0.0, 0.0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.play, self.slider, self.share, self.ways):
            row.addWidget(widget, int(widget is self.slider))
        self._slid()
        self._show_state()

    def t(self) -> float:
        return self.slider.value() / NOTCHES

    def way(self) -> Way:
        return WAYS[str(self.ways.currentData())]

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        if self.is_playing:
            self.pause()
        else:
            self.start()

    def start(self) -> None:
        """From here, or from the beginning where this is the end."""
        if self.slider.value() == NOTCHES:
            self.slider.setValue(0)
        self._place, self._played_at = self.t(), time.monotonic()
        self._timer.start()
        self._show_state()

    def pause(self) -> None:
        self._timer.stop()
        self._show_state()

    def go_to(self, t: float) -> None:
        self.pause()
        self.slider.setValue(round(t * NOTCHES))

    def _play_on(self) -> None:
        now = time.monotonic()
        if self.slider.isSliderDown() or abs(self._place - self.t()) > 1.5 / NOTCHES:
            self._place = self.t()  # the user took it elsewhere
        self._place += min(now - self._played_at, HICCUP_S) / self.way().seconds(self.arrows)
        self._played_at = now
        if not self.slider.isSliderDown():
            self.slider.setValue(round(min(self._place, 1.0) * NOTCHES))
        if self.slider.value() == NOTCHES:
            self.pause()

    def _slid(self) -> None:
        self.share.setText(f"t = {self.t():.2f}")
        self.moved.emit()

    def _show_state(self) -> None:
        playing = self.is_playing
        theme.tint(self.play, "pause" if playing else "play")
        self.play.setToolTip("Let it rest" if playing else "Let the earth move as the plan says")
        self.play.setAccessibleName("Pause" if playing else "Play")
