"""Why the curves are painted by ourselves: the same sixteen lines in four plots, by pyqtgraph and by ours, in turns.

    python -m benchmarks.plots [--points 1000000] [--rounds 3]

Both are given the same thinned lines (at most a thousand points each, pens of one pixel, ranges set by hand, which is
what pyqtgraph is fastest with) and are panned by the same steps. Told is the time of the window's thread for a frame.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

import numpy as np

if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pyqtgraph
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from benchmarks.curves import NAMES, SHARE, made_up, settle
from gan_studio.gui import theme
from gan_studio.gui.widgets.curves import CurvesView
from gan_studio.plots import kind_of

FRAMES = 150
MOST = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1_000_000, help="of each curve")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    theme.apply(app, "dark")
    ours = CurvesView()
    ours.resize(640, 640)
    ours.show_plot("gradients")
    ours.show()
    ours.set_curves(made_up(given.points, 0))
    settle(ours)
    theirs = Library(ours)
    times: dict[str, list[float]] = {"ours": [], "pyqtgraph": []}
    for _ in range(given.rounds):
        times["ours"] += panned(ours._moved, given.points)
        times["pyqtgraph"] += panned(theirs.show_steps, given.points)
    for name, frames in times.items():
        p50, p99 = (1000 * float(np.percentile(frames, p)) for p in (50, 99))
        print(f"{name:<12} a frame of panning: p50 {p50:5.1f} ms, p99 {p99:5.1f} ms")
    ratio = float(np.median(times["pyqtgraph"]) / np.median(times["ours"]))
    print(f"pyqtgraph takes {ratio:.1f} times as long")
    theirs.close()
    ours.close()


def panned(show: Callable[[float, float], object], points: int) -> list[float]:
    """Seconds of this thread for each frame."""
    found = []
    for turn in range(FRAMES):
        low = (1 - SHARE) * points * turn / FRAMES
        begun = time.thread_time()
        show(low, low + SHARE * points)
        until = time.perf_counter() + 0.05  # ours draws from a timer: all that is due is in the frame
        while time.perf_counter() < until:
            QApplication.processEvents()
            time.sleep(0.002)
        found.append(time.thread_time() - begun)
    return found


class Library(QWidget):
    """The same curves in four plots of pyqtgraph."""

    def __init__(self, ours: CurvesView):
        super().__init__()
        self.series = ours.series
        column = QVBoxLayout(self)
        self.plots: dict[str, pyqtgraph.PlotWidget] = {}
        self.lines: list[tuple[str, bool, pyqtgraph.PlotDataItem]] = []
        for name in NAMES:
            plot = self.plots.get(kind_of(name))
            if plot is None:
                plot = self.plots[kind_of(name)] = pyqtgraph.PlotWidget()
                plot.getViewBox().disableAutoRange()
                plot.showGrid(x=True, y=True, alpha=0.3)
                column.addWidget(plot)
            for smooth in (False, True):
                item = pyqtgraph.PlotDataItem(pen=pyqtgraph.mkPen("w", width=1), antialias=smooth)
                plot.addItem(item)
                self.lines.append((name, smooth, item))
        self.resize(640, 640)
        self.show()

    def show_steps(self, low: float, high: float) -> None:
        for name, smooth, item in self.lines:
            steps, values, *_ = self.series[name].shown(low, high, MOST, smooth)
            item.setData(steps, values)
        for plot in self.plots.values():
            plot.getViewBox().setRange(xRange=(low, high), yRange=(-5, 5), padding=0)


if __name__ == "__main__":
    main()
