"""What the benchmarks share: tables, plain training, and the list of all objectives."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gan_studio.compute import Engine
from gan_studio.data import Dataset, Source, Stream
from gan_studio.jobs.settings import RunConfig
from gan_studio.objectives.f_gan import DIVERGENCES
from gan_studio.recipes import Training


def arguments(about: str, **defaults: Any) -> argparse.Namespace:
    """`--name value` for each default, and `--json FILE`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, value in defaults.items():
        many = isinstance(value, list)
        kind = type(value[0]) if many else type(value)
        parser.add_argument(f"--{name}", type=kind, default=value, nargs="*" if many else None, help=" ")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    return parser.parse_args()


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def show(title: str, rows: list[dict[str, Any]], json_path: Path | None = None, **facts: Any) -> None:
    """Print rows of equal keys as a table; write them with the facts as JSON."""
    table = Table(title=title, title_justify="left")
    for key in rows[0]:
        table.add_column(key, justify="left" if isinstance(rows[0][key], str) else "right")
    for row in rows:
        table.add_row(*(f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()))
    Console(width=140).print(table)
    for name, fact in facts.items():
        print(f"{name}: {fact}")
    if json_path:
        json_path.write_text(json.dumps({"title": title, "rows": rows} | facts, indent=1))


def prepared(source: Source) -> Dataset:
    """A source's data, without a word on the way."""
    preparation = source.prepare()
    while True:
        try:
            next(preparation)
        except StopIteration as done:
            return done.value


def trained(config: RunConfig, dataset: Dataset, engine: Engine) -> Training:
    """A training taken to its last step: the arithmetic of the job, without its files."""
    engine.enter()
    engine.seed_step(config.seed, 0)
    training = config.recipe.build(dataset.shape, config.steps, engine, dataset.pairs)
    stream = Stream(dataset.to(engine.device), config.recipe.batch_size, config.seed)
    while training.iteration < config.steps:
        engine.seed_step(config.seed, training.iteration + 1)
        training.step(stream)
    return training


def spread(values: list[float], digits: int = 1) -> str:
    """Mean and standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {deviation:.{digits}f}"


# Every objective of the shelf with its variants, and the penalty or care that its paper asks for: {name: changes}.
OBJECTIVES: dict[str, dict[str, Any]] = {
    "minimax": {"recipe.objective": "minimax"},
    "non-saturating": {"recipe.objective": "non-saturating"},
    "least squares 0/1/1": {"recipe.objective": "least-squares"},
    "least squares -1/1/0": {"recipe.objective": {"kind": "least-squares", "labels": "-1/1/0"}},
    "loss-sensitive (slope 0)": {"recipe.objective": "loss-sensitive", "recipe.penalties": ["gradient-penalty"]},
    "generalised loss-sensitive (slope 0.5)": {
        "recipe.objective": {"kind": "loss-sensitive", "slope": 0.5},
        "recipe.penalties": ["gradient-penalty"],
    },
    "hinge": {"recipe.objective": "hinge"},
    "Wasserstein, clipping": {"recipe.objective": "wasserstein", "recipe.penalties": ["weight-clipping"]},
    "Wasserstein, gradient penalty": {"recipe.objective": "wasserstein", "recipe.penalties": ["gradient-penalty"]},
    **{
        f"f-GAN, {entry.title}": {
            "recipe.objective": {"kind": "f-gan", "divergence": {"kind": entry.kind}},
            "recipe.clip_norm": 1.0,
        }
        for entry in DIVERGENCES
    },
    **{
        f"relativistic {which}, {loss}": {"recipe.objective": {"kind": f"relativistic-{which}", "loss": loss}}
        for which in ("paired", "average")
        for loss in ("standard", "least-squares", "hinge")
    },
}
