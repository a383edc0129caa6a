"""The transport bench as a user handles it: bars and points that are dragged, plans drawn by hand, earth that moves."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QWidget
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from gan_studio.config import ConfigError
from gan_studio.gui import theme
from gan_studio.gui.computing import LatestWins
from gan_studio.gui.theory import move_bar
from gan_studio.gui.theory.heap_plot import runs, stacked
from gan_studio.gui.theory.heaps import LINE_PRESETS, MOST, PLANE_PRESETS, Clouds, Heaps, piles
from gan_studio.gui.theory.plan_answer import answer
from gan_studio.gui.theory.plan_matrix import percent
from gan_studio.gui.theory.transport import TransportBench
from gan_studio.gui.theory.words import read

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
KEY = Qt.Key


@pytest.fixture
def bench(qtbot):
    host = QWidget()
    bench = TransportBench(LatestWins(host))
    bench.build()
    bench.resize(780, 620)
    with qtbot.waitExposed(bench):
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


@pytest.fixture
def line(bench, qtbot):
    bench.apply({"tab": "line", "preset": "piles"})
    settle(qtbot, bench)
    return bench.part()


@pytest.fixture
def plane(bench, qtbot):
    bench.apply({"tab": "plane", "preset": "two"})
    settle(qtbot, bench)
    return bench.part()


def choose(box, data):
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def drag(qtbot, plot, start, end):
    """Between places in the plot's units."""
    qtbot.mousePress(plot, LEFT, pos=plot.point(*start).toPoint())
    for share in (0.3, 0.7, 1.0):
        x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
        qtbot.mouseMove(plot, plot.point(x, y).toPoint())
    qtbot.mouseRelease(plot, LEFT, pos=plot.point(*end).toPoint())


def click(qtbot, part, i, j, button=LEFT):
    qtbot.mouseClick(part.matrix, button, pos=part.matrix.point(i, j).toPoint())


def words(part):
    return part.bill.words.text()


# --- what is shown is exact ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", LINE_PRESETS)
def test_presets_on_a_line_against_scipy(bench, qtbot, id):
    bench.apply({"tab": "line"})
    choose(bench.part().presets, id)
    settle(qtbot, bench)
    found, scene = bench.part().answer, LINE_PRESETS[id][2]
    x = np.arange(len(scene.p))
    assert found.w1 == pytest.approx(wasserstein_distance(x, x, scene.p, scene.q), abs=1e-12)
    assert f"W1 = {found.w1:.4f}" in bench.part().bill.distances.text()
    assert found.bill.is_feasible and "No plan is cheaper" in words(bench.part())


@pytest.mark.parametrize("id", [id for id, (_, _, scene) in PLANE_PRESETS.items() if len(scene.p) == len(scene.q)])
def test_presets_in_the_plane_against_linear_assignment(bench, qtbot, id):
    bench.apply({"tab": "plane"})
    choose(bench.part().presets, id)
    settle(qtbot, bench)
    found, scene = bench.part().answer, PLANE_PRESETS[id][2]
    for power, distance in ((1, found.w1), (2, found.w2)):
        cost = cdist(scene.p, scene.q) ** power
        assert distance == pytest.approx(cost[linear_sum_assignment(cost)].mean() ** (1 / power), abs=1e-9)


def test_a_shift_costs_its_length(bench, qtbot):
    bench.apply({"tab": "line", "preset": "lines"})
    settle(qtbot, bench)
    assert "<b>W1 = 5.0000</b> · <b>W2 = 5.0000</b>" in bench.part().bill.distances.text()


@pytest.mark.parametrize("tab", ["line", "plane"])
@pytest.mark.parametrize("cost", ["1", "2"])
def test_the_dual_reaches_the_primal(bench, qtbot, tab, cost):
    bench.apply({"tab": tab, "cost": cost})
    part = bench.part()
    for id in part.known:
        part.set_preset(id)
        settle(qtbot, bench)
        assert part.answer.dual == pytest.approx(part.answer.best.cost, abs=1e-9)
        assert part.answer.best.distance == pytest.approx(part.answer.w1 if cost == "1" else part.answer.w2)


