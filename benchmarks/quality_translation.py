"""Quality: PSNR and SSIM on held-out avatar pairs after equal steps, ours against the plain loop; a few seeds each.

The plain loop is that of `translation_training.py`: fp32, eager, from the paper's description. Ours runs in fp32 and,
where the processor has it, in bf16. Differences are to be read beside the spread over the seeds.

    python benchmarks/quality_translation.py --steps 400 --seeds 3
"""

from __future__ import annotations

import torch
from common import arguments, prepared, processor, show, spread, trained
from translation_training import PLAIN

from gan_studio.compute import Engine, has_fast_bf16, pick_device
from gan_studio.data import Dataset, Stream
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.shown import shown
from gan_studio.recipes import Training, Translates

CONFIG = {
    "data": {"kind": "avatar-lines", "size": 32, "count": 1024},
    "recipe": {
        "kind": "pix2pix",
        "batch_size": 4,
        "generator": {"kind": "unet", "width": 16},
        "discriminator": {"kind": "patch", "width": 16, "layers": 2},
        "schedule": "constant",
    },
}


def plainly_trained(config: RunConfig, dataset: Dataset, engine: Engine) -> Training:
    engine.seed_step(config.seed, 0)
    training = config.recipe.build(dataset.shape, config.steps, engine, dataset.pairs)
    steps = PLAIN[config.recipe.kind](training, Stream(dataset, config.recipe.batch_size, config.seed), engine.device)
    for _ in range(config.steps):
        next(steps)
    return training


def measured(training: Training, dataset: Dataset) -> dict[str, float]:
    assert isinstance(training, Translates)
    return shown(dataset, 4, 0, training).draw(0, training).measures


def main() -> None:
    options = arguments(__doc__ or "", steps=400, seeds=3)
    device = pick_device()
    dataset = prepared(RunConfig.parse(CONFIG).data)
    engines = {"ours, fp32": Engine(device)}
    if has_fast_bf16(device):
        engines["ours, bf16"] = Engine(device, "bf16")
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seeds):
        config = RunConfig.parse(CONFIG | {"steps": options.steps, "seed": seed})
        torch.set_num_threads(1)
        runs = {"plain loop (fp32)": plainly_trained(config, dataset, Engine(device))}
        runs |= {name: trained(config, dataset, engine) for name, engine in engines.items()}
        for name, training in runs.items():
            found.setdefault(name, []).append(measured(training, dataset))
            print(seed, name, found[name][-1], flush=True)
    rows = [
        {
            "loop": name,
            "PSNR": spread([m["psnr/made"] for m in each], 2),
            "SSIM": spread([m["ssim/made"] for m in each], 3),
        }
        for name, each in found.items()
    ]
    title = f"pix2pix on line art, 32 px, {options.steps} steps, {options.seeds} seeds"
    show(title, rows, options.json, processor=processor(), torch=torch.__version__)


if __name__ == "__main__":
    main()
