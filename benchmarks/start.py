"""How soon the window is there: against a bare PySide6 + pyqtgraph window, both in one run.

    python -m benchmarks.start [--rounds 5] [--json start.json]

Prints the median of each figure as a table and as JSON. Where there is no screen it runs offscreen.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import sys, time
launched = float(sys.argv[1])
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph

class Plot(pyqtgraph.PlotWidget):
    painted = False

    def paintEvent(self, event):
        super().paintEvent(event)
        if not self.painted:
            self.painted = True
            QTimer.singleShot(0, self.report)

    def report(self):
        print('{"first_paint_ms": %d}' % (1000 * (time.time() - launched)))
        self.window().close()

app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(Plot())
window.resize(1360, 860)
window.show()
sys.exit(app.exec())
"""
STUDIO = """
import sys
from gan_studio.gui import app
sys.exit(app.main(start=False, measure=float(sys.argv[1])))
"""
MOST_TIMES = 1.5
MOST_STALL_MS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="launches of each window, by turns")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    figures = measure(given.rounds)
    print(table(figures))
    text = json.dumps(figures, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text)


def measure(rounds: int) -> dict[str, float]:
    """Medians; by turns, so that what else runs on the machine meets both alike. The first round only warms up."""
    bare, studio = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(rounds + 1):
            bare.append(launch(BARE, home))
            studio.append(launch(STUDIO, home))
    found = {
        "bare_first_paint_ms": median(bare, "first_paint_ms"),
        "studio_first_paint_ms": median(studio, "first_paint_ms"),
        "studio_ready_ms": median(studio, "ready_ms"),
        "studio_longest_stall_ms": median(studio, "longest_stall_ms"),
        "studio_longest_work_ms": median(studio, "longest_work_ms"),
    }
    return found | {"ratio": round(found["studio_first_paint_ms"] / found["bare_first_paint_ms"], 2)}


def median(results: list[dict[str, float]], name: str) -> float:
    return statistics.median(result[name] for result in results[1:])


def launch(code: str, home: str) -> dict[str, float]:
    """Run a window in a process of its own, with settings and runs of its own."""
    environment = {**os.environ, "HOME": home, "GAN_STUDIO_RUNS": f"{home}/runs"}
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-c", code, str(time.time())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def table(figures: dict[str, float]) -> str:
    rows = [
        ("first paint, bare PySide6 + pyqtgraph", f"{figures['bare_first_paint_ms']:.0f} ms", ""),
        ("first paint, GAN Studio", f"{figures['studio_first_paint_ms']:.0f} ms", ""),
        ("ratio", f"{figures['ratio']:.2f}", f"at most {MOST_TIMES}"),
        ("ready to train", f"{figures['studio_ready_ms']:.0f} ms", ""),
        (
            "longest stall after the first paint",
            f"{figures['studio_longest_stall_ms']:.0f} ms",
            f"at most {MOST_STALL_MS} ms",
        ),
        ("most work of the window between ticks", f"{figures['studio_longest_work_ms']:.0f} ms", ""),
    ]
    return "\n".join(f"{name:<40}{value:>10}   {bound}" for name, value, bound in rows)


if __name__ == "__main__":
    main()
