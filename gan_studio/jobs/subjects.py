"""What is evaluated: a generator's samples, a translator's, or the pictures in a folder.

A `Chosen` is cheap and says where it lies; `open` makes a `Subject` of it, with its network in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import runs
from ..classes import dense
from ..config import ConfigError
from ..data import Dataset
from ..images import to_uint8, to_uint8_cut_off
from ..importers import SUFFIXES
from ..nn.as_trained import seed_noise
from ..progress import Progress
from ..recipes import BACK, TranslatingRecipe
from . import reference
from .drawn import REAL_SEED
from .reference import Reference, Samples, at_once, opaque, size_told
from .settings import RunConfig
from .snapshots import Snapshot, checkpoint_of, open_snapshot
from .translators import Translator, open_translator


@dataclass(frozen=True)
class Chosen:
    """What is to be evaluated: a run's folder, a checkpoint's, a generator's file, a folder or a zip of pictures."""

    path: Path
    step: int | None = None  # of a run; None is its newest checkpoint
    raw: bool = False  # by the weights as they are, not their average
    device: str = "auto"
    direction: str = ""  # of a translation; "" is its first

    def open(self) -> Subject:
        """Raises ConfigError."""
        if not self.path.exists():
            raise ConfigError(f"There is no run, file or folder {self.path}; check the path.")
        if self.path.is_file() and self.path.name.lower().endswith(SUFFIXES):
            return OfGenerator(open_snapshot(self.path, self.step, self.raw, self.device))
        if not is_of_run(self.path):
            if self.step is not None:
                raise ConfigError(f"{self.path} is no run and has no step {self.step}; leave the step out.")
            return OfFolder(self.path)
        run, checkpoint = checkpoint_of(self.path, self.step)
        if isinstance(RunConfig.parse(run.config_at(checkpoint.step)).recipe, TranslatingRecipe):
            return OfTranslator(
                open_translator(self.path, self.step, self.direction, self.raw, self.device), run, checkpoint
            )
        return OfGenerator(open_snapshot(self.path, self.step, self.raw, self.device), run)


def is_of_run(path: Path) -> bool:
    """Whether it is a run's folder, or a checkpoint's."""
    return (path / "config.toml").is_file() or path.parent.name == "checkpoints"


def every_checkpoint(chosen: Chosen) -> list[Chosen]:
    """Of a run, by rising steps. Raises ConfigError."""
    run, _ = checkpoint_of(chosen.path)
    return [Chosen(run.folder, c.step, chosen.raw, chosen.device, chosen.direction) for c in run.checkpoints()]


class Subject(ABC):
    """What is evaluated, opened."""

    name: str  # a run's, or a path
    step: int | None = None
    weights: str = ""  # of a run: "averaged" or "raw"
    run: runs.Run | None = None  # that keeps what is measured
    key: str  # names what its samples come from

    @abstractmethod
    def reference(self, against: str, count: int) -> Generator[Progress, None, Reference]:
        """What it is compared with: "" is what it learnt from, else a folder, or a run whose data it is.

        Closing the generator cancels. Raises ConfigError.
        """

    @abstractmethod
    def samples(self, like: Reference, count: int, seed: int) -> Generator[Progress, None, Samples]:
        """So many of its samples, of the shape of the real ones. Raises ConfigError, also while they are made."""


def _data_of(against: str, shape: tuple[int, ...] | None, count: int) -> Generator[Progress, None, Reference]:
    """Of a run, or a folder. Raises ConfigError."""
    path = Path(against).expanduser()
    if not is_of_run(path):
        if shape is not None and len(shape) == 1 and path.exists():
            raise ConfigError("Points in the plane cannot be compared with pictures; choose a run that learnt points.")
        samples, _ = yield from reference.of_folder(against, count, shape)
        return Reference(samples)
    run, checkpoint = checkpoint_of(path)
    config = RunConfig.parse(run.config_at(checkpoint.step))
    found = yield from reference.of_source(config.data, count)
    if shape is not None and found.samples.shape != shape:
        raise ConfigError(
            f"The data of {run.name} has another shape ({_told(found.samples.shape)}) than these samples "
            f"({_told(shape)}); compare with pictures of the same shape, or with a folder, which is brought to it."
        )
    return found


