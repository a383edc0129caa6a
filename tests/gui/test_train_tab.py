"""The Train tab as a user meets it: choose, start, pause, step, change, stop, open, branch, queue."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from gan_studio import images, presets, runs
from gan_studio.config import ConfigError, put
from gan_studio.gui import window as window_module
from gan_studio.gui.session import Session
from gan_studio.gui.train import overlays, record
from gan_studio.gui.train.dropped import has_pictures
from gan_studio.gui.train.film_dialog import FilmDialog
from gan_studio.gui.train.live import merged
from gan_studio.gui.train.record import Tail, columns, read
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import events as e
from gan_studio.jobs import train
from gan_studio.jobs.inbox import Change, CheckpointNow, Inbox, Pause, Resume, SampleNow, Step, Stop
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.timelapse import LAYERS

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen screen has no window frames


DRAWN = 5  # steps from one sample to the next


class FakeJob:
    """Obeys like TrainJob, and computes nothing."""

    made: list[FakeJob] = []

    def __init__(self, run, spare_core=False):
        self.run, self.inbox, self.got = run, Inbox(), []
        self.steps = run.config()["steps"]
        FakeJob.made.append(self)

    def __iter__(self):
        with self.run.lock():
            yield from self.events()

    def events(self):
        state = self.run.state()
        step, paused = state.step, False
        yield e.Progress(1, 2, "Looking at the data")
        yield e.Forecast("bf16, channels-last", "CPU", (("bf16, channels-last", 0.01),), 0.01, 214.0, 2**30)
        self.run.save_checkpoint(step, {}, {})
        yield e.Started(self.run.folder, step, self.steps)
        yield e.Real(np.zeros((4, 8, 8, 1), np.uint8))
        name, reason = "stopped", ""
        try:
            while step < self.steps:
                for command in [self.inbox.wait()] if paused else self.inbox.waiting():
                    self.got.append(command)
                    match command:
                        case Stop():
                            return
                        case Pause():
                            paused = True
                            yield e.Paused(step)
                        case Resume():
                            paused = False
                            yield e.Resumed(step)
                        case Step():
                            paused, step = True, step + 1
                            yield self.curves(step)
                            yield e.Paused(step)
                        case Change(path, value):
                            self.run.append_change(step, path, None, value)
                            yield e.Changed(step, path, 0, value)
                        case SampleNow():
                            yield e.Samples(step, np.full((4, 8, 8, 1), 255, np.uint8))
                        case CheckpointNow():
                            yield e.Checkpoint(step, self.run.save_checkpoint(step, {}, {}).path)
                if not paused:
                    step += 1
                    yield self.curves(step)
                    if step % DRAWN == 0:
                        yield self.samples(step)
                    time.sleep(0.002)
            name = "finished"
            yield e.Finished(step)
        finally:
            self.run.set_state(runs.State(name, step, self.steps, reason))
            self.run.save_checkpoint(step, {}, {})

    def samples(self, step):
        picture = np.full((8, 8), step % 256, np.uint8)
        images.write_png(self.run.folder / f"samples/step-{step:08d}.png", picture)
        return e.Samples(step, picture[None, :, :, None])

    def curves(self, step):
        values = {"D/loss": np.array([1.0], np.float32), "G/loss": np.array([0.5], np.float32)}
        self.run.append_curves([step], values)
        return e.Curves(np.array([step]), values, 214.0, 100.0)


class FailingJob(FakeJob):
    def __iter__(self):
        yield e.Progress(0, 0, "Trying")
        raise ConfigError("There are no pictures in that folder; choose another.")


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def looking_often(monkeypatch):
    """At the folders of the run that is shown, and of those that are laid over it."""
    monkeypatch.setattr(record, "LOOK_S", 0.1)
    monkeypatch.setattr(overlays, "LOOK_MS", 100)


@pytest.fixture
def open_window(qtbot, tmp_path, request, monkeypatch):
    """A window with this tab alone that is ready, over an engine that computes nothing."""
    monkeypatch.setattr(window_module, "ROOMS", (TrainRoom,))

    def make(job=FakeJob, warm=lambda: (stage for stage in ("light", "ready")), meanwhile=None):
        FakeJob.made.clear()
        session = Session(tmp_path / "runs", SimpleNamespace(new_run=train.new_run, TrainJob=job))
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        window = Window(session, settings, warm=warm)
        window.resize(1200, 760)
        with qtbot.waitSignal(window.ready, timeout=20_000):
            window.show()
            if meanwhile:
                meanwhile(window)
        request.addfinalizer(lambda: leave(window, qtbot))
        return window

    return make


def leave(window, qtbot):
    window.close()
    qtbot.waitUntil(lambda: not window.session.is_training, timeout=10_000)
    window.close()
    window.deleteLater()


@pytest.fixture
def window(open_window):
    return open_window()


@pytest.fixture
def room(window):
    return window.rooms[0]


def start(room, qtbot, **changes):
    """Start a run that goes on until it is stopped."""
    values = room.settings.values() | {"steps": 100_000} | changes
    room.settings.show_values(values)
    room.offer()
    press(room, "start")
    qtbot.waitUntil(lambda: room.session.stage == "running", timeout=10_000)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)


def press(room, id):
    assert room.commands[id].isEnabled(), room.commands[id].toolTip()
    room.commands[id].trigger()


def wait_for(room, qtbot, stage):
    qtbot.waitUntil(lambda: room.session.stage == stage, timeout=20_000)


# --- the state that a newcomer sees ----------------------------------------------------------------------------------


def test_ready_means_that_start_can_be_pressed(room):
    assert room.commands["start"].isEnabled()
    assert room.commands["start"].text() == "&Start"
    assert not room.commands["stop"].isEnabled()
    assert "Nothing is training" in room.commands["stop"].toolTip()


def test_every_control_has_a_name_and_a_tooltip(window):
    shown = [w for w in window.findChildren(QWidget) if w.isVisibleTo(window) and not w.objectName().startswith("qt_")]
    for widget in shown:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not widget.focusProxy():
            assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name), widget
    buttons = [b for b in window.findChildren(QToolButton) if b.isVisibleTo(window) and b.defaultAction()]
    assert [b.text() for b in buttons if not b.toolTip()] == []


def test_a_problem_disables_start_and_says_why(room, qtbot):
    room.settings.edit("steps", 0)
    with qtbot.waitSignal(room.settings.checked):
        pass
    assert not room.commands["start"].isEnabled()
    assert "steps" in room.commands["start"].toolTip()
    room.settings.edit("steps", 10)
    with qtbot.waitSignal(room.settings.checked):
        pass
    assert room.commands["start"].isEnabled()


def test_a_preset_fills_the_form(room):
    values = RunConfig().plain()
    put(values, "steps", 321)
    saved = presets.save("Mine", values)
    room.settings.reload_presets()
    room.settings.preset_chosen.emit(saved.id)
    assert room.settings.values()["steps"] == 321
    assert room.window().windowTitle().startswith("Mine")


def test_save_as_preset_asks_before_it_replaces_one(room, monkeypatch):
    from gan_studio.gui.train import asking as module

    monkeypatch.setattr(module.QInputDialog, "getText", lambda *a, **k: ("My own", True))
    press(room, "save_preset")
    assert presets.find("my-own").title == "My own"
    before = presets.find("my-own").values["seed"]
    for answer, seed in (("Cancel", before), ("Replace", before + 1)):
        room.settings.form.edit("seed", before + 1)
        asked = []
        QTimer.singleShot(50, lambda answer=answer, asked=asked: answer_box(answer, asked))
        press(room, "save_preset")
        assert asked == ["Replace your preset “My own”?"]
        assert presets.find("my-own").values["seed"] == seed


def answer_box(answer, asked):
    box = QApplication.activeModalWidget()
    asked.append(box.text())
    next(button for button in box.buttons() if button.text().replace("&", "") == answer).click()


def test_rows_of_a_translation_say_what_they_are(room):
    room.live.draw([e.Real(np.zeros((2, 8, 40, 3), np.uint8), ("from", "to", "back"))])
    room.results.show_samples(np.zeros((6, 8, 40, 3), np.uint8), 5)
    assert room.results.told.text() == "Rows: from, to, back"
    assert room.results.generated.accessibleName() == "In each row: from, to, back"
    image = room.results.generated.image()
    assert image.width() == 2 * 40 + 2 and image.height() == 3 * 8 + 4  # about a square
    room.results.clear()
    assert room.results.told.text() == "Generated, from fixed latents"


# --- a run -----------------------------------------------------------------------------------------------------------


def test_start_pause_resume_stop(room, qtbot):
    start(room, qtbot)
    assert room.commands["start"].text() == "&Pause"
    press(room, "start")
    wait_for(room, qtbot, "paused")
    assert room.commands["start"].text() == "Re&sume"
    press(room, "start")
    wait_for(room, qtbot, "running")
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    assert room.session.root.exists()
    assert [run.state().name for run in runs.list_runs(room.session.root)] == ["stopped"]
    assert room.commands["start"].text() == "Re&sume"  # what is shown can go on


def test_single_steps_from_the_beginning(room, qtbot):
    press(room, "step_d")
    wait_for(room, qtbot, "paused")
    press(room, "step")
    qtbot.waitUntil(lambda: Step(("D", "G")) in FakeJob.made[0].got)
    assert FakeJob.made[0].got[0] == Step(("D",))


def test_sample_now_and_save_now(room, qtbot):
    start(room, qtbot)
    press(room, "sample_now")
    press(room, "save_now")
    job = FakeJob.made[0]
    qtbot.waitUntil(lambda: CheckpointNow(starred=True) in job.got and SampleNow() in job.got)


def test_live_changes_travel_as_commands_and_are_marked(room, qtbot, monkeypatch):
    marks = []
    monkeypatch.setattr(room.curves, "mark", lambda step, text: marks.append(text))
    start(room, qtbot)
    room.settings.live_changed.emit("samples_every", 7)
    qtbot.waitUntil(lambda: bool(marks), timeout=10_000)
    assert Change("samples_every", 7) in FakeJob.made[0].got
    assert marks == ["samples every 0 → 7"]


def test_the_status_bar_and_the_forecast_speak(room, qtbot):
    start(room, qtbot)
    status = room.window().status
    qtbot.waitUntil(lambda: "samples/s" in status.rate.text(), timeout=10_000)
    assert "/ 100,000 steps" in status.steps.text()
    assert status.left.text() == "2 min left"
    assert status.device.text() == "CPU, bf16, channels-last"
    assert room.forecast.text().startswith("Forecast with bf16, channels-last: 214 samples/s")


def test_before_the_first_step_the_curves_say_what_goes_on(room, qtbot):
    said = []
    room.curves.wait_for = lambda text, done=0, total=0: said.append((text, done, total))
    room.left.setCurrentWidget(room.runs)
    start(room, qtbot)
    assert ("Looking at the data", 1, 2) in said
    assert room.left.currentWidget() is room.settings  # they describe what trains


def test_only_the_last_samples_of_a_list_are_drawn(room, qtbot, monkeypatch):
    start(room, qtbot)
    drawn = []
    monkeypatch.setattr(room.results, "show_samples", lambda array, step, raw: drawn.append(step))
    pictures = np.zeros((1, 4, 4, 3), np.uint8)
    room._show_events([e.Samples(step, pictures) for step in range(50)])
    assert drawn == [49]


def test_a_failure_is_one_sentence_and_its_trace_is_in_the_log(open_window, qtbot):
    window = open_window(FailingJob)
    room = window.rooms[0]
    with qtbot.waitSignal(window.session.problem, timeout=10_000) as told:
        press(room, "start")
    sentence, trace, expected = told.args
    assert sentence == "There are no pictures in that folder; choose another."
    assert "Traceback" in trace and expected
    wait_for(room, qtbot, "idle")
    assert "Traceback" in window.log.problems.toPlainText()
    assert room.commands["start"].isEnabled()


def test_a_run_chosen_while_torch_is_loaded_is_opened_then(open_window, qtbot, tmp_path):
    run = train.new_run(RunConfig(), "Early bird", tmp_path / "runs")
    loaded = threading.Event()

    def slowly():
        yield "light"
        loaded.wait(60)
        yield "ready"

    def click(window):
        room = window.rooms[0]
        qtbot.waitUntil(lambda: room.left.count() == 2, timeout=10_000)  # the list is there, the form is not
        room.left.setCurrentWidget(room.runs)
        qtbot.waitUntil(lambda: run.name in room.runs.rows.entries, timeout=10_000)
        place = room.runs.view.visualRect(room.runs.rows.index_of(run.name)).center()
        qtbot.mouseClick(room.runs.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        loaded.set()

    room = open_window(warm=slowly, meanwhile=click).rooms[0]
    qtbot.waitUntil(lambda: room.subject.is_about(run), timeout=10_000)


# --- earlier runs ----------------------------------------------------------------------------------------------------


def stopped_run(room, qtbot):
    start(room, qtbot)
    qtbot.waitUntil(lambda: room.live.last_step > 5, timeout=10_000)
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    return runs.list_runs(room.session.root)[0]


def test_an_opened_run_shows_all_it_tells_and_goes_on(room, qtbot, monkeypatch):
    run = stopped_run(room, qtbot)
    room.choose_first()
    assert room.commands["start"].text() == "&Start"
    shown = {}
    monkeypatch.setattr(room.curves, "set_curves", shown.update)
    room.runs.opened.emit(run)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)
    assert set(shown) == {"D/loss", "G/loss"}
    assert room.settings.values()["steps"] == 100_000
    assert room.commands["start"].text() == "Re&sume"
    press(room, "start")
    wait_for(room, qtbot, "running")
    assert FakeJob.made[-1].run.folder == run.folder


def test_changed_settings_branch_and_live_ones_go_on(room, qtbot):
    run = stopped_run(room, qtbot)
    room.settings.edit("samples_every", 3)
    assert room.commands["start"].text() == "Re&sume"
    room.settings.edit("seed", 3)
    assert room.commands["start"].text() == "&Branch"
    press(room, "start")
    wait_for(room, qtbot, "running")
    child = FakeJob.made[-1].run
    assert child.about()["parent"]["run"] == run.name
    assert child.config()["seed"] == 3


def test_live_edits_of_a_stopped_run_are_sent_when_it_goes_on(room, qtbot):
    stopped_run(room, qtbot)
    room.settings.edit("samples_every", 3)
    press(room, "start")
    wait_for(room, qtbot, "running")
    qtbot.waitUntil(lambda: Change("samples_every", 3) in FakeJob.made[-1].got, timeout=10_000)


def test_branching_from_a_chosen_checkpoint(room, qtbot):
    run = stopped_run(room, qtbot)
    first = run.checkpoints()[0].step
    room.runs.branched.emit(run, first)
    qtbot.waitUntil(lambda: room.commands["start"].text() == "&Branch", timeout=10_000)
    press(room, "start")
    wait_for(room, qtbot, "running")
    assert FakeJob.made[-1].run.about()["parent"] == {"run": run.name, "step": first}


def test_the_queue_moves_on_when_a_run_ends(room, qtbot):
    start(room, qtbot)
    room.choose_first()
    put_steps(room, 20)
    press(room, "enqueue")
    assert len(runs.queued(room.session.root)) == 1
    press(room, "stop")
    qtbot.waitUntil(lambda: len(FakeJob.made) == 2, timeout=10_000)
    wait_for(room, qtbot, "idle")
    states = sorted(run.state().name for run in runs.list_runs(room.session.root))
    assert states == ["finished", "stopped"]


def test_a_shown_run_that_the_queue_begins_locks_the_form(room, qtbot):
    run = stopped_run(room, qtbot)
    room.settings.form.edit("seed", 77)  # is not told to the run
    room.starting.enqueue_run(run)
    wait_for(room, qtbot, "running")
    qtbot.waitUntil(lambda: room.settings.form.current()["seed"] != 77, timeout=10_000)
    assert not room.settings.form.editor("seed").isEnabled()
    room.settings.form.edit("samples_every", 7)
    qtbot.waitUntil(lambda: Change("samples_every", 7) in FakeJob.made[-1].got, timeout=10_000)


def test_a_branch_from_the_run_in_training_leaves_it_alone(room, qtbot):
    start(room, qtbot)
    run = room.session.run
    room.runs.branched.emit(run, run.checkpoints()[0].step)
    qtbot.waitUntil(lambda: room.subject.branch_step is not None, timeout=10_000)
    room.settings.form.edit("samples_every", 7)
    room.settings.form.edit("seed", 78)
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    assert Change("samples_every", 7) not in FakeJob.made[-1].got
    assert room.settings.form.current()["seed"] == 78
    assert room.commands["start"].text() == "&Branch"


def test_half_typed_text_is_not_taken_by_what_looks_at_the_form(room, qtbot):
    start(room, qtbot)
    before = room.settings.values()["samples_every"]
    room.settings.form.set_level("all")
    room.settings.form.editor("samples_every").lineEdit().setText("7")  # on the way to 75
    room.settings.check()
    room.offer()
    room.live._show_forecast(e.Forecast("fp32", "CPU", (), 0.01, 1.0, 0))
    assert room.settings.form.current()["samples_every"] == before
    assert not any(isinstance(command, Change) for command in FakeJob.made[0].got)
    assert room.settings.values()["samples_every"] == 7


def test_an_edit_takes_what_is_still_being_typed(room):
    room.settings.form.set_level("all")
    room.settings.form.editor("samples_every").lineEdit().setText("75")
    room.settings.form.edit("seed", 5)
    values = room.settings.form.current()
    assert (values["samples_every"], values["seed"]) == (75, 5)


def test_queueing_an_edited_run_queues_a_branch(room, qtbot):
    run = stopped_run(room, qtbot)
    room.settings.edit("seed", 3)
    press(room, "enqueue")
    wait_for(room, qtbot, "running")
    assert FakeJob.made[-1].run.about()["parent"]["run"] == run.name


def test_start_tells_what_it_will_do(room, qtbot):
    stopped_run(room, qtbot)
    assert room.commands["start"].toolTip().startswith("Go on with this run")
    room.settings.edit("seed", 3)
    assert room.commands["start"].toolTip().startswith("Go on from the newest checkpoint with the changed settings")


def test_a_choice_is_not_overtaken_by_a_run_that_is_still_read(room, qtbot):
    run = stopped_run(room, qtbot)
    room.open_run(run, run.checkpoints()[0].step)
    room.choose_first()
    qtbot.wait(200)
    assert room.shown is None and room.subject.branch_step is None
    assert room.commands["start"].text() == "&Start"


def test_pictures_on_a_stopped_run_begin_a_new_one(room, qtbot, tmp_path):
    stopped_run(room, qtbot)
    room.settings.edit("seed", 3)
    room.use_pictures(tmp_path)
    assert room.shown is None
    values = room.settings.form.current()
    assert (values["seed"], values["data"]["path"]) == (3, str(tmp_path))
    assert room.starting.what_start_does() == "fresh"


def test_live_changes_that_a_failure_took_back_are_sent_again(room, qtbot):
    run = stopped_run(room, qtbot)
    step = run.state().step
    run.append_change(step + 5, "samples_every", 100, 9)
    run.set_state(runs.State("failed", step + 10, 100_000, "Nothing but NaN."))
    room.choose_first()
    room.open_run(run)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)
    assert room.settings.values()["samples_every"] == 9
    press(room, "start")
    qtbot.waitUntil(lambda: Change("samples_every", 9) in FakeJob.made[-1].got, timeout=10_000)


def test_settings_can_be_undone_and_redone(room):
    assert not room.commands["undo"].isEnabled()
    before = room.settings.values()["seed"]
    room.settings.form.edit("seed", before + 1)
    press(room, "undo")
    assert room.settings.values()["seed"] == before
    press(room, "redo")
    assert room.settings.values()["seed"] == before + 1


def test_a_full_disk_does_not_leave_the_window_preparing(open_window, qtbot, monkeypatch):
    room = open_window(FailingJob).rooms[0]

    def full(*args):
        raise OSError(28, "No space left on device")

    press(room, "enqueue")
    monkeypatch.setattr(runs.Run, "set_state", full)
    wait_for(room, qtbot, "idle")
    qtbot.wait(200)
    assert len(FakeJob.made) == 1 and room.session.stage == "idle"


def put_steps(room, steps):
    room.settings.show_values(room.settings.values() | {"steps": steps})
    room.offer()


def test_a_queued_run_that_cannot_begin_does_not_block_the_queue(open_window, qtbot):
    window = open_window(FailingJob)
    room = window.rooms[0]
    press(room, "enqueue")
    qtbot.waitUntil(lambda: len(FakeJob.made) == 1 and room.session.stage == "idle", timeout=10_000)
    assert runs.list_runs(room.session.root)[0].state().name == "failed"


def test_a_run_that_cannot_be_put_into_the_queue_is_told(room, qtbot, monkeypatch):
    run = stopped_run(room, qtbot)
    monkeypatch.setattr(runs.Run, "set_state", full_disk)
    press(room, "enqueue")
    assert any("No space left" in bar.text for bar in room.notices.bars)
    assert run.state().name == "stopped" and not room.session.is_training


def full_disk(*_):
    raise OSError(28, "No space left on device")


def test_live_edits_of_a_stopped_run_wait_with_it_in_the_queue(room, qtbot):
    run = stopped_run(room, qtbot)
    room.settings.edit("samples_every", 3)
    press(room, "enqueue")
    wait_for(room, qtbot, "running")
    assert FakeJob.made[-1].run.folder == run.folder and len(runs.list_runs(room.session.root)) == 1
    assert run.config_at(10**9)["samples_every"] == 3
    assert not any("taken back" in bar.text for bar in room.notices.bars)


def test_edits_that_the_queue_was_not_told_are_taken_back_with_a_word(room, qtbot):
    run = stopped_run(room, qtbot)
    room.settings.form.edit("seed", 77)
    room.starting.enqueue_run(run)
    wait_for(room, qtbot, "running")
    said = [bar.text for bar in room.notices.bars]
    assert any("taken back" in text and "(seed)" in text for text in said), said


def test_the_queue_does_not_take_the_form_from_whoever_edits_it(room, qtbot):
    run = stopped_run(room, qtbot)
    room.choose_first()
    room.settings.form.edit("seed", 77)
    room.starting.enqueue_run(run)
    wait_for(room, qtbot, "running")
    assert room.shown is None and room.settings.form.current()["seed"] == 77
    bar = next(bar for bar in room.notices.bars if "began to train" in bar.text)
    bar.action_button.click()
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)


def test_the_empty_centre_says_what_trains_and_offers_what_helps(room, qtbot):
    assert room.nothing.isVisible() and room.empty_start.isVisible() and not room.empty_queue.isVisible()
    start(room, qtbot)
    trained = room.session.run
    room.choose_first()
    assert room.nothing.isVisible() and "Pause" not in [b.text() for b in visible_buttons(room.nothing)]
    assert [b.text() for b in visible_buttons(room.nothing)] == ["Show it", "Queue"]
    title = trained.about()["title"]
    assert room.empty_words.text().startswith(f"“{title}” is in training.") and room.hint.text() == ""
    qtbot.mouseClick(room.empty_queue, Qt.MouseButton.LeftButton)
    assert len(runs.queued(room.session.root)) == 1
    qtbot.mouseClick(room.empty_show, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.subject.is_about(trained), timeout=10_000)
    assert not room.nothing.isVisible()
    room.starting.settings.show_values(room.settings.values())
    for run in runs.queued(room.session.root):
        run.set_state(runs.State("new"))
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    room.choose_first()
    assert [b.text() for b in visible_buttons(room.nothing)] == ["Start"]


def visible_buttons(page):
    buttons = [b for b in page.findChildren(QToolButton) if b.isVisible()]
    return sorted(buttons, key=lambda b: b.x())


def test_a_new_title_stands_in_the_window(room, qtbot):
    run = stopped_run(room, qtbot)
    runs.write_json(run.folder / "run.json", run.about() | {"title": "A better name"})
    room.runs.renamed.emit(run)
    assert room.window().windowTitle().startswith("A better name")


def test_a_deleted_run_is_shown_no_more(room, qtbot):
    room.runs.deleted.emit(stopped_run(room, qtbot))
    assert room.shown is None


def test_a_run_that_another_process_writes_is_followed(room, qtbot, monkeypatch):
    run = stopped_run(room, qtbot)
    room.choose_first()
    told = []
    monkeypatch.setattr(room.curves, "extend", lambda steps, values: told.extend(steps.tolist()))
    with run.lock():  # as another process would hold it
        run.set_state(runs.State("running", 900_000, 1_000_000))
        room.open_run(run)
        qtbot.waitUntil(lambda: room.subject.followed, timeout=10_000)
        assert not room.commands["start"].isEnabled()
        assert "Another process" in room.commands["start"].toolTip()
        run.append_curves([900_001, 900_002], {"D/loss": np.array([1.0, 2.0])})
        qtbot.waitUntil(lambda: told == [900_001, 900_002], timeout=10_000)
    # It has ended: the run is read once more, and can be resumed.
    qtbot.waitUntil(lambda: not room.subject.followed and room.shown is not None, timeout=10_000)
    assert room.commands["start"].text() == "Re&sume"


def test_a_followed_run_that_cannot_be_read_again_does_not_stay_followed(room, qtbot):
    run = stopped_run(room, qtbot)
    room.choose_first()
    with run.lock():
        run.set_state(runs.State("running", 1, 100))
        room.open_run(run)
        qtbot.waitUntil(lambda: room.subject.followed, timeout=10_000)
        (run.folder / "config.toml").write_text("seed = [")
    with qtbot.waitSignal(room.session.problem, timeout=10_000):
        pass
    assert not room.subject.followed
    assert "Another process" not in room.commands["start"].toolTip()


@pytest.mark.usefixtures("patient")
def test_what_was_asked_of_folders_is_done_as_the_window_closes(room, qtbot):
    run = stopped_run(room, qtbot)
    for title in ("First", "Then another"):
        room.runs.chores.do(partial(run.rename, title))
    room.window().close()
    assert run.about()["title"] == "Then another"


def test_a_run_whose_folder_is_deleted_is_shown_no_more(room, qtbot):
    run = stopped_run(room, qtbot)
    shutil.rmtree(run.folder)
    qtbot.waitUntil(lambda: room.shown is None, timeout=10_000)
    assert any("was deleted" in bar.text for bar in room.notices.bars)
    assert room.commands["start"].text() == "&Start" and room.timeline.step() is None


@pytest.mark.parametrize("what", ["start", "enqueue", "discard", "branch"])
def test_a_run_that_was_deleted_a_moment_ago_is_one_sentence(room, qtbot, monkeypatch, what):
    """Whatever is pressed before the window has looked at the folder again."""
    run = stopped_run(room, qtbot)
    press(room, "branch_here") if what == "discard" else None
    checkpoints = run.checkpoints()
    monkeypatch.setattr(runs.Run, "checkpoints", lambda _: checkpoints)  # they were still there
    shutil.rmtree(run.folder)
    with qtbot.waitSignal(room.session.problem) as told:
        match what:
            case "discard":
                room.settings.branch_dropped.emit()
            case "branch":
                room.branch_at(checkpoints[-1].step)
            case id:
                press(room, id)
    sentence, _, expected = told.args
    assert expected and str(run.folder) in sentence
    qtbot.waitUntil(lambda: room.shown is None, timeout=10_000)
    assert not room.session.is_training


def test_a_run_that_begins_here_while_it_is_read_is_not_another_processes(room, qtbot, monkeypatch):
    run = stopped_run(room, qtbot)
    begun = threading.Event()

    def read_late(*about):
        begun.wait(60)
        yield from read(*about)

    monkeypatch.setattr(record, "read", read_late)
    room.open_run(run)
    press(room, "start")
    wait_for(room, qtbot, "running")
    begun.set()
    qtbot.waitUntil(lambda: not room.opening.awaits(run), timeout=10_000)
    assert room.shown is not None and not room.subject.followed
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    assert room.commands["start"].isEnabled() and room.commands["start"].text() == "Re&sume"


def test_a_folder_deleted_under_the_training_ends_it_with_a_sentence(room, qtbot):
    start(room, qtbot)
    press(room, "start")
    wait_for(room, qtbot, "paused")
    shutil.rmtree(room.session.run.folder)
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    qtbot.waitUntil(lambda: room.shown is None, timeout=10_000)
    assert any("was deleted" in bar.text for bar in room.notices.bars)


def test_a_second_window_follows_what_the_first_trains(open_window, qtbot):
    first, second = open_window().rooms[0], open_window().rooms[0]
    start(first, qtbot)
    run = first.session.run
    second.open_run(run)
    qtbot.waitUntil(lambda: second.subject.followed, timeout=10_000)
    assert "Another process" in second.commands["start"].toolTip()
    assert second.timeline.live_button.text() == "Live"
    before = second.timeline.step() or 0
    qtbot.waitUntil(lambda: (second.timeline.step() or 0) > before + DRAWN, timeout=10_000)
    press(first, "stop")
    wait_for(first, qtbot, "idle")
    qtbot.waitUntil(lambda: not second.subject.followed, timeout=10_000)
    assert second.commands["start"].text() == "Re&sume"


def test_a_shown_run_that_another_window_resumes_is_followed(open_window, qtbot):
    first, second = open_window().rooms[0], open_window().rooms[0]
    run = stopped_run(first, qtbot)
    second.open_run(run)
    qtbot.waitUntil(lambda: second.shown is not None, timeout=10_000)
    press(first, "start")
    qtbot.waitUntil(lambda: second.subject.followed, timeout=10_000)


# --- the timeline ----------------------------------------------------------------------------------------------------


def seen(room) -> int:
    """The grey of the samples: it tells their step."""
    return room.results.generated.image().pixelColor(0, 0).red()


def test_scrubbed_back_it_stays_while_training_goes_on(room, qtbot):
    start(room, qtbot)
    qtbot.waitUntil(lambda: (room.timeline.step() or 0) >= 8 * DRAWN, timeout=10_000)
    assert room.timeline.live_button.text() == "Live" and room.timeline.live_button.isChecked()
    room.timeline.track.setFocus()
    qtbot.keyClick(room.timeline.track, Qt.Key.Key_Home)
    qtbot.keyClick(room.timeline.track, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: seen(room) == 2 * DRAWN, timeout=10_000)
    count = len(room.timeline.track.steps)
    qtbot.waitUntil(lambda: len(room.timeline.track.steps) > count + 3, timeout=10_000)
    assert seen(room) == 2 * DRAWN and room.timeline.step() == 2 * DRAWN
    press(room, "live")
    assert seen(room) == room.timeline.track.steps[-1] % 256


def test_branch_here_takes_the_checkpoint_before(room, qtbot):
    start(room, qtbot)
    press(room, "save_now")
    qtbot.waitUntil(lambda: len(room.timeline.track.checkpoints) > 1, timeout=10_000)
    saved = room.timeline.track.checkpoints[-1]
    qtbot.waitUntil(lambda: (room.timeline.step() or 0) > saved + 2 * DRAWN, timeout=10_000)
    room.timeline.go_to(saved + DRAWN + 1)
    step = room.timeline.step()
    room.left.setCurrentWidget(room.runs)
    press(room, "branch_here")
    assert room.left.currentWidget() is room.settings and room.subject.branch_step == saved
    asked = f"From step {saved:,}, the checkpoint before step {step:,}: change what you like, then press Queue."
    assert room.notices.bars[-1].text == asked
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    assert room.commands["start"].text() == "&Branch" and room.timeline.step() == step
    room.settings.form.edit("seed", 9)
    press(room, "start")
    wait_for(room, qtbot, "running")
    child = FakeJob.made[-1].run
    assert child.about()["parent"]["step"] == saved and child.config()["seed"] == 9


def test_a_branch_can_be_discarded(room, qtbot):
    run = stopped_run(room, qtbot)
    press(room, "branch_here")
    assert room.settings.branch_strip.isVisible()
    assert room.settings.branch_words.text() == f"Settings of a branch from step {run.checkpoints()[-1].step:,}."
    room.settings.form.edit("seed", 77)
    back = next(b for b in room.settings.branch_strip.findChildren(QPushButton))
    qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    assert room.commands["start"].text() == "Re&sume" and not room.settings.branch_strip.isVisible()
    assert room.settings.form.current()["seed"] != 77


def test_the_heights_of_the_plots_are_kept(open_window, qtbot):
    first = open_window()
    curves = plots_of(first, qtbot)
    curves._splitter.moveSplitter(curves._splitter.height() // 5, 1)  # as the mouse does; it had three of five parts
    sizes = curves._splitter.sizes()
    first.close()
    second = open_window()
    again = plots_of(second, qtbot)
    assert again._splitter.sizes() == pytest.approx(sizes, abs=4)
    second.commands["reset_layout"].trigger()
    assert again._splitter.sizes()[0] > 2 * sizes[0]


def plots_of(window, qtbot):
    """Its plots, with losses and scores in them."""
    curves = window.rooms[0].curves
    window.rooms[0].pages.setCurrentWidget(curves)
    steps = np.arange(50)
    curves.set_curves({"D/loss": (steps, steps), "D(real)": (steps, steps / 50)})
    qtbot.waitUntil(lambda: min(size for size in curves._splitter.sizes() if size) > 50)
    return curves


def test_notices_leave_the_timeline_free(room):
    bar = room.notices.show_notice("Something is wrong.", "error")
    corner, line = bar.rect().bottomLeft(), room.timeline.rect().topLeft()
    assert bar.mapToGlobal(corner).y() < room.timeline.mapToGlobal(line).y()


def test_a_followed_run_can_be_branched(room, qtbot):
    run = stopped_run(room, qtbot)
    with run.lock():
        qtbot.waitUntil(lambda: room.subject.followed, timeout=10_000)
        room.branch_at(10**9)
        assert room.commands["start"].text() == "&Branch" and room.commands["start"].isEnabled()


def test_before_the_first_checkpoint_there_is_nothing_to_branch_from(room, qtbot):
    run = stopped_run(room, qtbot)
    room.branch_at(-1)
    assert "no checkpoint" in room.notices.bars[-1].text and room.subject.branch_step is None
    assert run.checkpoints()


def test_a_dropped_checkpoint_opens_its_run_there(room, qtbot):
    run = stopped_run(room, qtbot)
    checkpoint = run.checkpoints()[0]
    room.choose_first()
    assert room.takes(checkpoint.path)
    room.take(checkpoint.path)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)
    assert room.timeline.step() == room.timeline.track.steps[0]
    qtbot.waitUntil(lambda: seen(room) == DRAWN, timeout=10_000)


def test_what_was_chosen_of_the_timeline_and_the_samples_is_kept(open_window, qtbot):
    first = open_window()
    room = first.rooms[0]
    room.results.raw_buttons[0].setEnabled(True)
    room.results.raw_buttons[0].click()
    room.results.points.set_layers(["real", "grid"])
    room.timeline.speed.setCurrentIndex(4)
    room.timeline.loop.setChecked(True)
    room.curves.show_plot("losses", False)
    first.close()
    again = open_window().rooms[0]
    assert again.results.wants_raw and again.results.points.layers() == ["real", "grid"]
    assert again.timeline.speed.currentIndex() == 4 and again.timeline.loop.isChecked()
    assert again.curves.save_state() == room.curves.save_state()


def test_a_resumed_run_takes_back_what_came_after_its_checkpoint(room, qtbot):
    stopped_run(room, qtbot)
    last = room.live.last_step
    room.live.draw([e.Started(room.shown.folder, last - 3, 100)])
    assert room.live.last_step == last - 3
    assert room.curves.series["D/loss"].steps[-1] == last - 3
    assert max(room.timeline.track.steps) <= last - 3


def test_a_time_lapse_is_written_from_the_menu(room, qtbot, tmp_path, monkeypatch):
    start(room, qtbot)
    qtbot.waitUntil(lambda: len(room.timeline.track.steps) > 3, timeout=10_000)
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    press(room, "timelapse")
    dialog = room.findChild(FilmDialog)
    qtbot.waitUntil(dialog.write_button.isEnabled, timeout=10_000)
    frames = len(room.timeline.track.steps)
    assert dialog.summary.text().startswith(f"{frames} frames of 8 ×")
    dialog.editors["zoom"].set_value(4)
    dialog.editors["zoom"].edited.emit(4)
    assert " 32 × " in dialog.summary.text()
    monkeypatch.setattr(room.exports, "ask", lambda title, name, kinds, then: then(tmp_path / name))
    dialog.write_button.click()
    qtbot.waitUntil(lambda: any(tmp_path.glob("*.gif")), timeout=10_000)
    qtbot.waitUntil(lambda: any(bar.text.startswith("Written") for bar in room.notices.bars), timeout=10_000)
    with Image.open(next(tmp_path.glob("*.gif"))) as film:
        assert film.n_frames == frames and film.width == 32
    room._export_film()
    again = room.findChild(FilmDialog)
    assert again.editors["zoom"].value() == 4  # as the last time
    qtbot.waitUntil(again.write_button.isEnabled, timeout=10_000)
    again.editors["first"].set_value(10**6)
    again.editors["first"].edited.emit(10**6)
    assert not again.write_button.isEnabled() and "No samples" in again.problem.text()
    again.reject()


def test_a_film_of_points_shows_what_the_plane_shows(room, qtbot, tmp_path, monkeypatch):
    run = runs.create(room.session.root, "Points", RunConfig().plain())
    plane = {"logits": np.ones((4, 4), np.float32), "extent": 2.0, "warped": np.zeros((3, 3, 2), np.float32)}
    np.savez(run.folder / "samples/step-00000010.npz", points=np.zeros((9, 2), np.float32), **plane)
    room.results.points.set_layers(["generated", "grid"])
    room.open_run(run)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)
    press(room, "timelapse")
    dialog = room.findChild(FilmDialog)
    qtbot.waitUntil(dialog.write_button.isEnabled, timeout=10_000)
    shown = {name: dialog.editors[name].value() for name in LAYERS}
    assert shown == {name: name in ("generated", "grid") for name in LAYERS}
    assert dialog.layers.isVisible() and dialog.editors["landscape"].isEnabled()
    assert not dialog.editors["arrows"].isEnabled() and "Nothing of it" in dialog.editors["arrows"].toolTip()
    dialog.editors["landscape"].click()
    films = []
    dialog.wanted.connect(lambda run, film, kept: films.append((film, kept)))
    monkeypatch.setattr(room.exports, "ask", lambda *_: None)
    dialog.write_button.click()
    film, kept = films[0]
    assert film.landscape and film.grid and not film.real and not set(LAYERS) & set(kept)


def test_a_run_laid_over_another(room, qtbot):
    run = stopped_run(room, qtbot)
    room.choose_first()
    room.runs.overlay_wanted.emit(run, True)
    qtbot.waitUntil(lambda: room.curves.overlays() == [run.name], timeout=10_000)
    room.settings.form.edit("seed", 77)  # so that it trains, and something else stays in sight
    room.session.train(run)
    wait_for(room, qtbot, "running")
    over = room.curves._overlays[run.name]
    count = over.series["D/loss"].count
    qtbot.waitUntil(lambda: over.series["D/loss"].count > count + 5, timeout=10_000)
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    told = len(run.curves()["D/loss"][0])
    qtbot.waitUntil(lambda: over.series["D/loss"].count == told, timeout=10_000)
    qtbot.waitUntil(lambda: not room.overlays._timer.isActive(), timeout=10_000)  # it is read once more as it ends
    room.open_run(run)  # it cannot lie over itself
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)
    assert room.curves.overlays() == []


# --- dropping --------------------------------------------------------------------------------------------------------


def test_a_folder_of_pictures_becomes_the_data(room, qtbot, tmp_path):
    folder = tmp_path / "my cats #%20é"
    folder.mkdir()
    (folder / "a.PNG").write_bytes(b"")
    assert room.takes(folder)
    room.take(folder)
    data = room.settings.values()["data"]
    assert (data["kind"], data["path"]) == ("image-folder", str(folder))


def test_what_belongs_elsewhere_is_not_taken(room, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert not room.takes(tmp_path / "empty")
    assert not room.takes(tmp_path / "notes.txt")
    assert not has_pictures(tmp_path / "nowhere")


# --- reading a run's folder ------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    return train.new_run(RunConfig(), "A run", tmp_path)


def test_a_record_of_a_run_that_never_began(run):
    (told,) = read(run, ours=False)
    assert told.title == "A run"
    assert told.curves == {} and told.frames == [] and told.newest is None and told.tail is None


def test_the_tail_gives_whole_lines_once(run):
    run.append_curves([1], {"a": np.array([1.0])})
    tail = Tail(run)
    assert tail.rows() == []
    run.append_curves([2, 3], {"a": np.array([2.0, 3.0])})
    with (run.folder / "curves.jsonl").open("a") as file:
        file.write('{"step":4,"a"')
    steps, values = columns(tail.rows())
    assert steps.tolist() == [2, 3] and values["a"].tolist() == [2.0, 3.0]
    with (run.folder / "curves.jsonl").open("a") as file:
        file.write(":4}\n")
    assert tail.rows() == [{"step": 4, "a": 4}]
    run.mark_resumed(2)
    assert tail.rows() is None  # to be read anew


def test_the_tail_of_curves_that_are_deleted_while_it_looks(run, monkeypatch):
    run.append_curves([1], {"a": np.array([1.0])})
    tail = Tail(run)
    monkeypatch.setattr(tail, "_size", lambda: 10**6)  # there was more
    (run.folder / "curves.jsonl").unlink()
    assert tail.rows() is None


def test_merged_curves_equal_the_single_ones():
    rng = np.random.default_rng(0)
    told = [
        e.Curves(np.arange(3 * i, 3 * i + 3), {name: rng.normal(size=3) for name in names}, 0.0, 0.0)
        for i, names in enumerate([("a",), ("a",), ("a", "b"), ("a", "b"), ("b",)])
    ]
    parts = list(merged(told))
    assert [tuple(values) for _, values in parts] == [("a",), ("a", "b"), ("b",)]
    assert np.concatenate([steps for steps, _ in parts]).tolist() == list(range(15))
    assert np.array_equal(parts[0][1]["a"], np.concatenate([told[0].values["a"], told[1].values["a"]]))


# --- with the real engine --------------------------------------------------------------------------------------------


def test_a_real_run_on_points(qtbot, tmp_path, request):
    """Start, pause, step, resume, a live change, stop, and back again."""
    quick = SimpleNamespace(
        new_run=train.new_run, TrainJob=lambda run, spare_core: train.TrainJob(run, spare_core, dry_run=False)
    )
    session = Session(tmp_path / "runs", quick)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    window = Window(session, settings, warm=lambda: (stage for stage in ("light", "ready")))
    with qtbot.waitSignal(window.ready, timeout=20_000):
        window.show()
    request.addfinalizer(lambda: leave(window, qtbot))
    room = window.rooms[0]
    mlp = {"kind": "mlp"}
    values = {"data": {"kind": "toy2d"}, "recipe": {"kind": "gan", "generator": mlp, "discriminator": mlp}}
    start(room, qtbot, **values)
    press(room, "start")
    wait_for(room, qtbot, "paused")
    at = session.run.state().step
    press(room, "step")
    qtbot.waitUntil(lambda: room.live.last_step == at + 1, timeout=10_000)
    room.settings.live_changed.emit("samples_every", 50)
    press(room, "start")
    wait_for(room, qtbot, "running")
    qtbot.waitUntil(lambda: room.live.last_step > at + 60, timeout=20_000)
    press(room, "stop")
    wait_for(room, qtbot, "idle")
    (run,) = runs.list_runs(session.root)
    assert run.state().name == "stopped"
    assert [(row["step"], row["path"]) for row in run.changes()] == [(at + 1, "samples_every")]
    room.open_run(run)
    qtbot.waitUntil(lambda: room.shown is not None and room.live.last_step == run.state().step, timeout=10_000)
    assert room.settings.values()["samples_every"] == 50
