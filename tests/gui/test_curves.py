from __future__ import annotations

import csv
import math
import threading
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QToolTip

from gan_studio.gui import theme
from gan_studio.gui.widgets.curves import EMPTY, CurvesView
from gan_studio.gui.widgets.legend import place_beside
from gan_studio.gui.widgets.lines import MOST, Line, clipped, columns
from gan_studio.gui.widgets.marks import clusters, marks_at, told
from gan_studio.gui.widgets.plot import FEW, curve_pen, run_pen
from gan_studio.gui.widgets.series import BLOCK, Series, bucket, evenly, extremes
from gan_studio.gui.widgets.ticks import labels, log_labels, log_ticks, step_labels, ticks
from gan_studio.plots import kind_of

RNG = np.random.default_rng(0)
NAN = np.nan
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
AREA = QRectF(50, 10, 100, 40)


def series_of(values, steps=None, smoothing: float = 0.0) -> Series:
    series = Series()
    series.set_smoothing(smoothing)
    series.extend(np.arange(len(values)) if steps is None else np.asarray(steps), np.asarray(values, np.float32))
    return series


# --- series ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001, 12_345, 1_000_000])
def test_thinning_keeps_the_extremes_and_is_bounded(count):
    values = RNG.standard_normal(count).astype(np.float32)
    series = series_of(values)
    for first in {0, count // 3, max(0, count - 1)}:
        steps, shown, breaks = series.shown(first, count, MOST)
        assert len(steps) == len(shown) == len(breaks) <= MOST and (np.diff(steps) >= 0).all() and not breaks.any()
        if count:
            part = values[max(0, first - 1) :]
            assert shown.max() == part.max() and shown.min() == part.min()
        even = evenly(first, count, MOST // 2)
        assert len(even) <= MOST // 2 + 2 and (np.diff(even) > 0).all()
        assert even.tolist()[:1] == [first][:count] and even.tolist()[-1:] == [count - 1][:count]


def test_thinning_by_blocks_equals_thinning_all():
    values = RNG.standard_normal(700_001).astype(np.float32)
    series = series_of(values)
    for low, high in ((0, 700_001), (1234, 654_321), (70_000, 170_000), (650_000, 700_001)):
        first, last = max(0, low - 1), min(len(values), high + 2)
        size = bucket(first, last, MOST)
        assert size > BLOCK
        chosen = extremes(values, first, last, size)
        steps, shown, _ = series.shown(low, high, MOST)
        np.testing.assert_array_equal(np.sort(shown), np.sort(values[chosen]))
        assert np.abs(np.sort(steps) - chosen).max() <= BLOCK // 2


def test_thinning_does_not_flicker_while_a_curve_grows():
    values = RNG.standard_normal(100_000).astype(np.float32)
    before, after = (set(series_of(values[:n]).shown(0, n, MOST)[1].tolist()[:-2]) for n in (80_000, 80_100))
    assert len(before) > 500 and before <= after


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9, 0.99])
def test_smoothing_equals_the_loop(weight):
    values = RNG.standard_normal(3000).astype(np.float32)
    expected, mean = [], 0.0
    for k, value in enumerate(values):
        mean = weight * mean + (1 - weight) * value
        expected.append(mean / (1 - weight ** (k + 1)))
    series = Series()
    series.set_smoothing(weight)
    for part in np.split(np.arange(3000), [1, 7, 63, 64, 1000, 1001]):
        series.extend(part, values[part])
    np.testing.assert_allclose(series.smooth, expected, rtol=1e-4, atol=1e-5)
    series.set_smoothing(0.3)
    series.set_smoothing(weight)
    np.testing.assert_allclose(series.smooth, expected, rtol=1e-4, atol=1e-5)
    steps, shown, _ = series.shown(0, 3000, 300, smooth=True)
    np.testing.assert_allclose(shown, np.array(expected)[steps], rtol=1e-4, atol=1e-5)


def test_nan_is_a_gap_unless_the_curve_is_always_that_sparse():
    series = Series()
    series.extend(np.arange(6), np.array([1, 2, NAN, 4, 5, np.inf]))
    series.extend(np.arange(6, 8), np.array([7, 8]))
    assert series.values.tolist() == [1, 2, 4, 5, 7, 8]
    assert series.shown(0, 10, MOST)[2].tolist() == [False, False, True, False, True, False]
    sparse = Series()
    for start in range(0, 40, 10):  # every fourth step is measured
        steps = np.arange(start, start + 10)
        sparse.extend(steps, np.where(steps % 4 == 0, 1.0, NAN))
    assert len(sparse.values) == 10 and not sparse.shown(0, 40, MOST)[2].any() and sparse.spacing == 4


def test_slightly_irregular_distances_are_no_gaps_and_missing_a_lot_is():
    """As the speed, which is told about ten times a second: 48, 52, 50 steps apart, with NaN between."""
    distances = RNG.integers(40, 60, 400)
    distances[[100, 101, 300]] = 150, 140, 1000  # the machine was busy; the training stood still
    steps = np.cumsum(distances)
    live = Series()
    every = np.arange(steps[-1] + 1)
    values = np.where(np.isin(every, steps), 1.0, NAN)
    for part in np.array_split(every, 777):
        live.extend(part, values[part])
    told = series_of(np.ones(400), steps)  # as a file tells it: without what is missing
    for series in (live, told):
        low, high = 0, int(steps[-1])
        assert np.flatnonzero(series.shown(low, high, MOST)[2]).tolist() == [300]
        assert np.flatnonzero(series.shown(low, high, 100)[2]).size == 1  # thinned, it is still there
        assert 40 <= series.spacing <= 60


def test_gaps_are_the_same_however_the_points_come():
    steps = np.cumsum(RNG.choice([1, 1, 1, 1, 2, 3, 7, 40], 5000))
    whole, parts = series_of(np.zeros(5000), steps), Series()
    for part in np.array_split(steps, 321):
        parts.extend(part, np.zeros(len(part)))
    expected = [
        i
        for i in range(2, 5000)
        if np.diff(steps)[i - 1] - 1
        > 4 * np.median((np.append([np.diff(steps)[0]] * 5, np.diff(steps)) - 1)[i - 1 : i + 4])
    ]
    for series in (whole, parts):
        breaks = series.shown(0, int(steps[-1]), 5000)[2]
        assert np.flatnonzero(breaks).tolist() == expected and len(expected) > 100


