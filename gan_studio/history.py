"""The curves of a run on disk: lines that are only ever appended, and a columnar copy of them that opens fast.

    curves.jsonl    {"step": 3, "D/real": 0.61, ...}: the truth, a value only where one was measured
    curves.npz      the same up to some byte of it, as columns; never believed where those bytes have changed

A line `{"resumed": step}` takes back what was told after that step. A million steps with eight curves open in 0.1 to
0.6 s instead of 2.3; whoever writes the lines renews the copy when they have grown by a quarter.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

from .files import append

Curves = dict[str, tuple[np.ndarray, np.ndarray]]  # {name: (steps [K] int64, values [K] float32)}
Columns = tuple[np.ndarray, np.ndarray]

CHUNK = 2**22  # bytes that are parsed at a time: a few thousand lines, so that no million of them is ever in memory
WORTH_BYTES = 2**20  # a shorter file is read in some 20 ms without any copy
GROWTH = 1.25  # of the file between two copies, so that all the copies together cost as much as five of the last
NUMBERS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
LAST_STEP = 2**62


# --- writing ---------------------------------------------------------------------------------------------------------


def append_rows(path: Path, steps: list[int], values: dict[str, np.ndarray]) -> int:
    """Append a line a step, with the shortest digits that give the same float32 back; NaN is left out.

    Returns the size of the file. Raises OSError, and has then written nothing.
    """
    rows: list[dict[str, Any]] = [{"step": int(step)} for step in steps]
    for name, column in values.items():
        for i in np.flatnonzero(np.isfinite(column)).tolist():
            rows[i][name] = column[i]
    return append(path, b"".join([orjson.dumps(row, option=NUMBERS) for row in rows]))


def write_copy(path: Path) -> int:
    """Renew the columnar copy of all the whole lines. Returns the number of bytes it stands for. Raises OSError."""
    with path.open("rb") as file:
        history = _begun(path, file)
        if history.end == _size(file):
            return history.end
        history.follow(file, last_line_too=False)
        check = _check(file, history.end)
    _save(copy_of(path), history, check)
    return history.end


def copy_of(path: Path) -> Path:
    return path.with_suffix(".npz")


def _save(path: Path, history: History, check: np.ndarray) -> None:
    """Not flushed to the disk: what a power cut spoils is not believed, and made again."""
    curves = history.curves()
    distinct = {id(steps): steps for steps, _ in curves.values()}
    numbers = {key: i for i, key in enumerate(distinct)}
    arrays = {f"steps {i}": steps for i, steps in enumerate(distinct.values())}
    arrays |= {f"values {i}": values for i, (_, values) in enumerate(curves.values())}
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                end=np.int64(history.end),
                check=check,
                names=np.array(list(curves), np.str_),
                which=np.array([numbers[id(steps)] for steps, _ in curves.values()], np.int64),
                **arrays,
            )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


# --- reading ---------------------------------------------------------------------------------------------------------


def read(path: Path) -> Curves:
    """The curves that still stand; {} where nothing was told. Lines that are no rows are skipped."""
    try:
        with path.open("rb") as file:
            history = _begun(path, file)
            history.follow(file)
    except OSError:
        return {}
    return history.curves()


class History:
    """The curves that stand after the first `end` bytes of a file."""

    def __init__(self, end: int = 0, curves: Curves | None = None):
        self.end = end
        self._pieces: dict[str, list[Columns]] = {name: [columns] for name, columns in (curves or {}).items()}

    def follow(self, file: BinaryIO, last_line_too: bool = True) -> None:
        """Take in the lines after `end`; the last one may be cut off, or still being written."""
        file.seek(self.end)
        rest = b""
        while chunk := file.read(CHUNK):
            whole, newline, rest = (rest + chunk).rpartition(b"\n")
            self.end += len(whole) + len(newline)
            self._take_in(_rows(whole))
        if last_line_too:
            self._take_in(_rows(rest))

    def curves(self) -> Curves:
        """Curves that were measured at the same steps share one array of them."""
        shared: dict[tuple[int, ...], np.ndarray] = {}
        curves = {}
        for name, pieces in self._pieces.items():
            if sum(len(steps) for steps, _ in pieces):
                key = tuple(id(steps) for steps, _ in pieces)
                if key not in shared:
                    shared[key] = np.concatenate([steps for steps, _ in pieces])
                curves[name] = shared[key], np.concatenate([values for _, values in pieces])
        return curves

    def _take_in(self, rows: list[dict[str, Any]]) -> None:
        for resumes, group in itertools.groupby(rows, key=_resumes):
            if resumes:
                for row in group:
                    self._take_back(row["resumed"])
            else:
                for name, columns in _columns([row for row in group if _is_told(row)]):
                    self._pieces.setdefault(name, []).append(columns)

    def _take_back(self, step: int) -> None:
        """Forget what was told after a step."""
        cut: dict[int, Columns] = {}  # {id of what was cut: (it, what stands)}, so that what was shared stays so
        for pieces in self._pieces.values():
            while pieces and (not len(pieces[-1][0]) or pieces[-1][0][0] > step):
                pieces.pop()
            if pieces:
                steps, values = pieces[-1]
                standing = int(np.searchsorted(steps, step, "right"))
                pieces[-1] = cut.setdefault(id(steps), (steps, steps[:standing]))[1], values[:standing]


def _rows(lines: bytes) -> list[dict[str, Any]]:
    """The JSON objects of many lines: parsed as one list, and one by one where a line is damaged."""
    try:
        rows = orjson.loads(b"[" + lines.strip(b"\n").replace(b"\n", b",") + b"]")
    except ValueError:
        rows = [_parsed(line) for line in lines.split(b"\n")]
    return [row for row in rows if isinstance(row, dict)]


def _parsed(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except ValueError:
        return None


def _resumes(row: dict[str, Any]) -> bool:
    return type(row.get("resumed")) is int


def _is_told(row: dict[str, Any]) -> bool:
    return type(row.get("step")) is int and 0 <= row["step"] < LAST_STEP


def _columns(rows: list[dict[str, Any]]) -> Iterator[tuple[str, Columns]]:
    steps = np.array([row["step"] for row in rows], np.int64)
    for name in dict.fromkeys(itertools.chain.from_iterable(rows)):
        if name != "step":
            values = _numbers([row.get(name) for row in rows])
            measured = np.isfinite(values)
            yield name, (steps, values) if measured.all() else (steps[measured], values[measured])


def _numbers(values: list[Any]) -> np.ndarray:
    """[K] float32, NaN for what is none."""
    with np.errstate(over="ignore"):
        try:
            return np.array(values, np.float32)  # None becomes NaN
        except (TypeError, ValueError):
            return np.array([v if isinstance(v, (int, float)) else np.nan for v in values], np.float32)


# --- the columnar copy -----------------------------------------------------------------------------------------------


def _begun(path: Path, file: BinaryIO) -> History:
    """What the copy holds, where it can be believed."""
    try:
        with copy_of(path).open("rb") as archive, np.load(archive, allow_pickle=False) as kept:
            end = int(kept["end"])
            if not 0 < end <= _size(file) or not np.array_equal(kept["check"], _check(file, end)):
                return History()
            return History(end, _curves(kept))
    except Exception:  # a damaged archive makes NumPy raise BadZipFile, KeyError, zlib.error, EOFError ...
        return History()


def _curves(kept: Any) -> Curves:
    names, which = kept["names"].tolist(), kept["which"].tolist()
    steps = {i: kept[f"steps {i}"] for i in set(which)}
    curves = {name: (steps[which[i]], kept[f"values {i}"]) for i, name in enumerate(names)}
    for at, values in curves.values():
        if at.shape != values.shape or at.ndim != 1 or at.dtype != np.int64 or values.dtype != np.float32:
            raise ValueError("not columns of ours")
    return curves


def _check(file: BinaryIO, end: int) -> np.ndarray:
    """A digest [32] uint8 of how the first `end` bytes begin and end: another file, or a shorter one, gives another."""
    file.seek(0)
    digest = hashlib.blake2b(file.read(min(end, 2**12)), digest_size=32)
    file.seek(max(0, end - 2**16))
    digest.update(file.read(min(end, 2**16)))
    digest.update(str(end).encode())
    return np.frombuffer(digest.digest(), np.uint8)


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