@pytest.mark.parametrize("tab", ["line", "plane"])
def test_the_potential_is_nowhere_steeper_than_1(bench, qtbot, tab):
    part = bench.parts[tab]
    for id in part.known:
        bench.apply({"tab": tab, "preset": id, "potential": "on"})
        settle(qtbot, bench)
        critic = part.answer.critic
        assert critic.steepest <= 1 + 1e-9
        assert critic.gain == pytest.approx(part.answer.w1, abs=1e-9)
        assert f"= {critic.gain:.4f}" in words(part)
        assert not part.plot.wastes().any()  # the cheapest plan goes down f alone


def test_only_lengths_have_one_potential(bench, qtbot):
    bench.apply({"tab": "line", "preset": "hills", "potential": "on"})
    part = bench.part()
    choose(part.cost, 2)
    settle(qtbot, bench)
    assert not part.potential.isEnabled() and "|x − y|" in part.potential.toolTip()
    assert part.answer.critic is None
    choose(part.cost, 1)
    settle(qtbot, bench)
    assert part.potential.isEnabled() and part.answer.critic is not None


def test_what_a_plan_wastes_is_marked(bench, qtbot):
    bench.apply({"tab": "line", "preset": "hills", "plan": "independent", "potential": "on"})
    settle(qtbot, bench)
    part = bench.part()
    found = part.answer
    assert part.matrix.wasted.any() and "another colour" in words(part)
    assert found.wasted @ found.moved.mass == pytest.approx(found.bill.cost - found.w1)  # the duality gap
    assert "more than it must" in words(part)


def test_books_cost_w1_the_same_and_w2_not(bench, qtbot):
    """One book over all others, or each by one."""
    scene = LINE_PRESETS["books"][2]
    hand = np.zeros_like(scene.hand)
    hand[1, 9] = 1 / 8
    hand[range(2, 9), range(2, 9)] = 1 / 8
    costs = {power: answer(scene.with_hand(hand), "hand", power, False) for power in (1, 2)}
    assert costs[1].bill.cost == pytest.approx(costs[1].best.cost) and costs[1].bill.is_feasible
    assert costs[2].bill.cost == pytest.approx(8) and costs[2].best.cost == pytest.approx(1)


# --- heaps -----------------------------------------------------------------------------------------------------------


def test_a_bar_follows_the_mouse_and_the_others_give(line, bench, qtbot):
    plot, before = line.plot, line.scene.p.copy()
    drag(qtbot, plot, (1, plot.surface("p") + 0.2), (1, plot.surface("p") + 0.4))
    settle(qtbot, bench)
    assert line.scene.p[1] == pytest.approx(0.4, abs=0.01)
    assert line.scene.p.sum() == pytest.approx(1)
    others = np.delete(line.scene.p, 1) / np.delete(before, 1).clip(1e-9)
    assert np.ptp(others[others > 0]) < 1e-9  # all by the same factor
    x = np.arange(12)
    assert line.answer.w1 == pytest.approx(wasserstein_distance(x, x, line.scene.p, line.scene.q))
    assert line.plot.which == "p" and line.matrix.marked == ("p", 1)


def test_a_hole_is_dragged_downwards(line, bench, qtbot):
    plot = line.plot
    drag(qtbot, plot, (7, plot.surface("q") - 0.2), (7, plot.surface("q") - 0.35))
    assert line.scene.q[7] == pytest.approx(0.35, abs=0.01) and line.scene.q.sum() == pytest.approx(1)
    assert line.heaps["q"].isChecked()


def test_between_heaps_and_holes_nothing_is_taken_hold_of(line, qtbot):
    scene = line.scene
    drag(qtbot, line.plot, (3, 0.0), (3, line.plot.surface("p") + 0.3))
    assert line.scene is scene


