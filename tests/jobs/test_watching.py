"""Measuring checkpoints beside a training, the best of them starred, and stopping early."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from gan_studio import runs
from gan_studio.compute import Engine
from gan_studio.jobs import evaluations, train
from gan_studio.jobs.beside import Beside, Measurer
from gan_studio.jobs.evaluation import Evaluation
from gan_studio.jobs.evaluations import Basis, Evaluated, Number
from gan_studio.jobs.events import Checkpoint, Curves, Finished, Log, Stopped, Turn
from gan_studio.jobs.inbox import Change
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.together import exhausted
from gan_studio.jobs.train import Common, TrainJob

from .conftest import flat, job_of, until

Make = Callable[..., runs.Run]
Give = Callable[[dict[int, tuple[Number, ...]]], None]

WATCHED = {
    "steps": 40,
    "checkpoint_every": 40,
    "keep_newest": 1,
    "keep_spread": 0,
    "watch.every": 10,
    "watch.how": {"metrics": ["kernel"], "samples": 100, "rounds": 4},
}


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process(os.getpid()).children() if "measuring" in " ".join(one.cmdline())]


def test_checkpoints_are_measured_beside_the_training_which_goes_as_without(make_run: Make) -> None:
    run = make_run(WATCHED)
    events = list(job_of(run))
    told = [event for event in events if isinstance(event, Evaluated)]
    steps = [event.step for event in told]
    assert steps and steps[-1] == 40 and steps == sorted(set(steps)) and set(steps) <= {10, 20, 30, 40}
    assert isinstance(events[-1], Finished)
    kept = evaluations.read(run)
    assert list(kept) == told
    best = evaluations.best(kept, "kernel")
    assert [c.step for c in run.checkpoints() if c.is_best] == [best] and run.checkpoint_at(best).starred
    found = kept[steps.index(best)].number("kernel")
    assert found and run.state().best == {
        "name": "metrics/kernel",
        "value": found.value,
        "step": best,
        "badness": found.value,
    }
    assert not children()

    alone = make_run({**WATCHED, "watch.every": 0})
    list(job_of(alone))
    ours, theirs = (flat(one.checkpoint_at(40).load()[0]) for one in (run, alone))
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_a_process_that_dies_is_told_and_nothing_else(make_run: Make) -> None:
    run = make_run({"steps": 6})
    list(job_of(run))
    measurer = Measurer()
    beside = Beside(run, measurer)
    beside.ask(6, Evaluation(metrics=["kernel"], samples=50, rounds=2))
    assert beside.held == {6}
    process = measurer._process
    assert process
    process.kill()
    process.join()
    (log,) = beside.told(patience=300)
    assert isinstance(log, Log) and log.text.startswith("Measuring step 6 ended of itself (exit code -")
    assert not beside.held and not children()


class Pipe:
    """The other side, which does what the test says: `answers` are what it has told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.answers: list[Evaluated | None] = []

    def send(self, order: tuple[Path, int, dict[str, Any]]) -> None:
        self.asked.append((order[0].name, order[1]))

    def poll(self) -> bool:
        return bool(self.answers)

    def recv(self) -> Evaluated | None:
        return self.answers.pop(0)

    def close(self) -> None:
        pass


class Process:
    def __init__(self) -> None:
        self.is_over = False

    def terminate(self) -> None:
        self.is_over = True

    def join(self, _: float = 0.0) -> None:
        assert self.is_over

    kill = terminate


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Process, Pipe]]:
    """Those that were begun, and what was asked of them."""
    begun: list[tuple[Process, Pipe]] = []

    def born(*_: Any, **__: Any) -> tuple[Process, Pipe]:
        begun.append((Process(), Pipe()))
        return begun[-1]

    monkeypatch.setattr("gan_studio.jobs.beside.born", born)
    return begun


def test_lanes_share_a_process_that_measures_one_checkpoint_at_a_time(processes: list[tuple[Process, Pipe]]) -> None:
    measurer, how = Measurer(), Evaluation(metrics=["kernel"])
    lanes = [Beside(runs.Run(Path(name)), measurer) for name in "abc"]
    for step in (10, 20):
        for lane in lanes:
            lane.ask(step, how)
    ((_, pipe),) = processes
    assert pipe.asked == [("a", 10)] and [lane.held for lane in lanes] == [{10, 20}, {20}, {20}]

    first = Evaluated("a", 10, ())
    pipe.answers = [first, None]
    assert lanes[1].told() == [] and lanes[0].told() == [first] and lanes[0].told() == []  # each hears of its own
    assert pipe.asked == [("a", 10), ("b", 20)] and [lane.held for lane in lanes] == [{20}, {20}, {20}]
    pipe.answers = [None]
    lanes[2].told()
    assert pipe.asked[2:] == [("c", 20)]  # whose turn it is, though `a` had asked before


