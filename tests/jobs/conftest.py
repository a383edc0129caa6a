"""Small trainings, and what they are compared by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from gan_studio import runs
from gan_studio.jobs.events import Event
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import TrainJob, new_run

POINTS = {
    "data": {"kind": "toy2d"},
    "recipe": {
        "kind": "gan",
        "generator": {"kind": "mlp", "width": 8},
        "discriminator": {"kind": "mlp", "width": 8},
        "latent": {"dim": 3},
        "batch_size": 8,
    },
    "steps": 6,
    "samples_every": 1000,
    "checkpoint_every": 3,
    "sample_count": 4,
    "compute": {"device": "cpu", "threads": 1},
}


@pytest.fixture
def make_run() -> Callable[..., runs.Run]:
    """A new run of the small training on points, with settings changed by dotted path."""

    def make(changes: dict[str, Any] | None = None) -> runs.Run:
        return new_run(RunConfig.parse(POINTS).with_values(changes or {}), "small")

    return make


def job_of(run: runs.Run) -> TrainJob:
    return TrainJob(run, dry_run=False)


def until(events: Iterator[Any], kind: type[Event]) -> list[Any]:
    """The events up to the first of a kind, that one included."""
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, kind):
            return seen
    raise AssertionError(f"no {kind.__name__} came; there were {[type(e).__name__ for e in seen]}")


def flat(tree: Any, path: str = "") -> dict[str, Any]:
    """{path: leaf} of nested dicts and lists."""
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, (list, tuple)):
        items = enumerate(tree)
    else:
        return {path: tree}
    return {key: leaf for name, branch in items for key, leaf in flat(branch, f"{path}/{name}").items()}


def assert_same_checkpoint(a: runs.Run, b: runs.Run) -> None:
    """Bit for bit: weights, averages, statistics, optimisers, counters, data position."""
    a_weights, a_rest = a.checkpoint_at().load()
    b_weights, b_rest = b.checkpoint_at().load()
    a_rest.pop("seconds"), b_rest.pop("seconds")
    left, right = flat([a_weights, a_rest]), flat([b_weights, b_rest])
    assert left.keys() == right.keys()
    for path, leaf in left.items():
        if isinstance(leaf, torch.Tensor):
            assert torch.equal(leaf, right[path]), path
        else:
            assert leaf == right[path], path
