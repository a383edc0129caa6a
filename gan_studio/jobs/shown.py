"""How samples are shown, measured and kept, by what they are: pictures as a grid, 2-D points with D's plane, pairs.

What is kept of a step is one frame, which `frames.py` reads back.
"""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from .. import images
from ..data import Dataset
from ..files import write_atomic
from ..metrics import exact_wasserstein, modes, pairwise, sliced_wasserstein
from ..recipes import Generates, Training, Translates
from ..runs import Run
from .drawn import DIVERSITY, Drawn, Measures, Shown, ShownAsPictures
from .drawn import REAL_SEED as REAL_SEED
from .events import Landscape, Real, Samples
from .shown_pairs import Translations

SURE = 1e-6  # scores nearer to 0 or 1 are drawn as this
FULL = 5.0  # the log odds of what a critic, which has none, likes most or least of the plane
HALF_MAX = float(np.finfo(np.float16).max)


class OfLatents(Shown):
    """Samples of fixed latents."""

    measured: ClassVar[int]  # samples that it takes
    at_once: ClassVar[int]  # samples in one pass, so that a large grid takes no more memory than a step

    def __init__(self, dataset: Dataset, count: int, seed: int):
        super().__init__(dataset, count, seed)
        self._latents: Tensor | None = None  # fixed, and slow to make by seed

    def real(self) -> Real:
        return Real(self.array(self._real(self.count)))

    def draw(self, step: int, training: Training) -> Drawn:
        assert isinstance(training, Generates)
        if self._latents is None:
            self._latents = training.latents(max(self.count, self.measured), self.seed)
        x = self._generated(training, self._latents, averaged=True)
        raw = self._generated(training, self._latents[: self.count], averaged=False) if training.averages else None
        samples = Samples(step, self.array(x[: self.count]), None if raw is None else self.array(raw))
        finite = bool(x.isfinite().all())
        return Drawn(samples, self._landscape(step, training, x), self._measures(x[: self.measured]) if finite else {})

    def _generated(self, training: Generates, z: Tensor, averaged: bool) -> Tensor:
        return torch.cat([training.generate(part, averaged) for part in z.split(self.at_once)])

    @cached_property
    def _real_spread(self) -> float:
        return pairwise.mean_distance(self._real(pairwise.SAMPLES))

    def _yardstick_facts(self, distance: Callable[[Tensor], float], count: int) -> Measures:
        again = self.dataset.batch(count, 1, REAL_SEED).x
        mean = again.mean(0, keepdim=True).expand_as(again)
        return {"floor": distance(again), "mean": distance(mean), "spread": self._real_spread}

    def _diversity(self, x: Tensor) -> Measures:
        spread = pairwise.mean_distance(x[: pairwise.SAMPLES])
        return {DIVERSITY: spread / self._real_spread} if self._real_spread else {}

    @abstractmethod
    def array(self, x: Tensor) -> np.ndarray:
        """For an event: uint8 [N, H, W, C] or float32 [N, 2]."""

    @abstractmethod
    def _measures(self, x: Tensor) -> Measures:
        """Of generated samples, all of them finite."""

    def _landscape(self, step: int, training: Generates, x: Tensor) -> Landscape | None:
        return None


class Pictures(OfLatents, ShownAsPictures):
    yardstick = "distance/sliced W1 of pixels"
    measured = sliced_wasserstein.SAMPLES
    at_once = 64

    def __init__(self, dataset: Dataset, count: int, seed: int):
        super().__init__(dataset, count, seed)
        self._distance: sliced_wasserstein.SlicedWasserstein | None = None

    def array(self, x: Tensor) -> np.ndarray:
        return images.to_uint8(x)

    def facts(self) -> Measures:
        distance = sliced_wasserstein.SlicedWasserstein(self._real(self.measured))
        return super().facts() | self._yardstick_facts(distance, self.measured)

    def _measures(self, x: Tensor) -> Measures:
        if self._distance is None:
            self._distance = sliced_wasserstein.SlicedWasserstein(self._real(self.measured).to(x.device))
        return {self.yardstick: self._distance(x)} | self._diversity(x)


