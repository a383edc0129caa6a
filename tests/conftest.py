"""Every test lives in folders of its own, computes on one thread, and leaves no thread behind."""

from __future__ import annotations

import math
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from gan_studio.runs import Run

# Before torch, NumPy or Qt are imported: many test processes share the cores, and no window may appear.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples each time, and as slowly as they come: another process may hold the core. What was found with fresh
# ones (`--hypothesis-profile=search`) becomes an `@example`.
calm = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("repeatable", derandomize=True, **calm)
hypothesis.settings.register_profile("search", max_examples=2000, **calm)
hypothesis.settings.load_profile("repeatable")


TORCHS = 67280421310721  # the seed that torch begins with
GRACE_S = 30  # for threads that are about to end, on a machine that is busy with other things
TQDMS = "tqdm_monitor"  # a daemon that torch.fx begins, where tqdm is installed, though no progress is shown


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data for the whole session: it is keyed by content, so tests cannot disturb each other through it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """The home of one test; runs and presets lie in it, never in the user's."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith("XDG_") and name != "XDG_RUNTIME_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("GAN_STUDIO_RUNS", str(home / "runs"))
    monkeypatch.setenv("GAN_STUDIO_PRESETS", str(home / "presets"))
    monkeypatch.setenv("GAN_STUDIO_VIEWS", str(home / "views"))
    monkeypatch.setenv("GAN_STUDIO_DATA", str(home / "datasets"))
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(shared_cache))
    return home


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A training sets the number of torch's threads for its process; the next test starts with one again."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def generators(module: Any) -> list[Any]:
    """NumPy's, that all tests of a module draw from."""
    numpy = sys.modules.get("numpy")
    return [one for one in vars(module).values() if numpy and isinstance(one, numpy.random.Generator)]


BEGINNINGS: dict[int, Any] = {}  # their states, by their ids, before any test has drawn


def pytest_collection_finish(session: pytest.Session) -> None:
    for module in {item.module for item in session.items if isinstance(item, pytest.Function)}:
        BEGINNINGS.update((id(one), one.bit_generator.state) for one in generators(module))


@pytest.fixture(autouse=True)
def same_chance(request: pytest.FixtureRequest) -> None:
    """Each test draws the same numbers, whatever ran before it in this process."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(TORCHS)
    for one in generators(request.module):
        one.bit_generator.state = BEGINNINGS[id(one)]


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    leaked = [thread for thread in threading.enumerate() if thread not in before and thread.name != TQDMS]
    until = time.monotonic() + GRACE_S
    for thread in leaked:
        thread.join(max(0.0, until - time.monotonic()))
    alive = [thread.name for thread in leaked if thread.is_alive()]
    if alive:
        pytest.fail(f"threads still run after the test: {', '.join(alive)}")


PICTURES: dict[str, Any] = {
    "data": {"kind": "digits", "size": 16},
    "recipe": {
        "kind": "gan",
        "generator": {"kind": "mlp", "width": 16, "depth": 1, "init": "orthogonal", "gain": 1.5, "activation": "tanh"},
        "discriminator": {"kind": "mlp", "width": 8},
        "latent": {"dim": 6},
        "batch_size": 8,
    },
    "steps": 10,
    "compute": {"device": "cpu", "threads": 1},
}


@pytest.fixture
def picture_run() -> Callable[..., Run]:
    """Makes runs with one checkpoint, of networks as they are drawn, whose pictures already differ from each other."""

    def make(changes: dict[str, Any] | None = None, step: int = 10, seed: int = 0, title: str = "Pictures") -> Run:
        import torch

        from gan_studio import runs
        from gan_studio.compute import Engine
        from gan_studio.jobs.settings import RunConfig

        config = RunConfig.parse(PICTURES).with_values(changes or {})
        run = runs.create(runs.default_root(), title, config.plain())
        torch.manual_seed(seed)
        training = config.recipe.build(config.data.shape() or (2,), config.steps, Engine(torch.device("cpu")))
        weights = {name: network.state_dict() for name, network in training.networks().items()}
        run.save_checkpoint(step, weights, {})
        return run

    return make


@pytest.fixture
def class_weights() -> Callable[..., dict[str, Any]]:
    """Makes the weights of mimicry's generators with classes: the cGAN's, or SAGAN's, which are normalised."""

    def make(
        classes: int = 4, widths: tuple[int, ...] = (8, 8, 8, 8), z_dim: int = 5, attention: int = 0, seed: int = 0
    ) -> dict[str, Any]:
        import torch

        rng = torch.Generator().manual_seed(seed)
        weights: dict[str, Any] = {}

        def layer(name: str, *shape: int, bias: bool = True) -> None:
            W = torch.randn(shape, generator=rng) / math.prod(shape[1:]) ** 0.5
            if bias:
                weights[f"{name}.bias"] = 0.1 * torch.randn(shape[0], generator=rng)
            if not attention:
                weights[f"{name}.weight"] = W
                return
            u, _, v = torch.linalg.svd(W.flatten(1), full_matrices=False)
            near = 0.1 * torch.randn(len(v[0]), generator=rng)  # the power iteration is never quite there
            weights[f"{name}.weight_orig"] = W
            weights[f"{name}.weight_u"] = u[:, 0].contiguous()
            weights[f"{name}.weight_v"] = torch.nn.functional.normalize(v[0] + near, dim=0)

        def norm(name: str, channels: int) -> None:
            weights[f"{name}.running_mean"] = 0.3 * torch.randn(channels, generator=rng)
            weights[f"{name}.running_var"] = 0.5 + torch.rand(channels, generator=rng)
            weights[f"{name}.num_batches_tracked"] = torch.tensor(7)

        layer("l1", 16 * widths[0], z_dim)
        for i in range(1, len(widths)):
            a, b = widths[i - 1], widths[i]
            for part, channels in (("b1", a), ("b2", b)):
                norm(f"block{i + 1}.{part}.bn", channels)
                embedding = torch.randn(classes, 2 * channels, generator=rng)
                weights[f"block{i + 1}.{part}.embed.weight"] = 0.7 * embedding + 0.5
            layer(f"block{i + 1}.c1", b, a, 3, 3)
            layer(f"block{i + 1}.c2", b, b, 3, 3)
            layer(f"block{i + 1}.c_sc", b, a, 1, 1)
        last = len(widths) + 1
        norm(f"b{last}", widths[-1])
        weights[f"b{last}.weight"] = 1 + 0.3 * torch.randn(widths[-1], generator=rng)
        weights[f"b{last}.bias"] = 0.3 * torch.randn(widths[-1], generator=rng)
        layer(f"c{last}", 3, widths[-1], 3, 3)
        if attention:
            C = attention
            for name, shape in (("theta", (C // 8, C)), ("phi", (C // 8, C)), ("g", (C // 2, C)), ("o", (C, C // 2))):
                layer(f"attn_block.{name}", *shape, 1, 1, bias=False)
            weights["attn_block.gamma"] = torch.tensor(0.8)
        return weights

    return make


@pytest.fixture
def class_file(class_weights: Callable[..., dict[str, Any]], tmp_path: Path) -> Path:
    """A generator of four classes, as mimicry saves it."""
    import torch

    path = tmp_path / "netG_300_steps.pth"
    torch.save({"model_state_dict": class_weights(), "global_step": 300}, path)
    return path
