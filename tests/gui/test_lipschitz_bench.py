"""The Lipschitz bench as a user meets it: start, pause, reset, other points, other constraints."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gan_studio.config import ConfigError
from gan_studio.gui import theme
from gan_studio.gui.computing import LatestWins
from gan_studio.gui.theory import lipschitz
from gan_studio.gui.theory.estimate_plot import EXACT, EstimatePlot
from gan_studio.gui.theory.lipschitz import LipschitzBench
from gan_studio.gui.theory.plane_map import of_slopes, of_values
from gan_studio.gui.theory.scenes import SCENES, begin
from gan_studio.gui.theory.words import read
from gan_studio.gui.worker import Worker
from gan_studio.theory.lipschitz import LipschitzBench as Settings

LEFT = Qt.MouseButton.LeftButton
SMALL = {"count": 16, "resolution": 8, "width": 8}


@pytest.fixture
def bench(qtbot, monkeypatch):
    monkeypatch.setattr(lipschitz, "COUNT", 16)
    monkeypatch.setattr(lipschitz, "SETTLED_MS", 20)
    host = QWidget()
    bench = LipschitzBench(LatestWins(host))
    bench.build()
    bench.resize(760, 620)
    bench.show()
    bench.enter()
    settle(qtbot, bench)
    yield bench
    bench.leave()
    settle(qtbot, bench)
    qtbot.waitUntil(lambda: not bench.stream.findChildren(Worker), timeout=10_000)  # the thread has ended
    for widget in (bench, host):
        widget.close()
        widget.deleteLater()


def settle(qtbot, bench):
    qtbot.waitUntil(lambda: not bench._latest.is_busy and not bench.settled.isActive(), timeout=10_000)


def learn(qtbot, bench, steps=1):
    """Until so many steps have been told."""
    while bench.newest.step < steps:
        with qtbot.waitSignal(bench.stream.told, timeout=10_000):
            pass


# --- start, pause, reset ---------------------------------------------------------------------------------------------


def test_before_the_start_the_first_weights_are_shown(bench):
    assert bench.newest.step == 0 and list(bench.columns) == [critic.key for critic in bench.newest.critics]
    assert len(bench.columns) == 5 and not bench.reset.isEnabled()
    assert "Start" in bench.start.text() and "1.0" in bench.bias.text()


def test_it_starts_pauses_goes_on_and_is_reset(bench, qtbot):
    qtbot.mouseClick(bench.start, LEFT)
    assert "Pause" in bench.start.text()
    learn(qtbot, bench)
    assert len(bench.plot.estimates(EXACT)) > 0
    qtbot.mouseClick(bench.start, LEFT)
    assert "Start" in bench.start.text() and bench.stream.is_running
    qtbot.mouseClick(bench.start, LEFT)
    learn(qtbot, bench, bench.newest.step + 1)
    assert bench.reset.isEnabled()
    qtbot.mouseClick(bench.reset, LEFT)
    assert bench.newest.step == 0 and not bench.stream.is_running and not len(bench.plot.estimates(EXACT))
    assert "Before" in bench.status.text()


def test_leaving_ends_the_training_and_keeps_what_was_drawn(bench, qtbot):
    bench.run(True)
    learn(qtbot, bench)
    step = bench.newest.step
    bench.leave()
    assert not bench.stream.is_running and "Start" in bench.start.text()
    bench.enter()
    assert bench.newest.step == step
    with qtbot.waitSignal(bench.stream.told, timeout=10_000):
        qtbot.mouseClick(bench.start, LEFT)


def test_what_is_hidden_is_not_drawn_until_it_is_seen(bench, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(bench.plot, "refresh", drawn.append)
    bench.run(True)
    bench.hide()
    drawn.clear()
    learn(qtbot, bench)
    assert drawn == [] and bench.plot._series[EXACT].count > 0
    bench.show()
    assert drawn[-1].step >= 1


def test_it_rests_between_pictures_in_slow_motion(bench, qtbot):
    bench.speed.setCurrentIndex(bench.speed.findData("slow"))
    bench.run(True)
    learn(qtbot, bench)
    assert bench.rest.isActive()
    with qtbot.waitSignal(bench.rest.timeout, timeout=5_000):
        pass
    learn(qtbot, bench, bench.newest.step + 1)


def test_at_the_end_it_says_start_again(bench, qtbot, monkeypatch):
    monkeypatch.setattr(lipschitz, "STEPS", 3)
    bench.change()
    settle(qtbot, bench)
    with qtbot.waitSignal(bench.stream.ended, timeout=10_000):
        bench.run(True)
    assert bench.newest.step == 3 and not bench.is_wanted and "Start" in bench.start.text()


# --- what is chosen --------------------------------------------------------------------------------------------------


def test_another_constraint_begins_anew_and_runs_on(bench, qtbot):
    bench.run(True)
    learn(qtbot, bench)
    weight = bench.sliders["weight"]
    weight.slider.setValue(weight.notch_of(1.0))
    assert not bench.stream.is_running
    settle(qtbot, bench)
    learn(qtbot, bench)
    assert bench.begun.bench.weight == weight.value() == pytest.approx(1.0, rel=0.01)
    assert bench.newest.expected_bias == pytest.approx(1 + bench.newest.w1 / 2 / weight.value())


@pytest.mark.parametrize("id", SCENES)
def test_each_scene_can_be_chosen(bench, qtbot, id):
    bench.scenes.setCurrentIndex(bench.scenes.findData(id))
    bench.scenes.activated.emit(bench.scenes.currentIndex())
    settle(qtbot, bench)
    assert (bench.sliders["x"].value(), bench.sliders["y"].value()) == SCENES[id].offset
    assert bench.newest.w1 > 0.3


@pytest.mark.parametrize("id", [id for id, scene in SCENES.items() if scene.generated is None])
def test_of_points_that_are_moved_w1_is_the_offset(id):
    begun = begin(Settings.parse(SMALL), SCENES[id], (0.6, -0.8))
    assert begun.progress.w1 == pytest.approx(1.0, abs=1e-5)


def test_generated_points_are_moved_and_the_rest_stays(bench, qtbot):
    real, generated = bench.begun.points
    bench.sliders["x"].slider.setValue(bench.sliders["x"].notch_of(1.0))
    settle(qtbot, bench)
    moved = bench.begun.points
    assert np.array_equal(moved[0], real) and np.allclose(moved[1], generated + np.array([1, 0]), atol=1e-6)


# --- the words beside it ---------------------------------------------------------------------------------------------


def test_what_the_words_try_is_set(bench, qtbot):
    for one in read("lipschitz", "en").tries():
        bench.apply(dict(one.settings))
        settle(qtbot, bench)
        wanted = dict(one.settings)
        assert bench.is_wanted and bench.stream.is_running
        assert bench.begun.bench.limit == float(wanted.get("limit", 0.05))
        assert bench.begun.bench.weight == float(wanted.get("weight", 10))


@pytest.mark.parametrize(
    "settings", [{"real": "no"}, {"run": "no"}, {"limit": "x"}, {"weight": "-1"}, {"x": "9"}, {"speed": "no"}], ids=str
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(bench, settings):
    before = bench.settings()
    with pytest.raises(ConfigError):
        bench.apply(settings)
    assert bench.settings() == before and not bench.is_wanted


# --- looks -----------------------------------------------------------------------------------------------------------


def test_heights_go_by_factors_once_an_estimate_runs_away(qtbot):
    plot = EstimatePlot()
    qtbot.addWidget(plot)
    first = begin(Settings.parse(SMALL), SCENES["ring"], (0.0, 0.0)).progress
    plot.extend(first)
    near = replace(first, steps=np.arange(3), estimates=np.full((5, 3), first.w1, np.float32))
    plot.extend(near)
    assert not plot.log.isChecked()
    plot.extend(replace(near, steps=np.arange(3, 6), estimates=near.estimates * 100))
    assert plot.log.isChecked() and plot.canvas.log
    plot.refresh(first)
    low, high = plot.canvas.heights
    assert low == round(low) <= math.log10(first.w1) and high == round(high) >= 2 + math.log10(first.w1)
    plot.log.click()  # the user decides otherwise
    plot.extend(replace(near, steps=np.arange(6, 9), estimates=near.estimates * 100))
    assert not plot.log.isChecked()
    plot.clear()
    assert not len(plot.estimates(EXACT))


def test_curves_can_be_hidden_and_looked_at_closely(qtbot):
    plot = EstimatePlot()
    qtbot.addWidget(plot)
    first = begin(Settings.parse(SMALL), SCENES["ring"], (0.0, 0.0)).progress
    told = replace(first, steps=np.arange(300), estimates=np.ones((5, 300), np.float32))
    plot.extend(told)
    plot.refresh(told)
    plot.chips[EXACT].click()
    assert len(plot.canvas.lines) == 5
    plot.canvas.moved.emit(50.0, 100.0)
    assert plot.canvas.steps == (50.0, 100.0)
    plot.canvas.fit_wanted.emit()
    assert plot.canvas.steps == (0, 299)


def test_colours_of_maps():
    slopes = np.array([[0.25, 0.5], [1.0, 4.0]])
    assert np.allclose(of_slopes(slopes), [[1, 0.5], [0, -1]])
    assert np.allclose(of_slopes(np.array([[0.0, 1e9]])), [[1, -1]])
    assert np.allclose(of_values(np.array([[-2.0, 1.0]])), [[-1, 0.5]])
    assert np.allclose(of_values(np.zeros((2, 2))), 0)


def test_everything_has_a_name_and_a_tooltip_and_fits(bench, assert_named):
    assert_named(bench)
    controls = [w for w in bench.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    controls = [w for w in controls if not w.objectName().startswith("qt_") and w.window() is bench]  # no pop-ups
    assert [w for w in controls if not w.toolTip()] == []
    assert bench.minimumSizeHint().width() <= 760 and bench.minimumSizeHint().height() <= 560


def test_it_can_be_drawn_in_both_themes(bench, qapp):
    parts = [bench.columns["nothing"].weights, bench.columns["nothing"].slopes, bench.plot.canvas]
    light = [part.grab().toImage() for part in parts]
    theme.apply(qapp, "dark")
    dark = [part.grab().toImage() for part in parts]
    theme.apply(qapp, "light")
    for one, other in zip(light, dark, strict=True):
        places = [(x, 5) for x in range(one.width())]
        assert sum(one.pixelColor(*at).lightness() - other.pixelColor(*at).lightness() for at in places) > 0
