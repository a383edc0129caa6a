"""What the Train and Evaluate tabs ask of each other: the doctor's sign, runs to evaluate, branches to train."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

from gan_studio.conditions import Finding
from gan_studio.gui import signs
from gan_studio.gui.evaluate.doctor_page import DoctorPage
from gan_studio.gui.evaluate.room import EvaluateRoom
from gan_studio.gui.train import doctor_sign
from gan_studio.gui.train.doctor_sign import DoctorSign, words_of
from gan_studio.gui.train.room import TrainRoom
from gan_studio.jobs.diagnose import Diagnosis

from . import exploring
from .exploring import SECONDS, opened_window

WON = Finding("d-has-won", "D has won", "D tells them apart.", "ill", 400, ())
ILL = Diagnosis("run", 900, 2000, "ill", "D has won (since step 400)", (WON,))


light_collections = exploring.light_collections


@pytest.fixture
def window(qtbot, tmp_path, request, monkeypatch, picture_run):
    """With one run, which nobody trains."""
    picture_run()
    window = opened_window(qtbot, tmp_path, request, monkeypatch, (TrainRoom, EvaluateRoom))
    qtbot.waitUntil(lambda: window.is_ready, timeout=SECONDS)
    return window


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (ILL, "D has won since step 400"),
        (Diagnosis("run", 1, 9, "ill", "", (WON, WON)), "D has won since step 400 and 1 more"),
        (Diagnosis("run", 1, 9, "well", "Nothing wrong.", short="nothing wrong"), "nothing wrong"),
        (Diagnosis("run", 9, 9, "unclear", "By ...", short="samples come no nearer"), "samples come no nearer"),
    ],
)
def test_the_sign_says_it_in_a_few_words(said, words):
    assert words_of(said) == words
    assert said.verdict in signs.ICONS


def test_the_sign_stands_there_while_a_run_trains_and_leads_to_the_evidence(window, qtbot, monkeypatch, picture_run):
    room, evaluate = window.rooms
    sign: DoctorSign = room.doctor
    assert not sign.isVisible()
    run = picture_run(title="In training")
    monkeypatch.setattr(doctor_sign, "diagnosed", lambda run: ILL)
    monkeypatch.setattr(window.session, "run", run)
    sign._timer.setInterval(5)
    window.session.stage_changed.emit("running")
    qtbot.waitUntil(sign.isVisible, timeout=SECONDS)
    assert sign.text() == "Doctor: D has won since step 400" == sign.accessibleName()
    assert "Press for the evidence" in sign.toolTip()
    qtbot.mouseClick(sign, Qt.MouseButton.LeftButton)
    assert window.current_room() is evaluate
    assert isinstance(evaluate.pages.currentWidget(), DoctorPage)
    qtbot.waitUntil(lambda: bool(evaluate.desk.subject) and evaluate.desk.subject.path == run.folder, timeout=SECONDS)
    qtbot.waitUntil(lambda: not sign._looks, timeout=SECONDS)
    sign._timer.timeout.emit()
    assert not sign._looks  # nobody sees it
    monkeypatch.setattr(window.session, "run", None)
    window.session.stage_changed.emit("idle")
    assert not sign.isVisibleTo(room) and not sign._timer.isActive()


def test_a_run_that_is_shown_or_chosen_in_the_list_can_be_evaluated(window, qtbot, picture_run):
    room, evaluate = window.rooms
    assert not room.commands["evaluate"].isEnabled()
    run = picture_run(title="Shown")
    room.open_run(run)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=SECONDS)
    room.commands["evaluate"].trigger()
    qtbot.waitUntil(lambda: bool(evaluate.desk.subject) and evaluate.desk.subject.path == run.folder, timeout=SECONDS)
    assert window.current_room() is evaluate
    room.raise_tab()
    room.left.setCurrentWidget(room.runs)
    qtbot.waitUntil(lambda: len(room.runs.entries()) == 2, timeout=SECONDS)
    other = next(entry for entry in room.runs.entries() if entry.title == "Pictures")
    room.runs.select(other.run)
    room.runs.deeds["evaluate"].trigger()
    qtbot.waitUntil(lambda: evaluate.desk.subject.path == other.run.folder, timeout=SECONDS)


def test_a_checkpoint_is_branched_from_in_the_train_tab(window, qtbot, picture_run):
    room, evaluate = window.rooms
    evaluate.raise_tab()
    qtbot.waitUntil(lambda: evaluate.seen.branch_button.isEnabled(), timeout=SECONDS)
    qtbot.mouseClick(evaluate.seen.branch_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.subject.branch_step == 10, timeout=SECONDS)
    assert window.current_room() is room


@pytest.mark.parametrize("busy", [False, True])
def test_a_branch_is_trained_at_once_or_when_its_turn_comes(window, qtbot, monkeypatch, picture_run, busy):
    room = window.rooms[0]
    run = picture_run(title="Branch")
    begun: list[object] = []
    monkeypatch.setattr(room.starting, "train", begun.append)
    monkeypatch.setattr(window.session, "worker", SimpleNamespace() if busy else None)
    window.rooms[1].raise_tab()
    window.session.train_wanted.emit(run)
    assert window.current_room() is room
    assert (run.state().name == "queued", begun == [run]) == (busy, not busy)
    qtbot.waitUntil(lambda: not busy or room.shown is not None, timeout=SECONDS)
    monkeypatch.setattr(window.session, "worker", None)
