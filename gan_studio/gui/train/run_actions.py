"""What can be done with the runs that are chosen in the list: one table, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from .. import theme
from ..room import Keys
from .run_reader import Entry

Chosen = list[Entry]


@dataclass(frozen=True)
class Deed:
    id: str
    text: str
    help: str
    shortcut: str = ""
    icon: str = ""
    line_before: bool = False  # in the menu


# fmt: off
DEEDS = (
    Deed("open", "&Open", "Look at this run: its settings, curves and samples.", "Return", "folder-open-outline"),
    Deed("explore", "&Explore", "Walk through what it has learnt to draw.", icon="compass-outline"),
    Deed("evaluate", "Ev&aluate", "Tell how good its samples are, and which step is best.", icon="scale-balance"),
    Deed("resume", "&Resume", "Go on training it from its newest checkpoint.", icon="play"),
    Deed("enqueue", "Add to &queue", "Let it wait until the runs before it have ended.", icon="tray-plus"),
    Deed("dequeue", "Ta&ke out of the queue", "It stays as it is, and waits no more.", icon="tray-minus"),
    Deed("up", "Move &up", "Let it begin before the run above it.", "Ctrl+Up", "arrow-up"),
    Deed("down", "Move &down", "Let the run below it begin first.", "Ctrl+Down", "arrow-down"),
    Deed("overlay", "O&verlay its curves", "Draw its curves over those of the run that is shown, or take them away.",
         "Space", "eye", line_before=True),
    Deed("bare", "Take all overla&ys off", "Leave the run that is shown alone in the plots.", icon="eye-off-outline"),
    Deed("compare", "&Compare settings…", "Two runs side by side, or a branch and its parent.", icon="compare"),
    Deed("duplicate", "Duplica&te", "A new run with the same settings, not started.", icon="content-duplicate",
         line_before=True),
    Deed("rename", "Re&name", "Give it another title; its folder keeps its name.", "F2", "rename-outline"),
    Deed("report", "Export re&port…", "One page with its settings, curves and samples, to be mailed.",
         icon="file-document-outline", line_before=True),
    Deed("timelapse", "Export time-&lapse…", "Its samples from the first to the last as a film.", icon="filmstrip"),
    Deed("curves", "E&xport curves…", "Its curves as a table or a picture.", icon="chart-line"),
    Deed("reveal", "&Show in the file browser", "The folder in which all of it lies.", icon="folder-search-outline",
         line_before=True),
    Deed("trash", "&Move to the trash…", "With its checkpoints and samples; its branches stay.", "Del",
         "trash-can-outline"),
)
# fmt: on


class RunActions(QObject):
    """A table's actions by id, on a widget whose keyboard they serve."""

    def __init__(self, owner: QWidget, deeds: Sequence[Deed] = DEEDS):
        super().__init__(owner)
        self._owner, self._deeds = owner, deeds
        self._actions = {deed.id: self._action(deed) for deed in deeds}

    def __getitem__(self, id: str) -> QAction:
        return self._actions[id]

    def on(self, id: str, slot: Callable[[], object]) -> None:
        self[id].triggered.connect(slot)

    def allow(self, id: str, reason: str) -> None:
        """Enable it, or disable it for a reason, which its tooltip tells."""
        action = self[id]
        action.setEnabled(not reason)
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        sentence = reason or action.whatsThis()
        action.setToolTip(f"{sentence} ({shortcut})" if shortcut else sentence)

    def keys(self, where: str) -> Iterator[Keys]:
        """Of those that have any."""
        for deed in self._deeds:
            keys = self[deed.id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            if keys:
                yield where, deed.text.replace("&", ""), keys, deed.help

    def rename(self, id: str, text: str) -> None:
        """The same deed said otherwise, for what is chosen."""
        self[id].setText(text)

    def _action(self, deed: Deed) -> QAction:
        action = QAction(deed.text, self)
        action.setWhatsThis(deed.help)
        action.setShortcut(QKeySequence(deed.shortcut))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        theme.tint(action, deed.icon)
        self._owner.addAction(action)
        return action


# --- why not ---------------------------------------------------------------------------------------------------------


def not_one(chosen: Chosen) -> str:
    return "" if len(chosen) == 1 else "Choose one run."


def none_chosen(chosen: Chosen) -> str:
    return "" if chosen else "Choose a run."


def not_idle(chosen: Chosen) -> str:
    """What is in training or finished neither goes on nor waits."""
    if any(entry.is_live for entry in chosen):
        return "It is in training."
    if any(entry.state.name == "finished" for entry in chosen):
        return "It is finished. To go on, raise its steps and branch."
    return none_chosen(chosen)


def not_to_be_queued(chosen: Chosen) -> str:
    return not_idle(chosen) or ("It waits already." if any(entry.is_queued for entry in chosen) else "")


def not_queued(chosen: Chosen) -> str:
    return "" if chosen and all(entry.is_queued for entry in chosen) else "It is not in the queue."


def in_training(chosen: Chosen) -> str:
    return "It is in training; stop it first." if any(entry.is_live for entry in chosen) else none_chosen(chosen)
