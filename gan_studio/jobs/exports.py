"""Files for others: whole or not at all, and a sentence where they cannot be written."""

from __future__ import annotations

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


def export_curves(run: Run, path: Path) -> Iterator[Progress | Exported]:
    """The curves as a table, .csv, or with their names, .json. Raises ConfigError."""
    yield Progress(0, 2, "Reading the curves")
    curves = run.curves()
    yield Progress(1, 2, "Writing the curves")
    save(path, as_json(curves) if path.suffix.lower() == ".json" else as_csv(curves))
    yield Exported(path)
