"""The 2-D playground: a GAN on points, step by step, with everything of it that can be seen.

Algorithm 1 of Goodfellow et al. 2014 with any objective, any penalties and critic steps as in WGAN; G is given new
noise in its turn, as there. A step gives the same numbers whether it is looked at or not: looking draws nothing.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor, nn

from ..compute import mixed_seed
from ..config import Spec, differences, is_live, option
from ..data.toy2d import DISTRIBUTIONS, Distribution, PlaneDataset, Ring
from ..latent import DISTRIBUTIONS as LATENTS
from ..latent import Latent
from ..metrics import exact_wasserstein, modes
from ..networks import DISCRIMINATORS, GENERATORS, Discriminator
from ..networks import Generator as GeneratorNetwork
from ..networks.mlp import MlpDiscriminator, MlpGenerator
from ..nn.descent import descend
from ..nn.minibatch import MinibatchDiscrimination
from ..nn.optimisers import Adam, AnyOptimiser
from ..nn.spectral import SpectralNorm
from ..nn.temporarily import evaluating, frozen
from ..objectives import OBJECTIVES, Critic, Objective
from ..penalties import PENALTIES, Penalty, applied
from ..registry import OneOf
from .sentence import Sentence
from .step_story import PLAYERS, W1, Seen, chapters, look

Terms = dict[str, Tensor]  # {name: [N]}
Curves = dict[str, Tensor]  # {name: scalar}

TELL_EVERY = 0.06  # seconds between two moments while it plays
MEASURE_EVERY = 0.25  # seconds between two measurements of W1 and modes while it plays
REAL_SEED, LATENT_SEED = 987_654_321, 123_456_789  # of the real points and the latents that are always shown
POINTS = 400  # that are shown of a kind
RESOLUTION = 48  # places along each side of D's map
WARPED = 21  # lines each way of the grid that G bends
CPU = torch.device("cpu")


class Noise(Latent):
    """The noise that becomes a point."""

    dim: int = option(2, "How many numbers describe one point; two are a plane that G bends.", ge=1, le=64, learn=True)
    distribution: Literal["normal", "uniform", "truncated"] = option(
        "normal",
        "Normal N(0, 1), uniform U(-1, 1), or a normal cut off at two standard deviations.",
        learn=True,
    )


class Playground(Spec):
    """All that is set. What is marked live holds from the next step on; anything else begins another game."""

    data: Annotated[Distribution, OneOf(DISTRIBUTIONS)] = option(
        Ring(), "Where the real points come from; you can draw them, too.", learn=True
    )
    objective: Annotated[Objective, OneOf(OBJECTIVES)] = option(
        "non-saturating", "What the two players each try to do; the heart of the method.", learn=True
    )
    penalties: tuple[Annotated[Penalty, OneOf(PENALTIES)], ...] = option(
        (), "What keeps the discriminator well-behaved: penalties and constraints, any number.", learn=True
    )
    d_optimiser: AnyOptimiser = option(
        Adam(lr=1e-3, beta1=0.0, beta2=0.99), "How the discriminator's weights are moved.", learn=True
    )
    g_optimiser: AnyOptimiser = option(
        Adam(lr=5e-4, beta1=0.0, beta2=0.99), "How the generator's weights are moved.", learn=True
    )
    d_steps: int = option(
        1, "Steps of the discriminator per step of the generator.", ge=1, le=20, live=True, learn=True
    )
    batch_size: int = option(
        64, "Real points that D sees in a step; as many are generated.", ge=2, le=1024, live=True, learn=True
    )
    instance_noise: float = option(
        0.0,
        "Standard deviation of noise added to all that D sees: it blurs thin hills, so that both sides meet.",
        ge=0,
        le=2,
        live=True,
        learn=True,
    )
    latent: Noise = option(Noise(), "The noise that becomes a point.", learn=True)
    generator: Annotated[GeneratorNetwork, OneOf(GENERATORS)] = option(
        MlpGenerator(width=64, init="orthogonal", gain=1.4), "The network that makes points.", group="Networks"
    )
    discriminator: Annotated[Discriminator, OneOf(DISCRIMINATORS)] = option(
        MlpDiscriminator(width=64, init="orthogonal", gain=1.4),
        "The network that tells real from generated.",
        group="Networks",
    )
    seed: int = option(0, "Names the first weights, the points and the noise.", ge=0, le=2**31)


def goes_on(old: Playground, new: Playground) -> bool:
    """Whether a game under the old settings can be played on under the new ones."""
    return all(is_live(new, path) for path in differences(old.plain(), new.plain()))


# --- what is told ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """The plane at one moment. Row 0 of maps is at y = -extent, column 0 at x = -extent."""

    real: np.ndarray  # [N, 2]
    generated: np.ndarray  # [N, 2]
    extent: float
    values: np.ndarray  # [R, R]: what D answers
    scores: np.ndarray | None  # [R, R] in [0, 1]: how real D finds each place; None where its answers have no scale
    middle: float  # halfway between D's mean answers to real and to generated points
    wrong: np.ndarray  # [W, 2]: the points that D has on the wrong side: of 1/2, or of the middle
    warped: np.ndarray  # [K, K, 2]: what G makes of an even grid
    pull: np.ndarray | None = None  # [N, 2]: minus the gradient of G's loss at the generated points


@dataclass(frozen=True)
class Phase:
    """A part of a step: what is seen, and what there is to say."""

    key: str
    title: str
    player: str
    scene: Scene
    sentences: tuple[Sentence, ...]
    mapped: bool  # D's map has to do with it
    marked: bool  # what D has wrong has to do with it


@dataclass(frozen=True)
class Moment:
    """After a step, or before the first."""

    step: int
    curves: dict[str, float]  # means over the steps since the last moment; what is measured now and then, now
    steps: np.ndarray  # [K]: those since the last moment, or this one alone
    history: dict[str, np.ndarray]  # {curve: [K]}, NaN where there is no value
    scene: Scene  # of points and latents that stay the same
    story: tuple[Sentence, ...]  # of a step that was taken by itself; else of what came of all
    phases: tuple[Phase, ...]  # of a step that was taken by itself
    finite: bool  # else the numbers ran away, and nothing more can come of it


@dataclass(frozen=True)
class Stage:
    """A phase as it is announced; `moment` is when its scene is looked at."""

    key: str  # the chapter of the story that belongs to it
    title: str
    player: str
    moment: str
    mapped: bool = True
    marked: bool = False
    pulled: bool = False


STAGES = (
    Stage("sees", "D is shown points", "D", "D before", mapped=False),
    Stage("finds", "D judges", "D", "D before"),
    Stage("pays", "D's loss", "D", "D before", marked=True),
    Stage("learns", "D's step", "D", "D after"),
    Stage("shows", "G makes points", "G", "G before"),
    Stage("feels", "G's gradient", "G", "G before", pulled=True),
    Stage("moves", "G's step", "G", "G after"),
)


class Witness:
    """Looks on while a step is taken; this one does not care."""

    def look(self, moment: str, real: Tensor, z: Tensor) -> None:
        """`real` [N, 2] and `z` [N, dim] are those of the turn that is under way."""


NOBODY = Witness()


class Recorder(Witness):
    """Keeps a scene of each moment; of many turns of D it is the last that stays."""

    def __init__(self, players: Players):
        self.players = players
        self.scenes: dict[str, Scene] = {}

    def look(self, moment: str, real: Tensor, z: Tensor) -> None:
        self.scenes[moment] = self.players.scene(real, z)

    def seen(self, after: Scene) -> Seen:
        """What the story tells of the step that was recorded."""
        told = seen_in(after)
        if "G after" not in self.scenes:
            return told
        before, later = self.scenes["G before"], self.scenes["G after"]
        felt = look(later.generated, before.generated, before.pull)
        return replace(told, pull=felt.pull, moved=felt.moved)

    def phases(self, told: dict[str, tuple[Sentence, ...]]) -> Iterator[Phase]:
        last = [stage for stage in STAGES if stage.moment in self.scenes][-1]
        for stage in STAGES:
            if stage.moment in self.scenes:
                scene = self.scenes[stage.moment]
                scene = scene if stage.pulled else replace(scene, pull=None)
                said = told[stage.key] + (told["outcome"] if stage is last else ())
                yield Phase(stage.key, stage.title, stage.player, scene, said, stage.mapped, stage.marked)


def seen_in(scene: Scene) -> Seen:
    return look(scene.generated, real=scene.real, scores=scene.scores, extent=scene.extent)


# --- the two players -------------------------------------------------------------------------------------------------


class Players:
    """G against D, from their first weights on."""

    def __init__(self, settings: Playground):
        self.settings = settings
        self.data = PlaneDataset(settings.data, settings.data.scale)
        with seeded(settings.seed, 0):
            self.G = settings.generator.build(settings.latent.dim, self.data.shape)
            self.D = settings.discriminator.build(self.data.shape)
        self.g_opt = settings.g_optimiser.build(self.G.parameters())
        self.d_opt = settings.d_optimiser.build(self.D.parameters())
        self.step = 0
        self._batches = 0  # of real points that were drawn
        self._d_turns = 0  # which lazy penalties count
        self._real = self.data.batch(POINTS, 0, REAL_SEED).x  # [400, 2]
        self._z = self._latents(modes.SAMPLES)  # [2500, dim]
        self._grid = settings.latent.grid(WARPED)
        axis = torch.linspace(-self.data.extent, self.data.extent, RESOLUTION)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self._plane = torch.stack([x.flatten(), y.flatten()], dim=1)  # [R * R, 2]

    # the algorithm

    def take_step(self, players: tuple[str, ...] = PLAYERS, witness: Witness = NOBODY) -> Curves:
        """One iteration of those whose turn it is. Returns {curve: scalar}."""
        settings, self.step = self.settings, self.step + 1
        d_steps = settings.d_steps if "D" in players else 0
        curves: Curves = {}
        with seeded(settings.seed, self.step):
            count = d_steps + ("G" in players)
            latents = iter([settings.latent.draw(settings.batch_size, CPU) for _ in range(count)])

            # Train D to tell real from generated.
            real = None
            for _ in range(d_steps):
                real = self._next_batch()
                curves |= self._d_turn(real, next(latents), witness)

            # Train G against D, which has just learnt.
            if "G" in players:
                real = self._next_batch() if real is None else real
                curves |= self._g_turn(real, next(latents), witness)
        return curves

    def _d_turn(self, real: Tensor, z: Tensor, witness: Witness) -> Curves:
        witness.look("D before", real, z)
        with torch.no_grad():
            fake = self.G(z)
        D = judge_of(self.D, self.settings.instance_noise, real, fake)
        objective = self.settings.objective
        terms = objective.d_loss(D, real, fake)
        extra, slopes = applied(self.settings.penalties, self._d_turns, D, real, fake)
        norm = self._minimise(terms | extra, self.d_opt, self.settings.d_optimiser.lr, "gradient/D")
        for penalty in self.settings.penalties:
            penalty.after_d_step(self.D)
        self._d_turns += 1
        witness.look("D after", real, z)
        with torch.no_grad():
            distances = objective.distance({name: term.detach() for name, term in terms.items()})
            scores = {"D(real)": objective.score(D(real)), "D(fake)": objective.score(D(fake))}
            known = {name: score for name, score in scores.items() if score is not None}
            return means("D/", terms | extra) | means("distance/", distances) | means("", known | slopes) | norm

    def _g_turn(self, real: Tensor, z: Tensor, witness: Witness) -> Curves:
        witness.look("G before", real, z)
        fake = self.G(z)
        with frozen(self.D):
            D = judge_of(self.D, self.settings.instance_noise, real, fake)
            terms = self.settings.objective.g_loss(D, real, fake)
            norm = self._minimise(terms, self.g_opt, self.settings.g_optimiser.lr, "gradient/G")
        witness.look("G after", real, z)
        return means("G/", terms) | norm

    def _minimise(self, terms: Terms, optimiser: torch.optim.Optimizer, rate: float, curve: str) -> Curves:
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = torch.stack([term.float().mean() for term in terms.values()]).sum()
        norm = descend(loss, optimiser, alone)
        return {} if norm is None else {curve: norm}

    def _next_batch(self) -> Tensor:
        self._batches += 1
        return self.data.batch(self.settings.batch_size, self._batches - 1, self.settings.seed).x

    def _latents(self, count: int) -> Tensor:
        rng = torch.Generator().manual_seed(LATENT_SEED)
        latent = self.settings.latent
        return LATENTS[latent.distribution](torch.empty(count, latent.dim), rng)

    # looking

    def scene(self, real: Tensor | None = None, z: Tensor | None = None) -> Scene:
        """The plane with these points, or with those that are always shown; draws nothing and moves nothing."""
        real = self._real if real is None else real
        z = self._z[:POINTS] if z is None else z
        with torch.no_grad(), evaluating(self.G), evaluating(self.D):
            fake, warped = self.G(torch.cat([z, self._grid])).split([len(z), len(self._grid)])
            answers = self.D(torch.cat([self._plane, real, fake]))
        plane, of_real, of_fake = answers.split([len(self._plane), len(real), len(fake)])
        score = self.settings.objective.score(plane)
        middle = float((of_real.mean() + of_fake.mean()) / 2)
        wrong = torch.cat([real[~self._called_real(of_real, middle)], fake[self._called_real(of_fake, middle)]])
        return Scene(
            real.numpy(),
            fake.numpy(),
            self.data.extent,
            plane.reshape(RESOLUTION, RESOLUTION).numpy(),
            None if score is None else score.reshape(RESOLUTION, RESOLUTION).numpy(),
            middle,
            wrong.numpy(),
            warped.reshape(WARPED, WARPED, 2).numpy(),
            self.pull(fake, real).numpy(),
        )

    def _called_real(self, answers: Tensor, middle: float) -> Tensor:
        """Which of them [N] are above 1/2; where answers have no scale, above the middle."""
        score = self.settings.objective.score(answers)
        return answers >= middle if score is None else score >= 0.5

    def pull(self, fake: Tensor, real: Tensor) -> Tensor:
        """Minus the gradient of G's loss, summed over the points, at each of them: [N, 2]."""
        fake = fake.detach().requires_grad_()
        with frozen(self.D), evaluating(self.D):
            terms = self.settings.objective.g_loss(judge_of(self.D, 0.0, real, fake), real, fake)
            loss = torch.stack([term.float().sum() for term in terms.values()]).sum()
            (gradient,) = torch.autograd.grad(loss, fake)
        return -gradient

    def measures(self) -> dict[str, float]:
        """The exact W1 between 256 points of each kind, and modes, where the data has some."""
        with torch.no_grad(), evaluating(self.G):
            x = self.G(self._z)  # [2500, 2]
        if not bool(x.isfinite().all()):
            return {}
        N = exact_wasserstein.SAMPLES
        found = {W1: exact_wasserstein.wasserstein1(x[:N].numpy(), self._real[:N].numpy())}
        if len(self.data.centres):
            score = modes.score_modes(x, self.data.centres, self.data.sigma)
            found |= {"modes/covered": float(score.covered), "modes/high quality": score.high_quality}
        return found

    def rates(self) -> dict[str, float]:
        return {"rate/D": self.settings.d_optimiser.lr, "rate/G": self.settings.g_optimiser.lr}


