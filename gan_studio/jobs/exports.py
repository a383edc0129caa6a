"""Files for others: whole or not at all, and a sentence where they cannot be written."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..config import ConfigError
from ..files import write_atomic
from ..runs import Run
from ..tables import as_csv, as_json
from .events import Exported, Progress


def save(path: Path, data: bytes | str) -> None:
    """Raises ConfigError."""
    try:
        write_atomic(path, data)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def refuse_existing(path: Path) -> None:
    """Raises ConfigError where there is a file or folder of this name."""
    if path.exists():
        raise ConfigError(f"{path} is there already; choose another name, or say that it may be replaced.")


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write a file or folder to: it becomes `path` at the end, or leaves nothing.

    A file of that name is replaced, a folder is not. Raises ConfigError where it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if temporary.is_file():
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or error}); choose another place.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def export_curves(run: Run, path: Path) -> Iterator[Progress | Exported]:
    """The curves as a table, .csv, or with their names, .json. Raises ConfigError."""
    yield Progress(0, 2, "Reading the curves")
    curves = run.curves()
    yield Progress(1, 2, "Writing the curves")
    save(path, as_json(curves) if path.suffix.lower() == ".json" else as_csv(curves))
    yield Exported(path)
