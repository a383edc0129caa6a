"""Super-resolution in two phases. SRGAN: Ledig et al. 2017; ESRGAN: Wang et al. 2018.

First the generator learns to come near the truth, which measures best and looks blurred. Then a judge joins, and a
perceptual loss: pictures become sharper, and measure worse. Both phases are functions of the step count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import ConfigError, option
from ..data import Pairs, Stream
from ..networks import JUDGES, TRANSLATORS, Judge, TranslatorModule, TranslatorNetwork
from ..networks.features import FEATURES, FeatureModule, Features
from ..nn.descent import descend, total
from ..nn.optimisers import Adam, AnyOptimiser, load_optimiser
from ..nn.schedules import AnySchedule, Constant
from ..nn.temporarily import evaluating, frozen
from ..objectives import OBJECTIVES, Objective
from ..penalties import PENALTIES, Penalty, second_order
from ..registry import OneOf
from . import (
    FORTH,
    PLAYERS,
    RECIPES,
    Curves,
    Terms,
    Translates,
    TranslatingRecipe,
    TwoPlayers,
    against_batch_norm,
    built,
    built_translator,
    judged,
    l1,
    means,
    needed,
    translated,
    verdict,
)

SRGAN_SCALE = (
    12.75  # divides VGG's features, so that their loss is about as large as that of pixels: 1 / 12.75^2 = 0.006
)
FEATURES_RATE = 1e-3  # of the network that learns here what pictures look like


def mse(x: Tensor, y: Tensor) -> Tensor:
    """The mean squared difference of each pair, [N]."""
    return (x - y).square().flatten(1).mean(dim=1)


def srgan_features(x: Tensor, y: Tensor) -> Tensor:
    """Ledig et al. 2017, equation 5, of features as they are before the ReLU, [N]. The mean is over channels, too."""
    return mse(x.relu() / SRGAN_SCALE, y.relu() / SRGAN_SCALE)


Difference = Callable[[Tensor, Tensor], Tensor]
PIXELS: dict[str, Difference] = {"l1": l1, "mse": mse}
PERCEPTUAL: dict[str, Difference] = {"esrgan": l1, "srgan": srgan_features}


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
    perceptual_as: Literal["esrgan", "srgan"] = option(
        "esrgan",
        "How features differ: ESRGAN takes their absolute difference before the ReLU; SRGAN the squared one after it, "
        "of features divided by 12.75.",
        title="Features differ as in",
    )
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
        found = [*against_batch_norm(self.penalties, D)]
        if self.features.learns and self.perceptual and self.alone == 0:
            found.append(
                "The small network of the perceptual loss learns in the first phase, and there is none: set "
                "recipe.alone above 0, or recipe.features to none."
            )
        return tuple(found)

    def build_translator(self, direction: str, shape: tuple[int, ...], pairs: Pairs) -> TranslatorModule:
        return built_translator(self.generator, (shape, pairs.shape))

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


class SuperResolutionTraining(TwoPlayers[SuperResolution], Translates):
    """G: low -> high, by itself and then against D: high -> logits."""

    directions = (FORTH,)

    def __init__(self, recipe: SuperResolution, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs):
        super().__init__(recipe, steps, engine)
        self.G = engine.place(recipe.build_translator(FORTH, shape, pairs))
        self.D = engine.place(recipe.build_judge(pairs), not second_order(recipe.penalties))
        features = built("features", lambda: recipe.features.build(pairs.shape))
        assert isinstance(features, FeatureModule)
        self.F = engine.place(features)
        self.begin(self.G.parameters(), self.D.parameters())
        self.f_opt = Adam(lr=FEATURES_RATE, beta1=0.9).build(self.F.parameters()) if recipe.features.learns else None

    def generators(self) -> dict[str, nn.Module]:
        return {"generator": self.G}

    def others(self) -> dict[str, nn.Module]:
        """VGG19 is not saved: it does not change, and is no part of the run."""
        return {"discriminator": self.D} | ({"features": self.F} if self.f_opt else {})

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        alone = self.recipe.is_alone(self.iteration, self.steps)
        self.set_rates(1.0 if alone else self.recipe.slower)
        ranks, curves = self.engine.ranks, Curves()
        low, high = (self.engine.lay(ranks.share(x)) for x in next(batches).both())
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
        descend(total(terms), optimiser, self.engine.ranks.mean_gradients, measured=False)
        return means("features/", terms)

    def _d_turn(self, real: Tensor, fake: Tensor) -> Curves:
        recipe = self.recipe
        with self.engine.autocast():
            D = judged(self.D, self.engine, real, fake, at_once=True)
            told = verdict(recipe.objective, recipe.penalties, self.iteration, D, real, fake)
        return self.move_judges(told, [self.D])

    def _g_turn(self, high: Tensor, made: Tensor, alone: bool) -> Curves:
        recipe = self.recipe
        off = PIXELS[recipe.pixel](made, high)  # [N]
        terms: Terms = {"pixels": off if alone else recipe.pixel_then * off}
        with frozen(self.D), frozen(self.F), evaluating(self.F), self.engine.autocast():
            if not alone and recipe.perceptual:
                with torch.no_grad():
                    truth = self.F(high).float()
                features = self.F(self.engine.lay(made)).float()
                terms["perceptual"] = recipe.perceptual * PERCEPTUAL[recipe.perceptual_as](features, truth)
            if not alone and recipe.adversarial:
                told = recipe.objective.g_loss(judged(self.D, self.engine, high, made), high, made)
                terms |= {name: recipe.adversarial * term for name, term in told.items()}
            norm = self.minimise(total(terms), self.g_opt, "gradient/G")
        self.update_averages()
        return means("G/", terms) | norm

    # --- what others see ---

    def translate(self, x: Tensor, direction: str = FORTH, averaged: bool = True) -> Tensor:
        return translated(self.applied_generator(averaged), x, self.engine)

    def state(self) -> dict[str, Any]:
        return super().state() | {"f_optimiser": self.f_opt.state_dict() if self.f_opt else {}}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        if self.f_opt:
            adam = Adam(lr=FEATURES_RATE, beta1=0.9)
            load_optimiser(self.f_opt, adam, {"kind": adam.kind, "state": state["f_optimiser"]})
