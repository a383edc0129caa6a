"""A run's folder while it is trained: held by its lock, and known so well that it can be begun anew if it is lost."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Any

import filelock

from ..config import ConfigError, to_toml
from ..files import write_atomic
from ..runs import Run

FULL = {errno.ENOSPC, errno.EDQUOT}
LOST = {errno.ENOENT, errno.ENOTDIR, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE}  # deleted, moved, unplugged
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
REMEMBERED = ("run.json", "engine.json", "environment.json")


class TakenError(Exception):
    """Another process trains the run."""


@dataclass(frozen=True)
class Trouble:
    """What happened to a run's folder, and what to do while the training waits, and after it has ended."""

    what: str
    now: str
    later: str


class Hold:
    """What one job has on one run."""

    def __init__(self, run: Run):
        self.run = run
        self._lock = run.lock()
        self._file: tuple[int, int] | None = None  # device and number of the lock's file
        self._remembered: dict[str, bytes] = {}

    def acquire(self) -> None:
        """Raises ConfigError."""
        try:
            self._acquire()
        except TakenError:
            raise ConfigError(
                f"The run {self.run.name} is being trained already; follow it, or stop it first."
            ) from None
        except OSError as error:
            raise ConfigError(f"{self.run.folder} cannot be written ({error.strerror}).") from None

    def release(self) -> None:
        self._lock.release()

    def remember(self) -> None:
        """Keep in memory what only the folder holds. Raises OSError."""
        files = {name: self.run.folder / name for name in REMEMBERED}
        self._remembered = {name: path.read_bytes() for name, path in files.items() if path.exists()}

    def trouble(self, error: OSError) -> Trouble | None:
        """What happened to the folder; None where the error is about something else."""
        folder = self.run.folder
        if error.errno in FULL:
            return Trouble(f"The disk of {folder} is full", "Make room, then resume; nothing is lost.", "Make room")
        if error.errno in REFUSED:
            what = f"The folder {folder} cannot be written any more ({error.strerror})"
            return Trouble(what, "Allow it, then resume, or stop; nothing is lost until then.", "Allow it")
        if error.errno in LOST:
            now = "Put it back, then resume, or stop; without it, resuming begins a new one from what is in memory."
            return Trouble(f"The folder {folder} is gone", now, "Put it back")
        return None

    @property
    def is_there(self) -> bool:
        """Whether the folder is one of a run."""
        return os.path.isfile(self.run.folder / "config.toml")  # noqa: PTH113 (False, too, where nobody may look)

    def refurnish(self) -> bool:
        """Make the folders within it again where only they are missing; False where there was nothing to do."""
        made = False
        for name in ("samples", "checkpoints"):
            folder = self.run.folder / name
            if self.is_there and not folder.is_dir():
                folder.mkdir()
                made = True
        return made

    def mend(self, values: dict[str, Any]) -> bool:
        """Hold the folder again; begin it anew with a config where it is gone. True where that was needed.

        Raises OSError while it cannot be written, and `TakenError`.
        """
        anew = not self.is_there
        if anew:
            self.run.folder.mkdir(exist_ok=True)  # not its parents: a disk that is unplugged is waited for
        if self._file != _identity(self._lock.lock_file):  # it was put back as a copy, or is new
            self._lock.release()
            self._acquire()
        if anew:
            for name, data in self._remembered.items():
                write_atomic(self.run.folder / name, data)
            write_atomic(self.run.folder / "config.toml", to_toml(values))
        self.refurnish()
        return anew

    def _acquire(self) -> None:
        try:
            self._lock.acquire(timeout=1)  # somebody may be looking whether it is held
        except filelock.Timeout:
            raise TakenError from None
        self._file = _identity(self._lock.lock_file)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino
