"""The Explore tab: from a slider to the picture on the screen, and the pictures of a walk, against the bare network.

    python benchmarks/explore.py --moves 100 --size 64

DCGAN on avatars with weights as they are drawn, on the CPU; alone, and while another run trains in its own process,
as the window has it do. Both sides are measured by turns beside the same training. Wanted: a slider's picture within
1.15 forward passes and one frame of 16 ms; a walk of at least 0.9 times as many pictures a second as a bare loop over
the same batches. "By processor" counts what this process computes, and not how long others hold the core meanwhile:
what the walk does on top of the loop, and nothing else. Where there is no screen it runs offscreen.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of both sides, or a busy machine measures its own queue
if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np
import torch
from common import arguments, prepared, processor, show
from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from gan_studio import runs
from gan_studio.compute import Engine
from gan_studio.directions import random
from gan_studio.gui import theme
from gan_studio.gui import window as window_module
from gan_studio.gui.computing import Stream
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.session import Session
from gan_studio.gui.window import Window
from gan_studio.jobs import find_directions
from gan_studio.jobs.apart import Apart
from gan_studio.jobs.events import Curves
from gan_studio.jobs.explore import latents, pictures, view_of
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.snapshots import Snapshot, open_snapshot
from gan_studio.jobs.walk import BATCH, Walk, export_walk, way
from gan_studio.presets import all_presets

FRAME_MS = 16.0
PATIENCE_S = 240.0
ROUNDS = 6  # through the walk
PAUSE_MS = 60  # between two moves of the slider: a hand that drags slowly


def config_of(size: int) -> RunConfig:
    preset = next(preset for preset in all_presets() if preset.id == "dcgan-avatars")
    return RunConfig.parse(preset.values).with_values({"data.size": size})


def drawn_run(root: Path, size: int) -> runs.Run:
    """One checkpoint of weights as they are drawn."""
    config = config_of(size)
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


@dataclass(frozen=True)
class Walked:
    """Pictures a second: of the bare loop, of a walk that is drawn, and of one that is written as a GIF."""

    loop: float
    walk: float
    film: float
    over_loop: float  # of the walk, by processor time


def walked(snapshot: Snapshot, frames: int, path: Path) -> Walked:
    views, walk = [view_of(snapshot, seed) for seed in range(4)], Walk(frames=frames)
    bare, drawn, on_the_way = [], [], []  # (wall, processor) seconds of a batch, of a batch, of all latents
    for _ in range(ROUNDS):
        z, taken = timed(lambda: way(latents(views, snapshot), walk))
        on_the_way.append(taken)
        for part in z.split(BATCH):  # by turns, so that both have the same neighbours
            bare.append(timed(lambda part=part: forward(snapshot, part))[1])
            drawn.append(timed(lambda part=part: pictures(part, snapshot))[1])
    batches = -(-frames // BATCH)
    loop = batches * np.median(bare, axis=0)
    whole = batches * np.median(drawn, axis=0) + np.median(on_the_way, axis=0)
    (_, (film, _)) = timed(lambda: list(export_walk(snapshot, views, path, walk)))
    return Walked(frames / loop[0], frames / whole[0], frames / film, loop[1] / whole[1])


@torch.no_grad()
def forward(snapshot: Snapshot, z: torch.Tensor) -> torch.Tensor:
    return snapshot.network(z)


def timed(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """What it gives, and the (wall, processor) seconds that it took."""
    wall, processor = time.perf_counter(), time.thread_time()
    given = work()
    return given, (time.perf_counter() - wall, time.thread_time() - processor)


# --- beside a training -----------------------------------------------------------------------------------------------


class Beside(QObject):
    """A training in a process of its own, told to the window as the Train tab is."""

    def __init__(self, parent: QObject, root: Path, size: int):
        super().__init__(parent)
        self.step = 0
        self.crew, self.stream = Apart(), Stream(self)
        self.stream.told.connect(self._take)
        config = config_of(size)
        prepared(config.data)  # or the patience would end while it is drawn
        run = self.crew.new_run(config.with_values({"steps": 1_000_000}), "Beside", root)
        self.stream.start(iter(self.crew.TrainJob(run, dry_run=False, spare_core=True)))

    def _take(self, mail: list[Any]) -> None:
        self.step = max([self.step, *(int(event.steps[-1]) for event in mail if isinstance(event, Curves))])

    def end(self) -> None:
        self.stream.stop()
        self.crew.dismiss()


@dataclass(frozen=True)
class Figures:
    bare: list[float]  # ms
    slider: list[float]  # ms
    walked: Walked
    steps: float = 0.0  # of the training, a second


def measured(room: ExploreRoom, snapshot: Snapshot, chosen: Any, root: Path) -> Figures:
    answered(room, snapshot, 5)
    bare, slider = answered(room, snapshot, chosen.moves)
    film = root / f"walk-{time.monotonic_ns()}.gif"
    return Figures(bare, slider, walked(snapshot, chosen.frames, film))


def measured_beside(room: ExploreRoom, snapshot: Snapshot, chosen: Any, root: Path) -> Figures:
    beside = Beside(room, root, chosen.size)
    wait(lambda: beside.step > 1)
    began, first = time.monotonic(), beside.step
    figures = measured(room, snapshot, chosen, root)
    rest(500)  # for what it has told meanwhile
    steps = (beside.step - first) / (time.monotonic() - began)
    beside.end()
    return replace(figures, steps=steps)


def main() -> None:
    chosen = arguments(__doc__ or "", moves=100, size=64, frames=256)
    app = QApplication([])
    theme.apply(app, "light")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # the training may still be saving
        root = Path(folder)
        run = drawn_run(root, chosen.size)
        window, room = opened(root, run)
        snapshot = open_snapshot(run.folder, device="cpu")
        alone = measured(room, snapshot, chosen, root)
        beside = measured_beside(room, snapshot, chosen, root)
        window.close()
        rest(200)
        report(chosen, alone, beside)


def report(chosen: Any, alone: Figures, beside: Figures) -> None:
    rows = rows_of("alone", alone) + rows_of("beside a training", beside)
    ratios: dict[str, str] = {}
    for name, found in (("alone", alone), ("beside", beside)):
        over = (statistics.median(found.slider) - FRAME_MS) / statistics.median(found.bare)
        ratios[f"{name}_slider_minus_frame_over_forward"] = f"{over:.2f}"
        ratios[f"{name}_walk_over_loop"] = f"{found.walked.walk / found.walked.loop:.2f}"
        ratios[f"{name}_walk_over_loop_by_processor"] = f"{found.walked.over_loop:.2f}"
    show(f"Explore, {chosen.size} px, {chosen.moves} moves", rows, chosen.json, processor=processor(),
         training_steps_a_second=f"{beside.steps:.1f}", **ratios)  # fmt: skip


def rows_of(where: str, found: Figures) -> list[dict[str, Any]]:
    allowed = 1.15 * statistics.median(found.bare) + FRAME_MS
    return [
        {"": where, "what": what, "median": middle, "95 %": high, "wanted": wanted}
        for what, middle, high, wanted in (
            ("bare forward, ms", statistics.median(found.bare), quantile(found.bare), ""),
            ("slider to picture, ms", statistics.median(found.slider), quantile(found.slider), f"<= {allowed:.1f}"),
            ("bare loop, pictures/s", found.walked.loop, "", ""),
            ("walk, pictures/s", found.walked.walk, "", f">= {0.9 * found.walked.loop:.0f}"),
            ("walk as a GIF, pictures/s", found.walked.film, "", ""),
        )
    ]


def quantile(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


if __name__ == "__main__":
    main()
