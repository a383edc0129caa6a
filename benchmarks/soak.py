"""Whether memory stays flat over a long training: of the window, and of the process that trains for it.

    python benchmarks/soak.py --preset ring --steps 100000 --every 10000

The window is on the screen (offscreen where there is none) and draws all the time. Prints both at each mark, and what
each grew by from the second mark to the last: at the first, caches are still filling.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from common import arguments, show


def main() -> None:
    given = arguments(__doc__ or "", preset="ring", steps=100_000, every=10_000)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "GAN_STUDIO_RUNS": f"{home}/runs"}
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        rows = soaked(given.preset, given.steps, given.every)
    grown = {f"{who} grew by": f"{rows[-1][who] - rows[1][who]:+.1f} MiB" for who in ("window", "training")}
    show(f"Memory in MiB while {given.preset} trains", rows, given.json, **grown)


def soaked(preset: str, steps: int, every: int) -> list[dict[str, Any]]:
    import psutil
    from PySide6.QtWidgets import QApplication

    from gan_studio.gui.session import Session
    from gan_studio.gui.window import Window
    from gan_studio.jobs.events import Curves

    app = QApplication([])
    session = Session()
    window = Window(session)
    window.resize(1360, 860)
    rows: list[dict[str, Any]] = []
    us = psutil.Process()

    def begin() -> None:
        room: Any = window.rooms[0]
        room.show_subject(preset)
        room.settings.form.edit("steps", steps)
        room.start()

    def take(mail: list[object]) -> None:
        step = max((int(event.steps[-1]) for event in mail if isinstance(event, Curves)), default=0)
        if step >= every * (len(rows) + 1):
            training = max((mebibytes(child) for child in us.children()), default=0.0)
            rows.append({"step": step, "window": mebibytes(us), "training": training})
            print(rows[-1], flush=True)

    session.events.connect(take)
    session.ended.connect(window.close)
    window.ready.connect(begin)
    window.show()
    app.exec()
    session.close()
    return rows


def mebibytes(process: Any) -> float:
    return round(process.memory_info().rss / 2**20, 1)


if __name__ == "__main__":
    main()
