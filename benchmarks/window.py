"""What the window costs: samples a second in the window against headless, and the gaps of the window's event loop.

    python benchmarks/window.py --presets dcgan64 ring --rounds 3 --seconds 20

Each side runs by turns on the same config, engine and number of threads: headless (the job alone), window (as a user
sees it: curves, grids and status live; the training in a process of its own), thread (the same with the training on a
thread of the window's process), and idle (the same window, nothing in training).
A gap is the time between two ticks of a timer of 5 ms, so 5 is ideal. Without a screen it runs offscreen.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

WARM_S = 4.0  # of training before anything is counted
TICK_MS = 5
LONG = {"steps": 10_000_000, "checkpoint_every": 100_000}
WORKS: dict[str, tuple[str, dict[str, Any]]] = {  # {name: (preset, changes)}
    "dcgan64": (
        "dcgan-avatars",
        LONG
        | {"data.size": 64, "samples_every": 10}
        | {"recipe.generator.width": 64, "recipe.discriminator.width": 64},
    ),
    "digits": ("dcgan-digits", LONG),
    "ring": ("ring", LONG),
}


def main() -> None:
    from common import arguments, show

    given = arguments(__doc__ or "", works=list(WORKS), rounds=3, seconds=20.0)
    rows = [row for work in given.works for row in measured(work, given.rounds, given.seconds)]
    show("Window against headless", rows, given.json)


def measured(work: str, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """By turns, so that what else runs on the machine meets all sides alike."""
    told: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side, results in told.items():
            results.append(launch(side, work, seconds))
    return [
        {
            "work": work,
            "side": side,
            "steps/s": median(results, "rate"),
            "times headless": against(results, told["headless"]),
            "gap p50, ms": median(results, "p50"),
            "p99": median(results, "p99"),
            "longest": median(results, "longest"),
        }
        for side, results in told.items()
    ]


def against(results: list[dict[str, float]], others: list[dict[str, float]]) -> str:
    """The median of the rounds' ratios."""
    ratios = [ours["rate"] / theirs["rate"] for ours, theirs in zip(results, others, strict=True) if "rate" in ours]
    return f"{statistics.median(ratios):.3f}" if ratios else ""


def median(results: list[dict[str, float]], name: str) -> float | str:
    return statistics.median(result[name] for result in results) if name in results[0] else ""


def launch(side: str, work: str, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "GAN_STUDIO_RUNS": f"{home}/runs"}
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        command = [sys.executable, __file__, "--child", side, work, str(seconds)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


# --- one side, in its own process ------------------------------------------------------------------------------------


class Pace:
    """Steps a second after the warm-up, from the events of a job."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.begun = self.first = 0.0
        self.first_step = self.last_step = 0

    def take(self, event: object) -> bool:
        """Whether enough has been seen."""
        from gan_studio.jobs.events import Curves, Started

        now = time.perf_counter()
        if isinstance(event, Started):
            self.begun = now
        if not isinstance(event, Curves) or now - self.begun < WARM_S:
            return False
        self.last_step = int(event.steps[-1])
        if not self.first:
            self.first, self.first_step = now, self.last_step
        self.rate = (self.last_step - self.first_step) / max(now - self.first, 1e-9)
        return now - self.first >= self.seconds


def headless(work: str, seconds: float) -> dict[str, float]:
    from gan_studio.jobs.settings import RunConfig
    from gan_studio.jobs.train import TrainJob, new_run
    from gan_studio.presets import find
    from gan_studio.priority import lower_of_thread

    name, changes = WORKS[work]
    config = RunConfig.parse(find(name).values).with_values(changes)
    lower_of_thread()  # as in the window
    pace = Pace(seconds)
    for event in TrainJob(new_run(config, work), spare_core=True, dry_run=False):
        if pace.take(event):
            break
    return {"rate": pace.rate}


def in_window(work: str, seconds: float, place: str = "") -> dict[str, float]:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from gan_studio.gui.session import Session
    from gan_studio.gui.window import Window
    from gan_studio.jobs.apart import Apart
    from gan_studio.jobs.train import TrainJob, new_run

    app = QApplication([])
    job = {"process": Apart().TrainJob, "thread": TrainJob, "": TrainJob}[place]
    session = Session(engine=SimpleNamespace(new_run=new_run, TrainJob=partial(job, dry_run=False)))
    window = Window(session)
    window.resize(1360, 860)
    pace, gaps = Pace(seconds), Gaps(window)

    def take(mail: list[object]) -> None:
        done = sum(pace.take(event) for event in mail)  # all of them are to be taken
        if pace.first and not gaps.running:
            gaps.start()
        if done and not gaps.done:
            gaps.stop()
            window.close()

    def begin() -> None:
        name, changes = WORKS[work]
        room: Any = window.rooms[0]
        room.show_subject(name)
        for path, value in changes.items():
            room.settings.form.edit(path, value)
        if place:
            room.start()
        else:
            QTimer.singleShot(int(1000 * WARM_S), gaps.start)
            QTimer.singleShot(int(1000 * (WARM_S + seconds)), window.close)

    session.events.connect(take)
    window.ready.connect(begin)
    window.show()
    app.exec()
    return ({"rate": pace.rate} if place else {}) | gaps.found()


class Gaps:
    """Times between two ticks of a fast timer, ms."""

    def __init__(self, parent: QObject):
        from PySide6.QtCore import Qt, QTimer

        self.times: list[float] = []
        self.last = 0.0
        self.running = self.done = False
        self.timer = QTimer(parent, timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
        self.timer.timeout.connect(self.tick)

    def start(self) -> None:
        self.running, self.last = True, time.perf_counter()
        self.timer.start()

    def stop(self) -> None:
        self.done = True
        self.timer.stop()

    def tick(self) -> None:
        now = time.perf_counter()
        self.times.append(1000 * (now - self.last))
        self.last = now

    def found(self) -> dict[str, float]:
        times = sorted(self.times)
        return {"p50": times[len(times) // 2], "p99": times[int(0.99 * len(times))], "longest": times[-1]}


SIDES: dict[str, Callable[[str, float], dict[str, float]]] = {
    "headless": headless,
    "window": partial(in_window, place="process"),
    "thread": partial(in_window, place="thread"),
    "idle": in_window,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        sys.path.insert(0, str(Path(__file__).parent.parent))
        side, work, seconds = sys.argv[2:]
        print(json.dumps(SIDES[side](work, float(seconds))))
    else:
        main()
