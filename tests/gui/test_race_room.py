"""The Race tab as a user meets it: describe lanes, race them, look back, stop, resume, open earlier ones."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from gan_studio.__main__ import is_ours
from gan_studio.gui import window as window_module
from gan_studio.gui.app import Opening
from gan_studio.gui.drops import answer
from gan_studio.gui.race import race_form, race_list, record
from gan_studio.gui.race import room as room_module
from gan_studio.gui.race.lane_row import typed, written
from gan_studio.gui.race.lane_view import LaneGrid
from gan_studio.gui.race.league_table import LeagueTable, text_of
from gan_studio.gui.race.quick_sets import QUICK_SETS
from gan_studio.gui.race.record import read
from gan_studio.gui.race.room import RaceRoom, is_same
from gan_studio.gui.session import Session
from gan_studio.gui.theory.words import TryButton
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import train
from gan_studio.jobs.race import LaneConfig, RaceConfig, RaceJob, Standing, list_races, new_race
from gan_studio.jobs.race_folder import enqueue
from gan_studio.jobs.race_table import as_csv
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


def delete(folder):
    """Whoever looks whether it is being written may leave a lock in it that very moment."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


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
    delete(race.folder)
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


def test_what_nobody_expected_of_a_race_that_is_made_leaves_start_free(room, qtbot, monkeypatch):
    monkeypatch.setattr(room.form, "maker", lambda root: lambda: 1 / 0)
    with qtbot.waitSignal(room.session.problem, timeout=10_000) as told:
        press(room, "race")
    assert "ZeroDivisionError" in told.args[0] and room.commands["race"].isEnabled()


@pytest.mark.usefixtures("patient")
def test_closing_the_window_waits_for_lanes_that_are_judged(room, monkeypatch):
    begun, over = threading.Event(), threading.Event()

    def judge(*_):
        begun.set()
        time.sleep(0.2)
        over.set()
        return {}

    monkeypatch.setattr(race_form, "problems", judge)
    room.form.check()
    assert begun.wait(60)
    room.window().close()
    assert over.is_set()


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


# --- the league ------------------------------------------------------------------------------------------------------


def standing(lane, place, w1, modes=8.0, seconds=1.0, state="running"):
    measures = {} if w1 is None else {"modes/covered": modes, "modes/high quality": 0.5, "distance/W1, exact": w1}
    return Standing(lane, f"lane {lane}", place, state, measures, seconds)


@pytest.fixture
def table(qtbot):
    table = LeagueTable()
    qtbot.addWidget(table)
    table.resize(360, 200)
    table.show()
    rows = standing(2, 1, 0.1, 7), standing(0, 2, 0.2, 8), standing(1, 2, 0.2, 8), standing(3, 4, 0.05, 9, 9, "failed")
    table.show_rows(rows, 40)
    return table


def lanes_in(table):
    return [table.item(row, 1).text()[-1] for row in range(table.rowCount())]


def test_a_click_on_a_column_sorts_by_it(table, qtbot):
    assert lanes_in(table) == ["2", "0", "1", "3"]
    header = table.horizontalHeader()

    def click(column):
        x = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, header.height() // 2))

    click(2)
    assert lanes_in(table) == ["3", "0", "1", "2"]  # most modes first
    click(2)
    assert lanes_in(table) == ["2", "0", "1", "3"] and table.horizontalHeader().isSortIndicatorShown()
    click(2)
    assert lanes_in(table) == ["2", "0", "1", "3"] and not table.horizontalHeader().isSortIndicatorShown()  # by place
    click(1)
    assert lanes_in(table) == ["0", "1", "2", "3"]
    by = next(action.menu() for action in table.menu().actions() if action.menu())
    next(action for action in by.actions() if action.text() == "Time").trigger()
    assert lanes_in(table)[-1] == "3"


def test_the_best_are_bold_those_that_share_it_too_and_those_that_are_out_never(table):
    def bold(column):
        return {table.item(r, 1).text()[-1] for r in range(table.rowCount()) if table.item(r, column).font().bold()}

    assert bold(0) == bold(1) == bold(4) == {"2"}
    assert not any(table.isColumnHidden(column) for column in range(6))
    assert bold(2) == {"0", "1"}
    assert bold(3) == set()  # all alike
    assert table.item(0, 4).data(Qt.ItemDataRole.AccessibleTextRole) == "0.1, the best"
    table.show_rows(tuple(standing(lane, 1, 0.5) for lane in range(3)))
    assert bold(0) == bold(1) == bold(4) == set()  # as before the first step


