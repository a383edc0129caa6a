"""Speed and memory of the metrics: the Frechet distance beside SciPy's root of a matrix, precision and recall of many.

`--frechet 2048 --samples 5000` is the size of Inception's features; `--count 50000` that of published precision and
recall. Each part runs in a process of its own, so that its peak of memory is its own; 0 leaves a part out.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from common import arguments, processor, show

from gan_studio.metrics import Seen, Sets
from gan_studio.metrics.density_coverage import DensityCoverage
from gan_studio.metrics.frechet import fitted, frechet
from gan_studio.metrics.honest import finished
from gan_studio.metrics.precision_recall import PrecisionRecall

DECAY = 300  # features, in which the deviation falls by e: as those of networks, a few tell most


def features(count: int, size: int, seed: int, stretch: float = 1.0) -> np.ndarray:
    """[count, size] float32 of a Gaussian whose deviations fall, turned; the turn is the same for all."""
    deviations = np.exp(-np.arange(size) / DECAY) * np.linspace(1, stretch, size)
    turn, _ = np.linalg.qr(np.random.default_rng(99).normal(size=(size, size)))
    rows = np.random.default_rng(seed).normal(size=(count, size)) * deviations
    return (rows @ turn).astype(np.float32)


def by_root(x: np.ndarray, y: np.ndarray) -> float:
    """As TTUR, pytorch-fid and clean-fid compute it."""
    import scipy.linalg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what SciPy will change
        S, T = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
        root = scipy.linalg.sqrtm(S @ T)
    difference = x.mean(axis=0, dtype=np.float64) - y.mean(axis=0, dtype=np.float64)
    return float(difference @ difference + np.trace(S) + np.trace(T) - 2 * np.trace(root.real))


def ours(x: np.ndarray, y: np.ndarray) -> float:
    return frechet(fitted(x), fitted(y))


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """(result, seconds, seconds of processor time)."""
    start, used = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - start, time.process_time() - used


def frechet_part(size: int, count: int, rounds: int) -> list[dict[str, Any]]:
    """Both routes by turns, on the same features; the round that took least processor time."""
    x, y = features(count, size, 0), features(count, size, 1, stretch=1.3)
    best: dict[str, tuple[float, float]] = {}
    found: dict[str, float] = {}
    for _ in range(rounds):
        for name, route in (("scipy.linalg.sqrtm", by_root), ("ours", ours)):
            found[name], wall, used = timed(lambda route=route: route(x, y))
            best[name] = min(best.get(name, (9e9, 9e9)), (used, wall))
    slow = "scipy.linalg.sqrtm"
    return [
        {
            "route": name,
            "samples": f"{count:,}",
            "features": size,
            "s": round(wall, 2),
            "processor s": round(used, 2),
            "times as fast": round(best[slow][0] / used, 1),
            "value": f"{found[name]:.6f}",
            "relative difference": f"{abs(found[name] - found[slow]) / found[slow]:.1e}",
        }
        for name, (used, wall) in best.items()
    ]


def neighbours_part(count: int, size: int) -> list[dict[str, Any]]:
    sets = Sets(Seen(features(count, size, 0)), Seen(features(count, size, 1)))
    before = peak_mib()
    rows = []
    for metric in (PrecisionRecall(), DensityCoverage()):
        values, wall, used = timed(lambda metric=metric: finished(metric.measure(sets, 0)))
        rows.append(
            {
                "metric": metric.title,
                "samples": f"{count:,} x {count:,}",
                "features": size,
                "s": round(wall, 1),
                "processor s": round(used, 1),
                "MiB before": round(before),
                "peak MiB": round(peak_mib()),
                "all distances, MiB": round(count**2 * 8 / 2**20),
                "values": ", ".join(f"{name} {value:.3f}" for name, value in values.items()),
            }
        )
    return rows


def peak_mib() -> float:
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def apart(threads: int, part: str, *numbers: int) -> list[dict[str, Any]]:
    """A part in a process of its own; torch, NumPy and SciPy have as many threads there."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    done = subprocess.run(
        [sys.executable, __file__, part, *map(str, numbers)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | dict.fromkeys(names, str(threads)),
    )
    return json.loads(done.stdout)


PARTS = {"frechet-part": frechet_part, "neighbours-part": neighbours_part}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in PARTS:
        print(json.dumps(PARTS[sys.argv[1]](*map(int, sys.argv[2:]))))
        sys.exit()
    options = arguments(__doc__ or "", frechet=2048, samples=5000, rounds=1, count=50_000, size=64, threads=1)
    facts = {"processor": processor(), "threads": options.threads}
    if options.frechet:
        found = []
        for count in (options.samples, options.frechet // 2):
            found += apart(options.threads, "frechet-part", options.frechet, count, options.rounds)
        show("Frechet distance", found, options.json, **facts)
    if options.count:
        found = apart(options.threads, "neighbours-part", options.count, options.size)
        show("Neighbours of many samples", found, options.json if not options.frechet else None, **facts)
