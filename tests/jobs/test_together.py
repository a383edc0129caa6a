"""Two processes that share a batch train as one process does, within rounding, and a run resumes with any number."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.jobs import together
from gan_studio.jobs.settings import RunConfig
from gan_studio.ranks import ALONE, Ranks, from_environment

from .conftest import POINTS

STEPS = {"steps": 6, "checkpoint_every": 3, "recipe.batch_size": 16, "recipe.penalties": [{"kind": "r1"}]}


def torchrun(processes: int, *arguments: str) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    done = subprocess.run(
        [*command, "-m", "gan_studio", "train", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def config(own_folders: Path) -> Path:
    from gan_studio.config import to_toml

    path = own_folders / "tiny.toml"
    path.write_text(to_toml(RunConfig.parse(POINTS).with_values(STEPS).plain()))
    return path


def weights(run: runs.Run) -> dict[str, torch.Tensor]:
    found, _ = run.checkpoint_at().load()
    return {f"{network}.{name}": tensor for network, tensors in found.items() for name, tensor in tensors.items()}


def test_two_train_as_one_and_resume_as_any_number(config: Path, make_run: Callable[..., runs.Run]) -> None:
    from gan_studio.jobs.train import TrainJob

    alone = make_run(STEPS)
    list(TrainJob(alone, dry_run=False))
    torchrun(2, str(config), "--name", "pair")
    (pair,) = (run for run in runs.list_runs() if run.about()["title"] == "pair")
    assert pair.state().name == "finished"
    expected, found = alone.curves(), pair.curves()
    for name in (name for name in expected if not name.startswith(("speed/", "rate/"))):  # those are told by the clock
        np.testing.assert_allclose(found[name][1], expected[name][1], rtol=2e-4, atol=1e-5, err_msg=name)
    for name, tensor in weights(alone).items():
        torch.testing.assert_close(weights(pair)[name], tensor, rtol=1e-3, atol=1e-5)

    # What two began, one goes on with, and the other way round.
    list(TrainJob(lengthened(pair), dry_run=False))
    torchrun(2, "--resume", lengthened(alone).name)
    for run in (alone, pair):
        assert run.state().name == "finished"
        assert run.checkpoints()[-1].step == 9
    for name, tensor in weights(alone).items():
        torch.testing.assert_close(weights(pair)[name], tensor, rtol=1e-3, atol=1e-5)


def lengthened(run: runs.Run) -> runs.Run:
    path = run.folder / "config.toml"
    path.write_text(re.sub(r"(?m)^steps = \d+", "steps = 9", path.read_text()))
    return run


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    config = RunConfig.parse(POINTS)  # batch 8
    together.check(config, Ranks(0, 4))
    with pytest.raises(ConfigError, match=r"recipe.batch_size: 8 cannot be shared evenly by 3 processes; 6 can"):
        together.check(config, Ranks(0, 3))


def test_shares_are_disjoint_and_whole() -> None:
    x = torch.arange(12).view(6, 2)
    shares = [Ranks(rank, 3).share(x) for rank in range(3)]
    torch.testing.assert_close(torch.cat(shares), x)
    assert ALONE.share(x) is x


def test_all_draw_alike_and_each_goes_on_by_itself() -> None:
    def draw(count: int) -> torch.Tensor:
        return torch.randn(count, 2)

    torch.manual_seed(5)
    whole = [draw(4), draw(4)]
    parts: list[list[torch.Tensor]] = []
    for rank in range(2):
        ranks = Ranks(rank, 2)
        ranks.begin(5)
        torch.manual_seed(100 + rank)
        before = torch.get_rng_state()
        parts.append([ranks.draw(draw, 2), ranks.draw(draw, 2)])
        torch.testing.assert_close(torch.get_rng_state(), before)  # its own numbers are not used up
    for i in range(2):
        torch.testing.assert_close(torch.cat([part[i] for part in parts]), whole[i])


@pytest.mark.parametrize(
    ("variables", "expected"), [({}, (0, 1)), ({"RANK": "1", "WORLD_SIZE": "2"}, (1, 2)), ({"WORLD_SIZE": "1"}, (0, 1))]
)
def test_what_torchrun_says(monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], expected: Any) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ranks = from_environment()
    assert (ranks.rank, ranks.world) == expected