def test_a_lane_that_leaves_takes_no_other_ones_turn(processes: list[tuple[Process, Pipe]]) -> None:
    measurer, how = Measurer(), Evaluation(metrics=["kernel"])
    a, b, c = (Beside(runs.Run(Path(name)), measurer) for name in "abc")
    for lane in (a, b, c):
        lane.ask(10, how)
    b.leave()  # which only waited
    assert not processes[0][0].is_over and not b.held
    a.leave()  # in the middle
    assert processes[0][0].is_over and not a.held and len(processes) == 1
    assert c.told() == [] and processes[1][1].asked == [("c", 10)]
    c.leave()
    assert processes[1][0].is_over and not c.held and len(processes) == 2


def test_what_cannot_be_measured_is_a_sentence(make_run: Make) -> None:
    run = make_run({"steps": 6, "watch.every": 6, "watch.how": {"metrics": ["kernel"], "against": "/no/such/place"}})
    events = list(job_of(run))
    (log,) = [event for event in events if isinstance(event, Log)]
    assert log.text.startswith("Step 6 could not be measured.") and "/no/such/place" in log.text
    assert isinstance(events[-1], Finished)


# --- the best, and stopping early ------------------------------------------------------------------------------------


def test_a_training_stops_when_its_samples_have_long_not_been_nearer_to_the_data(make_run: Make) -> None:
    """With learning rates of next to nothing no samples are better than the first."""
    changes: dict[str, Any] = {"steps": 100, "samples_every": 5, "watch.patience": 20, "recipe.ema": 0.0}
    changes |= {f"recipe.{player}_optimiser.lr": 1e-30 for player in "dg"}
    run = make_run(changes)
    last = list(job_of(run))[-1]
    assert isinstance(last, Stopped) and last.step == 20 and last.reason.startswith("Stopped early: distance/W1, exact")
    assert "step 0" in last.reason and run.state().name == "stopped"

    again = list(TrainJob(run, dry_run=False))[-1]  # resumed, it has as much patience once more
    assert isinstance(again, Stopped) and again.step == 40


def test_the_best_is_marked_alone_and_gives_its_star_back(make_run: Make) -> None:
    run = make_run({"steps": 6, "checkpoint_every": 2})
    list(job_of(run))
    run.checkpoint_at(2).star()
    run.mark_best(2)
    run.mark_best(4)
    marked = {c.step: (c.starred, c.is_best) for c in run.checkpoints()}
    assert marked == {0: (False, False), 2: (True, False), 4: (True, True), 6: (False, False)}
    run.checkpoint_at(4).star(False)
    assert not run.checkpoint_at(4).is_best


def test_a_checkpoint_that_is_still_needed_is_kept(make_run: Make) -> None:
    run = make_run({"steps": 6, "checkpoint_every": 1})
    list(job_of(run))
    run.prune(1, 0, held=frozenset({3}))
    assert [c.step for c in run.checkpoints()] == [3, 6]


def test_the_choices_say_what_is_wrong() -> None:
    config = RunConfig().with_values({"watch.every": 50, "watch.how.metrics": ["kernel"]})
    assert RunConfig.parse(config.plain()) == config


# --- with numbers that are known beforehand --------------------------------------------------------------------------


def number(value: float, samples: int = 100, measure: str = "kernel") -> Number:
    basis = Basis("", "", "", "real", "Points", (samples, samples), {"kind": measure})
    return Number(measure, measure, value, value, value, None, "lower", 0.0, basis)


NOTES = ("Kernel distance needs more.", "Another note.")


