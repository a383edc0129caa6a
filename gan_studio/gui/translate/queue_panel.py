"""The files to translate: dropped or chosen, listed with how each stands, and what drives them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...words import time_left
from .. import theme
from ..widgets.drop_area import DropArea
from ..widgets.file_queue import FileQueue, QueueView
from ..widgets.fold import quiet
from ..widgets.tool import tool_button

ANY = "Any size will do: where a network wants more, the picture is mirrored on at its edges, and cut back. "
ANY += "Transparency stays as it is; 16 bits, EXIF and colour profiles are kept."
DROP_HERE = "Drop pictures and folders here, or paste a picture (Ctrl+V)."
NO_FILES = "Add pictures first."


class QueuePanel(QWidget):
    files_wanted = Signal()
    folder_wanted = Signal()
    paste_wanted = Signal()
    start_wanted = Signal()
    pause_wanted = Signal(bool)  # pause, or go on
    cancel_wanted = Signal()
    retry_wanted = Signal(list)
    show_result_wanted = Signal(object)  # in its folder
    copy_result_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.queue = FileQueue(self)
        self.view = QueueView(self.queue)
        self.is_working = self.is_paused = False
        self._why_not = NO_FILES
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head())
        column.addWidget(self._pages(), 1)
        column.addWidget(self._foot())
        self.queue.counted.connect(self._count)
        self.view.menu_wanted.connect(self._fill_menu)
        self._count()

    # --- its parts ---

    def _head(self) -> QHBoxLayout:
        self.counts = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.counts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.add_button = QToolButton(autoRaise=True)
        self.add_button.setToolTip(f"Add pictures. {ANY}")
        self.add_button.setAccessibleName("Add pictures")
        self.add_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.add_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.add_button)
        menu.addAction("&Files…", self.files_wanted.emit)
        menu.addAction("F&older…", self.folder_wanted.emit)
        menu.addAction("&Paste (Ctrl+V)", self.paste_wanted.emit)
        self.add_button.setMenu(menu)
        theme.tint(self.add_button, "plus")
        self.retry_button = tool_button("Retry", "refresh", "Retry what failed", self._retry_failed)
        self.clear_button = tool_button("Clear", "playlist-remove", "Take all files out of the list", self._clear)
        row = QHBoxLayout()
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(4)
        row.addWidget(self.counts, 1)
        for button in (self.add_button, self.retry_button, self.clear_button):
            row.addWidget(button)
        return row

    def _pages(self) -> QStackedWidget:
        self.drop_area = DropArea(DROP_HERE)
        self.choose_button = QPushButton("Choose files…", autoDefault=False)
        self.choose_button.setToolTip(f"Choose the pictures to translate. {ANY}")
        self.choose_button.clicked.connect(self.files_wanted)
        self.drop_area.add_button(self.choose_button)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.drop_area)
        self.pages.addWidget(self.view)
        return self.pages

    def _foot(self) -> QWidget:
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName("Progress of the translation")
        self.said = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.start_button = QPushButton("&Translate all", autoDefault=False)
        self.start_button.clicked.connect(self.start_wanted)
        theme.tint(self.start_button, "play")
        self.pause_button = QPushButton("&Pause", autoDefault=False)
        self.pause_button.clicked.connect(self._pause)
        self.cancel_button = QPushButton("Cancel", autoDefault=False)
        self.cancel_button.setToolTip("End it. What is finished stays; nothing half done is left.")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.start_button, 1)
        buttons.addWidget(self.pause_button, 1)
        buttons.addWidget(self.cancel_button)
        self.foot = foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.bar)
        column.addWidget(self.said)
        column.addLayout(buttons)
        return foot

    # --- what is shown ---

    def show_state(self, working: bool, paused: bool = False, why_not: str = "") -> None:
        """`why_not` is the reason why it cannot begin, "" where it can."""
        self.is_working, self.is_paused, self._why_not = working, paused, why_not
        self._offer()

    def show_progress(self, share: float, words: str) -> None:
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * share))
        self.say(words)

    def show_preparing(self, words: str) -> None:
        self.bar.setRange(0, 0)
        self.say(words)

    def say(self, words: str) -> None:
        self.said.setText(words)

    def _count(self) -> None:
        queue = self.queue
        total = len(queue.files)
        named = [(queue.count(state), state) for state in ("failed", "done", "skipped")]
        parts = [f"{total:,} file{'s' if total != 1 else ''}"]
        parts += [f"{count:,} {state}" for count, state in named if count]
        self.counts.setText(" · ".join(parts[:2]) if total else "Files")
        self.counts.setToolTip(" · ".join(parts) if total else "")
        self.pages.setCurrentWidget(self.view if total else self.drop_area)
        self._offer()

    def _offer(self) -> None:
        waiting = self.queue.count("waiting")
        why_not = self._why_not or ("" if waiting else NO_FILES if not self.queue.files else "All of them are done.")
        self.start_button.setVisible(not self.is_working)
        self.start_button.setEnabled(not why_not)
        self.start_button.setText(f"&Translate {waiting:,}" if waiting else "&Translate all")
        self.start_button.setAccessibleName("Translate")
        self.start_button.setToolTip(why_not or "Translate all that wait and write the results. (F5)")
        for widget in (self.pause_button, self.cancel_button, self.bar):
            widget.setVisible(self.is_working)
        self.pause_button.setText("&Go on" if self.is_paused else "&Pause")
        self.pause_button.setToolTip(
            "Go on with the rest." if self.is_paused else "Stop after this piece, to go on later."
        )
        self.retry_button.setEnabled(bool(self.queue.count("failed")))
        self.clear_button.setEnabled(bool(self.queue.files) and not self.is_working)

    # --- the user ---

    def _pause(self) -> None:
        self.pause_wanted.emit(not self.is_paused)

    def _retry_failed(self) -> None:
        self.retry_wanted.emit(self.queue.paths("failed"))

    def _clear(self) -> None:
        self.queue.clear()

    def _fill_menu(self, menu: QMenu, paths: list[Path]) -> None:
        files = [file for path in paths if (file := self.queue.file(path))]
        done = [file.path for file in files if file.target]
        again = [file.path for file in files if file.state in ("done", "failed", "skipped")]
        for text, call, possible in (
            ("&Show the result in its folder", lambda: self.show_result_wanted.emit(done[0]), bool(done)),
            ("&Copy the result", lambda: self.copy_result_wanted.emit(done[0]), bool(done)),
            ("&Again", lambda: self.retry_wanted.emit(again), bool(again)),
            ("&Take out of the list", lambda: self.view.remove_wanted.emit(paths), True),
        ):
            menu.addAction(text, call).setEnabled(possible)

    # --- things held over the window ---

    def dragged_over(self, words: str) -> None:
        """Shown in place of the list while something is held over the window; "" is over."""
        self.drop_area.light_up(words)
        self.pages.setCurrentWidget(self.drop_area if words or not self.queue.files else self.view)


def progress_words(done: int, total: int, seconds_left: float, pictures_per_second: float) -> str:
    """ "3 of 12 · 40 s left · 0.7 pictures/s" """
    parts = [f"{done:,} of {total:,}"]
    if left := time_left(seconds_left):
        parts.append(left)
    if pictures_per_second > 0:
        parts.append(f"{pictures_per_second:.3g} pictures/s")
    return " · ".join(parts)
