"""Pictures decoded once: memory-mapped uint8 in the user's cache folder, keyed by content and settings.

An entry is a folder, `<name>-<key>/`, with `pixels.npy`, `columns.npz` and `entry.json`. It is made under a temporary
name and renamed, so it is there whole or not at all, and two processes that make the same one do not hurt each other.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import multiprocessing
import os
import re
import secrets
import shutil
import signal
import threading
import time
import zipfile
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

import numpy as np
import platformdirs

from ..config import ConfigError
from ..images import PictureError
from . import Progress

T = TypeVar("T")

FORMAT = 1  # part of every key: count it up when the same settings would give other pixels
LIMIT_BYTES = 32 * 2**30  # of the whole cache; the entries that were not used for longest go first
CHUNK = 16  # items that one worker takes at a time
PROCESSES_PAY_AFTER_S = 15.0  # of drawing on one core: a new process first imports torch
STALE_S = 3600.0  # without a write: then a crash left it behind
PARTIAL = ".partial"  # the ending of what is not whole
_ENTRY = re.compile(r".+-[0-9a-f]{24}(\.[0-9a-f]{8}\.partial)?")


@dataclass(frozen=True)
class Work(Generic[T]):
    """What fills an entry: `draw(item)` gives [C, H, W] uint8, or raises PictureError with a reason to leave it out."""

    items: Sequence[T]
    draw: Callable[[T], np.ndarray]  # runs in threads; with `processes` it must be a top-level function or a partial
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)  # {name: [len(items), ...]}: labels and the like
    facts: Mapping[str, Any] = field(default_factory=dict)  # plain JSON values: names of the classes and the like
    processes: bool = False  # for drawing in Python, which holds the interpreter's lock


@dataclass(frozen=True)
class Entry:
    """N pictures, ready."""

    pixels: np.ndarray  # [N, C, H, W] uint8, memory-mapped and read-only
    columns: dict[str, np.ndarray]  # {name: [N, ...]}
    facts: dict[str, Any]
    kept: np.ndarray  # [N] int64: which item each picture was made from
    skipped: tuple[tuple[int, str], ...]  # (item, reason)


def cached(
    name: str,
    settings: Mapping[str, Any],
    shape: tuple[int, int, int],
    work: Callable[[], Work[T]],
    text: str,
) -> Generator[Progress, None, Entry]:
    """The entry of these plain settings; `work` is asked only where there is none yet.

    `settings` holds all that changes the pixels, the fingerprint of the files they come from included. `shape` is
    [C, H, W] of one picture, `text` says what is being done. Closing the generator cancels. Raises ConfigError.
    """
    place = folder() / f"{name}-{key(settings)}"
    if (entry := _opened(place)) is None:
        yield from _made(place, shape, work(), text)
        entry = _opened(place)
    if entry is None:
        raise ConfigError(f"The cache in {folder()} was emptied while it was being filled; start again.")
    return entry


# --- keys ------------------------------------------------------------------------------------------------------------


def folder() -> Path:
    """Where the entries are: $GAN_STUDIO_CACHE, or the cache folder of the user."""
    given = os.environ.get("GAN_STUDIO_CACHE")
    return Path(given).expanduser() if given else Path(platformdirs.user_cache_dir("gan-studio", appauthor=False))


def key(settings: Mapping[str, Any]) -> str:
    """24 hexadecimal digits that name these plain settings."""
    text = json.dumps({"format": FORMAT, "settings": settings}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def fingerprint(files: Iterable[tuple[str, os.stat_result]]) -> str:
    """One word for (name, stat) of many files: another file, size or time of change gives another word."""
    digest = hashlib.sha256()
    for name, stat in files:
        digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


# --- making an entry -------------------------------------------------------------------------------------------------


def _made(place: Path, shape: tuple[int, int, int], work: Work[T], text: str) -> Generator[Progress, None, None]:
    temporary = place.with_name(f"{place.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        with _in_sentences():
            temporary.mkdir(parents=True)
            sweep()
            _check_room(len(work.items) * int(np.prod(shape)))
            yield from _written(temporary, shape, work, text)
            _put_in_place(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _written(temporary: Path, shape: tuple[int, int, int], work: Work[T], text: str) -> Generator[Progress, None, None]:
    total, kept, skipped = len(work.items), [], []
    # Written in order by write(), not through a map: on a full disk, writing to a map ends the process with SIGBUS.
    with _flushed(temporary / "pixels.npy") as file, contextlib.closing(_drawn(work)) as chunks:
        _write_header(file, (0, *shape))
        body, done = file.tell(), 0
        yield Progress(0, total, text)
        for chunk in chunks:
            for number, drawn in enumerate(chunk, start=done):
                if isinstance(drawn, str):
                    skipped.append((number, drawn))
                else:
                    assert drawn.shape == tuple(shape) and drawn.dtype == np.uint8, (drawn.shape, drawn.dtype)
                    file.write(drawn.tobytes())
                    kept.append(number)
            done += len(chunk)
            yield Progress(done, total, text)
        file.seek(0)
        _write_header(file, (len(kept), *shape))
        assert file.tell() == body  # NumPy leaves room in the header for the first axis to grow

    rows = np.array(kept, np.int64)
    with _flushed(temporary / "columns.npz") as file:
        columns = {f"column {name}": np.asarray(values)[rows] for name, values in work.columns.items()}
        np.savez(file, allow_pickle=False, kept=rows, **columns)
    with _flushed(temporary / "entry.json") as file:
        file.write(json.dumps({"facts": dict(work.facts), "skipped": skipped}).encode())


def _put_in_place(temporary: Path, place: Path) -> None:
    try:
        temporary.rename(place)
    except OSError:
        if _opened(place) is None:  # not another process that was faster, but a broken entry
            _remove(place)
            temporary.rename(place)


def _opened(place: Path) -> Entry | None:
    """The entry if it is there and whole; opening it counts as using it."""
    try:
        told = json.loads((place / "entry.json").read_bytes())
        with (place / "columns.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
            kept = archive["kept"]
            columns = {name.removeprefix("column "): archive[name] for name in archive.files if name != "kept"}
        pixels = np.load(place / "pixels.npy", mmap_mode="r" if len(kept) else None, allow_pickle=False)
        skipped = tuple((int(number), str(reason)) for number, reason in told["skipped"])
        facts = dict(told["facts"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    if len(pixels) != len(kept):
        return None
    use(place)
    return Entry(pixels, columns, facts, kept, skipped)


@contextlib.contextmanager
def _flushed(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _check_room(needed: int) -> None:
    free = shutil.disk_usage(folder()).free
    if needed > free:
        raise ConfigError(
            f"These pictures need {_gib(needed)} in {folder()}, and {_gib(free)} are free; free some space, choose a"
            " smaller size, or set GAN_STUDIO_CACHE to a folder on another disk."
        )


@contextlib.contextmanager
def _in_sentences() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = "The disk is full: free some space"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            what = "It may not be written to: allow it"
        else:
            what = f"{error.strerror or error}: see that the folder can be used"
        raise ConfigError(
            f"The pictures cannot be kept in {folder()}. {what}, or set GAN_STUDIO_CACHE to another folder."
        ) from error


# --- drawing in parallel ---------------------------------------------------------------------------------------------

Drawn = list[np.ndarray | str]  # pictures, or the reasons why there is none


def _drawn(work: Work[T]) -> Generator[Drawn, None, None]:
    """What becomes of the items, in their order, a chunk at a time; an empty chunk while the next is not ready."""
    began = time.perf_counter()
    first = _draw_chunk(work.draw, work.items[:CHUNK], _never)
    yield first
    done = len(first)
    seconds_left = (time.perf_counter() - began) / max(1, done) * (len(work.items) - done)

    if work.processes and seconds_left > PROCESSES_PAY_AFTER_S and _workers() > 1:
        try:
            for chunk in _through(_processes(), work, done, _never):
                yield chunk
                done += len(chunk)
            return
        except BrokenProcessPool:  # a script without a main guard, or one was killed for its memory: threads go on
            pass

    stop = threading.Event()
    try:
        yield from _through(ThreadPoolExecutor(_workers(), "decode"), work, done, stop.is_set, stop.set)
    finally:
        stop.set()


def _through(
    executor: Executor, work: Work[T], start: int, stopped: Callable[[], bool], stop: Callable[[], None] | None = None
) -> Iterator[Drawn]:
    waiting: deque[Future[Drawn]] = deque()
    starts = iter(range(start, len(work.items), CHUNK))
    try:
        while True:
            for at in itertools.islice(starts, 2 * _workers() - len(waiting)):
                waiting.append(executor.submit(_draw_chunk, work.draw, work.items[at : at + CHUNK], stopped))
            if not waiting:
                return
            wait([waiting[0]], timeout=0.1)  # so that the caller may cancel ten times a second
            yield waiting.popleft().result() if waiting[0].done() else []
    finally:
        if stop:
            stop()
        executor.shutdown(wait=True, cancel_futures=True)


def _draw_chunk(draw: Callable[[T], np.ndarray], items: Sequence[T], stopped: Callable[[], bool]) -> Drawn:
    chunk: Drawn = []
    for item in items:
        if stopped():
            break
        try:
            chunk.append(draw(item))
        except PictureError as reason:
            chunk.append(str(reason))
    return chunk


def _never() -> bool:
    return False


def _workers() -> int:
    return min(16, os.cpu_count() or 1)


def _processes() -> ProcessPoolExecutor:
    """Spawned, never forked: a fork of a process with threads or Qt may hang. Ctrl-C is for the parent alone."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(_workers(), context, _live_with_parent)


