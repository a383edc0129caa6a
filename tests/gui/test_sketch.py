"""Drawing as a user does it: strokes of the mouse, filling, rubbing out, taking back; and by the keyboard."""

from __future__ import annotations

import itertools
import time
from collections import deque

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from gan_studio.gui.widgets.sketch import PALETTES, Sketch
from gan_studio.gui.widgets.sketch_pad import TELL_MS
from gan_studio.gui.widgets.strokes import NEAR, Drawing, Fill, Stroke, connected

BLACK, WHITE = QColor(0, 0, 0), QColor(255, 255, 255)


@pytest.fixture
def sketch(qtbot):
    sketch = Sketch()
    qtbot.addWidget(sketch, before_close_func=lambda sketch: sketch.leave())
    sketch.set_brush(3)
    sketch.set_paper(64, 64)
    sketch.resize(620, 560)
    sketch.show()
    sketch.pad.setFocus()
    return sketch


def at(sketch, x, y) -> QPoint:
    """Of the pad: a place of the paper."""
    target = sketch.pad.target()
    scale = target.width() / sketch.pad.drawing.size.width()
    return (target.topLeft() + QPointF(x, y) * scale).toPoint()


def stroke(sketch, *places) -> None:
    pad = sketch.pad
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=at(sketch, *places[0]))
    for place in places[1:]:
        QTest.mouseMove(pad, at(sketch, *place))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=at(sketch, *places[-1]))


def square(sketch) -> None:
    stroke(sketch, (10, 10), (30, 10), (50, 10))
    stroke(sketch, (50, 10), (50, 30), (50, 50))
    stroke(sketch, (50, 50), (30, 50), (10, 50))
    stroke(sketch, (10, 50), (10, 30), (10, 10))


# --- strokes ---------------------------------------------------------------------------------------------------------


def test_a_stroke_of_the_mouse_is_in_the_picture(sketch):
    stroke(sketch, (10, 32), (30, 32), (54, 32))
    pixels = sketch.pixels()
    assert pixels.shape == (64, 64, 3)
    assert (pixels[32, 12:52] < 60).all() and (pixels[:28] == 255).all() and (pixels[36:] == 255).all()


def test_a_click_is_a_dot(sketch):
    sketch.set_brush(9)
    stroke(sketch, (20, 40))
    ys, xs = np.nonzero(sketch.pixels()[..., 0] < 128)
    assert abs(ys.mean() - 39.5) < 1 and abs(xs.mean() - 19.5) < 1 and len(ys) == pytest.approx(np.pi * 4.5**2, rel=0.1)


def test_the_eraser_makes_it_white_again(sketch, qtbot):
    stroke(sketch, (10, 32), (54, 32))
    qtbot.keyClick(sketch.pad, Qt.Key.Key_E)
    assert sketch.tools["eraser"].isChecked()
    sketch.brush.setValue(12)
    stroke(sketch, (10, 32), (54, 32))
    assert (sketch.pixels() == 255).all()


def test_it_is_told_while_the_hand_moves_but_not_too_often(sketch, qtbot):
    seen, moves = [], itertools.count()
    begun = time.monotonic()
    sketch.changed.connect(lambda: seen.append((time.monotonic(), int((sketch.pixels() < 128).sum()))))
    QTest.mousePress(sketch.pad, Qt.MouseButton.LeftButton, pos=at(sketch, 5, 32))

    def told_while_it_moves() -> bool:
        move = next(moves)
        QTest.mouseMove(sketch.pad, at(sketch, 5 + 50 * move % 50, 32 + move % 7))
        return len(seen) >= 6

    qtbot.waitUntil(told_while_it_moves)
    pauses = (len(seen) - 1) * 0.95 * TELL_MS / 1000  # Qt's timers are right to one in twenty
    assert seen[-1][0] - begun >= pauses
    QTest.mouseRelease(sketch.pad, Qt.MouseButton.LeftButton, pos=at(sketch, 55, 32))
    qtbot.waitUntil(lambda: seen[-1][1] == int((sketch.pixels() < 128).sum()))


