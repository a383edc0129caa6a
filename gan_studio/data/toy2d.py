"""Points in the plane whose density is known exactly: where a GAN's failures can be seen and measured.

A distribution stands in the coordinates of its paper; `PlaneDataset` is what is trained on, all of it (samples,
density, centres, sigma) divided by the same `scale`. A new distribution is one more class at the end of this file.
"""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Generator
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ..config import Spec, option
from ..registry import OneOf, Registry
from . import SOURCES, Batch, Dataset, Progress, Source

BLOCK = 32  # batches that are drawn together: one at a time, drawing would be a fifteenth of a small training's step
NO_CENTRES = torch.empty(0, 2)


class Distribution(Spec):
    """A density p on the plane, in the coordinates of its paper."""

    @abstractmethod
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Points [N, 2] drawn from p, float32, on the CPU."""

    @abstractmethod
    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) [N] at the points x [N, 2], in x's precision; -inf outside the support."""

    @property
    def scale(self) -> float:
        """What the coordinates are divided by for training, so that they are about 1."""
        return 1.0

    @property
    @abstractmethod
    def extent(self) -> float:
        """Half the width of a square around the origin that shows (nearly) all of p."""

    @property
    def centres(self) -> Tensor:
        """The modes [K, 2], where there are any."""
        return NO_CENTRES

    @property
    def spread(self) -> float:
        """The standard deviation of each coordinate within a mode: a good sample lies within three of them."""
        return 0.0


DISTRIBUTIONS: Registry[Distribution] = Registry("gan_studio.data", "2-D distribution")


class PlaneDataset(Dataset):
    """Endless fresh samples of a distribution, and the truth about it, all divided by `scale`."""

    shape = (2,)

    def __init__(self, distribution: Distribution, scale: float):
        self.distribution, self.scale = distribution, scale
        self.centres = distribution.centres / scale  # [K, 2]
        self.sigma = distribution.spread / scale  # 0 where there are no modes
        self.extent = distribution.extent / scale
        self.device = torch.device("cpu")
        self._block: tuple[tuple[int, int, int], Tensor] | None = (
            None  # (count, seed, number), points [BLOCK, count, 2]
        )

    def batch(self, count: int, position: int, seed: int) -> Batch:
        number, row = divmod(position, BLOCK)
        key = (count, seed, number)
        if self._block is None or self._block[0] != key:
            self._block = (key, self._drawn(BLOCK * count, seeded(seed, number)).reshape(BLOCK, count, 2))
        return Batch(self._block[1][row])

    def _drawn(self, count: int, generator: torch.Generator) -> Tensor:
        """Points [N, 2], drawn on the CPU, so that every device trains on the same ones."""
        return (self.distribution.sample(count, generator) / self.scale).to(self.device)

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) [N] at x [N, 2] in the coordinates of the samples."""
        return self.distribution.log_density(x * self.scale) + 2 * math.log(self.scale)  # the map's Jacobian

    def to(self, device: torch.device) -> PlaneDataset:
        moved = copy.copy(self)
        moved.device, moved._block = device, None
        return moved


def seeded(*numbers: int) -> torch.Generator:
    """A CPU generator for these numbers alone."""
    state = np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state))


# --- mixtures and curves ---------------------------------------------------------------------------------------------


def pick(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Rows [N, 2] of `points` [K, 2], each equally likely."""
    return points[torch.randint(len(points), (count,), generator=generator)]


def noise(count: int, sigma: float, generator: torch.Generator) -> Tensor:
    return sigma * torch.randn(count, 2, generator=generator)


def uniform(count: int, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator)


