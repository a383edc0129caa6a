"""Speed: steps of pix2pix and of CycleGAN at 256 px, batch 1, ours against plain loops; the same networks and pictures.

The plain loops are written from the papers' description: fp32, eager, one pass for each thing that is asked, one Adam a
player (a side of CycleGAN's for G and F together, and for both judges). Both sides are timed in turn in one process, so
that a machine whose speed drifts does not favour one. What a side is paid for is its steady rate: samples, checkpoints
and the start are left out on both sides. Ours computes as its dry run picked, or in fp32.

    python benchmarks/translation_training.py --rounds 3 --steps 3                    # by the clock, on all cores
    python benchmarks/translation_training.py --rounds 3 --steps 3 --clock processor  # seconds of one busy thread
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from common import arguments, prepared, processor, show
from torch import Tensor, nn

from gan_studio.compute import Engine, cores
from gan_studio.data import Dataset, Stream
from gan_studio.jobs.dryrun import dry_run
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.together import exhausted
from gan_studio.nn.few_pixels import Doubling, Halving
from gan_studio.recipes import Training

SIZE, COUNT = 256, 64
Clock = Callable[[], float]  # seconds
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "processor": time.process_time}

CONFIGS = {
    "pix2pix": {"data": {"kind": "avatar-lines", "size": SIZE, "count": COUNT}, "recipe": {"kind": "pix2pix"}},
    "cyclegan": {
        "data": {"kind": "avatar-worlds", "size": SIZE, "count": COUNT},
        "recipe": {"kind": "cyclegan", "generator": {"kind": "resnet", "blocks": 9}},
    },
}


def adam(*networks: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam([p for net in networks for p in net.parameters()], lr=2e-4, betas=(0.5, 0.999))


def plain_pix2pix(training: Training, stream: Stream, device: torch.device, clock: Clock) -> Iterator[float]:
    """Isola et al. 2017, section 3, on these networks: seconds of each step, for ever."""
    G, D = training.networks()["generator"], training.networks()["discriminator"]
    g_opt, d_opt, bce, l1 = adam(G), adam(D), nn.BCEWithLogitsLoss(), nn.L1Loss()
    for batch in stream:
        start = clock()
        a, b = (x.to(device) for x in batch.both())
        fake = G(a)

        d_opt.zero_grad()
        on_fake = D(torch.cat([a, fake.detach()], 1))
        on_real = D(torch.cat([a, b], 1))
        loss_d = (bce(on_fake, torch.zeros_like(on_fake)) + bce(on_real, torch.ones_like(on_real))) / 2
        loss_d.backward()
        d_opt.step()

        g_opt.zero_grad()
        on_fake = D(torch.cat([a, fake], 1))
        loss_g = bce(on_fake, torch.ones_like(on_fake)) + 100 * l1(fake, b)
        loss_g.backward()
        g_opt.step()
        wait(device)
        yield clock() - start


def plain_cyclegan(training: Training, stream: Stream, device: torch.device, clock: Clock) -> Iterator[float]:
    """Zhu et al. 2017, equation 3, with identity loss and pool, on these networks: seconds of each step, for ever."""
    G, F, D_a, D_b = training.networks().values()
    g_opt, d_opt, l1, mse = adam(G, F), adam(D_a, D_b), nn.L1Loss(), nn.MSELoss()
    pools: dict[nn.Module, list[Tensor]] = {D_a: [], D_b: []}
    for batch in stream:
        start = clock()
        a, b = (x.to(device) for x in batch.both())

        g_opt.zero_grad()
        fake_b, fake_a = G(a), F(b)
        back_a, back_b = F(fake_b), G(fake_a)
        same_b, same_a = G(b), F(a)
        loss_g = 5 * l1(same_b, b) + 5 * l1(same_a, a) + 10 * l1(back_a, a) + 10 * l1(back_b, b)
        for D, fake in ((D_b, fake_b), (D_a, fake_a)):
            answer = D(fake)
            loss_g = loss_g + mse(answer, torch.ones_like(answer))
        loss_g.backward()
        g_opt.step()

        d_opt.zero_grad()
        for D, real, fake in ((D_b, b, fake_b), (D_a, a, fake_a)):
            on_real, on_fake = D(real), D(past(pools[D], fake.detach()))
            loss_d = (mse(on_real, torch.ones_like(on_real)) + mse(on_fake, torch.zeros_like(on_fake))) / 2
            loss_d.backward()
        d_opt.step()
        wait(device)
        yield clock() - start


def past(pool: list[Tensor], fake: Tensor) -> Tensor:
    if len(pool) < 50:
        pool.append(fake)
        return fake
    if random.random() < 0.5:
        return fake
    place = random.randrange(50)
    old, pool[place] = pool[place], fake
    return old


PLAIN: dict[str, Callable[[Training, Stream, torch.device, Clock], Iterator[float]]] = {
    "pix2pix": plain_pix2pix,
    "cyclegan": plain_cyclegan,
}


def with_torchs_layers(network: nn.Module) -> None:
    """In place of those of ours that compute the same in another way."""
    for name, layer in list(network.named_modules()):
        kind = {Halving: nn.Conv2d, Doubling: nn.ConvTranspose2d}.get(type(layer))
        if kind:
            own = kind(layer.in_channels, layer.out_channels, 4, 2, 1, bias=layer.bias is not None)
            own.load_state_dict(layer.state_dict())
            network.set_submodule(name, own.to(layer.weight.device))


def plain(config: RunConfig, dataset: Dataset, device: torch.device, clock: Clock) -> Iterator[float]:
    training = config.recipe.build(dataset.shape, 10**6, Engine(device), dataset.pairs)
    for network in training.networks().values():
        with_torchs_layers(network)
    return PLAIN[config.recipe.kind](training, Stream(dataset, config.recipe.batch_size, 0), device, clock)


def ours(config: RunConfig, dataset: Dataset, engine: Engine, clock: Clock) -> Iterator[float]:
    """Seconds of each step of the recipe, for ever."""
    training = config.recipe.build(dataset.shape, 10**6, engine, dataset.pairs)
    stream = Stream(dataset.to(engine.device), config.recipe.batch_size, 0)
    while True:
        engine.enter()
        start = clock()
        engine.seed_step(0, training.iteration + 1)
        training.step(stream)
        engine.wait()
        yield clock() - start


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def rows_of(kind: str, rounds: int, steps: int, clock: Clock, threads: int) -> list[dict[str, object]]:
    config = RunConfig.parse(CONFIGS[kind] | {"steps": 10**6, "compute": {"threads": threads}})
    dataset = prepared(config.data)
    outcome = exhausted(dry_run(config, dataset, spare_core=False))
    for name, seconds in outcome.forecast.table:
        print(f"{kind}, dry run: {name}: {1000 * seconds:.0f} ms a step", flush=True)
    device = outcome.engine.device
    sides = {
        "plain loop (fp32)": plain(config, dataset, device, clock),
        "ours, fp32": ours(config, dataset, Engine(device, threads=threads or cores()), clock),
        f"ours, {outcome.engine}": ours(config, dataset, outcome.engine, clock),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        torch.set_num_threads(threads or cores())
        next(side)  # warms up
    for _ in range(rounds):
        for name, side in sides.items():
            torch.set_num_threads(threads or cores())
            times[name].append(statistics.median(next(side) for _ in range(steps)))
    base = times["plain loop (fp32)"]
    return [
        {
            "step": f"{kind}, {name}",
            "ms a step": 1000 * statistics.median(t),
            "times faster (median of rounds)": statistics.median(a / b for a, b in zip(base, t, strict=True)),
            "min": min(a / b for a, b in zip(base, t, strict=True)),
            "max": max(a / b for a, b in zip(base, t, strict=True)),
        }
        for name, t in times.items()
    ]


def main() -> None:
    options = arguments(__doc__ or "", rounds=3, steps=3, only=["pix2pix", "cyclegan"], clock=next(iter(CLOCKS)))
    clock, threads = CLOCKS[options.clock], 1 if options.clock == "processor" else 0  # 0: as many as are the fastest
    rows = [row for kind in options.only for row in rows_of(kind, options.rounds, options.steps, clock, threads)]
    title = f"Training at {SIZE} px, batch 1, by the {options.clock} clock"
    show(title, rows, options.json, processor=processor(), torch=torch.__version__)


if __name__ == "__main__":
    main()
