"""The way into the window: is there a screen, is the library sound, show, and only then load.

Nothing here or in what it imports may import torch, pydantic or NumPy: the window is painted before them.
"""

from __future__ import annotations

import ctypes.util
import gc
import importlib.metadata
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session
    from .window import Window

NO_SCREEN = 3  # exit code
LAST_WORDS_S = 5.0  # the window has gone; what still runs on threads is waited for so long

SOUND_LIBRARY = (
    "PySide6 6.12.0 crashes on Python before 3.12 (PYSIDE-3474); run: pip install 'PySide6-Essentials>=6.8,<6.12'"
)


def screen_problem() -> str:
    """Why no window can be shown, as one sentence; "" if one can. Needs no QApplication, which would abort instead."""
    if library := library_problem():
        return library
    if sys.platform != "linux" or chosen_platform() not in ("", "xcb", "wayland"):
        return ""
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return "There is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set."
    if not os.environ.get("WAYLAND_DISPLAY") or chosen_platform() == "xcb":
        return x11_problem()
    return ""


def library_problem() -> str:
    """The one pair of versions that aborts within seconds of plotting."""
    try:
        version = importlib.metadata.version("PySide6-Essentials")
    except importlib.metadata.PackageNotFoundError:
        return "PySide6 is not installed; run: pip install PySide6-Essentials"
    return SOUND_LIBRARY if version == "6.12.0" and sys.version_info < (3, 12) else ""


def x11_problem() -> str:
    if ctypes.util.find_library("xcb-cursor") is None:
        return "The library libxcb-cursor0 is missing; install it with your system's package tool to see the window."
    if not x11_answers():
        return (
            f"The screen {os.environ['DISPLAY']} does not answer; check DISPLAY and whether you may open windows there."
        )
    return ""


def x11_answers() -> bool:
    """Whether a connection to DISPLAY can be made; True where that cannot be tried.

    The connection stays open: a bare X server begins anew when its last client leaves, and refuses whoever comes then.
    """
    name = ctypes.util.find_library("xcb")
    if name is None:
        return True
    xcb = ctypes.CDLL(name)
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    return not xcb.xcb_connection_has_error(xcb.xcb_connect(None, None))


def chosen_platform() -> str:
    """What QT_QPA_PLATFORM asks for: "offscreen", "xcb", or "" for what fits."""
    return os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]


def main(open: str = "", start: bool | None = None, root: Path | None = None, measure: float = 0.0) -> int:
    """Show the window and return its exit code.

    `open` is the folder of a run or a race, a preset's id or a config file. `start` begins to train at once; None does
    so where there is no run yet. `measure` is when the process was launched, in seconds since 1970: the window then
    prints as JSON when it was painted, when it was ready and its longest stall, and closes.
    """
    if problem := screen_problem():
        print(problem, file=sys.stderr)
        return NO_SCREEN
    from PySide6.QtWidgets import QApplication

    from . import theme
    from .session import Session
    from .window import Window

    app = QApplication([sys.argv[0]])
    app.setApplicationName("GAN Studio")
    app.setDesktopFileName("gan-studio")
    session = Session(root)
    window = Window(session)
    theme.apply(app, str(window.settings.value("theme", "system")))  # type: ignore[arg-type]
    sys.excepthook = Reporter(session)
    opening = Opening(window, open, start)
    window.ready.connect(opening.begin)
    window.ready.connect(session.warm)
    watch = Watch(window, measure) if measure else None
    window.show()
    code = app.exec()
    session.close()
    if watch:
        print(json.dumps(watch.report()), flush=True)
    gc.unfreeze()  # what the warm-up froze is to be torn down in order
    if window.is_warming or not threads_end(LAST_WORDS_S):
        sys.stdout.flush()
        os._exit(code)  # a thread in the middle of torch cannot be ended otherwise, and aborts when torch is torn down
    return code


def threads_end(seconds: float) -> bool:
    """Wait so long for what was told to stop: a file that is half written is taken away. Whether all have ended."""
    until = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(max(0.0, until - time.monotonic()))
    return threading.active_count() == 1


class Opening:
    """What the window shows first."""

    def __init__(self, window: Window, open: str, start: bool | None):
        self.window, self.open, self.start = window, open, start

    def begin(self) -> None:
        from ..runs import list_runs
        from .drops import takes

        room = self.window.rooms[0]
        start = self.start
        if self.open:
            room = next((one for one in self.window.rooms if takes(one, Path(self.open))), room)
            room.raise_tab()
            room.show_subject(self.open)
        elif start is None:
            start = not list_runs(self.window.session.root)
        if start:
            room.start()


class Reporter:
    """Lets nothing fail silently: what no code expected is shown in the window, and printed."""

    def __init__(self, session: Session):
        self.session = session

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(error)
        if isinstance(error, Exception):
            self.session.tell(error)


class Watch:
    """Measures the start: the first paint, the readiness, and the longest gap between ticks of a fast timer."""

    TICK_MS = 5
    AFTERWARDS_MS = 1500

    def __init__(self, window: Window, launched: float):
        from PySide6.QtCore import Qt, QTimer

        self.window, self.launched = window, launched
        self.times: dict[str, float] = {}
        self.gaps: list[tuple[float, float, float]] = []  # (how long, when, of it spent computing), ms
        self.last = self.last_work = 0.0
        self.timer = QTimer(window, timerType=Qt.TimerType.PreciseTimer, interval=self.TICK_MS)
        self.timer.timeout.connect(self.tick)
        window.painted.connect(self.painted)
        window.ready.connect(self.ready)

    def now(self) -> float:
        return 1000 * (time.time() - self.launched)

    def painted(self) -> None:
        self.times["first_paint_ms"] = self.last = self.now()
        self.last_work = 1000 * time.thread_time()
        self.timer.start()

    def ready(self) -> None:
        from PySide6.QtCore import QTimer

        self.times["ready_ms"] = self.now()
        QTimer.singleShot(self.AFTERWARDS_MS, self.window.close)

    def tick(self) -> None:
        now, work = self.now(), 1000 * time.thread_time()
        self.gaps.append((now - self.last - self.TICK_MS, self.last, work - self.last_work))
        self.last, self.last_work = now, work

    def report(self) -> dict[str, object]:
        """On a busy machine much of a stall is waiting for a processor; `longest_work_ms` is what the window did."""
        times = {name: round(ms) for name, ms in self.times.items()}
        worst = sorted(self.gaps, reverse=True)[:5]
        stalls = [{"ms": round(ms), "at_ms": round(at), "work_ms": round(work)} for ms, at, work in worst]
        work = max((work for _, _, work in self.gaps), default=0.0)
        return {**times, "longest_stall_ms": stalls[0]["ms"], "longest_work_ms": round(work), "stalls": stalls}
