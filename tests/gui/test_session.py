"""The queue goes on, whatever becomes of the run that is next."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import pytest

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.gui.session import Session
from gan_studio.gui.warmup import warm_up
from gan_studio.jobs import race_folder, train
from gan_studio.jobs.inbox import Inbox
from gan_studio.jobs.settings import RunConfig
from gan_studio.runs import Run, State

MLP = {"kind": "mlp"}
SMALL = {
    "data": {"kind": "toy2d"},
    "recipe": {"kind": "gan", "generator": MLP, "discriminator": MLP, "batch_size": 8},
    "steps": 2,
}


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


class QuickJob:
    """Finishes at once."""

    begun: list[str] = []

    def __init__(self, run, spare_core=False):
        self.run, self.inbox = run, Inbox()

    def __iter__(self):
        QuickJob.begun.append(self.run.about()["title"])
        self.run.set_state(State("finished", 2, 2))
        yield from ()


class Unexpected(QuickJob):
    """Goes back to where it stood and raises, where its title says so."""

    def __iter__(self):
        if self.run.about()["title"].startswith("Bad"):
            QuickJob.begun.append(self.run.about()["title"])
            self.run.set_state(State("stopped", 0, 2))
            raise ZeroDivisionError("division by zero")
        yield from super().__iter__()


@pytest.fixture
def session(tmp_path, qtbot):
    """Over jobs that compute nothing."""
    QuickJob.begun.clear()
    made = Session(tmp_path / "runs", SimpleNamespace(new_run=train.new_run, TrainJob=QuickJob))
    made.told = []
    made.problem.connect(lambda sentence, trace, expected: made.told.append((sentence, expected)))
    yield made
    qtbot.waitUntil(lambda: not made.is_training, timeout=10_000)
    made.leave()
    made.deleteLater()


def queue(session, *titles, config=None):
    made = [runs.create(session.root, title, config or RunConfig.parse(SMALL).plain()) for title in titles]
    for run in made:
        runs.enqueue(run)
    return made


def states(made):
    return [run.state().name for run in made]


def all_over(session, made):
    return lambda: not session.is_training and "queued" not in states(made) and not session._looking


def test_runs_begin_in_their_order_one_after_the_other(session, qtbot):
    made = queue(session, "A", "B", "C")
    session.start_next()
    qtbot.waitUntil(all_over(session, made), timeout=10_000)
    assert QuickJob.begun == ["A", "B", "C"] and states(made) == ["finished"] * 3


def test_a_run_that_is_queued_while_one_looks_for_the_next_is_not_missed(session, qtbot):
    session.start_next()
    made = queue(session, "A")
    session.start_next()
    qtbot.waitUntil(all_over(session, made), timeout=10_000)
    assert QuickJob.begun == ["A"]


def test_a_run_that_leaves_the_queue_while_one_looks_for_the_next_is_not_begun(session, qtbot, monkeypatch):
    made = queue(session, "A", "B")
    monkeypatch.setattr(race_folder, "waiting", lambda root: made)  # as they were found a moment ago
    made[0].set_state(runs.State("stopped"))
    session.start_next()
    qtbot.waitUntil(lambda: states(made) == ["stopped", "finished"], timeout=10_000)
    assert QuickJob.begun == ["B"]


def test_an_invalid_config_fails_with_its_sentence_and_the_queue_goes_on(session, qtbot):
    session._engine = SimpleNamespace(TrainJob=lambda run, spare_core: train.TrainJob(run, dry_run=False))
    made = queue(session, "Damaged", "Unknown", "Nowhere", "Good")
    damaged, unknown, nowhere, _ = made
    (damaged.folder / "config.toml").write_text("= 3")
    (unknown.folder / "config.toml").write_text("stepz = 3")
    (nowhere.folder / "config.toml").write_text('[data]\nkind = "image-folder"\npath = "/no/such/folder"\n')
    session.start_next()
    qtbot.waitUntil(all_over(session, made), timeout=30_000)
    assert states(made) == ["failed", "failed", "failed", "finished"]
    reasons = [run.state().reason for run in made[:3]]
    assert "not a TOML file" in reasons[0] and "steps" in reasons[1] and "/no/such/folder" in reasons[2]
    assert [expected for _, expected in session.told] == [True] * 3


def test_what_nobody_expected_fails_with_its_sentence_too(session, qtbot):
    session._engine = SimpleNamespace(TrainJob=Unexpected)
    made = queue(session, "Bad", "Good")
    session.start_next()
    qtbot.waitUntil(all_over(session, made), timeout=10_000)
    assert states(made) == ["failed", "finished"]
    assert "ZeroDivisionError: division by zero" in made[0].state().reason


def test_a_run_that_cannot_be_marked_waits_and_the_others_go_on(session, qtbot, monkeypatch):
    class Full(QuickJob):
        def __iter__(self):
            if self.run.about()["title"] == "Bad":
                QuickJob.begun.append("Bad")
                raise ConfigError("The disk is full; make room.")
            yield from super().__iter__()

    session._engine = SimpleNamespace(TrainJob=Full)
    bad, good = queue(session, "Bad", "Good")
    really = Run.set_state

    def full(run, state):
        if run.folder == bad.folder:
            raise OSError(28, "No space left on device")
        really(run, state)

    monkeypatch.setattr(Run, "set_state", full)
    session.start_next()
    qtbot.waitUntil(lambda: good.state().name == "finished" and not session._looking and not session.is_training)
    assert QuickJob.begun == ["Bad", "Good"] and bad.state().name == "queued"
    monkeypatch.setattr(Run, "set_state", really)
    session._engine = SimpleNamespace(TrainJob=QuickJob)
    session.start_queue()
    qtbot.waitUntil(lambda: bad.state().name == "finished")


def test_a_window_that_closes_begins_nothing_more(session, qtbot):
    queue(session, "A")
    session.start_next()
    session.leave()
    qtbot.wait(100)
    session.start_next()
    assert QuickJob.begun == [] and not session._looking
