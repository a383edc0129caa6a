"""How samples are shown and kept, by the shape of one sample: pictures as a grid, 2-D points with D's landscape."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import images
from ..data import Dataset
from ..files import write_atomic
from ..recipes import Generates
from ..runs import Run
from .events import Event, Landscape, Real, Samples

AT_ONCE = 512  # samples in one pass, so that a large grid takes no more memory than a step
REAL_SEED = 987_654_321  # of the fixed real samples that stand beside the generated ones


class Shown(ABC):
    """What is drawn of one training."""

    def __init__(self, dataset: Dataset, count: int, seed: int):
        self.dataset, self.count, self.seed = dataset, count, seed
        self._latents: Tensor | None = None  # fixed, and slow to make by seed

    def real(self) -> Real:
        return Real(self.array(self.dataset.batch(self.count, 0, REAL_SEED).x))

    def events(self, step: int, training: Generates) -> Iterator[Event]:
        if self._latents is None:
            self._latents = training.latents(self.count, self.seed)
        x = torch.cat([training.generate(z) for z in self._latents.split(AT_ONCE)])
        yield Samples(step, self.array(x))

    def keep(self, run: Run, event: Event) -> None:
        """Write what of an event a reopened run shows. Raises OSError."""
        if isinstance(event, Samples):
            self.save(run, f"samples/step-{event.step:08d}", event.array)

    @abstractmethod
    def array(self, x: Tensor) -> np.ndarray:
        """For an event: uint8 [N, H, W, C] or float32 [N, 2]."""

    @abstractmethod
    def save(self, run: Run, name: str, array: np.ndarray) -> Path:
        """Keep an event's array in the run's folder. Raises OSError."""


class Pictures(Shown):
    def array(self, x: Tensor) -> np.ndarray:
        return images.to_uint8(x)

    def save(self, run: Run, name: str, array: np.ndarray) -> Path:
        path = run.folder / f"{name}.png"
        images.write_png(path, images.grid(array))
        return path


class Points(Shown):
    RESOLUTION = 64  # of D's landscape

    def __init__(self, dataset: Dataset, count: int, seed: int):
        super().__init__(dataset, max(count, 2500), seed)  # 2,500 is what modes are counted on
        self.extent = dataset.extent

    def events(self, step: int, training: Generates) -> Iterator[Event]:
        yield from super().events(step, training)
        axis = torch.linspace(-self.extent, self.extent, self.RESOLUTION)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        logits = training.judge(torch.stack([x.flatten(), y.flatten()], dim=1))
        yield Landscape(step, logits.reshape(x.shape).cpu().numpy(), self.extent)

    def keep(self, run: Run, event: Event) -> None:
        super().keep(run, event)
        if isinstance(event, Landscape):
            run.save_landscape(event.logits, event.extent)

    def array(self, x: Tensor) -> np.ndarray:
        return x.detach().float().cpu().numpy()

    def save(self, run: Run, name: str, array: np.ndarray) -> Path:
        buffer = io.BytesIO()
        np.save(buffer, array.astype(np.float32))
        path = run.folder / f"{name}.npy"
        write_atomic(path, buffer.getvalue())
        return path


def shown(dataset: Dataset, count: int, seed: int) -> Shown:
    return (Points if len(dataset.shape) == 1 else Pictures)(dataset, count, seed)
