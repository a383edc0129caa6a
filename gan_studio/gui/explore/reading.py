"""What of the Explore tab reads disks or runs networks: for threads, it touches no widget."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ... import images, runs, walks
from ...config import ConfigError
from ...directions import Direction, plain_numbers
from ...jobs import find_directions
from ...jobs.explore import (
    TEXT,
    View,
    explorable,
    keep,
    latents,
    opened,
    pictures,
    pixels_hash,
    read_recipe,
    render,
    view_of,
)
from ...jobs.find_directions import Finding
from ...jobs.invert import Found as Near
from ...jobs.invert import Inversion, as_asked, invert
from ...jobs.neighbours import Judge, Neighbours, judge, neighbours
from ...jobs.snapshots import Snapshot, open_snapshot
from ...progress import Progress
from ...runs import Run


def attempted(compute: Callable[[], Any]) -> Any:
    """What it gives, or the ConfigError or OSError that it raised."""
    try:
        return compute()
    except (ConfigError, OSError) as error:
        return error


# --- runs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A run that can be explored."""

    run: Run
    title: str
    steps: tuple[int, ...]  # of its checkpoints, ascending


def choices(root: Path) -> list[Choice]:
    """The runs of pictures that have a checkpoint, newest first."""
    found = []
    for run in runs.list_runs(root):
        choice = attempted(partial(choice_of, run))
        if isinstance(choice, Choice) and choice.steps and makes_pictures(run):
            found.append(choice)
    return found


def choice_of(run: Run) -> Choice:
    steps = tuple(checkpoint.step for checkpoint in run.checkpoints())
    return Choice(run, str(run.about().get("title", run.name)), tuple(sorted(steps)))


def makes_pictures(run: Run) -> bool:
    """Also where it does not tell: opening it will."""
    shape = run.about().get("shape")
    return not isinstance(shape, list) or len(shape) == 3


# --- a snapshot ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    choice: Choice
    snapshot: Snapshot
    view: View
    found: list[Direction]  # that the run's folder keeps
    layers: list[str]  # that PCA can look at
    spread: float  # the standard deviation of the latents' entries
    has_average: bool
    sentence: str = ""  # what the user should know


def open_at(run: Run, step: int | None, raw: bool, like: View | None = None) -> Opened:
    """`like` is the view to show with these weights, so far as its latent fits. Raises ConfigError."""
    choice = choice_of(run)
    if not choice.steps:
        raise ConfigError(f"The run {choice.title} keeps no checkpoint yet; train it on, or save one now.")
    snapshot = explorable(open_snapshot(run.folder, step, raw, "cpu"))
    view = view_of(snapshot)
    if like is not None and all(len(edit.direction.vector) == snapshot.z_dim for edit in like.edits):
        names = ("seed", "limit", "psi", "edits")
        z = like.z if len(like.z) in (0, snapshot.z_dim) else ()
        view = view.model_copy(update={name: getattr(like, name) for name in names} | {"z": z})
    return _described(choice, snapshot, view)


def open_view(view: View, root: Path) -> Opened:
    """Raises ConfigError where its weights are not there any more."""
    snapshot = opened(view, root)
    run = Run(snapshot.checkpoint.parent.parent)
    return _described(choice_of(run), snapshot, view)


def open_picture(path: Path, root: Path) -> Opened:
    """By the recipe in a picture of ours. Raises ConfigError."""
    recipe = read_recipe(path)
    there = open_view(recipe.view, root)
    is_exact = not recipe.pixels or pixels_hash(render(recipe.view, there.snapshot)) == recipe.pixels
    how = "the same picture, bit for bit" if is_exact else "a picture that differs a little from the one that was kept"
    return replace(there, sentence=f"{path.name} was opened again: {how}.")