def test_the_brush_suits_the_paper_until_one_is_chosen(qtbot):
    sketch, widths = Sketch(), []
    qtbot.addWidget(sketch)
    for side in (32, 64, 128, 256, 512):
        sketch.set_paper(side, side)
        widths.append(sketch.brush.value())
    assert widths == [1, 1, 2, 3, 6]
    sketch.brush.setValue(5)
    sketch.set_paper(64, 64)
    assert sketch.brush.value() == sketch.pad.brush == 5


def test_width_by_keys_stays_within_its_bounds(sketch, qtbot):
    for _ in range(5):
        qtbot.keyClick(sketch.pad, Qt.Key.Key_BracketLeft)
    assert sketch.brush.value() == 1
    qtbot.keyClick(sketch.pad, Qt.Key.Key_BracketRight)
    assert sketch.brush.value() == 2 and sketch.brush_said.text() == "2 px"


# --- filling ---------------------------------------------------------------------------------------------------------


def test_filling_colours_what_is_closed_in(sketch):
    sketch.set_palette("Colours")
    square(sketch)
    sketch.tools["fill"].click()
    sketch.set_colour(QColor("#c62828"))
    stroke(sketch, (30, 30))
    pixels = sketch.pixels()
    assert tuple(pixels[30, 30]) == (0xC6, 0x28, 0x28) and tuple(pixels[14, 14]) == (0xC6, 0x28, 0x28)
    assert (pixels[:6] == 255).all() and tuple(pixels[10, 30]) == (0, 0, 0)


def flooded(pixels, x, y):
    """The plain way: a queue of pixels."""
    height, width = pixels.shape[:2]
    same = np.abs(pixels.astype(int) - pixels[y, x]).max(axis=2) <= NEAR
    found, queue = np.zeros((height, width), bool), deque([(x, y)])
    while queue:
        x, y = queue.popleft()
        if 0 <= x < width and 0 <= y < height and same[y, x] and not found[y, x]:
            found[y, x] = True
            queue.extend([(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)])
    return found


