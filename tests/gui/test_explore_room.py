"""The Explore tab as a user meets it: open a run, move, find directions, blend, walk, keep, and drop it back."""

from __future__ import annotations

import json
import shutil
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QWidget

from gan_studio import images, runs
from gan_studio.gui.explore import reading
from gan_studio.gui.explore.past import Past
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.widgets.fold import Fold
from gan_studio.gui.worker import Worker
from gan_studio.jobs import find_directions
from gan_studio.jobs.explore import View, keep, latent, latent_from_text, view_of
from gan_studio.jobs.snapshots import open_snapshot

from . import exploring
from .exploring import SECONDS, choose_run, drawn, drop, expected, notice

light_collections, open_window = exploring.light_collections, exploring.open_window
run, room = exploring.run, exploring.room


# --- opening ---------------------------------------------------------------------------------------------------------


def test_without_a_run_it_says_what_to_do(open_window, qtbot):
    room = open_window().rooms[0]
    qtbot.waitUntil(lambda: "Train one" in room.hint.text(), timeout=SECONDS)
    assert room.pages.currentWidget() is room.nothing
    assert not room.save_button.isEnabled() and not room.commands["export_walk"].isEnabled()


def test_a_run_opens_at_its_newest_checkpoint(room, qtbot):
    assert room.steps.currentText() == "Step 10"
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))
    assert "seed 0" in room.picture.accessibleDescription()
    assert room.windowTitle() == "" and "Pictures" in room.window().windowTitle()


def test_runs_of_points_are_not_offered(open_window, run, qtbot):
    points = runs.create(runs.default_root(), "Points", {"data": {"kind": "toy2d"}}, shape=[2])
    points.save_checkpoint(1, {"generator": {"w": torch.zeros(1)}}, {})
    room = open_window().rooms[0]
    qtbot.waitUntil(lambda: room.runs.count() > 0, timeout=SECONDS)
    assert [room.runs.itemText(i) for i in range(room.runs.count())] == ["Pictures"]


def test_another_checkpoint_keeps_the_seed_and_undo_leads_back(room, run, qtbot):
    weights, _ = run.checkpoint_at(10).load()
    other = {name: {key: value + 0.05 for key, value in tensors.items()} for name, tensors in weights.items()}
    run.save_checkpoint(20, other, {})
    room.scene.go_to_seed(5)
    before = drawn(room, qtbot)
    room.follow.click()  # the newest is shown as soon as it is there
    qtbot.waitUntil(lambda: room.view.step == 20 and room.shown is not None, timeout=SECONDS)
    assert room.view.seed == 5 and (room.shown != before).any()
    room.follow.click()
    room.scene.undo()
    qtbot.waitUntil(lambda: room.view.step == 10 and room.shown is not None, timeout=SECONDS)
    np.testing.assert_array_equal(room.shown, before)


def test_the_train_tab_sends_a_run_here(open_window, run, qtbot):
    window = open_window((TrainRoom, ExploreRoom))
    train, room = window.rooms
    assert not window.commands["explore"].isEnabled()
    train.open_run(run)
    qtbot.waitUntil(window.commands["explore"].isEnabled, timeout=SECONDS)
    window.commands["explore"].trigger()
    qtbot.waitUntil(lambda: room.shown is not None, timeout=SECONDS)
    assert window.current_room() is room and room.opened.choice.path == run.folder


def test_a_dropped_run_opens_in_the_tab_in_front(open_window, run, qtbot):
    window = open_window((TrainRoom, ExploreRoom))
    window.rooms[1].raise_tab()
    drop(window, run.folder)
    qtbot.waitUntil(lambda: window.rooms[1].shown is not None, timeout=SECONDS)
    window.rooms[0].raise_tab()
    drop(window, run.folder)
    qtbot.waitUntil(lambda: window.rooms[0].shown is not None, timeout=SECONDS)


def test_a_run_that_is_gone_is_one_sentence(room, run, qtbot):
    shutil.rmtree(run.folder / "checkpoints")
    room.opening.open_run(run)
    assert "keeps no checkpoint" in notice(room, qtbot, "checkpoint")
    assert room.view.seed == 0  # what was there stays


# --- moving ----------------------------------------------------------------------------------------------------------


def test_seeds_by_the_buttons_the_field_and_the_keys(room, qtbot):
    qtbot.mouseClick(room.seeds.next_button, Qt.MouseButton.LeftButton)
    assert room.view.seed == 1
    room.picture.setFocus()
    qtbot.keyClick(room.picture, Qt.Key.Key_PageDown)
    qtbot.keyClick(room.picture, Qt.Key.Key_PageDown)
    qtbot.keyClick(room.picture, Qt.Key.Key_PageUp)
    assert room.view.seed == 2
    qtbot.keyClick(room.picture, Qt.Key.Key_R)
    assert room.view.seed != 2
    room.seeds.box.setFocus()
    room.seeds.box.lineEdit().selectAll()
    qtbot.keyClicks(room.seeds.box, "77")
    qtbot.keyClick(room.seeds.box, Qt.Key.Key_Return)
    assert room.view.seed == 77
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))


