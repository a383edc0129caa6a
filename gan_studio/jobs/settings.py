"""A whole run's config: what a preset holds, what the form shows, what stands in a run's config.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from ..compute import Compute
from ..config import ConfigError, Problem, Spec, option
from ..data import SOURCES, Source
from ..recipes import RECIPES, Recipe
from ..registry import OneOf
from .evaluation import Evaluation

SAVES = 20  # in a run, where nothing else is asked for: a few milliseconds each, and one to branch from is never far


class Watch(Spec):
    """Measuring while it trains, and what follows from it."""

    every: int = option(
        0,
        "How often a checkpoint is saved and measured, beside the training and without stalling it; 0: never. Where "
        "measuring takes longer than that, only the newest is measured.",
        ge=0,
        le=100_000_000,
        unit="steps",
        live=True,
    )
    how: Evaluation = option(
        Evaluation(samples=1000, rounds=20),
        "What is measured. The first of the metrics says which checkpoint is best.",
        title="How",
    )
    star_best: bool = option(True, "The best checkpoint so far has a star, and is kept.", live=True)
    patience: int = option(
        0,
        "Stop early when nothing has been better for so many steps: by the first metric where checkpoints are "
        "measured, else by the distance of the samples from the data. 0: train to the end.",
        ge=0,
        le=100_000_000,
        unit="steps",
        live=True,
        title="Stop after",
    )


class RunConfig(Spec):
    """The choices of one training."""

    data: Annotated[Source, OneOf(SOURCES)] = option(
        "digits", "What the generator learns to imitate; the fewer kinds of it, the sooner.", learn=True
    )
    recipe: Annotated[Recipe, OneOf(RECIPES)] = option("gan", "The training algorithm with its parts.")
    steps: int = option(
        2000,
        "Length of the training: samples get better for long, but every step costs time, and G may collapse late.",
        ge=1,
        le=100_000_000,
        unit="steps",
        learn=True,
    )
    seed: int = option(0, "Names all the random numbers of the run: the same seed, the same run.", ge=0, le=2**31 - 1)
    compute: Compute = option(Compute(), "Where and how it is computed.")
    watch: Watch = option(Watch(), "How good it is, measured while it trains; and when to stop.", title="Measuring")
    samples_every: int = option(
        100, "How often the sample grid is drawn and kept.", ge=1, le=1_000_000, unit="steps", live=True, group="Output"
    )
    sample_count: int = option(64, "Samples in the grid.", ge=1, le=4096, group="Output")
    checkpoint_every: int = option(
        0,
        "How often everything is saved; 0: twenty times in the run.",
        ge=0,
        le=1_000_000,
        unit="steps",
        live=True,
        group="Output",
    )
    keep_newest: int = option(
        2, "So many of the newest checkpoints are kept.", ge=1, le=1000, live=True, group="Output"
    )
    keep_spread: int = option(
        20,
        "So many older checkpoints are kept too, spread evenly over the whole run, to branch from anywhere.",
        ge=0,
        le=1000,
        live=True,
        group="Output",
    )
    keep_mb: int = option(
        1000,
        "Those spread over the run take at most so much of the disk: of large networks fewer are kept.",
        ge=0,
        le=10_000_000,
        unit="MB",
        live=True,
        group="Output",
        title="Keep at most",
    )
    keep_every: int = option(
        0,
        "Checkpoints at multiples of this are kept for good; 0: none but the newest, the spread and the starred.",
        ge=0,
        le=100_000_000,
        unit="steps",
        live=True,
        group="Output",
    )

    def steps_to_save(self) -> int:
        """From one checkpoint to the next."""
        return self.checkpoint_every or max(1, self.steps // SAVES)

    def check(self) -> None:
        """Whether the parts fit together, as far as can be known before the data is prepared. Raises ConfigError."""
        found: list[Problem] = []
        shape = self.data.shape()
        checks: dict[str, Callable[[], None]] = {"data": self.data.check}
        if shape is not None:
            checks["recipe"] = lambda: self.recipe.check(shape, self.data.pairs())
        for path, check in checks.items():
            try:
                check()
            except ConfigError as error:
                found += error.under(path).problems
        if found:
            raise ConfigError(*found)


def problems(values: dict[str, Any]) -> tuple[Problem, ...]:
    """What is wrong with the plain values of a config; () is nothing."""
    try:
        RunConfig.parse(values).check()
    except ConfigError as error:
        return error.problems
    return ()
