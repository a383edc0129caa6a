from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from gan_studio.gui import theme
from gan_studio.gui.widgets.curves import CurvesView
from gan_studio.gui.widgets.editors import NumberBox
from gan_studio.gui.widgets.image_grid import GAP, ImageGrid, stepped_zoom, tile, to_image
from gan_studio.gui.widgets.notice import Notices
from gan_studio.gui.widgets.points import PointsView, heat_map
from gan_studio.gui.widgets.points_editor import PointsEditor
from gan_studio.gui.widgets.preset_list import PresetList
from gan_studio.gui.widgets.toggle import Toggle
from gan_studio.presets import Preset

RNG = np.random.default_rng(0)


def show(qtbot, widget: QWidget, width: int = 400, height: int = 400) -> QWidget:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def pixels(image: QImage) -> np.ndarray:
    """[H, W, 3] of RGB."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def wheel(widget: QWidget, at: QPointF, amount: int) -> None:
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    modifiers = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QWheelEvent(at, at, QPoint(), QPoint(0, amount), none, modifiers, phase, False))


def drag(qtbot, widget: QWidget, places: list[QPoint], button=Qt.MouseButton.LeftButton) -> None:
    qtbot.mousePress(widget, button, pos=places[0])
    for place in places[1:]:
        at = QPointF(place)
        modifiers = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, at, at, Qt.MouseButton.NoButton, button, modifiers)
        QApplication.sendEvent(widget, event)
    qtbot.mouseRelease(widget, button, pos=places[-1])


# --- toggles ----------------------------------------------------------------------------------------------------------


def test_a_pressed_toggle_stands_out_in_both_themes(qtbot, qapp):
    toggle = Toggle("Follow", "Why.")
    qtbot.addWidget(toggle)
    for choice in ("light", "dark", "light"):
        theme.apply(qapp, choice)
        toggle.setChecked(True)
        accent = QApplication.palette().color(QPalette.ColorRole.Accent)
        assert toggle.palette().color(QPalette.ColorRole.Button).hue() == accent.hue()
        toggle.setChecked(False)
        assert toggle.palette().color(QPalette.ColorRole.Button) == QApplication.palette().button().color()


# --- pictures --------------------------------------------------------------------------------------------------------


def test_pictures_at_one_to_one_are_exact(qtbot):
    images = RNG.integers(0, 256, (4, 60, 90, 3), np.uint8)
    grid = show(qtbot, ImageGrid(), 2 * 90 + GAP + 16, 2 * 60 + GAP + 16)
    grid.show_images(images)
    assert grid.zoom() == 1
    shot, target = pixels(grid.grab().toImage()), grid.target().toRect()
    for i, picture in enumerate(images):
        y, x = target.y() + i // 2 * (60 + GAP), target.x() + i % 2 * (90 + GAP)
        np.testing.assert_array_equal(shot[y : y + 60, x : x + 90], picture)


def test_small_pictures_are_enlarged_in_whole_pixels(qtbot):
    picture = RNG.integers(0, 256, (1, 8, 8, 3), np.uint8)
    grid = show(qtbot, ImageGrid(), 16 + 8 * 5 + 3, 200)
    grid.show_images(picture)
    assert grid.zoom() == 7 or grid.zoom() == 5 or grid.width() > 59
    zoom, target = int(grid.zoom()), grid.target().toRect()
    shot = pixels(grid.grab().toImage())[target.y() : target.y() + 8 * zoom, target.x() : target.x() + 8 * zoom]
    np.testing.assert_array_equal(shot, picture[0].repeat(zoom, 0).repeat(zoom, 1))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiles_are_in_reading_order(channels):
    images = RNG.integers(0, 256, (5, 3, 4, channels), np.uint8)
    shot = pixels(to_image(tile(images, columns=2, gap=1)))
    assert shot.shape == (3 * 4 - 1, 2 * 5 - 1, 3)
    for i, picture in enumerate(images):
        y, x = i // 2 * 4, i % 2 * 5
        expected = picture[..., :3] if channels >= 3 else picture.repeat(3, axis=2)
        np.testing.assert_array_equal(shot[y : y + 3, x : x + 4], expected)


def test_zoom_steps():
    assert [stepped_zoom(1, n) for n in (1, 2, 3, 4, -1, -2, -99)] == [2, 3, 4, 6, 0.5, 0.25, 1 / 16]
    assert stepped_zoom(64, 1) == 64


def test_the_wheel_zooms_around_the_mouse_and_a_double_click_fits(qtbot):
    grid = show(qtbot, ImageGrid())
    grid.show_images(RNG.integers(0, 256, (4, 64, 64, 3), np.uint8))
    fitting, at = grid.zoom(), QPointF(120, 150)

    def under_mouse() -> np.ndarray:
        target = grid.target()
        return np.array([at.x() - target.x(), at.y() - target.y()]) / grid.zoom()

    before = under_mouse()
    wheel(grid, at, 120)
    assert grid.zoom() == stepped_zoom(fitting, 1)
    np.testing.assert_allclose(under_mouse(), before, atol=0.5)
    place = grid.target().topLeft()
    drag(qtbot, grid, [QPoint(50, 50), QPoint(60, 55), QPoint(70, 65)])
    assert (grid.target().topLeft() - place).toPoint() == QPoint(20, 15)
    qtbot.mouseDClick(grid, Qt.MouseButton.LeftButton)
    assert grid.zoom() == fitting
    qtbot.keyClick(grid, "+")
    assert grid.zoom() == stepped_zoom(fitting, 1)


def test_large_pictures_are_made_smaller_to_fit(qtbot):
    grid = show(qtbot, ImageGrid(), 200, 200)
    grid.show_images(np.full((1, 1000, 1000, 3), 200, np.uint8))
    assert grid.zoom() == pytest.approx(184 / 1000)
    assert grid.target().width() <= 185


def test_pictures_are_copied_and_saved(qtbot, monkeypatch, tmp_path):
    grid = show(qtbot, ImageGrid())
    menu = grid.menu()
    assert not menu.actions()[0].isEnabled()
    images = RNG.integers(0, 256, (1, 5, 7, 3), np.uint8)
    grid.show_images(images)
    grid.copy()
    np.testing.assert_array_equal(pixels(QApplication.clipboard().image()), images[0])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "picture"), ""))
    grid.save_as()
    np.testing.assert_array_equal(pixels(QImage(str(tmp_path / "picture.png"))), images[0])
    menu.close()


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("enabled", [True, False])
def test_empty_views_say_what_will_be_here(qtbot, choice, enabled):
    theme.apply(QApplication.instance(), choice)
    for view in (ImageGrid("Nothing yet. " * 9), PointsView("Nothing yet. " * 9), CurvesView(), PresetList()):
        show(qtbot, view, 240, 200)
        view.setEnabled(enabled)
        shot = pixels(view.grab().toImage()).astype(int)
        assert np.abs(shot - shot[90, 5]).max(axis=2).max() > 60  # something is written
    theme.apply(QApplication.instance(), "light")


# --- points ----------------------------------------------------------------------------------------------------------


def test_points_lie_where_they_are(qtbot):
    view = show(qtbot, PointsView(), 400, 460)
    view.show_real(np.array([[1.0, 1.0], [-1.0, -1.0], [np.nan, 0]]))
    plane = view.plane
    x, y = plane.to_pixels(np.array([[1.0, 1.0]]))[0]
    assert x > plane.square().center().x() and y < plane.square().center().y()  # y goes up
    shot = pixels(plane.grab().toImage()).astype(int)
    green = np.array(theme.colours().third.getRgb()[:3])
    assert np.abs(shot[int(y), int(x)] - green).max() < 60
    view.boxes["real"].click()
    shot = pixels(plane.grab().toImage()).astype(int)
    assert np.abs(shot[int(y), int(x)] - green).max() > 60


def test_the_landscape_is_blue_where_d_sees_real(qtbot):
    logits = np.linspace(-4, 4, 32)[:, None].repeat(32, 1)  # row 0, at the bottom, is fake
    picture = pixels(heat_map(logits, theme.colours())).astype(int)
    assert picture[0, 0, 2] > picture[0, 0, 0] and picture[-1, 0, 0] > picture[-1, 0, 2]
    view = show(qtbot, PointsView(), 400, 460)
    view.show_landscape(logits, 3.0)
    view.show_generated(np.zeros((6000, 2)))
    assert view.plane.extent == 3.0 and len(view.plane._points["generated"]) == 5000
    view.grab()
    view.clear()
    assert view.plane._heat is None


def test_axes_are_equal(qtbot):
    view = show(qtbot, PointsView(), 600, 300)
    view.show_landscape(np.zeros((4, 4)), 2.0)
    a, b, c = view.plane.to_pixels(np.array([[0, 0], [1, 0], [0, 1.0]]))
    assert b[0] - a[0] == pytest.approx(a[1] - c[1])


def test_points_are_drawn_and_erased_with_the_mouse(qtbot):
    editor = show(qtbot, PointsEditor(), 260, 300)
    canvas = editor.canvas
    places = [canvas.to_pixel(p).toPoint() for p in ((-1, 0), (0, 0), (1, 0.5))]
    with qtbot.waitSignal(editor.edited) as told:
        drag(qtbot, canvas, places)
    assert np.allclose(told.args[0], [(-1, 0), (0, 0), (1, 0.5)], atol=0.03)
    with qtbot.waitSignal(editor.edited) as told:
        qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=places[1])
    assert len(told.args[0]) == 2
    with qtbot.waitSignal(editor.edited):
        canvas.setFocus()
        qtbot.keyClick(canvas, Qt.Key.Key_Space)  # at the cross
    assert editor.points()[-1] == (0.0, 0.0)
    drag(qtbot, canvas, [places[0], QPoint(9999, -9999)])
    assert editor.points()[-1] == (2.0, 2.0)  # held inside
    with qtbot.waitSignal(editor.edited):
        qtbot.mouseClick(editor.clear_button, Qt.MouseButton.LeftButton)
    assert editor.points() == [] and not editor.clear_button.isEnabled()


def test_setting_points_is_silent(qtbot):
    editor = show(qtbot, PointsEditor(), 260, 300)
    with qtbot.assertNotEmitted(editor.edited):
        editor.set_points([[1, 2], (0, 0)])
    assert editor.points() == [(1.0, 2.0), (0.0, 0.0)]


# --- notices ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def notices_stay():
    """Not here: this is where they go."""


def test_information_goes_and_errors_stay(qtbot):
    window = show(qtbot, QWidget(), 600, 500)
    notices = Notices(window)
    info = notices.show_notice("Saved.")
    error = notices.show_notice("The disk is full.", "error", details="OSError: 28")
    assert info.timer.isActive() and info.timer.interval() == 6000 and not error.timer.isActive()
    info.timer.timeout.emit()
    assert notices.bars == [error] and notices.isVisible()
    error.details_button.click()
    assert error.details_view.isVisible()
    error.copy_button.click()
    assert QApplication.clipboard().text() == "The disk is full.\n\nOSError: 28"
    error.close_button.click()
    assert notices.bars == [] and notices.isHidden()


def test_notices_lie_at_the_lower_right_and_stay_there(qtbot):
    window = show(qtbot, QWidget(), 600, 500)
    notices = Notices(window)
    for i in range(7):
        notices.show_notice(f"Warning {i}. " + "A long sentence. " * 10, "warning")
    assert len(notices.bars) == 4 and "Warning 6" in notices.bars[-1].text
    for size in ((600, 500), (900, 700)):
        window.resize(*size)
        assert notices.geometry().right() < size[0] and notices.geometry().right() > size[0] - 24
        assert notices.geometry().bottom() < size[1] and notices.geometry().top() >= 0
    notices.show_notice("Warning 6. " + "A long sentence. " * 10, "warning")
    assert len(notices.bars) == 4  # the same again is one
    notices.clear()


def test_an_action_is_called_once_and_closes(qtbot, assert_named):
    window = show(qtbot, QWidget(), 600, 500)
    notices, calls = Notices(window), []
    bar = notices.show_notice("Out of memory.", "error", "trace", action=("Halve the batch", lambda: calls.append(1)))
    assert_named(window)
    qtbot.mouseClick(bar.action_button, Qt.MouseButton.LeftButton)
    assert calls == [1] and not notices.bars


# --- presets ---------------------------------------------------------------------------------------------------------

PRESETS = [
    Preset("dcgan", "DCGAN on avatars", {}, "Radford et al. 2016", expect="Faces after a minute.", minutes=4),
    Preset("ring", "WGAN-GP on a ring " * 4, {}, "Gulrajani et al. 2017", minutes=1),
    Preset("mine", "Mine", {}, own=True),
]


def test_a_click_chooses_a_preset(qtbot):
    listed = show(qtbot, PresetList(), 300, 400)
    listed.set_presets(PRESETS)
    with qtbot.assertNotEmitted(listed.chosen):
        listed.set_current("dcgan")
    place = listed.view.visualRect(listed.cards.index(1)).center()
    with qtbot.waitSignal(listed.chosen) as told:
        qtbot.mouseClick(listed.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["ring"] and listed.current() == "ring"


def test_a_click_on_the_preset_in_use_brings_it_back(qtbot, monkeypatch):
    listed = show(qtbot, PresetList(), 300, 400)
    listed.set_presets(PRESETS)
    told, now = [], time.monotonic()
    listed.chosen.connect(told.append)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    listed._choose(listed.cards.index(1))
    listed._choose(listed.cards.index(1))  # the same click as an activation
    assert told == ["ring"]
    monkeypatch.setattr(time, "monotonic", lambda: now + 1)
    listed._choose(listed.cards.index(1))
    assert told == ["ring", "ring"]


@pytest.mark.parametrize(
    ("typed", "whole", "number"),
    [("20,000", True, 20_000), ("-1,234,567", True, -1_234_567), ("2,5", False, 2.5), ("20,000", False, 20.0)],
)
def test_commas_of_thousands_and_of_fractions(qtbot, typed, whole, number):
    box = show(qtbot, NumberBox(whole))
    box.lineEdit().setText(typed)
    box.commit()
    assert box.value() == number


def test_presets_are_chosen_by_keyboard_and_told_to_screen_readers(qtbot):
    listed = show(qtbot, PresetList(), 300, 400)
    listed.set_presets(PRESETS)
    listed.set_current("dcgan")
    listed.view.setFocus()
    qtbot.keyClick(listed.view, Qt.Key.Key_Down)
    with qtbot.waitSignal(listed.chosen) as told:
        qtbot.keyClick(listed.view, Qt.Key.Key_Return)
    assert told.args == ["ring"]
    spoken = listed.cards.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "DCGAN on avatars. Radford et al. 2016 · 4 min. Faces after a minute."


def test_the_filter_narrows_and_keeps_the_current(qtbot):
    listed = show(qtbot, PresetList(), 300, 400)
    listed.set_presets(PRESETS)
    listed.set_current("ring")
    qtbot.keyClicks(listed.filter, "gulrajani ring")
    assert [p.id for p in listed.cards.presets] == ["ring"] and listed.view.currentIndex().row() == 0
    qtbot.keyClicks(listed.filter, "xyz")
    assert listed.nothing.isVisible() and not listed.view.isVisible()
    listed.filter.clear()
    listed.set_presets(PRESETS[1:])
    assert listed.view.currentIndex().row() == 0 and listed.current() == "ring"


def test_the_card_in_use_is_larger_and_thumbnails_are_shown(qtbot, tmp_path):
    red = QImage(64, 32, QImage.Format.Format_RGB32)
    red.fill(Qt.GlobalColor.red)
    red.save(str(tmp_path / "red.png"))
    with_picture = Preset("red", "Red", {}, expect="It is red. " * 40, path=tmp_path / "red.toml")
    listed = show(qtbot, PresetList(), 300, 400)
    listed.set_presets([with_picture, *PRESETS])
    index = listed.cards.index(0)
    small = listed.view.visualRect(index).height()
    listed.set_current("red")
    qtbot.waitUntil(lambda: listed.view.visualRect(index).height() > small + 30)
    shot = pixels(listed.view.viewport().grab().toImage())
    assert (shot[8:64, 8:64] == [255, 0, 0]).all(axis=2).mean() > 0.9


# --- everyone --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ImageGrid, PointsView, PresetList, PointsEditor])
def test_every_control_of_a_widget_has_a_name(qtbot, assert_named, make):
    widget = show(qtbot, make())
    assert_named(widget)


class Bell(QObject):
    rung = Signal(int)


def test_qt_keeps_its_references(qtbot):
    """PySide6 6.12.0 on Python 3.10 and 3.11 gives references to None away and aborts after some seconds."""
    bell, heard = Bell(), []
    bell.rung.connect(heard.append)
    grid = show(qtbot, ImageGrid(), 120, 120)
    grid.show_images(np.zeros((1, 8, 8, 3), np.uint8))

    def work() -> None:
        for i in range(2000):
            bell.rung.emit(i)
        for _ in range(1000):
            grid.repaint()

    work()  # what is made once is made here
    before = sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False)
    work()
    after = sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False)
    assert len(heard) == 4000
    assert all(abs(a - b) < 500 for a, b in zip(after, before, strict=True)), (before, after)
