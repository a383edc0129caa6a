"""Super-resolution in two phases. SRGAN: Ledig et al. 2017; ESRGAN: Wang et al. 2018.

First the generator learns to come near the truth, which measures best and looks blurred. Then a judge joins, and a
perceptual loss: pictures become sharper, and measure worse. Both phases are functions of the step count.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import ConfigError, option
from ..data import Pairs, Stream
from ..networks import JUDGES, TRANSLATORS, Judge, TranslatorModule, TranslatorNetwork
from ..networks.features import FEATURES, FeatureModule, Features
from ..nn.descent import NORMS_EVERY, descend, total
from ..nn.ema import Average, ramped
from ..nn.judged import Judged
from ..nn.optimisers import Adam, AnyOptimiser, load_optimiser, rate_of, set_rate
from ..nn.schedules import AnySchedule, Constant
from ..nn.temporarily import evaluating, frozen, looks_at_batches
from ..objectives import OBJECTIVES, Objective
from ..penalties import PENALTIES, Penalty, applied
from ..registry import OneOf
from . import (
    FORTH,
    PLAYERS,
    RECIPES,
    Curves,
    Recipe,
    Training,
    Translates,
    TranslatingRecipe,
    built,
    l1,
    means,
    needed,
    translated,
)

Terms = dict[str, Tensor]  # {name: [N, ...]}
FEATURES_RATE = 1e-3  # of the network that learns here what pictures look like


@RECIPES.add
class SuperResolution(TranslatingRecipe):
    """A network that enlarges; first by itself, then against a judge."""

    kind = "super-resolution"
    title = "Super-resolution (SRGAN, ESRGAN)"
    paper = "Ledig et al. 2017; Wang et al. 2018"
    about = "Enlarges pictures 2 or 4 times: first near the truth, then sharp enough to fool a judge."

    alone: float = option(
        0.5,
        "The first phase's share of the training, without a judge. 1: no second phase, which measures best.",
        ge=0,
        le=1,
        learn=True,
        title="Share without a judge",
    )
    pixel: Literal["l1", "mse"] = option(
        "l1", "The difference to the truth that is made small: absolute as in ESRGAN, or squared as in SRGAN."
    )
    pixel_then: float = option(
        0.01,
        "Its weight in the second phase; it is 1 in the first.",
        ge=0,
        le=1000,
        live=True,
        log=True,
        title="Pixels, then",
    )
    features: Annotated[Features, OneOf(FEATURES)] = option(
        "rotations", "Whose features should be those of the truth, in the second phase."
    )
    perceptual: float = option(1.0, "Weight of the features' difference.", ge=0, le=1000, live=True, log=True)
    adversarial: float = option(
        0.005,
        "Weight of what the judge says in the second phase: more is sharper and measures worse.",
        ge=0,
        le=1000,
        live=True,
        log=True,
    )
    objective: Annotated[Objective, OneOf(OBJECTIVES)] = option(
        "relativistic-average",
        "What the two players each try to do: relativistic average as in ESRGAN, non-saturating as in SRGAN.",
        group="Objective",
    )
    penalties: tuple[Annotated[Penalty, OneOf(PENALTIES)], ...] = option(
        (), "What keeps the judge well-behaved: penalties and constraints, any number.", group="Objective"
    )
    generator: Annotated[TranslatorNetwork, OneOf(TRANSLATORS)] = option(
        "srresnet", "The network that enlarges.", group="Networks"
    )
    discriminator: Annotated[Judge, OneOf(JUDGES)] = option(
        "vgg", "The network that tells true pictures from enlarged ones.", group="Networks"
    )
    batch_size: int = option(16, "Pictures per step.", ge=1, le=4096)
    g_optimiser: AnyOptimiser = option(
        Adam(beta1=0.9, beta2=0.99), "How the generator's weights are moved.", group="Optimisers"
    )
    d_optimiser: AnyOptimiser = option(
        Adam(lr=1e-4, beta1=0.9, beta2=0.99), "How the judge's weights are moved.", group="Optimisers"
    )
    slower: float = option(
        0.5, "The generator's learning rate is multiplied by this in the second phase.", gt=0, le=1, group="Optimisers"
    )
    schedule: AnySchedule = option(Constant(), "How both learning rates change over the training.", group="Optimisers")
    ema: float = option(
        0.0,
        "Pictures come from an average of past weights that keeps this share at each step; 0: none, as in the papers.",
        ge=0,
        lt=1,
        live=True,
        group="Averaging",
    )

    @property
    def samples_per_step(self) -> int:
        return self.batch_size

    def check(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> None:
        pairs = needed(pairs, self.title, matched=True)
        try:
            self.features.check()
        except ConfigError as error:
            raise error.under("features") from None
        with torch.device("meta"):
            self.build_translator(FORTH, shape, pairs)
            self.build_judge(pairs)

    def advice(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> tuple[str, ...]:
        with torch.device("meta"):
            D = self.build_judge(needed(pairs, self.title, matched=True))
        found = []
        if any(penalty.second_order for penalty in self.penalties) and looks_at_batches(D):
            found.append(
                "The penalty looks at each sample alone, and batch norm ties a batch together: "
                "set recipe.discriminator.norm to none or instance."
            )
        if self.features.learns and self.perceptual and self.alone == 0:
            found.append(
                "The small network of the perceptual loss learns in the first phase, and there is none: set "
                "recipe.alone above 0, or recipe.features to none."
            )
        return tuple(found)

    def build_translator(self, direction: str, shape: tuple[int, ...], pairs: Pairs) -> TranslatorModule:
        network = built("generator", lambda: self.generator.build(shape, pairs.shape))
        assert isinstance(network, TranslatorModule)
        return network

    def build_judge(self, pairs: Pairs) -> nn.Module:
        """Of large pictures. Raises ConfigError with a path."""
        return built("discriminator", lambda: self.discriminator.build(pairs.shape))

    def build(
        self, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs | None = None
    ) -> SuperResolutionTraining:
        return SuperResolutionTraining(self, shape, steps, engine, needed(pairs, self.title, matched=True))

    def typical(self, steps: int) -> int:
        return super().typical(steps) if self.alone == 1 else math.ceil(self.alone * steps)

    def is_alone(self, iteration: int, steps: int) -> bool:
        """Whether this step belongs to the first phase."""
        return iteration < self.alone * steps


class SuperResolutionTraining(Training, Translates):
    """G: low -> high, by itself and then against D: high -> logits."""

    directions = (FORTH,)

    def __init__(self, recipe: SuperResolution, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs):
        self.recipe, self.steps, self.engine = recipe, steps, engine
        self.iteration = 0
        self.G = engine.place(recipe.build_translator(FORTH, shape, pairs))
        first_order = not any(penalty.second_order for penalty in recipe.penalties)
        self.D = engine.place(recipe.build_judge(pairs), first_order)
        features = built("features", lambda: recipe.features.build(pairs.shape))
        assert isinstance(features, FeatureModule)
        self.F = engine.place(features)
        self.average = Average(self.G) if recipe.ema else None
        self.g_opt = recipe.g_optimiser.build(self.G.parameters())
        self.d_opt = recipe.d_optimiser.build(self.D.parameters())
        self.f_opt = Adam(lr=FEATURES_RATE, beta1=0.9).build(self.F.parameters()) if recipe.features.learns else None

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        self._set_learning_rates()
        ranks, curves = self.engine.ranks, Curves()
        low, high = (self.engine.lay(ranks.share(x)) for x in next(batches).both())
        alone = self.recipe.is_alone(self.iteration, self.steps)
        with torch.set_grad_enabled("G" in players), self.engine.autocast():
            made = self.G(low)

        # While G learns alone, the features learn what pictures look like.
        if alone and self.f_opt:
            curves |= self._lesson(high, self.f_opt)

        # Train D to tell true pictures from enlarged ones.
        if "D" in players and not alone:
            curves |= self._d_turn(high, made.detach())

        # Train G towards the truth, and then against the updated D.
        if "G" in players:
            curves |= self._g_turn(high, made, alone)

        self.iteration += 1
        return curves

    def _lesson(self, high: Tensor, optimiser: torch.optim.Optimizer) -> Curves:
        with self.engine.autocast():
            terms = self.F.lesson(high)
        self._minimise(total(terms), optimiser, "")
        return means("features/", terms)

    def _d_turn(self, real: Tensor, fake: Tensor) -> Curves:
        with self.engine.autocast():
            D = self._judged(real, fake)
            D = D if looks_at_batches(self.D) else D.both()
            terms = self.recipe.objective.d_loss(D, real, fake)
            extra, slopes = applied(self.recipe.penalties, self.iteration, D, real, fake)
        norm = self._minimise(total(terms | extra), self.d_opt, "gradient/D")
        for penalty in self.recipe.penalties:
            penalty.after_d_step(self.D)
        with torch.no_grad():
            distances = self.recipe.objective.distance({name: term.detach() for name, term in terms.items()})
            losses = means("D/", terms | extra) | means("distance/", distances)
            return losses | D.scores(self.recipe.objective.score) | means("", slopes) | norm

    def _g_turn(self, high: Tensor, made: Tensor, alone: bool) -> Curves:
        recipe = self.recipe
        off = l1(made, high) if recipe.pixel == "l1" else (made - high).square().flatten(1).mean(dim=1)  # [N]
        terms: Terms = {"pixels": off if alone else recipe.pixel_then * off}
        with frozen(self.D), frozen(self.F), evaluating(self.F), self.engine.autocast():
            if not alone and recipe.perceptual:
                with torch.no_grad():
                    truth = self.F(high).float()
                terms["perceptual"] = recipe.perceptual * l1(self.F(self.engine.lay(made)).float(), truth)
            if not alone and recipe.adversarial:
                told = recipe.objective.g_loss(self._judged(high, made), high, made)
                terms |= {name: recipe.adversarial * term for name, term in told.items()}
            norm = self._minimise(total(terms), self.g_opt, "gradient/G")
        if self.average:
            self.average.update(self.G, ramped(recipe.ema, self.iteration))
        return means("G/", terms) | norm

    def _judged(self, real: Tensor, fake: Tensor) -> Judged:
        return Judged(lambda x: self.D(self.engine.lay(x)), 0.0, real, fake)

    def _minimise(self, loss: Tensor, optimiser: torch.optim.Optimizer, curve: str) -> Curves:
        measured = bool(curve) and self.iteration % NORMS_EVERY == 0
        norm = descend(loss, optimiser, self.engine.ranks.mean_gradients, measured=measured)
        return {} if norm is None else {curve: norm}

    def _set_learning_rates(self) -> None:
        factor = self.recipe.schedule.factor(self.iteration, self.steps)
        slower = 1.0 if self.recipe.is_alone(self.iteration, self.steps) else self.recipe.slower
        set_rate(self.g_opt, self.recipe.g_optimiser.lr * factor * slower)
        set_rate(self.d_opt, self.recipe.d_optimiser.lr * factor)

    # --- what others see ---

    def apply(self, recipe: Recipe) -> None:
        assert isinstance(recipe, SuperResolution)
        if bool(recipe.ema) != bool(self.recipe.ema):
            self.average = Average(self.G) if recipe.ema else None
        self.recipe = recipe

    @property
    def averages(self) -> bool:
        return self.average is not None

    def translate(self, x: Tensor, direction: str = FORTH, averaged: bool = True) -> Tensor:
        return translated(self.average.module if averaged and self.average else self.G, x, self.engine)

    def rates(self) -> dict[str, float]:
        return {"rate/D": rate_of(self.d_opt), "rate/G": rate_of(self.g_opt)}

    def networks(self) -> dict[str, nn.Module]:
        """VGG19 is not saved: it does not change, and is no part of the run."""
        found = {"generator": self.G, "discriminator": self.D}
        found |= {"features": self.F} if self.f_opt else {}
        return found | ({"generator_ema": self.average.module} if self.average else {})

    def load_weights(self, weights: dict[str, dict[str, Tensor]]) -> None:
        """An average that was not kept before begins at the generator as it is."""
        super().load_weights({"generator_ema": weights["generator"]} | weights)

    def state(self) -> dict[str, Any]:
        return {
            "iteration": self.iteration,
            "g_optimiser": {"kind": self.recipe.g_optimiser.kind, "state": self.g_opt.state_dict()},
            "d_optimiser": {"kind": self.recipe.d_optimiser.kind, "state": self.d_opt.state_dict()},
            "f_optimiser": self.f_opt.state_dict() if self.f_opt else {},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.iteration = state["iteration"]
        load_optimiser(self.g_opt, self.recipe.g_optimiser, state["g_optimiser"])
        load_optimiser(self.d_opt, self.recipe.d_optimiser, state["d_optimiser"])
        if self.f_opt:
            adam = Adam(lr=FEATURES_RATE, beta1=0.9)
            load_optimiser(self.f_opt, adam, {"kind": adam.kind, "state": state["f_optimiser"]})
