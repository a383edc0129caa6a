"""The window on the desktop: on a screen that is there, and a word to whoever looks elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtWidgets import QWidget

from gan_studio.gui import desktop
from gan_studio.gui.desktop import Bell, area, bring_on_screen, on_screen

LEFT, RIGHT = QRect(0, 0, 1920, 1080), QRect(1920, 0, 1280, 1024)

# --- screens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "screens", "comes_to"),
    [
        (QRect(100, 50, 800, 600), [LEFT], QRect(100, 50, 800, 600)),
        (QRect(2000, 50, 800, 600), [LEFT], QRect(1120, 50, 800, 600)),  # its screen was unplugged
        (QRect(-9000, -9000, 5000, 5000), [LEFT], LEFT),  # not larger than the screen
        (QRect(1500, 50, 800, 600), [LEFT, RIGHT], QRect(1500, 50, 800, 600)),  # across two
        (QRect(1900, 900, 800, 600), [LEFT, RIGHT], QRect(1920, 424, 800, 600)),  # most of it on the second
        (QRect(0, 0, 10, 10), [], QRect(0, 0, 10, 10)),
    ],
)
def test_where_a_window_comes_to(wanted, screens, comes_to):
    assert on_screen(wanted, screens) == comes_to


whole = st.integers(-5000, 5000)
length = st.integers(1, 6000)


@given(st.builds(QRect, whole, whole, length, length), st.lists(st.builds(QRect, whole, whole, length, length)))
def test_a_window_is_always_on_a_screen(wanted, screens):
    there = on_screen(wanted, screens)
    shown = sum(area(screen & there) for screen in screens)
    assert not screens or shown >= area(there)
    assert there.width() <= wanted.width() and there.height() <= wanted.height()


def test_a_lost_window_comes_back(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(5000, 4000, 9000, 9000)
    bring_on_screen(window)
    assert window.screen().availableGeometry().contains(window.geometry())


# --- the bell --------------------------------------------------------------------------------------------------------


class Tray(QObject):
    """Stands in for the system's tray."""

    MessageIcon = desktop.QSystemTrayIcon.MessageIcon
    messageClicked = Signal()  # noqa: N815 (as Qt has it)
    activated = Signal(object)
    made: list[Tray] = []

    @staticmethod
    def isSystemTrayAvailable() -> bool:
        return True

    @staticmethod
    def supportsMessages() -> bool:
        return True

    def __init__(self, parent):
        super().__init__(parent)
        self.told, self.shown = [], False
        Tray.made.append(self)

    def setIcon(self, icon):
        assert not icon.isNull()

    def setToolTip(self, text):
        pass

    def show(self):
        self.shown = True

    def hide(self):
        self.shown = False

    def showMessage(self, title, text, icon, ms):
        assert self.shown
        self.told.append((title, text))


@pytest.fixture
def window(qtbot, monkeypatch):
    Tray.made.clear()
    monkeypatch.setattr(desktop, "QSystemTrayIcon", Tray)
    window = QWidget()
    qtbot.addWidget(window)
    window.bell = Bell(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


def test_it_is_silent_while_the_window_is_looked_at(window, qtbot):
    with qtbot.waitActive(window):
        window.activateWindow()
    window.bell.ring("Ring", "is finished")
    assert not Tray.made


def test_it_rings_elsewhere_and_the_icon_goes(window, qtbot):
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    with qtbot.waitActive(other):
        other.activateWindow()
    window.bell._hiding.setInterval(20)
    window.bell.ring("Ring", "is finished")
    (tray,) = Tray.made
    assert tray.told == [("Ring", "is finished")]
    qtbot.waitUntil(lambda: not tray.shown)
    window.bell.ring("Grid", "has failed", warns=True)
    with qtbot.waitActive(window):
        tray.messageClicked.emit()
    assert not tray.shown and len(Tray.made) == 1


def test_without_a_tray_nothing_happens(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    Bell(window).ring("Ring", "is finished")
