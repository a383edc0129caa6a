"""The training doctor on trial: trainings that are made to fail in each way, and healthy ones, over several seeds.

Each case is a preset with changes and the conditions that it is made for. Trainings are kept in a folder and not
repeated, so that rules can be scored again in seconds after a threshold was moved. Thresholds were chosen on seeds 0
to 4; the tables in docs/doctor.md are of seeds 5 to 7.

    python benchmarks/doctor.py --root doctor-runs --seeds 5 6 7         # trains what is missing, some minutes a seed
    python benchmarks/doctor.py --root doctor-runs --seeds 5 6 7 --cases lines-minimax ring
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import arguments, prepared, processor, show

from gan_studio import presets, runs
from gan_studio.conditions import CONDITIONS
from gan_studio.data.digits import Digits
from gan_studio.images import to_uint8, write_png
from gan_studio.jobs import evaluations
from gan_studio.jobs.diagnose import Diagnosis, diagnose
from gan_studio.jobs.evaluate import Chosen, Evaluation, evaluate
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import TrainJob, new_run

ONE_THREAD = {"compute.device": "cpu", "compute.threads": 1}


@dataclass(frozen=True)
class Case:
    """A training whose condition is known, because it was made so."""

    preset: str
    changes: dict[str, Any] = field(default_factory=dict)
    made_for: tuple[str, ...] = ()  # conditions of which at least one must be found; none: it is healthy
    may_have: tuple[str, ...] = ()  # what may be found beside it without being a false alarm
    pictures: int = 0  # so many digits alone are its data, half of them held out
    evaluated: bool = False  # its last checkpoint, by the metrics that tell memorising

    def config(self, seed: int, root: Path) -> RunConfig:
        few = {"data": few_digits(root, self.pictures)} if self.pictures else {}
        values = few | self.changes | ONE_THREAD | {"seed": seed}
        return RunConfig.parse(presets.find(self.preset).values).with_values(values)


def few_digits(root: Path, count: int) -> dict[str, Any]:
    """So many digits as a folder of pictures."""
    folder = root.absolute() / f"digits-{count}"
    if not folder.is_dir():
        folder.mkdir(parents=True)
        for i, picture in enumerate(to_uint8(prepared(Digits(size=16)).batch(count, 0, 0).x)):
            write_png(folder / f"{i:04d}.png", picture)
    return {"kind": "image-folder", "path": str(folder), "size": 16, "channels": "grey", "held_out_share": 0.5}


def short(steps: int, drawn: int = 40) -> dict[str, Any]:
    """Fewer steps than the preset takes, with as many looks at the samples."""
    return {"steps": steps, "samples_every": max(1, steps // drawn), "checkpoint_every": max(1, steps // 20)}


NO_PENALTY: dict[str, Any] = {"recipe.penalties": []}
DIGITS = {"data.size": 16, "recipe.generator.width": 12, "recipe.discriminator.width": 12}
AVATARS = {"data.count": 512, "recipe.generator.width": 12, "recipe.discriminator.width": 12}
RESTLESS = {"recipe.instance_noise": 0.0, "recipe.schedule": "constant"}


def rates(g: float, d: float) -> dict[str, Any]:
    return {"recipe.g_optimiser.lr": g, "recipe.d_optimiser.lr": d}


def adam(g: float, d: float) -> dict[str, Any]:
    return {
        "recipe.g_optimiser": {"kind": "adam", "lr": g, "beta1": 0.5, "beta2": 0.99},
        "recipe.d_optimiser": {"kind": "adam", "lr": d, "beta1": 0.5, "beta2": 0.99},
    }


def momentum(beta1: float) -> dict[str, Any]:
    return {"recipe.g_optimiser.beta1": beta1, "recipe.d_optimiser.beta1": beta1}


def clipped(limit: float) -> dict[str, Any]:
    return {"recipe.penalties": [{"kind": "weight-clipping", "limit": limit}]}


def sgd(lr: float) -> dict[str, Any]:
    return {f"recipe.{player}_optimiser": {"kind": "sgd", "lr": lr} for player in ("g", "d")}


MLP = {"kind": "mlp", "width": 256, "depth": 3}
CRITIC = {
    "recipe.objective": "wasserstein",
    "recipe.penalties": [{"kind": "gradient-penalty", "weight": 1.0}],
    "recipe.d_steps": 3,
    "recipe.batch_size": 32,
    "recipe.latent": {"dim": 8},
    "recipe.generator": MLP,
    "recipe.discriminator": MLP | {"activation": "leaky-relu"},
    "recipe.g_optimiser": {"kind": "adam", "lr": 5e-4, "beta1": 0.0, "beta2": 0.9},
    "recipe.d_optimiser": {"kind": "adam", "lr": 5e-4, "beta1": 0.0, "beta2": 0.9},
}
EVERYTHING = tuple(entry.kind for entry in CONDITIONS)

HEALTHY = {
    "ring": Case("ring", short(1500)),
    "ring-wgan-gp": Case("ring-wgan-gp", short(1000)),
    "lines-wgan-gp": Case("lines-wgan-gp", short(600)),
    "swiss-roll-wgan-gp": Case("swiss-roll-wgan-gp", short(600)),
    "f-gan-mixture": Case("f-gan-mixture", short(1500)),
    "dcgan-digits": Case("dcgan-digits", short(500) | {"data.size": 16, "data.held_out_share": 0.2}, evaluated=True),
    "many-pictures": Case(
        "gan-2014-digits", short(1500) | CRITIC | {"data.held_out_share": 0.2, "data.size": 16}, evaluated=True
    ),
    "lsgan-digits": Case("lsgan-digits", short(400) | {"data.size": 16}),
    "relativistic-digits": Case("relativistic-digits", short(400) | {"data.size": 16}),
    "wgan-gp-digits": Case("wgan-gp-digits", short(240, 40) | DIGITS),
    "wgan-digits": Case("wgan-digits", short(400, 40) | DIGITS | {"recipe.warm_up": False}),
    "dcgan-avatars": Case("dcgan-avatars", short(300, 40) | AVATARS),
    "sngan-avatars": Case("sngan-avatars", short(300, 40) | AVATARS),
    "pix2pix-avatars": Case(
        "pix2pix-avatars", short(200, 25) | {"data.size": 32, "data.count": 256, "recipe.generator.width": 12}
    ),
}  # fmt: skip

FAILING = {
    "lines-minimax": Case(
        "lines-wgan-gp", short(500) | NO_PENALTY | {"recipe.objective": "minimax"} | rates(1e-4, 1e-2),
        ("d-has-won",), ("collapse", "dropped-modes"),
    ),
    "digits-strong-d": Case(
        "dcgan-digits",
        short(300) | DIGITS | {"recipe.d_steps": 3, "recipe.objective": "minimax", "recipe.discriminator.norm": "none"}
        | rates(2e-5, 2e-3),
        ("d-has-won",), ("collapse",),
    ),
    "ring-strong-d": Case(
        "ring-collapse", short(600) | {"recipe.objective": "minimax", "recipe.d_steps": 4} | rates(1e-4, 4e-3),
        ("d-has-won",), ("collapse", "dropped-modes"),
    ),
    "ring-collapse": Case("ring-collapse", short(500), ("collapse",), ("d-has-won", "dropped-modes", "oscillation")),
    "digits-collapse": Case(
        "gan-2014-digits",
        short(220) | {
            "recipe.d_steps": 3,
            "recipe.generator": {"kind": "mlp", "width": 128, "depth": 4},
            "recipe.discriminator": {
                "kind": "mlp", "width": 128, "depth": 4, "activation": "leaky-relu", "init": "orthogonal", "gain": 1.4
            },
        } | adam(1e-3, 4e-3),
        ("collapse",), ("d-has-won", "dropped-modes", "oscillation", "learning-rate-too-high"),
    ),
    "grid-collapse": Case("grid-collapse", short(1200), ("dropped-modes",), ("d-has-won", "collapse", "oscillation")),
    "ring-cycling": Case(
        "ring", short(2000) | RESTLESS | {"recipe.ema": 0.0} | momentum(0.5) | rates(1e-3, 1e-4),
        ("oscillation",), ("collapse", "dropped-modes", "estimate-misleads"),
    ),
    "ring-heavy-momentum": Case(
        "ring", short(2000) | RESTLESS | {"recipe.ema": 0.0, "recipe.objective": "wasserstein"} | clipped(0.1)
        | momentum(0.9),
        ("oscillation",), ("not-lipschitz", "estimate-misleads", "collapse", "dropped-modes"),
    ),
    "ring-unbound-critic": Case(
        "ring-wgan-gp", short(400) | NO_PENALTY,
        ("not-lipschitz",),
        ("not-a-number", "oscillation", "collapse", "dropped-modes", "estimate-misleads", "learning-rate-too-high"),
    ),
    "digits-unbound-critic": Case(
        "wgan-gp-digits", short(240, 40) | DIGITS | NO_PENALTY,
        ("not-lipschitz",),
        ("not-a-number", "oscillation", "collapse", "estimate-misleads", "learning-rate-too-high"),
    ),
    "ring-tight-clip": Case(
        "ring-wgan-gp", short(600) | clipped(0.01),
        ("not-lipschitz",), ("oscillation", "collapse", "dropped-modes", "estimate-misleads"),
    ),
    "ring-loose-clip": Case(
        "ring-wgan-gp", short(600) | clipped(1.0),
        ("not-lipschitz",),
        ("oscillation", "collapse", "dropped-modes", "estimate-misleads", "learning-rate-too-high"),
    ),
    "grid-slow-d": Case(
        "grid",
        short(800) | RESTLESS | rates(1e-3, 2e-6),
        ("estimate-misleads",),
        ("dropped-modes", "oscillation", "collapse"),
    ),
    "digits-sure-d": Case(
        "dcgan-digits",
        short(250) | DIGITS | {"recipe.generator.norm": "none", "recipe.discriminator.norm": "none"}
        | rates(5e-3, 5e-3) | momentum(0.9),
        ("d-has-won",), ("collapse", "learning-rate-too-high"),
    ),
    "digits-weak-d": Case(
        "dcgan-digits", short(400) | DIGITS | rates(2e-3, 2e-6), ("estimate-misleads",), ("oscillation", "collapse"),
    ),
    "ring-high-rate": Case(
        "ring", short(1000) | {"recipe.schedule": "constant"} | rates(5e-2, 5e-2),
        ("learning-rate-too-high",),
        ("d-has-won", "collapse", "dropped-modes", "oscillation", "not-a-number", "estimate-misleads"),
    ),
    "digits-high-rate": Case(
        "dcgan-digits", short(250) | DIGITS | rates(0.3, 0.3),
        ("learning-rate-too-high",), ("d-has-won", "collapse", "oscillation", "not-a-number", "estimate-misleads"),
    ),
    "roll-high-rate": Case(
        "swiss-roll-wgan-gp", short(250) | {"recipe.schedule": "constant"} | rates(0.3, 0.3),
        ("learning-rate-too-high",),
        ("collapse", "oscillation", "not-a-number", "estimate-misleads", "not-lipschitz"),
    ),
    "few-pictures": Case(
        "gan-2014-digits", short(2000) | CRITIC, ("memorising",), ("d-has-won", "collapse"), pictures=60, evaluated=True
    ),
    "few-digits": Case(  # nothing is evaluated: D's answers alone tell
        "dcgan-digits", short(1000) | DIGITS, ("memorising",), ("d-has-won", "collapse"), pictures=100
    ),
    "sgd-runaway": Case("ring-wgan-gp", short(300) | NO_PENALTY | sgd(1.0), ("not-a-number",), EVERYTHING),
    "f-gan-runaway": Case(
        "f-gan-mixture", short(800) | {"recipe.clip_norm": 0.0} | rates(5e-2, 5e-2),
        ("not-a-number",), EVERYTHING,
    ),
}  # fmt: skip
CASES = HEALTHY | FAILING


# --- training --------------------------------------------------------------------------------------------------------


def trained(name: str, seed: int, root: Path) -> runs.Run:
    """The kept run of a case, trained to its end where it was not."""
    folder = root / f"{name}-seed-{seed}"
    if not (folder / "config.toml").is_file():
        config = CASES[name].config(seed, root)
        new_run(config, name, root / "new", CASES[name].preset).folder.rename(folder)
    run = runs.Run(folder)
    if run.state().name not in ("finished", "failed"):
        began = time.perf_counter()
        with closing(iter(TrainJob(run, dry_run=False))) as events:
            for _ in events:
                pass
        print(f"{folder.name}: {run.state().name} after {time.perf_counter() - began:.0f} s", flush=True)
    if CASES[name].evaluated and not evaluations.read(run):
        wanted = {"metrics": ["nearest", "data-copying"], "features": "pixels", "samples": 500, "rounds": 0}
        for _ in evaluate([Chosen(folder, device="cpu")], Evaluation.parse(wanted)):
            pass
    return run


# --- scoring ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scored:
    """What the rules found in one training: at its end, and at each tenth of it, as the window asks while it trains."""

    name: str
    found: frozenset[str]  # conditions, at the end
    before: tuple[frozenset[str], ...]  # at each tenth
    seconds: float  # that a diagnosis took

    @property
    def case(self) -> Case:
        return CASES[self.name]

    @property
    def hit(self) -> bool:
        return bool(self.found & set(self.case.made_for)) if self.case.made_for else not self.found

    @property
    def allowed(self) -> set[str]:
        return {*self.case.made_for, *self.case.may_have}


def scored(name: str, run: runs.Run) -> Scored:
    curves = run.curves()
    last = max(int(steps[-1]) for steps, _ in curves.values())
    began = time.process_time()
    found = conditions(diagnose(run))
    seconds = time.process_time() - began
    tenths = [
        {name: (steps[steps <= part], values[steps <= part]) for name, (steps, values) in curves.items()}
        for part in (last * i // 10 for i in range(1, 10))
    ]
    return Scored(name, found, tuple(conditions(diagnose(run, part)) for part in tenths), seconds)


def conditions(diagnosis: Diagnosis) -> frozenset[str]:
    return frozenset(finding.condition for finding in diagnosis.findings)


def by_case(every: list[Scored]) -> list[dict[str, Any]]:
    rows = []
    for name in dict.fromkeys(one.name for one in every):
        mine = [one for one in every if one.name == name]
        beside = set().union(*(one.found for one in mine)) - set(CASES[name].made_for)
        rows.append(
            {
                "training": name,
                "made for": ", ".join(CASES[name].made_for) or "(healthy)",
                "told so": f"{sum(one.hit for one in mine)} of {len(mine)}",
                "told too": ", ".join(sorted(beside)),
                "false alarms": sum(len(one.found - one.allowed) for one in mine),
            }
        )
    return rows


def by_rule(every: list[Scored]) -> list[dict[str, Any]]:
    well = [one for one in every if not one.case.made_for]
    moments = [found for one in well for found in one.before]
    rows = []
    for entry in CONDITIONS:
        made = [one.found for one in every if entry.kind in one.case.made_for]
        other = [one.found for one in every if one.case.made_for and entry.kind not in one.allowed]
        rows.append(
            {
                "rule": entry.title,
                "made to fail so: found": share(entry.kind, made),
                "failing otherwise: false alarms": share(entry.kind, other),
                "healthy, at the end: false alarms": share(entry.kind, [one.found for one in well]),
                "healthy, at each tenth": share(entry.kind, moments),
            }
        )
    return rows


def share(kind: str, found: list[frozenset[str]]) -> str:
    return f"{sum(kind in one for one in found)} of {len(found)}"


def main() -> None:
    options = arguments(__doc__ or "", root="doctor-runs", cases=list(CASES), seeds=[5, 6, 7], verbose=0)
    root, every = Path(options.root), []
    for seed in options.seeds:
        for name in options.cases:
            run = trained(name, seed, root)
            every.append(scored(name, run))
            if options.verbose:
                print(f"{name} {seed}: {diagnose(run).sentence}")
    show("Trainings", by_case(every))
    slowest = 1e3 * max(one.seconds for one in every)
    show("Rules", by_rule(every), options.json, processor=processor(), slowest_diagnosis_ms=slowest)


if __name__ == "__main__":
    main()
