"""The timeline as a user moves it, and the frames that it reads of a run."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtWidgets import QApplication, QSlider, QWidget

from gan_studio.gui import theme
from gan_studio.gui.train import frame_reader
from gan_studio.gui.train.frame_reader import FrameReader, Wishes
from gan_studio.gui.train.playback import Playback
from gan_studio.gui.train.results_panel import ResultsPanel
from gan_studio.gui.widgets import timeline as timeline_module
from gan_studio.gui.widgets.curves import CurvesView
from gan_studio.gui.widgets.points import PointsView
from gan_studio.gui.widgets.series import Series
from gan_studio.gui.widgets.timeline import EDGE, Timeline, nearest
from gan_studio.jobs import frames
from gan_studio.jobs.events import Landscape, Samples
from gan_studio.jobs.frames import Frame, frame_steps, read_frame
from gan_studio.plane import pulled
from gan_studio.runs import create

STEPS = list(range(0, 1001, 100))


def show(qtbot, widget: QWidget, width: int = 900, height: int = 40) -> QWidget:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def line(qtbot):
    line = show(qtbot, Timeline())
    line.draw_icons()
    line.set_steps(STEPS)
    line.set_checkpoints([0, 500])
    line.told = []
    line.moved.connect(line.told.append)
    line.live_wanted.connect(lambda: line.told.append("live"))
    return line


# --- the widget ------------------------------------------------------------------------------------------------------


def test_before_anything_is_drawn_nothing_can_be_moved(qtbot, assert_named):
    line = show(qtbot, Timeline("Nothing here yet."))
    assert line.step() is None and line.is_live and not line.is_playing
    for control in (line.track, line.play_button, line.speed, line.loop, line.live_button, line.branch_button):
        assert not control.isEnabled()
        assert control.toolTip() or control is line.track
    assert line.track.accessibleDescription() == "Nothing here yet."
    line.go_to(5)
    line.play()
    line.go_live()
    line.branch_here()
    line.set_steps([3])
    assert line.step() == 3 and not line.play_button.isEnabled()
    assert_named(line)


def test_the_keyboard_moves_it(line, qtbot):
    press = lambda key: qtbot.keyClick(line.track, key)  # noqa: E731
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_PageUp)
    press(Qt.Key.Key_Left)
    press(Qt.Key.Key_End)
    assert line.told == [0, 100, 200, 100, "live"]
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_Space)
    assert line.is_playing
    press(Qt.Key.Key_Space)
    assert not line.is_playing


def test_a_click_and_a_drag_go_to_the_nearest_step(line, qtbot):
    at = lambda step: QPoint(round(line.track.x_of(step)), 14)  # noqa: E731
    qtbot.mouseClick(line.track, Qt.MouseButton.LeftButton, pos=at(330))
    assert line.told == [300] and line.step() == 300
    qtbot.mousePress(line.track, Qt.MouseButton.LeftButton, pos=at(300))
    for step in (420, 610, 640):
        qtbot.mouseMove(line.track, at(step))
    qtbot.mouseRelease(line.track, Qt.MouseButton.LeftButton, pos=at(640))
    assert line.told == [300, 400, 600]
    qtbot.mouseClick(line.track, Qt.MouseButton.LeftButton, pos=QPoint(line.track.width() - EDGE, 14))
    assert line.told[-1] == "live"
    qtbot.mouseClick(line.track, Qt.MouseButton.RightButton, pos=at(0))
    assert line.is_live


def test_the_wheel_moves_it(line):
    place, none = QPointF(20, 14), Qt.MouseButton.NoButton
    for amount in (-120, 120):
        event = QWheelEvent(
            place,
            place,
            QPoint(),
            QPoint(0, amount),
            none,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(line.track, event)
    assert len(line.told) == 2 and line.told[-1] == "live"


def test_live_it_follows_and_scrubbed_back_it_stays(line):
    line.add_step(1100)
    assert line.step() == 1100 and line.is_live and line.told == []
    line.go_to(420)
    line.add_step(1200)
    assert line.step() == 400 and line.told == [400] and not line.is_live
    line.live_button.click()
    assert line.told == [400, "live"] and line.step() == 1200
    line.live_button.click()  # again: the button stays down
    assert line.told == [400, "live"] and line.live_button.isChecked()


def test_a_run_that_goes_back_takes_steps_with_it(line):
    line.go_to(900)
    line.add_step(650)
    assert line.track.steps == [0, 100, 200, 300, 400, 500, 600, 650]
    assert line.step() == 650  # the nearest that is left


def test_the_button_says_live_while_something_trains(line):
    assert line.live_button.text() == "Newest"
    line.set_training(True)
    assert line.live_button.text() == "Live" and line.live_button.isChecked()
    line.go_to(0)
    assert not line.live_button.isChecked() and line.live_button.isEnabled()


@pytest.mark.parametrize(("step", "checkpoint"), [(0, 0), (400, 0), (500, 500), (900, 500), (1000, 700)])
def test_one_branches_from_the_newest_checkpoint_before(line, qtbot, step, checkpoint):
    line.set_checkpoints([0, 500, 700] if step == 1000 else [0, 500])
    line.go_to(step)
    assert line.checkpoint() == checkpoint
    assert line.branch_button.text() == f"Branch at {checkpoint:,}" and line.track.origin == checkpoint
    named = "newest checkpoint" if line.is_live else f"nearest checkpoint before step {step:,}"
    assert named in line.branch_button.toolTip() or checkpoint == step
    with qtbot.waitSignal(line.branch_wanted) as told:
        line.branch_button.click()
    assert told.args == [checkpoint if line.is_live else step]


def test_at_the_right_end_one_branches_from_the_newest_of_all(line, qtbot):
    line.set_checkpoints([500, 1040])  # the last checkpoint is later than the last samples
    with qtbot.waitSignal(line.branch_wanted) as told:
        line.branch_here()
    assert told.args == [1040]
    line.set_checkpoints([500])
    line.go_to(100)
    assert not line.branch_button.isEnabled() and "no checkpoint" in line.branch_button.toolTip()


def test_the_line_keeps_its_width_as_one_moves_over_checkpoints(line):
    line.set_steps(list(range(0, 100_001, 100)))
    line.set_checkpoints([0, 900, 20_000, 99_900])
    widths = set()
    for step in (100, 1000, 30_000, 99_950):
        line.go_to(step)
        line.grab()  # lays it out
        widths.add(line.track.width())
    assert len(widths) == 1


def test_a_time_lapse_plays_to_its_end(line, qtbot):
    line.speed.setCurrentIndex(line.speed.findText("30/s"))
    with qtbot.waitSignal(line.live_wanted, timeout=5000):
        line.play_button.click()
        assert line.is_playing and line.step() == 0
        assert line.play_button.accessibleName().startswith("Pause")
    assert not line.is_playing
    assert line.told[0] == 0 and line.told[:-1] == sorted(line.told[:-1])


def test_it_begins_again_where_it_is_to(line, qtbot):
    line.speed.setCurrentIndex(line.speed.findText("30/s"))
    line.loop.setChecked(True)
    line.play()
    qtbot.waitUntil(lambda: line.told.count(0) > 1, timeout=5000)
    line.pause()
    assert not line.is_playing


def test_a_long_training_in_ten_seconds(line, monkeypatch):
    """Frames are passed over as the clock demands, and a stall of the window makes no jump."""
    line.set_steps(list(range(2000)))
    line.speed.setCurrentIndex(line.speed.count() - 1)
    assert line.frames_per_second() == 200
    now = [0.0]
    monkeypatch.setattr(timeline_module.time, "monotonic", lambda: now[0])
    line.play()
    for _ in range(300):
        now[0] += 1 / 30
        line._play_on()
    assert line.step() == pytest.approx(2000, abs=8)
    line.go_to(0)
    line.play()
    now[0] += 60
    line._play_on()
    assert line.step() <= 50


def test_moving_by_hand_stops_the_play(line):
    line.play()
    line.go_to(300)
    assert not line.is_playing


def test_it_tells_what_lies_beneath_the_mouse(line):
    line.set_changes([730])
    words = {step: line.track.words_at(line.track.x_of(step)) for step in (500, 730, 280)}
    assert words == {
        500: "Step 500: a checkpoint to branch from",
        730: "Step 730: a setting was changed",
        280: "Step 300",
    }


def test_it_is_a_slider_for_screen_readers(line):
    assert isinstance(line.track, QSlider)
    line.go_to(300)
    interface = QAccessible.queryAccessibleInterface(line.track)
    assert interface.role() == QAccessible.Role.Slider
    assert interface.text(QAccessible.Text.Description) == "Step 300"


@pytest.mark.parametrize("count", [1, 2, 50, 5000])
def test_it_is_painted_in_both_themes(qtbot, qapp, count):
    line = show(qtbot, Timeline(), 500)
    line.set_steps(list(range(count)))
    line.set_checkpoints([0])
    line.set_changes([0])
    for choice in ("dark", "light"):
        theme.apply(qapp, choice)
        assert not line.grab().toImage().isNull()


def test_nearest():
    assert [nearest([0, 10, 40], step) for step in (-5, 4, 6, 24, 26, 99)] == [0, 0, 1, 1, 2, 2]


# --- reading frames --------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    """Twenty grids, each of one grey that tells its step."""
    run = create(tmp_path, "A run", {})
    for step in range(20):
        Image.fromarray(np.full((6, 6), 10 * step, np.uint8)).save(run.folder / f"samples/step-{step:08d}.png")
    return run


@pytest.fixture
def reader(qtbot, run, request):
    owner = QWidget()
    qtbot.addWidget(owner)
    reader = FrameReader(owner)
    reader.open(run)
    reader.owner, reader.got = owner, []
    reader.read.connect(lambda step, frame: reader.got.append((step, frame and int(frame.array[0, 0, 0, 0]))))
    request.addfinalizer(reader.leave)
    return reader


def test_a_frame_comes_and_is_kept(reader, qtbot):
    reader.wish(7, [8, 9])
    qtbot.waitUntil(lambda: reader.got == [(7, 70)])
    qtbot.waitUntil(lambda: set(reader._cache) == {7, 8, 9})  # what is likely wished next was read too
    reader.wish(8, [])
    assert reader.got == [(7, 70), (8, 80)]  # at once


def test_the_newest_wish_wins(reader, qtbot, monkeypatch):
    """While one is read, the wishes that come replace each other; answers never go back."""
    gate = threading.Semaphore(0)

    def slow(run, step):
        gate.acquire(timeout=60)
        return read_frame(run, step)

    monkeypatch.setattr(frames, "read_frame", slow)
    for step in (1, 2, 3, 4, 5):
        reader.wish(step, [step + 10])
    gate.release(20)
    qtbot.waitUntil(lambda: (5, 50) in reader.got, timeout=10_000)
    qtbot.waitUntil(lambda: 15 in reader._cache, timeout=10_000)
    steps = [step for step, _ in reader.got]
    assert steps == sorted(steps) and len(steps) <= 2
    assert not {12, 13, 14} & set(reader._cache)  # nobody wished for these any more


def test_a_damaged_frame_is_told_as_missing(reader, run, qtbot):
    (run.folder / "samples/step-00000003.png").write_bytes(b"no")
    reader.wish(3, [])
    qtbot.waitUntil(lambda: reader.got == [(3, None)])


def test_a_read_that_fails_is_told_once_and_stalls_nothing(reader, qtbot, monkeypatch):
    def fails(run, step):
        if step < 5:
            raise MemoryError("none left")
        return read_frame(run, step)

    monkeypatch.setattr(frames, "read_frame", fails)
    told = []
    reader.failed.connect(told.append)
    for step in (1, 2, 7):  # each is answered, by what is left to say
        reader.wish(step, [])
        qtbot.waitUntil(lambda step=step: step in dict(reader.got))
    assert reader.got == [(1, None), (2, None), (7, 70)]
    qtbot.waitUntil(lambda: reader._worker is None)
    assert [type(error) for error in told] == [MemoryError]
    reader.open(reader.run)
    reader.wish(3, [])
    qtbot.waitUntil(lambda: len(told) == 2)


def test_another_run_forgets_the_first(reader, qtbot, tmp_path):
    other = create(tmp_path, "Another", {})
    Image.fromarray(np.full((6, 6), 99, np.uint8)).save(other.folder / "samples/step-00000001.png")
    reader.wish(1, [2])
    reader.open(other)
    reader.wish(1, [])
    qtbot.waitUntil(lambda: reader.got == [(1, 99)])


def test_steps_that_were_taken_back_are_read_anew(reader, run, qtbot):
    reader.wish(5, [4])
    qtbot.waitUntil(lambda: set(reader._cache) == {4, 5})
    Image.fromarray(np.full((6, 6), 1, np.uint8)).save(run.folder / "samples/step-00000005.png")
    reader.forget(4)
    reader.wish(5, [])
    qtbot.waitUntil(lambda: reader.got[-1] == (5, 1))


def test_the_cache_is_bounded(reader, monkeypatch):
    monkeypatch.setattr(frame_reader, "CACHE_BYTES", 40 * 6)
    for step in range(100):
        reader._keep(step, Frame(step, np.zeros((1, 6, 6, 1), np.uint8)))
    assert len(reader._cache) == 6 and max(reader._cache) == 99


def test_wishes_end_the_reader_when_nothing_comes(monkeypatch):
    monkeypatch.setattr(frame_reader, "LINGER_S", 0.01)
    wishes = Wishes()
    wishes.put((1, 5), [6, 7])
    assert [wishes.take() for _ in range(4)] == [(1, 5), (0, 6), (0, 7), None]
    wishes.put((2, 8), [])
    wishes.close()
    assert wishes.take() is None and not wishes.waiting()


# --- the timeline, the samples and the curves together ---------------------------------------------------------------


@pytest.fixture
def playback(qtbot, run, request):
    frame = show(qtbot, QWidget(), 900, 500)
    results, line, curves = ResultsPanel(frame), Timeline(parent=frame), CurvesView(frame)
    results.furnish()
    line.draw_icons()
    playback = Playback(line, results, curves, frame)
    request.addfinalizer(playback.leave)
    steps = frame_steps(run)
    playback.open(run, steps, read_frame(run, steps[-1]))
    playback.frame, playback.seen = frame, []
    playback.shown.connect(playback.seen.append)
    return playback


def grey(playback) -> int:
    return playback.results.generated.image().pixelColor(1, 1).red()


def test_the_past_is_shown_and_the_present_waits(playback, qtbot):
    cursors = []
    playback.curves.set_cursor = cursors.append
    assert grey(playback) == 190
    playback.timeline.go_to(4)
    qtbot.waitUntil(lambda: grey(playback) == 40)
    assert cursors == [4]
    new = np.full((1, 6, 6, 1), 222, np.uint8)
    playback.add(Samples(20, new))
    assert grey(playback) == 40 and playback.timeline.step() == 4
    playback.timeline.go_live()
    assert grey(playback) == 222 and cursors == [4, None]
    playback.add(Samples(21, new - 1))
    assert grey(playback) == 221


def test_going_live_is_not_overtaken_by_what_is_still_read(playback, qtbot, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(run, step):
        begun.set()
        go_on.wait(60)
        return read_frame(run, step)

    monkeypatch.setattr(frames, "read_frame", slow)
    playback.add(Samples(20, np.full((1, 6, 6, 1), 222, np.uint8)))
    playback.timeline.go_to(4)
    assert begun.wait(60)
    playback.timeline.go_live()
    go_on.set()
    qtbot.waitUntil(lambda: 4 in playback.reader._cache)
    assert grey(playback) == 222


def test_a_click_on_the_curves_moves_all(playback, qtbot):
    playback.curves.picked.emit(6.3)
    qtbot.waitUntil(lambda: grey(playback) == 60)
    assert playback.timeline.step() == 6


def test_scrubbing_backwards_reads_ahead_backwards(playback, qtbot):
    playback.timeline.go_to(15)
    playback.timeline.go_to(12)
    qtbot.waitUntil(lambda: {12, 9, 6, 3, 0} <= set(playback.reader._cache))


def test_missing_samples_leave_the_last_ones_with_a_word(playback, run, qtbot):
    (run.folder / "samples/step-00000002.png").unlink()
    playback.timeline.go_to(2)
    qtbot.waitUntil(lambda: playback.seen == [2])
    assert grey(playback) == 190
    assert "damaged or gone" in playback.results.generated.accessibleDescription()


def test_raw_weights_where_there_are_any(playback, qtbot):
    results = playback.results
    assert not results.raw_buttons[0].isEnabled() and "average" in results.raw_buttons[0].toolTip()
    average, raw = (np.full((1, 6, 6, 1), value, np.uint8) for value in (100, 30))
    playback.add(Samples(20, average, raw))
    assert grey(playback) == 100 and results.raw_buttons[0].isEnabled()
    with qtbot.waitSignal(results.raw_changed) as told:
        results.raw_buttons[0].click()
    assert told.args == [True] and grey(playback) == 30
    assert "raw weights" in results.generated.accessibleDescription()
    playback.add(Samples(21, average))  # none beside it: the average, and the wish stays
    assert grey(playback) == 100 and results.wants_raw
    playback.add(Samples(22, average, raw))
    assert grey(playback) == 30


def test_on_points_the_whole_plane_is_of_the_step(playback, run, qtbot):
    rng = np.random.default_rng(0)
    for step in (30, 40):
        np.savez(
            run.folder / f"samples/step-{step:08d}.npz",
            points=rng.normal(size=(50, 2)).astype(np.float32),
            logits=np.full((8, 8), step, np.float32),
            extent=2.0,
            pull=rng.normal(size=(20, 2)).astype(np.float32),
            warped=rng.normal(size=(4, 4, 2)).astype(np.float32),
        )
    playback.set_steps(frame_steps(run))
    plane = playback.results.points.plane
    qtbot.waitUntil(lambda: plane._logits is not None and plane._logits[0, 0] == 40)
    playback.timeline.go_to(30)
    qtbot.waitUntil(lambda: plane._logits[0, 0] == 30)
    assert plane.caption == "Step 30" and plane.there() == {"generated", "landscape", "arrows", "grid"}
    playback.add(Samples(50, np.zeros((9, 2), np.float32)))
    playback.add_landscape(Landscape(50, np.full((8, 8), 50.0), 2.0))
    assert plane._logits[0, 0] == 30
    playback.timeline.go_live()
    assert plane._logits[0, 0] == 50 and plane.there() == {"generated", "landscape"}


# --- taking back -----------------------------------------------------------------------------------------------------


def test_a_curve_that_is_taken_back_equals_one_that_never_came_so_far():
    rng = np.random.default_rng(0)
    steps, values = np.arange(1, 1001), rng.normal(size=1000).astype(np.float32)
    values[::7] = np.nan
    back, never = Series(), Series()
    for series in (back, never):
        series.set_smoothing(0.9)
    back.extend(steps, values)
    back.trim(600)
    never.extend(steps[:600], values[:600])
    for _ in range(2):
        assert np.array_equal(back.steps, never.steps) and np.allclose(back.smooth, never.smooth)
        for seen, same in zip(back.shown(0, 2000, 100), never.shown(0, 2000, 100), strict=True):
            assert np.array_equal(seen, same)
        for series in (back, never):  # and both go on
            series.extend(steps[600:], -values[600:])


def test_markers_are_taken_back_too(qtbot):
    curves = show(qtbot, CurvesView(), 500, 400)
    curves.extend(np.arange(100), {"D/real": np.ones(100, np.float32)})
    for step in (20, 80):
        curves.mark(step, "lr")
    curves.trim(50)
    assert curves.series["D/real"].steps[-1] == 50
    assert [step for step, _ in curves.plots["losses"].canvas.marks] == [20]


# --- the plane -------------------------------------------------------------------------------------------------------


@pytest.fixture
def view(qtbot):
    view = show(qtbot, PointsView(), 420, 480)
    rng = np.random.default_rng(0)
    view.show_real(rng.normal(size=(100, 2)))
    view.show_generated(rng.normal(size=(100, 2)))
    view.show_landscape(rng.normal(size=(16, 16)), 2.0, rng.normal(size=(40, 2)), rng.normal(size=(5, 5, 2)))
    return view


def test_layers_say_why_they_cannot_be_chosen(qtbot, assert_named):
    view = show(qtbot, PointsView(), 420, 480)
    assert [box.isEnabled() for box in view.boxes.values()] == [False] * 5
    assert view.boxes["arrows"].toolTip() == "No pull was kept at this step."
    view.show_generated(np.zeros((3, 2)))
    assert view.boxes["generated"].isEnabled() and not view.boxes["real"].isEnabled()
    assert_named(view)


def test_each_layer_can_be_seen_and_hidden(view, qtbot):
    before = view.layers()
    assert before == ["real", "generated", "landscape", "arrows"]
    for id, box in view.boxes.items():
        picture = view.plane.grab().toImage()
        with qtbot.waitSignal(view.layers_changed):
            qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
        assert view.plane.grab().toImage() != picture, id
    assert view.layers() == ["grid"]
    view.set_layers(before)
    assert view.layers() == before


def test_arrows_are_in_proportion_and_bounded(view):
    points = np.zeros((100, 2))
    pull = np.stack([np.arange(1.0, 101.0), np.zeros(100)], axis=1)
    pull[-1] = (1e9, 0)  # one that pulls very hard makes the others no shorter
    start, end = pulled(points, pull, extent=2.0)
    lengths = np.linalg.norm(end - start, axis=1)
    assert lengths.max() == pytest.approx(0.1 * 4)
    assert lengths[49] / lengths[24] == pytest.approx(2)
    assert (pulled(points, np.zeros((100, 2)), 1.0)[1] == 0).all()
    assert np.isfinite(pulled(points, np.full((100, 2), np.nan), 1.0)[1]).all()
    view.show_generated(points)
    view.show_landscape(np.zeros((4, 4)), 2.0, pull)
    for in_window, in_film in zip(view.plane._pull, (start, end), strict=True):
        assert np.array_equal(in_window, in_film)


def test_the_wheel_zooms_around_the_mouse(view):
    plane = view.plane
    at = plane.square().center() + QPointF(40, 30)
    fixed = np.array([at.x(), at.y()])
    before = np.linalg.solve(np.diag([1, 1]), fixed)  # the pixel itself
    inside = (before - plane.to_pixels(np.zeros(2))) / (plane.scale() * np.array([1, -1]))
    plane.zoom_by(2.0, at)
    assert plane.zoom() == 2 and plane.to_pixels(inside) == pytest.approx(fixed)
    plane.zoom_by(1e9)
    assert plane.zoom() == 64
    plane.fit()
    assert plane.zoom() == 1 and plane.to_pixels(np.zeros(2)) == pytest.approx(
        [plane.square().center().x(), plane.square().center().y()]
    )


def test_the_keyboard_zooms_and_a_drag_pans(view, qtbot):
    plane = view.plane
    plane.setFocus()
    qtbot.keyClicks(plane, "++-")
    assert plane.zoom() == pytest.approx(1.25)
    before = plane.to_pixels(np.zeros(2))
    qtbot.mousePress(plane, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(plane, QPoint(130, 90))
    qtbot.mouseRelease(plane, Qt.MouseButton.LeftButton, pos=QPoint(130, 90))
    assert plane.to_pixels(np.zeros(2)) - before == pytest.approx([30, -10])
    qtbot.mouseDClick(plane, Qt.MouseButton.LeftButton)
    assert plane.zoom() == 1


def test_what_is_not_finite_harms_nothing(view):
    view.show_generated(np.array([[np.nan, 0], [np.inf, 1], [1e30, 1]]))
    view.show_landscape(np.full((4, 4), np.nan), 1.0, np.full((3, 2), np.inf), np.full((3, 3, 2), np.nan))
    view.set_layers(["real", "generated", "landscape", "arrows", "grid"])
    assert not view.plane.grab().toImage().isNull()
    view.clear()
    assert not view.plane.there() and not view.plane.grab().toImage().isNull()


def test_the_plane_can_be_copied_and_saved(view, tmp_path, monkeypatch):
    from gan_studio.gui.widgets import points

    target = tmp_path / "plane"
    monkeypatch.setattr(points.QFileDialog, "getSaveFileName", lambda *a: (str(target), ""))
    menu = view.plane.menu()
    assert [action.isEnabled() for action in menu.actions() if action.text()] == [True] * 3
    menu.close()
    menu.deleteLater()
    view.plane.save_as()
    view.plane.copy()
    assert target.with_suffix(".png").stat().st_size > 1000
    assert not QApplication.clipboard().image().isNull()