def log_mixture(x: Tensor, centres: Tensor, sigma: float, weights: Tensor) -> Tensor:
    """log sum_k w_k N(x; c_k, sigma^2 I) [N]; weights [K] sum to 1. In pieces, so that N times K may be large."""
    (a, b), log_weight = centres.to(x).T, weights.to(x).log() - math.log(2 * math.pi * sigma**2)  # [K] each
    rows = max(1, 250_000 // len(centres))
    parts = [
        torch.logsumexp(log_weight - ((part[:, :1] - a).square() + (part[:, 1:] - b).square()) / (2 * sigma**2), dim=1)
        for part in x.split(rows)
    ]
    return torch.cat(parts)


def equal(count: int) -> Tensor:
    return torch.full((count,), 1 / count, dtype=torch.float64)


def along(length: float, sigma: float) -> tuple[Tensor, Tensor]:
    """Nodes u in (0, 1) and weights [K] that sum to 1, for integrals along a curve seen through noise of sigma.

    Gauss-Legendre with eight nodes to every piece of three sigma: exact to better than 1e-7.
    """
    u, weights = np.polynomial.legendre.leggauss(8)
    pieces = math.ceil(length / (3 * sigma))
    nodes = (np.arange(pieces)[:, None] + (u + 1) / 2) / pieces
    return torch.from_numpy(nodes.ravel()), torch.from_numpy(np.tile(weights / 2 / pieces, pieces))


# --- Gaussian mixtures -----------------------------------------------------------------------------------------------


@DISTRIBUTIONS.add
class Ring(Distribution):
    """Metz et al. 2016 and Gulrajani et al. 2017: radius 2, sigma 0.02; WGAN-GP divides by 1.414."""

    kind = "ring"
    title = "Ring of Gaussians"
    paper = "Metz et al. 2016"
    about = "Equal Gaussians on a circle: the classic test for mode collapse."

    modes: int = option(8, "Gaussians on the circle.", ge=1, le=64)
    radius: float = option(2.0, "Radius of the circle.", gt=0, le=100)
    sigma: float = option(0.02, "Standard deviation of each Gaussian.", gt=0, le=10, log=True)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        return pick(self.centres, count, generator) + noise(count, self.sigma, generator)

    def log_density(self, x: Tensor) -> Tensor:
        return log_mixture(x, self.centres, self.sigma, equal(self.modes))

    @property
    def scale(self) -> float:
        return self.radius / math.sqrt(2)  # 1.414 for a radius of 2

    @property
    def extent(self) -> float:
        return 1.25 * self.radius + 4 * self.sigma

    @property
    def centres(self) -> Tensor:
        turn = torch.arange(self.modes) * (2 * math.pi / self.modes)  # without the end point, which is the first again
        return self.radius * torch.stack([turn.cos(), turn.sin()], dim=1)

    @property
    def spread(self) -> float:
        return self.sigma


@DISTRIBUTIONS.add
class Grid(Distribution):
    """Srivastava et al. 2017, Lin et al. 2018: 5 x 5 at -4 to 4 in steps of 2, sigma 0.05; WGAN-GP divides by 2.828."""

    kind = "grid"
    title = "Grid of Gaussians"
    paper = "Srivastava et al. 2017"
    about = "Equal Gaussians on a square grid: harder than the ring, since modes hide behind each other."

    side: int = option(5, "Gaussians along each side.", ge=1, le=20)
    step: float = option(2.0, "Distance between neighbours.", gt=0, le=100)
    sigma: float = option(0.05, "Standard deviation of each Gaussian.", gt=0, le=10, log=True)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        return pick(self.centres, count, generator) + noise(count, self.sigma, generator)

    def log_density(self, x: Tensor) -> Tensor:
        return log_mixture(x, self.centres, self.sigma, equal(self.side**2))

    @property
    def scale(self) -> float:
        return math.sqrt(2) * self.step  # 2.828 for steps of 2

    @property
    def extent(self) -> float:
        return self.step * self.side / 2 + 4 * self.sigma

    @property
    def centres(self) -> Tensor:
        places = self.step * (torch.arange(self.side) - (self.side - 1) / 2)
        return torch.cartesian_prod(places, places)

    @property
    def spread(self) -> float:
        return self.sigma


@DISTRIBUTIONS.add
class Drawn(Distribution):
    """A small Gaussian around every point that the user put down."""

    kind = "points"
    title = "Points that you draw"
    about = "Put points down with the mouse; each becomes a small Gaussian."

    points: Annotated[tuple[tuple[float, float], ...], Field(min_length=1, max_length=20_000)] = option(
        ((-1.2, 0.6), (0.0, 1.2), (1.2, 0.6), (0.8, -0.9), (-0.8, -0.9)), "The points, as pairs (x, y) of about 1."
    )
    sigma: float = option(0.04, "Standard deviation of the Gaussian around each point.", gt=0, le=10, log=True)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        return pick(self.centres, count, generator) + noise(count, self.sigma, generator)

    def log_density(self, x: Tensor) -> Tensor:
        return log_mixture(x, self.centres, self.sigma, equal(len(self.points)))

    @property
    def extent(self) -> float:
        return 1.1 * float(self.centres.abs().max()) + 4 * self.sigma

    @property
    def centres(self) -> Tensor:
        return torch.tensor(self.points)

    @property
    def spread(self) -> float:
        return self.sigma


# --- curves with Gaussian noise --------------------------------------------------------------------------------------


@DISTRIBUTIONS.add
class SwissRoll(Distribution):
    """(t cos t, t sin t) for t uniform in [1.5 pi, 4.5 pi], plus noise: scikit-learn's, which WGAN-GP divides by 7.5.

    p(x) is the integral over t of N(x; curve(t), sigma^2 I), by Gauss-Legendre quadrature.
    """

    kind = "swiss-roll"
    title = "Swiss roll"
    paper = "Gulrajani et al. 2017"
    about = "A spiral with noise: one thin, curved piece."

    sigma: float = option(0.25, "Standard deviation of the noise; the spiral is 14 in radius.", ge=0.1, le=3, log=True)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        return self._curve(uniform(count, generator)) + noise(count, self.sigma, generator)

    def log_density(self, x: Tensor) -> Tensor:
        u, weights = along(3 * math.pi * 4.5 * math.pi, self.sigma)  # |curve'(u)| is at most 3 pi sqrt(1 + t^2)
        return log_mixture(x, self._curve(u), self.sigma, weights)

    @staticmethod
    def _curve(u: Tensor) -> Tensor:
        t = 1.5 * math.pi * (1 + 2 * u)
        return torch.stack([t * t.cos(), t * t.sin()], dim=1)  # [N, 2]

    @property
    def scale(self) -> float:
        return 7.5

    @property
    def extent(self) -> float:
        return 15 + 3 * self.sigma


@DISTRIBUTIONS.add
class TwoMoons(Distribution):
    """Two half circles, one upside down, as in scikit-learn's make_moons but centred and with the angle uniform.

    p(x) is the integral over the angle, by Gauss-Legendre quadrature.
    """

    kind = "two-moons"
    title = "Two moons"
    about = "Two half circles that interlock: two thin pieces which a straight cut cannot part."

    sigma: float = option(
        0.08, "Standard deviation of the noise; the half circles have radius 1.", ge=0.01, le=1, log=True
    )

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        upper = torch.randint(2, (count, 1), generator=generator).bool()
        angle = math.pi * uniform(count, generator)
        return torch.where(upper, self._upper(angle), self._lower(angle)) + noise(count, self.sigma, generator)

    def log_density(self, x: Tensor) -> Tensor:
        u, weights = along(math.pi, self.sigma)
        curve = torch.cat([self._upper(math.pi * u), self._lower(math.pi * u)])
        return log_mixture(x, curve, self.sigma, weights.repeat(2) / 2)

    @staticmethod
    def _upper(angle: Tensor) -> Tensor:
        return torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)  # [N, 2]

    @staticmethod
    def _lower(angle: Tensor) -> Tensor:
        return torch.stack([0.5 - angle.cos(), 0.25 - angle.sin()], dim=1)  # [N, 2]

    @property
    def extent(self) -> float:
        return 1.6 + 4 * self.sigma