def _described(choice: Choice, snapshot: Snapshot, view: View) -> Opened:
    found = attempted(partial(find_directions.kept, snapshot))
    sentence = ""
    if isinstance(found, Exception):
        found, sentence = [], str(found)
    names = [layer.name for layer in find_directions.layers(snapshot)]
    has_average = (snapshot.checkpoint / "generator_ema.safetensors").is_file()
    spread = find_directions.spread(snapshot)
    return Opened(choice, snapshot, view, found, names, spread, has_average, sentence)


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
    return TEXT in texts or path.with_suffix(".json").is_file()


def newest_step(run: Run) -> int:
    """-1 where there is none."""
    return max((checkpoint.step for checkpoint in run.checkpoints()), default=-1)


# --- long work -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Directions:
    """What one way has found."""

    found: list[Direction]


def finding(snapshot: Snapshot, how: Finding) -> Iterator[Progress | Directions]:
    """One way after the other; a way that does not fit is left out if another does.

    On a copy of the network, whose layers are looked into. Raises ConfigError where none fits.
    """
    own = replace(snapshot, network=copy.deepcopy(snapshot.network))
    problem: ConfigError | None = None
    fits = False
    for way in how.ways:
        try:
            some = yield from find_directions.find(own, how.model_copy(update={"ways": (way,)}))
        except ConfigError as error:
            problem = error
        else:
            fits = True
            yield Directions([one.renamed(f"{one.name} of {how.layer}") if how.layer else one for one in some])
    if problem and not fits:
        raise problem


@dataclass(frozen=True)
class Company:
    """What a picture is compared with."""

    pictures: Neighbours
    judge: Judge | None


@dataclass(frozen=True)
class Compared:
    nearest: np.ndarray  # [K, H, W, C] uint8
    distances: np.ndarray  # [K]
    score: float | None


def company(snapshot: Snapshot) -> Generator[Progress | Company, None, None]:
    """Raises ConfigError where the data is not here."""
    pictures = yield from neighbours(snapshot)
    yield Company(pictures, judge(snapshot))


def compared(company: Company, picture: np.ndarray, count: int) -> Compared:
    nearest, distances = company.pictures.nearest(picture, count)
    score = float(company.judge(picture[None])[0]) if company.judge else None
    return Compared(nearest, distances, score)


def inverting(path: Path, snapshot: Snapshot) -> Iterator[Near]:
    """Raises ConfigError where it is no picture."""
    own = replace(snapshot, network=copy.deepcopy(snapshot.network))  # gradients pass through it
    yield from invert(own, as_asked(path, snapshot), Inversion())


def judged(company: Company, snapshot: Snapshot) -> Company:
    """With D of another checkpoint of the same run."""
    return replace(company, judge=judge(snapshot))


# --- pictures --------------------------------------------------------------------------------------------------------


def save_view(view: View, snapshot: Snapshot, path: Path, replace: bool) -> Path:
    """Raises ConfigError."""
    keep(path, view, render(view, snapshot), replace)
    return path


def blended(view: View, seeds: list[int], x: float, y: float, snapshot: Snapshot) -> View:
    """Between four seeds; truncation and edits stay."""
    z = walks.bilinear(_corners(seeds, snapshot), torch.tensor(x), torch.tensor(y))
    return view.model_copy(update={"z": plain_numbers(z.flatten()), "limit": 0.0})


def blends(view: View, seeds: list[int], snapshot: Snapshot, side: int = 5) -> np.ndarray:
    """[side * side, H, W, C] uint8, row by row, with the truncation and the edits of a view."""
    line = torch.linspace(0, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    z = walks.bilinear(_corners(seeds, snapshot), x.flatten(), y.flatten())
    still = view.model_copy(update={"z": (0.0,) * z.shape[1]})
    return pictures(walks.truncated(z, view.psi) + latents([still], snapshot), snapshot)


def _corners(seeds: list[int], snapshot: Snapshot) -> Tensor:
    """[2, 2, z_dim]"""
    return torch.stack([snapshot.latents(1, seed)[0].cpu() for seed in seeds]).unflatten(0, (2, 2))


def drawn(views: list[View], snapshot: Snapshot) -> np.ndarray:
    """[N, H, W, C] uint8"""
    return pictures(latents(views, snapshot), snapshot)
