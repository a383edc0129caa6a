"""A translator applied to a picture of any size: whole, in tiles, or layer by layer, with what belongs to the picture.

Everything that translates goes through here, so that one picture alone and the same one in a queue become the same.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import images
from ..compute import free_bytes
from ..config import ConfigError, Problem, Spec, option
from ..data import cache
from ..networks import Needs
from ..nn.as_trained import seed_noise
from ..nn.piecemeal import Box, Reader, Unfit, layers_of, mirrored, picked, piecemeal, plans
from ..nn.tiles import cuts, tiled
from ..picture_files import Picture
from . import lab
from .dryrun import is_out_of_memory
from .readied import Ready, readied
from .translators import Translator

WHOLE_PX = {"cpu": 1024**2, "cuda": 2048**2, "mps": 1024**2}  # at once: so long no cancel is heard
LEAST_TILE, MOST_TILE = 32, {"cpu": 512, "cuda": 1024, "mps": 512}
MOST_OVERLAP = 128  # px; what lies farther changes nothing that is seen
BLIND_OVERLAP, BLEND = 48, 16  # px, where nobody knows how far the network looks
SHARE = 0.5  # of what is free

Share = Iterator[float]  # how much is done, tile by tile


class Manner(Spec):
    """How a translator is applied."""

    way: Literal["auto", "whole", "tiles", "layers"] = option(
        "auto",
        "Large pictures in one piece, in tiles that overlap, or layer by layer, which is exact for networks that look "
        "at the whole picture. Auto: the exact way that fits.",
    )
    tile: int = option(0, "Side of a tile. 0: as the free memory allows.", ge=0, le=8192, unit="px")
    overlap: int = option(
        -1, "What a tile sees of its neighbours. -1: as far as the network looks.", ge=-1, le=2048, unit="px"
    )
    precision: Literal["auto", "fp32", "bf16"] = option(
        "auto", "Number format of the arithmetic. Auto: bf16 where it is measured to be faster; fp32 is exact."
    )
    size: Literal["pad", "resize"] = option(
        "pad",
        "Pad: every picture at its own size, continued by reflection where the network wants more. Resize: at the size "
        "of the training pictures whatever its shape, and back, as pix2pix's own program does; it costs sharpness.",
    )
    alpha: Literal["keep", "translate", "drop"] = option(
        "keep",
        "Transparency as it is, enlarged where the picture is; translated as a grey picture of its own, which makes "
        "enlarged edges sharp; or dropped. Networks that make transparency themselves go their own way.",
    )
    seed: int = option(0, "Names the noise of networks that are applied as they were trained.", ge=0, le=2**31)


class Cancelled(Exception):  # noqa: N818 (no error: it was wanted)
    """The work was stopped half way."""


# --- a picture through a translator ----------------------------------------------------------------------------------


def translated(
    translator: Translator, picture: Picture, manner: Manner | None = None, stop: Callable[[], bool] = lambda: False
) -> Picture:
    """Nothing is written: what a preview shows. Raises Cancelled where `stop` turns true between two tiles."""
    return run_out(applied(translator, picture, manner or Manner()), stop)


def run_out(work: Generator[float, None, Any], stop: Callable[[], bool] = lambda: False) -> Any:
    """What long work returns. Raises Cancelled."""
    with contextlib.closing(work):
        while True:
            if stop():
                raise Cancelled
            try:
                next(work)
            except StopIteration as done:
                return done.value


def applied(translator: Translator, picture: Picture, manner: Manner) -> Generator[float, None, Picture]:
    """Yields the share that is done, tile by tile; returns the picture. Closing it cancels. Raises ConfigError."""
    precise = picture.colour.dtype != np.uint8 and manner.precision == "auto"  # bf16 has no 16 bits to give
    how = manner.model_copy(update={"precision": "fp32"}) if precise else manner
    if manner.alpha == "drop":
        picture = replace(picture, alpha=None)
    given = sized(picture, translator, manner)
    works = [_coloured(translator, given, how)]
    if given.alpha is not None and manner.alpha == "translate" and 4 not in translator.channels:
        works.append(_coloured(translator, Picture(given.alpha[:, :, None]), how))
    made, *planes = yield from _in_turn(works)
    height, width = (side * translator.needs.scale for side in picture.colour.shape[:2])
    alpha = made.alpha if translator.channels[1] == 4 else picture.alpha
    for plane in planes:
        alpha = plane.colour.mean(axis=2).round().astype(picture.colour.dtype)
    alpha = None if alpha is None or manner.alpha == "drop" else resized(alpha, (height, width))
    return replace(picture, colour=resized(made.colour, (height, width)), alpha=alpha)


def _in_turn(works: list[Generator[float, None, Picture]]) -> Generator[float, None, list[Picture]]:
    """One after the other, as one."""
    done = []
    for number, work in enumerate(works):
        with contextlib.closing(work):
            while True:
                try:
                    share = next(work)
                except StopIteration as end:
                    done.append(end.value)
                    break
                yield (number + share) / len(works)
    return done


def _coloured(translator: Translator, picture: Picture, manner: Manner) -> Generator[float, None, Picture]:
    """The network's own picture of one; alpha is only what it makes itself."""
    colour, (inputs, outputs) = picture.colour, translator.channels
    if translator.lab:
        ab = yield from computed(translator, lab.lightness(colour), manner, np.float32)
        return replace(picture, colour=lab.coloured(colour, ab, translator.cuts_off), alpha=None)
    pixels = yield from computed(translator, network_input(picture, inputs), manner, colour.dtype)
    return replace(picture, colour=pixels[:, :, :3], alpha=pixels[:, :, 3] if outputs == 4 else None)


