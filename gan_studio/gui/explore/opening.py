"""What can be opened, opening it on a thread, and following a run that goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from ...jobs.explore import View
from ...runs import Run
from ..train.dropped import is_checkpoint, is_run
from . import reading
from .frame import HINT, NO_RUNS, ExploreFrame
from .reading import Choice, Opened, attempted
from .scene import Scene

LOOK_MS = 2000  # between two looks for a newer checkpoint


class Opening(QObject):
    choices_read = Signal()
    opened = Signal()  # and shown
    search_wanted = Signal(object)  # the path of a picture that is not one of ours

    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene = frame, scene
        self.choices: list[Choice] = []
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_for_newer)
        self._connect()

    def _connect(self) -> None:
        frame, scene = self.frame, self.scene
        frame.runs.activated.connect(self._run_chosen)
        frame.steps.activated.connect(self._step_chosen)
        frame.raw.clicked.connect(self._weights_chosen)
        frame.follow.toggled.connect(self.follow)
        frame.open_button.clicked.connect(self._ask_for_run)
        frame.open_button.setEnabled(True)
        frame.session.runs_changed.connect(self._read_if_seen)
        frame.session.explore_wanted.connect(self.open_run)
        scene.not_here.connect(self.open_view)
        scene.came.connect(self._show_origin)

    # --- what there is ---

    def read_choices(self) -> None:
        self.scene.disk.ask("choices", partial(reading.choices, self.frame.session.root), self._show_choices)

    def _read_if_seen(self) -> None:
        if self.frame.isVisible():
            self.read_choices()

    def _show_choices(self, found: list[Choice]) -> None:
        self.choices = found
        self._fill_runs()
        self.frame.hint.setText(HINT if found else NO_RUNS)
        self.choices_read.emit()

    def _fill_runs(self) -> None:
        """The run that is shown is among them, wherever it lies."""
        box, opened = self.frame.runs, self.scene.opened
        here = opened.choice if opened else None
        among = [choice.run.folder for choice in self.choices]
        listed = self.choices if here is None or here.run.folder in among else [here, *self.choices]
        box.clear()
        for choice in listed:
            box.addItem(choice.title, choice.run)
            box.setItemData(box.count() - 1, choice.run.name, Qt.ItemDataRole.ToolTipRole)
        folders = [choice.run.folder for choice in listed]
        box.setCurrentIndex(folders.index(here.run.folder) if here else -1)

    def _fill_steps(self, steps: tuple[int, ...], here: int) -> None:
        box = self.frame.steps
        box.clear()
        for step in reversed(steps):
            box.addItem(f"Step {step:,}", step)
        box.setCurrentIndex(box.findData(here))

    # --- the user ---

    def _ask_for_run(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self.frame, "Open a run's folder", str(self.frame.session.root)):
            folder = Path(chosen)
            if is_run(folder) or is_checkpoint(folder):
                self.take(folder)
            else:
                sentence = f"{folder.name} is not the folder of a run; choose one with a config.toml."
                self.frame.notices.show_notice(sentence, "error")

    def _run_chosen(self, row: int) -> None:
        run, opened = self.frame.runs.itemData(row), self.scene.opened
        if opened is None or run.folder != opened.choice.run.folder:
            self.open_run(run)

    def _step_chosen(self, row: int) -> None:
        assert self.scene.opened
        self.frame.follow.setChecked(False)
        self.open_run(self.scene.opened.choice.run, self.frame.steps.itemData(row))

    def _weights_chosen(self, raw: bool) -> None:
        assert self.scene.opened
        self.open_run(self.scene.opened.choice.run, self.scene.snapshot.about["step"], raw)

    def take(self, path: Path) -> None:
        """What was dropped."""
        if is_run(path):
            self.open_run(Run(path))
        elif is_checkpoint(path):
            self.open_run(Run(path.parent.parent), reading.step_of(path))
        else:
            look = partial(attempted, partial(reading.has_recipe, path))
            self.scene.disk.ask("drop", look, partial(self._use_picture, path))

    def _use_picture(self, path: Path, is_ours: bool) -> None:
        """One of ours opens as it was; another one is searched for."""
        if is_ours:
            self._open(partial(reading.open_picture, path, self.frame.session.root))
        else:
            self.search_wanted.emit(path)

    # --- opening ---

    def open_run(self, run: Run, step: int | None = None, raw: bool = False) -> None:
        """Its newest checkpoint, or that of a step; the seed and the edits stay where they fit."""
        self._open(partial(reading.open_at, run, step, raw, self.scene.view))

    def open_view(self, view: View) -> None:
        self._open(partial(reading.open_view, view, self.frame.session.root))

    def _open(self, read: Callable[[], Opened]) -> None:
        self.frame.raise_tab()
        self.frame.said.setText("Opening …")
        self.scene.disk.ask("open", partial(attempted, read), self._show_opened)

    def _show_opened(self, found: Opened | Exception) -> None:
        self.frame.said.setText("")
        if isinstance(found, Exception):
            self.frame.notices.show_notice(str(found), "error")
            self._fill_runs()
            view = self.scene.view
            self.frame.raw.setChecked(view is not None and view.weights == "raw")
        else:
            self.scene.open(found)
            self.opened.emit()
            if found.sentence:
                self.frame.notices.show_notice(found.sentence)

    def _show_origin(self, found: Opened) -> None:
        self._fill_runs()
        self._fill_steps(found.choice.steps, found.snapshot.about["step"])
        self.frame.raw.setChecked(found.view.weights == "raw")
        self.frame.subject_changed.emit(found.choice.title)

    # --- a run that goes on ---

    def follow(self, on: bool) -> None:
        if on and self.scene.opened and self.frame.isVisible():
            self._look.start()
            self._look_for_newer()
        else:
            self._look.stop()

    def show(self) -> None:
        """The tab came to the front."""
        self.read_choices()
        self.follow(self.frame.follow.isChecked())

    def rest(self) -> None:
        """Nobody sees it."""
        self._look.stop()

    def leave(self) -> None:
        self.rest()

    def _look_for_newer(self) -> None:
        if self.scene.opened:
            look = partial(reading.newest_step, self.scene.opened.choice.run)
            self.scene.disk.ask("newest", look, self._newer)

    def _newer(self, step: int) -> None:
        opened, frame = self.scene.opened, self.frame
        if opened and frame.follow.isChecked() and step > opened.snapshot.about["step"]:
            self.open_run(opened.choice.run, step, opened.has_average and frame.raw.isChecked())
