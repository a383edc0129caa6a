"""The shelf of feature networks: what pictures are looked at with when they are compared. One file each.

A feature network is a Spec that is made ready for a data source and becomes an `Eye`. A number is named after the eye
that it was computed with, so that no other number calls itself FID. Copy `pixels.py` for a new one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ..config import Spec
from ..data import Source
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
    classes: tuple[str, ...] = ()  # that `chances` are of
    notes: tuple[str, ...] = ()  # what a person should know: how accurate it is

    @abstractmethod
    def look(self, pictures: np.ndarray) -> Looked:
        """At pictures [N, H, W, C] uint8 of any one size, RGB or grey, in batches of its own."""

    def called(self, title: str) -> str:
        """What a measure of this title is called when it is computed with this eye."""
        return f"{title} ({self.name})"


class FeatureNetwork(Spec):
    """What pictures are looked at with."""

    paper: ClassVar[str] = ""

    @abstractmethod
    def prepare(self, source: Source | None) -> Generator[Progress, None, Eye]:
        """Make it ready for pictures of a source; None where there is none, such as for two folders.

        Closing the generator cancels. Raises ConfigError with what to do.
        """

    def missing(self, source: Source | None) -> str:
        """Why it cannot be used here as it is, as a sentence; "" where it can. A quick look."""
        return ""


FEATURE_NETWORKS: Registry[FeatureNetwork] = Registry("gan_studio.feature_networks", "feature network")
