"""Whose pictures are made: a run and its checkpoint, or another program's file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from ...runs import Run
from ..choice_boxes import fill
from ..computing import LatestWins, attempted
from ..explore.choices import Choice, run_choices
from ..explore.opening import FILES, told_of
from .frame import HINT, NO_RUNS, GalleryFrame
from .reading import chosen_by, classes_of

NEWEST = None  # the step of the newest checkpoint, whichever it is when pictures are made


class Choosing(QObject):
    changed = Signal()  # what is chosen, or can be
    other = Signal()  # weights, by the user

    def __init__(self, frame: GalleryFrame, disk: LatestWins):
        super().__init__(frame)
        self.frame, self.disk = frame, disk
        self.choices: list[Choice] = []
        self.choice: Choice | None = None
        frame.runs.activated.connect(self._run_chosen)
        frame.open_menu.addAction("A run's &folder…", self.ask_for_run)
        frame.open_menu.addAction("A &generator's file of another program…", self.ask_for_file)
        frame.open_tool.setEnabled(True)
        frame.session.runs_changed.connect(self._read_if_seen)

    @property
    def step(self) -> int | None:
        step: int | None = self.frame.steps.currentData()
        return step

    # --- what there is ---

    def read(self) -> None:
        self.disk.ask("choices", partial(run_choices, self.frame.session.root), self._show)

    def _read_if_seen(self) -> None:
        if self.frame.isVisible():
            self.read()

    def _show(self, found: list[Choice]) -> None:
        self.choices = found
        here = self.choice
        if here is None:
            if found:
                self.choose(found[0])
        else:
            self.choice = next((choice for choice in found if choice.path == here.path), here)
            self._fill_steps(self.step)
        self._fill_runs()
        self.frame.hint.setText(HINT if self.choice else NO_RUNS)
        self.changed.emit()

    def _fill_runs(self) -> None:
        """What is chosen is among them, wherever it lies."""
        here = self.choice
        among = [choice.path for choice in self.choices]
        listed = self.choices if here is None or here.path in among else [here, *self.choices]
        fill(self.frame.runs, listed, here.path if here else None)
        self.frame.runs.setEnabled(bool(listed))

    def _fill_steps(self, wanted: int | None) -> None:
        """The newest and the best are also among the others."""
        assert self.choice
        box = self.frame.steps
        box.clear()
        if self.choice.steps:
            box.addItem("Newest", NEWEST)
        if best := self.choice.best:
            box.addItem(f"Best (step {best.step:,})", best.step)
            box.setItemData(1, told_of(best), Qt.ItemDataRole.ToolTipRole)
        for step in reversed(self.choice.steps):
            box.addItem(self.choice.step_title(step), step)
        box.setCurrentIndex(max(0, box.findData(wanted)) if wanted is not NEWEST else 0)
        box.setEnabled(box.count() > 0)

    # --- chosen ---

    def choose(self, choice: Choice, step: int | None = NEWEST) -> None:
        self.choice = choice
        self._fill_runs()
        self._fill_steps(step)
        self.frame.maker.set_classes(0)
        self.disk.ask("classes", partial(classes_of, choice), partial(self._show_classes, choice))
        self.changed.emit()

    def _show_classes(self, choice: Choice, count: int) -> None:
        if choice == self.choice:
            self.frame.maker.set_classes(count)

    def _run_chosen(self, row: int) -> None:
        choice = self.frame.runs.itemData(row)
        if self.choice is None or choice.path != self.choice.path:
            self.other.emit()
            self.choose(choice)

    def ask_for_run(self) -> None:
        frame = self.frame
        if chosen := QFileDialog.getExistingDirectory(frame, "Open a run's folder", str(frame.session.root)):
            self.take(Path(chosen))

    def ask_for_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self.frame, "Open a generator's file", str(Path.home()), FILES)
        if chosen:
            self.take(Path(chosen))

    def take(self, path: Path) -> None:
        """A run's folder, a checkpoint or a file."""
        self.disk.ask("take", partial(attempted, partial(chosen_by, path)), self._take)

    def _take(self, found: tuple[Choice | Run, int | None] | Exception) -> None:
        match found:
            case Exception():
                self.frame.notices.show_notice(str(found), "error")
            case Run() as run, step:
                self.frame.session.translate_wanted.emit(run, step)
            case choice, step:
                self.other.emit()
                self.choose(choice, step)
