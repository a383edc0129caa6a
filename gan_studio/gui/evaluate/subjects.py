"""What can be evaluated: a run at its checkpoints, a folder of pictures, another program's generator. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ... import runs
from ...config import ConfigError
from ...runs import Checkpoint, Run
from ..explore.choices import Best, best_of, is_file
from ..train.dropped import has_pictures, is_checkpoint, is_run
from ..train.run_reader import sound_state


@dataclass(frozen=True)
class Subject:
    path: Path  # tells it from the others
    title: str
    steps: tuple[int, ...] = ()  # of the checkpoints that it has, rising
    starred: tuple[int, ...] = ()  # of these
    best: Best | None = None  # by what was measured in training
    last: int = 0  # that its training has come to
    state: str = ""  # as in `runs.State`
    run: Run | None = None
    real: Path | None = None  # a folder to compare it with, where it came with one
    problem: str = ""  # why there is nothing of it to evaluate any more

    @property
    def lives(self) -> bool:
        """Whether more is to come of it."""
        return self.state in ("running", "paused")


def of_run(run: Run) -> Subject:
    found = run.checkpoints()
    steps = tuple(checkpoint.step for checkpoint in found)
    state = sound_state(run)
    return Subject(
        run.folder,
        str(run.about().get("title", run.name)),
        steps,
        tuple(checkpoint.step for checkpoint in found if checkpoint.starred),
        best_of(run, steps),
        max([state.step, *steps]),
        state.name,
        run,
    )


def as_it_is(subject: Subject) -> Subject:
    """The same run by now; one that was deleted says so."""
    assert subject.run
    if is_run(subject.path):
        return of_run(subject.run)
    gone = f"The run {subject.title} is there no more; choose another one above."
    return replace(subject, steps=(), starred=(), best=None, state="", problem=gone)


def of_pictures(path: Path, real: Path | None = None) -> Subject:
    """A folder of pictures, or a file with a generator of another program."""
    return Subject(path, path.name, real=real)


def run_subjects(root: Path) -> list[Subject]:
    """The runs that have begun, newest first."""
    found = []
    for run in runs.list_runs(root):
        try:
            subject = of_run(run)
        except (ConfigError, OSError):  # it is being deleted
            continue
        if subject.last:
            found.append(subject)
    return found


def fits(path: Path) -> bool:
    return is_run(path) or is_checkpoint(path) or is_file(path) or holds_pictures(path)


def holds_pictures(path: Path) -> bool:
    """A folder, or a zip, which may hold them."""
    return has_pictures(path) or (path.suffix.lower() == ".zip" and path.is_file())


def subject_at(path: Path, real: Path | None = None) -> tuple[Subject, int | None]:
    """(what a path leads to, the step that it names). Raises ConfigError."""
    if is_checkpoint(path):
        return of_run(Run(path.parent.parent)), Checkpoint(path).step
    if is_run(path):
        return of_run(Run(path)), None
    if is_file(path) or holds_pictures(path):
        return of_pictures(path, real), None
    raise ConfigError(f"{path} is no run, no folder or zip of pictures and no generator's file; choose one of these.")
