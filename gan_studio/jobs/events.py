"""What jobs tell: frozen events of floats, strings and NumPy copies, never live tensors or modules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..progress import Progress

__all__ = [
    "Changed",
    "Checkpoint",
    "Curves",
    "Event",
    "Exported",
    "FileState",
    "Finished",
    "Forecast",
    "Landscape",
    "Lane",
    "Listed",
    "Log",
    "Looked",
    "Paused",
    "Progress",
    "Real",
    "Resumed",
    "Samples",
    "Started",
    "Stopped",
    "Translating",
    "Turn",
]


@dataclass(frozen=True)
class Event:
    """Base of all events but `Progress`, which data sources yield too."""


@dataclass(frozen=True)
class Log(Event):
    """A line for the log pane; level is "info", "warning" or "error"."""

    text: str
    level: str = "info"


@dataclass(frozen=True)
class Forecast(Event):
    """What the dry run measured and picked."""

    picked: str  # "bf16, channels-last"
    device: str  # "CPU (2 cores)", "NVIDIA H200"
    table: tuple[tuple[str, float], ...]  # (candidate, seconds a step), fastest first
    seconds_per_step: float
    samples_per_second: float
    memory_bytes: int  # of the process (CPU) or allocated on the device
    on_card: bool = False  # which of the two


@dataclass(frozen=True)
class Started(Event):
    """The training is about to take its first step; `step` is not 0 when it resumes."""

    run: Path
    step: int
    steps: int


@dataclass(frozen=True)
class Real(Event):
    """A fixed set of real samples to look at: pictures [N, H, W, C] uint8 or points [N, 2] float32.

    Of data with pictures A and B, each is the two side by side.
    """

    array: np.ndarray
    columns: tuple[str, ...] = ()  # where samples are rows of pictures: what each picture of a row is


@dataclass(frozen=True)
class Looked(Event):
    """What a data source gives: samples as they are trained on, and how some of them are augmented."""

    real: np.ndarray  # as in `Real`
    augmented: np.ndarray | None  # [K, 1 + V, H, W, C] uint8: a picture as it is, then V versions; None without any
    size: int | None  # number of samples; None is endless
    classes: tuple[tuple[str, int], ...]  # (name, number of samples), where they are known
    skipped: tuple[tuple[str, str], ...]  # (file, why it was left out)
    notes: tuple[str, ...]  # what else a person should know


@dataclass(frozen=True)
class Curves(Event):
    """Scalars of the steps since the last such event: `values[name][i]` is of `steps[i]`, NaN where not measured."""

    steps: np.ndarray  # [K] int64
    values: dict[str, np.ndarray]  # {name: [K] float32}
    samples_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Samples(Event):
    """What G makes of the fixed latents: pictures [N, H, W, C] uint8 or points [N, 2] float32.

    Of a training that translates, each is a row of pictures side by side; `Real.columns` says what they are.
    """

    step: int
    array: np.ndarray  # by the average of G's weights, where one is kept
    raw: np.ndarray | None = None  # by the weights as they are, where an average is kept beside them


@dataclass(frozen=True)
class Landscape(Event):
    """On 2-D data, what D thinks of the plane and what G makes of it.

    logits[row, column] on a square grid: row 0 is at y = -extent, column 0 at x = -extent. They are the log odds that D
    takes a place for real, as its objective scores it; of a critic, whose answers have no scale, what they are above
    the middle of its mean answers to real and to generated points, the farthest being 5.
    """

    step: int
    logits: np.ndarray  # [R, R] float32
    extent: float
    pull: np.ndarray | None = None  # [M, 2] float32: minus the gradient of G's loss at the first M generated points
    warped: np.ndarray | None = None  # [K, K, 2] float32: G of an even grid in the plane of its first two latents


@dataclass(frozen=True)
class Checkpoint(Event):
    step: int
    path: Path


@dataclass(frozen=True)
class Exported(Event):
    """A file for others is written, whole."""

    path: Path


@dataclass(frozen=True)
class Changed(Event):
    """A live option was changed before step `step + 1`."""

    step: int
    path: str
    old: object
    new: object


@dataclass(frozen=True)
class Paused(Event):
    """The training waits for a command; `reason` is "" when the user asked, else a sentence (full disk, NaN ...)."""

    step: int
    reason: str = ""


@dataclass(frozen=True)
class Resumed(Event):
    step: int


@dataclass(frozen=True)
class Stopped(Event):
    """The end before the last step, saved; `reason` as in `Paused`."""

    step: int
    reason: str = ""


@dataclass(frozen=True)
class Finished(Event):
    step: int


@dataclass(frozen=True)
class Listed(Event):
    """What is to be translated to where, told first; all of it waits."""

    items: tuple[tuple[Path, Path], ...]  # (source, target)


@dataclass(frozen=True)
class FileState(Event):
    """What became of one picture of the list; after "failed" and "skipped" `reason` says why."""

    index: int  # in the list
    source: Path
    target: Path
    state: str  # "waiting", "working", "done", "failed" or "skipped"
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Translating(Event):
    """How far it is, about ten times a second; NaN where nobody knows yet."""

    index: int  # the picture that is worked on
    share: float  # of it that is done
    done: int  # pictures that are done, failed or skipped
    total: int
    seconds_left: float
    pictures_per_second: float


@dataclass(frozen=True)
class Turn(Event):
    """Told only in a race, between two steps and whenever a paused lane waits: all that came so far is done."""

    step: int


@dataclass(frozen=True)
class Lane(Event):
    """What one lane of a race told: any event of a training. Events that come bare are about the race as a whole."""

    index: int
    event: Event | Progress
