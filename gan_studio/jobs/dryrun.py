"""The short dry run before a start: times threads x precision x memory format on this very training, picks the fastest.

Guesses about this were wrong by a factor of three, so nothing is guessed. Throw-away networks are used; the run itself
starts untouched.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass

import torch

from ..compute import Compute, Engine, default_engine, device_name, formats_to_try, threads_to_try
from ..config import ConfigError, Problem
from ..data import Dataset, Progress, Stream
from .events import Forecast
from .settings import RunConfig

STEPS, SECONDS = 8, 0.6  # at most so many timed steps, or so long, for each candidate


@dataclass(frozen=True)
class Outcome:
    engine: Engine
    forecast: Forecast


def dry_run(config: RunConfig, dataset: Dataset, spare_core: bool) -> Generator[Progress, None, Outcome]:
    """Raises ConfigError where not even one step fits in memory, saying which batch size would."""
    best = default_engine(config.compute, spare_core)
    times: dict[Engine, float] = {}
    pictures = len(dataset.shape) == 3
    for variants in (_itself, threads_to_try, formats_to_try):
        for engine in variants(config.compute, best, pictures):
            if engine not in times:
                yield Progress(len(times), 0, f"Trying {engine}")
                times[engine] = _seconds_per_step(config, dataset, engine)
        best = min(times, key=times.__getitem__)
    if math.isinf(times[best]):
        raise ConfigError(_what_fits(config, dataset, best))
    ranked = sorted(((e, t) for e, t in times.items() if math.isfinite(t)), key=lambda pair: pair[1])
    return Outcome(best, forecast(config, best, times[best], tuple((str(e), t) for e, t in ranked)))


def _itself(compute: Compute, best: Engine, pictures: bool) -> list[Engine]:
    return [best]


def forecast(
    config: RunConfig, engine: Engine, seconds_per_step: float, table: tuple[tuple[str, float], ...] = ()
) -> Forecast:
    rate = config.recipe.samples_per_step / seconds_per_step if seconds_per_step else 0.0
    return Forecast(
        str(engine), device_name(engine.device), table, seconds_per_step, rate, engine.memory_bytes(), engine.on_card
    )


def _seconds_per_step(config: RunConfig, dataset: Dataset, engine: Engine) -> float:
    """The median of a few steps after one that warms up; infinity where memory runs out."""
    engine.enter()
    try:
        return _timed(config, dataset, engine)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return math.inf


def _timed(config: RunConfig, dataset: Dataset, engine: Engine, most: int = STEPS) -> float:
    engine.forget_peak()
    engine.seed_step(config.seed, 0)
    training = config.recipe.build(dataset.shape, config.steps, engine, dataset.pairs)
    training.iteration = config.recipe.typical(config.steps)
    stream = Stream(dataset.to(engine.device), config.recipe.batch_size, config.seed)
    training.step(stream)
    engine.wait()
    times: list[float] = []
    while len(times) < most and sum(times) < SECONDS:
        start = time.perf_counter()
        training.step(stream)
        engine.wait()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def _what_fits(config: RunConfig, dataset: Dataset, engine: Engine) -> Problem:
    """Halve the batch until a step fits, so that the sentence names a number that was tried."""
    batch = config.recipe.batch_size
    while (batch := batch // 2) >= 1:
        smaller = config.with_values({"recipe.batch_size": batch})
        try:
            _timed(smaller, dataset, engine, most=1)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            continue
        tried = config.recipe.batch_size
        return Problem("recipe.batch_size", f"{tried} does not fit into memory here; {batch} does. Choose that.")
    return Problem(
        "recipe", "these networks do not fit into memory here even one sample at a time; choose narrower ones."
    )


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    told = str(error).lower()
    return "out of memory" in told or "can't allocate memory" in told  # as torch says on graphics cards, on the CPU
