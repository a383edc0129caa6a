"""What to do with what was dropped on the window: which room takes it, or one sentence that says why none does."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

from .room import Room


@dataclass(frozen=True)
class Answer:
    """`room` takes `path`; without a room `sentence` says why not."""

    path: Path
    room: Room | None
    sentence: str = ""


def local_paths(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def answer(paths: Sequence[Path], rooms: Sequence[Room]) -> Generator[Answer, None, None]:
    """The first of the paths that any room takes. It looks at disks, which may be slow: for a Worker."""
    for path in paths:
        for room in rooms:
            if takes(room, path):
                yield Answer(path, room)
                return
    yield Answer(paths[0], None, refusal(paths[0], what_fits(rooms)))


def takes(room: Room, path: Path) -> bool:
    try:
        return room.takes(path)
    except OSError:  # what may not be looked at is nobody's
        return False


def what_fits(rooms: Sequence[Room]) -> str:
    return "; ".join(room.takes_what for room in rooms if room.takes_what)


def refusal(path: Path, fitting: str) -> str:
    """Why nothing can be done with this path."""
    name = path.name or str(path)
    try:
        if path.is_dir():
            with os.scandir(path) as entries:
                return f"{name} holds nothing to use. Drop {fitting}." if any(entries) else f"{name} is empty."
        if not path.exists():
            return f"{name} is not there any more."
    except OSError as error:
        return f"{name} cannot be read: {(error.strerror or str(error)).lower()}."
    return f"{name} is of no use here. Drop {fitting}."


def refusal_of_address(data: QMimeData) -> str:
    """For what has no path."""
    address = data.urls()[0].toDisplayString() if data.urls() else "This"
    return f"{address[:80]} is not a file on this computer. Save it here first, then drop the file."
