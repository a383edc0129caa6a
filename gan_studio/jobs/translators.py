"""Translators: a frozen copy of a network that makes pictures of pictures, from a run, a checkpoint, or a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .. import runs
from ..compute import pick_device
from ..config import ConfigError, Spec
from ..data import Pairs
from ..importers.translators import read_translator
from ..networks import BACK, FORTH, Needs, TranslatorNetwork
from ..nn.as_trained import as_trained as made_as_trained
from ..nn.as_trained import has_noise
from ..recipes import TranslatingRecipe
from .settings import RunConfig
from .snapshots import address_of, checkpoint_of, weights_hash

OTHER = {FORTH: BACK, BACK: FORTH}


class Opening(Spec):
    """What opens the same translator again; plain enough for a file."""

    path: str  # of a run's folder, a checkpoint's folder, or a file
    step: int | None = None
    direction: str = ""  # "": the first
    raw: bool = False
    as_trained: bool | None = None

    def open(self, device: str = "auto") -> Translator:
        """Raises ConfigError."""
        return open_translator(Path(self.path), self.step, self.direction, self.raw, device, self.as_trained)


@dataclass(frozen=True, eq=False)
class Translator:
    """In evaluation mode on one device, with where it comes from. One thread at a time uses it."""

    network: nn.Module = field(repr=False)  # x [N, C_in, H, W] in [-1, 1] -> [N, C_out, s H, s W] in [-1, 1]
    channels: tuple[int, int]  # in, out
    needs: Needs
    about: dict[str, Any]  # "run", "title", "step", "weights", "sha256"; of files also "format", "found" and so on
    direction: str
    directions: tuple[str, ...]  # that can be opened from where it comes from
    device: torch.device
    opening: Opening
    notes: tuple[str, ...] = ()  # sentences that whoever applies it should see
    network_config: dict[str, Any] | None = None  # of ours: what builds its network, for an export
    as_trained: bool = False  # with the picture's own statistics in place of the training's, and with noise
    cuts_off: bool = False  # bytes are made by cutting off and not by rounding, as its own program does
    lab: bool = False  # it is given the lightness of L*a*b* and makes its colour
    trained_size: tuple[int, int] | None = None  # (height, width) of the pictures that it is given in training
    remembered: dict[str, Any] = field(default_factory=dict, repr=False)  # what was measured of it, see `readied`

    @property
    def has_noise(self) -> bool:
        """Whether each seed makes another picture."""
        return has_noise(self.network)

    @property
    def sees_all(self) -> bool:
        """Whether every pixel depends on the whole picture, by a norm or by how far the layers look."""
        norms = (part for part in self.network.modules() if isinstance(part, nn.InstanceNorm2d))
        return self.needs.reach is None or any(not norm.track_running_stats for norm in norms)

    def address(self) -> str:
        """What names it on the command line."""
        path = Path(self.opening.path)
        return str(path.absolute()) if path.is_file() else address_of(path / "checkpoints" / "any")


def open_translator(
    path: Path | str,
    step: int | None = None,
    direction: str = "",
    raw: bool = False,
    device: str = "auto",
    as_trained: bool | None = None,
) -> Translator:
    """The translator of a run (its newest checkpoint, or that of a step), of a checkpoint's folder, or of a file.

    `raw` takes the weights as they are instead of their average. `as_trained` applies it as in training: batch norm by
    the picture's own statistics, dropout on, and bytes as its own program makes them; None is what its recipe says, and
    no for files. Raises ConfigError.
    """
    path = Path(path)
    opening = Opening(path=str(path), step=step, direction=direction, raw=raw, as_trained=as_trained)
    return _of_file(path, opening, device) if path.is_file() else _of_run(path, opening, device)


def choices(path: Path | str) -> tuple[str, ...]:
    """The directions that can be opened from a run, a checkpoint's folder or a file. Raises ConfigError."""
    path = Path(path)
    if path.is_file():
        return open_translator(path, device="cpu").directions
    run, _ = checkpoint_of(path)
    return _translating(run, run.config()).directions


def other_way(translator: Translator) -> Translator:
    """From where this one leads back: of the same run, or of the file beside it. Raises ConfigError."""
    wanted = OTHER.get(translator.direction, "")
    if wanted not in translator.directions:
        raise ConfigError(
            f"There is no way back from {translator.about['title']}: it was trained {translator.direction} alone; "
            "choose a run of CycleGAN, or latest_net_G_A.pth with latest_net_G_B.pth beside it."
        )
    path = Path(translator.opening.path)
    opening = translator.opening.model_copy(update={"direction": wanted})
    if path.is_file():
        opening = opening.model_copy(update={"path": str(partner(path)), "direction": ""})
    return opening.open(translator.device.type)


def partner(path: Path) -> Path | None:
    """latest_net_G_B.pth of latest_net_G_A.pth, where it lies beside it."""
    other = re.sub(r"(?<=_net_G_)[AB]\b", lambda found: {"A": "B", "B": "A"}[found[0]], path.name)
    there = path.with_name(other)
    return there if other != path.name and there.is_file() else None


# --- runs ------------------------------------------------------------------------------------------------------------


