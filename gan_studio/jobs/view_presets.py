"""Presets of what the Explore tab shows: named views, each with how many of its seeds, one JSON file each.

They lie in the user's data folder. A file is written whole or not at all; one that is damaged is told of in one
sentence, and hides none of the others.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field

from .. import __version__
from ..config import ConfigError, option
from ..files import write_atomic
from .explore import Kept, View, read_kept

LONGEST = 100  # of a name


class ViewPreset(Kept):
    """A view by name; of pictures it keeps no pixels."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST)] = option("View", "What people call it.")
    count: int = option(1, "The pictures of so many seeds, from the view's on.", ge=1, le=1024)

    @property
    def path(self) -> Path:
        return path_of(self.name)


def named(name: str, view: View, count: int = 1) -> ViewPreset:
    """Raises ConfigError where that is no name."""
    tidy = " ".join(name.split())
    if not tidy.isprintable() or not 0 < len(tidy) <= LONGEST:
        raise ConfigError(f"A preset's name has 1 to {LONGEST} letters; type another one.")
    return ViewPreset(version=__version__, name=tidy, view=view, count=count)


def folder() -> Path:
    return Path(os.environ.get("GAN_STUDIO_VIEWS") or Path(platformdirs.user_data_dir("gan-studio")) / "views")


def path_of(name: str) -> Path:
    """Another one for each name, also where the letters that files are named with are the same."""
    tidy = " ".join(name.split())
    letters = re.sub(r"[^a-z0-9]+", "-", tidy.lower()).strip("-")[:40]
    return folder() / f"{letters or 'view'}-{hashlib.sha256(tidy.encode()).hexdigest()[:8]}.json"


def save(preset: ViewPreset) -> None:
    """Also over one of this name. Raises ConfigError."""
    try:
        preset.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(preset.path, preset.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise ConfigError(f"The preset cannot be written to {preset.path} ({error.strerror}).") from None


def load(path: Path) -> ViewPreset:
    """Raises ConfigError with one sentence."""
    return read_kept(path, ViewPreset, "delete the file")


def load_all() -> tuple[list[ViewPreset], list[str]]:
    """(the presets by name, a sentence about each file that cannot be read)."""
    found, problems = [], []
    for path in sorted(folder().glob("*.json")):
        try:
            found.append(load(path))
        except ConfigError as error:
            problems.append(str(error))
    return sorted(found, key=lambda preset: (preset.name.casefold(), preset.name)), problems


def delete(preset: ViewPreset) -> None:
    """Raises ConfigError."""
    try:
        preset.path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{preset.path} cannot be deleted ({error.strerror}); see to its permissions.") from None
