"""Find the latent whose picture is most like a given one: by optimisation, from several starts at once.

Zhu et al. 2016 (iGAN) and Creswell & Bharath 2018 descend the same way. The loss compares pixels at several scales, so
that a part which is out of place still pulls; with a weight it also compares what a network sees in the pictures. One
of the starts may be what an encoder takes the picture for, as in iGAN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import images
from ..compute import mixed_seed
from ..config import ConfigError, Spec, option
from ..nn.perceptual import apart
from .encoder import Encoding, encoder
from .events import Progress
from .explore import explorable
from .features import Features, features_of
from .snapshots import Snapshot

BATCH = 64
SMALLEST_PX = 4  # of the scales that are compared
RAMP = 0.25  # the share of the steps at whose end the learning rate falls to 0
FEATURE_WEIGHT = 0.2  # that serves where somebody wants features and names no weight

Encode = Callable[[Tensor], Tensor]  # x [N, C, H, W] in [-1, 1] -> z [N, z_dim]


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
    feature_weight: float = option(
        0.0, "How much it counts that a network sees the same in both pictures, beside their pixels: D of the run, or "
        "random convolutions where there is none; 0: pixels alone.", ge=0, le=100, learn=True,
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
    compared_by: str = "pixels"  # "pixels and D's features"

    @property
    def is_last(self) -> bool:
        return self.step == self.steps


def invert(
    snapshot: Snapshot, picture: np.ndarray, how: Inversion, every: int = 10, encode: Encode | None = None
) -> Iterator[Found]:
    """Tell the best latent for a picture [H, W, C] uint8 of the snapshot's size, before, on the way, and at the end.

    Closing the iterator cancels; each `Found` may be kept. On the CPU the same inputs find the same. Raises
    ConfigError.
    """
    explorable(snapshot)
    target = _target(picture, snapshot)
    likeness = _LikePixels(target)
    if how.feature_weight:
        likeness = _LikeFeatures(target, features_of(snapshot), how.feature_weight)
    z = _starts(snapshot, target, likeness, how, encode).requires_grad_()
    length = snapshot.latents(BATCH, 0).square().mean().item()  # of an entry, squared

    best = _Best(snapshot, target, likeness)
    with torch.no_grad():
        best.see(z, likeness(_made(snapshot, z)))
    yield best.found(0, how.steps)

    optimiser = torch.optim.Adam([z], lr=how.rate)
    for step in range(1, how.steps + 1):
        optimiser.param_groups[0]["lr"] = how.rate * min(1.0, (1 - (step - 1) / how.steps) / RAMP)
        with torch.enable_grad():
            near = likeness(_made(snapshot, z))
            loss = near.loss + how.prior * (z.square().mean(dim=1) - length).square()
            (z.grad,) = torch.autograd.grad(loss.sum(), z)  # each start for itself
        best.see(z, near)
        optimiser.step()
        if step == how.steps:
            with torch.no_grad():
                best.see(z, likeness(_made(snapshot, z)))
        if step % every == 0 or step == how.steps:
            yield best.found(step, how.steps)


def look_for(
    snapshot: Snapshot, picture: np.ndarray, how: Inversion, encoding: Encoding | None = None
) -> Iterator[Progress | Found]:
    """The same from an encoder's word too, which is trained first where none is kept. Raises ConfigError."""
    encode = (yield from encoder(snapshot, encoding)) if encoding else None
    yield from invert(snapshot, picture, how, encode=encode)


def as_asked(path: Path | str | bytes, snapshot: Snapshot) -> np.ndarray:
    """A dropped picture as a snapshot makes them, [H, W, C] uint8: its middle, at its size. Raises ConfigError."""
    explorable(snapshot)
    C, H, W = snapshot.shape
    try:
        decoded = images.decode(path, {1: "grey", 3: "rgb", 4: "rgba"}[C], at_least=2 * max(H, W), still=True)  # type: ignore[arg-type]
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


@dataclass(frozen=True)
class _Near:
    """How near N pictures are."""

    loss: Tensor  # [N], what is descended
    far: Tensor  # [N], what the best of them is chosen by


class _LikePixels:
    """By the pixels."""

    compared_by = "pixels"

    def __init__(self, target: Tensor):
        self.target, self.pyramid = target, _pyramid(target)

    def __call__(self, x: Tensor) -> _Near:
        """The loss is the mean squared difference, summed over the scales."""
        pairs = zip(_pyramid(x), self.pyramid, strict=True)
        losses = [(ours - wanted).square().flatten(1).mean(dim=1) for ours, wanted in pairs]
        return _Near(torch.stack(losses).sum(dim=0), _errors(x.detach(), self.target))


class _LikeFeatures(_LikePixels):
    """By the pixels, and by what a network sees."""

    def __init__(self, target: Tensor, features: Features, weight: float):
        super().__init__(target)
        self.features, self.weight = features, weight
        self.compared_by = f"pixels and {features.name}"
        with torch.no_grad():
            self.maps = features.maps(target)

    def __call__(self, x: Tensor) -> _Near:
        seen = apart(self.features.maps(x), self.maps).to(x.device)
        loss = super().__call__(x).loss + self.weight * seen
        return _Near(loss, loss.detach())


def _errors(x: Tensor, target: Tensor) -> Tensor:
    """[N]"""
    return 127.5 * (x - target).square().flatten(1).mean(dim=1).sqrt()


# --- the descent -----------------------------------------------------------------------------------------------------


def _made(snapshot: Snapshot, z: Tensor) -> Tensor:
    """[N, C, H, W], with gradients where z asks for them."""
    return snapshot.network(z).float()


def _starts(snapshot: Snapshot, target: Tensor, likeness: _LikePixels, how: Inversion, encode: Encode | None) -> Tensor:
    """[S, z_dim]: the best of the seeds that are tried, the last of them in favour of what an encoder says."""
    tried = snapshot.latents(max(how.tried, how.starts), mixed_seed(how.seed, 1))
    with torch.no_grad():
        far = torch.cat([likeness(_made(snapshot, part)).loss for part in tried.split(BATCH)])
        starts = tried[far.nan_to_num(nan=torch.inf).argsort()[: how.starts]].clone()
        return starts if encode is None else torch.cat([encode(target), starts[: how.starts - 1]])


class _Best:
    """The nearest latent so far."""

    def __init__(self, snapshot: Snapshot, target: Tensor, likeness: _LikePixels):
        self.snapshot, self.target, self.compared_by = snapshot, target, likeness.compared_by
        self.far, self.z = np.inf, torch.zeros(snapshot.z_dim)

    def see(self, z: Tensor, near: _Near) -> None:
        """Latents [S, z_dim] and how near their pictures are."""
        least = int(near.far.nan_to_num(nan=torch.inf).argmin())
        if near.far[least] < self.far:
            self.far, self.z = float(near.far[least]), z[least].detach().clone().cpu()

    def found(self, step: int, steps: int) -> Found:
        x = self.snapshot.generate(self.z[None])
        error = float(_errors(x.to(self.target.device), self.target))
        return Found(step, steps, self.z.numpy().copy(), images.to_uint8(x)[0], error, self.compared_by)
