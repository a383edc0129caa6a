"""The Race tab as a user meets it: describe lanes, race them, look back, stop, resume, open earlier ones."""

from __future__ import annotations

import gc
import shutil
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QWidget

from gan_studio.gui import window as window_module
from gan_studio.gui.race.lane_row import typed, written
from gan_studio.gui.race.lane_view import LaneGrid
from gan_studio.gui.race.quick_sets import QUICK_SETS
from gan_studio.gui.race.record import read
from gan_studio.gui.race.room import RaceRoom
from gan_studio.gui.session import Session
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import train
from gan_studio.jobs.race import LaneConfig, RaceConfig, RaceJob, list_races, new_race
from gan_studio.jobs.settings import RunConfig
from gan_studio.presets import Preset, all_presets

TINY = {
    "data": {"kind": "toy2d", "distribution": {"kind": "ring"}},
    "recipe": {
        "kind": "gan",
        "generator": {"kind": "mlp", "width": 8},
        "discriminator": {"kind": "mlp", "width": 8},
        "latent": {"dim": 2},
        "batch_size": 8,
    },
    "steps": 6,
    "samples_every": 2,
    "checkpoint_every": 1000,
    "sample_count": 16,
    "compute": {"device": "cpu", "threads": 1},
}
ENDLESS = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


def racing(race, spare_core=False):
    """On a thread, at once."""
    return RaceJob(race, spare_core, dry_run=False)


@pytest.fixture
def open_window(qtbot, tmp_path, request, monkeypatch):
    monkeypatch.setattr(window_module, "ROOMS", (RaceRoom,))

    def make(engine=None, rooms=(RaceRoom,)):
        monkeypatch.setattr(window_module, "ROOMS", rooms)
        engine = engine or SimpleNamespace(new_run=train.new_run, TrainJob=train.TrainJob, RaceJob=racing)
        session = Session(tmp_path / "runs", engine)
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        window = Window(session, settings, warm=lambda: (stage for stage in ("light", "ready")))
        window.resize(1280, 720)
        with qtbot.waitSignal(window.ready, timeout=20_000):
            window.show()
        request.addfinalizer(lambda: leave(window, qtbot))
        return window

    return make


def leave(window, qtbot):
    window.close()
    qtbot.waitUntil(lambda: not window.session.is_training, timeout=10_000)
    window.close()
    qtbot.waitUntil(lambda: not any(r.latest.is_busy for r in window.rooms if isinstance(r, RaceRoom)), timeout=10_000)
    window.deleteLater()


@pytest.fixture
def room(open_window, qtbot):
    room = open_window().rooms[0]
    show_tiny(room, qtbot)
    return room


def show_tiny(room, qtbot, steps=6):
    room.form.show_preset(Preset("tiny", "Tiny ring", TINY | {"steps": steps}))
    judge(room, qtbot)


def judge(room, qtbot):
    with qtbot.waitSignal(room.form.checked, timeout=10_000):
        room.form.check()


def start(room, qtbot, **changes):
    press(room, "race")
    qtbot.waitUntil(lambda: room.session.stage == "running", timeout=20_000)


def press(room, id):
    assert room.commands[id].isEnabled(), room.commands[id].toolTip()
    room.commands[id].trigger()


def race_to_the_end(room, qtbot):
    with qtbot.waitSignal(room.session.race_ended, timeout=30_000) as told:
        press(room, "race")
    return told.args[0]


# --- what a newcomer sees --------------------------------------------------------------------------------------------


def test_ready_means_that_the_race_can_be_started(room):
    assert room.commands["race"].isEnabled()
    assert room.start_button.text() == "Start race"
    assert [row.title() for row in room.form.rows] == ["Non-saturating", "WGAN-GP"]
    assert room.pages.currentWidget() is room.nothing
    assert not room.timeline.branch_button.isVisible()


def test_every_control_has_a_name_and_a_tooltip(room, assert_named):
    assert_named(room)
    for widget in room.findChildren(QWidget):
        mine = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not widget.objectName().startswith("qt_")
        if mine and widget.isVisibleTo(room) and type(widget).__module__.startswith("gan_studio.gui.race"):
            assert widget.toolTip(), widget


@pytest.mark.parametrize("chosen", QUICK_SETS, ids=lambda chosen: chosen.id)
def test_quick_sets_fit_the_ring(room, qtbot, chosen):
    room.form.show_preset(next(preset for preset in all_presets() if preset.id == "ring"))
    room.form.show_quick_set(chosen)
    judge(room, qtbot)
    assert room.form.problem == ""
    assert len(room.form.rows) == len(chosen.lanes)


# --- describing lanes ------------------------------------------------------------------------------------------------


def test_what_is_typed_wrong_is_said_beside_its_lane(room, qtbot):
    row = room.form.rows[1]
    qtbot.keyClicks(row.extra, "recipe.pack=none")
    qtbot.waitUntil(lambda: not row.wrong.isHidden(), timeout=5_000)
    assert "recipe.pack" in row.wrong.text()
    assert not room.commands["race"].isEnabled()
    assert "WGAN-GP" in room.commands["race"].toolTip()
    row.extra.clear()
    qtbot.waitUntil(room.commands["race"].isEnabled, timeout=5_000)
    assert row.wrong.isHidden()


