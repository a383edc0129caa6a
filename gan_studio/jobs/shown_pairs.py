"""How translations are shown and measured: rows of pictures, and their distance from the truth where it is known.

A sample is a row: what went in, what came out, and what should have; or there and back again. Rows begin with pictures
that training never sees, where the data holds some out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .. import images
from ..data import Dataset
from ..metrics.pairwise import mean_distance
from ..metrics.psnr import mean_square, psnr, studio_luma
from ..metrics.sliced_wasserstein import SlicedWasserstein
from ..metrics.ssim import WINDOW, ssim
from ..nn.resample import bicubic
from ..recipes import BACK, FORTH, Training, Translates
from .drawn import DIVERSITY, REAL_SEED, Drawn, Measures, ShownAsPictures
from .events import Real, Samples

TRUTH = "distance/RMSE to the truth"
WORLD = "distance/sliced W1 of pixels"

AT_ONCE_PX = 2**18  # pixels that a translator is given in one pass
MEASURED_PX = 2**20  # pixels of B that are measured at most, so that looking takes a small share of the training
MEASURED = 64  # pictures that are measured at most
MEAN_OF = 256  # pictures of the training that the mean picture is of
GAP, MARGIN = 2, 6  # pixels between the pictures of a row, and after it
ERROR = 2.0  # errors are shown so many times as strong


class Translations(ShownAsPictures):
    """Rows of a training that translates; without one, rows of the data alone."""

    def __init__(self, dataset: Dataset, count: int, seed: int, training: Translates | None = None):
        super().__init__(dataset, count, seed)
        assert dataset.pairs is not None
        self.source = dataset.held_out or dataset
        assert self.source.pairs is not None
        self.names = dataset.pairs.names
        self.matched = self.source.pairs.matched
        self.directions = training.directions if training else ()
        if training is None:
            return
        rows = rows_of(training, dataset, self.matched)
        self.rows = rows(self)
        self.columns = self.rows.columns
        self.count = max(1, count // len(self.columns))  # `count` is of pictures
        self.yardstick = TRUTH if self.matched else WORLD

    # what the data is

    def real(self) -> Real:
        """Pictures A and B as training sees them."""
        a, b = self.dataset.batch(self.count, 0, REAL_SEED).both()
        return Real(strips([a, b]), self.columns)

    @cached_property
    def inputs(self) -> tuple[Tensor, Tensor]:
        """(A, B) on the CPU, always the same: as many as are shown or measured."""
        assert self.source.pairs is not None
        pixels = self.source.pairs.shape[1] * self.source.pairs.shape[2]
        wanted = max(self.count, min(MEASURED, MEASURED_PX // pixels))
        count = min(wanted, self.source.size or wanted)
        a, b = self.source.batch(count, 0, REAL_SEED).both()
        return a.cpu(), b.cpu()

    @cached_property
    def means(self) -> tuple[Tensor, Tensor]:
        """The mean pictures A and B of the training, [1, C, H, W]: what one guesses who does not look."""
        count = min(MEAN_OF, self.dataset.size or MEAN_OF)
        a, b = self.dataset.batch(count, 0, REAL_SEED).both()
        return a.mean(0, keepdim=True).cpu(), b.mean(0, keepdim=True).cpu()

    @cached_property
    def worlds(self) -> tuple[SlicedWasserstein, SlicedWasserstein]:
        """The distances from as many pictures A and B of the training as are measured."""
        a, b = self.dataset.batch(len(self.inputs[0]), 0, REAL_SEED).both()
        return SlicedWasserstein(a.cpu()), SlicedWasserstein(b.cpu())

    # what becomes of it

    def draw(self, step: int, training: Training) -> Drawn:
        assert isinstance(training, Translates)
        made = Made(training, *self.inputs)
        array = strips(self.rows.pictures(made, self.count))
        raw = None
        if training.averages:
            a, b = (x[: self.count] for x in self.inputs)
            raw = strips(self.rows.pictures(Made(training, a, b, averaged=False), self.count))
        return Drawn(Samples(step, array, raw), None, self._measures(made))

    def _measures(self, made: Made) -> Measures:
        outputs = [(way, made.of(way)) for way in made.training.directions]
        if not all(bool(x.isfinite().all()) for _, x in outputs):
            return {}
        diversity = self._diversity(outputs)
        if not self.matched:
            return {WORLD: self._from_worlds(outputs)} | diversity
        return (
            {TRUTH: self._from_truth(outputs, {FORTH: made.b, BACK: made.a})}
            | self.rows.measures(made)
            | self._baselines
            | diversity
        )

    def facts(self) -> Measures:
        """At "mean" stands who answers every picture with the mean one, at "floor" the truth, or other real ones."""
        truths = {FORTH: self.inputs[1], BACK: self.inputs[0]}
        means = {FORTH: self.means[1], BACK: self.means[0]}
        outputs = [(way, means[way].expand_as(truths[way])) for way in self.directions]
        if self.matched:
            return super().facts() | {"floor": 0.0, "mean": self._from_truth(outputs, truths)}
        again = self.dataset.batch(len(self.inputs[0]), 1, REAL_SEED).both()
        others = [(way, again[way == FORTH]) for way in self.directions]
        return super().facts() | {"floor": self._from_worlds(others), "mean": self._from_worlds(outputs)}

    def _from_truth(self, outputs: list[tuple[str, Tensor]], truths: dict[str, Tensor]) -> float:
        squares = torch.stack([mean_square(unit(x), unit(truths[way])).mean() for way, x in outputs])
        return float(squares.mean().sqrt())

    def _from_worlds(self, outputs: list[tuple[str, Tensor]]) -> float:
        return float(np.mean([self.worlds[way == FORTH](x) for way, x in outputs]))

    def _diversity(self, outputs: list[tuple[str, Tensor]]) -> Measures:
        """Of what is made of different pictures, beside that of real ones, the least varied way: 0 where all is one."""
        shares = [mean_distance(x) / spread for way, x in outputs if (spread := self._spreads[way])]
        return {DIVERSITY: min(shares)} if shares else {}

    @cached_property
    def _spreads(self) -> dict[str, float]:
        a, b = self.inputs
        return {FORTH: mean_distance(b), BACK: mean_distance(a)}

    @cached_property
    def _baselines(self) -> Measures:
        return self.rows.baselines()


@dataclass
class Made:
    """What a training makes of pictures, each asked for once."""

    training: Translates
    a: Tensor
    b: Tensor
    averaged: bool = True

    def of(self, way: str) -> Tensor:
        """B of A, or A of B."""
        return self.forth if way == FORTH else self.back

    @cached_property
    def forth(self) -> Tensor:
        return self._translated(self.a, FORTH)

    @cached_property
    def back(self) -> Tensor:
        return self._translated(self.b, BACK)

    def again(self, way: str, count: int) -> Tensor:
        """Back where it began, after this way: the first `count`."""
        return self._translated(self.of(way)[:count], BACK if way == FORTH else FORTH)

    def _translated(self, x: Tensor, way: str) -> Tensor:
        at_once = max(1, AT_ONCE_PX // (x.shape[2] * x.shape[3]))
        return torch.cat([self.training.translate(part, way, self.averaged).cpu() for part in x.split(at_once)])


# --- rows ------------------------------------------------------------------------------------------------------------


class Rows(ABC):
    """What a row is made of, and what is measured where the truth is known."""

    columns: tuple[str, ...]

    def __init__(self, shown: Translations):
        self.shown = shown

    @abstractmethod
    def pictures(self, made: Made, count: int) -> list[Tensor]:
        """The columns, each [N, C, H, W]."""

    @abstractmethod
    def measures(self, made: Made) -> Measures: ...

    @abstractmethod
    def baselines(self) -> Measures:
        """The same curves of what needs no training: flat lines to compare with."""


class PairRows(Rows):
    """A, what is made of it, B, and the error."""

    def __init__(self, shown: Translations):
        super().__init__(shown)
        a, b = shown.names
        self.columns = (a, "made", b, "error")

    def pictures(self, made: Made, count: int) -> list[Tensor]:
        a, b, y = made.a[:count], made.b[:count], made.forth[:count]
        return [a, y, b, error(y, b)]

    def measures(self, made: Made) -> Measures:
        return alike("made", made.forth, made.b)

    def baselines(self) -> Measures:
        a, b = self.shown.inputs
        mean = self.shown.means[1].expand_as(b)
        return (alike(f"{self.columns[0]}, unchanged", a, b) if a.shape == b.shape else {}) | alike(
            "mean picture", mean, b
        )


class LargeRows(Rows):
    """The small picture, it enlarged bicubically and by the network, the large one, and the error."""

    columns = ("low", "bicubic", "made", "high", "error")

    def pictures(self, made: Made, count: int) -> list[Tensor]:
        a, b, y = made.a[:count], made.b[:count], made.forth[:count]
        return [a, self._bicubic(a, b), y, b, error(y, b)]

    def measures(self, made: Made) -> Measures:
        return self._both("made", made.forth, made.b)

    def baselines(self) -> Measures:
        a, b = self.shown.inputs
        return self._both("bicubic", self._bicubic(a, b), b)

    def _both(self, name: str, x: Tensor, truth: Tensor) -> Measures:
        """In colour, and of the luma alone; without the border that no network can know."""
        border = truth.shape[2] // self.shown.inputs[0].shape[2]
        x, truth = (y[:, :, border:-border, border:-border] for y in (x, truth))
        found = alike(name, x, truth)
        return found | alike(f"{name}, Y", x, truth, luma=True) if truth.shape[1] == 3 else found

    @staticmethod
    def _bicubic(a: Tensor, b: Tensor) -> Tensor:
        return bicubic(a, (b.shape[2], b.shape[3])).clamp(-1, 1)


class CycleRows(Rows):
    """There and back again, from A and from B in turn; the truth and the error where they are known."""

    def __init__(self, shown: Translations):
        super().__init__(shown)
        truth = ("truth", "error") if shown.matched else ()
        self.columns = ("from", "to", "back", *truth)

    def pictures(self, made: Made, count: int) -> list[Tensor]:
        pairs = -(-count // 2)
        ends = ((FORTH, made.a[:pairs], made.b[:pairs]), (BACK, made.b[:pairs], made.a[:pairs]))
        halves = []
        for way, x, truth in ends:
            y = made.of(way)[:pairs]
            row = [x, y, made.again(way, pairs)] + ([truth, error(y, truth)] if self.shown.matched else [])
            halves.append([coloured(picture) for picture in row])
        return [torch.stack(column, dim=1).flatten(0, 1) for column in zip(*halves, strict=True)]  # in turn

    def measures(self, made: Made) -> Measures:
        return alike(FORTH, made.forth, made.b) | alike(BACK, made.back, made.a)

    def baselines(self) -> Measures:
        a, b = self.shown.inputs
        mean_a, mean_b = self.shown.means
        found = alike("unchanged", a, b) if a.shape == b.shape else {}
        return found | alike("mean B", mean_b.expand_as(b), b) | alike("mean A", mean_a.expand_as(a), a)


def rows_of(training: Translates, dataset: Dataset, matched: bool) -> type[Rows]:
    assert dataset.pairs is not None
    if BACK in training.directions:
        return CycleRows
    return PairRows if dataset.pairs.shape[1:] == dataset.shape[1:] else LargeRows


# --- pictures of pictures --------------------------------------------------------------------------------------------


def strips(columns: list[Tensor]) -> np.ndarray:
    """Columns of pictures [N, C, h, w] in [-1, 1] as rows [N, H, W, 3] uint8; small ones by their nearest pixels."""
    height = max(x.shape[2] for x in columns)
    width = max(x.shape[3] for x in columns)
    pictures = [images.to_uint8(interpolate(coloured(x).float(), (height, width))) for x in columns]
    gap = np.zeros((len(pictures[0]), height, GAP, 3), np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    return np.concatenate([*parts, np.zeros((len(pictures[0]), height, MARGIN, 3), np.uint8)], axis=2)


def coloured(x: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, 3, H, W], without transparency."""
    return x[:, :3] if x.shape[1] >= 3 else x[:, :1].expand(-1, 3, -1, -1)


