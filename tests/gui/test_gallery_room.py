"""The Gallery tab as a user meets it: make, look, choose, star, compare, and write files that open again."""

from __future__ import annotations

import contextlib
import errno
import json
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMenu

from gan_studio import runs
from gan_studio.directions import axis
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.exporting import SaveDialog
from gan_studio.gui.gallery import export_forms
from gan_studio.gui.gallery.export_dialog import ExportDialog
from gan_studio.gui.gallery.held import Held, kept_size, reduced, scaled
from gan_studio.gui.gallery.loupe import FullScreen
from gan_studio.gui.gallery.room import GalleryRoom
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.translate.room import TranslateRoom
from gan_studio.jobs import marks, train
from gan_studio.jobs.explore import Kept, keep, pixels_hash, render, reopened, view_of
from gan_studio.jobs.gallery import BATCH, Sample, by_seeds, measured
from gan_studio.jobs.neighbours import judge
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.together import exhausted
from gan_studio.jobs.walk import Walk
from gan_studio.runs import Checkpoint

from . import exploring
from .exploring import SECONDS, choose_run, drop, foreign_file, opened_window, with_directions

CONTROL, SHIFT, NONE = (getattr(Qt.KeyboardModifier, f"{name}Modifier") for name in ("Control", "Shift", "No"))


light_collections = exploring.light_collections


@pytest.fixture
def open_window(qtbot, tmp_path, request, monkeypatch):
    return lambda rooms=(GalleryRoom,): opened_window(qtbot, tmp_path, request, monkeypatch, rooms)


@pytest.fixture
def run(picture_run):
    return picture_run()


@pytest.fixture
def snapshot(run):
    return open_snapshot(run.folder, device="cpu")


@pytest.fixture
def room(open_window, run, qtbot):
    room = open_window().rooms[0]
    qtbot.waitUntil(lambda: room.maker.make_button.isEnabled(), timeout=SECONDS)
    return room


def make(room, qtbot, **wishes):
    for name, value in wishes.items():
        room.maker.editors[name].set_value(value)
    qtbot.mouseClick(room.maker.make_button, Qt.MouseButton.LeftButton)
    made(room, qtbot)


def made(room, qtbot):
    qtbot.waitUntil(lambda: bool(room.held) and not room.making.is_running, timeout=SECONDS)


def click(room, qtbot, row, modifier=NONE):
    at = room.grid.visualRect(room.pictures.index(row)).center()
    qtbot.mouseClick(room.grid.viewport(), Qt.MouseButton.LeftButton, modifier, at)


def seeds(room, places=None):
    places = room.pictures.places if places is None else places
    return [room.held.samples[place].view.seed for place in places]


def notice(room, qtbot, words):
    qtbot.waitUntil(lambda: any(words in bar.text for bar in room.notices.bars), timeout=SECONDS)
    return next(bar for bar in room.notices.bars if words in bar.text)


@contextlib.contextmanager
def gone(dialog, qtbot):
    yield
    qtbot.waitUntil(lambda: not shiboken6.isValid(dialog), timeout=SECONDS)


# --- made ------------------------------------------------------------------------------------------------------------


def test_without_a_run_it_says_what_to_do(open_window, qtbot):
    room = open_window().rooms[0]
    qtbot.waitUntil(lambda: "Train one" in room.hint.text(), timeout=SECONDS)
    assert room.pages.currentWidget() is room.nothing
    assert not room.first_button.isEnabled() and "Choose a run" in room.first_button.toolTip()
    assert not room.commands["make_gallery"].isEnabled()
    assert not room.export_button.isEnabled() and "first" in room.export_button.toolTip()


def test_the_first_button_makes_64_pictures_that_are_those_of_the_core(room, qtbot, snapshot):
    qtbot.mouseClick(room.first_button, Qt.MouseButton.LeftButton)
    made(room, qtbot)
    assert seeds(room) == list(range(64))
    assert room.pages.currentWidget() is room.grid and room.grid.hasFocus()
    view = view_of(snapshot)
    for place in (0, 31, 63):
        assert room.held.samples[place].view == view.at_seed(place)
        expected = render(view.at_seed(place), snapshot).astype(int)
        assert np.abs(room.held.picture(place) - expected).max() <= 1  # a batch rounds otherwise than one alone
    assert "step 10" in room.said.text() and "Pictures" in room.window().windowTitle()


