"""A look at the data, as a user takes it: preview, cancel, download, and what cannot be read."""

from __future__ import annotations

import gc
import gzip
import hashlib
import struct
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QWidget

from gan_studio.config import put
from gan_studio.data import Progress
from gan_studio.data.digits import Digits
from gan_studio.gui import window as window_module
from gan_studio.gui.session import Session
from gan_studio.gui.train.data_panel import DataPanel
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import events as e
from gan_studio.jobs import train
from gan_studio.jobs.inbox import Inbox, Stop

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

FLIPPED = {"kind": "digits", "size": 8, "augment": {"horizontal_flip": True, "vertical_flip": True}}


class IdleJob:
    """Trains until it is stopped."""

    def __init__(self, run, spare_core=False):
        self.run, self.inbox = run, Inbox()

    def __iter__(self):
        yield e.Started(self.run.folder, 0, 10)
        while not isinstance(self.inbox.wait(), Stop):
            pass
        yield e.Stopped(0)


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(window_module, "ROOMS", (TrainRoom,))
    session = Session(tmp_path / "runs", SimpleNamespace(new_run=train.new_run, TrainJob=IdleJob))
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    window = Window(session, settings, warm=lambda: (stage for stage in ("light", "ready")))
    window.resize(1200, 760)
    with qtbot.waitSignal(window.ready, timeout=20_000):
        window.show()
    yield window
    window.close()
    qtbot.waitUntil(lambda: not session.is_training, timeout=10_000)
    window.close()
    window.deleteLater()


@pytest.fixture
def room(window):
    return window.rooms[0]


@pytest.fixture
def panel(room):
    return room.settings.data


def choose(room, data):
    values = room.settings.values()
    put(values, "data", data)
    room.settings.show_values(values)


def click(qtbot, button):
    assert button.isVisible() and button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def look(panel, qtbot):
    with qtbot.waitSignal(panel.looked, timeout=10_000) as seen:
        click(qtbot, panel.button)
    qtbot.waitUntil(lambda: not panel.is_working)
    return seen.args[0]


# --- preview ---------------------------------------------------------------------------------------------------------


def test_preview_shows_samples_and_their_augmentation(room, panel, qtbot):
    choose(room, FLIPPED)
    seen = look(panel, qtbot)
    view = room.results.real_view
    assert panel.sentence.text() == "1,797 samples · 10 classes"
    assert view.heading.text() == "Real · 1,797 samples · 10 classes"
    assert "0: 178" in view.heading.toolTip()
    assert pixels(room.results.real)[:8, :8].tolist() == seen.real[0, :, :, 0].tolist()
    assert view.versions.isVisible() and not view.remarks.isVisible()
    assert not room.results.generated.isVisible()  # nothing was generated yet
    shown = pixels(view.versions)
    for row, versions in enumerate(seen.augmented[..., 0]):
        original = versions[0]
        turned = {a.tobytes() for a in (original, original[::-1], original[:, ::-1], original[::-1, ::-1])}
        for column in range(len(versions)):
            cell = shown[10 * row : 10 * row + 8, 10 * column : 10 * column + 8]
            assert cell.tobytes() in turned


def pixels(grid):
    """The red channel of what a grid shows, [H, W] uint8."""
    image = grid.image()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 2]


def test_without_augmentation_there_are_no_versions(room, panel, qtbot):
    choose(room, {"kind": "digits", "size": 8})
    look(panel, qtbot)
    assert not room.results.real_view.versions.isVisible()
    assert room.results.real.isVisible()


def test_points_are_shown_in_the_plot(room, panel, qtbot):
    choose(room, {"kind": "toy2d"})
    look(panel, qtbot)
    assert room.results.points.isVisible()
    assert panel.sentence.text() == "Endless samples"


def test_a_change_says_that_the_preview_is_old(room, panel, qtbot):
    choose(room, FLIPPED)
    look(panel, qtbot)
    room.settings.edit("data.augment.rotate", 10.0)
    qtbot.waitUntil(lambda: "changed" in panel.sentence.text())
    assert "before the last change" in room.results.real_view.heading.text()
    room.settings.edit("data.augment.rotate", 0.0)
    qtbot.waitUntil(lambda: "1,797" in panel.sentence.text())
    assert room.results.real_view.heading.text() == "Real · 1,797 samples · 10 classes"


