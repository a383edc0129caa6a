"""The Race tab: choose a base and its lanes, race them in lock-step, and look at all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...jobs.inbox import Pause, Resume
from ..commands import Commands
from ..room import Found, Room
from ..session import Session
from .quick_sets import QUICK_SETS

if TYPE_CHECKING:
    from ...jobs.race_folder import Race
    from ..theory.computing import LatestWins
    from ..widgets.notice import Notices
    from ..widgets.timeline import Timeline
    from .race_form import RaceForm
    from .race_list import RaceList
    from .record import Record
    from .show import Show

LOADING = "Loading PyTorch; a moment."
WIDTHS = (300, 640, 340)  # of the three columns at first
HEIGHTS = (260, 240)  # of the league and its plot
HINT = "Choose a base and two to eight lanes on the left. All see the same data, start from the same weights and race "
HINT += "in lock-step."


class RaceRoom(Room):
    title = "Race"
    takes_what = "the folder of a race"
    form: RaceForm
    races: RaceList
    show_: Show
    timeline: Timeline
    latest: LatestWins

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.race: Race | None = None  # that is looked at
        self._is_new = True  # the form describes another one than that
        self._making = False  # its folders
        self._can_resume = False
        self._awaited: Race | None = None  # it is being read
        self._held: list[Any] = []  # what it told meanwhile
        self._stands = ""  # how the race that is looked at stands
        self._furnished = False
        self._build()
        commands.on("race", self.start_or_pause)
        commands.allow("race", LOADING)

    # --- the frame ---

    def _build(self) -> None:
        self.left = QTabWidget(documentMode=True)
        self.left.setAccessibleName("Lanes and earlier races")
        self.left.setMinimumWidth(250)
        self.pages = QStackedWidget()
        self.nothing = self._empty_state()
        self.pages.addWidget(self.nothing)
        self.beside = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.seen = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.seen.addWidget(self.pages)
        self.seen.addWidget(self.beside)
        self.seen.setStretchFactor(0, 1)
        self.right = QVBoxLayout()
        self.right.setContentsMargins(0, 0, 0, 0)
        self.right.setSpacing(0)
        self.right.addWidget(self.seen, 1)
        right = QWidget()
        right.setLayout(self.right)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.splitter.addWidget(self.left)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._bar())
        layout.addWidget(self.splitter, 1)
        self.reset_layout()

    def _bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 6, 8, 6)
        self.start_button = self._button("race")
        self.stop_button = self._button("stop")
        bar.addWidget(self.start_button)
        bar.addWidget(self.stop_button)
        bar.addSpacing(12)
        self.said = QLabel(LOADING, textFormat=Qt.TextFormat.PlainText)
        self.said.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
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

    # --- the rest ---

    def furnish(self) -> Iterator[None]:
        from ..theory.computing import LatestWins
        from ..widgets.timeline import Timeline
        from .race_form import RaceForm
        from .race_list import RaceList

        self.latest = LatestWins(self)
        self.latest.failed.connect(self.session.tell)
        self.form = RaceForm()
        self.form.furnish()
        self.races = RaceList()
        self.left.addTab(self.form, "Lanes")
        self.left.addTab(self.races, "Earlier races")
        self.left.setTabToolTip(0, "What is raced, and for how long")
        self.left.setTabToolTip(1, "Open a race again, or go on with it")
        yield
        from .distance_plot import DistancePlot
        from .lane_view import LaneGrid
        from .league_table import LeagueTable
        from .show import Show

        self.grid, self.table, self.plot = LaneGrid(), LeagueTable(), DistancePlot()
        self.pages.addWidget(self.grid)
        self.beside.addWidget(self.table)
        self.beside.addWidget(self.plot)
        self.beside.setMinimumWidth(260)
        self.timeline = Timeline("Each sample step of the race becomes a place on this line.")
        self.timeline.branch_button.hide()  # a race has no branches
        self.timeline.draw_icons()
        self.right.addWidget(self.timeline)
        self.show_ = Show(self.grid, self.table, self.plot, self.timeline, self)
        self._furnished = True
        self.reset_sizes()
        self._connect()
        yield

    def _connect(self) -> None:
        self.form.edited.connect(self._edited)
        self.form.checked.connect(self.offer)
        self.races.opened.connect(self.open_race)
        self.races.resumed.connect(self._resume)
        self.show_.stands.connect(self._say)
        self.session.stage_changed.connect(self._stage_changed)
        self.session.events.connect(self._show_events)
        self.session.race_ended.connect(self._race_ended)
        self.session.runs_changed.connect(self._read_list)

    def make_ready(self) -> Iterator[None]:
        yield from self.form.make_ready(self.latest)
        self.form.check()
        self._read_list()
        yield

    # --- what can be done ---

    def offer(self) -> None:
        """Say on the button what can be done now, and if not, why."""
        stage, commands = self.session.stage, self.commands
        ours = self.session.race is not None
        if ours and stage in ("preparing", "running"):
            commands.rename("race", "P&ause race", "Pause all lanes after this step; nothing is lost.", "pause")
        elif ours and stage == "paused":
            commands.rename("race", "Resume r&ace", "Go on with all lanes.", "play")
        elif self._goes_on():
            commands.rename("race", "Resume r&ace", "Go on from the newest checkpoints of all lanes.", "play")
        else:
            commands.rename("race", "Start r&ace", "Race these lanes, in a folder of their own.", "flag-checkered")
        reason = self.why_not()
        commands.allow("race", reason)
        self.races.set_busy(stage != "idle")
        self.timeline.set_training(ours and self._is_at(self.race))
        self._say("")

    def why_not(self) -> str:
        """Why nothing can be started, paused or resumed; "" if it can."""
        if not self.form.is_ready:
            return LOADING
        match self.session.stage:
            case "stopping":
                return "The training is being saved."
            case "idle":
                if self._making:
                    return "The folders of the lanes are being made."
                return "" if self._goes_on() else self.form.problem
            case _:
                return "" if self.session.race else "A run is training; stop it, or wait for its end."

    def _goes_on(self) -> bool:
        """Whether Start resumes the race that is looked at."""
        return self.race is not None and not self._is_new and self._can_resume

    def _is_at(self, race: Race | None) -> bool:
        """Whether this is the race in training."""
        ours = self.session.race
        return race is not None and ours is not None and race.folder == ours.folder

    def start_or_pause(self) -> None:
        if self.why_not():
            return
        match self.session.stage:
            case "preparing" | "running":
                self.session.put(Pause())
            case "paused":
                self.session.put(Resume())
            case "idle" if self._goes_on():
                assert self.race
                self.session.train_race(self.race)
            case "idle":
                self.raise_tab()
                self._make()

    start = start_or_pause

    def _make(self) -> None:
        """A folder for the race, on the thread: it judges all lanes once more, and writes them."""
        self._making = True
        self.offer()
        make = self.form.maker(self.session.root)
        names = [row.title() for row in self.form.rows]  # lanes may come and go meanwhile
        self.latest.ask("make", partial(attempted, make), partial(self._made, names))

    def _made(self, names: list[str], made: Race | Exception) -> None:
        self._making = False
        if isinstance(made, Exception):
            self.session.tell(made)
            self.form.check()
        elif self.session.is_training or self.session.leaving:
            self.notices.show_notice(f"{made.title} waits under “Earlier races”: something else trains.", "warning")
        else:
            self._look_at(made, names)
            self.session.train_race(made)
        self._read_list()
        self.offer()

    def _edited(self) -> None:
        self._is_new = True
        self.offer()

    # --- what is shown ---

    def _look_at(self, race: Race, names: list[str]) -> None:
        self.race, self._is_new, self._awaited = race, False, None
        self._stands = ""
        self.show_.begin(race, names)
        self.pages.setCurrentWidget(self.grid)
        self.subject_changed.emit(race.title)

    def open_race(self, race: Race) -> None:
        """Read it on the thread, then show it."""
        self._awaited, self._held = race, []
        self.latest.ask("read", partial(attempted, partial(_read, race)), self._show_record)

    def _show_record(self, record: Record | Exception) -> None:
        if self._awaited is None:
            return
        held, self._awaited, self._held = self._held, None, []
        if isinstance(record, Exception):
            self.session.tell(record)
            return
        self.race, self._is_new = record.race, False
        ended = record.state.name in ("finished", "failed")
        self._can_resume = not ended and (not record.busy or self._is_at(record.race))
        self.show_.open(record)
        self.form.show_race(record.config, record.title, record.preset)
        self.pages.setCurrentWidget(self.grid)
        self.subject_changed.emit(record.title)
        if record.state.reason:
            self.notices.show_notice(record.state.reason, "warning")
        if record.busy and not self._is_at(record.race):
            self.notices.show_notice("Another process races it; open it again to see how it stands.", "warning")
        if self._is_at(record.race):
            self.show_.draw(held)
        self.offer()

    def _resume(self, race: Race) -> None:
        if not self.session.is_training:
            self._look_at(race, [lane.name for lane in race.config().lanes])
            self.session.train_race(race)
            self.open_race(race)

    # --- the race in training ---

    def _stage_changed(self, stage: str) -> None:
        self.offer()

    def _show_events(self, mail: list[Any]) -> None:
        if self._awaited is not None and self._is_at(self._awaited):
            self._held += mail
        elif self._is_at(self.race):
            self._tell(mail)
            self.show_.draw(mail)

    def _tell(self, mail: list[Any]) -> None:
        from ...jobs import events

        for event in mail:
            match event:
                case events.Progress():
                    self.said.setText(f"{event.text} …")
                case events.Lane(event=events.Stopped(reason=reason)) if reason:
                    name = self.grid.views[event.index].name
                    self.notices.show_notice(f"{name} is out of the race: {reason}", "warning")

    def _race_ended(self, race: Race) -> None:
        if self.race is not None and race.folder == self.race.folder:
            state = race.state()
            self._can_resume = state.name not in ("finished", "failed")
            rows = self.show_.rows_at(state.step)
            best = f" {rows[0].title} comes first." if rows and rows[0].state != "failed" else ""
            if state.name == "finished":
                self.notices.show_notice(f"{race.title} is finished: {state.step:,} steps.{best}")
        self.offer()

    def _say(self, stands: str) -> None:
        """In the bar: why nothing can be done, or how the race stands."""
        self._stands = stands or self._stands
        reason = "" if self.session.race else self.why_not()
        self.said.setText(reason or self._stands)

    # --- earlier races ---

    def _read_list(self) -> None:
        from .record import all_races

        self.latest.ask("list", partial(all_races, self.session.root), self.races.show_entries)

    def takes(self, path: Path) -> bool:
        return (path / "race.toml").is_file()

    def take(self, path: Path) -> None:
        from ...jobs.race_folder import Race

        self.open_race(Race(path))

    def show_subject(self, name: str) -> None:
        if self.takes(Path(name)):
            self.take(Path(name))

    # --- the window's wishes ---

    def start_over(self) -> None:
        if self._furnished and self.form.is_ready:
            self.left.setCurrentWidget(self.form)
            self.form.show_quick_set(0)

    def palette_entries(self) -> Iterator[Found]:
        for number, chosen in enumerate(QUICK_SETS):
            yield f"Race: {chosen.title}", chosen.about, partial(self.form.show_quick_set, number)
        for entry in self.races.entries:
            yield f"Earlier race: {entry.title}", entry.told, partial(self.open_race, entry.race)

    def leave(self) -> None:
        if self._furnished:
            self.show_.leave()
            self.latest.forget_all()

    def save_layout(self) -> list[QByteArray]:
        return [splitter.saveState() for splitter in (self.splitter, self.seen)]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        for splitter, state in zip((self.splitter, self.seen), layout, strict=False):
            splitter.restoreState(state)

    def show_panels(self, visible: bool) -> None:
        self.left.setVisible(visible)
        self.beside.setVisible(visible)

    def reset_layout(self) -> None:
        left, centre, right = WIDTHS
        self.splitter.setSizes([left, centre + right])
        self.seen.setSizes([centre, right])
        self.reset_sizes()

    def reset_sizes(self) -> None:
        self.beside.setSizes(list(HEIGHTS))


def attempted(compute: Callable[[], Any]) -> Any:
    """On the thread: what it gives, or the error that it raised."""
    from ...config import ConfigError

    try:
        return compute()
    except (ConfigError, OSError) as error:
        return error


def _read(race: Race) -> Record:
    from .record import read

    return read(race)
