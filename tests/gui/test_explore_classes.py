"""A generator with classes in the Explore tab: chosen, blended, taken back, walked through, kept and opened again."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gan_studio import images
from gan_studio.classes import one
from gan_studio.directions import random as random_directions
from gan_studio.jobs import find_directions
from gan_studio.jobs.explore import inputs, keep, latents, pictures, render, shares, strip, view_of
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.walk import through
from gan_studio.walks import bilinear

from . import exploring
from .exploring import SECONDS, choose_run, drawn, drop, notice, opened_window, with_directions

light_collections = exploring.light_collections


@pytest.fixture
def snapshot(class_file):
    snapshot = open_snapshot(class_file, device="cpu")
    find_directions.replace(
        snapshot, [found.model_copy(update={"effect": 9.0}) for found in random_directions(5, 2, 0)]
    )
    return snapshot


@pytest.fixture
def window(qtbot, tmp_path, request, monkeypatch):
    return opened_window(qtbot, tmp_path, request, monkeypatch)


@pytest.fixture
def room(window, snapshot, qtbot):
    room = window.rooms[0]
    drop(window, snapshot.checkpoint)
    drawn(room, qtbot)
    return room


def choose(room, qtbot, box, row):
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(row):
        QTest.keyClick(box, Qt.Key.Key_Down)
    drawn(room, qtbot)


def test_a_class_and_a_blend_are_drawn_and_taken_back(room, snapshot, qtbot):
    bar = room.seeds.classes
    assert bar.isVisible() and bar.first.count() == 5
    start = room.view
    assert start.classes == () and bar.first.currentText() == f"By the seed: {shares(start, snapshot)[0][0]}"
    choose(room, qtbot, bar.first, 4)
    assert room.view == start.of_classes(one(3)) and "class 3" in room.picture.accessibleDescription()
    np.testing.assert_array_equal(drawn(room, qtbot), render(start.of_classes(one(3)), snapshot))
    choose(room, qtbot, bar.second, 2)
    assert room.view.classes == ((3, 0.5), (1, 0.5))
    for _ in range(3):  # a drag counts as one change
        QTest.keyClick(bar.share.slider, Qt.Key.Key_PageUp)
    assert room.view.classes == ((3, 0.2), (1, 0.8))
    np.testing.assert_array_equal(drawn(room, qtbot), render(start.of_classes(((3, 0.2), (1, 0.8))), snapshot))
    room.scene.go_to_seed(9)
    assert room.view.classes == ((3, 0.2), (1, 0.8))
    room.scene.undo(), room.scene.undo()
    assert room.view.classes == ((3, 0.5), (1, 0.5)) and bar.share.value() == 0.5
    while room.scene.past.can_go_back:
        room.scene.undo()
    assert room.view == start and bar.first.currentIndex() == 0 and not bar.share.isEnabled()
    room.scene.redo()
    np.testing.assert_array_equal(drawn(room, qtbot), render(room.view, snapshot))


def test_by_the_seed_each_seed_has_its_class(room, snapshot, qtbot):
    for seed in range(1, 6):
        room.scene.go_to_seed(seed)
        number = shares(room.view, snapshot)[0][0]
        assert room.seeds.classes.first.currentText() == f"By the seed: {number}"
        np.testing.assert_array_equal(drawn(room, qtbot), render(view_of(snapshot, seed), snapshot))
        assert f"class {number}" in room.picture.accessibleDescription()


def test_strips_and_the_pad_keep_the_class(room, snapshot, qtbot):
    room.choosing.choose(one(2))
    row = next(iter(room.directions.seen_rows()))
    qtbot.waitUntil(lambda: row.drawn is not None and row.drawn.classes == one(2), timeout=SECONDS)
    shown = []
    row.show_strip = lambda pictures: shown.append(pictures)
    room.choosing.choose(one(1))
    wanted = strip(room.view, row.direction, row.amounts, snapshot)
    # That of the class before may still come first.
    qtbot.waitUntil(lambda: bool(shown) and np.abs(shown[-1].astype(int) - wanted).max() <= 1, timeout=SECONDS)

    square = room.pad.square
    square.move_to(0.25, 0.5)
    assert room.view.classes == one(1)
    corners = torch.stack([snapshot.latents(1, seed)[0] for seed in room.pad.corners.seeds()]).unflatten(0, (2, 2))
    z = bilinear(corners, torch.tensor(square.across), torch.tensor(square.down))
    assert torch.equal(latents([room.view], snapshot)[0], z)
    np.testing.assert_array_equal(drawn(room, qtbot), render(view_of(snapshot).at(z).of_classes(one(1)), snapshot))


def test_the_pictures_in_the_pad_are_of_the_class(room, snapshot, qtbot, monkeypatch):
    seen = []
    monkeypatch.setattr(room.pad.square, "show_pictures", seen.append)
    for number in (0, 2):
        seen.clear()
        room.choosing.choose(one(number))
        qtbot.waitUntil(lambda: bool(seen), timeout=SECONDS)
        corner = view_of(snapshot, room.pad.corners.seeds()[0]).of_classes(one(number))
        assert np.abs(seen[-1][0].astype(int) - render(corner, snapshot)).max() <= 1


def test_a_walk_goes_from_class_to_class(room, snapshot, qtbot, tmp_path):
    room.choosing.choose(one(3))
    room.playing.add_key()
    room.choosing.choose(one(0))
    room.playing.add_key()
    walk = room.walks.walk()
    rows = through([view_of(snapshot).of_classes(one(number)) for number in (3, 0)], snapshot, walk)
    assert torch.equal(inputs(room.walks.views(), snapshot), rows[[0, -1]])
    room.playing.write_walk(tmp_path / "walk.webp")
    notice(room, qtbot, "Saved")
    from PIL import Image

    with Image.open(tmp_path / "walk.webp") as film:
        assert film.n_frames == walk.frames
        film.seek(walk.frames // 2)
        shown = np.asarray(film.convert("RGB")).astype(int)
    zoom = 256 // 32
    wanted = pictures(rows[walk.frames // 2 : walk.frames // 2 + 1], snapshot)[0].astype(int)
    assert np.abs(shown[::zoom, ::zoom] - wanted).mean() < 12  # WebP loses a little


def test_a_kept_picture_opens_with_its_class(room, window, snapshot, qtbot, tmp_path):
    room.choosing.choose(((3, 0.6), (1, 0.4)))
    picture = drawn(room, qtbot)
    room.keeping.write_picture(tmp_path / "kept.png")
    notice(room, qtbot, "Saved")
    room.choosing.choose(one(0))
    room.scene.go_to_seed(8)
    drop(window, tmp_path / "kept.png")
    notice(room, qtbot, "bit for bit")
    np.testing.assert_array_equal(drawn(room, qtbot), picture)
    bar = room.seeds.classes
    assert (bar.first.currentText(), bar.second.currentText(), bar.share.value()) == ("3", "1", 0.4)


def test_the_chooser_goes_with_the_classes(room, window, picture_run, qtbot):
    room.choosing.choose(one(3))
    with_directions(picture_run())
    room.opening.read_choices()
    qtbot.waitUntil(lambda: room.runs.count() == 2, timeout=SECONDS)
    row = next(i for i in range(2) if "netG" not in room.runs.itemText(i))
    choose_run(room, qtbot, row)
    qtbot.waitUntil(lambda: room.opened.snapshot.classes == 0, timeout=SECONDS)
    assert room.seeds.classes.isHidden() and room.view.classes == ()
    drawn(room, qtbot)
    assert "class" not in room.picture.accessibleDescription()


def test_a_recipe_of_a_class_that_is_not_there_is_told(room, window, snapshot, qtbot, tmp_path):
    before = room.view
    view = view_of(snapshot)
    picture = render(view, snapshot)
    keep(tmp_path / "lies.png", view, picture)
    recipe = json.loads((tmp_path / "lies.json").read_text())
    recipe["view"]["classes"] = [[99, 1.0]]
    recipe["pixels"] = ""
    images.write_png(tmp_path / "lies.png", picture, {"GAN Studio": json.dumps(recipe)})
    drop(window, tmp_path / "lies.png")
    assert "There is no class 99" in notice(room, qtbot, "no class 99")
    assert room.view == before