def test_score_novelty_and_truncation_are_as_asked(room, qtbot, snapshot):
    make(room, qtbot, first=7, count=5, truncation=0.5, scored=True, novel=True)
    score = judge(snapshot)
    for place, sample in enumerate(room.held.samples):
        assert sample.view == view_of(snapshot, 7 + place).with_values({"psi": 0.5})
        assert sample.score == pytest.approx(float(score(render(sample.view, snapshot)[None])[0]), abs=0.01)
        assert sample.novelty is not None and sample.is_novel
    assert room.details.values["D's score"].text() == f"{room.held.samples[0].score:.3f}"
    qtbot.waitUntil(lambda: room.details.near.image() is not None, timeout=SECONDS)
    assert room.details.values["Novelty"].text() == f"{room.held.samples[0].novelty:.1f} of 255"


def test_novelty_by_features_is_that_of_the_core(room, qtbot, snapshot):
    by_features = room.maker.editors["by_features"]
    assert by_features.isHidden()
    qtbot.mouseClick(room.maker.editors["novel"], Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert by_features.isVisible()
    make(room, qtbot, count=5, novel=True, by_features=True)
    wanted = exhausted(measured(snapshot, by_seeds(view_of(snapshot), range(5)), novel=True, by_features=True))
    assert [sample.novelty for sample in room.held.samples] == pytest.approx([one.novelty for one in wanted])
    told = f"{wanted[0].novelty:.2f} by D's features"
    assert room.details.values["Novelty"].text().startswith(told)
    qtbot.waitUntil(lambda: room.details.near.image() is not None, timeout=SECONDS)
    assert "by D's features" in room.details.near.accessibleDescription()


def test_cancel_keeps_what_has_been_made(room, qtbot):
    room.maker.editors["count"].set_value(50_000)
    qtbot.mouseClick(room.maker.make_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(room.held) and room.working.isVisible(), timeout=SECONDS)
    qtbot.mouseClick(room.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not room.making.is_running, timeout=SECONDS)
    count = len(room.held)
    assert 0 < count < 50_000 and count % BATCH == 0
    assert seeds(room) == list(range(count)) and room.working.isHidden()
    assert f"{count:,}" in room.bar.count.text()


def test_walks_strips_and_stars(room, qtbot, snapshot):
    make(room, qtbot, way="walk", seeds="3, 8", count=9)
    assert len(room.held) == 9 and room.held.samples[0].view.z
    make(room, qtbot, way="strips", seeds="1-3", steps=4)
    assert len(room.held) == 2 * 4
    marks.mark(snapshot, [view_of(snapshot, 70)], "starred")
    make(room, qtbot, way="starred")
    assert seeds(room) == [70]


def test_a_generator_with_classes_offers_them(room, qtbot, class_file):
    assert not room.maker.editors["classes"].isVisible()
    room.take(class_file)
    qtbot.waitUntil(room.maker.editors["classes"].isVisible, timeout=SECONDS)
    make(room, qtbot, count=2, classes="1,0")
    assert [(sample.view.seed, sample.label) for sample in room.held.samples] == [(0, 1), (0, 0), (1, 1), (1, 0)]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [({"way": "walk", "seeds": "x"}, "x names no seeds"), ({"first": 2**32 - 1, "count": 2}, None)],
)
def test_bad_wishes_are_told(room, qtbot, wishes, words):
    for name, value in wishes.items():
        room.maker.editors[name].set_value(value)
    room.maker._changed()
    if words:
        assert words in room.maker.problem.text() and not room.maker.make_button.isEnabled()
    else:
        room.make()
        notice(room, qtbot, "Seeds go from 0")
        assert not room.held and room.pages.currentWidget() is room.nothing


def test_without_d_scores_are_refused_in_a_sentence(room, run, qtbot):
    weights, _ = Checkpoint(run.checkpoint_at(10).path).load()
    run.save_checkpoint(10, {"generator": weights["generator"]}, {})
    room.maker.editors["scored"].set_value(True)
    room.make()
    notice(room, qtbot, "holds no discriminator")


def test_the_newest_the_best_or_a_step(room, run, qtbot):
    weights, _ = run.checkpoint_at(10).load()
    other = {name: {key: value + 0.05 for key, value in tensors.items()} for name, tensors in weights.items()}
    run.save_checkpoint(20, other, {})
    run.set_state(runs.State("finished", 20, 20, best={"name": "d", "value": 1.0, "step": 11}))
    room.session.runs_changed.emit()
    qtbot.waitUntil(lambda: room.steps.count() == 4, timeout=SECONDS)
    titles = [room.steps.itemText(i) for i in range(4)]
    assert titles[:2] == ["Newest", "Best (step 10)"] and titles[2:] == ["Step 20", "Step 10"]
    make(room, qtbot, count=2)
    assert room.snapshot.about["step"] == 20
    room.steps.setCurrentIndex(1)
    make(room, qtbot)
    assert room.snapshot.about["step"] == 10


# --- which are shown -------------------------------------------------------------------------------------------------


