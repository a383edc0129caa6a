"""The adversarial game of two players. Goodfellow et al. 2014, Algorithm 1; with critic steps as in WGAN (2017)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import ConfigError, Spec, option
from ..data import Stream
from ..latent import Latent
from ..networks import DISCRIMINATORS, GENERATORS, Discriminator, Generator
from ..nn.ema import Average, ramped
from ..nn.gradients import weight_gradient_norm
from ..nn.optimisers import Adam, AnyOptimiser
from ..nn.schedules import AnySchedule, Constant
from ..objectives import OBJECTIVES, Objective
from ..penalties import PENALTIES, SLOPE, Penalty
from ..registry import OneOf
from . import PLAYERS, RECIPES, Curves, Generates, GeneratingRecipe, Recipe, Training

Terms = dict[str, Tensor]  # {name: [N]}

# Norms of gradients are measured in one iteration of so many: in each they take 4 % of a step on 2-D data (8 + 8 small
# tensors, CPU), 0.4 % of DCGAN's at 64 px. Where gradients are clipped the norm is there already, and told each time.
NORMS_EVERY = 5
LONGEST = 1e19  # a gradient so long that its square overflows in float32 is shown as this, and the training goes on


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

    def check(self, shape: tuple[int, ...]) -> None:
        with torch.device("meta"):
            _built("generator", lambda: self.generator.build(self.latent.dim, shape))
            _built("discriminator", lambda: self.discriminator.build(shape))

    def advice(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        with torch.device("meta"):
            D = self.discriminator.build(shape)
        batched = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in D.modules())
        if batched and any(penalty.second_order for penalty in self.penalties):
            return (
                "The penalty looks at each sample alone, and batch norm ties a batch together: "
                "set recipe.discriminator.norm to none, layer or instance (Gulrajani et al. 2017, section 4).",
            )
        return ()

    def seeded_latents(self, count: int, seed: int) -> Tensor:
        return self.latent.seeded(count, seed)

    def build_generator(self, shape: tuple[int, ...]) -> nn.Module:
        return self.generator.build(self.latent.dim, shape)

    def build(self, shape: tuple[int, ...], steps: int, engine: Engine) -> GanTraining:
        return GanTraining(self, shape, steps, engine)

    def d_steps_at(self, iteration: int) -> int:
        if self.warm_up and (iteration < 25 or iteration % 500 == 0):
            return 100
        return self.d_steps

    def noise_at(self, progress: float) -> float:
        return self.instance_noise * max(0.0, 1 - progress / self.instance_noise_until)


class GanTraining(Training, Generates):
    """G against D."""

    def __init__(self, recipe: Gan, shape: tuple[int, ...], steps: int, engine: Engine):
        self.recipe, self.shape, self.steps, self.engine = recipe, shape, steps, engine
        self.z_dim = recipe.latent.dim
        self.iteration = 0
        self.d_iteration = 0  # D steps done, which lazy penalties count
        self.G = engine.place(_built("generator", lambda: recipe.generator.build(self.z_dim, shape)))
        first_order = not any(penalty.second_order for penalty in recipe.penalties)
        self.D = engine.place(_built("discriminator", lambda: recipe.discriminator.build(shape)), first_order)
        self.average = Average(self.G) if recipe.ema else None
        self.g_opt = recipe.g_optimiser.build(self.G.parameters())
        self.d_opt = recipe.d_optimiser.build(self.D.parameters())

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        self._set_learning_rates()
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
        with self.engine.autocast():
            D = self._judge_of(real, fake)
            terms = self.recipe.objective.d_loss(D, real, fake)
            extra, slopes = self._penalties(D, real, fake)
        norm = self._minimise(terms | extra, self.d_opt, "gradient/D")
        for penalty in self.recipe.penalties:
            penalty.after_d_step(self.D)
        self.d_iteration += 1

        with torch.no_grad():
            distances = self.recipe.objective.distance({name: term.detach() for name, term in terms.items()})
            losses = _means("D/", terms | extra) | _means("distance/", distances)
            return losses | D.scores(self.recipe.objective) | _means("", slopes) | norm

    def _g_turn(self, real: Tensor, fake: Tensor) -> Curves:
        with frozen(self.D), self.engine.autocast():  # D's weights need no gradient here: a quarter of the step saved
            terms = self.recipe.objective.g_loss(self._judge_of(real, fake), real, fake)
            norm = self._minimise(terms, self.g_opt, "gradient/G")
        if self.average:
            self.average.update(self.G, ramped(self.recipe.ema, self.iteration))
        return _means("G/", terms) | norm

    def _penalties(self, D: Judge, real: Tensor, fake: Tensor) -> tuple[Terms, Terms]:
        """What D minimises, and what is only shown of it."""
        terms: Terms = {}
        slopes: Terms = {}
        for penalty in self.recipe.penalties:
            if self.d_iteration % penalty.every == 0:
                for name, term in penalty.d_loss(D, real, fake).items():
                    if name.startswith(SLOPE):
                        slopes[name] = term
                    else:
                        terms[name] = terms.get(name, 0.0) + penalty.every * term  # two of a kind add up
        return terms, slopes

    def _minimise(self, terms: Terms, optimiser: torch.optim.Optimizer, curve: str) -> Curves:
        """Move a player's weights. Returns the norm of the gradient before any clipping, where it was measured."""
        optimiser.zero_grad(set_to_none=True)
        torch.stack([term.float().mean() for term in terms.values()]).sum().backward()
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        self.engine.ranks.mean_gradients(weights)
        norm: Curves = {}
        if self.recipe.clip_norm:
            norm[curve] = nn.utils.clip_grad_norm_(weights, self.recipe.clip_norm, foreach=True)
        elif self.iteration % NORMS_EVERY == 0:
            norm[curve] = weight_gradient_norm(weights)
        optimiser.step()
        return {name: length.clamp(max=LONGEST) for name, length in norm.items()}

    def _real(self, batches: Stream) -> Tensor:
        return self.engine.lay(self.engine.ranks.share(next(batches).x))

    def _latent(self) -> Tensor:
        ranks, device = self.engine.ranks, self.engine.device
        return ranks.draw(lambda n: self.recipe.latent.draw(n, device), self.recipe.batch_size // ranks.world)

    def _fake(self, z: Tensor, for_generator: bool) -> Tensor:
        with torch.set_grad_enabled(for_generator), self.engine.autocast():
            return self.G(z).float()

    def _judge_of(self, real: Tensor, fake: Tensor) -> Judge:
        return Judge(self.D, self.recipe.noise_at(self.iteration / self.steps), real, fake)

    def _set_learning_rates(self) -> None:
        factor = self.recipe.schedule.factor(self.iteration, self.steps)
        for optimiser, spec in ((self.g_opt, self.recipe.g_optimiser), (self.d_opt, self.recipe.d_optimiser)):
            for group in optimiser.param_groups:
                group["lr"] = spec.lr * factor

    # --- what others see ---

    def apply(self, recipe: Recipe) -> None:
        assert isinstance(recipe, Gan)
        if bool(recipe.ema) != bool(self.recipe.ema):
            self.average = Average(self.G) if recipe.ema else None
        self.recipe = recipe

    @property
    def averages(self) -> bool:
        return self.average is not None

    def latents(self, count: int, seed: int) -> Tensor:
        return self.recipe.latent.seeded(count, seed).to(self.engine.device)

    def generate(self, z: Tensor, averaged: bool = True) -> Tensor:
        G = self.average.module if averaged and self.average else self.G
        with torch.no_grad(), evaluating(G), self.engine.autocast():
            return G(z.to(self.engine.device)).float()

    def judge(self, x: Tensor) -> Tensor:
        with torch.no_grad(), evaluating(self.D), self.engine.autocast():
            return self.D(self.engine.lay(x.to(self.engine.device))).float()

    def pull(self, x: Tensor, real: Tensor) -> Tensor:
        x, real = (self.engine.lay(samples.detach().to(self.engine.device)) for samples in (x, real))
        x.requires_grad_()
        with frozen(self.D), evaluating(self.D), torch.enable_grad():
            with self.engine.autocast():
                terms = self.recipe.objective.g_loss(Judge(self.D, 0.0, real, x), real, x)
            L_G = torch.stack([term.float().sum() for term in terms.values()]).sum()
            (gradient,) = torch.autograd.grad(L_G, x)
        return -gradient.float()

    def latent_grid(self, side: int) -> Tensor:
        return self.recipe.latent.grid(side).to(self.engine.device)

    def rates(self) -> dict[str, float]:
        return {"rate/D": self.d_opt.param_groups[0]["lr"], "rate/G": self.g_opt.param_groups[0]["lr"]}

    def networks(self) -> dict[str, nn.Module]:
        averaged = {"generator_ema": self.average.module} if self.average else {}
        return {"generator": self.G, "discriminator": self.D} | averaged

    def load_weights(self, weights: dict[str, dict[str, Tensor]]) -> None:
        """An average that was not kept before begins at the generator as it is."""
        super().load_weights({"generator_ema": weights["generator"]} | weights)

    def state(self) -> dict[str, Any]:
        return {
            "iteration": self.iteration,
            "d_iteration": self.d_iteration,
            "g_optimiser": {"kind": self.recipe.g_optimiser.kind, "state": self.g_opt.state_dict()},
            "d_optimiser": {"kind": self.recipe.d_optimiser.kind, "state": self.d_opt.state_dict()},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.iteration, self.d_iteration = state["iteration"], state["d_iteration"]
        _load_optimiser(self.g_opt, self.recipe.g_optimiser, state["g_optimiser"])
        _load_optimiser(self.d_opt, self.recipe.d_optimiser, state["d_optimiser"])


class Judge:
    """D as objectives and penalties see it: a function to logits [N] that adds the instance noise.

    The batch's real and fake samples are judged once, however many terms ask for them.
    """

    def __init__(self, D: nn.Module, noise: float, real: Tensor, fake: Tensor):
        self.D, self.noise, self.real, self.fake = D, noise, real, fake
        self._logits: dict[int, Tensor] = {}  # by the id of self.real or self.fake, which live as long as this

    def __call__(self, x: Tensor) -> Tensor:
        if x is not self.real and x is not self.fake:
            return self._judged(x)
        if id(x) not in self._logits:
            self._logits[id(x)] = self._judged(x)
        return self._logits[id(x)]

    def _judged(self, x: Tensor) -> Tensor:
        return self.D(x + self.noise * torch.randn_like(x) if self.noise else x).float()

    def scores(self, objective: Objective) -> Curves:
        """Mean probability of being real, where the objective's logits have one."""
        named = {"D(real)": self.real, "D(fake)": self.fake}
        logits = {name: self._logits[id(x)] for name, x in named.items() if id(x) in self._logits}
        scores = {name: objective.score(logit.detach()) for name, logit in logits.items()}
        return {name: score.mean() for name, score in scores.items() if score is not None}


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """No gradients for a network's weights, for a while."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    for p in parameters:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in parameters:
            p.requires_grad_(True)


@contextlib.contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while: nothing that a network counts is moved."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def _built(part: str, build: Any) -> nn.Module:
    try:
        return build()
    except ConfigError as error:
        raise error.under(part) from None


def _means(prefix: str, terms: Iterable[tuple[str, Tensor]] | dict[str, Tensor]) -> Curves:
    return {prefix + name: term.detach().float().mean() for name, term in dict(terms).items()}


def _load_optimiser(optimiser: torch.optim.Optimizer, spec: Spec, saved: dict[str, Any]) -> None:
    """Take over the moments of an optimiser of the same kind; its options are those of the config."""
    if saved["kind"] != spec.kind:
        return
    options = [{k: v for k, v in group.items() if k != "params"} for group in optimiser.param_groups]
    optimiser.load_state_dict(saved["state"])
    for parameter, moments in optimiser.state.items():  # fused kernels want them laid out as the weights are
        for name, value in moments.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(value)
    for group, chosen in zip(optimiser.param_groups, options, strict=True):
        group.update(chosen)