def test_the_keyboard_edits_heaps(line, bench, qtbot):
    plot = line.plot
    for key in (KEY.Key_P, KEY.Key_Right, KEY.Key_Right, KEY.Key_Up):
        qtbot.keyClick(plot, key)
    assert plot.chosen == 2 and line.scene.p[2] == pytest.approx(0.11)
    qtbot.keyClick(plot, KEY.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert line.scene.p[2] == pytest.approx(0.108)
    qtbot.keyClick(plot, KEY.Key_Q)
    qtbot.keyClick(plot, KEY.Key_Up)
    assert line.scene.q[2] == pytest.approx(0.01) and "hole 2" in plot.accessibleDescription()


def test_the_last_pile_is_spread_when_it_is_taken_down():
    scene = Heaps.of(piles({3: 1}), piles({8: 1})).with_share("p", 3, 0.45)
    assert scene.p[3] == pytest.approx(0.45) and np.allclose(np.delete(scene.p, 3), 0.05)
    assert scene.with_share("p", 3, 7.0).p[3] == 1


# --- plans by hand ---------------------------------------------------------------------------------------------------


def test_a_plan_is_drawn_by_hand(line, bench, qtbot):
    """Of p 30, 20, 10 and 40 at 0, 1, 2 and 4; of q 20, 20, 40 and 20 at 5, 7, 8 and 10."""
    line.kinds["hand"].click()
    settle(qtbot, bench)
    assert "Nothing is carried yet" in words(line) and not line.clear.isEnabled()
    for cell in ((4, 8), (0, 5), (0, 7), (1, 7), (1, 10), (2, 10)):
        click(qtbot, line, *cell)
    settle(qtbot, bench)
    hand = line.scene.hand
    assert hand[4, 8] == pytest.approx(0.4) and hand[0, 7] == pytest.approx(0.1)
    assert line.answer.bill.is_feasible and not line.repair.isEnabled()
    assert line.answer.bill.cost == pytest.approx(line.answer.w1)  # nobody goes left, so any plan is cheapest
    click(qtbot, line, 0, 5)  # a full cell is emptied
    settle(qtbot, bench)
    assert line.scene.hand[0, 5] == 0
    assert "20 % of p is left where it is" in words(line) and "20 % of q is not filled" in words(line)
    line.clear.click()
    settle(qtbot, bench)
    assert not line.scene.hand.any()


def test_too_much_is_said_and_repaired(line, bench, qtbot):
    line.kinds["hand"].click()
    line.amount.setValue(30)
    click(qtbot, line, 2, 5)
    settle(qtbot, bench)
    assert "20 % is taken that is not there" in words(line) and "arrives where nothing is wanted" in words(line)
    assert not line.grab().toImage().isNull()
    line.repair.click()
    settle(qtbot, bench)
    assert line.answer.bill.is_feasible and line.scene.hand[2, 5] == pytest.approx(0.1)
    assert line.answer.bill.cost >= line.answer.best.cost - 1e-12


def test_cells_are_painted_by_dragging_and_taken_back_by_the_right_button(line, bench, qtbot):
    line.kinds["hand"].click()
    line.amount.setValue(5)
    matrix = line.matrix
    qtbot.mousePress(matrix, LEFT, pos=matrix.point(0, 5).toPoint())
    qtbot.mouseMove(matrix, matrix.point(0, 7).toPoint())
    qtbot.mouseMove(matrix, matrix.point(0, 5).toPoint())  # there and back: each once
    qtbot.mouseRelease(matrix, LEFT)
    assert line.scene.hand[0, 5:8].tolist() == pytest.approx([0.05] * 3)
    click(qtbot, line, 0, 6, RIGHT)
    assert line.scene.hand[0, 6] == 0
    qtbot.mouseMove(matrix, matrix.point(1, 8).toPoint())
    assert line.scene.hand.sum() == pytest.approx(0.1)  # it was let go
    assert line.plot.pointed == (1, 8)


def test_the_keyboard_draws_plans(line, bench, qtbot):
    line.kinds["hand"].click()
    matrix = line.matrix
    for _ in range(5):
        qtbot.keyClick(matrix, KEY.Key_Right)
    qtbot.keyClick(matrix, KEY.Key_Space)
    assert line.scene.hand[0, 5] == pytest.approx(0.2)
    assert "From 0 to 5: 20.0 %" in matrix.accessibleDescription()
    qtbot.keyClick(matrix, KEY.Key_Delete)
    assert line.scene.hand[0, 5] == 0
    qtbot.keyClick(matrix, KEY.Key_Up)
    assert matrix.cell == (0, 5) and line.plot.pointed == (0, 5)


def test_changing_the_cheapest_plan_makes_it_one_by_hand(line, bench, qtbot):
    best = line.answer.plan.copy()
    i, j = np.argwhere(best > 0)[0].tolist()
    click(qtbot, line, i, j)
    settle(qtbot, bench)
    assert line.kind == "hand" and line.kinds["hand"].isChecked()
    assert line.scene.hand[i, j] == 0 and line.scene.hand.sum() == pytest.approx(1 - best[i, j])
    i, j = np.argwhere((line.scene.hand == 0) & (line.scene.q > 0)).tolist()[-1]
    click(qtbot, line, i, j)
    assert "Nothing is left to carry here" in words(line)


def test_a_plan_by_hand_does_not_follow_the_heaps_by_itself(line, bench, qtbot):
    click(qtbot, line, 3, 3, RIGHT)  # nothing is carried there: the cheapest plan, by hand
    settle(qtbot, bench)
    assert line.answer.bill.is_feasible
    line.set_scene(line.scene.with_share("p", 0, 0.5))
    settle(qtbot, bench)
    assert not line.answer.bill.is_feasible and "No plan yet" in words(line)
    line.repair.click()
    settle(qtbot, bench)
    assert line.answer.bill.is_feasible


# --- clouds ----------------------------------------------------------------------------------------------------------


def test_a_point_is_dragged_past_another_and_the_pairing_changes(plane, bench, qtbot):
    before = plane.answer.plan.copy()
    drag(qtbot, plane.plot, (-1.0, 0.6), (-1.0, -1.6))
    settle(qtbot, bench)
    assert plane.scene.p[0] == pytest.approx((-1, -1.6), abs=0.03)
    assert not np.allclose(plane.answer.plan, before)
    qtbot.mouseMove(plane.plot, plane.plot.point(0, 0).toPoint())
    assert plane.scene.p[0] == pytest.approx((-1, -1.6), abs=0.03)  # it was let go


def test_a_drag_ends_at_the_edge(plane, qtbot):
    qtbot.mousePress(plane.plot, LEFT, pos=plane.plot.point(-1, 0.6).toPoint())
    qtbot.mouseMove(plane.plot, QPoint(-900, -900))
    qtbot.mouseRelease(plane.plot, LEFT)
    assert plane.scene.p[0].tolist() == [-2, 2]


def test_points_come_and_go(plane, bench, qtbot):
    plot = plane.plot
    plane.heaps["q"].click()
    qtbot.mouseClick(plot, LEFT, pos=plot.point(0, 0).toPoint())
    settle(qtbot, bench)
    assert len(plane.scene.q) == 3 and plane.answer.plan.shape == (2, 3)
    assert plane.answer.plan.sum(axis=0) == pytest.approx([1 / 3] * 3)  # mass is split
    assert plot.which == "q" and plot.chosen == 2
    where = plot.point(0, 0).toPoint()
    QApplication.sendEvent(plot, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, plot.mapToGlobal(where)))
    settle(qtbot, bench)
    assert len(plane.scene.q) == 2 and plane.answer.plan.shape == (2, 2)


