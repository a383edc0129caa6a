"""The window: tabs as work modes, menus, status bar, log. It is shown before anything heavy is loaded."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QPaintEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox, QTabWidget

from .. import __version__
from . import theme
from .commands import VIEW, Commands
from .log_dock import LogDock
from .room import Room
from .session import Session
from .status import StatusBar
from .train.room import TrainRoom
from .warmup import LIGHT, READY, warm_up
from .widgets.notice import Notices
from .worker import Worker

ROOMS: tuple[type[Room], ...] = (TrainRoom,)  # one tab each, in this order

SIZE = QSize(1360, 860)
FRAME = QSize(8, 40)  # about what a window manager puts around a window
PATIENCE_S = 2.0  # a closing window waits so long for the job to answer before it insists,
LAST_RESORT_S = 15.0  # and so long before it goes all the same, unless a checkpoint is being written


class Window(QMainWindow):
    """`warm` is the job that loads what is heavy; it starts after the first paint."""

    painted = Signal()  # for the first time
    ready = Signal()  # everything can be used

    def __init__(
        self,
        session: Session,
        settings: QSettings | None = None,
        warm: Callable[[], Iterator[str]] = warm_up,
    ):
        super().__init__()
        self.session = session
        self.settings = settings or QSettings("gan-studio", "gan-studio")
        self._pieces: deque[Iterator[None]] = deque()
        self._was_painted = self._is_ready = False
        self._leaving_since = 0.0
        self._trouble = False  # something went wrong while the window was leaving
        self._build()
        self._connect()
        self._restore()
        self._warm = Worker(warm(), parent=self)
        self._warm.events.connect(self._reached)
        self._warm.failed.connect(session.tell)
        self._builder = QTimer(self, interval=0)
        self._builder.timeout.connect(self._build_a_piece)

    # the frame

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.commands = Commands(self)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setAccessibleName("Work modes")
        self.setCentralWidget(self.tabs)
        self.notices = Notices(self.tabs)
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.rooms = [room(self.session, self.commands, self.notices) for room in ROOMS]
        for room in self.rooms:
            self.tabs.addTab(room, room.title)
            room.subject_changed.connect(self._show_title)
            room.subject_changed.connect(self._forget_outcome)
        self.log = LogDock(self)
        self.addDockWidget(self.log.allowedAreas() & self.log.allowedAreas().BottomDockWidgetArea, self.log)
        self.log.hide()
        self.commands.fill(self.menuBar())
        self._add_tab_keys()
        self._add_themes()
        self._show_title("")

    def _add_tab_keys(self) -> None:
        """Ctrl+1 shows the first tab, and so on."""
        menu = self.commands.menus[VIEW]
        before = menu.actions()[0]
        for i, room in enumerate(self.rooms):
            action = QAction(f"&{i + 1} {room.title}", self, shortcut=QKeySequence(f"Ctrl+{i + 1}"))
            action.setToolTip(f"Show the {room.title} tab.")
            action.triggered.connect(room.raise_tab)
            room.wanted.connect(self.tabs.setCurrentWidget)
            menu.insertAction(before, action)
        menu.insertSeparator(before)

    def _add_themes(self) -> None:
        menu = self.commands.menus[VIEW]
        self.themes = QActionGroup(self)
        choices = menu.addMenu("&Theme")
        for choice, text, help in (
            ("system", "&System", "Light or dark as the desktop is."),
            ("light", "&Light", "Dark text on a light ground."),
            ("dark", "&Dark", "Light text on a dark ground."),
        ):
            action = QAction(text, self.themes, checkable=True)
            action.setData(choice)
            action.setToolTip(help)
            choices.addAction(action)
        self.themes.triggered.connect(self._choose_theme)

    def _connect(self) -> None:
        self.commands.on("quit", self.close)
        self.commands.on("log", self._show_log)
        self.commands.on("full_screen", self._fill_screen)
        self.commands.on("reset_layout", self.reset_layout)
        self.commands.on("about", self._about)
        self.log.visibilityChanged.connect(self.commands["log"].setChecked)
        self.session.stage_changed.connect(self.status.set_stage)
        self.session.events.connect(self._show_events)
        self.session.problem.connect(self._show_problem)

    # the start: first the picture, then what is behind it

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self._after_first_paint)

    def _after_first_paint(self) -> None:
        self.painted.emit()
        self._warm.start()

    def _reached(self, stages: list[str]) -> None:
        if LIGHT in stages:
            self._pieces.append(self.commands.draw_icons())
            self._pieces.extend(room.furnish() for room in self.rooms)
        if READY in stages:
            self._pieces.extend(room.make_ready() for room in self.rooms)
            self._pieces.append(self._be_ready())
        self._builder.start()

    def _build_a_piece(self) -> None:
        """One piece at a time, so that the window never stalls."""
        if not self._pieces:
            self._builder.stop()
        elif next(self._pieces[0], "done") == "done":
            self._pieces.popleft()

    def _be_ready(self) -> Iterator[None]:
        self._is_ready = True
        if not self.session.is_training:
            self.status.set_stage("idle")
        self.ready.emit()
        yield

    @property
    def is_ready(self) -> bool:
        return self._is_ready

    @property
    def is_warming(self) -> bool:
        return self._warm.is_alive()

    # what comes from the session

    def _show_events(self, mail: list[object]) -> None:
        from ..jobs.events import Checkpoint, Forecast, Log, Paused, Stopped

        self.status.show_events(mail)
        for event in mail:
            match event:
                case Log():
                    self.log.add(event.text, event.level)
                case Forecast():
                    rows = ", ".join(f"{name}: {1000 * seconds:.1f} ms a step" for name, seconds in event.table)
                    self.log.add(f"{event.device} uses {event.picked}. Tried: {rows}.")
                case Checkpoint():
                    self.log.add(f"Saved {event.path}")
                case Paused() | Stopped() if event.reason:
                    self._trouble = True
                    self.log.add(event.reason, "warning")

    def _show_problem(self, sentence: str, details: str, expected: bool) -> None:
        """A notice for the user; the trace goes to the log, which opens itself for what nobody expected."""
        self._trouble = True
        self.notices.show_notice(sentence, "error", details)
        self.log.add_error(sentence, details)
        if not expected:
            self.log.show_problems()

    def _forget_outcome(self) -> None:
        """Something else is looked at: the figures of the last training would be taken for its own."""
        if not self.session.is_training and self._is_ready:
            self.status.forget()

    def _show_title(self, subject: str) -> None:
        self.setWindowTitle(f"{subject} – GAN Studio" if subject else "GAN Studio")

    # View and Help

    def _show_log(self) -> None:
        self.log.setVisible(self.commands["log"].isChecked())

    def _fill_screen(self) -> None:
        if self.commands["full_screen"].isChecked():
            self.showFullScreen()
        else:
            self.showNormal()

    def _choose_theme(self, action: QAction) -> None:
        theme.apply(application(), action.data())
        self.settings.setValue("theme", action.data())

    def reset_layout(self) -> None:
        self.log.hide()
        self.restoreState(self._first_state)
        for room in self.rooms:
            room.reset_layout()

    def _about(self) -> None:
        QMessageBox.about(
            self,
            "About GAN Studio",
            f"<b>GAN Studio {__version__}</b><p>Train generative adversarial networks and watch them learn.</p>"
            f"<p>Python {sys.version.split()[0]}, PySide6, PyTorch, pyqtgraph</p>",
        )

    # kept from one session to the next

    def _restore(self) -> None:
        self._first_state = self.saveState()
        room_on_screen = QGuiApplication.primaryScreen().availableSize() - FRAME
        self.resize(SIZE.boundedTo(room_on_screen))
        if geometry := self.settings.value("geometry"):
            self.restoreGeometry(geometry)
        if state := self.settings.value("state"):
            self.restoreState(state)
        for room in self.rooms:
            if layout := self.settings.value(f"layout/{room.title}"):
                room.restore_layout(layout)
        choice = self.settings.value("theme", "system")
        for action in self.themes.actions():
            action.setChecked(action.data() == choice)
        self.commands["log"].setChecked(not self.log.isHidden())

    def _save(self) -> None:
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("state", self.saveState())
        for room in self.rooms:
            self.settings.setValue(f"layout/{room.title}", room.save_layout())

    # dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(self._room_for(path) for path in dropped(event)):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in dropped(event):
            if room := self._room_for(path):
                event.acceptProposedAction()
                self.tabs.setCurrentWidget(room)
                room.take(path)
                return

    def _room_for(self, path: Path) -> Room | None:
        return next((room for room in self.rooms if self._is_ready and room.takes(path)), None)

    # leaving

    def closeEvent(self, event: QCloseEvent) -> None:
        """While something trains: ask it to save, and close when it has."""
        if self.session.is_training:
            event.ignore()
            self._leave()
            return
        self._builder.stop()
        for room in self.rooms:
            room.leave()
        self._save()
        event.accept()

    def _leave(self) -> None:
        if self._leaving_since:
            return
        self._leaving_since, self._trouble = time.monotonic(), False
        self.session.leaving = True
        self.session.stop()
        self._farewell = self.notices.show_notice("Saving the run. The window closes when it is done.", "info")
        self._leaver = QTimer(self, interval=30)
        self._leaver.timeout.connect(self._leave_when_saved)
        self._leaver.start()

    def _leave_when_saved(self) -> None:
        if not self.session.is_training:
            self._leaver.stop()
            if self._trouble:
                self._stay()
            else:
                self.close()
            return
        waited = time.monotonic() - self._leaving_since
        if waited > PATIENCE_S:
            self.session.insist()
        if waited > LAST_RESORT_S and not self.session.is_saving():
            self._save()
            self.settings.sync()
            os._exit(0)  # everything before the newest checkpoint is safe; a thread of torch cannot be ended otherwise

    def _stay(self) -> None:
        """What went wrong is to be read before the window goes; the next wish to close it counts."""
        self._leaving_since, self.session.leaving = 0.0, False
        self.notices.take_back(self._farewell)


def dropped(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


def application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