def test_a_strip_that_comes_when_its_row_has_gone_is_nobodys(room, qtbot, monkeypatch):
    begun, go_on, draw = threading.Event(), threading.Event(), reading.drawn

    def slow(*given):
        begun.set()
        go_on.wait(60)
        return draw(*given)

    monkeypatch.setattr(reading, "drawn", slow)
    room.scene.go_to_seed(5)
    qtbot.waitUntil(begun.is_set)
    room.directions.show_directions([])
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    go_on.set()
    qtbot.waitUntil(lambda: not room.scene.resting.is_busy)


def test_a_slider_moves_the_picture_and_its_strip_shows_the_way(room, qtbot):
    row = room.directions.rows["Random 1"]
    qtbot.waitUntil(lambda: not row.strip.is_empty, timeout=SECONDS)
    row.number.slider.setFocus()
    for _ in range(50):
        qtbot.keyClick(row.number.slider, Qt.Key.Key_Right)
    assert room.view.amount("Random 1") == pytest.approx(row.amount()) and row.amount() > 0.2
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))
    qtbot.mouseClick(row.strip, Qt.MouseButton.LeftButton, pos=row.strip.rect_of(6).center().toPoint())
    assert room.view.amount("Random 1") == 3.0
    room.directions.reset_button.click()
    assert room.view.edits == () and row.amount() == 0.0
    assert not room.directions.reset_button.isEnabled()


def test_a_dragged_slider_is_one_step_of_the_past(room, qtbot):
    row = room.directions.rows["Random 1"]
    for notch in (600, 700, 800):
        row.number.slider.setValue(notch)
    room.scene.undo()
    assert room.view.edits == () and row.amount() == 0.0
    room.picture.setFocus()
    qtbot.keyClick(room.picture, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert room.view.amount("Random 1") == pytest.approx(1.8, abs=0.01)
    qtbot.keyClick(room.picture, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert room.view.edits == ()


def test_the_latents_own_numbers_have_sliders(room, qtbot):
    from gan_studio.gui.widgets.fold import FoldButton

    folds = [b for b in room.directions.findChildren(FoldButton) if "z 0" in b.accessibleName()]
    assert len(folds) == 1
    folds[0].setChecked(True)
    row = room.directions.rows["z 3"]
    before = latent(room.view, room.scene.snapshot)
    row.number.box.set_value(0.0)
    row.number._typed(1.0)
    moved = latent(room.view, room.scene.snapshot) - before
    assert moved[0].nonzero().flatten().tolist() == [3]


def test_truncation_leads_to_the_mean(room, qtbot):
    room.seeds.truncation.slider.setValue(0)
    assert room.view.psi == 0.0
    first = drawn(room, qtbot)
    room.scene.go_to_seed(9)
    np.testing.assert_array_equal(drawn(room, qtbot), first)


def test_no_more_edits_than_a_recipe_holds(room, qtbot):
    from gan_studio.jobs.explore import Edit

    one = room.directions.found[0]
    many = tuple(Edit(direction=one.renamed(f"d{i}"), amount=0.1) for i in range(64))
    room.scene.show_view(room.view.model_copy(update={"edits": many}))
    room.scene.edit(one.renamed("one more"), 1.0)
    assert "64 directions" in notice(room, qtbot, "64")
    assert len(room.view.edits) == 64


# --- directions ------------------------------------------------------------------------------------------------------


def test_directions_are_found_named_and_kept(open_window, picture_run, qtbot, monkeypatch):
    run = picture_run()
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    qtbot.waitUntil(lambda: bool(room.directions.found) and not room.finding.stream.is_running, timeout=SECONDS)
    effects = [one.effect for one in room.directions.found]
    assert max(effects) > 0 and {one.found_by for one in room.directions.found} >= {"pca", "sefa"}
    qtbot.waitUntil(lambda: len(room.directions.rows) == len(effects), timeout=SECONDS)
    shown = [row for row in room.directions.rows.values() if row.direction.found_by == "pca" and row.isVisible()]
    order = sorted(shown, key=lambda row: row.mapToGlobal(QPoint()).y())
    assert [r.direction.effect for r in order] == sorted((r.direction.effect for r in shown), reverse=True)
    room.directions.search.setText("pca 3")
    assert [row.direction.name for row in room.directions.rows.values() if row.isVisible()] == ["PCA 3"]
    room.directions.search.clear()

    row = shown[0]
    row.number._typed(2.0)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("smile", True))
    row._rename()
    assert room.view.amount("smile") == 2.0 and "smile" in room.directions.rows
    room.directions.keep_button.click()
    notice(room, qtbot, "directions are kept")
    assert "smile" in [one.name for one in find_directions.kept(open_snapshot(run.folder, device="cpu"))]


def test_labels_give_directions_or_a_sentence(room, qtbot):
    room.finding.find(("attribute",), "")
    qtbot.waitUntil(lambda: not room.finding.stream.is_running, timeout=SECONDS)
    attributes = [one for one in room.directions.found if one.found_by == "attribute"]
    assert attributes or room.notices.bars
    assert room.directions.working.isHidden() and len(room.directions.found) >= 2


def test_finding_can_be_cancelled(room, qtbot):
    room.finding.find(("pca",), "")
    assert not room.directions.find_button.isEnabled()
    room.directions.cancel_button.click()
    assert room.directions.find_button.isEnabled() and len(room.directions.found) == 2


# --- walks -----------------------------------------------------------------------------------------------------------


def add_keys(room, qtbot, *seeds):
    for seed in seeds:
        room.scene.go_to_seed(seed)
        room.walks.add_button.click()
    qtbot.waitUntil(lambda: not room.scene.resting.is_busy, timeout=SECONDS)


def test_key_frames_have_pictures_order_and_an_end(room, qtbot):
    assert not room.walks.play_button.isEnabled() and "two key-frames" in room.walks.play_button.toolTip()
    add_keys(room, qtbot, 3, 4, 5)
    bar = room.walks
    assert [view.seed for view in bar.views()] == [3, 4, 5]
    assert not any(bar.list.item(i).icon().isNull() for i in range(3))
    bar.left_button.click()
    assert [view.seed for view in bar.views()] == [3, 5, 4]
    qtbot.mouseClick(
        bar.list.viewport(), Qt.MouseButton.LeftButton, pos=bar.list.visualItemRect(bar.list.item(0)).center()
    )
    assert room.view.seed == 3
    bar.list.setFocus()
    qtbot.keyClick(bar.list, Qt.Key.Key_Delete)
    assert [view.seed for view in bar.views()] == [5, 4]


def test_a_walk_becomes_a_film(room, qtbot, tmp_path, monkeypatch):
    add_keys(room, qtbot, 3, 4)
    room.walks.boxes["frames"].set_value(6)
    room.walks.loop.click()
    path = tmp_path / "walk.gif"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "GIF (*.gif)"))
    room.commands["export_walk"].trigger()
    notice(room, qtbot, "Saved")
    with Image.open(path) as film:
        assert film.n_frames == 6
    assert not list(tmp_path.glob(".*.tmp")) and room.walks.working.isHidden()


