"""One critic under nothing, clipping, gradient penalties and spectral normalisation, side by side, beside exact W1.

The generator is fixed: two sets of points in the plane. All critics have the same first weights and see the same points
and the same noise, one step each in lock-step. Wasserstein GAN: Arjovsky et al. 2017; gradient penalty: Gulrajani et
al. 2017; one-sided: the same, section 4, and Petzka et al. 2018; spectral normalisation: Miyato et al. 2018.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ..config import Spec, option
from ..data.toy2d import DISTRIBUTIONS, Distribution, Drawn, Ring
from ..metrics.exact_wasserstein import SAMPLES, wasserstein1
from ..nn.optimisers import Adam
from ..nn.spectral import spectral_normalise
from ..objectives.wasserstein import Wasserstein
from ..penalties import SLOPE
from ..penalties.gradient_penalty import GradientPenalty
from ..penalties.weight_clipping import WeightClipping
from ..registry import OneOf

Terms = dict[str, Tensor]

TELL_EVERY = 0.05  # seconds between two `Progress`
WARM_UP = 15  # steps of the power iteration before the first of the critic
BINS = 41  # of the histogram of weights


def penalty_bias(w1: float, weight: float, target: float = 1.0) -> float:
    """What the estimate is to W1 when the slope is held at `target` by a penalty λ (slope - target)² of finite λ.

    Let f = s f0 with f0 an optimal potential, slope 1 everywhere that the penalty looks. The critic maximises
    s W1 - λ (s - target)², so s = target + W1 / (2 λ), and the estimate is s W1: too large by a factor that grows with
    the distance itself. It is exact for two single points. In general it is the least: on a line with cumulative
    distributions P and Q, and μ the density of the places where the penalty looks, f' = 1 + |P - Q| / (2 λ μ), so that
    the estimate is W1 + ∫ (P - Q)² / (2 λ μ) >= W1 + W1² / (2 λ), by Cauchy and Schwarz. The one-sided penalty is
    biased as much: the best slope lies above 1 in either case.
    """
    return target + w1 / (2 * weight)


class LipschitzBench(Spec):
    """All settings of the bench."""

    real: Annotated[Distribution, OneOf(DISTRIBUTIONS)] = option(
        Ring(), "Where the real points come from.", learn=True, group="Points"
    )
    generated: Annotated[Distribution, OneOf(DISTRIBUTIONS)] = option(
        Drawn(points=((0.0, 0.0),), sigma=0.3), "Where the generated points come from.", learn=True, group="Points"
    )
    count: int = option(256, "Points of each kind; all of them are seen in every step.", ge=8, le=SAMPLES)
    limit: float = option(
        0.05, "Clipping: no weight of the critic may be larger.", gt=0, le=1, learn=True, log=True, group="Constraints"
    )
    weight: float = option(
        10.0,
        "Gradient penalties: λ, the pull of the slope to 1.",
        gt=0,
        le=1000,
        learn=True,
        log=True,
        group="Constraints",
    )
    width: int = option(64, "Units in each of the critic's hidden layers.", ge=4, le=512, log=True, group="Critic")
    depth: int = option(2, "Hidden layers of the critic.", ge=1, le=6, group="Critic")
    lr: float = option(1e-3, "Learning rate of Adam.", gt=0, le=1, log=True, group="Critic")
    steps: int = option(3000, "Steps of each critic.", ge=1, le=1_000_000, unit="steps")
    resolution: int = option(40, "Places along each side of the maps.", ge=8, le=256)
    seed: int = option(0, "Names the points, the first weights and the noise.", ge=0, le=2**31)

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Real and generated points, [count, 2] float32 each, in coordinates of about 1."""
        generator = torch.Generator().manual_seed(self.seed)
        sets = (self.real, self.generated)
        real, generated = (each.sample(self.count, generator) / each.scale for each in sets)
        return real.numpy(), generated.numpy()

    def constraints(self) -> tuple[Constraint, ...]:
        return (
            Constraint("nothing", "Nothing"),
            Constraint("clipping", WeightClipping.title, after=WeightClipping(limit=self.limit).after_d_step),
            Constraint("two-sided", "Gradient penalty, two-sided", terms=GradientPenalty(weight=self.weight).at),
            Constraint(
                "one-sided", "Gradient penalty, one-sided", terms=GradientPenalty(weight=self.weight, sides="one").at
            ),
            Constraint("spectral", "Spectral normalisation", dress=spectral_normalise),
        )


