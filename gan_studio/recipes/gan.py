"""The adversarial game of two players. Goodfellow et al. 2014, Algorithm 1; with critic steps as in WGAN (2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import ConfigError, Problem, option
from ..data import Batch, Pairs, Stream
from ..latent import Latent
from ..networks import DISCRIMINATORS, GENERATORS, Discriminator, Generator
from ..nn.activations import layer_inputs
from ..nn.descent import total
from ..nn.judged import Judged
from ..nn.minibatch import MinibatchDiscrimination
from ..nn.optimisers import Adam, AnyOptimiser
from ..nn.packing import filled_up, of_copies, packed, packed_shape
from ..nn.schedules import AnySchedule, Constant
from ..nn.temporarily import evaluating, frozen, undisturbed
from ..nn.unrolled import Function, look_ahead
from ..objectives import OBJECTIVES, Objective
from ..penalties import PENALTIES, Penalty, applied, second_order
from ..registry import OneOf
from . import PLAYERS, RECIPES, Curves, Generates, GeneratingRecipe, TwoPlayers, built, means, verdict


@RECIPES.add
class Gan(GeneratingRecipe):
    """A generator and a discriminator, any objective, any list of penalties."""

    kind = "gan"
    title = "GAN"
    paper = "Goodfellow et al. 2014"
    about = "A generator learns to make what a discriminator cannot tell from the real thing."

    objective: Annotated[Objective, OneOf(OBJECTIVES)] = option(
        "non-saturating", "What the two players each try to do; the heart of the method.", learn=True, group="Objective"
    )
    penalties: tuple[Annotated[Penalty, OneOf(PENALTIES)], ...] = option(
        (), "What keeps the discriminator well-behaved: penalties and constraints, any number.", group="Objective"
    )
    generator: Annotated[Generator, OneOf(GENERATORS)] = option(
        "dcgan", "The network that makes samples.", group="Networks"
    )
    discriminator: Annotated[Discriminator, OneOf(DISCRIMINATORS)] = option(
        "dcgan", "The network that tells real from generated.", group="Networks"
    )
    latent: Latent = option(Latent(), "The noise that becomes a sample.", group="Networks")
    batch_size: int = option(64, "Real samples per step; as many are generated.", ge=1, le=65536)
    d_steps: int = option(
        1, "Steps of the discriminator per step of the generator.", ge=1, le=100, live=True, group="Steps"
    )
    warm_up: bool = option(
        False,
        "As in the WGAN code: 100 discriminator steps for each of the first 25 generator steps and for every 500th.",
        group="Steps",
    )
    fresh_noise: bool = option(
        False,
        "Draw new noise for the generator's step, as in Algorithm 1 of the paper. Off: judge the fakes of the "
        "discriminator's step again, as most programs do; it saves one pass through the generator.",
        group="Steps",
    )
    pack: int = option(
        1,
        "So many samples does D judge as one (PacGAN), so that it sees a lack of variety: a batch of 64 is 32 packs of "
        "2. Packs of 2 to 4 are usual; 1 is the plain GAN.",
        ge=1,
        le=16,
        group="Mode collapse",
    )
    unroll: int = option(
        0,
        "So many steps does G look ahead, to how D will answer it (unrolled GAN). Against collapse and cycling; each "
        "step costs several of D's. 0 is the plain GAN.",
        ge=0,
        le=32,
        group="Mode collapse",
    )
    g_optimiser: AnyOptimiser = option(Adam(), "How the generator's weights are moved.", group="Optimisers")
    d_optimiser: AnyOptimiser = option(Adam(), "How the discriminator's weights are moved.", group="Optimisers")
    schedule: AnySchedule = option(Constant(), "How both learning rates change over the training.", group="Optimisers")
    clip_norm: float = option(
        0.0, "Longer gradients of either player are shortened to this; 0 leaves them.", ge=0, le=1e6, group="Optimisers"
    )
    ema: float = option(
        0.999,
        "Samples come from an average of the generator's past weights that keeps this share at each step; 0: none.",
        ge=0,
        lt=1,
        live=True,
        group="Averaging",
    )
    instance_noise: float = option(
        0.0,
        "Standard deviation of noise added to all that the discriminator sees, falling linearly to 0.",
        ge=0,
        le=10,
        group="Objective",
    )
    instance_noise_until: float = option(
        1.0, "The share of the training at whose end that noise has fallen to 0.", gt=0, le=1, group="Objective"
    )

    @property
    def samples_per_step(self) -> int:
        return self.batch_size * self.d_steps

    def check(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> None:
        with torch.device("meta"):
            built("generator", lambda: self.generator.build(self.latent.dim, shape))
            built("discriminator", lambda: self.discriminator.build(packed_shape(shape, self.pack)))
        if self.batch_size % self.pack:
            more = self.batch_size + -self.batch_size % self.pack
            raise ConfigError(Problem("batch_size", f"must be a multiple of pack ({self.pack}), such as {more}."))

    def advice(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> tuple[str, ...]:
        with torch.device("meta"):
            D = self.discriminator.build(packed_shape(shape, self.pack))
        found = []
        looks_closer = second_order(self.penalties)
        if looks_closer and any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in D.modules()):
            found.append(
                "The penalty looks at each sample alone, and batch norm ties a batch together: "
                "set recipe.discriminator.norm to none, layer or instance (Gulrajani et al. 2017, section 4)."
            )
        if looks_closer and any(isinstance(module, MinibatchDiscrimination) for module in D.modules()):
            found.append(
                "The penalty looks at each sample alone, and minibatch discrimination at a whole batch: "
                "set recipe.discriminator.minibatch_kernels to 0, or leave the penalty out."
            )
        return tuple(found)

    def seeded_latents(self, count: int, seed: int) -> Tensor:
        return self.latent.seeded(count, seed)

    def build_generator(self, shape: tuple[int, ...]) -> nn.Module:
        return self.generator.build(self.latent.dim, shape)

    def build(self, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs | None = None) -> GanTraining:
        return GanTraining(self, shape, steps, engine)

    def d_steps_at(self, iteration: int) -> int:
        if self.warm_up and (iteration < 25 or iteration % 500 == 0):
            return 100
        return self.d_steps

    def noise_at(self, progress: float) -> float:
        return self.instance_noise * max(0.0, 1 - progress / self.instance_noise_until)


class GanTraining(TwoPlayers[Gan], Generates):
    """G against D."""

    def __init__(self, recipe: Gan, shape: tuple[int, ...], steps: int, engine: Engine):
        super().__init__(recipe, steps, engine)
        self.z_dim = recipe.latent.dim
        self.d_iteration = 0  # D steps done, which lazy penalties count
        self.G = engine.place(built("generator", lambda: recipe.generator.build(self.z_dim, shape)))
        first_order = not recipe.unroll and not second_order(recipe.penalties)
        pack_shape = packed_shape(shape, recipe.pack)
        self.D = engine.place(built("discriminator", lambda: recipe.discriminator.build(pack_shape)), first_order)
        self.begin(self.G.parameters(), self.D.parameters())

    def generators(self) -> dict[str, nn.Module]:
        return {"generator": self.G}

    def others(self) -> dict[str, nn.Module]:
        return {"discriminator": self.D}

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        self.set_rates()
        curves: Curves = {}
        real = fake = None

        # Latents are drawn before all else that is random, so that trainings which differ in that see the same ones.
        d_steps = self.recipe.d_steps_at(self.iteration) if "D" in players else 0
        reuse = "G" in players and d_steps > 0 and not self.recipe.fresh_noise
        latents = iter([self._latent() for _ in range(d_steps + ("G" in players and not reuse))])

        # Train the discriminator to tell real from generated.
        for k in range(d_steps):
            real = self._real(batches)
            fake = self._fake(next(latents), for_generator=reuse and k == d_steps - 1)
            curves |= self._d_turn(real, fake.detach())

        # Train the generator against the updated discriminator.
        if "G" in players:
            if real is None:
                real = self._real(batches)
            if fake is None or not reuse:
                fake = self._fake(next(latents), for_generator=True)
            curves |= self._g_turn(real, fake)

        self.iteration += 1
        return curves

    def _d_turn(self, real: Tensor, fake: Tensor) -> Curves:
        recipe, real, fake = self.recipe, self._packed(real), self._packed(fake)
        with self.engine.autocast():
            D = self._judge_of(self.D, real, fake)
            told = verdict(recipe.objective, recipe.penalties, self.d_iteration, D, real, fake)
        self.d_iteration += 1
        return self.move_judges(told, [self.D], clip_norm=recipe.clip_norm)

    def _g_turn(self, real: Tensor, fake: Tensor) -> Curves:
        real, fake = self._packed(real), self._packed(fake)
        with frozen(self.D), self.engine.autocast():  # D's weights need no gradient here: a quarter of the step saved
            D = self._judge_of(self._d_ahead(real, fake), real, fake)
            terms = self.recipe.objective.g_loss(D, real, fake)
            norm = self.minimise(total(terms), self.g_opt, "gradient/G", self.recipe.clip_norm)
        self.update_averages()
        return means("G/", terms) | norm

    def _d_ahead(self, real: Tensor, fake: Tensor) -> Function:
        """D after the steps that it would take on this very batch, as a function of G. Metz et al. 2017, eq. 8 to 10.

        The paper moves both players at once; here D has had its own step before, as everywhere in this file. Clipping
        of gradients and weights is left out of the steps ahead.
        """
        if not self.recipe.unroll:
            return self.D

        def loss(D_k: Function) -> Tensor:
            D = self._judge_of(D_k, real, fake)
            terms = self.recipe.objective.d_loss(D, real, fake)
            extra, _ = applied(self.recipe.penalties, self.d_iteration, D, real, fake.detach())
            return total(terms | extra)

        return look_ahead(self.D, self.d_opt, loss, self.recipe.unroll)

    def _real(self, batches: Stream) -> Tensor:
        return self.engine.lay(self.engine.ranks.share(next(batches).x))

    def _latent(self) -> Tensor:
        ranks, device = self.engine.ranks, self.engine.device
        return ranks.draw(lambda n: self.recipe.latent.draw(n, device), self.recipe.batch_size // ranks.world)

    def _fake(self, z: Tensor, for_generator: bool) -> Tensor:
        with torch.set_grad_enabled(for_generator), self.engine.autocast():
            return self.G(z).float()

    def _packed(self, x: Tensor) -> Tensor:
        return self.engine.lay(packed(x, self.recipe.pack))

    def _judge_of(self, D: Function, real: Tensor, fake: Tensor) -> Judged:
        return Judged(D, self.recipe.noise_at(self.iteration / self.steps), real, fake)

    # --- what others see ---

    def latents(self, count: int, seed: int) -> Tensor:
        return self.recipe.latent.seeded(count, seed).to(self.engine.device)

    def generate(self, z: Tensor, averaged: bool = True) -> Tensor:
        G = self.applied_generator(averaged)
        with torch.no_grad(), evaluating(G), self.engine.autocast():
            return G(z.to(self.engine.device)).float()

    def judge(self, x: Tensor) -> Tensor:
        with torch.no_grad(), evaluating(self.D), self.engine.autocast():
            return self._judged_alone(x)

    def answers(self, real: Sequence[Batch], z: Tensor) -> tuple[Tensor, ...]:
        with torch.no_grad(), undisturbed(self.G, self.D), self.engine.autocast():
            fake = self._packed(self._fake(z, for_generator=False))
            samples = [*(self._packed(self.engine.lay(batch.x)) for batch in real), fake]
            D = self._judge_of(self.D, samples[0], fake)
            return tuple(D(x) for x in samples)

    def features(self, x: Tensor) -> list[Tensor]:
        with frozen(self.D), evaluating(self.D), self.engine.autocast():
            return layer_inputs(self.D, lambda: self._judged_alone(x))

    def _judged_alone(self, x: Tensor) -> Tensor:
        """Logits [N] of samples, each in a pack with itself."""
        return self.D(self.engine.lay(of_copies(x.to(self.engine.device), self.recipe.pack))).float()

    def score(self, logits: Tensor) -> Tensor | None:
        return self.recipe.objective.score(logits)

    def pull(self, x: Tensor, real: Tensor) -> Tensor:
        x, real = (self.engine.lay(samples.detach().to(self.engine.device)) for samples in (x, real))
        x.requires_grad_()
        with frozen(self.D), evaluating(self.D), torch.enable_grad():
            m = self.recipe.pack
            reals, fakes = self._packed(filled_up(real, m)), self._packed(filled_up(x, m))
            with self.engine.autocast():
                terms = self.recipe.objective.g_loss(Judged(self.D, 0.0, reals, fakes), reals, fakes)
            L_G = torch.stack([term.float().sum() for term in terms.values()]).sum()
            (gradient,) = torch.autograd.grad(L_G, x)
        return -gradient.float()

    def latent_grid(self, side: int) -> Tensor:
        return self.recipe.latent.grid(side).to(self.engine.device)

    def state(self) -> dict[str, Any]:
        return super().state() | {"d_iteration": self.d_iteration}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.d_iteration = state["d_iteration"]
