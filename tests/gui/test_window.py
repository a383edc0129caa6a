"""The window around the tabs: layout, theme, log, drops, leaving."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pyqtgraph
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from gan_studio.gui import theme
from gan_studio.gui.commands import COMMANDS
from gan_studio.gui.session import Session
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.gui.words import clock, duration, rate
from gan_studio.jobs import events as e

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen screen has no window frames


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


@pytest.fixture
def open_window(qtbot, tmp_path, request):
    def make(*stages):
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        window = Window(Session(tmp_path / "runs"), settings, warm=lambda: (stage for stage in stages))
        request.addfinalizer(lambda: leave(window))
        window.resize(1000, 700)
        with qtbot.waitSignal(window.ready if stages else window.painted, timeout=20_000):
            window.show()
        qtbot.waitUntil(lambda: not window.is_warming)
        return window

    return make


def leave(window):
    window.close()
    for plot in window.findChildren(pyqtgraph.PlotWidget):
        plot.plotItem.ctrlMenu.deleteLater()  # it has no parent and would live as long as pytest knows the window
    window.deleteLater()


@pytest.fixture
def window(open_window):
    return open_window("light", "ready")


# --- before it is ready ----------------------------------------------------------------------------------------------


def test_before_anything_is_loaded_nothing_can_be_started(open_window):
    window = open_window()
    assert not window.is_ready
    assert not window.commands["start"].isEnabled()
    assert "Loading" in window.commands["start"].toolTip()
    assert not window.grab().toImage().isNull()


# --- commands --------------------------------------------------------------------------------------------------------


def test_shortcuts_and_ids_are_unique():
    shortcuts = [command.shortcut for command in COMMANDS if command.shortcut]
    assert len(shortcuts) == len(set(shortcuts))
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)
    assert {"F5", "Shift+F5", "F10", "F11", "Ctrl+O", "Ctrl+S"} <= set(shortcuts)


def test_mnemonics_are_unique_in_each_menu(window):
    for menu in window.commands.menus.values():
        letters = [text[text.index("&") + 1].lower() for a in menu.actions() if "&" in (text := a.text())]
        assert len(letters) == len(set(letters)), letters


def test_every_command_is_connected(window):
    """What is greyed out says why; nothing is greyed out because nobody does it."""
    for command in COMMANDS:
        action = window.commands[command.id]
        assert action.isEnabled() or action.toolTip() != command.help, command.id


def test_ctrl_1_shows_the_first_tab(window):
    action = next(a for a in window.commands.menus["&View"].actions() if a.shortcut().toString() == "Ctrl+1")
    action.trigger()
    assert window.tabs.currentWidget() is window.rooms[0]


# --- the view --------------------------------------------------------------------------------------------------------


def test_the_theme_is_chosen_and_kept(window, qapp):
    by_name = {action.data(): action for action in window.themes.actions()}
    by_name["dark"].trigger()
    assert theme.colours().dark
    assert window.settings.value("theme") == "dark"
    by_name["light"].trigger()
    assert not theme.colours().dark


def test_full_screen_and_back(window):
    window.commands["full_screen"].trigger()
    assert window.isFullScreen()
    window.commands["full_screen"].trigger()
    assert not window.isFullScreen()


def test_the_layout_is_kept_and_can_be_reset(open_window):
    first = open_window("light", "ready")
    room = first.rooms[0]
    room.splitter.setSizes([500, 300, 200])
    first.log.show()
    sizes = room.splitter.sizes()
    first.close()
    second = open_window("light", "ready")
    assert second.rooms[0].splitter.sizes() == sizes
    assert not second.log.isHidden()
    second.commands["reset_layout"].trigger()
    assert second.rooms[0].splitter.sizes() != sizes
    assert second.log.isHidden()


# --- the log ---------------------------------------------------------------------------------------------------------


def test_the_log_opens_itself_for_what_nobody_expected(window):
    assert window.log.isHidden(), window.log.log.toPlainText()
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError as error:
        window.session.tell(error)
    assert not window.log.isHidden()
    text = window.log.problems.toPlainText()
    assert "ZeroDivisionError" in text and "Traceback" in text


def test_log_lines_and_warnings(window):
    window.session.events.emit([e.Log("3 files could not be read", "warning"), e.Log("all is well")])
    assert "all is well" in window.log.log.toPlainText()
    assert window.log.problems.toPlainText().endswith("3 files could not be read")


def test_a_pause_with_a_reason_is_a_problem(window):
    window.session.events.emit([e.Paused(7, "The disk is full. Make room, then resume.")])
    assert "disk is full" in window.log.problems.toPlainText()
    assert window.status.message.text().startswith("The disk is full")


def test_how_a_training_ended_is_told_until_something_else_is_shown(window):
    window.session.events.emit([e.Stopped(120)])
    window.status.set_stage("idle")
    assert window.status.message.text() == "Stopped and saved at step 120"
    window.rooms[0].subject_changed.emit("Another")
    assert window.status.message.text() == "Ready" and not window.status.steps.text()


# --- dropping --------------------------------------------------------------------------------------------------------


def drop(window, path: Path) -> bool:
    """Drop a path as the desktop does; whether it was accepted."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    around = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPointF(50, 50).toPoint(), Qt.DropAction.CopyAction, *around)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, *around, QEvent.Type.Drop)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def test_a_dropped_folder_of_pictures_becomes_the_data(window, tmp_path):
    folder = tmp_path / "Käse #1 %20"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "A.JPG").write_bytes(b"")
    assert drop(window, folder)
    assert window.rooms[0].settings.values()["data"]["path"] == str(folder)


