"""The window around the tabs: layout, theme, log, drops, leaving."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import (
    QByteArray,
    QDataStream,
    QEvent,
    QIODevice,
    QMimeData,
    QObject,
    QPointF,
    QRect,
    QSettings,
    QSize,
    Qt,
    QUrl,
)
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from gan_studio.gui import theme
from gan_studio.gui.commands import COMMANDS
from gan_studio.gui.session import Session
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.gui.worker import Worker
from gan_studio.jobs import events as e
from gan_studio.runs import Run
from gan_studio.words import clock, duration, memory, rate

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen screen has no window frames

SIZE = QSize(1000, 700)


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


@pytest.fixture
def open_window(qtbot, tmp_path, request):
    def make(*stages, size=SIZE):
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        window = Window(Session(tmp_path / "runs"), settings, warm=lambda: (stage for stage in stages))
        request.addfinalizer(lambda: leave(window))
        if size:
            window.resize(size)
        with qtbot.waitSignal(window.ready if stages else window.painted, timeout=20_000):
            window.show()
        qtbot.waitUntil(lambda: not window.is_warming)
        return window

    return make


def leave(window):
    window.close()
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


def test_nothing_else_is_shown_while_it_is_built(open_window, qapp):
    """A widget that is shown before it has a parent is a window of its own for a moment, and takes the keyboard."""

    class Watch(QObject):
        shown: ClassVar[list[QWidget]] = []

        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                self.shown.append(watched)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    window = open_window("light", "ready")
    qapp.removeEventFilter(watch)
    assert watch.shown == [window]


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


# --- the palette and the keys ----------------------------------------------------------------------------------------


def test_the_palette_finds_all_commands_and_does_them(window, qtbot):
    with qtbot.waitActive(window):
        window.activateWindow()
    window.commands["palette"].trigger()
    finder = window.finder
    assert finder.isVisible() and finder.line.hasFocus()
    found = finder.found()
    for menu, action in window.commands.all_actions():
        assert action is window.commands["palette"] or f"{menu}: {action.text().replace('&', '')}" in found
    qtbot.keyClicks(finder.line, "theme dark")
    qtbot.keyClick(finder.line, Qt.Key.Key_Return)
    assert theme.colours().dark and finder.isHidden()
    theme.apply(QApplication.instance(), "light")
    finder.open()
    assert finder.found()[0] == "Theme: Dark"  # used last
    assert window.settings.value("palette") == ["Theme: Dark"]


def test_the_palette_says_why_something_cannot_be_done(window):
    window.finder.open("run stop")
    assert window.finder.chosen().reason == "Nothing is training."
    assert window.finder.chosen().keys == "Shift+F5"


def test_ctrl_e_offers_the_exports(window):
    window.commands["export"].trigger()
    assert window.finder.found() and all(text.startswith("Export: ") for text in window.finder.found()[:2])


def test_the_list_of_keys_comes_from_the_same_table(window):
    window.commands["keys"].trigger()
    tree = window.keys.tree
    groups = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]
    listed = {group.child(i).text(0) for group in groups for i in range(group.childCount())}
    assert {command.shortcut for command in COMMANDS if command.shortcut} <= listed
    window.keys.close()


def test_the_list_of_keys_holds_those_of_its_lists_and_plots(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier)
    tree = window.keys.tree
    groups = {tree.topLevelItem(i).text(0): tree.topLevelItem(i) for i in range(tree.topLevelItemCount())}
    listed = {name: {group.child(i).text(0) for i in range(group.childCount())} for name, group in groups.items()}
    assert {"Space", "F2", "Del", "Return", "Ctrl+Up", "Up, Down"} <= listed["List of runs"]
    assert {"Left, Right", "Home, End", "Space"} <= listed["Timeline"]
    assert {"Plots", "Samples"} <= set(listed)
    window.keys.close()


# --- outside the window ----------------------------------------------------------------------------------------------


def test_the_bell_rings_at_the_end_of_a_training(window, monkeypatch):
    rung = []
    monkeypatch.setattr(window.bell, "ring", lambda title, text, warns=False: rung.append((title, text, warns)))
    run = SimpleNamespace(about=lambda: {"title": "Ring of 8"}, name="r", folder=Path("r"))
    monkeypatch.setattr(window.session, "run", run)
    window.session.events.emit([e.Finished(8000)])
    window.session.events.emit([e.Paused(7)])
    assert rung == [("Ring of 8 is finished", "8,000 steps are done.", False)]
    window.session.events.emit([e.Paused(7, "The disk is full."), e.Stopped(7, "The disk is full.")])
    assert [title for title, _, _ in rung[1:]] == ["Ring of 8 waits", "Ring of 8 has stopped"]
    window.session.problem.emit("It is broken.", "", True)
    assert len(rung) == 3  # nothing is in training, so nothing has failed that nobody sees
    monkeypatch.setattr(window.session, "worker", SimpleNamespace())
    window.session.problem.emit("It is broken.", "", True)
    assert rung[3] == ("Ring of 8 has failed", "It is broken.", True)
    monkeypatch.setattr(window.session, "worker", None)


def test_the_status_bar_tells_the_device_and_the_memory(window, qtbot):
    status = window.status
    assert "CPU" in status.device.text()
    assert status.memory.text().endswith((" MB", " GB"))
    assert "The window holds" in status.memory.toolTip()
    assert status._memory_timer.isActive()
    window.hide()
    assert not status._memory_timer.isActive()
    window.show()
    assert status._memory_timer.isActive()


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


def test_full_screen_goes_back_to_maximised(window, qtbot):
    window.showMaximized()
    window.commands["full_screen"].trigger()
    assert window.isFullScreen()
    window.commands["full_screen"].trigger()
    assert window.isMaximized() and not window.isFullScreen()
    window.showFullScreen()  # the desktop may do so too
    assert window.commands["full_screen"].isChecked()


def test_f9_hides_the_side_panels_and_the_reset_brings_them_back(window):
    room = window.rooms[0]
    assert room.left.isVisible() and window.commands["panels"].isChecked()
    window.commands["panels"].trigger()
    assert not room.left.isVisible() and not room.results.isVisible() and room.centre.isVisible()
    window.commands["reset_layout"].trigger()
    assert room.left.isVisible() and room.results.isVisible() and window.commands["panels"].isChecked()


def test_the_panels_and_the_tab_are_kept(open_window):
    first = open_window("light", "ready")
    first.commands["panels"].trigger()
    first.close()
    second = open_window("light", "ready")
    assert second.rooms[0].left.isHidden() and not second.commands["panels"].isChecked()
    assert second.settings.value("tab") == "Train" == second.current_room().title


def test_a_window_whose_screen_is_gone_comes_back(open_window, qapp):
    """A geometry as Qt saves it (QWidget::saveGeometry), of a screen that is not there."""
    there = QRect(7000, 5000, 6000, 5000)
    saved = QByteArray()
    stream = QDataStream(saved, QIODevice.OpenModeFlag.WriteOnly)
    stream.writeUInt32(0x1D9D0CB)
    stream.writeUInt16(3)
    stream.writeUInt16(0)
    stream << there << there
    stream.writeInt32(1)  # the second screen
    stream.writeUInt8(0)
    stream.writeUInt8(0)
    stream.writeInt32(qapp.primaryScreen().availableGeometry().width())  # else Qt does not trust it
    stream << there
    first = open_window()
    first.settings.setValue("geometry", saved)
    assert first.restoreGeometry(saved)  # Qt takes it for one of its own
    second = open_window(size=None)
    assert second.screen().availableGeometry().contains(second.geometry())


def test_an_unplugged_screen_is_noticed(window, qapp, qtbot):
    window.setGeometry(9000, 9000, 700, 600)
    qapp.screenRemoved.emit(window.screen())
    qtbot.waitUntil(lambda: window.screen().availableGeometry().contains(window.geometry()))


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


def test_the_title_is_that_of_the_tab_in_front(window):
    window.rooms[0].subject_changed.emit("A run")
    window.rooms[1].subject_changed.emit("A race")
    assert window.windowTitle() == "A run – GAN Studio"
    window.rooms[1].raise_tab()
    assert window.windowTitle() == "A race – GAN Studio"
    window.rooms[1].subject_changed.emit("")
    assert window.windowTitle() == "GAN Studio"
    window.rooms[0].raise_tab()
    assert window.windowTitle() == "A run – GAN Studio"


# --- dropping --------------------------------------------------------------------------------------------------------


def drop(window, *urls: Path | str) -> bool:
    """Drop paths or addresses as the desktop does; whether it was accepted, and not as a move of the files."""
    data = QMimeData()
    data.setUrls([QUrl(url) if isinstance(url, str) else QUrl.fromLocalFile(str(url)) for url in urls])
    return drop_data(window, data)


def drop_data(window, data: QMimeData) -> bool:
    around = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    both = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPointF(50, 50).toPoint(), both, *around)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(50, 50), both, *around, QEvent.Type.Drop)
    QApplication.sendEvent(window, event)
    return event.isAccepted() and event.dropAction() == Qt.DropAction.CopyAction


def told(window, qtbot) -> str:
    """The one notice, once it is there."""
    qtbot.waitUntil(lambda: len(window.notices.bars) == 1)
    return window.notices.bars[0].text


def test_a_dropped_folder_of_pictures_becomes_the_data_and_is_shown(window, tmp_path, qtbot):
    folder = tmp_path / "Käse #1 %20"
    (folder / "deep").mkdir(parents=True)
    for i in range(20):
        noise = np.random.default_rng(i).integers(0, 255, (70, 70, 3), np.uint8)
        Image.fromarray(noise).save(folder / "deep" / f"{i}.PNG")
    assert drop(window, folder)
    room = window.rooms[0]
    qtbot.waitUntil(lambda: room.settings.values()["data"].get("path") == str(folder))
    qtbot.waitUntil(lambda: room.results.real.image() is not None, timeout=20_000)
    assert not window.notices.bars


def test_a_dropped_folder_of_broken_pictures_says_so(window, tmp_path, qtbot):
    (tmp_path / "faces").mkdir()
    for i in range(20):
        (tmp_path / "faces" / f"{i}.png").write_bytes(b"no picture")
    assert drop(window, tmp_path / "faces")
    sentence = told(window, qtbot)
    assert "picture" in sentence and "should not have happened" not in sentence


def test_a_dropped_run_is_opened(window, tmp_path, qtbot):
    from gan_studio.jobs import train
    from gan_studio.jobs.settings import RunConfig

    run = train.new_run(RunConfig(), "Dropped", tmp_path / "elsewhere")
    assert drop(window, tmp_path / "nothing", run.folder)  # the first that is of use
    qtbot.waitUntil(lambda: window.windowTitle() == "Dropped – GAN Studio", timeout=10_000)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.txt", b"words", "notes.txt is of no use here. Drop a folder or zip of pictures, a run"),
        ("gone.txt", None, "gone.txt is not there any more."),
    ],
)
def test_what_is_of_no_use_says_what_would_be(window, tmp_path, qtbot, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert drop(window, tmp_path / name)
    assert told(window, qtbot).startswith(sentence)


def test_an_empty_folder_is_called_so(window, tmp_path, qtbot):
    (tmp_path / "box").mkdir()
    assert drop(window, tmp_path / "box")
    assert told(window, qtbot) == "box is empty."


def test_the_window_waits_for_no_disk(window, tmp_path, qtbot, monkeypatch):
    """A folder with very many files, or on a server far away; meanwhile something else is dropped."""
    slow, may_go_on = tmp_path / "many", threading.Event()
    slow.mkdir()
    monkeypatch.setattr(type(window.rooms[0]), "takes", lambda self, path: path == slow and may_go_on.wait(60))
    assert drop(window, slow)
    (tmp_path / "box").mkdir()
    assert drop(window, tmp_path / "box")
    assert told(window, qtbot) == "box is empty."
    may_go_on.set()
    qtbot.waitUntil(lambda: not [worker for worker in window.findChildren(Worker) if worker.is_alive()])
    assert window.rooms[0].settings.values()["data"]["kind"] == "digits"  # the latest drop counts


def test_a_folder_that_may_not_be_read(window, tmp_path, qtbot, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)  # whoever may do anything is refused nothing
    monkeypatch.setattr(type(window.rooms[0]), "takes", refuse)
    assert drop(window, tmp_path / "locked")
    assert told(window, qtbot) == "locked cannot be read: permission denied."


def test_an_address_of_the_web_is_explained(window, qtbot):
    assert drop(window, "https://example.org/faces.zip")
    assert told(window, qtbot).startswith("https://example.org/faces.zip is not a file on this computer.")


@pytest.mark.parametrize("kind", ["file manager", "terminal", "editor", "quoted"])
def test_paths_are_taken_however_another_program_tells_them(window, tmp_path, qtbot, kind):
    box = tmp_path / "a box, #1 é"
    box.mkdir()
    address = QUrl.fromLocalFile(str(box)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    data = QMimeData()
    match kind:
        case "file manager":
            data.setData("text/uri-list", f"# one file\r\n{address}\r\n".encode())
        case "terminal":
            data.setText(f"{box}\n")
        case "editor":
            data.setText(address)
        case "quoted":
            data.setText(f"'{box}'")
    assert drop_data(window, data)
    assert told(window, qtbot) == "a box, #1 é is empty."


def test_a_picture_dragged_out_of_a_browser_is_explained(window, qtbot):
    data = QMimeData()
    data.setImageData(QImage(8, 8, QImage.Format.Format_RGB32))
    data.setHtml("<img src='https://example.org/cat.png'>")
    assert drop_data(window, data)
    assert told(window, qtbot).startswith("This picture is not a file on this computer. Save it in a folder")


def test_text_from_elsewhere_is_not_taken(window):
    data = QMimeData()
    data.setText("words")
    around = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPointF(50, 50).toPoint(), Qt.DropAction.CopyAction, *around)
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()


def test_what_is_dropped_too_early_is_asked_for_again(open_window, tmp_path, qtbot):
    window = open_window()
    assert drop(window, tmp_path)
    assert "being loaded" in told(window, qtbot)


def test_a_drop_on_a_field_goes_to_the_window(window, tmp_path):
    for line in window.findChildren(QLineEdit):
        assert not line.acceptDrops(), line.accessibleName()


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


FIXED = {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "threads": 1}  # nothing is measured


@pytest.mark.parametrize("preset", ["dcgan-digits", "ring"])
def test_closing_saves_what_trains_and_says_so(window, qtbot, preset, record_property, monkeypatch):
    """Here on a thread; in a process of its own in the test below."""
    from gan_studio.gui import window as module
    from gan_studio.jobs import train

    monkeypatch.setattr(module, "LAST_RESORT_S", 3600.0)  # it goes because all is saved
    window.session._engine = train
    room = window.rooms[0]
    room.choose_preset(preset)
    room.settings.show_values(room.settings.values() | {"steps": 1_000_000, "compute": FIXED})
    room.start()
    qtbot.waitUntil(lambda: window.status.steps.text().startswith(("2", "3", "4", "5", "6")), timeout=60_000)
    began = time.process_time()
    window.close()
    assert window.isVisible()
    assert "Saving the run" in window.notices.bars[-1].text
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    record_property("seconds", time.process_time() - began)
    assert time.process_time() - began < 10  # of the processor, which others may have meanwhile: a second or two
    (folder,) = window.session.root.iterdir()
    run = Run(folder)
    assert run.state().name == "stopped" and run.checkpoints()[-1].step == run.state().step > 0


CLOSE_WHILE_TRAINING = """
import sys
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
        window.LAST_RESORT_S = 3600  # it goes because all is saved
        self.close()
window.Window.steps_text = property(lambda self: self.status.steps.text())
show = window.Window._show_events
window.Window._show_events = watch
sys.exit(app.main())
"""


def test_closing_while_training_saves_and_leaves(tmp_path):
    """The very first start trains the default preset by itself; closing it saves, then leaves with exit code 0."""
    from gan_studio import runs

    environment = {**os.environ, "GAN_STUDIO_RUNS": str(tmp_path / "runs"), "QT_QPA_PLATFORM": "offscreen"}
    told = subprocess.run(
        [sys.executable, "-c", CLOSE_WHILE_TRAINING], env=environment, capture_output=True, text=True, timeout=300
    )
    assert told.returncode == 0, told.stderr
    assert "Traceback" not in told.stderr
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
    assert (memory(0), memory(8.4e8), memory(9.996e8), memory(1.2e9)) == ("0 MB", "840 MB", "1.0 GB", "1.2 GB")