def choose_order(room, name):
    room.bar.order.set_value(name)
    room.bar.order.edited.emit(name)


def test_sorted_by_score_and_filtered(room, qtbot):
    make(room, qtbot, count=12, scored=True)
    choose_order(room, "score")
    scores = [room.held.samples[place].score for place in room.pictures.places]
    assert scores == sorted(scores, reverse=True)
    room.bar.toggles["backwards"].click()
    assert [room.held.samples[place].score for place in room.pictures.places] == sorted(scores)
    assert not room.bar.toggles["novel_only"].isEnabled() and "Novelty" in room.bar.toggles["novel_only"].toolTip()
    make(room, qtbot, scored=False)
    assert room.bar.order.value() == "seed" and seeds(room) == list(range(12))[::-1]


def test_what_is_chosen_stays_chosen_in_another_order(room, qtbot):
    make(room, qtbot, count=12, scored=True)
    click(room, qtbot, 3)
    click(room, qtbot, 5, CONTROL)
    choose_order(room, "score")
    assert sorted(seeds(room, room.grid.chosen_places())) == [3, 5]
    assert room.pictures.sample(room.grid.current_row()).view.seed == 5


# --- chosen, starred, rejected ---------------------------------------------------------------------------------------


def test_choosing_as_in_other_programs(room, qtbot):
    make(room, qtbot, count=20)
    click(room, qtbot, 2)
    click(room, qtbot, 5, SHIFT)
    assert room.grid.chosen_rows() == [2, 3, 4, 5]
    click(room, qtbot, 9, CONTROL)
    assert room.grid.chosen_rows() == [2, 3, 4, 5, 9] and "5 chosen" in room.bar.count.text()
    qtbot.keyClick(room.grid, Qt.Key.Key_A, CONTROL)
    assert room.grid.chosen_rows() == list(range(20))
    qtbot.keyClick(room.grid, Qt.Key.Key_Home)
    qtbot.keyClick(room.grid, Qt.Key.Key_Right)
    qtbot.keyClick(room.grid, Qt.Key.Key_Right, SHIFT)
    assert room.grid.chosen_rows() == [1, 2]


def test_stars_are_kept_and_come_again(room, qtbot, run, snapshot):
    make(room, qtbot, count=6)
    click(room, qtbot, 1)
    click(room, qtbot, 4, CONTROL)
    qtbot.keyClick(room.grid, Qt.Key.Key_S)
    assert [sample.mark for sample in room.held.samples] == ["", "starred", "", "", "starred", ""]
    qtbot.waitUntil(lambda: len(marks.read(snapshot).stars) == 2, timeout=SECONDS)
    make(room, qtbot, first=4, count=2)
    assert [sample.mark for sample in room.held.samples] == ["starred", ""]
    room.bar.toggles["starred_only"].click()
    assert seeds(room) == [4]
    qtbot.keyClick(room.grid, Qt.Key.Key_S)  # and is taken back
    assert seeds(room) == []
    qtbot.waitUntil(lambda: len(marks.read(snapshot).stars) == 1, timeout=SECONDS)


def test_what_is_rejected_goes_and_can_be_seen_again(room, qtbot, snapshot):
    make(room, qtbot, count=6)
    click(room, qtbot, 2)
    qtbot.keyClick(room.grid, Qt.Key.Key_X)
    assert seeds(room) == [0, 1, 3, 4, 5] and "1 rejected" in room.bar.count.text()
    assert room.pictures.sample(room.grid.current_row()).view.seed == 3  # the next one, to go on with
    qtbot.keyClick(room.grid, Qt.Key.Key_X)
    qtbot.keyClick(room.grid, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: len(marks.read(snapshot).rejected) == 2, timeout=SECONDS)
    assert seeds(room) == [0, 1, 4, 5] and room.held.samples[4].mark == "starred"
    room.bar.toggles["rejected"].click()
    assert seeds(room) == list(range(6))
    click(room, qtbot, 2)
    qtbot.keyClick(room.grid, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: len(marks.read(snapshot).rejected) == 1, timeout=SECONDS)


@pytest.mark.usefixtures("patient")
def test_a_star_of_the_last_moment_is_kept(room, qtbot, snapshot):
    make(room, qtbot, count=6)
    for row in range(6):
        click(room, qtbot, row)
        qtbot.keyClick(room.grid, Qt.Key.Key_S)
    room.window().close()
    assert len(marks.read(snapshot).stars) == 6


def test_damaged_stars_are_told_and_left_alone(room, qtbot, run):
    (run.folder / marks.FILE).write_text("{")
    make(room, qtbot, count=2)
    notice(room, qtbot, "is damaged, so there are no stars")
    room.notices.clear()
    qtbot.keyClick(room.grid, Qt.Key.Key_S)
    notice(room, qtbot, "is damaged, so there are no stars")
    assert (run.folder / marks.FILE).read_text() == "{"


