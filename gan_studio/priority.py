"""Work that stands back, so that the window and whatever else runs here come first.

Threads made later inherit it, so it is asked for before the first parallel region.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICE = 5  # less than this the window notices, much more starves the training when anything else runs


def lower_of_thread(nice: int = NICE) -> None:
    """Of the thread that calls. Only Linux knows such a thing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


def lower_of_process(nice: int = NICE, on_windows: str = "BELOW_NORMAL_PRIORITY_CLASS") -> None:
    """Of the whole process, which has made no threads yet; Windows knows classes alone."""
    import psutil

    with contextlib.suppress(OSError, psutil.Error):  # as above
        psutil.Process().nice(nice if os.name == "posix" else getattr(psutil, on_windows))
