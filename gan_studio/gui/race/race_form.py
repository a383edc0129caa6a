"""What is to be raced: a base, two to eight lanes, and how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .. import theme
from ..widgets.fold import alarming, quiet
from ..widgets.preset_list import PresetList
from .quick_sets import FIRST, QUICK_SETS, Changes, QuickSet

if TYPE_CHECKING:
    from ...jobs.race_folder import Race, RaceConfig
    from ...presets import Preset
    from ..computing import LatestWins
    from .lane_row import LaneRow

FEWEST, MOST = 2, 8  # lanes, as `jobs.race_folder` has it, which brings torch
CALM_MS = 250  # after the last key
MOST_STEPS = 10_000_000


class RaceForm(QWidget):
    """`edited` when the user changed anything, `checked` when it was judged: `problem` says what is wrong."""

    edited = Signal()
    checked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title, self.preset = "Race", ""
        self.base: dict[str, Any] = {}  # plain values of a run's config
        self.rows: list[LaneRow] = []
        self.problem = "Loading PyTorch; a moment."
        self._latest: LatestWins | None = None
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self.check)
        self._build()

    def _build(self) -> None:
        self.presets = PresetList()
        self.presets.setMinimumHeight(110)
        self.presets.chosen.connect(self._choose_preset)
        self.splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.splitter.addWidget(self.presets)
        self.splitter.addWidget(self._lanes())
        self.splitter.setSizes([200, 420])
        self.splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)

    def _lanes(self) -> QWidget:
        panel = QWidget()
        panel.setMinimumHeight(150)
        self.about_base = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.quick = QPushButton("Quick set", autoDefault=False)
        self.quick.setToolTip("Fill the lanes with a set that is often raced")
        self.quick.setAccessibleName("Quick sets of lanes")
        menu = QMenu(self.quick)
        menu.setToolTipsVisible(True)
        for chosen in QUICK_SETS:
            action = menu.addAction(chosen.title)
            action.setToolTip(chosen.about)
            action.setData(chosen)
        menu.triggered.connect(self._use_quick_set)
        self.quick.setMenu(menu)
        self.quick.setMinimumWidth(self.quick.fontMetrics().horizontalAdvance("Quick set") + 56)  # arrow and icon
        self.add_button = QToolButton(autoRaise=True)
        self.add_button.setText("Add a lane")
        self.add_button.setAccessibleName("Add a lane")
        self.add_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.add_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.add_button.clicked.connect(self.add_lane)
        self.steps = QSpinBox(minimum=1, maximum=MOST_STEPS, singleStep=100, value=1000)
        self.steps.setGroupSeparatorShown(True)
        self.steps.setAccessibleName("Steps of the race")
        self.steps.setToolTip("So many steps does each lane take")
        self.steps.valueChanged.connect(self._edited)
        head = QHBoxLayout()
        head.addWidget(self.quick)
        head.addStretch(1)
        head.addWidget(QLabel("Steps"))
        head.addWidget(self.steps)
        inside = QWidget()
        self.stack = QVBoxLayout(inside)
        self.stack.setContentsMargins(0, 0, 6, 0)
        self.stack.setSpacing(2)
        self.stack.addWidget(self.add_button)  # beneath the lanes
        self.stack.addStretch(1)
        self.scroller = QScrollArea(widgetResizable=True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setWidget(inside)
        self.wrong = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.wrong.hide()
        column = QVBoxLayout(panel)
        column.setContentsMargins(8, 4, 2, 4)
        column.addWidget(self.about_base)
        column.addLayout(head)
        column.addWidget(self.scroller, 1)
        column.addWidget(self.wrong)
        return panel

    # --- the rest ---

    def furnish(self) -> None:
        from ...presets import all_presets

        theme.tint(self.add_button, "plus")
        theme.tint(self.quick, "lightning-bolt-outline")
        self.known = all_presets()
        self.presets.set_presets(self.known)

    def make_ready(self, latest: LatestWins) -> Iterator[None]:
        """The shelves are there: build the first lanes."""
        self._latest = latest
        yield from self._show_lanes_slowly(FIRST)
        if self.known:
            self.show_preset(next((preset for preset in self.known if preset.id == "ring"), self.known[0]))
        yield

    @property
    def is_ready(self) -> bool:
        return self._latest is not None

    # --- what is shown ---

    def show_preset(self, preset: Preset) -> None:
        """As the base; the lanes stay."""
        self._show_base(preset.values, preset.title, preset.id)
        self._edited()

    def show_race(self, config: RaceConfig, title: str, preset: str) -> None:
        """As an earlier race was; it was judged then."""
        self._show_base(config.base.plain(), title, preset)
        self.about_base.setText(f"The lanes of “{title}”.")
        self._show_lanes([(lane.name, lane.changes) for lane in config.lanes])
        self._calm.stop()
        self._judge({})

    def _show_base(self, values: dict[str, Any], title: str, preset: str) -> None:
        self.base, self.title, self.preset = dict(values), title, preset
        self.presets.set_current(preset)
        self.about_base.setText(f"Lanes are variants of “{title}”.")
        with QSignalBlocker(self.steps):
            self.steps.setValue(int(self.base.get("steps", self.steps.value())))

    def _show_lanes(self, lanes: Sequence[tuple[str, Changes]]) -> None:
        for _ in self._show_lanes_slowly(lanes):
            pass

    def _show_lanes_slowly(self, lanes: Sequence[tuple[str, Changes]]) -> Iterator[None]:
        """Rows that are there already are used again."""
        while len(self.rows) > len(lanes):
            self._drop(self.rows[-1])
        for number, (name, changes) in enumerate(lanes):
            if number == len(self.rows):
                self._append()
                yield
            self.rows[number].show_lane(name, changes)
        self._number_rows()

    def show_quick_set(self, chosen: QuickSet) -> None:
        self._show_lanes(chosen.lanes)
        self._edited()

    def apply(self, settings: dict[str, str]) -> None:
        """What a "Try this" button says: `preset` is a quick set, `data` the preset that is the base, `steps` how long.

        Raises ConfigError.
        """
        from ...config import ConfigError

        sets = {chosen.id: chosen for chosen in QUICK_SETS}
        bases = {preset.id: preset for preset in self.known}
        wanted, base = settings.get("preset", QUICK_SETS[0].id), settings.get("data", "ring")
        if wanted not in sets or base not in bases or not settings.get("steps", "1").isdigit():
            raise ConfigError(f"There is no race of {wanted} on {base} here; choose lanes and a base yourself.")
        self.show_preset(bases[base])
        if "steps" in settings:
            self.steps.setValue(int(settings["steps"]))
        self.show_quick_set(sets[wanted])

    # --- the user ---

    def _choose_preset(self, id: str) -> None:
        self.show_preset(next(preset for preset in self.known if preset.id == id))

    def _use_quick_set(self, action: Any) -> None:
        self.show_quick_set(action.data())

    def add_lane(self) -> None:
        if len(self.rows) >= MOST or not self.is_ready:
            return
        taken = {row.title() for row in self.rows}
        number = next(i for i in range(len(self.rows) + 1, 100) if f"Lane {i}" not in taken)
        row = self._append()
        row.show_lane(f"Lane {number}", {})
        self._number_rows()
        row.name.setFocus()
        row.name.selectAll()
        QTimer.singleShot(0, row, self._scroll_down)
        self._edited()

    def _scroll_down(self) -> None:
        self.scroller.verticalScrollBar().setValue(self.scroller.verticalScrollBar().maximum())

    def _remove(self, row: QWidget) -> None:
        self._drop(next(one for one in self.rows if one is row))
        self._number_rows()
        self._edited()

    def _append(self) -> LaneRow:
        from .lane_row import LaneRow

        row = LaneRow(len(self.rows))
        row.edited.connect(self._edited)
        row.removed.connect(self._remove)
        self.stack.insertWidget(len(self.rows), row)
        before: QWidget = self.rows[-1].remove if self.rows else self.steps
        for widget in (row.name, row.objective, row.penalties, row.extra, row.remove):
            QWidget.setTabOrder(before, widget)
            before = widget
        QWidget.setTabOrder(row.remove, self.add_button)
        self.rows.append(row)
        return row

    def _drop(self, row: LaneRow) -> None:
        self.rows.remove(row)
        self.stack.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _number_rows(self) -> None:
        for number, row in enumerate(self.rows):
            row.set_number(number)
            row.allow_removal("A race has at least two lanes." if len(self.rows) <= FEWEST else "")
        full = len(self.rows) >= MOST
        self.add_button.setEnabled(not full)
        self.add_button.setToolTip("A race has at most eight lanes." if full else "Add a lane that is as the base")

    def _edited(self) -> None:
        self._calm.start()
        self.edited.emit()

    # --- judging it ---

    def maker(self, root: Path) -> Callable[[], Race]:
        """What makes the race that is described now, on any thread. It raises ConfigError."""
        base, steps, (lanes, wrong), title, preset = (
            self.base,
            self.steps.value(),
            self._typed(),
            self.title,
            self.preset,
        )

        def make() -> Race:
            from ...jobs.race import new_race  # with all that a race's events bring: not on the window's thread

            return new_race(judged(base, steps, lanes, wrong), title, root, preset)

        return make

    def check(self) -> None:
        """Judge it on a thread: networks may be built for it."""
        if self._latest:
            self._calm.stop()
            base, steps, (lanes, wrong) = self.base, self.steps.value(), self._typed()
            self._latest.ask("check", lambda: problems(base, steps, lanes, wrong), self._judge)

    @property
    def is_judged(self) -> bool:
        return not self._calm.isActive()

    def _typed(self) -> tuple[list[tuple[str, Changes]], dict[int, str]]:
        """The lanes, and {number: what is wrong} of those whose changes cannot be read."""
        from ...config import ConfigError

        lanes, wrong = [], {}
        for number, row in enumerate(self.rows):
            changes: Changes = {}
            try:
                changes = row.changes()
            except ConfigError as error:
                wrong[number] = error.problems[0].sentence
            lanes.append((row.title(), changes))
        return lanes, wrong

    def _judge(self, wrong: dict[int, str]) -> None:
        """{number of a lane, -1 for the race: what is wrong}"""
        for number, row in enumerate(self.rows):
            row.show_problem(wrong.get(number, ""))
        self.wrong.setText(wrong.get(-1, ""))
        self.wrong.setVisible(-1 in wrong)
        first = min(wrong, default=None)
        names = {number: row.title() or f"lane {number + 1}" for number, row in enumerate(self.rows)}
        self.problem = "" if first is None else f"First mend {names.get(first, 'the base')}: {wrong[first]}"
        self.checked.emit()


def judged(base: dict[str, Any], steps: int, lanes: list[tuple[str, Changes]], wrong: dict[int, str]) -> RaceConfig:
    """The race, checked. Raises ConfigError. No widget is touched here."""
    from ...config import ConfigError, Problem
    from ...jobs.race_folder import LaneConfig, RaceConfig
    from ...jobs.settings import RunConfig

    whole = RunConfig.parse(base).with_values({"steps": steps})
    entered = tuple(LaneConfig(name=name, changes=changes) for name, changes in lanes)
    race = RaceConfig(base=whole, lanes=entered)
    if wrong:
        raise ConfigError(*(Problem(f"lanes.{number}", sentence) for number, sentence in wrong.items()))
    race.configs()
    return race


def problems(
    base: dict[str, Any], steps: int, lanes: list[tuple[str, Changes]], wrong: dict[int, str]
) -> dict[int, str]:
    """{number of a lane, -1 for the race: what is wrong}"""
    from ...config import ConfigError

    found: dict[int, str] = {}
    try:
        judged(base, steps, lanes, wrong)
    except ConfigError as error:
        for problem in error.problems:
            place, _, rest = problem.path.removeprefix("lanes.").partition(".")
            number = int(place) if problem.path.startswith("lanes.") and place.isdigit() else -1
            where = rest.removeprefix("name") if number >= 0 else problem.path
            sentence = problem.sentence[:1].upper() + problem.sentence[1:]
            found.setdefault(number, f"{where}: {problem.sentence}" if where else sentence)
    return found
