"""Presets of what the Explore tab shows: named, opened again with all that was set, found again, deleted."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QInputDialog

from gan_studio.gui.explore import presets as presets_module
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.train.room import TrainRoom
from gan_studio.jobs import view_presets

from . import exploring
from .exploring import SECONDS, choose_run, drawn, notice, press, with_directions

light_collections, open_window = exploring.light_collections, exploring.open_window
run, room = exploring.run, exploring.room


def entry(room, text: str, menu=None):
    menu = menu or room.presets_menu
    return next(action for action in menu.actions() if action.text() == text)


def save_as(room, qtbot, monkeypatch, name: str) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (name, True))
    entry(room, "&Save this view…").trigger()
    notice(room, qtbot, "Saved as the preset")
    qtbot.waitUntil(lambda: name in [preset.name for preset in room.presets.known], timeout=SECONDS)


def test_a_view_comes_back_with_all_that_was_set(room, qtbot, monkeypatch):
    room.scene.go_to_seed(12)
    room.scene.show_many(4)
    room.seeds.truncation.slider.setValue(400)
    room.directions.rows["Random 1"].number._typed(1.25)
    view, kept = room.view, drawn(room, qtbot)
    save_as(room, qtbot, monkeypatch, "Curls & co")
    room.scene.reset()
    room.scene.show_many(1)
    room.scene.go_to_seed(0)
    room.scene.truncate(1.0)
    entry(room, "Curls && co").trigger()
    assert room.view == view and room.scene.count == 4 and room.seeds.counts.currentText() == "4 pictures"
    assert room.directions.rows["Random 1"].amount() == 1.25
    np.testing.assert_array_equal(drawn(room, qtbot), kept)
    assert "Seed 12 and the next 3, 1 direction" in entry(room, "Curls && co").toolTip()
    room.undo_button.click()
    assert room.view.seed == 0 and room.view.psi == 1.0 and room.scene.count == 1


def test_it_opens_in_another_window_without_a_run_open(open_window, run, qtbot, monkeypatch):
    window = open_window()
    room = window.rooms[0]
    choose_run(room, qtbot)
    room.scene.go_to_seed(5)
    save_as(room, qtbot, monkeypatch, "five")
    window.close()
    room = open_window().rooms[0]
    qtbot.waitUntil(lambda: bool(room.presets.known), timeout=SECONDS)
    assert room.view is None and not entry(room, "&Save this view…").isEnabled()
    assert any(title == "Explore preset: five" for title, _, _ in room.palette_entries())
    entry(room, "five").trigger()
    drawn(room, qtbot)
    assert room.view.seed == 5 and entry(room, "&Save this view…").isEnabled()


def test_one_of_the_same_name_is_replaced_only_where_that_is_agreed(room, qtbot, monkeypatch):
    save_as(room, qtbot, monkeypatch, "mine")
    room.scene.go_to_seed(3)
    asked = []
    monkeypatch.setattr(presets_module, "may_replace", lambda *about: bool(asked.append(about)))
    entry(room, "&Save this view…").trigger()
    assert asked[0][1:] == ("mine", "view") and room.presets.known[0].view.seed == 0
    monkeypatch.setattr(presets_module, "may_replace", lambda *_: True)
    entry(room, "&Save this view…").trigger()
    qtbot.waitUntil(lambda: room.presets.known[0].view.seed == 3, timeout=SECONDS)


def test_a_name_that_is_none_is_one_sentence(room, qtbot, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("   ", True))
    entry(room, "&Save this view…").trigger()
    notice(room, qtbot, "1 to 100 letters")
    assert view_presets.load_all() == ([], [])


def test_one_is_deleted_and_brought_back(room, qtbot, monkeypatch):
    save_as(room, qtbot, monkeypatch, "mine")
    entry(room, "mine", entry(room, "&Delete").menu()).trigger()
    notice(room, qtbot, "Deleted the preset “mine”")
    qtbot.waitUntil(lambda: not room.presets.known, timeout=SECONDS)
    assert view_presets.load_all() == ([], []) and not entry(room, "&Delete").isEnabled()
    press(room, qtbot, "Deleted", "Bring it back")
    qtbot.waitUntil(lambda: bool(room.presets.known), timeout=SECONDS)
    assert room.presets.known[0].view == room.view


def test_damaged_ones_are_told_once_and_hide_none(room, qtbot, monkeypatch):
    save_as(room, qtbot, monkeypatch, "whole")
    (view_presets.folder() / "broken.json").write_text("{")
    room.presets_menu.aboutToShow.emit()
    assert "delete the file" in notice(room, qtbot, "broken.json")
    room.notices.clear()
    room.presets_menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: not room.scene.disk.is_busy, timeout=SECONDS)
    assert not room.notices.bars and entry(room, "whole").isEnabled()


def test_a_full_disk_is_one_sentence(room, qtbot, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(view_presets, "write_atomic", full)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("mine", True))
    entry(room, "&Save this view…").trigger()
    assert "No space left" in notice(room, qtbot, "cannot be written")


def test_weights_that_moved_are_searched_for_and_remembered(room, run, picture_run, qtbot, monkeypatch):
    room.scene.go_to_seed(9)
    save_as(room, qtbot, monkeypatch, "nine")
    other = with_directions(picture_run(seed=1, title="Other"))
    room.opening.open_run(other)
    qtbot.waitUntil(lambda: room.opened.choice.path == other.folder, timeout=SECONDS)
    moved = run.folder.rename(run.folder.with_name("elsewhere"))
    (moved / "checkpoints" / "step-00000010").rename(moved / "checkpoints" / "step-00000011")
    entry(room, "nine").trigger()
    press(room, qtbot, "not here any more", "Search")
    qtbot.waitUntil(lambda: room.view.run == "elsewhere" and room.view.step == 11, timeout=SECONDS)
    assert room.view.seed == 9
    qtbot.waitUntil(lambda: view_presets.load_all()[0][0].view.run == "elsewhere", timeout=SECONDS)


def test_a_preset_brings_its_tab_to_the_front(open_window, run, qtbot):
    window = open_window((TrainRoom, ExploreRoom))
    room = window.rooms[1]
    window.rooms[1].raise_tab()
    choose_run(room, qtbot)
    view_presets.save(view_presets.named("mine", room.view))
    room.presets.read()
    qtbot.waitUntil(lambda: bool(room.presets.known), timeout=SECONDS)
    window.rooms[0].raise_tab()
    room.presets.open(room.presets.known[0])
    assert window.current_room() is room
