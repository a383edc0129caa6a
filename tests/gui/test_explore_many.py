"""Several pictures at once in the Explore tab: all follow what moves one, a click makes one of them the one."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QToolTip

from gan_studio.images import read_recipe
from gan_studio.jobs.explore import TEXT, latents, pictures, render
from gan_studio.jobs.snapshots import open_snapshot

from . import exploring
from .exploring import SECONDS, drawn, notice

light_collections, open_window = exploring.light_collections, exploring.open_window
run, room = exploring.run, exploring.room


def choose_count(room, count: int) -> None:
    row = room.seeds.counts.findData(count)
    room.seeds.counts.setCurrentIndex(row)
    room.seeds.counts.activated.emit(row)


def assert_shows(room, qtbot, seeds) -> None:
    """The very pictures of these seeds, under the view's truncation and edits, each where the grid says it is."""
    drawn(room, qtbot)
    image = room.picture.image()
    snapshot = open_snapshot(room.opened.choice.path, room.view.step, device="cpu")
    expected = pictures(latents([room.view.at_seed(seed) for seed in seeds], snapshot), snapshot)
    zoom, corner = room.picture.zoom(), room.picture.target().topLeft()
    for place, picture in enumerate(expected):
        middle = room.picture.rect_of(place).center() * room.picture.devicePixelRatioF() - corner
        x, y = int(middle.x() / zoom), int(middle.y() / zoom)
        height, width = picture.shape[:2]
        colour = image.pixelColor(x, y)
        grey = picture[height // 2, width // 2]  # [1]
        assert [colour.red(), colour.green(), colour.blue()] == [*grey] * 3


def test_many_pictures_of_the_next_seeds(room, qtbot):
    room.scene.go_to_seed(5)
    choose_count(room, 9)
    assert_shows(room, qtbot, range(5, 14))
    assert room.picture.accessibleDescription().startswith("9 pictures. seeds 5 to 13 · step 10")
    assert "each" in room.picture.accessibleDescription()


def test_sliders_and_truncation_move_all(room, qtbot):
    choose_count(room, 4)
    room.directions.rows["Random 1"].number.slider.setValue(900)
    room.seeds.truncation.slider.setValue(500)
    assert room.view.edits and room.view.psi == pytest.approx(0.75)
    assert_shows(room, qtbot, range(4))
    assert "+ 1 direction" in room.picture.accessibleDescription()


def test_all_are_drawn_in_one_pass(room, qtbot):
    passes = []
    network = room.scene.snapshot.network
    hook = network.register_forward_hook(lambda module, inputs, output: passes.append(len(output)))
    try:
        choose_count(room, 25)
        drawn(room, qtbot)
        qtbot.waitUntil(lambda: not room.scene.resting.is_busy, timeout=SECONDS)
    finally:
        hook.remove()
    assert passes.count(25) >= 1 and 1 not in passes


def test_a_click_makes_it_the_one_and_undo_brings_them_back(room, qtbot):
    choose_count(room, 9)
    drawn(room, qtbot)
    qtbot.mouseClick(room.picture, Qt.MouseButton.LeftButton, pos=room.picture.rect_of(7).center().toPoint())
    assert room.view.seed == 7 and room.scene.count == 1 and room.seeds.counts.currentText() == "1 picture"
    np.testing.assert_array_equal(drawn(room, qtbot), render(room.view, room.scene.snapshot))
    qtbot.mouseClick(room.picture, Qt.MouseButton.LeftButton)  # one alone is not picked
    assert room.view.seed == 7
    room.undo_button.click()
    assert room.scene.count == 9 and room.view.seed == 0
    assert_shows(room, qtbot, range(9))
    room.redo_button.click()
    assert room.scene.count == 1 and room.view.seed == 7


def test_a_drag_is_no_click(room, qtbot):
    choose_count(room, 4)
    drawn(room, qtbot)
    start = room.picture.rect_of(3).center().toPoint()
    qtbot.mousePress(room.picture, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(room.picture, start + QPointF(40, 0).toPoint())
    qtbot.mouseRelease(room.picture, Qt.MouseButton.LeftButton, pos=start + QPointF(40, 0).toPoint())
    assert room.scene.count == 4


def test_pointing_tells_the_seed(room, qtbot):
    room.scene.go_to_seed(1000)
    choose_count(room, 4)
    drawn(room, qtbot)
    at = room.picture.rect_of(3).center().toPoint()
    QApplication.sendEvent(room.picture, QHelpEvent(QEvent.Type.ToolTip, at, room.picture.mapToGlobal(at)))
    assert QToolTip.text() == "Seed 1,003; a click shows it alone."
    QToolTip.hideText()
    before = room.picture.grab().toImage()
    qtbot.mouseMove(room.picture, at)
    assert room.picture.grab().toImage() != before  # it is framed
    assert room.picture.name_at(QPointF(1, 1)) == ""


def test_the_arrows_turn_whole_pages(room, qtbot):
    choose_count(room, 9)
    assert room.seeds.next_button.toolTip() == "The next 9 seeds (Page Down)"
    room.seeds.next_button.click()
    assert_shows(room, qtbot, range(9, 18))
    room.scene.go_to_seed(3)
    room.seeds.back_button.click()
    assert room.view.seed == 0
    room.seeds.back_button.click()
    assert room.view.seed == 0


def test_they_follow_a_run(room, run, qtbot):
    choose_count(room, 4)
    weights, _ = run.checkpoint_at(10).load()
    run.save_checkpoint(20, {name: {k: v + 0.05 for k, v in part.items()} for name, part in weights.items()}, {})
    room.follow.click()
    qtbot.waitUntil(lambda: room.view.step == 20, timeout=SECONDS)
    room.follow.click()
    assert_shows(room, qtbot, range(4))
    room.undo_button.click()
    qtbot.waitUntil(lambda: room.view.step == 10, timeout=SECONDS)
    assert room.scene.count == 4


def test_a_latent_of_its_own_is_alone(room, qtbot):
    choose_count(room, 4)
    room.scene.show_view(room.view.at(room.scene.snapshot.latents(1, 3)))
    assert room.picture.image() and len(room.scene.seeds()) == 1
    assert not room.seeds.counts.isEnabled() and "no next seeds" in room.seeds.counts.toolTip()
    drawn(room, qtbot)
    room.seeds.next_button.click()
    assert_shows(room, qtbot, range(1, 5))


def test_the_last_seeds_of_all(room, qtbot):
    choose_count(room, 9)
    room.scene.go_to_seed(2**32 - 3)
    assert_shows(room, qtbot, range(2**32 - 3, 2**32))
    room.scene.go_to_seed(2**32)
    assert len(room.scene.seeds()) == 1


# --- saved together --------------------------------------------------------------------------------------------------


def saved(room, qtbot, monkeypatch, path, kind: str) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), kind))
    room.save_button.click()
    notice(room, qtbot, "Written")


