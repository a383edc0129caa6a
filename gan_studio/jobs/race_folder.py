"""A race on the disk: one folder that holds an ordinary run for each lane, so that whatever reads runs reads lanes.

race.toml      the base's choices and what each lane changes    race.json   title, preset, the lanes' folders, queued
league.jsonl   how the lanes stood at each sample step, append-only    state.json  as a run's
"""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import runs
from ..config import ConfigError, Problem, Spec, from_toml, option, to_toml
from ..files import write_atomic
from ..recipes import RECIPES
from ..runs import Run, State
from .settings import RunConfig

FEWEST, MOST = 2, 8  # lanes
RACE, LEAGUE = "race.toml", "league.jsonl"


class LaneConfig(Spec):
    """One of those that race: its name, and what it does differently, by dotted path."""

    name: str = option("", "What the lane is called.")
    changes: dict[str, Any] = option({}, "What it does differently: recipe.objective = hinge ...")


class RaceConfig(Spec):
    """The same data, the same seed, the same length: lanes differ in their recipes alone."""

    base: RunConfig = option(RunConfig(), "The training that all lanes are variants of.")
    lanes: tuple[LaneConfig, ...] = option((), "Two to eight variants.")

    def configs(self) -> tuple[RunConfig, ...]:
        """A whole config for each lane, checked. Raises ConfigError with paths such as `lanes.1.recipe.objective`."""
        if not FEWEST <= len(self.lanes) <= MOST:
            raise ConfigError(Problem("lanes", f"A race has {FEWEST} to {MOST} lanes, not {len(self.lanes)}."))
        names = [lane.name for lane in self.lanes]
        found: list[RunConfig] = []
        wrong: list[Problem] = []
        for i, lane in enumerate(self.lanes):
            try:
                if not lane.name.strip() or lane.name in names[:i]:
                    raise ConfigError(Problem("name", "give each lane a name of its own."))
                found.append(self._config(lane))
            except ConfigError as error:
                wrong += error.under(f"lanes.{i}").problems
        if wrong:
            raise ConfigError(*wrong)
        return tuple(found)

    def _config(self, lane: LaneConfig) -> RunConfig:
        for path in lane.changes:
            if path.split(".")[0] != "recipe":
                raise ConfigError(Problem(path, "is the same for all lanes of a race; change it in the base."))
        config = self._base_for(lane.changes.get("recipe.kind")).with_values(lane.changes)
        config.check()
        return config

    def _base_for(self, kind: Any) -> RunConfig:
        """A lane of another recipe keeps what both recipes know: networks, optimisers, the size of a batch ..."""
        recipe = self.base.recipe.plain()
        if kind in (None, recipe["kind"]):
            return self.base
        known = next((entry.model_fields for entry in RECIPES if entry.kind == kind), {})
        return self.base.with_values({"recipe": {k: v for k, v in recipe.items() if k in known} | {"kind": kind}})


@dataclass(frozen=True)
class Standing:
    """How one lane stood at a step."""

    lane: int
    title: str
    place: int  # 1 is the nearest to the data by the exact or sliced W1, equals share theirs; who failed comes last
    state: str  # as in `runs.State`
    measures: dict[str, float]  # {curve: value}: what was measured of the samples; {} where they are not finite
    seconds: float  # of this lane's own computing so far, looking and saving included


