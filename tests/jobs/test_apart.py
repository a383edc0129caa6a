"""A training in a process of its own tells and does the same as one on a thread, and nothing is lost where it dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.jobs.apart import Apart, RemoteJob, portable
from gan_studio.jobs.events import Checkpoint, Curves, Lane, Paused, Resumed, Samples, Started, Stopped
from gan_studio.jobs.inbox import Pause, Resume, Stop
from gan_studio.jobs.race_folder import LaneConfig, RaceConfig, new_race
from gan_studio.jobs.settings import RunConfig

from .conftest import POINTS, job_of, until

ENDLESS = {"steps": 1_000_000, "checkpoint_every": 1_000_000}


@pytest.fixture
def apart() -> Iterator[Apart]:
    crew = Apart()
    yield crew
    crew.dismiss()


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes come out of one that has imported everything, which takes each of them seconds when it is spawned."""
    if os.name == "posix":
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(["torch._dynamo", "gan_studio.jobs.race"])
        monkeypatch.setattr("gan_studio.jobs.apart.multiprocessing.get_context", lambda kind: forking)


def remote(apart: Apart, run: runs.Run) -> RemoteJob:
    return apart.TrainJob(run, dry_run=False)


def test_it_tells_and_keeps_what_a_thread_does(apart: Apart, make_run: Callable[..., runs.Run]) -> None:
    here, there = make_run(), make_run()
    told = [list(job_of(here)), list(remote(apart, there))]
    ours, theirs = ([e for e in events if isinstance(e, Samples)] for events in told)
    assert [e.step for e in ours] == [e.step for e in theirs] == [0, 6]
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(our.array, their.array)
    kinds = [[type(e) for e in events if not isinstance(e, Curves)] for events in told]  # how often depends on clocks
    assert kinds[0] == kinds[1]
    assert there.state().name == "finished"
    expected, found = here.curves(), there.curves()
    for name in expected.keys() - {"speed/samples per second"}:
        np.testing.assert_array_equal(expected[name][1][-1:], found[name][1][-1:])


def test_the_warm_process_is_taken_and_another_one_made(apart: Apart, make_run: Callable[..., runs.Run]) -> None:
    apart.warm()
    assert apart._spare
    first = apart._spare[0].pid
    apart.warm()
    assert apart._spare[0].pid == first
    process, pipe = apart.take()
    assert process.pid == first
    pipe.close()
    process.join()
    assert process.exitcode == 0  # whoever is dismissed while waiting goes in peace


def test_a_process_that_is_still_importing_holds_nobody_up(apart: Apart) -> None:
    """The window is closed soon after it was opened."""
    apart.warm()
    assert apart._spare
    process, began = apart._spare[0], time.monotonic()
    apart.dismiss()
    # It was ended, or it was there already; waited for, it would have ended in peace after its imports.
    assert process.exitcode == -signal.SIGTERM or time.monotonic() - began < 2


@pytest.mark.usefixtures("forked")
def test_commands_reach_it(apart: Apart, make_run: Callable[..., runs.Run]) -> None:
    run = make_run(ENDLESS)
    job = remote(apart, run)
    job.inbox.put(Pause())  # before there is a process
    events = iter(job)
    assert until(events, Paused)[-1].step == 0
    job.inbox.put(Resume())
    until(events, Resumed)
    job.inbox.put(Stop())
    stopped = until(events, Stopped)[-1]
    assert list(events) == []
    assert run.checkpoints()[-1].step == stopped.step
    assert run.state().name == "stopped"


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("paused", [False, True])
def test_closing_the_iterator_saves(apart: Apart, make_run: Callable[..., runs.Run], paused: bool) -> None:
    run = make_run(ENDLESS)
    job = remote(apart, run)
    events = iter(job)
    until(events, Curves)
    if paused:
        job.inbox.put(Pause())
        until(events, Paused)
    events.close()
    assert not run.is_being_written()
    assert run.state().name == "stopped"
    assert run.checkpoints()[-1].step == run.state().step > 0


