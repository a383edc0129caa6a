"""A network over a picture too large for the memory: layer by layer, each in pieces, equal to doing it at once.

Every layer tells which part of its input a part of its output needs. A norm that looks at the whole picture first lets
all the pieces of its input pass by; then a piece of its output needs no more than the same piece. Maps (the outputs of
layers) are kept, in memory or on the disk, where making them again would cost much; others are made anew wherever a
piece of them is read.
"""

from __future__ import annotations

import copy
import math
import operator
import os
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from .as_trained import SeededDropout
from .few_pixels import Doubling, Halving

Span = tuple[int, int]  # from, to (exclusive)
Box = tuple[Span, Span]  # rows, columns
Size = tuple[int, int]  # rows, columns

LEAST_TILE = 8
DEAREST = 1.5  # so much more arithmetic than the least is taken for keeping less
BYTES = 4  # of a number that is kept


class Unfit(Exception):  # noqa: N818 (no error: another way is taken)
    """A network or picture that cannot be done in pieces; the text says why."""


class Reader(ABC):
    """What is read: a picture of any size, in pieces."""

    channels: int
    size: Size

    @abstractmethod
    def read(self, box: Box) -> Tensor:
        """[1, C, h, w] float32 of its own."""


# --- layers ----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Layer(ABC):
    """An operation of the network with the size of its map."""

    inputs: tuple[Layer, ...]
    channels: int
    size: Size
    cost: float = 0.0  # multiplications for one number of its map

    @property
    def numbers(self) -> int:
        return self.channels * math.prod(self.size)

    def needs(self, span: Span, axis: int) -> Span:
        """Which rows (axis 0) or columns (1) of its inputs are read for these of its map."""
        return span

    @abstractmethod
    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        """The piece `box` of its map from what it needs of each input."""


@dataclass(eq=False)
class Picture(Layer):
    """What goes into the network."""

    reader: Reader = field(kw_only=True)

    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        return self.reader.read(box)


@dataclass(eq=False)
class Pointwise(Layer):
    """Each number by itself, or with those at the same place of other maps."""

    function: Callable[[list[Tensor]], Tensor] = field(kw_only=True)

    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        return self.function(parts)


@dataclass(eq=False)
class Normalise(Layer):
    """By the statistics of the whole picture, channel by channel: what instance norm is."""

    eps: float = field(kw_only=True)
    weight: Tensor | None = field(kw_only=True)
    bias: Tensor | None = field(kw_only=True)
    mean: Tensor | None = None  # [C], once all has passed by
    variance: Tensor | None = None

    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        assert self.mean is not None and self.variance is not None
        x = parts[0].float()  # batch norm with these statistics is an instance norm, in one pass over the numbers
        return functional.batch_norm(x, self.mean, self.variance, self.weight, self.bias, False, 0.0, self.eps)

    def settle(self, moments: Moments) -> None:
        self.mean = moments.mean.float()
        self.variance = (moments.squares / moments.count).float()


@dataclass(eq=False)
class Convolve(Layer):
    module: nn.Conv2d = field(kw_only=True)

    def _wanted(self, span: Span, axis: int) -> Span:
        """With what lies outside, which is 0."""
        k, s, p, d = (pair[axis] for pair in _pairs(self.module))
        return span[0] * s - p, (span[1] - 1) * s - p + d * (k - 1) + 1

    def needs(self, span: Span, axis: int) -> Span:
        return _inside(self._wanted(span, axis), self.inputs[0].size[axis])

    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        module = self.module
        missing = [_missing(self._wanted(span, axis), self.inputs[0].size[axis]) for axis, span in enumerate(box)]
        x = functional.pad(parts[0], (*missing[1], *missing[0]))
        return functional.conv2d(x, module.weight, module.bias, module.stride, 0, module.dilation, module.groups)