def _live_with_parent() -> None:
    """In a worker: leave Ctrl-C to the parent, and end with it even where it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


# --- entries that are not pictures -----------------------------------------------------------------------------------


@contextlib.contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A new folder to write into, which at the end takes the place of an entry, whole or not at all. Raises OSError."""
    temporary = place.with_name(f"{place.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _remove(place)
        temporary.rename(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def use(place: Path) -> None:
    """Count an entry as used now: those that were not used for longest go first."""
    with contextlib.suppress(OSError):
        os.utime(place)


# --- housekeeping ----------------------------------------------------------------------------------------------------


def size() -> int:
    """Bytes that the cache takes."""
    return sum(map(_bytes, _entries()))


def clear() -> int:
    """Remove every entry; the number of bytes that this freed. What runs now keeps its pictures until it ends."""
    before = size()
    for place in _entries():
        _remove(place)
    return before - size()


def sweep(limit: int = LIMIT_BYTES) -> None:
    """Remove what crashes left behind, and above `limit` bytes the entries that were not used for longest."""
    total = 0
    for place in sorted(_entries(), key=_age):
        total += _bytes(place)
        left_behind = place.name.endswith(PARTIAL) and _age(place) > STALE_S
        if left_behind or (total > limit and not place.name.endswith(PARTIAL)):
            _remove(place)


def _entries() -> list[Path]:
    """Only folders named as ours are: $GAN_STUDIO_CACHE may hold other things."""
    with contextlib.suppress(OSError):
        return [place for place in folder().iterdir() if _ENTRY.fullmatch(place.name) and place.is_dir()]
    return []


def _age(place: Path) -> float:
    """Seconds since it was used, or written to."""
    times = [0.0]
    for path in (place, place / "pixels.npy"):
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return time.time() - max(times)


def _bytes(place: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for path in place.iterdir():
            with contextlib.suppress(OSError):
                total += path.stat().st_size
    return total


def _remove(place: Path) -> None:
    """Renamed first, so that no half of an entry is ever seen; where it is in use (Windows) it stays."""
    away = place.with_name(f"{place.name.removesuffix(PARTIAL)}.{secrets.token_hex(4)}{PARTIAL}")
    with contextlib.suppress(OSError):
        place.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
