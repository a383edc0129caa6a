"""The sliders of the Explore tab: their reach, files of directions, and the latent's own numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from gan_studio import directions
from gan_studio.directions import random as random_directions
from gan_studio.gui.widgets.fold import Fold
from gan_studio.jobs.explore import latent, render

from . import exploring
from .exploring import SECONDS, choose_run, drawn, notice

light_collections, open_window = exploring.light_collections, exploring.open_window
run = exploring.run


@pytest.fixture
def room(open_window, run, qtbot):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    qtbot.waitUntil(lambda: len(room.directions.rows) == 2, timeout=SECONDS)
    return room


def choose_reach(room, text: str) -> None:
    next(action for action in room.directions.reaches.actions() if text in action.text()).trigger()


# --- how far the sliders go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reach", [2, 3, 5, 10])
def test_the_sliders_reach_as_far_as_is_chosen(room, qtbot, reach):
    row = room.directions.rows["Random 1"]
    row.number.slider.setValue(row.number.slider.maximum())
    assert row.amount() == 3.0
    choose_reach(room, f"±{reach} ")
    assert row.amount() == 3.0 and room.view.amount("Random 1") == 3.0  # the picture stays
    row.number.slider.setValue(0)
    assert room.view.amount("Random 1") == -reach
    row.number.slider.setValue(row.number.slider.maximum())
    assert room.view.amount("Random 1") == reach


def test_the_strip_shows_the_whole_reach(room, qtbot):
    row = room.directions.rows["Random 1"]
    qtbot.waitUntil(lambda: not row.strip.is_empty, timeout=SECONDS)
    before = row.strip._images[6]
    choose_reach(room, "±10 ")
    qtbot.waitUntil(lambda: row.strip._images[6] is not before, timeout=SECONDS)
    qtbot.mouseClick(row.strip, Qt.MouseButton.LeftButton, pos=row.strip.rect_of(6).center().toPoint())
    assert room.view.amount("Random 1") == 10.0
    qtbot.mouseClick(row.strip, Qt.MouseButton.LeftButton, pos=row.strip.rect_of(4).center().toPoint())
    assert room.view.amount("Random 1") == pytest.approx(10 / 3, abs=1e-3)
    np.testing.assert_array_equal(drawn(room, qtbot), render(room.view, room.scene.snapshot))


def test_rows_that_come_later_reach_as_far(room, qtbot):
    choose_reach(room, "±5 ")
    room.directions.search.setText("z 4")
    row = room.directions.rows["z 4"]
    row.number.slider.setValue(row.number.slider.maximum())
    assert row.amount() == 5.0


def test_a_double_click_on_a_slider_resets_it(room, qtbot):
    row = room.directions.rows["Random 1"]
    row.number.slider.setValue(900)
    qtbot.mouseDClick(row.number.slider, Qt.MouseButton.LeftButton)
    assert row.amount() == 0.0 and room.view.edits == ()


# --- the latent's own numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["z 3", "z3", " Z 3 "])
def test_one_of_the_latents_numbers_is_found(room, qtbot, text):
    room.directions.search.setText(text)
    shown = [name for name, row in room.directions.rows.items() if row.isVisible()]
    assert shown == ["z 3"]
    headings = [fold.title.text() for fold in room.directions.findChildren(Fold) if fold.isVisible()]
    assert headings == ["The latent's 6 numbers", "z 0 to 5"]
    before = latent(room.view, room.scene.snapshot)
    room.directions.rows["z 3"].number._typed(1.0)
    moved = (latent(room.view, room.scene.snapshot) - before)[0]
    assert moved.nonzero().flatten().tolist() == [3]
    room.directions.search.clear()
    assert room.directions.rows["Random 1"].isVisible() and room.directions.rows["z 2"].isVisible()


def test_a_number_that_is_not_there_shows_nothing(room):
    room.directions.search.setText("z 6")
    assert not any(row.isVisible() for row in room.directions.rows.values())


# --- files -----------------------------------------------------------------------------------------------------------


def test_directions_go_through_a_file(room, qtbot, tmp_path, monkeypatch):
    path = tmp_path / "mine.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    room.directions.rename(room.directions.found[0], "smile")
    room.directions.save_action.trigger()
    notice(room, qtbot, "Saved")
    kept = directions.load(path, 6)
    assert [one.name for one in kept] == ["smile", "Random 2"]
    room.directions.show_directions([])
    room.directions.load_action.trigger()
    qtbot.waitUntil(lambda: len(room.directions.found) == 2, timeout=SECONDS)
    found = room.directions.found
    assert [one.vector for one in found] == [one.vector for one in kept] and found[0].name == "smile"
    assert all(one.effect > 0 and one.effect != 9.0 for one in found)  # as it is measured here


def test_a_name_that_was_completed_is_never_replaced(room, qtbot, tmp_path, monkeypatch):
    (tmp_path / "mine.json").write_text("mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    room.directions.save_action.trigger()
    assert "already" in notice(room, qtbot, "mine.json")
    assert (tmp_path / "mine.json").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_told(room, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "nowhere" / "a.json"), ""))
    room.directions.save_action.trigger()
    assert "cannot be written" in notice(room, qtbot, "a.json")


@pytest.mark.parametrize("content", ["", "[]", '{"format": 1, "directions": []}', "of another length"])
def test_a_file_that_does_not_fit_is_one_sentence(room, qtbot, tmp_path, monkeypatch, content):
    path = tmp_path / "wrong.json"
    path.write_text(content)
    if content == "of another length":
        directions.save(path, random_directions(5, 2, 0))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    room.directions.load_action.trigger()
    sentence = notice(room, qtbot, "wrong.json")
    assert "choose another file" in sentence and "\n" not in sentence
    assert [one.name for one in room.directions.found] == ["Random 1", "Random 2"]
    assert room.directions.working.isHidden()


def test_damaged_directions_of_the_run_are_told_when_it_opens(room, qtbot):
    (room.opened.choice.path / directions.FILE).write_text(json.dumps({"format": 1}))
    room.opening.open_choice(room.opened.choice)
    assert "find directions again" in notice(room, qtbot, "is damaged")
