"""What to do with what was dropped on the window: which room takes it, or one sentence that says why none does."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from .room import Room

MOST_TEXT = 100_000  # characters that are looked through for paths


@dataclass(frozen=True)
class Answer:
    """`room` takes `path`, the first of all `paths` that are of use; without a room `sentence` says why not."""

    path: Path
    room: Room | None
    sentence: str = ""
    others: tuple[Path, ...] = ()  # that came with it


def is_for_us(data: QMimeData) -> bool:
    """Files, addresses and pictures: what is of no use is told why, which a refused drag would not be."""
    return data.hasUrls() or data.hasImage() or bool(local_paths(data))


def local_paths(data: QMimeData) -> list[Path]:
    urls = data.urls() or urls_in(data.text())
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def urls_in(text: str) -> list[QUrl]:
    """Of a text whose lines are all whole paths or addresses of files, as terminals and editors let them be dragged."""
    lines = [line.strip().strip("'\"") for line in text[:MOST_TEXT].splitlines() if line.strip()]
    if not all(line.startswith("file:") or os.path.isabs(line) for line in lines):  # noqa: PTH117
        return []
    return [QUrl(line) if line.startswith("file:") else QUrl.fromLocalFile(line) for line in lines]


def answer(paths: Sequence[Path], rooms: Sequence[Room]) -> Generator[Answer, None, None]:
    """The first of the paths that any room takes. It looks at disks, which may be slow: for a Worker."""
    for path in paths:
        for room in rooms:
            if takes(room, path):
                yield Answer(path, room, others=tuple(other for other in paths if other is not path))
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
    if not data.urls():
        return "This picture is not a file on this computer. Save it in a folder first, then drop the folder."
    address = data.urls()[0].toDisplayString()
    return f"{address[:80]} is not a file on this computer. Save it here first, then drop the file."
