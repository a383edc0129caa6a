"""Where and how arithmetic runs: device, precision, memory format, threads, seeds. The only place that asks "cuda?".

Precision, memory format and thread count are measured, not assumed (`threads_to_try`, `formats_to_try`): the same
choice that doubles the speed of one network halves that of another.
"""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
import psutil
import torch
from torch import Tensor, nn

from .config import ConfigError, Spec, option
from .ranks import ALONE, Ranks

M = TypeVar("M", bound=nn.Module)


class Compute(Spec):
    """What the user may fix; "auto" is measured by the dry run before a start."""

    device: Literal["auto", "cpu", "cuda", "mps"] = option(
        "auto", "The processor that trains. Auto: the graphics card where there is one.", group="Computing"
    )
    precision: Literal["auto", "fp32", "bf16"] = option(
        "auto", "Number format of the networks' arithmetic. Auto: the faster one here.", group="Computing"
    )
    memory_format: Literal["auto", "contiguous", "channels-last"] = option(
        "auto", "How pictures lie in memory. Auto: the faster one here.", group="Computing"
    )
    compile: bool = option(
        False, "Compile the networks before the first step; slower to start, often faster on CUDA.", group="Computing"
    )
    threads: int = option(0, "Processor threads; 0 picks the fastest number.", ge=0, le=256, group="Computing")


@dataclass(frozen=True)
class Engine:
    """A decided way to compute."""

    device: torch.device
    precision: str = "fp32"
    channels_last: bool = False
    compiled: bool = False
    threads: int = 1
    ranks: Ranks = ALONE

    def __str__(self) -> str:
        parts = [self.precision, "channels-last" if self.channels_last else "contiguous"]
        parts += ["compiled"] if self.compiled else []
        parts += [f"{self.threads} thread{'s' if self.threads > 1 else ''}"] if self.device.type == "cpu" else []
        parts += [f"{self.ranks.world} processes"] if self.ranks.are_many else []
        return ", ".join(parts)

    def enter(self) -> None:
        """Set what holds for the whole process; call it on the thread that trains."""
        torch.set_num_threads(self.threads)
        torch.backends.cudnn.benchmark = True
        if self.compiled:
            from torch import _dynamo

            _dynamo.config.suppress_errors = True  # what cannot be compiled runs as it is

    def place(self, network: M, may_compile: bool = True) -> M:
        """The network on this device in this memory format, compiled where that was chosen and may be."""
        network = network.to(self.device)
        if self.channels_last:
            network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.compiled and may_compile:
            network.compile()
        return network

    def lay(self, x: Tensor) -> Tensor:
        """Samples as the networks like them in memory."""
        if self.channels_last and x.ndim == 4:
            return x.contiguous(memory_format=torch.channels_last)
        return x

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16, cache_enabled=True)

    def seed_step(self, seed: int, step: int) -> None:
        """Make step `step` the same alone as in a row; step 0 builds the networks, which all ranks do alike.

        The global generators belong to the thread that trains.
        """
        common = mixed_seed(seed, 0, step)
        self.ranks.begin(common)
        of_its_own = self.ranks.are_many and step > 0
        torch.manual_seed(mixed_seed(seed, self.ranks.rank + 1, step) if of_its_own else common)

    @contextlib.contextmanager
    def aside(self, seed: int) -> Iterator[None]:
        """Random numbers of `seed` for a while. Afterwards the global generators go on as if nothing had been drawn.

        That of MPS does only from the next `seed_step` on.
        """
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(seed)
            yield

    def memory_bytes(self) -> int:
        """Memory in use: of the graphics card at its peak, else of this process."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        if self.device.type == "mps":
            return torch.mps.driver_allocated_memory()
        return psutil.Process().memory_info().rss

    @property
    def on_card(self) -> bool:
        """Whether it computes on a card with a memory of its own."""
        return self.device.type != "cpu"

    def forget_peak(self) -> None:
        """Count the peak of the graphics card's memory anew."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)

    def wait(self) -> None:
        """Until the device has done all that it was told; for timing."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()

    def satisfies(self, compute: Compute) -> bool:
        """Whether this is one of the ways to compute that the user allows."""
        return (
            compute.device in ("auto", self.device.type)
            and compute.precision in ("auto", self.precision)
            and compute.memory_format in ("auto", "channels-last" if self.channels_last else "contiguous")
            and compute.compile == self.compiled
            and compute.threads in (0, self.threads)
        )

    def plain(self) -> dict[str, Any]:
        """For the run folder; `engine_from` is the inverse."""
        return {
            "device": str(self.device),
            "precision": self.precision,
            "channels_last": self.channels_last,
            "compiled": self.compiled,
            "threads": self.threads,
        }


def engine_from(values: dict[str, Any]) -> Engine | None:
    """The engine that was saved; None where nothing usable was, or where its device is not here."""
    try:
        engine = Engine(**(values | {"device": torch.device(values["device"])}))
    except (KeyError, TypeError, RuntimeError):
        return None
    return engine if is_here(engine.device.type) else None


def mixed_seed(*numbers: int) -> int:
    """One seed from several numbers, well mixed: (1, 2) and (2, 1) have nothing in common."""
    low, high = np.random.SeedSequence(numbers).generate_state(2)
    return int(low) << 31 ^ int(high)


def pick_device(wanted: str = "auto") -> torch.device:
    """Raises ConfigError where the wanted device is not there."""
    if wanted == "auto":
        wanted = next(name for name in ("cuda", "mps", "cpu") if is_here(name))
    if not is_here(wanted):
        raise ConfigError(f"There is no {wanted.upper()} device here; set compute.device to auto or cpu.")
    return torch.device(wanted)


def is_here(device: str) -> bool:
    """Whether there is a device of this kind: "cpu", "cuda" or "mps"."""
    if device == "cuda":
        return torch.cuda.is_available()
    return device == "cpu" or torch.backends.mps.is_available()


def device_name(device: torch.device) -> str:
    """For people: "NVIDIA H200", "CPU (2 cores)"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    return f"CPU ({cores()} cores)" if cores() > 1 else "CPU (1 core)"


