"""The Train tab: what is shown in it, and how its parts work together.

Each part has a file: `frame` (the widgets), `start` (what Start does), `opening` (reading a run and watching its
folder), `live` (what the run in training tells), `playback` (the timeline), `overlays`, `films`. They share a
`Subject`, what the room is about: the run that is looked at may be another one than `session.run`, which is in
training.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..commands import Commands
from ..room import LOADING, Found, Keys
from ..session import Session
from . import asking
from .dropped import has_pictures, is_checkpoint, is_run
from .frame import HINT, TrainFrame
from .keys import OF_PARTS, OF_RUNS, RUNS
from .opening import Opening, Watch, Wish
from .start import Start
from .subject import NEW, Subject

if TYPE_CHECKING:
    from ...presets import Preset
    from ...runs import Run
    from ..widgets.notice import Notices
    from .films import Films
    from .live import Live
    from .playback import Playback
    from .record import News, Record
    from .report_export import Exports
    from .run_list import RunList


CHORES_S = 2.0  # a closing window waits so long for titles to be written, and folders to be moved


class TrainRoom(TrainFrame):
    title = "Train"
    takes_what = "a folder or zip of pictures, a run or one of its checkpoints, or a settings file"
    runs: RunList
    live: Live
    playback: Playback
    exports: Exports
    films: Films

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.subject = Subject()
        self.starting = Start(session, commands, notices, self.settings, self.subject)
        self.opening = Opening(session, self)
        self.watch = Watch(self)
        self._begun: Run | None = None  # what was begun here, not by the queue
        self._early: Wish | None = None  # what is to be shown as soon as it can be
        self._connect()
        self.offer()

    def _connect(self) -> None:
        session = self.session
        session.stage_changed.connect(self._stage_changed)
        session.events.connect(self._show_events)
        session.ended.connect(self._run_ended)
        self.settings.preset_chosen.connect(self.choose_preset)
        session.preset_wanted.connect(self.show_preset)
        session.branch_wanted.connect(self._branch_for_another)
        session.train_wanted.connect(self._train_for_another)
        self.settings.edited.connect(self.offer)
        self.settings.checked.connect(self.offer)
        self.settings.live_changed.connect(self.starting.change_live)
        self.settings.branch_dropped.connect(self._drop_branch)
        self.starting.offered.connect(self._show_offer)
        self.starting.began.connect(self._look_at_training)
        self.opening.read.connect(self._show_record)
        self.opening.failed.connect(self._could_not_open)
        self.watch.news.connect(self._show_news)
        self.watch.turned.connect(self._read_again)
        self.watch.gone.connect(self._folder_gone)
        self.watch.failed.connect(session.tell)
        self.timeline.branch_wanted.connect(self.branch_at)
        self.empty_show.clicked.connect(self._show_trained)
        for id, slot in (
            ("open", self._ask_for_run),
            ("pictures", self._ask_for_pictures),
            ("save_preset", self._save_preset),
            ("branch_here", self.timeline.branch_here),
            ("play", self.timeline.toggle_play),
            ("live", self.timeline.go_live),
            ("timelapse", self._export_film),
            ("explore", self._explore),
            ("evaluate", self._evaluate),
        ):
            self.commands.on(id, slot)

    # --- the rest of the room, once the window is on the screen ---

    def furnish(self) -> Iterator[None]:
        yield from self.settings.furnish()
        from ..widgets.curves import CurvesView

        yield
        self.curves = CurvesView(at_once=False)
        yield from self.curves.furnish()
        self.pages.addWidget(self.curves)
        yield
        self.results.furnish()
        self.timeline.draw_icons()
        yield
        from .films import Films
        from .live import Live
        from .playback import Playback
        from .report_export import Exports

        self.playback = Playback(self.timeline, self.results, self.curves, self)
        self.playback.reader.failed.connect(self.session.tell)
        self.live = Live(self.subject, self.curves, self.playback, self.results, self.settings, self.forecast)
        self.exports = Exports(self, self.commands, self.notices, self.session.tell, self.curves)
        self.films = Films(self.exports, self.results, self)
        self.curves.exported.connect(self._exported)
        self.curves.failed.connect(partial(self.notices.show_notice, level="error"))
        yield
        from .overlays import Overlays
        from .run_list import RunList

        self.runs = RunList(self.session)
        self.runs.opened.connect(self.open_run)
        self.runs.resumed.connect(self.starting.train)
        self.runs.branched.connect(self._open_to_branch)
        self.runs.enqueued.connect(self.starting.enqueue_run)
        self.runs.renamed.connect(self._renamed)
        self.runs.duplicated.connect(self.open_run)
        self.runs.deleted.connect(self._deleted)
        self.runs.report_wanted.connect(self.exports.report_of)
        self.runs.curves_wanted.connect(self.exports.curves_of)
        self.runs.timelapse_wanted.connect(self.films.ask)
        self.runs.problem.connect(partial(self.notices.show_notice, level="error"))
        self.overlays = Overlays(self.session, self.curves, self.runs, self)
        self.left.addTab(self.runs, "Runs")
        self.restore_parts()
        yield

    def make_ready(self) -> Iterator[None]:
        yield from self.settings.build_form()
        self._connect_undo()
        self.settings.data.looked.connect(self.results.show_look)
        self.settings.data.aged.connect(self.results.real_view.set_aged)
        self.settings.data.failed.connect(self.session.tell)
        self.choose_first()
        if self._early:
            self.opening.begin(self._early)
        yield
        self.start_button.setFocus()
        yield

    def _connect_undo(self) -> None:
        stack = self.settings.form.undo_stack
        for id, slot, changed in (
            ("undo", stack.undo, stack.canUndoChanged),
            ("redo", stack.redo, stack.canRedoChanged),
        ):
            self.commands.on(id, slot)
            self.commands[id].setEnabled(False)
            changed.connect(self.commands[id].setEnabled)  # a slot of Qt: the stack outlives the actions by a moment

    # --- what can be done ---

    @property
    def shown(self) -> Run | None:
        """The run that is looked at."""
        return self.subject.run

    def offer(self) -> None:
        """Say on the buttons what can be done now, and if not, why."""
        self.starting.offer()

    def start(self) -> None:
        self.starting.start()

    def palette_entries(self) -> Iterator[Found]:
        for preset in self.settings.known:
            yield f"Preset: {preset.title}", preset.expect or preset.paper, partial(self.choose_preset, preset.id)
        for path, title, sentence in self.settings.form.all_settings():
            yield f"Setting: {title}", sentence, partial(self._show_setting, path)
        for entry in self.runs.entries():
            yield f"Run: {entry.title}", entry.name, partial(self.open_run, entry.run)

    def key_entries(self) -> Iterator[Keys]:
        yield from OF_RUNS
        yield from self.runs.deeds.keys(RUNS)
        yield from OF_PARTS

    def _show_setting(self, path: str) -> None:
        if self.left.isHidden():
            self.commands["panels"].trigger()
        self.left.setCurrentWidget(self.settings)
        self.settings.form.show_field(path)

    def _show_offer(self, reason: str) -> None:
        """`reason` is why the settings cannot be trained."""
        commands, settings = self.commands, self.settings
        self._show_empty(reason if settings.problems else "")
        commands.allow("save_preset", reason)
        commands.allow("open", "" if settings.has_form else LOADING)
        commands.allow("pictures", "" if settings.has_form else LOADING)
        if settings.has_form:
            busy = self.session.stage != "idle"
            settings.data.allow("A run is training; look at the data when it has ended." if busy else "")
        self.timeline.set_training(self.subject.followed or self.session.is_at(self.shown))
        nothing = "" if self.shown else "Open a run first."
        for id in ("branch_here", "play", "live", "timelapse", "explore", "evaluate"):
            commands.allow(id, nothing)

    def _explore(self) -> None:
        if self.shown:
            self.session.explore_wanted.emit(self.shown)

    def _evaluate(self) -> None:
        if self.shown:
            self.session.evaluate_wanted.emit(self.shown, "")

    def _show_empty(self, problem: str) -> None:
        """Start means another run while one trains: it would pause that one."""
        run = self.session.run
        elsewhere = self.session.is_training and not self.opening.awaits(run)
        title = self.session.title if elsewhere else ""
        self.show_empty(title, problem or ("" if elsewhere else HINT), can_be_shown=run is not None)

    def _show_trained(self) -> None:
        if self.session.run:
            self.open_run(self.session.run)

    # --- what is shown: a preset, or a run ---

    def choose_first(self) -> None:
        """The default preset; without any, the settings' own defaults."""
        from ...jobs.settings import RunConfig
        from ...presets import DEFAULT

        presets = self.settings.known
        if presets:
            self._choose({preset.id: preset for preset in presets}.get(DEFAULT, presets[0]))  # the user's own wins
        else:
            self._show_nothing()
            self.settings.show_values(RunConfig().plain())
            self.subject.values = self.settings.form.current()
            self.offer()

    def start_over(self) -> None:
        if self.settings.has_form:
            self.left.setCurrentWidget(self.settings)
            self.choose_first()

    def choose_preset(self, name: str) -> None:
        """A preset by id, or a config file by path."""
        from ...config import ConfigError
        from ...presets import find

        if not self.settings.has_form:
            return
        try:
            preset = find(name)
        except ConfigError as error:
            self.session.tell(error)
            return
        self._choose(preset)

    def show_preset(self, id: str) -> None:
        """For another room that has nothing to show without a run of it; "" chooses none."""
        if self.settings.has_form:
            self.raise_tab()
            if self.left.isHidden():
                self.commands["panels"].trigger()
            self.left.setCurrentWidget(self.settings)
            if id:
                self.choose_preset(id)

    def _choose(self, preset: Preset) -> None:
        known = preset.id if preset in self.settings.known else ""  # "" for a file from elsewhere
        self._show_nothing(preset.title, known)
        self.settings.show_preset(preset)
        self.subject.values = self.settings.form.current()
        self.subject_changed.emit(preset.title)
        self.offer()

    def show_subject(self, name: str) -> None:
        path = Path(name)
        if self.takes(path):
            self.take(path)
        else:
            self.choose_preset(name)

    def open_run(self, run: Run, branch_step: int | None = None, step: int | None = None) -> None:
        """Read a run on a thread of its own, then show it: to branch from one of its checkpoints, or at a step."""
        wish = Wish(run, branch_step, step)
        if self.settings.has_form:
            self.opening.begin(wish)
        else:  # somebody was faster than PyTorch is loaded
            self._early = wish

    def _show_record(self, wish: Wish, record: Record, held: list[Any]) -> None:
        run, ours = record.run, self.session.is_at(record.run)
        values = record.values if wish.branch_step is None else self._settings_of(run, wish.branch_step)
        if values is None:
            return
        self._show_nothing(record.title, record.preset)
        self.subject.become(record.title, record.preset, run, wish.branch_step)
        self.subject.followed = record.tail is not None and not ours  # it may have begun here while it was read
        self.exports.show_run(run)
        self.runs.set_shown(run)
        self.pages.setCurrentWidget(self.curves)
        self.results.set_columns(record.columns)
        if record.real is not None:
            self.results.show_real(record.real)
        self.playback.open(run, record.frames, record.newest)
        self.live.begin(record.curves, record.changes, record.checkpoints)
        self._show_settings(values)
        if not ours:
            self.watch.begin(run, record.tail)
        self.runs.select(run)
        self.settings.presets.set_current("")  # a click on its preset brings the fresh settings back
        self.subject_changed.emit(record.title)
        if record.state.reason:
            self.notices.show_notice(record.state.reason, "warning")
        if ours and self.session.stage == "preparing":
            self.curves.wait_for("Preparing the training")
        self.live.draw(held)
        if wish.step is not None:
            self.timeline.go_to(wish.step)
        self.offer()

    def _settings_of(self, run: Run, step: int) -> dict[str, Any] | None:
        """As they stood at a step; None where its folder was deleted a moment ago, which is told."""
        from ...config import ConfigError

        try:
            return run.config_at(step)
        except ConfigError as error:
            self.session.tell(error)
            return None

    def _show_settings(self, values: dict[str, Any]) -> None:
        """Of the run that is looked at, or of the branch to come."""
        self.settings.show_values(values)
        self.settings.form.set_running(self.session.is_at(self.shown) and self.subject.branch_step is None)
        self.settings.show_branch(self.subject.branch_step)
        self.subject.values = self.settings.form.current()

    def _show_nothing(self, title: str = NEW, preset: str = "") -> None:
        """Curves and pictures are empty, and the form is free."""
        self.opening.drop()
        self.watch.end()
        self.subject.become(title, preset)
        self.exports.show_run(None)
        self.runs.set_shown(None)
        self.live.forget()
        self.playback.close()
        self.results.clear()
        self.pages.setCurrentWidget(self.nothing)
        self.settings.show_branch(None)
        self.settings.form.set_running(False)

    def _could_not_open(self, wish: Wish, error: Exception) -> None:
        """The run may have been shown until now, and followed."""
        self.session.tell(error)
        if self.subject.is_about(wish.run):
            self.watch.end()
            self.subject.followed = False
            if is_run(wish.run.folder):
                self.watch.begin(wish.run, None)
            else:
                self.choose_first()
        self.offer()

    # --- the run in training ---

    def _stage_changed(self, stage: str) -> None:
        if stage == "preparing" and self.session.run:
            self._show_training(self.session.run)
        self.offer()

    def _look_at_training(self, run: Run) -> None:
        """Somebody here begins it."""
        self._begun = run
        self.left.setCurrentWidget(self.settings)  # where what trains is described

    def _show_training(self, run: Run) -> None:
        """Look at the run that begins to train; one that goes on keeps its curves, not edits it was not told."""
        begun, self._begun = self._begun, None
        edits = self.starting.edits() if self.settings.has_form else {}
        if self.subject.is_about(run) and self.subject.branch_step is None:
            self.watch.end()
            self.settings.form.set_running(True)
            if edits:
                self._tell_of_dropped_edits(run, edits)
                self.open_run(run)
        elif edits and begun is None:  # the queue began it while somebody prepares something else
            title = run.about().get("title", run.name)
            self.notices.show_notice(f"{title} began to train.", action=("Show", partial(self.open_run, run)))
        else:
            self.open_run(run)

    def _tell_of_dropped_edits(self, run: Run, edits: dict[str, Any]) -> None:
        names = ", ".join(path.rpartition(".")[2] for path in list(edits)[:3])
        more = " and others" if len(edits) > 3 else ""
        self.notices.show_notice(
            f"{self.subject.title} goes on with the settings it had; what you had changed since ({names}{more}) is "
            "taken back.",
            "warning",
        )

    def _show_events(self, mail: list[Any]) -> None:
        from ...jobs import events

        for event in mail:
            match event:
                case events.Paused() | events.Stopped() if event.reason:
                    self.notices.show_notice(event.reason, "error")
        if self.opening.awaits(self.session.run):
            self.opening.held += mail
        elif self.session.is_at(self.shown):
            self.live.draw(mail)

    def _run_ended(self, run: Run) -> None:
        if self.subject.is_about(run):
            self.curves.wait_no_more()
            if not is_run(run.folder):
                self._folder_gone()
                return
            state = run.state()
            self.live.show_checkpoints()  # the last one was saved on leaving
            if self.subject.branch_step is None:  # else the form describes the run to come
                self._show_settings(run.config_at(state.step))
            if state.name == "finished":
                self.notices.show_notice(f"{self.subject.title} is finished: {state.step:,} steps.")
            self.watch.begin(run, None)
        self.offer()

    # --- the folder of the run that is looked at ---

    def _show_news(self, news: News) -> None:
        """What another process has written since."""
        if len(news.steps):
            self.curves.extend(news.steps, news.values)
        self.playback.set_steps(news.frames)
        self.timeline.set_checkpoints(news.checkpoints)

    def _read_again(self) -> None:
        if self.shown and not self.opening.awaits(self.shown):
            step = None if self.timeline.is_live else self.timeline.step()
            self.open_run(self.shown, self.subject.branch_step, step)

    def _folder_gone(self) -> None:
        title = self.subject.title
        self.notices.show_notice(f"The folder of {title} was deleted; it cannot be shown any more.", "error")
        self.choose_first()
        self.session.runs_changed.emit()

    # --- runs and files ---

    def branch_at(self, step: int) -> None:
        """Let one change settings and go on from the newest checkpoint at or before a step of the run."""
        if self.shown is None:
            return
        there = [c.step for c in self.shown.checkpoints()]
        found = [checkpoint for checkpoint in there if checkpoint <= step]
        if not found:
            later = f"; the first one is of step {there[0]:,}" if there else ""
            self.notices.show_notice(f"There is no checkpoint at or before step {step:,}{later}.", "warning")
            return
        values = self._settings_of(self.shown, found[-1])
        if values is None:
            return
        self.subject.branch_step = found[-1]
        self._show_settings(values)
        self._invite_to_branch(found[-1], step)
        self.offer()

    def _open_to_branch(self, run: Run, step: int) -> None:
        if self.subject.is_about(run):
            self.branch_at(step)
        else:
            self.open_run(run, step, step)
            self._invite_to_branch(step, step)

    def _branch_for_another(self, run: Run, step: int) -> None:
        """For another room; there is nothing to do while the form is not there yet."""
        if self.settings.has_form:
            self.raise_tab()
            self._open_to_branch(run, step)

    def _train_for_another(self, run: Run) -> None:
        """At once where nothing is in training, else when what trains and waits has ended."""
        self.raise_tab()
        if self.session.is_training:
            self.starting.enqueue_run(run)
            self.open_run(run)
        else:
            self.starting.train(run)

    def _invite_to_branch(self, checkpoint: int, step: int) -> None:
        self.left.setCurrentWidget(self.settings)
        self.settings.form.search.setFocus()
        where = "" if checkpoint == step else f", the checkpoint before step {step:,}"
        button = "Queue" if self.session.is_training else "Branch"
        self.notices.show_notice(f"From step {checkpoint:,}{where}: change what you like, then press {button}.")

    def _drop_branch(self) -> None:
        """The settings are again those of the run."""
        values = self._settings_of(self.shown, self.shown.state().step) if self.shown else None
        if values is not None:
            self.subject.branch_step = None
            self._show_settings(values)
            self.offer()

    def _renamed(self, run: Run) -> None:
        if self.subject.is_about(run):
            self.subject.title = run.about().get("title", run.name)
            self.subject_changed.emit(self.subject.title)

    def _deleted(self, run: Run) -> None:
        if self.opening.awaits(run):
            self.opening.drop()
        if self.subject.is_about(run):
            self.choose_first()

    def takes(self, path: Path) -> bool:
        return is_run(path) or is_checkpoint(path) or path.suffix.lower() in (".toml", ".zip") or has_pictures(path)

    def take(self, path: Path) -> None:
        from ...runs import Checkpoint, Run

        if is_run(path):
            self.open_run(Run(path))
        elif is_checkpoint(path):
            self.open_run(Run(path.parent.parent), step=Checkpoint(path).step)
        elif path.suffix.lower() == ".toml":
            self.choose_preset(str(path))
        else:
            self.use_pictures(path)

    def use_pictures(self, path: Path) -> None:
        """Learn from these pictures, with the other settings as they are."""
        if self.session.is_at(self.shown):
            self.notices.show_notice("A run is training on other data. Stop it first, or choose a preset.", "warning")
            return
        self.left.setCurrentWidget(self.settings)
        self.opening.drop()
        if self.shown:  # that run learned from other data
            values = self.settings.values()
            self._show_nothing()
            self.settings.form.set_values(values)
        self.settings.edit("data", {"kind": "image-folder", "path": str(path)})
        self.subject.title = path.stem
        self.subject_changed.emit(path.stem)
        self.settings.settle()
        self.settings.data.button.click()  # a look at them, if they can be used

    def _ask_for_run(self) -> None:
        path = asking.for_run(self, self.session.root)
        if path is None:
            return
        if is_run(path) or is_checkpoint(path):
            self.take(path)
        else:
            self.notices.show_notice(f"{path} is not a run: it has no config.toml. Choose a run's folder.", "error")

    def _ask_for_pictures(self) -> None:
        if path := asking.for_pictures(self):
            self.use_pictures(path)

    def _save_preset(self) -> None:
        from ...config import ConfigError
        from ...presets import save

        title = asking.for_preset_name(self, self.subject.title)
        if not title:
            return
        try:
            preset = save(title, self.settings.values())
        except ConfigError as error:
            self.session.tell(error)
            return
        self.settings.reload_presets()
        self.notices.show_notice(f"Saved as the preset “{preset.title}”.")

    def _exported(self, path: str) -> None:
        self.exports.offer(Path(path))

    def _export_film(self) -> None:
        if self.shown:
            self.films.ask(self.shown)

    def leave(self) -> None:
        self.opening.leave()
        self.watch.leave()
        self.doctor.leave()
        if self.settings.has_form:
            self.overlays.leave()
            self.playback.leave()
            self.exports.leave()
            self.settings.data.leave()
            self.runs.chores.leave(CHORES_S)