class Known:
    """Measures nothing: tells numbers that are given by step, and whatever was asked for at the next telling."""

    values: dict[int, tuple[Number, ...]]
    held: frozenset[int] = frozenset()

    def __init__(self, run: runs.Run, _: Measurer):
        self.run = run

    def ask(self, step: int, how: Evaluation) -> None:
        self.held = frozenset({step})

    def told(self, patience: float = 0.0) -> list[Evaluated]:
        steps, self.held = self.held, frozenset()
        return [Evaluated(self.run.name, step, self.values[step], NOTES) for step in steps if step in self.values]

    def leave(self) -> None:
        self.held = frozenset()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Give:
    def give(values: dict[int, tuple[Number, ...]]) -> None:
        monkeypatch.setattr(Known, "values", values, raising=False)
        monkeypatch.setattr(train, "Beside", Known)

    return give


def test_numbers_of_another_basis_or_measure_are_not_held_against_each_other(make_run: Make, known: Give) -> None:
    run = make_run(WATCHED | {"watch.how": {"samples": 100}})
    evaluations.keep(run, Evaluated(run.name, 0, (number(0.001, samples=5000),)))  # somebody's, of more samples
    known({10: (number(0.5),), 20: (number(0.3),), 30: (number(0.4),), 40: (number(0.01, measure="coverage"),)})
    list(job_of(run))
    assert run.state().best == {"name": "metrics/kernel", "value": 0.3, "step": 20, "badness": 0.3}
    assert [c.step for c in run.checkpoints() if c.is_best] == [20]


def test_patience_that_ends_with_the_last_step_stops_nothing_early(make_run: Make, known: Give) -> None:
    run = make_run(WATCHED | {"watch.patience": 30})
    known({10: (number(0.1),), 40: (number(0.2),)})
    assert isinstance(list(job_of(run))[-1], Finished) and run.state().name == "finished"


@pytest.mark.parametrize(
    ("told", "is_said"),
    [({10: (), 20: ()}, True), ({10: (number(0.1, measure="coverage"),)}, True), ({10: (number(0.1),)}, False)],
)
def test_patience_without_a_number_to_judge_by_says_so_once(
    make_run: Make, known: Give, told: dict[int, tuple[Number, ...]], is_said: bool
) -> None:
    known(told)
    run = make_run(WATCHED | {"watch.patience": 30})
    said = [event for event in job_of(run) if isinstance(event, Log) and "watch.patience" in event.text]
    assert [event.level for event in said] == ["warning"] * is_said
    for event in said:
        assert "step 10 has no Kernel distance that watch.patience could judge by." in event.text
        assert event.text.endswith(" Kernel distance needs more.")
        assert event.text in (run.folder / "log.txt").read_text(encoding="utf-8")
    assert not any(isinstance(event, Log) for event in job_of(make_run(WATCHED)))  # nobody asked to stop early


def test_a_resumed_run_measures_no_samples_twice(make_run: Make, known: Give) -> None:
    run = make_run(WATCHED | {"samples_every": 10, "checkpoint_every": 10})
    known({10: (number(0.1),), 20: (number(0.2),)})
    events = iter(job_of(run))
    while until(events, Checkpoint)[-1].step < 20:
        pass
    events.close()
    drawn = [
        int(step)
        for event in job_of(run)
        if isinstance(event, Curves) and "distance/W1, exact" in event.values
        for step, value in zip(event.steps, event.values["distance/W1, exact"], strict=True)
        if np.isfinite(value)
    ]
    assert drawn == [30, 40]


def test_without_measuring_any_more_the_best_is_by_the_distance_again(make_run: Make, known: Give) -> None:
    run = make_run(WATCHED | {"samples_every": 10})
    known({10: (number(1e-9),)})
    job = job_of(run)
    events = iter(job)
    until(events, Evaluated)
    assert run.state().best is None  # as it was when that checkpoint was saved
    job.inbox.put(Change("watch.every", 0))
    list(events)
    steps, values = run.curves()["distance/W1, exact"]
    i = int(np.argmin(values))
    best = run.state().best
    assert best and (best["name"], best["step"]) == ("distance/W1, exact", int(steps[i]))
    assert best["value"] == pytest.approx(float(values[i]))


def test_a_lane_of_a_race_lets_the_others_go_on_while_its_last_step_is_measured(make_run: Make, known: Give) -> None:
    run = make_run(WATCHED)
    known({40: (number(0.1),)})
    common = Common(exhausted(RunConfig.parse(run.config()).data.prepare()), Engine(torch.device("cpu")))
    events = list(TrainJob(run, common=common))
    assert [event.step for event in events if isinstance(event, Turn)][-1] == 40
