"""The desktop around the window: which screens are there, the trash, a word to whoever is not looking."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QFile, QMargins, QObject, QRect, QStandardPaths, QTimer
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from . import theme

SHOWN_MS = 10_000  # how long a notice of the desktop stays; with it goes the icon that it needs
FRAME = QMargins(4, 36, 4, 4)  # about what a window manager puts around a window


# --- the trash -------------------------------------------------------------------------------------------------------


def move_to_trash(folder: Path) -> bool:
    """Whether it is in the trash now. On any thread."""
    data = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation))
    with contextlib.suppress(OSError):
        data.mkdir(parents=True, exist_ok=True)  # for Linux: Qt makes the trash in it, but not the folder itself
    return QFile(str(folder)).moveToTrash()


# --- screens ---------------------------------------------------------------------------------------------------------


def bring_on_screen(window: QWidget) -> None:
    """A window that stands where no screen is (any more) comes back, no larger than the screen it comes to."""
    if window.isMaximized() or window.isFullScreen() or window.isMinimized():
        return  # the desktop places these
    screens = [screen.availableGeometry().marginsRemoved(FRAME) for screen in ordered_screens()]
    here = window.geometry()
    there = on_screen(here, screens)
    if there != here:
        window.setGeometry(there)


def ordered_screens() -> list[QScreen]:
    """The primary one first."""
    primary = QGuiApplication.primaryScreen()
    return sorted(QGuiApplication.screens(), key=lambda screen: screen is not primary)


def on_screen(wanted: QRect, screens: Sequence[QRect]) -> QRect:
    """The same place if the screens show all of it; else the nearest on the one that shows most of it."""
    shown = [area(screen & wanted) for screen in screens]
    if not screens or sum(shown) >= area(wanted):
        return wanted
    home = screens[shown.index(max(shown))]
    size = wanted.size().boundedTo(home.size())
    x = min(max(wanted.x(), home.x()), home.x() + home.width() - size.width())
    y = min(max(wanted.y(), home.y()), home.y() + home.height() - size.height())
    return QRect(x, y, size.width(), size.height())


def area(rect: QRect) -> int:
    return rect.width() * rect.height() if rect.isValid() else 0


# --- notices ---------------------------------------------------------------------------------------------------------


class Bell(QObject):
    """Rings only while the window is not the active one: its button in the taskbar, and a notice of the desktop.

    The desktop wants an icon in its tray for a notice; it is there as long as the notice. Where there is no tray
    nothing is shown.
    """

    def __init__(self, window: QWidget):
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        self._hiding = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._hiding.timeout.connect(self.be_quiet)

    def ring(self, title: str, text: str, warns: bool = False) -> None:
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self)
            self._tray.messageClicked.connect(self._answer)
            self._tray.activated.connect(self._answer)
        self._tray.setIcon(theme.icon("chart-bell-curve"))
        self._tray.setToolTip(title)
        self._tray.show()
        kinds = QSystemTrayIcon.MessageIcon
        self._tray.showMessage(title, text, kinds.Warning if warns else kinds.Information, SHOWN_MS)
        self._hiding.start()

    def be_quiet(self) -> None:
        """Take the icon away."""
        self._hiding.stop()
        if self._tray is not None:
            self._tray.hide()

    def _answer(self) -> None:
        """The notice was clicked: here is what it is about."""
        self.be_quiet()
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()
