"""A training as event files that TensorBoard opens: written beside a running training, or from a finished run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ..config import ConfigError
from ..runs import Run
from .events import Changed, Curves, Event, Forecast, Log, Progress, Samples
from .frames import frame_steps, read_frame
from .pictures import one_picture


class Board:
    """A folder of event files. Raises ConfigError where tensorboardX is missing or the folder cannot be written."""

    def __init__(self, folder: Path):
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise ConfigError(
                'TensorBoard files need the package tensorboardX: pip install "gan-studio[tensorboard]".'
            ) from None
        self.folder = folder
        try:
            self._writer = SummaryWriter(str(folder))
        except OSError as error:
            raise ConfigError(f"{folder} cannot be written ({error.strerror}); choose another folder.") from None

    def show(self, event: Event | Progress) -> None:
        match event:
            case Curves(steps, values):
                for name, column in values.items():
                    self.curve(name, steps, column)
            case Samples(step, array, _):
                self.picture("samples", one_picture(array), step)
            case Changed(step, path, old, new):
                self._writer.add_text("changes", f"{path}: {old} -> {new}", step)
            case Forecast():
                self._writer.add_text("engine", f"{event.picked} on {event.device}", 0)

    def curve(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            if np.isfinite(value):
                self._writer.add_scalar(tag(name), value, step)

    def picture(self, name: str, pixels: np.ndarray, step: int) -> None:
        """[H, W, C] uint8."""
        self._writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


def tag(curve: str) -> str:
    """A curve's name without what TensorBoard has no letters for: "D(real)" is "D.real", "W1, exact" is "W1-exact"."""
    return re.sub(r"[^\w./-]+", "-", curve.replace("(", ".").replace(")", ""))


def live(events: Iterable[Event | Progress], folder: Path) -> Iterator[Event | Progress]:
    """The same events, written to TensorBoard's files as they pass."""
    board = Board(folder)
    try:
        for event in events:
            board.show(event)
            yield event
    finally:
        board.close()


def export(run: Run, out: Path | None = None) -> Iterator[Event | Progress]:
    """Write the curves and samples of a run. Raises ConfigError."""
    run.config()  # whether it is one
    board = Board(out or run.folder / "tensorboard")
    try:
        curves, drawn = run.curves(), frame_steps(run)
        parts = len(curves) + len(drawn)
        for done, (name, (steps, values)) in enumerate(curves.items()):
            yield Progress(done, parts, f"curve {name}")
            board.curve(name, steps, values)
        for done, step in enumerate(drawn, len(curves)):
            yield Progress(done, parts, f"samples of step {step}")
            if frame := read_frame(run, step, raw=False):
                board.picture("samples", one_picture(frame.array), step)
            else:
                yield Log(f"The samples of step {step} are damaged and left out.", "warning")
        for change in run.changes():
            board.show(Changed(change["step"], change["path"], change.get("old"), change.get("new")))
        yield Progress(parts, parts, "written")
    finally:
        board.close()
    yield Log(f"Written to {board.folder}. Look at it with: tensorboard --logdir '{board.folder}'")
