"""The Race tab: choose a base and its lanes, race them in lock-step, and look at all of them at once.

The race that is looked at may be another one than `session.race`, which is in training: an earlier one, one that waits
in the queue, or one that another process races, which is followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from ...jobs.inbox import Pause, Resume
from ..commands import Commands
from ..computing import attempted
from ..room import LOADING, Found
from ..session import Session
from .quick_sets import QUICK_SETS
from .race_frame import RaceFrame

if TYPE_CHECKING:
    from ...jobs.race_folder import Race
    from ..computing import LatestWins
    from ..widgets.notice import Notices
    from .race_form import RaceForm
    from .race_list import RaceList
    from .race_watch import RaceWatch
    from .record import Entry, RaceNews, Record
    from .show import Show

FOLLOWED = "Another process races it; it is followed here."
PATIENCE_S = 2.0  # a closing window waits so long for lanes to be judged, and for folders to be moved
BUSY = "A run is training; add this race to the queue, and it starts by itself."


class RaceRoom(RaceFrame):
    title = "Race"
    takes_what = "the folder of a race"
    form: RaceForm
    races: RaceList
    show_: Show
    watch: RaceWatch
    latest: LatestWins

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.race: Race | None = None  # that is looked at
        self.followed = False  # another process races it
        self._is_new = True  # the form describes another one than that
        self._by_hand = False  # somebody prepares that one
        self._making = False  # its folders
        self._stood = "new"  # the race that is looked at, when it was read last; as in `runs.State`
        self._ended = False  # nothing is left to go on with
        self._keeps = False  # what was edited, when the race that is awaited is shown
        self._awaited: Race | None = None  # it is being read
        self._held: list[Any] = []  # what it told meanwhile
        self._stands = ""  # how the race that is looked at stands
        self._names: list[str] = []  # of the lanes in training
        commands.on("race", self.start_or_pause)
        commands.on("enqueue_race", self.enqueue)
        commands.on("export_league", partial(self._export, True))
        for id in ("race", "enqueue_race", "export_league"):
            commands.allow(id, LOADING)

    # --- the rest, once the window is on the screen ---

    def furnish(self) -> Iterator[None]:
        from ..computing import LatestWins
        from .race_form import RaceForm
        from .race_list import RaceList

        self.latest = LatestWins(self)
        self.latest.failed.connect(self._fail)
        self.form = RaceForm()
        self.form.furnish()
        self.races = RaceList(self.session)
        self.left.addTab(self.form, "Lanes")
        self.left.addTab(self.races, "Earlier races")
        self.left.setTabToolTip(0, "What is raced, and for how long")
        self.left.setTabToolTip(1, "Open a race again, or go on with it")
        yield
        from .race_watch import RaceWatch
        from .show import Show

        self.build_views()
        self.show_ = Show(self.grid, self.table, self.plot, self.timeline, self)
        self.watch = RaceWatch(self)
        yield
        self.build_words(self.latest)
        self._connect()
        yield

    def _connect(self) -> None:
        session, races = self.session, self.races
        self.form.edited.connect(self._edited)
        self.form.checked.connect(self.offer)
        self.words.wanted.connect(self.try_words)
        races.wanted.connect(self._read_list)
        races.opened.connect(self.open_race)
        races.resumed.connect(self._resume)
        races.enqueued.connect(self._enqueue)
        races.duplicated.connect(self._edit_as_new)
        races.renamed.connect(self._renamed)
        races.deleted.connect(self._deleted)
        races.problem.connect(partial(self.notices.show_notice, level="error"))
        self.table.csv_wanted.connect(self._export)
        self.grid.run_wanted.connect(self._show_run)
        self.show_.stands.connect(self._say)
        self.show_.failed.connect(session.tell)
        self.watch.news.connect(self._show_news)
        self.watch.turned.connect(self._read_again)
        self.watch.gone.connect(self._folder_gone)
        self.watch.failed.connect(session.tell)
        session.stage_changed.connect(self._stage_changed)
        session.events.connect(self._show_events)
        session.race_ended.connect(self._race_ended)
        session.runs_changed.connect(self._read_list)

    def make_ready(self) -> Iterator[None]:
        yield from self.form.make_ready(self.latest)
        self._by_hand = False
        self.form.check()
        self._read_list()
        yield

    # --- what can be done ---

    def offer(self) -> None:
        """Say on the buttons what can be done now, and if not, why."""
        stage, commands = self.session.stage, self.commands
        ours = self.session.race is not None
        if ours and stage in ("preparing", "running"):
            commands.rename("race", "P&ause race", "Pause all lanes after this step; nothing is lost.", "pause")
        elif ours and stage == "paused":
            commands.rename("race", "Resume r&ace", "Go on with all lanes.", "play")
        elif self._goes_on() and self._stood not in ("new", "queued"):
            commands.rename("race", "Resume r&ace", "Go on from the newest checkpoints of all lanes.", "play")
        else:
            commands.rename("race", "Start r&ace", "Race these lanes, in a folder of their own.", "flag-checkered")
        commands.allow("race", self.why_not())
        commands.allow("enqueue_race", self._why_no_queue())
        commands.allow("export_league", "" if self.race else "Open a race first.")
        self.timeline.set_training(self.followed or (ours and self._is_at(self.race)))
        self._say("")

    def why_not(self) -> str:
        """Why nothing can be started, paused or resumed; "" if it can."""
        if not self.form.is_ready:
            return LOADING
        match self.session.stage:
            case "stopping":
                return "The training is being saved."
            case "idle":
                return self._why_not_begun()
            case _:
                return "" if self.session.race else BUSY

    def _why_not_begun(self) -> str:
        """Why what the form and the views show can neither begin nor wait."""
        if not self.form.is_ready:
            return LOADING
        if self._making:
            return "The folders of the lanes are being made."
        if self.followed and not self._is_new:
            return FOLLOWED
        return "" if self._goes_on() else self.form.problem

    def _why_no_queue(self) -> str:
        waits = "It waits in the queue already." if self._goes_on() and self._stood == "queued" else ""
        return self._why_not_begun() or waits

    def _goes_on(self) -> bool:
        """Whether Start goes on with the race that is looked at."""
        raced = self.followed or self._is_at(self.race)
        return self.race is not None and not self._is_new and not self._ended and not raced

    def _is_at(self, race: Race | None) -> bool:
        """Whether this is the race in training."""
        return is_same(race, self.session.race)

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
                self._make(waits=False)

    start = start_or_pause

    def enqueue(self) -> None:
        """Let the race that is looked at, or the one that the form describes, wait for its turn."""
        if self._why_no_queue():
            return
        if self._goes_on():
            assert self.race
            self._enqueue(self.race)
        else:
            self.raise_tab()
            self._make(waits=True)

    def _make(self, waits: bool) -> None:
        """A folder for the race, on the thread: it judges all lanes once more, and writes them."""
        self._making = True
        self.offer()
        make = self.form.maker(self.session.root)
        names = [row.title() for row in self.form.rows]  # lanes may come and go meanwhile
        self.latest.ask("make", partial(attempted, make), partial(self._made, names, waits))

    def _made(self, names: list[str], waits: bool, made: Race | Exception) -> None:
        self._making = False
        if isinstance(made, Exception):
            self.session.tell(made)
            self.form.check()
        else:
            waits = waits or self.session.is_training or self.session.leaving
            self._by_hand = False
            if not (waits and self._is_at(self.race)):  # the one that races stays in sight
                self._look_at(made, names)
            if waits:
                self._enqueue(made)
            else:
                self.session.train_race(made)
        self._read_list()
        self.offer()

    def _fail(self, error: Exception) -> None:
        """What nobody expected of the thread must not leave the room waiting for it."""
        self._making = False
        self.session.tell(error)
        self.offer()

    def _enqueue(self, race: Race) -> None:
        """It begins by itself when what is before it has ended."""
        from ...config import ConfigError
        from ...jobs.race_folder import enqueue

        try:
            enqueue(race)
        except (ConfigError, OSError) as error:
            self.session.tell(error)
            return
        if is_same(race, self.race):
            self._stood = "queued"
            self._say("Waits its turn")
        if self.session.is_training:
            self.notices.show_notice(f"{race.title} starts by itself when what is before it has ended.")
        self.session.runs_changed.emit()
        self.session.start_next()
        self.offer()

    def _edited(self) -> None:
        self._is_new = self._by_hand = True
        self.offer()

    def try_words(self, settings: dict[str, str]) -> None:
        """A "Try this" button: a base, a set of lanes, and how long."""
        from ...config import ConfigError

        try:
            self.form.apply(settings)
        except ConfigError as error:
            self.session.tell(error)
            return
        if self.left.isHidden():
            self.commands["panels"].trigger()
        self.left.setCurrentWidget(self.form)

    # --- what is shown ---

    def _look_at(self, race: Race, names: list[str]) -> None:
        """A new one."""
        self._forget()
        self.race, self._is_new, self._stood, self._ended = race, False, "new", False
        self.show_.begin(names, race.lanes())
        self.show_views()
        self.subject_changed.emit(race.title)

    def _forget(self) -> None:
        self.watch.end()
        self.race, self.followed, self._awaited, self._stands = None, False, None, ""

    def open_race(self, race: Race, keeps: bool = False) -> None:
        """Read it on the thread, then show it; `keeps` what was edited."""
        self._awaited, self._held, self._keeps = race, [], keeps
        self.latest.ask("read", partial(attempted, partial(_read, race, self._is_at(race))), self._show_record)

    def _show_record(self, record: Record | Exception) -> None:
        if self._awaited is None:
            return
        held, self._awaited, self._held = self._held, None, []
        if isinstance(record, Exception):
            self.session.tell(record)
            return
        again, ours = is_same(self.race, record.race), self._is_at(record.race)
        edited, step = self._keeps and self._is_new, None if self.timeline.is_live else self.timeline.step()
        self._forget()
        self.race, self._is_new = record.race, edited
        self._stood, self._ended = record.state.name, record.ended
        self.followed = record.tail is not None and not ours  # it may have begun here meanwhile
        self.show_.open(record)
        if not edited:
            self.form.show_race(record.config, record.title, record.preset)
        self.show_views()
        self.subject_changed.emit(record.title)
        if record.state.reason:
            self.notices.show_notice(record.state.reason, "warning")
        if ours:
            self.show_.draw(held)
        else:
            self.watch.begin(record.race, record.tail)
        if again and step is not None:
            self.timeline.go_to(step)
        self.offer()

    def _resume(self, race: Race) -> None:
        if not self.session.is_training:
            self._awaited = race
            self.session.train_race(race)
            self.open_race(race)

    def _edit_as_new(self, race: Race) -> None:
        """Its base and its lanes in the form; what is looked at stays."""
        asked = partial(attempted, partial(_described, race))
        self.latest.ask("describe", asked, self._show_described)

    def _show_described(self, found: tuple[Any, str, str] | Exception) -> None:
        if isinstance(found, Exception):
            self.session.tell(found)
            return
        self.form.show_race(*found)
        self.left.setCurrentWidget(self.form)
        self._edited()

    def _show_run(self, lane: int) -> None:
        """One lane by itself: its folder is a run's."""
        run = self.show_.players[lane].reader.run
        assert run
        self.elsewhere_wanted.emit(str(run.folder))

    # --- the race in training ---

    def _stage_changed(self, stage: str) -> None:
        race = self.session.race
        if stage == "preparing" and race:
            self._names = race.lane_titles()
            if is_same(race, self.race):
                self.watch.end()
                self.followed = False
            elif not is_same(race, self._awaited):
                self._show_begun(race)
        self.offer()

    def _show_begun(self, race: Race) -> None:
        """The queue began it; what somebody is preparing stays."""
        if self._is_new and self._by_hand:
            show = ("Show", partial(self.open_race, race))
            self.notices.show_notice(f"{race.title} began to race.", action=show)
        else:
            self.open_race(race)

    def _show_events(self, mail: list[Any]) -> None:
        self._tell(mail)
        if self._awaited is not None and self._is_at(self._awaited):
            self._held += mail
        elif self._is_at(self.race):
            self.show_.draw(mail)

    def _tell(self, mail: list[Any]) -> None:
        """What is for people: in the bar, in the log with the lane's name, and as notices."""
        from ...jobs import events

        for event in mail:
            match event:
                case events.Progress() if self.session.race:
                    self.said.setText(f"{event.text} …")
                case events.Lane(index=index, event=told):
                    self._tell_of_lane(self._names[index], told)
                case events.Paused() if event.reason and self.session.race:
                    self.notices.show_notice(event.reason, "warning")

    def _tell_of_lane(self, name: str, told: Any) -> None:
        from ...jobs import events

        match told:
            case events.Log():
                self.logged.emit(f"{name}: {told.text}", told.level)
            case events.Checkpoint():
                self.logged.emit(f"{name}: Saved {told.path}", "info")
            case events.Paused() | events.Stopped() if told.reason:
                self.logged.emit(f"{name}: {told.reason}", "warning")
        if isinstance(told, events.Stopped) and told.reason:
            self.notices.show_notice(f"{name} is out of the race: {told.reason}", "warning")

    def _race_ended(self, race: Race) -> None:
        if is_same(race, self.race):
            state = race.state()
            self._stood, self._ended = state.name, race.has_ended()
            rows = self.show_.league_at(state.step)[1]
            best = f" {rows[0].title} comes first." if rows and rows[0].state != "failed" else ""
            if state.name == "finished":
                self.notices.show_notice(f"{race.title} is finished: {state.step:,} steps.{best}")
            self.watch.begin(race, None)
        self.offer()

    def _say(self, stands: str) -> None:
        """In the bar: why nothing can be done, or how the race stands."""
        self._stands = stands or self._stands
        if self.followed and not self._is_new:
            self.said.setText(" · ".join(part for part in (self._stands, FOLLOWED) if part))
        else:
            reason = "" if self.session.race else self.why_not()
            self.said.setText(reason or self._stands)

    # --- the folder of the race that is looked at ---

    def _show_news(self, news: RaceNews) -> None:
        """What another process has written since."""
        self._stood = news.state
        self.show_.add_news(news)

    def _read_again(self) -> None:
        if self.race and self._awaited is None:
            self.open_race(self.race, keeps=True)

    def _folder_gone(self) -> None:
        self.notices.show_notice("The folder of this race was deleted; it cannot be shown any more.", "error")
        self._show_nothing()
        self._read_list()

    def _show_nothing(self) -> None:
        self._forget()
        self._is_new, self._ended = True, False
        self.show_.leave()
        self.timeline.set_steps([])
        self.show_no_views()
        self.subject_changed.emit("")
        self.offer()

    # --- earlier races ---

    def _read_list(self) -> None:
        from .record import all_races

        self.latest.ask("list", partial(all_races, self.session.root), self._show_list)

    def _show_list(self, entries: list[Entry]) -> None:
        self.races.show_entries(entries)
        for entry in entries:  # queued, or taken out again, in the list
            if is_same(entry.race, self.race) and self._stood in ("new", "queued", "stopped") and not entry.busy:
                self._stood = entry.state
        self.offer()

    def _renamed(self, race: Race) -> None:
        if is_same(race, self.race):
            self.subject_changed.emit(race.title)

    def _deleted(self, race: Race) -> None:
        if is_same(race, self._awaited):
            self._awaited = None
        if is_same(race, self.race):
            self._show_nothing()

    def takes(self, path: Path) -> bool:
        return (path / "race.toml").is_file()

    def take(self, path: Path) -> None:
        from ...jobs.race_folder import Race

        self.open_race(Race(path))

    def show_subject(self, name: str) -> None:
        if self.takes(Path(name)):
            self.take(Path(name))

    # --- files ---

    def _export(self, all_steps: bool) -> None:
        if not self.race:
            return
        name = str(Path.home() / f"{self.race.name}.csv")
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the league", name, "Tables (*.csv)")
        if chosen:
            self.write_league(Path(chosen), all_steps)

    def write_league(self, path: Path, all_steps: bool) -> None:
        """As CSV: the step that is shown, as it is sorted, or all of them."""
        from ...files import write_atomic
        from ...jobs.race_table import as_csv

        path = path if path.suffix else path.with_suffix(".csv")
        leagues = sorted(self.show_.league.items()) if all_steps else [(self.table.step, self.table.sorted_rows())]
        try:
            write_atomic(path, as_csv(leagues))
        except OSError as error:
            self.notices.show_notice(f"{path} cannot be written ({error.strerror}); choose another place.", "error")
            return
        self.notices.show_notice(f"Saved {path}.")

    # --- the window's wishes ---

    def start_over(self) -> None:
        if self._furnished and self.form.is_ready:
            self.left.setCurrentWidget(self.form)
            self.form.show_quick_set(QUICK_SETS[0])

    def palette_entries(self) -> Iterator[Found]:
        for chosen in QUICK_SETS:
            yield f"Race: {chosen.title}", chosen.about, partial(self.form.show_quick_set, chosen)
        for entry in self.races.entries:
            yield f"Earlier race: {entry.title}", entry.told, partial(self.open_race, entry.race)

    def leave(self) -> None:
        if self._furnished:
            self.watch.leave(PATIENCE_S)
            self.show_.leave()
            self.latest.leave(PATIENCE_S)
            self.races.chores.leave(PATIENCE_S)


def is_same(race: Race | None, other: Race | None) -> bool:
    return race is not None and other is not None and race.folder == other.folder


# --- on the thread ---------------------------------------------------------------------------------------------------


def _read(race: Race, ours: bool) -> Record:
    from .record import read

    return read(race, ours)


def _described(race: Race) -> tuple[Any, str, str]:
    """As `RaceForm.show_race` takes it."""
    return race.config(), race.title, str(race.about().get("preset", ""))
