"""How smooth the Gallery tab is with many pictures, and what memory it takes.

    QT_QPA_PLATFORM=offscreen python benchmarks/gallery_window.py

The real window, 1920 x 1080, pictures of noise. A frame is a notch of the wheel, a page, or a jump to anywhere, until
all of it is painted; and what comes until the next one, such as scaled tiles, where that takes longer. "busy" is what
the window's own thread computes, "wall" the time that passes, which other work on the machine lengthens. Beside it how
long it takes to choose all, to sort, and to change the size.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from common import arguments, show
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from gan_studio import runs
from gan_studio.gui import window as window_module
from gan_studio.gui.gallery.held import Held
from gan_studio.gui.gallery.room import GalleryRoom
from gan_studio.gui.session import Session
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs.explore import View
from gan_studio.jobs.gallery import Sample
from gan_studio.jobs.snapshots import Snapshot

SIZES = ((32, 112), (64, 64), (64, 112), (64, 256))  # of a picture, and of its tile
FRAMES = 300


def main() -> None:
    given = arguments(__doc__ or "", pictures=10_000)
    torch.set_num_threads(1)
    app = QApplication([])
    list(warm_up())
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GAN_STUDIO_RUNS"] = folder
        room = opened(app, Path(folder))
        rows = [scrolled(app, room, given.pictures, *sizes) for sizes in SIZES]
        show(f"Frames of the grid, {given.pictures:,} pictures, ms", rows, given.json)
        show("Deeds, ms", [done(app, room)])
        room.window().close()


def opened(app: QApplication, folder: Path) -> GalleryRoom:
    window_module.ROOMS = (GalleryRoom,)
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    window = Window(Session(runs.default_root()), settings, warm=lambda: (stage for stage in ("light", "ready")))
    window.resize(1920, 1080)
    window.show()
    while not window.is_ready:
        app.processEvents()
    room = window.rooms[0]
    assert isinstance(room, GalleryRoom)
    return room


def filled(room: GalleryRoom, count: int, px: int, tile: int) -> None:
    """Nobody asks for the generator that would draw them exactly."""
    rng = np.random.default_rng(0)
    held = Held(count, (3, px, px))
    samples = [Sample(View(seed=seed), float(seed * 7919 % 10_007), 1.0, True) for seed in range(count)]
    held.add(samples, rng.integers(0, 256, (count, *held.size, 3), np.uint8))
    room.grid.tiles.show_held(held)
    room.pictures.show_held(held, cast(Snapshot, None))
    room.pictures.grow(0)
    room._offer()
    room.bar.size_slider.setValue(tile)
    room._resize(tile)


def scrolled(app: QApplication, room: GalleryRoom, count: int, px: int, tile: int) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    filled(room, count, px, tile)
    settle(app, room)
    bar, rng = room.grid.verticalScrollBar(), np.random.default_rng(1)
    row: dict[str, Any] = {"picture px": px, "tile px": tile, "in sight": len(room.grid.in_sight())}
    deeds: dict[str, Callable[[int], object]] = {
        "wheel": lambda _: turn(room),
        "page": lambda _: bar.setValue(bar.value() + bar.pageStep()),
        "jump": lambda _: bar.setValue(int(rng.integers(0, bar.maximum()))),
    }
    for name, deed in deeds.items():
        bar.setValue(0)
        settle(app, room)
        taken = np.array([frame(app, deed, i) for i in range(FRAMES if name == "wheel" else FRAMES // 3)])
        busy = taken[:, 0]
        row[f"{name} busy p50"], row[f"{name} busy p99"] = float(np.median(busy)), float(np.quantile(busy, 0.99))
        row[f"{name} wall p50"] = float(np.median(taken[:, 1]))
    row["memory MB"] = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    return row


def turn(room: GalleryRoom) -> None:
    """One notch of the wheel."""
    target = room.grid.viewport()
    at = QPointF(target.rect().center())
    phase, none = Qt.ScrollPhase.NoScrollPhase, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        at, target.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, none, phase, False
    )
    QApplication.sendEvent(target, event)


def frame(app: QApplication, deed: Callable[[int], object], i: int) -> tuple[float, float]:
    """(busy, wall) ms of the longest stretch in which the window answers nobody."""
    start = time.perf_counter()
    longest = stretch(app, lambda: deed(i))
    while time.perf_counter() < start + 0.016:
        longest = max(longest, stretch(app, lambda: None))
        time.sleep(0.001)
    return longest


def stretch(app: QApplication, deed: Callable[[], object]) -> tuple[float, float]:
    busy, wall = time.thread_time(), time.perf_counter()
    deed()
    app.processEvents()
    return 1e3 * (time.thread_time() - busy), 1e3 * (time.perf_counter() - wall)


def settle(app: QApplication, room: GalleryRoom) -> None:
    until = time.perf_counter() + 10
    while time.perf_counter() < until:
        app.processEvents()
        if all(room.grid.tiles.tile(place) is not None for place in room.grid.in_sight()):
            return


def done(app: QApplication, room: GalleryRoom) -> dict[str, Any]:
    def timed(deed: Callable[[], object]) -> float:
        start = time.perf_counter()
        deed()
        app.processEvents()
        return 1e3 * (time.perf_counter() - start)

    row = {"choose all": timed(room.grid.selectAll), "choose one": timed(lambda: room.grid.go_to(5))}
    row["sort by score"] = timed(lambda: room.arrange(room.pictures.how.model_copy(update={"order": "score"})))
    row["another size"] = timed(lambda: room.bar.size_slider.setValue(80))
    row["captions off"] = timed(room.bar.captions.click)
    return row


if __name__ == "__main__":
    main()
