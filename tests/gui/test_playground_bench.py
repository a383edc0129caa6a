"""The playground as a user meets it: play, pause, step by step in phases, one player alone, other settings, drawing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gan_studio.config import ConfigError
from gan_studio.data.toy2d import DISTRIBUTIONS
from gan_studio.gui import theme
from gan_studio.gui.computing import LatestWins
from gan_studio.gui.theory import game_bar
from gan_studio.gui.theory import playground as bench_file
from gan_studio.gui.theory.game_bar import SHELVES, SPEEDS
from gan_studio.gui.theory.game_plane import logits_of
from gan_studio.gui.theory.playground import DRAWING, PlaygroundBench, caption_of, settings_of
from gan_studio.gui.theory.words import read
from gan_studio.gui.worker import Worker
from gan_studio.objectives import OBJECTIVES
from gan_studio.penalties import PENALTIES
from gan_studio.theory import playground
from gan_studio.theory.playground import STAGES
from gan_studio.theory.step_story import W1

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
WAIT = 10_000


@pytest.fixture
def bench(qtbot, monkeypatch):
    monkeypatch.setattr(playground, "POINTS", 32)
    monkeypatch.setattr(playground, "RESOLUTION", 8)
    monkeypatch.setattr(playground.modes, "SAMPLES", 64)
    monkeypatch.setattr(playground.exact_wasserstein, "SAMPLES", 32)
    monkeypatch.setattr(bench_file, "SETTLED_MS", 20)
    for id, speed in SPEEDS.items():
        monkeypatch.setitem(game_bar.SPEEDS, id, replace(speed, rest_ms=speed.rest_ms and 15))
    host = QWidget()
    bench = PlaygroundBench(LatestWins(host))
    bench.build()
    bench.resize(760, 620)
    bench.show()
    bench.enter()
    settle(qtbot, bench)
    qtbot.waitUntil(lambda: not bench.furnisher.isActive(), timeout=WAIT)
    yield bench
    bench.leave()
    qtbot.waitUntil(lambda: not bench.findChildren(Worker), timeout=WAIT)  # the threads have ended
    for widget in (bench, host):
        widget.close()
        widget.deleteLater()


def settle(qtbot, bench):
    """A game is there, and nothing is under way unless it plays."""
    qtbot.waitUntil(lambda: bench.newest is not None and not bench.settled.isActive(), timeout=WAIT)
    if not bench.is_playing:
        qtbot.waitUntil(lambda: not bench.stream.is_running, timeout=WAIT)


def click(qtbot, button):
    qtbot.mouseClick(button, LEFT)


def step(qtbot, bench):
    click(qtbot, bench.bar.step)
    settle(qtbot, bench)


def reach(qtbot, bench, count):
    """Until so many steps have been told."""
    qtbot.waitUntil(lambda: bench.newest is not None and bench.newest.step >= count, timeout=WAIT)


def choose(box, kind):
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


# --- play, pause, step, reset ----------------------------------------------------------------------------------------


def test_before_the_first_step_the_first_weights_are_shown(bench):
    assert bench.newest.step == 0 and "Before the first step" in bench.panel.text()
    assert bench.plane.view.plane.there() == {"real", "generated", "landscape", "arrows", "grid"}
    assert not bench.bar.reset.isEnabled() and "Play" in bench.bar.play.text()


def test_it_plays_and_pauses_where_it_was_seen_last(bench, qtbot):
    click(qtbot, bench.bar.play)
    assert "Pause" in bench.bar.play.text()
    reach(qtbot, bench, 5)
    click(qtbot, bench.bar.play)
    settle(qtbot, bench)
    assert bench.newest.step == bench.game._players.step and not bench.is_playing
    seen = bench.newest
    qtbot.wait(60)
    assert bench.newest is seen and bench.game._players.step == seen.step
    assert {"D/real", "D/fake", "G/adversarial", "distance/js", W1, "modes/covered"} <= set(bench.curves.series)
    assert "exact Wasserstein distance" in bench.panel.text()
    step(qtbot, bench)
    assert bench.newest.step == seen.step + 1 and f"{seen.step + 1:,}" in bench.bar.status.text()


def test_step_pauses_first_and_reset_begins_again(bench, qtbot):
    step(qtbot, bench)
    first = bench.newest.scene.generated
    bench.play(True)
    reach(qtbot, bench, 3)
    step(qtbot, bench)
    assert not bench.is_playing and len(bench.newest.phases) == 7
    click(qtbot, bench.bar.reset)
    settle(qtbot, bench)
    assert bench.newest.step == 0
    step(qtbot, bench)
    assert np.array_equal(bench.newest.scene.generated, first), "the same first weights, points and noise"


@pytest.mark.parametrize("id", ["calm", "brisk", "slow"])
def test_slower_speeds_take_one_step_at_a_time(bench, qtbot, id):
    told = []
    bench.stream.told.connect(told.extend)
    bench.bar.set_speed(id)
    click(qtbot, bench.bar.play)
    reach(qtbot, bench, 2)
    first, second = told[:2]
    assert (first.step, second.step) == (1, 2) and len(first.phases) == 7
    bench.bar.set_speed("full")
    reach(qtbot, bench, 8)
    assert bench.is_playing


# --- slow motion -----------------------------------------------------------------------------------------------------


def test_slow_motion_goes_through_the_phases_in_words(bench, qtbot):
    bench.bar.set_speed("slow")
    told = []
    for number, stage in enumerate(STAGES):
        step(qtbot, bench)
        told.append(bench.panel.text())
        assert bench.newest.step == 1 and bench.phase == number and f"{number + 1} of 7: {stage.title}" in told[-1]
        assert ("arrows" in bench.plane.view.plane.there()) == (stage.key == "feels")
        assert (bench.plane.view.plane.ringed is not None) == (stage.key == "pays")
    assert "D sees 64 real and 64 generated points." in told[0]
    assert f"{bench.newest.curves['D/real']:.3g} for the real ones" in told[2]
    assert "at a learning rate of 0.001" in told[3]
    assert f"D's answers cost it {bench.newest.curves['G/adversarial']:.3g}." in told[5]
    assert "Its points have gone" in told[6] and "exact Wasserstein distance" in told[6]
    step(qtbot, bench)
    assert bench.newest.step == 2 and bench.phase == 0


def test_a_phase_can_be_looked_at_again(bench, qtbot):
    bench.bar.set_speed("slow")
    for _ in STAGES:
        step(qtbot, bench)
    strip = bench.panel.strip
    qtbot.mouseClick(strip, LEFT, pos=strip.box(2).center().toPoint())
    assert bench.phase == 2 and "D's loss" in bench.panel.text()
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert bench.phase == 1
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert bench.phase == 2 and strip.accessibleDescription() == "D's loss"


def test_a_phase_of_the_last_game_is_looked_at_no_more(bench, qtbot):
    bench.bar.set_speed("slow")
    step(qtbot, bench)
    step(qtbot, bench)
    click(qtbot, bench.bar.reset)
    strip = bench.panel.strip
    qtbot.mouseClick(strip, LEFT, pos=strip.box(0).center().toPoint())  # before the first weights are there
    settle(qtbot, bench)
    assert bench.newest.step == 0 and bench.phase == 0


# --- one player alone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "moves", "stands"), [(1, "D", "G"), (2, "G", "D")])
def test_one_player_alone(bench, qtbot, number, moves, stands):
    step(qtbot, bench)
    players = bench.game._players
    before = {"D": weights(players.D), "G": weights(players.G)}
    click(qtbot, bench.bar.turns.button(number))
    step(qtbot, bench)
    step(qtbot, bench)
    after = {"D": players.D.state_dict(), "G": players.G.state_dict()}
    assert same(before[stands], after[stands]) and not same(before[moves], after[moves])
    assert f"{stands} stands still" in bench.panel.text()
    assert [phase.player for phase in bench.newest.phases] == [moves] * len(bench.newest.phases)


# --- what is set -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", SHELVES)
def test_everything_of_a_shelf_can_be_played(bench, qtbot, key):
    box = bench.bar.choices[key]
    kinds = [entry.kind for entry in {"data": DISTRIBUTIONS, "objective": OBJECTIVES, "penalty": PENALTIES}[key]]
    assert [box.itemData(i) for i in range(box.count())][-len(kinds) :] == kinds
    for kind in kinds:
        choose(box, kind)
        settle(qtbot, bench)
        assert bench.newest.step == 0
        step(qtbot, bench)
        assert bench.newest.step == 1 and bench.newest.finite and bench.newest.phases
        assert bench.grab().width() == 760


def test_live_settings_hold_at_once_and_others_begin_anew(bench, qtbot):
    click(qtbot, bench.bar.play)
    reach(qtbot, bench, 2)
    game, reached = bench.game, bench.newest.step
    bench.form.edit("d_optimiser.lr", 0.02)
    qtbot.waitUntil(lambda: bench.newest.curves.get("rate/D") == 0.02, timeout=WAIT)
    assert bench.game is game and bench.newest.step > reached and bench.is_playing
    bench.form.edit("latent.dim", 5)
    qtbot.waitUntil(lambda: bench.game is not game, timeout=WAIT)
    reach(qtbot, bench, 1)
    assert bench.is_playing and bench.game._players.settings.latent.dim == 5


def test_of_many_changes_only_the_last_is_played(bench, qtbot):
    games = {id(bench.game)}
    for width in range(10, 20):
        bench.form.edit("generator.width", width)
        games.add(id(bench.game))
    settle(qtbot, bench)
    assert len(games) == 1 and bench.game._players.settings.generator.width == 19


def test_what_does_not_go_together_is_told(bench, qtbot):
    choose(bench.bar.choices["objective"], "wasserstein")
    assert "slope is bounded" in bench.told.text() and bench.told.isVisible()
    choose(bench.bar.choices["penalty"], "gradient-penalty")
    assert not bench.told.isVisible()
    settle(qtbot, bench)
    bench.form.edit("discriminator.kind", "dcgan")
    assert "pictures" in bench.told.text() and bench.settings.discriminator.kind == "mlp"
    bench.form.edit("discriminator.kind", "mlp")
    assert not bench.told.isVisible()
    settle(qtbot, bench)


def test_numbers_that_run_away_are_told(bench, qtbot):
    bench.form.edit_many({"objective.kind": "least-squares", "d_optimiser": {"kind": "sgd", "lr": 10.0}})
    settle(qtbot, bench)
    click(qtbot, bench.bar.play)
    qtbot.waitUntil(lambda: "run away" in bench.told.text(), timeout=WAIT)
    assert not bench.is_playing
    click(qtbot, bench.bar.reset)
    settle(qtbot, bench)
    assert bench.newest.finite and bench.newest.step == 0 and not bench.told.isVisible()


def test_just_before_they_run_away_the_pull_has_a_length():
    scene = SimpleNamespace(pull=np.full((5, 2), 1e30, np.float32))
    assert caption_of(scene).endswith("median pull 1.4e+30")


def test_what_breaks_is_told_and_the_game_rests(bench, qtbot, monkeypatch):
    monkeypatch.setattr(playground.Players, "take_step", lambda *_: 1 / 0)
    with qtbot.waitSignal(bench.failed, timeout=WAIT) as failed:
        click(qtbot, bench.bar.play)
    assert isinstance(failed.args[0], ZeroDivisionError)
    qtbot.waitUntil(lambda: not bench.is_playing and not bench.stream.is_running, timeout=WAIT)


def test_two_penalties_are_more_than_the_chooser_can_say(bench, qtbot):
    bench.form.edit("penalties", [{"kind": "r1"}, {"kind": "r2"}])
    settle(qtbot, bench)
    box = bench.bar.choices["penalty"]
    assert box.currentIndex() == -1 and box.placeholderText() == "2 penalties"
    choose(box, "none")
    settle(qtbot, bench)
    assert bench.settings.penalties == ()


# --- drawing ---------------------------------------------------------------------------------------------------------


def test_drawn_points_are_played_on(bench, qtbot):
    assert not bench.pages.isTabVisible(DRAWING)
    choose(bench.bar.choices["data"], "points")
    assert bench.pages.currentIndex() == DRAWING
    settle(qtbot, bench)
    canvas = bench.editor.canvas
    qtbot.mouseClick(canvas, LEFT, pos=canvas.to_pixel((1.5, 1.5)).toPoint())
    settle(qtbot, bench)
    drawn = bench.settings.data.points
    assert len(drawn) == 6 and np.allclose(drawn[-1], (1.5, 1.5), atol=0.03)
    assert len(bench.game._players.data.centres) == 6
    game = bench.game
    click(qtbot, bench.editor.clear_button)
    assert bench.told.isVisible() and bench.game is game, "nothing to learn: the last game stays"
    qtbot.mouseClick(canvas, LEFT, pos=canvas.to_pixel((0.0, 0.5)).toPoint())
    settle(qtbot, bench)
    assert len(bench.settings.data.points) == 1 and not bench.told.isVisible()
    choose(bench.bar.choices["data"], "ring")
    assert not bench.pages.isTabVisible(DRAWING)
    settle(qtbot, bench)


# --- in and out of sight ---------------------------------------------------------------------------------------------


def test_out_of_sight_it_rests_and_can_be_played_on(bench, qtbot):
    click(qtbot, bench.bar.play)
    reach(qtbot, bench, 3)
    bench.leave()
    assert not bench.is_playing and not bench.stream.is_running
    qtbot.waitUntil(lambda: not bench.findChildren(Worker), timeout=WAIT)
    players, reached = bench.game._players, bench.game._players.step
    qtbot.wait(60)
    assert players.step == reached
    bench.enter()
    click(qtbot, bench.bar.play)
    reach(qtbot, bench, reached + 2)
    assert bench.game._players is players


def test_what_was_changed_before_leaving_is_there_afterwards(bench, qtbot):
    choose(bench.bar.choices["objective"], "hinge")
    bench.leave()
    bench.enter()
    settle(qtbot, bench)
    assert bench.game._players.settings.objective.kind == "hinge"


def test_curves_do_not_grow_without_end(bench, qtbot, monkeypatch):
    monkeypatch.setattr(bench_file, "MOST_POINTS", 6)
    for _ in range(15):
        step(qtbot, bench)
    assert all(series.count <= 7 for series in bench.curves.series.values())
    assert bench.curves.series["D/real"].steps[-1] == 15


# --- the words beside it ---------------------------------------------------------------------------------------------


def test_what_the_words_try_is_played(bench, qtbot):
    for one in read("playground", "en").tries():
        wanted = dict(one.settings)
        bench.apply(wanted)
        reach(qtbot, bench, 1)
        players = bench.game._players.settings
        assert players.data.kind == wanted["data"]
        assert players.objective.kind == wanted.get("objective", "non-saturating")
        assert [p.kind for p in players.penalties] == [k for k in [wanted.get("penalty", "none")] if k != "none"]
        assert bench.bar.speed() is game_bar.SPEEDS[wanted.get("speed", "full")] and bench.is_playing
        assert bench.form.current() == bench.settings.plain()


def test_words_may_come_before_the_form_is_whole(bench, qtbot):
    new = PlaygroundBench(bench._latest)
    qtbot.addWidget(new)
    new.build()
    new.apply({"data": "grid", "noise": "0.1"})
    assert new.form.current() == new.settings.plain() and new.settings.instance_noise == 0.1
    new.leave()
    qtbot.waitUntil(lambda: not new.findChildren(Worker), timeout=WAIT)


@pytest.mark.parametrize(
    "settings", [{"data": "no"}, {"objective": "no"}, {"penalty": "no"}, {"speed": "no"}, {"d_steps": "0"}], ids=str
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(bench, settings):
    before = bench.settings
    with pytest.raises(ConfigError):
        bench.apply(settings)
    assert bench.settings == before and not bench.is_playing


# --- looks -----------------------------------------------------------------------------------------------------------


def test_the_legend_says_what_the_colours_mean(bench, qtbot):
    legend = bench.plane.legend
    assert legend.ticks == ("0", "½", "1") and "surely real" in legend.toolTip()
    choose(bench.bar.choices["objective"], "wasserstein")
    settle(qtbot, bench)
    scene = bench.newest.scene
    far = float(np.abs(scene.values - scene.middle).max())
    assert [float(tick.replace("−", "-")) for tick in legend.ticks] == pytest.approx(
        [scene.middle - far, scene.middle, scene.middle + far], rel=0.01, abs=1e-3
    )
    assert "no scale" in legend.toolTip()


def test_colours_are_even_in_the_score():
    scores = np.array([0.0, 0.25, 0.5, 1.0])
    assert np.allclose(np.tanh(logits_of(scores) / 2), 2 * scores - 1, atol=1e-5)


def test_the_saturating_loss_pulls_ever_less_while_d_learns(bench, qtbot):
    """Goodfellow et al. 2014, section 3; Arjovsky and Bottou 2017, figure 2. The arrows alone could not say it."""
    pulls = {}
    for objective in ("minimax", "non-saturating"):
        players = playground.Players(settings_of({"data": "ring", "objective": objective}))
        before = caption_of(players.scene())
        for _ in range(300):
            players.take_step(("D",))
        pulls[objective] = [float(text.rpartition(" ")[2]) for text in (before, caption_of(players.scene()))]
    assert pulls["minimax"][1] < pulls["minimax"][0] / 10
    assert pulls["non-saturating"][1] > 5 * pulls["non-saturating"][0]
    assert "median pull" in bench.plane.view.plane.caption


def test_mode_collapse_runs_from_hill_to_hill():
    """With the rates of Metz et al. 2017 all points sit on one hill, and on another one a hundred steps later."""
    (one,) = (one for one in read("playground", "en").tries() if "collapse" in one.label)
    players = playground.Players(settings_of(dict(one.settings)))
    seats = []
    for _ in range(2):
        for _ in range(100):
            players.take_step()
        with torch.no_grad():
            x = players.G(players._z)
        nearest = torch.cdist(x, players.data.centres).argmin(dim=1).bincount(minlength=8) / len(x)
        assert nearest.max() > 0.95
        seats.append(int(nearest.argmax()))
    assert seats[0] != seats[1]


def test_everything_has_a_name_and_a_tooltip_and_fits(bench, assert_named):
    assert_named(bench)
    parts = [bench.bar, bench.panel, bench.plane.legend]
    controls = [w for part in parts for w in part.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    controls = [w for w in controls if not w.objectName().startswith("qt_") and w.window() is bench]  # no pop-ups
    assert [w for w in controls if not w.toolTip()] == []
    assert bench.minimumSizeHint().width() <= 760 and bench.minimumSizeHint().height() <= 560


def test_it_can_be_drawn_in_both_themes(bench, qapp, qtbot):
    bench.bar.set_speed("slow")
    step(qtbot, bench)
    parts = [bench.panel.strip, bench.plane.legend, bench.plane.view.plane]
    light = [part.grab().toImage() for part in parts]
    theme.apply(qapp, "dark")
    dark = [part.grab().toImage() for part in parts]
    theme.apply(qapp, "light")
    assert all(one != other for one, other in zip(light, dark, strict=True))
    places = [(x, light[2].height() // 2) for x in range(light[2].width())]
    assert sum(light[2].pixelColor(*at).lightness() - dark[2].pixelColor(*at).lightness() for at in places) > 0
