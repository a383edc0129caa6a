"""One training on several processes, as torchrun starts them: rank 0 conducts with `TrainJob`, the others `follow`.

Only rank 0 writes, draws and listens; before each step it tells the others what to do. Batch norm counts on each
rank's share alone, as is usual; so do relativistic averages.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..compute import Engine, engine_from
from ..config import ConfigError, Problem
from ..data import Stream
from ..ranks import Ranks
from ..recipes import Curves, Training
from ..runs import Checkpoint
from .settings import RunConfig


@dataclass(frozen=True)
class Begin:
    """Build this training, from a checkpoint where there is one."""

    config: dict[str, Any]
    engine: dict[str, Any]
    checkpoint: Path | None


@dataclass(frozen=True)
class Take:
    """Take one step of these players."""

    players: tuple[str, ...]


@dataclass(frozen=True)
class Average:
    """Average the scalars of the steps since the last time."""


@dataclass(frozen=True)
class Apply:
    """Go on with this config: a live option was changed."""

    config: dict[str, Any]


@dataclass(frozen=True)
class End:
    pass


def check(config: RunConfig, ranks: Ranks) -> None:
    """Raises ConfigError where the batch cannot be shared out evenly."""
    batch, world = config.recipe.batch_size, ranks.world
    if batch % world:
        less = max(world, batch - batch % world)
        raise ConfigError(
            Problem("recipe.batch_size", f"{batch} cannot be shared evenly by {world} processes; {less} can.")
        )


def follow(ranks: Ranks) -> None:
    """Take part in the training that rank 0 conducts, until it ends."""
    order = ranks.hear()
    if isinstance(order, Begin):
        Follower(order, ranks).obey()


class Follower:
    """One of the ranks that only compute."""

    def __init__(self, begin: Begin, ranks: Ranks):
        self.config = RunConfig.parse(begin.config)
        dataset = exhausted(self.config.data.prepare())  # rank 0 has prepared it: it comes from the cache
        engine = engine_from(begin.engine)
        assert engine
        self.engine: Engine = replace(engine, ranks=ranks)
        self.engine.enter()
        self.engine.seed_step(self.config.seed, 0)
        self.training: Training = self.config.recipe.build(dataset.shape, self.config.steps, self.engine, dataset.pairs)
        self.stream = Stream(dataset.to(self.engine.device), self.config.recipe.batch_size, self.config.seed)
        self.untold: list[Curves] = []
        if begin.checkpoint:
            weights, rest = Checkpoint(begin.checkpoint).load()
            self.training.load_weights(weights)
            self.training.load_state(rest["training"])
            self.stream.position = rest["position"]

    def obey(self) -> None:
        while True:
            match self.engine.ranks.hear():
                case Take(players):
                    self.engine.seed_step(self.config.seed, self.training.iteration + 1)
                    self.untold.append(self.training.step(self.stream, players))
                case Average():
                    self.engine.ranks.mean(stacked(self.untold))
                    self.untold = []
                case Apply(config):
                    self.config = RunConfig.parse(config)
                    self.training.apply(self.config.recipe)
                case End():
                    return


def stacked(rows: list[Curves]) -> Tensor:
    """The scalars of several steps as one tensor on their device, step by step."""
    return torch.stack([value for scalars in rows for value in scalars.values()])


def exhausted(preparation: Generator[Any, None, Any]) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(preparation)
        except StopIteration as done:
            return done.value