def test_a_name_that_was_completed_is_never_replaced(room, qtbot, tmp_path):
    add_keys(room, qtbot, 3, 4)
    (tmp_path / "walk.gif").write_bytes(b"mine")
    room.playing.write_walk(tmp_path / "walk")
    assert "already" in notice(room, qtbot, "already")
    assert (tmp_path / "walk.gif").read_bytes() == b"mine"


# --- keeping ---------------------------------------------------------------------------------------------------------


def test_a_saved_picture_opens_again_as_it_was(room, qtbot, tmp_path, monkeypatch):
    room.scene.go_to_seed(12)
    room.directions.rows["Random 2"].number._typed(1.5)
    kept, view = drawn(room, qtbot), room.view
    path = tmp_path / "kept.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    room.save_button.click()
    notice(room, qtbot, "Saved")
    room.scene.reset()
    room.scene.go_to_seed(1)
    room.directions.show_directions([])
    drop(room.window(), path)
    notice(room, qtbot, "bit for bit")
    assert room.view == view
    np.testing.assert_array_equal(drawn(room, qtbot), kept)
    assert room.directions.rows["Random 2"].amount() == 1.5  # also where the list had lost it


def test_a_picture_whose_run_is_gone_is_one_sentence(room, run, qtbot, tmp_path):
    keep(tmp_path / "kept.png", room.view, drawn(room, qtbot))
    (run.folder / "config.toml").unlink()
    drop(room.window(), tmp_path / "kept.png")
    assert "not here any more" in notice(room, qtbot, "any more")


def test_a_picture_from_elsewhere_is_searched_for(room, qtbot, tmp_path):
    room.scene.go_to_seed(31)
    wanted = drawn(room, qtbot)
    images.write_png(tmp_path / "mine.png", wanted, {})
    room.scene.go_to_seed(0)
    drop(room.window(), tmp_path / "mine.png")
    qtbot.waitUntil(lambda: not room.searching.stream.is_running and bool(room.view.z), timeout=SECONDS)
    error = np.sqrt(np.square(drawn(room, qtbot).astype(float) - wanted).mean())
    assert error < 8


