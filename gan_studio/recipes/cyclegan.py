"""CycleGAN: pictures of pictures without pairs. Zhu et al. 2017, equation 3, with the identity loss of section 5.2.

The objective is used once for each side. As in the published code, G's step comes first, D's losses are halved, and D
looks at a pool of past fakes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import ConfigError, Problem, option
from ..data import Pairs, Stream
from ..networks import JUDGES, TRANSLATORS, Judge, TranslatorModule, TranslatorNetwork
from ..nn.descent import total
from ..nn.optimisers import Adam, AnyOptimiser
from ..nn.pool import Pool
from ..nn.schedules import AnySchedule, Linear
from ..nn.temporarily import frozen, one_pass
from ..objectives import OBJECTIVES, Objective
from ..penalties import PENALTIES, Penalty, second_order
from ..registry import OneOf
from . import (
    BACK,
    FORTH,
    PLAYERS,
    RECIPES,
    Curves,
    Terms,
    Translates,
    TranslatingRecipe,
    TwoPlayers,
    Verdict,
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

HALF = 0.5  # of D's losses, which slows D down relative to G
NAMES = {FORTH: "generator_a_to_b", BACK: "generator_b_to_a"}


@RECIPES.add
class CycleGan(TranslatingRecipe):
    """Two translators, there and back, and a judge in each world."""

    kind = "cyclegan"
    title = "CycleGAN"
    paper = "Zhu et al. 2017"
    about = "Learns without pairs how pictures of one world look in another: there and back must be where it began."
    directions = (FORTH, BACK)

    objective: Annotated[Objective, OneOf(OBJECTIVES)] = option(
        "least-squares",
        "What the two players each try to do, patch by patch, in either world.",
        learn=True,
        group="Objective",
    )
    penalties: tuple[Annotated[Penalty, OneOf(PENALTIES)], ...] = option(
        (), "What keeps the judges well-behaved: penalties and constraints, any number.", group="Objective"
    )
    cycle_a: float = option(
        10.0,
        "Lambda A: how strongly A to B to A must come back to its beginning. Too little invents, too much holds back.",
        ge=0,
        le=1000,
        live=True,
        learn=True,
        title="Cycle A",
    )
    cycle_b: float = option(10.0, "Lambda B: the same for B to A to B.", ge=0, le=1000, live=True, title="Cycle B")
    identity: float = option(
        0.5,
        "A picture that is of the wanted world already should stay as it is: this times lambda. It keeps colours.",
        ge=0,
        le=10,
        live=True,
        learn=True,
    )
    adversarial: float = option(
        2.0,
        "Weight of what the judges say. With least squares, whose terms are halves here, 2 is the paper's balance.",
        ge=0,
        le=1000,
        live=True,
    )
    generator: Annotated[TranslatorNetwork, OneOf(TRANSLATORS)] = option(
        "resnet", "The networks that lead there and back, alike but for their weights.", group="Networks"
    )
    discriminator: Annotated[Judge, OneOf(JUDGES)] = option(
        {"kind": "patch", "norm": "instance"}, "The networks that judge in either world.", group="Networks"
    )
    pool: int = option(
        50, "So many past fakes are kept for the judges, who see one of them half of the time; 0: none.", ge=0, le=1000
    )
    batch_size: int = option(1, "Pictures of each world per step; more is worse, as the author found.", ge=1, le=4096)
    g_optimiser: AnyOptimiser = option(Adam(), "How the translators' weights are moved.", group="Optimisers")
    d_optimiser: AnyOptimiser = option(Adam(), "How the judges' weights are moved.", group="Optimisers")
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

    def check(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> None:
        pairs = needed(pairs, self.title)
        if self.identity and shape[0] != pairs.shape[0]:
            raise ConfigError(
                Problem(
                    "identity",
                    f"pictures of {shape[0]} and of {pairs.shape[0]} channels cannot stay as they are; set it to 0, or "
                    "choose the same channels for both worlds.",
                )
            )
        with torch.device("meta"):
            for direction in self.directions:
                self.build_translator(direction, shape, pairs)
            self.build_judges(shape, pairs)

    def advice(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> tuple[str, ...]:
        with torch.device("meta"):
            D = self.build_judges(shape, needed(pairs, self.title))["A"]
        return against_batch_norm(self.penalties, D)

    def build_translator(self, direction: str, shape: tuple[int, ...], pairs: Pairs) -> TranslatorModule:
        return built_translator(self.generator, (shape, pairs.shape) if direction == FORTH else (pairs.shape, shape))

    def build_judges(self, shape: tuple[int, ...], pairs: Pairs) -> dict[str, nn.Module]:
        """{"A": the judge in that world, "B": ...}. Raises ConfigError with a path."""
        return {
            world: built("discriminator", lambda end=end: self.discriminator.build(end))  # type: ignore[misc]
            for world, end in (("A", shape), ("B", pairs.shape))
        }

    def weights_name(self, direction: str) -> str:
        return NAMES[direction]

    def build(self, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs | None = None) -> CycleGanTraining:
        return CycleGanTraining(self, shape, steps, engine, needed(pairs, self.title))


class CycleGanTraining(TwoPlayers[CycleGan], Translates):
    """G: A -> B and F: B -> A against D_B and D_A."""

    directions = (FORTH, BACK)

    def __init__(self, recipe: CycleGan, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs):
        super().__init__(recipe, steps, engine)
        self.G, self.F = (engine.place(recipe.build_translator(way, shape, pairs)) for way in self.directions)
        first_order = not second_order(recipe.penalties)
        self.D = {world: engine.place(D, first_order) for world, D in recipe.build_judges(shape, pairs).items()}
        self.pools = {world: Pool(recipe.pool) for world in self.D}
        judges = [p for D in self.D.values() for p in D.parameters()]
        self.begin([*self.G.parameters(), *self.F.parameters()], judges)

    def generators(self) -> dict[str, nn.Module]:
        return {NAMES[FORTH]: self.G, NAMES[BACK]: self.F}

    def others(self) -> dict[str, nn.Module]:
        return {"discriminator_a": self.D["A"], "discriminator_b": self.D["B"]}

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        self.set_rates()
        ranks, curves = self.engine.ranks, Curves()
        a, b = (self.engine.lay(ranks.share(x)) for x in next(batches).both())

        # G(A) and F(B), and with the same passes what G makes of B and F of A, which should stay as they are.
        learns, keeps = "G" in players, bool(self.recipe.identity) and "G" in players
        with torch.set_grad_enabled(learns), self.engine.autocast():
            fake_b, *same_b = one_pass(self.G, a, b) if keeps else (self.G(a),)
            fake_a, *same_a = one_pass(self.F, b, a) if keeps else (self.F(b),)

        # Train G and F against the judges, and to come back to where they began.
        if learns:
            curves |= self._g_turn(a, b, fake_a, fake_b, same_a, same_b)

        # Train the judges to tell real pictures from made ones, some of which are older.
        if "D" in players:
            curves |= self._d_turn({"A": a, "B": b}, {"A": fake_a.detach(), "B": fake_b.detach()})

        self.iteration += 1
        return curves

    def _g_turn(
        self, a: Tensor, b: Tensor, fake_a: Tensor, fake_b: Tensor, same_a: list[Tensor], same_b: list[Tensor]
    ) -> Curves:
        recipe, terms = self.recipe, Terms()
        with frozen(self.D["A"]), frozen(self.D["B"]), self.engine.autocast():
            back_a, back_b = self.F(self.engine.lay(fake_b)), self.G(self.engine.lay(fake_a))  # F(G(A)), G(F(B))
            terms["cycle A"] = recipe.cycle_a * l1(back_a, a)
            terms["cycle B"] = recipe.cycle_b * l1(back_b, b)
            for stayed in same_a:
                terms["identity A"] = recipe.cycle_a * recipe.identity * l1(stayed, a)
            for stayed in same_b:
                terms["identity B"] = recipe.cycle_b * recipe.identity * l1(stayed, b)
            for world, real, fake in (("A", a, fake_a), ("B", b, fake_b)):
                told = recipe.objective.g_loss(judged(self.D[world], self.engine, real, fake), real, fake)
                terms |= {f"{name} {world}": recipe.adversarial * term for name, term in told.items()}
            norm = self.minimise(total(terms), self.g_opt, "gradient/G")
        self.update_averages()
        return means("G/", terms) | norm

    def _d_turn(self, real: dict[str, Tensor], fake: dict[str, Tensor]) -> Curves:
        recipe, verdicts = self.recipe, {}
        with self.engine.autocast():
            for world, D_net in self.D.items():
                x, made = real[world], self.engine.lay(self.pools[world].swap(fake[world]))
                D = judged(D_net, self.engine, x, made, at_once=True)
                verdicts[world] = verdict(recipe.objective, recipe.penalties, self.iteration, D, x, made)
        return self.move_judges(of_both(verdicts), [*self.D.values()], HALF)

    # --- what others see ---

    def translate(self, x: Tensor, direction: str = FORTH, averaged: bool = True) -> Tensor:
        return translated(self.applied_generator(averaged, NAMES[direction]), x, self.engine)

    def state(self) -> dict[str, Any]:
        return super().state() | {"pools": {world: pool.state() for world, pool in self.pools.items()}}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        for world, pool in self.pools.items():
            pool.load_state(state["pools"][world], self.engine.device)


def of_both(verdicts: dict[str, Verdict]) -> Verdict:
    """All terms by the name of their world, and the mean of the scores."""

    def named(part: Callable[[Verdict], Terms]) -> Terms:
        return {f"{name} {world}": value for world, told in verdicts.items() for name, value in part(told).items()}

    scores = [told.scores for told in verdicts.values()]
    return Verdict(
        named(lambda told: told.terms),
        named(lambda told: told.distances),
        {name: torch.stack([each[name] for each in scores]).mean() for name in scores[0]},
        named(lambda told: told.slopes),
        verdicts["A"].constraints,
    )
