"""How long the curves of a long run take to open: with the columnar copy, a fifth of the lines past it, and without.

Each figure is of a process of its own that has just started; the best of `--rounds`.

    python benchmarks/history.py --steps 1000000 --curves 8
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, processor, show

from gan_studio import history

AT_ONCE = 1000  # steps in one append: about what a fast training tells at a time
OPEN = """
import json, sys, time
from pathlib import Path
from gan_studio.runs import Run

def peak():  # in KiB, of this program alone
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

run, before, start = Run(Path(sys.argv[1])), peak(), time.perf_counter()
curves = run.curves()
seconds = time.perf_counter() - start
print(json.dumps([seconds, (peak() - before) / 1024, max(len(steps) for steps, _ in curves.values())]))
"""


def told(path: Path, start: int, stop: int, curves: int) -> float:
    """Write the lines of these steps as a job does; the seconds it took."""
    rng = np.random.default_rng(start)
    seconds = 0.0
    for first in range(start, stop, AT_ONCE):
        steps = list(range(first + 1, min(stop, first + AT_ONCE) + 1))
        values = {f"D/term {i}": rng.normal(size=len(steps)).astype(np.float32) for i in range(curves)}
        begun = time.perf_counter()
        history.append_rows(path, steps, values)
        seconds += time.perf_counter() - begun
    return seconds


def opened(folder: Path, rounds: int) -> dict[str, Any]:
    found = []
    for _ in range(rounds):
        told = subprocess.run([sys.executable, "-c", OPEN, str(folder)], capture_output=True, text=True, check=True)
        found.append(json.loads(told.stdout))
    seconds, mebibytes, steps = min(found)
    return {"steps": steps, "opens in, s": seconds, "peak memory, MiB": mebibytes}


def main() -> None:
    options = arguments(__doc__ or "", steps=1_000_000, curves=8, rounds=3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curves.jsonl"
        copied = 4 * options.steps // 5  # as old as a copy can be while a job writes
        written = told(path, 0, copied, options.curves)
        begun = time.perf_counter()
        history.write_copy(path)
        copying = time.perf_counter() - begun
        written += told(path, copied, options.steps, options.curves)
        rows = [{"what": "copy of four fifths, and lines"} | opened(Path(folder), options.rounds)]
        begun = time.perf_counter()
        history.write_copy(path)
        renewing = time.perf_counter() - begun
        rows.append({"what": "copy of all"} | opened(Path(folder), options.rounds))
        history.copy_of(path).unlink()
        rows.append({"what": "lines alone"} | opened(Path(folder), options.rounds))
        show(
            f"Opening {options.curves} curves",
            rows,
            options.json,
            processor=processor(),
            lines=f"{path.stat().st_size / 2**20:.0f} MiB, written in {written:.1f} s",
            copy=f"first made in {copying:.2f} s, renewed for the last fifth in {renewing:.2f} s",
        )


if __name__ == "__main__":
    main()