def _no_terms(network: nn.Module, x_hat: Tensor) -> Terms:
    return {}


def _leave(network: nn.Module) -> None:
    pass


@dataclass(frozen=True)
class Constraint:
    """What is done to a critic."""

    key: str
    title: str
    dress: Callable[[nn.Module], object] = _leave  # in place, before the first step
    terms: Callable[[nn.Module, Tensor], Terms] = _no_terms  # what it minimises besides; it looks at the points x_hat
    after: Callable[[nn.Module], None] = _leave  # after each step


@dataclass(frozen=True)
class CriticView:
    """One critic at one moment."""

    key: str  # of its constraint
    title: str
    values: np.ndarray  # [R, R] float32: f on the plane, its mean over all points taken as 0; row 0 at y = -extent
    slopes: np.ndarray  # [R, R] float32: |∇f|
    weight_counts: np.ndarray  # [BINS] int: the histogram of the weights as they are used, biases left out
    weight_edges: np.ndarray  # [BINS + 1]: symmetric around 0
    estimate: float  # E_real f - E_generated f, what the critic says W1 is
    steepest: float  # the largest |∇f| on the map, at the points and between them
    between: float  # the mean |∇f| on the lines between real and generated points, where gradient penalties look
    ceiling: float  # what |∇f| cannot exceed: the product of the largest singular values of the layers

    @property
    def scaled(self) -> float:
        """The estimate of this critic divided by its steepest slope: a lower bound of W1, whatever the critic."""
        return self.estimate / self.steepest if self.steepest else 0.0


@dataclass(frozen=True)
class LipschitzProgress:
    """All critics after the same number of steps."""

    step: int
    w1: float  # between the two sets of points, exact
    expected_bias: float  # `penalty_bias`: how much too large the estimate under a gradient penalty is, at least
    extent: float  # half the width of the maps
    critics: tuple[CriticView, ...]
    steps: np.ndarray  # [K] int: the steps since the last progress
    estimates: np.ndarray  # [critics, K] float32: before each of those steps


def compare(
    bench: LipschitzBench, points: tuple[np.ndarray, np.ndarray] | None = None
) -> Generator[LipschitzProgress, None, None]:
    """Train the critics in lock-step; yields before the first step, some 15 times a second, and after the last.

    `points` are real and generated ones, as many of each, [N, 2]; else the bench's own. Deterministic but for the times
    at which it yields; close it at any moment. It draws from random generators of its own only.
    """
    real, generated = (np.asarray(each, np.float32) for each in points or bench.points())
    field = _Field(bench, torch.from_numpy(real), torch.from_numpy(generated))
    w1 = wasserstein1(real, generated)
    critics = [_Critic(bench, constraint) for constraint in bench.constraints()]
    untold: list[Tensor] = []

    def progress(step: int) -> LipschitzProgress:
        told = torch.stack(untold).T.numpy() if untold else np.empty((len(critics), 0), np.float32)
        steps = np.arange(step - len(untold), step)
        untold.clear()
        views = tuple(critic.view(field) for critic in critics)
        return LipschitzProgress(step, w1, penalty_bias(w1, bench.weight), field.extent, views, steps, told)

    yield progress(0)
    told_at = time.perf_counter()
    for step in range(1, bench.steps + 1):
        x_hat = field.between()
        untold.append(torch.stack([critic.step(field.real, field.fake, x_hat) for critic in critics]))
        if step == bench.steps or time.perf_counter() - told_at >= TELL_EVERY:
            yield progress(step)
            told_at = time.perf_counter()


