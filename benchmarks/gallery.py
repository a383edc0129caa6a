"""How much a gallery adds to the network: exports of many pictures against the bare generator.

    python benchmarks/gallery.py

Untrained DCGANs, on the CPU with one thread. Pictures that carry their recipe (a folder, a page, a data set) are drawn
one by one, so that they are the same again to the last bit: beside a loop of single forward passes. Sheets and prints
are drawn in batches: beside a loop of the same batches. The last table is what scores and novelty take.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import arguments, show

from gan_studio import runs
from gan_studio.compute import Engine
from gan_studio.jobs.explore import latents, view_of
from gan_studio.jobs.gallery import BATCH, Arrangement, Sample, arranged, by_seeds
from gan_studio.jobs.gallery_export import FORMS, export_gallery
from gan_studio.jobs.neighbours import MOST, Neighbours, judge
from gan_studio.jobs.novelty import nearest
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.snapshots import Snapshot, open_snapshot

COUNT, TIMES = 6 * BATCH, 5
IN_BATCHES = (".png", ".pdf")


def main() -> None:
    given = arguments(__doc__ or "")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GAN_STUDIO_RUNS"] = folder
        sized = {size: opened(Path(folder), size) for size in (32, 64)}
        rows = [compared(Path(folder), *one, suffix) for one in sized.items() for suffix in FORMS]
        show("Exports against the bare generator", rows, given.json)
        show("What a picture's score and novelty take, and the order", [measured(*one) for one in sized.items()])


def opened(folder: Path, size: int) -> Snapshot:
    """An untrained DCGAN whose pictures differ, as a run."""
    values = {"data": {"kind": "avatars", "size": size}, "recipe": {"kind": "gan"}, "compute": {"device": "cpu"}}
    config = RunConfig.parse(values)
    run = runs.create(folder, f"{size} px", config.plain())
    torch.manual_seed(0)
    training = config.recipe.build((3, size, size), 1, Engine(torch.device("cpu")))
    weights = {name: network.state_dict() for name, network in training.networks().items()}
    for name, tensor in ((n, t) for state in weights.values() for n, t in state.items()):
        if name.endswith("running_var"):
            tensor.fill_(0.05)
    run.save_checkpoint(1, weights, {})
    return open_snapshot(run.folder, device="cpu")


def compared(folder: Path, size: int, snapshot: Snapshot, suffix: str) -> dict[str, Any]:
    samples = by_seeds(view_of(snapshot), range(COUNT))
    z = latents([sample.view for sample in samples], snapshot)
    parts = z.split(BATCH if suffix in IN_BATCHES else 1)
    path = folder / f"gallery{suffix}"

    def export() -> None:
        for _ in export_gallery(snapshot, samples, path, replace=bool(suffix)):
            pass
        if not suffix:
            shutil.rmtree(path)

    bare, whole = together(lambda: [forward(snapshot, part) for part in parts], export, times=TIMES)
    return {
        "network": f"DCGAN {size} px",
        "export": suffix or "folder",
        "forward": f"in batches of {BATCH}" if suffix in IN_BATCHES else "one by one",
        "bare pictures/s": round(COUNT / bare),
        "export pictures/s": round(COUNT / whole),
        "share": round(bare / whole, 2),
    }


@torch.no_grad()
def forward(snapshot: Snapshot, z: torch.Tensor) -> torch.Tensor:
    return snapshot.network(z)


def together(*works: Callable[[], Any], times: int = TIMES) -> list[float]:
    """The median seconds of each, taken in turns so that all see the same machine."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, seconds in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


def measured(size: int, snapshot: Snapshot) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (BATCH, size, size, 3), np.uint8)
    held = Neighbours(rng.integers(0, 256, (MOST, size, size, 3), np.uint8), MOST)
    score = judge(snapshot)
    assert score is not None
    scored, near = together(lambda: score(pictures), lambda: nearest(held, pictures, 1), times=3)
    ten_thousand = [Sample(view_of(snapshot, i), float(i * 7919 % 10_007)) for i in range(10_000)]
    start = time.perf_counter()
    arranged(ten_thousand, Arrangement(order="score"))
    return {
        "pictures": f"{size} px",
        "score ms": round(1e3 * scored / BATCH, 2),
        f"novelty among {MOST:,} ms": round(1e3 * near / BATCH, 1),
        "10,000 sorted ms": round(1e3 * (time.perf_counter() - start), 1),
    }


if __name__ == "__main__":
    main()