@DISTRIBUTIONS.add
class ParallelLines(Distribution):
    """Arjovsky et al. 2017, example 1: segments of length 1, here side by side around the origin and a little thick."""

    kind = "parallel-lines"
    title = "Two parallel lines"
    paper = "Arjovsky et al. 2017"
    about = "Two upright segments that do not touch: no density fills the gap between them."

    theta: float = option(1.0, "Distance between the two segments.", gt=0, le=10)
    sigma: float = option(0.02, "Standard deviation of their thickness.", gt=0, le=1, log=True)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        side = torch.randint(2, (count,), generator=generator) - 0.5
        thick = self.sigma * torch.randn(count, generator=generator)
        return torch.stack([self.theta * side + thick, uniform(count, generator) - 0.5], dim=1)

    def log_density(self, x: Tensor) -> Tensor:
        places = x.new_tensor([-self.theta / 2, self.theta / 2])
        across = torch.logsumexp(-(x[:, :1] - places).square() / (2 * self.sigma**2), dim=1)
        across = across - math.log(2 * math.sqrt(2 * math.pi) * self.sigma)
        return across.where(x[:, 1].abs() <= 0.5, -math.inf)  # the density along a segment is 1

    @property
    def extent(self) -> float:
        return max(0.75, 0.75 * self.theta) + 4 * self.sigma