def judge_of(D: nn.Module, noise: float, real: Tensor, fake: Tensor) -> Critic:
    """D as objectives and penalties see it, with noise on what it sees. The batch's own points are judged once,
    however many terms ask for them."""
    known: dict[int, Tensor] = {}

    def judged(x: Tensor) -> Tensor:
        return D(x + noise * torch.randn_like(x) if noise else x).float()

    def judge(x: Tensor) -> Tensor:
        if x is not real and x is not fake:
            return judged(x)
        if id(x) not in known:
            known[id(x)] = judged(x)
        return known[id(x)]

    return judge


def means(prefix: str, terms: Terms) -> Curves:
    return {prefix + name: term.detach().float().mean() for name, term in terms.items()}


def alone(gradients: list[Tensor]) -> None:
    """No other process has gradients to average with."""


@contextlib.contextmanager
def seeded(seed: int, step: int) -> Iterator[None]:
    """Step `step` draws the same alone as in a row; whoever else draws from the global generator notices nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mixed_seed(seed, 0, step))
        yield


# --- a game ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What whoever watches wants of the steps to come."""

    settings: Playground
    players: tuple[str, ...] = PLAYERS


class Game:
    """Its generators are iterated on a thread, of which one at a time plays: a second one waits for the first to be
    closed. `wish` is replaced whole, from any thread and at any moment, and read between two steps."""

    def __init__(self, settings: Playground):
        """Cheap: the networks are built by whoever plays first. Raises ConfigError there if they cannot be."""
        self.wish = Wish(settings)
        self._lock = threading.Lock()
        self._players: Players | None = None
        self._untold: list[Curves] = []  # of the steps since the last moment
        self._measured: dict[str, float] = {}  # the last time

    def look(self) -> Generator[Moment, None, None]:
        """Things as they stand."""
        with self._lock:
            yield self._moment(self._ready(), measured=True)

    def play(self) -> Generator[Moment, None, None]:
        """Steps without end, unless the numbers run away; some fifteen moments a second. Close it at any moment."""
        with self._lock:
            players = self._ready()
            told_at = measured_at = time.perf_counter()
            while True:
                self._step(players)
                now = time.perf_counter()
                if now - told_at >= TELL_EVERY:
                    measured = now - measured_at >= MEASURE_EVERY
                    moment = self._moment(players, measured)
                    yield moment
                    if not moment.finite:
                        return
                    told_at = time.perf_counter()
                    measured_at = told_at if measured else measured_at

    def step(self) -> Generator[Moment, None, None]:
        """One step, with its phases."""
        with self._lock:
            players = self._ready()
            recorder = Recorder(players)
            self._step(players, recorder)
            yield self._moment(players, True, recorder)

    def _ready(self) -> Players:
        if self._players is None:
            self._players = Players(self.wish.settings)
        self._players.settings = self.wish.settings
        return self._players

    def _step(self, players: Players, witness: Witness = NOBODY) -> None:
        wish = self.wish
        players.settings = wish.settings
        self._untold.append(players.take_step(wish.players, witness))

    def _moment(self, players: Players, measured: bool, recorder: Recorder | None = None) -> Moment:
        """Everything that is told now; reading the numbers of all steps at once."""
        history = numbers_of(self._untold)
        curves = {name: mean_of(values) for name, values in history.items()}
        count = max(1, len(self._untold))
        self._untold = []
        before = self._measured
        if measured:
            self._measured = players.measures()
        now = (players.rates() if history else {}) | (self._measured if measured else {})
        history |= {name: np.append(np.full(count - 1, np.nan), value) for name, value in now.items()}
        curves |= now
        scene = players.scene()
        finite = bool(np.isfinite(scene.values).all() and np.isfinite(scene.generated).all())
        settings, turns = players.settings, self.wish.players
        seen = Seen() if not finite else recorder.seen(scene) if recorder else seen_in(scene)
        told = chapters(curves, settings.batch_size, turns, settings.d_steps, before, seen)
        return Moment(
            players.step,
            curves,
            np.arange(players.step - count + 1, players.step + 1),
            history,
            scene,
            tuple(sentence for chapter in told.values() for sentence in chapter) if recorder else told["outcome"],
            tuple(recorder.phases(told)) if recorder else (),
            finite,
        )


