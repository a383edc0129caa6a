"""The shelf of foreign translators: networks that make pictures of pictures. Copy `junyanz.py` for a new format."""

from __future__ import annotations

import enum
import hashlib
import re
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn

from ..config import ConfigError, Spec
from ..networks import FORTH, Needs
from ..registry import Registry
from . import Known, bare, differences, found_in, printable, read_bytes
from .torch_file import File, read_weights

CHANNELS = (1, 3, 4)
MOST_SCALE = 16
MOST_OPTIONS = 2**16  # bytes of an options file
OPTIONS = ("test_opt.txt", "train_opt.txt")


@dataclass(frozen=True)
class Beside:
    """What a file's name and its neighbours say."""

    name: str = ""  # "latest_net_G_A.pth"
    options: dict[str, str] | None = None  # of train_opt.txt or test_opt.txt


@dataclass(frozen=True)
class TranslatorDraft:
    """What a format makes of weights, and what it was told by."""

    network: nn.Module  # x [N, C_in, H, W] in [-1, 1] -> [N, C_out, s H, s W] in [-1, 1]
    channels: tuple[int, int]
    needs: Needs
    title: str  # "ResNet with 9 blocks"
    found: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # sentences that whoever applies it should see
    direction: str = FORTH
    cuts_off: bool = False  # its own program makes bytes by cutting off, where others round
    lab: bool = False  # grey is the lightness of L*a*b*, and its two channels are the colour
    trained_size: tuple[int, int] | None = None  # (height, width) of what it was given in training
    ignored: frozenset[str] = frozenset()  # names of weights that mean nothing
    holds_weights: bool = False  # otherwise the network is a draft without memory


@dataclass(frozen=True, kw_only=True)
class ImportedTranslator(Known):
    """A translator of another program."""

    draft: TranslatorDraft  # its network in evaluation mode, on the CPU, without gradients


class TranslatorFormat(Spec):
    """How another program names the weights of its translators. Names come without the prefixes of wrappers."""

    last: ClassVar[bool] = False  # whether it is asked after all others, being slow or greedy

    @abstractmethod
    def fits(self, file: File) -> bool:
        """Whether they are of this program."""

    @abstractmethod
    def draft(self, file: File, beside: Beside) -> TranslatorDraft:
        """Called with torch's default device "meta", so that nothing is built before its size is known to be right.

        Raises ConfigError, without the file's name, where weights of this program are of no translator.
        """


TRANSLATOR_FORMATS: Registry[TranslatorFormat] = Registry("gan_studio.importers", "format")


def read_translator(path: Path) -> ImportedTranslator:
    """A translator from a file that anybody may have written. Raises ConfigError with one sentence."""
    data = read_bytes(path)
    try:
        return imported_translator(data, Beside(path.name, options_beside(path)))
    except ConfigError as error:
        raise ConfigError(f"{path.name} {error}") from None


def imported_translator(data: bytes, beside: Beside | None = None) -> ImportedTranslator:
    """As `read_translator`, of a file's bytes; sentences go on after the file's name."""
    file = _read(data)
    format = next((one for one in _formats() if one.fits(file)), None)
    if format is None:
        _refuse_generators(file)
        titles = ", ".join(one.title for one in _formats())
        names = ", ".join(map(printable, sorted(file.weights)[:3]))
        raise ConfigError(f"is of no translator that is known here (it holds {names} ...); known are: {titles}.")
    with torch.device("meta"):
        draft = format.draft(file, beside or Beside())
    network = _finished(draft, file, format.title)
    _tried(network, draft)
    return ImportedTranslator(
        draft=draft,
        format=format.title,
        step=file.step,
        sha256=hashlib.sha256(data).hexdigest(),
        found=(*found_in(file.container, file.step, file.weights), *draft.found),
        inferred=(draft.title, *_sizes(draft), *draft.inferred),
        unknown=draft.unknown,
    )


def quickly_told(data: bytes) -> str:
    """The title of the format that such weights are of; "" where it is none of those that are told by their names."""
    file = _read(data)
    return next((one.title for one in _formats() if not one.last and one.fits(file)), "")


class Kind(enum.Enum):
    """What a file of weights is of, as far as names and shapes tell."""

    GENERATOR = "generator"
    TRANSLATOR = "translator"
    UNKNOWN = "unknown"  # damaged, hostile, or of nothing that is known here