def given_size(translator: Translator, size: tuple[int, int], manner: Manner) -> tuple[int, int]:
    """Of a picture (height, width), as the network is given it. Raises ConfigError where nobody knows it."""
    if manner.size == "pad":
        return size
    if translator.trained_size is None:
        raise ConfigError(
            Problem("size", "of this translator nobody knows at which size it was trained; choose pad, or put its "
                    "options file, train_opt.txt, beside it.")
        )  # fmt: skip
    return translator.trained_size


def sized(picture: Picture, translator: Translator, manner: Manner) -> Picture:
    """At the size that the network is given."""
    size = given_size(translator, picture.colour.shape[:2], manner)
    alpha = None if picture.alpha is None else resized(picture.alpha, size)
    return replace(picture, colour=resized(picture.colour, size), alpha=alpha)


def network_input(picture: Picture, channels: int) -> np.ndarray:
    """[H, W, C] of as many channels as the network takes."""
    colour = picture.colour
    if channels == 1 and colour.shape[2] == 3:  # as Pillow's "L"
        grey = colour.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        colour = grey.round().astype(colour.dtype)[:, :, None]
    elif channels > 1 and colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    if channels == 4:
        full = np.full(colour.shape[:2], np.iinfo(colour.dtype).max, colour.dtype)
        colour = np.dstack([colour, full if picture.alpha is None else picture.alpha])
    return colour


def resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[H, W] or [H, W, C] of uint8 or uint16 at another size (height, width), bicubically; bytes as Pillow does it."""
    if pixels.shape[:2] == size:
        return pixels
    if pixels.ndim == 3:
        return np.dstack([resized(plane, size) for plane in np.moveaxis(pixels, 2, 0)])
    plane = Image.fromarray(np.ascontiguousarray(pixels, None if pixels.dtype == np.uint8 else np.float32))
    return (
        np.asarray(plane.resize(size[::-1], Image.Resampling.BICUBIC))
        .clip(0, np.iinfo(pixels.dtype).max)
        .round()
        .astype(pixels.dtype)
    )


def computed(
    translator: Translator, pixels: np.ndarray, manner: Manner, dtype: Any = np.uint8
) -> Generator[float, None, np.ndarray]:
    """[H, W, C] of uint8, uint16 or float32 in [-1, 1] -> [s H, s W, C'] of `dtype`, which is one of these.

    Where the memory does not suffice, it is tried again with tiles of half the side. Raises ConfigError.
    """
    if min(pixels.shape[:2]) < 1:
        raise ConfigError("The picture has no pixels; choose a larger part of it.")
    reader = Source(pixels, translator.needs, translator.device)
    way = way_for(translator, reader.size, manner)
    while True:
        result = Result(pixels.shape, translator, dtype)
        seed_noise(translator.network, manner.seed)
        try:
            yield from way.go(reader, result)
            return result.pixels
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        del result
        way = way.smaller()


# --- pixels and numbers ----------------------------------------------------------------------------------------------


class Source(Reader):
    """Pixels as a network reads them: continued by reflection to the right and below, where their size does not fit."""

    def __init__(self, pixels: np.ndarray, needs: Needs, device: torch.device):
        self.pixels, self.device, self.channels = pixels, device, pixels.shape[2]
        rows, columns = (_fitting(side, needs) for side in pixels.shape[:2])
        self.size = (rows, columns)

    def read(self, box: Box) -> Tensor:
        rows, columns = box
        if rows[1] <= self.pixels.shape[0] and columns[1] <= self.pixels.shape[1]:
            part = self.pixels[slice(*rows), slice(*columns)]
        else:
            places = (mirrored(np.arange(*span), side) for span, side in zip(box, self.pixels.shape, strict=False))
            part = self.pixels[np.ix_(*places)]
        return images.to_numbers(part).to(self.device)

    def all(self) -> Tensor:
        return self.read(((0, self.size[0]), (0, self.size[1])))


def _fitting(side: int, needs: Needs) -> int:
    return -(-max(side, needs.least) // needs.multiple) * needs.multiple


class Result:
    """The translated picture, filled piece by piece; what the padding made is cut off."""

    def __init__(self, shape: tuple[int, ...], translator: Translator, dtype: Any):
        height, width = (side * translator.needs.scale for side in shape[:2])
        self.pixels = np.empty((height, width, translator.channels[1]), dtype)
        cuts_off = translator.cuts_off and self.pixels.dtype == np.uint8
        self.to_pixels = images.to_uint8_cut_off if cuts_off else partial(images.to_pixels, dtype=self.pixels.dtype)

    def write(self, box: Box, piece: Tensor) -> None:
        (top, bottom), (left, right) = (
            (span[0], min(span[1], side)) for span, side in zip(box, self.pixels.shape, strict=False)
        )
        if top < bottom and left < right:
            inside = piece[:, :, : bottom - top, : right - left]
            self.pixels[top:bottom, left:right] = self.to_pixels(inside)[0]


# --- ways ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Way(ABC):
    """How a picture of some size is gone about. `str` of it says so."""

    translator: Translator
    ready: Ready
    manner: Manner
    size: tuple[int, int]  # of what the network is given
    tile: int = 0  # px
    exact: bool = True  # the whole picture at once would give the same

    @abstractmethod
    def go(self, reader: Source, result: Result) -> Share: ...

    @abstractmethod
    def __str__(self) -> str: ...

    def smaller(self) -> Way:
        """Where the memory did not suffice. Raises ConfigError."""
        if self.translator.device.type == "cuda":
            torch.cuda.empty_cache()
        tile = (self.tile or max(self.size)) // 2
        if tile < LEAST_TILE:
            raise ConfigError(
                f"The memory does not suffice even for tiles of {2 * tile} px; close other programs, or choose the CPU."
            )
        return way_for(self.translator, self.size, self.manner.model_copy(update={"tile": tile}), may_be_whole=False)


class Whole(Way):
    def go(self, reader: Source, result: Result) -> Share:
        y = self.ready(reader.all())
        result.write(((0, y.shape[2]), (0, y.shape[3])), y)
        yield 1.0

    def __str__(self) -> str:
        return "in one piece"


@dataclass(frozen=True, eq=False)
class Tiles(Way):
    overlap: int = 0  # px
    blend: int = 0

    def go(self, reader: Source, result: Result) -> Share:
        needs = self.translator.needs
        rows, columns = (
            cuts(side, self.tile, self.overlap, needs.multiple, needs.least, self.blend) for side in reader.size
        )
        yield from tiled(self.ready, reader, result.write, rows, columns, needs.scale)

    def __str__(self) -> str:
        words = f"in tiles of {self.tile} px that overlap by {self.overlap} px"
        return words if self.exact else f"{words} and are blended: the network looks farther, so seams are possible"


@dataclass(frozen=True, eq=False)
class Layers(Way):
    plan: int = 0  # its place among `plans`
    on_disk: bool = False

    def go(self, reader: Source, result: Result) -> Share:
        layers = layers_of(self.translator.network, reader)
        plan = plans(layers)[self.plan]
        folder = scratch() if self.on_disk else None
        device = self.translator.device
        work = piecemeal(layers, plan, result.write, self.tile, device, folder)
        with contextlib.closing(work):
            while True:
                with self.ready.arithmetic():  # entered anew, so that it ends where others go on
                    share = next(work, None)
                if share is None:
                    return
                yield share

    def __str__(self) -> str:
        return f"layer by layer in pieces of {self.tile} px" + (", kept on the disk" if self.on_disk else "")


def way_for(
    translator: Translator, size: tuple[int, int], manner: Manner | None = None, may_be_whole: bool = True
) -> Way:
    """The way that a picture of this size, as the network is given it, is gone about. Raises ConfigError."""
    manner = manner or Manner()
    ready = readied(translator, manner.precision)
    common: dict[str, Any] = {"translator": translator, "ready": ready, "manner": manner, "size": size}
    free = SHARE * free_bytes(translator.device)
    fits = math.prod(size) * ready.bytes_a_pixel <= free and math.prod(size) <= WHOLE_PX[translator.device.type]
    if may_be_whole and (manner.way == "whole" or (manner.way == "auto" and fits and not manner.tile)):
        return Whole(**common)
    tile = manner.tile or _tile(translator, ready, free)
    if manner.way == "layers" or (manner.way in ("auto", "whole") and translator.sees_all):
        try:
            return _layers(common, tile)
        except Unfit as error:
            if manner.way == "layers":
                raise ConfigError(f"This network cannot be done layer by layer: {error}; choose tiles.") from None
    return _tiles(common, tile)


def _tile(translator: Translator, ready: Ready, free: float) -> int:
    """A side that the memory holds with all that overlaps, a power of two times the multiple where it is small."""
    side = math.sqrt(free / 2 / ready.bytes_a_pixel)
    most = MOST_TILE[translator.device.type]
    if translator.needs.reach:
        most = max(
            most, 4 * min(translator.needs.reach, MOST_OVERLAP)
        )  # a tile much smaller than what overlaps is dear
        side -= 2 * min(translator.needs.reach, MOST_OVERLAP)
    return int(max(LEAST_TILE, min(most, side))) // 16 * 16


def _layers(common: dict[str, Any], tile: int) -> Layers:
    """Raises Unfit."""
    translator, size = common["translator"], common["size"]
    nothing = np.broadcast_to(np.uint8(0), (*size, translator.channels[0]))
    found = plans(layers_of(translator.network, Source(nothing, translator.needs, translator.device)))
    room = SHARE * free_bytes(translator.device)
    plan, on_disk = picked(found, int(room), int(SHARE * shutil.disk_usage(scratch()).free))
    return Layers(**common, tile=tile, exact=not translator.has_noise, plan=found.index(plan), on_disk=on_disk)


def _tiles(common: dict[str, Any], tile: int) -> Tiles:
    translator, manner = common["translator"], common["manner"]
    reach = translator.needs.reach
    usual = BLIND_OVERLAP if reach is None else min(reach, MOST_OVERLAP)
    overlap = usual if manner.overlap < 0 else manner.overlap
    exact = not translator.sees_all and reach is not None and overlap >= reach and not translator.has_noise
    return Tiles(**common, tile=tile, exact=exact, overlap=overlap, blend=0 if exact else min(BLEND, overlap // 2))


def scratch() -> Path:
    """A folder for what does not fit into the memory."""
    folder = cache.folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
