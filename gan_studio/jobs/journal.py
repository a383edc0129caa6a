"""What a queue of translations has done, so that it goes on after a restart: one file each in the user's data folder.

The first line says what is to be done, each further one what became of a picture; a half-written last line is left out.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock
import platformdirs

from ..config import ConfigError
from ..files import append, write_atomic
from .apply import Manner
from .naming import Item, Output
from .translators import Opening

FORMAT = 1
MOST_BYTES = 2**27


@dataclass(eq=False)
class Journal:
    """One queue on the disk. Whoever works on it holds its lock."""

    path: Path
    opening: Opening
    folder: Path
    items: tuple[Item, ...]
    output: Output
    manner: Manner
    title: str  # of the translator
    ended: dict[int, tuple[str, str]] = field(default_factory=dict)  # {place in items: (state, reason)}

    @property
    def left(self) -> int:
        return len(self.items) - len(self.ended)

    def lock(self) -> filelock.FileLock:
        return filelock.FileLock(self.path.with_suffix(".lock"))

    def note(self, index: int, state: str, reason: str) -> None:
        """Raises OSError."""
        self.ended[index] = (state, reason)
        append(self.path, json.dumps({"index": index, "state": state, "reason": reason}).encode() + b"\n")

    def forget(self) -> None:
        """It will not be gone on with."""
        for path in (self.path, self.path.with_suffix(".lock")):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def begun(opening: Opening, folder: Path, items: Sequence[Item], output: Output, manner: Manner, title: str) -> Journal:
    """A new one, on the disk. Raises OSError."""
    home().mkdir(parents=True, exist_ok=True)
    path = home() / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.jsonl"
    journal = Journal(path, opening, folder.absolute(), tuple(items), output, manner, title)
    said = {
        "format": FORMAT,
        "opening": opening.plain(),
        "folder": str(journal.folder),
        "items": [[str(item.source.absolute()), str(item.target.absolute())] for item in items],
        "output": output.plain(),
        "manner": manner.plain(),
        "title": title,
    }
    write_atomic(path, json.dumps(said) + "\n")
    return journal


def unfinished() -> list[Journal]:
    """Those that nobody works on, the newest first; what cannot be read is left out."""
    found = []
    for path in sorted(home().glob("*.jsonl"), reverse=True):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, filelock.Timeout, RecursionError):
            journal = _read(path)
            with journal.lock().acquire(timeout=0):
                pass
            if journal.left:
                found.append(journal)
    return found


def home() -> Path:
    return Path(platformdirs.user_data_dir("gan-studio", appauthor=False)) / "translations"


def _read(path: Path) -> Journal:
    """Raises OSError, ValueError, LookupError or TypeError."""
    with path.open("rb") as file:
        lines = file.read(MOST_BYTES).splitlines()
    said: dict[str, Any] = json.loads(lines[0])
    if said["format"] != FORMAT:
        raise ConfigError("is of another version")
    journal = Journal(
        path,
        Opening.parse(said["opening"]),
        Path(said["folder"]),
        tuple(Item(Path(source), Path(target)) for source, target in said["items"]),
        Output.parse(said["output"]),
        Manner.parse(said["manner"]),
        str(said["title"]),
    )
    for line in lines[1:]:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            values = json.loads(line)
            if 0 <= int(values["index"]) < len(journal.items):
                journal.ended[int(values["index"])] = (str(values["state"]), str(values["reason"]))
    return journal
