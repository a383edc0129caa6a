"""The race: each lane as if it were alone, in lock-step, with a league; a job like any other."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.jobs import evaluations
from gan_studio.jobs.apart import born
from gan_studio.jobs.evaluations import Evaluated
from gan_studio.jobs.events import (
    Changed,
    Checkpoint,
    Curves,
    Event,
    Finished,
    Paused,
    Resumed,
    Samples,
    Started,
    Stopped,
)
from gan_studio.jobs.frames import frame_steps
from gan_studio.jobs.inbox import Change, CheckpointNow, Pause, Resume, SampleNow, Step, Stop
from gan_studio.jobs.race import (
    Lane,
    LaneConfig,
    League,
    Race,
    RaceConfig,
    RaceJob,
    list_races,
    new_race,
    open_race,
)
from gan_studio.jobs.race_folder import dequeue, enqueue, waiting
from gan_studio.jobs.race_table import as_csv
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import TrainJob, new_run
from gan_studio.recipes.gan import GanTraining

from .conftest import POINTS, assert_same_checkpoint

LANES: dict[str, dict[str, Any]] = {
    "plain": {},
    "hinge": {"recipe.objective": "hinge"},
    "wgan-gp": {"recipe.objective": "wasserstein", "recipe.penalties": ["gradient-penalty"], "recipe.d_steps": 3},
}
Make = Callable[..., Race]


def racing(lanes: dict[str, dict[str, Any]] | None = None, changes: dict[str, Any] | None = None) -> RaceConfig:
    base = RunConfig.parse(POINTS).with_values({"samples_every": 2, **(changes or {})})
    entered = (LaneConfig(name=title, changes=what) for title, what in (lanes or LANES).items())
    return RaceConfig(base=base, lanes=tuple(entered))


@pytest.fixture
def make_race() -> Make:
    return lambda lanes=None, changes=None: new_race(racing(lanes, changes), "small")


def job_of(race: Race) -> RaceJob:
    return RaceJob(race, dry_run=False)


def test_lanes_are_measured_by_one_process(make_race: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def counted(*life: Any, name: str) -> Any:
        begun.append(name)
        return born(*life, name=name)

    monkeypatch.setattr("gan_studio.jobs.beside.born", counted)
    race = make_race(
        {"plain": {}, "hinge": LANES["hinge"]},
        {"watch.every": 6, "watch.how": {"metrics": ["kernel"], "samples": 50, "rounds": 2}},
    )
    told = [e for e in job_of(race) if isinstance(e, Lane) and isinstance(e.event, Evaluated)]
    assert sorted((e.index, e.event.step) for e in told) == [(0, 6), (1, 6)] and begun == ["measuring"]
    assert [[one.step for one in evaluations.read(run)] for run in race.lanes()] == [[6], [6]]


def bare(events: list[Any], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def of_lane(events: list[Any], index: int, kind: type[Event]) -> list[Any]:
    return [e.event for e in events if isinstance(e, Lane) and e.index == index and isinstance(e.event, kind)]


def until(events: Iterator[Any], is_it: Callable[[Any], bool]) -> list[Any]:
    seen = []
    for event in events:
        seen.append(event)
        if is_it(event):
            return seen
    raise AssertionError("it did not come")


def steps_of(race: Race) -> list[int]:
    return [lane.checkpoint_at().step for lane in race.lanes()]


# --- fairness ---------------------------------------------------------------------------------------------------------


def test_each_lane_ends_as_if_it_were_trained_alone(make_race: Make) -> None:
    race = make_race()
    list(job_of(race))
    for config, lane in zip(race.config().configs(), race.lanes(), strict=True):
        alone = new_run(config, "alone")
        list(TrainJob(alone, dry_run=False))
        assert_same_checkpoint(alone, lane)
        assert frame_steps(alone) == frame_steps(lane)


def test_all_begin_with_the_same_weights_and_see_the_same_batches_and_latents(
    make_race: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where several steps of D, a penalty that draws points, and noise on its inputs are in some lanes alone."""
    seen: dict[int, list[tuple[torch.Tensor, torch.Tensor]]] = {}
    turn, noise = GanTraining._d_turn, LANES | {"noise": {"recipe.instance_noise": 0.1, "recipe.d_steps": 3}}

    def watched(self: GanTraining, real: torch.Tensor, fake: torch.Tensor) -> Any:
        if self.iteration == 0:
            seen.setdefault(id(self), []).append((real, fake))
        return turn(self, real, fake)

    monkeypatch.setattr(GanTraining, "_d_turn", watched)
    race = make_race(noise)
    list(job_of(race))
    first, *others = (lane.checkpoint_at(0) for lane in race.lanes())
    weights = first.load()[0]
    for other in others:
        for name, tensors in other.load()[0].items():
            assert all(torch.equal(tensor, weights[name][key]) for key, tensor in tensors.items())
    longest = max(seen.values(), key=len)
    assert sorted(map(len, seen.values())) == [1, 1, 3, 3]
    for turns in seen.values():
        for (real, fake), (same_real, same_fake) in zip(turns, longest, strict=False):
            assert torch.equal(real, same_real) and torch.equal(fake, same_fake)


