"""What can be exported of a run: its report, its curves, and files for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from ..commands import Commands
from ..exporting import Exporting, suffix_of
from ..widgets.notice import Notices

if TYPE_CHECKING:
    from ...runs import Run
    from ..widgets.curves import CurvesView

COMMANDS = ("report", "export_curves", "export_tensorboard")
NO_RUN = "Open a run first."
PAGE = "Web page (*.html)"
CURVES = ("Table (*.csv)", "Picture (*.png)", "Drawing (*.svg)", "Names and numbers (*.json)")
TABLES = (".csv", ".json")  # these are made of the run's files, the others of what is drawn


class Exports(Exporting):
    """Of the run that is shown. Other exports are made with `ask` and `write`."""

    def __init__(
        self,
        room: QWidget,
        commands: Commands,
        notices: Notices,
        tell: Callable[[Exception], object],
        curves: CurvesView,
    ):
        super().__init__(room, notices, tell)
        self._commands, self._curves = commands, curves
        self._run: Run | None = None
        for id, slot in zip(COMMANDS, (self.report, self.curves, self.tensorboard), strict=True):
            commands.on(id, slot)
        self.show_run(None)

    def show_run(self, run: Run | None) -> None:
        """What the commands are about from now on."""
        self._run = run
        for id in COMMANDS:
            self._commands.allow(id, "" if run else NO_RUN)

    # what there is to export

    def report(self) -> None:
        if self._run:
            self.report_of(self._run)

    def report_of(self, run: Run) -> None:
        self.ask("Export the report", f"{run.name}.html", [PAGE], partial(self._write_report, run))

    def _write_report(self, run: Run, path: Path) -> None:
        from ...jobs.report import report

        self.write(report(run, path), "Writing the report")

    def curves(self) -> None:
        if self._run:
            self.curves_of(self._run)

    def curves_of(self, run: Run) -> None:
        """Pictures are made of what is drawn, and so only of the run that is shown."""
        kinds = [kind for kind in CURVES if self._is_shown(run) or f".{suffix_of(kind)}" in TABLES]
        self.ask("Export the curves", f"{run.name}-curves.csv", kinds, partial(self._write_curves, run))

    def _write_curves(self, run: Run, path: Path) -> None:
        from ...jobs.exports import export_curves

        if path.suffix.lower() in TABLES:
            self.write(export_curves(run, path), "Writing the curves")
        elif self._is_shown(run):
            self._draw_curves(path)
        else:
            self._tell(
                _refused(f"A picture is made of the curves on the screen; open {run.name} first, or write .csv.")
            )

    def _draw_curves(self, path: Path) -> None:
        try:
            self._curves.export(path)
        except OSError as error:
            self._tell(_refused(f"{path} cannot be written ({error.strerror}); choose another place."))
        else:
            self.offer(path)

    def _is_shown(self, run: Run) -> bool:
        return self._run is not None and self._run.folder == run.folder

    def tensorboard(self) -> None:
        """Into the run's folder, where TensorBoard looks for it."""
        from ...jobs.tensorboard import export

        if run := self._run:
            folder = run.folder / "tensorboard"
            self.write(_then(export(run, folder), folder), "Writing for TensorBoard")


def _then(events: Iterator[Any], path: Path) -> Iterator[Any]:
    """A job that does not tell of its files itself."""
    from ...jobs.events import Exported

    yield from events
    yield Exported(path)


def _refused(sentence: str) -> Exception:
    from ...config import ConfigError

    return ConfigError(sentence)
