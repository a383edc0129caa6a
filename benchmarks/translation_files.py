"""Translating files: a folder against a plain loop, tiles against the whole, and how much memory a large picture takes.

    python benchmarks/translation_files.py                       # all three, about ten minutes on two cores
    python benchmarks/translation_files.py --part folder --count 12
    python benchmarks/translation_files.py --part large --side 8192 --width 8 --memory 2

The plain loop reads, translates and writes one picture after the other, in float32, as a script of ten lines does. The
sides take turns, so that other work on the machine burdens both. A large picture is translated in a process of its own,
which is told that so many GiB are free, and whose peak is measured.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import arguments, processor, show
from PIL import Image

from gan_studio.jobs import apply
from gan_studio.jobs.apply import Manner, Tiles, computed, run_out, way_for
from gan_studio.jobs.readied import readied
from gan_studio.jobs.translate import TranslateJob
from gan_studio.jobs.translators import Translator, open_translator
from gan_studio.networks import TRANSLATORS
from gan_studio.nn.tiles import cuts


def main() -> None:
    given = arguments(
        __doc__ or "",
        part="all",
        threads=0,
        count=6,
        times=3,
        width=64,
        side=0,
        memory=2.0,
        norm=["instance", "batch"],
        inside="",
    )
    if given.threads:
        torch.set_num_threads(given.threads)
    if given.inside:
        print(json.dumps(large(Path(given.inside), given.side, given.memory)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.part in ("all", "folder"):
            show("A folder of pictures of 256 px through ResNet-9", *compared(folder, given), processor=processor())
        if given.part in ("all", "tiles"):
            show("A picture in pieces against at once, float32", tiling(folder, given), given.json)
        if given.part in ("all", "large"):
            width = given.width if given.width < 64 else 8
            rows = [measured(folder, given.side or 8192, width, norm, given.memory) for norm in given.norm]
            show("A large picture through ResNet-9, in a process of its own", rows, given.json)


def translator(folder: Path, width: int, norm: str = "instance") -> Translator:
    torch.manual_seed(0)
    network = TRANSLATORS.parse({"kind": "resnet", "blocks": 9, "width": width, "norm": norm})
    path = folder / f"{norm}-{width}_net_G.pth"
    torch.save(network.build((3, 256, 256), (3, 256, 256)).state_dict(), path)
    return open_translator(path, device="cpu")


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """[H, W, 3] uint8, with edges and slopes."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (height // 32 + 2, width // 32 + 2, 3), np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


# --- a folder --------------------------------------------------------------------------------------------------------


def compared(folder: Path, given: Any) -> tuple[list[dict[str, Any]], Path | None]:
    one = translator(folder, given.width)
    (folder / "in").mkdir()
    for number in range(given.count):
        Image.fromarray(picture(256, 256, number)).save(folder / "in" / f"{number}.png")
    readied(one)  # measured once for this kind of network, and remembered
    sides: dict[str, Callable[[Path], None]] = {
        "plain loop, float32": lambda out: plain_loop(one, folder / "in", out),
        "GAN Studio, float32": lambda out: queue(one, folder / "in", out, "fp32"),
        f"GAN Studio ({readied(one).words})": lambda out: queue(one, folder / "in", out, "auto"),
    }
    wall: dict[str, list[float]] = {name: [] for name in sides}
    busy: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(given.times):
        for number, (name, work) in enumerate(sides.items()):
            out = folder / f"out-{turn}-{number}"
            out.mkdir()
            start, cpu = time.perf_counter(), time.process_time()
            work(out)
            wall[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - cpu)
    first = next(iter(sides))
    rows = []
    for number, name in enumerate(sides):
        seconds, cpu = statistics.median(wall[name]), statistics.median(busy[name])
        rows.append(
            {
                "side": name,
                "pictures/s": given.count / seconds,
                "as often": statistics.median(wall[first]) / seconds,
                "processor s a picture": cpu / given.count,
                "as often by processor time": statistics.median(busy[first]) / cpu,
                "mean difference, levels": difference(folder / "out-0-0", folder / f"out-0-{number}"),
            }
        )
    return rows, given.json


