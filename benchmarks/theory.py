"""How fluid the theory lab is: the gaps of the window's event loop while something is dragged.

    python -m benchmarks.theory [--seconds 6] [--json theory.json]

For each preset the mouse drags q to and fro and reshapes it, sixty events a second, with the table and the curves live;
once p is drawn by hand, with the pen going up and down. Of the two players a start among five is dragged in circles,
with its paths live. Of the transport bench a bar is dragged up and down and a point in circles, with the plan, its
matrix, its cost and the potential live, and a plan is drawn by hand. A gap is the time between two ticks of a timer of
5 ms that is late because the window was painting or waited for Python; a frame is the time from an event of the mouse
until the plot is painted. Without a screen it runs offscreen.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_MS = 33
TICK_MS = 5
EVENT_MS = 16

Course = Callable[[float], tuple[float, float]]  # seconds -> where the mouse is, in the plot's units
GAMES = {  # of the two players: (title: settings as those of the words)
    "GAN": {"panel": "gan"},
    "WGAN-GP": {"panel": "wgan-gp"},
    "instance noise": {"panel": "instance-noise"},
    "R1, 2000 steps": {"panel": "r1", "steps": "2000"},
    "GAN, flow": {"loss": "minimax", "rule": "flow"},
    "WGAN-GP, flow": {"loss": "wasserstein", "regulariser": "gradient-penalty", "rule": "flow"},
}
MOVES = {  # of the transport bench
    "a heap, optimal": {"tab": "line", "preset": "hills", "plan": "optimal", "potential": "on"},
    "a heap, independent": {"tab": "line", "preset": "hills", "plan": "independent", "potential": "on"},
    "a point of 16, optimal": {"tab": "plane", "preset": "ring", "plan": "optimal", "potential": "on"},
    "a point of 16, independent": {"tab": "plane", "preset": "ring", "plan": "independent", "potential": "on"},
    "a point of 10 and 12, optimal": {"tab": "plane", "preset": "clumps", "plan": "optimal", "potential": "on"},
    "a point of 10 and 12, squared": {"tab": "plane", "preset": "clumps", "plan": "optimal", "cost": "2"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of dragging, for each row")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "GAN_STUDIO_RUNS": f"{home}/runs"}
        rows = measure(given.seconds, Path(home))
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


def measure(seconds: float, home: Path) -> list[dict[str, Any]]:
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from gan_studio.gui.session import Session
    from gan_studio.gui.theory.shapes import PRESETS
    from gan_studio.gui.window import Window

    app = QApplication([])
    window = Window(Session(home / "runs"), QSettings(str(home / "s.ini"), QSettings.Format.IniFormat))
    window.resize(1360, 860)
    window.show()
    wait_for(app, lambda: window.is_ready)
    room = next(room for room in window.rooms if room.title == "Theory")
    room.raise_tab()
    room.show_bench("divergence")
    wait_for(app, lambda: room.bench() is not None)
    bench = room.bench()
    rows = []
    for id, (title, _, _) in PRESETS.items():
        bench.apply({"preset": id, "tab": "two"})
        rest(app, 0.5)
        rows.append({"what": f"drag q: {title}"} | dragged(app, bench.two.plot, moved(bench.two.plot), seconds))
    bench.two.forms["p"].pen.setChecked(True)
    rows.append({"what": "draw p by hand"} | dragged(app, bench.two.plot, pen(bench.two.plot), seconds))
    room.show_bench("dynamics")
    for title, settings in GAMES.items():
        room.bench().apply(settings)
        room.bench().set_starts([turned(0), (-1.0, 0.6), (0.4, -1.2), (-0.7, -0.7), (1.5, 1.5)], 0)
        rest(app, 0.5)
        rows.append({"what": f"drag a start: {title}"} | dragged(app, room.bench().plane, turned, seconds))
    rows += transport(app, room, seconds)
    window.close()
    rest(app, 0.3)
    return rows


def transport(app: Any, room: Any, seconds: float) -> list[dict[str, Any]]:
    rows = []
    room.show_bench("transport")
    bench = room.bench()
    for title, settings in MOVES.items():
        bench.apply(settings)
        rest(app, 0.5)
        part = bench.part()
        path = raised(part.plot) if settings["tab"] == "line" else circled(part.plot)
        rows.append({"what": f"drag: {title}"} | dragged(app, part.plot, path, seconds))
    bench.apply({"tab": "line", "preset": "piles", "plan": "hand"})
    bench.part().amount.setValue(1)  # so that each event changes the plan
    rest(app, 0.5)
    rows.append(
        {"what": "draw a plan by hand"} | dragged(app, bench.part().matrix, strokes(bench.part().matrix), seconds)
    )
    return rows


def wait_for(app: Any, condition: Any) -> None:
    until = time.monotonic() + 60
    while not condition():
        app.processEvents()
        time.sleep(0.002)
        if time.monotonic() > until:
            raise TimeoutError


def rest(app: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    wait_for(app, lambda: time.monotonic() > until)


def moved(plot: Any) -> Course:
    """q to and fro."""
    middle, height = plot.pair.q.mean, 0.3 * plot.y_range[1]
    assert plot._under(plot.point(middle, height)) is not None
    return lambda t: (middle + 2.5 * math.sin(2.5 * t), height)


def pen(plot: Any) -> Course:
    height = 0.3 * plot.y_range[1]
    return lambda t: (5 * math.sin(2.2 * t), height * (1.5 + math.sin(5 * t)))


def raised(plot: Any) -> Course:
    """The bar at 2, up and down."""
    return lambda t: (2.0, plot.surface("p") + 0.2 + 0.15 * math.sin(4 * t))


def circled(plot: Any) -> Course:
    """The first point of p."""
    x, y = plot.scene.p[0].tolist()
    return lambda t: (x + 0.8 * (math.cos(3 * t) - 1), y + 0.8 * math.sin(3 * t))


def strokes(matrix: Any) -> Course:
    """From cell to cell, where earth lies and is wanted; each of them again and again."""

    def course(t: float) -> tuple[float, float]:
        matrix._told.clear()
        return 2 + 2 * math.sin(3 * t), 7.5 + 2.5 * math.sin(7 * t)

    return course


def turned(t: float) -> tuple[float, float]:
    """Around the equilibrium."""
    return 1.2 * math.cos(2 * t), 1.2 * math.sin(2 * t)


def dragged(app: Any, plot: Any, path: Course, seconds: float) -> dict[str, float]:
    """The mouse as a timer, along a path in the plot's units; whatever the window then does counts."""
    from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
    from PySide6.QtGui import QMouseEvent

    gaps: list[float] = []
    frames: list[float] = []
    work: list[float] = []
    loop, begun = QEventLoop(), time.perf_counter()
    sent, worked = [0.0], [0.0]

    class Painted(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint and sent[0]:
                QTimer.singleShot(0, self.note)
            return False

        def note(self) -> None:
            if sent[0]:
                frames.append(1000 * (time.perf_counter() - sent[0]))
                work.append(1000 * (time.thread_time() - worked[0]))
                sent[0] = 0.0

    def mouse(kind: QEvent.Type, x: float, y: float) -> None:
        where = plot.point(x, y)
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, where, QPointF(plot.mapToGlobal(where)), button, button, Qt.KeyboardModifier(0))
        app.sendEvent(plot, event)

    count = [0]

    def move() -> None:
        count[0] += 1
        now = time.perf_counter()
        if not sent[0]:
            sent[0], worked[0] = now, time.thread_time()
        mouse(QEvent.Type.MouseMove, *path(now - begun))

    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        gaps.append(1000 * (now - last[0]))
        last[0] = now

    watch = Painted()
    plot.installEventFilter(watch)
    ticker, mover = QTimer(interval=TICK_MS), QTimer(interval=EVENT_MS)
    for timer in (ticker, mover):
        timer.setTimerType(Qt.TimerType.PreciseTimer)
    ticker.timeout.connect(tick)
    mover.timeout.connect(move)
    mouse(QEvent.Type.MouseButtonPress, *path(0))
    ticker.start()
    mover.start()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()
    ticker.stop()
    mover.stop()
    mouse(QEvent.Type.MouseButtonRelease, *path(0))
    plot.removeEventFilter(watch)
    return {
        "events": count[0],
        "gap p50": quantile(gaps, 0.5),
        "gap p99": quantile(gaps, 0.99),
        "gap max": max(gaps),
        "frame p50": quantile(frames, 0.5),
        "frame p99": quantile(frames, 0.99),
        "work p50": quantile(work, 0.5),
        "work p99": quantile(work, 0.99),
    }


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def table(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0])
    lines = [f"{names[0]:<40}" + "".join(f"{name:>11}" for name in names[1:])]
    for row in rows:
        lines.append(f"{row['what']:<40}" + "".join(f"{row[name]:>11.1f}" for name in names[1:]))
    worst = max(max(row["gap p99"], row["frame p99"]) for row in rows)
    lines.append(f"worst p99: {worst:.1f} ms, at most {MOST_MS}: {'held' if worst <= MOST_MS else 'MISSED'}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
