"""The shelves of foreign formats: a file each, which tells by the names and shapes of weights what network they are of.

Nothing in a file runs: `torch_file.py` takes plain tensors out of it, and a format builds a network of ours for them.
Copy `mimicry.py` for a new one of generators; those of translators stand on a shelf of their own, `translators.py`.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .. import classes
from ..config import ConfigError, Spec
from ..latent import Latent
from ..registry import Registry
from .torch_file import Weights, read_weights

SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")
MOST_BYTES = 2**30  # of a file
MOST_PX = 1024  # a side, of what a generator makes
CHANNELS = {1: "grey", 3: "colour", 4: "colour with transparency"}
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of torch.compile


@dataclass(frozen=True)
class Draft:
    """What a format makes of weights: a network without them, and what it was told by."""

    network: nn.Module  # z [N, z_dim] -> x [N, C, H, W] in [-1, 1]; one with classes is a `ByClass`
    z_dim: int
    shape: tuple[int, int, int]
    inferred: tuple[str, ...]  # beside the sizes
    unknown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a file that another program wrote."""

    format: str  # "PyTorch DCGAN example"
    step: int  # that the file names, or 0
    sha256: str  # of the file
    found: tuple[str, ...]  # what the file says
    inferred: tuple[str, ...]  # what follows from the shapes of its weights
    unknown: tuple[str, ...]  # what no such file tells

    def about(self, path: Path) -> dict[str, Any]:
        """As runs tell of themselves, and what only files have."""
        return {
            "run": path.stem,
            "title": path.name,
            "step": self.step,
            "weights": "raw",
            "sha256": self.sha256,
            "format": self.format,
            "found": "; ".join(self.found),
            "inferred": "; ".join(self.inferred),
            "unknown": "; ".join(self.unknown),
        }


@dataclass(frozen=True, kw_only=True)
class Imported(Known):
    """A generator of another program."""

    network: nn.Module  # in evaluation mode, on the CPU, without gradients
    shape: tuple[int, int, int]  # of one picture
    latent: Latent


class Format(Spec):
    """How another program names the weights of its generators. Names come without the prefixes of wrappers."""

    @abstractmethod
    def fits(self, weights: Weights) -> bool:
        """Whether they are of this program, by their names alone."""

    @abstractmethod
    def draft(self, weights: Weights) -> Draft:
        """The network is built on torch's default device. Raises ConfigError, without the file's name, where weights
        of this program are of no generator that can be held."""


FORMATS: Registry[Format] = Registry("gan_studio.importers", "format")


def read(path: Path) -> Imported:
    """A generator from a file that anybody may have written. Raises ConfigError with one sentence."""
    data = read_bytes(path)
    try:
        return imported(data)
    except ConfigError as error:
        raise ConfigError(f"{path.name} {error}") from None


def imported(data: bytes) -> Imported:
    """As `read`, of a file's bytes; sentences go on after the file's name."""
    file = read_weights(data)
    weights = {bare(name): tensor for name, tensor in file.weights.items()}
    format = next((one for one in (entry() for entry in FORMATS) if one.fits(weights)), None)
    if format is None:
        _refuse_translators(data)
        titles = ", ".join(entry.title for entry in FORMATS)
        names = ", ".join(map(printable, sorted(weights)[:3]))
        raise ConfigError(
            f"is of no network that is known here (it holds {names} ...); these generators are: {titles}."
        )
    draft = _checked(format, weights)
    return Imported(
        network=_loaded(draft, weights),
        shape=draft.shape,
        latent=Latent(dim=draft.z_dim),
        format=format.title,
        step=file.step,
        sha256=hashlib.sha256(data).hexdigest(),
        found=tuple(found_in(file.container, file.step, weights)),
        inferred=(*_sizes(draft), *draft.inferred),
        unknown=draft.unknown,
    )


def _refuse_translators(data: bytes) -> None:
    """Raises ConfigError where a file belongs elsewhere, or is named there."""
    from .translators import quickly_told

    if title := quickly_told(data):
        raise ConfigError(
            f"is a translator ({title}), which makes pictures of pictures: drop it on the Translate tab, or type "
            "gan-studio translate."
        )


def read_bytes(path: Path) -> bytes:
    """Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); see to it.") from None
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{path.name} has more than {MOST_BYTES >> 20:,} MB; keep the generator's weights alone.")
    return data


def bare(name: str) -> str:
    """A weight's name without what wraps the network."""
    while prefix := next((prefix for prefix in PREFIXES if name.startswith(prefix)), ""):
        name = name.removeprefix(prefix)
    return name


# --- the network -----------------------------------------------------------------------------------------------------


def _checked(format: Format, weights: Weights) -> Draft:
    """Drafted without memory for weights, and every shape compared, before a number is copied. Raises ConfigError."""
    with torch.device("meta"):
        draft = format.draft(weights)
    C, H, W = draft.shape
    if C not in CHANNELS or max(H, W) > MOST_PX:
        raise ConfigError(
            f"makes pictures of {C} channels and {W} x {H} px; up to {MOST_PX} px in 1, 3 or 4 channels can be shown."
        )
    if wrong := next(differences(draft.network, weights), ""):
        raise ConfigError(f"looks like {format.title}, but {wrong}; only what its own program wrote can be held.")
    return draft


def differences(network: nn.Module, weights: Weights) -> Iterator[str]:
    ours = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name, shape in ours.items():
        if name in theirs and theirs[name] != shape:
            yield f"{name} is {_times(theirs[name])} and not {_times(shape)}"
        elif name not in theirs and not name.endswith("num_batches_tracked"):  # PyTorch before 0.4.1 kept none
            yield f"{name} is missing"
    for name in sorted(theirs.keys() - ours.keys()):
        yield f"{printable(name)} is too many"


def printable(name: str) -> str:
    """Whoever wrote the file chose it, and it is shown in terminals and windows."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:40])


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _loaded(draft: Draft, weights: Weights) -> nn.Module:
    """Tried once. Raises ConfigError where its pictures are not numbers."""
    network = draft.network
    state = {
        name: weights[name].to(ours.dtype, copy=True).contiguous()
        if name in weights
        else torch.zeros((), dtype=ours.dtype)
        for name, ours in network.state_dict().items()
    }
    network.load_state_dict(state, assign=True)
    network.eval().requires_grad_(False)
    x = network(torch.zeros(1, draft.z_dim))
    assert x.shape[1:] == draft.shape
    if not torch.isfinite(x).all():
        raise ConfigError("makes pictures that are not numbers: its training diverged; take an earlier file.")
    return network


# --- what is told ----------------------------------------------------------------------------------------------------


def found_in(container: str, step: int, weights: Weights) -> Iterator[str]:
    yield container
    yield f"{sum(tensor.numel() for tensor in weights.values()):,} numbers in {len(weights)} tensors"
    if step:
        yield f"saved at step {step:,}"


def _sizes(draft: Draft) -> Iterator[str]:
    C, H, W = draft.shape
    yield f"pictures of {W} x {H} px in {CHANNELS[C]}"
    yield f"{draft.z_dim} latents"
    if many := classes.count(draft.network):
        yield f"{many:,} classes" if many > 1 else "1 class"


def consecutive(weights: dict[str, Tensor], name: str, start: int, stride: int = 1) -> list[int]:
    """The numbers i = start, start + stride ... as long as weights have `name.format(i)`."""
    found: list[int] = []
    while name.format(i := start + stride * len(found)) in weights:
        found.append(i)
    return found
