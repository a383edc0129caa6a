"""What is drawn of a training at a step, measured and kept: the common ground of `shown.py` and `shown_pairs.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from .. import images
from ..data import Dataset
from ..recipes import Training
from ..runs import Run
from .events import Event, Landscape, Real, Samples

REAL_SEED = 987_654_321  # of the fixed real samples that stand beside the generated ones, and that they are measured by

DIVERSITY = "diversity/pairwise distance"  # of samples, beside that of as many real ones

Measures = dict[str, float]  # {curve: value}


@dataclass(frozen=True)
class Drawn:
    """What is shown of a step, and what was measured of it."""

    samples: Samples
    landscape: Landscape | None
    measures: Measures

    @property
    def events(self) -> list[Event]:
        return [self.samples] if self.landscape is None else [self.samples, self.landscape]


class Shown(ABC):
    """What is drawn of one training."""

    yardstick: str  # the curve that says how good samples are: a distance from the data, lower is better
    columns: tuple[str, ...] = ()  # of samples that are rows of pictures: what each picture of a row is

    def __init__(self, dataset: Dataset, count: int, seed: int):
        self.dataset, self.count, self.seed = dataset, count, seed

    @abstractmethod
    def real(self) -> Real:
        """What stands beside the samples."""

    @abstractmethod
    def draw(self, step: int, training: Training) -> Drawn:
        """Of fixed inputs; moves no global generator and no statistic."""

    def facts(self) -> Measures:
        """What is true of the data whatever is trained on it, for whoever judges the course of a training.

        "modes", "classes", "size" where they are known; by the yardstick, "floor": from real samples to other real
        ones, and "mean": to as many copies of their mean; "spread": how far apart two real samples are.
        """
        dataset = self.dataset
        known = {"modes": len(dataset.centres), "classes": len(dataset.classes), "size": dataset.size or 0}
        return {name: float(count) for name, count in known.items() if count}

    @abstractmethod
    def keep_real(self, run: Run, array: np.ndarray) -> None:
        """Write what stands beside the samples. Raises OSError."""

    @abstractmethod
    def keep(self, run: Run, drawn: Drawn) -> None:
        """Write what a reopened run shows of a step. Raises OSError."""

    def _real(self, count: int) -> Tensor:
        return self.dataset.batch(count, 0, REAL_SEED).x


class ShownAsPictures(Shown):
    """Kept as one picture a step."""

    def keep_real(self, run: Run, array: np.ndarray) -> None:
        images.write_png(run.folder / "real.png", images.grid(array))

    def keep(self, run: Run, drawn: Drawn) -> None:
        folder, step = run.folder / "samples", drawn.samples.step
        if drawn.samples.raw is not None:  # first, so that whoever finds the other finds it too
            images.write_png(folder / f"raw-{step:08d}.png", images.grid(drawn.samples.raw))
        images.write_png(folder / f"step-{step:08d}.png", images.grid(drawn.samples.array))
