"""The command line: the same jobs as the window's, without Qt. torch is loaded by the commands that compute.

Exit codes: 0 done, 1 failed or diverged, 2 cannot be used as it was typed, 130 stopped by Ctrl-C, after saving.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import platformdirs
import typer

from . import __version__, presets
from .config import ConfigError, Problem, from_text, is_live, put, to_toml
from .ranks import ALONE, Ranks, from_environment
from .terminal import View, jsonable, view
from .words import clock

if TYPE_CHECKING:
    from .classes import Shares
    from .data import Source
    from .directions import Direction
    from .jobs.inbox import Inbox
    from .jobs.race import Race
    from .jobs.settings import RunConfig
    from .jobs.snapshots import Snapshot
    from .jobs.translators import Translator
    from .runs import Run

OK, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
LOG_BYTES = 2**20  # of the program's log, before it starts anew
MOST_PICTURES = 10**6  # of a gallery

app = typer.Typer(
    name="gan-studio",
    help="Train generative adversarial networks and watch them learn. Without a command: the window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the plain help appears in half the time
)
preset_app = typer.Typer(help="One preset.", no_args_is_help=True)
data_app = typer.Typer(help="What can be learnt from; without a command: the list.")
doctor_app = typer.Typer(help="Check this machine, or that a run resumes as if never stopped.")
explore_app = typer.Typer(help="Walk through what a generator has learnt to make.", no_args_is_help=True)
export_app = typer.Typer(help="Write a run for other programs.", no_args_is_help=True)
app.add_typer(preset_app, name="preset")
app.add_typer(data_app, name="data")
app.add_typer(doctor_app, name="doctor")
app.add_typer(explore_app, name="explore")
app.add_typer(export_app, name="export")


# --- what went wrong, in a sentence ----------------------------------------------------------------------------------


def in_sentences(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with its errors as sentences on stderr and as exit codes; the trace goes to the log."""

    @functools.wraps(command)
    def told(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except typer.Exit:
            raise
        except BrokenPipeError:  # whoever read the output has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            log = write_log(error)
            for sentence in sentences(error, log):
                typer.echo(sentence, err=True)
            raise typer.Exit(REFUSED if isinstance(error, ConfigError) else FAILED) from None

    return told


def sentences(error: Exception, log: str) -> list[str]:
    match error:
        case ConfigError():
            return [str(problem) for problem in error.problems]
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return ["The disk is full; make room, then type the same command again."]
        case OSError(filename=str(name), strerror=str(reason)):
            return [f"{name} cannot be used ({reason}); choose another place, or see to its permissions."]
    return [f"Something went wrong: {type(error).__name__}: {error}. The whole story is in {log}."]


def log_file() -> Path:
    return Path(platformdirs.user_log_dir("gan-studio", appauthor=False)) / "gan-studio.log"


def write_log(error: Exception) -> str:
    """The name of the file that the trace was written to; a log that cannot be written must hide no error."""
    path, trace = log_file(), "".join(traceback.format_exception(error))
    for note in getattr(error, "__notes__", []):  # a run's own log has it already
        return note
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = "w" if path.exists() and path.stat().st_size > LOG_BYTES else "a"
        with path.open(mode, encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {' '.join(sys.argv[1:])}\n{trace}\n")
    except OSError as unwritable:
        return f"no file ({path}: {unwritable.strerror})"
    return str(path)


@contextlib.contextmanager
def logged_in(run: Run) -> Iterator[None]:
    """Write the trace of what goes wrong in here to the run's own log."""
    try:
        yield
    except Exception as error:
        with contextlib.suppress(OSError):
            run.log("".join(traceback.format_exception(error)))
            error.add_note(str(run.folder / "log.txt"))
        raise


# --- words on the command line ---------------------------------------------------------------------------------------

Set = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change a setting: recipe.g_optimiser.lr=1e-4 ...")
]
Root = Annotated[Path | None, typer.Option(help="Folder of the runs. [default: $GAN_STUDIO_RUNS, or your documents]")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, or its folder.")]
Maker = Annotated[
    str, typer.Argument(metavar="RUN|FILE", help="A run's name or folder, or another program's generator: netG.pth.")
]
Steps = Annotated[int | None, typer.Option(help="Length of the training, in steps.")]
Seed = Annotated[int | None, typer.Option(help="Names all the random numbers of the run.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")]
Tensorboard = Annotated[bool, typer.Option("--tensorboard", help="Also write event files for TensorBoard.")]
Minutes = Annotated[float, typer.Option(help="Stop and save after so long; 0: train to the end.", min=0)]
Queue = Annotated[bool, typer.Option("--queue", help="Only put it in the queue; `gan-studio queue` trains it.")]
DryRun = Annotated[bool, typer.Option(help="Try precisions and memory formats first, and pick the fastest.")]


def changes(settings: list[str], **shortcuts: Any) -> dict[str, Any]:
    """{dotted path: value} of `--set` and of the options that are short for it. Raises ConfigError."""
    found: dict[str, Any] = {}
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path.strip():
            raise ConfigError(f"--set {setting}: write KEY=VALUE, such as --set steps=500.")
        found[path.strip()] = from_text(text)
    places = {"steps": "steps", "seed": "seed", "device": "compute.device"}
    return found | {places[name]: value for name, value in shortcuts.items() if value is not None}


def configured(values: dict[str, Any], changed: dict[str, Any]) -> RunConfig:
    """A run's config from a preset's values and changes, checked as a whole. Raises ConfigError."""
    from .jobs.settings import RunConfig

    with contextlib.suppress(ConfigError):  # completed by the defaults, so that every path leads somewhere
        values = RunConfig.parse(values).plain()
    for path, value in changed.items():
        put(values, path, value)
    config = RunConfig.parse(values)
    config.check()
    return config


# --- train -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Manner:
    """How a training is carried out and told."""

    as_json: bool = False
    tensorboard: bool = False
    dry_run: bool = True
    minutes: float = 0.0


@app.command()
@in_sentences
def train(
    target: Annotated[str | None, typer.Argument(metavar="PRESET|CONFIG.toml", help="What to train.")] = None,
    settings: Set = [],  # noqa: B006 (read only)
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a run instead.")] = None,
    steps: Steps = None,
    name: Annotated[str | None, typer.Option(help="Title of the run.")] = None,
    root: Root = None,
    seed: Seed = None,
    device: Device = None,
    minutes: Minutes = 0.0,
    queue: Queue = False,
    dry_run: DryRun = True,
    tensorboard: Tensorboard = False,
    as_json: AsJson = False,
) -> None:
    """Train a preset or a config file, or go on with a run. Ctrl-C saves and ends; twice ends at once.

    Several processes share the work: torchrun --nproc-per-node 2 -m gan_studio train ...
    """
    with joined() as ranks:
        if ranks.rank:
            take_part(ranks)
            return
        if (target is None) == (resume is None):
            raise ConfigError(
                "Name a preset (`gan-studio presets` lists them), a config.toml, or a run with --resume RUN."
            )
        changed = changes(settings, steps=steps, seed=seed, device=device)
        if resume is not None:
            run = with_changes(opened(resume, root), changed)
        else:
            assert target is not None
            run = created(target, changed, name, root)
        if queue:
            put_in_queue(run)
            return
        raise typer.Exit(carry_out(run, Manner(as_json, tensorboard, dry_run, minutes), ranks))


@contextlib.contextmanager
def joined() -> Iterator[Ranks]:
    """The processes that torchrun started together with this one; `ALONE` without it."""
    ranks = from_environment()
    if ranks.are_many:
        ranks.join()
    try:
        yield ranks
    finally:
        if ranks.are_many:
            ranks.leave()


def take_part(ranks: Ranks) -> None:
    """Compute for rank 0, which decides when it ends."""
    from .jobs.together import follow

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of them; rank 0 saves and dismisses the others
    try:
        follow(ranks)
    except RuntimeError as error:  # the line to the others is cut
        typer.echo(f"Process {ranks.rank} ends: {str(error).splitlines()[0]}", err=True)
        raise typer.Exit(FAILED) from None


@app.command()
@in_sentences
def branch(
    parent: RunName,
    step: Annotated[int | None, typer.Option(help="The checkpoint to go on from. [default: the newest]")] = None,
    settings: Set = [],  # noqa: B006 (read only)
    steps: Steps = None,
    root: Root = None,
    device: Device = None,
    minutes: Minutes = 0.0,
    queue: Queue = False,
    dry_run: DryRun = True,
    tensorboard: Tensorboard = False,
    as_json: AsJson = False,
) -> None:
    """Train a new run that goes on from a checkpoint of another one, with some settings changed."""
    from . import runs

    old = opened(parent, root)
    at = old.checkpoint_at(step).step
    config = configured(old.config_at(at), changes(settings, steps=steps, device=device))
    run = runs.branch(old, at, config.plain(), root)
    if queue:
        put_in_queue(run)
        return
    raise typer.Exit(carry_out(run, Manner(as_json, tensorboard, dry_run, minutes)))


@app.command()
@in_sentences
def queue(root: Root = None, tensorboard: Tensorboard = False, dry_run: DryRun = True, as_json: AsJson = False) -> None:
    """Train the waiting runs and races one after the other, until none is left."""
    from .jobs.race_folder import waiting
    from .runs import Run

    worst, tried = OK, set()
    while left := [subject for subject in waiting(root) if subject.folder not in tried]:
        subject, manner = left[0], Manner(as_json, tensorboard, dry_run)
        tried.add(subject.folder)
        try:
            code = carry_out(subject, manner) if isinstance(subject, Run) else carry_out_race(subject, manner)
        except ConfigError as error:  # the next ones may be better
            for problem in error.problems:
                typer.echo(f"{subject.name}: {problem}", err=True)
            code = REFUSED
        if code == INTERRUPTED:
            raise typer.Exit(INTERRUPTED)
        worst = max(worst, code)
    if not tried and not as_json:
        typer.echo("No run is waiting. `gan-studio train PRESET --queue` puts one in the queue.")
    raise typer.Exit(worst)


def created(target: str, changed: dict[str, Any], title: str | None, root: Path | None) -> Run:
    preset = presets.find(target)
    config = configured(preset.values, changed)
    from .jobs.train import new_run

    return new_run(config, title or preset.title, root, "" if target.endswith(".toml") else preset.id)


def opened(name: str, root: Path | None) -> Run:
    from . import runs

    return runs.open_run(name, root)


def put_in_queue(run: Run) -> None:
    from . import runs

    runs.enqueue(run)
    typer.echo(f"{run.name} waits for its turn; `gan-studio queue` trains what waits.")


def with_changes(run: Run, changed: dict[str, Any]) -> Run:
    """The run, to go on with changed settings that a run remembers at its step. Raises ConfigError."""
    from .jobs.settings import RunConfig

    RunConfig.parse(run.config())
    if not changed:
        return run
    if run.is_being_written():
        raise ConfigError(f"The run {run.name} is being trained already; stop it first.")
    newest = run.newest_readable()
    step = newest[0].step if newest else 0
    old = RunConfig.parse(run.config_at(step))
    new = old.with_values(changed)
    for path in changed:
        if not (is_live(old, path) or path == "steps" or path.startswith("compute.")):
            raise ConfigError(
                Problem(path, f"cannot change in a run that has begun; use `gan-studio branch {run.name} --set` ...")
            )
    run.mark_resumed(step)  # before the changes, which then stand behind what it takes back
    from .config import get

    for path in changed:
        run.append_change(step, path, get(old.plain(), path), get(new.plain(), path))
    return run


def carry_out(run: Run, manner: Manner, ranks: Ranks = ALONE) -> int:
    """Train a run and show it; the exit code."""
    from .jobs.pictures import write_gallery
    from .jobs.tensorboard import live as with_tensorboard
    from .jobs.train import TrainJob

    job = TrainJob(run, dry_run=manner.dry_run, ranks=ranks)
    display = view(manner.as_json, live=sys.stdout.isatty())
    with contextlib.closing(display), logged_in(run), stopping(job.inbox, display, manner.minutes) as stop:
        events = iter(job)
        with contextlib.closing(events):  # type: ignore[type-var]  # a generator: closing it saves
            told = with_tensorboard(events, run.folder / "tensorboard") if manner.tensorboard else events
            code = follow(told, display, job.inbox, stop)
        if code == OK:
            display.show(Gallery(write_gallery(run)))
    if not manner.as_json and run.state().name != "finished":
        typer.echo(f"Go on with: gan-studio train --resume {resumable(run)}")
    return code


@dataclass(frozen=True)
class Gallery:
    """The last event of a training in the terminal: where its picture lies."""

    path: Path


def resumable(run: Run | Race) -> str:
    """What names the run or race after `--resume`."""
    from . import runs

    return run.name if run.folder.parent == runs.default_root() else str(run.folder)


def follow(events: Iterable[Any], display: View, inbox: Inbox, stop: Stopping) -> int:
    """Show the events to the last one; the exit code. A training that pauses by itself is stopped: nobody is there."""
    from .jobs.events import Paused, Stopped
    from .jobs.inbox import Stop

    code = OK
    for event in events:  # to the very end: the job takes a closed iterator for a wish to stop
        display.show(event)
        stop.look_at_the_clock()
        match event:
            case Paused(reason=reason) if reason:
                inbox.put(Stop())
            case Stopped(reason=reason) if reason:
                typer.echo(reason, err=True)
                code = FAILED
            case Stopped():
                code = INTERRUPTED if stop.by is not None else OK
    return code


# --- race ------------------------------------------------------------------------------------------------------------

LANE_HELP = (
    'One that races: "NAME: KEY=VALUE; KEY=VALUE", such as "hinge: recipe.objective=hinge". Two to eight of them; '
    '"NAME:" alone is the preset as it is.'
)


@app.command()
@in_sentences
def race(
    target: Annotated[
        str | None, typer.Argument(metavar="PRESET|CONFIG.toml", help="What all are variants of.")
    ] = None,
    lane: Annotated[list[str], typer.Option("--lane", metavar="LANE", help=LANE_HELP)] = [],  # noqa: B006 (read only)
    settings: Set = [],  # noqa: B006 (read only)
    resume: Annotated[str | None, typer.Option(metavar="RACE", help="Go on with a race instead.")] = None,
    steps: Steps = None,
    name: Annotated[str | None, typer.Option(help="Title of the race.")] = None,
    root: Root = None,
    seed: Seed = None,
    device: Device = None,
    minutes: Minutes = 0.0,
    queue: Queue = False,
    dry_run: DryRun = True,
    as_json: AsJson = False,
) -> None:
    """Train several recipes side by side: the same data, first weights and noise, in lock-step, with a league table."""
    if (target is None) == (resume is None) or (resume is not None and lane):
        raise ConfigError('Name a preset and --lane "NAME: KEY=VALUE" twice to eight times, or --resume RACE.')
    changed = changes(settings, steps=steps, seed=seed, device=device)
    if resume is not None:
        from .jobs.race import open_race

        chosen = open_race(resume, root)
        for run in chosen.lanes():
            with_changes(run, changed)
    else:
        assert target is not None
        chosen = created_race(target, lane, changed, name, root)
    if queue:
        from .jobs.race_folder import enqueue

        enqueue(chosen)
        typer.echo(f"{chosen.name} waits for its turn; `gan-studio queue` races what waits.")
        return
    raise typer.Exit(carry_out_race(chosen, Manner(as_json, dry_run=dry_run, minutes=minutes)))


def created_race(target: str, lanes: list[str], changed: dict[str, Any], title: str | None, root: Path | None) -> Race:
    preset = presets.find(target)
    base = configured(preset.values, changed)
    from .jobs.race import LaneConfig, RaceConfig, new_race

    entered = tuple(LaneConfig(name=name, changes=what) for name, what in map(lane_of, lanes))
    known = "" if target.endswith(".toml") else preset.id
    return new_race(RaceConfig(base=base, lanes=entered), title or preset.title, root, known)


def lane_of(text: str) -> tuple[str, dict[str, Any]]:
    """("hinge", {"recipe.objective": "hinge"}) of "hinge: recipe.objective=hinge". Raises ConfigError."""
    name, colon, rest = text.partition(":")
    if not colon or "=" in name:  # without a name its changes are its name
        name, rest = text, text
    return name.strip(), changes([part.strip() for part in rest.split(";") if part.strip()])


def carry_out_race(race: Race, manner: Manner) -> int:
    """Race and show it; the exit code. A lane that diverges is no failure of the race."""
    from .jobs.race import RaceJob
    from .terminal_race import race_view

    job = RaceJob(race, dry_run=manner.dry_run)
    names = [lane.name for lane in race.config().lanes]
    display = race_view(names, manner.as_json, live=sys.stdout.isatty())
    with contextlib.closing(display), stopping(job.inbox, display, manner.minutes) as stop:
        events = iter(job)
        with contextlib.closing(events):
            code = follow(events, display, job.inbox, stop)
    if not manner.as_json and race.state().name != "finished":
        typer.echo(f"Go on with: gan-studio race --resume {resumable(race)}")
    return code


class Stopping:
    """Ctrl-C once puts Stop into the inbox, twice ends the process; so does SIGTERM. And a limit of time."""

    def __init__(self, inbox: Inbox, display: View, minutes: float):
        self.inbox, self.display = inbox, display
        self.until = 60 * minutes or math.inf
        self.began = time.monotonic()
        self.by: int | None = None  # the signal that came
        self.out_of_time = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.by is not None:
            self.display.close()
            os._exit(INTERRUPTED)
        self.by = number
        self.stop()
        os.write(2, b"\nSaving; press Ctrl-C again to end at once.\n")

    def look_at_the_clock(self) -> None:
        if not self.out_of_time and time.monotonic() - self.began > self.until:
            self.out_of_time = True
            self.stop()

    def stop(self) -> None:
        from .jobs.inbox import Stop

        self.inbox.put(Stop())


@contextlib.contextmanager
def stopping(inbox: Inbox, display: View, minutes: float) -> Iterator[Stopping]:
    stop = Stopping(inbox, display, minutes)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop.on_signal) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


# --- look at what there is -------------------------------------------------------------------------------------------


@app.command("runs")
@in_sentences
def list_runs(root: Root = None, as_json: AsJson = False) -> None:
    """List the runs, newest first."""
    from . import runs

    found = runs.list_runs(root)
    rows = [run_row(run) for run in found]
    if as_json:
        return print_json(rows)
    if not rows:
        typer.echo(f"No runs in {root or runs.default_root()} yet. `gan-studio train {presets.DEFAULT}` makes one.")
    for row in rows:
        progress = f"{row['step']} of {row['steps']}" if row["steps"] else str(row["step"])
        typer.echo(f"{row['name']:50}  {row['state']:11}  step {progress:17}  {clock(row['seconds'])}")


def run_row(run: Run) -> dict[str, Any]:
    about, state = run.about(), run.state()
    return {
        "name": run.name,
        "folder": str(run.folder),
        "title": about.get("title", run.name),
        "preset": about.get("preset", ""),
        "parent": about.get("parent"),
        "created": about.get("created", 0.0),
        "state": state.name,
        "step": state.step,
        "steps": state.steps,
        "seconds": state.seconds,
        "best": state.best,
        "reason": state.reason,
    }


@app.command("presets")
@in_sentences
def list_presets(as_json: AsJson = False) -> None:
    """List the presets: those of the program, and your own."""
    found = presets.all_presets()
    if as_json:
        return print_json([preset_row(preset) for preset in found])
    for preset in found:
        minutes = f"{preset.minutes:g} min" if preset.minutes else ""
        typer.echo(f"{preset.id:24}  {minutes:>8}  {preset.title}{' (yours)' if preset.own else ''}")
    if found:
        typer.echo(f"The times are for 2 cores. Train one with: gan-studio train {presets.DEFAULT}")


def preset_row(preset: presets.Preset) -> dict[str, Any]:
    words = ("id", "title", "paper", "figure", "expect", "minutes", "own")
    return {word: getattr(preset, word) for word in words} | {"path": str(preset.path), "values": preset.values}


@preset_app.command("show")
@in_sentences
def show_preset(
    name: Annotated[str, typer.Argument(metavar="PRESET")],
    full: Annotated[bool, typer.Option(help="With every setting, not only those that differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a preset is, and print its settings as TOML: a start for a config of your own."""
    preset = presets.find(name)
    values = configured(preset.values, {}).plain() if full else preset.values
    if as_json:
        return print_json(preset_row(preset) | {"values": values})
    about = {"Paper": preset.paper, "Figure": preset.figure, "Expect": preset.expect, "File": str(preset.path)}
    typer.echo(f"# {preset.title}")
    for word, text in about.items():
        if text:
            typer.echo(f"# {word}: {text}")
    typer.echo(to_toml(values))


def print_json(values: Any) -> None:
    typer.echo(json.dumps(values, indent=1))


# --- samples ---------------------------------------------------------------------------------------------------------

Class = Annotated[
    str,
    typer.Option(
        "--class", help="Where it has classes: 3, or a blend, 3:0.6,7:0.4. [default: the seed of each draws one]"
    ),
]


@app.command()
@in_sentences
def sample(
    run: Maker,
    count: Annotated[int, typer.Option(help="So many samples.", min=1, max=1_000_000)] = 64,
    seed: Annotated[int, typer.Option(help="Sample i belongs to SEED + i.", min=0, max=2**31)] = 0,
    step: Annotated[int | None, typer.Option(help="The checkpoint. [default: the newest]")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File, or with --separate folder. [default: here]")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="The weights as they are, not their running average.")] = False,
    separate: Annotated[bool, typer.Option("--separate", help="A file for each picture.")] = False,
    truncation: Annotated[
        float,
        typer.Option(help="Latents at this share of their way from the mean: fewer kinds, nicer ones.", min=-2, max=2),
    ] = 1.0,
    classes: Class = "",
    replace: Annotated[bool, typer.Option("--replace", help="Instead of what is there of that name.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    root: Root = None,
) -> None:
    """Make samples: a PNG grid with all that is needed to make it again inside and beside it, or the points as .npy."""
    from .jobs.explore import refuse_pair
    from .jobs.exports import refuse_existing
    from .jobs.pictures import shown, write_grid

    snapshot = snapshot_of(run, root, step, raw, device)
    shares = chosen_classes(classes, snapshot)
    stem = f"{snapshot.about['run']}-step{snapshot.about['step']}-seed{seed}"
    makes_points = len(snapshot.shape) != 3
    path = out or Path(f"{stem}.npy" if makes_points else stem if separate else f"{stem}.png")
    files = {path / f"seed-{one:06d}.png": one for one in range(seed, seed + count)} if separate else {path: seed}
    refuse = refuse_existing if makes_points else refuse_pair
    for written in () if replace else [path] if makes_points else files:
        refuse(written)
    if makes_points:
        write_points(path, shown(snapshot, count, seed, truncation))
    elif separate or count == 1:
        write_alone(files, snapshot, truncation, shares)
    else:
        write_grid(path, snapshot, count, seed, truncation, shares)
    typer.echo(str(path))


def snapshot_of(name: str, root: Path | None, step: int | None, raw: bool, device: str) -> Snapshot:
    """Of a run by its name or folder, or of a file that another program wrote. Raises ConfigError."""
    from .jobs.snapshots import open_snapshot

    return open_snapshot(file_or_run(name, root), step, raw, device)


def file_or_run(name: str, root: Path | None) -> Path:
    """A file of weights, or a run's folder. Raises ConfigError."""
    from .importers import SUFFIXES

    if not name.lower().endswith(SUFFIXES):
        return opened(name, root).folder
    if not Path(name).is_file():
        raise ConfigError(f"There is no file {name}; name the one that the network was saved to.")
    return Path(name)


def chosen_classes(text: str, snapshot: Snapshot) -> Shares:
    """Of --class. Raises ConfigError where the generator has not these."""
    from .classes import checked, parsed

    return checked(parsed(text), snapshot.classes) if text else ()


def write_alone(files: dict[Path, int], snapshot: Snapshot, truncation: float, shares: Shares) -> None:
    """A PNG a seed, from which the studio opens the very state; each drawn alone, so that it is the same again."""
    from .jobs.explore import keep, render, view_of
    from .jobs.pictures import provenance

    plain = view_of(snapshot).with_values({"psi": truncation}).of_classes(shares)
    for file, seed in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        here = plain.at_seed(seed)
        more = provenance(snapshot, 1, seed, truncation, shares)
        keep(file, here, render(here, snapshot), replace=True, more=more)  # what may not be is refused before


def write_points(path: Path, array: Any) -> None:
    import io

    import numpy as np

    from .files import write_atomic

    buffer = io.BytesIO()
    np.save(buffer, array)
    write_atomic(path, buffer.getvalue())


@app.command("inspect")
@in_sentences
def inspect_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="netG_epoch_N.pth, netG_N_steps.pth ...")],
    as_json: AsJson = False,
) -> None:
    """Say what another program's generator or translator is, without running anything in its file."""
    from .classes import count
    from .importers import read
    from .importers.translators import Kind, kind_of

    if kind_of(file) is Kind.TRANSLATOR:
        return inspect_translator(file, as_json)
    found = read(file)
    if as_json:
        return print_json(
            {
                "file": str(file),
                "format": found.format,
                "shape": found.shape,
                "latent": found.latent.plain(),
                "classes": count(found.network),
                "step": found.step,
                "sha256": found.sha256,
                "found": found.found,
                "inferred": found.inferred,
                "unknown": found.unknown,
            }
        )
    typer.echo(f"{file.name}: {found.format}")
    for word, lines in {"found": found.found, "inferred": found.inferred, "unknown": found.unknown}.items():
        typer.echo(f"{word:10}{'; '.join(lines)}")
    typer.echo(f"{'SHA-256':10}{found.sha256}")


def inspect_translator(file: Path, as_json: bool) -> None:
    from .importers.translators import read_translator

    found = read_translator(file)
    needs = found.draft.needs
    if as_json:
        return print_json(
            {
                "file": str(file),
                "format": found.format,
                "network": found.draft.title,
                "channels": found.draft.channels,
                "direction": found.draft.direction,
                "scale": needs.scale,
                "multiple": needs.multiple,
                "reach": needs.reach,
                "step": found.step,
                "sha256": found.sha256,
                "found": found.found,
                "inferred": found.inferred,
                "unknown": found.unknown,
                "notes": found.draft.notes,
            }
        )
    typer.echo(f"{file.name}: a translator of {found.format}, {found.draft.direction}")
    rows = {"found": found.found, "inferred": found.inferred, "unknown": found.unknown, "note": found.draft.notes}
    for word, lines in rows.items():
        if lines:
            typer.echo(f"{word:10}{'; '.join(lines)}")
    typer.echo(f"{'SHA-256':10}{found.sha256}")


# --- explore ---------------------------------------------------------------------------------------------------------

Step = Annotated[int | None, typer.Option(help="The checkpoint. [default: the newest]")]
Raw = Annotated[bool, typer.Option("--raw", help="The weights as they are, not their running average.")]
Processor = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]


@explore_app.command("walk")
@in_sentences
def explore_walk(
    run: Maker,
    seeds: Annotated[
        str | None, typer.Option(help="The key-frames, in order: 1,5,9. [default: 0,1,2,3; with --classes: 0]")
    ] = None,
    classes: Annotated[
        str,
        typer.Option(
            help="Where it has classes, those of the key-frames: 3,7 or all; one seed serves for all of them."
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A name ending in .gif, .webp, .apng or .mp4, or a folder. [default: .gif]"),
    ] = None,
    frames: Annotated[int | None, typer.Option(help="Pictures in the whole walk. [default: 120]")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second. [default: 24]")] = None,
    zoom: Annotated[int | None, typer.Option(help="Each pixel becomes so many wide and high.")] = None,
    ease: Annotated[bool, typer.Option("--ease", help="Rest at each key-frame.")] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Back to the first one, so that it repeats.")] = False,
    circle: Annotated[bool, typer.Option("--circle", help="Around a circle through the first instead.")] = False,
    straight: Annotated[bool, typer.Option("--straight", help="Straight lines, not along the sphere.")] = False,
    truncation: Annotated[float, typer.Option(help="As of `sample`.", min=-2, max=2)] = 1.0,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of the film that is there.")] = False,
    step: Step = None,
    raw: Raw = False,
    device: Processor = "auto",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Go from seed to seed and write what is seen as a film, or as a folder of pictures with their recipes inside."""
    from .classes import listed
    from .jobs.explore import view_of
    from .jobs.walk import Walk, export_walk, key_frames

    given = {"frames": frames, "frames_per_second": fps, "zoom": zoom}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None} | {"loop": loop}
    values |= {"easing": "in-out"} if ease else {}
    values |= {"way": "circle"} if circle else {}
    values |= {"between": "lerp"} if straight else {}
    walk = Walk.parse(values)
    numbers = numbered(("0" if classes else "0,1,2,3") if seeds is None else seeds)
    snapshot = snapshot_of(run, root, step, raw, device)
    view = view_of(snapshot).with_values({"psi": truncation})
    keys = key_frames(view, numbers, listed(classes, snapshot.classes) if classes else ())
    path = out or Path(f"{snapshot.about['run']}-walk.gif")
    exported(export_walk(snapshot, keys, path, walk, replace), as_json)


def numbered(seeds: str) -> list[int]:
    """ "1,5,9" as numbers. Raises ConfigError."""
    try:
        numbers = [int(part) for part in seeds.split(",") if part.strip()]
    except ValueError:
        numbers = []
    if not numbers or not all(0 <= number <= 2**31 for number in numbers):
        raise ConfigError(f"--seeds {seeds}: write whole numbers from 0 on with commas between them, such as 1,5,9.")
    return numbers


@explore_app.command("invert")
@in_sentences
def explore_invert(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A photograph or drawing.")],
    run: Maker,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The PNG to write. [default: PICTURE-found.png here]")
    ] = None,
    encoder: Annotated[
        bool,
        typer.Option("--encoder", help="Begin where an encoder says; it is trained first, and kept for the next time."),
    ] = False,
    encoder_steps: Annotated[int | None, typer.Option(help="Steps of the encoder's training. [default: 500]")] = None,
    feature_weight: Annotated[
        float | None,
        typer.Option(help="How much D's features count beside the pixels, such as 0.2. [default: 0, pixels alone]"),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Steps of the descent. [default: 300]")] = None,
    starts: Annotated[int | None, typer.Option(help="So many latents descend at once. [default: 4]")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of the PNG that is there.")] = False,
    classes: Annotated[
        str,
        typer.Option("--class", help="Where it has classes: which is searched, or a blend. [default: --seed draws it]"),
    ] = "",
    seed: Annotated[int, typer.Option(help="Names the latents that are tried first.")] = 0,
    step: Step = None,
    raw: Raw = False,
    device: Processor = "auto",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Find the latent whose picture is most like a given one, and write that picture with its recipe inside."""
    import torch

    from .jobs.encoder import Encoding
    from .jobs.explore import keep, render, view_of
    from .jobs.exports import refuse_existing
    from .jobs.invert import Inversion, as_asked, look_for

    path = out or Path(f"{picture.stem}-found.png")
    if path.suffix.lower() != ".png":
        raise ConfigError(f"What is found is written as a PNG; name a file that ends in .png instead of {path}.")
    if not replace:
        refuse_existing(path)
    given = {"feature_weight": feature_weight, "steps": steps, "starts": starts}
    how = Inversion.parse({name: value for name, value in given.items() if value is not None} | {"seed": seed})
    encoding = Encoding.parse({} if encoder_steps is None else {"steps": encoder_steps})
    snapshot = snapshot_of(run, root, step, raw, device)
    shares = snapshot.shares(chosen_classes(classes, snapshot), how.seed)
    snapshot = snapshot.of(shares)
    work = look_for(snapshot, as_asked(picture, snapshot), how, encoding if encoder else None)
    found = carried(nearest(work))
    here = view_of(snapshot).at(torch.from_numpy(found.z)).of_classes(shares)
    keep(path, here, render(here, snapshot), replace)
    if as_json:
        return print_json({"path": str(path), "error": found.error, "compared_by": found.compared_by, "z": here.z})
    typer.echo(f"{path}: {found.error:.1f} of 255 away, compared by {found.compared_by}")


def nearest(work: Iterator[Any]) -> Generator[Any, None, Any]:
    """The progress of a search; what was found last is returned."""
    from .jobs.events import Progress

    found: Any = None
    for event in work:
        if isinstance(event, Progress):
            yield event
        else:
            found = event
            yield Progress(found.step, found.steps, "Searching for the latent")
    return found


@explore_app.command("directions")
@in_sentences
def explore_directions(
    run: Maker,
    by: Annotated[str, typer.Option(help="How they are found: pca, sefa, attribute, random; several with commas.")] = (
        "pca,sefa"
    ),
    count: Annotated[int | None, typer.Option(help="So many of each. [default: 12]")] = None,
    layer: Annotated[str, typer.Option(help="Of PCA: the layer. [default: the first]")] = "",
    classes: Annotated[
        str,
        typer.Option(
            "--class",
            help="Where it has classes: which is looked at, or a blend. [default: the seed draws it]",
        ),
    ] = "",
    seed: Annotated[int, typer.Option(help="Names the latents that are looked at.")] = 0,
    strips: Annotated[
        Path | None, typer.Option(help="Also draw what each does, as a PNG that tells how to make it again.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of the PNG that is there.")] = False,
    save: Annotated[
        bool, typer.Option("--save/--no-save", help="Keep them in the run's folder, or beside the file.")
    ] = True,
    step: Step = None,
    raw: Raw = False,
    device: Processor = "auto",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Find what there is to change, the strongest first, and keep it by name."""
    from .directions import ranked
    from .jobs import find_directions
    from .jobs.explore import refuse_pair
    from .jobs.pictures import write_strips

    if strips is not None and not replace:
        refuse_pair(strips)
    values: dict[str, Any] = {
        "ways": [way.strip() for way in by.split(",") if way.strip()],
        "layer": layer,
        "seed": seed,
    }
    how = find_directions.Finding.parse(values | ({} if count is None else {"count": count}))
    snapshot = snapshot_of(run, root, step, raw, device)
    shares = snapshot.shares(chosen_classes(classes, snapshot), how.seed)
    snapshot = snapshot.of(shares)
    if save:
        find_directions.kept(snapshot)  # what is damaged is told before the work
    found = carried(find_directions.find(snapshot, how))
    if save:
        find_directions.keep(snapshot, found)
    alive, dead = ranked(found)
    if strips is not None:
        write_strips(strips, snapshot, alive, shares=shares)
    rows = [direction_row(one, one in dead) for one in alive + dead]
    if as_json:
        return print_json(rows)
    for row in rows:
        still = "  (hardly anything)" if row["dead"] else ""
        typer.echo(f"{row['name']:28}  {row['effect']:6.2f} of 255 a sigma  {row['layer']}{still}".rstrip())


def direction_row(one: Direction, dead: bool) -> dict[str, Any]:
    return one.plain() | {"dead": dead}


# --- translate -------------------------------------------------------------------------------------------------------

Translating = Annotated[
    str, typer.Argument(metavar="RUN|FILE", help="A run's name or folder, or a file: latest_net_G.pth, ESRGAN.pth ...")
]
Way = Annotated[str, typer.Option("--direction", help='"A to B" or "B to A". [default: the first]')]
AsTrained = Annotated[
    bool | None,
    typer.Option(
        "--as-trained/--no-as-trained",
        help="With the picture's own statistics and noise, as in training; files of pytorch-CycleGAN-and-pix2pix as "
        "their program does, which also cuts pixels off instead of rounding. [default: what its recipe says]",
    ),
]


@app.command("translate")
@in_sentences
def translate(
    snapshot: Translating,
    files: Annotated[list[str], typer.Argument(metavar="FILES...", help="Pictures, and folders with all below them.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder that they are written to.")],
    pattern: Annotated[
        str | None, typer.Option(help="{stem} {direction} {network} {number} {step}. [default: {stem}-{direction}]")
    ] = None,
    format: Annotated[str | None, typer.Option(help="png, jpeg, webp, tiff or same. [default: png]")] = None,
    quality: Annotated[int | None, typer.Option(help="Of JPEG and WebP. [default: 90]")] = None,
    existing: Annotated[
        str | None, typer.Option(help="Files that are there: skip, number or replace. [default: skip]")
    ] = None,
    metadata: Annotated[bool, typer.Option(help="Copy EXIF, texts and resolution.")] = True,
    direction: Way = "",
    as_trained: AsTrained = None,
    seed: Annotated[int | None, typer.Option(help="Names the noise, where there is any.")] = None,
    way: Annotated[str | None, typer.Option(help="Large pictures: auto, whole, tiles or layers.")] = None,
    tile: Annotated[int | None, typer.Option(help="Side of a tile in pixels. [default: as the memory allows]")] = None,
    overlap: Annotated[int | None, typer.Option(help="Of tiles, in pixels. [default: as far as it looks]")] = None,
    precision: Annotated[str | None, typer.Option(help="auto (the faster one here), fp32 or bf16.")] = None,
    size: Annotated[
        str | None, typer.Option(help="pad: at its own size; resize: at the training's, and back. [default: pad]")
    ] = None,
    alpha: Annotated[
        str | None, typer.Option(help="Transparency: keep, translate (apart) or drop. [default: keep]")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Only say what would be written.")] = False,
    step: Step = None,
    raw: Raw = False,
    device: Processor = "auto",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Translate pictures by a trained network: files and folders in, the same tree of files out.

    Ctrl-C stops; what is done stays, and the same command goes on. One picture that fails stops no other.
    """
    from .jobs.apply import Manner
    from .jobs.naming import Output, listed
    from .jobs.translate import TranslateJob

    output = Output.parse(given(pattern=pattern, format=format, quality=quality, existing=existing, metadata=metadata))
    manner = Manner.parse(
        given(way=way, tile=tile, overlap=overlap, precision=precision, size=size, alpha=alpha, seed=seed)
    )
    output.check()
    translator = translator_of(snapshot, root, step, raw, device, direction, as_trained)
    if names:
        return say_names([(item.source, item.target) for item in listed(files, out, output, translator)], as_json)
    job = TranslateJob(translator, files, out, output, manner, journal=False)
    display = view(as_json, live=sys.stdout.isatty())
    with contextlib.closing(display), stopping(job.inbox, display, 0.0) as stop:
        events = iter(job)
        with contextlib.closing(events):  # type: ignore[type-var]  # a generator
            failed = translate_all(events, display, job.inbox, as_json)
    raise typer.Exit(INTERRUPTED if stop.by is not None else FAILED if failed else OK)


def given(**values: Any) -> dict[str, Any]:
    """What was typed."""
    return {name: value for name, value in values.items() if value is not None}


def say_names(names: list[tuple[Path, Path]], as_json: bool) -> None:
    if as_json:
        return print_json([{"source": str(source), "target": str(target)} for source, target in names])
    for source, target in names:
        typer.echo(f"{source} -> {target}")


def translate_all(events: Iterable[Any], display: View, inbox: Inbox, as_json: bool) -> bool:
    """Show what is translated; whether anything failed. A queue that pauses by itself is stopped: nobody is there."""
    from .jobs.events import FileState, Finished, Paused, Stopped
    from .jobs.inbox import Stop

    failed, ends = False, Counter[str]()
    for event in events:
        match event:
            case Paused(reason=reason) if reason:
                inbox.put(Stop())
                failed = True
                if not as_json:
                    typer.echo(reason, err=True)
                    continue
            case FileState(state="done" | "failed" | "skipped" as state):
                ends[state] += 1
            case Finished() | Stopped() if not as_json:  # they speak of steps
                continue
        display.show(event)
    if not as_json:
        typer.echo(", ".join(f"{count} {state}" for state, count in ends.items()) or "nothing done")
    return failed or bool(ends["failed"])


def translator_of(
    name: str, root: Path | None, step: int | None, raw: bool, device: str, direction: str, as_trained: bool | None
) -> Translator:
    """Of a run by its name or folder, or of a file. Raises ConfigError."""
    from .jobs.translators import open_translator

    return open_translator(file_or_run(name, root), step, direction, raw, device, as_trained)


# --- data ------------------------------------------------------------------------------------------------------------


@data_app.callback(invoke_without_command=True)
@in_sentences
def list_data(context: typer.Context, as_json: AsJson = False) -> None:
    """List what can be learnt from, and whether it is here."""
    if context.invoked_subcommand:
        return
    rows = data_rows()
    if as_json:
        return print_json(rows)
    for row in rows:
        typer.echo(f"{row['kind']:14}  {row['name']:16}  {row['state']:9}  {row['title']}: {row['about']}")


def data_rows() -> list[dict[str, Any]]:
    from .data import SOURCES

    return [data_row(source) for entry in SOURCES for source in entry.variants()]


def data_row(source: Source) -> dict[str, Any]:
    """ "to fetch": the download is still to come; "to choose": a setting is."""
    missing = source.missing()
    try:
        source.check()
        state = "to fetch" if missing else "ready"
    except ConfigError:
        state = "to choose"
    values = source.plain()
    name = values.get("name", "")
    return {
        "kind": source.kind,
        "name": name,
        "title": source.called(),
        "about": missing or source.about,
        "state": state,
    }


@data_app.command("preview")
@in_sentences
def preview(
    target: Annotated[str, typer.Argument(metavar="SOURCE|PRESET|CONFIG.toml")],
    settings: Set = [],  # noqa: B006 (read only)
    out: Annotated[Path | None, typer.Option(help="The picture. [default: TARGET.png]")] = None,
    count: Annotated[int, typer.Option(help="So many samples.", min=1, max=10_000)] = 64,
) -> None:
    """Draw real samples as the training sees them, augmented."""
    from . import images
    from .data import SOURCES
    from .jobs.pictures import one_picture
    from .jobs.settings import RunConfig
    from .jobs.shown import shown

    kinds = [entry.kind for entry in SOURCES]
    values: dict[str, Any] = {"data": target if target in kinds else presets.find(target).values.get("data", "digits")}
    with contextlib.suppress(ConfigError):
        values = {"data": RunConfig.parse(values).data.plain()}
    for path, value in changes(settings).items():
        put(values, path, value)
    dataset = carried(RunConfig.parse(values).data.prepare())
    for note in dataset.notes:
        typer.echo(note, err=True)
    picture = out or Path(f"{Path(target).stem}.png")
    images.write_png(picture, one_picture(shown(dataset, count, 0).real().array))
    typer.echo(str(picture))


@data_app.command("download")
@in_sentences
def download(name: Annotated[str, typer.Argument(metavar="NAME", help="Such as mnist or cifar10.")]) -> None:
    """Fetch a published data set; Ctrl-C cancels."""
    from .data import torchvision_sets

    carried(torchvision_sets.download(name))
    typer.echo(f"{name} is in {torchvision_sets.folder()}")


def carried(work: Any) -> Any:
    """What long work returns, its progress shown; Ctrl-C cancels it."""
    display = view(as_json=False, live=sys.stderr.isatty(), err=True)
    with contextlib.closing(display), contextlib.closing(work):
        while True:
            try:
                display.show(next(work))
            except StopIteration as done:
                return done.value


# --- doctor and export -----------------------------------------------------------------------------------------------


@doctor_app.callback(invoke_without_command=True)
@in_sentences
def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check Python, Qt, torch, the device, the screen, the folders and the disk, and train for two seconds."""
    if context.invoked_subcommand:
        return
    from .jobs.doctor import check_up

    raise typer.Exit(checked(check_up(), view(as_json, live=False)))


@doctor_app.command("resume")
@in_sentences
def doctor_resume(run: RunName, root: Root = None, as_json: AsJson = False) -> None:
    """Prove on a run that stop-and-resume equals not stopping, bit for bit. The run itself is only read."""
    from .jobs.doctor import prove_resume

    display = view(as_json, live=sys.stdout.isatty())
    raise typer.Exit(checked(prove_resume(opened(run, root)), display))


def checked(events: Iterable[Any], display: View) -> int:
    """Show what was checked; the exit code."""
    from .jobs.doctor import Check

    failed = False
    with contextlib.closing(display):
        for event in events:
            display.show(event)
            failed |= isinstance(event, Check) and event.outcome == "failed"
    return FAILED if failed else OK


# --- evaluate and diagnose -------------------------------------------------------------------------------------------


@app.command("evaluate")
@in_sentences
def evaluate_samples(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="RUN|FOLDER|FILE", help="A run's name or folder, a folder or zip of pictures, or netG.pth."
        ),
    ],
    against: Annotated[
        str, typer.Option(metavar="FOLDER|RUN", help="What is real. [default: what the run learnt from]")
    ] = "",
    metrics: Annotated[
        list[str], typer.Option("--metric", help="What is measured, several times: frechet, kernel. [default: all]")
    ] = [],  # noqa: B006 (read only)
    features: Annotated[
        str | None, typer.Option(help="What looks at pictures: own-classifier, pixels ... [default: what suits]")
    ] = None,
    samples: Annotated[int | None, typer.Option(help="So many of each kind. [default: 2000]")] = None,
    every: Annotated[bool, typer.Option("--every-checkpoint", help="Of a run: all its checkpoints, in order.")] = False,
    step: Step = None,
    raw: Raw = False,
    direction: Way = "",
    best_by: Annotated[
        str, typer.Option(metavar="MEASURE", help="Say which checkpoint is best by it: frechet, precision ...")
    ] = "",
    star: Annotated[bool, typer.Option("--star", help="And give that checkpoint a star, which keeps it.")] = False,
    settings: Annotated[
        list[str], typer.Option("--set", metavar="KEY=VALUE", help="rounds=0, seed=5, metrics.0.share=0.2 ...")
    ] = [],  # noqa: B006 (read only)
    use_kept: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Use and keep what was seen in these real samples before.")
    ] = True,
    pages: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="And show failure: classes, nearest pictures, map, spectrum, walks."),
    ] = None,
    device: Processor = "auto",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Measure how near samples come to real ones, each number with its interval. Ctrl-C keeps what was measured.

    A run keeps its numbers, and numbers that it has are not measured again.
    """
    from .jobs.evaluate import Evaluation, check_measure, evaluate, metric_of
    from .jobs.snapshots import checkpoint_of
    from .jobs.subjects import Chosen, every_checkpoint

    if star and not best_by:
        raise ConfigError("--star needs a measure to choose the checkpoint by, such as --best-by frechet.")
    if every and step is not None:
        raise ConfigError("--every-checkpoint measures all steps; leave out --step, or name the one with it alone.")
    one = Chosen(place_of(subject, root), step, raw, device, direction)
    if best_by:
        check_measure(best_by)
        checkpoint_of(one.path)  # a run
    values: dict[str, Any] = {"metrics": [metric_of(word) for word in metrics]}
    values |= {"against": str(place_of(against, root))} if against else {}
    values |= {"features": features} if features is not None else {}
    values |= {"samples": samples} if samples is not None else {}
    for path, value in changes(settings).items():
        put(values, path, value)
    events = evaluate(every_checkpoint(one) if every else [one], Evaluation.parse(values), use_kept)
    code = measured(events, as_json)
    if best_by and code == OK:
        tell_best(one.path, best_by, star, as_json)
    if pages is not None and code == OK:
        from .jobs.closely import Closely
        from .jobs.closely_page import write_page

        how = {key: values[key] for key in ("features", "against", "seed") if key in values}
        exported(write_page(one, Closely.parse(how), pages), as_json)
    raise typer.Exit(code)


@app.command("compare")
@in_sentences
def compare_runs(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help="Two runs or more.")],
    by: Annotated[
        str, typer.Option(metavar="MEASURE", help="What chooses the best step of each: frechet, precision ...")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write a page, .html, or .md with its pictures.")
    ] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Hold runs against each other: what `evaluate` measured of them, and which settings differ."""
    from .jobs.comparison import compare
    from .jobs.comparison_report import export_comparison

    found = [opened(name, root) for name in names]
    if out is not None:
        return exported(export_comparison(found, out, by), as_json)
    from .terminal_compare import comparison_rows, print_comparison

    comparison = compare(found, by)
    if as_json:
        for row in comparison_rows(comparison):
            typer.echo(json.dumps(row, allow_nan=False))
    else:
        print_comparison(comparison)


def measured(events: Generator[Any, None, None], as_json: bool) -> int:
    """Show what is measured, and after Ctrl-C what was; the exit code."""
    from .terminal_evaluate import evaluation_view, print_tables

    display = evaluation_view(as_json, live=sys.stderr.isatty())
    found: list[Any] = []
    code = OK
    try:
        with contextlib.closing(display), contextlib.closing(events):
            for event in events:
                if type(event).__name__ == "Evaluated":
                    found.append(event)
                display.show(event)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if found and not as_json:
        print_tables(found)
    return FAILED if code == OK and not any(evaluated.numbers for evaluated in found) else code


def place_of(name: str, root: Path | None) -> Path:
    """Of a run by its name, or of a folder or file. Raises ConfigError."""
    from . import runs

    with contextlib.suppress(ConfigError):
        return runs.open_run(name, root).folder
    if not Path(name).expanduser().exists():
        raise ConfigError(f"There is no run, file or folder {name}. `gan-studio runs` lists the runs there are.")
    return Path(name).expanduser()


def tell_best(path: Path, measure: str, star: bool, as_json: bool) -> None:
    """Which checkpoint of a run is best by what was ever measured of it. Raises ConfigError."""
    from .jobs.evaluations import best, read
    from .jobs.snapshots import checkpoint_of

    run, _ = checkpoint_of(path)
    checkpoint = run.checkpoint_at(best(read(run), measure, [checkpoint.step for checkpoint in run.checkpoints()]))
    if star:
        checkpoint.star()
    if as_json:
        typer.echo(json.dumps({"event": "best", "measure": measure, "step": checkpoint.step, "starred": star}))
    else:
        typer.echo(f"Best by {measure}: step {checkpoint.step:,}{', which has a star now' if star else ''}.")


@app.command("diagnose")
@in_sentences
def diagnose(
    run: RunName,
    apply: Annotated[
        int | None, typer.Option("--apply", metavar="N", help="Make the branch that does what remedy N says.")
    ] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a training, where its curves show it, and what helps. The run itself is only read."""
    from dataclasses import asdict

    from .jobs.diagnose import branch, diagnose
    from .terminal_diagnosis import told

    subject = opened(run, root)
    diagnosis = diagnose(subject)
    if apply is None:
        print_json(jsonable(asdict(diagnosis))) if as_json else typer.echo(told(diagnosis))
        return
    offered = diagnosis.remedies
    if not 1 <= apply <= len(offered):
        numbers = f"1 to {len(offered)}" if offered else "none"
        raise ConfigError(f"There is no remedy {apply}; `gan-studio diagnose {run}` lists those there are ({numbers}).")
    new = branch(subject, *offered[apply - 1])
    if as_json:
        print_json({"run": str(new.folder)})
    else:
        typer.echo(f"{offered[apply - 1][1].sentence}\nTrain it with: gan-studio train --resume {resumable(new)}")


@export_app.command("report")
@in_sentences
def export_report(
    run: RunName,
    out: Annotated[Path | None, typer.Argument(metavar="OUT.html", help="The file. [default: RUN.html here]")] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page, to mail or print.

    It holds samples on the way, the curves, the settings and what differs, the environment, and how to do it again.
    """
    from .jobs.report import file_name, report

    source = opened(run, root)
    exported(report(source, out or Path(file_name(source))), as_json)


@export_app.command("curves")
@in_sentences
def export_curves(
    run: RunName,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="The file. [default: to the screen]")] = None,
    root: Root = None,
    as_json: Annotated[bool, typer.Option("--json", help="On the screen as JSON: names, steps, values.")] = False,
) -> None:
    """Write the curves as CSV, or as JSON.

    CSV has a column for each curve and a row for each step, empty where nothing was measured.
    """
    from . import tables
    from .jobs import exports

    source = opened(run, root)
    if csv is not None:
        exported(exports.export_curves(source, csv), as_json)
    else:
        typer.echo((tables.as_json if as_json else tables.as_csv)(source.curves()), nl=False)


@export_app.command("timelapse")
@in_sentences
def export_timelapse(
    run: RunName,
    out: Annotated[
        Path | None, typer.Argument(metavar="OUT", help=".gif, .webp, .apng or .mp4. [default: RUN.gif]")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second. [default: 12]")] = None,
    zoom: Annotated[int | None, typer.Option(help="Each pixel becomes so many wide and high.")] = None,
    first: Annotated[int | None, typer.Option(help="Begin at this step.")] = None,
    last: Annotated[int | None, typer.Option(help="End at this step.")] = None,
    every: Annotated[int | None, typer.Option(help="Take each n-th frame, and the last.")] = None,
    hold: Annotated[float | None, typer.Option(help="Seconds that the last frame stays. [default: 2]")] = None,
    caption: Annotated[bool, typer.Option(help="Write title and step beneath.")] = True,
    raw: Annotated[bool, typer.Option("--raw", help="By the weights as they are, not their average.")] = False,
    landscape: Annotated[bool, typer.Option("--map/--no-map", help="On points: what D takes for real.")] = True,
    arrows: Annotated[bool, typer.Option("--pull/--no-pull", help="On points: where G's loss pulls them.")] = True,
    grid: Annotated[bool, typer.Option("--grid", help="On points: G of an even grid of latents.")] = False,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Write the samples as a film.

    It goes from step to step; on points each frame is the plane with what D thinks of it.
    """
    from .jobs.timelapse import Film, file_name, timelapse

    given = {"frames_per_second": fps, "zoom": zoom, "first": first, "last": last, "every": every, "hold": hold}
    values = {name: value for name, value in given.items() if value is not None}
    source = opened(run, root)
    layers = {"landscape": landscape, "arrows": arrows, "grid": grid}
    film = Film.parse(values | layers | {"caption": caption, "raw": raw})
    exported(timelapse(source, out or Path(file_name(source)), film), as_json)


@export_app.command("onnx")
@in_sentences
def export_onnx(
    snapshot: Translating,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file. [default: RUN.onnx]")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of the file that is there.")] = False,
    direction: Way = "",
    as_trained: AsTrained = None,
    step: Step = None,
    raw: Raw = False,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Write a translator as ONNX, for pictures of any size that it takes: [N, C, H, W] in [-1, 1]."""
    from .jobs.export_network import export_onnx

    translator = translator_of(snapshot, root, step, raw, "cpu", direction, as_trained)
    exported(export_onnx(translator, out or Path(f"{translator.about['run']}.onnx"), replace), as_json)


@export_app.command("safetensors")
@in_sentences
def export_safetensors(
    snapshot: Translating,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Ending in .safetensors or .pth. [default: RUN.safetensors]")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of the file that is there.")] = False,
    direction: Way = "",
    step: Step = None,
    raw: Raw = False,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Write a translator's weights, which GAN Studio opens again.

    ResNets and U-Nets have the names of pytorch-CycleGAN-and-pix2pix, so that it opens them too.
    """
    from .jobs.export_network import export_weights

    translator = translator_of(snapshot, root, step, raw, "cpu", direction, None)
    exported(export_weights(translator, out or Path(f"{translator.about['run']}.safetensors"), replace), as_json)


@export_app.command("tensorboard")
@in_sentences
def export_tensorboard(
    run: RunName,
    out: Annotated[Path | None, typer.Option(help="The folder. [default: tensorboard in the run]")] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Write event files for TensorBoard: curves and samples."""
    from .jobs.tensorboard import export

    display = view(as_json, live=sys.stdout.isatty())
    with contextlib.closing(display):
        for event in export(opened(run, root), out):
            display.show(event)


@export_app.command("gallery")
@in_sentences
def export_gallery(
    run: Maker,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help=".png, .html, .pdf, .zip, or a folder. [default: RUN-gallery.png]"),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="From the first to the last: 0-99; or the first alone. [default: 0]")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(help="At most so many, after sorting. [default: all of the seeds, or 64]", min=1, max=1_000_000),
    ] = None,
    truncation: Annotated[float, typer.Option(help="As of `sample`.", min=-2, max=2)] = 1.0,
    classes: Annotated[
        str, typer.Option(help="Where it has classes: each seed in each of these, 0,1,2 or all, side by side.")
    ] = "",
    sort: Annotated[str, typer.Option(help="seed, score (of D, what it takes for real first), or novelty.")] = "seed",
    starred: Annotated[
        bool, typer.Option("--starred", help="What has a star in the Gallery tab; with --seeds, of these alone.")
    ] = False,
    novel: Annotated[bool, typer.Option("--novel", help="Without near copies of training pictures.")] = False,
    by_features: Annotated[
        bool,
        typer.Option("--by-features", help="Novelty is told by what D sees, or random convolutions; not by pixels."),
    ] = False,
    strips: Annotated[
        int | None, typer.Option(help="Instead: so many pictures on the way from each seed to the next.", min=2)
    ] = None,
    columns: Annotated[int | None, typer.Option(help="Pictures side by side. [default: 8; strips: all]")] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of a page. [default: as many as there is room for]")] = None,
    width: Annotated[int | None, typer.Option(help="Of a picture in a PNG, in pixels.")] = None,
    margin: Annotated[int | None, typer.Option(help="Around all, in pixels or points. [default: 24]")] = None,
    gap: Annotated[int | None, typer.Option(help="Between pictures. [default: 8]")] = None,
    captions: Annotated[bool, typer.Option(help="Write seed, score and novelty beneath each.")] = True,
    heading: Annotated[bool, typer.Option(help="Write what they are above them.")] = True,
    black: Annotated[bool, typer.Option("--black", help="On black instead of white.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of the file that is there.")] = False,
    step: Step = None,
    raw: Raw = False,
    device: Annotated[str, typer.Option(help="As of `sample`; what the CPU draws opens again bit for bit.")] = "cpu",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Write many pictures: a contact sheet, a page for browsers, a print, a data set, or a file for each.

    Those of a page, a folder or a data set carry their recipes: drop one onto the window to go on from it.
    """
    from .classes import listed
    from .jobs import gallery, gallery_export, marks
    from .jobs.explore import view_of
    from .jobs.sheet import Sheet

    snapshot = snapshot_of(run, root, step, raw, device)
    several = listed(classes, snapshot.classes) if classes else []
    numbers = seed_range(
        "0" if seeds is None else seeds, max(1, 64 // max(1, len(several))) if count is None else count
    )
    if len(numbers) * len(several) > MOST_PICTURES:
        raise ConfigError(
            f"{len(numbers):,} seeds in {len(several):,} classes are too many pictures; name fewer seeds."
        )
    side_by_side = strips or len(several) or None if columns is None else columns
    values: dict[str, Any] = {"columns": side_by_side, "rows": rows, "width": width}
    values |= {"margin": margin, "gap": gap, "ground": "black" if black else None}
    sheet = Sheet.parse(
        {name: value for name, value in values.items() if value is not None}
        | {"captions": captions, "heading": heading}
    )
    how = gallery.Arrangement.parse({"order": sort, "novel_only": novel, "starred_only": starred, "rejected": True})
    view = view_of(snapshot).with_values({"psi": truncation})
    samples = gallery.by_seeds(view, numbers)
    if starred:
        kept = marks.read(snapshot)
        samples = kept.starred(snapshot) if seeds is None else kept.marked(samples)
    if several:
        samples = gallery.of_each(samples, several)
    if strips is not None:
        samples = gallery.strips(snapshot, [sample.view for sample in samples], strips)
    path = out or Path(f"{snapshot.about['run']}-gallery.png")

    def work() -> Iterator[Any]:
        gallery_export.refuse(path, replace)
        is_novelty_wanted = novel or sort == "novelty"
        found = yield from gallery.measured(snapshot, samples, sort == "score", is_novelty_wanted, by_features)
        shown = [found[place] for place in gallery.arranged(found, how)]
        yield from gallery_export.export_gallery(
            snapshot, shown if strips is not None else shown[:count], path, sheet, replace
        )

    exported(work(), as_json)


def seed_range(text: str, count: int) -> range:
    """ "5-9" as these seeds, "5" as so many from it on. Raises ConfigError."""
    first, dash, last = text.partition("-")
    try:
        numbers = range(int(first), int(last) + 1 if dash else int(first) + count)
    except ValueError:
        numbers = range(0)
    if not 0 < len(numbers) <= MOST_PICTURES:
        raise ConfigError(f"--seeds {text}: write the first and the last, such as 0-99, or the first alone.")
    return numbers


def exported(events: Iterable[Any], as_json: bool) -> None:
    """Show work that ends with files: how far it is on stderr, where they lie on stdout; all on stdout as JSON."""
    from .jobs.events import Exported

    display = view(as_json, live=sys.stderr.isatty(), err=True)
    written = []
    with contextlib.closing(display):
        for event in events:
            if isinstance(event, Exported) and not as_json:
                written.append(event.path)
            else:
                display.show(event)
    for path in written:
        typer.echo(str(path))


# --- without a screen ------------------------------------------------------------------------------------------------


def train_default(minutes: float = 2.5) -> int:
    """What a start without a screen does: the default preset in the terminal; the exit code."""

    @in_sentences
    def command() -> None:
        run = created(presets.DEFAULT, {}, None, None)
        raise typer.Exit(carry_out(run, Manner(minutes=minutes)))

    try:
        command()
    except typer.Exit as ended:
        return ended.exit_code
    return OK


def version_asked(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", callback=version_asked, is_eager=True, help="Say it.")] = False,
) -> None:
    pass
