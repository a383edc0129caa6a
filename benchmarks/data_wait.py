"""The share of the training's time that it waits for data, with the cache on.

Every call for a batch is timed inside the very training that the job runs; the rest of the step is what it is compared
with. Batches are made on the training's own device and thread, so what is timed is all there is.

    python benchmarks/data_wait.py --steps 40
"""

from __future__ import annotations

import time

from common import arguments, prepared, processor, show

from gan_studio import presets
from gan_studio.compute import default_engine
from gan_studio.data import Batch, Dataset, Stream
from gan_studio.jobs.settings import RunConfig


class TimedStream(Stream):
    """A stream that adds up how long it was waited for."""

    waited = 0.0

    def __next__(self) -> Batch:
        start = time.perf_counter()
        batch = super().__next__()
        self.waited += time.perf_counter() - start
        return batch


def waits(name: str, config: RunConfig, dataset: Dataset, steps: int) -> dict[str, object]:
    engine = default_engine(config.compute)
    engine.enter()
    training = config.recipe.build(dataset.shape, config.steps, engine)
    stream = TimedStream(dataset.to(engine.device), config.recipe.batch_size, 0)
    training.step(stream)
    engine.wait()
    stream.waited, start = 0.0, time.perf_counter()
    for _ in range(steps):
        training.step(stream)
    engine.wait()
    total = time.perf_counter() - start
    return {
        "training": name,
        "ms a step": 1000 * total / steps,
        "ms waited for data": 1000 * stream.waited / steps,
        "share, %": 100 * stream.waited / total,
    }


def main() -> None:
    options = arguments(__doc__ or "", steps=40)
    augmented = {"data.augment.horizontal_flip": True, "data.augment.crop": 0.1}
    cases = [("dcgan-digits", {}), ("dcgan-avatars", {}), ("dcgan-avatars", augmented), ("ring", {})]
    big = {"data.size": 64, "recipe.generator.width": 64, "recipe.discriminator.width": 64}
    cases.append(("dcgan-avatars", big | {"data.count": 512}))
    rows = []
    for preset, changes in cases:
        config = RunConfig.parse(presets.find(preset).values).with_values(changes)
        told = ", ".join(f"{key.split('.')[-1]} {value}" for key, value in changes.items())
        label = f"{preset} {told}".strip()
        rows.append(waits(label, config, prepared(config.data), options.steps))
    show("Waiting for data", rows, options.json, processor=processor())


if __name__ == "__main__":
    main()
