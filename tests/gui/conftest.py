"""A quiet, fixed screen for the tests of the window; a test that leaves widgets, threads or timers behind fails."""

from __future__ import annotations

import gc
import os
import threading
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtWidgets import QApplication, QWidget

from gan_studio.gui import theme

from ..conftest import TQDMS


def pytest_collection_modifyitems(items):
    for item in items:  # what the offscreen platform says of sizes, of raised windows and of menus
        what = "does not support (propagateSizeHints|raise|grabbing)"
        item.add_marker(pytest.mark.qt_log_ignore(what, extend=True))


GRACE_S = 5  # for threads that were told to end


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
