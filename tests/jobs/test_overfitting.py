"""D's answers to samples that it never sees: what is told of them, and that asking changes nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_studio import runs
from gan_studio.compute import Engine
from gan_studio.conditions import Course
from gan_studio.conditions.memorising import Memorising
from gan_studio.data import Batch, Dataset, Stream
from gan_studio.data.augment import Augment
from gan_studio.data.digits import Digits
from gan_studio.data.images import ImageDataset
from gan_studio.jobs import overfitting
from gan_studio.jobs.events import Checkpoint
from gan_studio.jobs.inbox import Stop
from gan_studio.jobs.overfitting import EVERY, FEWEST, HELD_OUT, LOOKED_AT, R_V, Gap, r_v
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.together import exhausted
from gan_studio.recipes import RECIPES, Generates

from .conftest import assert_same_checkpoint, job_of

CPU = Engine(torch.device("cpu"))
OURS = (HELD_OUT, R_V)
BY_THE_CLOCK = ("speed/", "rate/")


# --- r_v -------------------------------------------------------------------------------------------------------------


def around(middle: float, seed: int, count: int = 64, width: float = 0.1) -> Tensor:
    """Answers with this very mean."""
    noise = np.random.default_rng(seed).normal(size=count) * width
    return torch.tensor(middle + noise - noise.mean())


@pytest.mark.parametrize("share", [-0.2, 0.0, 0.3, 1.0, 1.5])
@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (0.01, -5), (-3, 100)])
def test_r_v_is_the_share_of_the_lead_that_is_lacking(share: float, scale: float, shift: float) -> None:
    """Whatever the zero, the unit and the sign of D's answers, which a critic's have by chance."""
    trained_on, unseen, generated = around(2, 0), around(2 - 3 * share, 1), around(-1, 2)
    found = r_v(*(scale * answers + shift for answers in (trained_on, unseen, generated)))
    assert found == pytest.approx(share, abs=1e-9)


def test_no_share_is_told_of_a_lead_that_vanishes() -> None:
    same, nan = torch.ones(64), torch.full((64,), float("nan"))
    assert r_v(same, around(0, 0), same) is None
    assert r_v(around(0, 0), around(1, 1), around(1e-3, 2)) is None  # 0.06 standard errors
    assert r_v(around(0, 0), around(1, 1), around(1, 2)) is not None
    assert all(r_v(*(nan if i == j else around(i, i) for i in range(3))) is None for j in (0, 2))


# --- what is looked at -----------------------------------------------------------------------------------------------


class Knows(Generates):
    """Its D gives 1 to what it was trained on, `unseen` to all else of the data, and 0 to what is generated."""

    z_dim = 1

    def __init__(self, dataset: Dataset, unseen: float):
        rows = dataset.plain().batch(dataset.size or 0, 0, 0).x
        self.known, self.unseen = {row.numpy().tobytes() for row in rows}, unseen
        self.asked: list[Sequence[Batch]] = []

    def answers(self, real: Sequence[Batch], z: Tensor) -> tuple[Tensor, ...]:
        self.asked.append(real)
        told = [torch.tensor([1.0 if self._knows(x) else self.unseen for x in batch.x]) for batch in real]
        return (*told, torch.zeros(len(z)))

    def _knows(self, x: Tensor) -> bool:
        return x.numpy().tobytes() in self.known

    def latents(self, count: int, seed: int) -> Tensor:
        return torch.zeros(count, 1)

    @property
    def averages(self) -> bool:
        return False

    generate = judge = pull = latent_grid = None  # type: ignore[assignment]  # nothing else may be asked


class Silent(Knows):
    """Its D's answers are not told."""

    def answers(self, real: Sequence[Batch], z: Tensor) -> tuple[Tensor, ...]:
        return ()


def digits(share: float = 0.2, **changes: Any) -> ImageDataset:
    return exhausted(Digits(size=8, held_out_share=share, **changes).prepare())


@pytest.mark.parametrize("augment", [Augment(), Augment(horizontal_flip=True)])
@pytest.mark.parametrize("unseen", [1.0, 0.25, 0.0])
def test_d_is_asked_about_both_kinds_alike_and_told_their_labels(unseen: float, augment: Augment) -> None:
    dataset = digits(augment=augment)
    training = Knows(dataset, unseen)
    told = Gap(dataset, training, 64, 0, CPU).look(EVERY)  # type: ignore[arg-type]
    assert told == {HELD_OUT: pytest.approx(torch.tensor(unseen).sigmoid().item()), R_V: pytest.approx(1 - unseen)}
    ((trained_on, held_out),) = training.asked
    assert dataset.held_out is not None
    for batch, source in ((trained_on, dataset), (held_out, dataset.held_out)):
        whole = source.plain().batch(source.size or 0, 0, 0)
        label_of = {x.numpy().tobytes(): int(y) for x, y in zip(whole.x, whole.y, strict=True)}  # type: ignore[arg-type]
        assert [label_of[x.numpy().tobytes()] for x in batch.x] == batch.y.tolist()  # type: ignore[union-attr]