def kind_of(path: Path) -> Kind:
    """Nothing is built and nothing raised: whoever opens it says what is wrong. Many ask, and it is read once."""
    try:
        about = path.stat()
    except OSError:
        return Kind.UNKNOWN
    return _kind_of(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=16)
def _kind_of(path: Path, size: int, changed_ns: int) -> Kind:
    from . import FORMATS

    try:
        file = _read(read_bytes(path))
    except ConfigError:
        return Kind.UNKNOWN
    if any(entry().fits(file.weights) for entry in FORMATS):
        return Kind.GENERATOR
    return Kind.TRANSLATOR if any(one.fits(file) for one in _formats()) else Kind.UNKNOWN


def options_beside(path: Path) -> dict[str, str] | None:
    """The options that a training wrote beside its weights; None where there are none that can be read."""
    for name in OPTIONS:
        try:
            with path.with_name(name).open("rb") as file:
                return options_of(file.read(MOST_OPTIONS).decode("utf-8", "replace"))
        except OSError:
            continue
    return None


def options_of(text: str) -> dict[str, str]:
    """{name: value} of lines such as "   netG: resnet_9blocks    [default: unet_256]"."""
    found = re.findall(r"^ *(\w+): (.*?)[ \t]*(?:\[default: .*\])?[ \t]*\r?$", text, re.MULTILINE)
    return {name: value.strip() for name, value in found}


def _read(data: bytes) -> File:
    file = read_weights(data)
    weights = {bare(name): tensor for name, tensor in file.weights.items()}
    return File(weights, file.container, file.step, file.texts)


def _formats() -> list[TranslatorFormat]:
    return sorted((entry() for entry in TRANSLATOR_FORMATS), key=lambda one: one.last)


def _refuse_generators(file: File) -> None:
    """Raises ConfigError where a file belongs elsewhere."""
    from . import FORMATS

    title = next((entry.title for entry in FORMATS if entry().fits(file.weights)), "")
    if title:
        raise ConfigError(
            f"is of {title}, whose networks make pictures of noise and not of pictures: drop a generator on the "
            "Explore tab, or type gan-studio sample."
        )


# --- the network -----------------------------------------------------------------------------------------------------


def _finished(draft: TranslatorDraft, file: File, title: str) -> nn.Module:
    """With its weights, every shape compared before a number is copied. Raises ConfigError."""
    inputs, outputs = draft.channels
    pictures = draft.lab or (inputs in CHANNELS and outputs in CHANNELS)
    if not pictures or not 1 <= draft.needs.scale <= MOST_SCALE:
        raise ConfigError(
            f"leads from {inputs} to {outputs} channels and {draft.needs.scale} times the size; pictures have 1, 3 or "
            f"4 channels, and up to {MOST_SCALE} times can be made."
        )
    network = draft.network
    if not draft.holds_weights:
        weights = {name: tensor for name, tensor in file.weights.items() if name not in draft.ignored}
        if wrong := next(differences(network, weights), ""):
            raise ConfigError(f"looks like {title}, but {wrong}; only what its own program wrote can be held.")
        state = {
            name: weights[name].to(ours.dtype, copy=True).contiguous() if name in weights else torch.zeros(())
            for name, ours in network.state_dict().items()
        }
        network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def _tried(network: nn.Module, draft: TranslatorDraft) -> None:
    """Once, on the smallest picture. Raises ConfigError where what it makes is no picture."""
    side = -(-max(8, draft.needs.least) // draft.needs.multiple) * draft.needs.multiple
    try:
        with torch.no_grad():
            y = network(torch.zeros(1, draft.channels[0], side, side))
    except Exception as error:  # of other people's code
        raise ConfigError(f"cannot be applied to a picture ({type(error).__name__}).") from None
    if y.shape != (1, draft.channels[1], side * draft.needs.scale, side * draft.needs.scale):
        raise ConfigError("makes something else than pictures of the size that its weights tell.")
    if not torch.isfinite(y).all():
        raise ConfigError("makes pictures that are not numbers: its training diverged; take an earlier file.")


def _sizes(draft: TranslatorDraft) -> tuple[str, ...]:
    inputs, outputs = draft.channels
    words = {1: "grey", 2: "its colour (L*a*b*)", 3: "colour", 4: "colour with transparency"}
    scale = (f"{draft.needs.scale} times the size",) if draft.needs.scale > 1 else ()
    return (f"from {words[inputs]} to {words[outputs]}", *scale)
