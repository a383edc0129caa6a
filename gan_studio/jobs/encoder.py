"""A small encoder beside a generator: it learns to say of a picture which latent the generator would draw it from.

It needs nothing but the generator, and so serves foreign ones, too: latents are drawn, the generator draws their
pictures, and the encoder learns to tell the latents again. As iGAN's predictor, Zhu et al. 2016, section 3.2.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .. import __version__
from ..classes import chosen
from ..compute import mixed_seed
from ..config import ConfigError, Spec, option
from ..data import cache
from ..nn.blocks import doubling
from .events import Progress
from .explore import explorable
from .snapshots import Snapshot

FORMAT = 1
WEIGHTS, ABOUT = "encoder.safetensors", "encoder.json"
SMALLEST_PX = 4  # a side, of what the last layer reads
GROUPS = 8  # of channels that are normalised together
TRAINING = "Training an encoder beside the generator"
TESTED = 64  # latents that it never saw, which say how good it is


class Encoding(Spec):
    """How an encoder is trained."""

    steps: int = option(500, "Steps of its training: more make it better.", ge=1, le=1_000_000, learn=True)
    batch_size: int = option(32, "Pictures a step.", ge=1, le=4096)
    width: int = option(32, "Channels at half the size; they double up to 8 times.", ge=GROUPS, le=512, multiple_of=8)
    rate: float = option(1e-3, "Learning rate of Adam at first; it falls to 0.", gt=0, le=1, log=True)
    pixels: float = option(
        1.0, "How much it counts that the generator draws the picture again, beside the latent.", ge=0, le=1000
    )
    seed: int = option(0, "Names its first weights and the latents.", ge=0, le=2**31 - 1)


@dataclass(frozen=True)
class Encoder:
    """Pictures x [N, C, H, W] in [-1, 1] -> latents [N, z_dim]."""

    network: nn.Module = field(repr=False)
    latent_error: float  # of latents that it never saw: root of the mean squared difference; their spread is about 1
    pixel_error: float  # of the pictures drawn from what it says: root of the mean squared difference, 0 to 255

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        return self.network(x)


def encoder(snapshot: Snapshot, how: Encoding) -> Generator[Progress, None, Encoder]:
    """The one that is kept for these very weights, or a new one, which is then kept.

    Closing the generator cancels, and keeps nothing. Raises ConfigError where the latents cannot be told at all.
    """
    found = kept(snapshot, how)
    if found is None:
        found = yield from trained(snapshot, how)
        with contextlib.suppress(OSError):  # without room for it, it serves this once
            keep(snapshot, how, found)
    return found


# --- the training ----------------------------------------------------------------------------------------------------


def trained(snapshot: Snapshot, how: Encoding) -> Generator[Progress, None, Encoder]:
    """Learn z from G(z), and G(z) from itself. Raises ConfigError where the loss is no number."""
    explorable(snapshot)
    G = snapshot.network
    E = build(snapshot.shape, snapshot.z_dim, how).to(snapshot.device)
    optimiser = torch.optim.Adam(E.parameters(), lr=how.rate)
    for step in range(how.steps):
        yield Progress(step, how.steps, TRAINING)
        optimiser.param_groups[0]["lr"] = how.rate * (1 - step / how.steps)
        # Draw latents and their pictures.
        z = snapshot.latents(how.batch_size, mixed_seed(how.seed, 1 + step))
        with torch.no_grad():
            x = G(z).float()
        # Tell the latents again, so that they also draw these pictures again.
        with torch.enable_grad():
            told = E(x)
            loss = (told - z).square().mean()
            if how.pixels:
                loss = loss + how.pixels * (G(told).float() - x).square().mean()
            optimiser.zero_grad()
            loss.backward()
        optimiser.step()
    yield Progress(how.steps, how.steps, TRAINING)
    return _tested(snapshot, E.eval().requires_grad_(False), how)


@torch.no_grad()
def _tested(snapshot: Snapshot, E: nn.Module, how: Encoding) -> Encoder:
    z = snapshot.latents(TESTED, mixed_seed(how.seed, 0))
    x = snapshot.network(z).float()
    told = E(x)
    latent_error = (told - z).square().mean().sqrt().item()
    pixel_error = 127.5 * (snapshot.network(told).float() - x).square().mean().sqrt().item()
    if not torch.isfinite(told).all():
        raise ConfigError("The encoder's training diverged; train it with a lower rate, or search without it.")
    return Encoder(E, latent_error, pixel_error)


def build(shape: tuple[int, ...], z_dim: int, how: Encoding) -> nn.Module:
    """Convolutions that halve the picture down to SMALLEST_PX, then a linear layer. The same for the same seed."""
    C, H, W = shape
    widths = doubling(how.width, levels=max(1, (min(H, W) // SMALLEST_PX).bit_length() - 1))
    layers: list[nn.Module] = []
    with torch.device("meta"):  # what it begins with is drawn below, and nobody else's random numbers are touched
        for channels in widths:
            layers += [nn.Conv2d(C, channels, 4, 2, 1), nn.GroupNorm(GROUPS, channels), nn.LeakyReLU(0.2)]
            C, H, W = channels, H // 2, W // 2
        network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(C * H * W, z_dim))
    return _drawn(network.to_empty(device="cpu"), how.seed)


def _drawn(network: nn.Module, seed: int) -> nn.Module:
    """He's weights, biases of 0, norms that change nothing."""
    rng = torch.Generator().manual_seed(mixed_seed(seed, 0))
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, 0.2, generator=rng)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        elif isinstance(module, nn.GroupNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
    return network


# --- what is kept ----------------------------------------------------------------------------------------------------


def place(snapshot: Snapshot, how: Encoding) -> Path:
    """Its folder among what the studio keeps for itself: for other weights, or trained otherwise, it is another one."""
    classes = chosen(snapshot.network)
    settings = {"format": FORMAT, "sha256": snapshot.about["sha256"], "classes": classes, "how": how.plain()}
    return cache.folder() / f"encoder-{cache.key(settings)}"


def kept(snapshot: Snapshot, how: Encoding) -> Encoder | None:
    """None where there is none, or what is there is damaged."""
    where = place(snapshot, how)
    network = build(snapshot.shape, snapshot.z_dim, how)
    try:
        told = json.loads((where / ABOUT).read_bytes())
        network.load_state_dict(load_file(where / WEIGHTS))
        errors = float(told["latent_error"]), float(told["pixel_error"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError):
        return None
    cache.use(where)
    return Encoder(network.to(snapshot.device).eval().requires_grad_(False), *errors)


def keep(snapshot: Snapshot, how: Encoding, found: Encoder) -> None:
    """Whole or not at all. Raises OSError."""
    about = {
        "version": __version__,
        "of": {name: snapshot.about[name] for name in ("run", "step", "weights", "sha256")},
        "how": how.plain(),
        "latent_error": found.latent_error,
        "pixel_error": found.pixel_error,
    }
    weights = {name: tensor.cpu().contiguous() for name, tensor in found.network.state_dict().items()}
    with cache.replacing(place(snapshot, how)) as folder:
        save_file(weights, folder / WEIGHTS)
        (folder / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
