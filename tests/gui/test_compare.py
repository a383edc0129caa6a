"""Comparing pictures as a user does it: divide, blink, look through the lens, zoom and pan, also of huge ones."""

from __future__ import annotations

import gc
import itertools
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gan_studio.gui.widgets.compare import Shown
from gan_studio.gui.widgets.compare_modes import MODES
from gan_studio.gui.widgets.compare_panel import ComparePanel
from gan_studio.gui.widgets.difference import difference_of, distances
from gan_studio.gui.widgets.pyramid import Pyramid, halved, levels_of

RED, BLUE = (200, 20, 10), (10, 30, 210)


def plain(colour, height=64, width=96) -> np.ndarray:
    return np.broadcast_to(np.array(colour, np.uint8), (height, width, len(colour))).copy()


@pytest.fixture
def panel(qtbot, request):
    panel = ComparePanel()
    qtbot.addWidget(panel, before_close_func=lambda panel: panel.leave())
    panel.resize(640, 480)
    panel.show()
    panel.show_pictures([Shown("Before", plain(RED)), Shown("After", plain(BLUE))])
    panel.view.setFocus()
    grown(panel, qtbot)
    return panel


def grown(panel, qtbot):
    qtbot.waitUntil(lambda: all(one.is_grown for one in panel.view.pictures), timeout=20_000)


def colour_at(panel, x, y) -> tuple[int, int, int]:
    """Of the view, as it is painted."""
    colour = panel.view.grab().toImage().pixelColor(round(x), round(y))
    return colour.red(), colour.green(), colour.blue()


def seen(panel) -> QRectF:
    view = panel.view
    return view.place(view.panes()[0]) & view.panes()[0]


def turn(view, at, notches):
    event = QWheelEvent(
        QPointF(at), QPointF(view.mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


# --- the divider -----------------------------------------------------------------------------------------------------


def test_the_first_is_left_of_the_divider_and_the_other_right(panel):
    box = seen(panel)
    assert colour_at(panel, box.left() + 30, box.bottom() - 9) == RED
    assert colour_at(panel, box.right() - 30, box.bottom() - 9) == BLUE


def test_the_divider_follows_the_hand_and_the_picture_stays(panel, qtbot):
    view, box = panel.view, seen(panel)
    start = QPoint(round(box.center().x()), round(box.bottom()) - 20)
    QTest.mouseMove(view, start)
    assert view.cursor().shape() == Qt.CursorShape.SplitHCursor
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, QPoint(round(box.left() + 0.2 * box.width()), start.y()))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start)
    assert view.divider == pytest.approx(0.2, abs=0.01) and seen(panel) == box
    assert colour_at(panel, box.left() + 0.3 * box.width(), box.bottom() - 9) == BLUE