def test_the_menu_of_a_picture(room, qtbot):
    make(room, qtbot, count=3)
    room.grid.menu_wanted.emit(QPoint(5, 5))
    menu = room.findChild(QMenu)
    texts = [action.text() for action in menu.actions()]
    assert {"Large", "Star", "Reject", "Open in Explore", "Export…"} <= set(texts)
    menu.actions()[texts.index("Star")].trigger()
    menu.close()
    assert room.held.samples[0].mark == "starred"


# --- looked at -------------------------------------------------------------------------------------------------------


def shown_in(loupe) -> np.ndarray:
    """[H, W]: the grey of its picture."""
    return grey(loupe.image())


def grey(image) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return pixels[:, : image.width(), 0].copy()


def test_the_loupe_shows_the_exact_picture_and_goes_on(room, qtbot, snapshot):
    make(room, qtbot, count=5)
    click(room, qtbot, 1)
    qtbot.keyClick(room.grid, Qt.Key.Key_Return)
    assert room.pages.currentWidget() is room.loupe and room.loupe.hasFocus()
    for seed, key in ((2, "Right"), (1, "Left"), (4, "End"), (4, "Down")):
        qtbot.keyClick(room.loupe, getattr(Qt.Key, f"Key_{key}"))
        qtbot.waitUntil(lambda: not room.looking.is_busy, timeout=SECONDS)
        np.testing.assert_array_equal(shown_in(room.loupe), render(view_of(snapshot, seed), snapshot)[:, :, 0])
        assert f"Seed {seed} · {seed + 1} of 5" in room.loupe.accessibleDescription()
    qtbot.keyClick(room.loupe, Qt.Key.Key_S)
    assert room.held.samples[4].mark == "starred"
    qtbot.keyClick(room.loupe, Qt.Key.Key_Escape)
    assert room.pages.currentWidget() is room.grid and room.grid.current_row() == 4


def test_two_are_compared_with_one_zoom(room, qtbot):
    make(room, qtbot, count=5)
    qtbot.keyClick(room.grid, Qt.Key.Key_C)
    notice(room, qtbot, "Choose two pictures")
    click(room, qtbot, 1)
    click(room, qtbot, 3, CONTROL)
    qtbot.keyClick(room.grid, Qt.Key.Key_C)
    left, right = room.compare.sides
    assert room.pages.currentWidget() is room.compare
    assert "Seed 1" in left.accessibleDescription() and "Seed 3" in right.accessibleDescription()
    qtbot.keyClick(left, "+")
    qtbot.mousePress(left, Qt.MouseButton.LeftButton, NONE, QPoint(60, 60))
    qtbot.mouseMove(left, QPoint(90, 80))
    qtbot.mouseRelease(left, Qt.MouseButton.LeftButton, NONE, QPoint(90, 80))
    assert left.look()[0] > 0 and right.look() == left.look() and not left.look()[1].isNull()
    qtbot.keyClick(right, "0")
    assert left.look() == right.look() == (0.0, QPoint())
    qtbot.keyClick(right, Qt.Key.Key_Escape)
    assert room.pages.currentWidget() is room.grid


def test_while_comparing_the_keys_are_about_the_one_with_the_frame(room, qtbot, snapshot):
    make(room, qtbot, count=5)
    click(room, qtbot, 1)
    click(room, qtbot, 3, CONTROL)
    qtbot.keyClick(room.grid, Qt.Key.Key_C)
    left, right = room.compare.sides
    assert left.hasFocus() and room.details.title.text() == "Seed 1"
    qtbot.keyClick(left, Qt.Key.Key_S)
    qtbot.keyClick(left, Qt.Key.Key_Right)
    assert right.hasFocus() and room.details.title.text() == "Seed 3"
    qtbot.keyClick(right, Qt.Key.Key_X)  # it is out of the grid now, and still here
    assert [sample.mark for sample in room.held.samples] == ["", "starred", "", "rejected", ""]
    assert "starred" in left.accessibleDescription() and "rejected" in right.accessibleDescription()
    assert seeds(room) == [0, 1, 2, 4]
    qtbot.waitUntil(lambda: not room.looking.is_busy, timeout=SECONDS)
    qtbot.keyClick(right, Qt.Key.Key_C, CONTROL)
    notice(room, qtbot, "The picture is on the clipboard")
    expected = render(view_of(snapshot, 3), snapshot)
    np.testing.assert_array_equal(grey(QApplication.clipboard().image()), expected[:, :, 0])
    qtbot.keyClick(right, Qt.Key.Key_U)
    qtbot.keyClick(right, Qt.Key.Key_Left)
    qtbot.keyClick(left, Qt.Key.Key_S)
    assert left.hasFocus() and not any(sample.mark for sample in room.held.samples)
    assert seeds(room) == [0, 1, 2, 3, 4]
    qtbot.waitUntil(lambda: not room.disk.is_busy, timeout=SECONDS)
    assert not marks.read(snapshot).stars and not marks.read(snapshot).rejected


