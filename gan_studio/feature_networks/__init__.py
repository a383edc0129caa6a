"""The shelf of feature networks: what pictures are looked at with when they are compared. One file each.

A feature network is a Spec that is made ready for a data source and becomes an `Eye`. A number is named after the eye
that it was computed with, so that no other number calls itself FID. Copy `pixels.py` for a new one.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..config import ConfigError, Spec
from ..data import Source
from ..data.makers import luma
from ..data.published import IN_A_TERMINAL, Published
from ..progress import Progress
from ..registry import Registry


@dataclass(frozen=True)
class Looked:
    """What an eye sees in pictures."""

    rows: np.ndarray = field(repr=False)  # [N, F] float32
    chances: np.ndarray | None = field(default=None, repr=False)  # [N, K] float32, of its classes


class Eye(ABC):
    """A feature network that is ready."""

    name: str  # "digits CNN": stands behind the title of whatever is measured with it
    id: str  # names its weights and all that is done to a picture before it, so that statistics can be kept
    preprocessing: str  # in words: "resized to 299 x 299, bilinear, as TensorFlow does it"
    classes: tuple[str, ...] = ()  # names of the columns of `chances`; () where there are none, or they have no names
    notes: tuple[str, ...] = ()  # what a person should know: how accurate it is
    at_once = 256  # pictures that it looks at before whoever waits is told how far it is, and may cancel

    @abstractmethod
    def look(self, pictures: np.ndarray) -> Looked:
        """At pictures [N, H, W, C] uint8 of any one size, RGB or grey, in batches of its own."""

    def looks(self, pictures: np.ndarray) -> Iterator[Looked]:
        """At all of them, part by part and in order."""
        for start in range(0, len(pictures), self.at_once):
            yield self.look(pictures[start : start + self.at_once])

    def called(self, title: str) -> str:
        """What a measure of this title is called when it is computed with this eye."""
        return f"{title} ({self.name})"


class FeatureNetwork(Spec):
    """What pictures are looked at with."""

    paper: ClassVar[str] = ""

    @abstractmethod
    def prepare(self, source: Source | None, device: torch.device | None = None) -> Generator[Progress, None, Eye]:
        """Make it ready for pictures of a source; None where there is none, such as for two folders.

        It computes on `device`: by default on the fastest there is. Closing the generator cancels. Raises ConfigError
        with what to do.
        """

    def missing(self, source: Source | None) -> str:
        """Why it cannot be used here as it is, as a sentence; "" where it can. A quick look."""
        return ""

    def lacks(self) -> Published | None:
        """The file that a download would bring, where that is what is missing. A quick look."""
        return None

    def fetched(self, source: Source | None) -> Generator[Progress, None, None]:
        """Download what it lacks, where that was asked for. Raises ConfigError with what is missing."""
        lacks = self.lacks()
        if missing := self.missing(source):
            raise ConfigError(f"{missing} {IN_A_TERMINAL}" if lacks else missing)
        if lacks:
            yield from lacks.fetched()

    def why_no_classes(self, source: Source | None) -> str:
        """Why no classes can be counted with it, as a sentence; "" where they can, or only `prepare` finds out."""
        return ""


FEATURE_NETWORKS: Registry[FeatureNetwork] = Registry("gan_studio.feature_networks", "feature network")


def without_classes(network: str) -> str:
    """What is said of features that tell no classes apart, and what to choose instead."""
    return (
        f"Classes are counted by a classifier, and {network} tell none apart. Choose other features: a classifier of"
        " the data's own labels, one of torchvision, or Inception."
    )


# --- bricks of eyes --------------------------------------------------------------------------------------------------


class BatchedEye(Eye):
    """An eye that looks at some pictures at a time, on a device of its own."""

    batch = 32  # pictures that it looks at together
    device: torch.device

    @abstractmethod
    def see(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Of what `reader` lays, pixels [n, C, H, W] uint8 on the device: (rows [n, F],), or (rows [n, F],
        chances [n, K])."""

    def reader(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], Tensor]:
        """What lays pictures [n, *shape] before `see`; it is asked once for many batches, and so may keep room."""
        return partial(_laid, device=self.device)

    @torch.inference_mode()
    def look(self, pictures: np.ndarray) -> Looked:
        seen: list[tuple[Tensor, ...]] = []
        laid = self.reader(pictures.shape[1:])
        for start in range(0, len(pictures), self.batch):
            seen.append(self.see(laid(pictures[start : start + self.batch])))
            if len(seen) > 1:  # the device works on the newest while the one before is fetched
                seen[-2] = _fetched(seen[-2])
        seen[-1] = _fetched(seen[-1])
        return Looked(*(torch.cat(parts).numpy() for parts in zip(*seen, strict=True)))


def _laid(pictures: np.ndarray, device: torch.device) -> Tensor:
    """[n, H, W, C] -> [n, C, H, W] on the device: a card turns them round itself, and NumPy is faster than torch."""
    if device.type == "cpu":
        return torch.from_numpy(np.array(pictures.transpose(0, 3, 1, 2), order="C"))
    return torch.tensor(pictures).to(device, non_blocking=True).permute(0, 3, 1, 2).contiguous()


def slowly(device: torch.device) -> int:
    """Pictures at once of a large network: a second or two of them on a processor."""
    return 8 if device.type == "cpu" else Eye.at_once


def _fetched(parts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(part.float().cpu() for part in parts)


def with_channels(pixels: Tensor, channels: int) -> Tensor:
    """[N, C, H, W] uint8 with so many channels: grey as equal colours, transparency laid over white, colours' luma."""
    C = pixels.shape[1]
    if channels == C:
        return pixels
    if C == 4:
        colours, alpha = pixels[:, :3].float(), pixels[:, 3:].float() / 255
        pixels = (255 + (colours - 255) * alpha).round().to(torch.uint8)
    if channels == 1:
        return luma(pixels.float()).round().to(torch.uint8)
    pixels = pixels.expand(-1, 3, -1, -1)
    return pixels if channels == 3 else torch.cat([pixels, torch.full_like(pixels[:, :1], 255)], dim=1)


def digest(weights: Mapping[str, Tensor]) -> str:
    """24 hexadecimal digits that name these weights."""
    words = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        words.update(f"{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\n".encode())
        words.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return words.hexdigest()[:24]
