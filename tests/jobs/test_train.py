"""The training job: commands, endings and files."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.data import Progress
from gan_studio.jobs.dryrun import dry_run
from gan_studio.jobs.events import (
    Changed,
    Checkpoint,
    Curves,
    Finished,
    Forecast,
    Landscape,
    Log,
    Paused,
    Real,
    Resumed,
    Samples,
    Started,
    Stopped,
)
from gan_studio.jobs.frames import read_frame
from gan_studio.jobs.inbox import Change, CheckpointNow, Pause, Resume, SampleNow, Step, Stop
from gan_studio.jobs.settings import RunConfig, problems
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.train import TrainJob
from gan_studio.recipes import RECIPES
from gan_studio.recipes.gan import GanTraining

from .conftest import job_of, until

Make = Callable[..., runs.Run]


def kinds(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_the_story_of_a_training(make_run: Make) -> None:
    run = make_run({"samples_every": 2})
    events = list(job_of(run))
    told = kinds(events)
    assert told.index("Forecast") < told.index("Started") < told.index("Real") < told.index("Samples")
    assert told[-1] == "Finished"
    assert [e.step for e in events if isinstance(e, Samples)] == [0, 2, 4, 6]
    assert [e.step for e in events if isinstance(e, Checkpoint)] == [0, 3, 6]
    assert np.concatenate([e.steps for e in events if isinstance(e, Curves)]).tolist() == [0, 1, 2, 3, 4, 5, 6]
    real, samples = next(e for e in events if isinstance(e, Real)), next(e for e in events if isinstance(e, Samples))
    assert real.array.shape == samples.array.shape == (2500, 2)
    landscape = [e for e in events if isinstance(e, Landscape)][-1]
    frame = read_frame(run, 6)
    assert frame and frame.landscape and frame.landscape.extent == landscape.extent
    np.testing.assert_allclose(frame.landscape.logits, landscape.logits, rtol=1e-3, atol=1e-6)
    assert run.state().name == "finished" and run.state().step == 6
    assert [runs.sample_step(path) for path in run.samples()] == [0, 2, 4, 6]
    assert {"D/real", "D/fake", "G/adversarial", "distance/js", "D(real)", "D(fake)"} <= run.curves().keys()
    assert run.log is not None and (run.folder / "environment.json").exists()


def test_pictures_are_told_as_bytes_and_kept_as_a_grid(make_run: Make) -> None:
    run = make_run(
        {
            "data": {"kind": "digits", "size": 16},
            "recipe.generator": {"kind": "dcgan", "width": 4},
            "recipe.discriminator": {"kind": "dcgan", "width": 4},
        }
    )
    events = list(job_of(run))
    samples = [e for e in events if isinstance(e, Samples)][-1]
    assert samples.array.shape == (4, 16, 16, 1) and samples.array.dtype == np.uint8
    assert run.samples()[-1].suffix == ".png" and (run.folder / "real.png").exists()


def test_what_is_seen_of_a_step_does_not_change_the_training(make_run: Make) -> None:
    """Drawing every step and drawing never give the same weights: looking disturbs nothing."""
    looked, unseen = make_run({"samples_every": 1}), make_run({"samples_every": 1000})
    list(job_of(looked)), list(job_of(unseen))
    a, b = looked.checkpoint_at().load()[0], unseen.checkpoint_at().load()[0]
    assert all(torch.equal(a[n][k], b[n][k]) for n in a for k in a[n])


def test_pause_step_change_resume_and_stop(make_run: Make) -> None:
    job = job_of(run := make_run({"steps": 1000, "checkpoint_every": 1000}))
    events = iter(job)
    until(events, Started)
    job.inbox.put(Pause())
    paused = until(events, Paused)[-1]
    assert paused.reason == "" and run.state().name == "paused"

    for players in (("D",), ("G",), ("D", "G")):
        job.inbox.put(CheckpointNow())
        before = until(events, Checkpoint)[-1]
        weights = runs.Checkpoint(before.path).load()[0]
        job.inbox.put(Step(players))
        stepped = until(events, Curves)[-1]
        assert {name[0] for name in stepped.values if name[1] == "/"} == set(players)
        job.inbox.put(CheckpointNow(starred=True))
        after = until(events, Checkpoint)[-1]
        assert after.step == before.step + 1 and runs.Checkpoint(after.path).starred
        now = runs.Checkpoint(after.path).load()[0]
        changed = {
            n for n in ("generator", "discriminator") if any(not torch.equal(weights[n][k], now[n][k]) for k in now[n])
        }
        assert changed == {{"D": "discriminator", "G": "generator"}[player] for player in players}

    job.inbox.put(SampleNow())
    assert until(events, Samples)
    job.inbox.put(Change("recipe.d_steps", 2))
    assert until(events, Changed)[-1].new == 2
    job.inbox.put(Resume())
    until(events, Resumed)
    until(events, Curves)
    job.inbox.put(Stop())
    stopped = until(events, Stopped)[-1]
    assert run.checkpoint_at().step == stopped.step
    assert run.state().name == "stopped"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("recipe.batch_size", 16, "cannot be changed while a run trains"),
        ("recipe.nothing", 16, "cannot be changed while a run trains"),
        ("recipe.g_optimiser.lr", -1, "too small"),
        ("recipe.g_optimiser.lr", "fast", "does not fit"),
    ],
)
def test_a_change_that_cannot_be_made_is_a_warning_and_training_goes_on(
    make_run: Make, path: str, value: object, sentence: str
) -> None:
    job = job_of(make_run())
    job.inbox.put(Change(path, value))
    events = list(job)
    assert any(isinstance(e, Log) and e.level == "warning" and sentence in e.text for e in events)
    assert isinstance(events[-1], Finished)


def test_closing_the_iterator_saves(make_run: Make) -> None:
    run = make_run({"steps": 1000, "checkpoint_every": 1000})
    events = iter(job_of(run))
    last = until(events, Curves)[-1].steps[-1]
    events.close()
    assert run.checkpoint_at().step >= last
    assert run.state().name == "stopped"
    assert not run.is_being_written()


def test_two_jobs_cannot_train_one_run(make_run: Make) -> None:
    run = make_run()
    events = iter(job_of(run))
    until(events, Started)
    with pytest.raises(ConfigError, match="being trained already"):
        next(iter(job_of(run)))
    events.close()


@pytest.mark.parametrize(("curve", "players"), [("D/real", "D"), ("G/adversarial", "G")])
def test_divergence_names_the_term_and_keeps_the_healthy_checkpoint(
    make_run: Make, monkeypatch: pytest.MonkeyPatch, curve: str, players: str
) -> None:
    step = GanTraining.step

    def poisoned(self: GanTraining, batches: Any, players: tuple[str, ...] = ("D", "G")) -> dict[str, torch.Tensor]:
        curves = step(self, batches, players)
        return curves | ({curve: torch.tensor(float("nan"))} if self.iteration == 5 else {})

    monkeypatch.setattr(GanTraining, "step", poisoned)
    run = make_run({"steps": 100})
    ended = list(job_of(run))[-1]
    assert isinstance(ended, Stopped)
    assert f"The term {curve} stopped being a number at step 5" in ended.reason
    assert "checkpoint of step 3 is kept" in ended.reason
    assert run.state().name == "failed" and run.checkpoint_at().step == 3


def test_real_divergence_is_caught(make_run: Make) -> None:
    wild = {"recipe.objective": "wasserstein", "recipe.d_optimiser": "sgd", "recipe.d_optimiser.lr": 10.0}
    run = make_run({"steps": 2000, "checkpoint_every": 10} | wild)
    ended = list(job_of(run))[-1]
    assert isinstance(ended, Stopped) and "stopped being a number" in ended.reason
    weights = run.checkpoint_at().load()[0]
    assert all(
        torch.isfinite(t).all() for tensors in weights.values() for t in tensors.values() if t.is_floating_point()
    )


def test_a_full_disk_pauses_and_loses_nothing(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    save, full = runs.Run.save_checkpoint, [True, True]

    def failing(self: runs.Run, *args: Any, **kwargs: Any) -> Any:
        if args[0] == 3 and full:
            full.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(self, *args, **kwargs)

    monkeypatch.setattr(runs.Run, "save_checkpoint", failing)
    job = job_of(run)
    events = iter(job)
    for _ in range(2):  # room was not made at first
        paused = until(events, Paused)[-1]
        assert "disk" in paused.reason and "Make room" in paused.reason
        assert run.state().reason == paused.reason
        job.inbox.put(Resume())
    rest = list(events)
    assert [e.step for e in rest if isinstance(e, Checkpoint)] == [3, 6]
    assert run.curves()["D/real"][0].tolist() == [1, 2, 3, 4, 5, 6]


def test_stopping_on_a_full_disk_ends_with_the_reason(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run({"steps": 1000, "checkpoint_every": 1000})
    job = job_of(run)
    events = iter(job)
    until(events, Curves)

    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs.Run, "save_checkpoint", full)
    job.inbox.put(Stop())
    assert "disk" in until(events, Stopped)[-1].reason
    assert run.checkpoint_at().step == 0


def test_stopping_after_room_was_made_keeps_the_curves(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run({"steps": 1000, "checkpoint_every": 1000, "samples_every": 5})
    append = runs.Run.append_curves
    full = [True]

    def failing(self: runs.Run, steps: list[int], values: Any) -> None:
        if full and steps[-1] == 5:
            full.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, steps, values)

    monkeypatch.setattr(runs.Run, "append_curves", failing)
    job = job_of(run)
    events = iter(job)
    until(events, Paused)
    job.inbox.put(Stop())
    assert list(events)[-1] == Stopped(5)
    assert run.curves()["D/real"][0].tolist() == [1, 2, 3, 4, 5]


def test_running_out_of_memory_in_training_is_a_sentence(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(*args: Any, **kwargs: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(GanTraining, "step", hungry)
    ended = list(job_of(make_run()))[-1]
    assert isinstance(ended, Stopped) and "recipe.batch_size 4 instead of 8" in ended.reason


def test_the_dry_run_says_which_batch_would_fit(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    step = GanTraining.step

    def hungry(self: GanTraining, batches: Any, players: tuple[str, ...] = ("D", "G")) -> Any:
        if batches.count > 3:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return step(self, batches, players)

    monkeypatch.setattr(GanTraining, "step", hungry)
    with pytest.raises(ConfigError, match=r"recipe.batch_size: 8 does not fit into memory here; 2 does"):
        list(TrainJob(make_run()))


def test_the_dry_run_picks_the_fastest_and_leaves_the_run_alone(make_run: Make) -> None:
    with_dry, without = make_run(), make_run()
    config = RunConfig.parse(with_dry.config()).with_values({"compute.precision": "auto", "compute.threads": 0})
    dataset = yield_value(config.data.prepare())
    outcome = yield_value(dry_run(config, dataset, spare_core=False))
    times = [seconds for _, seconds in outcome.forecast.table]
    assert times == sorted(times) and outcome.forecast.table[0][0] == str(outcome.engine)
    assert outcome.forecast.samples_per_second == pytest.approx(8 / outcome.forecast.seconds_per_step)
    events = list(TrainJob(with_dry))
    assert any(isinstance(e, Progress) and e.text.startswith("Trying") for e in events)
    picked = next(e for e in events if isinstance(e, Forecast)).picked
    list(job_of(without))
    if picked.startswith("fp32"):  # the same arithmetic: the dry run must have left no trace
        a, b = with_dry.checkpoint_at().load()[0], without.checkpoint_at().load()[0]
        assert all(torch.equal(a[n][k], b[n][k]) for n in a for k in a[n])


def yield_value(generator: Any) -> Any:
    while True:
        try:
            next(generator)
        except StopIteration as done:
            return done.value


def test_a_stop_while_the_data_is_prepared(make_run: Make) -> None:
    job = TrainJob(make_run({"compute.precision": "auto"}))
    job.inbox.put(Stop())
    assert kinds(list(job))[-1] == "Stopped"


def test_checkpoints_are_pruned_but_for_the_starred_and_the_chosen(make_run: Make) -> None:
    run = make_run({"steps": 12, "checkpoint_every": 1, "keep_newest": 2, "keep_every": 5, "keep_spread": 0})
    events = iter(job_of(run))
    for event in events:
        if isinstance(event, Checkpoint) and event.step == 3:
            runs.Checkpoint(event.path).star()
    assert [c.step for c in run.checkpoints()] == [0, 3, 5, 10, 11, 12]


def test_a_snapshot_makes_what_the_training_showed(make_run: Make) -> None:
    run = make_run({"samples_every": 6})
    last = [e for e in job_of(run) if isinstance(e, Samples)][-1]
    snapshot = open_snapshot(run.folder)
    x = snapshot.generate(snapshot.latents(2500, run.config()["seed"]))
    np.testing.assert_allclose(x.numpy(), last.array, rtol=0, atol=1e-6)
    assert snapshot.about["step"] == 6 and snapshot.about["weights"] == "averaged"
    raw = open_snapshot(run.checkpoint_at().path, raw=True)
    assert raw.about["weights"] == "raw"
    assert not torch.equal(raw.generate(raw.latents(4, 0)), x[:4])
    with pytest.raises(ConfigError, match="no checkpoint at step 5"):
        open_snapshot(run.folder, step=5)


@pytest.mark.parametrize("kind", [entry.kind for entry in RECIPES])
def test_every_recipe_trains_two_steps_from_its_plain_values(kind: str) -> None:
    recipe = RECIPES[kind]()
    assert RECIPES.parse(recipe.plain()) == recipe


def test_parts_that_do_not_fit_are_told_with_their_place() -> None:
    found = problems({"data": {"kind": "toy2d"}, "recipe": {"kind": "gan"}})
    assert [problem.path for problem in found] == ["recipe.generator"]
    assert problems({"data": {"kind": "digits", "size": 16}, "recipe": {"kind": "gan"}}) == ()


def test_a_disk_that_stays_full_for_everything_ends_in_a_sentence(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run({"steps": 1000, "checkpoint_every": 1000})
    job = job_of(run)
    events = iter(job)
    until(events, Curves)

    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("save_checkpoint", "append_curves", "set_state"):
        monkeypatch.setattr(runs.Run, name, full)
    monkeypatch.setattr("pathlib.Path.open", full)
    assert "disk" in until(events, Paused)[-1].reason
    job.inbox.put(Stop())
    assert "disk" in until(events, Stopped)[-1].reason


def test_the_dry_run_leaves_out_what_does_not_fit(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    step = GanTraining.step

    def hungry(self: GanTraining, batches: Any, players: tuple[str, ...] = ("D", "G")) -> Any:
        if self.engine.precision == "fp32":
            raise RuntimeError("MPS backend out of memory")
        return step(self, batches, players)

    monkeypatch.setattr(GanTraining, "step", hungry)
    monkeypatch.setattr("gan_studio.compute.has_fast_bf16", lambda device: True)
    run = make_run()
    told = next(e for e in TrainJob(run) if isinstance(e, Forecast))
    assert told.picked.startswith("bf16") and all("fp32" not in name for name, _ in told.table)


def test_the_curve_before_a_divergence_is_kept(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    step = GanTraining.step

    def poisoned(self: GanTraining, batches: Any, players: tuple[str, ...] = ("D", "G")) -> dict[str, torch.Tensor]:
        curves = step(self, batches, players)
        return curves | ({"D/real": torch.tensor(float("inf"))} if self.iteration == 5 else {})

    monkeypatch.setattr(GanTraining, "step", poisoned)
    monkeypatch.setattr("gan_studio.jobs.train.TELL_EVERY", 1000.0)
    run = make_run({"steps": 6, "checkpoint_every": 1000})
    list(job_of(run))
    assert run.curves()["D/real"][0].tolist() == [1, 2, 3, 4]


def test_what_a_paper_advises_against_is_said(make_run: Make) -> None:
    changes = {"recipe.discriminator.norm": "batch", "recipe.penalties": ["gradient-penalty"]}
    warned = [e.text for e in job_of(make_run(changes)) if isinstance(e, Log) and e.level == "warning"]
    assert len(warned) == 1 and "batch norm" in warned[0]
    assert not [e for e in job_of(make_run({"recipe.penalties": ["gradient-penalty"]})) if isinstance(e, Log)]


def test_an_engine_that_is_not_here_is_measured_anew(make_run: Make) -> None:
    run = make_run()
    list(job_of(run))
    for damage in ({"device": "nonsense"}, {"device": "cpu", "colour": 1}, {}):
        runs.write_json(run.folder / "engine.json", damage)
        assert isinstance(list(job_of(run))[-1], Finished)