def plain_loop(one: Translator, source: Path, out: Path) -> None:
    network = one.network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    for path in sorted(source.iterdir()):
        pixels = np.array(Image.open(path).convert("RGB"))
        x = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            y = network(x)
        pixels = ((y[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy()
        Image.fromarray(pixels).save(out / f"{path.stem}.png")


def queue(one: Translator, source: Path, out: Path, precision: str) -> None:
    for _ in TranslateJob(one, [source], out, None, Manner.parse({"precision": precision}), journal=False):
        pass


def difference(one: Path, other: Path) -> float:
    pairs = zip(sorted(one.iterdir()), sorted(other.iterdir()), strict=True)
    apart = [np.abs(np.asarray(Image.open(a)).astype(int) - np.asarray(Image.open(b))).mean() for a, b in pairs]
    return float(np.mean(apart))


# --- pieces ----------------------------------------------------------------------------------------------------------


def tiling(folder: Path, given: Any) -> list[dict[str, Any]]:
    """What overlaps is computed twice; the rest is what tiling itself costs."""
    side, rows = given.side or 1024, []
    pixels = picture(side, side)
    for norm, way, tile in (("batch", "tiles", 256), ("batch", "tiles", 512), ("instance", "layers", 256)):
        one = translator(folder, min(given.width, 16), norm)
        manner = Manner.parse({"way": way, "tile": tile, "precision": "fp32"})
        whole = Manner.parse({"way": "whole", "precision": "fp32"})
        pieces, at_once, most = [], [], 0.0
        for _ in range(given.times):
            a, seconds = timed(one, pixels, whole)
            b, piecewise = timed(one, pixels, manner)
            at_once.append(seconds)
            pieces.append(piecewise)
            most = max(most, float(np.abs(a - b).max()))
        chosen = way_for(one, (side, side), manner)
        twice = share(one, side, chosen) if isinstance(chosen, Tiles) else 1.0
        ratio = statistics.median(pieces) / statistics.median(at_once)
        rows.append(
            {
                "norm": norm,
                "way": str(chosen),
                "processor s at once": statistics.median(at_once),
                "in pieces": statistics.median(pieces),
                "times": ratio,
                "of it overlap": twice,
                "the rest": ratio / twice - 1,
                "largest difference": most,
            }
        )
    return rows


def timed(one: Translator, pixels: np.ndarray, manner: Manner) -> tuple[np.ndarray, float]:
    readied(one, "fp32")
    start = time.process_time()
    return run_out(computed(one, pixels, manner, np.float32)), time.process_time() - start


def share(one: Translator, side: int, way: Tiles) -> float:
    """How many times each pixel is read."""
    needs = one.needs
    read = sum(c.read[1] - c.read[0] for c in cuts(side, way.tile, way.overlap, needs.multiple, needs.least, way.blend))
    return (read / side) ** 2


# --- a large picture -------------------------------------------------------------------------------------------------


def measured(folder: Path, side: int, width: int, norm: str, memory: float) -> dict[str, Any]:
    translator(folder, width, norm)
    words = [sys.executable, __file__, "--inside", str(folder / f"{norm}-{width}_net_G.pth"), "--side", str(side)]
    done = subprocess.run([*words, "--memory", str(memory)], capture_output=True, text=True, check=True)
    return {"norm": norm, "width": width} | json.loads(done.stdout.splitlines()[-1])


def large(path: Path, side: int, memory: float) -> dict[str, Any]:
    apply.free_bytes = lambda device: int(memory * 2**30)
    one = open_translator(path, device="cpu")
    readied(one, "fp32")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    pixels = np.ascontiguousarray(picture(side, side))
    manner = Manner(precision="fp32")
    way = str(way_for(one, (side, side), manner))
    start = time.perf_counter()
    result = run_out(computed(one, pixels, manner))
    return {
        "picture": f"{side} x {side} px",
        "way": way,
        "minutes": (time.perf_counter() - start) / 60,
        "GiB before": before,
        "GiB at the peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "GiB of pixels, in and out": (pixels.nbytes + result.nbytes) / 2**30,
    }


if __name__ == "__main__":
    main()
