"""What limits the DCGAN's step: fp32 against bf16 on this processor, and the share that convolutions take.

A 128 to 256 channel 4x4 convolution with its backward, and a matrix product, in both precisions by turns on one thread;
then a profile of our training step (DCGAN, 64 px, batch 64, fp32, channels-last).

    python benchmarks/limits.py --rounds 5
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from common import arguments, prepared, processor, show
from torch.profiler import ProfilerActivity, profile

from gan_studio.compute import Engine
from gan_studio.data import Stream
from gan_studio.jobs.settings import RunConfig

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def convolution(dtype: torch.dtype) -> Callable[[], object]:
    x = torch.randn(64, 128, 16, 16, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    w = torch.randn(256, 128, 4, 4, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    g = torch.randn(64, 256, 8, 8, dtype=dtype).contiguous(memory_format=torch.channels_last)
    return lambda: torch.autograd.grad(torch.nn.functional.conv2d(x, w, stride=2, padding=1), [x, w], g)


def product(dtype: torch.dtype) -> Callable[[], object]:
    a = torch.randn(2048, 2048, dtype=dtype)
    return lambda: a @ a


def best_ms(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least processor time of each, by turns, after one round that warms up."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds + 1):
        for name, call in work.items():
            start = time.process_time()
            call()
            times[name].append(time.process_time() - start)
    return {name: 1000 * min(values[1:]) for name, values in times.items()}


def convolutions_share() -> float:
    config = RunConfig.parse({"data": {"kind": "avatars", "size": 64, "count": 512}})
    dataset = prepared(config.data)
    training = config.recipe.build(dataset.shape, 1000, Engine(torch.device("cpu"), channels_last=True))
    stream = Stream(dataset, 64, 0)
    training.step(stream)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        training.step(stream)
        training.step(stream)
    spent = {event.key: event.self_cpu_time_total for event in profiled.key_averages()}
    return sum(value for key, value in spent.items() if "convolution" in key) / sum(spent.values())


def main() -> None:
    options = arguments(__doc__ or "", rounds=5)
    torch.set_num_threads(1)
    rows = []
    for name, make in {"convolution and its backward": convolution, "2048 x 2048 matrix product": product}.items():
        found = best_ms({precision: make(dtype) for precision, dtype in PRECISIONS.items()}, options.rounds)
        rows.append({"work": name, "fp32, ms": found["fp32"], "bf16, ms": found["bf16"]})
    share = f"{100 * convolutions_share():.0f} %"
    show("What limits the step", rows, options.json, processor=processor(), share_of_the_step_in_convolutions=share)


if __name__ == "__main__":
    main()
