"""Which translator: what can be chosen, opening it on a thread, its checkpoints, directions and weights."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from ...jobs.translators import Opening
from ...runs import Run
from ..choice_boxes import fill
from . import reading
from .desk import Desk
from .frame import HINT, NO_TRANSLATORS, TranslateFrame
from .reading import Choice, Opened, attempted

FILES = "Translators (*.pth *.pt *.safetensors *.ckpt *.bin *.th);;All files (*)"


class Choosing(QObject):
    choices_read = Signal()  # there are others, or more

    def __init__(self, frame: TranslateFrame, desk: Desk):
        super().__init__(frame)
        self.frame, self.desk = frame, desk
        self.runs: list[Choice] = []
        self.files: list[Choice] = []  # that were opened, the newest first
        self._wanted: Opening | None = None  # that is being opened
        self._connect()

    def _connect(self) -> None:
        frame = self.frame
        frame.translators.activated.connect(self._choose)
        frame.steps.activated.connect(self._choose_step)
        frame.directions.activated.connect(self._choose_direction)
        frame.raw.clicked.connect(self._choose_weights)
        frame.as_trained.clicked.connect(self._choose_behaviour)
        for button in (frame.open_button, frame.open_file_button):
            button.clicked.connect(self.ask_for_file)
            button.setEnabled(True)
        frame.session.runs_changed.connect(self._read_if_seen)
        frame.session.translate_wanted.connect(self.open_run)
        self.desk.came.connect(self._show)

    # --- what there is ---

    @property
    def choices(self) -> list[Choice]:
        return [*self.runs, *self.files]

    def read_choices(self) -> None:
        self.desk.disk.ask("choices", partial(reading.choices, self.frame.session.root), self._show_choices)

    def _read_if_seen(self) -> None:
        if self.frame.isVisible():
            self.read_choices()

    def _show_choices(self, found: list[Choice]) -> None:
        self.runs = found
        self._fill()
        self.frame.hint.setText(HINT if self.choices else NO_TRANSLATORS)
        self.choices_read.emit()

    def _fill(self) -> None:
        """What is open is among them, wherever it lies."""
        opened, listed = self.desk.opened, self.choices
        if opened and all(choice.path != opened.choice.path for choice in listed):
            listed = [opened.choice, *listed]
        fill(self.frame.translators, listed, opened.choice.path if opened else None)
        self.frame.translators.setEnabled(bool(listed))

    # --- the user ---

    def ask_for_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self.frame, "Open a translator", str(Path.home()), FILES)
        if name:
            self.open(Opening(path=name))

    def _choose(self, row: int) -> None:
        self.open(Opening(path=str(self.frame.translators.itemData(row).path)))

    def _choose_step(self, row: int) -> None:
        self._change(step=self.frame.steps.itemData(row))

    def _choose_direction(self, row: int) -> None:
        self._change(direction=self.frame.directions.itemText(row))

    def _choose_weights(self, raw: bool) -> None:
        self._change(raw=raw)

    def _choose_behaviour(self, as_trained: bool) -> None:
        self._change(as_trained=as_trained)

    def turn_round(self) -> None:
        """The other direction, where there is one."""
        opened = self.desk.opened
        if opened and len(opened.translator.directions) > 1:
            others = [way for way in opened.translator.directions if way != opened.translator.direction]
            self._change(direction=others[0])

    def _change(self, **values: object) -> None:
        if self.desk.opened:
            now = self._wanted or self.desk.opened.translator.opening
            self.open(now.model_copy(update=values))

    # --- opening ---

    def open_run(self, run: Run, step: int | None) -> None:
        """At the newest step where none is named."""
        self.open(Opening(path=str(run.folder), step=step))

    def open(self, opening: Opening) -> None:
        self._wanted = opening
        self.frame.raise_tab()
        self.frame.said.setText("Opening …")
        self.desk.disk.ask("open", partial(attempted, partial(reading.opened, opening)), self._opened)

    def _opened(self, found: Opened | Exception) -> None:
        self._wanted = None
        self.frame.said.setText("")
        if isinstance(found, Exception):
            self.frame.notices.show_notice(str(found), "error")
            if self.desk.opened:
                self._show(self.desk.opened)
            else:
                self._fill()
        else:
            self.desk.open(found)

    def _show(self, found: Opened) -> None:
        frame, translator = self.frame, found.translator
        if found.choice.path.is_file():
            self.files = [found.choice, *(one for one in self.files if one.path != found.choice.path)]
            self.choices_read.emit()
        self._fill()
        frame.steps.clear()
        for step in reversed(found.choice.steps):
            frame.steps.addItem(f"Step {step:,}", step)
        frame.steps.setCurrentIndex(frame.steps.findData(translator.about["step"]))
        frame.directions.clear()
        frame.directions.addItems(list(translator.directions))
        frame.directions.setCurrentText(translator.direction)
        frame.steps.setEnabled(len(found.choice.steps) > 1)
        frame.steps.setVisible(bool(found.choice.steps))
        frame.directions.setEnabled(len(translator.directions) > 1)
        frame.raw.setEnabled(bool(found.choice.steps))
        frame.raw.setChecked(translator.opening.raw)
        frame.as_trained.setEnabled(True)
        frame.as_trained.setChecked(translator.as_trained)
        frame.options.show_about(found)
        frame.subject_changed.emit(found.choice.title)
