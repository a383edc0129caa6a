"""The Train tab: its frame, and what its commands do.

`shown` is the run that is looked at; `session.run` is the one in training. They differ where an older run is opened
meanwhile. What Start does depends on what is shown and edited, and `offer` says so on the button beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QByteArray, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QSizePolicy,
    QSplitter,
    QStackedLayout,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...jobs.inbox import Change, CheckpointNow, Command, Pause, Resume, SampleNow, Step
from ..commands import Commands
from ..room import Room
from ..session import Session
from ..words import duration, rate
from ..worker import Worker
from .results_panel import ResultsPanel
from .settings_panel import SettingsPanel

if TYPE_CHECKING:
    from ...presets import Preset
    from ...runs import Run
    from ..widgets.curves import CurvesView
    from ..widgets.notice import Notices
    from .record import Record, Tail
    from .run_list import RunList

Offer = Literal["fresh", "resume", "branch"]
FOLLOW_MS = 1000
WIDTHS = (330, 640, 390)  # of the three columns at first
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
LOADING = "Loading PyTorch; a moment."
HINT = "Choose a preset on the left, or drop a folder of pictures on the window."


class TrainRoom(Room):
    title = "Train"
    curves: CurvesView
    runs: RunList

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.shown: Run | None = None
        self.shown_values: dict[str, Any] = {}  # of the run, as the form would give them
        self.branch_step: int | None = None  # the checkpoint to branch from; None is the newest
        self.preset = ""
        self.run_title = "New run"
        self._tail: Tail | None = None
        self._reader: Worker | None = None
        self._awaited: Run | None = None  # what the reader reads,
        self._awaited_step: int | None = None  # and the checkpoint to branch from then
        self._held: list[Any] = []  # events of a run that is still being read
        self._last_step = -1  # in the curves
        self._build()
        self._connect()
        self._follower = QTimer(self, interval=FOLLOW_MS)
        self._follower.timeout.connect(self._follow)
        self.offer()

    # --- the frame ---

    def _build(self) -> None:
        self.settings = SettingsPanel()
        self.results = ResultsPanel()
        self.left = QTabWidget(documentMode=True)
        self.left.setAccessibleName("Settings and runs")
        self.left.addTab(self.settings, "Settings")
        self.centre = QWidget()
        self.pages = QStackedLayout(self.centre)
        self.nothing = self._empty_state()
        self.pages.addWidget(self.nothing)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        for widget in (self.left, self.centre, self.results):
            self.splitter.addWidget(widget)
        self.splitter.setStretchFactor(1, 1)
        self.left.setMinimumWidth(240)
        self.results.setMinimumWidth(160)
        self.reset_layout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._bar())
        layout.addWidget(self.splitter, 1)

    def _bar(self) -> QHBoxLayout:
        """Start, step, stop; what is trained, and what was forecast."""
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 6, 8, 6)
        self.start_button = self._button("start")
        self.step_button = self._button("step")
        menu = QMenu(self.step_button)
        menu.setToolTipsVisible(True)
        menu.addActions([self.commands[id] for id in ("step", "step_d", "step_g")])
        self.step_button.setMenu(menu)
        self.step_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        more = self._button("enqueue", "fresh", "branch")
        for widget in (self.start_button, self.step_button, self._button("stop")):
            bar.addWidget(widget)
        bar.addSpacing(12)
        for widget in (self._button("sample_now"), self._button("save_now"), more):
            bar.addWidget(widget)
        bar.addSpacing(12)
        self.forecast = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.forecast.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.forecast.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.forecast.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.forecast.setToolTip("What the dry run before the start measured and picked")
        bar.addWidget(self.forecast, 1)
        return bar

    def _empty_state(self) -> QWidget:
        """What will be here, and the one thing to do next."""
        page = QWidget()
        column = QVBoxLayout(page)
        words = QLabel("The curves of the training will be drawn here.")
        more = self.hint = QLabel(HINT, textFormat=Qt.TextFormat.PlainText)
        start = self._button("start")
        start.setAutoRaise(False)
        for label in (words, more):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        column.addWidget(words)
        column.addWidget(start, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(more)
        column.addStretch(1)
        return page

    def _button(self, id: str, *others: str) -> QToolButton:
        """A button for a command; further ones fold out of it."""
        button = QToolButton(autoRaise=True)
        button.setDefaultAction(self.commands[id])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if others:
            menu = QMenu(button)
            menu.setToolTipsVisible(True)
            menu.addActions([self.commands[other] for other in others])
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        return button

    def _connect(self) -> None:
        session = self.session
        session.stage_changed.connect(self._stage_changed)
        session.events.connect(self._show_events)
        session.ended.connect(self._run_ended)
        self.settings.preset_chosen.connect(self.choose_preset)
        self.settings.edited.connect(self.offer)
        self.settings.checked.connect(self.offer)
        self.settings.live_changed.connect(self._change_live)
        for id, slot in (
            ("start", self.start_or_pause),
            ("stop", session.stop),
            ("step", partial(self.step, "D", "G")),
            ("step_d", partial(self.step, "D")),
            ("step_g", partial(self.step, "G")),
            ("sample_now", partial(session.put, SampleNow())),
            ("save_now", partial(session.put, CheckpointNow(starred=True))),
            ("enqueue", self.enqueue),
            ("fresh", self.start_fresh),
            ("branch", self.start_branch),
            ("open", self._ask_for_run),
            ("pictures", self._ask_for_pictures),
            ("save_preset", self._save_preset),
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
        yield
        from .run_list import RunList

        self.runs = RunList(self.session)
        self.runs.opened.connect(self.open_run)
        self.runs.resumed.connect(self._train)
        self.runs.branched.connect(self._open_to_branch)
        self.runs.enqueued.connect(self._enqueue_run)
        self.runs.renamed.connect(self._renamed)
        self.runs.deleted.connect(self._deleted)
        self.runs.problem.connect(partial(self.notices.show_notice, level="error"))
        self.left.addTab(self.runs, "Runs")
        yield

    def make_ready(self) -> Iterator[None]:
        yield from self.settings.build_form()
        self._connect_undo()
        self.settings.data.looked.connect(self.results.show_look)
        self.settings.data.aged.connect(self.results.real_view.set_aged)
        self.settings.data.failed.connect(self.session.tell)
        self.choose_first()
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
            self.offer()

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

    def _choose(self, preset: Preset) -> None:
        self._drop_reader()
        self._show_nothing()
        self.preset = preset.id if preset in self.settings.known else ""  # "" for a file from elsewhere
        self.run_title = preset.title
        self.settings.show_preset(preset)
        self.subject_changed.emit(preset.title)
        self.offer()

    def show_subject(self, name: str) -> None:
        path = Path(name)
        if self.takes(path):
            self.take(path)
        else:
            self.choose_preset(name)

    def open_run(self, run: Run, branch_step: int | None = None) -> None:
        """Read a run on a thread of its own, then show it."""
        from .record import read

        self._drop_reader()
        reader = Worker(read(run, self.session.is_at(run)), parent=self)
        reader.events.connect(self._show_records)
        reader.failed.connect(self.session.tell)
        reader.finished.connect(reader.deleteLater)
        reader.finished.connect(self._forget_reader)
        self._reader, self._awaited, self._awaited_step, self._held = reader, run, branch_step, []
        reader.start()

    def _drop_reader(self) -> None:
        """Somebody was faster than the disk: the latest wish counts."""
        if self._reader:
            self._reader.events.disconnect()
            self._reader.failed.disconnect()
        self._reader = self._awaited = None

    def _forget_reader(self) -> None:
        if self.sender() is self._reader:
            self._reader = self._awaited = None

    def _show_records(self, records: list[Record]) -> None:
        record = records[-1]
        self._show_nothing(self._awaited_step)
        self.shown, self.run_title, self.preset = record.run, record.title, record.preset
        self.pages.setCurrentWidget(self.curves)
        self.curves.set_curves(record.curves)
        self._last_step = max((int(steps[-1]) for steps, _ in record.curves.values() if len(steps)), default=-1)
        for change in record.changes:
            self._mark(change["step"], change["path"], change["old"], change["new"])
        if record.real is not None:
            self.results.show_real(record.real)
        if record.samples is not None:
            self.results.show_samples(record.samples, record.samples_step)
        if record.landscape is not None:
            self.results.show_landscape(*record.landscape)
        values = record.values if self.branch_step is None else record.run.config_at(self.branch_step)
        self.settings.show_values(values)
        self.settings.form.set_running(self.session.is_at(record.run) and self.branch_step is None)
        self.shown_values = self.settings.form.current()
        if record.tail:
            self._tail = record.tail
            self._follower.start()
        self.runs.select(record.run)
        self.settings.presets.set_current("")  # a click on its preset brings the fresh settings back
        self.subject_changed.emit(record.title)
        if record.state.reason:
            self.notices.show_notice(record.state.reason, "warning")
        self._awaited = None
        if self.session.is_at(record.run) and self.session.stage == "preparing":
            self.curves.wait_for("Preparing the training")
        self._draw(self._held)
        self.offer()

    def _show_nothing(self, branch_step: int | None = None) -> None:
        """Curves and pictures are empty, and the form is free."""
        self.shown, self.shown_values, self.branch_step = None, {}, branch_step
        self._tail = self._awaited = None
        self._follower.stop()
        self._last_step = -1
        self.curves.clear()
        self.curves.wait_no_more()
        self.results.clear()
        self.forecast.clear()
        self.pages.setCurrentWidget(self.nothing)
        self.settings.form.set_running(False)

    # --- what Start does ---

    def what_start_does(self) -> Offer:
        """Go on with the run that is shown; branch from it where its settings were changed; or begin."""
        if self.shown is None:
            return "fresh"
        if self.branch_step is not None:
            return "branch"
        if self._changes_while_stopped():
            return "branch" if self.shown.checkpoints() else "fresh"
        return "resume" if self.shown.state().name != "finished" else "fresh"

    def _changes_while_stopped(self) -> dict[str, Any]:
        """{path: new value} of what was edited and needs a new run; live options do not."""
        return {path: value for path, value in self._edits().items() if not self._is_live(path)}

    def _edits(self) -> dict[str, Any]:
        from ...config import differences

        return {path: new for path, (_, new) in differences(self.shown_values, self.settings.form.current()).items()}

    def _is_live(self, path: str) -> bool:
        from ...config import ConfigError, is_live
        from ...jobs.settings import RunConfig

        try:
            return is_live(RunConfig.parse(self.shown_values), path)
        except ConfigError:
            return False

    def offer(self) -> None:
        """Say on the buttons what can be done now, and if not, why."""
        commands, stage = self.commands, self.session.stage
        if stage in ("preparing", "running"):
            commands.rename("start", "&Pause", "Pause after this step; nothing is lost.", "pause")
        elif stage == "paused":
            commands.rename("start", "Re&sume", "Go on training.", "play")
        else:
            self._offer_start()
        reason = self._why_not()
        self.hint.setText(reason if self.settings.problems else HINT)
        commands.allow("start", "The run is being saved." if stage == "stopping" else "" if stage != "idle" else reason)
        for id in ("step", "step_d", "step_g"):
            commands.allow(id, "The run is being saved." if stage == "stopping" else "" if stage != "idle" else reason)
        idle = "Nothing is training." if stage == "idle" else ""
        for id in ("stop", "sample_now", "save_now"):
            commands.allow(id, "The run is being saved." if stage == "stopping" else idle)
        commands.allow("enqueue", reason)
        commands.allow("fresh", reason or ("Another run is training; add this one to the queue." if not idle else ""))
        commands.allow("branch", self._why_no_branch() or reason)
        commands.allow("save_preset", reason)
        commands.allow("open", "" if self.settings.has_form else LOADING)
        commands.allow("pictures", "" if self.settings.has_form else LOADING)
        if self.settings.has_form:
            self.settings.data.allow("A run is training; look at the data when it has ended." if not idle else "")

    def _offer_start(self) -> None:
        if not self.settings.has_form:
            self.commands.rename("start", "&Start", LOADING, "play")
            return
        match self.what_start_does():
            case "fresh":
                self.commands.rename("start", "&Start", "Start a new run with these settings.", "play")
            case "resume":
                self.commands.rename("start", "Re&sume", "Go on with this run from its newest checkpoint.", "play")
            case "branch":
                self.commands.rename("start", "&Branch", self._branch_help(), "source-branch")

    def _branch_help(self) -> str:
        where = "the newest checkpoint" if self.branch_step is None else f"step {self.branch_step:,}"
        return f"Go on from {where} with the changed settings, in a new run."

    def _why_not(self) -> str:
        """Why these settings cannot be trained; "" if they can."""
        if not self.settings.has_form:
            return LOADING
        if self.settings.problems:
            return f"First mend: {self.settings.problems[0]}"
        if self._tail:
            return "Another process trains this run; its curves are followed here."
        return ""

    def _why_no_branch(self) -> str:
        if self.session.is_training:
            return "Another run is training; branch when it has ended."
        if self.shown is None or not self.shown.checkpoints():
            return "Open a run with a checkpoint first."
        return ""

    # --- the commands ---

    def start_or_pause(self) -> None:
        match self.session.stage:
            case "preparing" | "running":
                self.session.put(Pause())
            case "paused":
                self.session.put(Resume())
            case "idle":
                self.start()

    def start(self, *first: Command) -> None:
        """Start, resume or branch, as the button says. What is still being typed counts, and is judged first."""
        self.settings.settle()
        if self._why_not():
            return
        match self.what_start_does():
            case "fresh":
                self.start_fresh(*first)
            case "branch":
                self.start_branch(*first)
            case "resume":
                assert self.shown
                changes = self._changes_since_saved(self.shown)
                self.shown_values = self.settings.values()  # the edits are sent with it
                self._train(self.shown, *changes, *first)

    def _changes_since_saved(self, run: Run) -> list[Change]:
        """What is live and differs from what the newest checkpoint was trained with: also what a failure took back."""
        from ...config import differences
        from ...jobs.settings import RunConfig
        from ..form_fields import complete

        checkpoints = run.checkpoints()
        saved = run.config_at(checkpoints[-1].step if checkpoints else 0)
        changed = differences(complete(RunConfig, saved), self.settings.values())
        return [Change(path, new) for path, (_, new) in changed.items() if self._is_live(path)]

    def start_fresh(self, *first: Command) -> None:
        if run := self._new_run():
            self._train(run, *first)

    def start_branch(self, *first: Command) -> None:
        if run := self._new_branch():
            self._train(run, *first)

    def _new_branch(self) -> Run | None:
        from ...config import ConfigError
        from ...jobs.settings import RunConfig
        from ...runs import branch

        assert self.shown
        try:
            config = RunConfig.parse(self.settings.values())
            config.check()
            return branch(self.shown, self.branch_step, config.plain(), self.session.root)
        except ConfigError as error:
            self.session.tell(error)
            return None

    def step(self, *players: str) -> None:
        """One step, then a pause; with nothing in training, the first of a run."""
        if self.session.is_training:
            self.session.put(Step(players))
        else:
            self.start(Step(players))

    def enqueue(self) -> None:
        """Let what the form says wait for its turn."""
        self.settings.settle()
        if self._why_not():
            return
        match self.what_start_does():
            case "branch":
                run = self._new_branch()
            case "resume" if not self._edits() and not self.session.is_at(self.shown):
                run = self.shown
            case _:  # live edits have nobody to be told to while they wait
                run = self._new_run()
        if run:
            self._enqueue_run(run)

    def _enqueue_run(self, run: Run) -> None:
        from ...config import ConfigError
        from ...runs import enqueue

        try:
            enqueue(run)
        except ConfigError as error:
            self.session.tell(error)
            return
        self.session.runs_changed.emit()
        if self.session.is_training:
            self.notices.show_notice(f"{run.about().get('title', run.name)} starts when the runs before it have ended.")
        self.session.start_next()

    def _new_run(self) -> Run | None:
        from ...config import ConfigError

        try:
            return self.session.new_run(self.settings.values(), self.run_title, self.preset)
        except ConfigError as error:
            self.session.tell(error)
            return None

    def _train(self, run: Run, *first: Command) -> None:
        self.left.setCurrentWidget(self.settings)  # where what trains is described
        self.session.train(run, *first)

    def _show_training(self, run: Run) -> None:
        """Look at the run that begins to train; one that goes on keeps its curves, not edits it was not told."""
        same = self.shown is not None and self.shown.folder == run.folder and self.branch_step is None
        if not same or self._edits():
            self.open_run(run)
        else:
            self.settings.form.set_running(True)

    def _change_live(self, path: str, value: object) -> None:
        if self.session.is_at(self.shown) and self.branch_step is None:
            self.session.put(Change(path, value))

    # --- what the run in training tells ---

    def _stage_changed(self, stage: str) -> None:
        if stage == "preparing" and self.session.run:
            self._show_training(self.session.run)  # also where the queue began it
        self.offer()

    def _show_events(self, mail: list[Any]) -> None:
        from ...jobs import events

        for event in mail:
            match event:
                case events.Paused() | events.Stopped() if event.reason:
                    self.notices.show_notice(event.reason, "error")
        if self.session.is_at(self._awaited):
            self._held += mail
        elif self.session.is_at(self.shown):
            self._draw(mail)

    def _draw(self, mail: list[Any]) -> None:
        from ...jobs import events

        newest = {type(event): event for event in mail}  # of pictures only the last of a list is drawn
        if progress := newest.get(events.Progress):
            self.curves.wait_for(progress.text, progress.done, progress.total)
        if forecast := newest.get(events.Forecast):
            self._show_forecast(forecast)
        if started := newest.get(events.Started):
            self._show_start(started.step)
        self._extend([event for event in mail if isinstance(event, events.Curves)])
        for event in mail:
            if isinstance(event, events.Changed):
                self._mark(event.step, event.path, event.old, event.new)
        if real := newest.get(events.Real):
            self.results.show_real(real.array)
        if landscape := newest.get(events.Landscape):
            self.results.show_landscape(landscape.logits, landscape.extent)
        if samples := newest.get(events.Samples):
            self.results.show_samples(samples.array, samples.step)

    def _show_forecast(self, forecast: Any) -> None:
        """ "Forecast with bf16, channels-last: 214 samples/s, about 2 min in all"."""
        seconds = self.settings.form.current().get("steps", 0) * forecast.seconds_per_step
        whole = f", about {duration(seconds)} in all" if seconds else ""
        self.forecast.setText(f"Forecast with {forecast.picked}: {rate(forecast.samples_per_second)}{whole}")
        table = "\n".join(f"{name}: {1000 * seconds:.1f} ms a step" for name, seconds in forecast.table)
        self.forecast.setToolTip(f"Measured on {forecast.device} before the start:\n{table}")

    def _show_start(self, step: int) -> None:
        """A resumed run goes on from its checkpoint: what was drawn after it is taken back."""
        if 0 <= step < self._last_step and self.shown:
            kept = {name: (s[s <= step], v[s <= step]) for name, (s, v) in self.shown.curves().items()}
            self.curves.set_curves(kept)
            self._last_step = step

    def _extend(self, curves: list[Any]) -> None:
        for steps, values in merged(curves):
            new = steps > self._last_step  # what was read from the file is not told twice
            if new.any():
                self.curves.extend(steps[new], {name: column[new] for name, column in values.items()})
                self._last_step = int(steps[-1])

    def _mark(self, step: int, path: str, old: object, new: object) -> None:
        self.curves.mark(step, f"{path.rpartition('.')[2]} {old} → {new}")

    def _run_ended(self, run: Run) -> None:
        if self.shown and self.shown.folder == run.folder:
            self.curves.wait_no_more()
            state = run.state()
            if self.branch_step is None:  # else the form describes the run to come
                self.settings.form.set_running(False)
                self.settings.show_values(run.config_at(state.step))
                self.shown_values = self.settings.form.current()
            if state.name == "finished":
                self.notices.show_notice(f"{self.run_title} is finished: {state.step:,} steps.")
        self.offer()

    def _follow(self) -> None:
        """Show what another process has written since."""
        from ...runs import sample_step
        from .record import columns, load

        if not (self._tail and self.shown) or self._reader:
            return
        rows = self._tail.rows()
        sample = self._tail.sample()
        if rows is None or not self.shown.is_being_written():
            self._follower.stop()
            self.open_run(self.shown, self.branch_step)
            return
        if rows:
            steps, values = columns(rows)
            self.curves.extend(steps, values)
        if sample and (array := load(sample)) is not None:
            self.results.show_samples(array, sample_step(sample))
            if landscape := self.shown.landscape():
                self.results.show_landscape(*landscape)

    # --- runs and files ---

    def _open_to_branch(self, run: Run, step: int) -> None:
        self.left.setCurrentWidget(self.settings)
        self.open_run(run, step)
        self.notices.show_notice(f"Change what you like, then press Branch to go on from step {step:,}.")

    def _renamed(self, run: Run) -> None:
        if self.shown and self.shown.folder == run.folder:
            self.run_title = run.about().get("title", run.name)
            self.subject_changed.emit(self.run_title)

    def _deleted(self, run: Run) -> None:
        if self._awaited and self._awaited.folder == run.folder:
            self._drop_reader()
        if self.shown and self.shown.folder == run.folder:
            self.choose_first()

    def takes(self, path: Path) -> bool:
        """Runs, settings, folders and zips of pictures."""
        return is_run(path) or path.suffix.lower() in (".toml", ".zip") or has_pictures(path)

    def take(self, path: Path) -> None:
        from ...runs import Run

        if is_run(path):
            self.open_run(Run(path))
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
        self._drop_reader()
        if self.shown:  # that run learned from other data
            values = self.settings.values()
            self._show_nothing()
            self.settings.form.set_values(values)
        self.settings.edit("data", {"kind": "image-folder", "path": str(path)})
        self.run_title = path.stem
        self.subject_changed.emit(path.stem)

    def _ask_for_run(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a run's folder", str(self.session.root))
        if not folder:
            return
        if is_run(Path(folder)):
            self.take(Path(folder))
        else:
            self.notices.show_notice(f"{folder} is not a run: it has no config.toml. Choose a run's folder.", "error")

    def _ask_for_pictures(self) -> None:
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder of pictures", start)
        if folder:
            self.use_pictures(Path(folder))

    def _save_preset(self) -> None:
        from ...config import ConfigError
        from ...presets import save

        title, agreed = QInputDialog.getText(self, "Save as preset", "Name of the preset:", text=self.run_title)
        if not (agreed and title.strip()):
            return
        try:
            preset = save(title.strip(), self.settings.values())
        except ConfigError as error:
            self.session.tell(error)
            return
        self.settings.reload_presets()
        self.notices.show_notice(f"Saved as the preset “{preset.title}”.")

    def leave(self) -> None:
        if self.settings.has_form:
            self.settings.data.leave()

    # --- the layout ---

    def save_layout(self) -> list[QByteArray]:
        return [self.splitter.saveState(), self.settings.splitter.saveState()]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        for splitter, state in zip((self.splitter, self.settings.splitter), layout, strict=False):
            splitter.restoreState(state)

    def reset_layout(self) -> None:
        self.splitter.setSizes(list(WIDTHS))
        self.left.setCurrentIndex(0)


def merged(curves: list[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Neighbouring Curves events with the same names as one: the widget is told once, not a hundred times."""
    from itertools import groupby

    import numpy as np

    for names, group in groupby(curves, key=lambda event: tuple(event.values)):
        events = list(group)
        values = {name: np.concatenate([event.values[name] for event in events]) for name in names}
        yield np.concatenate([event.steps for event in events]), values


def is_run(path: Path) -> bool:
    return (path / "config.toml").is_file()


def has_pictures(path: Path) -> bool:
    """Whether a folder holds a picture, at most one level down; whoever drops a home folder does not wait for it."""
    if not path.is_dir():
        return False
    near = [path, *[child for child in files_in(path) if child.is_dir()][:50]]
    return any(file.suffix.lower() in PICTURES for folder in near for file in files_in(folder))


def files_in(folder: Path) -> list[Path]:
    """Nothing where it may not be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