def test_lanes_of_one_name_are_refused(room, qtbot):
    room.form.rows[1].name.setText(room.form.rows[0].title())
    qtbot.waitUntil(lambda: "name of its own" in room.form.rows[1].wrong.text(), timeout=5_000)


def test_lanes_come_and_go_between_two_and_eight(room, qtbot):
    assert not room.form.rows[0].remove.isEnabled()
    for _ in range(6):
        qtbot.mouseClick(room.form.add_button, Qt.MouseButton.LeftButton)
    assert len(room.form.rows) == 8
    assert not room.form.add_button.isEnabled()
    assert "eight" in room.form.add_button.toolTip()
    qtbot.mouseClick(room.form.rows[0].remove, Qt.MouseButton.LeftButton)
    assert [row.number for row in room.form.rows] == list(range(7))


def test_a_row_says_what_it_was_shown(room):
    row = room.form.rows[0]
    changes = {
        "recipe.objective": {"kind": "least-squares", "labels": "-1/1/0"},
        "recipe.penalties": [{"kind": "r1", "weight": 3.0}],
        "recipe.pack": 2,
        "recipe.discriminator.activation": "tanh",
    }
    row.show_lane("Own", changes)
    assert row.changes() == changes
    row.penalties.each["drift"].trigger()
    assert row.changes()["recipe.penalties"] == ["drift", "r1"]
    row.penalties.none.trigger()
    assert row.changes()["recipe.penalties"] == []
    row.penalties.as_base.trigger()
    assert "recipe.penalties" not in row.changes()


@pytest.mark.parametrize("value", [2, 0.5, True, "tanh", [1, 2], {"kind": "r1", "weight": 3.0}, "a; b"[:1]])
def test_values_are_written_as_they_are_read(value):
    assert typed(f"recipe.place={written(value)}") == {"recipe.place": value}


# --- racing ----------------------------------------------------------------------------------------------------------


def test_a_race_is_seen_to_its_end(room, qtbot):
    race = race_to_the_end(room, qtbot)
    assert race.state().name == "finished"
    assert room.timeline.track.steps == [0, 2, 4, 6]
    assert [row.place for row in room.table.rows] == [1, 2]
    assert room.table.rows == dict(race.league())[6]
    assert room.table.item(0, 0).font().bold()
    assert all("generated" in view.plane.there() and "landscape" in view.plane.there() for view in room.grid.views)
    for view in room.grid.views:
        assert view.title.text()[:2] in ("1.", "2.")
    assert [len(series.values) for series in room.plot.series] == [4, 4]
    assert room.start_button.text() == "Start race"  # it is finished: another one is begun
    assert len(list_races(room.session.root)) == 1
    assert "leads" in room.said.text()


def test_the_timeline_moves_all_lanes(room, qtbot):
    race = race_to_the_end(room, qtbot)
    league = dict(race.league())
    room.timeline.go_to(2)
    assert room.table.rows == league[2]
    assert room.plot.canvas.cursor_step == 2
    newest = [player.view.plane._points["generated"] for player in room.show_.players]
    qtbot.waitUntil(
        lambda: all(
            player.view.plane._points["generated"] is not points
            for player, points in zip(room.show_.players, newest, strict=True)
        ),
        timeout=5_000,
    )
    room.timeline.go_live()
    assert room.table.rows == league[6]


def test_pause_resume_and_stop(room, qtbot):
    show_tiny(room, qtbot, ENDLESS)
    start(room, qtbot)
    assert room.start_button.text() == "Pause race"
    press(room, "race")
    qtbot.waitUntil(lambda: room.session.stage == "paused", timeout=10_000)
    press(room, "race")
    qtbot.waitUntil(lambda: room.session.stage == "running", timeout=10_000)
    with qtbot.waitSignal(room.session.race_ended, timeout=20_000):
        room.session.stop()
        assert not room.commands["race"].isEnabled()
        assert "saved" in room.commands["race"].toolTip()
    assert room.start_button.text() == "Resume race"
    start(room, qtbot)
    assert len(list_races(room.session.root)) == 1


