"""Writing so that what is written is there whole or not at all; and the names that contents give files."""

from __future__ import annotations

import hashlib
import os
import secrets
from io import RawIOBase
from pathlib import Path


def write_atomic(path: Path, data: bytes | str) -> None:
    """Under a temporary name beside it, flushed, renamed. Raises OSError (no permission, a full disk)."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def append(path: Path, data: bytes) -> int:
    """Append lines as one write, after closing a line that an earlier process left half-written.

    Returns the size of the file. Raises OSError, and has then written nothing.
    """
    with path.open("ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size and not _ends_with_newline(file):
            data = b"\n" + data
        try:
            _write_all(file, data)
        except OSError:  # a full disk: nothing rather than half, so that writing again doubles nothing
            file.truncate(size)
            raise
    return size + len(data)


def _write_all(file: RawIOBase, data: bytes) -> None:
    """A raw file may take less than it is given."""
    while data:
        data = data[file.write(data) :]


def _ends_with_newline(file: RawIOBase) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
