"""A file of weights as its publisher has it: where torch keeps it, whether it is the one, and how it comes there."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch

from ..config import ConfigError
from ..files import file_hash
from ..progress import Progress
from .torchvision_sets import fetched

IN_A_TERMINAL = "In a terminal, --set features.download=true downloads them."


@dataclass(frozen=True)
class Published:
    """A file in torch's cache, whether it is there or not."""

    name: str
    url: str
    sha256: str  # how the checksum begins, in hexadecimal digits
    mb: int

    @property
    def path(self) -> Path:
        return folder() / self.name

    def is_the_one(self, path: Path) -> bool:
        """Whether this is the published file, bit for bit. Raises OSError."""
        return file_hash(path).startswith(self.sha256)

    def fetched(self) -> Generator[Progress, None, None]:
        """Download it, unless it is there; whole or not at all. Closing the generator cancels. Raises ConfigError."""
        try:
            yield from fetched([self.url], self.path, self.is_the_one)
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written ({error.strerror or error}); free some space.") from error


def folder() -> Path:
    """Where torch keeps weights that it downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints"