def test_a_resumed_run_replaces_what_comes_again():
    series = Series()
    series.extend(np.arange(10), np.zeros(10))
    series.extend(np.arange(5, 8), np.ones(3))
    assert series.steps.tolist() == list(range(8)) and series.values.tolist() == [0] * 5 + [1] * 3
    assert series.at(6.6) == 1 and series.at(-3) == 0 and series.at(math.inf) == 1 and np.isnan(Series().at(1))


def test_a_curve_taken_back_and_grown_again_equals_a_new_one():
    """Blocks, averages and gaps of what was taken back are forgotten."""
    values = RNG.standard_normal(5000).astype(np.float32)
    series = series_of(RNG.standard_normal(4000) + 9, np.cumsum(RNG.choice([1, 30], 4000)), smoothing=0.9)
    for start in (3000, 100, 0):
        series.extend(np.arange(start, 5000), values[start:])
    new = series_of(values, smoothing=0.9)
    np.testing.assert_allclose(series.smooth, new.smooth, rtol=1e-5, atol=1e-6)
    for a, b in zip(series.shown(0, 5000, 64), new.shown(0, 5000, 64), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_point_takes_eight_bytes():
    series = series_of(np.zeros(1_000_000))
    held = sum(a.nbytes for a in vars(series).values() if isinstance(a, np.ndarray))
    assert held / 1_000_000 < 8.3


# --- axes and lines --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3e-7, 1e-6), (99.95, 100.1), (0, 123_456), (-40, 40), (1e6, 1.2e6), (5, 5.0001), (3, 3)]
)
def test_ticks_are_round_few_and_told_apart(low, high):
    places = ticks(low, high, 5)
    assert len(places) <= 6 and all(low - 1e-9 <= place <= high + 1e-9 for place in places)
    assert len(set(labels(places))) == len(places)
    for place, label in zip(places, labels(places), strict=True):
        assert float(label.replace(",", "")) == pytest.approx(place, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("low", "high"), [(-3, 2), (0, 0.9), (0.1, 0.25), (-30, 20), (2.01, 2.05)])
def test_logarithmic_ticks(low, high):
    places = log_ticks(low, high, 5)
    assert 2 <= len(places) <= 12 and all(low - 1e-9 <= place <= high + 1e-9 for place in places)
    assert [math.log10(float(label)) for label in log_labels(places)] == pytest.approx(places, abs=0.005)


def test_steps_are_numbered_in_thousands_where_that_is_short():
    assert step_labels(ticks(0, 100_000, 5, whole=True)) == ["0", "20k", "40k", "60k", "80k", "100k"]
    assert step_labels([0, 500_000, 1_000_000]) == ["0", "0.5M", "1M"]
    assert step_labels([12_345, 12_350]) == ["12,345", "12,350"] and step_labels([0, 1000]) == ["0", "1,000"]
    assert ticks(0, 3, 10, whole=True) == [0, 1, 2, 3]


def test_lines_are_cut_at_the_edges_exactly():
    x, y = np.array([40.0, 60, 80, 100, 160]), np.array([30.0, 30, -30, 30, 30])
    parts = [[(p.x(), p.y()) for p in part] for part in clipped(x, y, AREA)]
    edges = [[(50, 30), (60, 30), (60 + 20 / 3, 10)], [(100 - 20 / 3, 10), (100, 30), (150, 30)]]
    assert [len(part) for part in parts] == [3, 3]
    np.testing.assert_allclose(np.array(parts), edges)
    assert not list(clipped(x, y + 1000, AREA)) and not list(clipped(x + 500, y, AREA))


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_columns_hold_all_that_the_line_passes(ratio):
    """Against the line walked in tiny steps."""
    x, y = np.sort(RNG.uniform(30, 170, 60)), RNG.uniform(0, 60, 60)
    image = columns([(x[:30], y[:30]), (x[30:], y[30:])], AREA, QColor(255, 0, 0), ratio)
    assert image.width() == 100 * ratio and image.height() == 40 * ratio
    painted = pixels(image)[..., 0] > 128
    walked, edge = np.zeros((len(painted) + 6, painted.shape[1] + 6), bool), 3
    for part in (slice(0, 30), slice(30, 60)):
        along = np.arange(0, 29, 0.002)  # every stroke in five hundred steps
        px, py = (np.interp(along, np.arange(30), way[part]) for way in (x, y))
        rows = np.floor((py - AREA.top()) * ratio).astype(int) + edge
        places = np.floor((px - AREA.left()) * ratio).astype(int) + edge
        inside = (rows >= 0) & (rows < len(walked)) & (places >= 0) & (places < walked.shape[1])
        walked[rows[inside], places[inside]] = True
    within = slice(edge, -edge)
    assert painted[walked[within, within]].all()
    around = np.any([np.roll(walked, (i, j), (0, 1)) for i in (-2, -1, 0, 1, 2) for j in (-1, 0, 1, 2)], axis=0)
    assert around[within, within][painted].all()  # and nothing else, but for the pen's width


def test_labels_that_would_overlap_share_one():
    assert clusters([0, 100, 104, 110, 400], [50] * 5, 60) == [[0], [1, 2, 3], [4]]
    assert clusters([], [], 60) == [] and clusters([7.0], [500], 60) == [[0]]


@pytest.mark.parametrize("x", [0, 200, 399])
@pytest.mark.parametrize("y", [0, 150, 299])
def test_a_table_lies_beside_the_mouse_and_in_the_window(x, y):
    for size in (QSize(100, 80), QSize(350, 100)):
        corner = place_beside(QPoint(x, y), size, QSize(400, 300))
        assert corner.x() >= 0 and corner.y() >= 0
        assert corner.x() + size.width() <= 400 and corner.y() + size.height() <= 300
        assert not (corner.x() <= x < corner.x() + size.width() and corner.y() <= y < corner.y() + size.height())


# --- curves ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def curves(qtbot) -> CurvesView:
    view = CurvesView()
    qtbot.addWidget(view)
    view.resize(700, 600)
    view.show()
    qtbot.waitExposed(view)
    return view


def settle(qtbot, curves: CurvesView) -> None:
    timers = (curves._timer, curves._fit_timer)
    qtbot.waitUntil(lambda: not curves._dirty and not any(timer.isActive() for timer in timers))


def draw_at_once(curves: CurvesView) -> None:
    for _ in curves._draw():
        pass


