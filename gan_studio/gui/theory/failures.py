"""Generators that fail on purpose, made of real pictures: which metrics see it, which are blind, which are fooled."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPalette, QPen, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ...config import ConfigError
from ...data import SOURCES, Source
from ...feature_networks import FEATURE_NETWORKS, FeatureNetwork
from ...jobs import failures as job
from ...jobs.failures import FAILURES, NOTICED, Failure, Finding, Ground, Honest, Usual
from ...progress import Pace, Progress
from .. import theme
from ..widgets.chart import Chart, Line, of_q
from ..widgets.image_grid import ImageGrid
from .alarm_table import FailureTable, StripTable, counted, wanted
from .bench import Bench

NOTCHES = 20  # of the slider; its places are all amounts that are measured
COUNT = 500  # pictures in each set, where there are enough
SHOWN = 64  # pictures of each kind
SETTLED_MS = 250  # so long the slider rests before all failures are measured there
DATA: dict[str, dict[str, Any]] = {"digits": {"kind": "digits"}, "avatars": {"kind": "avatars", "size": 32}}
FOLDER = {"kind": "image-folder", "size": 32}
OTHER = "folder"  # the entry that asks for a folder
EYES = ("auto", "own-classifier", "random-convolutions", "pixels")  # the first that can be used is taken first
TABS = {"one": "This failure", "all": "All failures"}
GETTING_READY = "Pictures appear once the data is read."

Choice = tuple[str, str]  # the data's id, or a folder's path, and the kind of eye


@dataclass(frozen=True)
class Scene:
    """What everything that is shown is measured on."""

    ground: Ground
    honest: Honest


@dataclass(frozen=True)
class Answer:
    failure: str
    notch: int
    finding: Finding


@dataclass
class Known:
    """All that was measured with one choice of data and eye."""

    scene: Scene
    findings: dict[tuple[str, int], Finding] = field(default_factory=dict)  # by failure and amount


class FailuresBench(Bench):
    """The choice of data and eye has a scene; what is looked at is measured on it, on a thread, once."""

    id = "failures"
    title = "Failures"
    summary = "Generators that fail on purpose: which metrics see it, and which are blind?"
    keys = ("data", "eye", "failure", "amount", "measure", "tab")

    def build(self) -> None:
        self.known: dict[Choice, Known] = {}
        self.folder = ""
        self._held = False  # by the user, or as something went wrong: nothing is measured until Measure is pressed
        self._measure = ""  # to choose once it is there
        self._preparing: Choice | None = None
        self._shown: Scene | None = None
        self.pace = Pace()
        self.stream = self.new_stream()
        self.stream.told.connect(self._take)
        self.stream.failed.connect(self._stumble)
        self.stream.ended.connect(self._show_state)
        self.settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self.settled.timeout.connect(self.compute)
        self._make_controls()
        self.real = ImageGrid("Real pictures appear here.")
        self.fake = ImageGrid(GETTING_READY)
        self.real.setAccessibleName("Real pictures")
        self.fake.setAccessibleName("What the failing generator draws")
        self.table, self.matrix = StripTable(NOTCHES + 1), FailureTable()
        self.chart = MeasureChart()
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setAccessibleName("Parts of this bench")
        self._lay_out()
        self._connect()
        self._ask_for_eyes()
        self._show_failure()

    def _make_controls(self) -> None:
        self.data, self.eyes, self.failures = QComboBox(), QComboBox(), QComboBox()
        for box, name, tip in (
            (self.data, "Data", "Which real pictures the generators are made of"),
            (self.eyes, "Looked at with", "What the metrics see pictures with; other features, other answers"),
            (self.failures, "Failure", "What is wrong with the generator"),
        ):
            box.setAccessibleName(name)
            box.setToolTip(tip)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        for id, values in DATA.items():
            self.data.addItem(SOURCES[values["kind"]].title, id)
        self.data.addItem("My pictures …", OTHER)
        for id, failure in FAILURES.items():
            self.failures.addItem(failure.title, id)
            self.failures.setItemData(self.failures.count() - 1, failure.about, Qt.ItemDataRole.ToolTipRole)
        self.failures.setCurrentIndex(self.failures.findData("duplicates"))
        for network in sorted(FEATURE_NETWORKS, key=lambda network: rank(network.kind)):
            self.eyes.addItem(network.title, network.kind)
            self.eyes.setItemData(self.eyes.count() - 1, network.about, Qt.ItemDataRole.ToolTipRole)
        self.amount = QSlider(Qt.Orientation.Horizontal)
        self.amount.setRange(0, NOTCHES)
        self.amount.setPageStep(2)
        self.amount.setValue(NOTCHES // 2)
        self.amount.setAccessibleName("Amount")
        self.amount.setToolTip("How badly it fails: at the left end it is honest")
        self.amount.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.amount.setTickInterval(NOTCHES // 4)
        self.told = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.about = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.about.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setFixedSize(120, 6)
        self.progress.setAccessibleName("Progress")
        self.status = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.status.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hold = QPushButton()
        self.hold.setAutoDefault(False)

    def _lay_out(self) -> None:
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for text, box in (("&Data", self.data), ("Looked at &with", self.eyes)):
            first.addWidget(labelled(text, box))
            first.addWidget(box, 1)
        first.addWidget(self.hold)
        second.addWidget(labelled("&Failure", self.failures))
        second.addWidget(self.failures, 1)
        second.addWidget(labelled("&Amount", self.amount))
        second.addWidget(self.amount, 2)
        third.addWidget(self.status, 1)
        third.addWidget(self.progress)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.fake, 3)
        column.addWidget(self.real, 2)
        one = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        one.addWidget(self.table)
        one.addWidget(self.chart)
        one.setStretchFactor(0, 3)
        one.setStretchFactor(1, 1)
        one.setSizes([330, 130])
        self.parts = {"one": one, "all": self.matrix}
        for id, part in self.parts.items():
            self.tabs.addTab(part, TABS[id])
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(left)
        halves.addWidget(self.tabs)
        halves.setStretchFactor(0, 2)
        halves.setStretchFactor(1, 3)
        halves.setSizes([270, 500])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        for row in (first, second):
            layout.addLayout(row)
        layout.addWidget(self.told)
        layout.addWidget(self.about)
        layout.addWidget(halves, 1)
        layout.addLayout(third)

    def _connect(self) -> None:
        self.data.activated.connect(self._choose_data)
        self.eyes.activated.connect(self.compute)
        self.failures.activated.connect(self._show_failure)
        self.amount.valueChanged.connect(self._show_amount)
        self.table.chosen.connect(self._show_chart)
        self.table.amount_wanted.connect(self.amount.setValue)
        self.chart.moved.connect(self.amount.setValue)
        self.matrix.cell_chosen.connect(self._show_cell)
        self.tabs.currentChanged.connect(self.compute)
        self.hold.clicked.connect(self._press_hold)

    def enter(self) -> None:
        self.compute()

    def leave(self) -> None:
        self.settled.stop()
        super().leave()

    # what is chosen

    def choice(self) -> Choice:
        id = str(self.data.currentData())
        return (self.folder if id == OTHER else id), str(self.eyes.currentData())

    def failure(self) -> Failure:
        return FAILURES[str(self.failures.currentData())]

    def notch(self) -> int:
        return self.amount.value()

    def scene(self) -> Scene | None:
        """Of what is chosen, once it is there."""
        known = self.known.get(self.choice())
        return known.scene if known else None

    def _choose_data(self) -> None:
        if self.data.currentData() == OTHER and not self._ask_for_folder():
            self.data.setCurrentIndex(0)
        self._ask_for_eyes()
        self.compute()

    def _ask_for_folder(self) -> bool:
        start = self.folder or str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder of pictures", start)
        if chosen:
            self.set_folder(chosen)
        return bool(chosen)

    def set_folder(self, path: str) -> None:
        self.folder = path
        row = self.data.findData(OTHER)
        self.data.setItemText(row, f"{Path(path).name or path} …")
        self.data.setItemData(row, path, Qt.ItemDataRole.ToolTipRole)
        self.data.setCurrentIndex(row)

    def _ask_for_eyes(self) -> None:
        """Which can be used with the data; to know that, a library of networks is imported."""
        self.ask("eyes", partial(missing_eyes, self.choice()), self._show_eyes)

    def _show_eyes(self, missing: dict[str, str]) -> None:
        """Those that cannot be used say why."""
        model = self.eyes.model()
        assert isinstance(model, QStandardItemModel)
        for row in range(self.eyes.count()):
            why = missing[self.eyes.itemData(row)]
            tip = why or FEATURE_NETWORKS[self.eyes.itemData(row)].about
            self.eyes.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
            model.item(row).setEnabled(not why)
        if missing[self.eyes.currentData()]:
            usable = (row for row in range(self.eyes.count()) if not missing[self.eyes.itemData(row)])
            self.eyes.setCurrentIndex(next(usable, -1))
            if self.isVisible():
                self.compute()

    def set_amount(self, amount: float) -> None:
        self.amount.setValue(round(amount * NOTCHES))

    def _show_cell(self, failure: str, measure: str) -> None:
        self.failures.setCurrentIndex(self.failures.findData(failure))
        self.tabs.setCurrentWidget(self.parts["one"])
        self._show_failure()
        self.table.choose(measure)

    # measuring

    def compute(self) -> None:
        """Show what is known of what is looked at, and measure the rest: what it stands on first."""
        self._show_scene()
        self._show_findings()
        self._measure_rest()

    def _measure_rest(self) -> None:
        choice, scene = self.choice(), self.scene()
        rest = self._missing()
        if self._held or not rest:
            self._preparing = None
            self.stream.stop()
        elif scene is not None:
            self._preparing = None
            self.stream.start(measuring(scene, rest))
        elif self._preparing != choice or not self.stream.is_running:
            self._preparing = choice
            self.stream.start(preparing(choice))
        self._show_state()

    def _missing(self) -> list[tuple[str, int]]:
        """(failure, number of the amount), in the order in which they are wanted."""
        known = self.known.get(self.choice())
        if self.tabs.currentWidget() is self.matrix:
            wanted = [(id, self.notch()) for id in FAILURES]
        else:
            wanted = [(self.failure().id, notch) for notch in coarse_to_fine(self.notch())]
        if known is None:
            return wanted
        ground = known.scene.ground
        return [pair for pair in wanted if pair not in known.findings and not FAILURES[pair[0]].lacking(ground)]

    def _press_hold(self) -> None:
        self._held = self.stream.is_running
        self._measure_rest()

    def _take(self, told: list[Any]) -> None:
        choice = self.choice()
        for one in told:
            if isinstance(one, Progress):
                self.status.setText(self.pace.told(one))
                self.progress.setRange(0, one.total)
                self.progress.setValue(one.done)
            elif isinstance(one, Scene):
                self.known[choice] = Known(one)
                self.compute()
            elif isinstance(one, Answer):
                self.known[choice].findings[one.failure, one.notch] = one.finding
        if any(isinstance(one, Answer) for one in told):
            self._show_findings()

    def _stumble(self, _error: Exception) -> None:
        """The room tells why; it is not tried again by itself."""
        self._held = True

    # what is shown

    def _show_scene(self) -> None:
        scene = self.scene()
        if scene is not self._shown:
            self._shown = scene
            self.table.show_measures(scene.honest if scene else None)
            self.matrix.show_measures(scene.honest if scene else None)
            self.real.clear()
            self.fake.clear()
            if scene:
                self.real.show_images(scene.ground.pictures[scene.ground.parts().real[:SHOWN]])
                self.real.set_caption("Real: some of the training set")
        if scene and self._measure in scene.honest.measures:
            self.table.choose(self._measure)
            self._measure = ""
        self._show_pictures()

    def _show_failure(self) -> None:
        """Another one was chosen."""
        self.compute()

    def _show_amount(self) -> None:
        """The slider moved: what is known is shown at once, the pictures as soon as they are drawn."""
        self._show_pictures()
        self._show_findings()
        self.settled.start()

    def _show_pictures(self) -> None:
        scene, failure, amount = self.scene(), self.failure(), self.notch() / NOTCHES
        lacking = failure.lacking(scene.ground) if scene else ""
        self.about.setText(lacking or failure.about)
        told = f": {failure.told(scene.ground, amount)}" if scene and not lacking else ""
        self.told.setText(f"{100 * amount:.0f} %{told}")
        if scene is None or lacking:
            self.forget("pictures")
            self.fake.clear()
        else:
            self.ask("pictures", partial(drawn, scene.ground, failure, amount), self._show_drawn)

    def _show_drawn(self, pictures: np.ndarray) -> None:
        self.fake.show_images(pictures)
        self.fake.set_caption("Drawn by this generator")

    def findings(self, failure: str) -> dict[int, Finding]:
        """{number of an amount: what was found there}."""
        known = self.known.get(self.choice())
        return {notch: one for (id, notch), one in known.findings.items() if id == failure} if known else {}

    def _show_findings(self) -> None:
        scene, at = self.scene(), self.notch()
        if scene is None:
            self.chart.clear()
            return
        self.table.show_findings(self.findings(self.failure().id), at)
        everywhere = {id: self.findings(id) for id in FAILURES}
        self.matrix.show_findings(
            {id: found[at] for id, found in everywhere.items() if at in found},
            {id: one.lacking(scene.ground) for id, one in FAILURES.items()},
        )
        self._show_chart()
        self._show_state()

    def _show_chart(self) -> None:
        scene, id = self.scene(), self.table.key()
        if scene is None or not id:
            self.chart.clear()
            return
        found = self.findings(self.failure().id)
        values = {notch / NOTCHES: one.values[id] for notch, one in found.items() if id in one.values}
        measure = scene.honest.measures[id]
        title = f"{scene.ground.eye.called(measure.title)}: {wanted(measure)}"
        self.chart.show_values(title, values, scene.honest.usual[id], self.notch() / NOTCHES)

    def _show_state(self) -> None:
        running = self.stream.is_running
        self.hold.setText("Sto&p" if running else "&Measure")
        self.hold.setToolTip("Stop measuring; what is known stays" if running else "Measure what is missing")
        self.hold.setEnabled(running or self._held)
        theme.tint(self.hold, "stop" if running else "play")
        self.progress.setVisible(running)
        if not running:
            self.status.setText(self._summary())
        self.status.setToolTip("" if running else self._notes())

    def _summary(self) -> str:
        scene = self.scene()
        if scene is None:
            return "Press Measure to begin." if self._held else ""
        said = self.table.said()
        counts = f"{counted(said)}. " if said else "Not measured. "
        return f"{counts}{scene.ground.count} pictures in each set, looked at with {scene.ground.eye.name}."

    def _notes(self) -> str:
        scene = self.scene()
        return "\n".join([*scene.ground.eye.notes, *scene.honest.notes]) if scene else ""

    # what the words set

    def apply(self, settings: dict[str, str]) -> None:
        """What is not said stays, but for the amount, which is a half, and the tab of one failure."""
        data = one_of(settings["data"], DATA) if "data" in settings else ""
        failure = one_of(settings["failure"], FAILURES) if "failure" in settings else ""
        tab = one_of(settings.get("tab", "one"), TABS)
        amount = percent(settings.get("amount", "50"))
        eye = one_of(settings["eye"], [network.kind for network in FEATURE_NETWORKS]) if "eye" in settings else ""
        if data:
            self.data.setCurrentIndex(self.data.findData(data))
            self._ask_for_eyes()
        if eye:
            self.eyes.setCurrentIndex(self.eyes.findData(eye))
        if failure:
            self.failures.setCurrentIndex(self.failures.findData(failure))
        self._measure = settings.get("measure", "")
        self._held = False
        self.set_amount(amount)
        self.tabs.setCurrentWidget(self.parts[tab])
        self._show_failure()


class MeasureChart(Chart):
    """One measure against the amount, over what it says of honest sets."""

    moved = Signal(int)  # to the number of an amount, by a click

    def __init__(self) -> None:
        super().__init__("The measure against the amount", x_title="amount")
        self.setToolTip("Click or drag to go to an amount. Between the dashed lines: what could be chance.")
        self.clear()

    def clear(self) -> None:
        self.empty, self.levels, self.cursor_x, self.y_title = "Choose a measure in the table.", [], None, ""
        self._band: tuple[float, float] | None = None
        self.show_lines([])

    def show_values(self, title: str, values: dict[float, float], usual: Usual, at: float) -> None:
        x = np.array(sorted(values))
        y = np.array([values[amount] for amount in x])
        low, high = usual.mean - NOTICED * usual.deviation, usual.mean + NOTICED * usual.deviation
        ends = [low, high, *y[np.isfinite(y)]]
        margin = 0.12 * (max(ends) - min(ends)) or 0.1 * max(abs(high), 1e-3)
        self.set_y_range(min(ends) - margin, max(ends) + 2.5 * margin)
        self.y_title, self.cursor_x, self._band = title, at, (low, high)
        self.empty = "It is being measured." if len(x) < 2 else ""
        self.show_lines([Line(x, y, of_q)] if len(x) > 1 else [])
        self.setAccessibleDescription(f"{title} Honest: {usual.mean:.4g}. " + (f"Last: {y[-1]:.4g}." if len(y) else ""))

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        if self._band is None:
            return
        low, high = (self.point(0, value).y() for value in self._band)
        painter.fillRect(QRectF(box.left(), high, box.width(), max(low - high, 1)), theme.faded(c.third, 0.15))
        painter.setPen(QPen(c.third, 1, Qt.PenStyle.DashLine))
        for y in (low, high):
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        wide = self.fontMetrics().horizontalAdvance("honest")
        foot = min(max(low - 3, box.top() + 2 * self.fontMetrics().height()), box.bottom() - 3)  # beneath the title
        painter.drawText(QPointF(box.right() - wide - 6, foot), "honest")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            x, _ = self.place(event.position())
            self.moved.emit(round(min(max(x, 0.0), 1.0) * NOTCHES))


# --- on the thread ---------------------------------------------------------------------------------------------------


def preparing(choice: Choice) -> Iterator[Progress | Scene]:
    ground = yield from job.gather(source_of(choice), network_of(choice[1]), COUNT)
    honest = yield from job.of_honest_sets(ground)
    yield Scene(ground, honest)


def measuring(scene: Scene, wanted: list[tuple[str, int]]) -> Iterator[Progress | Answer]:
    for done, (id, notch) in enumerate(wanted):
        yield Progress(done, len(wanted), "Measuring")
        yield Answer(id, notch, job.measured(scene.ground, scene.honest, FAILURES[id], notch / NOTCHES))


def drawn(ground: Ground, failure: Failure, amount: float) -> np.ndarray:
    return job.drawn(ground, failure, amount)[:SHOWN]


# --- what the choices stand for --------------------------------------------------------------------------------------


def source_of(choice: Choice) -> Source:
    values = DATA.get(choice[0])
    return SOURCES.parse(values if values else FOLDER | {"path": choice[0]})


def network_of(kind: str) -> FeatureNetwork:
    return FEATURE_NETWORKS.parse(kind)


def missing_eyes(choice: Choice) -> dict[str, str]:
    """{kind: why it cannot be used with the data; "" where it can}."""
    source = source_of(choice)
    return {network.kind: network_of(network.kind).missing(source) for network in FEATURE_NETWORKS}


def rank(kind: str) -> int:
    return EYES.index(kind) if kind in EYES else len(EYES)


def coarse_to_fine(at: int) -> list[int]:
    """The amounts in the order in which a plot of them is of most use: where one looks, the ends, then between them."""
    order, step = [at, 0, NOTCHES], NOTCHES // 2
    while step >= 1:
        order += range(0, NOTCHES + 1, step)
        step = step // 2 if step > 1 else 0
    return list(dict.fromkeys(order))


def one_of(id: str, known: Collection[str]) -> str:
    if id not in known:
        raise ConfigError(f"There is no {id!r} here; there are {', '.join(known)}.")
    return id


def percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ConfigError(f"The amount is to be a number of percent, not {text!r}.") from error
    if not 0 <= value <= 100:
        raise ConfigError(f"The amount is to be 0 to 100 percent, not {text}.")
    return value / 100


def labelled(text: str, widget: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(widget)
    return label