def test_the_table_is_copied_as_it_is_sorted(table, qtbot):
    table.sort_by(1)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert lines[0][:4] == ["step", "place", "lane", "state"]
    assert [line[:3] for line in lines[1:]] == [
        ["40", place, f"lane {lane}"] for lane, place in ((0, "2"), (1, "2"), (2, "1"), (3, "4"))
    ]


def test_the_league_of_all_steps_is_written_as_csv(room, qtbot, tmp_path, monkeypatch):
    race = race_to_the_end(room, qtbot)
    path = tmp_path / "league.csv"
    monkeypatch.setattr(room_module.QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press(room, "export_league")
    assert path.read_text() == as_csv(race.league())
    next(action for action in room.table.menu().actions() if action.text() == "&Save as CSV…").trigger()
    assert path.read_text() == as_csv([race.league()[-1]])


# --- what another process races --------------------------------------------------------------------------------------


@pytest.fixture
def foreign(room, monkeypatch):
    """A race that begins somewhere else: its iterator is driven by the test."""
    monkeypatch.setattr(record, "LOOK_S", 0.03)
    race = make(room, "Elsewhere")
    return race, iter(racing(race))


def make(room, title, steps=6):
    lanes = (LaneConfig(name="Plain", changes={}), LaneConfig(name="Hinge", changes={"recipe.objective": "hinge"}))
    return new_race(RaceConfig(base=RunConfig.parse(TINY | {"steps": steps}), lanes=lanes), title, room.session.root)


def go_on(events, step):
    for event in events:
        if type(event).__name__ == "League" and event.step == step:
            return


def test_a_race_of_another_process_is_followed_until_its_end(room, qtbot, foreign):
    race, events = foreign
    go_on(events, 2)
    room.open_race(race)
    qtbot.waitUntil(lambda: room.followed, timeout=5_000)
    assert room.timeline.live_button.text() == "Live"
    assert not room.commands["race"].isEnabled() and "Another process" in room.commands["race"].toolTip()
    assert "Another process" in room.said.text()
    go_on(events, 4)
    qtbot.waitUntil(lambda: room.timeline.track.steps[-1:] == [4], timeout=5_000)
    qtbot.waitUntil(lambda: room.table.rows == dict(race.league())[4], timeout=5_000)
    qtbot.waitUntil(lambda: [len(series.values) for series in room.plot.series] == [3, 3])  # lane by lane
    list(events)
    qtbot.waitUntil(lambda: not room.followed, timeout=5_000)
    assert room.timeline.track.steps == [0, 2, 4, 6]
    assert room.start_button.text() == "Start race"


def test_a_race_that_another_process_begins_or_goes_on_with_is_followed_from_then_on(room, qtbot, foreign):
    race, events = foreign
    room.open_race(race)
    qtbot.waitUntil(lambda: room.race is not None, timeout=5_000)
    assert not room.followed and room.start_button.text() == "Start race"
    go_on(events, 4)
    qtbot.waitUntil(lambda: room.followed and room.timeline.track.steps == [0, 2, 4], timeout=5_000)
    qtbot.waitUntil(lambda: all("real" in view.plane.there() for view in room.grid.views))
    events.close()
    qtbot.waitUntil(lambda: not room.followed and room.start_button.text() == "Resume race", timeout=5_000)
    events = iter(racing(race))
    go_on(events, 6)
    qtbot.waitUntil(lambda: room.followed)
    list(events)
    qtbot.waitUntil(lambda: room.timeline.track.steps == [0, 2, 4, 6], timeout=5_000)
    assert room.table.rows == dict(race.league())[6]


def test_what_is_edited_beside_a_followed_race_makes_a_new_one(room, qtbot, foreign):
    race, events = foreign
    go_on(events, 2)
    room.open_race(race)
    qtbot.waitUntil(lambda: room.followed, timeout=5_000)
    room.form.rows[0].name.setText("Another")
    judge(room, qtbot)
    assert room.commands["race"].isEnabled()
    list(events)
    qtbot.waitUntil(lambda: not room.followed, timeout=5_000)
    assert room.form.rows[0].title() == "Another"  # what was edited stays


def test_a_folder_that_vanishes_is_told(room, qtbot, monkeypatch):
    monkeypatch.setattr(record, "LOOK_S", 0.03)
    race = race_to_the_end(room, qtbot)
    delete(race.folder)
    qtbot.waitUntil(lambda: room.race is None, timeout=5_000)
    assert "deleted" in room.notices.bars[-1].text
    assert room.pages.currentWidget() is room.nothing


# --- the queue -------------------------------------------------------------------------------------------------------


def test_a_race_made_while_a_run_trains_waits_and_starts_by_itself(room, qtbot):
    values = RunConfig.parse(TINY | {"steps": ENDLESS}).plain()
    room.session.train(room.session.new_run(values, "Long run"))
    qtbot.waitUntil(lambda: room.session.stage == "running", timeout=20_000)
    assert not room.commands["race"].isEnabled() and "queue" in room.commands["race"].toolTip()
    press(room, "enqueue_race")
    qtbot.waitUntil(lambda: room.race is not None, timeout=10_000)
    race = room.race
    assert race.state().name == "queued"
    qtbot.waitUntil(lambda: room.said.text().startswith("A run is training"), timeout=5_000)
    qtbot.waitUntil(lambda: any("waits its turn" in entry.told for entry in room.races.entries), timeout=5_000)
    assert "already" in room.commands["enqueue_race"].toolTip()
    with qtbot.waitSignal(room.session.race_ended, timeout=30_000):
        room.session.stop()
    assert race.state().name == "finished"
    assert room.timeline.track.steps == [0, 2, 4, 6]


def test_what_races_stays_in_sight_while_another_is_queued(room, qtbot):
    show_tiny(room, qtbot, ENDLESS)
    start(room, qtbot)
    first = room.race
    show_tiny(room, qtbot)
    press(room, "enqueue_race")
    qtbot.waitUntil(lambda: len(list_races(room.session.root)) == 2, timeout=10_000)
    second = list_races(room.session.root)[0]
    qtbot.waitUntil(lambda: second.state().name == "queued", timeout=5_000)
    assert is_same(room.race, first) and room.start_button.text() == "Pause race"
    room.session.stop()
    qtbot.waitUntil(lambda: is_same(room.race, second), timeout=20_000)  # as nobody prepares anything
    qtbot.waitUntil(lambda: room.session.stage == "idle" and second.state().name == "finished", timeout=20_000)
    qtbot.waitUntil(lambda: room.timeline.track.steps == [0, 2, 4, 6], timeout=5_000)


def test_what_is_being_prepared_stays_when_the_queue_begins_a_race(room, qtbot):
    show_tiny(room, qtbot, ENDLESS)
    start(room, qtbot)
    first = room.race
    waiting = make(room, "Next one")
    enqueue(waiting)
    room.form.rows[0].name.setText("In the making")
    room.session.stop()
    qtbot.waitUntil(lambda: any("began to race" in bar.text for bar in room.notices.bars))
    qtbot.waitUntil(lambda: waiting.state().name == "finished", timeout=20_000)
    assert is_same(room.race, first) and room.form.rows[0].title() == "In the making"
    bar = next(bar for bar in room.notices.bars if "began to race" in bar.text)
    bar.action_button.click()
    qtbot.waitUntil(lambda: is_same(room.race, waiting), timeout=5_000)


def test_a_race_taken_out_of_the_queue_waits_no_more(room, qtbot):
    race = make(room, "Patient")
    enqueue(race)
    select(room, qtbot, race)
    deed(room, "dequeue").trigger()
    qtbot.waitUntil(lambda: race.state().name == "new", timeout=5_000)
    qtbot.waitUntil(lambda: deed(room, "enqueue").isEnabled(), timeout=5_000)
    with qtbot.waitSignal(room.session.race_ended, timeout=30_000):
        deed(room, "enqueue").trigger()  # nothing trains: it begins at once
    assert race.state().name == "finished"


# --- the list --------------------------------------------------------------------------------------------------------


def select(room, qtbot, race):
    room.left.setCurrentWidget(room.races)

    def found():
        return [entry.race.folder for entry in room.races.entries].index(race.folder)

    qtbot.waitUntil(lambda: race.folder in [entry.race.folder for entry in room.races.entries], timeout=5_000)
    room.races.view.setCurrentRow(found())
    room.window().activateWindow()
    qtbot.waitUntil(room.window().isActiveWindow, timeout=5_000)
    room.races.view.setFocus()


def deed(room, id):
    room.races.fill_menu()
    return room.races.deeds[id]


def test_f2_renames_a_race(room, qtbot):
    race = make(room, "Before")
    room.open_race(race)
    select(room, qtbot, race)
    qtbot.keyClick(room.races.view, Qt.Key.Key_F2)
    editor = room.races.view.findChild(QLineEdit)
    editor.clear()
    qtbot.keyClicks(editor, "After")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: race.title == "After", timeout=5_000)
    qtbot.waitUntil(lambda: room.races.entries[0].title == "After", timeout=5_000)
    qtbot.waitUntil(lambda: room.window().windowTitle().startswith("After"), timeout=5_000)


