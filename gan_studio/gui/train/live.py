"""What a run in training tells, drawn as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLabel

from ...words import duration, rate
from .playback import Playback
from .results_panel import ResultsPanel
from .run_words import in_words
from .settings_panel import SettingsPanel
from .subject import Subject

if TYPE_CHECKING:
    from ..widgets.curves import CurvesView


class Live:
    """Draws lists of events; of pictures only the last of a list."""

    def __init__(
        self,
        subject: Subject,
        curves: CurvesView,
        playback: Playback,
        results: ResultsPanel,
        settings: SettingsPanel,
        forecast: QLabel,
    ):
        self.subject, self.settings = subject, settings
        self.curves, self.playback, self.results, self.forecast = curves, playback, results, forecast
        self.last_step = -1  # in the curves
        self._changes: list[int] = []  # the steps where settings were changed

    def begin(self, curves: dict[str, Any], changes: list[dict[str, Any]], checkpoints: list[int]) -> None:
        """What a run has told until now: {name: (steps, values)}, and the rows of its changes."""
        self.curves.set_curves(curves)
        self.last_step = max((int(steps[-1]) for steps, _ in curves.values() if len(steps)), default=-1)
        for change in changes:
            self._mark(change["step"], change["path"], change["old"], change["new"])
        self.playback.timeline.set_checkpoints(checkpoints)

    def forget(self) -> None:
        self.last_step, self._changes = -1, []
        self.curves.clear()
        self.curves.wait_no_more()
        self.forecast.clear()

    def draw(self, mail: list[Any]) -> None:
        from ...jobs import events
        from ...jobs.evaluations import Evaluated

        newest = {type(event): event for event in mail}
        if progress := newest.get(events.Progress):
            self.curves.wait_for(progress.text, progress.done, progress.total)
        if forecast := newest.get(events.Forecast):
            self._show_forecast(forecast)
        if started := newest.get(events.Started):
            self._go_on_from(started.step)
        self.extend([event for event in mail if isinstance(event, events.Curves)])
        for event in mail:
            if isinstance(event, events.Changed):
                self._mark(event.step, event.path, event.old, event.new)
            if isinstance(event, Evaluated):
                self._show_measured(event)
        if real := newest.get(events.Real):
            self.results.set_columns(real.columns)
            self.results.show_real(real.array)
        self._draw_samples(mail)
        if events.Checkpoint in newest:
            self.show_checkpoints()

    def _draw_samples(self, mail: list[Any]) -> None:
        """All of them have their place on the timeline; the last is drawn."""
        from ...jobs import events

        drawn = [event for event in mail if isinstance(event, events.Samples)]
        planes = [event for event in mail if isinstance(event, events.Landscape)]
        for samples in drawn[:-1]:
            self.playback.timeline.add_step(samples.step)
        for samples in drawn[-1:]:
            self.playback.add(samples)
        for plane in planes[-1:]:
            self.playback.add_landscape(plane)

    def _show_forecast(self, forecast: Any) -> None:
        """ "Forecast with bf16, channels-last: 214 samples/s, about 2 min in all"; a resumed run is not measured."""
        if not forecast.samples_per_second:
            self.forecast.setText(f"As before with {forecast.picked}")
            self.forecast.setToolTip(f"Computed on {forecast.device}, as this run or its parent was until now")
            return
        seconds = self.settings.form.current().get("steps", 0) * forecast.seconds_per_step
        whole = f", about {duration(seconds)} in all" if seconds else ""
        self.forecast.setText(f"Forecast with {forecast.picked}: {rate(forecast.samples_per_second)}{whole}")
        table = "\n".join(f"{name}: {1000 * seconds:.1f} ms a step" for name, seconds in forecast.table)
        self.forecast.setToolTip(f"Measured on {forecast.device} before the start:\n{table}")

    def _go_on_from(self, step: int) -> None:
        """A resumed run goes on from its checkpoint: what was told after it is taken back."""
        if step < self.last_step:
            self.curves.trim(step)
            self.last_step = step
        self._changes = [change for change in self._changes if change <= step]
        self.playback.timeline.set_changes(self._changes)
        self.playback.take_back(step)
        self.show_checkpoints()

    def show_checkpoints(self) -> None:
        if self.subject.run:
            self.playback.timeline.set_checkpoints([c.step for c in self.subject.run.checkpoints()])

    def extend(self, curves: list[Any]) -> None:
        for steps, values in merged(curves):
            new = steps > self.last_step  # what was read from the file is not told twice
            if new.any():
                self.curves.extend(steps[new], {name: column[new] for name, column in values.items()})
                self.last_step = int(steps[-1])

    def _show_measured(self, evaluated: Any) -> None:
        """What was measured of a checkpoint, at its step, which the curves have left behind."""
        import numpy as np

        values = {f"metrics/{number.measure}": np.array([number.value], np.float32) for number in evaluated.numbers}
        self.curves.extend(np.array([evaluated.step]), values)
        self.show_checkpoints()

    def _mark(self, step: int, path: str, old: object, new: object) -> None:
        self.curves.mark(step, in_words({path: (old, new)}))
        self._changes.append(step)
        self.playback.timeline.set_changes(self._changes)


def merged(curves: list[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Neighbouring Curves events with the same names as one: the widget is told once, not a hundred times."""
    from itertools import groupby

    import numpy as np

    for names, group in groupby(curves, key=lambda event: tuple(event.values)):
        events = list(group)
        values = {name: np.concatenate([event.values[name] for event in events]) for name in names}
        yield np.concatenate([event.steps for event in events]), values
