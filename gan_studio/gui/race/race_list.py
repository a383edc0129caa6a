"""Earlier races: open, go on, queue, edit as new, rename, delete. The same keys as in the list of runs.

What changes folders is done on a thread, one thing after the other; the list is read again every two seconds while it
is seen, so that it also follows what other processes race.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QPushButton,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ...config import ConfigError
from ..desktop import move_to_trash
from ..session import Session
from ..theory.room import SUMMARY, TwoLines
from ..train.later import Chores
from ..train.run_actions import Deed, RunActions
from ..train.run_list import REFRESH_MS, reveal
from ..widgets.fold import quiet

if TYPE_CHECKING:
    from ...jobs.race_folder import Race
    from .record import Entry

# fmt: off
DEEDS = (
    Deed("open", "&Open", "Look at this race: its lanes, its league and what they made.", "Return",
         "folder-open-outline"),
    Deed("resume", "&Resume", "Go on from the newest checkpoints of its lanes.", icon="play"),
    Deed("enqueue", "Add to &queue", "Let it wait until what is before it has ended.", icon="tray-plus"),
    Deed("dequeue", "Ta&ke out of the queue", "It stays as it is, and waits no more.", icon="tray-minus"),
    Deed("duplicate", "&Edit as new", "Fill the form with its base and lanes, for another race.",
         icon="content-duplicate", line_before=True),
    Deed("rename", "Re&name", "Give it another title; its folder keeps its name.", "F2", "rename-outline"),
    Deed("reveal", "&Show in the file browser", "The folder in which all of it lies.", icon="folder-search-outline",
         line_before=True),
    Deed("trash", "&Move to the trash…", "With the checkpoints and samples of all its lanes.", "Del",
         "trash-can-outline"),
)
# fmt: on
NOTHING = "Races are kept here. Begin one under “Lanes”."
BUSY = "Something is in training; add this race to the queue."


class RaceList(QWidget):
    opened = Signal(object)  # Race
    resumed = Signal(object)  # Race
    enqueued = Signal(object)  # Race
    duplicated = Signal(object)  # Race, whose lanes are to be edited
    renamed = Signal(object)  # Race
    deleted = Signal(object)  # Race, in the trash now
    problem = Signal(str)  # a sentence
    wanted = Signal()  # the folders are to be read again

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.entries: list[Entry] = []
        self.view = QListWidget()
        self.view.setAccessibleName("Earlier races")
        self.view.setToolTip("Races under the folder of runs, the newest first; Enter opens one, F2 renames it")
        self.view.setItemDelegate(TitleLine(self.view))
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)  # F2 is an action
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.deeds = RunActions(self.view, DEEDS)
        self.chores = Chores(self)
        self.nothing = quiet(QLabel(NOTHING))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = QPushButton("Open", autoDefault=False)
        self.resume_button = QPushButton("Resume", autoDefault=False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.resume_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.nothing)
        column.addWidget(self.view, 1)
        column.addLayout(buttons)
        self._connect()
        self.show_entries([])
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.wanted)

    def _connect(self) -> None:
        self.view.itemDoubleClicked.connect(self.deeds["open"].trigger)
        self.view.currentRowChanged.connect(self._allow)
        self.view.itemChanged.connect(self._retitle)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.open_button.clicked.connect(self.deeds["open"].trigger)
        self.resume_button.clicked.connect(self.deeds["resume"].trigger)
        self.session.stage_changed.connect(self._allow)
        self.chores.failed.connect(self._tell)
        for id, slot in (
            ("open", partial(self._tell_of_chosen, self.opened)),
            ("resume", partial(self._tell_of_chosen, self.resumed)),
            ("enqueue", partial(self._tell_of_chosen, self.enqueued)),
            ("dequeue", self._dequeue),
            ("duplicate", partial(self._tell_of_chosen, self.duplicated)),
            ("rename", self._edit_title),
            ("reveal", self._reveal),
            ("trash", self._delete_chosen),
        ):
            self.deeds.on(id, slot)
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)

    # --- what is there ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.wanted.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def show_entries(self, entries: list[Entry]) -> None:
        """Newest first; the one that is selected stays so."""
        if self.view.state() == QAbstractItemView.State.EditingState:
            return  # a title is being typed
        before = self.entry()
        if not self.entries or told(entries) != told(self.entries):
            self._fill(entries, before)
        self.entries = entries
        self.nothing.setVisible(not entries)
        self.view.setVisible(bool(entries))
        self._allow()

    def _fill(self, entries: list[Entry], before: Entry | None) -> None:
        place = self.view.verticalScrollBar().value()
        self.view.blockSignals(True)
        self.view.clear()
        for entry in entries:
            item = QListWidgetItem(entry.title)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setData(SUMMARY, entry.told)
            item.setToolTip(f"{entry.title}: {entry.told}. Enter or a double click opens it.")
            self.view.addItem(item)
        folders = [entry.race.folder for entry in entries]
        self.view.setCurrentRow(folders.index(before.race.folder) if before and before.race.folder in folders else -1)
        self.view.verticalScrollBar().setValue(place)
        self.view.blockSignals(False)

    def entry(self) -> Entry | None:
        row = self.view.currentRow()
        return self.entries[row] if 0 <= row < len(self.entries) else None

    # --- what can be done ---

    def _allow(self) -> None:
        """Enable what can be done with the chosen race, and say of the rest why not."""
        entry = self.entry()
        nothing = "" if entry else "Choose a race in the list."
        busy = nothing or ("It is being raced." if entry and entry.busy else "")
        ended = busy or ("It has ended; edit it as new." if entry and entry.ended else "")
        waits = entry is not None and entry.state == "queued"
        for id in ("open", "duplicate", "rename", "reveal"):
            self.deeds.allow(id, nothing)
        self.deeds.allow("resume", ended or (BUSY if self.session.is_training else ""))
        self.deeds.allow("enqueue", ended or ("It waits already." if waits else ""))
        self.deeds.allow("dequeue", nothing or ("" if waits else "It is not in the queue."))
        self.deeds.allow("trash", busy)
        begins = entry is not None and entry.state in ("new", "queued")
        self.deeds["resume"].setText("&Start" if begins else "&Resume")
        self.resume_button.setText("Start" if begins else "Resume")
        for button, id in ((self.open_button, "open"), (self.resume_button, "resume")):
            button.setEnabled(self.deeds[id].isEnabled())
            button.setToolTip(self.deeds[id].toolTip())

    def _show_menu(self, at: QPoint) -> None:
        if self.entry() is None:
            return
        self.fill_menu()
        self.menu.popup(self.view.viewport().mapToGlobal(at))

    def fill_menu(self) -> None:
        self._allow()
        self.menu.clear()
        hidden = "enqueue" if self.deeds["dequeue"].isEnabled() else "dequeue"
        for deed in DEEDS:
            if deed.line_before:
                self.menu.addSeparator()
            if deed.id != hidden:
                self.menu.addAction(self.deeds[deed.id])

    # --- doing it ---

    def _tell_of_chosen(self, signal: Any) -> None:
        if entry := self.entry():
            signal.emit(entry.race)

    def _dequeue(self) -> None:
        if entry := self.entry():
            self.chores.do(partial(out_of_queue, entry.race), self._changed)

    def _changed(self, _: object) -> None:
        self.session.runs_changed.emit()

    def _edit_title(self) -> None:
        self.view.editItem(self.view.currentItem())

    def _retitle(self, item: QListWidgetItem) -> None:
        """What was typed; nothing is no title."""
        row = self.view.row(item)
        if row >= len(self.entries):
            return  # something could not be written, and the list is about to be read again
        entry = self.entries[row]
        title = " ".join(item.text().split())
        if not title or title == entry.title:
            self.view.blockSignals(True)
            item.setText(entry.title)
            self.view.blockSignals(False)
            return
        self.chores.do(partial(entry.race.rename, title), partial(self._renamed, entry.race))

    def _renamed(self, race: Race, _: object) -> None:
        self.renamed.emit(race)
        self.session.runs_changed.emit()

    def _reveal(self) -> None:
        if entry := self.entry():
            reveal(entry.race.folder)

    def _delete_chosen(self) -> None:
        entry = self.entry()
        if not entry or not self._agreed(entry):
            return
        ours = self.session.race
        if ours and ours.folder == entry.race.folder:  # begun by the queue while the question stood
            self.problem.emit(being_raced(entry.race))
        else:
            self.chores.do(partial(to_trash, entry.race), partial(self._deleted, entry.race))

    def _deleted(self, race: Race, problem: str) -> None:
        if problem:
            self.problem.emit(problem)
        else:
            self.deleted.emit(race)
        self.session.runs_changed.emit()

    def _agreed(self, entry: Entry) -> bool:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Move to the trash",
            f"Move the race “{entry.title}” with all its lanes to the trash?",
            parent=self,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        move = box.addButton("Move to the trash", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        box.deleteLater()
        return box.clickedButton() is move

    def _tell(self, error: Exception) -> None:
        """What could not be done to a folder."""
        if isinstance(error, OSError):
            place = error.filename or self.session.root
            error = ConfigError(f"{place} cannot be written ({error.strerror}); make room, or mend it.")
        self.session.tell(error)
        self.entries = []  # what was shown beforehand has not come true
        self.wanted.emit()


def told(entries: list[Entry]) -> list[tuple[object, ...]]:
    return [(entry.race.folder, entry.title, entry.told) for entry in entries]


# --- on the thread of the chores -------------------------------------------------------------------------------------


def out_of_queue(race: Race) -> None:
    from ...jobs.race_folder import dequeue

    dequeue(race)


def to_trash(race: Race) -> str:
    """A sentence where it cannot be moved there."""
    if race.is_being_raced() or any(run.is_being_written() for run in race.lanes()):
        return being_raced(race)
    if not move_to_trash(race.folder):
        return f"{race.folder} could not be moved to a trash; delete the folder in the file browser."
    return ""


def being_raced(race: Race) -> str:
    return f"{race.title} is being raced; stop it before it is deleted."


class TitleLine(TwoLines):
    """Its title can be edited where it stands."""

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        box = option.rect.adjusted(self.PAD - 4, 2, -self.PAD + 4, 0)
        editor.setGeometry(box.x(), box.y(), box.width(), QSize(editor.sizeHint()).height())