def _of_run(path: Path, opening: Opening, device: str) -> Translator:
    run, checkpoint = checkpoint_of(path, opening.step)
    values = run.config_at(checkpoint.step)
    recipe = _translating(run, values)
    direction = opening.direction or recipe.directions[0]
    if direction not in recipe.directions:
        raise ConfigError(f"The run {run.name} knows no way {direction}; it goes {' and '.join(recipe.directions)}.")
    shape, pairs = shapes(run, RunConfig.parse(values))
    weights, _ = checkpoint.load()
    name = recipe.weights_name(direction)
    if name not in weights:
        raise ConfigError(f"The checkpoint {checkpoint.path} holds no translator; choose another one.")
    averaged = f"{name}_ema" in weights and not opening.raw
    network = recipe.build_translator(direction, shape, pairs)
    needs = network.needs
    try:
        network.load_state_dict(weights[f"{name}_ema" if averaged else name])
    except RuntimeError as error:
        raise ConfigError(f"The weights in {run.folder} are of another network than its config names.") from error
    as_trained = recipe.as_trained if opening.as_trained is None else opening.as_trained
    return Translator(
        _placed(network, as_trained, device),
        _ordered((shape[0], pairs.shape[0]), direction),
        needs,
        {
            "run": run.name,
            "title": run.about().get("title", run.name),
            "step": checkpoint.step,
            "weights": "averaged" if averaged else "raw",
            "sha256": weights_hash(checkpoint, f"{name}_ema" if averaged else name),
            "names": pairs.names,
        },
        direction,
        recipe.directions,
        pick_device(device),
        opening.model_copy(update={"path": str(run.folder), "step": checkpoint.step, "direction": direction}),
        network_config=_network_config(recipe, shape, pairs, direction),
        as_trained=as_trained,
        trained_size=_size((shape if direction == FORTH else pairs.shape)[1:]),
    )


def _size(sides: Sequence[int]) -> tuple[int, int]:
    height, width = sides
    return height, width


def _network_config(
    recipe: TranslatingRecipe, shape: tuple[int, ...], pairs: Pairs, direction: str
) -> dict[str, Any] | None:
    """The network's own settings, and the shapes that it was built for."""
    spec = next((value for _, value in recipe if isinstance(value, TranslatorNetwork)), None)
    if spec is None:
        return None
    in_shape, out_shape = (shape, pairs.shape) if direction == FORTH else (pairs.shape, shape)
    return {"network": spec.plain(), "in_shape": list(in_shape), "out_shape": list(out_shape)}


def _translating(run: runs.Run, values: dict[str, Any]) -> TranslatingRecipe:
    """Raises ConfigError where a run's recipe makes no pictures of pictures."""
    recipe = RunConfig.parse(values).recipe
    if isinstance(recipe, TranslatingRecipe):
        return recipe
    raise ConfigError(
        f"The run {run.name} makes samples of noise and no pictures of pictures: open it on the Explore tab, or type "
        "gan-studio sample."
    )


def shapes(run: runs.Run, config: RunConfig) -> tuple[tuple[int, ...], Pairs]:
    """Of pictures A, and what pictures B are. Raises ConfigError where nobody knows."""
    about = run.about()
    shape = tuple(about.get("shape") or config.data.shape() or ())
    said = about.get("pairs")
    try:
        pairs = (
            Pairs(tuple(said["shape"]), bool(said["matched"]), tuple(said["names"])) if said else config.data.pairs()
        )
    except (KeyError, TypeError):
        pairs = None
    if len(shape) != 3 or pairs is None:
        raise ConfigError(f"The run {run.name} does not say what pictures it learnt from; train it for a step more.")
    return shape, pairs


def _ordered(channels: tuple[int, int], direction: str) -> tuple[int, int]:
    return channels if direction == FORTH else (channels[1], channels[0])


def _placed(network: nn.Module, as_trained: bool, device: str) -> nn.Module:
    network = made_as_trained(network) if as_trained else network
    return network.to(pick_device(device)).eval().requires_grad_(False)


# --- files -----------------------------------------------------------------------------------------------------------


def _of_file(path: Path, opening: Opening, device: str) -> Translator:
    found = read_translator(path)
    draft = found.draft
    if opening.step not in (None, found.step):
        raise ConfigError(f"{path.name} holds one translator and not that of step {opening.step}; leave the step out.")
    there = partner(path)
    directions = (draft.direction, OTHER[draft.direction]) if there else (draft.direction,)
    if opening.direction and opening.direction != draft.direction:
        if opening.direction not in directions or there is None:
            raise ConfigError(
                f"{path.name} goes {draft.direction} and not {opening.direction}; leave the direction out."
            )
        return _of_file(there, opening.model_copy(update={"path": str(there)}), device)
    as_trained = bool(opening.as_trained)
    return Translator(
        _placed(draft.network, as_trained, device),
        draft.channels,
        draft.needs,
        found.about(path) | {"names": ("A", "B")},
        draft.direction,
        directions,
        pick_device(device),
        opening.model_copy(update={"path": str(path.absolute()), "direction": draft.direction}),
        () if as_trained else draft.notes,
        as_trained=as_trained,
        cuts_off=as_trained and draft.cuts_off,
        lab=draft.lab,
        trained_size=draft.trained_size,
    )
