"""Stop and resume equals not stopping, bit for bit, for everything that a training can be made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.jobs.events import Changed, Checkpoint, Finished, Started, Stopped
from gan_studio.jobs.inbox import Change, Stop
from gan_studio.jobs.settings import RunConfig
from gan_studio.nn.optimisers import OPTIMISERS
from gan_studio.nn.schedules import SCHEDULES
from gan_studio.objectives import OBJECTIVES
from gan_studio.objectives.f_gan import DIVERGENCES
from gan_studio.penalties import PENALTIES

from .conftest import assert_same_checkpoint, job_of, until

BY_THE_CLOCK = ("speed/", "rate/")  # told of the last step of each tell
PICTURES = {
    "data": {"kind": "digits", "size": 16},
    "recipe.batch_size": 4,
    "recipe.generator": {"kind": "dcgan", "width": 4},
    "recipe.discriminator": {"kind": "dcgan", "width": 4},
}
PATCHES = {"kind": "patch", "layers": 2, "width": 4}
AVATAR_LINES = {"kind": "avatar-lines", "size": 32, "count": 64}
SMALL_SR = {
    "data": {"kind": "made-pairs", "pictures": {"kind": "digits", "size": 16}},
    "recipe": {
        "kind": "super-resolution",
        "generator": {"kind": "srresnet", "width": 4, "blocks": 1},
        "discriminator": {"kind": "vgg", "width": 4},
        "features": {"kind": "rotations", "width": 4},
        "batch_size": 4,
    },
}
EVERYTHING: list[dict[str, Any]] = [
    *({"recipe.objective": entry.kind} for entry in OBJECTIVES),
    *({"recipe.objective": {"kind": "f-gan", "divergence": {"kind": entry.kind}}} for entry in DIVERGENCES),
    *(
        {"recipe.objective": {"kind": f"relativistic-{which}", "loss": loss}}
        for which in ("paired", "average")
        for loss in ("least-squares", "hinge")
    ),
    *({"recipe.penalties": [entry.kind]} for entry in PENALTIES),
    {"recipe.penalties": [{"kind": "r1", "every": 4}, {"kind": "gradient-penalty", "sides": "one"}]},
    *({"recipe.g_optimiser": entry.kind, "recipe.d_optimiser": entry.kind} for entry in OPTIMISERS),
    *({"recipe.schedule": entry.kind} for entry in SCHEDULES),
    {"recipe.ema": 0.0},
    {"recipe.d_steps": 3, "recipe.fresh_noise": True},
    {"recipe.warm_up": True, "steps": 4, "checkpoint_every": 2},
    {"recipe.instance_noise": 0.1, "recipe.clip_norm": 1.0, "recipe.latent.distribution": "truncated"},
    {"recipe.latent.distribution": "uniform"},
    {"recipe.pack": 2, "recipe.unroll": 2, "recipe.discriminator.minibatch_kernels": 3},
    {
        "recipe": {"kind": "veegan", "latent": {"dim": 3}, "batch_size": 8}
        | {part: {"kind": "mlp", "width": 8} for part in ("generator", "discriminator", "reconstructor")}
    },
    {
        "data": AVATAR_LINES,
        "recipe": {"kind": "pix2pix", "generator": {"kind": "unet", "width": 4}, "discriminator": PATCHES, "ema": 0.9},
    },
    {
        "data": {"kind": "avatar-worlds", "size": 32, "count": 16},
        "recipe": {
            "kind": "cyclegan",
            "generator": {"kind": "resnet", "width": 4, "blocks": 1},
            "discriminator": PATCHES,
            "pool": 2,
            "ema": 0.9,
        },
    },
    SMALL_SR | {"recipe.alone": 0.3},
    SMALL_SR | {"recipe.alone": 0.7, "recipe.ema": 0.9, "recipe.generator": {"kind": "rrdb", "width": 4, "blocks": 1}},
    PICTURES,
    PICTURES | {"recipe.generator.kind": "resnet", "recipe.discriminator": {"kind": "resnet", "spectral": True}},
    PICTURES | {"compute.precision": "bf16", "compute.memory_format": "channels-last"},
]  # fmt: skip


@pytest.mark.parametrize("changes", EVERYTHING, ids=lambda changes: str(changes).replace("recipe.", "")[:70])
def test_resuming_equals_not_stopping(make_run: Callable[..., runs.Run], changes: dict[str, Any]) -> None:
    straight, stopped = make_run(changes), make_run(changes)
    list(job_of(straight))

    job = job_of(stopped)
    events = iter(job)
    half = straight.config()["checkpoint_every"]
    while True:  # stop right after the half-way checkpoint
        event = next(events)
        if isinstance(event, Checkpoint) and event.step == half:
            job.inbox.put(Stop())
            break
    assert isinstance(list(events)[-1], Stopped)
    assert stopped.state().name == "stopped"
    again = list(job_of(stopped))

    assert any(isinstance(event, Started) and event.step == half for event in again)
    assert isinstance(again[-1], Finished)
    assert_same_checkpoint(straight, stopped)
    a, b = (
        {name: curve for name, curve in run.curves().items() if not name.startswith(BY_THE_CLOCK)}
        for run in (straight, stopped)
    )
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name][0], b[name][0])
        np.testing.assert_array_equal(a[name][1], b[name][1])


def test_a_live_change_is_remembered_and_survives_resuming(make_run: Callable[..., runs.Run]) -> None:
    """Changing at step 3 and going on equals changing at step 3, stopping at once, and resuming."""
    finals = []
    for stop in (False, True):
        run = make_run()
        job = job_of(run)
        events = iter(job)
        while not (isinstance(event := next(events), Checkpoint) and event.step == 3):
            pass
        job.inbox.put(Change("recipe.g_optimiser.lr", 0.01))
        changed = until(events, Changed)[-1]
        assert (changed.step, changed.path, changed.old, changed.new) == (3, "recipe.g_optimiser.lr", 2e-4, 0.01)
        if stop:
            job.inbox.put(Stop())
        list(events)
        if stop:
            list(job_of(run))
        finals.append(run)
    assert finals[1].changes() == [{"step": 3, "path": "recipe.g_optimiser.lr", "old": 2e-4, "new": 0.01}]
    assert finals[1].config_at(3)["recipe"]["g_optimiser"]["lr"] == 0.01
    assert finals[1].config_at(2)["recipe"]["g_optimiser"]["lr"] == 2e-4
    assert_same_checkpoint(*finals)


def test_a_branch_goes_on_from_its_parent_with_other_settings(make_run: Callable[..., runs.Run]) -> None:
    parent = make_run()
    list(job_of(parent))
    config = RunConfig.parse(parent.config_at(6)).with_values({"steps": 9, "recipe.objective": "hinge"})
    child = runs.branch(parent, 6, config.plain())
    assert child.about()["parent"] == {"run": parent.name, "step": 6}
    events = list(job_of(child))
    assert [e.step for e in events if isinstance(e, Started)] == [6]
    assert child.checkpoint_at().step == 9
    assert parent.checkpoint_at().step == 6


def test_a_branch_computes_as_its_parent_did(make_run: Callable[..., runs.Run]) -> None:
    """So that only the settings differ; else a dry run might pick another precision for it."""
    parent = make_run({"compute.precision": "auto"})
    list(job_of(parent))
    picked = parent.engine() | {"precision": "bf16"}
    runs.write_json(parent.folder / "engine.json", picked)
    child = runs.branch(parent, 3, parent.config())
    assert child.engine() == picked
    assert child.about()["shape"] == parent.about()["shape"]


def test_a_branch_may_change_the_optimiser(make_run: Callable[..., runs.Run]) -> None:
    parent = make_run()
    list(job_of(parent))
    config = RunConfig.parse(parent.config()).with_values({"steps": 7, "recipe.g_optimiser": "sgd"})
    assert isinstance(list(job_of(runs.branch(parent, None, config.plain())))[-1], Finished)


def test_a_checkpoint_of_another_network_is_refused_with_a_sentence(make_run: Callable[..., runs.Run]) -> None:
    parent = make_run()
    list(job_of(parent))
    config = RunConfig.parse(parent.config()).with_values({"steps": 7, "recipe.generator.width": 16})
    with pytest.raises(ConfigError, match="made by other networks"):
        list(job_of(runs.branch(parent, None, config.plain())))


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.9), (0.9, 0.0)])
def test_an_average_may_begin_or_end_while_the_run_trains(
    make_run: Callable[..., runs.Run], before: float, after: float
) -> None:
    run = make_run({"recipe.ema": before})
    job = job_of(run)
    events = iter(job)
    while not (isinstance(event := next(events), Checkpoint) and event.step == 3):
        pass
    job.inbox.put(Change("recipe.ema", after))
    list(events)
    assert ("generator_ema" in run.checkpoint_at().load()[0]) == bool(after)
    config = RunConfig.parse(run.config_at(6)).with_values({"steps": 8})
    assert isinstance(list(job_of(runs.branch(run, 6, config.plain())))[-1], Finished)
    config = config.with_values({"recipe.ema": before})
    assert isinstance(list(job_of(runs.branch(run, 6, config.plain())))[-1], Finished)