@pytest.mark.usefixtures("forked")
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_a_process_that_hangs_holds_nobody_up_for_ever(
    apart: Apart, make_run: Callable[..., runs.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan_studio.jobs.apart.PATIENCE_S", 0.2)
    process, pipe = apart.take()
    monkeypatch.setattr(apart, "take", lambda: (process, pipe))
    run = make_run(ENDLESS)
    events = iter(remote(apart, run))
    until(events, Curves)
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    events.close()
    assert process.exitcode == -signal.SIGKILL
    assert run.state().name == "interrupted"


@pytest.mark.usefixtures("forked")
def test_what_the_job_raises_arrives_with_its_trace(apart: Apart, make_run: Callable[..., runs.Run]) -> None:
    run = make_run()
    (run.folder / "config.toml").write_text("steps = -1")
    with pytest.raises(ConfigError) as raised:
        list(remote(apart, run))
    assert raised.value.problems[0].path == "steps"
    assert "in parse" in str(raised.value.__cause__)


def test_an_error_that_cannot_be_sent_goes_as_text() -> None:
    class Private(Exception):  # noqa: N818
        pass

    failure = portable(Private("no way"))
    assert str(failure.error) == "Private: no way"


@pytest.mark.usefixtures("forked")
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_a_killed_training_is_told_in_one_sentence_and_resumes(
    apart: Apart, make_run: Callable[..., runs.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(ENDLESS | {"checkpoint_every": 5})
    take = apart.take
    process, pipe = take()
    monkeypatch.setattr(apart, "take", lambda: (process, pipe))
    events = iter(remote(apart, run))
    saved = until(events, Checkpoint)[-1].step
    until(events, Checkpoint)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ConfigError, match=r"ended of itself \(SIGKILL\).*Resume goes on"):
        list(events)
    monkeypatch.setattr(apart, "take", take)
    assert run.state().name == "interrupted"
    again = iter(remote(apart, run))
    assert until(again, Started)[-1].step > saved
    again.close()


@pytest.mark.usefixtures("forked")
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_a_training_that_is_asked_to_end_saves(
    apart: Apart, make_run: Callable[..., runs.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(ENDLESS)
    process, pipe = apart.take()
    monkeypatch.setattr(apart, "take", lambda: (process, pipe))
    events = iter(remote(apart, run))
    until(events, Curves)
    process.terminate()  # a logout, or the interpreter that ends
    with pytest.raises(ConfigError, match="ended of itself"):
        list(events)
    assert run.state().name == "stopped"
    assert run.checkpoints()[-1].step == run.state().step > 0


ORPHAN = """
import os, sys
from pathlib import Path
from gan_studio import runs
from gan_studio.jobs.apart import Apart
from gan_studio.jobs.events import Curves

if __name__ == "__main__":
    for event in Apart().TrainJob(runs.Run(Path(sys.argv[1])), dry_run=False):
        if isinstance(event, Curves):
            os._exit(7)  # as if the window had crashed
"""


def test_a_training_whose_window_has_gone_saves_and_ends(make_run: Callable[..., runs.Run], tmp_path: object) -> None:
    run = make_run(ENDLESS)
    script = run.folder / "orphan.py"
    script.write_text(textwrap.dedent(ORPHAN))
    done = subprocess.run([sys.executable, str(script), str(run.folder)], timeout=300)
    assert done.returncode == 7
    with run.lock().acquire(timeout=300):  # held until it has saved
        pass
    assert run.state().name == "stopped"
    assert run.checkpoints()[-1].step == run.state().step > 0


@pytest.mark.usefixtures("forked")
def test_a_race_is_raced_apart(apart: Apart) -> None:
    lanes = tuple(LaneConfig(name=name, changes={"recipe.d_steps": n}) for n, name in enumerate(("one", "two"), 1))
    race = new_race(RaceConfig(base=RunConfig.parse(POINTS).with_values(ENDLESS), lanes=lanes), "small")
    job = apart.RaceJob(race, dry_run=False)
    told = []
    for event in job:
        told.append(event)
        if isinstance(event, Started):
            job.inbox.put(Stop())
    assert isinstance(told[-1], Stopped)
    assert {event.index for event in told if isinstance(event, Lane)} == {0, 1}
    assert race.state().name == "stopped"
    assert all(lane.checkpoints() for lane in race.lanes())


def test_it_may_have_processes_of_its_own(tmp_path: Path) -> None:
    """As it has for data that take long to draw."""
    script = tmp_path / "pool.py"
    script.write_text(
        textwrap.dedent(
            """
            import os
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context
            from pathlib import Path

            from gan_studio.jobs.apart import Apart, Order, RemoteJob
            from gan_studio.jobs.inbox import Inbox


            class Drawing:
                inbox = Inbox()

                def __iter__(self):
                    yield os.getpid()
                    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                        yield pool.submit(os.getppid).result()


            def drawing(folder):
                return Drawing()


            if __name__ == "__main__":
                crew = Apart()
                there, parent = RemoteJob(crew, Order(Path(), {}, drawing))
                print(there == parent != os.getpid())
            """
        )
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    assert done.stdout == "True\n", done.stderr
