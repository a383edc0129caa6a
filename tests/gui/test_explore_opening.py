"""What can be opened in the Explore tab: other programs' generators, the best checkpoint, and weights that moved."""

from __future__ import annotations

import shutil
from threading import Event

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QFileDialog
from safetensors.torch import save_file

from gan_studio import images, runs
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.train.room import TrainRoom
from gan_studio.jobs import explore, find_directions
from gan_studio.jobs.explore import keep, render, view_of
from gan_studio.jobs.snapshots import open_file

from . import exploring
from .exploring import SECONDS, choose_run, drawn, drop, foreign_file, notice, press

light_collections, open_window = exploring.light_collections, exploring.open_window
run = exploring.run


@pytest.fixture
def foreign(tmp_path):
    return foreign_file(tmp_path / "theirs" / "netG_epoch_24.pth")


def choose_step(room, text: str) -> None:
    row = next(i for i in range(room.steps.count()) if room.steps.itemText(i).startswith(text))
    room.steps.setCurrentIndex(row)
    room.steps.activated.emit(row)


# --- other programs' generators --------------------------------------------------------------------------------------


def test_a_dropped_generator_opens_and_tells_what_is_known_of_it(open_window, foreign, qtbot):
    window = open_window()
    room = window.rooms[0]
    drop(window, foreign)
    picture = drawn(room, qtbot)
    snapshot = open_file(foreign, device="cpu")
    np.testing.assert_array_equal(picture, render(view_of(snapshot), snapshot))
    facts = dict(room.about_button.facts)
    assert facts["Format"] == "PyTorch DCGAN example" and "16 x 16" in facts["Inferred"]
    assert "pictures it learnt from" in facts["Unknown"] and "netG_epoch_24" in facts["File"]
    assert room.steps.currentText() == "One generator" and "netG_epoch_24.pth" in room.picture.accessibleDescription()
    assert facts["Unknown"] in room.about_button.accessibleDescription()
    assert room.runs.currentText() == "netG_epoch_24.pth" and "netG_epoch_24" in window.windowTitle()


def test_what_such_a_file_cannot_do_says_why(open_window, foreign, qtbot):
    room = open_window().rooms[0]
    drop(room.window(), foreign)
    drawn(room, qtbot)
    for widget in (room.steps, room.follow, room.raw):
        assert not widget.isEnabled() and "one generator" in widget.toolTip()
    assert not room.company.button.isEnabled() and "not trained here" in room.company.button.toolTip()
    labels = next(action for action in room.directions.menu.actions() if "labels" in action.text())
    assert not labels.isEnabled() and "not trained here" in labels.toolTip()


def test_all_may_be_done_with_a_run_again(open_window, run, foreign, qtbot):
    room = open_window().rooms[0]
    drop(room.window(), foreign)
    drawn(room, qtbot)
    qtbot.waitUntil(lambda: room.runs.count() == 2, timeout=SECONDS)
    room.scene.go_to_seed(7)
    choose_run(room, qtbot, row=1)
    qtbot.waitUntil(lambda: room.opened.choice.path == run.folder, timeout=SECONDS)
    assert room.view.seed == 7 and room.company.button.isEnabled() and room.steps.isEnabled()
    assert "one generator" not in room.follow.toolTip()
    choose_run(room, qtbot, row=0)  # the file is remembered
    qtbot.waitUntil(lambda: room.opened.choice.path == foreign, timeout=SECONDS)


def test_a_file_that_is_gone_is_told_and_forgotten(open_window, run, foreign, qtbot):
    room = open_window().rooms[0]
    drop(room.window(), foreign)
    drawn(room, qtbot)
    room.opening.open_run(run)
    qtbot.waitUntil(lambda: room.opened.choice.path == run.folder and room.runs.count() == 2, timeout=SECONDS)
    foreign.unlink()
    row = room.runs.findText("netG_epoch_24.pth")
    room.runs.setCurrentIndex(row)
    room.runs.activated.emit(row)
    assert "cannot be read" in notice(room, qtbot, "netG_epoch_24.pth")
    qtbot.waitUntil(lambda: room.runs.count() == 1, timeout=SECONDS)
    assert room.runs.currentText() == "Pictures" and room.opened.choice.path == run.folder


