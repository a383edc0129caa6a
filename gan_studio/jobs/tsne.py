"""t-SNE: rows of many numbers as points in the plane, so that neighbours stay neighbours. van der Maaten & Hinton 2008.

The exact gradient, which a few thousand rows allow, from the first two principal components: the same rows give the
same map. It is told as it comes about, and can be stopped at any iteration. What is far apart on the map, and how large
a clump is, means little; which points mix, does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

MOST_NUMBERS = 50  # of a row, by principal components
EXAGGERATION, EXAGGERATED = 12.0, 250  # P is so many times too large in so many first iterations
ITERATIONS = 750
TOLD_EVERY = 10
SPREAD = 1e-4  # standard deviation of the first points
BISECTIONS = 60
TINY = 1e-12


@dataclass(frozen=True)
class Placed:
    """The map after some iterations."""

    points: np.ndarray = field(repr=False)  # [N, 2]
    iteration: int
    iterations: int
    divergence: float  # KL(P || Q) in nats, without the exaggeration


def tsne(rows: np.ndarray, perplexity: float = 30.0, iterations: int = ITERATIONS) -> Iterator[Placed]:
    """Rows [N, F] -> maps [N, 2], better and better; the last one is of all iterations.

    `perplexity` is about how many neighbours count; fewer than a third of the rows.
    """
    x = reduced(rows)
    forces = Forces(affinities(x, min(perplexity, (len(x) - 1) / 3)))
    y = x[:, :2] if x.shape[1] > 1 else np.hstack([x, np.zeros_like(x)])
    y = SPREAD * y / max(float(y[:, 0].std()), TINY)
    speed, gains = np.zeros_like(y), np.ones_like(y)
    rate = max(len(x) / EXAGGERATION / 4, 50.0)
    for iteration in range(1, iterations + 1):
        early = iteration <= EXAGGERATED
        force = forces.gradient(y, EXAGGERATION if early else 1.0)
        same = np.sign(force) == np.sign(speed)
        gains = np.maximum(np.where(same, gains * 0.8, gains + 0.2), 0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gains * force
        y = y + speed
        if iteration % TOLD_EVERY == 0 or iteration == iterations:
            yield Placed(y.copy(), iteration, iterations, forces.divergence())


def reduced(rows: np.ndarray) -> np.ndarray:
    """[N, F] -> [N, at most MOST_NUMBERS] float64: the largest principal components, each the same way around."""
    x = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    U, S, V = np.linalg.svd(x, full_matrices=False)
    signs = np.sign(V[np.arange(len(V)), np.abs(V).argmax(axis=1)])
    return (U * S * np.where(signs == 0, 1, signs))[:, :MOST_NUMBERS]


def affinities(x: np.ndarray, perplexity: float) -> np.ndarray:
    """P [N, N], symmetric, its sum 1: each row's Gaussian is as wide as its perplexity asks for.

    It counts three times as many neighbours as the perplexity, as in the faster forms of t-SNE; the rest is about 0.
    """
    N = len(x)
    D = squared(x)
    np.fill_diagonal(D, np.inf)
    k = min(N - 1, round(3 * perplexity))
    neighbours = np.argpartition(D, k - 1, axis=1)[:, :k]
    near = np.take_along_axis(D, neighbours, axis=1)  # [N, k]
    rows = np.zeros((N, N))
    np.put_along_axis(rows, neighbours, conditional(near, perplexity), axis=1)
    return (rows + rows.T) / (2 * N)


def conditional(D: np.ndarray, perplexity: float) -> np.ndarray:
    """Rows [N, k] that add up to 1, of squared distances: exp(-beta D), beta by bisection."""
    D = D - D.min(axis=1, keepdims=True)  # the same rows, and no number too small to be told from 0
    low, high = np.zeros(len(D)), np.full(len(D), np.inf)
    beta = 1 / np.maximum(np.median(D, axis=1), TINY)
    for _ in range(BISECTIONS):
        P = np.exp(-D * beta[:, None])
        total = P.sum(axis=1)
        entropy = np.log(total) + beta * (D * P).sum(axis=1) / total
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + high) / 2)
    P = np.exp(-D * beta[:, None])
    return np.asarray(P / P.sum(axis=1, keepdims=True))


class Forces:
    """What pulls at the points, for P [N, N]. In place and in single precision, which takes an eighth of the time."""

    def __init__(self, P: np.ndarray):
        self.P = torch.from_numpy(P).float()
        self.W, self.M = torch.empty_like(self.P), torch.empty_like(self.P)

    def gradient(self, y: np.ndarray, exaggeration: float = 1.0) -> np.ndarray:
        """Of KL(P || Q) in the points y [N, 2], P being so many times too large: [N, 2]."""
        x = torch.from_numpy(y).float()
        lengths = x.square().sum(dim=1)
        # Student's t with one degree of freedom, W = 1 / (1 + |y_i - y_j|^2).
        torch.addmm((lengths + 1)[:, None] + lengths, x, x.T, alpha=-2, out=self.W)
        self.W.clamp_(min=1).reciprocal_().fill_diagonal_(0)
        # M = (P - Q) W
        torch.mul(self.W, -1 / self.W.sum(), out=self.M)
        self.M.add_(self.P, alpha=exaggeration).mul_(self.W)
        force = 4 * (self.M.sum(dim=1, keepdim=True) * x - self.M @ x)
        return np.asarray(force.double().numpy())

    def divergence(self) -> float:
        """KL(P || Q) in nats, at the points of the last gradient."""
        P, Q = self.P.double(), (self.W / self.W.sum()).double()
        return float(torch.special.xlogy(P, P / Q.clamp(min=TINY)).sum())


def squared(x: np.ndarray) -> np.ndarray:
    """Squared distances [N, N] of rows [N, F]."""
    lengths = (x * x).sum(axis=1)
    return np.maximum(lengths[:, None] + lengths - 2 * x @ x.T, 0)
