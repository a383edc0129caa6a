"""What a feature network sees in real samples, kept on the disk: the same samples are looked at once.

An entry is named by the contents of the samples and by the network with its weights, and holds nothing else: it cannot
become stale. It lies in the cache, whose oldest entries go first.
"""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from ..data import cache
from ..metrics import Seen

FORMAT = 1


def place_of(samples: str, eye: str) -> Path:
    """Where it lies, of samples with this hash, seen by the eye of this id."""
    return cache.folder() / f"features-{cache.key({'features': FORMAT, 'samples': samples, 'eye': eye})}"


def kept(place: Path) -> Seen | None:
    """The samples as they were seen, without their pictures; None where there are none.

    Mapped from the disk, which changes of the arrays do not reach.
    """
    try:
        told = json.loads((place / "entry.json").read_bytes())
        rows = np.load(place / "rows.npy", mmap_mode="c", allow_pickle=False)
        chances = np.load(place / "chances.npy", mmap_mode="c", allow_pickle=False) if told["chances"] else None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    if list(rows.shape) != told["shape"] or (chances is not None and len(chances) != len(rows)):
        return None
    cache.use(place)
    return Seen(rows, chances)


def keep(place: Path, seen: Seen) -> None:
    """Write it whole or not at all; without room for it, it is looked at again the next time."""
    with contextlib.suppress(OSError), cache.replacing(place) as folder:
        _write(folder / "rows.npy", seen.rows)
        if seen.chances is not None:
            _write(folder / "chances.npy", seen.chances)
        told = {"shape": list(seen.rows.shape), "chances": seen.chances is not None}
        (folder / "entry.json").write_text(json.dumps(told), encoding="utf-8")


def _write(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