def test_one_on_the_whole_screen(room, qtbot, snapshot):
    make(room, qtbot, count=3)
    qtbot.keyClick(room.grid, Qt.Key.Key_F)
    full = room.findChild(FullScreen)
    qtbot.waitUntil(full.isVisible)
    assert full.isFullScreen()
    qtbot.keyClick(full.loupe, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not room.looking.is_busy, timeout=SECONDS)
    np.testing.assert_array_equal(shown_in(full.loupe), render(view_of(snapshot, 1), snapshot)[:, :, 0])
    with gone(full, qtbot):
        qtbot.keyClick(full.loupe, Qt.Key.Key_Escape)
    assert room.grid.current_row() == 1


def test_the_picture_and_its_recipe_on_the_clipboard(room, qtbot, snapshot):
    make(room, qtbot, count=3)
    click(room, qtbot, 2)
    expected = render(view_of(snapshot, 2), snapshot)
    qtbot.keyClick(room.grid, Qt.Key.Key_C, CONTROL)
    notice(room, qtbot, "The picture is on the clipboard")
    image = QApplication.clipboard().image()
    assert [image.pixelColor(x, 7).red() for x in range(16)] == list(expected[7, :, 0])
    qtbot.mouseClick(room.details.recipe_button, Qt.MouseButton.LeftButton)
    notice(room, qtbot, "The recipe is on the clipboard")
    kept = Kept.parse(json.loads(QApplication.clipboard().text()))
    assert kept.view == view_of(snapshot, 2) and kept.pixels == pixels_hash(expected)


# --- with the Explore tab --------------------------------------------------------------------------------------------


def test_a_picture_opens_in_explore_in_the_same_state(open_window, run, qtbot, snapshot):
    window = open_window((ExploreRoom, GalleryRoom))
    explore, room = window.rooms
    room.raise_tab()
    qtbot.waitUntil(lambda: room.maker.make_button.isEnabled(), timeout=SECONDS)
    make(room, qtbot, count=5, truncation=0.7)
    click(room, qtbot, 3)
    qtbot.mouseClick(room.details.explore_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: explore.shown is not None, timeout=SECONDS)
    assert window.tabs.currentWidget() is explore and explore.view == room.held.samples[3].view
    np.testing.assert_array_equal(explore.shown, render(room.held.samples[3].view, snapshot))


def test_a_view_of_explore_gives_its_edits_to_all_seeds(room, qtbot, snapshot):
    view = view_of(snapshot, 9).with_values({"psi": 0.8}).edited(axis(1, 6), 2.0)
    room.session.gallery_wanted.emit((view,), None)
    made(room, qtbot)
    assert [sample.view for sample in room.held.samples] == [view.at_seed(9 + i) for i in range(64)]
    assert "1 direction of the Explore tab" in room.maker.handed_label.text()
    qtbot.mouseClick(room.maker.clear_button, Qt.MouseButton.LeftButton)
    make(room, qtbot, count=2)
    assert not room.held.samples[0].view.edits


def test_explore_hands_its_view_and_its_walk_over(open_window, run, qtbot):
    with_directions(run)
    window = open_window((ExploreRoom, GalleryRoom))
    explore, room = window.rooms
    choose_run(explore, qtbot)
    explore.scene.go_to_seed(40)
    explore.scene.truncate(0.6)
    explore.gallery_menu.aboutToShow.emit()
    of_view, of_walk = explore.gallery_menu.actions()
    assert not of_walk.isEnabled() and "Add two key-frames" in of_walk.toolTip()
    of_view.trigger()
    made(room, qtbot)
    assert window.tabs.currentWidget() is room
    assert room.held.samples[0].view == explore.view and room.held.samples[5].view == explore.view.at_seed(45)
    for seed in (3, 9):
        explore.scene.go_to_seed(seed)
        explore.playing.add_key()
    explore.gallery_menu.aboutToShow.emit()
    assert of_walk.isEnabled()
    of_walk.trigger()
    qtbot.waitUntil(lambda: len(room.held) == 120 and not room.making.is_running, timeout=SECONDS)