def test_another_preset_takes_the_preview_away(room, panel, qtbot):
    choose(room, FLIPPED)
    look(panel, qtbot)
    room.choose_first()
    assert room.results.real.image() is None
    assert room.results.generated.isVisible()
    assert room.results.real_view.heading.text() == "Real" and not room.results.real_view.versions.isVisible()


def test_files_that_were_left_out_unfold(room, panel, qtbot, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(20):
        Image.new("RGB", (16, 16), (10 * i, 0, 0)).save(folder / f"{i:02}.png")
    for name in ("letter.png", "list.jpg", "song.bmp"):
        (folder / name).write_text("Dear diary")
    choose(room, {"kind": "image-folder", "path": str(folder), "size": 16})
    look(panel, qtbot)
    remarks = room.results.real_view.remarks
    assert remarks.title.text() == "3 files were left out" and not remarks.text.isVisible()
    click(qtbot, remarks.fold)
    assert remarks.text.isVisible()
    assert remarks.text.toPlainText().splitlines()[0] == ("letter.png: is not a picture in a format that can be read")
    choose(room, FLIPPED)
    look(panel, qtbot)
    assert not remarks.isVisible()


def test_what_cannot_be_used_says_why(room, panel):
    choose(room, {"kind": "image-folder", "path": ""})
    assert not panel.button.isEnabled()
    assert panel.button.toolTip().startswith("First mend: data.path: choose a folder")


def test_a_failure_is_one_sentence(window, room, panel, qtbot, tmp_path):
    choose(room, {"kind": "image-folder", "path": str(tmp_path)})
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: bool(window.notices.bars), timeout=10_000)
    assert "There is no picture in there" in window.notices.bars[-1].text
    qtbot.waitUntil(lambda: not panel.is_working)
    assert panel.button.isEnabled() and not panel.cancel_button.isVisible()
    window.notices.clear()


def test_training_comes_first(room, panel, qtbot):
    choose(room, FLIPPED | {"size": 32})
    room.commands["start"].trigger()
    qtbot.waitUntil(lambda: room.session.stage == "running", timeout=10_000)
    assert not panel.button.isEnabled() and "A run is training" in panel.button.toolTip()
    room.commands["stop"].trigger()
    qtbot.waitUntil(lambda: room.session.stage == "idle", timeout=10_000)
    assert panel.button.isEnabled()


# --- long work -------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch):
    """Digits that are not ready before `go` is set; `closed` counts the jobs that were cancelled."""
    state = SimpleNamespace(go=threading.Event(), closed=0, begun=0)
    real = Digits.prepare

    def prepare(self):
        state.begun += 1
        try:
            while not state.go.wait(0.005):
                yield Progress(1, 4, "Decoding pictures")
            return (yield from real(self))
        except GeneratorExit:
            state.closed += 1
            raise

    monkeypatch.setattr(Digits, "prepare", prepare)
    return state


def test_cancel(room, panel, qtbot, slow):
    choose(room, FLIPPED)
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: panel.sentence.text() == "Decoding pictures")
    assert panel.bar.isVisible() and panel.bar.value() == 250
    panel.cancel_button.setFocus()
    click(qtbot, panel.cancel_button)
    assert not panel.is_working and not panel.bar.isVisible() and panel.window().focusWidget() is panel.button
    qtbot.waitUntil(lambda: slow.closed == 1)
    assert room.results.real.image() is None and panel.button.isEnabled()


def test_the_latest_wish_counts(room, panel, qtbot, slow):
    choose(room, FLIPPED)
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: slow.begun == 1)
    choose(room, FLIPPED | {"size": 16})  # begins anew with what is chosen now
    qtbot.waitUntil(lambda: slow.begun == 2)
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: slow.closed == 2)
    with qtbot.waitSignal(panel.looked, timeout=10_000) as seen:
        slow.go.set()
    assert seen.args[0].real.shape[1:] == (16, 16, 1)
    qtbot.waitUntil(lambda: not panel.is_working)
    assert slow.begun == 3


def test_starting_a_training_ends_the_preview(room, panel, qtbot, slow):
    choose(room, FLIPPED | {"size": 32})
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: slow.begun == 1)
    room.commands["start"].trigger()
    qtbot.waitUntil(lambda: slow.closed == 1)
    assert not panel.is_working