def error(x: Tensor, truth: Tensor) -> Tensor:
    """The mean absolute difference of each pixel, from black over red and yellow to white: [N, 3, H, W] in [-1, 1]."""
    e = ERROR * (x.clamp(-1, 1) - truth).abs().mean(dim=1, keepdim=True) / 2  # [N, 1, H, W], 1 is half of the range
    return torch.cat([3 * e, 3 * e - 1, 3 * e - 2], dim=1).clamp(0, 1) * 2 - 1


# --- measures --------------------------------------------------------------------------------------------------------


def unit(x: Tensor) -> Tensor:
    """[-1, 1] float -> [0, 1], rounded as the bytes of a file are."""
    return ((x.float().clamp(-1, 1) + 1) * 127.5).round() / 255


def alike(name: str, x: Tensor, truth: Tensor, luma: bool = False) -> Measures:
    """{"psnr/name": mean over the pictures, "ssim/name": ...}; pictures smaller than SSIM's window have no SSIM."""
    x, truth = unit(x), unit(truth)
    if luma:
        x, truth = studio_luma(x), studio_luma(truth)
    found = {f"psnr/{name}": float(psnr(x, truth).mean())}
    if min(truth.shape[2:]) >= WINDOW:
        found[f"ssim/{name}"] = float(ssim(x, truth).mean())
    return found
