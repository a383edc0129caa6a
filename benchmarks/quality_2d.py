"""Quality on points: every objective on the ring and the grid, and the presets made for them, over several seeds.

Scored as PacGAN does: 2,500 samples of the averaged generator; modes with at least one good sample; the share within
three standard deviations of a mode ("high quality"; a perfect sampler has 98.9 %); reverse KL of the modes' histogram
(a perfect sampler has 0.0015 on the ring, 0.0048 on the grid).

    python benchmarks/quality_2d.py --data ring grid --steps 3000 --seeds 3
    python benchmarks/quality_2d.py --presets ring grid --seeds 3
"""

from __future__ import annotations

import time
from typing import Any

from common import OBJECTIVES, arguments, prepared, processor, show, spread, trained

from gan_studio import presets
from gan_studio.compute import default_engine
from gan_studio.data.toy2d import PlaneDataset
from gan_studio.jobs.settings import RunConfig
from gan_studio.metrics.modes import ModeScore, score_modes
from gan_studio.recipes.gan import GanTraining

SAMPLES = 2500


def scored(config: RunConfig) -> tuple[ModeScore, float]:
    """The score and the seconds it took to get there."""
    dataset = prepared(config.data)
    assert isinstance(dataset, PlaneDataset)
    start = time.perf_counter()
    training = trained(config, dataset, default_engine(config.compute))
    seconds = time.perf_counter() - start
    assert isinstance(training, GanTraining)
    samples = training.generate(training.latents(SAMPLES, 10**6))
    return score_modes(samples, dataset.centres, dataset.sigma), seconds


def row(name: str, where: str, configs: list[RunConfig]) -> dict[str, Any]:
    scores, seconds = zip(*map(scored, configs), strict=True)
    found = {
        "setting": name,
        "data": where,
        "modes": spread([s.covered for s in scores]) + f" of {scores[0].modes}",
        "high quality, %": spread([100 * s.high_quality for s in scores]),
        "reverse KL": spread([s.reverse_kl for s in scores], 3),
        "seeds": len(configs),
        "steps": configs[0].steps,
        "s a run": sum(seconds) / len(seconds),
    }
    print(found, flush=True)
    return found


def over_seeds(config: RunConfig, changes: dict[str, Any], seeds: int) -> list[RunConfig]:
    one_thread = {"compute.threads": 1, "compute.device": "cpu"}
    return [config.with_values(changes | one_thread | {"seed": seed}) for seed in range(seeds)]


def of_objectives(where: str, steps: int, seeds: int, only: list[str]) -> list[dict[str, Any]]:
    """Every objective in the setting of the ring's preset, so that only the objective differs."""
    base = RunConfig.parse(presets.find("ring").values).with_values(
        {"data.distribution": where, "steps": steps, "recipe.batch_size": 256}
    )
    chosen = {name: changes for name, changes in OBJECTIVES.items() if any(part in name for part in only)}
    return [row(name, where, over_seeds(base, on_points(changes), seeds)) for name, changes in chosen.items()]


def on_points(changes: dict[str, Any]) -> dict[str, Any]:
    """Critics with a gradient penalty as in WGAN-GP's code for points: lambda 0.1, five critic steps."""
    if changes.get("recipe.penalties") == ["gradient-penalty"]:
        return changes | {"recipe.penalties.0.weight": 0.1, "recipe.d_steps": 5}
    return changes


def of_presets(names: list[str], seeds: int) -> list[dict[str, Any]]:
    configs = {name: RunConfig.parse(presets.find(name).values) for name in names if name}
    rows = []
    for name, config in configs.items():
        where = config.data.plain()["distribution"]["kind"]
        rows.append(row(f"preset {name}", where, over_seeds(config, {}, seeds)))
    return rows


def main() -> None:
    options = arguments(__doc__ or "", data=[""], presets=[""], steps=3000, seeds=3, only=[""])
    rows = of_presets(options.presets, options.seeds)
    for where in filter(None, options.data):
        rows += of_objectives(where, options.steps, options.seeds, options.only)
    show("Quality on points", rows, options.json, processor=processor())


if __name__ == "__main__":
    main()
