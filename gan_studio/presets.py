"""Presets: rows of published choices, one TOML file each, with a thumbnail made by running them.

`resources/presets/*.toml` come with the program; the user's own lie in the user's data folder, in the same format.
This module imports no torch, so that the window can show the presets before anything else is loaded.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from .config import ConfigError, did_you_mean, from_toml, to_toml
from .files import write_atomic

WORDS: dict[str, Any] = {  # of the table [preset], with their types
    "title": str,
    "paper": str,
    "figure": str,
    "expect": str,
    "minutes": (int, float),
    "order": int,
}
DEFAULT = "dcgan-digits"


@dataclass(frozen=True)
class Preset:
    """`values` are the plain values of a run's config; the rest tells people what to expect."""

    id: str
    title: str
    values: dict[str, Any] = field(repr=False)
    paper: str = ""
    figure: str = ""  # the figure or table of the paper that it follows
    expect: str = ""  # what will be seen, and when
    minutes: float = 0.0  # on 2 cores
    order: int = 1000  # its place in the list
    path: Path | None = None
    own: bool = False  # made by the user

    @property
    def thumbnail(self) -> Path | None:
        picture = self.path.with_suffix(".png") if self.path else None
        return picture if picture and picture.is_file() else None


def resources() -> Path:
    """The folder of presets, icons and themes: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    return package / "resources" if (package / "resources").is_dir() else package.parent / "resources"


def own_folder() -> Path:
    """Where the user's presets are kept."""
    return Path(os.environ.get("GAN_STUDIO_PRESETS") or Path(platformdirs.user_data_dir("gan-studio")) / "presets")


def read(path: Path, own: bool = False) -> Preset:
    """Raises ConfigError."""
    try:
        values = from_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file; choose a TOML file.") from None
    about = values.pop("preset", {})
    known = {key: about[key] for key in WORDS if key in about} if isinstance(about, dict) else None
    if known is None or not all(isinstance(known[key], WORDS[key]) for key in known):
        raise ConfigError(f"The table [preset] of {path} is not one of texts and numbers; mend it or remove the file.")
    return Preset(id=path.stem, values=values, path=path, own=own, **({"title": path.stem} | known))


def all_presets() -> list[Preset]:
    """Those of the program in their order, then the user's own; unreadable ones are left out."""
    shipped = sorted((resources() / "presets").glob("*.toml"))
    own = sorted(own_folder().glob("*.toml"))
    found = []
    for path in [*shipped, *own]:
        try:
            found.append(read(path, own=path in own))
        except ConfigError:
            continue
    return sorted(found, key=lambda preset: (preset.own, preset.order, preset.id))


def find(name: str) -> Preset:
    """A preset by id, or a config file by path. Raises ConfigError."""
    if name.endswith(".toml"):
        return read(Path(name))
    presets = {preset.id: preset for preset in all_presets()}
    if name not in presets:
        hint = did_you_mean(name, sorted(presets))
        raise ConfigError(f"There is no preset called {name!r}.{hint}")
    return presets[name]


def own_path(title: str) -> Path:
    """Where the user's preset of this title lies, or would lie."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "preset"
    return own_folder() / f"{name}.toml"


def save(title: str, values: dict[str, Any], expect: str = "") -> Preset:
    """Keep a config as the user's own preset, also over one of this title. Raises ConfigError."""
    path = own_path(title)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, to_toml({"preset": {"title": title, "expect": expect}} | values))
    except OSError as error:
        raise ConfigError(f"The preset cannot be written to {path} ({error.strerror}).") from None
    return read(path, own=True)