def test_an_earlier_race_is_opened_and_gone_on_with(room, qtbot):
    lanes = (LaneConfig(name="Plain", changes={}), LaneConfig(name="Hinge", changes={"recipe.objective": "hinge"}))
    race = new_race(RaceConfig(base=RunConfig.parse(TINY), lanes=lanes), "Before", room.session.root)
    events = iter(racing(race))
    for event in events:
        if type(event).__name__ == "League" and event.step == 2:
            break
    events.close()
    room.session.runs_changed.emit()
    qtbot.waitUntil(lambda: len(room.races.entries) == 1, timeout=5_000)
    room.races.view.setCurrentRow(0)
    qtbot.mouseClick(room.races.open_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.race is not None, timeout=5_000)
    assert [row.title() for row in room.form.rows] == ["Plain", "Hinge"]
    assert room.form.rows[1].objective.currentData() == "hinge"
    assert room.timeline.track.steps[-1] == 2
    assert room.start_button.text() == "Resume race"
    room.left.setCurrentWidget(room.races)
    with qtbot.waitSignal(room.session.race_ended, timeout=20_000):
        qtbot.mouseClick(room.races.resume_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.timeline.track.steps == [0, 2, 4, 6], timeout=5_000)
    assert race.state().name == "finished"


def test_a_race_that_is_deleted_while_it_is_read_is_one_sentence(room, qtbot):
    race_to_the_end(room, qtbot)
    race = list_races(room.session.root)[0]
    (race.folder / "race.json").unlink()  # the first of its files to go
    with qtbot.waitSignal(room.session.problem, timeout=10_000) as told:
        room.open_race(race)
    assert told.args[2] and race.name in told.args[0]


def test_a_race_that_is_deleted_once_it_was_read_is_shown_until_that_is_seen(room, qtbot):
    race_to_the_end(room, qtbot)
    race = list_races(room.session.root)[0]
    found = read(race, ours=False)
    shutil.rmtree(race.folder)
    room.open_race(race)
    room._show_record(found)
    assert len(room.grid.views) == len(found.lanes) and room.timeline.track.steps == [0, 2, 4, 6]
    with qtbot.waitSignal(room.elsewhere_wanted) as wanted:
        room.grid.run_wanted.emit(1)
    assert wanted.args == [str(found.lanes[1].run.folder)]
    qtbot.waitUntil(lambda: room.race is None, timeout=10_000)


def test_a_title_that_is_typed_while_another_could_not_be_written(room, qtbot):
    race_to_the_end(room, qtbot)
    room.left.setCurrentWidget(room.races)
    qtbot.waitUntil(lambda: room.races.view.count() == 1, timeout=5_000)
    room.races.chores.failed.emit(OSError(28, "No space left on device"))
    room.races.view.item(0).setText("Another title")
    qtbot.waitUntil(lambda: len(room.races.entries) == 1, timeout=5_000)
    assert room.races.view.item(0).text() == room.races.entries[0].title != "Another title"


def test_a_change_after_a_stop_makes_a_new_race(room, qtbot):
    show_tiny(room, qtbot, ENDLESS)
    start(room, qtbot)
    with qtbot.waitSignal(room.session.race_ended, timeout=20_000):
        room.session.stop()
    room.form.rows[0].name.setText("Another")
    assert room.start_button.text() == "Start race"


def test_closing_the_window_saves_the_race(room, qtbot):
    show_tiny(room, qtbot, ENDLESS)
    start(room, qtbot)
    race = room.session.race
    room.window().close()
    qtbot.waitUntil(lambda: not room.session.is_training, timeout=10_000)
    assert race.state().name == "stopped"
    assert all(lane.checkpoints() for lane in race.lanes())


def test_what_cannot_be_raced_is_told(open_window, qtbot):
    class Failing:
        def __init__(self, race, spare_core):
            self.inbox = racing(race).inbox

        def __iter__(self):
            from gan_studio.config import ConfigError

            raise ConfigError("There is no such data.")
            yield

    room = open_window(SimpleNamespace(new_run=train.new_run, RaceJob=Failing)).rooms[0]
    show_tiny(room, qtbot)
    with qtbot.waitSignal(room.session.problem, timeout=10_000) as told:
        press(room, "race")
    assert told.args[0] == "There is no such data."
    qtbot.waitUntil(lambda: room.session.stage == "idle", timeout=5_000)


def test_beside_the_train_tab_one_thing_trains_at_a_time(open_window, qtbot):
    window = open_window(rooms=(TrainRoom, RaceRoom))
    first, room = window.rooms
    show_tiny(room, qtbot, ENDLESS)
    start(room, qtbot)
    assert first.shown is None
    assert room.commands["start"].text() == "&Pause"
    room.commands["start"].trigger()  # F5 pauses whatever trains
    qtbot.waitUntil(lambda: room.session.stage == "paused", timeout=10_000)
    assert window.status.steps.text().endswith("1,000,000 steps")
    room.commands["stop"].trigger()
    qtbot.waitUntil(lambda: room.session.stage == "idle", timeout=10_000)
    assert room.commands["start"].text() == "&Start"


# --- layout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "columns"), [(2, 2), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (8, 4)])
def test_views_stand_as_large_as_can_be(qtbot, count, columns):
    grid = LaneGrid()
    qtbot.addWidget(grid)
    grid.resize(640, 560)
    grid.show_lanes([f"Lane {i}" for i in range(count)])
    assert grid.columns() == columns
    for view in grid.views:
        assert grid.rect().contains(view.geometry())
        assert min(view.plane.width(), view.plane.height()) >= 90
