"""Where steps and values lie in a plot."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QRectF

Piece = tuple[np.ndarray, np.ndarray]  # x [K] and y [K] in pixels
Span = tuple[float, float]

FAR = 1e5  # pixels; further away all is the same


@dataclass(frozen=True)
class Scale:
    """Steps from left to right and heights from the bottom up; heights are values, or their base-10 logarithms."""

    area: QRectF
    steps: Span
    heights: Span
    log: bool

    def to_x(self, step: float) -> float:
        return self.area.left() + (step - self.steps[0]) / (self.steps[1] - self.steps[0]) * self.area.width()

    def to_y(self, height: float) -> float:
        bottom, top = self.heights
        return self.area.bottom() - (height - bottom) / (top - bottom) * self.area.height()

    def to_step(self, x: float) -> float:
        return self.steps[0] + (x - self.area.left()) / self.area.width() * (self.steps[1] - self.steps[0])

    def to_height(self, y: float) -> float:
        bottom, top = self.heights
        return bottom + (self.area.bottom() - y) / self.area.height() * (top - bottom)

    def height_of(self, value: float) -> float:
        """NaN where a logarithm has none."""
        if not self.log:
            return value
        return math.log10(value) if value > 0 else math.nan

    def pieces(self, steps: np.ndarray, values: np.ndarray, breaks: np.ndarray) -> Iterator[Piece]:
        """What is joined of a line [K]; `breaks` says where it is not joined to the point before."""
        if self.log:
            good = values > 0
            breaks = breaks | ~good | np.append(False, ~good[:-1])
            values = np.log10(np.where(good, values, np.nan))
        x = self.to_x(steps)  # type: ignore[arg-type]
        y = np.clip(self.to_y(values.astype(np.float64)), -FAR, FAR)  # type: ignore[arg-type]
        for start, stop in pairwise([0, *np.flatnonzero(breaks).tolist(), len(steps)]):
            if start < stop and not np.isnan(y[start]):
                yield x[start:stop], y[start:stop]  # type: ignore[index]
