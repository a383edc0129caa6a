"""What a race's folder tells: read as a whole on a thread, then followed where another process races it. No Qt here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from ...config import ConfigError
from ..train.record import LOOK_S, Gone, Tail, Turned, columns

if TYPE_CHECKING:
    from ...jobs.race_folder import Race, RaceConfig, Standing
    from ...runs import Run, State

    Leagues = dict[int, tuple[Standing, ...]]  # {step: by place}
    Points = tuple[np.ndarray, np.ndarray]  # (steps [K], values [K])


@dataclass(frozen=True)
class LaneRecord:
    name: str
    run: Run
    frames: list[int]  # the steps that were drawn
    distance: Points
    real: np.ndarray | None
    out: str  # why it can go on no more


@dataclass(frozen=True)
class Record:
    race: Race
    title: str
    preset: str
    config: RaceConfig
    state: State
    league: Leagues
    lanes: list[LaneRecord]
    tail: RaceTail | None  # where another process races it
    ended: bool  # nothing is left to go on with


@dataclass(frozen=True)
class Entry:
    """A race in the list."""

    race: Race
    title: str
    told: str  # "8 lanes · finished · 1,200 of 1,200 steps"
    state: str  # as in `runs.State`
    busy: bool  # somebody races it
    ended: bool  # nothing is left to go on with


def read(race: Race, ours: bool) -> Record:
    """`ours` says that this window races it. Raises ConfigError."""
    from ...jobs.frames import frame_steps, read_real

    tail = RaceTail(race) if not ours and race.is_being_raced() else None  # first, so that nothing is missed
    config, about, outs, runs = race.config(), race.about(), race.out(), race.lanes()
    if len(runs) != len(config.lanes):  # a damaged file, or the folder is deleted this very moment
        raise ConfigError(f"A lane of the race {race.name} is missing; begin a new race.")
    lanes = [
        LaneRecord(lane.name, run, frame_steps(run), distance_of(run.curves()), read_real(run), outs.get(i, ""))
        for i, (lane, run) in enumerate(zip(config.lanes, runs, strict=True))
    ]
    preset = str(about.get("preset", ""))
    league, ended = dict(race.league()), race.has_ended()
    return Record(race, race.title, preset, config, race.state(), league, lanes, tail, ended)


def distance_of(curves: dict[str, Points]) -> Points:
    """The measured distance among a run's curves; empty without any."""
    from ...jobs.race import YARDSTICKS

    none = (np.empty(0, np.int64), np.empty(0, np.float32))
    return next((curves[name] for name in YARDSTICKS if name in curves), none)


# --- what comes after ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LaneNews:
    frames: list[int]  # all steps that are drawn by now
    distance: Points  # the new ones
    real: np.ndarray | None  # where it has come since
    out: str


@dataclass(frozen=True)
class RaceNews:
    """What another process has written since the last look."""

    league: Leagues  # all of it
    lanes: list[LaneNews]
    state: str


def watch(race: Race, tail: RaceTail | None, enough: Event) -> Iterator[RaceNews | Turned | Gone]:
    """Look at a race that this window does not race, once a second until `enough`."""
    from ...jobs.race_folder import RACE

    while not enough.wait(LOOK_S):
        if not (race.folder / RACE).is_file():
            yield Gone()
            return
        if race.is_being_raced() != (tail is not None):
            yield Turned()
            return
        if tail:
            news = tail.news()
            if news is None:
                yield Turned()
                return
            yield news


class RaceTail:
    """Follows the lanes of a race that another process writes, from where their files end now."""

    def __init__(self, race: Race):
        self.race = race
        self._lanes = [(run, Tail(run)) for run in race.lanes()]
        self._without_real = {run.name for run, _ in self._lanes}

    def news(self) -> RaceNews | None:
        """None where a lane was begun anew, or went back."""
        found = [tail.rows() for _, tail in self._lanes]
        if any(rows is None for rows in found):
            return None
        from ...jobs.frames import frame_steps

        outs = self.race.out()
        lanes = []
        for i, ((run, _), rows) in enumerate(zip(self._lanes, found, strict=True)):
            steps, values = columns(rows or [])
            points = distance_of({name: (steps, column) for name, column in values.items()})
            lanes.append(LaneNews(frame_steps(run), points, self._real(run), outs.get(i, "")))
        return RaceNews(dict(self.race.league()), lanes, self.race.state().name)

    def _real(self, run: Run) -> np.ndarray | None:
        """Once, when it is there."""
        from ...jobs.frames import read_real

        real = read_real(run) if run.name in self._without_real else None
        if real is not None:
            self._without_real.discard(run.name)
        return real


# --- the list --------------------------------------------------------------------------------------------------------


def all_races(root: Path) -> list[Entry]:
    """Newest first."""
    from ...jobs.race_folder import list_races

    return [entry_of(race) for race in list_races(root)]


def entry_of(race: Race) -> Entry:
    state, busy = race.state(), race.is_being_raced()
    lanes = len(race.about().get("lanes", []))
    name = {"new": "not started", "queued": "waits its turn"}.get(state.name, state.name)
    told = f"{lanes} lanes · {name} · {state.step:,} of {state.steps:,} steps"
    return Entry(race, race.title, told, state.name, busy, race.has_ended())
