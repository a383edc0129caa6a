"""What can be explored, and opening it: runs, and generators in files of other programs. For threads: no widgets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ... import images, importers, runs
from ...config import ConfigError
from ...directions import Direction
from ...importers.translators import Kind, kind_of
from ...jobs import find_directions
from ...jobs.explore import (
    SHEET,
    TEXT,
    View,
    explorable,
    inputs,
    is_of_file,
    opened,
    pixels_hash,
    read_recipe,
    render,
    view_of,
)
from ...jobs.frames import columns_of
from ...jobs.snapshots import Snapshot, open_file, open_snapshot
from ...runs import Run
from ..computing import attempted
from ..train.dropped import is_checkpoint
from ..train.run_reader import sound_best


@dataclass(frozen=True)
class Best:
    """The checkpoint nearest to where a run's samples were nearest to the data."""

    step: int  # of the checkpoint
    at: int  # where the samples were measured
    name: str  # of what was measured


Facts = tuple[tuple[str, str], ...]  # (name, what is known)


@dataclass(frozen=True)
class Choice(ABC):
    """Something with a generator in it."""

    path: Path  # a run's folder, or a file: tells it from the others
    title: str
    steps: tuple[int, ...]  # that it can be opened at, ascending
    best: Best | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """For names of files."""

    def step_title(self, step: int) -> str:
        return f"Step {step:,}"

    @property
    @abstractmethod
    def why_not_on(self) -> str:
        """Why nothing newer can come; "" where it can."""

    @abstractmethod
    def snapshot(self, step: int | None, raw: bool) -> Snapshot:
        """At a step, or the newest. Raises ConfigError."""

    def anew(self) -> Choice:
        """As it stands by now."""
        return self

    @abstractmethod
    def newest(self) -> int:
        """The newest step that is there now; -1 where there is none."""

    @abstractmethod
    def facts(self, snapshot: Snapshot) -> Facts:
        """What is known of it."""


@dataclass(frozen=True)
class OfRun(Choice):
    @property
    def run(self) -> Run:
        return Run(self.path)

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def why_not_on(self) -> str:
        return ""

    def snapshot(self, step: int | None, raw: bool) -> Snapshot:
        if not self.path.is_dir():
            raise ConfigError(f"The run {self.title} is not here any more: {self.path} is gone; bring it back.")
        if not self.steps:
            raise ConfigError(f"The run {self.title} keeps no checkpoint yet; train it on, or save one now.")
        return open_snapshot(self.path, step, raw, "cpu")

    def anew(self) -> Choice:
        return of_run(self.run)

    def newest(self) -> int:
        return max((checkpoint.step for checkpoint in self.run.checkpoints()), default=-1)

    def facts(self, snapshot: Snapshot) -> Facts:
        step, weights = snapshot.about["step"], snapshot.about["weights"]
        return (("Run", self.title), ("Folder", str(self.path)), ("Weights", f"{weights}, of step {step:,}"))


@dataclass(frozen=True)
class OfFile(Choice):
    """Of another program."""

    @property
    def name(self) -> str:
        return self.path.stem

    def step_title(self, step: int) -> str:
        return super().step_title(step) if step else "One generator"

    @property
    def why_not_on(self) -> str:
        return f"{self.path.name} holds one generator, as it was when it was written."

    def snapshot(self, step: int | None, raw: bool) -> Snapshot:
        return open_file(self.path, device="cpu")

    def newest(self) -> int:
        return self.steps[-1] if self.steps else -1

    def facts(self, snapshot: Snapshot) -> Facts:
        about = snapshot.about
        told = ("format", "found", "inferred", "unknown")
        return (("File", str(self.path)), *((name.capitalize(), about[name]) for name in told))


def run_choices(root: Path) -> list[Choice]:
    """The runs of pictures that have a checkpoint, newest first."""
    found: list[Choice] = []
    for run in runs.list_runs(root):
        choice = attempted(partial(of_run, run))
        if isinstance(choice, Choice) and choice.steps and makes_pictures(run):
            found.append(choice)
    return found


def of_run(run: Run) -> OfRun:
    steps = tuple(sorted(checkpoint.step for checkpoint in run.checkpoints()))
    return OfRun(run.folder, str(run.about().get("title", run.name)), steps, best_of(run, steps))


def best_of(run: Run, steps: tuple[int, ...]) -> Best | None:
    """None where nothing was measured, or no checkpoint is kept."""
    best = sound_best(runs.state_of(runs.read_json(run.folder / "state.json")).best)
    if best is None or not steps:
        return None
    name, _, at = best
    return Best(min(steps, key=lambda step: (abs(step - at), step)), at, name)


def of_file(path: Path) -> OfFile:
    return OfFile(path, path.name, ())


def makes_pictures(run: Run) -> bool:
    """Of latents, and not of other pictures; also where it does not tell: opening it will."""
    shape = run.about().get("shape")
    return (not isinstance(shape, list) or len(shape) == 3) and not translates(run)


