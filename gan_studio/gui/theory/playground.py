"""The playground: a GAN on points in the plane, played at any speed down to the phases of a step told in words."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QSplitter, QTabWidget, QVBoxLayout, QWidget

from ...config import ConfigError, from_text
from ...data.toy2d import Drawn
from ...theory.playground import RAN_AWAY, Game, Moment, Playground, Scene, Wish, advice, goes_on
from ...theory.sentence import Sentence
from ...theory.step_story import PLAYERS, W1
from ..form_items import exhaust
from ..forms import ConfigForm
from ..widgets.curves import CurvesView
from ..widgets.fold import quiet
from ..widgets.points_editor import PointsEditor
from .bench import Bench
from .game_bar import NONE, SPEEDS, GameBar
from .game_plane import GamePlane
from .step_panel import BEFORE, StepPanel

SETTLED_MS = 150  # so long nothing is changed before a new game begins
MOST_POINTS = 20_000  # of a curve; then every second one goes
TELL_MS = 500  # between two readings of the speed, and of what comes of it
SEEN = ("losses", "distance", "modes")  # the plots to begin with
AT_FULL_SPEED = "Slow motion tells each step in its phases."
HOLDS = (
    "Learning rates, D's steps, batch, noise and weights of penalties hold at once; anything else begins a new game."
)
DRAW = "Left button: put points down. Right button: take them away. A new game begins after each stroke."
FIRST = Playground()  # made here, which fills the shelves: this file is imported on a thread
DONE = object()
PLACES = {  # of what the words set
    "data": "data.kind",
    "objective": "objective.kind",
    "d_steps": "d_steps",
    "noise": "instance_noise",
    "g_rate": "g_optimiser.lr",
    "d_rate": "d_optimiser.lr",
}
STEADY = "The same latents all along"
WATCH, SETTINGS, DRAWING = range(3)  # the pages beside the plane


class PlaygroundBench(Bench):
    """Holds the settings and the game played under them. A thread plays while it is wanted to; the window asks for
    single steps at the slower speeds. What cannot be played on under other settings begins anew, and plays on."""

    id = "playground"
    title = "Playground"
    summary = "Watch a generator bend noise into data, one step at a time."
    keys: ClassVar[tuple[str, ...]] = (*PLACES, "penalty", "weight", "speed")

    def build(self) -> None:
        self.settings = FIRST
        self.game: Game | None = None
        self.newest: Moment | None = None
        self.phase = 0  # of the newest moment, in slow motion
        self.is_playing = False
        self._step_asked = False  # while something else was under way
        self._advice = ""  # on what is set
        self._undrawn = False
        self._pace = Pace()
        self._drawn_real: np.ndarray | None = None
        self.stream = self.new_stream()
        self.stream.told.connect(self._take)
        self.stream.ended.connect(self._ended)
        self.stream.failed.connect(self._rest)
        self.settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self.settled.timeout.connect(self._begin)
        self.ticker = QTimer(self)
        self.ticker.timeout.connect(self._tick)
        self.bar = GameBar()
        self.plane = GamePlane()
        self.panel = StepPanel()
        self.curves = CurvesView()
        self.form = ConfigForm(Playground, at_once=False)
        self._pieces = self.form.furnish()
        self.furnisher = QTimer(self, interval=0)
        self.furnisher.timeout.connect(self._furnish)
        self.editor = PointsEditor()
        self.told = QLabel(wordWrap=True)
        self.told.setForegroundRole(QPalette.ColorRole.BrightText)
        self.told.setAccessibleName("Advice")
        self._lay_out()
        self._connect()
        self._show_settings()

    def _lay_out(self) -> None:
        for key in SEEN:
            self.curves.show_plot(key)
        self.curves.show_plot("scores", False)
        self.curves.bar.hide()  # there is no room for it; a click with the right button offers most of it
        watch = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        watch.addWidget(self.panel)
        watch.addWidget(self.curves)
        watch.setStretchFactor(0, 1)
        watch.setStretchFactor(1, 3)
        watch.setSizes([170, 360])
        self.pages = QTabWidget(documentMode=True)
        self.pages.setAccessibleName("Beside the plane")
        for page, title in ((watch, "&Watch"), (self._settings_page(), "Sett&ings"), (self._drawing_page(), "Dr&aw")):
            self.pages.addTab(page, title)
        self.pages.setMinimumWidth(310)
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(self.plane)
        halves.addWidget(self.pages)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setSizes([440, 330])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addWidget(halves, 1)
        layout.addWidget(self.told)

    def _settings_page(self) -> QWidget:
        return page_of(self.form, HOLDS)

    def _drawing_page(self) -> QWidget:
        self.editor.canvas.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return page_of(self.editor, DRAW, stretched=True)

    def _connect(self) -> None:
        self.bar.chosen.connect(self._choose)
        self.bar.play_wanted.connect(self.play)
        self.bar.step_wanted.connect(self._press_step)
        self.bar.reset_wanted.connect(self._press_reset)
        self.bar.speed_chosen.connect(self._change_pace)
        self.bar.turn_chosen.connect(self._send_wish)
        self.panel.wanted.connect(self._show_phase)
        self.form.values_changed.connect(self._edited)
        self.editor.edited.connect(self._draw_data)

    # the form, piece by piece

    def _furnish(self) -> None:
        """A piece a turn: all of it takes 50 ms, in which nothing could be dragged."""
        if next(self._pieces, DONE) is DONE:
            self.furnisher.stop()

    def whole_form(self) -> ConfigForm:
        """With all its fields."""
        exhaust(self._pieces)
        self.furnisher.stop()
        return self.form

    # in and out of sight

    def enter(self) -> None:
        self.furnisher.start()
        if self.game is None or self.newest is None:
            self._begin()
        elif self._undrawn:
            self._draw()

    def leave(self) -> None:
        """The game rests; it can be played on."""
        if self.settled.isActive():
            self.settled.stop()
            self.game = None
        self.is_playing = self._step_asked = False
        self.ticker.stop()
        self.furnisher.stop()
        super().leave()
        self.bar.show_playing(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._undrawn:
            self._draw()

    # what is set

    def _choose(self, key: str, kind: str) -> None:
        """From the bar; what belongs to it is as at first."""
        changes: dict[str, Any] = {key: {"kind": kind}}
        if key == "penalty":
            changes = {"penalties": [] if kind == NONE else [{"kind": kind}]}
        self.whole_form().edit_many(changes)
        if isinstance(self.settings.data, Drawn) and key == "data":
            self.pages.setCurrentIndex(DRAWING)

    def _draw_data(self, points: list[tuple[float, float]]) -> None:
        self.whole_form().edit("data.points", [list(point) for point in points])

    def _edited(self, values: dict[str, Any]) -> None:
        try:
            settings = Playground.parse(values)
            said = advice(settings)
        except ConfigError as error:
            self.form.set_problems(error.problems)
            self._say(str(error))
            return
        self.form.set_problems(())
        self._advise(said)
        self._set(settings)

    def _set(self, settings: Playground) -> None:
        """Play on under these settings where that can be, else begin anew once nothing is changed any more."""
        lives = self.game is not None and not self.settled.isActive() and goes_on(self.settings, settings)
        self.settings = settings
        self._show_settings()
        if lives:
            self._send_wish()
        else:
            self._step_asked = False
            self.stream.stop()
            self.ticker.stop()
            self.settled.start()

    def _show_settings(self) -> None:
        self.bar.show_settings(self.settings)
        data = self.settings.data
        if isinstance(data, Drawn) and self.editor.points() != [*data.points]:
            self.editor.set_points(data.points)
        self.pages.setTabVisible(DRAWING, isinstance(data, Drawn))

    def _send_wish(self) -> None:
        if self.game is not None:
            self.game.wish = Wish(self.settings, self.bar.players())

    # the game

    def _begin(self) -> None:
        """From the first weights; it plays if it is wanted to."""
        self._step_asked = False
        self.settled.stop()
        self.stream.stop()
        self.game, self.newest, self.phase = Game(self.settings), None, 0
        self._send_wish()
        self.curves.clear()
        self._say(self._advice)
        self._go_on()

    def play(self, wanted: bool) -> None:
        self.is_playing = wanted
        self.bar.show_playing(wanted)
        if not self.settled.isActive():
            self._go_on()

    def _go_on(self) -> None:
        """As the speed says; at rest things are looked at as they stand."""
        assert self.game
        self._pace = Pace()
        speed = self.bar.speed()
        self.ticker.stop()
        if self.newest is None and (speed.rest_ms or not self.is_playing):
            self.stream.start(self.game.look())
        elif self.is_playing and not speed.rest_ms:
            self.stream.start(self.game.play())
        elif self.stream.is_running:
            self.stream.start(self.game.look())
        if self.is_playing and speed.rest_ms:
            self.ticker.start(speed.rest_ms)
            if self.newest is not None:
                self._tick()
        self._show_state()

    def _tick(self) -> None:
        if self.bar.speed().by_phases and self._next_phase():
            return
        self._take_step()

    def _take_step(self) -> None:
        if self.game is not None and not self.stream.is_running:
            self.stream.start(self.game.step())

    def _press_step(self) -> None:
        if self.is_playing:
            self.play(False)
        if self.settled.isActive():
            self._begin()
        if self.bar.speed().by_phases and self._next_phase():
            return
        self._step_asked = self.stream.is_running
        self._take_step()

    def _press_reset(self) -> None:
        self._rest()
        self._begin()

    def _change_pace(self) -> None:
        if self.game is not None and not self.settled.isActive():
            self._go_on()
            self._undrawn = True
            self._draw()

    def _take(self, told: list[Moment]) -> None:
        self.newest = told[-1]
        self.phase = 0
        self._extend_curves(told)
        self._pace.take(self.newest.step)
        self._undrawn = True
        if self.isVisible() and not self.window().isMinimized():
            self._draw()
        if not self.newest.finite:
            self._rest()
            self._say(RAN_AWAY)

    def _rest(self) -> None:
        """Nothing more can be played."""
        self.is_playing = False
        self.ticker.stop()
        self.bar.show_playing(False)

    def _ended(self) -> None:
        self._show_state()
        if self._step_asked:
            self._step_asked = False
            self._take_step()

    def _extend_curves(self, told: list[Moment]) -> None:
        for moment in told:
            self.curves.extend(moment.steps, moment.history)
        if any(series.count > MOST_POINTS for series in self.curves.series.values()):
            kept = {name: (thinned(steps), thinned(values)) for name, (steps, values) in self.curves.columns().items()}
            self.curves.set_curves(kept)

    # what is shown

    def _draw(self) -> None:
        if self.newest is None or not self.newest.finite:  # what was seen before that says more
            return
        self._undrawn = False
        if self.newest.phases and self.bar.speed().by_phases:
            self._show_phase(self.phase)
            return
        moment = self.newest
        self.plane.show_scene(moment.scene, caption=caption_of(moment.scene))
        if moment.step == 0:
            self.panel.show_story("", (), BEFORE)
        elif moment.phases:
            self.panel.show_story(f"Step {moment.step:,}", moment.story)
        elif W1 in moment.curves and self._pace.is_due():
            self.panel.show_story(f"After step {moment.step:,}", moment.story, AT_FULL_SPEED)
        self._show_state()

    def _show_phase(self, index: int) -> None:
        if self.newest is None or index >= len(self.newest.phases):
            return  # the panel still tells of the last game: the new one has said nothing yet
        self.phase = index
        phase = self.newest.phases[index]
        count = len(phase.scene.generated)
        caption = f"{count} real and {count} generated points of step {self.newest.step:,}"
        if phase.marked:
            caption = f"Ringed: the {len(phase.scene.wrong)} points that D has on the wrong side"
        self.plane.show_scene(phase.scene, phase.mapped, phase.marked, caption)
        self.panel.show_phase(self.newest.phases, index)
        if self.ticker.isActive():  # time to read it
            self.ticker.start(self.bar.speed().rest_ms * max(1, len(phase.sentences)))
        self._show_state()

    def _next_phase(self) -> bool:
        """Whether there was one."""
        there = self.newest is not None and self.phase + 1 < len(self.newest.phases)
        if there:
            self._show_phase(self.phase + 1)
        return there

    def _show_state(self) -> None:
        step = self.newest.step if self.newest else 0
        full = self.is_playing and not self.bar.speed().rest_ms
        self.bar.show_status(step, self._pace.per_second if full else 0.0)
        self.bar.reset.setEnabled(step > 0)

    def _advise(self, said: tuple[Sentence, ...]) -> None:
        self._advice = " ".join(map(str, said))
        self._say(self._advice)

    def _say(self, text: str) -> None:
        self.told.setText(text)
        self.told.setVisible(bool(text))

    # what the words set

    def apply(self, settings: dict[str, str]) -> None:
        """What is not said is as at first; it is played."""
        wanted = settings_of(settings)
        said = advice(wanted)
        one_of(settings.get("speed", "full"), SPEEDS)
        self.bar.set_speed(settings.get("speed", "full"))
        self.bar.set_players(PLAYERS)
        self.whole_form().set_values(wanted.plain())
        self.form.set_problems(())
        self._advise(said)
        self.settings = wanted
        self._show_settings()
        self.pages.setCurrentIndex(WATCH)
        self.is_playing = True
        self.bar.show_playing(True)
        self._begin()


class Pace:
    """How fast it goes, and when it is time to say so."""

    def __init__(self) -> None:
        self.per_second = 0.0
        self._step, self._at = -1, 0.0
        self._said_at = 0.0

    def take(self, step: int) -> None:
        now = time.monotonic()
        if self._step < 0:
            self._step, self._at = step, now
        elif now - self._at >= TELL_MS / 1000:
            self.per_second = (step - self._step) / (now - self._at)
            self._step, self._at = step, now

    def is_due(self) -> bool:
        now = time.monotonic()
        due = now - self._said_at >= TELL_MS / 1000
        if due:
            self._said_at = now
        return due


def settings_of(words: dict[str, str]) -> Playground:
    """What a "Try this" button says. Raises ConfigError."""
    changes: dict[str, Any] = {PLACES[key]: from_text(text) for key, text in words.items() if key in PLACES}
    if words.get("penalty", NONE) != NONE:
        weight = {"weight": from_text(words["weight"])} if "weight" in words else {}
        changes["penalties"] = [{"kind": words["penalty"]} | weight]
    return FIRST.with_values(changes)


def caption_of(scene: Scene) -> str:
    """The arrows are drawn relative to each other: here is how long half of them are at least."""
    if scene.pull is None or not len(scene.pull):
        return STEADY
    lengths = np.linalg.norm(scene.pull.astype(np.float64), axis=1)  # the squares are too large for float32 at times
    return f"{STEADY} · median pull {float(np.median(lengths)):.2g}"


def thinned(points: np.ndarray) -> np.ndarray:
    """Every second one, with the last."""
    return points[(len(points) - 1) % 2 :: 2]


def page_of(widget: QWidget, about: str, stretched: bool = False) -> QWidget:
    """With a quiet sentence on top."""
    label = quiet(QLabel(about))
    label.setContentsMargins(8, 6, 8, 0)
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    column.addWidget(label)
    column.addWidget(widget, 0 if stretched else 1)
    if stretched:
        column.setContentsMargins(8, 0, 0, 0)
        label.setContentsMargins(0, 6, 0, 0)
        column.addStretch(1)
    return page


def one_of(id: str, known: Collection[str]) -> None:
    if id not in known:
        raise ConfigError(f"There is no {id!r} here; there are {', '.join(known)}.")
