"""Scrubbing through 2,000 frames: from a wish to the picture on the screen, and the longest gap of the event loop.

    python benchmarks/timeline.py --frames 2000 --seconds 6

Grids of 528 x 528 pixels and planes of 2,500 points, under curves of 100,000 steps. A wish counts as answered by the
first picture that is at least as new. Where there is no screen it runs offscreen.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, processor, show
from PIL import Image

if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QSplitter, QVBoxLayout, QWidget

from gan_studio.gui import theme
from gan_studio.gui.train.playback import Playback
from gan_studio.gui.train.results_panel import ResultsPanel
from gan_studio.gui.widgets.curves import CurvesView
from gan_studio.gui.widgets.timeline import Timeline
from gan_studio.jobs.frames import frame_steps, read_frame
from gan_studio.runs import Run, create

EVERY = 50  # steps from one frame to the next
DISTINCT = 64  # grids; the others are copies of them
SIDE = 528
CURVES = ("D/real", "D/fake", "G/adversarial", "D(real)", "D(fake)", "gradient/D", "gradient/G", "distance/W1")
MOVES_A_SECOND = 60


# --- a run to look through -------------------------------------------------------------------------------------------


def pictures(root: Path, count: int) -> Run:
    """Smooth shapes with noise: neither as small as a plain colour nor as large as pure noise."""
    run, rng = create(root, "pictures", {}), np.random.default_rng(0)
    for i in range(count):
        path = run.folder / f"samples/step-{i * EVERY:08d}.png"
        if i >= DISTINCT:
            shutil.copyfile(run.folder / f"samples/step-{i % DISTINCT * EVERY:08d}.png", path)
            continue
        coarse = Image.fromarray(rng.integers(0, 256, (66, 66, 3), dtype=np.uint8)).resize((SIDE, SIDE))
        noise = rng.integers(-12, 13, (SIDE, SIDE, 3))
        Image.fromarray((np.asarray(coarse) + noise).clip(0, 255).astype(np.uint8)).save(path)
    return run


def points(root: Path, count: int) -> Run:
    run, rng = create(root, "points", {}), np.random.default_rng(0)
    for i in range(count):
        np.savez(
            run.folder / f"samples/step-{i * EVERY:08d}.npz",
            points=rng.normal(size=(2500, 2)).astype(np.float32),
            raw=rng.normal(size=(2500, 2)).astype(np.float32),
            logits=rng.normal(size=(64, 64)).astype(np.float32),
            extent=2.0,
            pull=rng.normal(size=(256, 2)).astype(np.float32),
            warped=rng.normal(size=(21, 21, 2)).astype(np.float32),
        )
    np.save(run.folder / "real.npy", rng.normal(size=(2500, 2)).astype(np.float32))
    return run


# --- the right half of the Train tab ---------------------------------------------------------------------------------


class Half(QWidget):
    def __init__(self, run: Run):
        super().__init__()
        self.resize(1030, 760)
        self.results, self.line, self.curves = ResultsPanel(), Timeline(), CurvesView()
        self.results.furnish()
        self.line.draw_icons()
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.curves)
        splitter.addWidget(self.results)
        splitter.setSizes([640, 390])
        column = QVBoxLayout(self)
        column.addWidget(splitter, 1)
        column.addWidget(self.line)
        steps = frame_steps(run)
        at = np.arange(0, steps[-1] + 1)
        rng = np.random.default_rng(0)
        self.curves.set_curves({name: (at, rng.normal(size=len(at)).astype(np.float32)) for name in CURVES})
        self.watch = Watch(self)  # first: some answers come at once
        self.playback = Playback(self.line, self.results, self.curves, self)
        self.playback.shown.connect(self.watch.answer)
        self.playback.open(run, steps, read_frame(run, steps[-1]))


class Watch(QObject):
    """Measures wishes until they are painted, and gaps between ticks of a fast timer."""

    TICK_MS = 5

    def __init__(self, half: Half):
        super().__init__(half)
        self.open: list[tuple[float, int]] = []  # wishes that are not answered: (when, step)
        self.answered = 0  # of these, how many the next painting answers
        self.waits: list[float] = []
        self.paintings = 0
        self.gaps: list[float] = []
        self.last = 0.0
        half.line.moved.connect(self.wish)
        for view in (half.results.generated, half.results.points.plane):
            view.installEventFilter(self)
        self.timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=self.TICK_MS)
        self.timer.timeout.connect(self.tick)

    def begin(self) -> None:
        self.open, self.waits, self.gaps, self.paintings, self.answered = [], [], [], 0, 0
        self.last = time.perf_counter()
        self.timer.start()

    def wish(self, step: int) -> None:
        self.open.append((time.perf_counter(), step))

    def answer(self, step: int) -> None:
        places = [i for i, (_, wished) in enumerate(self.open) if wished == step]
        self.answered = max(self.answered, places[-1] + 1 if places else 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's own name)
        if event.type() == QEvent.Type.Paint and self.answered:
            QTimer.singleShot(0, self.painted)
        return False

    def painted(self) -> None:
        now = time.perf_counter()
        self.waits += [now - when for when, _ in self.open[: self.answered]]
        self.paintings += bool(self.answered)
        del self.open[: self.answered]
        self.answered = 0

    def tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(now - self.last)
        self.last = now


# --- what a hand does ------------------------------------------------------------------------------------------------


def drag(half: Half, at: float) -> None:
    """To and fro over the whole line, a sweep in two seconds."""
    steps = half.line.track.steps
    half.line.go_to(steps[-1] * (0.5 - 0.499 * math.cos(math.pi * at / 2)))


def creep(half: Half, at: float) -> None:
    """Slowly backwards, some frames a second."""
    steps = half.line.track.steps
    half.line.go_to(steps[len(steps) // 2] - EVERY * int(20 * at))


def leap(half: Half, at: float) -> None:
    """Anywhere, five times a second."""
    steps, number = half.line.track.steps, int(5 * at)
    half.line.go_to(steps[(number * 7919) % (len(steps) - 1)])


def play(half: Half, at: float) -> None:
    if not half.line.is_playing:
        half.line.speed.setCurrentIndex(half.line.speed.findText("30/s"))
        half.line.play()


def play_all(half: Half, at: float) -> None:
    if not half.line.is_playing:
        half.line.speed.setCurrentIndex(half.line.speed.count() - 1)
        half.line.play()


HANDS: tuple[Callable[[Half, float], None], ...] = (drag, creep, leap, play, play_all)


def measured(half: Half, hand: Callable[[Half, float], None], seconds: float) -> dict[str, Any]:
    watch = half.watch
    begun = time.perf_counter()
    mover = QTimer(half, timerType=Qt.TimerType.PreciseTimer, interval=1000 // MOVES_A_SECOND)
    mover.timeout.connect(lambda: hand(half, time.perf_counter() - begun))
    mover.start()
    watch.begin()
    run_for(seconds)
    mover.stop()
    half.line.pause()
    run_for(0.3)
    watch.timer.stop()
    waits = 1000 * np.array(watch.waits)
    gaps = 1000 * np.array(watch.gaps)
    return {
        "moves": hand.__name__.replace("_", " "),
        "wishes": len(waits),
        "p50, ms": float(np.percentile(waits, 50)),
        "p99, ms": float(np.percentile(waits, 99)),
        "pictures a second": watch.paintings / seconds,
        "gap p99, ms": float(np.percentile(gaps, 99)),
        "longest gap, ms": float(gaps.max()),
    }


def run_for(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


def main() -> None:
    options = arguments(__doc__ or "", frames=2000, seconds=6.0)
    app = QApplication([])
    theme.apply(app, "dark")
    rows = []
    with tempfile.TemporaryDirectory() as root:
        for make in (pictures, points):
            half = Half(make(Path(root), options.frames))
            half.show()
            run_for(1.5)  # everything is painted once
            for hand in HANDS:
                rows.append({"frames": make.__name__} | measured(half, hand, options.seconds))
            half.playback.leave()
            half.close()
            half.deleteLater()
    show(
        f"A timeline of {options.frames:,} frames",
        rows,
        options.json,
        processor=processor(),
        platform=app.platformName(),
    )


if __name__ == "__main__":
    main()
