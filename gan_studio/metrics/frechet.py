"""The Frechet distance between Gaussians of the features' means and covariances. Heusel et al. 2017, eq. 6.

|mu_1 - mu_2|^2 + Tr(S_1 + S_2 - 2 (S_1 S_2)^1/2), with covariances over n - 1, in float64. No root of a matrix is
taken: with S = R^T R the trace of the root is the sum of the singular values of R_1 R_2^T, and R is the triangular
factor of the centred samples, or these themselves where they are fewer than their features. So covariances may be
singular, and few samples of many features cost what few samples cost. Singular values below 1e-8 of the largest are
lost in rounding.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..progress import Progress
from . import METRICS, Measure, Metric, Sets

CHUNK = 4096  # samples that are made float64 at a time, at least
FEWEST = 256  # where there are more features than that
TEXT = "Frechet distance"


@METRICS.add
class Frechet(Metric):
    kind = "frechet"
    title = "Frechet distance"
    paper = "Heusel et al. 2017"
    about = "How far apart Gaussians fitted to the features are; the published FID, where these are Inception's."
    needs = ("features",)
    measures = {
        "frechet": Measure(
            "Frechet distance",
            "How far apart Gaussians fitted to both sets' features are: 0 is the same, and fewer samples give more.",
            least=0,
            bias_shrinks=True,
        )
    }

    def fewest(self, features: int, classes: int = 0) -> int:
        return min(features + 1, FEWEST)

    def why_fewest(self) -> str:
        return "the covariance of fewer is singular, and the distance says more of their number than of the samples"

    def extrapolates(self, rows: int, features: int) -> bool:
        return rows >= features  # below, the singular covariance bends the line

    def work(self, rows: int, features: int) -> float:
        a = min(rows, features)
        return 4.0 * rows * features * a + 20.0 * a**3  # the factors; eigenvalues, of slow multiplications

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield Progress(0, 3, TEXT)
        real = fitted(sets.real.rows)
        yield Progress(1, 3, TEXT)
        generated = fitted(sets.generated.rows)
        yield Progress(2, 3, TEXT)
        return {"frechet": frechet(real, generated)}

    def notes(self, sets: Sets) -> tuple[str, ...]:
        n, F = min(len(sets.real), len(sets.generated)), sets.real.rows.shape[1]
        if n > F:
            return ()
        return (
            f"{n:,} samples have a singular covariance of {F:,} features: the distance is far above that of more "
            "samples, and compares only with others of as many.",
        )


@dataclass(frozen=True)
class Gaussian:
    """What is fitted to samples."""

    mean: Tensor = field(repr=False)  # [F] float64
    factor: Tensor = field(repr=False)  # R [min(N, F), F] float64: the covariance is R^T R


def fitted(rows: np.ndarray) -> Gaussian:
    """To samples [N, F]."""
    N, F = rows.shape
    mean = torch.from_numpy(rows.mean(axis=0, dtype=np.float64))
    R = torch.empty(0, F, dtype=torch.float64)
    size = max(CHUNK, 2 * F)
    for start in range(0, N, size):
        chunk = torch.from_numpy(rows[start : start + size]).double() - mean
        R = torch.cat([R, chunk])
        if len(R) > F:
            R = torch.linalg.qr(R, mode="r").R
    return Gaussian(mean, R / max(1, N - 1) ** 0.5)


def frechet(a: Gaussian, b: Gaussian) -> float:
    """The squared Wasserstein-2 distance of two Gaussians (Dowson & Landau 1982), never below 0."""
    apart = (a.mean - b.mean).square().sum()
    return max(0.0, float(apart + a.factor.square().sum() + b.factor.square().sum() - 2 * _trace_of_root(a, b)))


def _trace_of_root(a: Gaussian, b: Gaussian) -> Tensor:
    """Tr (S_a S_b)^1/2, by the eigenvalues of M M^T or M^T M, whichever is smaller, of M = R_a R_b^T."""
    M = a.factor @ b.factor.T
    if len(M) > M.shape[1]:
        M = M.T
    return torch.linalg.eigvalsh(M @ M.T).clamp(min=0).sqrt().sum()
