"""What a race's folder tells, read as a whole on a thread. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ...jobs.race_folder import Race, RaceConfig, Standing
    from ...runs import State


@dataclass(frozen=True)
class LaneRecord:
    name: str
    frames: list[int]  # the steps that were drawn
    distance: tuple[np.ndarray, np.ndarray]  # (steps [K], values [K])
    real: np.ndarray | None
    out: str  # why it can go on no more


@dataclass(frozen=True)
class Record:
    race: Race
    title: str
    preset: str
    config: RaceConfig
    state: State
    busy: bool  # somebody races it
    league: dict[int, tuple[Standing, ...]]  # {step: by place}
    lanes: list[LaneRecord]


@dataclass(frozen=True)
class Entry:
    """A race in the list."""

    race: Race
    title: str
    told: str  # "8 lanes · finished · 1,200 of 1,200 steps"
    can_resume: bool


def read(race: Race) -> Record:
    """Raises ConfigError."""
    from ...jobs.frames import frame_steps, read_real

    config, about, outs = race.config(), race.about(), race.out()
    runs = race.lanes()
    lanes = [
        LaneRecord(lane.name, frame_steps(run), distance_of(run.curves()), read_real(run), outs.get(i, ""))
        for i, (lane, run) in enumerate(zip(config.lanes, runs, strict=True))
    ]
    busy = any(run.is_being_written() for run in runs)
    return Record(
        race, race.title, str(about.get("preset", "")), config, race.state(), busy, dict(race.league()), lanes
    )


def distance_of(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The measured distance among a run's curves; empty without any."""
    from ...jobs.race import YARDSTICKS

    none = (np.empty(0, np.int64), np.empty(0, np.float32))
    return next((curves[name] for name in YARDSTICKS if name in curves), none)


def all_races(root: Path) -> list[Entry]:
    """Newest first."""
    from ...jobs.race_folder import list_races

    return [entry_of(race) for race in list_races(root)]


def entry_of(race: Race) -> Entry:
    state = race.state()
    lanes = len(race.about().get("lanes", []))
    told = f"{lanes} lanes · {state.name} · {state.step:,} of {state.steps:,} steps"
    return Entry(race, race.title, told, state.name not in ("finished", "failed", "running", "paused"))
