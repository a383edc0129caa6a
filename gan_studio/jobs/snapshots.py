"""Snapshots: a frozen copy of a trained generator that others may use, opened from a run folder or a checkpoint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .. import runs
from ..compute import pick_device
from ..config import ConfigError
from ..recipes import GeneratingRecipe
from .settings import RunConfig


@dataclass(frozen=True)
class Snapshot:
    """A generator in evaluation mode on one device, with where it comes from."""

    network: nn.Module = field(repr=False)
    config: RunConfig = field(repr=False)
    shape: tuple[int, ...]  # of one sample
    about: dict[str, Any]  # {"run", "step", "weights": "averaged" or "raw", "title", "sha256" of the weights}
    device: torch.device
    checkpoint: Path  # its folder

    @property
    def z_dim(self) -> int:
        return self.latents(1, 0).shape[1]

    def latents(self, count: int, seed: int) -> Tensor:
        """z [N, z_dim]; row i belongs to seed + i."""
        recipe = self.config.recipe
        assert isinstance(recipe, GeneratingRecipe)
        return recipe.seeded_latents(count, seed).to(self.device)

    @torch.no_grad()
    def generate(self, z: Tensor, batch: int = 256) -> Tensor:
        """x [N, *shape] float32 on the CPU; pictures in [-1, 1]."""
        return torch.cat([self.network(part.to(self.device)).float().cpu() for part in z.split(batch)])


def open_snapshot(path: Path | str, step: int | None = None, raw: bool = False, device: str = "auto") -> Snapshot:
    """The generator of a run (its newest checkpoint, or that of a step) or of a checkpoint's folder.

    `raw` takes the weights as they are instead of their average. Raises ConfigError.
    """
    path = Path(path)
    if path.parent.name == "checkpoints":
        run, checkpoint = runs.open_run(path.parent.parent), runs.Checkpoint(path)
    else:
        run = runs.open_run(path)
        checkpoint = run.checkpoint_at(step)
    config = RunConfig.parse(run.config_at(checkpoint.step))
    weights, _ = checkpoint.load()
    if not isinstance(config.recipe, GeneratingRecipe):
        raise ConfigError(f"The run {run.name} holds no generator that makes samples from noise; choose another run.")
    if "generator" not in weights:
        raise ConfigError(f"The checkpoint {checkpoint.path} holds no generator; choose another one.")
    shape = tuple(run.about().get("shape") or config.data.shape() or ())
    averaged = "generator_ema" in weights and not raw
    name = "generator_ema" if averaged else "generator"
    return Snapshot(
        _network(config.recipe, shape, weights[name], run, device),
        config,
        shape,
        {
            "run": run.name,
            "title": run.about().get("title", run.name),
            "step": checkpoint.step,
            "weights": "averaged" if averaged else "raw",
            "sha256": weights_hash(checkpoint, name),
        },
        pick_device(device),
        checkpoint.path,
    )


def weights_hash(checkpoint: runs.Checkpoint, name: str) -> str:
    """The SHA-256 of a network's file, in hexadecimal. Raises ConfigError."""
    try:
        with (checkpoint.path / f"{name}.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
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
