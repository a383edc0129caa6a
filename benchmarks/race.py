"""The league: every objective and every remedy against mode collapse raced on the ring and the grid, settings alike.

All start from the same weights and see the same batches and latents; they differ in what is named alone (critics with a
gradient penalty take five steps, lambda 0.1). Lanes race eight at a time, which changes nothing about how they end.

    python benchmarks/race.py --data ring grid --steps 3000 --seeds 3
    python benchmarks/race.py --data ring --steps 60 --seeds 1 --only hinge PacGAN     # a smoke run
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from common import OBJECTIVES, arguments, processor, show, spread
from quality_2d import on_points

from gan_studio import presets
from gan_studio.jobs.race import LaneConfig, League, RaceConfig, RaceJob, Standing, new_race
from gan_studio.jobs.race_folder import MOST
from gan_studio.jobs.settings import RunConfig

MLP = {"kind": "mlp", "width": 128, "depth": 3}
REMEDIES: dict[str, dict[str, Any]] = {
    "non-saturating, PacGAN 2": {"recipe.pack": 2},
    "non-saturating, PacGAN 4": {"recipe.pack": 4},
    "non-saturating, minibatch discrimination": {"recipe.discriminator.minibatch_kernels": 16},
    "minimax, unrolled 5": {"recipe.objective": "minimax", "recipe.unroll": 5},
    "VEEGAN": {
        "recipe": {
            "kind": "veegan",
            "generator": MLP | {"init": "orthogonal", "gain": 1.4},
            "discriminator": MLP | {"init": "orthogonal", "gain": 1.4},
            "reconstructor": MLP,
            "latent": {"dim": 2},
            "g_optimiser": {"kind": "adam", "lr": 1e-3, "beta1": 0.0, "beta2": 0.99},
            "d_optimiser": {"kind": "adam", "lr": 1e-3, "beta1": 0.0, "beta2": 0.99},
            "schedule": "cosine",
            "batch_size": 256,
            "ema": 0.99,
        }
    },
}


def base(where: str, steps: int, seed: int) -> RunConfig:
    """The ring's preset without its noise on D's inputs, which is a remedy itself."""
    return RunConfig.parse(presets.find("ring").values).with_values(
        {
            "data.distribution": where,
            "steps": steps,
            "seed": seed,
            "recipe.batch_size": 256,
            "recipe.instance_noise": 0.0,
            "samples_every": max(1, steps // 10),
            "checkpoint_every": steps,
            "compute.threads": 1,
            "compute.device": "cpu",
        }
    )


def standings(config: RunConfig, lanes: dict[str, dict[str, Any]]) -> Iterator[Standing]:
    """How each lane stood at the end."""
    races = -(-len(lanes) // MOST)
    for number in range(races):
        part = islice(lanes.items(), number, None, races)
        race = RaceConfig(base=config, lanes=tuple(LaneConfig(name=name, changes=what) for name, what in part))
        with tempfile.TemporaryDirectory() as folder:
            job = RaceJob(new_race(race, "league", Path(folder)), dry_run=False)
            yield from [event for event in job if isinstance(event, League)][-1].rows


def league(where: str, steps: int, seeds: int, lanes: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each lane, over the seeds, the nearest to the data first."""
    found: dict[str, list[Standing]] = {name: [] for name in lanes}
    for seed in range(seeds):
        for standing in standings(base(where, steps, seed), lanes):
            found[standing.title].append(standing)
            print(f"{where}, seed {seed}: {standing}", flush=True)
    rows = [row(name, where, steps, all_of_it) for name, all_of_it in found.items()]
    return sorted(rows, key=lambda row: float(str(row["exact W1"]).split()[0]))


def row(name: str, where: str, steps: int, found: list[Standing]) -> dict[str, Any]:
    """Lanes that failed tell what they measured last."""

    def of(measure: str, factor: float = 1.0) -> list[float]:
        return [factor * standing.measures.get(measure, float("nan")) for standing in found]

    return {
        "setting": name,
        "data": where,
        "modes": spread(of("modes/covered")),
        "high quality, %": spread(of("modes/high quality", 100)),
        "exact W1": spread(of("distance/W1, exact"), 3),
        "failed": sum(standing.state == "failed" for standing in found),
        "seeds": len(found),
        "steps": steps,
        "s a run": statistics.mean(standing.seconds for standing in found),
    }


def main() -> None:
    options = arguments(__doc__ or "", data=["ring", "grid"], steps=3000, seeds=3, only=[""])
    everything = {name: on_points(changes) for name, changes in OBJECTIVES.items()} | REMEDIES
    lanes = {name: changes for name, changes in everything.items() if any(part in name for part in options.only)}
    rows = [row for where in options.data for row in league(where, options.steps, options.seeds, lanes)]
    show("The race's league", rows, options.json, processor=processor(), lanes=len(lanes))


if __name__ == "__main__":
    main()
