"""Weights out of a file by `torch.save` or of safetensors, without running anything in it, and within its own size.

Unpickling is torch's `weights_only`, which knows tensors and plain containers. Before it, a zip is written anew from
members that are stored as they are, so that no reader unpacks more than the file holds; after it, no tensor may claim
more numbers than that.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..config import ConfigError

Weights = dict[str, Tensor]

MOST_MEMBERS = 20_000  # of a zip, and of tensors
MOST_PICKLE = 2**26  # bytes of the pickle that names them
# Under these keys programs keep a network; the averaged weights first, where both are there.
WRAPPERS = ("params_ema", "params-ema", "params", "model_state_dict", "state_dict", "netG", "generator", "model", "net")
STEPS = ("global_step", "step", "epoch")
NUMBERS = {
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.uint8,
    torch.bool,
}

LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # pickled magic number of torch.save before 1.6
ZIP = b"PK\x03\x04"
SAFETENSORS = "safetensors"


@dataclass(frozen=True)
class File:
    weights: Weights
    container: str  # in words
    step: int
    texts: dict[str, str]  # that safetensors carry


def read_weights(data: bytes) -> File:
    """Of a whole file. Raises ConfigError with a sentence that goes on after the file's name."""
    content, container = _content(data)
    named, wrapper = _network(content)
    weights = {name: _plain(tensor) for name, tensor in named.items()}
    if any(tensor.numel() == 0 for tensor in weights.values()):
        raise ConfigError("holds empty tensors; it is damaged, or of no network.")
    if sum(tensor.numel() * tensor.element_size() for tensor in weights.values()) > len(data):
        raise ConfigError("claims more numbers than it holds; it is damaged, or was made to do harm.")
    if not all(torch.isfinite(tensor).all() for tensor in weights.values()):
        raise ConfigError("holds weights that are not numbers: its training diverged; take an earlier file.")
    words = container + (f", weights under {wrapper!r}" if wrapper else "")
    return File(weights, words, _step(content), _texts(data) if container == SAFETENSORS else {})


# --- what it holds ---------------------------------------------------------------------------------------------------


def _network(content: Any) -> tuple[dict[str, Tensor], str]:
    """({name: tensor}, the key it was found under). Raises ConfigError."""
    if isinstance(content, Mapping):
        for wrapper in ("", *WRAPPERS):
            named = content.get(wrapper) if wrapper else content
            if isinstance(named, Mapping) and 0 < len(named) <= MOST_MEMBERS and all(map(_is_weight, named.items())):
                return dict(named), wrapper
    raise ConfigError("holds no weights of one network by their names; take the file that the generator was saved to.")


def _is_weight(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def _plain(tensor: Tensor) -> Tensor:
    """Dense and on the CPU. Raises ConfigError."""
    if tensor.dtype not in NUMBERS or tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_nested:
        raise ConfigError("holds tensors of a kind that weights are not; save them as plain numbers.")
    return tensor.detach()


def _step(content: Any) -> int:
    named = (content.get(name) for name in STEPS if isinstance(content, Mapping))
    return next((step for step in named if type(step) is int and 0 <= step < 2**53), 0)


# --- the container ---------------------------------------------------------------------------------------------------


def _content(data: bytes) -> tuple[Any, str]:
    """(what was saved, how it was, in words). Raises ConfigError."""
    if data.startswith(ZIP):
        return _unpickled(_rewritten(data)), "torch.save"
    if data.startswith(LEGACY) and not tarfile.is_tarfile(io.BytesIO(data)):  # torch looks for a tar first
        return _unpickled(data), "torch.save before PyTorch 1.6"
    if _may_be_safetensors(data):
        return _of_safetensors(data), SAFETENSORS
    raise ConfigError("is no file of weights; take one that torch.save wrote, or safetensors.")


def _unpickled(data: bytes) -> Any:
    """Raises ConfigError whatever a pickle tries."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old storages
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # of any type: a hostile pickle chooses it
        if "weights_only" in str(error).lower() or "weights only" in str(error).lower():
            raise ConfigError(
                "holds objects of a program and not only weights, and nothing in a file is run here; "
                "save the generator's state_dict() instead."
            ) from None
        raise ConfigError("is damaged: torch cannot read it; copy or download it again.") from None


def _rewritten(data: bytes) -> bytes:
    """A zip of the same members. Raises ConfigError where they are packed, double, too many, or larger than it."""
    damaged = ConfigError("is damaged: its parts do not fit its size; copy or download it again.")
    clean = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as theirs, zipfile.ZipFile(clean, "w") as ours:
            members = {_inner(info.filename): info for info in theirs.infolist()}
            if "constants.pkl" in members or any(name.startswith("code/") for name in members):
                raise ConfigError("is a TorchScript program, and nothing in a file is run here; save its state_dict().")
            if "data.pkl" not in members:
                raise ConfigError("is a zip of something else than weights; take one that torch.save wrote.")
            if len(members) < len(theirs.infolist()) or len(members) > MOST_MEMBERS:
                raise damaged
            if any(info.compress_type != zipfile.ZIP_STORED for info in members.values()):
                raise ConfigError(
                    "is a packed zip, which torch.save does not write; unpack it and take what is inside."
                )
            if sum(info.file_size for info in members.values()) > len(data):
                raise damaged
            if members["data.pkl"].file_size > MOST_PICKLE:
                raise damaged
            for name, info in members.items():
                if name in ("data.pkl", "version", "byteorder") or name.startswith("data/"):
                    ours.writestr(f"archive/{name}", theirs.read(info))
    except (
        zipfile.BadZipFile,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        struct.error,
        OSError,
    ) as error:
        raise error if isinstance(error, ConfigError) else damaged from None
    return clean.getvalue()


def _inner(name: str) -> str:
    """ "archive/data/0" -> "data/0": the outer folder has the name that the file was saved under."""
    return name.partition("/")[2]


def _may_be_safetensors(data: bytes) -> bool:
    return len(data) > 8 and data[8:9] == b"{" and struct.unpack("<Q", data[:8])[0] <= len(data) - 8


def _of_safetensors(data: bytes) -> Weights:
    from safetensors.torch import load

    try:
        return load(data)
    except Exception:  # its errors have no common type
        raise ConfigError("is damaged: it is no whole file of safetensors; copy or download it again.") from None


def _texts(data: bytes) -> dict[str, str]:
    """What stands beside the tensors of safetensors, which have been read already."""
    header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    return {str(name): str(text) for name, text in (header.get("__metadata__") or {}).items()}
