"""VEEGAN: a reconstructor learns to lead samples back to their latents. Srivastava et al. 2017, Algorithm 1.

Where G drops a mode, F has never learnt to lead it back to the latents' distribution, and D sees that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import option
from ..data import Batch, Pairs, Stream
from ..latent import Latent
from ..networks import DISCRIMINATORS, GENERATORS, Discriminator, Generator
from ..nn.activations import layer_inputs
from ..nn.cross_entropy import cross_entropy, js_lower_bound
from ..nn.descent import total
from ..nn.optimisers import Adam, AnyOptimiser
from ..nn.schedules import AnySchedule, Constant
from ..nn.temporarily import evaluating, frozen, undisturbed
from ..registry import OneOf
from . import PLAYERS, RECIPES, Curves, Generates, GeneratingRecipe, TwoPlayers, built, means


@RECIPES.add
class Veegan(GeneratingRecipe):
    """G, a reconstructor F that leads samples back to latents, and a D that judges pairs of both."""

    kind = "veegan"
    title = "VEEGAN"
    paper = "Srivastava et al. 2017"
    about = "A third network leads samples back to their latents, so that no mode can be dropped unseen."

    generator: Annotated[Generator, OneOf(GENERATORS)] = option(
        "dcgan", "The network that makes samples.", group="Networks"
    )
    discriminator: Annotated[Discriminator, OneOf(DISCRIMINATORS)] = option(
        "dcgan", "The network that judges pairs of latent and sample; latents are constant channels.", group="Networks"
    )
    reconstructor: Annotated[Generator, OneOf(GENERATORS)] = option(
        "mlp", "The network that leads samples, flattened, back to their latents.", group="Networks"
    )
    latent: Latent = option(Latent(), "The noise that becomes a sample.", group="Networks")
    batch_size: int = option(64, "Real samples per step; as many are generated.", ge=1, le=65536)
    reconstruction: float = option(
        1.0, "Weight of the latents' reconstruction; the paper's is 1.", ge=0, le=1000, live=True, learn=True
    )
    g_optimiser: AnyOptimiser = option(Adam(), "How G's and F's weights are moved.", group="Optimisers")
    d_optimiser: AnyOptimiser = option(Adam(), "How D's weights are moved.", group="Optimisers")
    schedule: AnySchedule = option(Constant(), "How both learning rates change over the training.", group="Optimisers")
    clip_norm: float = option(
        0.0, "Longer gradients of either side are shortened to this; 0 leaves them.", ge=0, le=1e6, group="Optimisers"
    )
    ema: float = option(
        0.999,
        "Samples come from an average of the generator's past weights that keeps this share at each step; 0: none.",
        ge=0,
        lt=1,
        group="Averaging",
    )

    @property
    def samples_per_step(self) -> int:
        return self.batch_size

    def check(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> None:
        with torch.device("meta"):
            self.build_networks(shape)

    def seeded_latents(self, count: int, seed: int) -> Tensor:
        return self.latent.seeded(count, seed)

    def build_generator(self, shape: tuple[int, ...]) -> nn.Module:
        return self.generator.build(self.latent.dim, shape)

    def build_networks(self, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module, nn.Module]:
        """G, D and F, with latents in D's channels. Raises ConfigError with paths."""
        z_dim = self.latent.dim
        return (
            built("generator", lambda: self.generator.build(z_dim, shape)),
            built("discriminator", lambda: self.discriminator.build((shape[0] + z_dim, *shape[1:]))),
            built("reconstructor", lambda: self.reconstructor.build(math.prod(shape), (z_dim,))),
        )

    def build(self, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs | None = None) -> VeeganTraining:
        return VeeganTraining(self, shape, steps, engine)