class Race:
    """A race's folder. Cheap to make: files are read when asked for."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        return str(self.about().get("title", self.name))

    def about(self) -> dict[str, Any]:
        """{"title", "preset", "created", "lanes": [folder names]}"""
        return runs.read_json(self.folder / "race.json")

    def config(self) -> RaceConfig:
        """Raises ConfigError."""
        try:
            return RaceConfig.parse(from_toml((self.folder / RACE).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"The {RACE} of {self.folder} cannot be read; begin a new race.") from None

    def lanes(self) -> list[Run]:
        """Their runs, in order."""
        return [Run(self.folder / str(name)) for name in self.about().get("lanes", [])]

    def lane_titles(self) -> list[str]:
        """As the lanes were called, in order; read faster than the config."""
        return [str(run.about().get("title", run.name)) for run in self.lanes()]

    def rename(self, title: str) -> None:
        """Give it another title; its folder stays. Raises ConfigError."""
        title = " ".join(title.split())[: runs.TITLE_LENGTH]
        if not title:
            raise ConfigError("A race needs a title; type one.")
        self.tell_about(title=title)

    def tell_about(self, **values: Any) -> None:
        """Raises ConfigError."""
        try:
            runs.write_json(self.folder / "race.json", self.about() | values)
        except OSError as error:
            raise ConfigError(f"{self.folder} cannot be written ({error.strerror}); allow it, or make room.") from error

    def is_being_raced(self) -> bool:
        """Whether a job holds it, on whichever process; its folder is locked as a run's is."""
        return Run(self.folder).is_being_written()

    def state(self) -> State:
        """As of a run: `interrupted` where it says running and nobody races it. `seconds` are of all lanes."""
        state = runs.state_of(runs.read_json(self.folder / "state.json"))
        if state.name in ("running", "paused") and not self.is_being_raced():
            return replace(state, name="interrupted")
        return state

    def set_state(self, state: State) -> None:
        runs.write_json(self.folder / "state.json", asdict(state) | {"updated": time.time()})

    def league(self) -> list[tuple[int, tuple[Standing, ...]]]:
        """[(step, standings by place)] of the sample steps, in order."""
        rows = runs.standing(runs.read_lines(self.folder / LEAGUE))
        return [(row["step"], tuple(Standing(**told) for told in row["rows"])) for row in rows if "rows" in row]

    def out(self) -> dict[int, str]:
        """{lane: why it can go on no more}"""
        rows = runs.standing(runs.read_lines(self.folder / LEAGUE))
        return {row["out"]: row["reason"] for row in rows if "out" in row}

    def has_ended(self) -> bool:
        """Whether there is nothing to go on with: it is finished, or all lanes are out."""
        return self.state().name == "finished" or len(self.out()) == len(self.lanes())

    def take_back(self) -> None:
        """Take back what was told after the step that the lanes go on from: they tell it again."""
        outs = self.out()
        saved = [lane.checkpoints() for i, lane in enumerate(self.lanes()) if i not in outs]
        if saved:
            self.append({"resumed": min(found[-1].step if found else -1 for found in saved)})

    def append(self, row: dict[str, Any]) -> None:
        """Add to the league. A full disk is told by the lanes; what stands here can be measured again."""
        with contextlib.suppress(OSError):
            runs.append_lines(self.folder / LEAGUE, [row])


def new_race(config: RaceConfig, title: str, root: Path | None = None, preset: str = "") -> Race:
    """A race folder with its lanes' runs, ready to be raced by `RaceJob`. Raises ConfigError."""
    configs = config.configs()
    folder = _made(root or runs.default_root(), title)
    try:
        lanes = []
        for lane, chosen in zip(config.lanes, configs, strict=True):
            run = runs.create(folder, lane.name, chosen.plain(), preset=preset)
            run.set_state(State("new", 0, chosen.steps))
            lanes.append(run.name)
        race = Race(folder)
        about = {"title": title, "created": time.time(), "preset": preset, "lanes": lanes}
        runs.write_json(folder / "race.json", about)
        race.set_state(State("new", 0, config.base.steps))
        write_atomic(folder / RACE, to_toml(config.plain()))  # last: now it is a race
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ConfigError(f"No race can be written in {folder} ({error.strerror}); choose another folder.") from error
    return race


def open_race(path: Path | str, root: Path | None = None) -> Race:
    """A race by its folder, or by its name under the root. Raises ConfigError."""
    for folder in (Path(path), (root or runs.default_root()) / str(path)):
        if (folder / RACE).is_file():
            return Race(folder)
    raise ConfigError(f"There is no race at {path}. Choose the folder that holds a {RACE}.")


def list_races(root: Path | None = None) -> list[Race]:
    """Newest first."""
    found = [Race(path.parent) for path in (root or runs.default_root()).glob(f"*/{RACE}")]
    return sorted(found, key=lambda race: (race.about().get("created", 0.0), race.name), reverse=True)


# --- the queue, which runs and races share ----------------------------------------------------------------------------


def enqueue(race: Race) -> None:
    """Let a race wait for its turn. Raises ConfigError where it is being raced already."""
    if race.is_being_raced():
        raise ConfigError(f"The race {race.name} is being raced already; it need not wait.")
    race.tell_about(queued=time.time())
    race.set_state(replace(race.state(), name="queued", reason=""))


def dequeue(race: Race) -> None:
    """It waits no more, and stays as it is."""
    state = race.state()
    if state.name == "queued":
        race.set_state(replace(state, name="stopped" if state.step else "new"))


def waiting(root: Path | None = None) -> list[Run | Race]:
    """Runs and races that wait for their turn, in their order."""
    found: list[Run | Race] = [*runs.queued(root)]
    found += [race for race in list_races(root) if race.state().name == "queued"]
    return sorted(found, key=lambda subject: float(subject.about().get("queued", 0.0)))


def _made(root: Path, title: str) -> Path:
    name = f"race-{runs.slug(title)}-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        for number in range(1, 1000):
            folder = root / (name if number == 1 else f"{name}-{number}")
            if not folder.exists():
                folder.mkdir(parents=True)
                return folder
    except OSError as error:
        raise ConfigError(f"No race can be written in {root} ({error.strerror}); choose another folder.") from error
    raise ConfigError(f"There are a thousand races called {name} in {root}; choose another title.")
