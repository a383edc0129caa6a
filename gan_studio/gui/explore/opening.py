"""Opening on a thread, what was opened and at which step, and following a run that goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from ... import importers
from ...jobs.explore import LostError, View
from ...runs import Run
from ..choice_boxes import fill
from ..computing import attempted
from ..train.dropped import is_checkpoint, is_run
from ..train.run_words import short_curve
from . import choices
from .choices import Best, Choice, Opened
from .frame import HINT, NO_RUNS, ExploreFrame
from .scene import Scene
from .seeking import Then

LOOK_MS = 2000  # between two looks for a newer checkpoint
NEWEST = -1  # in the box of steps
FILES = f"Generators ({' '.join(f'*{ending}' for ending in importers.SUFFIXES)});;All files (*)"


class Opening(QObject):
    choices_read = Signal()
    opened = Signal()  # and shown
    search_wanted = Signal(object)  # the path of a picture that is not one of ours
    lost = Signal(object, object)  # a LostError, and what to do with the view once it is found

    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene = frame, scene
        self.choices: list[Choice] = []
        self._others: list[Choice] = []  # that were opened since the start, the last one first: files, runs elsewhere
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_for_newer)
        self._connect()

    def _connect(self) -> None:
        frame, scene = self.frame, self.scene
        frame.runs.activated.connect(self._run_chosen)
        frame.steps.activated.connect(self._step_chosen)
        frame.raw.clicked.connect(self._weights_chosen)
        frame.follow.toggled.connect(self.follow)
        for text, slot in (("A run's &folder…", self.ask_for_run), ("A generator's fi&le…", self.ask_for_file)):
            frame.open_menu.addAction(text, slot)
        frame.open_button.clicked.connect(self.ask_for_run)
        frame.file_button.clicked.connect(self.ask_for_file)
        for widget in (frame.open_button, frame.file_button, frame.open_tool):
            widget.setEnabled(True)
        frame.session.runs_changed.connect(self._read_if_seen)
        frame.session.explore_wanted.connect(self.open_run)
        frame.session.explore_at_wanted.connect(self.open_run)
        frame.session.view_wanted.connect(self.open_view)
        scene.not_here.connect(self.open_view)
        scene.came.connect(self._show_origin)

    # --- what there is ---

    def read_choices(self) -> None:
        self.scene.disk.ask("choices", partial(choices.run_choices, self.frame.session.root), self._show_choices)

    def _read_if_seen(self) -> None:
        if self.frame.isVisible():
            self.read_choices()

    def _show_choices(self, found: list[Choice]) -> None:
        self.choices = found
        self._fill_runs()
        self.frame.hint.setText(HINT if found else NO_RUNS)
        self.choices_read.emit()

    def listed(self) -> list[Choice]:
        """All that can be chosen; what was opened from elsewhere comes first."""
        among = {choice.path for choice in self.choices}
        return [*(choice for choice in self._others if choice.path not in among), *self.choices]

    def _fill_runs(self) -> None:
        opened = self.scene.opened
        fill(self.frame.runs, self.listed(), opened.choice.path if opened else None)

    def _fill_steps(self, choice: Choice, here: int) -> None:
        """Where to go, and then each step; the one that is shown is the current one."""
        box = self.frame.steps
        box.clear()
        if not choice.why_not_on:
            box.addItem("Newest", NEWEST)
            if choice.best:
                box.addItem(f"Best (step {choice.best.step:,})", choice.best)
                box.setItemData(1, told_of(choice.best), Qt.ItemDataRole.ToolTipRole)
            box.insertSeparator(box.count())
        for step in reversed(choice.steps):
            box.addItem(choice.step_title(step), step)
        box.setCurrentIndex(box.findText(choice.step_title(here)))

    # --- the user ---

    def ask_for_run(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self.frame, "Open a run's folder", str(self.frame.session.root)):
            folder = Path(chosen)
            if is_run(folder) or is_checkpoint(folder):
                self.take(folder)
            else:
                sentence = f"{folder.name} is not the folder of a run; choose one with a config.toml."
                self.frame.notices.show_notice(sentence, "error")

    def ask_for_file(self) -> None:
        here = next((choice.path.parent for choice in self._others if not is_run(choice.path)), Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self.frame, "Open a generator's file", str(here), FILES)
        if chosen:
            self.open_file(Path(chosen))

    def _run_chosen(self, row: int) -> None:
        choice, opened = self.frame.runs.itemData(row), self.scene.opened
        if opened is None or choice.path != opened.choice.path:
            self.open_choice(choice)

    def _step_chosen(self, row: int) -> None:
        assert self.scene.opened
        choice = self.scene.opened.choice
        match self.frame.steps.itemData(row):
            case Best() as best:
                self.frame.follow.setChecked(False)
                self.open_choice(choice, best.step, then=told_of(best) if best.at != best.step else "")
            case step:
                self.frame.follow.setChecked(step == NEWEST and self.frame.follow.isChecked())
                self.open_choice(choice, None if step == NEWEST else step)

    def _weights_chosen(self, raw: bool) -> None:
        assert self.scene.opened
        self.open_choice(self.scene.opened.choice, self.scene.snapshot.about["step"], raw)

    def take(self, path: Path) -> None:
        """What was dropped."""
        if is_run(path):
            self.open_run(Run(path))
        elif is_checkpoint(path):
            self.open_run(Run(path.parent.parent), choices.step_of(path))
        elif choices.is_file(path):
            self.open_file(path)
        else:
            look = partial(attempted, partial(choices.has_recipe, path))
            self.scene.disk.ask("drop", look, partial(self._use_picture, path))

    def _use_picture(self, path: Path, is_ours: bool) -> None:
        """One of ours opens as it was; another one is searched for."""
        if is_ours:
            self.open_picture(path)
        else:
            self.search_wanted.emit(path)

    # --- opening ---

    def open_run(self, run: Run, step: int | None = None, raw: bool = False) -> None:
        """Its newest checkpoint, or that of a step; the seed and the edits stay where they fit.

        One that makes pictures of pictures is for the Translate tab.
        """
        if choices.translates(run):
            self.frame.session.translate_wanted.emit(run, step)
        else:
            self._open(partial(choices.open_run_at, run, step, raw, self.scene.view))

    def open_file(self, path: Path) -> None:
        """Of another program; one of a run's own checkpoints opens with its run."""
        if is_checkpoint(path.parent):
            run, step = Run(path.parent.parent.parent), choices.step_of(path.parent)
            self.open_run(run, step, raw=path.stem == "generator")
        else:
            self.open_choice(choices.of_file(path))

    def open_choice(self, choice: Choice, step: int | None = None, raw: bool = False, then: str = "") -> None:
        self._open(partial(choices.open_at, choice, step, raw, self.scene.view), sentence=then)

    def open_view(self, view: View, count: int | None = None, again: Then | None = None) -> None:
        """Of these or other weights, with the pictures of so many seeds; `again` is tried once it was searched for."""
        read = partial(choices.open_view, view, self.frame.session.root)
        self._open(read, again or partial(self.open_view, count=count), count=count)

    def open_picture(self, path: Path, view: View | None = None) -> None:
        """As it was; `view` says where its weights are now."""
        read = partial(choices.open_picture, path, self.frame.session.root, view)
        self._open(read, partial(self.open_picture, path))

    def _open(
        self, read: Callable[[], Opened], again: Then | None = None, sentence: str = "", count: int | None = None
    ) -> None:
        self.frame.raise_tab()
        self.frame.said.setText("Opening …")
        self.scene.disk.ask("open", partial(attempted, read), partial(self._show_opened, again, sentence, count))

    def _show_opened(self, again: Then | None, sentence: str, count: int | None, found: Opened | Exception) -> None:
        self.frame.said.setText("")
        if isinstance(found, Exception):
            self._could_not_open(found, again)
            return
        self.scene.open(found, count)
        self.opened.emit()
        for told in filter(None, (sentence, found.sentence)):
            self.frame.notices.show_notice(told)

    def _could_not_open(self, error: Exception, again: Then | None) -> None:
        if isinstance(error, LostError) and again:
            self.lost.emit(error, again)
        else:
            self.frame.notices.show_notice(str(error), "error")
        self.scene.disk.ask("others", partial(choices.still_there, self._others), self._show_others)
        self._fill_runs()
        if opened := self.scene.opened:
            self._fill_steps(opened.choice, opened.snapshot.about["step"])
            self.frame.raw.setChecked(opened.view.weights == "raw")

    def _show_others(self, there: list[Choice]) -> None:
        """What is shown is in memory, and stays."""
        opened = self.scene.opened
        self._others = [one for one in self._others if one in there or (opened and one.path == opened.choice.path)]
        self._fill_runs()

    def _show_origin(self, found: Opened) -> None:
        choice = found.choice
        self._others = [choice, *(other for other in self._others if other.path != choice.path)]
        self._fill_runs()
        self._fill_steps(choice, found.snapshot.about["step"])
        self.frame.raw.setChecked(found.view.weights == "raw")
        if choice.why_not_on:
            self.frame.follow.setChecked(False)
        self.frame.about_button.show_facts(found.facts)
        self.frame.subject_changed.emit(choice.title)

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
            self.scene.disk.ask("newest", self.scene.opened.choice.newest, self._newer)

    def _newer(self, step: int) -> None:
        opened, frame = self.scene.opened, self.frame
        if opened and frame.follow.isChecked() and step > opened.snapshot.about["step"]:
            self.open_choice(opened.choice, step, opened.has_average and frame.raw.isChecked())


def told_of(best: Best) -> str:
    told = f"The best samples were those of step {best.at:,}, by {short_curve(best.name)}"
    if best.at == best.step:
        return f"{told}."
    return f"{told}; the nearest checkpoint that is kept is that of step {best.step:,}."
