"""What the critics of the Lipschitz bench are to tell apart: real points, and generated ones that stand still."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from ...data.toy2d import Distribution, Drawn, Grid, Ring, SwissRoll, TwoMoons
from ...theory.lipschitz import LipschitzBench, LipschitzProgress, compare

Offset = tuple[float, float]
Points = tuple[np.ndarray, np.ndarray]

BLOB = Drawn(points=((0.0, 0.0),), sigma=0.3)
POINT = Drawn(points=((0.0, 0.0),), sigma=1e-3)
LINE = Drawn(points=tuple((0.0, y / 50) for y in range(-50, 51)), sigma=0.01)


@dataclass(frozen=True)
class Scene:
    """With `generated` None the generated points are the real ones, moved: W1 is the length of the offset."""

    title: str
    about: str
    real: Distribution
    generated: Distribution | None
    offset: Offset  # to begin with

    def points(self, bench: LipschitzBench, offset: Offset) -> Points:
        """Real and generated ones, [N, 2] float32 each."""
        generated = self.real if self.generated is None else self.generated
        real, other = bench.model_copy(update={"real": self.real, "generated": generated}).points()
        moved = real if self.generated is None else other
        return real, moved + np.array(offset, np.float32)


MIDDLE, ASIDE, FAR = (0.0, 0.0), (0.6, 0.0), (1.0, 0.0)
SCENES = {
    "ring": Scene("Ring and a blob", "Eight Gaussians on a circle; G makes one in the middle.", Ring(), BLOB, MIDDLE),
    "grid": Scene("Grid and a blob", "Gaussians on a grid; G makes one in the middle.", Grid(), BLOB, MIDDLE),
    "two-moons": Scene("Two moons and a blob", "Two half circles that interlock.", TwoMoons(), BLOB, MIDDLE),
    "swiss-roll": Scene("Swiss roll and a blob", "A spiral with noise.", SwissRoll(), BLOB, MIDDLE),
    "shifted": Scene("Ring, moved", "G makes the ring, but beside: W1 is the offset.", Ring(), None, ASIDE),
    "lines": Scene("Two parallel lines", "The example of the WGAN paper: W1 is the offset.", LINE, None, FAR),
    "points": Scene("Two single points", "W1 is their distance, and a penalty's bias exact.", POINT, POINT, FAR),
}


@dataclass(frozen=True)
class Beginning:
    """The points, and what the critics make of them before their first step."""

    bench: LipschitzBench
    points: Points
    progress: LipschitzProgress

    def training(self) -> Generator[LipschitzProgress, None, None]:
        return compare(self.bench, self.points)


def begin(bench: LipschitzBench, scene: Scene, offset: Offset) -> Beginning:
    """A fifth of a second."""
    points = scene.points(bench, offset)
    trained = compare(bench, points)
    try:
        return Beginning(bench, points, next(trained))
    finally:
        trained.close()