@pytest.mark.usefixtures("patient")
def test_closing_the_window_ends_the_preview(window, room, panel, qtbot, slow):
    choose(room, FLIPPED)
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: slow.begun == 1)
    window.close()
    assert slow.closed == 1


# --- download --------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(monkeypatch, tmp_path):
    """MNIST's site in small, in a folder."""
    from torchvision import datasets

    monkeypatch.setenv("GAN_STUDIO_DATA", str(tmp_path / "data"))
    folder, rng, resources = tmp_path / "site", np.random.default_rng(0), []
    folder.mkdir()
    for part in ("train", "t10k"):
        for what, values in (("images-idx3", rng.integers(0, 256, (20, 28, 28))), ("labels-idx1", np.arange(20) % 10)):
            head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
            data = gzip.compress(head + values.astype(np.uint8).tobytes())
            name = f"{part}-{what}-ubyte.gz"
            (folder / name).write_bytes(data)
            resources.append((name, hashlib.md5(data, usedforsecurity=False).hexdigest()))
    monkeypatch.setattr(datasets.MNIST, "mirrors", [folder.as_uri() + "/"])
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    return folder


def test_download_then_preview(room, panel, qtbot, site):
    choose(room, {"kind": "torchvision", "name": "mnist", "size": 28})
    assert panel.sentence.text() == "MNIST is not on this computer; it is a download of 12 MB."
    assert panel.button.text() == "Download"
    seen = look(panel, qtbot)
    assert seen.size == 20 and room.results.real_view.heading.text() == "Real · 20 samples · 10 classes"
    assert panel.button.text() == "Preview" and panel.sentence.text() == "20 samples · 10 classes"


def test_a_download_says_how_far_it_is_and_can_be_cancelled(room, panel, qtbot, site, monkeypatch, tmp_path):
    from gan_studio.data import torchvision_sets

    go = threading.Event()

    def pulled(url, to, text):
        yield from real(url, to, text)
        while not go.wait(0.005):
            yield Progress(6_000_000, 12_000_000, f"{text}: 6.0 MB of 12 MB")

    real = torchvision_sets._pulled
    monkeypatch.setattr(torchvision_sets, "_pulled", pulled)
    choose(room, {"kind": "torchvision", "name": "mnist", "size": 28})
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: "6.0 MB of 12 MB" in panel.sentence.text())
    assert panel.bar.value() == 500 and not panel.button.isEnabled()
    choose(room, FLIPPED)  # other data may be chosen meanwhile
    assert panel.is_working and "6.0 MB of 12 MB" in panel.sentence.text()
    choose(room, {"kind": "torchvision", "name": "mnist", "size": 28})
    click(qtbot, panel.cancel_button)
    assert panel.button.text() == "Download" and panel.button.isEnabled()
    qtbot.waitUntil(lambda: not list((tmp_path / "data").rglob("*.part")))


def test_a_download_that_fails_is_one_sentence(window, room, panel, qtbot, site):
    (site / "train-labels-idx1-ubyte.gz").unlink()
    choose(room, {"kind": "torchvision", "name": "mnist", "size": 28})
    click(qtbot, panel.button)
    qtbot.waitUntil(lambda: bool(window.notices.bars), timeout=10_000)
    assert "could not be downloaded" in window.notices.bars[-1].text
    qtbot.waitUntil(lambda: not panel.is_working)
    assert panel.button.text() == "Download" and panel.button.isEnabled()
    window.notices.clear()


# --- for everybody ---------------------------------------------------------------------------------------------------


def test_names_tips_and_tab_order(qtbot, assert_named):
    panel = DataPanel()
    qtbot.addWidget(panel)
    assert_named(panel)
    assert panel.button.toolTip() and panel.cancel_button.toolTip()
    assert panel.button.nextInFocusChain() is not panel.cancel_button.nextInFocusChain()
    chain, widget = [], panel.button
    while widget is not panel.cancel_button:
        chain.append(widget)
        widget = widget.nextInFocusChain()
    assert all(not isinstance(w, QWidget) or w.focusPolicy() == Qt.FocusPolicy.NoFocus for w in chain[1:])
