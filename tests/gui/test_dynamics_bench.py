"""The bench of the two players as a user meets it: starts that are clicked and dragged, games that are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from gan_studio.config import ConfigError
from gan_studio.gui import theme
from gan_studio.gui.computing import LatestWins
from gan_studio.gui.theory.dynamics import VERDICTS, DynamicsBench, bound_of, with_minus
from gan_studio.gui.theory.eigen_plot import pair_text
from gan_studio.gui.theory.phase_plane import MOST, apart, field_lines
from gan_studio.gui.theory.words import read
from gan_studio.gui.widgets.number_slider import NumberSlider
from gan_studio.theory.dynamics.portrait import PANELS, Portrait, draw

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench(qtbot):
    host = QWidget()
    bench = DynamicsBench(LatestWins(host))
    bench.build()
    bench.resize(760, 620)
    bench.show()
    bench.enter()
    settle(qtbot, bench)
    yield bench
    bench.leave()
    settle(qtbot, bench)
    for widget in (bench, host):
        widget.close()
        widget.deleteLater()


def settle(qtbot, bench):
    qtbot.waitUntil(lambda: not bench._latest.is_busy, timeout=10_000)


def choose(bench, key, kind):
    box = bench.form.choices[key]
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())


def pixel(bench, theta, psi) -> QPoint:
    return bench.plane.point(theta, psi).toPoint()


def move_to(bench, qtbot, theta, psi):
    qtbot.mouseMove(bench.plane, pixel(bench, theta, psi))


# --- starts ----------------------------------------------------------------------------------------------------------


def test_a_click_starts_a_path_there(bench, qtbot):
    qtbot.mouseClick(bench.plane, LEFT, pos=pixel(bench, -0.5, 0.8))
    settle(qtbot, bench)
    assert len(bench.starts) == 2 and bench.chosen == 1
    assert bench.starts[1] == pytest.approx((-0.5, 0.8), abs=0.02)
    assert np.allclose(bench._drawing.paths[0], bench.starts)


def test_a_start_is_dragged_and_only_its_last_place_counts(bench, qtbot):
    plane = bench.plane
    qtbot.mousePress(plane, LEFT, pos=pixel(bench, 1, 1))
    for psi in np.linspace(1, -1, 12):
        move_to(bench, qtbot, 0.5, psi)
    qtbot.mouseRelease(plane, LEFT, pos=pixel(bench, 0.5, -1))
    settle(qtbot, bench)
    assert len(bench.starts) == 1 and bench.starts[0] == pytest.approx((0.5, -1), abs=0.02)
    assert np.allclose(bench._drawing.paths[0], bench.starts)
    move_to(bench, qtbot, 0, 0)  # it was let go
    assert bench.starts[0] == pytest.approx((0.5, -1), abs=0.02)


def test_a_drag_ends_at_the_edge(bench, qtbot):
    qtbot.mousePress(bench.plane, LEFT, pos=pixel(bench, 1, 1))
    qtbot.mouseMove(bench.plane, QPoint(3000, -3000))
    qtbot.mouseRelease(bench.plane, LEFT)
    assert bench.starts[0] == (2.0, 2.0)


def test_there_are_at_most_so_many_starts(bench, qtbot):
    for i in range(MOST + 2):
        bench.plane.add_start((0.1 * i, 0.5))
    settle(qtbot, bench)
    assert len(bench.starts) == MOST and bench.starts[-1][0] == pytest.approx(0.9)
    assert bench.plane.start_at(bench.plane.point(0.9, 0.5)) == MOST - 1


def test_starts_are_removed_and_cleared(bench, qtbot):
    bench.plane.add_start((0.5, 0.5))
    bench.plane.remove_start(0)
    assert bench.starts == [(0.5, 0.5)]
    bench.clear.click()
    settle(qtbot, bench)
    assert bench.starts == [] and not bench.clear.isEnabled()
    assert bench._drawing.paths.shape[1] == 0 and "Click" in bench.path.text()
    assert not bench.grab().toImage().isNull()
    qtbot.mouseClick(bench.plane, LEFT, pos=pixel(bench, 1, 0))
    assert len(bench.starts) == 1 and bench.clear.isEnabled()


def test_everything_can_be_done_by_keys(bench, qtbot):
    plane, keys = bench.plane, Qt.Key
    plane.setFocus()
    qtbot.keyClick(plane, keys.Key_Left)
    assert bench.starts[0] == pytest.approx((0.9, 1))
    qtbot.keyClick(plane, keys.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert bench.starts[0] == pytest.approx((0.9, 1.01))
    qtbot.keyClick(plane, keys.Key_N)
    assert len(bench.starts) == 2 and bench.chosen == 1
    qtbot.keyClick(plane, keys.Key_PageDown)
    assert bench.chosen == 0
    qtbot.keyClick(plane, keys.Key_Delete)
    assert bench.starts == [(1.0, 0.0)]
    qtbot.keyClick(plane, "-")
    assert bench.portrait.extent == 2.5
    settle(qtbot, bench)
    assert plane.x_range == (-2.5, 2.5)


# --- the game --------------------------------------------------------------------------------------------------------


def test_words_are_what_the_eigenvalues_and_the_path_say(bench, qtbot):
    choose(bench, "loss", "wasserstein")
    choose(bench, "rule", "simultaneous")
    settle(qtbot, bench)
    assert VERDICTS["diverges"] in bench.near.text() and VERDICTS["diverges"] in bench.path.text()
    assert "1.02" in bench.step_text.text() and "± 1 i" in bench.field_text.text()
    choose(bench, "regulariser", "r1")
    settle(qtbot, bench)
    assert VERDICTS["converges"] in bench.near.text() and VERDICTS["converges"] in bench.path.text()


def test_only_numbers_that_matter_can_be_set_and_the_others_say_why(bench):
    sliders = bench.form.sliders
    assert not sliders["gamma"].isEnabled() and "R1" in sliders["gamma"].toolTip()
    choose(bench, "regulariser", "clipping")
    assert sliders["limit"].isEnabled() and not sliders["gamma"].isEnabled() and not sliders["sigma"].isEnabled()
    choose(bench, "regulariser", "instance-noise")
    assert sliders["sigma"].isEnabled() and not sliders["limit"].isEnabled()
    choose(bench, "rule", "flow")
    assert not sliders["d_steps"].isEnabled() and "Alternating" in sliders["d_steps"].toolTip()


def test_a_slider_sets_its_number_and_regularisers_keep_theirs(bench, qtbot):
    choose(bench, "regulariser", "r1")
    gamma = bench.form.sliders["gamma"]
    gamma.slider.setValue(gamma.notch_of(1.2))
    assert bench.portrait.game.regulariser.gamma == 1.2 == gamma.box.value()
    choose(bench, "regulariser", "consensus")
    assert bench.portrait.game.regulariser.gamma == 1.0
    choose(bench, "regulariser", "r1")
    assert bench.portrait.game.regulariser.gamma == 1.2
    bench.form.sliders["h"].box.lineEdit().setText("0.5")
    bench.form.sliders["h"].box.commit()
    choose(bench, "rule", "simultaneous")
    assert bench.portrait.rule.h == 0.5  # ways to move share their numbers
    settle(qtbot, bench)


def test_clipping_shows_its_bounds(bench, qtbot):
    choose(bench, "regulariser", "clipping")
    settle(qtbot, bench)
    assert [level for level, _ in bench.plane.levels] == [1.0, -1.0]
    assert bound_of(bench.portrait.game) == 1.0
    assert bound_of(PANELS[0].portrait().game) == np.inf


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.key)
def test_each_panel_of_the_paper_can_be_had(bench, qtbot, panel):
    qtbot.mouseClick(bench.strip.buttons[panel.key], LEFT)
    settle(qtbot, bench)
    drawing = draw(panel.portrait())
    assert bench.portrait == panel.portrait()
    assert [key for key, button in bench.strip.buttons.items() if button.isChecked()] == [panel.key]
    assert np.allclose(bench._drawing.paths, drawing.paths, equal_nan=True)
    assert VERDICTS[drawing.verdict.word] in bench.near.text()
    assert pair_text(drawing.spectrum.field) in bench.field_text.text()


# --- the words beside it ---------------------------------------------------------------------------------------------


def test_what_the_words_try_is_set(bench, qtbot):
    found = set()
    for one in read("dynamics", "en").tries():
        bench.form.sliders["h"].edited.emit(2.0)  # what was tried before does not matter
        bench.apply(dict(one.settings))
        settle(qtbot, bench)
        wanted = dict(one.settings)
        assert bench.portrait.game.loss.kind == wanted["loss"] and bench.portrait.rule.h == 0.2
        assert bench.portrait.game.regulariser.kind == wanted["regulariser"]
        found.add(bench._drawing.verdict.word)
    assert found >= {"converges", "cycles", "diverges"}


@pytest.mark.parametrize(
    "settings",
    [{"loss": "no"}, {"panel": "no"}, {"gamma": "1"}, {"h": "x"}, {"h": "-1"}, {"regulariser": "r1", "gamma": "99"}],
    ids=str,
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(bench, settings):
    before = bench.portrait
    with pytest.raises(ConfigError):
        bench.apply(settings)
    assert bench.portrait is before


def test_a_panel_and_a_start_can_be_tried(bench):
    bench.apply({"panel": "wgan-gp", "theta": "0.5", "psi": "-1", "extent": "3"})
    assert bench.starts == [(0.5, -1)] and bench.portrait.extent == 3
    assert bench.strip.buttons["wgan-gp"].isChecked()


# --- looks -----------------------------------------------------------------------------------------------------------


def test_everything_has_a_name_and_a_tooltip_and_fits(bench, assert_named):
    assert_named(bench)
    controls = [w for w in bench.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    controls = [w for w in controls if not w.objectName().startswith("qt_") and w.window() is bench]  # no pop-ups
    assert [w for w in controls if not w.toolTip()] == []
    assert bench.minimumSizeHint().width() <= 760 and bench.minimumSizeHint().height() <= 560


def test_words_and_pictures_follow_the_theme(bench, qapp):
    light = bench.near.text()
    theme.apply(qapp, "dark")
    dark = bench.near.text()
    picture = bench.strip.buttons["gan"].grab().toImage()
    theme.apply(qapp, "light")
    assert dark != light and picture.pixelColor(picture.width() // 2, 12).lightness() < 90


def test_arrows_point_along_the_field_and_stay_in_their_cells():
    drawing = draw(Portrait.parse({"arrows": 7, "game": {"loss": "wasserstein"}}))
    lines = field_lines(drawing, 210.0)
    shafts = lines[: len(lines) // 3]
    along = shafts[:, 2:] - shafts[:, :2]
    middle = (shafts[:, 2:] + shafts[:, :2]) / 2
    turning = middle[:, 0] * along[:, 1] - middle[:, 1] * along[:, 0]
    assert (turning < 0).all()  # counter-clockwise, on a screen whose y goes down
    assert np.linalg.norm(along, axis=1).max() <= 30


def test_pairs_of_eigenvalues_are_written_short():
    assert pair_text(np.array([-0.15 + 0.477j, -0.15 - 0.477j])) == "−0.15 ± 0.477 i"
    assert pair_text(np.array([0.5j, -0.5j])) == "± 0.5 i"
    assert pair_text(np.array([-0.5, -0.5], complex)) == "−0.5 twice"
    assert pair_text(np.array([0.93, 0.86], complex)) == "0.93 and 0.86"


@pytest.mark.parametrize(("low", "high", "log"), [(0.01, 4.0, True), (0.0, 2.0, False)])
def test_a_slider_finds_back_to_its_values(qtbot, low, high, log):
    slider = NumberSlider("h", Portrait.model_fields["theta"], low, high, log)
    qtbot.addWidget(slider)
    for notch in (0, 250, 1000):
        assert abs(slider.notch_of(slider.value_at(notch)) - notch) <= 1
    slider.set_value(50.0)  # beyond the slider's reach
    assert slider.value() == 50.0 and slider.slider.value() == 1000


def test_points_that_fall_on_one_pixel_are_left_out():
    points = np.array([[0.0, 0.0], [0.2, 0.1], [3.0, 0.0], [3.1, 0.0], [3.2, 0.1]])
    assert np.array_equal(apart(points), points[[0, 2, 4]])
    assert np.array_equal(apart(points[:1]), points[:1])


def test_a_path_that_is_on_its_way_has_not_come_to_rest(bench, qtbot):
    bench.apply({"loss": "non-saturating"})
    settle(qtbot, bench)
    assert "<b>" in bench.path.text() and "comes nearer</font>" in bench.path.text()
    bench.apply({"loss": "minimax", "regulariser": "r1", "gamma": "1"})
    settle(qtbot, bench)
    assert "comes to rest</font>" in bench.path.text()


def test_formulas_have_minus_signs():
    assert with_minus("θ' = -ψ σ(-ψθ), γ - θ² f''(0), at -0.7, so-called") == (
        "θ' = −ψ σ(−ψθ), γ − θ² f''(0), at −0.7, so-called"
    )