def test_the_keyboard_edits_clouds(plane, bench, qtbot):
    plot = plane.plot
    qtbot.keyClick(plot, KEY.Key_P)
    qtbot.keyClick(plot, KEY.Key_PageDown)
    qtbot.keyClick(plot, KEY.Key_Right)
    assert plane.scene.p[1] == pytest.approx((-0.5, -0.8))
    qtbot.keyClick(plot, KEY.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert plane.scene.p[1] == pytest.approx((-0.5, -0.79)) and "point 1 of p" in plot.accessibleDescription()
    qtbot.keyClick(plot, KEY.Key_N)
    assert len(plane.scene.p) == 3 and plot.chosen == 2
    for _ in range(3):
        qtbot.keyClick(plot, KEY.Key_Delete)
    assert len(plane.scene.p) == 1 and "last one stays" in words(plane)
    settle(qtbot, bench)
    assert plane.answer.bill.is_feasible


def test_there_are_at_most_so_many_points(plane, bench, qtbot):
    for k in range(MOST):
        plane.plot.add((0.05 * k - 1, 1.5))
    assert len(plane.scene.p) == MOST and "at most" in words(plane)
    settle(qtbot, bench)
    assert plane.answer.bill.is_feasible and not plane.grab().toImage().isNull()


def test_cells_of_points_that_are_gone_carry_nothing(plane, bench, qtbot):
    plane.plot.remove("q", 1)
    click(qtbot, plane, 0, 1)  # before the matrix of the smaller clouds is there
    assert plane.kind == "optimal" and plane.scene.hand.shape == (2, 1)
    settle(qtbot, bench)
    click(qtbot, plane, 0, 0)
    assert plane.kind == "hand"


def test_a_plan_by_hand_keeps_its_rows_and_columns():
    scene = Clouds.of([(0, 0), (1, 1)], [(0, 1), (1, 0)]).with_hand(np.array([[1, 2], [3, 4]]) / 10)
    more = scene.with_point("p", (5, 5)).with_point("q", (0, 0))
    assert more.hand.shape == (3, 3) and more.hand[2].sum() == more.hand[:, 2].sum() == 0
    assert more.p[2].tolist() == [2, 2]  # no farther than is seen
    assert more.without("p", 0).without("q", 1).hand[0].tolist() == pytest.approx([0.3, 0])


# --- earth that moves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", move_bar.WAYS)
@pytest.mark.parametrize("tab", ["line", "plane"])
def test_the_slider_moves_the_earth(bench, qtbot, tab, way):
    bench.apply({"tab": tab})
    settle(qtbot, bench)
    part = bench.part()
    part.bar.ways.setCurrentIndex(part.bar.ways.findData(way))
    for t, least, most in ((0, 0, 0), (1, 1, 1), (0.5, 0, 1)):
        part.bar.slider.setValue(t * move_bar.NOTCHES)
        gone = part.plot.frame.gone
        stays = (part.answer.moved.start == part.answer.moved.end).all(axis=1)
        assert (gone[~stays] >= least).all() and (gone[~stays] <= most).all()
        assert not part.plot.grab().toImage().isNull()
    assert part.bar.share.text() == "t = 0.50"


def test_play_goes_to_the_end_and_begins_again(bench, qtbot, monkeypatch):
    monkeypatch.setattr(move_bar, "ALL_S", 0.15)
    bar = bench.part().bar
    bar.play.click()
    assert bar.is_playing and bar.play.accessibleName() == "Pause"
    qtbot.waitUntil(lambda: bar.t() == 1)
    assert not bar.is_playing
    bar.play.click()
    assert bar.t() < 1 and bar.is_playing
    bar.play.click()
    assert not bar.is_playing


def test_it_rests_when_it_is_left(bench, qtbot):
    bar = bench.part().bar
    bar.play.click()
    bench.tabs.setCurrentIndex(1)
    assert not bar.is_playing
    bench.part().bar.play.click()
    bench.leave()
    assert not bench.part().bar.is_playing


def test_loads_are_stacked_and_slopes_are_runs():
    assert stacked(np.array([1, 0, 1, 1]), np.array([1.0, 2, 3, 4])).tolist() == [0, 0, 1, 4]
    assert stacked(np.empty(0, int), np.empty(0)).tolist() == []
    assert runs(np.array([0.0, 1, 2, 2, 1])) == [(0, 2, 1), (2, 3, 0), (3, 4, -1)]
    assert [percent(share) for share in (0.25, 0.01, 0.004)] == ["25", "1", ".4"]


# --- the bench -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_thing_to_try_does_what_it_says(bench, qtbot, language):
    for one in read("transport", language).tries():
        settings = dict(one.settings)
        bench.apply(settings)
        settle(qtbot, bench)
        part = bench.part()
        assert part is bench.parts[settings["tab"]] and part.presets.currentData() == settings["preset"]
        assert part.kind == settings["plan"] and part.kinds[part.kind].isChecked()
        assert (part.answer.critic is not None) == (settings.get("potential") == "on")


def test_what_makes_no_sense_is_refused_and_changes_nothing(bench):
    for settings in ({"tab": "x"}, {"preset": "ring"}, {"plan": "x"}, {"cost": "3"}, {"potential": "x"}):
        with pytest.raises(ConfigError):
            bench.apply({"tab": "line"} | settings)
    assert bench.part().kind == "optimal"


def test_only_the_newest_scene_counts(line, bench, qtbot):
    for share in np.linspace(0.1, 0.9, 20):
        line.set_scene(line.scene.with_share("p", 0, float(share)))
    settle(qtbot, bench)
    assert line.answer.problem.a[0] == pytest.approx(0.9)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_it_is_drawn_in_both_themes_and_when_it_is_small(bench, qtbot, qapp, look):
    theme.apply(qapp, look)
    bench.resize(560, 420)
    for tab, preset, plan in (
        ("line", "hills", "independent"),
        ("plane", "clumps", "hand"),
        ("plane", "ring", "optimal"),
    ):
        bench.apply({"tab": tab, "preset": preset, "plan": plan, "potential": "on"})
        settle(qtbot, bench)
        bench.part().plot.show_pointed((0, 0))
        assert not bench.grab().toImage().isNull()
    theme.apply(qapp, "light")


def test_everything_has_a_name(bench, assert_named):
    for tab in ("line", "plane"):
        bench.apply({"tab": tab})
        assert_named(bench)
