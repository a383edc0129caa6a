"""pix2pix: pictures of pictures, learnt from pairs. Isola et al. 2017, equation 4.

D sees A and B together, so that B must fit its A; L1 holds B near the truth. D's loss is halved, as in section 3.3.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import option
from ..data import Pairs, Stream
from ..networks import JUDGES, TRANSLATORS, Judge, TranslatorModule, TranslatorNetwork
from ..nn.descent import total
from ..nn.optimisers import Adam, AnyOptimiser
from ..nn.schedules import AnySchedule, Linear
from ..nn.temporarily import frozen, looks_at_batches
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

HALF = 0.5  # of D's loss, "which slows down the rate at which D learns relative to G"


@RECIPES.add
class Pix2pix(TranslatingRecipe):
    """A translator and a judge of pairs, any objective beside L1."""

    kind = "pix2pix"
    title = "pix2pix"
    paper = "Isola et al. 2017"
    about = "Learns from pairs what A should become: line art to pictures, labels to facades, grey to colour."

    objective: Annotated[Objective, OneOf(OBJECTIVES)] = option(
        "non-saturating", "What the two players each try to do, patch by patch.", learn=True, group="Objective"
    )
    penalties: tuple[Annotated[Penalty, OneOf(PENALTIES)], ...] = option(
        (), "What keeps the judge well-behaved: penalties and constraints, any number.", group="Objective"
    )
    l1: float = option(
        100.0,
        "Lambda, the weight of the mean difference to the truth. More is closer and blurrier, less is freer.",
        ge=0,
        le=10000,
        live=True,
        learn=True,
        log=True,
    )
    adversarial: float = option(
        1.0, "Weight of what the judge says; 0 leaves L1 alone, which is blurry.", ge=0, le=1000, live=True, learn=True
    )
    generator: Annotated[TranslatorNetwork, OneOf(TRANSLATORS)] = option(
        "unet", "The network that makes B of A.", group="Networks"
    )
    discriminator: Annotated[Judge, OneOf(JUDGES)] = option(
        "patch", "The network that tells true pairs from made ones.", group="Networks"
    )
    noise_stays: bool = option(
        True,
        "Apply G as it is trained: dropout stays on and batch norm looks at each picture alone, as in the paper. Off: "
        "without noise, and with the statistics of the whole training.",
        live=True,
        group="Networks",
    )
    batch_size: int = option(1, "Pairs per step; the paper takes 1 for most tasks.", ge=1, le=4096)
    g_optimiser: AnyOptimiser = option(Adam(), "How the translator's weights are moved.", group="Optimisers")
    d_optimiser: AnyOptimiser = option(Adam(), "How the judge's weights are moved.", group="Optimisers")
    schedule: AnySchedule = option(
        Linear(start=0.5),
        "How both learning rates change; the paper lets them fall over the second half.",
        group="Optimisers",
    )
    ema: float = option(
        0.0,
        "Pictures come from an average of past weights that keeps this share at each step; 0: none, as in the paper.",
        ge=0,
        lt=1,
        live=True,
        group="Averaging",
    )

    @property
    def samples_per_step(self) -> int:
        return self.batch_size

    @property
    def as_trained(self) -> bool:
        return self.noise_stays

    def check(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> None:
        pairs = needed(pairs, self.title, matched=True)
        with torch.device("meta"):
            self.build_translator(FORTH, shape, pairs)
            self.build_judge(shape, pairs)

    def advice(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> tuple[str, ...]:
        pairs = needed(pairs, self.title, matched=True)
        with torch.device("meta"):
            G, D = self.build_translator(FORTH, shape, pairs), self.build_judge(shape, pairs)
        found = [*against_batch_norm(self.penalties, D)]
        if self.batch_size > 1 and self.noise_stays and looks_at_batches(G):
            found.append(
                "Batch norm learns on several pictures and is then applied to one alone, which costs quality: "
                "set recipe.batch_size to 1 as the paper, recipe.generator.norm to instance, or recipe.noise_stays off."
            )
        return tuple(found)

    def build_translator(self, direction: str, shape: tuple[int, ...], pairs: Pairs) -> TranslatorModule:
        return built_translator(self.generator, (shape, pairs.shape))

    def build_judge(self, shape: tuple[int, ...], pairs: Pairs) -> nn.Module:
        """Of A and B in one picture. Raises ConfigError with a path."""
        both = (shape[0] + pairs.shape[0], *pairs.shape[1:])
        return built("discriminator", lambda: self.discriminator.build(both))

    def build(self, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs | None = None) -> Pix2pixTraining:
        return Pix2pixTraining(self, shape, steps, engine, needed(pairs, self.title, matched=True))


class Pix2pixTraining(TwoPlayers[Pix2pix], Translates):
    """G: A -> B against D: (A, B) -> logits of patches."""

    directions = (FORTH,)

    def __init__(self, recipe: Pix2pix, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs):
        super().__init__(recipe, steps, engine)
        self.G = engine.place(recipe.build_translator(FORTH, shape, pairs))
        self.D = engine.place(recipe.build_judge(shape, pairs), not second_order(recipe.penalties))
        self.begin(self.G.parameters(), self.D.parameters())

    def generators(self) -> dict[str, nn.Module]:
        return {"generator": self.G}

    def others(self) -> dict[str, nn.Module]:
        return {"discriminator": self.D}

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        self.set_rates()
        ranks, curves = self.engine.ranks, Curves()
        a, b = (self.engine.lay(ranks.share(x)) for x in next(batches).both())
        with torch.set_grad_enabled("G" in players), self.engine.autocast():
            fake = self.G(a)  # G(A), its noise is dropout

        # Train D to tell true pairs from made ones.
        if "D" in players and self.recipe.adversarial:
            curves |= self._d_turn(paired(a, b), paired(a, fake.detach()))

        # Train G against the updated D, and towards the truth.
        if "G" in players:
            curves |= self._g_turn(a, b, fake)

        self.iteration += 1
        return curves

    def _d_turn(self, real: Tensor, fake: Tensor) -> Curves:
        recipe = self.recipe
        with self.engine.autocast():
            D = judged(self.D, self.engine, real, fake, at_once=True)
            told = verdict(recipe.objective, recipe.penalties, self.iteration, D, real, fake)
        return self.move_judges(told, [self.D], HALF)

    def _g_turn(self, a: Tensor, b: Tensor, fake: Tensor) -> Curves:
        terms: Terms = {"L1": self.recipe.l1 * l1(fake, b)}  # [N]
        with frozen(self.D), self.engine.autocast():
            if self.recipe.adversarial:
                real, made = paired(a, b), paired(a, fake)
                told = self.recipe.objective.g_loss(judged(self.D, self.engine, real, made), real, made)
                terms |= {name: self.recipe.adversarial * term for name, term in told.items()}
            norm = self.minimise(total(terms), self.g_opt, "gradient/G")
        self.update_averages()
        return means("G/", terms) | norm

    # --- what others see ---

    def translate(self, x: Tensor, direction: str = FORTH, averaged: bool = True) -> Tensor:
        return translated(self.applied_generator(averaged), x, self.engine, self.recipe.as_trained)


def paired(a: Tensor, b: Tensor) -> Tensor:
    """A and B as one picture, [N, C + C', H, W]."""
    return torch.cat([a, b], dim=1)
