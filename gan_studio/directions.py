"""Directions of a latent space that mean something: by PCA, by a closed form (SeFa), by labels, or at random.

They are found for any network that makes pictures [N, C, H, W] of latents [N, z_dim]; a file keeps them by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from .config import ConfigError, Spec, option
from .files import write_atomic

FILE = "directions.json"  # in a run's folder
FORMAT = 1
MOST_BYTES = 2**26  # of a file of directions
MOST_FEATURES = 2**15  # of one latent at a layer; larger pictures of features are made smaller
DEAD_SHARE = 0.1  # what changes less than this share of the strongest's change moves nothing worth a slider

FoundBy = Literal["pca", "sefa", "attribute", "random", "axis"]
Generate = Callable[[Tensor], Tensor]  # z [N, z_dim] -> x [N, C, H, W] in [-1, 1]


class Direction(Spec):
    """A way to go from any latent: z + amount * sigma * vector."""

    name: str = option("", "What people call it.")
    vector: tuple[float, ...] = option((), "Of length 1, one number for each of the latent's.")
    sigma: float = option(1.0, "How far latents are spread along it: one standard deviation.", ge=0)
    found_by: FoundBy = option("random", "How it was found.")
    layer: str = option("", "The layer of the network that it was found at.")
    share: float = option(0.0, "The share of the layer's variance that it explains.", ge=0, le=1 + 1e-6)
    effect: float = option(0.0, "Mean change of a pixel, of 255, for one sigma.", ge=0)

    def step(self) -> Tensor:
        """One sigma of it, [z_dim] float32."""
        return torch.tensor(self.vector, dtype=torch.float64).mul(self.sigma).float()

    def renamed(self, name: str) -> Direction:
        return self.model_copy(update={"name": name})


def direction(name: str, step: Tensor, found_by: FoundBy, layer: str = "", share: float = 0.0) -> Direction:
    """Of one sigma's step [z_dim], turned so that its largest entry is positive: the same ones look the same."""
    step = step.double().cpu()
    sigma = float(step.norm())
    unit = step / sigma if sigma else step
    if unit[unit.abs().argmax()] < 0 and found_by != "attribute":  # labels tell which side is which
        unit = -unit
    return Direction(
        name=name, vector=plain_numbers(unit.float()), sigma=sigma, found_by=found_by, layer=layer, share=share
    )


def plain_numbers(z: Tensor) -> tuple[float, ...]:
    """float32 [z_dim] as the shortest decimals that give the very same float32 again."""
    return tuple(float(str(number)) for number in z.detach().cpu().float().numpy())


# --- layers ----------------------------------------------------------------------------------------------------------

AFFINE = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


@dataclass(frozen=True)
class Layer:
    """A linear layer or convolution of a network."""

    name: str  # "main.3"
    shape: tuple[int, ...]  # of what it makes of one latent


def layers(network: nn.Module, z: Tensor) -> list[Layer]:
    """In the order in which a latent [1, z_dim] passes them."""
    found: list[Layer] = []
    names: dict[nn.Module, str] = {
        module: name for name, module in network.named_modules() if isinstance(module, AFFINE)
    }

    def note(module: nn.Module, inputs: Any, output: Tensor) -> None:
        found.append(Layer(names[module], tuple(output.shape[1:])))

    hooks = [module.register_forward_hook(note) for module in names]
    try:
        with torch.no_grad():
            network(z)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def activations(network: nn.Module, layer: str, z: Tensor, batch: int = 64) -> Iterator[Tensor]:
    """What a layer makes of latents [N, z_dim], a batch at a time, [n, features] float32 on the CPU."""
    for part in z.split(batch):
        yield _bounded(activation(network, layer, part).float()).cpu()


