"""What it costs a training to ask D about held-out samples now and then.

    python benchmarks/overfitting.py --presets dcgan-digits gan-2014-digits wgan-gp-digits --rounds 40

Each preset with a fifth of its data held out, on one thread. After each step comes a look, as comes by itself only now
and then; told is the median processor time of both, and what follows for the steps a second.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from common import arguments, prepared, processor, show

from gan_studio.compute import Engine, default_engine
from gan_studio.data import Stream
from gan_studio.jobs.overfitting import Gap
from gan_studio.jobs.settings import RunConfig
from gan_studio.presets import find
from gan_studio.recipes import Training

WARM = 5  # rounds that do not count


def main() -> None:
    given = arguments(__doc__ or "", presets=["dcgan-digits", "gan-2014-digits", "wgan-gp-digits"], rounds=40)
    rows = [row(preset, given.rounds) for preset in given.presets]
    show("With looks at held-out samples, and without", rows, given.json, processor=processor())


def row(preset: str, rounds: int) -> dict[str, str | float]:
    changes = {"data.held_out_share": 0.2, "compute.device": "cpu", "compute.threads": 1}
    config = RunConfig.parse(find(preset).values).with_values(changes)
    dataset, engine = prepared(config.data), default_engine(config.compute)
    engine.enter()
    engine.seed_step(config.seed, 0)
    training = config.recipe.build(dataset.shape, config.steps, engine, dataset.pairs)
    stream = Stream(dataset, config.recipe.batch_size, config.seed)
    gap = Gap(dataset, training, config.recipe.batch_size, config.seed, engine)

    steps, looks = [], []  # processor seconds
    for _ in range(rounds):
        steps.append(taken(lambda: step(training, stream, engine, config.seed)))
        looks.append(taken(lambda: gap.look(0)))
    one, look = statistics.median(steps[WARM:]), statistics.median(looks[WARM:])
    return {
        "preset": preset,
        "batch": config.recipe.batch_size,
        "look every": gap.every,
        "ms a step": 1e3 * one,
        "ms a look": 1e3 * look,
        "steps/s, with / without": one / (one + look / gap.every),
    }


def step(training: Training, stream: Stream, engine: Engine, seed: int) -> None:
    engine.seed_step(seed, training.iteration + 1)
    training.step(stream)


def taken(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