def test_latents_go_through_the_clipboard(room, qtbot):
    room.scene.go_to_seed(8)
    room.keeping.copy_latent()
    text = QApplication.clipboard().text()
    z = latent(room.view, room.scene.snapshot)
    assert torch.equal(latent_from_text(text, 6), z) and json.loads(text)
    room.scene.go_to_seed(1)
    room.picture.setFocus()
    qtbot.keyClick(room.picture, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert torch.equal(latent(room.view, room.scene.snapshot), z)
    QApplication.clipboard().setText("[1, 2]")
    room.paste_button.click()
    assert "2 numbers" in notice(room, qtbot, "numbers")
    room.keeping.copy_python()
    assert "render(view" in QApplication.clipboard().text()


# --- what the rest of the run says -----------------------------------------------------------------------------------


def test_the_nearest_training_pictures_and_ds_score(room, qtbot):
    room.company.button.click()
    qtbot.waitUntil(room.company.strip.isVisible, timeout=SECONDS)
    first = room.company.score.text()
    assert "D's score" in first and len(room.company.strip._images) == 5
    room.scene.go_to_seed(4)
    qtbot.waitUntil(lambda: room.company.score.text() != first, timeout=SECONDS)


# --- the window ------------------------------------------------------------------------------------------------------


def test_every_control_has_a_name_and_a_tool_tip(room, qtbot, assert_named):
    add_keys(room, qtbot, 1, 2)
    assert_named(room)
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QSlider

    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider)
    bare = [w for kind in kinds for w in room.findChildren(kind) if w.isVisible() and not w.toolTip()]
    assert not bare


def test_panels_and_layout(open_window, run, qtbot):
    window = open_window()
    room = window.rooms[0]
    choose_run(room, qtbot)
    window.commands["panels"].trigger()
    assert room.left.isHidden() != window.commands["panels"].isChecked()
    room.smooth.click()
    kept = room.save_layout()
    room.smooth.click()
    room.reset_layout()
    room.restore_layout(kept)
    assert room.save_layout() == kept


def test_which_panels_are_folded_is_kept_from_one_session_to_the_next(open_window, run, qtbot):
    def folded(room):
        return [fold.title.text() for fold in room.sides.findChildren(Fold) if fold.inside.isHidden()]

    first = open_window().rooms[0]
    assert folded(first) == ["Family", "Inside"]
    qtbot.mouseClick(first.inside_fold.button, Qt.MouseButton.LeftButton)
    first.sides.findChildren(Fold)[0].button.click()
    first.window().close()
    second = open_window().rooms[0]
    assert folded(second) == ["Pad", "Family"]
    for nonsense in (b"", b"{", b"5", b"[1]", b'{"Pad": {}, "Else": true}'):
        second.sides.restore(nonsense)
    assert folded(second) == ["Pad", "Family"]


def test_nothing_on_the_left_is_cut_off_in_a_narrow_window(room, qtbot):
    room.window().resize(1000, 650)
    for fold in room.sides.findChildren(Fold):
        fold.button.set_open(True)
    for source in (room.pad.plane, room.pad.corners):
        room.pad.show_source(source)
        room.splitter.setSizes([1, 900, 1])
        inside, seen = room.sides.widget(), room.sides.viewport()
        qtbot.waitUntil(lambda inside=inside, seen=seen: inside.width() == seen.width(), timeout=SECONDS)
        assert inside.minimumSizeHint().width() <= seen.width()
        controls = [widget for widget in inside.findChildren(QWidget) if widget.isVisible()]
        assert len(controls) > 30
        for widget in controls:
            assert widget.mapTo(inside, widget.rect().topRight()).x() < inside.width(), widget


def test_closing_in_the_middle_of_everything_waits_for_it_and_leaves_nothing_behind(room, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("gan_studio.gui.explore.room.PATIENCE_S", 60.0)
    add_keys(room, qtbot, 1, 2)
    room.walks.play_button.click()
    room.finding.find(("pca", "sefa", "random"), "")
    room.company.button.click()
    room.playing.write_walk(tmp_path / "walk.gif")
    workers = room.findChildren(Worker)
    room.window().close()
    assert len(workers) >= 3 and not any(worker.is_alive() for worker in workers)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_the_past_is_bounded_by_what_was_taken_back():
    past, views = Past(), [View(seed=i) for i in range(4)]
    for view in views[:3]:
        past.add(view)
    assert past.back() == views[1]
    past.add(views[3])
    assert not past.can_go_forth and past.back() == views[1] and past.back() == views[0] and not past.can_go_back


def test_the_view_of_a_snapshot_is_where_it_begins(room):
    assert room.view == view_of(room.scene.snapshot)
    assert room.mapTo(room.window(), QPoint()).y() > 0
