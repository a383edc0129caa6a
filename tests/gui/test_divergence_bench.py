"""The divergence bench as a user handles it: dragging, drawing, typing; what is shown against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget

from gan_studio.config import ConfigError
from gan_studio.gui.computing import LatestWins
from gan_studio.gui.theory.density_plot import POINT_HEIGHT, outline
from gan_studio.gui.theory.divergence import DivergenceBench
from gan_studio.gui.theory.measure_table import number
from gan_studio.gui.theory.shapes import KINDS, PRESETS, Pair, are_alike, fields, handles, kind_of
from gan_studio.gui.worker import Worker
from gan_studio.theory.densities import Drawn, Gaussian, Mixture, Points, Uniform
from gan_studio.theory.divergences import MEASURES, measure
from gan_studio.theory.f_table import row
from gan_studio.theory.gaussian_fit import Fit, best_fit, train_fit

ALL = [Gaussian(0.5, 0.8), Mixture((0.3, 0.7), (-2, 1), (0.5, 0.9)), Uniform(-1, 2), Points((0.0, 1.0), (0.4, 0.6))]


@pytest.fixture
def bench(qtbot):
    def end(_widget):
        bench.leave()
        latest.forget_all()
        settle(qtbot, bench)
        qtbot.waitUntil(lambda: not any(worker.is_alive() for worker in bench.findChildren(Worker)))

    owner = QWidget()
    latest = LatestWins(owner)
    bench = DivergenceBench(latest)
    qtbot.addWidget(bench, before_close_func=end)
    qtbot.addWidget(owner)
    bench.build()
    bench.resize(800, 620)
    with qtbot.waitExposed(bench):
        bench.show()
    bench.enter()
    settle(qtbot, bench)
    yield bench  # the owner lives as long


def settle(qtbot, bench):
    qtbot.waitUntil(lambda: not bench._latest.is_busy, timeout=20_000)


def shown(bench, key, column=1):
    return bench.two.table.item(list(MEASURES).index(key), column).text()


# --- shapes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("density", ALL, ids=lambda d: type(d).__name__)
def test_a_handle_stays_beneath_the_mouse(density):
    """Dragged to where it is nothing changes; dragged sideways it follows."""
    for i, handle in enumerate(handles(density)):
        assert are_alike(handle.drag(handle.x, handle.y), density)
        moved = handles(handle.drag(handle.x + 0.1, handle.y))[i]
        assert moved.x == pytest.approx(handle.x + 0.1)


def test_the_top_of_a_hill_follows_the_mouse_up_and_down():
    mixture = ALL[1]
    top = handles(mixture)[0]
    higher = handles(top.drag(top.x, 1.5 * top.y))[0]
    assert higher.y == pytest.approx(1.5 * top.y)


@pytest.mark.parametrize("density", [*ALL, Drawn((1.0, 2.0, 0.0, 1.0), -2, 2)], ids=lambda d: type(d).__name__)
def test_fields_put_what_they_say(density):
    for i, field in enumerate(fields(density)):
        assert are_alike(field.put(field.value), density)
        other = fields(field.put(field.value + 0.05))[i]
        assert other.value == pytest.approx(field.value + 0.05, abs=1e-6)


@pytest.mark.parametrize("title", KINDS)
def test_every_kind_can_be_made_of_every_other(title):
    kind, make = KINDS[title]
    for density in ALL:
        made = make(density)
        assert isinstance(made, kind) and kind_of(made) == title
        assert made.mean == pytest.approx(density.mean, abs=0.1)


def test_an_outline_has_an_area_of_one():
    for density in ALL[:3]:
        assert np.trapezoid(*outline(density)[::-1]) == pytest.approx(1, abs=2e-3)


def test_numbers_as_they_are_shown():
    assert [number(x) for x in (math.inf, -math.inf, math.nan, math.log(2), -0.5, 3.2e9, 1e-12, 123.45)] == [
        "∞", "−∞", "–", "0.6931", "−0.5000", "3.20e9", "0.0000", "123.5",
    ]  # fmt: skip


# --- two densities ---------------------------------------------------------------------------------------------------


def test_gaussians_against_closed_forms(bench, qtbot):
    bench.set_pair(Pair(Gaussian(0, 1), Gaussian(1, 2)))
    settle(qtbot, bench)
    kl = math.log(2) + (1 + 1) / 8 - 0.5
    assert shown(bench, "kl") == f"{kl:.4f}"
    assert shown(bench, "kl", 2) == "0.2500"  # (m_q - m_p) / s_q²
    assert shown(bench, "w2") == f"{math.sqrt(2):.4f}"
    assert shown(bench, "w1", 2) != "–"


def test_parallel_lines(bench, qtbot):
    """W1 = |θ|, JS = log 2, KL = ∞: the example of the WGAN paper."""
    bench.apply({"preset": "lines", "measure": "jensen-shannon", "shift": "3"})
    settle(qtbot, bench)
    assert [shown(bench, key) for key in ("w1", "jensen-shannon", "kl")] == ["3.0000", "0.6931", "∞"]
    assert (shown(bench, "w1", 2), shown(bench, "jensen-shannon", 2)) == ("1.0000", "0.0000")
    zones = bench.two.shifts.value.zones
    assert {zone.label for zone in zones} == {"flat"} and len(zones) == 2
    bench.apply({"measure": "kl"})
    settle(qtbot, bench)
    assert {zone.label for zone in bench.two.shifts.value.zones} == {"∞"}


def drag(qtbot, plot, start, end):
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=plot.point(*start).toPoint())
    for share in (0.5, 1.0):
        x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
        qtbot.mouseMove(plot, plot.point(x, y).toPoint())
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=plot.point(*end).toPoint())


def test_dragging_the_body_moves_and_a_square_handle_widens(bench, qtbot):
    plot = bench.two.plot
    drag(qtbot, plot, (1.9, 0.1), (3.9, 0.1))
    assert bench.pair.q.mean == pytest.approx(3.5, abs=0.05)
    assert bench.pair.q.deviation == pytest.approx(0.8)
    width = handles(bench.pair.q)[1]
    drag(qtbot, plot, (width.x, width.y), (width.x + 0.7, width.y))
    assert bench.pair.q.deviation == pytest.approx(1.5, abs=0.05)
    settle(qtbot, bench)
    assert shown(bench, "w2") == f"{math.hypot(bench.pair.shift, bench.pair.q.deviation - 1):.4f}"


def test_points_are_dragged_by_their_stems(bench, qtbot):
    bench.apply({"preset": "lines"})
    drag(qtbot, bench.two.plot, (1.5, 0.3 / POINT_HEIGHT), (2.5, 0.3 / POINT_HEIGHT))
    assert bench.pair.q.mean == pytest.approx(2.5, abs=0.05)


def test_the_keyboard_does_what_the_mouse_does(bench, qtbot):
    plot = bench.two.plot
    qtbot.keyClick(plot, Qt.Key.Key_P)
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert bench.pair.p.mean == pytest.approx(-0.9)
    qtbot.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert bench.pair.p.mean == pytest.approx(-0.92)
    qtbot.keyClick(plot, Qt.Key.Key_Up)
    assert bench.pair.p.deviation == pytest.approx(1.05)
    qtbot.keyClick(plot, Qt.Key.Key_Q)
    qtbot.keyClick(plot, Qt.Key.Key_Down)
    assert bench.pair.q.deviation == pytest.approx(0.8 / 1.05)


def test_typing_a_number(bench):
    form = bench.two.forms["q"]
    box = next(box for box in form._boxes if "mean" in box.accessibleName())
    box.setValue(-2.0)
    assert bench.pair.q == Gaussian(-2.0, 0.8)
    assert bench.two.shifts.value.cursor_x == pytest.approx(-1.0)


def test_another_kind_has_other_fields(bench):
    form = bench.two.forms["p"]
    form.kind.setCurrentText("Mixture")
    form.kind.activated.emit(form.kind.currentIndex())
    assert isinstance(bench.pair.p, Mixture) and len(form._boxes) == 6


def test_drawing_by_hand(bench, qtbot):
    form, plot = bench.two.forms["p"], bench.two.plot
    form.pen.click()
    drag(qtbot, plot, (-4, 0.4), (4, 0.4))
    assert isinstance(bench.pair.p, Drawn) and kind_of(bench.pair.p) == form.kind.currentText()
    assert bench.pair.p.mean == pytest.approx(0, abs=0.2)
    assert bench.pair.p.deviation == pytest.approx(8 / math.sqrt(12), abs=0.2)
    bench.two.forms["q"].pen.click()
    assert not form.pen.isChecked() and plot.pen == "q"


def test_clicking_the_curve_moves_q_and_the_curve_stands_still(bench, qtbot):
    chart = bench.two.shifts.value
    before = chart.lines[0].y
    where = chart.point(-3.0, 0.1)
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPointF(where).toPoint())
    settle(qtbot, bench)
    assert bench.pair.shift == pytest.approx(-3, abs=0.1)
    assert chart.lines[0].y is before
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert bench.pair.shift == pytest.approx(-2.9, abs=0.1)


@pytest.mark.parametrize("id", PRESETS)
def test_presets_in_both_tabs(bench, qtbot, id):
    bench.presets.setCurrentIndex(bench.presets.findData(id))
    bench.presets.activated.emit(bench.presets.currentIndex())
    assert bench.pair == PRESETS[id][2]
    bench.apply({"tab": "critic"})
    settle(qtbot, bench)
    assert not bench.grab().toImage().isNull()


# --- a critic learns it ----------------------------------------------------------------------------------------------


def test_the_critic_rises_to_the_divergence(bench, qtbot):
    bench.apply({"preset": "gaussians", "tab": "critic", "f": "jensen-shannon"})
    tab = bench.critic
    settle(qtbot, bench)
    assert tab._exact == pytest.approx(0.98317, abs=1e-4)  # twice the 0.4916 of the table
    qtbot.waitUntil(lambda: bool(tab._bounds) and tab._bounds[-1][1] > 0.95 * tab._exact, timeout=20_000)
    assert max(bound for _, bound in tab._bounds) <= tab._exact + 1e-6
    tab.button.click()
    assert not tab.stream.is_running and tab.button.text() == "Train"
    assert "of it" in tab.status.text()


@pytest.mark.parametrize("kind", ["kl", "pearson", "gan", "alpha", "jeffrey"])
def test_every_row_is_laid_open(bench, qtbot, kind):
    bench.apply({"tab": "critic"})
    bench.critic.choose(kind)
    settle(qtbot, bench)
    row = bench.critic.row()
    assert bench.critic.formulas["f(u)"].text() == row.formulas.f
    assert bench.critic.conjugate.cursor_x == row.threshold
    assert len(bench.critic.f.lines) == 1 and not bench.grab().toImage().isNull()


def test_the_best_d_of_a_gan(bench, qtbot):
    """D = p/(p + q), and its value V = 2 JS - log 4."""
    bench.apply({"preset": "gaussians", "tab": "critic", "show": "D", "f": "gan"})
    settle(qtbot, bench)
    qtbot.waitUntil(lambda: len(bench.critic.critic.lines) == 4, timeout=20_000)
    p, q, critic = bench.pair.p, bench.pair.q, bench.critic
    *_, best, learned = critic.critic.lines
    assert best.y == pytest.approx(p.pdf(best.x) / (p.pdf(best.x) + q.pdf(best.x)), abs=1e-12)
    assert (best.label, learned.label) == ("best D = p/(p + q)", "learned D")
    assert ((learned.y >= 0) & (learned.y <= 1)).all()
    js = measure(p, q, keys=["jensen-shannon"])["jensen-shannon"]
    assert critic._exact == pytest.approx(2 * js - np.log(4), abs=1e-9)
    critic.as_d.click()
    assert critic.critic.lines[2].label == "best T = f'(p/q)"
    with pytest.raises(ConfigError):
        bench.apply({"show": "V"})


def test_alpha_at_its_limits_is_moved_aside(bench, qtbot):
    bench.two.alpha.setValue(1.0)
    bench.apply({"tab": "critic"})
    assert bench.alpha() == pytest.approx(1.02)


# --- fit one Gaussian ------------------------------------------------------------------------------------------------


def test_mean_seeking_and_mode_seeking(bench, qtbot):
    """KL matches mean and deviation of p; reverse KL keeps to the higher hill."""
    bench.apply({"preset": "mixture", "tab": "fit"})
    settle(qtbot, bench)
    p, best = bench.pair.p, bench.fit._best
    assert set(best) == set(bench.fit.kinds())
    assert (best["kl"].q.mean, best["kl"].q.deviation) == pytest.approx((p.mean, p.deviation), abs=1e-3)
    assert best["reverse-kl"].q.mean == pytest.approx(-2, abs=0.02)
    bench.fit.choose("reverse-kl")
    assert "mode-seeking" in bench.fit.status.text()
    bench.fit.choose("kl")
    assert "mean-seeking" in bench.fit.status.text()


def test_training_finds_the_one_hill_too():
    """From the preset's q: reverse KL has a valley at each hill, and a shallow one between them."""
    pair, one = PRESETS["mixture"][2], row("reverse-kl")
    *_, last = train_fit(pair.p, one, pair.q, np.zeros(1), steps=800)
    assert (last.q.mean, last.q.deviation) == pytest.approx((-2, 0.6), abs=0.05)
    assert last.exact == pytest.approx(best_fit(pair.p, one).divergence, rel=0.05)