@pytest.mark.parametrize("seed", range(8))
def test_what_is_connected_is_what_a_queue_finds(seed):
    rng = np.random.default_rng(seed)
    walls = rng.random((40, 53)) < (0.1, 0.35, 0.45, 0.6)[seed % 4]
    pixels = np.where(walls, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    x, y = int(rng.integers(53)), int(rng.integers(40))
    np.testing.assert_array_equal(connected(pixels, x, y), flooded(pixels, x, y))


def test_labels_have_hard_rims(sketch):
    """Every colour means something; what is in between would mean something else."""
    sketch.set_palette("Labels of facades")
    for colour, _ in PALETTES["Labels of facades"][:4]:
        sketch.set_colour(QColor(colour))
        stroke(sketch, (10, 10), (31, 47), (55, 20))
    known = {tuple(bytes.fromhex(colour[1:])) for colour, _ in PALETTES["Labels of facades"]} | {(255, 255, 255)}
    assert {tuple(pixel) for pixel in sketch.pixels().reshape(-1, 3)} <= known


def test_the_right_button_takes_the_colour_there(sketch):
    sketch.show_picture(np.broadcast_to(np.array([12, 34, 56], np.uint8), (64, 64, 3)))
    sketch.tools["eraser"].click()
    QTest.mouseClick(sketch.pad, Qt.MouseButton.RightButton, pos=at(sketch, 20, 20))
    assert sketch.pad.colour == QColor(12, 34, 56) and sketch.tools["pen"].isChecked()


# --- taking back -----------------------------------------------------------------------------------------------------


def test_undo_and_redo_lead_through_the_same_pictures(sketch, qtbot):
    pictures = [sketch.pixels()]
    square(sketch)
    sketch.tools["fill"].click()
    stroke(sketch, (30, 30))
    sketch.clear_button.click()
    sketch.tools["pen"].click()
    stroke(sketch, (5, 5), (60, 60))
    for _ in range(7):
        pictures.append(sketch.pixels())
        qtbot.keyClick(sketch.pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(sketch.pixels(), pictures[0])
    assert not sketch.undo_button.isEnabled()
    for picture in reversed(pictures[1:]):
        sketch.redo_button.click()
        np.testing.assert_array_equal(sketch.pixels(), picture)
    assert not sketch.redo_button.isEnabled()


def test_a_new_stroke_forgets_what_was_taken_back(sketch):
    stroke(sketch, (5, 5), (60, 60))
    sketch.undo_button.click()
    stroke(sketch, (5, 60), (60, 5))
    assert not sketch.redo_button.isEnabled()


# --- sizes and pictures ----------------------------------------------------------------------------------------------


def test_the_drawing_is_drawn_again_at_another_size(sketch):
    """As if the hand had drawn it there: no enlarged pixels."""
    stroke(sketch, (10, 10), (54, 10), (54, 54))
    sketch.set_paper(256, 256)
    line = sketch.pixels()[36:44, 100, 0]
    assert sketch.pixels().shape == (256, 256, 3) and (line < 60).all()
    other = Drawing(QSize(256, 256), WHITE)
    act = sketch.pad.drawing.acts[0]
    other.add(Stroke(act.places, 12.0, BLACK))
    assert other.image == sketch.pad.image()


def test_one_draws_on_a_picture_of_another_shape(sketch):
    picture = np.zeros((20, 40, 3), np.uint8)
    sketch.show_picture(picture)
    pixels = sketch.pixels()
    assert (pixels[20:44] == 0).all() and (pixels[:15] == 255).all() and (pixels[49:] == 255).all()
    sketch.set_colour(QColor("#c62828"))
    stroke(sketch, (10, 32), (54, 32))
    assert tuple(sketch.pixels()[32, 32]) == (0xC6, 0x28, 0x28)
    sketch.undo_button.click()
    np.testing.assert_array_equal(sketch.pixels(), pixels)


def test_examples_and_pictures_are_asked_for(sketch, qtbot):
    with qtbot.waitSignal(sketch.example_wanted):
        sketch.example_button.click()
    with qtbot.waitSignal(sketch.picture_wanted):
        sketch.load_button.click()
    sketch.allow_example("The data is not here.")
    assert not sketch.example_button.isEnabled() and sketch.example_button.toolTip() == "The data is not here."


# --- by the keyboard -------------------------------------------------------------------------------------------------


def test_the_keyboard_draws(sketch, qtbot):
    qtbot.keyClick(sketch.pad, Qt.Key.Key_Space)
    for _ in range(10):
        qtbot.keyClick(sketch.pad, Qt.Key.Key_Right)
    qtbot.keyClick(sketch.pad, Qt.Key.Key_Space)
    qtbot.keyClick(sketch.pad, Qt.Key.Key_Down)
    pixels = sketch.pixels()
    assert (pixels[31, 33:41] < 100).all() and (pixels[40:] == 255).all()
    assert len(sketch.pad.drawing.acts) == 1


def test_escape_throws_the_stroke_away(sketch, qtbot):
    qtbot.keyClick(sketch.pad, Qt.Key.Key_Space)
    qtbot.keyClick(sketch.pad, Qt.Key.Key_Right)
    qtbot.keyClick(sketch.pad, Qt.Key.Key_Escape)
    assert (sketch.pixels() == 255).all() and not sketch.pad.drawing.acts


def test_every_control_has_a_name(sketch, assert_named):
    assert_named(sketch)


def test_filling_beside_the_paper_does_nothing(sketch):
    sketch.tools["fill"].click()
    sketch.pad.add(Fill((-3.0, 70.0), BLACK))
    assert (sketch.pixels() == 255).all()
