"""The Explore tab: from a slider to the picture on the screen, and the pictures of a walk, against the bare network.

    python benchmarks/explore.py --moves 100 --size 64

DCGAN on avatars with weights as they are drawn, on the CPU. Wanted: a slider's picture within 1.15 forward passes and
one frame of 16 ms; a walk of at least 0.9 times as many pictures a second as a bare loop over the same batches. Where
there is no screen it runs offscreen.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of both sides, or a busy machine measures its own queue
if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

import torch
from common import arguments, processor, show
from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from gan_studio import runs
from gan_studio.compute import Engine
from gan_studio.directions import random
from gan_studio.gui import theme
from gan_studio.gui import window as window_module
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.session import Session
from gan_studio.gui.window import Window
from gan_studio.jobs import find_directions
from gan_studio.jobs.explore import latents, pictures, view_of
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.snapshots import Snapshot, open_snapshot
from gan_studio.jobs.walk import BATCH, Walk, export_walk, way
from gan_studio.presets import all_presets

FRAME_MS = 16.0
PATIENCE_S = 60.0
PAUSE_MS = 60  # between two moves of the slider: a hand that drags slowly


def drawn_run(root: Path, size: int) -> runs.Run:
    """One checkpoint of weights as they are drawn."""
    preset = next(preset for preset in all_presets() if preset.id == "dcgan-avatars")
    config = RunConfig.parse(preset.values).with_values({"data.size": size})
    run = runs.create(root, "Benchmark", config.plain())
    torch.manual_seed(0)
    training = config.recipe.build(config.data.shape() or (2,), config.steps, Engine(torch.device("cpu")))
    run.save_checkpoint(1, {name: network.state_dict() for name, network in training.networks().items()}, {})
    snapshot = open_snapshot(run.folder, device="cpu")
    find_directions.replace(snapshot, [one.model_copy(update={"effect": 9.0}) for one in random(snapshot.z_dim, 8, 0)])
    return run


# --- the window ------------------------------------------------------------------------------------------------------


class Paints(QObject):
    """When the picture of the view was painted first."""

    def __init__(self, room: ExploreRoom):
        super().__init__(room)
        self.room, self.at = room, 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint and self.room.shown is not None and not self.at:
            self.at = time.perf_counter()
        return False


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise SystemExit("The window did not answer.")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 2)


def rest(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def opened(root: Path, run: runs.Run) -> tuple[Window, ExploreRoom]:
    window_module.ROOMS = (ExploreRoom,)
    window = Window(Session(root), QSettings(str(root / "window.ini"), QSettings.Format.IniFormat))
    window.resize(1280, 720)
    window.show()
    wait(lambda: window.is_ready)
    room = window.rooms[0]
    assert isinstance(room, ExploreRoom)
    room.opening.open_run(run)
    wait(lambda: room.shown is not None and bool(room.directions.rows))
    wait(lambda: not room.scene.resting.is_busy)
    return window, room


@torch.no_grad()
def answered(room: ExploreRoom, snapshot: Snapshot, moves: int) -> tuple[list[float], list[float]]:
    """By turns: a bare forward pass, and from the slider's new value to the paint of its picture; ms."""
    paints = Paints(room)
    room.picture.installEventFilter(paints)
    slider = next(iter(room.directions.rows.values())).number.slider
    bare, taken = [], []
    for i in range(moves):
        rest(PAUSE_MS)
        z = snapshot.latents(1, i)
        began = time.perf_counter()
        snapshot.network(z)
        bare.append(1000 * (time.perf_counter() - began))
        began, paints.at = time.perf_counter(), 0.0
        slider.setValue(100 + i * 800 // moves)  # from now on there is no picture of the view
        wait(lambda: bool(paints.at))
        taken.append(1000 * (paints.at - began))
    room.picture.removeEventFilter(paints)
    return bare, taken


# --- a walk ----------------------------------------------------------------------------------------------------------


def walked(snapshot: Snapshot, frames: int, path: Path) -> tuple[float, float, float]:
    """Pictures a second: of the bare loop, of a walk that is drawn, and of one that is written as a GIF."""
    views = [view_of(snapshot, seed) for seed in range(4)]
    walk = Walk(frames=frames)
    bare, drawn = [], []
    for _ in range(3):  # by turns
        z = way(latents(views, snapshot), walk)
        began = time.perf_counter()
        with torch.no_grad():
            for part in z.split(BATCH):
                snapshot.network(part)
        bare.append(frames / (time.perf_counter() - began))
        began = time.perf_counter()
        z = way(latents(views, snapshot), walk)
        for start in range(0, frames, BATCH):
            pictures(z[start : start + BATCH], snapshot)
        drawn.append(frames / (time.perf_counter() - began))
    began = time.perf_counter()
    for _ in export_walk(snapshot, views, path, walk):
        pass
    return max(bare), max(drawn), frames / (time.perf_counter() - began)


def main() -> None:
    chosen = arguments(__doc__ or "", moves=100, size=64, frames=256)
    app = QApplication([])
    theme.apply(app, "light")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run = drawn_run(root, chosen.size)
        window, room = opened(root, run)
        snapshot = open_snapshot(run.folder, device="cpu")
        answered(room, snapshot, 5)
        bare, taken = answered(room, snapshot, chosen.moves)
        loop, drawn, written = walked(snapshot, chosen.frames, root / "walk.gif")
        window.close()
        rest(200)
    report(chosen, bare, taken, loop, drawn, written)


def report(chosen: Any, bare: list[float], taken: list[float], loop: float, drawn: float, written: float) -> None:
    forward, slider = statistics.median(bare), statistics.median(taken)
    allowed = 1.15 * forward + FRAME_MS
    rows = [
        {"what": "bare forward, ms", "median": forward, "95 %": quantile(bare), "wanted": ""},
        {
            "what": "slider to picture, ms",
            "median": slider,
            "95 %": quantile(taken),
            "wanted": f"at most {allowed:.1f}",
        },
        {"what": "bare loop, pictures/s", "median": loop, "95 %": loop, "wanted": ""},
        {"what": "walk, pictures/s", "median": drawn, "95 %": drawn, "wanted": f"at least {0.9 * loop:.0f}"},
        {"what": "walk as a GIF, pictures/s", "median": written, "95 %": written, "wanted": ""},
    ]
    show(f"Explore, {chosen.size} px, {chosen.moves} moves", rows, chosen.json, processor=processor(),
         slider_minus_frame_over_forward=f"{(slider - FRAME_MS) / forward:.2f}",
         walk_over_loop=f"{drawn / loop:.2f}")  # fmt: skip


def quantile(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


if __name__ == "__main__":
    main()
