"""A run folder: everything about one training, readable while it is written and after any kind of end.

    config.toml         the choices at the start          changes.jsonl   what was changed at which step
    run.json            preset, parent, notes             state.json      running, paused, finished ...; step; reason
    engine.json         device and precision picked       environment.json  versions
    curves.jsonl        one object a line, append-only    curves.npz    the same as columns, opens fast
    samples/            step-00000100.png or .npz         checkpoints/step-00000100/
    real.png or .npy    what stands beside the samples    log.txt
    evaluations.jsonl   what was measured of checkpoints, see `jobs.evaluations`

Written by jobs only. Files are written under a temporary name, flushed and renamed; a half-written last line of a
`.jsonl` is skipped on reading. A resumed run appends `{"resumed": step}`, which takes back the lines after that step.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import platformdirs

from . import history
from .config import ConfigError, from_toml, put, to_toml
from .files import append, write_atomic

CURVES = "curves.jsonl"
EVALUATIONS = "evaluations.jsonl"
DRAWN = re.compile(r"(?:step|raw)-(\d+)\.(?:png|npz|npy)")
TITLE_LENGTH = 200
STARRED, BEST = MARKS = ("starred", "best")  # empty files in a checkpoint's folder
PASSING = {errno.EACCES, errno.EPERM, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ETIMEDOUT}


def default_root() -> Path:
    """Where runs live: $GAN_STUDIO_RUNS, else the user's documents."""
    return Path(os.environ.get("GAN_STUDIO_RUNS") or Path(platformdirs.user_documents_dir()) / "GAN Studio" / "runs")


# --- writing so that nothing is ever half there ----------------------------------------------------------------------


def write_json(path: Path, values: Any) -> None:
    write_atomic(path, json.dumps(values, indent=1))


def read_json(path: Path) -> dict[str, Any]:
    """{} where the file is missing or cut off."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def append_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """Append rows as one write, after closing a line that an earlier process left half-written. Raises OSError."""
    append(path, "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode())


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:  # or its folder is deleted this very moment
        return
    with file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row


def standing(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that still stand: a resumption at step s takes back those after s."""
    kept: list[dict[str, Any]] = []
    for row in rows:
        if type(row.get("resumed")) is int:
            while kept and kept[-1]["step"] > row["resumed"]:
                kept.pop()
        elif type(row.get("step")) is int:
            kept.append(row)
    return kept


# --- a run -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """How a run stands. `interrupted` is what a reader calls a run that says "running" while nobody writes it."""

    name: str = "new"
    step: int = 0
    steps: int = 0
    reason: str = ""
    updated: float = 0.0  # seconds since 1970
    seconds: float = 0.0  # of training so far, pauses not counted
    best: dict[str, Any] | None = None  # {"name", "value", "step"} so far; "badness" where more may be better


def state_of(values: dict[str, Any]) -> State:
    """What a file tells of a state; the default stands where it tells something else."""
    return State(**{f.name: values[f.name] for f in fields(State) if _fits(values.get(f.name), f.default)})


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, float):  # seconds
        return type(value) in (int, float) and 0 <= value < 2**40  # no NaN, either
    return isinstance(value, dict) if default is None else type(value) is type(default)


class DamagedError(ConfigError):
    """A checkpoint is not what was written."""