def test_another_valley_is_told(bench, qtbot):
    bench.apply({"preset": "mixture", "tab": "fit"})
    settle(qtbot, bench)
    fit = bench.fit
    fit.choose("reverse-kl")
    fit._trained["reverse-kl"] = Fit(10, 10, Gaussian(0.57, 2.02), 1.0, 1.09, np.zeros(1))
    assert "another valley" in fit._about("reverse-kl")
    fit._trained["reverse-kl"] = Fit(10, 10, Gaussian(-2, 0.6), 0.5, 0.51, np.zeros(1))
    assert "another valley" not in fit._about("reverse-kl")


def test_the_f_gan_paper_s_mixture_has_its_table(bench):
    """Mean and deviation of the best Gaussian for the mixture of Nowozin et al. 2016."""
    p = PRESETS["f-gan"][2].p
    for kind, mean, deviation in (
        ("kl", 1.0100, 1.8308),
        ("reverse-kl", 1.5782, 1.6319),
        ("jensen-shannon", 1.3070, 1.7542),
    ):
        found = best_fit(p, row(kind)).q
        assert (found.mean, found.deviation) == pytest.approx((mean, deviation), abs=0.01), kind


def test_points_cannot_be_fitted(bench, qtbot):
    bench.apply({"preset": "lines", "tab": "fit"})
    settle(qtbot, bench)
    assert not bench.fit.button.isEnabled() and "no density" in bench.fit.status.text()


def test_what_fits_the_last_density_is_not_shown_of_the_next(bench, qtbot):
    bench.apply({"preset": "mixture", "tab": "fit"})
    bench.set_preset("lines")  # while the first of the best fits is still computed
    settle(qtbot, bench)
    assert bench.fit._best == {} and bench.fit.table.item(0, 1).text() == "–"


def test_training_is_shown_beside_the_optimum_and_ends_with_the_bench(bench, qtbot):
    bench.apply({"preset": "mixture", "tab": "fit", "f": "kl"})
    qtbot.waitUntil(lambda: len(bench.fit.path.lines) == 2, timeout=20_000)
    assert [line.label for line in bench.fit.plot.lines][-1] == "the trained one"
    bench.leave()
    assert not bench.fit.stream.is_running


def test_everything_has_a_name(bench, assert_named):
    for tab in ("two", "critic", "fit"):
        bench.apply({"tab": tab})
        assert_named(bench)