def test_a_dropped_text_file_is_refused(window, tmp_path):
    (tmp_path / "a.txt").write_text("")
    assert not drop(window, tmp_path / "a.txt")


def test_a_dropped_run_is_opened(window, tmp_path, qtbot):
    from gan_studio.jobs import train
    from gan_studio.jobs.settings import RunConfig

    run = train.new_run(RunConfig(), "Dropped", tmp_path / "elsewhere")
    assert drop(window, run.folder)
    qtbot.waitUntil(lambda: window.windowTitle() == "Dropped – GAN Studio", timeout=10_000)


# --- leaving ---------------------------------------------------------------------------------------------------------


class Deaf:
    """A job that never reads its inbox, but saves when it is closed."""

    def __init__(self, run, spare_core=False):
        from gan_studio.jobs.inbox import Inbox

        self.run, self.inbox = run, Inbox()

    def __iter__(self):
        try:
            while True:
                yield e.Progress(0, 0, "Busy")
                time.sleep(0.01)
        finally:
            (self.run.folder / "saved").touch()


def test_a_job_that_does_not_listen_is_ended_and_saved(window, qtbot, monkeypatch):
    from gan_studio.gui import window as module
    from gan_studio.jobs import train

    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    window.session._engine = SimpleNamespace(new_run=train.new_run, TrainJob=Deaf)
    window.rooms[0].start()
    qtbot.waitUntil(lambda: window.status.message.text() == "Busy")
    window.close()
    assert window.isVisible()  # it says that it saves, and stays until it has
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    (run,) = window.session.root.iterdir()
    assert (run / "saved").exists()


class FullDisk(Deaf):
    """Cannot save what it is asked to."""

    def __iter__(self):
        yield e.Progress(0, 0, "Busy")
        self.inbox.wait()
        yield e.Stopped(3, "The disk is full.")


def test_what_goes_wrong_while_leaving_can_be_read(window, qtbot):
    from gan_studio.jobs import train

    window.session._engine = SimpleNamespace(new_run=train.new_run, TrainJob=FullDisk)
    window.rooms[0].start()
    qtbot.waitUntil(lambda: window.status.message.text() == "Busy")
    window.close()
    qtbot.waitUntil(lambda: not window.session.is_training and not window._leaver.isActive(), timeout=10_000)
    assert window.isVisible() and not window.session.leaving
    assert [bar.text for bar in window.notices.bars] == ["The disk is full."]
    assert window.close()


CLOSE_WHILE_TRAINING = """
import sys, time
from gan_studio import presets
from gan_studio.gui import app, window
from gan_studio.jobs.settings import RunConfig

mlp = {"kind": "mlp"}
values = RunConfig.parse(
    {"data": {"kind": "toy2d"}, "recipe": {"kind": "gan", "generator": mlp, "discriminator": mlp}, "steps": 1000000}
).plain()
presets.save(presets.DEFAULT, values)

def watch(self, mail):
    show(self, mail)
    if "/ 1,000,000" in self.status.steps.text() and not self.steps_text.startswith("0 "):
        window.started_closing = time.monotonic()
        self.close()
window.Window.steps_text = property(lambda self: self.status.steps.text())
show = window.Window._show_events
window.Window._show_events = watch
code = app.main()
print(time.monotonic() - window.started_closing)
sys.exit(code)
"""


def test_closing_while_training_saves_and_leaves(tmp_path):
    """The very first start trains the default preset by itself; closing it saves, within seconds, with exit code 0."""
    from gan_studio import runs

    environment = {**os.environ, "GAN_STUDIO_RUNS": str(tmp_path / "runs"), "QT_QPA_PLATFORM": "offscreen"}
    told = subprocess.run(
        [sys.executable, "-c", CLOSE_WHILE_TRAINING], env=environment, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    assert "Traceback" not in told.stderr
    assert float(told.stdout.split()[-1]) < 10
    (run,) = runs.list_runs(tmp_path / "runs")
    state = run.state()
    assert state.name == "stopped"
    assert run.checkpoints()[-1].step == state.step > 0


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (59, "59 s"), (61, "1 min"), (3599, "1 h"), (4800, "1 h 20 min"), (3e5, "3 days")],
)
def test_durations(seconds, said):
    assert duration(seconds) == said


def test_rates_and_clocks():
    assert (rate(2140.4), rate(2.14), rate(0), rate(float("nan"))) == ("2,140 samples/s", "2.1 samples/s", "…", "…")
    assert (clock(7), clock(725), clock(3723)) == ("0:07", "12:05", "1:02:03")
    assert duration(float("inf")) == "…"
