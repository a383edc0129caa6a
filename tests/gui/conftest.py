"""A quiet, fixed screen for the tests of the window; a test that leaves widgets, threads or timers behind fails."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gan_studio.gui import theme
from gan_studio.gui.widgets import notice
from gan_studio.gui.worker import Worker

from ..conftest import GRACE_S, TQDMS


def pytest_collection_modifyitems(items):
    for item in items:  # what the offscreen platform says of sizes, of raised windows and of menus
        what = "does not support (propagateSizeHints|raise|grabbing)"
        item.add_marker(pytest.mark.qt_log_ignore(what, extend=True))


WAIT_MS = 60_000  # at least: far more than anything needs, on a machine that is busy with other things


class PatientBot(QtBot):
    """Whatever must come may take its time; `timeout` counts only where it is longer, or where nothing must come."""

    def waitUntil(self, callback, *, timeout=WAIT_MS):
        super().waitUntil(callback, timeout=max(timeout, WAIT_MS))

    def waitSignal(self, signal, *, timeout=WAIT_MS, raising=True, **rest):
        timeout = max(timeout, WAIT_MS) if raising else timeout
        return super().waitSignal(signal, timeout=timeout, raising=raising, **rest)

    def waitSignals(self, signals, *, timeout=WAIT_MS, raising=True, **rest):
        timeout = max(timeout, WAIT_MS) if raising else timeout
        return super().waitSignals(signals, timeout=timeout, raising=raising, **rest)

    def waitActive(self, widget, *, timeout=WAIT_MS):
        return super().waitActive(widget, timeout=max(timeout, WAIT_MS))


@pytest.fixture
def qtbot(qapp, request):
    return PatientBot(request)


@pytest.fixture(scope="session")
def qapp(qapp):
    qapp.setFont(QFont("DejaVu Sans", 9))
    qapp.setCursorFlashTime(0)  # a blinking cursor would be in some of the screenshots
    theme.apply(qapp, "light")
    return qapp


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request):
    if "qtbot" not in request.fixturenames:
        yield
        return
    app = request.getfixturevalue("qapp")
    gc.freeze()  # what is there already need not be looked through at the end
    widgets, threads = set(map(id, orphans())), set(threading.enumerate())
    yield
    # pytest-qt has closed what was given to `qtbot.addWidget`; the rest must go by itself.
    app.closeAllWindows()
    for _ in range(2):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        app.processEvents()
    left = [w for w in orphans() if id(w) not in widgets]
    assert not left, f"widgets were left behind: {left}"
    running = [t for t in threading.enumerate() if t not in threads and t.is_alive() and t.name != TQDMS]
    until = time.monotonic() + GRACE_S
    running = [t for t in running if not ends_by(t, until)]
    assert not running, f"threads were left running: {running}"
    ticking = [o for o in gc.get_objects() if is_ticking(o)]
    if any(isinstance(o.parent(), Worker) for o in ticking):  # its thread has just ended; this tells what came last
        QTest.qWait(100)
        ticking = [o for o in ticking if is_ticking(o)]
    assert not ticking, f"timers or threads of Qt were left running: {ticking}"


def ends_by(thread: threading.Thread, until: float) -> bool:
    """Whether a thread that is about to end does so in time."""
    thread.join(max(0.0, until - time.monotonic()))
    return not thread.is_alive()


def orphans() -> list[QWidget]:
    """Widgets without a parent; tool tips belong to Qt."""
    return [
        w for w in QApplication.topLevelWidgets() if w.parent() is None and w.metaObject().className() != "QTipLabel"
    ]


def is_ticking(thing: object) -> bool:
    # By `type`, as `isinstance` would wake the objects that warn of their own deprecation when they are touched.
    if not issubclass(type(thing), (QTimer, QThread)) or not shiboken6.isValid(thing):
        return False
    if isinstance(thing, QTimer):
        return thing.isActive()
    return thing.isRunning() and thing is not QCoreApplication.instance().thread()


@pytest.fixture(autouse=True)
def notices_stay(monkeypatch):
    """What the window tells for seconds is there until a test has read it, however slow the machine is."""
    make = notice.Bar.__init__

    def make_lasting(bar, *given):
        make(bar, *given)
        bar.timer.setInterval(3_600_000)

    monkeypatch.setattr(notice.Bar, "__init__", make_lasting)


@pytest.fixture
def patient(monkeypatch):
    """A window that closes waits for its threads as long as they take."""
    for name, module in list(sys.modules.items()):
        for word in ("PATIENCE_S", "LEAVE_S", "CHORES_S"):
            if name.startswith("gan_studio.gui.") and hasattr(module, word):
                monkeypatch.setattr(module, word, float(GRACE_S))


@pytest.fixture
def assert_named():
    """A check that every control which takes the keyboard tells screen readers its name."""
    return check_names


def check_names(root: QWidget) -> None:
    inside = [w for w in [root, *root.findChildren(QWidget)] if w.window() is root.window()]  # not in pop-ups
    unnamed = [w for w in inside if takes_keyboard(w) and not accessible_name(w)]
    assert not unnamed, f"without an accessible name: {unnamed}"


def takes_keyboard(widget: QWidget) -> bool:
    inner = widget.objectName().startswith("qt_") or widget.focusProxy() is not None  # parts of Qt's own widgets
    return bool(widget.focusPolicy().value & 1) and not inner


def accessible_name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface else widget.accessibleName()
