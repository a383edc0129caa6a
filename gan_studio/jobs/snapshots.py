"""Snapshots: a frozen copy of a trained generator, from a run, a checkpoint, or a file that another program wrote."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs
import torch
from torch import Tensor, nn

from .. import classes, importers, runs
from ..classes import ByClass, Shares
from ..compute import mixed_seed, pick_device
from ..config import ConfigError, to_toml
from ..files import file_hash
from ..latent import Latent
from ..recipes import GeneratingRecipe, TranslatingRecipe
from .settings import RunConfig

CLASS = 0x636C617373  # names the classes of seeds


class Origin(ABC):
    """Where a generator comes from."""

    path: Path  # a checkpoint's folder, or a file

    @property
    @abstractmethod
    def config(self) -> RunConfig:
        """What it was trained with. Raises ConfigError where nobody knows."""

    @abstractmethod
    def seeded_latents(self, count: int, seed: int) -> Tensor:
        """z [N, z_dim] on the CPU; row i belongs to seed + i."""

    @abstractmethod
    def address(self) -> str:
        """What the view of a picture names it by."""

    @abstractmethod
    def texts(self) -> dict[str, str]:
        """What else a picture should carry to be made again."""

    @abstractmethod
    def places(self, name: str) -> tuple[Path, ...]:
        """Where a file of this name is kept for it: in the first of these that can be written."""

    def place(self, name: str) -> Path:
        """Where such a file is now, or will be."""
        places = self.places(name)
        return next((place for place in reversed(places) if place.is_file()), places[0])

    def keep(self, name: str, write: Callable[[Path], object]) -> None:
        """`write` it where that can be done. Raises ConfigError where nothing can be written."""
        places = self.places(name)
        for number, place in enumerate(places):
            try:
                if number:  # the folder of the first is that of the weights, and is not made again where it is gone
                    place.parent.mkdir(parents=True, exist_ok=True)
                write(place)
            except OSError as error:
                problem = ConfigError(f"{place} cannot be written ({error.strerror}); allow it, or make room.")
            else:
                for older in places[number + 1 :]:
                    with contextlib.suppress(OSError):
                        older.unlink(missing_ok=True)
                return
        raise problem

    @abstractmethod
    def networks(self) -> dict[str, dict[str, Any]]:
        """The weights of all the networks that were trained together; {} where there is the generator alone."""


@dataclass(frozen=True)
class OfRun(Origin):
    """From a checkpoint of a run."""

    settings: RunConfig
    path: Path

    @property
    def config(self) -> RunConfig:
        return self.settings

    def seeded_latents(self, count: int, seed: int) -> Tensor:
        recipe = self.settings.recipe
        assert isinstance(recipe, GeneratingRecipe)
        return recipe.seeded_latents(count, seed)

    def address(self) -> str:
        return address_of(self.path)

    def texts(self) -> dict[str, str]:
        return {"config": to_toml(self.settings.plain())}

    def places(self, name: str) -> tuple[Path, ...]:
        return (self.path.parent.parent / name,)

    def networks(self) -> dict[str, dict[str, Any]]:
        return runs.Checkpoint(self.path).load()[0]


@dataclass(frozen=True)
class OfFile(Origin):
    """From a file that another program wrote."""

    path: Path
    latent: Latent
    sha256: str

    @property
    def config(self) -> RunConfig:
        raise ConfigError(f"{self.path.name} was not trained here, so nobody knows its training pictures and labels.")

    def seeded_latents(self, count: int, seed: int) -> Tensor:
        return self.latent.seeded(count, seed)

    def address(self) -> str:
        return str(self.path.absolute())

    def texts(self) -> dict[str, str]:
        return {}

    def places(self, name: str) -> tuple[Path, ...]:
        """Beside it, or in the user's data folder where its own folder is not the user's to write in."""
        mine = Path(platformdirs.user_data_dir("gan-studio")) / Path(name).stem / f"{self.sha256}.json"
        return self.path.with_name(f"{self.path.name}.{name}"), mine

    def networks(self) -> dict[str, dict[str, Any]]:
        return {}


@dataclass(frozen=True)
class Snapshot:
    """A generator in evaluation mode on one device, with where it comes from."""

    network: nn.Module = field(repr=False)
    shape: tuple[int, ...]  # of one sample
    about: dict[str, Any]  # {"run", "step", "weights": "averaged" or "raw", "title", "sha256" of the weights}
    device: torch.device
    origin: Origin = field(repr=False)

    @property
    def z_dim(self) -> int:
        return self.latents(1, 0).shape[1]

    @property
    def config(self) -> RunConfig:
        """Raises ConfigError where it was not trained here."""
        return self.origin.config

    @property
    def checkpoint(self) -> Path:
        """The folder with its weights, or the file."""
        return self.origin.path

    @property
    def classes(self) -> int:
        """That it can be told to draw, 0 where there are none."""
        return classes.count(self.network)

    def of(self, shares: Shares) -> Snapshot:
        """The same, drawing these classes of a latent alone. Raises ConfigError where it has not these."""
        if classes.checked(shares, self.classes) and isinstance(self.network, ByClass):
            return replace(self, network=self.network.of(shares))
        return self

    def shares(self, chosen: Shares, seed: int) -> Shares:
        """What is chosen, or else a class that the seed draws; () where there are no classes. Raises ConfigError."""
        if self.classes and not chosen:
            return classes.one(mixed_seed(CLASS, seed) % self.classes)
        return classes.checked(chosen, self.classes)

    def latents(self, count: int, seed: int) -> Tensor:
        """z [N, z_dim]; row i belongs to seed + i."""
        return self.origin.seeded_latents(count, seed).to(self.device)

    @torch.no_grad()
    def generate(self, z: Tensor, batch: int = 256) -> Tensor:
        """x [N, *shape] float32 on the CPU; pictures in [-1, 1]. A latent [z_dim] may have [classes] beside it."""
        parts = [self.network(part.to(self.device)).float().cpu() for part in z.split(batch)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def open_snapshot(path: Path | str, step: int | None = None, raw: bool = False, device: str = "auto") -> Snapshot:
    """The generator of a run (its newest checkpoint, or that of a step), of a checkpoint's folder, or of a file.

    `raw` takes the weights as they are instead of their average. A file is one that another program wrote, see
    `importers`. Raises ConfigError.
    """
    path = Path(path)
    if path.is_file():
        return open_file(path, step, device)
    run, checkpoint = checkpoint_of(path, step)
    config = RunConfig.parse(run.config_at(checkpoint.step))
    weights, _ = checkpoint.load()
    if isinstance(config.recipe, TranslatingRecipe):
        raise ConfigError(
            f"The run {run.name} learnt to make pictures of pictures: open it on the Translate tab, or type "
            "gan-studio translate."
        )
    if not isinstance(config.recipe, GeneratingRecipe):
        raise ConfigError(f"The run {run.name} holds no generator that makes samples from noise; choose another run.")
    if "generator" not in weights:
        raise ConfigError(f"The checkpoint {checkpoint.path} holds no generator; choose another one.")
    shape = tuple(run.about().get("shape") or config.data.shape() or ())
    averaged = "generator_ema" in weights and not raw
    name = "generator_ema" if averaged else "generator"
    return Snapshot(
        _network(config.recipe, shape, weights[name], run, device),
        shape,
        {
            "run": run.name,
            "title": run.about().get("title", run.name),
            "step": checkpoint.step,
            "weights": "averaged" if averaged else "raw",
            "sha256": weights_hash(checkpoint, name),
        },
        pick_device(device),
        OfRun(config, checkpoint.path),
    )


def checkpoint_of(path: Path, step: int | None = None) -> tuple[runs.Run, runs.Checkpoint]:
    """The run, and its newest checkpoint, or that of a step; or of the checkpoint's folder. Raises ConfigError."""
    if path.parent.name == "checkpoints":
        return runs.open_run(path.parent.parent), runs.Checkpoint(path)
    run = runs.open_run(path)
    return run, run.checkpoint_at(step)