def test_a_run_that_is_gone_is_told(open_window, run, qtbot):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    before = room.view
    shutil.rmtree(run.folder)
    room.session.explore_wanted.emit(run)
    assert "bring it back" in notice(room, qtbot, "is not here any more")
    room.scene.go_to_seed(3)  # what is open stays
    drawn(room, qtbot)
    assert room.view == before.at_seed(3)


def test_a_run_tells_what_is_known_of_it_too(open_window, run, qtbot):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    facts = dict(room.about_button.facts)
    assert facts["Folder"] == str(run.folder) and facts["Weights"] == "averaged, of step 10"
    assert facts["Latent"] == "6 numbers" and room.view.sha256.startswith(facts["SHA-256"].removesuffix(" …"))


def test_its_directions_are_found_and_kept_beside_it(open_window, foreign, qtbot):
    room = open_window().rooms[0]
    drop(room.window(), foreign)
    drawn(room, qtbot)
    qtbot.waitUntil(lambda: bool(room.directions.found) and not room.finding.stream.is_running, timeout=SECONDS)
    room.directions.keep_button.click()
    notice(room, qtbot, "directions are kept")
    assert find_directions.kept(open_file(foreign, device="cpu")) == room.directions.found


def test_the_button_opens_safetensors(open_window, foreign, qtbot, monkeypatch):
    path = foreign.with_suffix(".safetensors")
    save_file(torch.load(foreign, weights_only=True), path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    room = open_window().rooms[0]
    assert room.file_button.isVisible()
    room.file_button.click()
    drawn(room, qtbot)
    assert room.opened.choice.path == path


def test_a_file_goes_to_this_tab_whichever_is_in_front(open_window, foreign, qtbot):
    window = open_window((TrainRoom, ExploreRoom))
    window.rooms[0].raise_tab()
    drop(window, foreign)
    drawn(window.rooms[1], qtbot)
    assert window.current_room() is window.rooms[1]


def test_a_runs_own_weights_open_with_their_run(open_window, run, qtbot):
    room = open_window().rooms[0]
    drop(room.window(), run.checkpoint_at(10).path / "generator.safetensors")
    drawn(room, qtbot)
    assert room.opened.choice.path == run.folder and room.view.weights == "raw"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x80\x02}q\x00."])
def test_a_wrong_file_is_one_sentence(open_window, run, qtbot, tmp_path, content):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    path = tmp_path / "wrong.pth"
    path.write_bytes(content)
    drop(room.window(), path)
    sentence = notice(room, qtbot, "wrong.pth")
    assert "\n" not in sentence and room.opened.choice.path == run.folder and room.runs.count() == 1


# --- the best checkpoint ---------------------------------------------------------------------------------------------


@pytest.fixture
def three_steps(run):
    """With the best samples at step 21, and checkpoints of the steps 10, 20 and 30."""
    weights, _ = run.checkpoint_at(10).load()
    for step in (20, 30):
        moved = {name: {key: value + step / 1000 for key, value in part.items()} for name, part in weights.items()}
        run.save_checkpoint(step, moved, {})
    run.set_state(runs.State("finished", 30, 30, best={"name": "distance/FID", "value": 3.0, "step": 21}))
    return run


def test_newest_best_and_each_step(open_window, three_steps, qtbot):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    offered = [room.steps.itemText(i) for i in range(room.steps.count())]
    assert offered == ["Newest", "Best (step 20)", "", "Step 30", "Step 20", "Step 10"]
    assert room.steps.currentText() == "Step 30"
    room.follow.click()
    choose_step(room, "Best")
    assert "step 21" in notice(room, qtbot, "nearest checkpoint that is kept")
    assert room.view.step == 20 and room.steps.currentText() == "Step 20" and not room.follow.isChecked()
    choose_step(room, "Step 10")
    qtbot.waitUntil(lambda: room.view.step == 10, timeout=SECONDS)
    choose_step(room, "Newest")
    qtbot.waitUntil(lambda: room.view.step == 30, timeout=SECONDS)


@pytest.mark.parametrize("best", [None, {}, {"name": "FID", "value": "low", "step": 3}, {"value": 1.0, "step": []}])
def test_no_best_where_none_was_measured(open_window, three_steps, qtbot, best):
    three_steps.set_state(runs.State("finished", 30, 30, best=best))
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    offered = [room.steps.itemText(i) for i in range(room.steps.count())]
    assert "Step 30" in offered and ("Best" in " ".join(offered)) == (best is not None and best.get("value") == 1.0)


