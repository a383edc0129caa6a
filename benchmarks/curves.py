"""What a long history costs in the window: opening it, panning, hovering, and drawing on while it grows.

    python -m benchmarks.curves [--points 1000000] [--overlays 0] [--json curves.json]

Eight curves of a million points each in four plots, smoothed, so sixteen lines. The user's mouse drags the first plot a
little every 16 ms, forth and back over all steps. A frame is all that the window works from one drag to the next: by
the clock, and (cpu) by the time that its thread had a processor, which other work on the machine disturbs less.
Without a screen it runs offscreen; under `xvfb-run` as on a desktop.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from gan_studio.gui import theme
from gan_studio.gui.widgets.curves import CurvesView
from gan_studio.gui.widgets.curves_files import Numbers

NAMES = ["D/real", "D/fake", "D/gradient penalty", "G/adversarial", "distance/js", "D(real)", "D(fake)", "gradient/D"]
FRAMES = 400
FRAME_MS = 16
MOST_FRAME_MS = 16
MOST_OPEN_S = 0.5
SHARE = 0.4  # of all steps that is seen while panning


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1_000_000, help="of each curve")
    parser.add_argument("--overlays", type=int, default=0, help="runs laid over, with as many points")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    figures = measured(given.points, given.overlays)
    print(table(figures))
    text = json.dumps(figures, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text)


def measured(points: int, overlays: int) -> dict[str, float | str]:
    app = QApplication.instance() or QApplication([])
    theme.apply(app, "dark")
    view = CurvesView()
    view.resize(640, 640)  # the middle column of a window of 1360 x 860
    view.show_plot("gradients")
    view.show()
    found: dict[str, float | str] = {"platform": app.platformName(), "points": points, "overlays": overlays}
    history = made_up(points, 0)
    found["open_s"] = timed(lambda: view.set_curves(history))
    for i in range(overlays):
        view.set_overlay(str(i), f"Run {i}", made_up(points, i + 1))
    found["bytes_a_point"] = size_of(view) / (points * len(NAMES))
    settle(view)
    found |= percentiles("pan", Drag(view, points).frames())
    found |= percentiles("hover", Hover(view, points).frames())
    view.fit()
    settle(view)
    found |= percentiles("live", Live(view, points).frames())
    view.close()
    return found


def made_up(points: int, seed: int) -> Numbers:
    """Noise around a random walk."""
    rng, steps = np.random.default_rng(seed), np.arange(1, points + 1)
    walks = np.cumsum(rng.standard_normal((len(NAMES), points), np.float32), axis=1) / 300
    return {
        name: (steps, walk + rng.standard_normal(points, np.float32) / 5)
        for name, walk in zip(NAMES, walks, strict=True)
    }


def size_of(view: CurvesView) -> int:
    """Bytes of the run's own curves."""
    arrays = [value for series in view.series.values() for value in vars(series).values()]
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def settle(view: CurvesView) -> None:
    """Until everything is drawn and nothing is due."""
    loop = QEventLoop()
    QTimer.singleShot(800, loop.quit)
    loop.exec()


def percentiles(name: str, frames: list[tuple[float, float]]) -> dict[str, float | str]:
    clock, cpu = 1000 * np.array(frames).T
    return {
        f"{name}{kind}_p{p}_ms": round(float(np.percentile(times, p)), 2)
        for kind, times in (("", clock), ("_cpu", cpu))
        for p in (50, 99)
    }


class Frames:
    """Does something every 16 ms, and adds up what the window works until the next time."""

    def __init__(self, view: CurvesView, points: int):
        self.view, self.points = view, points
        self.canvas = view.plots["losses"].canvas
        self.turn = 0

    def frames(self) -> list[tuple[float, float]]:
        """Seconds of work in each, by the clock and of the processor; the first ones only warm up."""
        self.begin()
        found = [self._frame() for _ in range(FRAMES + 10)]
        self.end()
        return found[10:]

    def _frame(self) -> tuple[float, float]:
        self.turn += 1
        due = time.perf_counter() + FRAME_MS / 1000
        cpu = time.thread_time()
        worked = timed(self.do)
        while time.perf_counter() < due:
            worked += timed(QApplication.processEvents)
            time.sleep(0.001)
        return worked, time.thread_time() - cpu

    def begin(self) -> None: ...

    def do(self) -> None: ...

    def end(self) -> None: ...

    def mouse(self, kind: QEvent.Type, x: float, held: bool) -> None:
        left = Qt.MouseButton.LeftButton if held or kind != QEvent.Type.MouseMove else Qt.MouseButton.NoButton
        place = QPointF(x, self.canvas.height() / 2)
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        there = self.canvas.mapToGlobal(place)
        modifiers = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.canvas, QMouseEvent(kind, place, there, button, left, modifiers))


class Drag(Frames):
    def begin(self) -> None:
        self.view._moved(0.0, SHARE * self.points)
        self.mouse(QEvent.Type.MouseButtonPress, 300, True)

    def do(self) -> None:
        """Three pixels a frame, forth and back over the 1.5 widths that lie beside what is seen."""
        way = 1.5 * self.canvas.scale.area.width()
        at = (3 * self.turn) % (2 * way)
        self.mouse(QEvent.Type.MouseMove, 300 - (at if at < way else 2 * way - at), True)

    def end(self) -> None:
        self.mouse(QEvent.Type.MouseButtonRelease, 300, False)


class Hover(Frames):
    def do(self) -> None:
        self.mouse(QEvent.Type.MouseMove, 100 + self.turn % 400, False)


class Live(Frames):
    def do(self) -> None:
        """Twenty steps of training in two frames."""
        if self.turn % 2:
            steps = self.points + 10 * self.turn + np.arange(20)
            self.view.extend(steps, {name: np.random.standard_normal(20) for name in NAMES})


def table(figures: dict[str, float | str]) -> str:
    rows = [
        (f"open 8 x {figures['points']:,} points", f"{figures['open_s']:.2f} s", f"at most {MOST_OPEN_S} s"),
        ("memory a point", f"{figures['bytes_a_point']:.2f} bytes", ""),
    ]
    for name in ("pan", "hover", "live"):
        for kind, words in (("", "by the clock"), ("_cpu", "cpu")):
            bound = f"p99 at most {MOST_FRAME_MS} ms" if name == "pan" and not kind else ""
            p50, p99 = (figures[f"{name}{kind}_p{p}_ms"] for p in (50, 99))
            rows.append((f"{name}, a frame {words}: p50, p99", f"{p50:.1f}, {p99:.1f} ms", bound))
    return "\n".join(f"{name:<40}{value:>20}   {bound}" for name, value, bound in rows)


if __name__ == "__main__":
    main()