def test_the_keyboard_moves_the_divider(panel, qtbot):
    for key, place in ((Qt.Key.Key_Right, 0.52), (Qt.Key.Key_Left, 0.5)):
        qtbot.keyClick(panel.view, key)
        assert panel.view.divider == pytest.approx(place)
    qtbot.keyClick(panel.view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert panel.view.divider == pytest.approx(0.4)
    for _ in range(9):
        qtbot.keyClick(panel.view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert panel.view.divider == 0.0  # and it goes no further
    assert "Divider at 0%" in panel.view.accessibleDescription()


def test_the_divider_stays_at_hand_when_one_zooms_in(panel):
    panel.view.zoom_to(40.0, None)
    x = panel.view.mode.place(panel.view)
    assert 0 < x < panel.view.width()


# --- the other ways --------------------------------------------------------------------------------------------------


def test_side_by_side_shows_all_at_the_same_place_and_zoom(panel, qtbot):
    green = (10, 180, 40)
    pictures = [Shown(name, plain(colour)) for name, colour in (("a", RED), ("b", BLUE), ("c", green), ("d", RED))]
    panel.show_pictures(pictures)
    panel.modes["side"].click()
    view = panel.view
    view.zoom_by(2)
    view.pan(QPointF(13, 5))
    offsets = {(view.place(pane).left() - pane.left(), view.place(pane).top() - pane.top()) for pane in view.panes()}
    assert len(view.panes()) == 4 and len({(round(x), round(y)) for x, y in offsets}) == 1
    for pane, colour in zip(view.panes(), (RED, BLUE, green, RED), strict=True):
        assert colour_at(panel, pane.center().x(), pane.center().y()) == colour


def test_blinking_changes_the_picture_by_itself_and_stops_when_hidden(panel, qtbot):
    panel.modes["blink"].click()
    middle = seen(panel).center()
    assert colour_at(panel, middle.x(), middle.y()) == RED
    qtbot.waitUntil(lambda: colour_at(panel, middle.x(), middle.y()) == BLUE)
    panel.hide()
    assert not panel.view._blink.isActive()
    panel.show()
    panel.modes["divider"].click()
    assert not panel.view._blink.isActive()


def test_the_lens_shows_the_first_picture_where_the_mouse_is(panel, qtbot):
    panel.modes["lens"].click()
    box = seen(panel)
    at = QPoint(round(box.left() + box.width() / 4), round(box.center().y()))
    QTest.mouseMove(panel.view, at)
    assert colour_at(panel, at.x(), at.y()) == RED
    assert colour_at(panel, box.right() - 20, box.center().y()) == BLUE
    for _ in range(20):  # and with the keys
        qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    assert colour_at(panel, at.x(), at.y()) == BLUE


def test_the_difference_is_measured(panel, qtbot):
    other = plain(RED)
    other[10, 20] = (0, 20, 10)
    panel.show_pictures([Shown("Before", plain(RED)), Shown("After", other)])
    panel.modes["difference"].click()
    qtbot.waitUntil(lambda: panel.view.difference is not None, timeout=20_000)
    assert "200 at most" in panel.view.difference.name
    place = panel.view.place(panel.view.room())
    panel.view.zoom_to(16.0, place.topLeft() + QPointF(20.5, 10.5) * panel.view.zoom())
    place = panel.view.place(panel.view.room())
    assert colour_at(panel, place.left() + 20.5 * 16, place.top() + 10.5 * 16) == (255, 255, 220)
    assert colour_at(panel, place.left() + 25.5 * 16, place.top() + 10.5 * 16) == (0, 0, 0)


def test_the_difference_of_two_sizes_is_to_the_enlarged_one():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (12, 16, 3), np.uint8)
    from PIL import Image

    large = np.asarray(Image.fromarray(small).resize((64, 48), Image.Resampling.BICUBIC))
    assert difference_of(small, large)[2] == "No difference at all"
    other = rng.integers(0, 256, (48, 64, 3), np.uint8)
    expected = np.abs(large.astype(int) - other.astype(int)).max(axis=2)
    np.testing.assert_array_equal(distances(small, other), expected)


def test_the_space_key_held_shows_the_first_alone(panel, qtbot):
    middle = seen(panel).center()
    panel.modes["lens"].click()
    qtbot.keyPress(panel.view, Qt.Key.Key_Space)
    assert colour_at(panel, seen(panel).right() - 20, middle.y()) == RED
    qtbot.keyRelease(panel.view, Qt.Key.Key_Space)
    assert colour_at(panel, seen(panel).right() - 20, middle.y()) == BLUE


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.id)
def test_letters_choose_the_way_and_the_buttons_follow(panel, qtbot, mode):
    qtbot.keyClick(panel.view, Qt.Key(getattr(Qt.Key, f"Key_{mode.key}")))
    assert panel.view.mode is mode and panel.modes[mode.id].isChecked()