# --- uniform on pieces -----------------------------------------------------------------------------------------------


@DISTRIBUTIONS.add
class Checkerboard(Distribution):
    """Uniform on every other cell of a square of width 4."""

    kind = "checkerboard"
    title = "Checkerboard"
    about = "Uniform on every other cell of a square: sharp edges and corners that touch."

    cells: Literal[2, 4, 6, 8] = option(4, "Cells along each side.")

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        half = self.cells // 2
        row = torch.randint(self.cells, (count,), generator=generator)
        column = 2 * torch.randint(half, (count,), generator=generator) + row % 2
        inside = torch.rand(count, 2, generator=generator)
        return (torch.stack([column, row], dim=1) + inside) * (4 / self.cells) - 2

    def log_density(self, x: Tensor) -> Tensor:
        cell = ((x + 2) * (self.cells / 4)).floor()
        filled = (cell.sum(dim=1) % 2 == 0) & (x >= -2).all(dim=1) & (x < 2).all(dim=1)
        return torch.full_like(x[:, 0], -math.log(8)).where(filled, -math.inf)  # half of an area of 16

    @property
    def extent(self) -> float:
        return 2.4


@DISTRIBUTIONS.add
class Blobs(Distribution):
    """Uniform on discs of one size, laid out like the seeds of a sunflower in a circle of radius 1.5."""

    kind = "blobs"
    title = "Disjoint blobs"
    about = "Uniform on discs that do not touch: between them there is nothing at all."

    count: int = option(5, "Discs.", ge=1, le=40)
    fill: float = option(0.5, "Radius of a disc; at 1 the two nearest would touch.", gt=0, lt=1)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        turn, reach = 2 * math.pi * uniform(count, generator), self._disc * uniform(count, generator).sqrt()
        inside = reach[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
        return pick(self.centres, count, generator) + inside

    def log_density(self, x: Tensor) -> Tensor:
        nearest = torch.cdist(x, self.centres.to(x)).amin(dim=1)
        level = -math.log(self.count * math.pi * self._disc**2)
        return torch.full_like(nearest, level).where(nearest <= self._disc, -math.inf)

    @property
    def extent(self) -> float:
        return 1.5 + self._disc

    @property
    def centres(self) -> Tensor:
        seed = torch.arange(self.count)
        turn, reach = seed * math.pi * (3 - math.sqrt(5)), 1.5 * ((seed + 0.5) / self.count).sqrt()  # the golden angle
        return reach[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)

    @property
    def spread(self) -> float:
        return self._disc / 3  # so that a good sample is one inside a disc

    @property
    def _disc(self) -> float:
        gaps = torch.pdist(self.centres)
        return self.fill * (float(gaps.min()) / 2 if len(gaps) else 1.0)


# --- the source ------------------------------------------------------------------------------------------------------


@SOURCES.add
class Toy2D(Source):
    """2-D distributions with exact densities and modes."""

    kind = "toy2d"
    title = "Points in the plane"
    about = "2-D distributions whose truth is known, so that every failure of a GAN can be seen and measured."

    distribution: Annotated[Distribution, OneOf(DISTRIBUTIONS)] = option(
        Ring(), "Where the points come from: each shape shows another way in which a GAN can fail.", learn=True
    )
    scaled: bool = option(
        True, "Divide the coordinates so that they are about 1 (ring by 1.414, grid by 2.828, roll by 7.5)."
    )

    def prepare(self) -> Generator[Progress, None, PlaneDataset]:
        yield Progress(1, 1, "The points are drawn as they are needed")
        return PlaneDataset(self.distribution, self.distribution.scale if self.scaled else 1.0)

    def shape(self) -> tuple[int, ...]:
        return (2,)

    def unseen(self) -> Source:
        return self
