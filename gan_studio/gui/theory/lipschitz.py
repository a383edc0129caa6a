"""One critic kept from being too steep in several ways, side by side, beside the exact distance."""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import partial
from typing import ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from ...config import ConfigError, Spec, option
from ...theory.lipschitz import CriticView, LipschitzProgress
from ...theory.lipschitz import LipschitzBench as Settings
from .. import theme
from ..widgets.number_slider import NumberSlider
from .bench import Bench
from .estimate_plot import EstimatePlot, pen_of, short_title
from .panel_strip import smaller
from .plane_map import PlaneMap, WeightBars, of_slopes, of_values, slope_bar, value_bar
from .scenes import SCENES, Beginning, Points, begin

DRAWN_HZ = 15
SETTLED_MS = 250  # so long nothing is changed before the critics begin anew
STEPS = 20_000
COUNT = 128  # points of each kind: of more, a step takes longer and shows no more
SPEEDS = {"full": ("Full speed", 0), "slow": ("Slow", 250), "slower": ("Slow motion", 1000)}  # milliseconds of rest


class Moved(Spec):
    """Where the generated points are."""

    x: float = option(0.0, "How far the generated points are moved to the right; the critics begin anew.", ge=-3, le=3)
    y: float = option(0.0, "How far the generated points are moved upwards; the critics begin anew.", ge=-3, le=3)


SLIDERS: dict[
    str, tuple[str, type[Spec], float, float, bool]
] = {  # {key of the words: (label, whose field it is, from, to, by factors)}
    "x": ("Move →", Moved, -2.0, 2.0, False),
    "y": ("Move ↑", Moved, -2.0, 2.0, False),
    "limit": ("Clip c", Settings, 1e-3, 1.0, True),
    "weight": ("Penalty λ", Settings, 0.1, 100.0, True),
}