def test_it_looks_at_the_same_samples_each_time_and_only_now_and_then() -> None:
    dataset = digits()
    training = Knows(dataset, 0.0)
    gap = Gap(dataset, training, 64, 0, CPU)  # type: ignore[arg-type]
    told = [step for step in range(1, 4 * EVERY) if gap.look(step)]
    assert told == [EVERY, 2 * EVERY, 3 * EVERY] and len(training.asked) == 3
    assert all(torch.equal(a.x, b.x) for real in training.asked for a, b in zip(real, training.asked[0], strict=True))


@pytest.mark.parametrize(
    ("batch", "count", "every"), [(64, 64, EVERY), (16, 64, 4 * EVERY), (100, 100, EVERY), (4096, 352, EVERY)]
)
def test_a_look_costs_a_step_as_much_whatever_the_batch(batch: int, count: int, every: int) -> None:
    dataset = digits()
    assert dataset.held_out and dataset.held_out.size == 352
    gap = Gap(dataset, Knows(dataset, 0.0), batch, 0, CPU)  # type: ignore[arg-type]
    assert (gap.count, gap.every) == (count, every) and gap.count >= min(LOOKED_AT, batch)


def test_nothing_is_told_where_there_is_nothing_to_ask() -> None:
    dataset, whole = digits(), digits(0.0)
    few = dataset.only(np.arange(200))
    assert dataset.held_out is not None
    few.held_out = dataset.held_out.only(np.arange(FEWEST - 1))  # type: ignore[attr-defined]
    for data, training in (
        (whole, Knows(whole, 0.0)),
        (few, Knows(few, 0.0)),
        (dataset, Silent(dataset, 0.0)),
        (dataset, object()),
    ):
        assert Gap(data, training, 64, 0, CPU).look(EVERY) == {}  # type: ignore[arg-type]


# --- in a training ---------------------------------------------------------------------------------------------------

NETWORKS = {part: {"kind": "dcgan", "width": 4} for part in ("generator", "discriminator")}
SMALL: dict[str, Any] = {
    "data": {"kind": "digits", "size": 16, "held_out_share": 0.3},
    "recipe.batch_size": 16,
    **{f"recipe.{part}": network for part, network in NETWORKS.items()},
}
MADE_OF = {
    "batch norm": SMALL,
    "spectral norm": SMALL | {"recipe.discriminator": {"kind": "resnet", "width": 4, "spectral": True}},
    "dropout": SMALL | {"recipe.discriminator": {"kind": "mlp", "width": 8, "dropout": 0.5}},
    "packs, minibatch discrimination, noise": SMALL
    | {"recipe.pack": 2, "recipe.discriminator.minibatch_kernels": 3, "recipe.instance_noise": 0.1},
    "critic": SMALL | {"recipe.objective": "wasserstein", "recipe.penalties": ["gradient-penalty"]},
    "bf16": SMALL | {"compute.precision": "bf16", "compute.memory_format": "channels-last"},
    "VEEGAN": {
        "data": SMALL["data"],
        "recipe": {"kind": "veegan", "latent": {"dim": 3}, "batch_size": 16}
        | NETWORKS
        | {"reconstructor": {"kind": "mlp", "width": 8}},
    },
}