def test_one_picture_alone_is_shown_as_it_is(panel):
    panel.show_pictures([Shown("Before", plain(RED))])
    box = seen(panel)
    assert colour_at(panel, box.right() - 20, box.center().y()) == RED
    assert not panel.modes["side"].isEnabled() and panel.fit_button.isEnabled()


# --- zoom and place --------------------------------------------------------------------------------------------------


def test_what_is_under_the_mouse_stays_there_when_the_wheel_turns(panel):
    view = panel.view
    view.show_pictures([Shown("a", plain(RED, 400, 600)), Shown("b", plain(BLUE, 400, 600))])
    at = QPoint(round(seen(panel).left()) + 100, round(seen(panel).top()) + 90)

    def under():
        place = view.place(view.room())
        return (at.x() - place.left()) / place.width(), (at.y() - place.top()) / place.height()

    before, zoom = under(), view.zoom()
    turn(view, at, 3)
    assert view.zoom() > 2 * zoom
    assert under() == pytest.approx(before, abs=2 / 600)
    turn(view, at, -3)
    assert under() == pytest.approx(before, abs=2 / 600)


def test_a_drag_moves_the_picture_and_a_double_click_fits_again(panel):
    view, box = panel.view, seen(panel)
    at = QPoint(round(box.left()) + 40, round(box.center().y()))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(view, at + QPoint(25, -15))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + QPoint(25, -15))
    assert view.place(view.room()).topLeft() == box.topLeft() + QPointF(25, -15)
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert seen(panel) == box


def test_keys_zoom_pan_and_fit(panel, qtbot):
    view, fitting = panel.view, panel.view.zoom()
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoom() > fitting
    qtbot.keyClick(view, Qt.Key.Key_1)
    assert view.zoom() == 1.0
    before = view.place(view.room()).left()
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert view.place(view.room()).left() < before  # one looks further right
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.zoom() == fitting


def test_a_picture_of_four_times_the_size_lies_on_the_small_one(panel, qtbot):
    """The same part of both is seen, and zoom and place stay when the larger one comes."""
    small = np.zeros((40, 60, 3), np.uint8)
    small[10:20, 30:45] = 255
    large = small.repeat(4, axis=0).repeat(4, axis=1)
    panel.show_pictures([Shown("Before", small)])
    panel.view.zoom_to(32.0, None)
    panel.view.pan(QPointF(70, 30))
    before = panel.view.grab().toImage()
    panel.show_pictures([Shown("Before", small), Shown("After", large)])
    assert panel.view.zoom() == 8.0
    panel.modes["difference"].click()
    panel.modes["lens"].click()
    after = panel.view.grab().toImage()
    x, y = (np.array(panel.view.size().toTuple()) * (0.6, 0.7)).astype(int)
    assert before.pixelColor(int(x), int(y)) == after.pixelColor(int(x), int(y))


def test_another_result_of_the_same_picture_keeps_the_place_and_another_picture_is_fitted(panel):
    view = panel.view
    view.zoom_to(11.0, None)
    panel.show_pictures([Shown("Before", plain(RED)), Shown("Another", plain(BLUE))])
    assert view.zoom() == 11.0
    panel.show_pictures([Shown("Before", plain(RED, 50, 50)), Shown("Another", plain(BLUE, 50, 50))])
    assert view.zoom() == view._fitting()


def test_one_picture_twice_keeps_both_names(panel):
    pixels = plain(RED)
    panel.show_pictures([Shown("One", pixels), Shown("Two", pixels)])
    panel.show_pictures([Shown("Three", pixels), Shown("Four", pixels)])
    assert [one.name for one in panel.view.pictures] == ["Three", "Four"]


def test_the_values_under_the_mouse_are_told(panel):
    box = seen(panel)
    QTest.mouseMove(panel.view, QPoint(round(box.left()) + 2, round(box.top()) + 2))
    assert panel.told.text() == "0, 0: 200 20 10 → 10 30 210"
    QTest.mouseMove(panel.view, QPoint(1, 1))
    assert panel.told.text() == ""


