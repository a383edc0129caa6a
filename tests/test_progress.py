"""How long work takes still, from the pace so far."""

import pytest

from gan_studio import progress
from gan_studio.progress import Pace, Progress
from gan_studio.words import time_left


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by `clock.append(seconds)`."""
    shown = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: shown[-1])
    return shown


def test_what_is_left_follows_what_is_done(clock):
    pace = Pace()
    assert pace.told(Progress(0, 100, "A")) == "A"
    clock.append(0.9)
    assert pace.told(Progress(1, 100, "A")) == "A"  # too early to say
    clock.append(10.0)
    assert pace.told(Progress(20, 100, "A")) == "A, 40 s left"
    assert pace.told(Progress(20, 100, "The same, in other words")) == "The same, in other words, 40 s left"
    assert pace.left(Progress(100, 100, "A")) == ""


@pytest.mark.parametrize(
    "again", [Progress(10, 100, "A"), Progress(30, 90, "A")], ids=["counted anew", "another total"]
)
def test_other_work_has_a_pace_of_its_own(clock, again):
    pace = Pace()
    pace.left(Progress(0, 100, "A"))
    clock.append(10.0)
    assert pace.left(Progress(20, 100, "A")) == "40 s left"
    assert pace.left(again) == ""
    clock.append(20.0)
    further = Progress(again.done + 20, again.total, "A")
    assert pace.left(further) == time_left((further.total - further.done) / 2)  # 20 in 10 s


def test_of_work_without_a_total_nothing_is_known(clock):
    pace = Pace()
    pace.left(Progress(0, 0, "A"))
    clock.append(10.0)
    assert pace.left(Progress(7, 0, "A")) == ""


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e10])
def test_what_nobody_knows_is_not_told(seconds):
    assert time_left(seconds) == ""
