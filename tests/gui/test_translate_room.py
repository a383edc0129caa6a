"""The Translate tab as a user meets it: a translator, pictures dropped, looked at, written, and drawn."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QSettings, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDragLeaveEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from gan_studio import images, picture_files, presets, runs
from gan_studio.gui import window as window_module
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.gallery.room import GalleryRoom
from gan_studio.gui.session import Session
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.translate.room import TranslateRoom, words_for
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import train, translate
from gan_studio.jobs.inbox import Inbox
from gan_studio.jobs.journal import unfinished
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.together import exhausted
from gan_studio.networks import TRANSLATORS
from gan_studio.recipes import TranslatingRecipe

from .exploring import foreign_file

SECONDS = 30_000


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


@pytest.fixture
def open_window(qtbot, tmp_path, request, monkeypatch):
    def make(rooms=(TranslateRoom,)):
        monkeypatch.setattr(window_module, "ROOMS", rooms)
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        session = Session(runs.default_root())
        window = Window(session, settings, warm=lambda: (stage for stage in ("light", "ready")))
        window.resize(1280, 720)
        with qtbot.waitSignal(window.ready, timeout=SECONDS):
            window.show()
        request.addfinalizer(lambda: leave(window))
        return window

    return make


def leave(window):
    window.close()
    window.deleteLater()


@pytest.fixture
def network_file(tmp_path):
    """Makes files as pytorch-CycleGAN-and-pix2pix writes them, of networks as they are drawn."""

    def make(name="latest_net_G.pth", seed=0, **options) -> Path:
        torch.manual_seed(seed)
        spec = TRANSLATORS.parse({"kind": "resnet", "width": 4, "blocks": 1} | options)
        path = tmp_path / "networks" / name
        path.parent.mkdir(exist_ok=True)
        torch.save(spec.build((3, 32, 32), (3, 32, 32)).state_dict(), path)
        return path

    return make


@pytest.fixture
def picture(tmp_path):
    def make(name="a.png", width=48, height=32, seed=0, **how) -> Path:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
        Image.fromarray(noise.repeat(4, axis=0).repeat(4, axis=1)).save(path, **how)
        return path

    return make


@pytest.fixture
def slow_disk(monkeypatch):
    """Only 00.png is written before the job is told something: on no machine, however fast, is it over before."""
    told, put, write = threading.Event(), Inbox.put, translate._write

    def held(target, picture, output, source):
        if source.stem != "00":
            told.wait(60)
        write(target, picture, output, source)

    monkeypatch.setattr(translate, "_write", held)
    monkeypatch.setattr(Inbox, "put", lambda inbox, command: (put(inbox, command), told.set()))


@pytest.fixture
def room(open_window, tmp_path):
    room = open_window().rooms[0]
    room.options.set_folder(tmp_path / "out")
    return room


def drop(window, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window.take_dropped(data)


def opened(room, qtbot, path):
    drop(room.window(), path)
    qtbot.waitUntil(lambda: room.desk.opened is not None and room.desk.opened.choice.path == path, timeout=SECONDS)
    return room.desk.opened


def added(room, qtbot, *paths):
    before = len(room.files.queue.files)
    drop(room.window(), *paths)
    qtbot.waitUntil(lambda: len(room.files.queue.files) > before, timeout=SECONDS)


def seen(room, qtbot):
    qtbot.waitUntil(lambda: room.previewing.is_fresh and room.previewing.seen is not None, timeout=SECONDS)
    return room.previewing.seen


def notice(room, qtbot, words: str) -> str:
    qtbot.waitUntil(lambda: any(words in bar.text for bar in room.notices.bars), timeout=SECONDS)
    return next(bar.text for bar in room.notices.bars if words in bar.text)


def expected(path: Path, network: Path, box=None, direction="") -> np.ndarray:
    """By the core alone."""
    from gan_studio.jobs.apply import Manner, translated
    from gan_studio.jobs.translators import open_translator

    photo = picture_files.read(path)
    photo = picture_files.cropped(photo, box) if box else photo
    return translated(open_translator(network, direction=direction, device="cpu"), photo, Manner()).colour


PATCHES = {"kind": "patch", "layers": 2, "width": 4, "norm": "instance"}
RESNET = {"kind": "resnet", "width": 4, "blocks": 1}
TRAININGS = {
    "pix2pix": {
        "data": {"kind": "avatar-lines", "size": 32, "count": 64, "held_out_share": 0.25},
        "recipe": {"kind": "pix2pix", "generator": {"kind": "unet", "width": 4}, "discriminator": PATCHES, "ema": 0.9},
    },
    "cyclegan": {
        "data": {"kind": "avatar-worlds", "size": 32, "count": 16},
        "recipe": {"kind": "cyclegan", "generator": RESNET, "discriminator": PATCHES},
    },
    "super-resolution": {
        "data": {"kind": "made-pairs", "pictures": {"kind": "avatars", "size": 32, "count": 64}},
        "recipe": {
            "kind": "super-resolution",
            "generator": {"kind": "srresnet", "width": 4, "blocks": 1},
            "discriminator": {"kind": "vgg", "width": 4},
            "features": {"kind": "rotations", "width": 4},
            "batch_size": 4,
        },
    },
}
SHORT = {"steps": 4, "checkpoint_every": 2, "samples_every": 2, "sample_count": 4,
         "compute": {"device": "cpu", "threads": 1}}  # fmt: skip


@pytest.fixture
def translating_run():
    """Trains for four steps."""

    def make(kind: str) -> runs.Run:
        run = train.new_run(RunConfig.parse(TRAININGS[kind] | SHORT), f"My {kind}", runs.default_root())
        for _ in train.TrainJob(run):
            pass
        return run

    return make


# --- a translator ----------------------------------------------------------------------------------------------------


def test_without_a_translator_it_says_what_to_do(open_window, qtbot):
    presets.save("Mine", RunConfig.parse(TRAININGS["cyclegan"] | SHORT).plain())  # there is one at least
    window = open_window((TrainRoom, TranslateRoom))
    room = window.rooms[1]
    room.raise_tab()
    qtbot.waitUntil(lambda: "Train one" in room.hint.text(), timeout=SECONDS)
    assert room.pages.currentWidget() is room.nothing and room.open_file_button.isEnabled()
    room.train_button.click()
    qtbot.waitUntil(lambda: window.current_room() is window.rooms[0], timeout=SECONDS)
    values = window.rooms[0].settings.values()
    assert issubclass(type(RunConfig.parse(values).recipe), TranslatingRecipe)


def test_a_dropped_file_is_opened_and_says_what_it_is(room, qtbot, network_file):
    opened(room, qtbot, network_file())
    assert room.pages.currentWidget() is room.splitter
    assert room.translators.currentText() == "latest_net_G.pth"
    assert "ResNet" in room.options.about.text() and "Not in the file" in room.options.about.text()
    assert not room.looks.buttons["cycle"].isEnabled()
    assert "one direction" in room.looks.buttons["cycle"].toolTip()


def test_a_file_that_is_none_is_one_sentence(room, qtbot, tmp_path):
    path = tmp_path / "net.pth"
    path.write_bytes(b"nothing of use")
    drop(room.window(), path)
    told = notice(room, qtbot, "net.pth")
    assert "\n" not in told and room.desk.opened is None
    assert room.pages.currentWidget() is room.nothing


def test_a_pickle_that_would_run_code_is_refused_and_nothing_runs(room, qtbot, tmp_path):
    import pickle

    canary = tmp_path / "canary"

    class Payload:
        def __reduce__(self):
            return (open, (str(canary), "w"))

    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps({"model.1.weight": Payload()}))
    drop(room.window(), path)
    notice(room, qtbot, "evil.pth")
    assert not canary.exists()


def test_two_files_that_belong_together_go_both_ways(room, qtbot, network_file):
    there, back = network_file("latest_net_G_A.pth"), network_file("latest_net_G_B.pth", seed=1)
    found = opened(room, qtbot, there)
    assert found.translator.direction == "A to B" and found.back is not None
    room.looks.setFocus()
    qtbot.keyClick(room, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: room.desk.opened.translator.direction == "B to A", timeout=SECONDS)
    assert room.directions.currentText() == "B to A" and back.exists()


def test_the_open_dialog_opens_a_file(room, qtbot, network_file, monkeypatch):
    path = network_file("horse2zebra.pth")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(path), ""))
    room.open_button.click()
    qtbot.waitUntil(lambda: room.desk.opened is not None, timeout=SECONDS)
    assert room.translators.currentText() == "horse2zebra.pth"


def test_runs_that_translate_are_offered_with_their_checkpoints(translating_run, open_window, qtbot, picture):
    run = translating_run("pix2pix")
    room = open_window().rooms[0]
    qtbot.waitUntil(lambda: room.translators.count() == 1, timeout=SECONDS)
    assert room.translators.itemText(0) == "My pix2pix"
    room.translators.activated.emit(0)
    qtbot.waitUntil(lambda: room.desk.opened is not None, timeout=SECONDS)
    assert [room.steps.itemText(i) for i in range(2)] == ["Step 4", "Step 2"]
    assert room.as_trained.isChecked()  # as pix2pix is meant to be applied
    path = picture()
    added(room, qtbot, path)
    found = seen(room, qtbot).pictures[1][1]
    np.testing.assert_array_equal(found, expected(path, run.folder))
    room.steps.activated.emit(1)
    qtbot.waitUntil(lambda: room.desk.opened.translator.about["step"] == 2, timeout=SECONDS)
    assert (seen(room, qtbot).pictures[1][1] != found).any()
    room.raw.click()
    qtbot.waitUntil(lambda: room.desk.opened.translator.about["weights"] == "raw", timeout=SECONDS)
    assert room.steps.currentText() == "Step 2" and room.raw.isChecked()


def test_a_run_of_cyclegan_goes_there_and_back(translating_run, room, qtbot, picture):
    run = translating_run("cyclegan")
    opened(room, qtbot, run.folder)
    assert room.looks.buttons["cycle"].isEnabled()
    path = picture()
    added(room, qtbot, path)
    np.testing.assert_array_equal(seen(room, qtbot).pictures[1][1], expected(path, run.folder, direction="A to B"))
    room.directions.setCurrentIndex(1)
    room.directions.activated.emit(1)
    qtbot.waitUntil(lambda: room.desk.opened.translator.direction == "B to A", timeout=SECONDS)
    np.testing.assert_array_equal(seen(room, qtbot).pictures[1][1], expected(path, run.folder, direction="B to A"))


def test_super_resolution_lies_on_the_small_picture(translating_run, room, qtbot, picture):
    run = translating_run("super-resolution")
    opened(room, qtbot, run.folder)
    path = picture("small.png", 24, 16)
    added(room, qtbot, path)
    after = seen(room, qtbot).pictures[1][1]
    scale = room.desk.opened.translator.needs.scale
    assert scale > 1 and after.shape[:2] == (16 * scale, 24 * scale)
    view = room.looks.compare.view
    assert (
        view.whole() == (24 * scale, 16 * scale) and f"{24 * scale} × {16 * scale}" in room.looks.compare.caption.text()
    )
    room.draw_button.click()
    qtbot.waitUntil(lambda: bool(room.draw.result.pictures), timeout=SECONDS)
    height, width = room.draw.sketch.pixels().shape[:2]
    assert (width, height) == (32 // scale, 32 // scale)  # as large as what it learnt from


def test_one_draws_on_an_example_of_the_data(translating_run, room, qtbot):
    run = translating_run("pix2pix")
    opened(room, qtbot, run.folder)
    room.draw_button.click()
    sketch = room.draw.sketch
    assert sketch.pixels().shape == (32, 32, 3)  # what it was trained on
    sketch.example_button.click()
    qtbot.waitUntil(lambda: bool(sketch.pad.drawing.acts), timeout=SECONDS)
    held_out = exhausted(RunConfig.parse(run.config()).data.prepare()).held_out
    unseen = images.to_uint8(held_out.batch(held_out.size, 0, 0).x)
    assert sketch.pixels().tolist() in unseen.tolist()  # drawn by chance: one of those it does not learn from
    qtbot.waitUntil(lambda: bool(room.draw.result.pictures), timeout=SECONDS)


def test_a_run_that_translates_is_sent_here_from_explore(translating_run, open_window, qtbot):
    run = translating_run("cyclegan")
    window = open_window((ExploreRoom, TranslateRoom))
    window.session.explore_wanted.emit(run)
    room = window.rooms[1]
    qtbot.waitUntil(lambda: room.desk.opened is not None, timeout=SECONDS)
    assert window.current_room() is room and room.desk.opened.choice.title == "My cyclegan"


# --- pictures --------------------------------------------------------------------------------------------------------


def test_a_dropped_picture_is_translated_at_once_and_nothing_is_written(room, qtbot, network_file, picture, tmp_path):
    network = network_file()
    opened(room, qtbot, network)
    path = picture()
    added(room, qtbot, path)
    found = seen(room, qtbot)
    np.testing.assert_array_equal(found.pictures[0][1], np.asarray(Image.open(path)))
    np.testing.assert_array_equal(found.pictures[1][1], expected(path, network))
    assert [one.name for one in room.looks.compare.view.pictures] == ["Before", "After"]
    assert not (tmp_path / "out").exists()


def test_pictures_can_wait_for_a_translator(room, qtbot, network_file, picture):
    added(room, qtbot, picture())
    assert room.pages.currentWidget() is room.splitter
    assert not room.files.start_button.isEnabled() and "translator" in room.files.start_button.toolTip()
    qtbot.waitUntil(lambda: room.desk.photo is not None, timeout=SECONDS)
    opened(room, qtbot, network_file())
    assert len(seen(room, qtbot).pictures) == 2


def test_folders_are_looked_through_and_what_is_of_no_use_is_told(room, qtbot, picture, tmp_path):
    folder = picture("deep/b.png").parent.parent
    picture("a.jpg")
    picture("deep/.hidden.png")
    (folder / "notes.txt").write_text("no picture")
    other = tmp_path / "letter.txt"
    other.write_text("no picture either")
    drop(room.window(), folder, other)
    assert "letter.txt" in notice(room, qtbot, "is no picture")
    assert [path.name for path in room.files.queue.paths()] == ["a.jpg", "b.png"]


def test_a_broken_picture_fails_before_anything_is_translated(room, qtbot, network_file, picture, tmp_path):
    broken = tmp_path / "photos" / "broken.png"
    picture()
    broken.write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    opened(room, qtbot, network_file())
    added(room, qtbot, broken)
    qtbot.waitUntil(lambda: room.files.queue.file(broken).state == "failed", timeout=SECONDS)
    assert room.files.queue.file(broken).reason
    qtbot.waitUntil(lambda: "broken.png" in room.looks.compare.view.empty, timeout=SECONDS)


def test_a_picture_on_the_clipboard_is_pasted(room, qtbot, network_file):
    opened(room, qtbot, network_file())
    image = QImage(40, 24, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QApplication.clipboard().setImage(image)
    qtbot.keyClick(room, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(room.files.queue.files) == 1, timeout=SECONDS)
    before = seen(room, qtbot).pictures[0][1]
    assert before.shape == (24, 40, 3) and (before == (255, 0, 0)).all()


def test_files_on_the_clipboard_are_pasted(room, qtbot, picture):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(picture("x.png"))), QUrl.fromLocalFile(str(picture("y.png")))])
    QApplication.clipboard().setMimeData(data)
    qtbot.keyClick(room, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(room.files.queue.files) == 2, timeout=SECONDS)


def test_an_empty_clipboard_is_told(room, qtbot):
    QApplication.clipboard().setText("no picture")
    qtbot.keyClick(room, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    notice(room, qtbot, "no picture on the clipboard")


def test_a_picture_of_the_browser_is_dropped_as_its_pixels(room, qtbot):
    data = QMimeData()
    image = QImage(16, 16, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.blue)
    data.setImageData(image)
    room.window().take_dropped(data)
    qtbot.waitUntil(lambda: len(room.files.queue.files) == 1, timeout=SECONDS)


def test_the_dialog_adds_files(room, qtbot, picture, monkeypatch):
    paths = [picture("x.png"), picture("y.png")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: ([str(path) for path in paths], ""))
    room.files.choose_button.click()
    qtbot.waitUntil(lambda: room.files.queue.paths() == paths, timeout=SECONDS)


def test_what_is_held_over_the_window_is_said(room, qtbot, picture):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(picture(name))) for name in ("x.png", "y.png")])
    around = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(room.window(), QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, *around))
    assert room.files.drop_area.label.text() == "Add 2 pictures"
    QApplication.sendEvent(room.window(), QDragLeaveEvent())
    assert "Drop pictures" in room.files.drop_area.label.text()


def test_words_for_what_is_held():
    assert words_for(["a.png"]) == "Add 1 picture"
    assert words_for(["net.pth", "a.png", "b.JPG"]) == "Translate with net.pth, Add 2 pictures"
    assert words_for(["folder"]) == "Look through 1 folder or other file"
    assert words_for([]) == ""


# --- looking ---------------------------------------------------------------------------------------------------------


def test_of_a_large_picture_a_part_is_tried_out_and_it_can_be_moved(room, qtbot, network_file, picture):
    network = network_file()
    opened(room, qtbot, network)
    path = picture("large.png", 400, 300)
    room.options.part_size.setCurrentIndex(0)  # 256 px
    added(room, qtbot, path)
    seen(room, qtbot)
    assert room.options.navigator.isVisible() and room.options.navigator.box == (72, 22, 328, 278)
    before = room.previewing.seen
    np.testing.assert_array_equal(before.pictures[1][1], expected(path, network, (72, 22, 328, 278)))
    room.options.navigator.setFocus()
    qtbot.keyClick(room.options.navigator, Qt.Key.Key_Left)
    qtbot.keyClick(room.options.navigator, Qt.Key.Key_Left)
    box = room.options.navigator.box
    assert box == (0, 22, 256, 278)
    qtbot.waitUntil(lambda: room.previewing.seen is not before, timeout=SECONDS)
    np.testing.assert_array_equal(seen(room, qtbot).pictures[1][1], expected(path, network, box))


def test_at_the_size_of_the_training_the_whole_picture_is_tried_out(room, qtbot, network_file, picture):
    from gan_studio.jobs.apply import Manner, translated
    from gan_studio.jobs.translators import open_translator

    network = network_file()
    network.with_name("train_opt.txt").write_text("crop_size: 64\n")
    opened(room, qtbot, network)
    path = picture("large.png", 800, 600)
    added(room, qtbot, path)
    seen(room, qtbot)
    part = room.options.part
    assert part.isVisible() and room.previewing.seen.pictures[1][1].shape == (512, 512, 3)
    room.options.form.edit("manner.size", "resize")
    qtbot.waitUntil(lambda: not part.isVisible(), timeout=SECONDS)
    whole = translated(open_translator(network, device="cpu"), picture_files.read(path), Manner(size="resize"))
    np.testing.assert_array_equal(seen(room, qtbot).pictures[1][1], whole.colour)
    room.options.form.edit("manner.size", "pad")
    qtbot.waitUntil(part.isVisible, timeout=SECONDS)


def test_there_and_back_with_its_error(room, qtbot, network_file, picture):
    network_file("latest_net_G_B.pth", seed=1)
    network = network_file("latest_net_G_A.pth")
    opened(room, qtbot, network)
    path = picture()
    added(room, qtbot, path)
    seen(room, qtbot)
    room.looks.buttons["cycle"].click()
    qtbot.waitUntil(lambda: room.previewing.is_fresh and len(room.previewing.seen.pictures) == 4, timeout=SECONDS)
    names = [name for name, _ in room.previewing.seen.pictures]
    assert names == ["Before", "A to B", "And back", "Error of the way back"]
    before, there, back = (pixels.astype(float) for _, pixels in room.previewing.seen.pictures[:3])
    np.testing.assert_array_equal(there, expected(path, network))
    error = np.abs(before - back).mean()
    assert f"{error:.1f} of 255" in room.previewing.seen.caption
    assert room.looks.compare.view.mode.id == "side"
    room.looks.buttons["result"].click()
    assert room.looks.compare.view.mode.id == "divider"  # as it was


def test_the_trust_test_says_what_follows_in_words(room, qtbot, network_file, picture):
    network_file("latest_net_G_B.pth", seed=1)
    opened(room, qtbot, network_file("latest_net_G_A.pth"))
    added(room, qtbot, picture())
    room.looks.buttons["trust"].click()
    qtbot.waitUntil(lambda: room.looks.sentence.isVisible(), timeout=SECONDS)
    assert "way back" in room.looks.sentence.text() and len(room.previewing.seen.pictures) == 4
    room.looks.buttons["result"].click()
    qtbot.waitUntil(lambda: not room.looks.sentence.isVisible(), timeout=SECONDS)


def test_several_networks_on_the_same_picture(room, qtbot, network_file, picture):
    files = [network_file(name, seed) for seed, name in enumerate(("one.pth", "two.pth", "three.pth"))]
    for file in files:
        opened(room, qtbot, file)
    path = picture()
    added(room, qtbot, path)
    seen(room, qtbot)
    room.looks.buttons["several"].click()
    box = room.looks.others[0]
    box.setCurrentIndex(box.findText("one.pth"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: room.previewing.is_fresh and len(room.previewing.seen.pictures) == 3, timeout=SECONDS)
    shown = room.previewing.seen.pictures
    assert [name for name, _ in shown] == ["Before", "three.pth", "one.pth"]
    np.testing.assert_array_equal(shown[1][1], expected(path, files[2]))
    np.testing.assert_array_equal(shown[2][1], expected(path, files[0]))


def test_tiles_against_the_whole(room, qtbot, network_file, picture):
    opened(room, qtbot, network_file(norm="batch"))
    added(room, qtbot, picture("large.png", 200, 160))
    room.looks.buttons["tiles"].click()
    qtbot.waitUntil(lambda: "pieces" in seen(room, qtbot).caption, timeout=SECONDS)
    assert room.looks.compare.view.mode.id == "difference"


# --- writing ---------------------------------------------------------------------------------------------------------


def test_all_files_are_written_as_they_were_shown(room, qtbot, network_file, picture, tmp_path):
    network = network_file()
    opened(room, qtbot, network)
    paths = [picture("a.png"), picture("deep/b.png", 32, 40, seed=1)]
    added(room, qtbot, tmp_path / "photos")
    qtbot.waitUntil(lambda: "a" in room.options.names.text(), timeout=SECONDS)
    promised = room.options.names.text()
    with qtbot.waitSignal(room.working.finished, timeout=SECONDS):
        room.files.start_button.click()
    files = [room.files.queue.file(path) for path in paths]
    assert [file.state for file in files] == ["done", "done"]
    for file in files:
        np.testing.assert_array_equal(np.asarray(Image.open(file.target)), expected(file.path, network))
        assert file.target.is_relative_to(tmp_path / "out")
        assert str(file.target.relative_to(tmp_path / "out")) in promised
    assert files[1].target.parent.name == "deep"  # the same folders below
    room.files.view.choose(paths[1])
    qtbot.waitUntil(lambda: "Written" in room.looks.compare.caption.text(), timeout=SECONDS)


def test_one_failed_file_does_not_stop_the_others(room, qtbot, network_file, picture, tmp_path):
    opened(room, qtbot, network_file())
    good = picture("good.png")
    gone = picture("gone.png")
    added(room, qtbot, tmp_path / "photos")
    gone.unlink()
    with qtbot.waitSignal(room.working.finished, timeout=SECONDS):
        room.start()
    assert room.files.queue.file(good).state == "done"
    assert room.files.queue.file(gone).state == "failed" and room.files.queue.file(gone).reason
    assert "1 done, 1 failed" in room.files.said.text()
    picture("gone.png")
    room.files.retry_button.click()
    with qtbot.waitSignal(room.working.finished, timeout=SECONDS):
        room.start()
    assert room.files.queue.file(gone).state == "done"


@pytest.mark.usefixtures("slow_disk")
def test_cancel_ends_it_and_leaves_what_waits(room, qtbot, network_file, picture, tmp_path):
    opened(room, qtbot, network_file(width=16, blocks=6))
    for i in range(12):
        picture(f"{i:02}.png", 200, 200, seed=i)
    added(room, qtbot, tmp_path / "photos")
    room.files.start_button.click()
    qtbot.waitUntil(lambda: room.files.queue.count("done") >= 1, timeout=SECONDS)
    with qtbot.waitSignal(room.working.finished, timeout=SECONDS):
        room.files.cancel_button.click()
    queue = room.files.queue
    assert queue.count("done") + queue.count("waiting") == 12 and queue.count("waiting") > 0
    written = sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert len(written) == queue.count("done")  # nothing half done
    qtbot.waitUntil(lambda: not unfinished(), timeout=SECONDS)  # it is not offered after a restart
    assert room.files.start_button.isVisible() and room.files.start_button.isEnabled()


@pytest.mark.usefixtures("slow_disk")
def test_previews_go_on_while_files_are_written(room, qtbot, network_file, picture, tmp_path):
    network = network_file(width=16, blocks=6)
    opened(room, qtbot, network)
    paths = [picture(f"{i:02}.png", 200, 200, seed=i) for i in range(10)]
    added(room, qtbot, tmp_path / "photos")
    room.files.start_button.click()
    qtbot.waitUntil(lambda: room.files.queue.count("done") >= 1, timeout=SECONDS)
    room.files.view.choose(paths[-1])
    qtbot.waitUntil(lambda: room.previewing.is_fresh and room.desk.photo.path == paths[-1], timeout=SECONDS)
    np.testing.assert_array_equal(room.previewing.seen.pictures[1][1], expected(paths[-1], network))
    assert room.working.is_working
    with qtbot.waitSignal(room.working.finished, timeout=SECONDS):
        room.files.cancel_button.click()


@pytest.mark.usefixtures("slow_disk")
def test_pause_waits_and_goes_on(room, qtbot, network_file, picture, tmp_path):
    opened(room, qtbot, network_file(width=16, blocks=6))
    for i in range(6):
        picture(f"{i:02}.png", 160, 160, seed=i)
    added(room, qtbot, tmp_path / "photos")
    room.files.start_button.click()
    qtbot.waitUntil(lambda: room.working.worker is not None, timeout=SECONDS)
    room.files.pause_button.click()
    qtbot.waitUntil(lambda: room.files.is_paused, timeout=SECONDS)
    done = room.files.queue.count("done")
    assert done < 6
    with qtbot.waitSignal(room.working.finished, timeout=SECONDS):
        room.files.pause_button.click()
    assert room.files.queue.count("done") == 6


@pytest.mark.usefixtures("slow_disk")
def test_what_was_left_is_offered_after_a_restart(open_window, room, qtbot, network_file, picture, tmp_path):
    opened(room, qtbot, network_file(width=16, blocks=6))
    paths = [picture(f"{i:02}.png", 200, 200, seed=i) for i in range(10)]
    added(room, qtbot, tmp_path / "photos")
    room.files.start_button.click()
    qtbot.waitUntil(lambda: room.files.queue.count("done") >= 1, timeout=SECONDS)
    room.window().close()
    again = open_window().rooms[0]
    notice(again, qtbot, "still to be translated")
    bar = next(bar for bar in again.notices.bars if "still to be translated" in bar.text)
    with qtbot.waitSignal(again.working.finished, timeout=SECONDS):
        bar.action_button.click()
    written = {path.stem.partition("-")[0] for path in (tmp_path / "out").rglob("*.png")}
    assert written == {path.stem for path in paths}


def test_what_was_left_lies_on_other_tabs_only_for_a_moment(open_window, qtbot, monkeypatch):
    left = SimpleNamespace(left=3, items=range(5), folder="photos", forget=lambda: None)
    monkeypatch.setattr("gan_studio.gui.translate.working.unfinished", lambda: [left])
    window = open_window((TrainRoom, TranslateRoom))
    train, room = window.rooms
    goes = []
    for front in (train, room, train, room):
        front.raise_tab()
        if front is room:
            notice(room, qtbot, "still to be translated")
            qtbot.waitUntil(lambda: room.working.has_offered, timeout=SECONDS)
        goes.append([bar.timer.isActive() for bar in window.notices.bars if "translated" in bar.text])
    assert goes[1:] == [[False], [], [False]] and goes[0] in ([], [True])  # it may still be on its way at first
    next(bar for bar in room.notices.bars if "translated" in bar.text).action_buttons[1].click()
    train.raise_tab()
    room.raise_tab()
    assert room.working.has_offered and not [bar for bar in room.notices.bars if "translated" in bar.text]


def test_a_wrong_pattern_is_told_in_the_form_and_nothing_begins(room, qtbot, network_file, picture):
    opened(room, qtbot, network_file())
    added(room, qtbot, picture())
    room.options.form.edit("output.pattern", "{nonsense}")
    room.start()
    qtbot.waitUntil(lambda: bool(room.notices.bars), timeout=SECONDS)
    assert not room.working.is_working


def test_results_are_copied_opened_and_dragged(room, qtbot, network_file, picture, tmp_path, monkeypatch):
    network = network_file()
    opened(room, qtbot, network)
    path = picture()
    added(room, qtbot, path)
    with qtbot.waitSignal(room.working.finished, timeout=SECONDS):
        room.start()
    target = room.files.queue.file(path).target
    asked = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()) or True)
    room.files.view.choose(path)
    qtbot.keyClick(room.files.view, Qt.Key.Key_Return)
    room.files.show_result_wanted.emit(path)
    assert asked == [str(target), str(target.parent)]
    room.files.copy_result_wanted.emit(path)
    notice(room, qtbot, "on the clipboard")
    image = QApplication.clipboard().image()
    colour = image.pixelColor(3, 5)
    assert (colour.red(), colour.green(), colour.blue()) == tuple(expected(path, network)[5, 3])


# --- drawing ---------------------------------------------------------------------------------------------------------


def test_a_drawing_is_translated_while_it_is_drawn(room, qtbot, network_file):
    network = network_file()
    opened(room, qtbot, network)
    room.draw_button.click()
    qtbot.waitUntil(lambda: bool(room.draw.result.pictures), timeout=SECONDS)
    blank = room.draw.result.pictures[0].pixels
    pad = room.draw.sketch.pad
    target = pad.target()
    start = target.center().toPoint() / pad.devicePixelRatioF()
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(pad, start + QPoint(40, 10))
    qtbot.waitUntil(lambda: (room.draw.result.pictures[0].pixels != blank).any(), timeout=SECONDS)
    in_hand = room.draw.result.pictures[0].pixels
    with qtbot.waitSignal(room.painting.drawn, timeout=SECONDS):
        QTest.mouseMove(pad, start + QPoint(60, 50))
        QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 50))
    final = lambda: room.draw.result.pictures[0].pixels  # noqa: E731
    wanted = expected_of(pad, network)
    qtbot.waitUntil(lambda: np.array_equal(final(), wanted), timeout=SECONDS)
    assert (in_hand != wanted).any()


def expected_of(pad, network) -> np.ndarray:
    from gan_studio.jobs.apply import Manner, translated
    from gan_studio.jobs.translators import open_translator

    return translated(open_translator(network, device="cpu"), picture_files.Picture(pad.pixels()), Manner()).colour


def test_one_draws_on_a_picture(room, qtbot, network_file, picture, monkeypatch):
    opened(room, qtbot, network_file())
    room.draw_button.click()
    path = picture("under.png", 64, 64)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(path), ""))
    room.draw.sketch.load_button.click()
    qtbot.waitUntil(lambda: bool(room.draw.sketch.pad.drawing.acts), timeout=SECONDS)
    assert not room.draw.sketch.example_button.isEnabled()  # a file brings no data


# --- with the other tabs ---------------------------------------------------------------------------------------------


def test_pictures_dropped_here_belong_here_and_folders_dropped_in_train_to_train(open_window, qtbot, picture):
    window = open_window((TrainRoom, TranslateRoom))
    folder = picture().parent
    window.rooms[1].raise_tab()
    drop(window, folder)
    qtbot.waitUntil(lambda: len(window.rooms[1].files.queue.files) == 1, timeout=SECONDS)
    window.rooms[0].raise_tab()
    drop(window, folder)
    qtbot.waitUntil(lambda: window.rooms[0].settings.values()["data"].get("path") == str(folder), timeout=SECONDS)


@pytest.mark.parametrize("tab", [0, 1, 2])
def test_weights_open_where_they_belong_whichever_tab_is_in_front(open_window, qtbot, network_file, tmp_path, tab):
    window = open_window((ExploreRoom, TranslateRoom, GalleryRoom))
    translate = window.rooms[1]
    window.rooms[tab].raise_tab()
    file = network_file()
    drop(window, file)
    qtbot.waitUntil(lambda: translate.desk.opened is not None, timeout=SECONDS)
    assert window.current_room() is translate and translate.desk.opened.choice.path == file
    window.rooms[tab].raise_tab()
    drop(window, generator := foreign_file(tmp_path / "theirs" / "netG.pth"))
    there = window.rooms[0 if tab == 1 else tab]  # the gallery is of generators, too
    qtbot.waitUntil(lambda: window.current_room() is there, timeout=SECONDS)
    qtbot.waitUntil(lambda: chosen_in(there) == generator, timeout=SECONDS)
    assert not window.notices.bars


def chosen_in(room) -> Path | None:
    chosen = room.opened if isinstance(room, ExploreRoom) else room.choosing
    return chosen.choice.path if chosen and chosen.choice else None


@pytest.mark.parametrize("tab", [0, 1])
def test_weights_of_nobody_knows_what_are_told_of_where_one_is(open_window, qtbot, tmp_path, tab):
    window = open_window((ExploreRoom, TranslateRoom, GalleryRoom))
    window.rooms[tab].raise_tab()
    path = tmp_path / "net.pth"
    torch.save({"layer.weight": torch.ones(2, 2)}, path)
    drop(window, path)
    notice(window.rooms[tab], qtbot, "net.pth")
    assert window.current_room() is window.rooms[tab]


def test_a_dropped_checkpoint_opens_at_its_very_step(room, qtbot, translating_run):
    run = translating_run("pix2pix")
    first = run.checkpoints()[0]
    assert first.step < run.checkpoints()[-1].step
    drop(room.window(), first.path)
    qtbot.waitUntil(lambda: room.desk.opened is not None, timeout=SECONDS)
    assert room.desk.opened.translator.about["step"] == first.step == room.steps.currentData()


def test_a_runs_own_weights_open_with_their_run(room, qtbot, translating_run):
    run = translating_run("pix2pix")
    drop(room.window(), run.checkpoints()[-1].path / "generator.safetensors")
    qtbot.waitUntil(lambda: room.desk.opened is not None, timeout=SECONDS)
    assert room.desk.opened.choice.path == run.folder
    assert room.desk.opened.translator.about["weights"] == "raw"


def test_a_run_of_samples_is_not_for_here(open_window, qtbot, picture_run):
    run = picture_run()
    window = open_window((ExploreRoom, TranslateRoom))
    assert not window.rooms[1].takes(run.folder)


def test_the_folder_of_the_results_is_kept(open_window, tmp_path, qtbot):
    window = open_window()
    window.rooms[0].options.set_folder(tmp_path / "results")
    window.close()
    assert open_window().rooms[0].options.folder == tmp_path / "results"


def test_the_palette_offers_what_was_opened(room, qtbot, network_file):
    opened(room, qtbot, network_file("horse2zebra.pth"))
    texts = [text for text, *_ in room.palette_entries()]
    assert texts == ["Translate with: horse2zebra.pth"]


def test_every_control_has_a_name(room, qtbot, network_file, picture, assert_named):
    assert_named(room)
    opened(room, qtbot, network_file())
    added(room, qtbot, picture("large.png", 600, 600))
    seen(room, qtbot)
    assert_named(room)
    room.draw_button.click()
    assert_named(room)