def test_what_is_clear_shows_squares_and_what_is_half_clear_is_mixed(panel):
    clear = np.zeros((64, 96, 4), np.uint8)
    clear[..., 0], clear[32:, :, 3] = 200, 255
    panel.show_pictures([Shown("Before", clear)])
    box = seen(panel)
    assert len({colour_at(panel, box.left() + x, box.top() + 40) for x in range(30, 60)}) == 2
    assert colour_at(panel, box.center().x(), box.bottom() - 20) == (200, 0, 0)


# --- pictures in halves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width", "channels"), [(700, 513, 3), (600, 601, 1), (300, 1025, 4), (5, 3, 3)])
def test_each_level_is_the_mean_of_the_one_before(height, width, channels):
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, channels), np.uint8)
    levels = levels_of(pixels)
    assert max(levels[-1].shape[:2]) <= 256
    for upper, lower in itertools.pairwise(levels):
        padded = np.pad(upper, ((0, upper.shape[0] % 2), (0, upper.shape[1] % 2), (0, 0)), "edge").astype(float)
        mean = padded.reshape(lower.shape[0], 2, lower.shape[1], 2, 4).mean(axis=(1, 3))
        assert np.abs(mean - lower).max() <= 0.5
    if channels == 3:
        np.testing.assert_array_equal(levels[0][..., 2::-1], pixels)


def painted(pyramid, place, size=(200, 150)) -> np.ndarray:
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    pyramid.paint(painter, place, QRectF(0, 0, *size), smooth=False)
    painter.end()
    bits = np.frombuffer(image.constBits(), np.uint8).reshape(size[1], image.bytesPerLine() // 4, 4)
    return bits[:, : size[0], 2::-1].copy()


def test_enlarged_pixels_are_crisp_and_exact():
    pixels = np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8)
    pyramid = Pyramid(pixels)
    for grow in (False, True):
        if grow:
            pyramid.grow(levels_of(pixels))
        found = painted(pyramid, QRectF(-37, -20, 40 * 9, 30 * 9))
        y, x = np.mgrid[0:150, 0:200]
        np.testing.assert_array_equal(found, pixels[(y + 20) // 9, (x + 37) // 9])


@pytest.mark.parametrize("shrink", [2, 4, 8])
def test_a_shrunk_picture_is_the_mean_not_a_choice(shrink):
    pixels = np.random.default_rng(3).integers(0, 256, (150 * shrink, 200 * shrink, 3), np.uint8)
    pyramid = Pyramid(pixels)
    pyramid.grow(levels_of(pixels))
    found = painted(pyramid, QRectF(0, 0, 200, 150)).astype(float)
    mean = pixels.reshape(150, shrink, 200, shrink, 3).mean(axis=(1, 3))
    assert np.abs(found - mean).max() <= np.log2(shrink)


def test_halving_is_right_for_a_single_row():
    np.testing.assert_array_equal(halved(np.full((1, 3, 4), 7, np.uint8)), np.full((1, 2, 4), 7))


def test_a_picture_of_8192_pixels_pans_at_once(panel, qtbot):
    """Against the same in small: the cost is that of what is seen, not of what there is."""
    view = panel.view

    def cost(side):
        pictures = [Shown(name, np.zeros((side, side, 3), np.uint8)) for name in "ab"]
        panel.show_pictures(pictures, fit=True)
        grown(panel, qtbot)
        times = []
        for zoom in (0.0, 0.3, 1.0, 3.0):
            view.fit() if not zoom else view.zoom_to(zoom, None)
            for _ in range(4):
                view.pan(QPointF(3, 2))
                begun = time.thread_time()  # of the processor: others may have it meanwhile
                view.repaint()
                times.append(time.thread_time() - begun)
        return sorted(times)[len(times) // 2]

    small, huge = cost(1024), cost(8192)
    gc.collect()
    assert huge < 6 * small + 0.02
