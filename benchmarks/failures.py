"""What each metric says of generators that fail on purpose, at one amount: the table of `docs/theory.md`.

    python benchmarks/failures.py --amount 70 --source digits

A number is how many standard deviations of honest sets a measure is worse than of honest sets; below 0 it is better.
"""

from __future__ import annotations

import torch
from common import arguments, show

from gan_studio.data import SOURCES
from gan_studio.feature_networks import FEATURE_NETWORKS
from gan_studio.jobs.failures import FAILURES, Finding, gather, measured, of_honest_sets
from gan_studio.jobs.together import exhausted


def main() -> None:
    given = arguments(__doc__ or "", amount=70, source="digits", size=32, eye="auto", count=500)
    torch.set_num_threads(1)
    source = SOURCES.parse({"kind": given.source, "size": given.size})
    ground = exhausted(gather(source, FEATURE_NETWORKS.parse(given.eye), given.count))
    honest = exhausted(of_honest_sets(ground))
    found: dict[str, Finding] = {
        id: measured(ground, honest, failure, given.amount / 100)
        for id, failure in FAILURES.items()
        if not failure.lacking(ground)
    }
    rows = [
        {"measure": measure.title, "of honest sets": f"{usual.mean:.4g} ± {usual.deviation:.2g}"}
        | {name: f"{one.alarms[id]:+.1f}" if id in one.alarms else "refuses" for name, one in found.items()}
        for id, (measure, usual) in ((id, (honest.measures[id], honest.usual[id])) for id in honest.measures)
    ]
    title = f"{source.title}, {ground.count} pictures in each set, {given.amount} %, looked at with {ground.eye.name}"
    show(title, rows, given.json, notes="; ".join([*ground.eye.notes, *honest.notes]))


if __name__ == "__main__":
    main()