def told_by(run: runs.Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: line for name, line in run.curves().items() if not name.startswith(BY_THE_CLOCK)}


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Look every so many steps, and tell r_v of any lead."""

    def look(every: int) -> None:
        monkeypatch.setattr(overfitting, "LOOKED_AT", 16)
        monkeypatch.setattr(overfitting, "EVERY", every)
        monkeypatch.setattr(overfitting, "SURE", 0.0)

    return look


@pytest.mark.parametrize("name", MADE_OF)
def test_a_training_is_the_same_with_it_as_without(
    make_run: Callable[..., runs.Run], often: Callable[[int], None], name: str
) -> None:
    """And stopping and resuming changes nothing of what is told."""
    found = []
    for every, stop in ((1, False), (10**9, False), (1, True)):
        often(every)
        run = make_run(MADE_OF[name])
        job = job_of(run)
        for event in job:
            if stop and isinstance(event, Checkpoint) and event.step == 3:
                job.inbox.put(Stop())
        if stop:
            assert run.state().name == "stopped"
            list(job_of(run))
        found.append(run)
    looked, plain, resumed = found
    assert_same_checkpoint(looked, plain)
    assert_same_checkpoint(looked, resumed)
    ours = set(OURS) if "critic" not in name else {R_V}
    with_it, without, again = map(told_by, found)
    assert with_it.keys() - without.keys() == ours and again.keys() == with_it.keys()
    assert all(with_it[name][0].tolist() == [1, 2, 3, 4, 5, 6] for name in ours)
    for name, line in with_it.items():
        for other in [again] if name in ours else [again, without]:
            np.testing.assert_array_equal(line, other[name])


def training_of(make_run: Callable[..., runs.Run], name: str) -> tuple[Any, list[Batch]]:
    """A new one, with a batch that it is trained on and one that is held out."""
    config = RunConfig.parse(make_run(MADE_OF[name]).config())
    dataset = exhausted(config.data.prepare())
    engine = Engine(torch.device("cpu"), "bf16", channels_last=True) if name == "bf16" else CPU
    engine.seed_step(0, 0)
    training = config.recipe.build(dataset.shape, 10, engine)
    return training, [part.batch(16, 0, 0) for part in (dataset, dataset.held_out)]


@pytest.mark.parametrize("name", MADE_OF)
def test_asking_moves_nothing(make_run: Callable[..., runs.Run], name: str) -> None:
    training, real = training_of(make_run, name)
    z = training.latents(16, 0)
    before = {name: copy.deepcopy(network.state_dict()) for name, network in training.networks().items()}
    state = torch.get_rng_state()
    told = []
    for seed in (5, 6, 5):
        with training.engine.aside(seed):
            told.append(training.answers(real, z))
    assert torch.equal(torch.get_rng_state(), state)
    for part, network in training.networks().items():
        assert all(torch.equal(value, before[part][key]) for key, value in network.state_dict().items())
        assert network.training or part.endswith("_ema")
        assert all(weight.grad is None for weight in network.parameters())
    assert len(told[0]) == 3 and len({answer.shape for answer in told[0]}) == 1
    assert all(torch.equal(a, b) and not a.requires_grad for a, b in zip(told[0], told[2], strict=True))
    by_chance = any(not torch.equal(a, b) for a, b in zip(told[0], told[1], strict=True))
    assert by_chance == (name in ("dropout", "packs, minibatch discrimination, noise", "VEEGAN"))


@pytest.mark.parametrize("name", ["batch norm", "spectral norm", "critic"])
def test_answers_are_those_that_d_gives_in_a_step(make_run: Callable[..., runs.Run], name: str) -> None:
    """As copies in training mode answer, which may count what they like."""
    training, real = training_of(make_run, name)
    z = training.latents(16, 0)
    G, D = copy.deepcopy(training.G), copy.deepcopy(training.D)
    with torch.no_grad():
        expected = [D(x) for x in (real[0].x, real[1].x, G(z))]
    assert training.G.training and training.D.training
    for answer, right in zip(training.answers(real, z), expected, strict=True):
        torch.testing.assert_close(answer, right, rtol=1e-3, atol=1e-4)  # D's singular vectors have moved on a little


class Copies(nn.Module):
    """A generator that makes pictures of the data which nobody trains on: latents choose one."""

    def __init__(self, pictures: Tensor):
        super().__init__()
        self.register_buffer("pictures", pictures)

    def forward(self, z: Tensor) -> Tensor:
        return self.pictures[(1000 * z[:, 0]).long() % len(self.pictures)]


@pytest.mark.parametrize(("size", "speaks"), [(24, True), (None, False)])
def test_a_d_that_learns_its_pictures_by_heart_is_told_of(size: int | None, speaks: bool) -> None:
    """Between digits and other digits there is nothing else to learn: unseen ones are to D as generated ones are.

    Between many digits and noise there is.
    """
    dataset, known = digits(0.5), digits(0.0)
    if size:
        held_out, dataset = dataset.held_out, dataset.only(np.arange(size))
        dataset.held_out = held_out  # type: ignore[attr-defined]
    mlp = {"kind": "mlp", "width": 64}
    recipe = RECIPES.parse(
        {"kind": "gan", "generator": mlp, "discriminator": mlp, "batch_size": 24, "latent": {"dim": 4}}
    )
    CPU.seed_step(0, 0)
    training: Any = recipe.build(dataset.shape, 200, CPU)
    pictures = known.batch(1000, 0, 1).x
    training.G = Copies(pictures if speaks else torch.randn_like(pictures))
    gap, stream = Gap(dataset, training, 24, 0, CPU), Stream(dataset, 24, 0)
    found: dict[int, float] = {}
    for step in range(1, 201):
        CPU.seed_step(0, step)
        training.step(stream, ("D",))
        told = gap.look(step)
        if R_V in told:
            found[step] = told[R_V]
    steps, values = np.array(list(found)), np.array(list(found.values()))
    assert values[-1] == pytest.approx(1 if speaks else 0, abs=0.25)
    finding = Memorising(fewest=1).find(Course({R_V: (steps, values)}, {}, 200, "running", ""))
    assert (finding is not None) == speaks
