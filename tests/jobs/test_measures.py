"""What is measured of samples while a run trains: where it stands, what it says, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from gan_studio import runs
from gan_studio.data.toy2d import Ring, SwissRoll, Toy2D
from gan_studio.jobs.drawn import DIVERSITY
from gan_studio.jobs.events import Checkpoint, Curves, Landscape, Paused, Samples, Stopped
from gan_studio.jobs.frames import read_frame
from gan_studio.jobs.inbox import Change, Pause, SampleNow, Stop
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.shown import shown
from gan_studio.jobs.together import exhausted
from gan_studio.metrics.exact_wasserstein import SAMPLES, wasserstein1
from gan_studio.recipes import Generates
from gan_studio.recipes.gan import GanTraining

from .conftest import job_of, until

Make = Callable[..., runs.Run]
W1, SLICED = "distance/W1, exact", "distance/sliced W1 of pixels"
PICTURES = {
    "data": {"kind": "digits", "size": 16},
    "recipe.generator": {"kind": "dcgan", "width": 4},
    "recipe.discriminator": {"kind": "dcgan", "width": 4},
}


def told(events: list[Any], name: str) -> list[tuple[int, float]]:
    """(step, value) of a curve as the window gets it."""
    return [
        (int(step), float(value))
        for event in events
        if isinstance(event, Curves) and name in event.values
        for step, value in zip(event.steps, event.values[name], strict=True)
        if np.isfinite(value)
    ]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, {W1, "modes/covered", "modes/high quality"}),
        ({"data.distribution": "swiss-roll"}, {W1}),
        (PICTURES, {SLICED}),
    ],
    ids=["mixture", "roll", "pictures"],
)
def test_measures_stand_at_the_steps_that_were_drawn_and_nowhere_else(
    make_run: Make, changes: dict[str, Any], names: set[str]
) -> None:
    run = make_run(changes | {"samples_every": 2, "steps": 5})
    events = list(job_of(run))
    curves = run.curves()
    assert {name for name in curves if name.startswith("modes/") or "W1" in name} == names
    for name in names:
        steps, values = curves[name]
        assert steps.tolist() == [0, 2, 4, 5] == [e.step for e in events if isinstance(e, Samples)]
        assert told(events, name) == list(zip(steps.tolist(), values.tolist(), strict=True))
    state, yardstick = run.state(), names & {W1, SLICED}
    steps, values = curves[yardstick.pop()]
    assert state.best is not None
    assert state.best["value"] == pytest.approx(values.min(), rel=1e-6)
    assert state.best["step"] == steps[values.argmin()]


@pytest.mark.parametrize("changes", [{}, PICTURES], ids=["points", "pictures"])
def test_facts_of_the_data_frame_every_yardstick(make_run: Make, changes: dict[str, Any]) -> None:
    """Real samples are nearest, copies of their mean are farther, and an untrained G makes nothing that is nearer."""
    run = make_run(changes | {"samples_every": 6})
    list(job_of(run))
    facts = run.about()["facts"]
    curves = run.curves()
    (yardstick,) = {W1, SLICED} & curves.keys()
    assert 0 < facts["floor"] < 0.5 * facts["mean"] and facts["spread"] > 0
    assert curves[yardstick][1].max() > 0.7 * facts["mean"]
    assert facts.get("modes", 0) == (0 if changes else 8) and facts.get("classes", 0) == (10 if changes else 0)
    again = facts | {"floor": 7.0}
    runs.write_json(run.folder / "run.json", run.about() | {"facts": again})
    child = runs.branch(run, 6, RunConfig.parse(run.config()).with_values({"steps": 8}).plain())
    list(job_of(child))
    list(job_of(run))
    assert run.about()["facts"] == again and child.about()["facts"] == facts  # measured once a run


def test_the_distance_is_that_of_the_samples_that_are_shown(make_run: Make) -> None:
    run = make_run({"samples_every": 3})
    events = list(job_of(run))
    real = shown(exhausted(Toy2D(distribution=Ring()).prepare()), 4, 0)
    data = real._data.numpy()[:SAMPLES]
    for samples in (e for e in events if isinstance(e, Samples)):
        (value,) = [value for step, value in told(events, W1) if step == samples.step]
        assert value == pytest.approx(wasserstein1(samples.array[:SAMPLES], data), rel=1e-6)


def test_a_generator_that_is_the_data_is_as_near_as_real_samples_are() -> None:
    """And one that has collapsed is far, with one mode: through the same road that a training takes."""
    ring = Toy2D(distribution=Ring())
    dataset = exhausted(ring.prepare())
    seen = shown(dataset, 4, 0)

    class Perfect(Stub):
        def generate(self, z: torch.Tensor, averaged: bool = True) -> torch.Tensor:
            return dataset.batch(len(z), 5, 77).x

    class Collapsed(Stub):
        def generate(self, z: torch.Tensor, averaged: bool = True) -> torch.Tensor:
            return dataset.centres[:1].expand(len(z), 2)

    class Broken(Stub):
        def generate(self, z: torch.Tensor, averaged: bool = True) -> torch.Tensor:
            return torch.full((len(z), 2), float("nan"))

    good, bad = seen.draw(0, Perfect()).measures, seen.draw(0, Collapsed()).measures
    assert good[W1] < 0.4 < 1 < bad[W1]
    assert (good["modes/covered"], bad["modes/covered"]) == (8, 1)
    assert good[DIVERSITY] == pytest.approx(1, abs=0.1) and bad[DIVERSITY] == pytest.approx(0, abs=1e-3)
    assert good["modes/high quality"] == pytest.approx(0.989, abs=0.01) and bad["modes/high quality"] == 1
    assert seen.draw(0, Broken()).measures == {}


class Stub(Generates):
    """A training that only generates."""

    z_dim = 2

    @property
    def averages(self) -> bool:
        return False

    def latents(self, count: int, seed: int) -> torch.Tensor:
        return torch.zeros(count, 2)

    def judge(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(x))

    def pull(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        assert x.shape == real.shape
        return torch.zeros_like(x)

    def latent_grid(self, side: int) -> torch.Tensor:
        return torch.zeros(side * side, 2)


def test_the_map_of_a_critic_is_colourless_in_its_middle() -> None:
    """Its answers have no zero of their own; those of a classifier are shown as the odds that its score tells."""

    class Critic(Stub):
        def judge(self, x: torch.Tensor) -> torch.Tensor:
            return 1000 + 10 * x[:, 0]

        def score(self, logits: torch.Tensor) -> None:
            return None

        def generate(self, z: torch.Tensor, averaged: bool = True) -> torch.Tensor:
            return torch.ones(len(z), 2)

    class Clamped(Critic):
        def judge(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, 0]

        def score(self, logits: torch.Tensor) -> torch.Tensor:
            return logits.clamp(0, 1)

    seen = shown(exhausted(Toy2D(distribution=Ring()).prepare()), 400, 0)

    def map_of(training: Generates) -> np.ndarray:
        landscape = seen.draw(0, training).landscape
        assert landscape and np.ptp(landscape.logits, axis=0).max() == 0  # all columns alike
        return landscape.logits[0]

    axis = np.linspace(-1, 1, 64) * seen.draw(0, Critic()).landscape.extent  # type: ignore[union-attr]
    real = seen.real().array[:400, 0].mean()
    away = axis - (real + 1) / 2  # halfway between the data's mean and 1
    np.testing.assert_allclose(map_of(Critic()), 5 * away / np.abs(away).max(), atol=1e-3)
    score = axis.clip(1e-6, 1 - 1e-6)
    np.testing.assert_allclose(map_of(Clamped()), np.log(score / (1 - score)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("ema", [0.9, 0.0])
@pytest.mark.parametrize("changes", [{}, PICTURES], ids=["points", "pictures"])
def test_raw_samples_are_beside_the_averaged_ones_where_there_is_an_average(
    make_run: Make, changes: dict[str, Any], ema: float
) -> None:
    run = make_run(changes | {"recipe.ema": ema})
    last = [e for e in job_of(run) if isinstance(e, Samples)][-1]
    frame = read_frame(run, 6)
    assert frame and (last.raw is not None) == (frame.raw is not None) == bool(ema)
    if ema:
        assert last.raw is not None and last.raw.shape == last.array.shape and last.raw.dtype == last.array.dtype
        assert not np.array_equal(last.raw, last.array)


def test_an_average_that_begins_while_it_trains_brings_raw_samples(make_run: Make) -> None:
    job = job_of(make_run({"recipe.ema": 0.0}))
    events = iter(job)
    assert until(events, Samples)[-1].raw is None
    job.inbox.put(Change("recipe.ema", 0.9))
    assert until(events, Samples)[-1].raw is not None
    events.close()


def test_the_plane_holds_what_the_networks_say(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    trained: list[GanTraining] = []
    build = GanTraining.__init__

    def kept(self: GanTraining, *args: Any) -> None:
        build(self, *args)
        trained.append(self)

    monkeypatch.setattr(GanTraining, "__init__", kept)
    events = list(job_of(run))
    samples = [e for e in events if isinstance(e, Samples)][-1]
    plane = [e for e in events if isinstance(e, Landscape)][-1]
    assert plane.pull is not None and plane.warped is not None
    assert (plane.logits.shape, plane.pull.shape, plane.warped.shape) == ((64, 64), (400, 2), (21, 21, 2))

    def logit(x: torch.Tensor) -> torch.Tensor:
        return trained[-1].judge(x)

    corner = torch.tensor([[plane.extent, -plane.extent], [-plane.extent, plane.extent]])
    torch.testing.assert_close(logit(corner), torch.tensor([plane.logits[0, -1], plane.logits[-1, 0]]))
    # The non-saturating loss is -log sigmoid(l): it pulls along the slope of D's logit.
    x, step = torch.tensor(samples.array[:400]), 1e-3
    slope = torch.stack([(logit(x + d) - logit(x - d)) / (2 * step) for d in torch.eye(2) * step], dim=1)
    expected = torch.sigmoid(-logit(x))[:, None] * slope
    torch.testing.assert_close(torch.tensor(plane.pull), expected, rtol=0.05, atol=2e-3)
    grid = trained[-1].generate(trained[-1].latent_grid(21)).reshape(21, 21, 2)
    torch.testing.assert_close(torch.tensor(plane.warped), grid)


def test_no_step_is_told_twice(make_run: Make) -> None:
    run = make_run({"samples_every": 2, "steps": 9})
    events = list(job_of(run))
    steps = np.concatenate([e.steps for e in events if isinstance(e, Curves)])
    assert steps.tolist() == list(range(10))
    assert (run.folder / "curves.jsonl").read_text().count("\n") == 10


def test_rates_and_speed_are_of_the_last_step_of_each_tell(make_run: Make) -> None:
    run = make_run({"recipe.schedule": "cosine", "steps": 6})
    events = list(job_of(run))
    tells = [e for e in events if isinstance(e, Curves)]
    for name in ("rate/D", "rate/G", "speed/samples per second"):
        assert [step for step, _ in told(events, name)] == [int(e.steps[-1]) for e in tells]
        assert run.curves()[name][0].tolist() == [int(e.steps[-1]) for e in tells]
    expected = {step: 2e-4 * (1 + np.cos(np.pi * (step - 1) / 6)) / 2 for step in range(1, 7)}
    for step, value in told(events, "rate/G"):
        assert value == pytest.approx(expected[step], rel=1e-5)
    assert all(
        value == pytest.approx(e.samples_per_second)
        for e, (_, value) in zip(tells, told(events, "speed/samples per second"), strict=True)
    )


def test_sampling_now_measures_once_and_tells_at_once(make_run: Make) -> None:
    run = make_run({"steps": 1000, "checkpoint_every": 1000})
    job = job_of(run)
    events = iter(job)
    until(events, Curves)
    job.inbox.put(Pause())
    step = until(events, Paused)[-1].step
    job.inbox.put(SampleNow())
    assert told(until(events, Curves), W1) == [(step, pytest.approx(run.curves()[W1][1][-1]))]
    job.inbox.put(SampleNow())
    until(events, Samples)
    job.inbox.put(Stop())
    until(events, Stopped)
    steps = run.curves()[W1][0].tolist()
    assert steps == [0, step]
    assert run.state().best and run.state().best["step"] in steps


def test_what_is_taken_back_is_no_longer_the_best(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run({"samples_every": 1, "steps": 6, "checkpoint_every": 3})
    values = iter([0.5, 0.9, 9.0, 8.0, 7.0, 6.0, 1.0, 5.0, 5.0, 4.0, 4.5, 4.6])  # the first two are of the data
    monkeypatch.setattr("gan_studio.jobs.shown.exact_wasserstein.wasserstein1", lambda a, b: next(values))
    events = iter(job_of(run))
    for event in events:
        if isinstance(event, Samples) and event.step == 4:
            break
    events.close()
    assert run.state().best == {"name": W1, "value": 1.0, "step": 4}
    for checkpoint in run.checkpoints()[-1:]:
        (checkpoint.path / "state.pt").write_bytes(b"damaged")  # so that it goes back to step 3
    list(job_of(run))
    assert run.curves()[W1][1].tolist() == [9, 8, 7, 6, *run.curves()[W1][1][4:].tolist()]
    assert run.state().best and run.state().best["value"] == run.curves()[W1][1].min() > 1


def test_a_branch_has_a_best_of_its_own(make_run: Make) -> None:
    parent = make_run()
    list(job_of(parent))
    config = RunConfig.parse(parent.config()).with_values({"steps": 8, "data.distribution": SwissRoll().plain()})
    child = runs.branch(parent, 6, config.plain())
    assert child.state().best is None
    list(job_of(child))
    steps, values = child.curves()[W1]
    assert steps.tolist() == [6, 8]
    assert child.state().best and child.state().best["value"] == pytest.approx(values.min())


def test_resuming_measures_nothing_twice(make_run: Make) -> None:
    run = make_run({"samples_every": 3, "steps": 9})
    job = job_of(run)
    events = iter(job)
    while not (isinstance(event := next(events), Checkpoint) and event.step == 3):
        pass
    job.inbox.put(Stop())
    list(events)
    list(job_of(run))
    assert run.curves()[W1][0].tolist() == [0, 3, 6, 9]
