"""What metrics of pairs share: each pair of a picture and its truth has a number, and the metric is their mean."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from ..config import ConfigError
from ..progress import Progress
from . import AtOnce, Need, Pick, Sets

BATCH_NUMBERS = 2**21  # of all pictures that are compared at a time


class OfPairs(AtOnce):
    """A metric of one measure, the mean over pairs."""

    needs: ClassVar[tuple[Need, ...]] = ("pairs", "pictures")

    @abstractmethod
    def each(self, made: Tensor, truth: Tensor) -> Tensor:
        """Of pairs of pictures [n, C, H, W], float32 in [0, 1]: [n]."""

    def smallest_px(self) -> int:
        """Of the shorter side."""
        return 1

    def resampled(
        self, sets: Sets, picks: Sequence[Pick], seed: int
    ) -> Generator[Progress, None, list[dict[str, float]]]:
        """Each pair is compared once."""
        assert sets.real.pictures is not None and sets.generated.pictures is not None
        parts = []
        size = max(1, BATCH_NUMBERS // sets.real.pictures[0].size)
        for start in range(0, len(sets.real), size):
            yield Progress(start, len(sets.real), self.title)
            made, truth = (
                torch.from_numpy(pictures[start : start + size]).permute(0, 3, 1, 2).float() / 255
                for pictures in (sets.generated.pictures, sets.real.pictures)
            )
            parts.append(self.each(made, truth).double())
        each = torch.cat(parts).numpy()
        (name,) = self.measures
        return [{name: float((each if pick.real is None else each[pick.real]).mean())} for pick in picks]

    def refuse(self, sets: Sets) -> None:
        assert sets.real.pictures is not None
        _, H, W, _ = sets.real.pictures.shape
        if min(H, W) < self.smallest_px():
            raise ConfigError(
                f"{self.title} needs pictures of at least {self.smallest_px()} px a side, and these are {W} x {H} px. "
                "Take larger pictures, or another metric."
            )
