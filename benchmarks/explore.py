"""How much the explorer adds to the network: a picture of an edited view, and a walk, against the bare generator.

    python benchmarks/explore.py

Untrained DCGANs, on the CPU with one thread. "picture": from the view, with eight edits, to its bytes, against one
forward pass. "walk": pictures a second, with their bytes, against forward passes of the same batch. The last table
finds the known latents of a small generator again.
"""

from __future__ import annotations

import os
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
from gan_studio.directions import random
from gan_studio.jobs.explore import latent, latents, pictures, render, view_of
from gan_studio.jobs.invert import Inversion, invert
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.snapshots import Snapshot, open_snapshot
from gan_studio.jobs.walk import BATCH, Walk, key_frames, way

EDITS, TIMES, FRAMES = 8, 41, 10 * BATCH


def main() -> None:
    given = arguments(__doc__ or "", seeds=5)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GAN_STUDIO_RUNS"] = folder
        sized = {size: opened(Path(folder), size) for size in (16, 32, 64)}
        show("Explorer against the bare generator", [compared(*one) for one in sized.items()], given.json)
        rows = [found(sized[16], seed) for seed in range(given.seeds)]
        show("Known latents found again", rows)


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


def compared(size: int, snapshot: Snapshot) -> dict[str, Any]:
    view = view_of(snapshot, 1)
    for one in random(snapshot.z_dim, EDITS, 0):
        view = view.edited(one, 1.5)
    z = latent(view, snapshot)
    bare, whole = together(lambda: forward(snapshot, z), lambda: render(view, snapshot))
    keys = latents(key_frames(view, [1, 5, 9]), snapshot)
    batches = way(keys, Walk(frames=FRAMES)).split(BATCH)
    loop, walk = together(
        lambda: [forward(snapshot, part) for part in batches],
        lambda: [pictures(part, snapshot) for part in way(keys, Walk(frames=FRAMES)).split(BATCH)],
        times=5,
    )
    return {
        "network": f"DCGAN {size} px",
        "forward ms": round(1e3 * bare, 2),
        "picture ms": round(1e3 * whole, 2),
        "ratio": round(whole / bare, 2),
        "bare pictures/s": round(FRAMES / loop),
        "walk pictures/s": round(FRAMES / walk),
        "share": round(loop / walk, 2),
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


def found(snapshot: Snapshot, seed: int) -> dict[str, Any]:
    wanted = render(view_of(snapshot, seed), snapshot)
    start = time.perf_counter()
    last = list(invert(snapshot, wanted, Inversion(prior=0.0)))[-1]
    error = np.sqrt(np.mean((last.z - snapshot.latents(1, seed)[0].numpy()) ** 2))
    return {
        "seed": seed,
        "latent error": f"{error:.3f} sigma",
        "pixel error": f"{last.error:.2f} of 255",
        "seconds": round(time.perf_counter() - start, 1),
    }


if __name__ == "__main__":
    main()