class Points(OfLatents):
    yardstick = "distance/W1, exact"
    measured = modes.SAMPLES
    at_once = 4096

    RESOLUTION = 64  # of D's landscape
    PULLED = 400  # points that show what they feel
    WARPED = 21  # lines each way of the grid that G bends

    def __init__(self, dataset: Dataset, count: int, seed: int):
        super().__init__(dataset, max(count, self.measured), seed)
        self.extent = dataset.extent
        self._data = self._real(self.PULLED)  # [400, 2]
        axis = torch.linspace(-self.extent, self.extent, self.RESOLUTION)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self._plane = torch.stack([x.flatten(), y.flatten()], dim=1)  # [64 * 64, 2]

    def array(self, x: Tensor) -> np.ndarray:
        return x.detach().float().cpu().numpy()

    def keep_real(self, run: Run, array: np.ndarray) -> None:
        buffer = io.BytesIO()
        np.save(buffer, array)
        write_atomic(run.folder / "real.npy", buffer.getvalue())

    def keep(self, run: Run, drawn: Drawn) -> None:
        samples, plane = drawn.samples, drawn.landscape
        arrays = {"points": samples.array, "raw": samples.raw}
        if plane is not None:
            logits = plane.logits.clip(-HALF_MAX, HALF_MAX).astype(np.float16)  # for looking at: that is enough
            arrays |= {"logits": logits, "extent": np.array(plane.extent), "pull": plane.pull, "warped": plane.warped}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **{name: kept for name, kept in arrays.items() if kept is not None})
        write_atomic(run.folder / "samples" / f"step-{samples.step:08d}.npz", buffer.getvalue())

    def _landscape(self, step: int, training: Generates, x: Tensor) -> Landscape:
        """What D thinks of the plane, what it makes the first points feel, and how G bends its latents' plane."""
        logits = self._odds(training, x[: self.PULLED]).reshape(self.RESOLUTION, self.RESOLUTION)
        pull = training.pull(x[: self.PULLED], self._data)
        warped = training.generate(training.latent_grid(self.WARPED)).reshape(self.WARPED, self.WARPED, 2)
        return Landscape(step, self.array(logits), self.extent, self.array(pull), self.array(warped))

    def _odds(self, training: Generates, x: Tensor) -> Tensor:
        """log p/(1 - p) of D's score p at each place of the plane [R * R].

        Answers without a scale are taken from halfway between D's mean answers to real and to these generated points,
        in units of the farthest: 0 is what D finds as real as generated, in either case.
        """
        plane = training.judge(self._plane)
        score = training.score(plane.double())  # doubles, so that what D is sure of is not rounded to 0 or 1
        if score is not None:
            return score.clamp(SURE, 1 - SURE).logit().float()
        middle = (training.judge(self._data).mean() + training.judge(x).mean()) / 2
        away = (plane - middle).nan_to_num()
        return FULL * away / away.abs().max().clamp(min=1e-12)

    def facts(self) -> Measures:
        return super().facts() | self._yardstick_facts(self._distance, exact_wasserstein.SAMPLES)

    def _distance(self, x: Tensor) -> float:
        N = exact_wasserstein.SAMPLES
        return exact_wasserstein.wasserstein1(self.array(x[:N]), self.array(self._data[:N]))

    def _measures(self, x: Tensor) -> Measures:
        found = {self.yardstick: self._distance(x)} | self._diversity(x)
        if len(self.dataset.centres):
            score = modes.score_modes(x, self.dataset.centres, self.dataset.sigma)
            found |= {"modes/covered": float(score.covered), "modes/high quality": score.high_quality}
        return found


def shown(dataset: Dataset, count: int, seed: int, training: Training | None = None) -> Shown:
    """How such samples are shown; without a training, how the data itself is."""
    if isinstance(training, Translates) or (training is None and dataset.pairs):
        return Translations(dataset, count, seed, training if isinstance(training, Translates) else None)
    return (Points if len(dataset.shape) == 1 else Pictures)(dataset, count, seed)
