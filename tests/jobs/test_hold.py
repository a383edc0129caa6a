"""A run's folder that is lost, refused or put back under a running training: a sentence, and nothing in memory lost."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.data import cache
from gan_studio.jobs.events import Checkpoint, Curves, Finished, Log, Paused, Resumed, Samples, Started, Stopped
from gan_studio.jobs.hold import Hold
from gan_studio.jobs.inbox import CheckpointNow, Inbox, Pause, Resume, SampleNow, Stop
from gan_studio.jobs.train import TrainJob

from .conftest import assert_same_checkpoint, job_of, until

Make = Callable[..., runs.Run]
LONG = {"steps": 1000, "checkpoint_every": 1000}
SHORT = {"steps": 8, "checkpoint_every": 4, "samples_every": 2}


class Training:
    """A job that has been iterated to its first step."""

    def __init__(self, run: runs.Run):
        self.job: TrainJob = job_of(run)
        self.inbox: Inbox = self.job.inbox
        self.events: Iterator[Any] = iter(self.job)
        until(self.events, Started)

    def paused(self) -> str:
        return until(self.events, Paused)[-1].reason

    def resume(self) -> None:
        self.inbox.put(Resume())


@pytest.fixture
def straight(make_run: Make) -> runs.Run:
    """The same training, undisturbed."""
    run = make_run(SHORT)
    list(job_of(run))
    return run


def assert_same_story(a: runs.Run, b: runs.Run) -> None:
    assert_same_checkpoint(a, b)
    ours, theirs = a.curves(), b.curves()
    for name in ours.keys() - {"rate/D", "rate/G", "speed/samples per second"}:
        np.testing.assert_array_equal(ours[name][1], theirs[name][1], err_msg=name)


# --- gone ------------------------------------------------------------------------------------------------------------


def test_a_folder_that_was_moved_away_and_back_loses_nothing(
    make_run: Make, straight: runs.Run, tmp_path: Path
) -> None:
    run = make_run(SHORT)
    training = Training(run)
    run.folder.rename(tmp_path / "away")
    assert training.paused() == (
        f"The folder {run.folder} is gone. Put it back, then resume, or stop; "
        "without it, resuming begins a new one from what is in memory."
    )
    assert not run.folder.exists()
    (tmp_path / "away").rename(run.folder)
    training.resume()
    rest = list(training.events)
    assert isinstance(rest[-1], Finished) and not [e for e in rest if isinstance(e, Log)]
    assert_same_story(run, straight)
    assert run.state().name == "finished"


def test_a_folder_that_was_deleted_is_begun_anew_and_held(make_run: Make, straight: runs.Run) -> None:
    run = make_run(SHORT)
    about = run.about()
    training = Training(run)
    until(training.events, Samples)
    shutil.rmtree(run.folder)
    training.paused()
    training.resume()
    resumed = until(training.events, Checkpoint)
    assert any(isinstance(e, Resumed) for e in resumed)
    assert any("begun anew" in e.text for e in resumed if isinstance(e, Log))
    assert run.is_being_written()
    with pytest.raises(ConfigError, match="being trained already"):
        list(job_of(run))
    assert isinstance(list(training.events)[-1], Finished)
    assert_same_checkpoint(run, straight)
    assert run.about() == about | {"shape": [2], "facts": straight.about()["facts"]}
    assert run.engine() == straight.engine() and run.config() == straight.config()
    assert run.curves()["D/real"][0].tolist() == straight.curves()["D/real"][0].tolist()
    assert (run.folder / "real.npy").exists()


def test_settings_that_were_changed_on_the_way_survive_in_a_new_folder(make_run: Make) -> None:
    from gan_studio.jobs.inbox import Change

    run = make_run(LONG)
    training = Training(run)
    training.inbox.put(Change("recipe.d_steps", 2))
    until(training.events, Curves)
    shutil.rmtree(run.folder)
    training.paused()
    training.resume()
    until(training.events, Checkpoint)
    training.events.close()
    assert run.config()["recipe"]["d_steps"] == 2
    assert run.config_at(run.checkpoint_at().step) == run.config()
    assert isinstance(until(iter(job_of(run)), Started)[-1], Started)


def test_nothing_is_made_where_the_disk_itself_is_unplugged(make_run: Make, tmp_path: Path) -> None:
    run = make_run(LONG)
    training = Training(run)
    root = run.folder.parent
    root.rename(tmp_path / "unplugged")
    for _ in range(2):
        assert "is gone" in training.paused()
        training.resume()
    assert not root.exists()
    (tmp_path / "unplugged").rename(root)
    training.resume()
    until(training.events, Curves)
    training.events.close()
    assert run.state().name == "stopped" and run.checkpoint_at().step > 0


@pytest.mark.parametrize("how", ["stop", "stop while it waits", "close"])
def test_ending_without_the_folder_is_a_sentence_and_makes_nothing(make_run: Make, how: str) -> None:
    run = make_run(LONG)
    training = Training(run)
    until(training.events, Curves)
    shutil.rmtree(run.folder)
    if how == "close":
        training.events.close()
    else:
        if how == "stop while it waits":
            training.paused()
        training.inbox.put(Stop())
        stopped = until(training.events, Stopped)[-1]
        assert "is gone: step" in stopped.reason and stopped.reason.endswith("before you resume.")
        assert list(training.events) == []
    assert not run.folder.exists()


def test_commands_while_the_folder_is_gone_wait_too(make_run: Make, tmp_path: Path) -> None:
    run = make_run(LONG)
    training = Training(run)
    training.inbox.put(Pause())
    assert training.paused() == ""
    run.folder.rename(tmp_path / "away")
    for command in (SampleNow(), CheckpointNow(starred=True)):
        training.inbox.put(command)
        assert "is gone" in training.paused()
    (tmp_path / "away").rename(run.folder)
    training.resume()
    saved = until(training.events, Checkpoint)[-1]
    assert runs.Checkpoint(saved.path).starred
    training.events.close()


def test_missing_folders_within_it_are_made_again_without_a_word(make_run: Make, straight: runs.Run) -> None:
    run = make_run(SHORT)
    training = Training(run)
    shutil.rmtree(run.folder / "samples")
    shutil.rmtree(run.folder / "checkpoints")
    rest = list(training.events)
    assert isinstance(rest[-1], Finished) and not [e for e in rest if isinstance(e, Paused)]
    assert_same_story(run, straight)
    assert run.samples()


def test_a_copy_that_was_put_back_is_held(make_run: Make, tmp_path: Path) -> None:
    run = make_run(LONG)
    training = Training(run)
    shutil.copytree(run.folder, tmp_path / "copy")
    shutil.rmtree(run.folder)
    training.paused()
    (tmp_path / "copy").rename(run.folder)
    assert not run.is_being_written()
    training.resume()
    until(training.events, Curves)
    assert run.is_being_written()
    training.events.close()


def test_a_folder_that_another_process_took_over_is_left_to_it(make_run: Make, tmp_path: Path) -> None:
    run = make_run(LONG)
    training = Training(run)
    shutil.copytree(run.folder, tmp_path / "copy")
    shutil.rmtree(run.folder)
    training.paused()
    (tmp_path / "copy").rename(run.folder)
    before = sorted(run.folder.rglob("*"))
    other = Hold(run)
    other.acquire()
    training.resume()
    stopped = until(training.events, Stopped)[-1]
    assert "Another process trains the run" in stopped.reason
    training.events.close()
    other.release()
    assert sorted(run.folder.rglob("*")) == before


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_folder_that_is_read_only_for_a_while_loses_nothing(
    make_run: Make, straight: runs.Run, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    run = make_run(SHORT)
    training = Training(run)

    def refusing(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        for name in ("append_curves", "set_state", "save_checkpoint"):
            patch.setattr(runs.Run, name, refusing)
        patch.setattr("gan_studio.jobs.shown.write_atomic", refusing)
        for _ in range(2):
            assert training.paused().startswith(
                f"The folder {run.folder} cannot be written any more ({os.strerror(code)})"
            )
            training.resume()
    rest = list(training.events)
    assert isinstance(rest[-1], Finished)
    assert_same_story(run, straight)


def test_stopping_while_it_is_read_only_says_what_is_kept(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(LONG)
    training = Training(run)
    until(training.events, Curves)

    def refusing(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(runs.Run, "save_checkpoint", refusing)
    training.inbox.put(Stop())
    stopped = until(training.events, Stopped)[-1]
    assert stopped.reason.endswith("could not be saved, step 0 is. Allow it before you resume.")


def test_what_is_wrong_with_something_else_is_no_trouble_of_the_folder(make_run: Make) -> None:
    hold = Hold(make_run())
    assert hold.trouble(OSError(errno.EMFILE, "Too many open files")) is None


# --- the data, and the clock -----------------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(20):
        pixels = np.random.default_rng(i).integers(0, 256, (20, 20, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_the_data_folder_may_vanish_while_a_run_trains_and_is_asked_for_when_it_resumes(
    make_run: Make, pictures: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    network = {"kind": "dcgan", "width": 4}
    run = make_run(
        LONG
        | {"data": {"kind": "image-folder", "path": str(pictures), "size": 16}, "recipe.batch_size": 4}
        | {"recipe.generator": network, "recipe.discriminator": network, "sample_count": 4}
    )
    training = Training(run)
    until(training.events, Curves)
    shutil.rmtree(pictures)
    cache.clear()  # what runs keeps its pictures: they are mapped
    until(training.events, Curves)
    training.inbox.put(Stop())
    assert until(training.events, Stopped)[-1].reason == ""
    training.events.close()
    with pytest.raises(ConfigError, match=str(pictures)):
        list(job_of(run))
    assert run.state().name == "failed" and run.checkpoint_at().step > 0


def test_a_clock_that_jumps_changes_nothing(
    make_run: Make, straight: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([t for jump in range(10_000) for t in (2e9 - 1e5 * jump, 1e6, 0.0, 4e9)])
    monkeypatch.setattr(time, "time", lambda: next(moments))
    run = make_run(SHORT)
    events = list(job_of(run))
    assert isinstance(events[-1], Finished)
    assert all(e.seconds_left >= 0 and e.samples_per_second > 0 for e in events if isinstance(e, Curves))
    assert_same_story(run, straight)
    assert 0 <= run.state().seconds < 60
    assert {r.name for r in runs.list_runs()} == {run.name, straight.name}