@dataclass(eq=False)
class ConvolveTransposed(Layer):
    """The number at i spreads to i * stride - padding + (0 ... kernel - 1)."""

    module: nn.ConvTranspose2d = field(kw_only=True)

    def needs(self, span: Span, axis: int) -> Span:
        k, s, p, _ = (pair[axis] for pair in _pairs(self.module))
        return _inside((-((k - 1 - span[0] - p) // s), (span[1] - 1 + p) // s + 1), self.inputs[0].size[axis])

    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        module = self.module
        x = functional.conv_transpose2d(parts[0], module.weight, module.bias, module.stride, groups=module.groups)
        for axis, span in enumerate(box):
            first = self.needs(span, axis)[0] * _pairs(module)[1][axis] - _pairs(module)[2][axis]
            x = x.narrow(2 + axis, span[0] - first, span[1] - span[0])
        return x


@dataclass(eq=False)
class Picked(Layer):
    """Rows and columns that are copies of those of the input: padding that mirrors or repeats, nearest neighbours."""

    place: Callable[[np.ndarray, int], np.ndarray] = field(kw_only=True)  # (places in its map, input's size)
    before: Size = (0, 0)

    def _places(self, span: Span, axis: int) -> np.ndarray:
        return self.place(np.arange(*span) - self.before[axis], self.inputs[0].size[axis])

    def needs(self, span: Span, axis: int) -> Span:
        places = self._places(span, axis)
        return int(places.min()), int(places.max()) + 1

    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        x = parts[0]
        for axis, span in enumerate(box):
            places = self._places(span, axis)
            if not (np.diff(places) == 1).all():  # in the middle nothing is mirrored
                x = x.index_select(2 + axis, torch.from_numpy(places - places.min()).to(x.device))
        return x


@dataclass(eq=False)
class Shuffle(Layer):
    """Pixel shuffle: channels become pixels."""

    factor: int = field(kw_only=True)

    def needs(self, span: Span, axis: int) -> Span:
        return span[0] // self.factor, -(-span[1] // self.factor)

    def make(self, box: Box, parts: list[Tensor]) -> Tensor:
        x = functional.pixel_shuffle(parts[0], self.factor)
        for axis, span in enumerate(box):
            x = x.narrow(2 + axis, span[0] % self.factor, span[1] - span[0])
        return x


def _pairs(module: Any) -> list[tuple[int, int]]:
    """Kernel, stride, padding, dilation, each for rows and columns."""
    return [module.kernel_size, module.stride, module.padding, module.dilation]


def _inside(span: Span, size: int) -> Span:
    return max(0, span[0]), min(size, span[1])


def _missing(span: Span, size: int) -> Span:
    return max(0, -span[0]), max(0, span[1] - size)


def mirrored(places: np.ndarray, size: int) -> np.ndarray:
    """Places beyond the edges as those that a mirror at the outermost pixel shows, however far beyond."""
    period = max(1, 2 * (size - 1))
    places = np.abs(places) % period
    return np.where(places >= size, period - places, places)


def _repeated(places: np.ndarray, size: int) -> np.ndarray:
    return places.clip(0, size - 1)


# --- from a network to layers ----------------------------------------------------------------------------------------


_tracing = threading.Lock()  # a trace takes the place of `nn.Module.__call__` for a while, of all modules


class _Tracer(fx.Tracer):
    """Of what its own thread calls: networks that others run meanwhile are let through."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m) in MODULES or (type(m).__module__.startswith("torch.nn") and not isinstance(m, nn.Sequential))


def layers_of(network: nn.Module, reader: Reader) -> list[Layer]:
    """The network's layers for a picture of this size, inputs before outputs; the last one is its result.

    Raises Unfit where it does something that is not known here to be done in pieces.
    """
    try:
        with _tracing:
            graph = _Tracer().trace(network)
        sizes = _Sizes(fx.GraphModule(_bare(network), copy.deepcopy(graph)))
        sizes.run(torch.empty(1, reader.channels, *reader.size, device="meta"))
    except Exception as error:  # tracing fails in ways of its own
        raise Unfit(f"its layers cannot be followed ({type(error).__name__})") from None
    found: dict[str, Layer] = {}
    for node in graph.nodes:
        if node.op == "output":
            return _ordered(found[node.args[0].name])
        size = sizes.found.get(node.name)
        if size is None or len(size) != 4:
            raise Unfit("it does more than layers on one picture")
        found[node.name] = _layer(node, network, reader, [found[arg.name] for arg in node.all_input_nodes], size)
    raise Unfit("it has no result")


def _bare(network: nn.Module) -> nn.Module:
    """A copy without numbers, for sizes alone."""
    memo = {id(p): torch.empty_like(p, device="meta") for p in (*network.parameters(), *network.buffers())}
    memo = {key: nn.Parameter(value, False) for key, value in memo.items()}
    return copy.deepcopy(network, memo)


class _Sizes(fx.Interpreter):
    def __init__(self, module: fx.GraphModule):
        super().__init__(module, garbage_collect_values=False)
        self.found: dict[str, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, Tensor):
            self.found[n.name] = tuple(result.shape)
        return result


def _layer(node: fx.Node, network: nn.Module, reader: Reader, inputs: list[Layer], size: tuple[int, ...]) -> Layer:
    _, channels, rows, columns = size
    common: dict[str, Any] = {"inputs": tuple(inputs), "channels": channels, "size": (rows, columns)}
    if node.op == "placeholder":
        return Picture(**common, reader=reader)
    if node.op == "call_module":
        module = network.get_submodule(str(node.target))
        if type(module) not in MODULES:
            raise Unfit(f"it has a layer of the kind {type(module).__name__}")
        return MODULES[type(module)](module, common)
    if node.target is functional.interpolate:
        return _nearest(node.kwargs.get("scale_factor"), node.kwargs.get("mode", "nearest"), common)
    if node.target in FUNCTIONS and all(one.size == (rows, columns) for one in inputs):
        return Pointwise(**common, function=_calling(node))
    raise Unfit(f"it does {getattr(node.target, '__name__', node.target)!s}")


def _calling(node: fx.Node) -> Callable[[list[Tensor]], Tensor]:
    """What a node does, of the pieces of its inputs."""
    places = {arg: place for place, arg in enumerate(node.all_input_nodes)}

    def call(parts: list[Tensor]) -> Tensor:
        args = fx.node.map_arg(node.args, lambda arg: parts[places[arg]])
        kwargs = fx.node.map_arg(node.kwargs, lambda arg: parts[places[arg]])
        if isinstance(node.target, str):
            return getattr(args[0], node.target)(*args[1:], **kwargs)
        return node.target(*args, **kwargs)  # type: ignore[operator]

    return call


def _ordered(result: Layer) -> list[Layer]:
    """What the result is made of, inputs first."""
    found: dict[int, Layer] = {}

    def visit(layer: Layer) -> None:
        if id(layer) not in found:
            for one in layer.inputs:
                visit(one)
            found[id(layer)] = layer

    visit(result)
    return list(found.values())


# --- the kinds of layers that are known ------------------------------------------------------------------------------

Build = Callable[[Any, dict[str, Any]], Layer]


def _pointwise(module: nn.Module, common: dict[str, Any]) -> Layer:
    return Pointwise(**common, function=lambda parts: module(parts[0]))


def _convolution(module: nn.Conv2d, common: dict[str, Any]) -> Layer:
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        raise Unfit("its convolutions pad in a way of their own")
    return Convolve(**common, module=module, cost=_cost(module, module.in_channels))


def _transposed(module: Any, common: dict[str, Any]) -> Layer:
    if module.dilation != (1, 1) or any(o > p for o, p in zip(module.output_padding, module.padding, strict=True)):
        raise Unfit("its transposed convolutions pad in a way of their own")
    cost = _cost(module, module.in_channels) / math.prod(module.stride)
    return ConvolveTransposed(**common, module=module, cost=cost)


def _cost(module: Any, inputs: int) -> float:
    return math.prod(module.kernel_size) * inputs / module.groups


def _padding(place: Callable[[np.ndarray, int], np.ndarray]) -> Build:
    def build(module: Any, common: dict[str, Any]) -> Layer:
        left, _, top, _ = module.padding
        return Picked(**common, place=place, before=(top, left))

    return build


def _instance_norm(module: nn.InstanceNorm2d, common: dict[str, Any]) -> Layer:
    if module.track_running_stats and not module.training:
        return _pointwise(module, common)
    return Normalise(**common, eps=module.eps, weight=module.weight, bias=module.bias)


def _batch_norm(module: nn.BatchNorm2d, common: dict[str, Any]) -> Layer:
    if module.training or module.running_mean is None:
        raise Unfit("its batch norm looks at whole batches")
    return _pointwise(module, common)


def _upsample(module: nn.Upsample, common: dict[str, Any]) -> Layer:
    return _nearest(module.scale_factor, module.mode, common)


def _nearest(factor: Any, mode: Any, common: dict[str, Any]) -> Layer:
    if mode != "nearest" or not isinstance(factor, int | float) or factor < 1 or factor != int(factor):
        raise Unfit(f"it enlarges by {mode}")
    times = int(factor)
    return Picked(**common, place=lambda places, size: places // times)


def _shuffle(module: nn.PixelShuffle, common: dict[str, Any]) -> Layer:
    return Shuffle(**common, factor=module.upscale_factor)


MODULES: dict[type, Build] = {
    nn.Conv2d: _convolution,
    nn.ConvTranspose2d: _transposed,
    Halving: _convolution,
    Doubling: _transposed,
    nn.ReflectionPad2d: _padding(mirrored),
    nn.ReplicationPad2d: _padding(_repeated),
    nn.InstanceNorm2d: _instance_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Upsample: _upsample,
    nn.PixelShuffle: _shuffle,
    **dict.fromkeys((nn.Identity, nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.Tanh, nn.Sigmoid, nn.SiLU, nn.GELU), _pointwise),
    **dict.fromkeys((nn.Dropout, SeededDropout), _pointwise),  # the latter's noise is another one in pieces
}
FUNCTIONS: set[Any] = {
    *(operator.add, operator.sub, operator.mul, operator.truediv, torch.add, torch.sub, torch.mul),
    *(
        torch.cat,
        torch.concat,
        torch.tanh,
        torch.relu,
        torch.sigmoid,
        functional.relu,
        functional.leaky_relu,
        functional.silu,
        functional.gelu,
    ),
    *("float", "tanh", "relu", "sigmoid", "add", "mul", "sub", "div", "clamp", "to"),
}


# --- statistics ------------------------------------------------------------------------------------------------------


class Moments:
    """Mean and sum of squared differences from it, [C] float64, of pieces one after the other. Chan et al. 1979."""

    def __init__(self, channels: int, device: torch.device):
        exact = torch.float32 if device.type == "mps" else torch.float64
        self.count = 0
        self.mean = torch.zeros(channels, dtype=exact, device=device)
        self.squares = torch.zeros(channels, dtype=exact, device=device)

    def add(self, x: Tensor) -> None:
        """[1, C, h, w]"""
        pixels = x[0].flatten(1).float()  # [C, h w]
        count = pixels.shape[1]
        mean = pixels.mean(1)
        variance = (pixels - mean[:, None]).square().mean(1)  # a third of the time of torch.var_mean
        apart = mean.to(self.mean.dtype) - self.mean
        total = self.count + count
        self.mean += apart * (count / total)
        self.squares += variance.to(self.mean.dtype) * count + apart.square() * (self.count * count / total)
        self.count = total


# --- maps that are kept ----------------------------------------------------------------------------------------------


class Kept(ABC):
    """A map that is kept until nobody reads it any more."""

    @abstractmethod
    def write(self, box: Box, piece: Tensor) -> None: ...

    @abstractmethod
    def read(self, box: Box) -> Tensor:
        """[1, C, h, w] float32 of its own."""

    @abstractmethod
    def close(self) -> None:
        """Give back what it holds."""


class InMemory(Kept):
    def __init__(self, layer: Layer, device: torch.device):
        self.map = torch.empty(1, layer.channels, *layer.size, device=device)

    def write(self, box: Box, piece: Tensor) -> None:
        self.map[:, :, slice(*box[0]), slice(*box[1])] = piece

    def read(self, box: Box) -> Tensor:
        return self.map[:, :, slice(*box[0]), slice(*box[1])].clone()

    def close(self) -> None:
        del self.map


class OnDisk(Kept):
    """Mapped anew for each piece, so that what was read or written does not stay in the process."""

    def __init__(self, layer: Layer, device: torch.device, folder: Path):
        self.device = device
        self.shape = (layer.channels, *layer.size)
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # without a name: nothing stays after a kill
        size = BYTES * layer.numbers
        try:
            if hasattr(os, "posix_fallocate"):  # a full disk is told now: a mapped write to one would end the process
                os.posix_fallocate(self.file.fileno(), 0, size)
            self.file.truncate(size)
        except OSError:
            self.file.close()
            raise

    def write(self, box: Box, piece: Tensor) -> None:
        self._mapped("r+")[:, slice(*box[0]), slice(*box[1])] = piece[0].float().cpu().numpy()

    def read(self, box: Box) -> Tensor:
        return torch.from_numpy(np.array(self._mapped("r")[:, slice(*box[0]), slice(*box[1])]))[None].to(self.device)

    def _mapped(self, mode: Any) -> np.ndarray:
        return np.memmap(self.file, np.float32, mode, shape=self.shape)  # type: ignore[call-overload]

    def close(self) -> None:
        self.file.close()


# --- what is kept ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """In which order maps pass by, and which of them are kept for how long."""

    stages: tuple[Layer, ...]  # whose maps are made from end to end
    kept: frozenset[int]  # ids of layers
    last: dict[int, int]  # {id of a kept layer: the last stage that reads it}
    costs: tuple[float, ...]  # multiplications of each stage
    peak: int  # bytes of all maps that are kept at one time


def plans(layers: Sequence[Layer]) -> list[Plan]:
    """From the one with the least arithmetic to that which keeps least."""
    normed = [layer.inputs[0] for layer in layers if isinstance(layer, Normalise)]
    limits = sorted({layer.numbers for layer in normed} | {0}, reverse=True)
    found = {plan.kept: plan for plan in (_plan(layers, normed, limit) for limit in limits)}
    return sorted(found.values(), key=lambda plan: sum(plan.costs))


def _plan(layers: Sequence[Layer], normed: Sequence[Layer], limit: int) -> Plan:
    """Maps are kept that several layers read, and those before a norm up to `limit` numbers."""
    result = layers[-1]
    before_norms = {id(layer) for layer in normed}
    readers: dict[int, int] = {}
    for layer in layers:
        for one in layer.inputs:
            readers[id(one)] = readers.get(id(one), 0) + 1
    kept: set[int] = set()
    for layer in layers[:-1]:
        wanted = id(layer) in before_norms and layer.numbers <= limit
        shared = readers[id(layer)] > 1 and not _is_near(layer, kept)
        if not isinstance(layer, Picture) and (wanted or shared):
            kept.add(id(layer))
    stages = [layer for layer in layers if id(layer) in kept or id(layer) in before_norms or layer is result]
    last: dict[int, int] = {}
    costs = []
    for number, stage in enumerate(stages):
        cost = 0.0
        for layer in _made(stage, kept):
            cost += (layer.cost + 1) * layer.numbers
            last |= {id(one): number for one in layer.inputs if id(one) in kept}
        costs.append(cost)
    return Plan(tuple(stages), frozenset(kept), last, tuple(costs), _peak(stages, kept, last))


def _is_near(layer: Layer, kept: set[int]) -> bool:
    """Whether it is made of one map that is kept, number by number, which costs next to nothing."""
    while isinstance(layer, Pointwise | Normalise) and len(layer.inputs) == 1:
        layer = layer.inputs[0]
        if id(layer) in kept or isinstance(layer, Picture):
            return True
    return False


def _made(stage: Layer, kept: set[int]) -> list[Layer]:
    """The layers that are computed when this one's map is made, as often as they are."""
    found, waiting = [], [stage]
    while waiting:
        layer = waiting.pop()
        found.append(layer)
        waiting += [one for one in layer.inputs if id(one) not in kept]
    return found


def _peak(stages: Sequence[Layer], kept: set[int], last: dict[int, int]) -> int:
    most = held = 0
    ends: dict[int, int] = {}
    for number, stage in enumerate(stages):
        if id(stage) in kept:
            held += stage.numbers
            ends[last[id(stage)]] = ends.get(last[id(stage)], 0) + stage.numbers
        most = max(most, held)
        held -= ends.get(number, 0)
    return BYTES * most


def picked(found: Sequence[Plan], memory: int, disk: int) -> tuple[Plan, bool]:
    """The plan to follow, and whether its maps lie on the disk. Raises Unfit where there is no room for any."""
    near = [plan for plan in found if sum(plan.costs) <= DEAREST * sum(found[0].costs)]
    for some, room, on_disk in ((near, memory, False), (near, disk, True), (found, memory, False), (found, disk, True)):
        for plan in some:
            if plan.peak <= room:
                return plan, on_disk
    least = min(plan.peak for plan in found)
    raise Unfit(f"what its layers make of so large a picture takes {least / 2**30:.1f} GiB")


# --- doing it --------------------------------------------------------------------------------------------------------


def piecemeal(
    layers: Sequence[Layer],
    plan: Plan,
    write: Callable[[Box, Tensor], None],
    tile: int,
    device: torch.device,
    folder: Path | None = None,
) -> Generator[float, None, None]:
    """Carry out the network; the pieces of its result go to `write`. Yields the share that is done, piece by piece.

    `tile` is the side of a piece in pixels of the picture. With `folder`, maps are kept there and not in memory.
    """
    maps: dict[int, Kept] = {}
    done, total = 0.0, sum(plan.costs)

    def make(layer: Layer, box: Box) -> Tensor:
        part = (layer.needs(box[0], 0), layer.needs(box[1], 1))
        return layer.make(box, [read(one, part) for one in layer.inputs])

    def read(layer: Layer, box: Box) -> Tensor:
        return maps[id(layer)].read(box) if id(layer) in maps else make(layer, box)

    try:
        for number, stage in enumerate(plan.stages):
            norms = [one for one in layers if isinstance(one, Normalise) and one.inputs[0] is stage]
            moments = Moments(stage.channels, device)
            if id(stage) in plan.kept:
                maps[id(stage)] = OnDisk(stage, device, folder) if folder else InMemory(stage, device)
            boxes = list(boxes_of(stage.size, max(LEAST_TILE, tile * stage.size[0] // layers[0].size[0])))
            for box in boxes:
                piece = make(stage, box)
                if norms:
                    moments.add(piece)
                if id(stage) in maps:
                    maps[id(stage)].write(box, piece)
                if stage is layers[-1]:
                    write(box, piece)
                done += plan.costs[number] / len(boxes)
                yield min(1.0, done / total)
            for norm in norms:
                norm.settle(moments)
            for key in [key for key in maps if plan.last[key] <= number]:
                maps.pop(key).close()
    finally:
        for map in maps.values():
            map.close()


def boxes_of(size: Size, tile: int) -> Iterator[Box]:
    """All of a map in pieces, row by row."""
    for top in range(0, size[0], tile):
        for left in range(0, size[1], tile):
            yield (top, min(size[0], top + tile)), (left, min(size[1], left + tile))