class _Field:
    """The two sets of points, the plane around them, and noise."""

    def __init__(self, bench: LipschitzBench, real: Tensor, fake: Tensor):
        self.real, self.fake = real, fake
        self.side = bench.resolution
        self.extent = 1.2 * float(torch.cat([real, fake]).abs().max())
        axis = torch.linspace(-self.extent, self.extent, self.side)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self.plane = torch.stack([x.flatten(), y.flatten()], dim=1)  # [R * R, 2]
        self.generator = torch.Generator().manual_seed(bench.seed + 1)
        looked_at = torch.Generator().manual_seed(bench.seed + 2)  # always the same places, for the views
        self.lines = _between(real, fake, looked_at)

    def between(self) -> Tensor:
        """Points [N, 2] uniform on the lines between random pairs, as the gradient penalty wants them."""
        return _between(self.real, self.fake, self.generator)


def _between(real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    partner = torch.randperm(len(fake), generator=generator)
    eps = torch.rand(len(real), 1, generator=generator)
    return fake[partner].lerp(real, eps)


class _Critic:
    """A network with what is done to it."""

    def __init__(self, bench: LipschitzBench, constraint: Constraint):
        self.constraint = constraint
        self.network = _network(bench, constraint.dress)
        self.optimiser = Adam(lr=bench.lr, beta1=0.5, beta2=0.9).build(self.network.parameters())
        self.objective = Wasserstein()

    def step(self, real: Tensor, fake: Tensor, x_hat: Tensor) -> Tensor:
        """One step of D. Returns the estimate before it, a scalar."""
        terms = self.objective.d_loss(self.network, real, fake)
        estimate = self.objective.distance(terms)["wasserstein"].detach()
        more = self.constraint.terms(self.network, x_hat)
        terms |= {name: term for name, term in more.items() if not name.startswith(SLOPE)}
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack([term.mean() for term in terms.values()]).sum().backward()
        self.optimiser.step()
        self.constraint.after(self.network)
        return estimate

    def view(self, field: _Field) -> CriticView:
        self.network.eval()  # so that looking takes no step of the power iteration
        values, slopes = self._looked(torch.cat([field.plane, field.real, field.fake, field.lines]))
        weights = [layer.weight.detach() for layer in _linear(self.network)]
        self.network.train()

        N, R = len(field.real), field.side
        plane, real, fake, _ = values.split([R * R, N, N, N])
        flat = torch.cat([weight.flatten() for weight in weights]).numpy()
        reach = float(np.abs(flat).max()) * (1 + 1e-6)
        counts, edges = np.histogram(flat, BINS, (-reach, reach))
        return CriticView(
            self.constraint.key,
            self.constraint.title,
            (plane - (real.mean() + fake.mean()) / 2).reshape(R, R).numpy(),
            slopes[: R * R].reshape(R, R).numpy(),
            counts,
            edges,
            float(real.mean() - fake.mean()),
            float(slopes.max()),
            float(slopes[-N:].mean()),
            math.prod(float(torch.linalg.matrix_norm(weight, 2)) for weight in weights),
        )

    def _looked(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """f and |grad f| [N] at x [N, 2]."""
        x = x.clone().requires_grad_()
        f = self.network(x)
        (gradient,) = torch.autograd.grad(f.sum(), x)
        return f.detach(), gradient.norm(dim=1)


def _network(bench: LipschitzBench, dress: Callable[[nn.Module], object]) -> nn.Sequential:
    """x [N, 2] -> f [N], with the first weights that torch's own layers draw, but by the bench's generator.

    Made on the meta device first: the layers would draw from the global generator, which belongs to a training.
    """
    widths = [2, *[bench.width] * bench.depth]
    with torch.device("meta"):
        hidden = [part for pair in pairwise(widths) for part in (nn.Linear(*pair), nn.LeakyReLU(0.2))]
        network = nn.Sequential(*hidden, nn.Linear(widths[-1], 1), nn.Flatten(0))
        dress(network)
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(bench.seed)
    with torch.no_grad():
        for layer in _linear(network):
            reach = layer.in_features**-0.5
            for parameter in sorted(layer.parameters(), key=Tensor.dim, reverse=True):  # the weight, then the bias
                parameter.uniform_(-reach, reach, generator=generator)
        for vector in network.buffers():  # of the power iteration
            vector.copy_(normalize(torch.randn(vector.shape, generator=generator), dim=0))
        for _ in range(WARM_UP):
            network(torch.zeros(1, 2))
    return network


def _linear(network: nn.Sequential) -> list[nn.Linear]:
    return [layer for layer in network if isinstance(layer, nn.Linear)]
