"""Curves of other runs over those that are shown: of runs that stand, that grow, and that cannot be read."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from gan_studio import runs
from gan_studio.gui.session import Session
from gan_studio.gui.train import overlays
from gan_studio.gui.train.overlays import Overlays
from gan_studio.gui.train.run_list import RunList
from gan_studio.gui.widgets.curves import CurvesView


@pytest.fixture
def run(tmp_path):
    run = runs.create(tmp_path / "runs", "Other", {"steps": 100})
    run.set_state(runs.State("stopped", 3, 100))
    tell(run, [1, 2, 3])
    return run


@pytest.fixture
def parts(qtbot, tmp_path, run, monkeypatch):
    """The list, the plots and what is between them, on the screen."""
    monkeypatch.setattr(overlays, "LOOK_MS", 50)
    owner = QWidget()
    session = Session(tmp_path / "runs", SimpleNamespace(), owner)
    told = []
    session.problem.connect(lambda sentence, *_: told.append(sentence))
    listed, curves = RunList(session, owner), CurvesView(owner)
    listed.problem.connect(told.append)
    between = Overlays(session, curves, listed, owner)

    def still():
        return not (listed._reading or listed.rows.later._worker or between._later._worker)

    def close(_owner):
        between.leave()
        listed._timer.stop()
        qtbot.waitUntil(still, timeout=5000)

    qtbot.addWidget(owner, before_close_func=close)
    with qtbot.waitSignal(listed.refreshed):
        listed.refresh()
    return SimpleNamespace(owner=owner, list=listed, curves=curves, overlays=between, told=told, still=still)


def tell(run, steps, name="D/loss"):
    run.append_curves(steps, {name: np.array(steps, np.float32)})


def laid(parts, run) -> list[int]:
    """The steps of the run's curve in the plots."""
    found = parts.curves._overlays.get(run.name)
    series = found.series.get("D/loss") if found else None
    return series.steps.tolist() if series else []


def read_again(qtbot, parts) -> None:
    with qtbot.waitSignal(parts.list.refreshed):
        parts.list.refresh()


def test_a_run_that_stands_is_read_once(parts, run, qtbot):
    parts.overlays.want(run, True)
    qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])
    assert run.name in parts.list.rows.overlaid and not parts.overlays._timer.isActive()
    parts.overlays.want(run, False)
    assert not parts.curves.overlays() and not parts.list.rows.overlaid and not parts.told


def test_a_run_in_training_grows_until_it_ends(parts, run, qtbot):
    lock = run.lock()
    lock.acquire()
    parts.overlays.want(run, True)
    qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])
    tell(run, [4, 5])
    qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3, 4, 5])
    tell(run, [6], name="G/loss")
    qtbot.waitUntil(lambda: "G/loss" in parts.curves._overlays[run.name].series)
    tell(run, [7])
    lock.release()  # what it told last is not missed
    qtbot.waitUntil(lambda: not parts.overlays._timer.isActive())
    assert laid(parts, run) == [1, 2, 3, 4, 5, 7]


def test_a_run_in_training_that_has_told_nothing_yet_is_waited_for(parts, tmp_path, qtbot):
    begun = runs.create(tmp_path / "runs", "Begun", {"steps": 100})
    with begun.lock():
        parts.overlays.want(begun, True)
        qtbot.waitUntil(lambda: parts.curves.overlays() == [begun.name])
        tell(begun, [1])
        qtbot.waitUntil(lambda: laid(parts, begun) == [1])
    assert not parts.told


def test_a_run_that_goes_back_is_read_anew(parts, run, qtbot):
    with run.lock():
        parts.overlays.want(run, True)
        qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])
        run.mark_resumed(1)
        tell(run, [2])
        qtbot.waitUntil(lambda: laid(parts, run) == [1, 2])
        tell(run, [3])
        qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])


def test_a_run_that_another_process_resumes_grows_again(parts, run, qtbot):
    parts.overlays.want(run, True)
    qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])
    with run.lock():
        run.set_state(runs.State("running", 3, 100))
        read_again(qtbot, parts)  # the list sees it
        qtbot.waitUntil(parts.overlays._timer.isActive)
        tell(run, [4])
        qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3, 4])


def test_one_that_is_taken_off_while_it_grows_is_let_go(parts, run, qtbot):
    with run.lock():
        parts.overlays.want(run, True)
        qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])
        parts.overlays._look()
        parts.curves._remove_by_hand(run.name)
        qtbot.waitUntil(parts.still)
    assert not parts.curves.overlays() and not parts.overlays._timer.isActive() and not parts.told


@pytest.mark.parametrize("fault", ["no curves", "unreadable", "gone", "broken"])
def test_what_cannot_be_laid_over_says_why_and_closes_its_eye(parts, run, qtbot, monkeypatch, fault):
    curves = run.folder / "curves.jsonl"
    curves.unlink()
    sentence = "Other has no curves yet; train it first."
    if fault == "unreadable":
        curves.mkdir()  # as a file without permission, also for the superuser
        sentence = "The curves of Other cannot be read (Is a directory); mend that, and press its eye again."
    elif fault == "gone":
        (run.folder / "config.toml").unlink()
        sentence = f"{run.folder} is not there any more; its curves cannot be laid over others."
    elif fault == "broken":
        monkeypatch.setattr(type(run), "curves", lambda run: 1 / 0)
        sentence = "This should not have happened: ZeroDivisionError"
    parts.overlays.want(run, True)
    qtbot.waitUntil(lambda: len(parts.told) == 1)
    assert parts.told[0].startswith(sentence)
    assert not parts.list.rows.overlaid and not parts.curves.overlays()


def test_runs_that_are_called_the_same_are_told_apart(parts, run, tmp_path, qtbot):
    twin = runs.create(tmp_path / "runs", "Other", {"steps": 100})
    tell(twin, [1])
    runs.write_json(twin.folder / "run.json", twin.about() | {"created": datetime(2026, 11, 2, 15, 34).timestamp()})
    parts.overlays.want(run, True)
    qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])
    parts.overlays.want(twin, True)
    qtbot.waitUntil(lambda: laid(parts, twin) == [1])
    labels = [overlay.label for overlay in parts.curves._overlays.values()]
    assert labels == ["Other", "Other (2 Nov 15:34)"]
    parts.overlays.want(run, False)
    twin.rename("Mine")
    parts.list.renamed.emit(twin)
    qtbot.waitUntil(lambda: [overlay.label for overlay in parts.curves._overlays.values()] == ["Mine"])


def test_after_it_was_mended_a_press_is_another_try(parts, run, qtbot):
    curves = run.folder / "curves.jsonl"
    told = curves.read_bytes()
    curves.unlink()
    parts.overlays.want(run, True)
    qtbot.waitUntil(lambda: len(parts.told) == 1)
    curves.write_bytes(told)
    parts.overlays.want(run, True)
    qtbot.waitUntil(lambda: laid(parts, run) == [1, 2, 3])
