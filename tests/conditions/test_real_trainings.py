"""Short real trainings: what goes wrong is found, what goes well is let alone, and remedies can be trained."""

from __future__ import annotations

from typing import Any

import pytest

from gan_studio import presets, runs
from gan_studio.compute import default_engine
from gan_studio.jobs.diagnose import branch, diagnose
from gan_studio.jobs.events import Samples
from gan_studio.jobs.inbox import Stop
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import TrainJob, new_run

SMALL = {
    "compute": {"device": "cpu", "threads": 1},
    "steps": 130,
    "samples_every": 10,
    "checkpoint_every": 65,
    "recipe.batch_size": 32,
}


def trained(preset: str, **changes: Any) -> runs.Run:
    run = new_run(RunConfig.parse(presets.find(preset).values).with_values(SMALL | changes), preset)
    for _ in TrainJob(run, dry_run=False):
        pass
    return run


def rates(g: float, d: float) -> dict[str, Any]:
    return {"recipe.g_optimiser.lr": g, "recipe.d_optimiser.lr": d}


CASES: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "D has won": (
        "lines-wgan-gp",
        {"recipe.penalties": [], "recipe.objective": "minimax", "recipe.d_steps": 3} | rates(1e-5, 1e-2),
        {"d-has-won"},
    ),
    "unbound critic": (
        "ring-wgan-gp",
        {"recipe.penalties": [], "recipe.d_steps": 3} | rates(5e-4, 5e-3),
        {"not-lipschitz"},
    ),
    "healthy": ("lines-wgan-gp", {"recipe.d_steps": 2}, set()),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_training_has_is_found_and_what_helps_can_be_trained(name: str) -> None:
    preset, changes, conditions = CASES[name]
    run = trained(preset, **changes)
    diagnosis = diagnose(run)
    assert {finding.condition for finding in diagnosis.findings} == conditions, diagnosis.sentence
    assert diagnosis.verdict == ("ill" if conditions else "well")
    for finding, remedy in diagnosis.remedies:
        child = branch(run, finding, remedy)
        config = RunConfig.parse(child.config())
        training = config.recipe.build((2,), config.steps, default_engine(config.compute))
        assert (child.parent() is None) == remedy.anew == (child.checkpoints() == [])
        for checkpoint in child.checkpoints():
            weights, rest = checkpoint.load()
            training.load_weights(weights)  # raises where the settings name other networks
            training.load_state(rest["training"])
            assert training.iteration == finding.healthy


def test_a_training_is_diagnosed_while_it_trains() -> None:
    """From its folder, by somebody else, as its curves come."""
    values = CASES["D has won"][1]
    run = new_run(RunConfig.parse(presets.find("lines-wgan-gp").values).with_values(SMALL | values), "live")
    job = TrainJob(run, dry_run=False)
    verdicts = []
    for event in job:
        if isinstance(event, Samples) and event.step % 40 == 0:
            verdicts.append(diagnose(run).verdict)
        if len(verdicts) == 4:
            job.inbox.put(Stop())
    assert verdicts[0] == "early" and verdicts[-1] == "ill"
