import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from gan_studio.config import ConfigError
from gan_studio.data import Progress, cache
from gan_studio.images import PictureError

SHAPE = (3, 4, 4)
calls: list[int] = []


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    calls.clear()
    return tmp_path / "cache"


def draw(i: int) -> np.ndarray:
    """Picture i is full of i; every 10th cannot be drawn."""
    calls.append(i)
    if i % 10 == 9:
        raise PictureError(f"is number {i}")
    return np.full(SHAPE, i % 256, np.uint8)


def start(settings=None, count=100, draw=draw, **options):
    work = cache.Work(range(count), draw, {"label": np.arange(count) * 2}, {"names": ["a", "b"]}, **options)
    return cache.cached("things", settings or {"size": 4}, SHAPE, lambda: work, "Drawing")


def finish(generator):
    told = []
    while True:
        try:
            told.append(next(generator))
        except StopIteration as end:
            return end.value, told


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_an_entry_holds_what_could_be_drawn_in_order():
    entry, told = finish(start())
    kept = [i for i in range(100) if i % 10 != 9]
    assert entry.kept.tolist() == kept and entry.pixels.shape == (90, *SHAPE) and entry.pixels.dtype == np.uint8
    assert (entry.pixels[:, 0, 0, 0] == kept).all()
    assert entry.columns["label"].tolist() == [2 * i for i in kept]
    assert entry.facts == {"names": ["a", "b"]}
    assert entry.skipped == tuple((i, f"is number {i}") for i in range(9, 100, 10))
    assert isinstance(entry.pixels, np.memmap) and not entry.pixels.flags.writeable
    assert told[0] == Progress(0, 100, "Drawing") and told[-1] == Progress(100, 100, "Drawing")
    assert [t.done for t in told] == sorted(t.done for t in told)


def test_nothing_is_drawn_twice():
    first, _ = finish(start())
    assert sorted(calls) == list(range(100))
    second, told = finish(start())
    assert len(calls) == 100 and told == []
    assert (first.pixels == second.pixels).all() and first.skipped == second.skipped and first.facts == second.facts


def test_other_settings_are_another_entry(own_cache):
    finish(start({"size": 4, "fit": "pad"}))
    finish(start({"fit": "pad", "size": 4}))  # the order does not matter
    assert len(calls) == 100
    finish(start({"size": 4, "fit": "resize"}))
    assert len(calls) == 200 and len(names(own_cache)) == 2


def test_the_fingerprint_follows_names_sizes_and_times(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"1")

    def word(name="a.png"):
        return cache.fingerprint([(name, file.stat())])

    before = word()
    assert word() == before and word("b.png") != before
    os.utime(file, ns=(0, 5))
    touched = word()
    file.write_bytes(b"12")
    os.utime(file, ns=(0, 5))
    assert len({before, touched, word()}) == 3


def test_an_entry_where_nothing_could_be_drawn():
    entry, _ = finish(start(draw=_hopeless))
    assert entry.pixels.shape == (0, *SHAPE) and len(entry.skipped) == 100
    again, told = finish(start(draw=_hopeless))
    assert told == [] and again.pixels.shape == (0, *SHAPE)


def _hopeless(i: int) -> np.ndarray:
    raise PictureError("is nothing")


def test_closing_cancels_and_leaves_nothing(own_cache):
    generator = start(count=100_000)
    for _ in range(5):
        next(generator)
    generator.close()
    assert len(calls) < 5_000 and names(own_cache) == []


def test_closing_does_not_wait_for_slow_items(own_cache, monkeypatch):
    """Each thread ends with the picture it is at, and nobody begins another one."""
    closing, drawn = threading.Event(), []

    class Pool(ThreadPoolExecutor):
        def shutdown(self, *rest, **options):
            closing.set()
            super().shutdown(*rest, **options)

    def slow(i):
        if i >= cache.CHUNK:  # those before are drawn at once, to see how long they take
            closing.wait(60)
        drawn.append(i)
        return draw(0)

    monkeypatch.setattr(cache, "ThreadPoolExecutor", Pool)
    generator = start(count=1_000, draw=slow)
    while next(generator).done == 0:
        pass
    next(generator)
    generator.close()
    assert len(drawn) <= cache.CHUNK + cache._workers() and names(own_cache) == []


def test_an_error_half_way_leaves_nothing_and_is_not_hidden(own_cache):
    def broken(i):
        if i == 50:
            raise ZeroDivisionError
        return draw(i)

    with pytest.raises(ZeroDivisionError):
        finish(start(draw=broken))
    assert names(own_cache) == []
    assert len(finish(start())[0].pixels) == 90


