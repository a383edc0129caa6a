"""The shelf of training algorithms: one file each, reading like the paper's algorithm box. Copy `gan.py` for a new one.

A recipe is a Spec that builds a `Training`: the live networks and optimisers. A training is stepped; it keeps no clock
and no file. What a trained network can do is a base class: `Generates`, `Translates`, and later `Writes`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ..compute import Engine
from ..config import ConfigError, Spec
from ..data import Batch, Pairs, Stream
from ..networks import BACK as BACK
from ..networks import FORTH as FORTH
from ..networks import TranslatorModule, TranslatorNetwork
from ..nn.as_trained import as_trained as made_as_trained
from ..nn.as_trained import seed_noise
from ..nn.descent import NORMS_EVERY, descend, total
from ..nn.ema import Average, ramped
from ..nn.judged import Judged
from ..nn.optimisers import Optimiser, Parameters, load_optimiser, rate_of, set_rate
from ..nn.schedules import Schedule
from ..nn.temporarily import evaluating, looks_at_batches
from ..objectives import Objective
from ..penalties import Penalty, applied, second_order
from ..registry import Registry

# {curve name: scalar on the device}; "D/..." and "G/..." are loss terms, "gradient/D" and "gradient/G" the norms of the
# gradients that moved the weights, "slope/..." the norm of D's gradient where a penalty looks.
Curves = dict[str, Tensor]
Terms = dict[str, Tensor]  # {name: [N, ...]}, per sample
PLAYERS = ("D", "G")
TYPICAL = 26  # after WGAN's 25 long ones
NOISE_SEED = 0  # of dropout where a translator is applied as it is trained


class Training(ABC):
    """Networks in training. Everything random in step N comes from the seed set before it (`Engine.seed_step`)."""

    iteration: int = 0  # steps done

    @abstractmethod
    def step(self, batches: Stream, players: tuple[str, ...] = PLAYERS) -> Curves:
        """One iteration of the algorithm, or the turn of one player alone. Returns scalars without waiting for them."""

    @abstractmethod
    def apply(self, recipe: Recipe) -> None:
        """Take over the live options of a changed recipe."""

    def rates(self) -> dict[str, float]:
        """{"rate/D": learning rate of the last step, "rate/G": ...}; {} where there is none to show."""
        return {}

    @abstractmethod
    def networks(self) -> dict[str, nn.Module]:
        """What is saved as weights: {name: network}."""

    def load_weights(self, weights: dict[str, dict[str, Tensor]]) -> None:
        """Take over saved weights. Raises KeyError or RuntimeError where they are of other networks."""
        for name, network in self.networks().items():
            network.load_state_dict(weights[name])

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What else resuming needs: optimisers and counters, as tensors, numbers, strings, lists and dicts."""

    @abstractmethod
    def load_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`; weights are loaded by whoever called."""


# --- what trainings of two players share ---------------------------------------------------------------------------


class Choices(Protocol):
    """What every recipe of two players chooses."""

    @property
    def g_optimiser(self) -> Optimiser: ...
    @property
    def d_optimiser(self) -> Optimiser: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def ema(self) -> float: ...


R = TypeVar("R", bound=Choices)


class TwoPlayers(Training, Generic[R]):
    """G's side against D's: an optimiser for each, whose rates follow one schedule, and averages of the generators."""

    def __init__(self, recipe: R, steps: int, engine: Engine):
        self.recipe, self.steps, self.engine = recipe, steps, engine

    def begin(self, g_weights: Parameters, d_weights: Parameters) -> None:
        """Once the networks are there."""
        self.averages_of = self._begun_averages()
        self.g_opt = self.recipe.g_optimiser.build(g_weights)
        self.d_opt = self.recipe.d_optimiser.build(d_weights)

    @abstractmethod
    def generators(self) -> dict[str, nn.Module]:
        """Those of which averages are kept, where the recipe wants some."""

    @abstractmethod
    def others(self) -> dict[str, nn.Module]:
        """The other networks that are saved."""

    # what a step is made of

    def set_rates(self, g_share: float = 1.0) -> None:
        factor = self.recipe.schedule.factor(self.iteration, self.steps)
        set_rate(self.g_opt, self.recipe.g_optimiser.lr * factor * g_share)
        set_rate(self.d_opt, self.recipe.d_optimiser.lr * factor)

    def minimise(self, loss: Tensor, optimiser: torch.optim.Optimizer, curve: str, clip_norm: float = 0.0) -> Curves:
        """Move a player's weights. Returns the norm of the gradient before any clipping, where it was measured."""
        measured = self.iteration % NORMS_EVERY == 0
        norm = descend(loss, optimiser, self.engine.ranks.mean_gradients, clip_norm, measured)
        return {} if norm is None else {curve: norm}

    def move_judges(
        self, told: Verdict, judges: Sequence[nn.Module], share: float = 1.0, clip_norm: float = 0.0
    ) -> Curves:
        """D's step down a share of what it minimises. Returns all that is told of it."""
        norm = self.minimise(share * total(told.terms), self.d_opt, "gradient/D", clip_norm)
        for D in judges:
            for penalty in told.constraints:
                penalty.after_d_step(D)
        return told.curves() | norm

    def update_averages(self) -> None:
        decay = ramped(self.recipe.ema, self.iteration)
        for name, average in self.averages_of.items():
            average.update(self.generators()[name], decay)

    # what others see

    def apply(self, recipe: Recipe) -> None:
        assert isinstance(recipe, type(self.recipe))
        changed = bool(recipe.ema) != bool(self.recipe.ema)
        self.recipe = recipe
        if changed:
            self.averages_of = self._begun_averages()

    def _begun_averages(self) -> dict[str, Average]:
        return {name: Average(G) for name, G in self.generators().items()} if self.recipe.ema else {}

    @property
    def averages(self) -> bool:
        return bool(self.averages_of)

    def applied_generator(self, averaged: bool, name: str = "generator") -> nn.Module:
        """As it is, or its average where one is wanted and kept."""
        return self.averages_of[name].module if averaged and self.averages else self.generators()[name]

    def rates(self) -> dict[str, float]:
        return {"rate/D": rate_of(self.d_opt), "rate/G": rate_of(self.g_opt)}

    def networks(self) -> dict[str, nn.Module]:
        averaged = {f"{name}_ema": average.module for name, average in self.averages_of.items()}
        return self.generators() | self.others() | averaged

    def load_weights(self, weights: dict[str, dict[str, Tensor]]) -> None:
        """An average that was not kept before begins at the generator as it is."""
        super().load_weights({f"{name}_ema": weights[name] for name in self.generators()} | weights)

    def state(self) -> dict[str, Any]:
        return {
            "iteration": self.iteration,
            "g_optimiser": {"kind": self.recipe.g_optimiser.kind, "state": self.g_opt.state_dict()},
            "d_optimiser": {"kind": self.recipe.d_optimiser.kind, "state": self.d_opt.state_dict()},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.iteration = state["iteration"]
        load_optimiser(self.g_opt, self.recipe.g_optimiser, state["g_optimiser"])
        load_optimiser(self.d_opt, self.recipe.d_optimiser, state["d_optimiser"])


@dataclass(frozen=True)
class Verdict:
    """What D minimises of a batch, and what is told of it besides."""

    terms: Terms
    distances: Terms  # scalars, as all that follows
    scores: Curves
    slopes: Curves
    constraints: Sequence[Penalty]  # put upon D after its step

    def curves(self) -> Curves:
        return means("D/", self.terms) | means("distance/", self.distances) | self.scores | means("", self.slopes)


def verdict(
    objective: Objective, penalties: Sequence[Penalty], turn: int, D: Judged, real: Tensor, fake: Tensor
) -> Verdict:
    """D's on samples of both kinds in its `turn`-th turn; `fake` comes detached."""
    terms = objective.d_loss(D, real, fake)
    extra, slopes = applied(penalties, turn, D, real, fake)
    with torch.no_grad():
        distances = objective.distance({name: term.detach() for name, term in terms.items()})
        return Verdict(terms | extra, distances, D.scores(objective.score), slopes, penalties)


# --- what a trained network can do -----------------------------------------------------------------------------------


class Generates(ABC):
    """A training whose generator makes samples from latents."""

    z_dim: int

    @property
    @abstractmethod
    def averages(self) -> bool:
        """Whether an average of the generator's weights is kept beside them."""

    @abstractmethod
    def latents(self, count: int, seed: int) -> Tensor:
        """z [N, z_dim] of the recipe's latent distribution, the same for the same seed on every device."""

    @abstractmethod
    def generate(self, z: Tensor, averaged: bool = True) -> Tensor:
        """x [N, *shape] float32, without gradients; from the averaged weights (EMA) where they are kept."""

    @abstractmethod
    def judge(self, x: Tensor) -> Tensor:
        """D's logits [N] of samples, without gradients and without moving any statistic."""

    def features(self, x: Tensor) -> list[Tensor]:
        """What D makes of samples before its answer, [N, ...], shallow to deep; [] where it is not told.

        Gradients flow to samples that ask for them, to nothing else; no statistic is moved.
        """
        return []

    def score(self, logits: Tensor) -> Tensor | None:
        """How real these are, in [0, 1], 0.5 where D cannot tell; None where D's logits have no scale."""
        return logits.sigmoid()

    def answers(self, real: Sequence[Batch], z: Tensor) -> tuple[Tensor, ...]:
        """D's logits [N] of each batch of the data and, last, of samples made of z [N, z_dim]; () where it is not told.

        D and G stand as in a step, in training mode and with the noise that D sees, each batch judged for itself. No
        gradient is left behind and no statistic moved; random numbers are the global ones. A D that is asked about
        labels gets those of each batch, and samples made for the labels of the first.
        """
        return ()

    @abstractmethod
    def pull(self, x: Tensor, real: Tensor) -> Tensor:
        """What each generated sample feels, [N, *shape]: minus the gradient of G's loss, summed over the samples, by x.

        `x` and `real`, as many of the data, are [N, *shape]. No statistic is moved and no gradient left behind.
        """

    @abstractmethod
    def latent_grid(self, side: int) -> Tensor:
        """z [side * side, z_dim]: an even grid in the plane of the first two latents, see `Latent.grid`."""


class Translates(ABC):
    """A training that makes pictures B of pictures A, and perhaps back."""

    directions: tuple[str, ...]  # FORTH, and BACK where it learns that too

    @property
    @abstractmethod
    def averages(self) -> bool:
        """Whether averages of the translators' weights are kept beside them."""

    @abstractmethod
    def translate(self, x: Tensor, direction: str = FORTH, averaged: bool = True) -> Tensor:
        """[N, C, H, W] in [-1, 1] -> [N, C', H', W'] float32, without gradients; the same for the same pictures.

        From the averaged weights (EMA) where they are kept. No statistic and no global generator is moved.
        """


# --- recipes ----------------------------------------------------------------------------------------------------------


class Recipe(Spec):
    """A training algorithm with its parts.

    `shape` is that of one sample; `pairs` says what lies beside it, in data that has pictures B.
    """

    batch_size: int

    @property
    @abstractmethod
    def samples_per_step(self) -> int:
        """Real samples seen in one step, for the rate that is shown."""

    @abstractmethod
    def check(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> None:
        """Whether the parts fit together for such data. Raises ConfigError with paths."""

    def advice(self, shape: tuple[int, ...], pairs: Pairs | None = None) -> tuple[str, ...]:
        """Sentences about choices that work but that the papers advise against."""
        return ()

    def typical(self, steps: int) -> int:
        """An iteration whose step takes as long as most do, or as the longest phase, for the dry run to time."""
        return TYPICAL

    @abstractmethod
    def build(self, shape: tuple[int, ...], steps: int, engine: Engine, pairs: Pairs | None = None) -> Training:
        """Networks and optimisers on the engine's device, for a training of `steps`. Raises ConfigError."""


class GeneratingRecipe(Recipe):
    """A recipe whose trained generator makes samples from latents: what a snapshot needs."""

    @abstractmethod
    def seeded_latents(self, count: int, seed: int) -> Tensor:
        """z [N, z_dim] on the CPU; row i belongs to seed + i."""

    @abstractmethod
    def build_generator(self, shape: tuple[int, ...]) -> nn.Module:
        """The bare generator on the CPU, for weights to be loaded into."""


class TranslatingRecipe(Recipe):
    """A recipe whose trained networks make pictures of pictures: what applying them needs."""

    directions: ClassVar[tuple[str, ...]] = (FORTH,)

    @property
    def as_trained(self) -> bool:
        """Whether translators are applied as they are trained: dropout stays on, batch norms look at each picture."""
        return False

    @abstractmethod
    def build_translator(self, direction: str, shape: tuple[int, ...], pairs: Pairs) -> TranslatorModule:
        """The bare network of one direction on the CPU, for weights to be loaded into."""

    def weights_name(self, direction: str) -> str:
        """What its weights are called in a checkpoint; their average ends in "_ema"."""
        return "generator"


RECIPES: Registry[Recipe] = Registry("gan_studio.recipes", "recipe")


# --- pieces -----------------------------------------------------------------------------------------------------------


def built(part: str, build: Callable[[], nn.Module]) -> nn.Module:
    """The network of one part of a recipe; what is wrong with it is told under the part's name."""
    try:
        return build()
    except ConfigError as error:
        raise error.under(part) from None


def built_translator(spec: TranslatorNetwork, ends: tuple[tuple[int, ...], tuple[int, ...]]) -> TranslatorModule:
    """From pictures of the first shape to those of the second. Raises ConfigError with a path."""
    network = built("generator", lambda: spec.build(*ends))
    assert isinstance(network, TranslatorModule)
    return network


def against_batch_norm(penalties: Sequence[Penalty], D: nn.Module) -> tuple[str, ...]:
    """Advice where a penalty meets a judge that ties a batch together."""
    if not (second_order(penalties) and looks_at_batches(D)):
        return ()
    return (
        "The penalty looks at each sample alone, and batch norm ties a batch together: "
        "set recipe.discriminator.norm to none or instance.",
    )


def translated(network: nn.Module, x: Tensor, engine: Engine, as_trained: bool = False) -> Tensor:
    """What a translator makes of pictures [N, C, H, W], float32, without gradients; nothing global is moved.

    `as_trained` keeps its dropout on, always with the same noise, and lets batch norms look at each picture alone.
    """
    if as_trained:
        network = made_as_trained(network)
        seed_noise(network, NOISE_SEED)
    with torch.no_grad(), evaluating(network), engine.autocast():
        return network(engine.lay(x.to(engine.device))).float()


def judged(network: nn.Module, engine: Engine, real: Tensor, fake: Tensor, at_once: bool = False) -> Judged:
    """A judge of pictures, laid in memory as it likes them; asked of both `at_once` where that gives the same."""
    D = Judged(lambda x: network(engine.lay(x)), 0.0, real, fake)
    return D.both() if at_once and not looks_at_batches(network) else D


def needed(pairs: Pairs | None, title: str, matched: bool = False) -> Pairs:
    """What a translating recipe needs of its data. Raises ConfigError, naming the recipe."""
    if pairs is None:
        raise ConfigError(f"{title} makes pictures of pictures; choose data with pairs of them, or with two sets.")
    if matched and not pairs.matched:
        raise ConfigError(
            f"{title} learns from pairs that belong together, and this data has two independent sets; "
            "choose CycleGAN, or data with pairs."
        )
    return pairs


def l1(x: Tensor, y: Tensor) -> Tensor:
    """The mean absolute difference of each pair of pictures, [N]."""
    return (x - y).abs().flatten(1).mean(dim=1)


def means(prefix: str, terms: dict[str, Tensor]) -> Curves:
    """What is told of per-sample terms."""
    return {prefix + name: term.detach().float().mean() for name, term in terms.items()}
