"""ESRGAN, Real-ESRGAN and some forty other architectures, as spandrel knows them by the names of their weights.

spandrel is given tensors alone, never a file: it would try programs in them.
"""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ..config import ConfigError
from ..networks import Needs
from .torch_file import File, Weights
from .translators import TRANSLATOR_FORMATS, Beside, TranslatorDraft, TranslatorFormat


@TRANSLATOR_FORMATS.add
class OfSpandrel(TranslatorFormat):
    kind = "spandrel"
    title = "ESRGAN, Real-ESRGAN and what else spandrel reads"
    about = "RealESRGAN_x4plus.pth, 4x-UltraSharp.pth and their like."
    last: ClassVar[bool] = True

    def fits(self, file: File) -> bool:
        return _architecture(file.weights) is not None

    def draft(self, file: File, beside: Beside) -> TranslatorDraft:
        from spandrel import ImageModelDescriptor, ModelTiling

        architecture = _architecture(file.weights)
        assert architecture is not None
        _refuse_towers(file.weights)
        try:
            with torch.device("cpu"), _quietly():
                found = architecture.load(_canonical(file.weights))
        except Exception as error:  # of whatever type: its architectures are other people's code
            words = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
            raise ConfigError(f"looks like {architecture.name}, but spandrel cannot build it ({words}).") from None
        if not isinstance(found, ImageModelDescriptor):
            raise ConfigError(f"is of {architecture.name}, which fills holes and needs a mask; that is not done here.")
        sizes = found.size_requirements
        tiles = found.tiling is ModelTiling.SUPPORTED
        notes = () if tiles else (f"{architecture.name} looks at whole pictures: large ones may show seams.",)
        return TranslatorDraft(
            _UnitPictures(found),
            (found.input_channels, found.output_channels),
            Needs(max(1, sizes.multiple_of), max(1, sizes.minimum), None, found.scale),
            architecture.name,
            (),
            (found.purpose, *map(str, found.tags)),
            ("how far it looks around each pixel; tiles overlap and are blended", "what pictures it learnt from"),
            notes,
            holds_weights=True,
        )


class _UnitPictures(nn.Module):
    """Their pictures are in [0, 1], ours in [-1, 1]."""

    def __init__(self, descriptor: Any):
        super().__init__()
        self.network = descriptor.model.float()
        self.call = descriptor._call_fn  # some networks are not called with a picture alone
        self.square, self.scale = descriptor.size_requirements.square, descriptor.scale

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        if self.square and height != width:
            side = max(height, width)
            x = pad(x, (0, side - width, 0, side - height), "replicate")
        y = self.call(self.network, (x + 1) / 2).float().clamp(0, 1) * 2 - 1
        return y[:, :, : height * self.scale, : width * self.scale]


def _architecture(weights: Weights) -> Any:
    """spandrel's, or None."""
    from spandrel import MAIN_REGISTRY

    state = _canonical(weights)
    for one in MAIN_REGISTRY.architectures("detection"):
        with contextlib.suppress(Exception):  # detecting takes names and shapes for granted
            if one.architecture.detect(state):
                return one.architecture
    return None


def _canonical(weights: Weights) -> dict[str, Any]:
    from spandrel import canonicalize_state_dict

    return dict(canonicalize_state_dict(dict(weights)))


def _refuse_towers(weights: Weights) -> None:
    """Its architectures count their blocks by names, so that one tensor might ask for a million. Raises ConfigError."""
    numbers = [int(number[:9]) for name in weights for number in re.findall(r"\d+", name)]
    if max(numbers, default=0) > 8 * len(weights) + 64:
        raise ConfigError(
            "has names that count more layers than it has weights; it is damaged, or was made to do harm."
        )


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Its architectures warn and log of their own affairs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