def test_a_folder_of_pictures_that_open_again(room, qtbot, monkeypatch, tmp_path):
    room.directions.rows["Random 1"].number.slider.setValue(900)
    choose_count(room, 4)
    saved(room, qtbot, monkeypatch, tmp_path / "four", "A folder of PNGs that open again (*)")
    files = sorted((tmp_path / "four").glob("*.png"))
    assert len(files) == 4 and all(TEXT in read_recipe(file) for file in files)
    with Image.open(files[2]) as picture:
        np.testing.assert_array_equal(picture, render(room.view.at_seed(2), room.scene.snapshot)[..., 0])


def test_a_contact_sheet(room, qtbot, monkeypatch, tmp_path):
    assert "contact sheet" not in room.save_button.toolTip()
    choose_count(room, 4)
    assert "contact sheet" in room.save_button.toolTip()
    saved(room, qtbot, monkeypatch, tmp_path / "sheet", "A contact sheet (*.png)")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 2 * room.scene.snapshot.shape[1]


def test_a_name_that_was_completed_is_never_replaced(room, qtbot, monkeypatch, tmp_path):
    choose_count(room, 4)
    (tmp_path / "sheet.png").write_bytes(b"mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "sheet"), "A contact sheet (*.png)"))
    room.save_button.click()
    notice(room, qtbot, "already")
    assert (tmp_path / "sheet.png").read_bytes() == b"mine"
