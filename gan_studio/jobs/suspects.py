"""Which generated pictures look learnt by heart: the nearest training picture beside the nearest that was never seen.

A picture that is new lies about as near to pictures of the training as to others of the same kind. The ratio of the two
distances is held against that of real pictures which training never saw; the comparison is that of Meehan et al. 2020,
picture by picture. Where none were held out, the distance is held against those of training pictures to each other.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import images
from ..metrics import Seen
from ..metrics.near import pieces
from ..progress import Progress
from .closely import Close
from .events import Exported

RARE = 0.01  # a picture is suspicious where fewer honest ones than this share are so near
BASE = 1000  # training pictures that say how far they usually are from each other
LEAST = 1e-9  # a distance that is divided by
COMPARING = "Looking for the nearest pictures"


@dataclass(frozen=True)
class Suspect:
    """One generated picture."""

    number: int  # among the generated
    train: int  # the nearest training picture,
    train_distance: float  # by the root of the mean squared difference
    unseen: int | None  # and the nearest that training never saw
    unseen_distance: float | None
    ratio: float  # of the two; without unseen ones, of the first to what is usual among training pictures
    honest: float  # the share of honest pictures whose ratio is as small


@dataclass(frozen=True)
class Suspects:
    """All generated pictures, the most suspicious first."""

    by: str  # "pixels", or the eye's name
    found: tuple[Suspect, ...] = field(repr=False)
    baseline: np.ndarray = field(repr=False)  # [M] ratios of honest pictures, rising
    has_unseen: bool

    @property
    def copies(self) -> int:
        """How many are suspicious."""
        return sum(one.honest < RARE for one in self.found)

    @property
    def threshold(self) -> float:
        """The ratio below which a picture is suspicious."""
        return float(np.quantile(self.baseline, RARE))

    @property
    def median(self) -> float:
        return float(np.median([one.ratio for one in self.found]))

    def told(self) -> str:
        """A sentence or two."""
        count, total = self.copies, len(self.found)
        expected = max(1, round(RARE * total))
        many = f"{count:,} of {total:,} pictures are nearer to a training picture than 99 % of honest pictures are"
        verdict = (
            f"{many}: some are copies, or nearly."
            if count > 3 * expected
            else f"{many}; about {expected:,} would be by chance. Nothing says that it copies."
        )
        middle = float(np.median(self.baseline))
        return f"{verdict} The middle ratio is {self.median:.2f}, of honest pictures {middle:.2f}."


def suspects(close: Close, by_pixels: bool) -> Generator[Progress, None, Suspects]:
    """Compare by pixels, or by what the eye sees. Closing the generator cancels."""
    generated, real = _rows(close.generated, by_pixels), _rows(close.real, by_pixels)
    mean = real.mean(dim=0)
    to_real, numbers = yield from _nearest(generated - mean, real - mean)
    if close.unseen is None:
        usual, _ = yield from _nearest(real[:BASE] - mean, real - mean, itself=True)
        middle = max(float(np.median(usual.numpy())), LEAST)
        ratio, baseline = to_real / middle, (usual / middle).numpy()
        others: list[tuple[int | None, float | None]] = [(None, None)] * len(generated)
    else:
        unseen = _rows(close.unseen, by_pixels)
        to_unseen, places = yield from _nearest(generated - mean, unseen - mean)
        unseen_to_real, _ = yield from _nearest(unseen - mean, real - mean)
        to_itself, _ = yield from _nearest(unseen - mean, unseen - mean, itself=True)
        ratio = to_real / to_unseen.clamp(min=LEAST)
        baseline = (unseen_to_real / to_itself.clamp(min=LEAST)).numpy()
        others = list(zip(places.tolist(), to_unseen.tolist(), strict=True))
    baseline = np.sort(baseline)
    honest = np.searchsorted(baseline, ratio.numpy(), side="right") / len(baseline)
    found = [
        Suspect(i, int(numbers[i]), float(to_real[i]), *others[i], float(ratio[i]), float(honest[i]))
        for i in range(len(generated))
    ]
    found.sort(key=lambda one: (one.ratio, one.number))
    by = "pixels" if by_pixels else close.eye.name
    return Suspects(by, tuple(found), baseline, close.unseen is not None)


def _rows(seen: Seen, by_pixels: bool) -> Tensor:
    """[N, F] float64: a distance is the root of the mean squared difference."""
    rows = seen.pictures if by_pixels else seen.rows
    assert rows is not None
    flat = torch.from_numpy(np.ascontiguousarray(rows).reshape(len(rows), -1)).double()
    return flat / flat.shape[1] ** 0.5


def _nearest(x: Tensor, y: Tensor, itself: bool = False) -> Generator[Progress, None, tuple[Tensor, Tensor]]:
    """(distance [N], number [N]) of the nearest of y to each of x; `itself`: x are the first of y, and do not count."""
    far, numbers = torch.empty(len(x), dtype=torch.float64), torch.empty(len(x), dtype=torch.int64)
    for progress, here, squared in pieces(x, y, COMPARING):
        yield progress
        if itself:
            rows = torch.arange(here.start, here.stop)
            squared[rows - here.start, rows] = torch.inf
        least = squared.min(dim=1)
        far[here], numbers[here] = least.values.clamp(min=0).sqrt(), least.indices
    yield Progress(len(x), len(x), COMPARING)
    return far, numbers


def sheet(close: Close, found: Suspects, rows: int = 32, gap: int = 4) -> np.ndarray:
    """One picture [H, W, C] uint8: a row each of the most suspicious, beside its nearest of training and of unseen."""
    kinds = [
        (close.generated, "number"),
        (close.real, "train"),
        *([(close.unseen, "unseen")] if found.has_unseen else []),
    ]
    lines = []
    for one in found.found[:rows]:
        for seen, field_name in kinds:
            assert seen is not None and seen.pictures is not None
            lines.append(seen.pictures[getattr(one, field_name)])
    return images.grid(np.stack(lines), len(kinds), gap)


def write_sheet(path: Path, close: Close, found: Suspects) -> Iterator[Progress | Exported]:
    """Raises OSError."""
    yield Progress(0, 1, "Writing the sheet")
    images.write_png(path, sheet(close, found))
    yield Exported(path)
