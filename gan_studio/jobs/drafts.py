"""Rougher pictures in less time, for a hand that moves: the same network, as it runs fastest on this processor.

A smaller picture is not to be had of a network whose transposed convolutions have a fixed size. What is: bfloat16 and
another memory format, where they are measured to be worth it. On one thread of a processor with AVX-512-bf16 a picture
of the ResNet took 164 ms exactly and 78 ms as a draft at 128 pixels, 45 and 22 ms at 64. DCGANs take 6 ms at most, and
are never drafted. Drafts of a trained DCGAN were off by 0.13 of 255 in the mean and by 1 at most.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from .. import images
from ..compute import Compute, Engine, formats_to_try
from .explore import inputs, view_of
from .snapshots import Snapshot

ROUNDS = 3  # of measuring, of which the quickest counts
WORTH = 1.25  # times as fast, at least: less is not seen, and a draft is not exact


@dataclass(frozen=True)
class Draft:
    engine: Engine
    network: nn.Module = field(repr=False)

    @torch.no_grad()
    def pictures(self, rows: Tensor) -> np.ndarray:
        """`inputs` [N, z_dim + classes] -> [N, H, W, C] uint8, in one pass."""
        with self.engine.autocast():
            x = self.network(rows.to(self.engine.device))
        return images.to_uint8(x.float().cpu())


Measure = Callable[[Sequence[Draft], Tensor], list[float]]  # seconds of each, for `inputs`


def measured(drafts: Sequence[Draft], rows: Tensor) -> list[float]:
    """By turns, as other work comes and goes; the first pass of each does not count."""
    taken = [float("inf")] * len(drafts)
    for round in range(1 + ROUNDS):
        for i, draft in enumerate(drafts):
            began = time.perf_counter()
            draft.pictures(rows)
            if round:
                taken[i] = min(taken[i], time.perf_counter() - began)
    return taken


def draft_of(snapshot: Snapshot, measure: Measure = measured) -> Draft | None:
    """The quickest; None where it is hardly quicker than the exact one. Takes a dozen pictures' time."""
    exact = Engine(snapshot.device, threads=torch.get_num_threads())
    plain, last = snapshot.network, None
    drafts = []
    for engine in formats_to_try(Compute(), exact, pictures=True):
        if engine.channels_last and last is None:
            last = engine.place(copy.deepcopy(plain))
        drafts.append(Draft(engine, last if engine.channels_last and last is not None else plain))
    taken = measure(drafts, inputs([view_of(snapshot)], snapshot))
    own = taken[next(i for i, draft in enumerate(drafts) if draft.engine == exact)]
    best = min(range(len(drafts)), key=taken.__getitem__)
    return drafts[best] if own >= WORTH * taken[best] else None
