"""Every test lives in folders of its own, computes on one thread, and leaves no thread behind."""

from __future__ import annotations

import os
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

hypothesis.settings.register_profile("shared cores", deadline=None)  # another process may hold the core
hypothesis.settings.load_profile("shared cores")


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
    monkeypatch.setenv("GAN_STUDIO_DATA", str(home / "datasets"))
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(shared_cache))
    return home


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A training sets the number of torch's threads for its process; the next test starts with one again."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    leaked = [thread for thread in threading.enumerate() if thread not in before]
    until = time.monotonic() + 5  # those that are about to end may do so
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