def test_a_walk_of_explore_becomes_a_gallery(room, qtbot, snapshot):
    keys = tuple(view_of(snapshot, seed).with_values({"psi": 0.8}) for seed in (1, 5, 2))
    room.session.gallery_wanted.emit(keys, Walk(frames=11, loop=True))
    made(room, qtbot)
    assert len(room.held) == 11 and "3 key-frames" in room.maker.handed_label.text()
    assert not room.maker.editors["seeds"].isVisible()


# --- dropped ---------------------------------------------------------------------------------------------------------


def test_what_is_dropped_goes_where_it_belongs(open_window, run, picture_run, qtbot, snapshot, tmp_path):
    other = picture_run(title="Another", seed=1)
    window = open_window((TrainRoom, ExploreRoom, GalleryRoom))
    _, explore, room = window.rooms
    room.raise_tab()
    qtbot.waitUntil(lambda: room.maker.make_button.isEnabled(), timeout=SECONDS)
    for folder in (run.folder, other.folder):
        drop(window, folder)
        qtbot.waitUntil(lambda folder=folder: room.choosing.choice.path == folder, timeout=SECONDS)
    drop(window, run.checkpoint_at(10).path)
    qtbot.waitUntil(lambda: room.steps.currentText() == "Step 10", timeout=SECONDS)
    file = foreign_file(tmp_path / "theirs" / "netG_epoch_24.pth")
    drop(window, file)
    qtbot.waitUntil(lambda: room.choosing.choice.path == file, timeout=SECONDS)
    make(room, qtbot, count=3)
    assert len(room.held) == 3 and room.snapshot.about["title"] == "netG_epoch_24.pth"
    view = view_of(snapshot, 5)
    keep(tmp_path / "ours.png", view, render(view, snapshot))
    drop(window, tmp_path / "ours.png")
    qtbot.waitUntil(lambda: explore.view == view, timeout=SECONDS)
    assert window.tabs.currentWidget() is explore


@pytest.mark.parametrize(
    ("name", "words"), [("notes.txt", "notes.txt is of no use here. Drop"), ("junk.pth", "junk.pth")]
)
def test_a_file_of_no_known_kind_is_one_sentence(room, qtbot, tmp_path, name, words):
    before = room.choosing.choice
    (tmp_path / name).write_bytes(b"words")
    drop(room.window(), tmp_path / name)
    said = notice(room, qtbot, words).text
    assert "\n" not in said and said.endswith(".") and room.choosing.choice is before


@pytest.fixture
def translating():
    networks = {"generator": {"kind": "unet", "width": 4}, "discriminator": {"kind": "patch", "layers": 2, "width": 4}}
    values = {
        "data": {"kind": "avatar-lines", "size": 32, "count": 64},
        "recipe": {"kind": "pix2pix"} | networks,
        "compute": {"device": "cpu", "threads": 1},
    }
    run = train.new_run(
        RunConfig.parse(values | {"steps": 2, "checkpoint_every": 1, "sample_count": 2}), "Lines", runs.default_root()
    )
    for _ in train.TrainJob(run, dry_run=False):
        pass
    return run


def test_a_run_that_translates_goes_to_the_tab_that_does(open_window, translating, qtbot):
    window = open_window((TrainRoom, ExploreRoom, TranslateRoom, GalleryRoom))
    translate = window.rooms[2]
    for room in (window.rooms[1], window.rooms[3]):
        for path, step in ((translating.folder, 2), (translating.checkpoint_at(1).path, 1)):
            room.raise_tab()
            before = translate.desk.opened
            drop(window, path)
            qtbot.waitUntil(lambda before=before: translate.desk.opened is not before, timeout=SECONDS)
            assert window.current_room() is translate
            assert translate.desk.opened.choice.path == translating.folder
            assert translate.desk.opened.translator.about["step"] == step


# --- files -----------------------------------------------------------------------------------------------------------


def export(room, qtbot, title, path: Path, which=0):
    qtbot.mouseClick(room.export_button, Qt.MouseButton.LeftButton)
    dialog = room.findChild(ExportDialog)
    dialog.which.set_value(which)
    dialog.form.set_value(title)
    dialog._choose_form()
    qtbot.waitUntil(lambda: bool(dialog.said.text()) and not dialog._line.is_busy, timeout=SECONDS)
    with gone(dialog, qtbot):
        qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    ask = room.findChild(SaveDialog)
    qtbot.waitUntil(ask.isVisible, timeout=SECONDS)
    with gone(ask, qtbot):
        ask.fileSelected.emit(str(path))
        ask.reject()


