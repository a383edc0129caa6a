"""How evenly pictures change on the way from one latent to another: step lengths by what an eye sees.

A smooth generator takes even steps; one that has learnt pictures by heart stands still at each and jumps between them.
StyleGAN's perceptual path length (Karras et al. 2019) measures steps of 1e-4 by LPIPS with VGG16. These steps are those
of a walk that one can look at, by another eye, so the number here is no PPL and is not called so.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .. import walks
from ..classes import dense
from ..config import ConfigError
from ..images import to_uint8
from ..progress import Progress
from .closely import Close
from .reference import opaque
from .snapshots import Snapshot

WAYS, STEPS = 8, 29  # walks, and steps of each
FIRST_SEED = 1_000_000  # of latents that no other page shows
WALKING = "Walking from latent to latent"
JUMP = 3.0  # a step so many times as long as the mean is a jump


@dataclass(frozen=True)
class Way:
    """One walk between two latents."""

    seeds: tuple[int, int]
    pictures: np.ndarray = field(repr=False)  # [S + 1, H, W, C] uint8
    steps: np.ndarray = field(repr=False)  # [S] lengths, in units of the usual distance of two real pictures

    @property
    def length(self) -> float:
        return float(self.steps.sum())

    @property
    def unevenness(self) -> float:
        """Standard deviation of the steps by their mean: 0 is even."""
        mean = float(self.steps.mean())
        return float(self.steps.std()) / mean if mean else 0.0

    @property
    def largest(self) -> float:
        """The longest step by the mean one: from JUMP on it is a jump."""
        mean = float(self.steps.mean())
        return float(self.steps.max()) / mean if mean else 0.0


@dataclass(frozen=True)
class Smoothness:
    ways: tuple[Way, ...]  # that with the longest step, by its mean, first
    eye: str
    between: str  # "slerp" or "lerp"

    @property
    def unevenness(self) -> float:
        return float(np.mean([way.unevenness for way in self.ways]))

    @property
    def path_length(self) -> float:
        """The mean squared step over epsilon squared: as PPL is defined, with another eye and larger steps."""
        steps = np.stack([way.steps for way in self.ways])
        return float(np.mean((steps * steps.shape[1]) ** 2))

    def told(self) -> str:
        jumps = sum(way.largest >= JUMP for way in self.ways)
        steps = len(self.ways[0].steps)
        still = all(way.length < 0.05 for way in self.ways)
        if still:
            return "The pictures hardly change on the way: the generator ignores its latent."
        said = "No walk jumps" if not jumps else f"{jumps} of {len(self.ways)} walks jump"
        return (
            f"{said} (a step {JUMP:g} times as long as the mean). Unevenness {self.unevenness:.2f}, 0 is even; "
            f"path length at ε = 1/{steps} by {self.eye}: {self.path_length:.3g} (no PPL, which takes VGG16 and 1e-4)."
        )


def smoothness(close: Close, ways: int = WAYS, steps: int = STEPS) -> Generator[Progress, None, Smoothness]:
    """Walk between latents of seeds, and measure. Closing the generator cancels. Raises ConfigError."""
    snapshot = close.snapshot
    if snapshot is None:
        raise ConfigError("Only a generator has latents to walk between; choose one, not pictures or a translator.")
    unit = usual_distance(close.real.rows)
    between = between_of(snapshot)
    found = []
    for number in range(ways):
        yield Progress(number, ways, WALKING)
        seeds = (FIRST_SEED + close.seed + 2 * number, FIRST_SEED + close.seed + 2 * number + 1)
        pictures = opaque(to_uint8(snapshot.generate(walk(snapshot, seeds, steps, between))))
        seen = []
        for looked in close.eye.looks(pictures):
            yield Progress(number, ways, WALKING)
            seen.append(looked.rows)
        rows = np.concatenate(seen)
        found.append(Way(seeds, pictures, distances(rows[1:], rows[:-1]) / unit))
    yield Progress(ways, ways, WALKING)
    return Smoothness(tuple(sorted(found, key=lambda way: -way.largest)), close.eye.name, between)


def between_of(snapshot: Snapshot) -> str:
    """Along the sphere where latents lie on one, straight where they do not."""
    try:
        distribution = snapshot.config.recipe.latent.distribution  # type: ignore[attr-defined]
    except (ConfigError, AttributeError):  # of another program; or a recipe with latents of its own
        return "slerp"
    return "lerp" if distribution == "uniform" else "slerp"


def walk(snapshot: Snapshot, seeds: tuple[int, int], steps: int, between: str) -> Tensor:
    """[steps + 1, z_dim + classes]: from the latent of one seed to that of another, of the first one's class."""
    a, b = (snapshot.latents(1, seed)[0].cpu() for seed in seeds)
    z = walks.BETWEEN[between](a, b, torch.linspace(0, 1, steps + 1))
    w = dense([snapshot.shares((), seeds[0])] * len(z), snapshot.classes)
    return torch.cat([z, w.to(z)], dim=1)


def usual_distance(rows: np.ndarray) -> float:
    """The mean distance of two real pictures, which come in a random order; 1 where all are the same."""
    half = len(rows) // 2
    return float(distances(rows[:half], rows[half : 2 * half]).mean()) or 1.0


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of each pair of rows [N, F]: [N]."""
    return np.asarray(np.linalg.norm(x.astype(np.float64) - y.astype(np.float64), axis=1))
