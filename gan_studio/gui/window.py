"""The window: tabs as work modes, menus, status bar, log. It is shown before anything heavy is loaded."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import shiboken6
from PySide6.QtCore import QEvent, QMimeData, QObject, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QPaintEvent,
)
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QMessageBox, QTabWidget

from .. import __version__
from . import theme
from .commands import VIEW, Commands
from .desktop import Bell, bring_on_screen
from .drops import Answer, answer, is_for_us, local_paths, refusal_of_address
from .evaluate.room import EvaluateRoom
from .explore.room import ExploreRoom
from .gallery.room import GalleryRoom
from .log_dock import LogDock
from .race.room import RaceRoom
from .room import Room
from .session import Session
from .status import StatusBar
from .theory.room import TheoryRoom
from .train.room import TrainRoom
from .translate.room import TranslateRoom
from .warmup import LIGHT, READY, warm_up
from .widgets.key_list import KeyList
from .widgets.notice import Notices
from .widgets.palette import Entry, Palette
from .worker import Worker

ROOMS: tuple[type[Room], ...] = (
    TrainRoom,
    ExploreRoom,
    TranslateRoom,
    GalleryRoom,
    EvaluateRoom,
    RaceRoom,
    TheoryRoom,
)  # one tab each, in this order

SIZE = QSize(1360, 860)
FRAME = QSize(8, 40)  # about what a window manager puts around a window
PATIENCE_S = 2.0  # a closing window waits so long for the job to answer before it insists,
LAST_RESORT_S = 15.0  # and so long before it goes all the same, unless a checkpoint is being written
DISK_S = 1.0  # a closing window waits so long for a look at what was dropped
LOADING = "One moment: it is still being loaded."


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
        self._subjects: dict[QObject, str] = {}  # of each room: what it is about
        self._trouble = False  # something went wrong while the window was leaving
        self._asker: Worker | None = None  # looks at what was dropped
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
        self.bell = Bell(self)
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.rooms = [room(self.session, self.commands, self.notices) for room in ROOMS]
        for room in self.rooms:
            self.tabs.addTab(room, room.title)
            room.subject_changed.connect(self._take_subject)
            room.subject_changed.connect(self._forget_outcome)
            room.elsewhere_wanted.connect(self._show_elsewhere)
        self.log = LogDock(self)
        for room in self.rooms:
            room.logged.connect(self.log.add)
        self.addDockWidget(self.log.allowedAreas() & self.log.allowedAreas().BottomDockWidgetArea, self.log)
        self.log.hide()
        self.commands.fill(self.menuBar())
        self._add_tab_keys()
        self._add_themes()
        self.finder = Palette(self.tabs, self._entries, as_list(self.settings.value("palette")))
        self.keys = KeyList(self)
        self.tabs.currentChanged.connect(self._show_title)
        self.tabs.currentChanged.connect(self._place_notices)
        self._show_title()
        self._place_notices()

    def _add_tab_keys(self) -> None:
        """Ctrl+1 shows the first tab, and so on."""
        menu = self.commands.menus[VIEW]
        before = menu.actions()[0]
        for i, room in enumerate(self.rooms):
            action = QAction(f"&{i + 1} {room.title}", self, shortcut=QKeySequence(f"Ctrl+{i + 1}"))
            action.setToolTip(f"Show the {room.title} tab.")
            action.setWhatsThis(action.toolTip())
            action.triggered.connect(room.raise_tab)
            room.wanted.connect(self.tabs.setCurrentWidget)
            menu.insertAction(before, action)
        menu.insertSeparator(before)

    def _add_themes(self) -> None:
        self.themes = QActionGroup(self)
        choices = self.commands.add_menu(f"{VIEW}/&Theme")
        for choice, text, help in (
            ("system", "&System", "Light or dark as the desktop is."),
            ("light", "&Light", "Dark text on a light ground."),
            ("dark", "&Dark", "Light text on a dark ground."),
        ):
            action = QAction(text, self.themes, checkable=True)
            action.setData(choice)
            action.setToolTip(help)
            action.setWhatsThis(help)
            choices.addAction(action)
        self.themes.triggered.connect(self._choose_theme)

    def _connect(self) -> None:
        self.commands.on("new", self._start_over)
        self.commands.allow("new", LOADING)
        self.commands.on("export", partial(self.finder.open, "export "))
        self.commands.on("quit", self.close)
        self.commands.on("log", self._show_log)
        self.commands.on("panels", self._show_panels)
        self.commands.on("full_screen", self._fill_screen)
        self.commands.on("reset_layout", self.reset_layout)
        self.commands.on("palette", self.finder.open)
        self.commands.on("keys", self._show_keys)
        self.commands.on("about", self._about)
        self.finder.used.connect(self._remember)
        self.log.visibilityChanged.connect(self.commands["log"].setChecked)
        self.session.stage_changed.connect(self.status.set_stage)
        self.session.events.connect(self._show_events)
        self.session.problem.connect(self._show_problem)
        application().screenRemoved.connect(self._screen_removed)

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
        for line in self.findChildren(QLineEdit):
            line.setAcceptDrops(False)  # what is dropped on a field is for the window, too
        self.commands.allow("new")
        self.status.watch()
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
        from ..jobs.events import Checkpoint, Finished, Forecast, Log, Paused, Stopped

        self.status.show_events(mail)
        for event in mail:
            match event:
                case Log():
                    self.log.add(event.text, event.level)
                case Forecast():
                    rows = ", ".join(f"{name}: {1000 * seconds:.1f} ms a step" for name, seconds in event.table)
                    tried = f" Tried: {rows}." if rows else ""
                    self.log.add(f"{event.device} uses {event.picked}.{tried}")
                case Checkpoint():
                    self.log.add(f"Saved {event.path}")
                case Finished():
                    self.bell.ring(f"{self.session.title} is finished", f"{event.step:,} steps are done.")
                case Paused() | Stopped() if event.reason:
                    self._trouble = True
                    self.log.add(event.reason, "warning")
                    what = "waits" if isinstance(event, Paused) else "has stopped"
                    self.bell.ring(f"{self.session.title} {what}", event.reason, warns=True)

    def _show_problem(self, sentence: str, details: str, expected: bool) -> None:
        """A notice for the user; the trace goes to the log, which opens itself for what nobody expected."""
        self._trouble = True
        self.notices.show_notice(sentence, "error", details)
        self.log.add_error(sentence, details)
        if self.session.is_training:
            self.bell.ring(f"{self.session.title} has failed", sentence, warns=True)
        if not expected:
            self.log.show_problems()

    def _forget_outcome(self) -> None:
        """Something else is looked at: the figures of the last training would be taken for its own."""
        if not self.session.is_training and self._is_ready:
            self.status.forget()

    def _take_subject(self, subject: str) -> None:
        self._subjects[self.sender()] = subject
        self._show_title()

    def _show_title(self) -> None:
        subject = self._subjects.get(self.current_room(), "")
        self.setWindowTitle(f"{subject} – GAN Studio" if subject else "GAN Studio")

    def _place_notices(self) -> None:
        self.notices.set_foot(self.current_room().foot)

    # File, View and Help

    def current_room(self) -> Room:
        return self.rooms[self.tabs.currentIndex()]

    def _start_over(self) -> None:
        self.current_room().start_over()

    def _show_log(self) -> None:
        self.log.setVisible(self.commands["log"].isChecked())

    def _fill_screen(self) -> None:
        """And back to what it was before: a window, or maximised."""
        full = Qt.WindowState.WindowFullScreen
        state = self.windowState()
        self.setWindowState(state | full if self.commands["full_screen"].isChecked() else state & ~full)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.commands["full_screen"].setChecked(self.isFullScreen())

    def _show_panels(self) -> None:
        for room in self.rooms:
            room.show_panels(self.commands["panels"].isChecked())

    def _choose_theme(self, action: QAction) -> None:
        theme.apply(application(), action.data())
        self.settings.setValue("theme", action.data())

    def reset_layout(self) -> None:
        self.log.reset()
        self.restoreState(self._first_state)
        self.commands["panels"].setChecked(True)
        self._show_panels()
        for room in self.rooms:
            room.reset_layout()
        bring_on_screen(self)

    def _screen_removed(self) -> None:
        QTimer.singleShot(0, self, self._come_on_screen)  # when the desktop has moved its windows

    def _come_on_screen(self) -> None:
        bring_on_screen(self)

    def _show_keys(self) -> None:
        menus = [(menu, plain(a.text()), keys_of(a), a.whatsThis()) for menu, a in self.commands.all_actions()]
        rooms = [keys for room in self.rooms if self._is_ready for keys in room.key_entries()]
        self.keys.show_keys([*menus, *rooms])

    def _about(self) -> None:
        QMessageBox.about(
            self,
            "About GAN Studio",
            f"<b>GAN Studio {__version__}</b><p>Train generative adversarial networks and watch them learn.</p>"
            f"<p>Python {sys.version.split()[0]}, PySide6, PyTorch</p>",
        )

    # the palette

    def _entries(self) -> Iterator[Entry]:
        """All that the menus hold, then what the rooms offer."""
        for menu, action in self.commands.all_actions():
            if action is not self.commands["palette"]:
                reason = "" if action.isEnabled() else action.whatsThis()
                yield Entry(
                    f"{menu}: {plain(action.text())}", action.whatsThis(), action.trigger, keys_of(action), reason
                )
        for room in self.rooms if self._is_ready else []:
            for text, detail, call in room.palette_entries():
                yield Entry(text, detail, partial(self._do_in, room, call))

    def _do_in(self, room: Room, call: Callable[[], object]) -> None:
        room.raise_tab()
        call()

    def _remember(self, recent: list[str]) -> None:
        self.settings.setValue("palette", recent)

    # kept from one session to the next

    def _restore(self) -> None:
        self._first_state = self.saveState()
        room_on_screen = QGuiApplication.primaryScreen().availableSize() - FRAME
        self.resize(SIZE.boundedTo(room_on_screen))
        if geometry := self.settings.value("geometry"):
            self.restoreGeometry(geometry)
            bring_on_screen(self)
        if state := self.settings.value("state"):
            self.restoreState(state)
        for room in self.rooms:
            if layout := self.settings.value(f"layout/{room.title}"):
                room.restore_layout(layout)
            if room.title == self.settings.value("tab"):
                self.tabs.setCurrentWidget(room)
        self.commands["panels"].setChecked(bool(self.settings.value("panels", True, type=bool)))
        self._show_panels()
        self.commands["full_screen"].setChecked(self.isFullScreen())
        choice = self.settings.value("theme", "system")
        for action in self.themes.actions():
            action.setChecked(action.data() == choice)
        self.commands["log"].setChecked(not self.log.isHidden())

    def _save(self) -> None:
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("state", self.saveState())
        self.settings.setValue("tab", self.current_room().title)
        self.settings.setValue("panels", self.commands["panels"].isChecked())
        for room in self.rooms:
            self.settings.setValue(f"layout/{room.title}", room.save_layout())

    # dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if is_for_us(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)  # else the desktop may take what was moved away
            event.accept()
            self.current_room().dragged_over([path.name for path in local_paths(event.mimeData())])

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.current_room().dragged_over([])

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.current_room().dragged_over([])
        self.take_dropped(event.mimeData())

    def take_dropped(self, data: QMimeData) -> None:
        """Look at it on a thread of its own, as disks may be slow; the latest drop counts."""
        paths = local_paths(data)
        if not self._is_ready:
            self.notices.show_notice(LOADING, "warning")
        elif paths:
            self._find_room(paths)
        elif not (data.hasImage() and self.current_room().take_picture(data.imageData())):
            self.notices.show_notice(refusal_of_address(data), "warning")

    def show_path(self, path: Path) -> None:
        """In the room that takes it, as if it were dropped."""
        self._find_room([path])

    def _show_elsewhere(self, path: str) -> None:
        self.show_path(Path(path))

    def _find_room(self, paths: list[Path]) -> None:
        self._forget_drop()
        in_front = self.current_room()
        rooms = [in_front, *[room for room in self.rooms if room is not in_front]]
        self._asker = Worker(answer(paths, rooms), parent=self)
        self._asker.events.connect(self._use_drop)
        self._asker.failed.connect(self.session.tell)
        self._asker.finished.connect(self._asker.deleteLater)
        self._asker.start()

    def _forget_drop(self) -> None:
        if self._asker and shiboken6.isValid(self._asker):
            self._asker.events.disconnect(self._use_drop)
        self._asker = None

    def _wait_for_drop(self) -> None:
        """The window closes: a disk that answers soon is waited for."""
        asker = self._asker
        self._forget_drop()
        if asker and shiboken6.isValid(asker):
            asker.join(DISK_S)

    def _use_drop(self, answers: list[Answer]) -> None:
        found = answers[-1]
        if found.room is None:
            self.notices.show_notice(found.sentence, "warning")
        else:
            self.tabs.setCurrentWidget(found.room)
            found.room.take_all(found.path, found.others)

    # leaving

    def closeEvent(self, event: QCloseEvent) -> None:
        """While something trains: ask it to save, and close when it has."""
        if self.session.is_training:
            event.ignore()
            self._leave()
            return
        self._builder.stop()
        self.session.leave()
        for room in self.rooms:
            room.leave()
        self._wait_for_drop()
        self._save()
        self.session.close()
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


def plain(text: str) -> str:
    """Without the mark of its mnemonic."""
    return text.replace("&", "")


def keys_of(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def as_list(value: object) -> list[str]:
    """What QSettings gives back for a list: one of a single text is a text."""
    return [str(text) for text in value] if isinstance(value, list) else [str(value)] if value else []


def application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