@pytest.mark.parametrize(("form", "name"), [(form, f"gallery{i}") for i, form in enumerate(export_forms.FORMS)])
def test_every_form_is_written(room, qtbot, tmp_path, form, name):
    make(room, qtbot, count=4)
    suffix = form.kinds[0].partition("*")[2].rstrip(")")
    path = tmp_path / f"{name}{suffix}"
    export(room, qtbot, form.title, path)
    bar = notice(room, qtbot, "Written:")
    assert path.exists() and [button.text() for button in bar.action_buttons][-1] == "Show in the file browser"
    assert [file for file in tmp_path.iterdir() if file.name.endswith(".tmp")] == []


def test_what_is_chosen_is_written_in_its_order(room, qtbot, tmp_path):
    make(room, qtbot, count=6, scored=True)
    choose_order(room, "score")
    click(room, qtbot, 0)
    click(room, qtbot, 2, CONTROL)
    wanted = seeds(room, room.grid.chosen_places())
    export(room, qtbot, "Folder of PNGs", tmp_path / "best")
    notice(room, qtbot, "Written:")
    files = sorted((tmp_path / "best").glob("*.png"))
    assert sorted(reopened(file).view.seed for file in files) == sorted(wanted)
    assert all(reopened(file).is_exact for file in files)


def test_the_preview_is_the_sheet(room, qtbot, tmp_path):
    make(room, qtbot, count=6)
    qtbot.mouseClick(room.export_button, Qt.MouseButton.LeftButton)
    dialog = room.findChild(ExportDialog)
    dialog._forms["Contact sheet (PNG)"].edit_many({"columns": 3, "captions": False, "ground": "black"})
    qtbot.waitUntil(lambda: "pixels" in dialog.said.text() and "352" in dialog.said.text(), timeout=SECONDS)
    image = dialog.preview.image()
    size = (image.width(), image.height())
    corner = image.pixelColor(0, 0).red()
    with gone(dialog, qtbot):
        dialog.accept()
    ask = room.findChild(SaveDialog)
    with gone(ask, qtbot):
        ask.fileSelected.emit(str(tmp_path / "sheet.png"))
        ask.reject()
    notice(room, qtbot, "Written:")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == size and sheet.getpixel((0, 0)) == corner
    qtbot.mouseClick(room.export_button, Qt.MouseButton.LeftButton)  # and it is remembered
    again = room.findChild(ExportDialog)
    assert again._forms["Contact sheet (PNG)"].values()["columns"] == 3
    with gone(again, qtbot):
        again.reject()


def test_what_cannot_be_is_told_before_the_file(room, qtbot):
    make(room, qtbot, count=6)
    qtbot.mouseClick(room.export_button, Qt.MouseButton.LeftButton)
    dialog = room.findChild(ExportDialog)
    dialog._forms["Contact sheet (PNG)"].edit_many({"width": 8192, "columns": 6, "gap": 1000, "margin": 1000})
    qtbot.waitUntil(lambda: "more than most programs open" in dialog.problem.text(), timeout=SECONDS)
    assert not dialog.write_button.isEnabled()
    with gone(dialog, qtbot):
        dialog.reject()


def job_of(room, title, path, places=None):
    """Write without the dialogs."""
    form = next(form for form in export_forms.FORMS if form.title == title)
    shown = room._shown(places or list(range(len(room.held))))
    room.write(form, shown, form.spec(), path)
    return room.exporting.under_way[-1]


@pytest.mark.parametrize("count", [3, 50])
def test_pages_folders_and_data_are_seen_beforehand(snapshot, count):
    samples = by_seeds(view_of(snapshot), range(count))
    shown = export_forms.Shown(snapshot, samples, [render(sample.view, snapshot) for sample in samples])
    for form in export_forms.FORMS:
        if isinstance(form, export_forms.PageForm):
            pixels, words = form.look(shown, form.spec())
            assert pixels.min() < 255 and words.startswith(f"{count} pictures of 16")
            assert ("the first 48" in words) == (count == 50)


def test_films_of_small_pictures_are_large_enough_to_be_seen(snapshot):
    shown = export_forms.Shown(snapshot, by_seeds(view_of(snapshot), range(2)), [])
    films = [form for form in export_forms.FORMS if "(*.mp4)" in " ".join(form.kinds)]
    told = [form.look(shown, form.spec())[1] for form in films]
    assert len(told) == 2 and all(words.endswith("64 × 64 pixels") for words in told)


def test_a_cancelled_export_leaves_nothing(room, qtbot, tmp_path):
    make(room, qtbot, count=400)
    writing = job_of(room, "Web page", tmp_path / "page.html")
    writing.bar.action_buttons[0].click()
    qtbot.waitUntil(lambda: not room.exporting.under_way, timeout=SECONDS)
    assert not list(tmp_path.glob("*page*"))
    assert not any("Written" in bar.text for bar in room.notices.bars)