def _told(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return "points in the plane"
    return f"{size_told(shape)}, {'grey' if shape[2] == 1 else f'{shape[2]} channels'}"


# --- a generator -----------------------------------------------------------------------------------------------------


class OfGenerator(Subject):
    """Samples by seeds: the same latents for every checkpoint."""

    def __init__(self, snapshot: Snapshot, run: runs.Run | None = None):
        self.snapshot, self.run = snapshot, run
        self.name = run.name if run else str(snapshot.checkpoint)
        self.step, self.weights = (snapshot.about["step"], snapshot.about["weights"]) if run else (None, "")
        self.key = str(snapshot.about["sha256"])
        C, *size = snapshot.shape
        self.shape = (*size, min(C, 3)) if size else snapshot.shape

    def reference(self, against: str, count: int) -> Generator[Progress, None, Reference]:
        if against:
            return (yield from _data_of(against, self.shape, count))
        if self.run is None:
            raise ConfigError(
                f"{Path(self.name).name} was not trained here, so nobody knows its training pictures; choose a folder "
                "of real pictures to compare with."
            )
        return (yield from reference.of_source(self.snapshot.config.data, count))

    def samples(self, like: Reference, count: int, seed: int) -> Generator[Progress, None, Samples]:
        yield from ()
        return Samples(self.name, self.shape, count, partial(self._made, count, seed), "")

    def _made(self, count: int, seed: int) -> Iterator[np.ndarray]:
        size = at_once(self.shape)
        for start in range(0, count, size):
            x = self.snapshot.generate(self._rows(min(size, count - start), seed + start))
            _check_finite(x, self.name, self.step)
            yield opaque(to_uint8(x)) if x.ndim == 4 else x.numpy()

    def _rows(self, count: int, seed: int) -> Tensor:
        """Latents, and beside each the class that its seed draws."""
        z = self.snapshot.latents(count, seed)
        w = dense([self.snapshot.shares((), seed + i) for i in range(count)], self.snapshot.classes)
        return torch.cat([z, w.to(z)], dim=1)


def _check_finite(x: Tensor, name: str, step: int | None) -> None:
    """Black pictures would hide it."""
    if not bool(x.isfinite().all()):
        where = "" if step is None else f" at step {step}"
        raise ConfigError(f"What {name} makes{where} holds NaN or infinity; choose an earlier checkpoint.")


# --- a folder --------------------------------------------------------------------------------------------------------


class OfFolder(Subject):
    """The pictures in a folder or a zip."""

    def __init__(self, path: Path):
        self.path, self.name, self.key = path, str(path), ""

    def reference(self, against: str, count: int) -> Generator[Progress, None, Reference]:
        if not against:
            raise ConfigError(f"{self.name} is a folder: choose what to compare it with, another folder or a run.")
        return (yield from _data_of(against, None, count))

    def samples(self, like: Reference, count: int, seed: int) -> Generator[Progress, None, Samples]:
        if like.samples.are_points:
            raise ConfigError("Pictures cannot be compared with points in the plane; choose a run that makes pictures.")
        found, self.key = yield from reference.of_folder(self.name, count, like.samples.shape)
        return found


# --- a translator ----------------------------------------------------------------------------------------------------


class OfTranslator(Subject):
    """What becomes of the pictures that training never saw, where the data holds some out."""

    def __init__(self, translator: Translator, run: runs.Run, checkpoint: runs.Checkpoint):
        self.translator, self.run, self.name = translator, run, run.name
        self.step, self.weights = checkpoint.step, translator.about["weights"]
        self.data = RunConfig.parse(run.config_at(checkpoint.step)).data
        self.key = f"{translator.about['sha256']} {translator.direction} {translator.as_trained}"

    def reference(self, against: str, count: int) -> Generator[Progress, None, Reference]:
        if against:
            raise ConfigError(
                f"{self.name} translates pictures, and is compared with those of its own data; leave out what to "
                "compare it with."
            )
        dataset = yield from self.data.prepare()
        held_out = dataset.held_out or dataset.plain()
        assert held_out.pairs is not None
        count = min(count, held_out.size or count)
        back = self.translator.direction == BACK
        paired = held_out.pairs.matched
        sides = held_out.pairs.shape, held_out.shape
        (C, *size), (_, *given) = reversed(sides) if back else sides
        shape = (*size, min(C, 3))
        source = "" if given == size else f" of {size_told(tuple(given))}"
        name = f"{self.data.called()}: {held_out.pairs.names[0 if back else 1]}"
        samples = Samples(
            name,
            shape,
            count,
            lambda: (opaque(to_uint8(truth)) for _, truth in _pairs(held_out, count, back)),
            f"{size_told(shape)}{source}, {'held out' if dataset.held_out else 'as in training'}",
            () if dataset.held_out else ("Nothing is held out of this data: these pictures were trained on.",),
            made_of=lambda: (x for x, _ in _pairs(held_out, count, back)),
        )
        return Reference(samples, self.data, paired=paired)

    def samples(self, like: Reference, count: int, seed: int) -> Generator[Progress, None, Samples]:
        yield from ()
        count = like.samples.count
        return Samples(self.name, like.samples.shape, count, partial(self._made, like, seed), "")

    @torch.no_grad()
    def _made(self, like: Reference, seed: int) -> Iterator[np.ndarray]:
        translator, number = self.translator, seed
        assert like.samples.made_of is not None
        to_pixels = to_uint8_cut_off if translator.cuts_off else to_uint8
        for x in like.samples.made_of():
            parts = x.split(1 if translator.as_trained else len(x))  # as trained, a picture is alone with its noise
            made = []
            for part in parts:
                seed_noise(translator.network, number)
                made.append(translator.network(part.to(translator.device)).float().cpu())
                number += len(part)
            y = torch.cat(made)
            _check_finite(y, self.name, self.step)
            yield opaque(to_pixels(y))


def _pairs(dataset: Dataset, count: int, back: bool) -> Iterator[tuple[Tensor, Tensor]]:
    """(what goes in, what should come out), batch by batch, always the same."""
    assert dataset.pairs is not None
    sides = (dataset.shape[1:], dataset.pairs.shape[1:])
    size = min(at_once((*side, 1)) for side in sides)
    for position in range(-(-count // size)):
        a, b = (x[: count - position * size].cpu() for x in dataset.batch(size, position, REAL_SEED).both())
        yield (b, a) if back else (a, b)