def translates(run: Run) -> bool:
    """Whether it makes pictures of other pictures."""
    return bool(columns_of(run))


def still_there(listed: list[Choice]) -> list[Choice]:
    return [choice for choice in listed if choice.path.exists()]


def is_file(path: Path) -> bool:
    """Whether it is a file that another program may have left a generator in, by its name."""
    return path.suffix.lower() in importers.SUFFIXES and path.is_file()


def may_be_explored(path: Path) -> bool:
    """Whether a file is of no translator: of a generator, or of nobody knows what, which opening it tells.

    One of a run's own checkpoints goes with its run.
    """
    return is_file(path) and (is_checkpoint(path.parent) or kind_of(path) is not Kind.TRANSLATOR)


# --- a snapshot ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    choice: Choice
    snapshot: Snapshot
    view: View
    found: list[Direction]  # that are kept for it
    layers: list[str]  # that PCA can look at
    spread: float  # the standard deviation of the latents' entries
    has_average: bool
    no_training: str = ""  # why nobody knows what it was trained with
    facts: Facts = ()
    sentence: str = ""  # what the user should know


def open_at(choice: Choice, step: int | None, raw: bool, like: View | None = None) -> Opened:
    """`like` is the view to show with these weights, so far as its latent fits. Raises ConfigError."""
    choice = choice.anew()
    snapshot = explorable(choice.snapshot(step, raw))
    view = view_of(snapshot)
    if like is not None and all(len(edit.direction.vector) == snapshot.z_dim for edit in like.edits):
        names = ("seed", "limit", "psi", "edits")
        z = like.z if len(like.z) in (0, snapshot.z_dim) else ()
        classes = like.classes if all(number < snapshot.classes for number, _ in like.classes) else ()
        values = {name: getattr(like, name) for name in names} | {"z": z, "classes": classes}
        view = view.model_copy(update=values)
    return _described(choice, snapshot, view)


def open_run_at(run: Run, step: int | None, raw: bool, like: View | None = None) -> Opened:
    return open_at(of_run(run), step, raw, like)


def open_view(view: View, root: Path) -> Opened:
    """Raises ConfigError where its weights are not there any more."""
    snapshot = opened(view, root)
    place = snapshot.checkpoint
    choice: Choice = of_file(place) if is_of_file(view) else of_run(Run(place.parent.parent))
    return _described(choice, snapshot, view)


def open_picture(path: Path, root: Path, view: View | None = None) -> Opened:
    """By the recipe in a picture of ours; or by its view, with where its weights are now. Raises ConfigError."""
    recipe = read_recipe(path)
    view = view or recipe.view
    there = open_view(view, root)
    is_exact = not recipe.pixels or pixels_hash(render(view, there.snapshot)) == recipe.pixels
    how = "the same picture, bit for bit" if is_exact else "a picture that differs a little from the one that was kept"
    return replace(there, sentence=f"{path.name} was opened again: {how}.")


def _described(choice: Choice, snapshot: Snapshot, view: View) -> Opened:
    inputs([view], snapshot)  # what does not belong together is told now
    if not choice.steps:
        choice = replace(choice, steps=(snapshot.about["step"],))
    found = attempted(partial(find_directions.kept, snapshot))
    sentence = ""
    if isinstance(found, Exception):
        found, sentence = [], str(found)
    config = attempted(lambda: snapshot.config)
    return Opened(
        choice,
        snapshot,
        view,
        found,
        layers=[layer.name for layer in find_directions.layers(snapshot)],
        spread=find_directions.spread(snapshot),
        has_average=(snapshot.checkpoint / "generator_ema.safetensors").is_file(),
        no_training=str(config) if isinstance(config, Exception) else "",
        facts=(*choice.facts(snapshot), *_common_facts(snapshot)),
        sentence=sentence,
    )


def _common_facts(snapshot: Snapshot) -> Facts:
    C, H, W = snapshot.shape
    numbers = sum(tensor.numel() for tensor in snapshot.network.parameters())
    return (
        ("Pictures", f"{W} × {H} px, {C} {'channel' if C == 1 else 'channels'}"),
        ("Latent", f"{snapshot.z_dim:,} numbers"),
        ("Network", f"{numbers:,} numbers"),
        ("SHA-256", f"{snapshot.about['sha256'][:16]} …"),
    )


def step_of(checkpoint: Path) -> int:
    return runs.Checkpoint(checkpoint).step


def has_recipe(path: Path) -> bool:
    """Whether a picture is one of ours; one whose recipe is damaged counts, too, as it is told of when it is opened."""
    if path.suffix.lower() == ".json":
        return True
    try:
        texts = images.read_recipe(path)
    except images.PictureError:
        return False
    return TEXT in texts or SHEET in texts or path.with_suffix(".json").is_file()