def test_a_race_is_edited_as_new(room, qtbot):
    race = make(room, "Before")
    select(room, qtbot, race)
    deed(room, "duplicate").trigger()
    qtbot.waitUntil(lambda: [row.title() for row in room.form.rows] == ["Plain", "Hinge"], timeout=5_000)
    assert room.left.currentWidget() is room.form
    judge(room, qtbot)
    made = race_to_the_end(room, qtbot)
    assert made.folder != race.folder and race.state().name == "new"


def test_del_moves_a_race_to_the_trash(room, qtbot, monkeypatch, tmp_path):
    race = race_to_the_end(room, qtbot)
    select(room, qtbot, race)
    monkeypatch.setattr(race_list, "move_to_trash", lambda folder: bool(shutil.move(folder, tmp_path / "trash")))
    monkeypatch.setattr(room.races, "_agreed", lambda entry: True)
    qtbot.waitUntil(lambda: deed(room, "trash").isEnabled(), timeout=5_000)  # it is read that it has ended
    qtbot.keyClick(room.races.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not room.races.entries and room.race is None, timeout=5_000)
    assert not race.folder.exists() and room.pages.currentWidget() is room.nothing


def test_a_race_that_is_raced_is_not_deleted(room, qtbot):
    show_tiny(room, qtbot, ENDLESS)
    start(room, qtbot)
    select(room, qtbot, room.race)
    qtbot.waitUntil(lambda: not deed(room, "trash").isEnabled(), timeout=5_000)
    assert "being raced" in room.races.deeds["trash"].toolTip()
    assert "being raced" in room.races.resume_button.toolTip()
    assert race_list.to_trash(room.race).endswith("stop it before it is deleted.")
    assert room.race.folder.exists()