def _is_passing(error: Exception) -> bool:
    """Whether the files may be whole all the same."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in PASSING)


@dataclass(frozen=True)
class Checkpoint:
    """One folder under checkpoints/, complete by its existence."""

    path: Path

    @property
    def step(self) -> int:
        return int(self.path.name.removeprefix("step-"))

    @property
    def starred(self) -> bool:
        """Whether somebody gave it a star, or it is the best."""
        return any((self.path / mark).exists() for mark in MARKS)

    @property
    def is_best(self) -> bool:
        """Whether it was found to be the best so far, see `Run.mark_best`."""
        return (self.path / BEST).exists()

    def size(self) -> int:
        """In bytes."""
        return sum(file.stat().st_size for file in self.path.iterdir())

    def star(self, starred: bool = True) -> None:
        if starred:
            (self.path / STARRED).touch()
            return
        for mark in MARKS:
            (self.path / mark).unlink(missing_ok=True)

    def load(self, device: str = "cpu") -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
        """(weights by network name, the rest). Runs no code from the files.

        Raises DamagedError, and ConfigError where the files may be whole but cannot be read now.
        """
        import torch
        from safetensors.torch import load_file

        try:
            state = torch.load(self.path / "state.pt", map_location=device, weights_only=True)
            names = state.pop("weights")
            weights = {name: load_file(self.path / f"{name}.safetensors", device=device) for name in names}
        except Exception as error:
            if _is_passing(error):
                why = getattr(error, "strerror", None) or "memory ran out"
                raise ConfigError(f"The checkpoint {self.path} cannot be read now ({why}); see to it.") from error
            if not self.path.is_dir():
                raise DamagedError(f"{self.path} is not there any more; bring it back, or choose another.") from error
            raise DamagedError(
                f"The checkpoint {self.path} cannot be read ({type(error).__name__}); use an older one."
            ) from error
        return weights, state


_asking = threading.Lock()  # two threads that ask at once whether a run is held would find each other


class Run:
    """A run folder. Cheap to make: files are read when asked for."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self._copied = 0  # bytes of the curves that this writer has copied

    @property
    def name(self) -> str:
        return self.folder.name

    # what it is

    def config(self) -> dict[str, Any]:
        """The plain values of config.toml. Raises ConfigError."""
        try:
            return from_toml((self.folder / "config.toml").read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise ConfigError(f"The config.toml of {self.folder} is damaged; branch from another run.") from None
        except OSError:
            raise ConfigError(
                f"{self.folder} is not a run: its config.toml is missing. Choose a run's folder."
            ) from None

    def config_at(self, step: int) -> dict[str, Any]:
        """The config with the changes up to `step` applied."""
        values = self.config()
        for row in self.changes():
            if row["step"] <= step:
                put(values, row["path"], row["new"])
        return values

    def changes(self) -> list[dict[str, Any]]:
        """[{"step", "path", "old", "new"}] in order."""
        rows = standing(read_lines(self.folder / "changes.jsonl"))
        return [row for row in rows if isinstance(row.get("path"), str) and "new" in row]

    def about(self) -> dict[str, Any]:
        """{"preset", "created", "parent": {"run", "step"}, ...}"""
        return read_json(self.folder / "run.json")

    def engine(self) -> dict[str, Any]:
        return read_json(self.folder / "engine.json")

    def parent(self) -> tuple[str, int] | None:
        """(name of the run that this one was branched from, at which step)"""
        try:
            told = self.about()["parent"]
            return str(told["run"]), int(told["step"])
        except (TypeError, KeyError, ValueError, OverflowError):
            return None

    def rename(self, title: str) -> None:
        """Give it another title; its folder stays. Raises ConfigError."""
        title = " ".join(title.split())[:TITLE_LENGTH]
        if not title:
            raise ConfigError("A run needs a title; type one.")
        self._tell_about(title=title)

    def duplicate(self) -> Run:
        """A new run, not started, with the settings that this one has by now. Raises ConfigError."""
        about, values = self.about(), self.config_at(self.state().step)
        run = create(self.folder.parent, about.get("title", self.name), values, preset=about.get("preset", ""))
        run.set_state(State("new", 0, values.get("steps", 0)))
        return run

    def _tell_about(self, **values: Any) -> None:
        try:
            write_json(self.folder / "run.json", self.about() | values)
        except OSError as error:
            raise ConfigError(f"{self.folder} cannot be written ({error.strerror}); allow it, or make room.") from error

    # how it stands

    def state(self) -> State:
        state = state_of(read_json(self.folder / "state.json"))
        if state.name in ("running", "paused") and not self.is_being_written():
            return replace(state, name="interrupted")
        return state

    def set_state(self, state: State) -> None:
        write_json(self.folder / "state.json", state.__dict__ | {"updated": time.time()})

    def lock(self) -> filelock.FileLock:
        """Held while a job writes the run."""
        return filelock.FileLock(self.folder / ".lock")

    def is_being_written(self, patience: float = 0.0) -> bool:
        """Whether a job holds the run. Other processes that ask the same hold it for a moment: who must not take them
        for a job gives them so many seconds."""
        until = time.monotonic() + patience
        while held := self._is_held():
            if time.monotonic() >= until:
                break
            time.sleep(0.01)
        return held

    def _is_held(self) -> bool:
        if not (self.folder / ".lock").exists():
            return False
        lock = self.lock()
        with _asking:
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                return True
            except OSError:
                return False
            lock.release()
        return False

    # what it tells

    def append_curves(self, steps: list[int], values: dict[str, np.ndarray]) -> None:
        """Write a line a step; what is not finite is left out. Raises OSError."""
        size = history.append_rows(self.folder / CURVES, steps, values)
        if size > history.GROWTH * self._copied + history.WORTH_BYTES:
            self.copy_curves()

    def copy_curves(self) -> None:
        """Renew the columns that open fast, where there are many lines. Not worth a word where it cannot be done."""
        path = self.folder / CURVES
        with contextlib.suppress(OSError):
            if path.stat().st_size > history.WORTH_BYTES:
                self._copied = history.write_copy(path)

    def append_change(self, step: int, path: str, old: Any, new: Any) -> None:
        append_lines(self.folder / "changes.jsonl", [{"step": step, "path": path, "old": old, "new": new}])

    def mark_resumed(self, step: int) -> None:
        """Take back what was told after `step`, and put aside the checkpoints after it: they could not be read."""
        for checkpoint in self.checkpoints():
            if checkpoint.step > step:
                aside = checkpoint.path.with_name(f".damaged-{checkpoint.path.name}")
                shutil.rmtree(aside, ignore_errors=True)
                checkpoint.path.rename(aside)
        for file in (CURVES, "changes.jsonl", EVALUATIONS):
            if (self.folder / file).exists():
                append_lines(self.folder / file, [{"resumed": step}])
        for drawn in (self.folder / "samples").glob("*-*.*"):
            if (found := DRAWN.fullmatch(drawn.name)) and int(found[1]) > step:
                drawn.unlink(missing_ok=True)

    def curves(self) -> history.Curves:
        """{name: (steps [K] int64, values [K] float32)}"""
        return history.read(self.folder / CURVES)

    def samples(self) -> list[Path]:
        """The files of what was drawn, by step; `jobs.frames` reads them."""
        return sorted((self.folder / "samples").glob("step-*"))

    def log(self, text: str) -> None:
        """A line for people; a full disk does not stop what it tells about."""
        with contextlib.suppress(OSError), (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")

    # what it can go on from

    def checkpoints(self) -> list[Checkpoint]:
        """Complete checkpoints, oldest first; none where the folder is gone."""
        place = self.folder / "checkpoints"
        try:
            names = os.listdir(place)  # noqa: PTH208 (`glob` raises where the folder is deleted meanwhile)
        except OSError:
            return []
        found = [Checkpoint(place / name) for name in names if re.fullmatch(r"step-\d+", name)]
        return sorted((one for one in found if one.path.is_dir()), key=lambda checkpoint: checkpoint.step)

    def checkpoint_at(self, step: int | None = None) -> Checkpoint:
        """The newest checkpoint, or that of a step. Raises ConfigError."""
        found = [c for c in self.checkpoints() if step is None or c.step == step]
        if not found:
            have = ", ".join(str(c.step) for c in self.checkpoints()) or "none"
            wanted = "no checkpoint yet" if step is None else f"no checkpoint at step {step} (it has: {have})"
            raise ConfigError(f"The run {self.name} has {wanted}; start it again from the beginning.")
        return found[-1]

    def newest_readable(self) -> tuple[Checkpoint, dict[str, dict[str, Any]], dict[str, Any]] | None:
        """The newest checkpoint that is whole, with what it holds; None where there is none.

        Raises ConfigError where one cannot be read just now: to go on before it would put it aside.
        """
        for checkpoint in reversed(self.checkpoints()):
            try:
                return (checkpoint, *checkpoint.load())
            except DamagedError as error:
                self.log(str(error))
        return None

    def save_checkpoint(
        self, step: int, weights: dict[str, dict[str, Any]], state: dict[str, Any], starred: bool = False
    ) -> Checkpoint:
        """Write a checkpoint whole or not at all. Raises OSError (a full disk, or the run's folder is gone)."""
        import torch
        from safetensors.torch import save_file

        final = self.folder / "checkpoints" / f"step-{step:08d}"
        temporary = final.with_name(f".{final.name}.{os.getpid()}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        final.parent.mkdir(exist_ok=True)
        temporary.mkdir()
        try:
            for name, tensors in weights.items():
                save_file({k: t.detach().contiguous() for k, t in tensors.items()}, temporary / f"{name}.safetensors")
            torch.save(state | {"weights": list(weights)}, temporary / "state.pt")
            for mark in MARKS:
                if (final / mark).exists() or (starred and mark == STARRED):
                    (temporary / mark).touch()
            for file in temporary.iterdir():
                flush(file)
            flush(temporary)
            if final.exists():  # the same step once more: the old one goes away in one rename
                retired = final.with_name(f".{final.name}.old.tmp")
                shutil.rmtree(retired, ignore_errors=True)
                final.rename(retired)
                temporary.rename(final)
                shutil.rmtree(retired, ignore_errors=True)
            else:
                temporary.rename(final)
            flush(final.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return Checkpoint(final)

    def mark_best(self, step: int) -> None:
        """Star the checkpoint of a step as the best; the one that was so before keeps only a star that it was given."""
        for checkpoint in self.checkpoints():
            if checkpoint.step != step:
                (checkpoint.path / BEST).unlink(missing_ok=True)
            elif not checkpoint.is_best:
                (checkpoint.path / BEST).touch()

    def prune(
        self, newest: int, every: int, spread: int = 0, spread_bytes: int = 2**62, held: frozenset[int] = frozenset()
    ) -> None:
        """Keep the newest checkpoints, those at multiples of `every` (0: none), the starred, those at the steps that
        are `held`, and `spread` others.

        These are the oldest and such as leave no large gap: none is wider than 2 / `spread` of the run so far, unless
        there was no checkpoint within it ever. They are fewer where they would take more than `spread_bytes`.
        """
        found = self.checkpoints()
        spread = min([spread, *(spread_bytes // max(1, checkpoint.size()) for checkpoint in found[-1:])])
        older = found[:-newest]
        asked_for = {c.step for c in older if c.starred or c.step in held or (every and c.step % every == 0)}
        steps = spread_out([c.step for c in found], asked_for | {c.step for c in found[-newest:]}, spread)
        for checkpoint in older:
            if checkpoint.step not in steps:
                shutil.rmtree(checkpoint.path, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a killed process left half-written; bring back what it was about to replace."""
        for retired in (self.folder / "checkpoints").glob(".step-*.old.tmp"):
            final = retired.with_name(retired.name.removeprefix(".").removesuffix(".old.tmp"))
            if not final.exists():
                retired.rename(final)
        for leftover in [p for place in (".", "checkpoints", "samples") for p in (self.folder / place).glob(".*.tmp")]:
            shutil.rmtree(leftover, ignore_errors=True)
            leftover.unlink(missing_ok=True)


def spread_out(steps: list[int], kept: set[int], most: int) -> set[int]:
    """Those of the ascending `steps` to keep: `kept`, and at most so many others, evenly over the whole.

    While there are too many, the one goes whose neighbours are closest to each other (the older on a tie); never the
    first, where any may stay. It asks nothing but what is there, so it may run after each new step: m + 1 gaps that
    add up to T have two neighbours with at most 2 T / m between them, so no gap that it makes is wider.
    """
    left = list(steps)
    others = [step for step in left if step not in kept]
    while len(others) > most:
        inner = [i for i in range(1, len(left) - 1) if left[i] not in kept] if most else []
        i = min(inner, key=lambda i: left[i + 1] - left[i - 1], default=left.index(others[-1]))
        others.remove(left.pop(i))
    return set(left)


def flush(path: Path) -> None:
    """Ask the system to put a file or a folder's entries on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sample_step(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


# --- all of them -----------------------------------------------------------------------------------------------------


def create(root: Path, title: str, config: dict[str, Any], **about: Any) -> Run:
    """A new run folder named after its title and the moment. Raises ConfigError where it cannot be written."""
    name = f"{slug(title)}-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        for number in range(1, 1000):
            folder = root / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir(parents=True)
                break
            except FileExistsError:
                if not root.is_dir():
                    raise
        (folder / "samples").mkdir()
        (folder / "checkpoints").mkdir()
        write_json(folder / "run.json", {"title": title, "created": time.time()} | about)
        write_atomic(folder / "config.toml", to_toml(config))
    except OSError as error:
        raise ConfigError(f"No run can be written in {root} ({error.strerror}); choose another folder.") from error
    run = Run(folder)
    run.set_state(State())
    return run


def open_run(path: Path | str, root: Path | None = None) -> Run:
    """A run by its folder, or by its name under the root. Raises ConfigError."""
    for folder in (Path(path), (root or default_root()) / str(path)):
        if (folder / "config.toml").is_file():
            return Run(folder)
    raise ConfigError(f"There is no run at {path}. `gan-studio runs` lists those there are.")


def list_runs(root: Path | None = None) -> list[Run]:
    """Newest first."""
    folders = [f.parent for f in (root or default_root()).glob("*/config.toml")]
    return [Run(folder) for folder in sorted(folders, key=_created, reverse=True)]


def queued(root: Path | None = None) -> list[Run]:
    """Runs that wait for their turn, in their order."""
    waiting = [(run.about().get("queued", 0.0), run) for run in list_runs(root) if run.state().name == "queued"]
    return [run for _, run in sorted(waiting, key=lambda pair: pair[0])]


def enqueue(run: Run) -> None:
    """Let a run wait for its turn. Raises ConfigError where it is being trained already."""
    if run.is_being_written():
        raise ConfigError(f"The run {run.name} is being trained already; it need not wait.")
    run._tell_about(queued=time.time())
    run.set_state(replace(run.state(), name="queued", reason=""))


def order_queue(root: Path | None, runs: list[Run]) -> None:
    """Let the waiting runs have their turns in this order, those that are not named after them. Raises ConfigError."""
    waiting = queued(root)
    names = [run.name for run in runs]
    named = sorted((run for run in waiting if run.name in names), key=lambda run: names.index(run.name))
    for number, run in enumerate(named + [run for run in waiting if run.name not in names]):
        run._tell_about(queued=float(number))  # far before any moment: who comes later comes last


def branch(parent: Run, step: int | None, config: dict[str, Any], root: Path | None = None) -> Run:
    """A new run that goes on from a checkpoint of another one, with a changed config. Raises ConfigError."""
    checkpoint = parent.checkpoint_at(step)
    about = parent.about()
    run = create(
        root or parent.folder.parent,
        about.get("title", parent.name),
        config,
        preset=about.get("preset", ""),
        parent={"run": parent.name, "step": checkpoint.step},
        **{key: about[key] for key in ("shape", "pairs") if key in about},
    )
    final = run.folder / "checkpoints" / checkpoint.path.name
    temporary = final.with_name(f".{final.name}.tmp")
    try:
        shutil.copytree(checkpoint.path, temporary, ignore=shutil.ignore_patterns(*MARKS))
        temporary.rename(final)
        if parent.engine():  # computed as before, so that only the settings differ
            write_json(run.folder / "engine.json", parent.engine())
        run.set_state(State("stopped", checkpoint.step, config.get("steps", 0)))
    except OSError as error:
        shutil.rmtree(run.folder, ignore_errors=True)  # half of it would begin from step 0
        if not checkpoint.path.is_dir():  # the parent goes on training, and keeps only some
            gone = f"The checkpoint of step {checkpoint.step} is not kept any more; branch from another one."
            raise ConfigError(gone) from error
        raise ConfigError(f"The checkpoint cannot be copied to {final} ({error.strerror}); make room.") from error
    return run


def slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "run"


def _created(folder: Path) -> tuple[float, str]:
    return read_json(folder / "run.json").get("created", 0.0), folder.name