class LipschitzBench(Bench):
    """What is chosen makes a `Beginning`; the critics of the newest one are trained while they are wanted to run."""

    id = "lipschitz"
    title = "Lipschitz"
    summary = "One critic, kept from being too steep in four ways, beside the exact distance."
    keys: ClassVar[tuple[str, ...]] = ("real", "run", "speed", *SLIDERS)

    def build(self) -> None:
        self.is_wanted = False  # to run
        self.begun: Beginning | None = None
        self.newest: LipschitzProgress | None = None
        self.columns: dict[str, CriticColumn] = {}
        self._asked = False  # for another beginning
        self._undrawn = False
        self.stream = self.new_stream(DRAWN_HZ)
        self.stream.told.connect(self._take)
        self.stream.ended.connect(self._ended)
        self.settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self.settled.timeout.connect(self._go_on)
        self.rest = QTimer(self, singleShot=True)
        self.rest.timeout.connect(self._resume)
        self._make_controls()
        self.grid = QGridLayout()
        self.plot = EstimatePlot()
        self.bias = QLabel(wordWrap=True)
        self.bias.setToolTip("1 + W1 / (2 λ): derived for the best critic under a penalty of finite weight")
        self._lay_out()
        theme.changed.connect(self._show_titles)
        self._show_state()

    def _make_controls(self) -> None:
        self.scenes = QComboBox()
        self.scenes.setAccessibleName("Points")
        self.scenes.setToolTip("Which real and generated points the critics tell apart; they begin anew")
        for id, scene in SCENES.items():
            self.scenes.addItem(scene.title, id)
            self.scenes.setItemData(self.scenes.count() - 1, scene.about, Qt.ItemDataRole.ToolTipRole)
        self.scenes.activated.connect(self._choose_scene)
        self.start = QPushButton()
        self.start.setAutoDefault(False)
        self.start.clicked.connect(self._press_start)
        self.reset = QPushButton("&Reset")
        self.reset.setAutoDefault(False)
        self.reset.setToolTip("Back to the first weights")
        self.reset.clicked.connect(self._press_reset)
        theme.tint(self.reset, "restart")
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("How long the critics rest between two pictures")
        for id, (name, _) in SPEEDS.items():
            self.speed.addItem(name, id)
        self.status = QLabel()
        self.status.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.sliders: dict[str, NumberSlider] = {}
        for key, (name, owner, low, high, log) in SLIDERS.items():
            field = owner.model_fields[key]
            slider = NumberSlider(name, field, low, high, log)
            slider.set_value(field.default)
            slider.edited.connect(self.change)
            self.sliders[key] = slider

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        points = QLabel("&Points")
        points.setBuddy(self.scenes)
        for widget in (points, self.scenes, self.start, self.reset, self.speed):
            first.addWidget(widget)
        first.addStretch(1)
        first.addWidget(self.status)
        second.setSpacing(10)
        for slider in self.sliders.values():
            second.addWidget(slider, 1)
        self.grid.setSpacing(3)
        self.grid.addWidget(value_bar(), 1, 5)
        self.grid.addWidget(slope_bar(), 2, 5)
        for row in (1, 2):
            self.grid.setRowStretch(row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addLayout(self.grid, 4)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.bias)

    # in and out of sight

    def enter(self) -> None:
        if self.begun is None:
            self.change()
        elif self._undrawn:
            self._draw()

    def leave(self) -> None:
        """The training ends; what was drawn stays."""
        self.settled.stop()
        self.rest.stop()
        self.is_wanted = False
        super().leave()
        self._show_state()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._undrawn:
            self._draw()

    # what is chosen

    def settings(self) -> Settings:
        values = {key: self.sliders[key].value() for key in ("limit", "weight")}
        return Settings.parse({"steps": STEPS, "count": COUNT, **values})

    def change(self) -> None:
        """Other points or constraints: the critics begin anew, and run on if they ran."""
        self.stream.stop()
        self.rest.stop()
        self.settled.start()
        self._asked = True
        scene, offset = SCENES[str(self.scenes.currentData())], (self.sliders["x"].value(), self.sliders["y"].value())
        self.ask("beginning", partial(begin, self.settings(), scene, offset), self._begin)

    def _begin(self, begun: Beginning) -> None:
        self.begun, self._asked = begun, False
        self._show_beginning()
        if not self.settled.isActive():
            self._go_on()

    def _show_beginning(self) -> None:
        assert self.begun
        self.newest = self.begun.progress
        self.plot.clear()
        self.plot.extend(self.begun.progress)
        for column in self._columns_for(self.begun.progress):
            column.show_points(self.begun.points)
        self._draw()

    def _choose_scene(self) -> None:
        self.set_scene(str(self.scenes.currentData()))

    def set_scene(self, id: str) -> None:
        self.scenes.setCurrentIndex(self.scenes.findData(id))
        for key, value in zip(("x", "y"), SCENES[id].offset, strict=True):
            self.sliders[key].set_value(value)
        self.change()

    # start, pause, reset

    def run(self, wanted: bool) -> None:
        self.is_wanted = wanted
        if not wanted:
            self.rest.stop()
            self.stream.pause()
        elif self.stream.is_running:
            self._resume()
        else:
            self._go_on()
        self._show_state()

    def _press_start(self) -> None:
        self.run(not self.is_wanted)

    def _press_reset(self) -> None:
        self.is_wanted = False
        self.rest.stop()
        self.stream.stop()
        if self.begun is not None:
            self._show_beginning()
        self._show_state()

    def _go_on(self) -> None:
        """Once the newest beginning is there and nothing is being changed."""
        if self.is_wanted and self.begun and not self._asked and not self.settled.isActive():
            self._show_beginning()
            self.stream.start(self.begun.training())
        self._show_state()

    def _resume(self) -> None:
        if self.is_wanted:
            self.stream.resume()

    def _ended(self) -> None:
        if self.newest is not None and self.newest.step >= STEPS:
            self.is_wanted = False
        self._show_state()

    def _take(self, told: list[LipschitzProgress]) -> None:
        for progress in told:
            self.plot.extend(progress)
        self.newest = told[-1]
        self._undrawn = True
        if self.isVisible() and not self.window().isMinimized():
            self._draw()
        rest = SPEEDS[str(self.speed.currentData())][1]
        if rest and self.is_wanted:
            self.stream.pause()
            self.rest.start(rest)

    # what is shown

    def _columns_for(self, progress: LipschitzProgress) -> list[CriticColumn]:
        if not self.columns:
            for place, critic in enumerate(progress.critics):
                self.columns[critic.key] = CriticColumn(critic.title, short_title(critic), self.grid, place)
            self._show_titles()
        return list(self.columns.values())

    def _draw(self) -> None:
        if self.newest is None:
            return
        self._undrawn = False
        for critic in self.newest.critics:
            self.columns[critic.key].show_critic(critic, self.newest)
        self.plot.refresh(self.newest)
        self.bias.setText(bias_sentence(self.newest, self.sliders["weight"].value()))
        self._show_state()

    def _show_state(self) -> None:
        running = self.is_wanted
        self.start.setText("&Pause" if running else "&Start")
        self.start.setToolTip("Let the critics rest" if running else "Train all critics, a step each in turn")
        theme.tint(self.start, "pause" if running else "play")
        step = self.newest.step if self.newest else 0
        self.reset.setEnabled(step > 0)
        self.status.setText(f"Step {step:,}" if step else "Before the first step")

    def _show_titles(self) -> None:
        for look, column in enumerate(self.columns.values(), start=1):
            column.colour(pen_of(look).color().name())

    # what the words set

    def apply(self, settings: dict[str, str]) -> None:
        """What is not said is as at first, but for the points, which stay."""
        values = {key: number(key, settings[key]) for key in SLIDERS if key in settings}
        checked = {"limit": values.get("limit", default("limit")), "weight": values.get("weight", default("weight"))}
        Settings.parse(checked)
        Moved.parse({key: value for key, value in values.items() if key in Moved.model_fields})
        one_of(settings.get("real", "ring"), SCENES)
        one_of(settings.get("speed", "full"), SPEEDS)
        one_of(settings.get("run", "on"), ("on", "off"))
        self.speed.setCurrentIndex(self.speed.findData(settings.get("speed", "full")))
        if "real" in settings:
            self.scenes.setCurrentIndex(self.scenes.findData(settings["real"]))
            checked |= dict(zip(("x", "y"), SCENES[settings["real"]].offset, strict=True))
        for key, value in (checked | values).items():
            self.sliders[key].set_value(value)
        self.is_wanted = settings.get("run") == "on"
        self.change()