def numbers_of(steps: list[Curves]) -> dict[str, np.ndarray]:
    """{curve: [K]} of K steps, NaN where a step does not have it."""
    names = dict.fromkeys(name for curves in steps for name in curves)
    missing = torch.tensor(math.nan)
    table = [torch.stack([curves.get(name, missing) for curves in steps]).numpy() for name in names]
    return dict(zip(names, table, strict=True))


def mean_of(values: np.ndarray) -> float:
    """Of those that are there."""
    there = values[~np.isnan(values)]
    return float(there.mean(dtype=np.float64)) if len(there) else math.nan


# --- advice ----------------------------------------------------------------------------------------------------------

UNBOUND = (
    "“{name}” needs a D whose slope is bounded, and here nothing bounds it: its values run away. "
    "Choose a gradient penalty or weight clipping, or spectral normalisation of D."
)
TIED = (
    "“{penalty}” looks at each point alone, and D’s {layer} ties a batch together: "
    "turn that off in D’s settings, or leave the penalty out."
)
RAN_AWAY = "The numbers have run away: nothing more can come of this game. Lower the learning rates, or tame D."


def advice(settings: Playground) -> tuple[Sentence, ...]:
    """What does not go together, though it can be played. Raises ConfigError for what cannot."""
    with torch.device("meta"):
        settings.generator.build(settings.latent.dim, (2,))
        D = settings.discriminator.build((2,))
    found = []
    bounded = settings.penalties or any(isinstance(module, SpectralNorm) for module in D.modules())
    if needs_bound(settings.objective) and not bounded:
        found.append(Sentence(UNBOUND, {"name": settings.objective.title}))
    tying: dict[str, Callable[[nn.Module], bool]] = {
        "batch norm": lambda module: isinstance(module, nn.modules.batchnorm._BatchNorm),
        "minibatch discrimination": lambda module: isinstance(module, MinibatchDiscrimination),
    }
    for penalty in settings.penalties:
        for layer, ties in tying.items():
            if penalty.second_order and any(map(ties, D.modules())):
                found.append(Sentence(TIED, {"penalty": penalty.title, "layer": layer}))
    return tuple(found)


def needs_bound(objective: Objective) -> bool:
    """Whether a D that is twice as steep always gets more, even where both kinds lie on both sides: then it has a best
    answer only where its slope is bounded."""
    real = torch.tensor([[1.0], [1.0], [1.0], [-1.0]])
    fake = -real

    def cost(slope: float) -> float:
        return float(sum(term.mean() for term in objective.d_loss(lambda x: slope * x[:, 0], real, fake).values()))

    gains = [cost(slope) - cost(2 * slope) for slope in (1e3, 1e6)]
    return all(gain > 1.0 for gain in gains) and not math.isinf(gains[1])
