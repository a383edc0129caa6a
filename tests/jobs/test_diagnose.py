"""A diagnosis is made from a run's folder, and what it offers can be done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gan_studio import runs
from gan_studio.cli import app
from gan_studio.conditions import Course, Evidence, Finding, Remedy
from gan_studio.config import ConfigError
from gan_studio.jobs.diagnose import branch, course_of, diagnose
from gan_studio.jobs.events import Finished
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import new_run

from .conftest import job_of

Make = Callable[..., runs.Run]
RUNAWAY = {"recipe.d_optimiser": {"kind": "sgd", "lr": 10.0}, "recipe.g_optimiser": {"kind": "sgd", "lr": 10.0}}


@pytest.fixture
def run_away(make_run: Make) -> runs.Run:
    """A training that ended with NaN."""
    run = make_run(RUNAWAY | {"recipe.objective": "wasserstein", "steps": 60, "checkpoint_every": 2})
    list(job_of(run))
    assert run.state().name == "failed"
    return run


def test_a_runaway_is_named_and_a_branch_with_shorter_steps_goes_on_from_before_it(run_away: runs.Run) -> None:
    diagnosis = diagnose(run_away)
    assert diagnosis.verdict == "ill"
    finding = next(finding for finding in diagnosis.findings if finding.condition == "not-a-number")
    assert finding.healthy in [c.step for c in run_away.checkpoints()] and finding.healthy <= finding.since
    assert [set(remedy.changes) for remedy in finding.remedies] == [
        {"recipe.d_optimiser.lr", "recipe.g_optimiser.lr"},
        {"recipe.clip_norm"},
    ]
    assert "from 10 to 2.5" in finding.remedies[0].sentence
    child = branch(run_away, finding, finding.remedies[0])
    assert child.parent() == (run_away.name, finding.healthy)
    assert child.config()["recipe"]["d_optimiser"]["lr"] == 2.5
    assert finding.remedies[0].sentence in (child.folder / "log.txt").read_text(encoding="utf-8")


def test_too_early_says_when_to_come_back_and_too_short_what_to_do(make_run: Make) -> None:
    run = make_run({"steps": 1000, "samples_every": 50})
    assert diagnose(run).verdict == "early" and diagnose(run).short == "too early to tell"
    assert "come back at step 350" in diagnose(run).sentence
    short = make_run()
    list(job_of(short))
    assert diagnose(short).verdict == "early" and "Too short" in diagnose(short).sentence
    assert diagnose(short).short == "too short to tell"


def test_a_remedy_that_cannot_be_applied_is_not_offered(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    list(job_of(run))
    remedies = (
        Remedy("no such place", {"recipe.l1": 1.0}),
        Remedy("changes nothing", {"recipe.d_steps": 1}),
        Remedy("out of range", {"recipe.d_steps": 0}),
        Remedy("good", {"recipe.d_steps": 2}),
        Remedy("good, anew", {"recipe.pack": 2}, anew=True),
        Remedy("does not fit a batch of 8", {"recipe.pack": 3}, anew=True),
    )

    class Always:
        def find(self, course: Course) -> Finding:
            return Finding("always", "Always", "", "watch", 4, (Evidence("D/real", 0, 4),), remedies)

    found = diagnose(run, conditions=[Always()]).findings[0]  # type: ignore[list-item]
    assert [remedy.sentence for remedy in found.remedies] == ["good", "good, anew"]
    assert found.healthy == 3
    anew = branch(run, found, found.remedies[1])
    assert anew.parent() is None and anew.state().step == 0 and anew.config()["recipe"]["pack"] == 2
    assert isinstance(list(job_of(anew))[-1], Finished)


def test_a_long_curve_is_looked_at_in_no_time_and_facts_come_from_the_run(make_run: Make) -> None:
    run = make_run()
    list(job_of(run))
    steps = np.arange(1, 10**6)
    course = course_of(run, {"D/real": (steps, np.ones(len(steps), np.float32))})
    assert len(course.line("D/real")[0]) <= 2**13 and course.step == 999_999
    assert course.facts["modes"] == 8 and 0 < course.facts["floor"] < 0.5


@pytest.mark.parametrize(
    ("low", "end", "verdict", "short", "words"),
    [
        (0.1, 0.1, "well", "nothing wrong", "Nothing wrong"),
        (0.95, 0.95, "unclear", "samples come no nearer", "came 5% of the way"),
        (0.1, 0.4, "unclear", "samples were nearer at step 5", "nearest around step 5"),
    ],
)
def test_samples_that_are_far_or_went_back_are_not_called_well(
    make_run: Make, low: float, end: float, verdict: str, short: str, words: str
) -> None:
    run = make_run({"steps": 1000, "samples_every": 20})
    steps = np.arange(0, 1001, 20)
    values = np.interp(steps, [0, 500, 1000], [1.0, low, end])
    curves = {"distance/W1, exact": (steps, values.astype(np.float32))}
    runs.write_json(run.folder / "run.json", run.about() | {"facts": {"floor": 0.0, "mean": 1.0}})
    diagnosis = diagnose(run, curves, conditions=[])
    assert (diagnosis.verdict, words in diagnosis.sentence) == (verdict, True)
    assert diagnosis.short.startswith(short)


def invoke(*words: str) -> Any:
    return CliRunner().invoke(app, ["diagnose", *words])


def test_the_command_tells_and_applies(run_away: runs.Run) -> None:
    told = invoke(run_away.name)
    assert told.exit_code == 0 and "Numbers ran away" in told.stdout and "[1] Lower the learning rate" in told.stdout
    values = json.loads(invoke(run_away.name, "--json").stdout)
    assert values["verdict"] == "ill" and values["findings"][0]["remedies"][0]["changes"]
    applied = json.loads(invoke(run_away.name, "--apply", "1", "--json").stdout)
    assert runs.Run(applied["run"]).parent()
    refused = invoke(run_away.name, "--apply", "99")
    assert refused.exit_code == 2 and "no remedy 99" in refused.stderr


def test_a_damaged_run_is_refused_in_a_sentence(make_run: Make) -> None:
    run = new_run(RunConfig(), "x")
    (run.folder / "config.toml").write_text("steps = 'many'\n")
    with pytest.raises(ConfigError):
        diagnose(run)