class CriticColumn:
    """One critic from top to bottom: its title, its two maps, its weights, its numbers."""

    def __init__(self, title: str, short: str, grid: QGridLayout, place: int):
        self.short = short
        self.heading = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.heading.setToolTip(title)
        self.values = PlaneMap(
            f"Values, {title}", f"{title}: the critic's values on the plane, with the points", of_values
        )
        self.slopes = PlaneMap(
            f"Slopes, {title}", f"{title}: the critic's slope on the plane; 1 is colourless", of_slopes
        )
        self.weights = WeightBars(f"Weights, {title}")
        self.numbers = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        for label in (self.heading, self.numbers):
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            label.setSizePolicy(policy)
            label.setFont(smaller(label.font()))
        for row, widget in enumerate((self.heading, self.values, self.slopes, self.weights, self.numbers)):
            grid.addWidget(widget, row, place)
            widget.show()
        grid.setColumnStretch(place, 1)

    def colour(self, name: str) -> None:
        self.heading.setText(f'<font color="{name}">■</font> {self.short}')

    def show_points(self, points: Points) -> None:
        self.values.show_points(*points)
        self.slopes.show_points(*points)

    def show_critic(self, critic: CriticView, told: LipschitzProgress) -> None:
        self.values.show_field(critic.values, told.extent)
        self.slopes.show_field(critic.slopes, told.extent)
        self.weights.show_counts(critic.weight_counts, critic.weight_edges)
        times = critic.estimate / told.w1 if told.w1 else math.nan
        self.numbers.setText(f"says {short(critic.estimate)} = {short(times)} W1\nsteepest {short(critic.steepest)}")
        self.numbers.setToolTip(
            f"Its estimate, beside W1 = {told.w1:.4g}; its largest slope, which its weights keep below "
            f"{critic.ceiling:.3g}.\nThe estimate divided by the largest slope, {critic.scaled:.4g}, never exceeds W1."
        )


def short(value: float) -> str:
    """At most six characters or so: there are five columns."""
    return f"{value:.1e}".replace("e-0", "e−") if 0 < abs(value) < 0.01 else f"{value:.3g}".replace("-", "−")


def bias_sentence(told: LipschitzProgress, weight: float) -> str:
    return (
        f"W1 is {told.w1:.4g}, exactly. A gradient penalty with λ = {weight:g} lets the critic gain a little by being "
        f"steeper than 1: at its best it says at least {told.expected_bias:.4g} times W1, two-sided or one-sided."
    )


def default(key: str) -> float:
    return float(Settings.model_fields[key].default)


def number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"{key} is to be a number, not {text!r}.") from error


def one_of(id: str, known: Collection[str]) -> None:
    if id not in known:
        raise ConfigError(f"There is no {id!r} here; there are {', '.join(known)}.")