def activation(network: nn.Module, layer: str, z: Tensor) -> Tensor:
    """What a layer makes of latents [N, z_dim], as it is: [N, C, H, W] or [N, features]."""
    kept: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        kept.append(output.detach().clone())  # a ReLU behind it may write upon it

    hook = network.get_submodule(layer).register_forward_hook(keep)
    try:
        with torch.no_grad():
            network(z)
    finally:
        hook.remove()
    return kept[-1]


def _bounded(x: Tensor) -> Tensor:
    """[N, features], pictures of features halved until there are at most MOST_FEATURES."""
    while x.ndim == 4 and x[0].numel() > MOST_FEATURES and min(x.shape[2:]) > 1:
        x = nn.functional.avg_pool2d(x, 2)
    return x.flatten(1)


# --- how they are found ----------------------------------------------------------------------------------------------


def principal(features: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """PCA of rows [N, F]: (scores [N, K] of variance 1, the shares of the variance [K]), K <= count, largest first.

    By the eigenvectors of the smaller of the two Gram matrices; components without variance are left out.
    """
    A = features.double() - features.double().mean(dim=0)
    N, F = A.shape
    if N <= F:
        values, U = torch.linalg.eigh(A @ A.T)  # ascending
    else:
        values, V = torch.linalg.eigh(A.T @ A)
        U = A @ V
    variances = values.flip(0).clamp(min=0) / max(1, N - 1)
    scores = U.flip(1)
    alive = int((variances > 1e-12 * variances[0]).sum()) if variances[0] > 0 else 0
    count = min(count, alive, N - 1)
    scores = scores[:, :count]
    return scores * (N - 1) ** 0.5 / scores.norm(dim=0), variances[:count] / variances.sum().clamp(min=1e-300)


def pca(features: Tensor, z: Tensor, layer: str, count: int = 16) -> list[Direction]:
    """The principal directions of a layer's activations [N, F], led back to the latents [N, z_dim] they belong to.

    A direction's step is the regression of z on the component's score: what z has one sigma of it more. GANSpace,
    Härkönen et al. 2020, section 2.2.
    """
    scores, shares = principal(features, count)
    offsets = (z - z.mean(dim=0)).double().cpu()
    steps = scores.T @ offsets / (len(z) - 1)  # [K, z_dim]; the scores are uncorrelated, so each stands for itself
    return [
        direction(f"PCA {k + 1}", step, "pca", layer, float(share))
        for k, (step, share) in enumerate(zip(steps, shares, strict=True))
    ]


def sefa(network: nn.Module, spread: float = 1.0, count: int = 16) -> list[Direction]:
    """The eigenvectors of A^T A, A being the weight of the first affine layer: what changes its output most.

    Closed-form factorisation, Shen & Zhou 2021, eq. 5. `spread` is the standard deviation of the latents' entries.
    Raises ConfigError where the network does not start with a linear layer or a transposed convolution.
    """
    name, A = first_matrix(network)
    values, vectors = torch.linalg.eigh(A.T @ A)  # ascending
    total = values.clamp(min=0).sum().clamp(min=1e-300)
    return [
        direction(
            f"SeFa {k + 1}", spread * vectors[:, -1 - k], "sefa", name, float(values[-1 - k].clamp(min=0) / total)
        )
        for k in range(min(count, len(values)))
    ]


def first_matrix(network: nn.Module) -> tuple[str, Tensor]:
    """(name of the first affine layer, A [outputs, z_dim] float64): without its bias it makes A z of z."""
    for name, module in network.named_modules():
        for kind, matrix in _MATRICES.items():
            if isinstance(module, kind):
                return name, matrix(module.weight.detach().double().cpu())  # type: ignore[arg-type, operator]
        if isinstance(module, AFFINE):
            break
    raise ConfigError("This network's first layer has no matrix to factorise; find directions by PCA instead.")


_MATRICES: dict[type[nn.Module], Callable[[Tensor], Tensor]] = {
    nn.Linear: lambda weight: weight,
    nn.ConvTranspose2d: lambda weight: weight.flatten(1).T,  # upon one pixel: [z_dim, C, k, k] -> [C k k, z_dim]
}


def random(z_dim: int, count: int, seed: int, spread: float = 1.0) -> list[Direction]:
    """Orthonormal directions, evenly over all rotations; the same for the same seed."""
    rng = torch.Generator().manual_seed(seed)
    Q, R = torch.linalg.qr(torch.randn(z_dim, min(count, z_dim), generator=rng, dtype=torch.float64))
    Q = Q * R.diagonal().sign()
    return [direction(f"Random {k + 1}", spread * Q[:, k], "random") for k in range(Q.shape[1])]


def axis(index: int, z_dim: int, spread: float = 1.0) -> Direction:
    """One entry of the latent, counted from 0."""
    return direction(f"z {index}", spread * nn.functional.one_hot(torch.tensor(index), z_dim), "axis")


def attribute(name: str, z: Tensor, scores: Tensor, spread: float = 1.0) -> Direction:
    """The normal of the least-squares plane from latents [N, z_dim] to scores [N], labels of 0 and 1 or how sure.

    It points to where the score is higher. As InterFaceGAN, Shen et al. 2020, with a regression for its SVM. `share` is
    how much of the scores' variance the plane explains.
    """
    Z, y = (z - z.mean(dim=0)).double().cpu(), (scores - scores.float().mean()).double().cpu()
    normal = torch.linalg.lstsq(Z, y[:, None], driver="gelsd").solution[:, 0]
    left = (y - Z @ normal).square().sum() / y.square().sum().clamp(min=1e-300)
    unit = normal / normal.norm().clamp(min=1e-300)
    return direction(name, spread * unit, "attribute", share=float((1 - left).clamp(0, 1)))


# --- what they do ----------------------------------------------------------------------------------------------------


def effects(generate: Generate, found: Sequence[Direction], z: Tensor) -> Iterator[Direction]:
    """Each with its measured effect, mean |G(z + sigma) - G(z - sigma)| / 2 in 1/255, over latents [N, z_dim]."""
    for one in found:
        step = one.step()
        change = (generate(z + step) - generate(z - step)).abs().mean().item() / 2
        yield one.model_copy(update={"effect": 127.5 * change})


def ranked(found: Sequence[Direction]) -> tuple[list[Direction], list[Direction]]:
    """(those that change pictures, the strongest first; the dead, which change next to nothing)."""
    by_effect = sorted(found, key=lambda one: -one.effect)
    least = DEAD_SHARE * by_effect[0].effect if by_effect else 0.0
    return (
        [one for one in by_effect if one.effect > least],
        [one for one in by_effect if not one.effect > least],
    )


# --- a file of them --------------------------------------------------------------------------------------------------


def save(path: Path, found: Sequence[Direction]) -> None:
    """Whole or not at all. Raises OSError."""
    values = {"format": FORMAT, "directions": [one.plain() for one in found]}
    write_atomic(path, json.dumps(values, separators=(",", ":"), ensure_ascii=False))


def load(path: Path, z_dim: int, advice: str = "delete it, and find directions again") -> list[Direction]:
    """What `save` wrote; [] where there is no file. Raises ConfigError: one sentence that ends with the advice."""
    damaged = ConfigError(f"{path} is damaged; {advice}.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise damaged
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values["format"], int):
            raise damaged
        if values["format"] > FORMAT:
            raise ConfigError(f"{path} was written by a newer GAN Studio; update GAN Studio to use it.")
        found = [Direction.parse(row) for row in values["directions"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); see to its permissions.") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:  # what `Direction.parse` raises is a ValueError
        if isinstance(error, ConfigError) and str(path) in str(error):
            raise
        raise damaged from None
    if any(len(one.vector) != z_dim for one in found):
        raise ConfigError(f"{path} is about latents of another length than {z_dim}; {advice}.")
    return found
