"""The status bar: what happens, how fast, how far, how long still, and where it is computed. The same on every tab."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QStatusBar, QWidget

from .words import duration, rate

MESSAGE_MS = 5000
GAP = 10  # between the figures
STAGES = {
    "loading": "Getting ready…",
    "idle": "Ready",
    "preparing": "Preparing…",
    "running": "Training",
    "paused": "Paused",
    "stopping": "Saving…",
}


class StatusBar(QStatusBar):
    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.message = self._label("What is happening now")
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.addWidget(self.message, 1)
        self.rate = self._label("Real samples that the networks see in a second")
        self.steps = self._label("Steps done, of all steps")
        self.left = self._label("Time until the last step")
        self.bar = QProgressBar(maximum=1000, textVisible=False)
        self.bar.setFixedSize(160, 12)
        self.bar.setAccessibleName("Progress")
        self.device = self._label("Where it is computed, and in which precision")
        for widget in (self.rate, self.steps, self.left, self.bar, self.device):
            widget.setContentsMargins(GAP, 0, 0, 0)
            self.addPermanentWidget(widget)
        self.setContentsMargins(8, 0, 8, 0)
        self.setSizeGripEnabled(False)
        self._steps = 0
        self._stage = "loading"
        self._outcome = ""  # of the last training, while nothing trains
        self._fading = QTimer(self, singleShot=True, interval=MESSAGE_MS)
        self._fading.timeout.connect(self._say_stage)
        self.set_stage("loading")

    def set_stage(self, stage: str) -> None:
        self._stage = stage
        self._say_stage()
        self.bar.setVisible(stage not in ("idle", "loading"))
        if stage == "preparing":
            self.forget()
        if stage != "running":
            self.left.clear()
            self.rate.clear()

    def forget(self) -> None:
        """Nothing of the last training."""
        self._outcome = ""
        for label in (self.rate, self.steps, self.left, self.device):
            label.clear()
        self._fill(0, 1)
        self._say_stage()

    def say(self, text: str) -> None:
        """A message for a while, or until the next one."""
        self.message.setText(text)
        self._fading.start()

    def _say_stage(self) -> None:
        self._fading.stop()
        outcome = self._outcome if self._stage == "idle" else ""
        self.message.setText(outcome or STAGES[self._stage])

    def show_events(self, mail: list[Any]) -> None:
        """Only the last event of each kind is looked at."""
        from ..jobs import events

        for event in {type(event): event for event in mail}.values():
            match event:
                case events.Progress():
                    self.message.setText(event.text)
                    self._fill(event.done, event.total)
                case events.Forecast():
                    self.device.setText(f"{event.device}, {event.picked}")
                case events.Started():
                    self._steps = event.steps
                    self._at(event.step)
                case events.Curves():
                    self._at(int(event.steps[-1]))
                    self._forecast(event.samples_per_second, event.seconds_left)
                case events.Checkpoint():
                    self.say(f"Saved at step {event.step:,}")
                case events.Paused() if event.reason:
                    self.say(event.reason)
                case events.Stopped():
                    self._at(event.step)
                    self._outcome = event.reason or f"Stopped and saved at step {event.step:,}"
                case events.Finished():
                    self._at(event.step)
                    self._outcome = "Finished"

    def _at(self, step: int) -> None:
        self.steps.setText(f"{step:,} / {self._steps:,} steps")
        self._fill(step, self._steps)

    def _forecast(self, samples_per_second: float, seconds_left: float) -> None:
        self.rate.setText(rate(samples_per_second))
        known = 0 <= seconds_left < 1e9
        self.left.setText(f"{duration(seconds_left)} left" if known else "measuring…")
        end = time.strftime("%a %H:%M", time.localtime(time.time() + seconds_left)) if known else "not known yet"
        self.left.setToolTip(f"Time until the last step; the end: {end}")

    def _fill(self, done: int, total: int) -> None:
        """The bar; without a total it only moves."""
        self.bar.setRange(0, 1000 if total else 0)
        self.bar.setValue(round(1000 * done / total) if total else 0)

    def _label(self, tip: str) -> QLabel:
        label = QLabel(textFormat=Qt.TextFormat.PlainText)
        label.setToolTip(tip)
        label.setAccessibleDescription(tip)
        label.setForegroundRole(QPalette.ColorRole.WindowText)
        return label