def free_bytes(device: torch.device) -> int:
    """Memory that a device has to spare."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return psutil.virtual_memory().available


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_engine(compute: Compute, spare_core: bool = False, ranks: Ranks = ALONE) -> Engine:
    """What is used where nothing was measured. `spare_core` leaves one to the window; several ranks share the cores."""
    device = pick_device(compute.device)
    threads = compute.threads or max(1, (cores() - (1 if spare_core and cores() > 1 else 0)) // ranks.world)
    return Engine(
        device,
        "fp32" if compute.precision == "auto" else compute.precision,
        compute.memory_format == "channels-last",
        compute.compile,
        threads,
        ranks,
    )


def threads_to_try(compute: Compute, best: Engine, pictures: bool) -> list[Engine]:
    """Small networks are often faster on one thread than on several."""
    alone = compute.threads == 0 and best.device.type == "cpu" and best.threads > 1
    return [replace(best, threads=1)] if alone else []


def formats_to_try(compute: Compute, best: Engine, pictures: bool) -> list[Engine]:
    """Precision x memory format, where both were left to us."""
    precisions = ["fp32", "bf16"] if compute.precision == "auto" and has_fast_bf16(best.device) else [best.precision]
    layouts = [False, True] if compute.memory_format == "auto" and pictures else [best.channels_last]
    return [replace(best, precision=p, channels_last=last) for p in precisions for last in layouts]


def has_fast_bf16(device: torch.device) -> bool:
    """Whether bf16 is worth trying: not on processors that only emulate it, where it is far slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return torch.backends.mkldnn.is_available() and _cpu_has_bf16()
    return False


def _cpu_has_bf16() -> bool:
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and "AVX512" in torch.backends.cpu.get_cpu_capability()


def environment() -> dict[str, Any]:
    """What a run was made with, for its folder and for `doctor`."""
    from . import __version__

    return {
        "gan_studio": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.platform(),
        "cores": cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "cuda": torch.version.cuda if torch.cuda.is_available() else None,
        "device": device_name(pick_device()),
        "fast_bf16": has_fast_bf16(pick_device()),
    }
