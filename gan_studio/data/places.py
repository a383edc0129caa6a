"""What sources with pictures A and B ask of folders: whether they are there, and which part of them is meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from ..config import ConfigError, Problem

Tone = Literal["rgb", "grey"]


def check_place(setting: str, path: str) -> None:
    """Raises ConfigError, naming the setting."""
    if not path.strip():
        raise ConfigError(Problem(setting, "choose a folder or a .zip with pictures."))
    if not Path(path).expanduser().exists():
        raise ConfigError(Problem(setting, f"there is no folder or file {path}; check it, or connect its disk."))


def part_of(names: Sequence[str], folder: str) -> list[str]:
    """The pictures in a folder of this name, wherever it lies: "facades/train/1.jpg" is in "train"."""
    return [name for name in names if folder.casefold() in (part.casefold() for part in PurePosixPath(name).parts[:-1])]