@pytest.mark.parametrize("title", ["Contact sheet (PNG)", "Web page", "Data set (ZIP)", "Folder of PNGs"])
def test_a_full_disk_is_told_and_keeps_what_was_there(room, qtbot, tmp_path, monkeypatch, title):
    make(room, qtbot, count=4)
    form = next(form for form in export_forms.FORMS if form.title == title)
    path = tmp_path / f"gallery{form.kinds[0].partition('*')[2].rstrip(')')}"
    if path.suffix:
        path.write_bytes(b"before")

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        job_of(room, title, path)
        notice(room, qtbot, "No space left on device")
        qtbot.waitUntil(lambda: not room.exporting.under_way, timeout=SECONDS)
    assert [file.name for file in tmp_path.glob("*gallery*")] == ([path.name] if path.suffix else [])
    assert not path.suffix or path.read_bytes() == b"before"


def test_the_last_folder_is_remembered(open_window, run, qtbot, tmp_path):
    first = open_window().rooms[0]
    first.exporting.folder = str(tmp_path)
    first.window().close()
    second = open_window().rooms[0]
    assert second.exporting.folder == str(tmp_path)


# --- many ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "shape", "size"),
    [
        (64, (3, 64, 64), (64, 64)),
        (10_000, (3, 64, 64), (64, 64)),
        (10_000, (3, 1024, 512), (133, 66)),
        (50_000, (4, 32, 32), (32, 32)),
    ],
)
def test_however_many_there_are_they_have_room(count, shape, size):
    found = kept_size(count, shape)
    assert found == size and (min(found) <= 32 or count * shape[0] * found[0] * found[1] <= 2**28)


def test_pictures_are_reduced_and_scaled_as_they_should():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, 8, 8, 3), np.uint8)
    np.testing.assert_array_equal(reduced(pictures, (8, 8)), pictures)
    means = pictures.reshape(2, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    assert np.abs(reduced(pictures, (4, 4)) - means).max() <= 1  # rounded across, then down
    np.testing.assert_array_equal(scaled(pictures[0], 24, 24), pictures[0].repeat(3, 0).repeat(3, 1))
    assert scaled(pictures[0, :, :, :1], 21, 21).shape == (21, 21, 1)


def test_only_what_is_in_sight_is_scaled(room, qtbot, snapshot):
    count = 10_000
    held = Held(count, snapshot.shape)
    view = view_of(snapshot)
    held.add([Sample(view.at_seed(seed)) for seed in range(count)], np.zeros((count, 16, 16, 1), np.uint8))
    room.grid.tiles.show_held(held)
    room.pictures.show_held(held, snapshot)
    room.pictures.grow(0)
    room._offer()
    room._resize(112)
    qtbot.waitUntil(lambda: bool(room.grid.in_sight()), timeout=SECONDS)
    room.grid.scrollTo(room.pictures.index(5000))
    for _ in range(2):
        seen = room.grid.in_sight()
        assert 5000 in seen and len(seen) < 60
        inside = [
            r
            for r in range(4900, 5100)
            if room.grid.visualRect(room.pictures.index(r)).intersects(room.grid.viewport().rect())
        ]
        assert inside == seen
        room.bar.captions.click()  # other heights; what is in sight stays
        room.grid.scrollTo(room.pictures.index(5000))
    qtbot.waitUntil(lambda: all(room.grid.tiles.tile(place) for place in room.grid.in_sight()), timeout=SECONDS)
    assert len(room.grid.tiles._cache) < 500


# --- for all who use it ----------------------------------------------------------------------------------------------


def test_every_control_is_named(room, qtbot, assert_named):
    make(room, qtbot, count=3)
    assert_named(room)


def test_the_export_is_named(room, qtbot, assert_named):
    make(room, qtbot, count=3)
    qtbot.mouseClick(room.export_button, Qt.MouseButton.LeftButton)
    dialog = room.findChild(ExportDialog)
    for form in export_forms.FORMS:
        dialog.form.set_value(form.title)
        dialog._choose_form()
        assert_named(dialog)
    with gone(dialog, qtbot):
        dialog.reject()


def test_the_pictures_tell_what_they_are(room, qtbot):
    make(room, qtbot, count=3, scored=True)
    text = room.pictures.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text.startswith("Seed 1, D ")


def test_keys_commands_and_palette(room, qtbot):
    assert {"S", "C", "F"} <= {keys for _, _, keys, _ in room.key_entries()}
    assert room.commands["make_gallery"].isEnabled() and not room.commands["export_gallery"].isEnabled()
    (entry,) = room.palette_entries()
    entry[2]()
    made(room, qtbot)
    assert room.commands["export_gallery"].isEnabled()
    room.commands["make_gallery"].trigger()
    made(room, qtbot)
