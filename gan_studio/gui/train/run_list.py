"""All runs of a folder: find, open, compare, overlay, queue, branch, rename, duplicate, export, delete.

Folders are read on a thread, again every two seconds while the list is seen, so that it also follows what other
processes train. What changes folders is done on a thread as well, one thing after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ... import runs
from ...config import ConfigError
from ...runs import Run
from .. import theme
from ..desktop import move_to_trash
from ..session import Session
from ..worker import Worker
from . import run_actions as why
from .later import Chores
from .run_actions import DEEDS, RunActions
from .run_compare import CompareDialog, Side
from .run_reader import Entry, Listing, RunReader
from .run_rows import ORDERS, RunRows
from .run_view import RunsView

REFRESH_MS = 2000
MOST_OVERLAYS = 10  # more curves in one plot cannot be told apart
MOST_BRANCHES = 24  # checkpoints in the menu; the timeline has them all
PAD = 8
NOTHING = "No run yet. What you start will be kept here."


class RunList(QWidget):
    opened = Signal(object)  # Run
    resumed = Signal(object)  # Run
    branched = Signal(object, int)  # Run, step of the checkpoint
    enqueued = Signal(object)  # Run
    renamed = Signal(object)  # Run
    duplicated = Signal(object)  # Run, the new one
    deleted = Signal(object)  # Run, in the trash now
    overlay_wanted = Signal(object, bool)  # Run, whether its curves are to lie over those that are shown
    report_wanted = Signal(object)  # Run
    timelapse_wanted = Signal(object)  # Run
    curves_wanted = Signal(object)  # Run
    problem = Signal(str)  # a sentence
    refreshed = Signal()  # the folders were read

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.session = session
        self.rows = RunRows(self)
        self.view = RunsView(self.rows, self)
        self.deeds = RunActions(self.view)
        self.chores = Chores(self)
        self._reader = RunReader()
        self._reading: Worker | None = None
        self._read_again = False  # something changed while it was being read
        self._wanted = ""  # the folder of the run to mark, which may not be among the rows yet
        self._build()
        self._connect()
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._judge()

    # --- the frame ---

    def _build(self) -> None:
        self.search = QLineEdit(placeholderText="Find a run", clearButtonEnabled=True)
        self.search.setAccessibleName("Find a run")
        self.search.setToolTip("Words of its title, its preset or its state, such as “finished”.")
        self.sort = QComboBox()
        self.sort.setAccessibleName("Order of the runs")
        for order in ORDERS:
            self.sort.addItem(order.title)
            self.sort.setItemData(self.sort.count() - 1, order.help, Qt.ItemDataRole.ToolTipRole)
        self.sort.setToolTip("In which order the runs stand")
        head = QHBoxLayout()
        head.setContentsMargins(PAD, PAD, PAD, PAD)
        head.setSpacing(PAD)
        head.addWidget(self.search, 1)
        head.addWidget(self.sort)
        self.nothing = QLabel("Reading the runs…", wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setMargin(24)
        self.nothing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._queue_bar())
        column.addWidget(self.pages, 1)
        column.addWidget(self._chosen_bar())

    def _queue_bar(self) -> QWidget:
        """For a queue that nobody works off: those who waited when the window was closed."""
        self.queue_bar = QWidget()
        row = QHBoxLayout(self.queue_bar)
        row.setContentsMargins(PAD, 0, PAD, PAD)
        self.queue_words = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.queue_button = QPushButton("Start the queue")
        self.queue_button.setToolTip("Train the runs of the queue, one after the other.")
        theme.tint(self.queue_button, "play")
        row.addWidget(self.queue_words, 1)
        row.addWidget(self.queue_button)
        self.queue_bar.hide()
        return self.queue_bar

    def _chosen_bar(self) -> QWidget:
        """What is done with several runs; beneath the rows, which stay where they are as more are chosen."""
        self.chosen_bar = QWidget()
        self.chosen_words = QLabel(textFormat=Qt.TextFormat.PlainText)
        row = QHBoxLayout(self.chosen_bar)
        row.setContentsMargins(PAD, 4, PAD, 4)
        row.addWidget(self.chosen_words, 1)
        self.deeds["compare"].setIconText("Compare")  # the panel is narrow
        self.chosen_buttons = {id: QToolButton(autoRaise=True) for id in ("overlay", "compare")}
        for id, button in self.chosen_buttons.items():
            button.setDefaultAction(self.deeds[id])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            row.addWidget(button)
        self.chosen_bar.hide()
        return self.chosen_bar

    def _connect(self) -> None:
        self.search.textChanged.connect(self._search)
        self.sort.currentIndexChanged.connect(self._sort)
        self.queue_button.clicked.connect(self.session.start_queue)
        self.view.clicked.connect(self._open_clicked)
        self.view.eye_pressed.connect(self._toggle_overlay)
        self.view.menu_wanted.connect(self._show_menu)
        self.view.selectionModel().selectionChanged.connect(self._judge)
        self.rows.retitled.connect(self._rename)
        self.rows.reordered.connect(self._order_queue)
        self.rows.later.failed.connect(self.session.tell)
        self.chores.failed.connect(self._tell)
        self.session.runs_changed.connect(self._refresh_if_seen)
        self.session.stage_changed.connect(self._judge)
        for id, slot in (
            ("open", self._open_chosen),
            ("explore", partial(self._tell_of_chosen, self.session.explore_wanted)),
            ("evaluate", self._evaluate),
            ("resume", self._resume),
            ("enqueue", self._enqueue),
            ("dequeue", self._dequeue),
            ("up", partial(self._move, -1)),
            ("down", partial(self._move, 1)),
            ("overlay", self._overlay),
            ("bare", self._take_all_off),
            ("compare", self._compare),
            ("duplicate", self._duplicate),
            ("rename", self._edit_title),
            ("report", partial(self._tell_of_chosen, self.report_wanted)),
            ("timelapse", partial(self._tell_of_chosen, self.timelapse_wanted)),
            ("curves", partial(self._tell_of_chosen, self.curves_wanted)),
            ("reveal", self._reveal),
            ("trash", self._delete_chosen),
        ):
            self.deeds.on(id, slot)
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.branches = QMenu("&Branch from", self.menu)
        self.branches.triggered.connect(self._branch)

    # --- reading ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _refresh_if_seen(self) -> None:
        if self.isVisible():  # else it is read when it is shown
            self.refresh()

    def refresh(self) -> None:
        """Read on a thread which runs there are and how they stand; `refreshed` tells that they are shown."""
        if self._reading:
            self._read_again = True
            return
        self._read_again = False
        self._reading = Worker(self._reader.read(self.session.root), parent=self)
        self._reading.events.connect(self._show)
        self._reading.failed.connect(self.session.tell)
        self._reading.finished.connect(self._end_reading)
        self._reading.start()

    def _end_reading(self) -> None:
        assert self._reading
        self._reading.deleteLater()
        self._reading = None
        if self._read_again:
            self.refresh()

    def _show(self, listings: list[Listing]) -> None:
        if self.view.state() == QAbstractItemView.State.EditingState:
            return  # a title is being typed
        listing = listings[-1]
        gone = [self.rows.entries[name] for name in self.rows.overlaid if name in self.rows.entries]
        self.rows.set_entries(listing.entries)
        for entry in gone:
            if entry.name not in self.rows.entries:
                self.overlay_wanted.emit(entry.run, False)
        self._show_page(listing.problem or NOTHING)
        self._mark_wanted()
        self._judge()
        self.refreshed.emit()

    def _show_page(self, nothing: str) -> None:
        """The rows, or why there are none."""
        if self.rows.entries:
            nothing = f"No run matches “{self.search.text().strip()}”."
        self.nothing.setText(nothing)
        self.pages.setCurrentWidget(self.view if self.rows.rowCount() else self.nothing)

    # --- what is marked ---

    def chosen(self) -> list[Entry]:
        """The runs that are selected, from the top."""
        return self.rows.entries_at(self.view.selectionModel().selectedIndexes())

    def entries(self) -> list[Entry]:
        """All runs as they were read last."""
        return list(self.rows.entries.values())

    def select(self, run: Run) -> None:
        """Mark a run, also one that has not been read yet; opens nothing."""
        self._wanted = run.name
        self._mark_wanted()

    def _mark_wanted(self) -> None:
        if self._wanted not in self.rows.entries:
            return
        index, self._wanted = self.rows.index_of(self._wanted), ""
        selection = self.view.selectionModel()
        if index.isValid() and not selection.isSelected(index):  # else it may be one of several
            selection.setCurrentIndex(index, selection.SelectionFlag.ClearAndSelect)
            self.view.scrollTo(index)

    def set_shown(self, run: Run | None) -> None:
        """The run whose curves are shown; it cannot lie over itself."""
        name = run.name if run else ""
        if run and name in self.rows.overlaid:
            self.overlay_wanted.emit(run, False)
        self.rows.set_marks(name, self.rows.overlaid)
        self._judge()

    def set_overlaid(self, names: Iterable[str]) -> None:
        """Runs whose curves lie over those that are shown, by the names of their folders."""
        self.rows.set_marks(self.rows.shown, names)
        self._judge()

    def _search(self, text: str) -> None:
        self.rows.set_search(text)
        self._show_page(NOTHING)

    def _sort(self, number: int) -> None:
        self.rows.set_order(ORDERS[number])

    # --- what can be done ---

    def _judge(self) -> None:
        """Enable what can be done with the chosen runs, and say of the rest why not."""
        chosen = self.chosen()
        one = why.not_one(chosen)
        queue = [entry.name for entry in self.rows.queue()]
        place = queue.index(chosen[0].name) if chosen and chosen[0].name in queue else -1
        alone = one or why.not_queued(chosen)
        busy = "Another run is in training; add this one to the queue." if self.session.is_training else ""
        for id in ("open", "explore", "evaluate", "duplicate", "rename", "report", "timelapse", "curves", "reveal"):
            self.deeds.allow(id, one)
        self.deeds.allow("resume", one or why.not_idle(chosen) or busy)
        self.deeds.allow("enqueue", why.not_to_be_queued(chosen))
        self.deeds.allow("dequeue", why.not_queued(chosen))
        self.deeds.allow("up", alone or ("It is the next already." if place == 0 else ""))
        self.deeds.allow("down", alone or ("It is the last already." if place == len(queue) - 1 else ""))
        self.deeds.allow("overlay", self._why_no_overlay(chosen))
        self.deeds.rename("overlay", self._overlay_words(chosen))
        self.deeds.allow("bare", "" if self.rows.overlaid else "No run lies over the one that is shown.")
        self.deeds.allow("compare", "" if self._sides(chosen) else "Choose two runs, or a branch of another run.")
        self.deeds.allow("trash", why.in_training(chosen))
        self._show_queue(len(queue))
        self._show_chosen(len(chosen))

    def _to_overlay(self, chosen: list[Entry]) -> list[Entry]:
        """The run that is shown cannot lie over itself."""
        return [entry for entry in chosen if entry.name != self.rows.shown]

    def _why_no_overlay(self, chosen: list[Entry]) -> str:
        if chosen and not self._to_overlay(chosen):
            return "It is the run that is shown; open another one, and lay this one over it."
        return why.none_chosen(chosen)

    def _overlay_words(self, chosen: list[Entry]) -> str:
        """What the action does with them: lay them all over what is shown, or take them away if they all lie there."""
        others = self._to_overlay(chosen)
        away = bool(others) and all(entry.name in self.rows.overlaid for entry in others)
        if len(others) < 2:
            return "Take its curves o&ff" if away else "O&verlay its curves"
        return f"Take {len(others):,} runs o&ff" if away else f"O&verlay {len(others):,} runs"

    def _show_chosen(self, count: int) -> None:
        self.chosen_bar.setVisible(count > 1)
        self.chosen_words.setText(f"{count:,} chosen")
        self.chosen_buttons["compare"].setVisible(count == 2)

    def _show_queue(self, waiting: int) -> None:
        self.queue_bar.setVisible(waiting > 0 and not self.session.is_training)
        self.queue_words.setText("One run waits." if waiting == 1 else f"{waiting:,} runs wait.")

    def _show_menu(self, at: QPoint) -> None:
        self.fill_menu()
        self.menu.popup(at)

    def fill_menu(self) -> None:
        """What can be done with the chosen runs as they stand."""
        self._judge()
        chosen = self.chosen()
        waits = bool(chosen) and not why.not_queued(chosen)
        hidden = {"enqueue"} if waits else {"dequeue", "up", "down"}
        self.menu.clear()
        for deed in DEEDS:
            if deed.line_before:
                self.menu.addSeparator()
            if deed.id not in hidden:
                self.menu.addAction(self.deeds[deed.id])
            if deed.id == "down":
                self.menu.addMenu(self.branches)
        self._fill_branches(chosen)

    def _fill_branches(self, chosen: list[Entry]) -> None:
        self.branches.clear()
        checkpoints = chosen[0].checkpoints if len(chosen) == 1 else ()
        self.branches.setEnabled(bool(checkpoints))
        for step, starred in reversed(thinned(checkpoints)):
            action = self.branches.addAction(f"Step {step:,}{' ★' if starred else ''}")
            action.setData(step)
            action.setToolTip("Go on from this checkpoint in a new run.")

    # --- doing it ---

    def _open_clicked(self, index: QModelIndex) -> None:
        """With Ctrl or Shift, runs are gathered."""
        entry = self.rows.entry_at(index)
        if entry and QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier:
            self.opened.emit(entry.run)

    def _open_chosen(self) -> None:
        self._tell_of_chosen(self.opened)

    def _tell_of_chosen(self, signal: Any) -> None:
        for entry in self.chosen()[:1]:
            signal.emit(entry.run)

    def _evaluate(self) -> None:
        for entry in self.chosen()[:1]:
            self.session.evaluate_wanted.emit(entry.run, "")

    def _resume(self) -> None:
        self._tell_of_chosen(self.resumed)

    def _branch(self, action: QAction) -> None:
        for entry in self.chosen()[:1]:
            self.branched.emit(entry.run, action.data())

    def _reveal(self) -> None:
        for entry in self.chosen()[:1]:
            reveal(entry.run.folder)

    def _duplicate(self) -> None:
        for entry in self.chosen()[:1]:
            self.chores.do(entry.run.duplicate, self._duplicated)

    def _duplicated(self, run: Run) -> None:
        self._wanted = run.name
        self.session.runs_changed.emit()
        self.duplicated.emit(run)

    def _edit_title(self) -> None:
        self.view.edit(self.view.currentIndex())

    def _rename(self, run: Run, title: str) -> None:
        self.chores.do(partial(run.rename, title), partial(self._renamed, run))

    def _renamed(self, run: Run, _: object) -> None:
        self.renamed.emit(run)
        self.session.runs_changed.emit()

    def _compare(self) -> None:
        if sides := self._sides(self.chosen()):
            CompareDialog(*sides, self).show()

    def _sides(self, chosen: list[Entry]) -> tuple[Side, Side] | None:
        """Two chosen runs, or a branch beside what its parent was at that step."""
        if len(chosen) == 2:
            return side_of(chosen[0]), side_of(chosen[1])
        parent = chosen[0].parent if len(chosen) == 1 else None
        above = self.rows.entries.get(parent[0]) if parent else None
        if parent is None or above is None:
            return None
        before = Side(f"{above.title}, step {parent[1]:,}", above.run, parent[1])
        return before, side_of(chosen[0])

    # --- overlays ---

    def _toggle_overlay(self, index: QModelIndex) -> None:
        if entry := self.rows.entry_at(index):
            self._want_overlays([entry])

    def _overlay(self) -> None:
        self._want_overlays(self._to_overlay(self.chosen()))

    def _take_all_off(self) -> None:
        self._want_overlays([self.rows.entries[name] for name in self.rows.overlaid if name in self.rows.entries])

    def _want_overlays(self, entries: list[Entry]) -> None:
        """Lay them all over what is shown; where they do already, take them away."""
        wanted = not all(entry.name in self.rows.overlaid for entry in entries)
        room = MOST_OVERLAYS - len(self.rows.overlaid)
        changed = [entry for entry in entries if (entry.name in self.rows.overlaid) != wanted]
        if wanted and len(changed) > room:
            self.problem.emit(
                f"At most {MOST_OVERLAYS} runs are overlaid, as no more can be told apart. Take one away."
            )
            changed = changed[:room]
        for entry in changed:
            self.overlay_wanted.emit(entry.run, wanted)

    # --- the queue ---

    def _enqueue(self) -> None:
        for entry in self.chosen():
            self.enqueued.emit(entry.run)

    def _dequeue(self) -> None:
        for entry in self.chosen():
            self.chores.do(partial(dequeue, entry.run), self._changed)

    def _changed(self, _: object) -> None:
        self.session.runs_changed.emit()

    def _move(self, by: int) -> None:
        """The chosen run one place up or down."""
        queue = [entry.name for entry in self.rows.queue()]
        for entry in self.chosen()[:1]:
            to = queue.index(entry.name) + by
            before = queue[to + (by > 0)] if to + (by > 0) < len(queue) else ""
            self.rows.move([entry.name], before)
            self._judge()

    def _order_queue(self, order: list[Run]) -> None:
        self.chores.do(partial(runs.order_queue, self.session.root, order), self._changed)

    # --- deleting ---

    def _delete_chosen(self) -> None:
        self.delete(*(entry.run for entry in self.chosen()))

    def delete(self, *unwanted: Run) -> None:
        """Ask, then move the folders to the trash."""
        if not self._agreed(unwanted):
            return
        for run in unwanted:
            if self.session.is_at(run):  # begun by the queue while the question stood
                self.problem.emit(in_training(run))
            else:
                self.chores.do(partial(to_trash, run), partial(self._deleted, run))

    def _deleted(self, run: Run, problem: str) -> None:
        if problem:
            self.problem.emit(problem)
            return
        if run.name in self.rows.overlaid:
            self.overlay_wanted.emit(run, False)
        self.deleted.emit(run)
        self.session.runs_changed.emit()

    def _agreed(self, unwanted: Iterable[Run]) -> bool:
        titles = [self._title(run) for run in unwanted]
        what = f"the run “{titles[0]}”" if len(titles) == 1 else f"{len(titles):,} runs"
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Move to the trash",
            f"Move {what} with checkpoints and samples to the trash?",
            parent=self,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        more = [f"and {len(titles) - 8:,} more"] if len(titles) > 8 else []
        box.setInformativeText("\n".join(titles[:8] + more) if len(titles) > 1 else "")
        move = box.addButton("Move to the trash", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        box.deleteLater()
        return box.clickedButton() is move

    def _title(self, run: Run) -> str:
        entry = self.rows.entries.get(run.name)
        return entry.title if entry else run.name

    def _tell(self, error: Exception) -> None:
        """What could not be done to a folder."""
        if isinstance(error, OSError):
            place = error.filename or self.session.root
            error = ConfigError(f"{place} cannot be written ({error.strerror}); make room, or mend it.")
        self.session.tell(error)
        self.refresh()  # what was shown beforehand has not come true


def side_of(entry: Entry) -> Side:
    return Side(entry.title, entry.run, entry.state.step)


# --- on the thread of the chores -------------------------------------------------------------------------------------


def dequeue(run: Run) -> None:
    state = run.state()
    if state.name == "queued":
        run.set_state(replace(state, name="stopped" if state.step else "new"))


def to_trash(run: Run) -> str:
    """A sentence where it cannot be moved there."""
    if run.is_being_written():
        return in_training(run)
    if not move_to_trash(run.folder):
        return f"{run.folder} could not be moved to a trash; delete the folder in the file browser."
    return ""


def in_training(run: Run) -> str:
    return f"{run.about().get('title', run.name)} is in training; stop it before it is deleted."


def reveal(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def thinned(checkpoints: tuple[tuple[int, bool], ...]) -> list[tuple[int, bool]]:
    """The starred, the newest, and others spread over the run, oldest first; no more than a menu holds."""
    if len(checkpoints) <= MOST_BRANCHES:
        return list(checkpoints)
    last = len(checkpoints) - 1
    spread = {round(i * last / (MOST_BRANCHES - 1)) for i in range(MOST_BRANCHES)}
    return [pair for i, pair in enumerate(checkpoints) if i in spread or pair[1]]
