"""Find the latent whose picture is most like a given one: by optimisation, from several starts at once.

Zhu et al. 2016 (iGAN) and Creswell & Bharath 2018 descend the same way. The loss compares pixels at several scales, so
that a part which is out of place still pulls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import images
from ..compute import mixed_seed
from ..config import ConfigError, Spec, option
from .explore import explorable
from .snapshots import Snapshot

BATCH = 64
SMALLEST_PX = 4  # of the scales that are compared
RAMP = 0.25  # the share of the steps at whose end the learning rate falls to 0


class Inversion(Spec):
    """How a latent is searched for."""

    steps: int = option(300, "Steps of the descent: more come nearer.", ge=1, le=100_000, learn=True)
    starts: int = option(4, "So many latents descend at once; the best is taken.", ge=1, le=256, learn=True)
    tried: int = option(256, "The starts are the best of so many seeds.", ge=1, le=100_000)
    rate: float = option(0.1, "Learning rate of Adam.", gt=0, le=10, log=True)
    prior: float = option(
        0.001, "How strongly latents are held to the length that they have in training: 0 comes nearest, but what is "
        "found may not edit well.", ge=0, le=10,
    )  # fmt: skip
    seed: int = option(0, "Names the seeds that are tried.", ge=0, le=2**31 - 1)


@dataclass(frozen=True)
class Found:
    """The best so far."""

    step: int
    steps: int
    z: np.ndarray  # [z_dim] float32
    picture: np.ndarray  # [H, W, C] uint8, of z
    error: float  # root of the mean squared difference of the pixels, 0 to 255

    @property
    def is_last(self) -> bool:
        return self.step == self.steps


def invert(snapshot: Snapshot, picture: np.ndarray, how: Inversion, every: int = 10) -> Iterator[Found]:
    """Tell the best latent for a picture [H, W, C] uint8 of the snapshot's size, before, on the way, and at the end.

    Closing the iterator cancels; each `Found` may be kept. The same inputs find the same on the CPU.
    """
    explorable(snapshot)
    target = _target(picture, snapshot)
    pyramid = _pyramid(target)
    z = _starts(snapshot, pyramid, how).requires_grad_()
    length = snapshot.latents(BATCH, 0).square().mean().item()  # of an entry, squared

    best = _Best(snapshot, target)
    best.see(z.detach(), _errors(_made(snapshot, z), target).detach())
    yield best.found(0, how.steps)

    optimiser = torch.optim.Adam([z], lr=how.rate)
    for step in range(1, how.steps + 1):
        optimiser.param_groups[0]["lr"] = how.rate * min(1.0, (1 - (step - 1) / how.steps) / RAMP)
        with torch.enable_grad():
            x = _made(snapshot, z)
            loss = _losses(x, pyramid) + how.prior * (z.square().mean(dim=1) - length).square()
            (z.grad,) = torch.autograd.grad(loss.sum(), z)  # each start for itself
        best.see(z.detach(), _errors(x, target).detach())
        optimiser.step()
        if step == how.steps:
            best.see(z.detach(), _errors(_made(snapshot, z.detach()), target))
        if step % every == 0 or step == how.steps:
            yield best.found(step, how.steps)


def as_asked(path: Path | str | bytes, snapshot: Snapshot) -> np.ndarray:
    """A dropped picture as a snapshot makes them, [H, W, C] uint8: its middle, at its size. Raises ConfigError."""
    explorable(snapshot)
    C, H, W = snapshot.shape
    try:
        decoded = images.decode(path, {1: "grey", 3: "rgb", 4: "rgba"}[C], at_least=2 * max(H, W))  # type: ignore[arg-type]
    except images.PictureError as error:
        name = "The picture" if isinstance(path, bytes) else str(path)
        raise ConfigError(f"{name} {error}.") from None
    square = images.fitted(decoded, max(H, W))
    fit = square if H == W else square.resize((W, H), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(images.planes(fit).transpose(1, 2, 0))


# --- how near --------------------------------------------------------------------------------------------------------


def _target(picture: np.ndarray, snapshot: Snapshot) -> Tensor:
    """[1, C, H, W] in [-1, 1]. Raises ConfigError for another size."""
    C, H, W = snapshot.shape
    if picture.shape != (H, W, C):
        raise ConfigError(
            f"The picture is not {W} x {H} px in {C} colours, as this generator makes them; fit it first."
        )
    x = images.to_float(torch.tensor(picture))  # a copy: a decoded picture may be read-only
    return x.permute(2, 0, 1)[None].contiguous().to(snapshot.device)


def _pyramid(x: Tensor) -> list[Tensor]:
    """[N, C, H, W] at full size, at half of it ... down to SMALLEST_PX."""
    scales = [x]
    while min(scales[-1].shape[2:]) >= 2 * SMALLEST_PX:
        scales.append(torch.nn.functional.avg_pool2d(scales[-1], 2))
    return scales


def _losses(x: Tensor, pyramid: list[Tensor]) -> Tensor:
    """[N]: the mean squared difference, summed over the scales."""
    pairs = zip(_pyramid(x), pyramid, strict=True)
    return torch.stack([(ours - wanted).square().flatten(1).mean(dim=1) for ours, wanted in pairs]).sum(dim=0)


def _errors(x: Tensor, target: Tensor) -> Tensor:
    """[N]"""
    return 127.5 * (x - target).square().flatten(1).mean(dim=1).sqrt()


# --- the descent -----------------------------------------------------------------------------------------------------


def _made(snapshot: Snapshot, z: Tensor) -> Tensor:
    """[N, C, H, W], with gradients where z asks for them."""
    return snapshot.network(z).float()


def _starts(snapshot: Snapshot, pyramid: list[Tensor], how: Inversion) -> Tensor:
    """[S, z_dim]: the best of the seeds that are tried."""
    tried = snapshot.latents(max(how.tried, how.starts), mixed_seed(how.seed, 1))
    with torch.no_grad():
        losses = torch.cat([_losses(_made(snapshot, part), pyramid) for part in tried.split(BATCH)])
    return tried[losses.nan_to_num(nan=torch.inf).argsort()[: how.starts]].clone()


class _Best:
    """The nearest latent so far."""

    def __init__(self, snapshot: Snapshot, target: Tensor):
        self.snapshot, self.target = snapshot, target
        self.error, self.z = np.inf, torch.zeros(snapshot.z_dim)

    def see(self, z: Tensor, errors: Tensor) -> None:
        """Latents [S, z_dim] and how far their pictures are [S]."""
        least = int(errors.nan_to_num(nan=torch.inf).argmin())
        if errors[least] < self.error:
            self.error, self.z = float(errors[least]), z[least].clone().cpu()

    def found(self, step: int, steps: int) -> Found:
        picture = images.to_uint8(self.snapshot.generate(self.z[None]))[0]
        return Found(step, steps, self.z.numpy().copy(), picture, self.error)