class VeeganTraining(TwoPlayers[Veegan], Generates):
    """G and F against D."""

    def __init__(self, recipe: Veegan, shape: tuple[int, ...], steps: int, engine: Engine):
        super().__init__(recipe, steps, engine)
        self.z_dim = recipe.latent.dim
        self.G, self.D, self.F = map(engine.place, recipe.build_networks(shape))
        self.begin([*self.G.parameters(), *self.F.parameters()], self.D.parameters())

    def generators(self) -> dict[str, nn.Module]:
        return {"generator": self.G}

    def others(self) -> dict[str, nn.Module]:
        return {"discriminator": self.D, "reconstructor": self.F}

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        self.set_rates()
        curves: Curves = {}
        z = self._latents()  # z ~ p_0
        x = self.engine.lay(self.engine.ranks.share(next(batches).x))  # x ~ p(x)
        with self.engine.autocast():
            x_g = self.G(z).float()

        if "D" in players:
            curves |= self._d_turn(z, x, x_g.detach())
        if "G" in players:
            curves |= self._g_turn(z, x_g)

        self.iteration += 1
        return curves

    def _d_turn(self, z: Tensor, x: Tensor, x_g: Tensor) -> Curves:
        """Tell (F(x), x) from (z, G(z)), F's answer drawn from its Gaussian."""
        with self.engine.autocast():
            with torch.no_grad():
                z_r = self._drawn_back(x)
            terms = cross_entropy(self._judged(z_r, x), self._judged(z, x_g))
        norm = self.minimise(total(terms), self.d_opt, "gradient/D", self.recipe.clip_norm)
        distance = js_lower_bound({name: term.detach() for name, term in terms.items()})
        return means("D/", terms) | {"distance/js": distance} | norm

    def _g_turn(self, z: Tensor, x_g: Tensor) -> Curves:
        """G and F bring z back; G also makes pairs that D takes for those of the data."""
        with frozen(self.D), self.engine.autocast():
            d = (z - self._reconstructed(x_g)).square().sum(dim=1) / 2  # -log N(z; F(G(z)), 1), but for a constant
            terms = {"adversarial": -self._judged(z, x_g), "reconstruction": self.recipe.reconstruction * d}
            norm = self.minimise(total(terms), self.g_opt, "gradient/G", self.recipe.clip_norm)
        self.update_averages()
        return means("G/", terms) | norm

    def _judged(self, z: Tensor, x: Tensor) -> Tensor:
        """D's logits [N] of pairs, high on those of the data."""
        return self.D(self.engine.lay(paired(z, x))).float()

    def _reconstructed(self, x: Tensor) -> Tensor:
        return self.F(x.flatten(1)).float()  # [N, z_dim]

    def _drawn_back(self, x: Tensor) -> Tensor:
        """F's answer, drawn from N(F(x), 1), [N, z_dim]."""
        mean = self._reconstructed(x)
        return mean + torch.randn_like(mean)

    def _latents(self) -> Tensor:
        ranks, device = self.engine.ranks, self.engine.device
        return ranks.draw(lambda n: self.recipe.latent.draw(n, device), self.recipe.batch_size // ranks.world)

    # --- what others see ---

    def latents(self, count: int, seed: int) -> Tensor:
        return self.recipe.latent.seeded(count, seed).to(self.engine.device)

    def generate(self, z: Tensor, averaged: bool = True) -> Tensor:
        G = self.applied_generator(averaged)
        with torch.no_grad(), evaluating(G), self.engine.autocast():
            return G(z.to(self.engine.device)).float()

    def judge(self, x: Tensor) -> Tensor:
        """Of each sample with the latent that F leads it to."""
        x = self.engine.lay(x.to(self.engine.device))
        with torch.no_grad(), evaluating(self.D), evaluating(self.F), self.engine.autocast():
            return self._judged(self._reconstructed(x), x)

    def answers(self, real: Sequence[Batch], z: Tensor) -> tuple[Tensor, ...]:
        """Of (F(x), x) and (z, G(z)), as in the algorithm."""
        with torch.no_grad(), undisturbed(self.G, self.D, self.F), self.engine.autocast():
            samples = [self.engine.lay(batch.x) for batch in real]
            pairs = [(self._drawn_back(x), x) for x in samples] + [(z, self.G(z).float())]
            return tuple(self._judged(*pair) for pair in pairs)

    def features(self, x: Tensor) -> list[Tensor]:
        """Of each sample with the latent that F leads it to, which stands still."""
        x = self.engine.lay(x.to(self.engine.device))
        with frozen(self.D), evaluating(self.D), evaluating(self.F), self.engine.autocast():
            z = self._reconstructed(x).detach()
            return layer_inputs(self.D, lambda: self._judged(z, x))

    def pull(self, x: Tensor, real: Tensor) -> Tensor:
        """By D alone, each sample with the latent that F leads it to."""
        x = self.engine.lay(x.detach().to(self.engine.device))
        with frozen(self.D), evaluating(self.D), evaluating(self.F), torch.enable_grad(), self.engine.autocast():
            z = self._reconstructed(x).detach()
            x.requires_grad_()
            (gradient,) = torch.autograd.grad(self._judged(z, x).sum(), x)
        return gradient.float()

    def latent_grid(self, side: int) -> Tensor:
        return self.recipe.latent.grid(side).to(self.engine.device)


def paired(z: Tensor, x: Tensor) -> Tensor:
    """Sample and latent as one: [N, C, ...] and [N, z_dim] -> [N, C + z_dim, ...]."""
    z = z.reshape(*z.shape, *[1] * (x.ndim - 2)).expand(-1, -1, *x.shape[2:])
    return torch.cat([x, z.to(x.dtype)], dim=1)