def test_enter_opens_and_reveal_shows_the_folder(room, qtbot, monkeypatch):
    race, shown = make(room, "Here"), []
    monkeypatch.setattr(race_list, "reveal", shown.append)
    select(room, qtbot, race)
    qtbot.keyClick(room.races.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: room.race is not None, timeout=5_000)
    deed(room, "reveal").trigger()
    assert shown == [race.folder]


# --- lanes -----------------------------------------------------------------------------------------------------------


def test_a_lane_that_fails_says_why_in_its_place_and_in_the_log(open_window, qtbot):
    window = open_window()
    room = window.rooms[0]
    room.form.show_preset(Preset("tiny", "Tiny ring", TINY | {"steps": 200, "samples_every": 50}))
    wild = {"kind": "sgd", "lr": 10.0, "momentum": 0.9}
    changes = {"recipe.g_optimiser": wild, "recipe.d_optimiser": wild, "recipe.objective": "least-squares"}
    room.form.rows[1].show_lane("Wild", changes)
    judge(room, qtbot)
    race_to_the_end(room, qtbot)
    view = room.grid.views[1]
    assert view.out.isVisible() and "stopped being a number" in view.out.text()
    assert any(line.partition("  ")[2].startswith("Wild: ") for line in window.log.problems.toPlainText().splitlines())
    assert room.table.item(1, 0).text() == "–"
    assert room.start_button.text() == "Start race"


