"""Race: the same data, first weights and noise for two to eight recipes, trained side by side in lock-step.

Each lane is an ordinary `TrainJob` on a run of its own, advanced from one step to the next in turn. Every step brings
its own seed, so lanes do not feel each other: each ends bit for bit as if it were trained alone.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from typing import TypeVar

import filelock

from ..compute import Engine, default_engine, engine_from
from ..config import ConfigError
from ..data import Dataset, Progress
from ..runs import Run, State
from .dryrun import dry_run, forecast
from .events import Curves, Event, Finished, Lane, Paused, Resumed, Started, Stopped, Turn
from .inbox import Command, Inbox, Pause, Resume, Step, Stop
from .race_folder import LaneConfig, Race, RaceConfig, Standing, list_races, new_race, open_race
from .settings import RunConfig
from .shown import Measures, Pictures, Points
from .shown_pairs import TRUTH
from .train import Common, Ending, TrainJob

__all__ = [
    "MEASURES",
    "Lane",
    "LaneConfig",
    "League",
    "Race",
    "RaceConfig",
    "RaceJob",
    "Standing",
    "list_races",
    "new_race",
    "open_race",
]

YARDSTICKS = (Points.yardstick, TRUTH, Pictures.yardstick)
MEASURES = ("modes/covered", "modes/high quality", *YARDSTICKS)  # the curves that a league tells, where there are any

T = TypeVar("T")
Events = Generator[Event | Progress, None, None]


@dataclass(frozen=True)
class League(Event):
    """How the lanes stood at a sample step, the best first."""

    step: int
    rows: tuple[Standing, ...]


class RaceJob:
    """Race from where the lanes stand to the last step. Iterate it for events; put commands into `inbox`.

    Bare events: Progress and Forecast while it is prepared, Started, League at each sample step, Paused, Resumed, and
    at the end Finished or Stopped. All else comes as `Lane(index, event)`. Commands hold for all lanes. A lane that
    diverges is told as `Lane(index, Stopped(step, reason))`, and the others go on; a full disk pauses all. Closing the
    iterator saves every lane. Raises ConfigError where the race cannot be begun.
    """

    def __init__(self, race: Race, spare_core: bool = False, dry_run: bool = True):
        self.race, self.spare_core, self.dry_run = race, spare_core, dry_run
        self.inbox = Inbox()

    def __iter__(self) -> Events:
        lock = filelock.FileLock(self.race.folder / ".lock")
        try:
            lock.acquire(timeout=1)
        except filelock.Timeout:
            raise ConfigError(
                f"The race {self.race.name} is being raced already; follow it, or stop it first."
            ) from None
        try:
            yield from self._raced()
        finally:
            lock.release()

    def _raced(self) -> Events:
        if any(run.is_being_written(patience=1.0) for run in self.race.lanes()):  # not who merely looks
            raise ConfigError(f"A lane of {self.race.name} is being trained by itself; stop it first.")
        before = self.race.state()
        try:
            with contextlib.ExitStack() as closing:
                yield from Rounds(self.race, (yield from self._racers(closing)), self.inbox).events()
        except Ending:  # a Stop while the data was being prepared
            self.race.set_state(replace(before, name="stopped"))
            yield Stopped(before.step)
        except Exception as error:
            with contextlib.suppress(OSError):
                self.race.set_state(replace(self.race.state(), name="failed", reason=str(error)))
            raise

    def _racers(self, closing: contextlib.ExitStack) -> Generator[Event | Progress, None, list[Racer]]:
        """The lanes, each of which saves when it is closed."""
        titles, runs = [lane.name for lane in self.race.config().lanes], self.race.lanes()
        if len(runs) != len(titles) or not all((run.folder / "config.toml").is_file() for run in runs):
            raise ConfigError(f"A lane of the race {self.race.name} is missing; begin a new race.")
        common = yield from self._common(RunConfig.parse(runs[0].config()), runs[0])
        self.race.take_back()
        outs = self.race.out()
        racers = [
            Racer(i, title, run, TrainJob(run, self.spare_core, common=common), outs.get(i))
            for i, (title, run) in enumerate(zip(titles, runs, strict=True))
        ]
        for racer in racers:
            closing.callback(racer.close)
        return racers

    def _common(self, config: RunConfig, first: Run) -> Generator[Event | Progress, None, Common]:
        """The data, prepared once, and the way to compute that suits the first lane best."""
        dataset = yield from self._stoppable(config.data.prepare())
        saved = engine_from(first.engine())
        if saved and saved.satisfies(config.compute):
            return Common(dataset, saved)
        engine = yield from self._picked(config, dataset)
        return Common(dataset, engine)

    def _picked(self, config: RunConfig, dataset: Dataset) -> Generator[Event | Progress, None, Engine]:
        if self.dry_run:
            outcome = yield from self._stoppable(dry_run(config, dataset, self.spare_core))
            yield outcome.forecast
            return outcome.engine
        engine = default_engine(config.compute, self.spare_core)
        yield forecast(config, engine, 0.0)
        return engine

    def _stoppable(self, preparation: Generator[Progress, None, T]) -> Generator[Progress, None, T]:
        """Yield the progress of a preparation; a Stop command cancels it."""
        with contextlib.closing(preparation):
            while True:
                try:
                    progress = next(preparation)
                except StopIteration as done:
                    return done.value
                if self.inbox.stop_waits():
                    raise Ending
                yield progress


class Racer:
    """One lane while it is raced: a training that is advanced from turn to turn."""

    def __init__(self, index: int, title: str, run: Run, job: TrainJob, out: str | None):
        self.index, self.title, self.run, self.job = index, title, run, job
        self.events = iter(job)
        saved = run.checkpoints()
        self.step = saved[-1].step if saved else 0
        self.running, self.state, self.reason = out is None, "running" if out is None else "failed", out or ""
        self.trouble = ""  # why it waits by itself
        self.seconds = 0.0
        self.told = -1  # the newest step whose curves came
        self.measures: dict[int, Measures] = {}  # {sample step: what was measured}

    def obey(self, command: Command) -> None:
        self.job.inbox.put(command)

    def turn(self) -> Events:
        """Go on to the next Turn, or to the end. The time that the listener takes is not this lane's."""
        while True:
            began = time.perf_counter()
            event = next(self.events, None)
            self.seconds += time.perf_counter() - began
            match event:
                case None:
                    self.running = False
                    return
                case Turn(step):
                    self.step = step
                    return
                case _:
                    self._note(event)
                    yield Lane(self.index, event)

    def recall(self) -> None:
        """What was measured before, by the curves that still stand."""
        curves = self.run.curves()
        for name in MEASURES:
            steps, values = curves.get(name, ((), ()))
            for step, value in zip(steps, values, strict=True):
                self.measures.setdefault(int(step), {})[name] = float(value)

    def newer(self, told: int) -> Iterator[int]:
        """The sample steps after one, newest first; the older ones are not looked through again."""
        return takewhile(lambda step: step > told, reversed(self.measures))

    def has_told(self, step: int) -> bool:
        """Whether no more is to come of a step."""
        return step in self.measures or self.told > step or not self.running

    def measured(self, step: int) -> Measures:
        """Of a step; of one that has failed, the last before it."""
        if self.state == "failed":
            step = max((s for s in self.measures if s <= step), default=step)
        return self.measures.get(step, {})

    def close(self) -> None:
        """Save and let go; a step that was being taken is in what was saved."""
        self.events.close()
        self.step = max([self.step, *(checkpoint.step for checkpoint in self.run.checkpoints()[-1:])])

    def _note(self, event: Event | Progress) -> None:
        match event:
            case Curves(steps=steps, values=values):
                self.told = int(steps[-1])
                for name in [name for name in MEASURES if name in values]:
                    for step, value in zip(steps.tolist(), values[name].tolist(), strict=True):
                        if math.isfinite(value):
                            self.measures.setdefault(step, {})[name] = value
            case Paused(reason=reason):
                self.trouble = reason
            case Resumed():
                self.trouble = ""
            case Finished(step):
                self.state, self.step = "finished", step
            case Stopped(step, reason):
                self.state, self.step, self.reason = self.run.state().name, step, reason


