"""The status bar: what happens, how fast, how far, how long still, and where it is computed. The same on every tab."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QStatusBar, QWidget

from ..words import memory, rate, time_left

MESSAGE_MS = 5000
MEMORY_MS = 1000  # between two looks at the memory
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
        self.memory = self._label("Memory in use")
        for widget in (self.rate, self.steps, self.left, self.bar, self.device, self.memory):
            widget.setContentsMargins(GAP, 0, 0, 0)
            self.addPermanentWidget(widget)
        self.setContentsMargins(8, 0, 8, 0)
        self.setSizeGripEnabled(False)
        self._steps = 0
        self._stage = "loading"
        self._outcome = ""  # of the last training, while nothing trains
        self._watches = False  # the memory,
        self._processes: list[Any] = []  # of these
        self._card_bytes = 0  # that the training took of the graphics card
        self._idle_device = ""  # what would compute, while nothing does
        self._fading = QTimer(self, singleShot=True, interval=MESSAGE_MS)
        self._fading.timeout.connect(self._say_stage)
        self._memory_timer = QTimer(self, interval=MEMORY_MS)
        self._memory_timer.timeout.connect(self._show_memory)
        self.set_stage("loading")

    def set_stage(self, stage: str) -> None:
        self._stage = stage
        self._say_stage()
        self._find_processes()
        self.bar.setVisible(stage not in ("idle", "loading"))
        if stage == "preparing":
            self.forget()
        if stage != "running":
            self.left.clear()
            self.rate.clear()

    def forget(self) -> None:
        """Nothing of the last training."""
        self._outcome = ""
        for label in (self.rate, self.steps, self.left):
            label.clear()
        self.device.setText(self._idle_device)
        self._card_bytes = 0
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
        """Only the last event of each kind is looked at. The speed of a race is that of its lanes."""
        from ..jobs import events

        lanes = [event.event for event in mail if isinstance(event, events.Lane)]
        curves = [event for event in lanes if isinstance(event, events.Curves)]
        for event in {type(event): event for event in [*curves, *mail]}.values():
            match event:
                case events.Progress():
                    self.message.setText(event.text)
                    self._fill(event.done, event.total)
                case events.Forecast():
                    self.device.setText(f"{event.device}, {event.picked}")
                    self._card_bytes = event.memory_bytes if event.on_card else 0
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
        left = time_left(seconds_left)
        self.left.setText(left or "measuring…")
        end = time.strftime("%a %H:%M", time.localtime(time.time() + seconds_left)) if left else "not known yet"
        self.left.setToolTip(f"Time until the last step; the end: {end}")

    # where it is computed, and how much memory that takes

    def watch(self) -> None:
        """Torch is loaded: show what will compute, and from now on the memory, while the bar can be seen."""
        from ..compute import device_name, pick_device

        self._idle_device = device_name(pick_device())
        self.device.setText(self.device.text() or self._idle_device)
        self._watches = True
        self._find_processes()
        self._show_memory()
        if self.isVisible():
            self._memory_timer.start()

    def _find_processes(self) -> None:
        """This one, and those that train. Looking for them takes longer than asking them, so it is done rarely."""
        import psutil

        if self._watches:
            self._processes = [psutil.Process(), *psutil.Process().children()]

    def _show_memory(self) -> None:
        window, *others = [held_by(process) for process in self._processes]
        lines = [f"The window holds {memory(window)} of the memory"]
        lines += [f"what trains holds {memory(sum(others))}"] if sum(others) else []
        text, tip = memory(window + sum(others)), f"{', '.join(lines)}."
        if self._card_bytes:
            text += f", card {memory(self._card_bytes)}"
            tip += f" Of the graphics card the dry run took {memory(self._card_bytes)} at its peak."
        self.memory.setText(text)
        self.memory.setToolTip(tip)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._watches:
            self._show_memory()
            self._memory_timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._memory_timer.stop()

    # parts

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


def held_by(process: Any) -> int:
    """Bytes of memory; 0 of a process that has ended."""
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
