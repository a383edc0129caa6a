"""Killed at any instant, a run opens again and loses nothing before its newest checkpoint."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.jobs.events import Finished, Started

from .conftest import job_of

KILLS = 50

# One process that has imported everything forks a child for every life of the run, so that 50 lives take seconds.
NURSERY = textwrap.dedent(
    """
    import os, sys
    import torch
    torch.set_num_threads(1)
    from gan_studio import runs
    from gan_studio.jobs.events import Checkpoint
    from gan_studio.jobs.train import TrainJob

    run = runs.Run(sys.argv[1])
    list(TrainJob(runs.Run(sys.argv[2]), dry_run=False))  # a whole small training: now everything is imported
    for _ in sys.stdin:  # a line asks for a life
        child = os.fork()
        if child == 0:
            for event in TrainJob(run, dry_run=False):
                if isinstance(event, Checkpoint):
                    os.write(1, b"saved %d\\n" % event.step)  # whole, or not at all
            os._exit(0)
        print("born", child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)
    """
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_fifty_times_at_random_moments(make_run: Callable[..., runs.Run]) -> None:
    run = make_run({"steps": 1_000_000, "checkpoint_every": 2, "samples_every": 3})
    chance = random.Random(0)
    nursery = subprocess.Popen(
        [sys.executable, "-c", NURSERY, str(run.folder), str(make_run().folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert nursery.stdin and nursery.stdout
    safe = 0  # the newest step that a life said it had saved
    try:
        for _ in range(KILLS):
            print("live", file=nursery.stdin, flush=True)
            child = int(nursery.stdout.readline().split()[1])
            for _ in range(chance.choice((0, 0, 1, 2))):  # on a slow machine, too, most lives come to something
                safe = max(safe, int(nursery.stdout.readline().split()[1]))
            time.sleep(chance.uniform(0.005, 0.25))
            os.kill(child, signal.SIGKILL)
            while (line := nursery.stdout.readline().split())[0] != "dead":
                safe = max(safe, int(line[1]))
            if not run.checkpoints():
                assert safe == 0
                continue
            found = run.newest_readable()
            assert found and found[0].step >= safe
            assert run.checkpoints()[-1].step == found[0].step  # not even the newest one is damaged
            assert run.state().name in ("interrupted", "new")
            assert all(len(steps) == len(values) for steps, values in run.curves().values())
    finally:
        nursery.stdin.close()
        nursery.wait(300)
        nursery.stdout.close()
    assert safe > 20

    # And it goes on from there to a proper end, with a curve that has each step once.
    step = run.checkpoint_at().step
    text = (run.folder / "config.toml").read_text()
    (run.folder / "config.toml").write_text(text.replace("steps = 1000000", f"steps = {step + 4}"))
    events = list(job_of(run))
    assert isinstance(events[-1], Finished)
    assert next(e for e in events if isinstance(e, Started)).step == step
    steps = run.curves()["D/real"][0].tolist()
    assert steps == sorted(set(steps)) and steps[-1] == step + 4
    assert not list((run.folder / "checkpoints").glob(".*"))


@pytest.mark.parametrize("damage", ["missing file", "truncated weights", "truncated state", "empty folder"])
def test_a_damaged_checkpoint_falls_back_to_an_older_one(make_run: Callable[..., runs.Run], damage: str) -> None:
    run = make_run()
    list(job_of(run))
    newest = run.checkpoint_at().path
    if damage == "missing file":
        (newest / "generator.safetensors").unlink()
    elif damage == "truncated weights":
        shorten(newest / "generator.safetensors")
    elif damage == "truncated state":
        shorten(newest / "state.pt")
    else:
        for file in newest.iterdir():
            file.unlink()
    events = list(job_of(run))
    assert next(e for e in events if isinstance(e, Started)).step == 3
    assert isinstance(events[-1], Finished)


def test_a_run_folder_without_its_config_is_a_sentence(make_run: Callable[..., runs.Run]) -> None:
    run = make_run()
    (run.folder / "config.toml").unlink()
    with pytest.raises(ConfigError, match=r"config\.toml is missing"):
        list(job_of(run))


def shorten(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def test_where_every_checkpoint_is_damaged_the_run_starts_anew(make_run: Callable[..., runs.Run]) -> None:
    run = make_run({"samples_every": 2})
    list(job_of(run))
    for checkpoint in run.checkpoints():
        (checkpoint.path / "state.pt").unlink()
    events = list(job_of(run))
    assert next(e for e in events if isinstance(e, Started)).step == 0
    assert run.curves()["D/real"][0].tolist() == [1, 2, 3, 4, 5, 6]
    assert run.checkpoint_at().load()


def test_a_kill_between_the_two_renames_of_a_checkpoint_loses_nothing(make_run: Callable[..., runs.Run]) -> None:
    run = make_run()
    list(job_of(run))
    newest = run.checkpoint_at().path
    newest.rename(newest.with_name(f".{newest.name}.old.tmp"))
    run.sweep()
    assert run.checkpoint_at().path == newest
    assert run.checkpoint_at().load()


def test_a_damaged_checkpoint_is_put_aside_and_outlives_no_good_one(make_run: Callable[..., runs.Run]) -> None:
    run = make_run({"keep_newest": 1, "keep_spread": 0, "steps": 7, "checkpoint_every": 3})
    list(job_of(run))
    shorten(run.checkpoint_at().path / "state.pt")
    saved = run.checkpoint_at().step
    list(job_of(run))
    assert [checkpoint.step for checkpoint in run.checkpoints()] == [saved]
    assert run.newest_readable()