def test_killed_half_way_leaves_no_entry_and_is_swept_away(own_cache):
    script = """
import os, time, numpy as np
from gan_studio.data import cache
def draw(i):
    if i >= 40: os.write(1, b"half way\\n"); time.sleep(60)
    return np.full((3, 4, 4), i, np.uint8)
for _ in cache.cached("things", {"size": 4}, (3, 4, 4), lambda: cache.Work(range(100), draw), "Drawing"): pass
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout and process.stdout.readline() == b"half way\n"
        process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        process.wait()
    (left,) = names(own_cache)
    assert left.endswith(".partial")
    entry, _ = finish(start())
    assert len(entry.pixels) == 90
    assert left in names(own_cache)  # it might still be written to
    long_ago = time.time() - 2 * cache.STALE_S
    for path in (own_cache / left, own_cache / left / "pixels.npy"):
        os.utime(path, (long_ago, long_ago))
    cache.sweep()
    assert len(names(own_cache)) == 1 and len(finish(start())[0].pixels) == 90 and len(calls) == 100


def test_two_that_make_the_same_entry_at_once(own_cache):
    first, second = start(), start()
    next(first), next(second)
    a, _ = finish(first)
    b, _ = finish(second)
    assert len(calls) == 200 and len(names(own_cache)) == 1
    assert (a.pixels == b.pixels).all()


@pytest.mark.parametrize("file", ["pixels.npy", "columns.npz", "entry.json"])
@pytest.mark.parametrize("damage", ["gone", "half", "empty"])
def test_a_broken_entry_is_made_anew(own_cache, file, damage):
    finish(start())
    (name,) = names(own_cache)
    path = own_cache / name / file
    data = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(data[: len(data) // 2] if damage == "half" else b"")
    entry, _ = finish(start())
    assert len(calls) == 200 and len(entry.pixels) == 90 and names(own_cache) == [name]


def test_a_full_disk_is_a_sentence(own_cache, monkeypatch):
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100}))
    with pytest.raises(ConfigError, match="are free; free some space"):
        finish(start())

    monkeypatch.undo()
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(own_cache))
    monkeypatch.setattr(cache.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
    with pytest.raises(ConfigError, match="disk is full"):
        finish(start())
    assert names(own_cache) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ConfigError, match="set GAN_STUDIO_CACHE to another folder"):
        finish(start())


def test_items_are_drawn_by_several_threads(monkeypatch):
    """Two chunks meet half way, which one thread alone would wait for in vain."""
    both = threading.Barrier(2, timeout=60)

    def meet(i):
        if i in (cache.CHUNK, 2 * cache.CHUNK):
            both.wait()
        return draw(0)

    monkeypatch.setattr(cache, "_workers", lambda: 2)
    assert len(finish(start(count=200, draw=meet))[0].pixels) == 200


def test_processes_draw_the_same(monkeypatch):
    monkeypatch.setattr(cache, "PROCESSES_PAY_AFTER_S", 0)
    monkeypatch.setattr(cache, "_workers", lambda: 1)
    pool = cache._processes()  # one process: each imports torch
    monkeypatch.setattr(cache, "_processes", lambda: pool)
    monkeypatch.setattr(cache, "_workers", lambda: 2)
    alone, _ = finish(start({"by": "threads"}, count=40, draw=_full))
    together, _ = finish(start({"by": "processes"}, count=40, draw=_full, processes=True))
    assert (alone.pixels == together.pixels).all()


def _full(i: int) -> np.ndarray:
    return np.full(SHAPE, i, np.uint8)


def test_drawing_processes_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, signal\n"
        "from gan_studio.data import cache\n"
        "if __name__ == '__main__':\n"
        "    pool = cache._processes()\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM if os.name == 'nt' else signal.SIGKILL)\n"
    )
    told = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=os.environ)
    worker = int(told.stdout)
    until = time.monotonic() + 60
    while psutil.pid_exists(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not psutil.pid_exists(worker)


def test_where_processes_cannot_start_threads_go_on(monkeypatch):
    def broken():
        raise cache.BrokenProcessPool

    monkeypatch.setattr(cache, "PROCESSES_PAY_AFTER_S", 0)
    monkeypatch.setattr(cache, "_workers", lambda: 2)
    monkeypatch.setattr(cache, "_processes", broken)
    assert len(finish(start(processes=True))[0].pixels) == 90


def test_size_clear_and_limit(own_cache):
    (own_cache / "not-ours").mkdir(parents=True)
    for number in range(3):
        finish(start({"number": number}))
    assert cache.size() == sum(f.stat().st_size for f in own_cache.rglob("*") if f.is_file())

    one = cache.size() // 3
    for age, number in ((30, 0), (10, 1), (20, 2)):
        path = own_cache / f"things-{cache.key({'number': number})}"
        for part in (path, path / "pixels.npy"):
            os.utime(part, (time.time() - age, time.time() - age))
    cache.sweep(limit=int(2.5 * one))  # the one that was not used for longest goes
    left = names(own_cache)
    assert f"things-{cache.key({'number': 0})}" not in left and len(left) == 3

    pixels = finish(start({"number": 1}))[0].pixels
    assert cache.clear() > 0 and names(own_cache) == ["not-ours"] and cache.size() == 0
    if sys.platform != "win32":
        assert len(pixels.tobytes()) == 90 * 48  # what runs keeps its pictures


def test_the_files_are_plain(own_cache):
    finish(start())
    (name,) = names(own_cache)
    assert np.load(own_cache / name / "pixels.npy").shape == (90, *SHAPE)
    assert json.loads((own_cache / name / "entry.json").read_text())["facts"] == {"names": ["a", "b"]}
