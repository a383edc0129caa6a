"""A room is what stands behind one tab. A new tab is a new room, and one line in `window.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QSplitter, QVBoxLayout, QWidget

from .commands import Commands
from .session import Session

if TYPE_CHECKING:
    from .widgets.notice import Notices


LOADING = "Loading PyTorch; a moment."

Found = tuple[str, str, Callable[[], object]]  # what the palette shows, a sentence about it, and what it does

Keys = tuple[str, str, str, str]  # where they serve, what they do, the keys, a sentence about it


class Room(QWidget):
    """Built in three parts, so that the window is there at once: the frame, then `furnish`, then `make_ready`."""

    title = ""
    takes_what = ""  # what may be dropped, for a sentence: "a folder of pictures"
    subject_changed = Signal(str)  # what the room is about, for the window's title
    wanted = Signal(QWidget)  # itself: it asks to be shown
    elsewhere_wanted = Signal(str)  # a path that belongs in another room
    logged = Signal(str, str)  # a line for the log, and its level

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__()
        self.session, self.commands, self.notices = session, commands, notices
        self.foot = 0  # pixels at its lower edge that notices leave free

    def keep_foot(self, height: int) -> None:
        """What is always at hand there is not to be covered by notices."""
        self.foot = height
        if self.isVisible():
            self.notices.set_foot(height)

    def lay_out(self, bar: QLayout, below: QWidget) -> None:
        """All that there is: a bar, and the rest of the room below it."""
        column = without_gaps(self)
        column.addLayout(bar)
        column.addWidget(below, 1)

    def furnish(self) -> Iterator[None]:
        """Build what needs no torch; each `yield` gives the window time to breathe."""
        yield from ()

    def make_ready(self) -> Iterator[None]:
        """Build what needs the shelves, and let the user begin."""
        yield from ()

    def raise_tab(self) -> None:
        self.wanted.emit(self)

    def show_subject(self, name: str) -> None:
        """Show what was named on the command line: a folder, a file, or an id."""

    def start(self) -> None:
        """Begin with what is shown."""

    def start_over(self) -> None:
        """Show what a newcomer sees first."""

    def palette_entries(self) -> Iterator[Found]:
        """What the palette finds here beside the commands: presets, settings, runs. Asked anew at each opening."""
        yield from ()

    def deed(self, event: QKeyEvent) -> Callable[[], object] | None:
        """What a key does wherever the keyboard is in the room; such keys come before those of the menus."""
        return None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.deed(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if deed := self.deed(event):
            deed()
        else:
            super().keyPressEvent(event)

    def key_entries(self) -> Iterator[Keys]:
        """The keys of its parts, which only serve while the keyboard is there, for the sheet of shortcuts."""
        yield from ()

    def takes(self, path: Path) -> bool:
        """Whether something that is dropped on the window belongs here.

        It may look at the disk, which may be slow, and so is called on a thread of its own: it touches no widget.
        """
        return False

    def take(self, path: Path) -> None:
        """Show or use what was dropped."""

    def take_all(self, path: Path, others: Sequence[Path]) -> None:
        """Several were dropped at once; `path` is the first that belongs here. Who works on one leaves the others."""
        self.take(path)

    def take_picture(self, picture: QImage) -> bool:
        """A picture that is no file was dropped while the room was in front; whether it is of use here."""
        return False

    def dragged_over(self, names: Sequence[str]) -> None:
        """What has such names is held over the window, while the room is in front; nothing any more where none."""

    def leave(self) -> None:
        """The window closes: end what is under way beside the training."""

    def save_layout(self) -> list[QByteArray]:
        """The states of the room's splitters."""
        return []

    def restore_layout(self, layout: list[QByteArray]) -> None:
        """What `save_layout` gave."""

    def show_panels(self, visible: bool) -> None:
        """Show or hide what stands beside the subject."""

    def reset_layout(self) -> None:
        """As it was at first."""


class PanedRoom(Room):
    """One with its subject in the centre of a splitter, and panels on both sides."""

    widths: ClassVar[tuple[int, int, int]]  # of the three at first

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.left, self.centre, self.right = empty_column(), empty_column(), empty_column()
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        for part in (self.left, self.centre, self.right):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes(self.widths)

    def save_layout(self) -> list[QByteArray]:
        return [self.splitter.saveState()]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        if layout:
            self.splitter.restoreState(layout[0])

    def show_panels(self, visible: bool) -> None:
        self.left.setVisible(visible)
        self.right.setVisible(visible)

    def reset_layout(self) -> None:
        self.splitter.setSizes(self.widths)


def empty_column() -> QWidget:
    """Empty, for widgets one below the other without a gap: see `put`."""
    part = QWidget()
    without_gaps(part)
    return part


def without_gaps(part: QWidget) -> QVBoxLayout:
    rows = QVBoxLayout(part)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    return rows


def bar_row() -> QHBoxLayout:
    """For what stands above a room's subject."""
    bar = QHBoxLayout()
    bar.setContentsMargins(8, 6, 8, 6)
    return bar


def put(widget: QWidget, part: QWidget) -> None:
    """At the foot of a column."""
    layout = part.layout()
    assert layout
    layout.addWidget(widget)
