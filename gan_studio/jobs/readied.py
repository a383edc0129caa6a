"""A translator made ready to compute: in the number format and memory layout that were measured to be the fastest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..compute import Compute, Engine, default_engine, device_name, formats_to_try
from ..data import cache
from ..files import write_atomic
from .translators import Translator

FILE = "translation.json"  # in the cache: what was measured
PROBE_PX = 128
WORTH = 1.15  # so much faster than plain float32 must a format be
MOST_CHANGE = 2.0  # levels of 255 that it may change a pixel on average
MAPS = 6  # times its widest map: what torch holds at one time, with what convolutions need


@dataclass(frozen=True, eq=False)
class Ready:
    """Calls the network on [1, C, H, W] float32."""

    network: nn.Module
    engine: Engine
    bytes_a_pixel: float  # of the picture, while it computes
    words: str  # what was picked, and why

    def __call__(self, x: Tensor) -> Tensor:
        with self.arithmetic():
            return self.network(self.engine.lay(x.to(self.engine.device))).float()

    @contextlib.contextmanager
    def arithmetic(self) -> Iterator[None]:
        with torch.inference_mode(), self.engine.autocast():
            yield


NOW = "now"  # which of them it is laid in memory for


def readied(translator: Translator, precision: str = "auto") -> Ready:
    """Measured at the first time, a few seconds for large networks, and remembered for all networks of this kind."""
    known: dict[str, Ready] = translator.remembered
    if precision not in known:
        known[precision] = _readied(translator, precision)
    ready = known[precision]
    if known.get(NOW) is not ready:  # another precision may have laid it in memory in another way
        layout = torch.channels_last if ready.engine.channels_last else torch.contiguous_format
        ready.network.to(memory_format=layout)  # type: ignore[call-overload]
        known[NOW] = ready
    return ready


def _readied(translator: Translator, precision: str) -> Ready:
    compute = Compute.parse({"device": translator.device.type, "precision": precision})
    plain = replace(default_engine(compute), threads=torch.get_num_threads())
    weight = MAPS * 4 * _widest(translator)
    tried = formats_to_try(compute, plain, pictures=True)
    if precision == "fp32" or len(tried) == 1:
        return Ready(translator.network, plain, weight, str(plain))
    key = _key(translator, precision)
    remembered = _remembered()
    found = next((engine for engine in tried if _words(engine) == remembered.get(key)), None)
    if found is None:
        found = _fastest(translator, tried)
        _remember(remembered | {key: _words(found)})
    return Ready(translator.network, found, weight, str(found))


def _widest(translator: Translator) -> float:
    """Numbers for each pixel of the picture in the widest map that one of its layers makes."""
    most = 0
    x = _probe(translator, PROBE_PX // 2)

    def look(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal most
        most = max(most, output.numel() if isinstance(output, Tensor) else 0)

    leaves = [part for part in translator.network.modules() if not list(part.children())]
    hooks = [part.register_forward_hook(look) for part in leaves]
    try:
        with torch.inference_mode():
            most = max(x.numel(), translator.network(x).numel())
            translator.network(x)
    finally:
        for hook in hooks:
            hook.remove()
    return most / (x.shape[2] * x.shape[3])


def _probe(translator: Translator, side: int) -> Tensor:
    """A smooth picture, as pictures are, of the smallest side that fits from `side` on."""
    needs = translator.needs
    side = -(-max(side, needs.least) // needs.multiple) * needs.multiple
    rough = torch.rand(1, translator.channels[0], 8, 8, generator=torch.Generator().manual_seed(0))
    smooth = nn.functional.interpolate(rough, size=(side, side), mode="bilinear")
    return (smooth * 2 - 1).to(translator.device)


# --- which is the fastest --------------------------------------------------------------------------------------------


def _fastest(translator: Translator, tried: list[Engine]) -> Engine:
    """Of those whose pictures are near enough to those of float32, where that is tried too."""
    x = _probe(translator, PROBE_PX)
    plain = next((engine for engine in tried if engine.precision == "fp32" and not engine.channels_last), None)
    times: dict[Engine, float] = {}
    exact: Tensor | None = None
    for engine in tried:
        seconds, y = _timed(Ready(translator.network, engine, 0, ""), x)
        exact = y if engine is plain else exact
        if exact is not None and float((y - exact).abs().mean()) * 127.5 > MOST_CHANGE:
            continue
        times[engine] = seconds
    best = min(times, key=times.__getitem__)
    return best if plain is None or times[best] * WORTH < times[plain] else plain


def _timed(ready: Ready, x: Tensor) -> tuple[float, Tensor]:
    """(seconds, picture), the better of two after one that warms up."""
    ready.engine.place(ready.network)
    y, times = ready(x), []
    for _ in range(2):
        ready.engine.wait()
        start = time.perf_counter()
        y = ready(x)
        ready.engine.wait()
        times.append(time.perf_counter() - start)
    return min(times), y


def _key(translator: Translator, precision: str) -> str:
    """The same for all networks of the same layers on the same machine."""
    shapes = [(name, tuple(tensor.shape)) for name, tensor in translator.network.state_dict().items()]
    layers = [(name, type(part).__name__) for name, part in translator.network.named_modules()]
    said = (shapes, layers, device_name(translator.device), torch.__version__, precision)
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _words(engine: Engine) -> str:
    return f"{engine.precision}{', channels-last' if engine.channels_last else ''}"


def _remembered() -> dict[str, str]:
    try:
        values = json.loads((cache.folder() / FILE).read_bytes())
        return {str(key): str(value) for key, value in values.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _remember(values: dict[str, str]) -> None:
    with contextlib.suppress(OSError):  # then it is measured again
        cache.folder().mkdir(parents=True, exist_ok=True)
        write_atomic(cache.folder() / FILE, json.dumps(values, indent=1))
