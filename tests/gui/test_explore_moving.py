"""Moving in the Explore tab as a user does: in the pad, on the picture, along the walk, from parents to children."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from gan_studio.jobs.explore import keep, latent, latents, pictures, render
from gan_studio.jobs.walk import way
from gan_studio.walks import bilinear, children, crossed

from . import exploring
from .exploring import SECONDS, drawn, expected

LEFT = Qt.MouseButton.LeftButton


light_collections, open_window = exploring.light_collections, exploring.open_window
run, room = exploring.run, exploring.room


def rested(room, qtbot):
    """What shows the way is drawn."""
    qtbot.waitUntil(lambda: not room.scene._rest.isActive() and not room.scene.resting.is_busy, timeout=SECONDS)


def drag(qtbot, widget, *places: QPoint):
    """From the first to the last, with the left button down."""
    qtbot.mousePress(widget, LEFT, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(widget, place)
    qtbot.mouseRelease(widget, LEFT, pos=places[-1])


def place_in(rect, x: float, y: float) -> QPoint:
    return (rect.topLeft() + QPointF(x * rect.width(), y * rect.height())).toPoint()


def fold(room, title: str):
    from gan_studio.gui.widgets.fold import Fold

    return next(fold for fold in room.sides.findChildren(Fold) if fold.title.text() == title)


# --- the pad: four seeds ---------------------------------------------------------------------------------------------


def test_the_pad_blends_its_corners(room, qtbot):
    square = room.pad.square
    frame = square._centres()
    drag(qtbot, square, frame.center().toPoint(), place_in(frame, 0.25, 0.25))
    assert (square.across, square.down) == (pytest.approx(0.25, abs=0.01), pytest.approx(0.25, abs=0.01))
    corners = room.scene.snapshot.latents(4, 0)
    blend = bilinear(corners.unflatten(0, (2, 2)), torch.tensor(square.across), torch.tensor(square.down))
    torch.testing.assert_close(latent(room.view, room.scene.snapshot)[0], blend)
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))
    for _ in range(60):
        qtbot.keyClick(square, Qt.Key.Key_Right)
        qtbot.keyClick(square, Qt.Key.Key_Up)
    assert (square.across, square.down) == (1.0, 0.0)
    torch.testing.assert_close(latent(room.view, room.scene.snapshot), room.scene.snapshot.latents(1, 1))
    assert room.seeds.own.isVisible()


def test_the_pad_shows_what_is_where(room, qtbot):
    square = room.pad.square
    qtbot.waitUntil(lambda: square._image is not None, timeout=SECONDS)
    before = square._image
    room.pad.corners.new_button.click()
    assert room.pad.corners.seeds() != [0, 1, 2, 3]
    qtbot.waitUntil(lambda: square._image is not before, timeout=SECONDS)


def test_the_mark_is_where_the_picture_is(room, qtbot):
    square = room.pad.square
    room.scene.go_to_seed(2)
    assert (square.across, square.down) == (0.0, 1.0) and square._is_here
    square.move_to(0.3, 0.6)
    room.scene.go_to_seed(17)
    assert not square._is_here and (square.across, square.down) == (0.3, 0.6)
    room.scene.undo()
    assert square._is_here


# --- the pad: two directions -----------------------------------------------------------------------------------------


@pytest.fixture
def plane(room, qtbot):
    """The room, with the plane in its pad."""
    button = next(button for source, button in room.pad._buttons.items() if source is room.pad.plane)
    qtbot.mouseClick(button, LEFT)
    return room


def test_the_plane_moves_two_sliders_and_they_move_it(plane, qtbot):
    room, square = plane, plane.pad.square
    assert room.pad.plane.isVisible() and not room.pad.corners.isVisible()
    assert (square.across, square.down) == (0.5, 0.5)  # neither direction is in the picture yet
    room.scene.go_to_seed(5)
    frame = square._centres()
    drag(qtbot, square, frame.center().toPoint(), place_in(frame, 1.0, 0.25))
    assert room.view.seed == 5 and not room.view.z
    assert room.directions.rows["Random 1"].amount() == pytest.approx(3.0, abs=0.05)
    assert room.directions.rows["Random 2"].amount() == pytest.approx(1.5, abs=0.05)
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))
    room.directions.rows["Random 1"].number._typed(-1.5)
    assert square.across == pytest.approx(0.25) and square._is_here
    room.directions.rows["Random 1"].number._typed(4.0)  # beyond the square
    assert not square._is_here
    qtbot.keyClick(square, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert room.view.amount("Random 2") == pytest.approx(0.9, abs=0.05)
    room.scene.undo()
    room.directions.reset_button.click()
    assert (square.across, square.down) == (0.5, 0.5)


def test_the_plane_shows_what_is_where(plane, qtbot):
    room = plane
    rested(room, qtbot)
    one, two = room.directions.found
    views = [room.view.edited(one, a).edited(two, b) for b in (3, 1.5, 0, -1.5, -3) for a in (-3, -1.5, 0, 1.5, 3)]
    wanted = pictures(latents(views, room.scene.snapshot), room.scene.snapshot)
    image, side = room.pad.square._image, wanted.shape[1]
    for place, picture in enumerate(wanted):
        row, column = divmod(place, 5)
        shown = [[image.pixelColor(column * side + x, row * side + y).red() for x in range(side)] for y in range(side)]
        assert np.abs(np.array(shown) - picture[:, :, 0]).max() <= 1
    before = room.pad.square._image
    room.pad.square.move_to(0.9, 0.1)  # in it: its pictures stay
    rested(room, qtbot)
    assert room.pad.square._image is before
    room.pad.plane.reach.slider.setValue(0)
    rested(room, qtbot)
    assert room.pad.square._image is not before


def test_the_two_directions_are_never_one(plane):
    boxes = plane.pad.plane.across, plane.pad.plane.up
    assert [box.value() for box in boxes] == ["Random 1", "Random 2"]
    boxes[0].setCurrentIndex(1)
    boxes[0].activated.emit(1)
    assert [box.value() for box in boxes] == ["Random 2", "Random 1"]


def test_without_directions_there_is_no_plane(plane):
    plane.directions.show_directions(plane.directions.found[:1])
    assert plane.pad.source is plane.pad.corners and plane.pad.corners.isVisible()
    button = plane.pad._buttons[plane.pad.plane]
    assert not button.isEnabled() and "two directions" in button.toolTip()


def test_the_pad_too_keeps_to_what_a_recipe_holds(plane):
    from gan_studio.jobs.explore import Edit

    one = plane.directions.found[0]
    many = tuple(Edit(direction=one.renamed(f"d{i}"), amount=0.1) for i in range(64))
    plane.scene.show_view(plane.view.model_copy(update={"edits": many}))
    plane.pad.square.move_to(0.9, 0.9)
    assert len(plane.view.edits) == 64 and any("64 directions" in bar.text for bar in plane.notices.bars)


# --- on the picture --------------------------------------------------------------------------------------------------


def picture_rect(room):
    ratio = room.picture.devicePixelRatioF()
    target = room.picture.target()
    return target.__class__(target.topLeft() / ratio, target.size() / ratio)


def test_dragging_on_the_picture_moves_in_the_pad(plane, qtbot):
    room, rect = plane, picture_rect(plane)
    drag(qtbot, room.picture, place_in(rect, 0.2, 0.6), place_in(rect, 0.3, 0.5), place_in(rect, 0.45, 0.35))
    assert room.pad.square.across == pytest.approx(0.75, abs=0.02)
    assert room.pad.square.down == pytest.approx(0.25, abs=0.02)
    assert room.view.amount("Random 1") == pytest.approx(1.5, abs=0.1) == room.view.amount("Random 2")
    assert room.picture.fits
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))
    room.scene.undo()
    assert not room.view.edits  # one drag is one step
    room.picture.setFocus()
    qtbot.keyClick(room.picture, Qt.Key.Key_Right)
    assert room.view.amount("Random 1") == pytest.approx(0.12)


def test_a_click_on_the_picture_moves_nothing(plane, qtbot):
    before = plane.view
    drag(qtbot, plane.picture, QPoint(200, 200), QPoint(201, 201))
    assert plane.view == before


def test_what_is_zoomed_is_panned_but_with_shift(plane, qtbot):
    room = plane
    room.picture.zoom_by(1)
    before, left = room.view, room.picture.target().left()
    drag(qtbot, room.picture, QPoint(200, 200), QPoint(240, 220))
    assert room.view == before and room.picture.target().left() == left + 40
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mousePress(room.picture, LEFT, shift, QPoint(200, 200))
    qtbot.mouseMove(room.picture, QPoint(260, 200))
    QTest.mouseRelease(room.picture, LEFT, shift, QPoint(260, 200))
    assert room.view.amount("Random 1") > 0 and room.picture.target().left() == left + 40


def test_the_blend_is_dragged_from_the_corner_that_is_shown(room, qtbot):
    rect = picture_rect(room)
    drag(qtbot, room.picture, place_in(rect, 0.2, 0.2), place_in(rect, 0.7, 0.2))
    assert room.pad.square.across == pytest.approx(0.5, abs=0.02) and room.pad.square.down == 0.0


# --- along the walk --------------------------------------------------------------------------------------------------


@pytest.fixture
def walk(room, qtbot):
    """The room, with a walk of 31 frames through three key-frames."""
    room.walks.boxes["frames"].set_value(31)
    for seed in (3, 4, 5):
        room.scene.go_to_seed(seed)
        room.walks.add_button.click()
    rested(room, qtbot)
    return room


def track_place(room, frame: int) -> QPoint:
    track = room.walks.scrub.track
    return QPoint(round(track.x_of(frame)), track.height() // 2)


def frame_of(room, frame: int) -> np.ndarray:
    z = way(latents(room.walks.views(), room.scene.snapshot), room.walks.walk())
    return pictures(z[frame : frame + 1], room.scene.snapshot)[0]


def test_the_line_of_the_walk_is_there_with_the_walk(room, qtbot):
    assert not room.walks.scrub.isVisible()
    for seed in (3, 4):
        room.scene.go_to_seed(seed)
        room.walks.add_button.click()
    rested(room, qtbot)
    assert room.walks.scrub.isVisible() and len(room.walks.scrub.track.steps) == 120
    assert room.walks.scrub.track.checkpoints == [0, 119]
    room.walks.loop.click()
    rested(room, qtbot)
    assert room.walks.scrub.track.checkpoints == [0, 60]
    room.walks.remove_chosen()
    assert not room.walks.scrub.isVisible()


def test_scrubbing_goes_through_the_walk_by_hand(walk, qtbot):
    room, track = walk, walk.walks.scrub.track
    assert track.checkpoints == [0, 15, 30] and not track._is_here
    drag(qtbot, track, track_place(room, 2), track_place(room, 11), track_place(room, 20))
    assert track.value() == 20 and track._is_here
    assert room.walks.scrub.place.text() == "21 of 31 · 0.83 s"
    np.testing.assert_array_equal(drawn(room, qtbot), frame_of(room, 20))
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))  # it is the view, on which all tools work
    track.setFocus()
    qtbot.keyClick(track, Qt.Key.Key_Left)
    np.testing.assert_array_equal(drawn(room, qtbot), frame_of(room, 19))
    room.directions.rows["Random 1"].number._typed(1.0)
    assert not track._is_here and room.view.z and len(room.view.edits) == 1
    room.scene.undo()
    assert track._is_here
    room.scene.undo()
    assert room.view.seed == 5 and not room.view.z  # the whole scrub is taken back at once


def test_pausing_keeps_the_place_and_the_frame(walk, qtbot):
    room, scrub = walk, walk.walks.scrub
    before = room.view
    room.walks.play_button.click()
    qtbot.waitUntil(lambda: "Frame" in room.picture.accessibleDescription(), timeout=SECONDS)
    qtbot.waitUntil(lambda: scrub.frame >= 3, timeout=SECONDS)
    qtbot.keyClick(scrub.track, Qt.Key.Key_Space)
    paused = scrub.frame
    assert not room.playing.player.is_playing and room.walks.play_button.text() == "Play" and paused < 31
    np.testing.assert_array_equal(drawn(room, qtbot), frame_of(room, paused))
    assert "a latent of its own" in room.picture.accessibleDescription()
    room.walks.play_button.click()
    assert room.playing.player.frame == paused
    room.walks.play_button.click()
    while room.view != before:
        assert room.scene.past.can_go_back
        room.scene.undo()


def test_a_walk_plays_to_its_end_at_any_speed(walk, qtbot):
    room, scrub = walk, walk.walks.scrub
    scrub.speed.setCurrentIndex(4)
    scrub.speed.activated.emit(4)
    room.walks.play_button.click()
    qtbot.waitUntil(lambda: not room.playing.player.is_playing, timeout=SECONDS)
    assert scrub.frame == 30 and not room.walks.play_button.isChecked()
    torch.testing.assert_close(latent(room.view, room.scene.snapshot), room.scene.snapshot.latents(1, 5))


def test_another_picture_ends_the_playing_and_takes_no_frame(walk, qtbot):
    room = walk
    room.walks.play_button.click()
    qtbot.waitUntil(lambda: room.walks.scrub.frame > 0, timeout=SECONDS)
    room.scene.go_to_seed(8)
    assert not room.playing.player.is_playing and room.view.seed == 8 and not room.view.z
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))


def test_a_key_frame_can_be_taken_from_the_playing_walk(walk, qtbot):
    room = walk
    room.walks.play_button.click()
    qtbot.waitUntil(lambda: room.walks.scrub.frame >= 2, timeout=SECONDS)
    frame = room.walks.scrub.frame
    wanted = room.playing._way.rows[frame]
    room.picture.setFocus()
    qtbot.keyClick(room.picture, Qt.Key.Key_K)
    assert torch.equal(latents(room.walks.views(), room.scene.snapshot)[-1], wanted)


def test_the_dialog_offers_every_format_and_completes_the_name(walk, qtbot, tmp_path, monkeypatch):
    room, offered = walk, []

    def choose_apng(parent, title, name, filters):
        offered.extend(filters.split(";;"))
        return str(tmp_path / "walk"), next(kind for kind in offered if "apng" in kind)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose_apng)
    qtbot.mouseClick(room.walks.export_button, LEFT)
    qtbot.waitUntil(lambda: any("Saved" in bar.text for bar in room.notices.bars), timeout=SECONDS)
    assert offered == ["GIF (*.gif)", "WebP (*.webp)", "APNG (*.apng)", "MP4 (*.mp4)"]
    with Image.open(tmp_path / "walk.apng") as film:
        assert film.n_frames == 31
        film.seek(20)
        shown = np.asarray(film.convert("L"))
    zoom = shown.shape[0] // 16
    assert (shown[::zoom, ::zoom] == frame_of(room, 20)[:, :, 0]).all()


# --- the family ------------------------------------------------------------------------------------------------------


@pytest.fixture
def family(room, qtbot):
    """The room, with the family unfolded, and drawn."""
    button = fold(room, "Family").button
    button.setChecked(True)
    room.sides.ensureWidgetVisible(room.family)
    qtbot.waitUntil(lambda: room.family.family is not None, timeout=SECONDS)
    return room


def choose(box, value):
    row = box._values.index(value)
    box.setCurrentIndex(row)
    box.activated.emit(row)


def anew(room, qtbot):
    """The family, drawn for what is asked now."""
    rested(room, qtbot)
    return room.family.family


def test_it_is_folded_at_first_and_draws_nothing(room, qtbot):
    rested(room, qtbot)
    assert not room.family.isVisible() and room.family.family is None


def test_breeding_goes_from_generation_to_generation(family, qtbot):
    room, panel = family, family.family
    fresh = room.scene.snapshot.latents(6, 0)
    parent = latent(room.view, room.scene.snapshot)
    litter = children(parent[0], fresh, 0.4)
    torch.testing.assert_close(panel.family.rows, litter)
    qtbot.mouseClick(panel.children_grid, LEFT, pos=panel.children_grid.rect_of(4).center().toPoint())
    torch.testing.assert_close(latent(room.view, room.scene.snapshot)[0], litter[4])
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))
    assert panel.draw.value() == 1
    torch.testing.assert_close(
        anew(room, qtbot).rows, children(litter[4], room.scene.snapshot.latents(6, 6), 0.4), atol=1e-6, rtol=1e-5
    )
    panel.children_grid.setFocus()
    qtbot.keyClick(panel.children_grid, Qt.Key.Key_Left)
    wanted = panel.family.rows[3]
    qtbot.keyClick(panel.children_grid, Qt.Key.Key_Return)
    assert torch.equal(latent(room.view, room.scene.snapshot)[0], wanted)
    room.scene.undo()
    room.scene.undo()
    assert room.view.seed == 0 and not room.view.z
    panel.draw.set_value(0)
    panel.draw.edited.emit(0)
    torch.testing.assert_close(anew(room, qtbot).rows, litter)  # the same again
    panel.forms[0].distance._typed(0.0)
    torch.testing.assert_close(anew(room, qtbot).rows, parent.expand(6, -1))


def test_a_picture_is_crossed_with_a_key_frame(family, qtbot):
    room, panel = family, family.family
    room.scene.go_to_seed(9)
    room.walks.add_button.click()
    room.scene.go_to_seed(2)
    choose(panel.kind, panel.forms[1])
    choose(panel.form.boxes[0].choice, 0)
    a, b = room.scene.snapshot.latents(1, 2)[0], room.scene.snapshot.latents(1, 9)[0]
    torch.testing.assert_close(anew(room, qtbot).rows, crossed(a, b, 6, 0))
    assert not panel.form.boxes[0].thumb.pixmap().isNull()
    room.walks.clear()  # a parent that is gone gives way to the picture itself
    assert panel.form.boxes[0].choice.value() == "here"


def test_parents_come_from_the_clipboard_and_from_files(family, qtbot, tmp_path):
    room, panel = family, family.family
    choose(panel.kind, panel.forms[1])
    box = panel.form.boxes[0]
    QApplication.clipboard().setText("nothing of the kind")
    choose(box.choice, "pasted")
    assert box.choice.value() == "here" and room.notices.bars
    QApplication.clipboard().setText("[1, 2, 3, 4, 5, 6]")
    choose(box.choice, "pasted")
    assert box.choice.value() == "held" and box.view(room.view).z == (1, 2, 3, 4, 5, 6)

    kept = room.view.at_seed(31).model_copy(update={"psi": 0.5})
    keep(tmp_path / "kept.png", kept, render(kept, room.scene.snapshot))
    drop_on(box, tmp_path / "kept.png")
    qtbot.waitUntil(lambda: box.choice.currentText() == "kept.png", timeout=SECONDS)
    torch.testing.assert_close(torch.tensor([box.view(room.view).z]), latent(kept, room.scene.snapshot))
    assert room.view.seed == 0 and not room.view.z  # the picture itself stays

    drop_on(box, tmp_path / "kept.json")
    qtbot.waitUntil(lambda: box.choice.currentText() == "kept.json", timeout=SECONDS)
    (tmp_path / "no.png").write_bytes(b"no")
    drop_on(box, tmp_path / "no.png")
    qtbot.waitUntil(lambda: any("no.png" in bar.text for bar in room.notices.bars), timeout=SECONDS)


def drop_on(widget, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), action, data, LEFT, none)
    widget.dragEnterEvent(enter)
    assert enter.isAccepted()
    widget.dropEvent(QDropEvent(QPointF(5, 5), action, data, LEFT, none))


def test_an_analogy_shows_its_three_and_what_comes_of_them(family, qtbot):
    room, panel = family, family.family
    room.scene.go_to_seed(7)
    choose(panel.kind, panel.forms[2])
    panel.form.boxes[0].seed.set_value(5)
    panel.form.boxes[0].seed.edited.emit(5)
    found = anew(room, qtbot)
    z = room.scene.snapshot.latents
    torch.testing.assert_close(found.rows, z(1, 5) - z(1, 1) + z(1, 7))
    assert all(not box.thumb.pixmap().isNull() for box in panel.form.boxes) and len(found.children) == 1
    assert not panel.draw_row.isVisible()
    qtbot.mouseClick(panel.children_grid, LEFT, pos=panel.children_grid.rect_of(0).center().toPoint())
    torch.testing.assert_close(latent(room.view, room.scene.snapshot), found.rows)


def test_an_answer_for_another_form_is_dropped(family, qtbot):
    room, panel = family, family.family
    panel.next_button.click()
    room.breeding.draw()  # it is asked, and not answered yet
    choose(panel.kind, panel.forms[2])
    found = anew(room, qtbot)
    assert len(found.parents) == 3 and len(found.children) == 1 and not panel.problem.isVisible()


def test_every_control_of_the_family_has_a_name(family, qtbot, assert_named):
    for form in family.family.forms:
        family.family.show_form(form)
        assert_named(family)
