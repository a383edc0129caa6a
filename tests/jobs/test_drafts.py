"""Drafts: the quickest of the ways to compute is taken where it is worth it, and is almost the exact picture."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gan_studio import compute
from gan_studio.jobs.drafts import WORTH, draft_of, measured
from gan_studio.jobs.explore import inputs, pictures, view_of
from gan_studio.jobs.snapshots import open_snapshot

DEEP = {"recipe.generator": {"kind": "dcgan", "width": 8}, "recipe.discriminator": {"kind": "dcgan", "width": 8}}


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run(DEEP).folder, device="cpu")


@pytest.fixture(params=[True, False])
def fast_bf16(request, monkeypatch):
    """Whether the processor has it, as it is told."""
    monkeypatch.setattr(compute, "has_fast_bf16", lambda device: request.param)
    return request.param


def taking(costs):
    """What they are measured to take: by (precision, channels_last)."""
    return lambda drafts, rows: [costs[draft.engine.precision, draft.engine.channels_last] for draft in drafts]


COSTS = {("fp32", False): 10.0, ("fp32", True): 7.0, ("bf16", False): 9.0, ("bf16", True): 2.0}


def test_the_quickest_is_taken(snapshot, fast_bf16):
    draft = draft_of(snapshot, taking(COSTS))
    assert (draft.engine.precision, draft.engine.channels_last) == ("bf16" if fast_bf16 else "fp32", True)


def test_what_is_hardly_quicker_is_none(snapshot, fast_bf16):
    even = dict.fromkeys(COSTS, 10.0 / WORTH + 0.1) | {("fp32", False): 10.0}
    assert draft_of(snapshot, taking(even)) is None
    assert draft_of(snapshot, taking(even | {("fp32", True): 10.0 / WORTH})) is not None


@pytest.mark.parametrize("which", [which for which in COSTS if which != ("fp32", False)])
def test_a_draft_is_almost_the_picture(snapshot, monkeypatch, which):
    monkeypatch.setattr(compute, "has_fast_bf16", lambda device: True)
    draft = draft_of(snapshot, taking(dict.fromkeys(COSTS, 10.0) | {which: 1.0}))
    rows = inputs([view_of(snapshot, seed) for seed in range(4)], snapshot)
    exact = pictures(rows, snapshot)
    off = np.abs(draft.pictures(rows).astype(int) - exact)
    assert off.mean() < 2 and off.max() < 40
    assert snapshot.network.state_dict()["main.0.weight"].dtype == torch.float32  # it has weights of its own
    assert (pictures(rows, snapshot) == exact).all()


def test_measuring_tells_the_slow_from_the_quick(snapshot, monkeypatch):
    """By a clock that goes on with each pass."""

    class Slow(torch.nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, rows):
            return [self.network(rows) for _ in range(40)][-1]

    quick = draft_of(snapshot, taking(dict.fromkeys(COSTS, 9.0) | {("fp32", True): 1.0}))
    slow = replace(quick, network=Slow(quick.network))
    passes = []
    quick.network.register_forward_hook(lambda *_: passes.append(1))
    monkeypatch.setattr("gan_studio.jobs.drafts.time", SimpleNamespace(perf_counter=lambda: float(len(passes))))
    assert measured([slow, quick], inputs([view_of(snapshot)], snapshot)) == [40.0, 1.0]