def address_of(checkpoint: Path) -> str:
    """What a run is named by: its name where it lies among the runs, else its folder."""
    folder = checkpoint.parent.parent
    return folder.name if folder.parent == runs.default_root() else str(folder)


def open_file(path: Path, step: int | None = None, device: str = "auto") -> Snapshot:
    """The generator in a file that another program wrote; nothing in it runs. Raises ConfigError.

    Its `about` also tells what was "found", "inferred", and is "unknown" of it.
    """
    found = importers.read(path)
    if step not in (None, found.step):
        raise ConfigError(f"{path.name} holds one generator and not that of step {step}; leave the step out.")
    return Snapshot(
        found.network.to(pick_device(device)),
        found.shape,
        found.about(path),
        pick_device(device),
        OfFile(path, found.latent, found.sha256),
    )


def weights_hash(checkpoint: runs.Checkpoint, name: str) -> str:
    """The SHA-256 of a network's file, in hexadecimal. Raises ConfigError."""
    try:
        return file_hash(checkpoint.path / f"{name}.safetensors")
    except OSError as error:
        raise ConfigError(f"The checkpoint {checkpoint.path} is gone ({error.strerror}); use a newer one.") from None


def _network(
    recipe: GeneratingRecipe, shape: tuple[int, ...], weights: dict[str, Tensor], run: runs.Run, device: str
) -> nn.Module:
    network = recipe.build_generator(shape)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ConfigError(f"The weights in {run.folder} are of another network than its config names.") from error
    return network.to(pick_device(device)).eval().requires_grad_(False)
