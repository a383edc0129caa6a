"""CycleGAN: pictures of pictures without pairs. Zhu et al. 2017, equation 3, with the identity loss of section 5.2.

The objective is used once for each side. As in the published code, G's step comes first, D's losses are halved, and D
looks at a pool of past fakes.
"""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import ConfigError, Problem, option
from ..data import Pairs, Stream
from ..networks import JUDGES, TRANSLATORS, Judge, TranslatorModule, TranslatorNetwork
from ..nn.descent import NORMS_EVERY, descend, total
from ..nn.ema import Average, ramped
from ..nn.judged import Judged
from ..nn.optimisers import Adam, AnyOptimiser, load_optimiser, rate_of, set_rate
from ..nn.pool import Pool
from ..nn.schedules import AnySchedule, Linear
from ..nn.temporarily import frozen, looks_at_batches, one_pass
from ..objectives import OBJECTIVES, Objective
from ..penalties import PENALTIES, Penalty, applied
from ..registry import OneOf
from . import (
    BACK,
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
        if any(penalty.second_order for penalty in self.penalties) and looks_at_batches(D):
            return (
                "The penalty looks at each sample alone, and batch norm ties a batch together: "
                "set recipe.discriminator.norm to none or instance.",
            )
        return ()

    def build_translator(self, direction: str, shape: tuple[int, ...], pairs: Pairs) -> TranslatorModule:
        ends = (shape, pairs.shape) if direction == FORTH else (pairs.shape, shape)
        network = built("generator", lambda: self.generator.build(*ends))
        assert isinstance(network, TranslatorModule)
        return network

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


class CycleGanTraining(Training, Translates):
    """G: A -> B and F: B -> A against D_B and D_A."""

    directions = (FORTH, BACK)

    def __init__(self, recipe: CycleGan, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs):
        self.recipe, self.steps, self.engine = recipe, steps, engine
        self.iteration = 0
        self.G, self.F = (engine.place(recipe.build_translator(way, shape, pairs)) for way in self.directions)
        first_order = not any(penalty.second_order for penalty in recipe.penalties)
        self.D = {world: engine.place(D, first_order) for world, D in recipe.build_judges(shape, pairs).items()}
        self.averages_of = self._begun_averages()
        self.pools = {world: Pool(recipe.pool) for world in self.D}
        self.g_opt = recipe.g_optimiser.build([*self.G.parameters(), *self.F.parameters()])
        self.d_opt = recipe.d_optimiser.build([p for D in self.D.values() for p in D.parameters()])

    # --- the algorithm ---

    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm. Returns {curve name: scalar tensor}."""
        self._set_learning_rates()
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
                told = recipe.objective.g_loss(self._judged(world, real, fake), real, fake)
                terms |= {f"{name} {world}": recipe.adversarial * term for name, term in told.items()}
            norm = self._minimise(total(terms), self.g_opt, "gradient/G")
        decay = ramped(recipe.ema, self.iteration)
        for way, average in self.averages_of.items():
            average.update(self.networks()[NAMES[way]], decay)
        return means("G/", terms) | norm

    def _d_turn(self, real: dict[str, Tensor], fake: dict[str, Tensor]) -> Curves:
        recipe, terms, curves = self.recipe, Terms(), Curves()
        scores: dict[str, list[Tensor]] = {}
        with self.engine.autocast():
            for world, D_net in self.D.items():
                x, made = real[world], self.engine.lay(self.pools[world].swap(fake[world]))
                D = self._judged(world, x, made)
                D = D if looks_at_batches(D_net) else D.both()
                told = recipe.objective.d_loss(D, x, made)
                extra, slopes = applied(recipe.penalties, self.iteration, D, x, made)
                terms |= {f"{name} {world}": term for name, term in (told | extra).items()}
                curves |= means("", {f"{name} {world}": slope for name, slope in slopes.items()})
                with torch.no_grad():
                    distances = recipe.objective.distance({name: term.detach() for name, term in told.items()})
                    curves |= means("distance/", {f"{name} {world}": value for name, value in distances.items()})
                for name, value in D.scores(recipe.objective.score).items():
                    scores.setdefault(name, []).append(value)
        norm = self._minimise(HALF * total(terms), self.d_opt, "gradient/D")
        for D_net in self.D.values():
            for penalty in recipe.penalties:
                penalty.after_d_step(D_net)
        mean_scores = {name: torch.stack(values).mean() for name, values in scores.items()}  # of both worlds
        return means("D/", terms) | curves | mean_scores | norm

    def _judged(self, world: str, real: Tensor, fake: Tensor) -> Judged:
        D = self.D[world]
        return Judged(lambda x: D(self.engine.lay(x)), 0.0, real, fake)

    def _minimise(self, loss: Tensor, optimiser: torch.optim.Optimizer, curve: str) -> Curves:
        measured = self.iteration % NORMS_EVERY == 0
        norm = descend(loss, optimiser, self.engine.ranks.mean_gradients, measured=measured)
        return {} if norm is None else {curve: norm}

    def _set_learning_rates(self) -> None:
        factor = self.recipe.schedule.factor(self.iteration, self.steps)
        set_rate(self.g_opt, self.recipe.g_optimiser.lr * factor)
        set_rate(self.d_opt, self.recipe.d_optimiser.lr * factor)

    # --- what others see ---

    def apply(self, recipe: Recipe) -> None:
        assert isinstance(recipe, CycleGan)
        changed = bool(recipe.ema) != bool(self.recipe.ema)
        self.recipe = recipe
        if changed:
            self.averages_of = self._begun_averages()

    def _begun_averages(self) -> dict[str, Average]:
        return {FORTH: Average(self.G), BACK: Average(self.F)} if self.recipe.ema else {}

    @property
    def averages(self) -> bool:
        return bool(self.averages_of)

    def translate(self, x: Tensor, direction: str = FORTH, averaged: bool = True) -> Tensor:
        if averaged and direction in self.averages_of:
            return translated(self.averages_of[direction].module, x, self.engine)
        return translated(self.G if direction == FORTH else self.F, x, self.engine)

    def rates(self) -> dict[str, float]:
        return {"rate/D": rate_of(self.d_opt), "rate/G": rate_of(self.g_opt)}

    def networks(self) -> dict[str, nn.Module]:
        found: dict[str, nn.Module] = {NAMES[FORTH]: self.G, NAMES[BACK]: self.F}
        found |= {"discriminator_a": self.D["A"], "discriminator_b": self.D["B"]}
        return found | {f"{NAMES[way]}_ema": average.module for way, average in self.averages_of.items()}

    def load_weights(self, weights: dict[str, dict[str, Tensor]]) -> None:
        """An average that was not kept before begins at the translator as it is."""
        super().load_weights({f"{name}_ema": weights[name] for name in NAMES.values()} | weights)

    def state(self) -> dict[str, Any]:
        return {
            "iteration": self.iteration,
            "g_optimiser": {"kind": self.recipe.g_optimiser.kind, "state": self.g_opt.state_dict()},
            "d_optimiser": {"kind": self.recipe.d_optimiser.kind, "state": self.d_opt.state_dict()},
            "pools": {world: pool.state() for world, pool in self.pools.items()},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.iteration = state["iteration"]
        load_optimiser(self.g_opt, self.recipe.g_optimiser, state["g_optimiser"])
        load_optimiser(self.d_opt, self.recipe.d_optimiser, state["d_optimiser"])
        for world, pool in self.pools.items():
            pool.load_state(state["pools"][world], self.engine.device)
