"""Train: the job behind the Train tab and `gan-studio train`. (Being written: the signatures below are the contract.)"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .. import runs
from ..data import Progress
from .events import Event
from .inbox import Inbox
from .settings import RunConfig


def new_run(config: RunConfig, title: str, root: Path | None = None, preset: str = "") -> runs.Run:
    """A run folder for this config, ready to be trained. Raises ConfigError."""
    raise NotImplementedError


class TrainJob:
    """Train a run from where it stands to its last step. Iterate it for events; put commands into `inbox`.

    The first iteration takes the run's lock, prepares the data (yielding Progress), does the dry run (Progress, then
    Forecast), and yields Started, Real, then Curves (about ten times a second), Samples, Landscape, Checkpoint,
    Changed, Paused, Resumed, and at the end Finished or Stopped. Closing the iterator saves first. While paused it
    blocks in `inbox.wait()`. Raises ConfigError before Started where the config, data or folder cannot be used.
    """

    def __init__(self, run: runs.Run, spare_core: bool = False, dry_run: bool = True):
        self.run, self.spare_core, self.dry_run = run, spare_core, dry_run
        self.inbox = Inbox()

    def __iter__(self) -> Iterator[Event | Progress]:
        raise NotImplementedError