class Rounds:
    """The race itself: in each round those that are furthest behind take one step."""

    def __init__(self, race: Race, lanes: list[Racer], inbox: Inbox):
        self.race, self.lanes, self.inbox = race, lanes, inbox
        self.steps = RunConfig.parse(lanes[0].run.config_at(lanes[0].step)).steps
        self.paused = False
        self.told = -1  # the step of the last league

    @property
    def running(self) -> list[Racer]:
        return [lane for lane in self.lanes if lane.running]

    @property
    def step(self) -> int:
        """Where the last of those that still race stands; at the end, how far any came."""
        return min((lane.step for lane in self.running), default=max(lane.step for lane in self.lanes))

    # --- the story ---

    def events(self) -> Events:
        try:
            yield from self._begin()
            while self.running:
                yield from self._obey([self.inbox.wait()] if self.paused else self.inbox.waiting())
                if not self.paused:
                    yield from self._round()
            yield self._end()
        finally:
            if self.race.state().name in ("running", "interrupted"):  # whoever iterated has gone
                for lane in self.lanes:
                    lane.close()
                self._set_state("stopped")

    def _begin(self) -> Events:
        self._look_back()
        self._set_state("running")
        yield Started(self.race.folder, self.step, self.steps)
        yield from self._turn(self.running)
        for lane in self.lanes:
            lane.recall()
        yield from self._tell()

    def _round(self) -> Events:
        behind = self.step
        yield from self._turn([lane for lane in self.running if lane.step == behind])
        yield from self._tell()
        if trouble := next((lane.trouble for lane in self.running if lane.trouble), ""):
            yield from self._pause(trouble)

    def _turn(self, lanes: list[Racer]) -> Events:
        """Let some lanes go on, one after the other."""
        for lane in lanes:
            yield from lane.turn()
            if lane.state == "failed":
                self.race.append({"step": lane.step, "out": lane.index, "reason": lane.reason})

    def _end(self) -> Finished | Stopped:
        outcomes = {lane.state for lane in self.lanes}
        if "stopped" in outcomes:
            self._set_state("stopped")
            return Stopped(self.step)
        if "finished" in outcomes:
            self._set_state("finished")
            return Finished(self.step)
        reason = " ".join(dict.fromkeys(f"{lane.title}: {lane.reason}" for lane in self.lanes))
        self._set_state("failed", reason)
        return Stopped(self.step, reason)

    # --- commands ---

    def _obey(self, commands: list[Command]) -> Events:
        for command in commands:
            match command:
                case Pause():
                    yield from self._pause()
                case Resume():
                    yield from self._resume()
                case _:
                    yield from self._pass_on(command)

    def _pause(self, reason: str = "") -> Events:
        if self.paused:
            return
        going = [lane for lane in self.running if not lane.trouble]
        for lane in going:
            lane.obey(Pause())
        yield from self._turn(going)
        yield from self._tell()
        self.paused = True
        self._set_state("paused", reason)
        yield Paused(self.step, reason)

    def _resume(self) -> Events:
        if not self.paused:
            return
        for lane in self.running:
            lane.trouble = ""
            lane.obey(Resume())
        self.paused = False
        self._set_state("running")
        yield Resumed(self.step)

    def _pass_on(self, command: Command) -> Events:
        """What each lane does for itself."""
        if isinstance(command, Step):
            yield from self._pause()
        lanes = self.running
        for lane in lanes:
            lane.obey(command)
        if self.paused or isinstance(command, Stop):
            yield from self._turn(lanes)
            yield from self._tell()

    # --- telling ---

    def _tell(self) -> Events:
        """The league at each sample step of which all lanes have told."""
        for step in sorted({step for lane in self.lanes for step in lane.newer(self.told)}):
            if not all(lane.has_told(step) for lane in self.lanes):
                return
            self.told = step
            league = League(step, self._standings(step))
            self.race.append({"step": step, "rows": [asdict(row) for row in league.rows]})
            self._set_state("paused" if self.paused else "running")
            yield league

    def _standings(self, step: int) -> tuple[Standing, ...]:
        """Those that are equally near share a place, as all do before the first step."""
        keys = {lane.index: (lane.state == "failed", distance(lane.measured(step))) for lane in self.lanes}
        order = sorted(keys.values())
        return tuple(
            Standing(
                lane.index,
                lane.title,
                order.index(keys[lane.index]) + 1,
                lane.state,
                lane.measured(step),
                round(lane.seconds, 3),
            )
            for lane in sorted(self.lanes, key=lambda lane: keys[lane.index])
        )

    def _look_back(self) -> None:
        """Go on with the league as it stood at this step."""
        for step, rows in self.race.league()[-1:]:
            self.told = step
            for row in rows:
                self.lanes[row.lane].seconds = row.seconds

    def _set_state(self, name: str, reason: str = "") -> None:
        seconds = sum(lane.seconds for lane in self.lanes)
        with contextlib.suppress(OSError):  # a full disk is told by the lanes
            self.race.set_state(State(name, self.step, self.steps, reason, seconds=seconds))


def distance(measures: Measures) -> float:
    """From the data, lower is better; infinite where it was not measured."""
    return next((measures[name] for name in YARDSTICKS if name in measures), math.inf)
