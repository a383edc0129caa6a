"""What the Train tab is about: the settings of a run to come, or a run that is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...runs import Run

NEW = "New run"


@dataclass
class Subject:
    """One for the room and its parts; `run` may be another one than the run in training."""

    title: str = NEW
    preset: str = ""  # its id, "" for settings from elsewhere
    run: Run | None = None
    values: dict[str, Any] = field(default_factory=dict)  # what the form showed at first: edits are measured by it
    branch_step: int | None = None  # the checkpoint to branch from; None is the newest
    followed: bool = False  # another process writes the run

    def become(self, title: str, preset: str = "", run: Run | None = None, branch_step: int | None = None) -> None:
        """Something else is looked at."""
        self.title, self.preset, self.run, self.branch_step = title, preset, run, branch_step
        self.values, self.followed = {}, False

    def is_about(self, run: Run | None) -> bool:
        return run is not None and self.run is not None and run.folder == self.run.folder

    def edits(self, values: dict[str, Any]) -> dict[str, Any]:
        """{path: new value} of what stands otherwise in `values`."""
        from ...config import differences

        return {path: new for path, (_, new) in differences(self.values, values).items()}

    def is_live(self, path: str) -> bool:
        """Whether a run with these settings takes a change of this one as it trains."""
        from ...config import ConfigError, is_live
        from ...jobs.settings import RunConfig

        try:
            return is_live(RunConfig.parse(self.values), path)
        except ConfigError:
            return False
