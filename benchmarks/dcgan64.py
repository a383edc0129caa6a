"""Speed: our training job against a plain loop, DCGAN at 64 px, batch 64, the same networks and pictures.

The plain loop is written from the public description of the PyTorch DCGAN example: fp32, eager, BCE on a sigmoid,
separate real and fake passes, one Adam each. Both sides are timed in turn in one process, so that a machine whose speed
drifts does not favour one. What a side is paid for is its steady rate: samples, checkpoints and the start are left out
on both sides, telling and keeping the curves is in ours.

    python benchmarks/dcgan64.py --rounds 5 --steps 12
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from common import arguments, prepared, processor, show
from torch import nn

from gan_studio.compute import cores, pick_device
from gan_studio.jobs.events import Curves, Started
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import TrainJob, new_run
from gan_studio.networks.dcgan import DcganDiscriminator, DcganGenerator

SIZE, BATCH, Z = 64, 64, 100


def plain_loop(pictures: torch.Tensor, device: torch.device) -> Iterator[float]:
    """Seconds of each step, for ever."""
    G = DcganGenerator().build(Z, (3, SIZE, SIZE)).to(device)
    D = DcganDiscriminator().build((3, SIZE, SIZE)).to(device)
    criterion = nn.BCELoss()
    g_opt = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    d_opt = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    while True:
        start = time.perf_counter()
        real = pictures[torch.randint(len(pictures), (BATCH,))].to(device)

        D.zero_grad()
        label = torch.full((BATCH,), 1.0, device=device)
        loss_real = criterion(D(real).sigmoid(), label)
        loss_real.backward()
        fake = G(torch.randn(BATCH, Z, device=device))
        label.fill_(0.0)
        loss_fake = criterion(D(fake.detach()).sigmoid(), label)
        loss_fake.backward()
        d_opt.step()

        G.zero_grad()
        label.fill_(1.0)
        loss_g = criterion(D(fake).sigmoid(), label)
        loss_g.backward()
        g_opt.step()
        wait(device)
        yield time.perf_counter() - start


class OurLoop:
    """The training job, held between rounds."""

    def __init__(self, folder: Path, compute: dict[str, object]):
        config = RunConfig.parse(
            {
                "data": {"kind": "avatars", "size": SIZE, "count": 512},
                "recipe": {"kind": "gan", "batch_size": BATCH},
                "steps": 10_000_000,
                "samples_every": 1_000_000,
                "checkpoint_every": 1_000_000,
                "compute": compute,
            }
        )
        self.events = iter(TrainJob(new_run(config, "bench", folder)))
        for event in self.events:
            if isinstance(event, Started):
                break
        self.until_curves()

    def until_curves(self) -> int:
        """The last step told."""
        return int(next(event for event in self.events if isinstance(event, Curves)).steps[-1])

    def seconds_per_step(self, steps: int) -> float:
        """Steady rate over at least so many steps."""
        first, start = self.until_curves(), time.perf_counter()
        last = first
        while last - first < steps:
            last = self.until_curves()
        return (time.perf_counter() - start) / (last - first)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    options = arguments(__doc__ or "", rounds=5, steps=12)
    device = pick_device()
    with tempfile.TemporaryDirectory() as folder:
        auto = OurLoop(Path(folder), {})
        fp32 = OurLoop(Path(folder), {"precision": "fp32"})
        dataset = prepared(RunConfig.parse({"data": {"kind": "avatars", "size": SIZE, "count": 512}}).data)
        plain = plain_loop(dataset.batch(512, 0, 0).x, device)
        torch.set_num_threads(cores())
        next(plain)
        times: dict[str, list[float]] = {"plain loop (fp32)": [], "ours, bf16 off": [], "ours, auto": []}
        for _ in range(options.rounds):
            times["plain loop (fp32)"].append(statistics.median(next(plain) for _ in range(options.steps)))
            times["ours, bf16 off"].append(fp32.seconds_per_step(options.steps))
            times["ours, auto"].append(auto.seconds_per_step(options.steps))
        auto.events.close()
        fp32.events.close()
    base = times["plain loop (fp32)"]
    rows = [
        {
            "loop": name,
            "ms a step": 1000 * statistics.median(t),
            "pictures/s": BATCH / statistics.median(t),
            "times plain (median of rounds)": statistics.median(b / a for a, b in zip(t, base, strict=True)),
            "min": min(b / a for a, b in zip(t, base, strict=True)),
            "max": max(b / a for a, b in zip(t, base, strict=True)),
        }
        for name, t in times.items()
    ]
    show(f"DCGAN {SIZE} px, batch {BATCH}", rows, options.json, processor=processor(), torch=torch.__version__)


if __name__ == "__main__":
    main()