# --- weights that are not where they were ----------------------------------------------------------------------------


def test_a_picture_whose_run_was_renamed_is_found_again(open_window, run, qtbot, tmp_path):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    room.scene.go_to_seed(4)
    view = room.view
    keep(tmp_path / "kept.png", view, drawn(room, qtbot))
    room.scene.go_to_seed(0)
    run.folder.rename(run.folder.with_name("elsewhere"))
    drop(room.window(), tmp_path / "kept.png")
    press(room, qtbot, "search the other runs", "Search")
    notice(room, qtbot, "bit for bit")
    assert room.view == view.model_copy(update={"run": "elsewhere"})
    assert not any("Searching" in bar.text for bar in room.notices.bars)


def test_weights_that_are_nowhere_are_one_sentence(open_window, run, qtbot, tmp_path):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    keep(tmp_path / "kept.png", room.view, drawn(room, qtbot))
    shutil.rmtree(run.folder)
    drop(room.window(), tmp_path / "kept.png")
    press(room, qtbot, "not here any more", "Search")
    notice(room, qtbot, "None of the runs in")
    assert room.shown is not None  # what was open goes on


def test_a_search_can_be_cancelled(open_window, run, picture_run, qtbot, tmp_path, monkeypatch):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    keep(tmp_path / "kept.png", room.view, drawn(room, qtbot))
    for seed in range(3):
        picture_run(seed=seed + 1, title=f"Other {seed}")
    shutil.rmtree(run.folder)
    read, go_on = [], Event()

    def slow(checkpoint, name):
        read.append(checkpoint)
        go_on.wait(60)

    monkeypatch.setattr(explore, "_hash_or_none", slow)
    drop(room.window(), tmp_path / "kept.png")
    press(room, qtbot, "not here any more", "Search")
    qtbot.waitUntil(lambda: bool(read), timeout=SECONDS)
    press(room, qtbot, "Searching", "Cancel")
    go_on.set()
    assert not room.seeking.stream.is_running and len(set(read)) == 1
    assert not any("Searching" in bar.text or "None of" in bar.text for bar in room.notices.bars)


def test_a_moved_file_is_found_where_it_was(open_window, foreign, qtbot, tmp_path):
    room = open_window().rooms[0]
    drop(room.window(), foreign)
    picture = drawn(room, qtbot)
    keep(tmp_path / "kept.png", room.view, picture)
    foreign.rename(foreign.with_name("renamed.pth"))
    drop(room.window(), tmp_path / "kept.png")
    press(room, qtbot, "not here any more", "Search")
    notice(room, qtbot, "bit for bit")
    assert room.opened.choice.path == foreign.with_name("renamed.pth")


def test_undo_into_a_checkpoint_that_is_gone_offers_the_search(open_window, three_steps, qtbot):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    choose_step(room, "Step 10")
    qtbot.waitUntil(lambda: room.view.step == 10, timeout=SECONDS)
    kept = three_steps.checkpoint_at(30).path
    kept.rename(kept.with_name("step-00000031"))
    room.undo_button.click()
    press(room, qtbot, "no checkpoint of step 30", "Search")
    qtbot.waitUntil(lambda: room.view.step == 31, timeout=SECONDS)


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_run_that_is_deleted_while_it_is_open(open_window, run, qtbot):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    room.follow.click()
    shutil.rmtree(run.folder)
    room.scene.go_to_seed(3)  # its network is in memory
    drawn(room, qtbot)
    room.directions.keep_button.click()
    assert "cannot be written" in notice(room, qtbot, "directions.json")
    room.company.button.click()
    qtbot.waitUntil(lambda: not room.comparing.stream.is_running, timeout=SECONDS)
    assert room.company.strip.isVisible() or room.notices.bars
    choose_step(room, "Newest")
    assert "\n" not in notice(room, qtbot, run.name)
    assert room.shown is not None


def test_pictures_that_cannot_be_read_are_one_sentence(open_window, run, qtbot, tmp_path):
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    for name, content in (("cut.png", images.png(drawn(room, qtbot))[:60]), ("text.jpg", b"hello")):
        (tmp_path / name).write_bytes(content)
        drop(room.window(), tmp_path / name)
        assert "\n" not in notice(room, qtbot, name)
        assert room.search_row.isHidden() and room.view.seed == 0 and not room.view.z
