"""Doctor: checks the machine before a training, and proves on a run that stop-and-resume equals not stopping."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import platformdirs
import psutil
import torch

from .. import compute, presets, runs
from ..config import ConfigError, to_toml
from ..data import cache, torchvision_sets
from .events import Checkpoint, Curves, Event, Progress, Started, Stopped
from .inbox import Stop
from .settings import RunConfig
from .train import TrainJob, new_run

Outcome = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Check(Event):
    """One thing that was looked at; `text` says what was found and, if it is not ok, what to do."""

    name: str
    outcome: Outcome
    text: str


# --- the machine -----------------------------------------------------------------------------------------------------


def check_up(seconds: float = 2.0) -> Iterator[Check]:
    """Everything that a training and the window need; ends with a training of some `seconds`."""
    checks: list[Callable[[], Check]] = [_python, _qt, _torch, _device, _bf16, _memory, _screen, _extras]
    for check in checks:
        yield check()
    for name, folder in folders().items():
        yield _writable(name, folder)
    yield _disk(runs.default_root())
    yield _training(seconds)


def folders() -> dict[str, Path]:
    """Where GAN Studio writes."""
    return {
        "runs": runs.default_root(),
        "cache": cache.folder(),
        "data": torchvision_sets.folder(),
        "presets": presets.own_folder(),
        "log": Path(platformdirs.user_log_dir("gan-studio", appauthor=False)),
    }


def _python() -> Check:
    return Check("Python", "ok", f"{platform.python_version()} on {platform.platform()}")


def _qt() -> Check:
    version = _version("PySide6-Essentials")
    if version is None:
        return Check("Qt", "warning", "PySide6 is missing, so there is no window: pip install gan-studio.")
    if sys.version_info < (3, 12) and version.startswith("6.12.0"):
        return Check(
            "Qt",
            "failed",
            f"PySide6 {version} crashes on Python {platform.python_version()}: "
            'pip install "PySide6-Essentials<6.12", or use Python 3.12.',
        )
    return Check("Qt", "ok", f"PySide6 {version}")


def _torch() -> Check:
    cuda = f"CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
    return Check("torch", "ok", f"{torch.__version__} ({cuda}), torchvision {_version('torchvision') or 'missing'}")


def _device() -> Check:
    return Check("Device", "ok", compute.device_name(compute.pick_device()))


def _bf16() -> Check:
    fast = compute.has_fast_bf16(compute.pick_device())
    text = "tried by every dry run" if fast else "not fast here, so trainings use fp32"
    return Check("bf16", "ok", text)


def _memory() -> Check:
    memory = psutil.virtual_memory()
    text = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free, {compute.cores()} processor cores"
    if memory.available < 2**30:
        return Check("Memory", "warning", f"{text}; close other programs before a large training.")
    return Check("Memory", "ok", text)


SCREEN_PROBE = """
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
screen = app.primaryScreen()
print(app.platformName(), screen.size().width(), screen.size().height(), screen.devicePixelRatio())
"""


def _screen() -> Check:
    """In a process of its own: Qt ends a process that has no screen."""
    try:
        found = subprocess.run([sys.executable, "-c", SCREEN_PROBE], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("Screen", "warning", f"could not be asked ({error}); training in the terminal works.")
    if found.returncode:
        said = (found.stderr.strip().splitlines() or ["no reason given"])[0]
        return Check("Screen", "warning", f"no window can open here ({said}); training in the terminal works.")
    name, width, height, ratio = found.stdout.split()
    if name in ("offscreen", "minimal"):
        return Check("Screen", "warning", f"Qt draws to nowhere (QT_QPA_PLATFORM={name}); unset it to see the window.")
    return Check("Screen", "ok", f"{width} x {height} ({name}, scale {float(ratio):g})")


def _extras() -> Check:
    found = {"tensorboard": "tensorboardX"}
    missing = [extra for extra, module in found.items() if importlib.util.find_spec(module) is None]
    if missing:
        return Check("Extras", "warning", f'to have all: pip install "gan-studio[{",".join(missing)}]".')
    return Check("Extras", "ok", ", ".join(found))


def _writable(name: str, folder: Path) -> Check:
    title = f"Folder of {name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        variable = {"log": ""}.get(name, f" or set GAN_STUDIO_{name.upper()}")
        return Check(title, "failed", f"{folder} cannot be written ({error.strerror}); make it writable{variable}.")
    return Check(title, "ok", str(folder))


def _disk(folder: Path) -> Check:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free / 2**30
    if free < 2:
        return Check("Disk", "warning", f"{free:.1f} GiB free for runs; make room, or set GAN_STUDIO_RUNS.")
    return Check("Disk", "ok", f"{free:.0f} GiB free for runs")


def _training(seconds: float) -> Check:
    """A real run on eight Gaussians, in a folder that goes away."""
    config = RunConfig.parse(SMALL)
    began, steps, rate = math.inf, 0, 0.0
    try:
        with tempfile.TemporaryDirectory() as folder:
            job = TrainJob(new_run(config, "doctor", Path(folder)), dry_run=False)
            with closing(iter(job)) as events:
                for event in events:
                    if isinstance(event, Started):
                        began = time.perf_counter()
                    if isinstance(event, Curves):
                        steps, rate = int(event.steps[-1]), event.samples_per_second
                    if time.perf_counter() - began > seconds:
                        job.inbox.put(Stop())
                    if isinstance(event, Stopped) and event.reason:
                        return Check("Training", "failed", event.reason)
    except Exception as error:  # whatever it is, it is what was looked for
        return Check("Training", "failed", f"{type(error).__name__}: {error}")
    return Check("Training", "ok", f"{steps} steps of a small GAN, {rate:,.0f} samples/s")


SMALL: dict[str, Any] = {
    "data": {"kind": "toy2d"},
    "recipe": {
        "kind": "gan",
        "generator": {"kind": "mlp"},
        "discriminator": {"kind": "mlp"},
        "latent": {"dim": 2},
        "batch_size": 128,
    },
    "steps": 1_000_000,
    "samples_every": 1_000_000,
    "checkpoint_every": 1_000_000,
}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


# --- stop-and-resume equals not stopping -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """The steps of a proof: from `start` to `end`, stopped and resumed at `middle`."""

    start: int
    middle: int
    end: int
    checkpoint: runs.Checkpoint | None  # at `start`; None: from the beginning


def prove_resume(run: runs.Run, half: int = 10) -> Iterator[Check | Progress]:
    """Train from the newest checkpoint on, once straight and once stopped and resumed; compare every tensor.

    All in temporary folders: the run itself is only read. The last event is a Check. Raises ConfigError.
    """
    span = _span(run, half)
    with tempfile.TemporaryDirectory() as folder:
        straight = _copy(run, span, Path(folder) / "straight")
        stopped = _copy(run, span, Path(folder) / "stopped")
        yield from _train_to(straight, span.end, "straight")
        yield from _train_to(stopped, span.middle, "then stop")
        yield from _train_to(stopped, span.end, "resumed")
        different, count = compare(straight.checkpoint_at(span.end), stopped.checkpoint_at(span.end))
    yield _verdict(span, different, count)


def _span(run: runs.Run, half: int) -> Span:
    """Multiples of `half`, so that a checkpoint falls on the middle and on the end by itself. Raises ConfigError."""
    starts: list[tuple[int, runs.Checkpoint | None]] = [(c.step, c) for c in reversed(run.checkpoints())]
    for start, checkpoint in [*starts, (0, None)]:
        steps = RunConfig.parse(run.config_at(start)).steps
        part = max(1, min(half, steps // 2))
        middle = (start // part + 1) * part
        if middle + part <= steps:
            return Span(start, middle, middle + part, checkpoint)
    raise ConfigError(f"The run {run.name} has but one step; nothing can be resumed in it.")


def _copy(run: runs.Run, span: Span, folder: Path) -> runs.Run:
    """A run that stands at the start of the span, with the config and the engine of the real one."""
    (folder / "samples").mkdir(parents=True)
    (folder / "checkpoints").mkdir()
    for name in ("run.json", "engine.json"):
        if (run.folder / name).exists():
            shutil.copy(run.folder / name, folder)
    if span.checkpoint:
        shutil.copytree(span.checkpoint.path, folder / "checkpoints" / span.checkpoint.path.name)
    values = run.config_at(span.start) | {"checkpoint_every": span.end - span.middle, "keep_newest": 1000}
    (folder / "config.toml").write_text(to_toml(values), encoding="utf-8")
    return runs.Run(folder)


def _train_to(run: runs.Run, step: int, manner: str) -> Iterator[Progress]:
    """Train until the checkpoint of this step is there. Raises ConfigError."""
    job = TrainJob(run, dry_run=False)
    start, text = 0, ""
    with closing(iter(job)) as events:
        for event in events:
            match event:
                case Started():
                    start, text = event.step, f"step {event.step} to {step}, {manner}"
                    yield Progress(0, step - start, text)
                case Curves():
                    yield Progress(min(int(event.steps[-1]), step) - start, step - start, text)
                case Checkpoint() if event.step == step:
                    job.inbox.put(Stop())
                case Progress():
                    yield event
                case Stopped(reason=reason) if reason:
                    raise ConfigError(reason)


def compare(a: runs.Checkpoint, b: runs.Checkpoint) -> tuple[list[str], int]:
    """(names of the tensors and numbers that differ, how many there are); times are left out."""
    first, second = leaves(a.load()), leaves(b.load())
    names = [name for name in first.keys() | second.keys() if not name.endswith(".seconds")]
    return sorted(n for n in names if n not in first or n not in second or not same(first[n], second[n])), len(names)


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """{dotted path: tensor, number or text} of nested dicts, lists and tuples."""
    if isinstance(tree, (dict, list, tuple)):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        found: dict[str, Any] = {}
        for key, value in items:
            found |= leaves(value, f"{path}.{key}" if path else str(key))
        return found
    return {path: tree}


def same(a: Any, b: Any) -> bool:
    """Equal bit for bit."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and _bytes(a) == _bytes(b)
    return type(a) is type(b) and a == b


def _bytes(x: torch.Tensor) -> bytes:
    return x.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def _verdict(span: Span, different: list[str], count: int) -> Check:
    done = f"steps {span.start} to {span.end} straight, and again with a stop and a resumption at step {span.middle}"
    if not different:
        return Check("Resume", "ok", f"{done}: all {count} tensors and numbers are equal, bit for bit.")
    shown = ", ".join(different[:3]) + (" ..." if len(different) > 3 else "")
    return Check("Resume", "failed", f"{done}: {len(different)} of {count} tensors and numbers differ ({shown}).")
