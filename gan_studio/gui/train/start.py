"""What Start does, said on the button beforehand, and done: begin, go on, branch, queue, single steps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from ...jobs.inbox import Change, CheckpointNow, Command, Pause, Resume, SampleNow, Step
from ..commands import Commands
from ..room import LOADING
from ..session import Session
from .settings_panel import SettingsPanel
from .subject import Subject

if TYPE_CHECKING:
    from ...runs import Run
    from ..widgets.notice import Notices

Offer = Literal["fresh", "resume", "branch"]
SAVING = "The run is being saved."


class Start(QObject):
    """Reads the subject and the form, and hands runs to the session."""

    offered = Signal(str)  # why these settings cannot be trained, "" if they can
    began = Signal(object)  # Run: it is about to train, because somebody here wished so

    def __init__(
        self, session: Session, commands: Commands, notices: Notices, settings: SettingsPanel, subject: Subject
    ):
        super().__init__()
        self.session, self.commands, self.notices = session, commands, notices
        self.settings, self.subject = settings, subject
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
        ):
            commands.on(id, slot)

    # what it does

    def what_start_does(self) -> Offer:
        """Go on with the run that is shown; branch from it where its settings were changed; or begin."""
        subject = self.subject
        if subject.run is None:
            return "fresh"
        if subject.branch_step is not None:
            return "branch"
        if self._changes_while_stopped():
            return "branch" if subject.run.checkpoints() else "fresh"
        return "resume" if subject.run.state().name != "finished" else "fresh"

    def edits(self) -> dict[str, Any]:
        """{path: new value} of what was edited since it was shown."""
        return self.subject.edits(self.settings.form.current())

    def _changes_while_stopped(self) -> dict[str, Any]:
        """{path: new value} of what was edited and needs a new run; live options do not."""
        return {path: value for path, value in self.edits().items() if not self.subject.is_live(path)}

    # saying so

    def offer(self) -> None:
        """Say on the buttons what can be done now, and if not, why."""
        commands, stage = self.commands, self.session.stage
        if stage in ("preparing", "running"):
            commands.rename("start", "&Pause", "Pause after this step; nothing is lost.", "pause")
        elif stage == "paused":
            commands.rename("start", "Re&sume", "Go on training.", "play")
        else:
            self._offer_start()
        reason = self.why_not()
        idle = "Nothing is training." if stage == "idle" else ""
        for id in ("start", "step", "step_d", "step_g"):
            commands.allow(id, SAVING if stage == "stopping" else reason if idle else "")
        for id in ("stop", "sample_now", "save_now"):
            commands.allow(id, SAVING if stage == "stopping" else idle)
        commands.allow("enqueue", reason)
        commands.allow("fresh", reason or ("Another run is training; add this one to the queue." if not idle else ""))
        commands.allow("branch", self._why_no_branch() or reason)
        self.offered.emit(reason)

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
        step = self.subject.branch_step
        where = "the newest checkpoint" if step is None else f"step {step:,}"
        return f"Go on from {where} with the changed settings, in a new run."

    def why_not(self) -> str:
        """Why these settings cannot be trained; "" if they can."""
        if not self.settings.has_form:
            return LOADING
        if self.settings.problems:
            return f"First mend: {self.settings.problems[0]}"
        if self.subject.followed and self.subject.branch_step is None:
            return "Another process trains this run; its curves are followed here."
        return ""

    def _why_no_branch(self) -> str:
        if self.session.is_training:
            return "Another run is training; branch when it has ended."
        if self.subject.run is None or not self.subject.run.checkpoints():
            return "Open a run with a checkpoint first."
        return ""

    # doing it

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
        if self.why_not():
            return
        match self.what_start_does():
            case "fresh":
                self.start_fresh(*first)
            case "branch":
                self.start_branch(*first)
            case "resume":
                self._go_on(*first)

    def _go_on(self, *first: Command) -> None:
        """With the run that is shown; the live edits are sent with it."""
        from ...config import ConfigError

        run = self.subject.run
        assert run
        try:
            changes = [Change(path, new) for path, _, new in self._changes_since_saved(run)]
        except ConfigError as error:  # its folder was deleted a moment ago
            self.session.tell(error)
            return
        self.subject.values = self.settings.values()
        self.train(run, *changes, *first)

    def start_fresh(self, *first: Command) -> None:
        if run := self._new_run():
            self.train(run, *first)

    def start_branch(self, *first: Command) -> None:
        if run := self._new_branch():
            self.train(run, *first)

    def step(self, *players: str) -> None:
        """One step, then a pause; with nothing in training, the first of a run."""
        if self.session.is_training:
            self.session.put(Step(players))
        else:
            self.start(Step(players))

    def train(self, run: Run, *first: Command) -> None:
        self.began.emit(run)
        self.session.train(run, *first)

    def change_live(self, path: str, value: object) -> None:
        """Tell the run in training, if it is the one whose settings these are."""
        if self.session.is_at(self.subject.run) and self.subject.branch_step is None:
            self.session.put(Change(path, value))

    # waiting for its turn

    def enqueue(self) -> None:
        """Let what the form says wait for its turn."""
        self.settings.settle()
        if self.why_not():
            return
        match self.what_start_does():
            case "branch":
                run = self._new_branch()
            case "resume" if not self.session.is_at(self.subject.run):
                run = self._with_edits()
            case _:
                run = self._new_run()
        if run:
            self.subject.values = self.settings.values()  # what was edited is sent
            self.enqueue_run(run)

    def enqueue_run(self, run: Run) -> None:
        from ...config import ConfigError
        from ...runs import enqueue

        try:
            enqueue(run)
        except ConfigError as error:
            self.session.tell(error)
            return
        except OSError as error:  # a full disk, or the folder is gone this very moment
            self.notices.show_notice(f"{run.folder} cannot be written ({error.strerror}).", "error")
            return
        self.session.runs_changed.emit()
        if self.session.is_training:
            self.notices.show_notice(f"{run.about().get('title', run.name)} starts when the runs before it have ended.")
        self.session.start_next()

    def _with_edits(self) -> Run | None:
        """The run that is shown; its live edits are written into it, as there is nobody yet to tell them to."""
        from ...config import ConfigError

        run = self.subject.run
        assert run
        step = _saved_step(run)
        try:
            if changes := self._changes_since_saved(run):
                run.mark_resumed(step)  # before the changes, which then stand behind what it takes back
            for change in changes:
                run.append_change(step, *change)
        except ConfigError as error:
            self.session.tell(error)
            return None
        except OSError as error:
            self.notices.show_notice(f"{run.folder} cannot be written ({error.strerror}).", "error")
            return None
        return run

    # runs

    def _changes_since_saved(self, run: Run) -> list[tuple[str, Any, Any]]:
        """(path, old, new) of what is live and differs from what the newest checkpoint was trained with: also what a
        failure took back. Raises ConfigError where the run is gone."""
        from ...config import differences
        from ...jobs.settings import RunConfig
        from ..form_fields import complete

        saved = complete(RunConfig, run.config_at(_saved_step(run)))
        changed = differences(saved, self.settings.values())
        return [(path, old, new) for path, (old, new) in changed.items() if self.subject.is_live(path)]

    def _new_run(self) -> Run | None:
        from ...config import ConfigError

        try:
            return self.session.new_run(self.settings.values(), self.subject.title, self.subject.preset)
        except ConfigError as error:
            self.session.tell(error)
            return None

    def _new_branch(self) -> Run | None:
        from ...config import ConfigError
        from ...jobs.settings import RunConfig
        from ...runs import branch

        assert self.subject.run
        try:
            config = RunConfig.parse(self.settings.values())
            config.check()
            return branch(self.subject.run, self.subject.branch_step, config.plain(), self.session.root)
        except ConfigError as error:
            self.session.tell(error)
            return None


def _saved_step(run: Run) -> int:
    """Of the newest checkpoint; 0 without any."""
    checkpoints = run.checkpoints()
    return checkpoints[-1].step if checkpoints else 0