def test_a_lane_is_opened_as_a_run(open_window, qtbot):
    window = open_window(rooms=(TrainRoom, RaceRoom))
    first, room = window.rooms
    show_tiny(room, qtbot)
    room.raise_tab()
    race = race_to_the_end(room, qtbot)
    qtbot.mouseClick(room.grid.views[1].as_run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: first.shown is not None, timeout=5_000)
    assert window.current_room() is first
    assert first.shown.folder == race.lanes()[1].folder
    assert first.timeline.track.steps == [0, 2, 4, 6]


def test_pictures_race_too(room, qtbot):
    pictures = TINY | {
        "data": {"kind": "digits", "size": 16},
        "recipe": TINY["recipe"] | {"generator": {"kind": "mlp", "width": 8}},
    }
    room.form.show_preset(Preset("tiny", "Digits", pictures))
    judge(room, qtbot)
    race_to_the_end(room, qtbot)
    assert [view.pages.currentWidget() for view in room.grid.views] == [view.pictures for view in room.grid.views]
    live = room.grid.views[0].pictures.image()
    room.timeline.go_to(2)
    room.timeline.go_live()
    qtbot.waitUntil(lambda: room.grid.views[0].pictures.image() is not live, timeout=5_000)
    assert room.grid.views[0].pictures.image().size() == live.size()  # the same from the disk
    assert all(text_of(4, row) != "–" for row in room.table.rows)
    assert [room.table.isColumnHidden(column) for column in range(6)] == [False, False, True, True, False, False]


# --- words, and how one gets here ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_try_this_fills_the_form_with_a_race_that_can_be_started(room, qtbot, language):
    room.words.set_language(language)
    tries = room.words.findChildren(TryButton)
    assert len(tries) >= 4
    for one in tries:
        room.left.setCurrentWidget(room.races)
        one.click()
        judge(room, qtbot)
        assert room.form.problem == "" and room.commands["race"].isEnabled()
        assert room.left.currentWidget() is room.form
        said = dict(one._what.settings)
        assert set(said) == {"preset", "data", "steps"}
        assert room.form.preset == said["data"] and room.form.steps.value() == int(said["steps"])
        wanted = next(chosen for chosen in QUICK_SETS if chosen.id == said["preset"])
        assert [row.title() for row in room.form.rows] == [name for name, _ in wanted.lanes]


def test_words_that_make_no_sense_are_told(room, qtbot):
    with qtbot.waitSignal(room.session.problem) as told:
        room.try_words({"preset": "nonsense"})
    assert "nonsense" in told.args[0]


def test_words_fold_for_a_race_where_there_is_little_room_and_open_when_wanted(room, qtbot):
    assert room.words.is_open and room.beside.isHidden()
    race_to_the_end(room, qtbot)
    assert not room.words.is_open and room.aside.width() < 40 and not room.beside.isHidden()
    qtbot.mouseClick(room.words.fold, Qt.MouseButton.LeftButton)
    assert room.words.is_open and room.aside.width() >= 200
    kept = room.save_layout()
    room.restore_layout(kept)
    assert room._kept["words"] is True


def test_a_race_is_shown_that_was_named_or_dropped(open_window, qtbot):
    window = open_window(rooms=(TrainRoom, RaceRoom))
    first, room = window.rooms
    race = make(room, "Named")
    lane = race.lanes()[0]
    (lane.folder / "real.png").write_bytes(b"")  # a lane's pictures are not for learning
    assert [a.room for a in answer([race.folder], window.rooms)] == [room]
    window.show_path(race.folder)
    qtbot.waitUntil(lambda: is_same(room.race, race), timeout=5_000)
    assert window.current_room() is room
    first.raise_tab()
    room._show_nothing()
    Opening(window, str(race.folder), None).begin()
    qtbot.waitUntil(lambda: is_same(room.race, race), timeout=5_000)
    assert window.current_room() is room and not window.session.is_training


@pytest.mark.parametrize(("name", "ours"), [("race", True), ("run", True), ("ring.toml", True), ("runs", False)])
def test_which_paths_open_the_window(tmp_path, name, ours):
    (tmp_path / "race").mkdir()
    (tmp_path / "race" / "race.toml").touch()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.toml").touch()
    assert is_ours(str(tmp_path / name)) is ours


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