def pixels(image: QImage) -> np.ndarray:
    """[H, W, 3] of RGB."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def seen(curves: CurvesView) -> list[str]:
    return [key for key, plot in curves.plots.items() if not plot.isHidden()]


def lines(curves: CurvesView, name: str) -> list[Line]:
    """Those of a curve of the run itself: the band, and the line on it."""
    return [line for line in curves.plots[kind_of(name)].canvas.lines if line.series is curves.series[name]]


def drawn(curves: CurvesView, name: str) -> tuple[np.ndarray, ...]:
    """(steps, values, breaks) of its first line."""
    return lines(curves, name)[0].drawn(*curves.plots[kind_of(name)].canvas.steps)


def chip(curves: CurvesView, name: str):
    return curves.plots[kind_of(name)].chips[name]


def place(curves: CurvesView, step: float, kind: str = "losses") -> QPoint:
    canvas = curves.plots[kind].canvas
    return QPoint(round(canvas.scale.to_x(step)), round(canvas.scale.area.center().y()))


def move(widget, at: QPoint, held: Qt.MouseButton = NONE, modifiers=PLAIN) -> None:
    there = QPointF(widget.mapToGlobal(at))
    QApplication.sendEvent(widget, QMouseEvent(QEvent.Type.MouseMove, QPointF(at), there, NONE, held, modifiers))


def drag(qtbot, widget, places: list[QPoint], modifiers=PLAIN) -> None:
    qtbot.mousePress(widget, LEFT, modifiers, places[0])
    for at in places[1:]:
        move(widget, at, LEFT, modifiers)
    qtbot.mouseRelease(widget, LEFT, modifiers, places[-1])


def wheel(widget, at: QPoint, x: int, y: int, modifiers=PLAIN) -> None:
    there = QPointF(widget.mapToGlobal(at))
    phase = Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(
        widget, QWheelEvent(QPointF(at), there, QPoint(), QPoint(x, y), NONE, modifiers, phase, False)
    )


def a_run(count: int = 500, seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rng, steps = np.random.default_rng(seed), np.arange(1, count + 1)
    names = ("D/real", "G/adversarial", "D(real)", "distance/js")
    found = {name: (steps, rng.random(count).astype(np.float32)) for name in names}
    return found | {"distance/W1, exact": (steps[49::50], rng.random(count // 50).astype(np.float32))}


def test_curves_are_routed_by_their_names():
    kinds = {
        "D/real": "losses",
        "G/adversarial": "losses",
        "distance/W1, exact": "distance",
        "D(real)": "scores",
        "D(fake)": "scores",
        "D(held out)": "scores",
        "overfitting/r_v": "overfitting",
        "gradient/D": "gradients",
        "slope/gradient penalty": "slope",
        "rate/G": "rates",
        "speed/samples per second": "speed",
        "modes/covered": "modes",
        "modes/high quality": "quality",
        "gradient norm": "more",
        "F/real": "more",
    }
    assert {name: kind_of(name) for name in kinds} == kinds


def test_the_user_chooses_the_plots_among_those_with_data(curves, qtbot):
    assert seen(curves) == []
    names = ["D/real", "distance/js", "gradient/D", "rate/D"]
    curves.extend(np.arange(3), {name: np.ones(3) for name in names})
    assert seen(curves) == ["losses", "distance"] and set(curves.plots) == {"losses", "distance", "scores"}
    actions = curves.bar.plot_actions
    offered = [key for key, action in actions.items() if action.isVisible()]
    assert offered == curves.offered() == ["losses", "distance", "gradients", "rates"]
    actions["gradients"].trigger()
    assert seen(curves) == ["losses", "distance", "gradients"]
    settle(qtbot, curves)
    assert curves.plots["gradients"].canvas.steps == curves.plots["losses"].canvas.steps
    assert [plot.canvas.numbered for plot in curves._seen()] == [False, False, True]
    for key in ("losses", "distance"):
        actions[key].trigger()
    assert seen(curves) == ["gradients"] and not actions["gradients"].isEnabled()  # one is always seen
    curves.extend(np.arange(3, 6), {"other": np.ones(3)})
    assert seen(curves) == ["gradients"]
    settle(qtbot, curves)


def test_a_recipe_with_other_curves_alone_is_seen(curves, qtbot):
    curves.extend(np.arange(3), {"other": np.ones(3)})
    assert seen(curves) == ["more"]
    settle(qtbot, curves)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_menu_of_plots_stays_open(curves, qtbot):
    curves.set_curves(a_run())
    menu = curves.bar.view_menu
    menu.popup(curves.mapToGlobal(QPoint(0, 0)))
    for key in ("distance", "scores"):
        where = menu.actionGeometry(curves.bar.plot_actions[key]).center()
        qtbot.mouseMove(menu, where)
        qtbot.mouseClick(menu, LEFT, pos=where)
        assert menu.isVisible()
    assert seen(curves) == ["losses"]
    menu.close()
    settle(qtbot, curves)


def test_choices_are_kept(curves, qtbot):
    curves.set_curves(a_run())
    curves.show_plot("rates")
    curves.show_plot("scores", False)
    curves.bar.smoothing.setValue(33)
    curves.bar.log_box.click()
    curves.bar.range_box.setCurrentIndex(2)
    state = curves.save_state()
    assert isinstance(state, QByteArray)
    other = CurvesView()
    qtbot.addWidget(other)
    for bad in (b"", b"\xff\x00", b"[]", b'{"plots": 3, "smoothing": "x"}', b'{"plots": ["mine"]}'):
        other.restore_state(bad)
    other.restore_state(bytes(state.data()))
    assert other.save_state() == state and other.bar.last() == 1000
    other.set_curves(a_run())
    assert seen(other) == ["losses", "distance"]
    settle(qtbot, curves)


def test_a_million_points_draw_a_thousand(curves, qtbot):
    values = RNG.standard_normal(1_000_000).astype(np.float32)
    values[654_321] = 50
    curves.extend(np.arange(1_000_000), {"D/real": values})
    settle(qtbot, curves)
    canvas = curves.plots["losses"].canvas
    band, line = (one.drawn(*canvas.steps)[1] for one in lines(curves, "D/real"))
    assert len(band) <= MOST and len(line) <= MOST and band.max() == 50
    canvas.moved.emit(654_300, 654_340)
    assert 41 <= len(drawn(curves, "D/real")[1]) <= 45  # each single one, and one beyond each end
    assert not curves.bar.follow.isChecked()
    settle(qtbot, curves)
    assert canvas.heights[1] < 60
    qtbot.mouseDClick(canvas, LEFT, pos=place(curves, 654_320))
    settle(qtbot, curves)
    assert curves.bar.follow.isChecked() and canvas.steps[1] > 999_999


def test_plots_share_their_steps(curves, qtbot):
    curves.extend(np.arange(100), {"D/real": np.ones(100), "distance/js": np.ones(100)})
    settle(qtbot, curves)
    curves.plots["losses"].canvas.moved.emit(20, 30)
    assert curves.plots["distance"].canvas.steps == (20, 30)
    settle(qtbot, curves)


def test_gaps_are_not_joined(curves, qtbot):
    curves.bar.smoothing.setValue(0)
    curves.extend(np.arange(5), {"D/real": np.array([1, 2, NAN, 4, 5])})
    settle(qtbot, curves)
    canvas = curves.plots["losses"].canvas
    pieces = list(canvas.scale.pieces(*drawn(curves, "D/real")))
    assert [len(x) for x, _ in pieces] == [2, 2]


def test_the_log_scale_leaves_out_what_has_no_logarithm(curves, qtbot):
    curves.bar.smoothing.setValue(0)
    qtbot.mouseClick(curves.bar.log_box, LEFT, pos=QPoint(8, curves.bar.log_box.height() // 2))
    curves.extend(np.arange(6), {"D/real": np.array([1, 100, -1, 10, 1, 0]), "D(real)": np.full(6, 0.5)})
    settle(qtbot, curves)
    canvas = curves.plots["losses"].canvas
    pieces = list(canvas.scale.pieces(*drawn(curves, "D/real")))
    heights = [canvas.scale.to_height(float(h)) for _, y in pieces for h in y]
    assert [len(x) for x, _ in pieces] == [2, 2] and heights == pytest.approx([0, 2, 1, 0])
    assert canvas.heights[0] < 0 < 2 < canvas.heights[1]
    assert not curves.plots["scores"].canvas.log  # scores stay linear


def test_scores_have_a_fixed_range_and_outliers_do_not_flatten_losses(curves, qtbot):
    values = 1 + 0.1 * RNG.standard_normal(2000)
    values[77] = 1e4
    curves.extend(np.arange(2000), {"D/real": values, "D(real)": np.full(2000, 0.5)})
    settle(qtbot, curves)
    assert curves.plots["losses"].canvas.heights[1] < 2
    low, high = curves.plots["scores"].canvas.heights
    assert low == pytest.approx(0, abs=0.1) and high == pytest.approx(1, abs=0.1)
    curves.bar.outliers.trigger()
    settle(qtbot, curves)
    assert curves.plots["losses"].canvas.heights[1] > 1e4


@pytest.mark.parametrize("value", [0.05, 1.8])
def test_what_hardly_overfits_looks_so(curves, qtbot, value):
    """Overfitting is seen of trainings that have it, on a scale from 0 to 1 at least, with held-out scores as dots."""
    curves.extend(np.arange(200), {"D(real)": np.full(200, 0.7), "D(fake)": np.full(200, 0.3)})
    steps = np.arange(25, 200, 25)
    curves.extend(steps, {"D(held out)": np.full(7, 0.6), "overfitting/r_v": np.linspace(0, value, 7)})
    settle(qtbot, curves)
    assert "overfitting" in seen(curves)
    low, high = curves.plots["overfitting"].canvas.heights
    assert -0.2 < low < 0 and max(1, value) < high < max(1, value) + 0.2
    assert curves.plots["scores"].measured(curves.series) == ["D(held out)"]
    assert list(curves.plots["scores"].chips) == ["D(fake)", "D(held out)", "D(real)"]


def test_few_points_are_no_spikes_of_a_line_that_has_many(curves, qtbot):
    curves.extend(np.arange(2000), {"distance/js": np.full(2000, 0.1), "D/real": np.ones(2000)})
    curves.extend(np.arange(0, 2000, 100), {"distance/W1, exact": np.linspace(2, 1, 20)})
    settle(qtbot, curves)
    low, high = curves.plots["distance"].canvas.heights
    assert low < 0.1 and 1.9 < high < 2.5


def test_a_distance_keeps_its_colour_whichever_is_told_first(curves, qtbot):
    one, other = {"distance/js": ([1, 2], [0.1, 0.2])}, {"distance/W1, exact": ([0, 2], [0.5, 0.4])}
    for curves_told in (one | other, other | one):
        curves.set_curves({name: tuple(map(np.array, numbers)) for name, numbers in curves_told.items()})
        settle(qtbot, curves)
        assert list(curves.plots["distance"].chips) == ["distance/W1, exact", "distance/js"]


def test_the_last_steps_are_followed(curves, qtbot):
    curves.set_curves(a_run(5000))
    box, canvas = curves.bar.range_box, curves.plots["losses"].canvas
    box.setCurrentIndex(box.findText("Last 1,000"))
    box.activated.emit(2)
    settle(qtbot, curves)
    assert canvas.steps == pytest.approx((4000, 5020))
    curves.extend(np.arange(5001, 5101), {"D/real": np.ones(100)})
    settle(qtbot, curves)
    assert canvas.steps == pytest.approx((4100, 5120))
    canvas.moved.emit(100, 200)
    curves.extend(np.arange(5101, 5201), {"D/real": np.ones(100)})
    settle(qtbot, curves)
    assert canvas.steps == (100, 200) and not curves.bar.follow.isChecked()
    box.setCurrentIndex(0)
    box.activated.emit(0)
    settle(qtbot, curves)
    assert canvas.steps[0] < 1 and canvas.steps[1] > 5200 and curves.bar.follow.isChecked()


def test_the_legend_hides_and_reads_out(curves, qtbot):
    curves.extend(np.arange(10), {"D/real": np.arange(10.0), "G/adversarial": np.arange(10.0) * 2})
    settle(qtbot, curves)
    canvas, of_d = curves.plots["losses"].canvas, chip(curves, "D/real")
    assert of_d.value_text() == "9"  # the newest
    move(canvas, place(curves, 3.2))
    assert of_d.value_text() == "3" and chip(curves, "G/adversarial").value_text() == "6"
    assert canvas.cross == pytest.approx(3.2, abs=0.1)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert of_d.value_text() == "9" and math.isnan(canvas.cross)
    qtbot.mouseClick(of_d, LEFT)
    assert lines(curves, "D/real") == [] and lines(curves, "G/adversarial")
    curves.set_curves({"D/real": (np.arange(3), np.ones(3))})
    assert lines(curves, "D/real") == []  # what was hidden stays so
    settle(qtbot, curves)


def test_measured_distances_are_points_on_a_line_and_not_smoothed(curves, qtbot):
    run = a_run(2000)
    curves.set_curves(run)
    settle(qtbot, curves)
    (measured,), estimated = lines(curves, "distance/W1, exact"), lines(curves, "distance/js")
    assert measured.dots and not measured.smooth and "measured" in chip(curves, "distance/W1, exact").text()
    assert [line.smooth for line in estimated] == [False, True] and not any(line.dots for line in estimated)
    assert "every 50 steps" in chip(curves, "distance/W1, exact").toolTip()
    shown = measured.dotted(curves.plots["distance"].canvas.steps, 12)
    assert 5 <= shown.sum() <= 12


def test_what_is_measured_now_and_then_is_noticed_live(curves, qtbot):
    for start in range(0, 400, 20):
        steps = np.arange(start, start + 20)
        values = np.where(steps % 100 == 0, 1.0, NAN)
        curves.extend(steps, {"D/real": np.ones(20), "distance/W1, exact": values})
        draw_at_once(curves)
    assert lines(curves, "distance/W1, exact")[0].dots
    settle(qtbot, curves)


def test_the_last_points_of_a_burst_are_fitted(curves, qtbot):
    for start in (0, 10, 20):
        curves.extend(np.arange(start, start + 10), {"D/real": np.arange(10.0)})
        draw_at_once(curves)
    settle(qtbot, curves)
    low, high = curves.plots["losses"].canvas.steps
    assert -1 <= low <= 0 and 29 <= high <= 31


def test_nothing_is_drawn_while_hidden(curves, qtbot):
    curves.hide()
    curves.extend(np.arange(10), {"D/real": np.arange(10.0)})
    assert not curves._timer.isActive()
    curves.show()
    settle(qtbot, curves)
    assert len(drawn(curves, "D/real")[0]) == 10


def test_history_replaces_and_clear_forgets(curves, qtbot):
    curves.extend(np.arange(10), {"D/old": np.ones(10)})
    curves.mark(5, "lr 1e-4")
    curves.set_cursor(4)
    curves.set_curves({"D/new": (np.arange(3), np.ones(3))})
    canvas = curves.plots["losses"].canvas
    assert list(curves.series) == ["D/new"] and canvas.marks == [(5, "lr 1e-4")] and canvas.cursor_step == 4
    curves.clear()
    assert not curves.series and curves._empty.isVisible() and not canvas.marks and math.isinf(canvas.cursor_step)
    settle(qtbot, curves)


def test_what_comes_before_the_first_point_is_said(curves, qtbot):
    curves.set_overlay("a", "A", a_run())
    assert not curves._empty.isVisible()
    curves.wait_for("Drawing avatars 512 / 2048", 512, 2048)
    assert "512" in curves._empty.text() and curves._progress.isVisible()
    assert (curves._progress.value(), curves._progress.maximum()) == (512, 2048)
    curves.extend(np.arange(3), {"D/real": np.ones(3)})
    curves.remove_overlay("a")
    curves.clear()
    assert curves._empty.text() == EMPTY and not curves._progress.isVisible()
    settle(qtbot, curves)


def test_d_and_g_are_seen_in_their_colours(curves, qtbot):
    curves.bar.smoothing.setValue(0)
    steps = np.arange(400)
    curves.extend(steps, {"D/real": np.full(400, 1.0), "G/adversarial": np.full(400, 2.0)})
    settle(qtbot, curves)
    for choice in ("light", "dark"):
        theme.apply(QApplication.instance(), choice)
        settle(qtbot, curves)
        shot = pixels(curves.plots["losses"].canvas.grab().toImage()).astype(int)
        redder = shot[..., 0] - shot[..., 2]
        assert (redder > 50).sum() > 300 and (redder < -50).sum() > 150, choice  # D's line, and G's dashes
        ground = np.array(theme.colours().plot.getRgb()[:3])
        assert (np.abs(shot - ground).max(axis=2) < 12).mean() > 0.6
    theme.apply(QApplication.instance(), "light")


@pytest.mark.parametrize("smoothing", [0, 10, 99])
@pytest.mark.parametrize("log", [False, True])
def test_odd_numbers_are_painted(curves, qtbot, smoothing, log):
    """One point, huge and tiny and equal values, spikes: nothing raises and no Qt warning comes."""
    curves.bar.smoothing.setValue(smoothing)
    curves.bar.log_box.setChecked(log)
    wild = RNG.standard_normal(3000)
    wild[::97] *= 1e30
    curves.set_curves(
        {
            "D/one": (np.array([7]), np.array([3.0])),
            "D/wild": (np.arange(3000), wild),
            "distance/equal": (np.arange(3000), np.zeros(3000)),
            "distance/tiny": (np.arange(3000), np.full(3000, 1e-30)),
            "D(real)": (np.arange(3000), np.full(3000, NAN)),
        }
    )
    settle(qtbot, curves)
    curves.grab()
    curves.plots["losses"].canvas.moved.emit(5, 9)
    settle(qtbot, curves)
    curves.grab()


# --- the mouse and the keyboard --------------------------------------------------------------------------------------


@pytest.fixture
def canvas(curves, qtbot):
    curves.set_curves(a_run(1000))
    settle(qtbot, curves)
    return curves.plots["losses"].canvas


def test_heights_zoomed_by_hand_survive_the_log_scale(curves, canvas, qtbot):
    for _ in range(9):
        canvas.zoom_heights(1e40, 0.0)  # stops before floats end
    assert abs(canvas.heights[1]) < 1e300
    curves.bar.log_box.click()
    settle(qtbot, curves)
    assert abs(canvas.heights[1]) < 30  # fitted anew: those were no powers of ten
    for _ in range(9):
        canvas.zoom_heights(1e40, 0.0)
    assert not canvas.grab().toImage().isNull()


def test_dragging_pans_what_is_under_the_mouse(curves, canvas, qtbot):
    canvas.moved.emit(400, 500)
    settle(qtbot, curves)
    start, heights = place(curves, 450), canvas.heights
    with qtbot.assertNotEmitted(curves.picked, wait=50):
        drag(qtbot, canvas, [start, start + QPoint(20, 5), start + QPoint(60, 9)])
    assert canvas.scale.to_step(start.x() + 60) == pytest.approx(450, abs=0.3)
    assert canvas.heights == heights and not curves.bar.follow.isChecked()
    settle(qtbot, curves)


def test_some_of_the_curves_stays_in_sight(curves, canvas, qtbot):
    for low, high in ((-9e9, -8e9), (8e9, 9e9), (500, 500), (0, 9e9)):
        canvas.moved.emit(low, high)
        a, b = canvas.steps
        assert a < 1000 and b > 0 and 3 < b - a < 3100
    settle(qtbot, curves)


def test_the_wheel_zooms_around_the_mouse(curves, canvas, qtbot):
    at, before = place(curves, 300), canvas.steps
    wheel(canvas, at, 0, 240)
    assert canvas.scale.to_step(at.x()) == pytest.approx(300, abs=1)
    assert (canvas.steps[1] - canvas.steps[0]) * 1.25**2 == pytest.approx(before[1] - before[0])
    seen_now = canvas.steps
    wheel(canvas, at, 120, 0)
    assert canvas.steps[0] < seen_now[0]
    heights = canvas.heights
    for modifiers, x in ((CONTROL, at.x()), (PLAIN, 10)):  # or over the numbers
        wheel(canvas, QPoint(x, at.y()), 0, 120, modifiers)
        assert canvas.heights[1] - canvas.heights[0] == pytest.approx((heights[1] - heights[0]) / 1.25)
        heights = canvas.heights
    settle(qtbot, curves)
    assert canvas.heights == heights and canvas.by_hand  # chosen by hand, they stay
    curves.fit()
    settle(qtbot, curves)
    assert canvas.steps == before and not canvas.by_hand


def test_heights_are_dragged_at_their_numbers(curves, canvas, qtbot):
    bottom, top = canvas.heights
    drag(qtbot, canvas, [QPoint(10, 40), QPoint(10, 50), QPoint(10, 60)])
    shift = 20 * (top - bottom) / canvas.scale.area.height()
    assert canvas.heights == pytest.approx((bottom + shift, top + shift))
    settle(qtbot, curves)


def test_dragging_with_shift_shows_that_part(curves, canvas, qtbot):
    a, b = place(curves, 600), place(curves, 200)
    drag(qtbot, canvas, [a, (a + b) / 2, b], SHIFT)
    assert canvas.steps == pytest.approx((200, 600), abs=2)
    settle(qtbot, curves)


def test_a_click_picks_a_step_and_a_double_click_does_not(curves, canvas, qtbot):
    with qtbot.waitSignal(curves.picked) as picked:
        qtbot.mouseClick(canvas, LEFT, pos=place(curves, 640))
    assert picked.args[0] == pytest.approx(640, abs=1)
    with qtbot.assertNotEmitted(curves.picked, wait=QApplication.doubleClickInterval() + 50):
        qtbot.mouseClick(canvas, LEFT, pos=place(curves, 100))
        qtbot.mouseDClick(canvas, LEFT, pos=place(curves, 100))
    settle(qtbot, curves)


def test_a_click_does_not_reach_another_run(curves, canvas, qtbot):
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    curves.set_curves({"D/real": (np.arange(5), np.ones(5))})
    with qtbot.assertNotEmitted(curves.picked, wait=QApplication.doubleClickInterval() + 50):
        pass


def test_the_cursor_goes_through_all_plots_and_is_dragged(curves, canvas, qtbot):
    values = curves.series["D/real"]
    curves.set_cursor(300)
    assert all(plot.canvas.cursor_step == 300 for plot in curves._seen())
    assert chip(curves, "D/real").value_text() == f"{values.at(300):.3g}"
    found = []
    curves.picked.connect(found.append)
    curves.picked.connect(curves.set_cursor)  # as the timeline would
    drag(qtbot, canvas, [place(curves, 300), place(curves, 320), place(curves, 400)])
    assert found == pytest.approx([320, 400], abs=1) and curves._cursor == found[-1]
    before = canvas.steps
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert canvas.steps == before and chip(curves, "D/real").value_text() == f"{values.at(found[-1]):.3g}"
    lowest = curves._seen()[-1].canvas
    shot = pixels(lowest.grab().toImage()).astype(int)
    x = round(lowest.devicePixelRatioF() * lowest.scale.to_x(curves._cursor))
    ink = np.array(theme.colours().text.getRgb()[:3])
    assert (np.abs(shot[20:60, x - 3 : x + 4] - ink).max(axis=2) < 40).any(axis=1).mean() > 0.9
    curves.set_cursor(None)
    assert chip(curves, "D/real").value_text() == f"{values.at(math.inf):.3g}"
    settle(qtbot, curves)


def test_the_keyboard_moves_the_plots(curves, canvas, qtbot):
    canvas.setFocus()
    before = canvas.steps
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    zoomed = canvas.steps
    assert zoomed[1] - zoomed[0] < before[1] - before[0]
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.steps[0] < zoomed[0]
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.steps == pytest.approx(before)
    canvas.grab()
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert curves.bar.follow.isChecked()
    settle(qtbot, curves)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_context_menu_offers_files_fit_and_scale(curves, canvas, qtbot):
    canvas.menu_wanted.emit(curves.mapToGlobal(QPoint(50, 50)))
    menu = next(menu for menu in curves.findChildren(QMenu) if menu.isVisible())
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Copy picture", "Export as CSV …", "Export as PNG …", "Export as SVG …", "Fit", "Log scale"]
    menu.actions()[-1].trigger()
    menu.close()
    assert curves.bar.log_box.isChecked() and canvas.log
    assert [action.text() for action in curves.bar.export_button.menu().actions()] == texts[:4]
    settle(qtbot, curves)


# --- markers ---------------------------------------------------------------------------------------------------------


def marked(canvas, at: QPointF) -> list[tuple[int, str]]:
    return marks_at(at, canvas.marks, canvas.mark_labels(), canvas.scale)


def test_markers_that_are_close_share_a_label(curves, canvas, qtbot):
    for step, text in ((100, "rate 2e-4 → 1e-4"), (604, "c"), (600, "a"), (602, "b"), (5000, "beyond")):
        curves.mark(step, text)
    settle(qtbot, curves)
    words = [label.text for label in canvas.mark_labels()]
    assert words == ["rate 2e-4 → 1e-4", "3 changes"]
    label = canvas.mark_labels()[1].place
    assert [text for _, text in marked(canvas, label.center())] == ["a", "b", "c"]
    assert marked(canvas, QPointF(place(curves, 100))) == [(100, "rate 2e-4 → 1e-4")]
    canvas.moved.emit(590, 615)
    assert [label.text for label in canvas.mark_labels()] == ["a", "b", "c"]
    assert not curves.plots["distance"].canvas.names_marks
    canvas.grab()
    spot = label.center().toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, spot, canvas.mapToGlobal(spot)))
    QToolTip.hideText()
    settle(qtbot, curves)


def test_a_tooltip_of_many_markers_has_an_end():
    text = told([(i, "lr") for i in range(1, 31)])
    assert text.splitlines()[0] == "Step 1: lr" and text.splitlines()[-1] == "and 18 more"
    assert told([]) == ""


# --- other runs ------------------------------------------------------------------------------------------------------


def overlaid(curves: CurvesView, count: int) -> None:
    for i in range(count):
        curves.set_overlay(f"run-{i}", f"A run with quite a long name, number {i}", a_run(400 + i, seed=i + 1))


def test_other_runs_are_laid_over_and_removed(curves, canvas, qtbot):
    overlaid(curves, 3)
    assert curves.overlays() == ["run-0", "run-1", "run-2"]
    assert len(canvas.lines) == 3 * 2 + 2  # one each, and no band beneath the run's own
    chips = [overlay.chip for overlay in curves._overlays.values()]
    qtbot.mouseClick(chips[0], LEFT, pos=QPoint(20, 8))
    assert not chips[0].isChecked() and len(canvas.lines) == 2 * 2 + 2
    with qtbot.waitSignal(curves.overlay_removed) as removed:
        qtbot.mouseClick(chips[0], LEFT, pos=chips[0].cross().center())
    assert removed.args == ["run-0"] and curves.overlays() == ["run-1", "run-2"]
    with qtbot.waitSignal(curves.overlay_removed) as removed:
        qtbot.keyClick(chips[2], Qt.Key.Key_Delete)
    assert removed.args == ["run-2"]
    with qtbot.assertNotEmitted(curves.overlay_removed):
        curves.remove_overlay("run-1")
        curves.remove_overlay("run-1")
    assert curves.overlays() == [] and [line.smooth for line in canvas.lines] == [False, True] * 2
    settle(qtbot, curves)


def test_an_overlay_is_replaced_and_keeps_its_look(curves, canvas, qtbot):
    overlaid(curves, 3)
    looks = {key: overlay.look for key, overlay in curves._overlays.items()}
    assert list(looks.values()) == [0, 1, 2]
    curves.set_overlay("run-1", "Renamed & new", {"D/real": (np.arange(5), np.ones(5))})
    overlay = curves._overlays["run-1"]
    assert overlay.look == 1 and overlay.label == "Renamed & new" and list(overlay.series) == ["D/real"]
    curves.remove_overlay("run-0")
    curves.set_overlay("run-9", "Next", a_run())
    assert curves._overlays["run-9"].look == 0  # the free one
    settle(qtbot, curves)


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("family", ["D", "G", "metrics"])
def test_curves_of_a_family_differ_and_can_be_seen(qapp, family, choice):
    theme.apply(qapp, choice)
    names = [f"{family}/{i}" for i in range(4 if family in "DG" else 9)]
    colours = [curve_pen(name, names).color() for name in names]
    theme.apply(qapp, "light")
    ground = {"light": theme.LIGHT, "dark": theme.DARK}[choice].plot
    assert len({colour.name() for colour in colours}) == len(names)
    assert min(contrast(colour, ground) for colour in colours) >= 4.49  # rounded to what a QColor holds


def test_runs_differ_in_colour_and_dashes(qapp):
    for choice in ("light", "dark"):
        theme.apply(qapp, choice)
        pens = [run_pen(look) for look in range(20)]
        looks = {(pen.color().name(), tuple(pen.dashPattern())) for pen in pens}
        assert len(looks) == 20
        for pen, other in pairwise(pens):  # neighbours in both
            assert pen.color() != other.color() and pen.dashPattern() != other.dashPattern()
        assert all(contrast(pen.color(), theme.colours().plot) >= 4.5 for pen in pens)
        for eyes in (WITHOUT_RED, WITHOUT_GREEN):
            seen_as = [perceived(pen.color(), eyes) for pen in pens[:5]]
            assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen_as, 2)) > 25
    theme.apply(qapp, "light")


# Machado, Oliveira and Fernandes 2009, severity 1.
WITHOUT_RED = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
WITHOUT_GREEN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def perceived(colour: QColor, eyes) -> np.ndarray:
    """CIE L*a*b* as eyes with two kinds of cones see it."""
    x, y, z = TO_XYZ @ np.clip(np.array(eyes) @ linear(colour), 0, 1) / [0.9505, 1, 1.089]
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def linear(colour: QColor) -> np.ndarray:
    return np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]])


def contrast(a: QColor, b: QColor) -> float:
    """WCAG 2.1."""
    high, low = sorted((float(TO_XYZ[1] @ linear(colour)) for colour in (a, b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_few_runs_keep_the_colours_of_the_curves(curves, canvas, qtbot):
    overlaid(curves, FEW)
    colours = {line.pen.color().name() for line in canvas.lines}
    assert len(colours) == 2  # D's and G's
    own = [line for line in canvas.lines if line.series in curves.series.values()]
    assert len(own) == 2 and not any(line.pen.dashPattern() for line in own)  # the run itself is not dashed
    assert all(line.pen.dashPattern() for line in canvas.lines if line not in own)
    overlaid(curves, FEW + 1)
    assert len({line.pen.color().name() for line in canvas.lines}) == 2 + FEW + 1
    settle(qtbot, curves)


def test_the_others_fade_while_one_is_looked_at(curves, canvas, qtbot):
    overlaid(curves, 4)
    curves._overlays["run-2"].chip.looked_at.emit("run-2")
    bright = [line for line in canvas.lines if line.pen.color().alphaF() > 0.9]
    assert len(bright) == 2 + 2
    curves._overlays["run-2"].chip.looked_at.emit("")
    assert all(line.pen.color().alphaF() > 0.9 for line in canvas.lines)
    settle(qtbot, curves)


def test_the_mouse_reads_all_runs(curves, canvas, qtbot):
    overlaid(curves, 10)
    settle(qtbot, curves)
    value = curves._overlays["run-4"].series["G/adversarial"].at(200)
    at = QPoint(round(canvas.scale.to_x(200)), round(canvas.scale.to_y(value)))
    move(canvas, at)
    table = curves._read_out
    assert table.isVisible() and table.step == pytest.approx(200, abs=2)
    assert table.columns == ["D/real", "G/adversarial"] and len(table.rows) == 11
    assert table.rows[0].name == "This run" and not table.geometry().contains(canvas.mapTo(curves, at))
    row, column = table.nearest
    height = canvas.scale.to_height(at.y())
    away = np.abs(np.array([one.values for one in table.rows]) - height)
    assert away[row, column] == away.min() and table.rows[5].values[1] == pytest.approx(value, abs=0.5)
    assert curves.rect().contains(table.geometry())
    curves.grab()
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert not table.isVisible()


def test_runs_with_other_curves_get_chips_too(curves, qtbot):
    curves.set_overlay("a", "A", {"D/critic": (np.arange(9), np.ones(9)), "slope/x": (np.arange(9), np.ones(9))})
    assert seen(curves) == ["losses"] and list(curves.plots["losses"].chips) == ["D/critic"]
    assert curves.offered() == ["losses", "slope"]
    settle(qtbot, curves)
    assert curves.plots["losses"].canvas.steps[1] > 8
    curves.set_curves(a_run())
    assert list(curves.plots["losses"].chips) == ["D/real", "G/adversarial", "D/critic"]
    curves.clear()
    assert curves.overlays() == ["a"] and not curves._empty.isVisible()
    settle(qtbot, curves)


def test_long_names_are_cut_in_the_middle(curves, canvas, qtbot):
    overlaid(curves, 1)
    run = curves._overlays["run-0"].chip
    assert run.width() < 270 and "quite a long name, number 0" in run.toolTip()
    settle(qtbot, curves)


# --- files -----------------------------------------------------------------------------------------------------------


def test_all_curves_are_exported_as_a_table(curves, canvas, qtbot, tmp_path):
    overlaid(curves, 1)
    curves.set_overlay("same", curves._overlays["run-0"].label, a_run(10, seed=9))
    curves.export(tmp_path / "all.csv")
    with (tmp_path / "all.csv").open() as file:
        rows = list(csv.DictReader(file))
    label = "A run with quite a long name, number 0"
    assert len(rows) == 1000 and {"D/real", f"{label}: D/real", f"{label} (2): D/real"} <= set(rows[0])
    given = a_run(1000)["D/real"][1]
    np.testing.assert_allclose([float(row["D/real"]) for row in rows], given, rtol=1e-6)
    assert [row["distance/W1, exact"] != "" for row in rows[:100]].count(True) == 2
    settle(qtbot, curves)


def test_pictures_are_sharp_and_alike(curves, canvas, qtbot, tmp_path):
    """The SVG, rasterised by another part of Qt, shows what the PNG shows, and its text is text."""
    overlaid(curves, 3)
    curves.mark(500, "lr <1e-4> & more")
    settle(qtbot, curves)
    for name in ("a.png", "a.svg"):
        curves.export(tmp_path / name)
    png = QImage(str(tmp_path / "a.png"))
    shown = curves._runs.height() + curves._splitter.height()
    assert (png.width(), png.height()) == (2 * curves.width(), 2 * shown)
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<image" not in text and "clip-path" not in text
    for words in ("Losses", "D/real", "lr &lt;1e-4&gt; &amp; more", "number 0", "sans-serif"):
        assert words in text, words
    renderer = QSvgRenderer(str(tmp_path / "a.svg"))
    assert renderer.isValid() and renderer.defaultSize() == QSize(curves.width(), shown)
    drawing = QImage(png.size(), QImage.Format.Format_RGB32)
    painter = QPainter(drawing)
    renderer.render(painter)
    painter.end()
    size = QSize(png.width() // 8, png.height() // 8)
    small = [
        pixels(p.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)).astype(int) for p in (png, drawing)
    ]
    assert np.abs(small[0] - small[1]).mean() < 6
    assert (np.abs(small[0] - small[1]).max(axis=2) < 60).mean() > 0.98
    assert not canvas._vector and canvas._density == 0


def test_the_picture_is_copied(curves, canvas, qtbot):
    curves.files.actions[0].trigger()
    assert QApplication.clipboard().image().width() == 2 * curves.width()
    settle(qtbot, curves)


@pytest.mark.parametrize("suffix", [".csv", ".png", ".svg"])
def test_files_are_asked_for_and_told_of(curves, canvas, qtbot, monkeypatch, tmp_path, suffix):
    others = set(threading.enumerate())
    overlaid(curves, 1)
    action = next(a for a in curves.files.actions if suffix[1:].upper() in a.text())
    for answer in (tmp_path / "mine", tmp_path / f"yours{suffix.upper()}"):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, answer=answer: (str(answer), ""))
        with qtbot.waitSignal(curves.exported) as told:
            action.trigger()
        assert Path(told.args[0]).is_file() and Path(told.args[0]).stat().st_size > 1000
    assert {p.name for p in tmp_path.iterdir()} == {f"mine{suffix}", f"yours{suffix.upper()}"}
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / f"x{suffix}"), ""))
    with qtbot.waitSignal(curves.failed) as told:
        action.trigger()
    assert "not exported" in told.args[0] and "none" in told.args[0]
    with pytest.raises(OSError):
        curves.export(tmp_path / "none" / f"x{suffix}")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    with qtbot.assertNotEmitted(curves.exported):
        action.trigger()
    qtbot.waitUntil(lambda: set(threading.enumerate()) <= others)
    settle(qtbot, curves)


# --- the frame -------------------------------------------------------------------------------------------------------


def test_every_control_has_a_name_and_is_reached(curves, canvas, qtbot, assert_named):
    overlaid(curves, 2)
    settle(qtbot, curves)
    assert_named(curves)
    reached, widget = set(), curves.bar.view_button
    for _ in range(60):
        reached.add(widget)
        widget = widget.nextInFocusChain()
    wanted = {
        *(plot.canvas for plot in curves._seen()),
        *(one for plot in curves._seen() for one in plot.chips.values()),
        *(overlay.chip for overlay in curves._overlays.values()),
        *(curves.bar.view_button, curves.bar.range_box, curves.bar.smoothing, curves.bar.log_box),
        *(curves.bar.export_button, curves.bar.follow),
    }
    assert wanted <= reached


@pytest.mark.parametrize("width", [380, 560, 900])
def test_all_plots_fit_or_scroll(curves, qtbot, width):
    """At 1280 x 720 the middle column is about 560 wide."""
    steps = np.arange(200)
    names = ["D/a", "distance/js", "D(real)", "gradient/D", "slope/x", "rate/D", "speed/x", "modes/covered", "other"]
    curves.resize(width, 560)
    curves.set_curves({name: (steps, np.ones(200)) for name in names})
    for key in curves.offered():
        curves.show_plot(key)
    overlaid(curves, 10)
    settle(qtbot, curves)
    assert len(seen(curves)) == 9 and all(plot.canvas.height() >= 60 for plot in curves._seen())
    assert curves.height() == 560 and curves.minimumSizeHint().height() < 400
    bar = curves.bar
    for widget in (bar.view_button, bar.range_box, bar.log_box, bar.export_button, bar.follow):
        assert bar.rect().contains(widget.geometry()), widget
    runs = [overlay.chip for overlay in curves._overlays.values()]
    assert all(curves._runs.rect().contains(run.geometry()) for run in runs)
    curves.grab()


def test_it_is_built_in_parts(qtbot):
    view = CurvesView(at_once=False)
    qtbot.addWidget(view)
    assert len(list(view.furnish())) == 3 and list(view.plots) == ["losses", "distance", "scores"]
    assert isinstance(QPen(run_pen(0)), QPen)
