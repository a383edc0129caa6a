"""One word for the contents of a data set: it changes with any pixel and label, and with nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

Contents = Iterator[Mapping[str, Any] | tuple[np.ndarray, ...]]

FORMAT = 1


def hashed(contents: Contents) -> str:
    """24 hexadecimal digits of plain settings and of arrays [N, ...], whose rows belong together and have no order."""
    words = hashlib.sha256(f"{FORMAT}".encode())
    for part in contents:
        words.update(_of_settings(part) if isinstance(part, Mapping) else _of_rows(part))
    return words.hexdigest()[:24]


def _of_settings(settings: Mapping[str, Any]) -> bytes:
    return json.dumps(settings, sort_keys=True, separators=(",", ":")).encode()


def _of_rows(arrays: tuple[np.ndarray, ...]) -> bytes:
    """Row by row and sorted, so that other names of files, which order the pictures otherwise, change nothing."""
    rows = []
    for number in range(len(arrays[0])):
        row = hashlib.sha256()
        for array in arrays:
            row.update(np.ascontiguousarray(array[number]).data)
        rows.append(row.digest())
    kinds = "".join(f"{array.dtype}{array.shape}" for array in arrays)
    return hashlib.sha256(kinds.encode() + b"".join(sorted(rows))).digest()
