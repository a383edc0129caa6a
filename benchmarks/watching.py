"""What measuring checkpoints beside a training costs the training.

    python benchmarks/watching.py --preset dcgan-digits --steps 400 --every 50

The same run twice by turns, with checkpoints measured beside it and without; both save as many of them. Told are the
seconds from the first step to the last, waits for the last measures left out, and the longest pause between two steps.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from common import arguments, processor, show

from gan_studio.jobs.evaluations import Evaluated
from gan_studio.jobs.events import Curves, Started
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import TrainJob, new_run
from gan_studio.presets import all_presets


def main() -> None:
    given = arguments(__doc__ or "", preset="dcgan-digits", steps=400, every=50, rounds=2, samples=1000)
    preset = next(preset for preset in all_presets() if preset.id == given.preset)
    changes = {"steps": given.steps, "checkpoint_every": given.every, "watch.how.samples": given.samples}
    config = RunConfig.parse(preset.values).with_values(changes)
    sides: dict[str, list[tuple[float, float, int]]] = {"without": [], "beside": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(given.rounds):
            sides["without"].append(trained(config, Path(folder)))
            sides["beside"].append(trained(config.with_values({"watch.every": given.every}), Path(folder)))
    rows = [row(name, runs, given.steps) for name, runs in sides.items()]
    ratio = float(rows[1]["steps/s"]) / float(rows[0]["steps/s"])
    show(f"{preset.title}, {given.steps} steps", rows, given.json, processor=processor(), beside_over_without=ratio)


def trained(config: RunConfig, root: Path) -> tuple[float, float, int]:
    """(seconds of all the steps, longest time between two tellings, checkpoints that were measured)"""
    times: list[float] = []
    measured = 0
    for event in TrainJob(new_run(config, "watched", root), dry_run=False):
        if isinstance(event, (Started, Curves)):
            times.append(time.perf_counter())
        measured += isinstance(event, Evaluated)
    return times[-1] - times[0], float(np.diff(times).max()), measured


def row(name: str, runs: list[tuple[float, float, int]], steps: int) -> dict[str, str | float]:
    return {
        "measuring": name,
        "steps/s": steps / statistics.median(seconds for seconds, _, _ in runs),
        "longest pause, s": max(pause for _, pause, _ in runs),
        "measured": statistics.median(count for _, _, count in runs),
    }


if __name__ == "__main__":
    main()