def test_lanes_take_their_steps_in_turn(make_race: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[tuple[int, int]] = []
    step = GanTraining.step

    def watched(self: GanTraining, *args: Any) -> Any:
        curves = step(self, *args)
        order.append((self.iteration, id(self)))
        return curves

    monkeypatch.setattr(GanTraining, "step", watched)
    list(job_of(make_race()))
    assert [iteration for iteration, _ in order] == [n for n in range(1, 7) for _ in LANES]
    assert [who for _, who in order] == [who for _, who in order[:3]] * 6


# --- the league -------------------------------------------------------------------------------------------------------


def test_the_league_tells_what_the_lanes_measured(make_race: Make) -> None:
    race = make_race()
    events = list(job_of(race))
    leagues = bare(events, League)
    assert [league.step for league in leagues] == [0, 2, 4, 6]
    curves = [lane.curves() for lane in race.lanes()]
    for league in leagues:
        assert sorted(row.lane for row in league.rows) == [0, 1, 2]
        distances = [row.measures["distance/W1, exact"] for row in league.rows]
        assert distances == sorted(distances)
        assert [row.place for row in league.rows] == [1 + distances.index(distance) for distance in distances]
        for row in league.rows:
            assert row.title == list(LANES)[row.lane] and row.seconds > 0
            assert set(row.measures) == {"modes/covered", "modes/high quality", "distance/W1, exact"}
            for name, value in row.measures.items():
                steps, values = curves[row.lane][name]
                assert value == pytest.approx(float(values[steps == league.step][0]))
    assert [row.place for row in leagues[0].rows] == [1, 1, 1]  # all begin alike
    assert race.league() == [(league.step, league.rows) for league in leagues]
    assert all(frame_steps(lane) == [0, 2, 4, 6] for lane in race.lanes())


def test_a_race_of_pictures(make_race: Make) -> None:
    pictures = {
        "data": {"kind": "digits", "size": 16},
        "recipe.generator": {"kind": "dcgan", "width": 4},
        "recipe.discriminator": {"kind": "dcgan", "width": 4},
        "recipe.batch_size": 4,
        "steps": 2,
    }
    race = make_race({"one": {}, "two": {"recipe.objective": "least-squares"}}, pictures)
    events = list(job_of(race))
    assert isinstance(events[-1], Finished)
    last = bare(events, League)[-1]
    assert last.step == 2 and all(list(row.measures) == ["distance/sliced W1 of pixels"] for row in last.rows)
    assert of_lane(events, 1, Samples)[-1].array.shape == (4, 16, 16, 1)


def test_a_lane_that_diverges_drops_out_and_the_others_go_on(make_race: Make) -> None:
    wild = {"recipe.g_optimiser": {"kind": "sgd", "lr": 10.0, "momentum": 0.9}, "recipe.objective": "least-squares"}
    lanes = {"wild": wild | {"recipe.d_optimiser": wild["recipe.g_optimiser"]}, "plain": {}, "hinge": LANES["hinge"]}
    race = make_race(lanes, {"steps": 40, "samples_every": 10, "checkpoint_every": 40})
    events = list(job_of(race))
    assert isinstance(events[-1], Finished) and race.state().name == "finished"
    (stopped,) = of_lane(events, 0, Stopped)
    assert "stopped being a number" in stopped.reason
    assert race.lanes()[0].state().name == "failed" and race.out() == {0: stopped.reason}
    assert [row.state for row in bare(events, League)[-1].rows] == ["finished", "finished", "failed"]
    again = list(job_of(race))
    assert isinstance(again[-1], Finished) and not of_lane(again, 0, Event)


def test_where_all_diverge_the_race_has_failed(make_race: Make) -> None:
    wild = {"kind": "sgd", "lr": 10.0, "momentum": 0.9}
    wild_lane = {"recipe.g_optimiser": wild, "recipe.d_optimiser": wild, "recipe.objective": "least-squares"}
    race = make_race({"one": wild_lane, "two": wild_lane}, {"steps": 200, "checkpoint_every": 200})
    events = list(job_of(race))
    assert isinstance(events[-1], Stopped) and "one: " in events[-1].reason
    assert race.state().name == "failed"


# --- a job like any other ---------------------------------------------------------------------------------------------


def test_resuming_equals_not_stopping(make_race: Make) -> None:
    straight, stopped = make_race(), make_race()
    list(job_of(straight))

    job = job_of(stopped)
    events = iter(job)
    until(events, lambda event: isinstance(event, Lane) and isinstance(event.event, Curves) and 3 in event.event.steps)
    job.inbox.put(Stop())
    rest = list(events)
    assert isinstance(rest[-1], Stopped) and stopped.state().name == "stopped"
    assert len(set(steps_of(stopped))) == 1 and rest[-1].step == steps_of(stopped)[0] < 6
    again = list(job_of(stopped))
    assert isinstance(again[-1], Finished) and bare(again, Started)[0].step == rest[-1].step

    for a, b in zip(straight.lanes(), stopped.lanes(), strict=True):
        assert_same_checkpoint(a, b)
    assert told(straight) == told(stopped)


def test_what_was_told_after_a_crash_is_taken_back(make_race: Make) -> None:
    """As a killed process leaves it: checkpoints behind the league, and a lane out that will drop out again."""
    straight, killed = make_race(), make_race()
    list(job_of(straight))
    list(job_of(killed))
    for lane in killed.lanes():
        shutil.rmtree(lane.checkpoint_at(6).path)
    killed.append({"step": 5, "out": 1, "reason": "It diverged."})
    events = list(job_of(killed))
    assert bare(events, Started)[0].step == 3 and isinstance(events[-1], Finished)
    assert told(straight) == told(killed) and killed.out() == {}
    for a, b in zip(straight.lanes(), killed.lanes(), strict=True):
        assert_same_checkpoint(a, b)


def told(race: Race) -> list[Any]:
    return [(step, [(row.lane, row.place, row.measures) for row in rows]) for step, rows in race.league()]


def test_closing_saves_every_lane_and_lanes_that_lag_catch_up(make_race: Make) -> None:
    """Closed in the middle of a round, one lane is a step ahead; the league comes out the same all the same."""
    straight, closed = make_race(), make_race()
    list(job_of(straight))
    events = iter(job_of(closed))
    until(
        events, lambda e: isinstance(e, Lane) and e.index == 1 and isinstance(e.event, Checkpoint) and e.event.step == 3
    )
    events.close()
    assert steps_of(closed) == [3, 3, 2] and closed.state().name == "stopped" and closed.state().step == 2
    list(job_of(closed))
    for a, b in zip(straight.lanes(), closed.lanes(), strict=True):
        assert_same_checkpoint(a, b)
    assert told(straight) == told(closed)


def test_commands_hold_for_all_lanes(make_race: Make) -> None:
    race = make_race(changes={"steps": 1000, "samples_every": 1000, "checkpoint_every": 1000})
    job = job_of(race)
    job.inbox.put(Pause())
    events = iter(job)
    paused = until(events, lambda event: isinstance(event, Paused))[-1]
    assert paused == Paused(0) and race.state().name == "paused"

    job.inbox.put(Step())
    job.inbox.put(SampleNow())
    job.inbox.put(CheckpointNow(starred=True))
    job.inbox.put(Change("recipe.g_optimiser.lr", 0.01))
    job.inbox.put(Resume())
    seen = until(events, lambda event: isinstance(event, Resumed))
    assert seen[-1].step == 1
    for i, lane in enumerate(race.lanes()):
        assert [event.step for event in of_lane(seen, i, Samples)] == [1, 1]
        assert [event.step for event in of_lane(seen, i, Checkpoint)] == [1]
        assert lane.checkpoint_at(1).starred
        assert [(event.step, event.new) for event in of_lane(seen, i, Changed)] == [(1, 0.01)]
    assert [league.step for league in bare(seen, League)] == [1]

    job.inbox.put(Stop())
    assert isinstance(list(events)[-1], Stopped)
    assert race.state().name == "stopped" and len(set(steps_of(race))) == 1


def test_a_full_disk_pauses_all_until_there_is_room(make_race: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    race = make_race(changes={"steps": 12, "samples_every": 100, "checkpoint_every": 3})
    save, full = runs.Run.save_checkpoint, [True]

    def save_or_not(self: runs.Run, step: int, *rest: Any) -> Any:
        if full[0] and step == 3 and self.name == race.lanes()[1].name:
            raise OSError(28, "No space left on device")
        return save(self, step, *rest)

    monkeypatch.setattr(runs.Run, "save_checkpoint", save_or_not)
    job = job_of(race)
    events = iter(job)
    paused = until(events, lambda event: isinstance(event, Paused))[-1]
    assert "full" in paused.reason and paused.step == 3
    assert [lane.state().name for lane in race.lanes()] == ["paused"] * 3
    full[0] = False
    job.inbox.put(Resume())
    assert isinstance(list(events)[-1], Finished)
    assert steps_of(race) == [12, 12, 12]


def test_pausing_changes_nothing(make_race: Make) -> None:
    straight, paused = make_race(), make_race()
    list(job_of(straight))
    job = job_of(paused)
    job.inbox.put(Pause())
    events = iter(job)
    for _ in range(2):
        until(events, lambda event: isinstance(event, Paused))
        job.inbox.put(Resume())
        until(events, lambda event: isinstance(event, Lane) and isinstance(event.event, Curves))
        job.inbox.put(Pause())
    job.inbox.put(Resume())
    assert isinstance(list(events)[-1], Finished)
    for a, b in zip(straight.lanes(), paused.lanes(), strict=True):
        assert_same_checkpoint(a, b)
    assert told(straight) == told(paused)


KILLED = """
import os, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from gan_studio.jobs.race import League, Race, RaceJob
for event in RaceJob(Race(Path(sys.argv[1])), dry_run=False):
    if isinstance(event, League) and event.step == 4:
        os.kill(os.getpid(), 9)
"""


def test_killed_in_the_middle_it_goes_on_as_if_it_had_not_been(make_race: Make) -> None:
    straight, killed = make_race(), make_race()
    list(job_of(straight))
    code = subprocess.run([sys.executable, "-c", KILLED, str(killed.folder)], check=False).returncode
    assert code == -9 and killed.state().name == "interrupted" and not killed.is_being_raced()
    assert killed.league()[-1][0] == 4
    list(job_of(killed))
    for a, b in zip(straight.lanes(), killed.lanes(), strict=True):
        assert_same_checkpoint(a, b)
    assert told(straight) == told(killed)


# --- the queue --------------------------------------------------------------------------------------------------------


def test_races_and_runs_wait_in_one_queue(make_race: Make, make_run: Callable[..., runs.Run]) -> None:
    race, run, other = make_race(), make_run(), make_race()
    enqueue(race)
    runs.enqueue(run)
    enqueue(other)
    assert [subject.name for subject in waiting()] == [race.name, run.name, other.name]
    dequeue(other)
    assert other.state().name == "new" and len(waiting()) == 2
    assert isinstance(list(job_of(race))[-1], Finished)
    assert [subject.name for subject in waiting()] == [run.name]


def test_a_race_that_runs_need_not_wait(make_race: Make) -> None:
    race = make_race()
    events = iter(job_of(race))
    until(events, lambda event: isinstance(event, League))
    assert race.is_being_raced()
    with pytest.raises(ConfigError, match="need not wait"):
        enqueue(race)
    events.close()
    assert not race.is_being_raced()


# --- the folder -------------------------------------------------------------------------------------------------------


def test_a_race_has_a_title_that_can_be_changed(make_race: Make) -> None:
    race = make_race()
    race.rename("  Two   losses ")
    assert Race(race.folder).title == "Two losses" and race.lane_titles() == list(LANES)
    with pytest.raises(ConfigError, match="title"):
        race.rename(" ")


def test_a_lane_of_another_recipe_keeps_what_both_know(make_race: Make) -> None:
    race = make_race({"plain": {}, "veegan": {"recipe.kind": "veegan", "recipe.reconstruction": 2.0}})
    plain, veegan = (config.recipe.plain() for config in race.config().configs())
    shared = plain.keys() & veegan.keys() - {"kind"}
    assert shared >= {"generator", "discriminator", "latent", "batch_size", "g_optimiser", "ema"}
    assert {key: plain[key] for key in shared} == {key: veegan[key] for key in shared}
    assert veegan["kind"] == "veegan" and veegan["reconstruction"] == 2.0
    assert isinstance(list(job_of(race))[-1], Finished)
    plain_g, veegan_g = (lane.checkpoint_at(0).load()[0]["generator"] for lane in race.lanes())
    assert all(torch.equal(plain_g[key], veegan_g[key]) for key in plain_g)


def test_the_league_as_a_table_holds_all_of_it(make_race: Make) -> None:
    race = make_race()
    list(job_of(race))
    rows = list(csv.DictReader(as_csv(race.league()).splitlines()))
    assert len(rows) == 4 * 3
    for row, (step, standing) in zip(rows, [(s, one) for s, many in race.league() for one in many], strict=True):
        assert (int(row["step"]), row["lane"], int(row["place"])) == (step, standing.title, standing.place)
        for name, value in standing.measures.items():
            assert float(row[name]) == pytest.approx(value, rel=1e-6)


def test_lanes_that_are_equally_near_share_a_place(make_race: Make) -> None:
    race = make_race({"one": {}, "the same": {}, "other": {"recipe.objective": "hinge"}})
    rows = bare(list(job_of(race)), League)[-1].rows
    places = {row.title: row.place for row in rows}
    assert places["one"] == places["the same"] != places["other"]
    assert sorted(places.values()) in ([1, 1, 3], [1, 2, 2])


def test_lanes_are_ordinary_runs_within_the_races_folder(make_race: Make) -> None:
    race = make_race()
    assert [lane.about()["title"] for lane in race.lanes()] == list(LANES)
    assert race.title == "small" and race.state().name == "new"
    assert open_race(race.name).folder == open_race(race.folder).folder == race.folder
    assert [found.name for found in list_races()] == [race.name]
    assert runs.list_runs() == []
    assert race.config() == racing()
    with pytest.raises(ConfigError, match="no race"):
        open_race("nowhere")


def test_a_race_that_runs_is_not_begun_twice(make_race: Make) -> None:
    race = make_race()
    events = iter(job_of(race))
    until(events, lambda event: isinstance(event, League))
    with pytest.raises(ConfigError, match="already"):
        next(iter(job_of(race)))
    assert race.state().name == "running"
    events.close()


@pytest.mark.parametrize(
    ("lanes", "path"),
    [
        ({"one": {}}, "lanes"),
        ({str(i): {} for i in range(9)}, "lanes"),
        ({"one": {}, "two": {"recipe.objectiv": "hinge"}}, "lanes.1.recipe.objectiv"),
        ({"one": {}, "two": {"data.kind": "digits"}}, "lanes.1.data.kind"),
        ({"one": {"seed": 3}, "two": {}}, "lanes.0.seed"),
        ({"one": {}, " ": {}}, "lanes.1.name"),
        ({"one": {"recipe.generator": {"kind": "dcgan"}}, "two": {}}, "lanes.0.recipe.generator"),
    ],
)
def test_what_is_no_race_is_refused_with_its_place(lanes: dict[str, Any], path: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        new_race(racing(lanes), "none", tmp_path)
    assert [problem.path for problem in refused.value.problems] == [path]
    assert not list(tmp_path.iterdir())


def test_a_lost_lane_is_told(make_race: Make) -> None:
    race = make_race()
    shutil.rmtree(race.lanes()[1].folder)
    with pytest.raises(ConfigError, match="missing"):
        list(job_of(race))


def test_stopping_while_the_data_is_prepared(make_race: Make) -> None:
    race = make_race()
    job = job_of(race)
    job.inbox.put(Stop())
    events = list(job)
    assert isinstance(events[-1], Stopped) and race.state().name == "stopped"
    assert isinstance(list(job_of(race))[-1], Finished)
    assert np.isfinite(race.state().seconds)
