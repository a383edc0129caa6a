"""What is chosen of a game, and how it is played: data, objective and penalty; play, step, reset; speed; whose turn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ...data.toy2d import DISTRIBUTIONS
from ...objectives import OBJECTIVES
from ...penalties import PENALTIES
from ...registry import Registry
from ...theory.playground import Playground
from ...theory.step_story import PLAYERS
from .. import theme
from ..widgets.entry_box import EntryBox
from ..widgets.toggle import Toggle

ANEW = "Another one begins a new game"
SHELVES: dict[str, tuple[str, Registry[Any]]] = {  # {key of the words: (label, shelf)}
    "data": ("&Data", DISTRIBUTIONS),
    "objective": ("&Objective", OBJECTIVES),
    "penalty": ("Pe&nalty", PENALTIES),
}
NONE = "none"  # no penalty
ENTRIES = {key: tuple(shelf) for key, (_, shelf) in SHELVES.items()}  # now: this file is imported on a thread


@dataclass(frozen=True)
class Speed:
    title: str
    about: str
    rest_ms: int  # between two steps, or for each sentence of a phase; 0: no rest
    by_phases: bool = False


SPEEDS = {
    "slow": Speed("Slow motion", "Each step in its phases, told in words", 2200, by_phases=True),
    "calm": Speed("A step a second", "Each step told in words", 1000),
    "brisk": Speed("Ten steps a second", "As long as each step can be followed", 100),
    "full": Speed("Full speed", "As fast as it goes; what is seen is brought up to date all the time", 0),
}
TURNS = {
    "both": ("&Both", "Both players take their steps", PLAYERS),
    "D": ("D on&ly", "Only D learns; G stands still, so that D can catch up with it", ("D",)),
    "G": ("&G only", "Only G learns; D stands still, so that its map stays as it is", ("G",)),
}


class GameBar(QWidget):
    chosen = Signal(str, str)  # (key of the words, kind)
    play_wanted = Signal(bool)
    step_wanted = Signal()
    reset_wanted = Signal()
    speed_chosen = Signal()
    turn_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_playing = False
        self.choices = {key: self._choice(key) for key in SHELVES}
        self._make_transport()
        self._make_turns()
        self.status = StatusText()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addLayout(self._first_row())
        rows.addLayout(self._second_row())
        self.show_playing(False)

    def _choice(self, key: str) -> QComboBox:
        box = EntryBox(SHELVES[key][0].replace("&", ""))
        if key == "penalty":
            box.addItem("None", NONE)
        box.add(ENTRIES[key])
        box.activated.connect(partial(self._choose, key))
        return box

    def _make_transport(self) -> None:
        self.play = QPushButton()
        self.play.clicked.connect(self._press_play)
        self.step = QPushButton("&Step")
        self.step.setToolTip("One step; in slow motion, its next phase")
        self.step.clicked.connect(self.step_wanted)
        theme.tint(self.step, "skip-next")
        self.reset = QPushButton("Rese&t")
        self.reset.setToolTip("Back to the first weights")
        self.reset.clicked.connect(self.reset_wanted)
        theme.tint(self.reset, "restart")
        for button in (self.play, self.step, self.reset):
            button.setAutoDefault(False)
        self.speeds = QComboBox()
        self.speeds.setAccessibleName("Speed")
        for id, speed in SPEEDS.items():
            self.speeds.addItem(speed.title, id)
            self.speeds.setItemData(self.speeds.count() - 1, speed.about, Qt.ItemDataRole.ToolTipRole)
        self.speeds.currentIndexChanged.connect(self._choose_speed)
        self.set_speed("full")

    def _make_turns(self) -> None:
        self.turns = QButtonGroup(self)
        for number, (text, tip, _) in enumerate(TURNS.values()):
            button = Toggle(text, tip)
            button.setFixedWidth(button.fontMetrics().horizontalAdvance(text) + 22)
            self.turns.addButton(button, number)
        self.turns.button(0).setChecked(True)
        self.turns.idClicked.connect(self._choose_turn)

    def _first_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for key, box in self.choices.items():
            label = QLabel(SHELVES[key][0])
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 4 if key == "data" else 5)  # whose titles are shorter
        return row

    def _second_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (self.play, self.step, self.reset, self.speeds):
            row.addWidget(widget)
        row.addSpacing(6)
        turns = QHBoxLayout()
        turns.setSpacing(0)
        for button in self.turns.buttons():
            turns.addWidget(button)
        row.addLayout(turns)
        row.addWidget(self.status, 1)
        return row

    # what is shown

    def show_settings(self, settings: Playground) -> None:
        penalties = settings.penalties
        self.choices["penalty"].setPlaceholderText(f"{len(penalties)} penalties")
        kinds = {
            "data": settings.data.kind,
            "objective": settings.objective.kind,
            "penalty": penalties[0].kind if len(penalties) == 1 else NONE if not penalties else "",
        }
        chosen = {"data": settings.data, "objective": settings.objective}
        for key, box in self.choices.items():
            box.setCurrentIndex(box.findData(kinds[key]))
            about = box.currentData(Qt.ItemDataRole.ToolTipRole) if key not in chosen else chosen[key].about
            box.setToolTip(f"{about or 'What keeps D well-behaved'}\n{ANEW}")

    def show_playing(self, playing: bool) -> None:
        self.is_playing = playing
        self.play.setText("&Pause" if playing else "&Play")
        self.play.setToolTip("Let both players rest" if playing else "Let the players take step after step")
        theme.tint(self.play, "pause" if playing else "play")

    def show_status(self, step: int, per_second: float) -> None:
        speed = f" · {per_second:,.0f} steps/s" if per_second else ""
        self.status.setText(f"Step {step:,}{speed}" if step else "Before the first step")

    def speed(self) -> Speed:
        return SPEEDS[str(self.speeds.currentData())]

    def set_speed(self, id: str) -> None:
        self.speeds.setCurrentIndex(self.speeds.findData(id))

    def players(self) -> tuple[str, ...]:
        return list(TURNS.values())[self.turns.checkedId()][2]

    def set_players(self, players: tuple[str, ...]) -> None:
        number = [turn[2] for turn in TURNS.values()].index(players)
        self.turns.button(number).setChecked(True)

    # the user

    def _choose(self, key: str, _index: int) -> None:
        self.chosen.emit(key, str(self.choices[key].currentData()))

    def _press_play(self) -> None:
        self.play_wanted.emit(not self.is_playing)

    def _choose_speed(self) -> None:
        self.speeds.setToolTip(f"How fast the players take their steps. {self.speed().about}")
        self.speed_chosen.emit()

    def _choose_turn(self, _number: int) -> None:
        self.turn_chosen.emit()


class StatusText(QWidget):
    """A quiet word at the right. It changes many times a second: a label would lay out and paint all anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        text = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignRight) | int(Qt.AlignmentFlag.AlignVCenter), text)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("Step 10,000 · 100 steps/s"), self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.fontMetrics().height())
