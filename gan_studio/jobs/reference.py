"""Real samples that others are compared with: of a data source, or of a folder of pictures. They are never augmented.

A set of samples is asked for the first so many, batch by batch, and always gives the same ones: a random choice of all,
named by the contents of the samples and by nothing else, so that what is kept under that name can never be stale.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..compute import mixed_seed
from ..config import ConfigError
from ..data import Dataset, Source, cache
from ..data.image_folder import Place, open_place
from ..data.images import told_of
from ..images import WHITE, Channels, PictureError, decode, dimensions, planes, to_uint8
from ..progress import Progress
from .drawn import REAL_SEED

AT_ONCE_PX = 2**20  # pixels of a batch of pictures, so that a cancel is heard soon
MOST_AT_ONCE = 256
POINTS = 4096  # of a batch of points
UNSEEN_SEED = mixed_seed(0x756E7365656E, 0)  # of endless data, where another seed gives other samples
READING, LOOKING_FOR, DECODING = "Reading the real samples", "Looking for pictures", "Decoding pictures"


@dataclass(frozen=True)
class Samples:
    """Pictures [N, H, W, C] uint8 of one size, or points [N, 2] float32, that are asked for batch by batch."""

    name: str
    shape: tuple[int, ...]  # of one: (H, W, C), or (2,)
    count: int  # that there are, or were asked for
    batches: Callable[[], Iterator[np.ndarray]] = field(repr=False)
    preprocessing: str  # in words
    notes: tuple[str, ...] = ()
    left_out: str = ""  # how many more of a training's data there are, in words: "1,297", or "endlessly many"
    made_of: Callable[[], Iterator[torch.Tensor]] | None = field(default=None, repr=False)  # a translation's inputs

    @property
    def are_points(self) -> bool:
        return len(self.shape) == 1

    def hashed(self) -> Generator[Progress, None, str]:
        """What names these very samples, in this order, with what others are to make of: a harder task is another."""
        digest, done = hashlib.sha256(repr(self.shape).encode()), 0
        for batch in self.batches():
            yield Progress(done, self.count, READING)
            digest.update(np.ascontiguousarray(batch).data)
            done += len(batch)
        for x in self.made_of() if self.made_of else ():
            yield Progress(done, self.count, READING)
            digest.update(x.contiguous().numpy().data)
        yield Progress(done, self.count, READING)
        return digest.hexdigest()


@dataclass(frozen=True)
class Reference:
    """What is compared with: real samples, and what is known about them."""

    samples: Samples
    source: Source | None = None  # of data, that a feature network may learn from
    unseen: Source | None = None  # where real samples come from that training never saw
    centres: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.float32), repr=False)  # as of `Sets`
    sigma: float = 0.0
    paired: bool = False  # sample i is what should become of input i


def at_once(shape: tuple[int, ...]) -> int:
    """How many samples of this shape, (H, W, C) or (2,), a batch holds."""
    return POINTS if len(shape) == 1 else max(1, min(MOST_AT_ONCE, AT_ONCE_PX // (shape[0] * shape[1])))


def size_told(shape: tuple[int, ...]) -> str:
    """ "64 x 48 px" """
    return f"{shape[1]} x {shape[0]} px"


# --- of data ---------------------------------------------------------------------------------------------------------


def of_source(source: Source, count: int) -> Generator[Progress, None, Reference]:
    """As many samples of a data source as there are, up to `count`. Raises ConfigError."""
    dataset = yield from source.prepare()
    samples = of_dataset(dataset, source.called(), count)
    centres, sigma = dataset.centres.numpy().astype(np.float32), dataset.sigma
    return Reference(samples, source, source.unseen(), centres, sigma)


def of_unseen(source: Source, count: int) -> Generator[Progress, None, Samples]:
    """The same of samples that training never sees; of endless data, which sees all, of others. Raises ConfigError."""
    dataset = yield from source.prepare()
    return of_dataset(dataset, source.called(), count, UNSEEN_SEED)


def of_dataset(dataset: Dataset, name: str, count: int, seed: int = REAL_SEED) -> Samples:
    plain = dataset.plain()
    C, *size = dataset.shape
    shape = (*size, min(C, 3)) if size else dataset.shape
    count = min(count, plain.size or count)
    notes = () if plain is dataset else ("Training changes its pictures at random; here they are as they were.",)
    words = f"{size_told(shape)}, as in training" if size else "points as in training"
    more = "endlessly many" if plain.size is None else f"{plain.size - count:,}" if plain.size > count else ""
    batches = partial(_of_dataset, plain, shape, count, seed)
    return Samples(name, shape, count, batches, words, dataset.notes + notes, more)


def _of_dataset(dataset: Dataset, shape: tuple[int, ...], count: int, seed: int) -> Iterator[np.ndarray]:
    size = at_once(shape)
    for position in range(-(-count // size)):
        x = dataset.batch(size, position, seed).x[: count - position * size]
        yield opaque(to_uint8(x)) if x.ndim == 4 else x.cpu().numpy().astype(np.float32)


def opaque(pixels: np.ndarray) -> np.ndarray:
    """[N, H, W, C] uint8 over white, where they have transparency."""
    if pixels.shape[3] < 4:
        return pixels
    colours, alpha = pixels[..., :3].astype(np.float32), pixels[..., 3:].astype(np.float32) / 255
    return (255 + (colours - 255) * alpha).round().astype(np.uint8)


# --- of a folder -----------------------------------------------------------------------------------------------------


def of_folder(
    path: str, count: int, shape: tuple[int, ...] | None = None
) -> Generator[Progress, None, tuple[Samples, str]]:
    """Pictures of a folder or a zip, at most so many, and what names their contents.

    They are brought to one shape (H, W, C): by default the size that most of them have, in colour. What cannot be read
    is left out and told in the notes. Raises ConfigError where nothing is left.
    """
    with closing(open_place(path)) as place:
        names = _chosen(place, count)
        found = yield from _surveyed(place, names)
        H, W, C = wanted = shape or (*found.commonest, 3)
        channels: Channels = "grey" if C == 1 else "rgb"
        settings = {"contents": found.contents, "shape": wanted}
        entry = yield from cache.cached(
            "compared",
            settings,
            (C, H, W),
            lambda: cache.Work(names, partial(_drawn, place.read, (H, W), channels)),
            DECODING,
        )
    skipped = tuple((names[i], reason) for i, reason in entry.skipped)
    pixels = entry.pixels
    others = sum(found.sizes[size] for size in found.sizes if size != (H, W))
    fit = f"{others:,} pictures brought to it: cut in the middle, Lanczos" if others else "as they are"
    samples = Samples(
        Path(path).expanduser().resolve().name,
        wanted,
        len(pixels),
        partial(_of_planes, pixels, at_once(wanted)),
        f"{size_told(wanted)}, {fit}",
        told_of(skipped) + place.notes,
    )
    return samples, found.contents


def _chosen(place: Place, count: int) -> list[str]:
    """At most so many of its pictures, at random, and always the same. Raises ConfigError where there are none."""
    if not place.names:
        raise ConfigError(
            "There is no picture in there; choose a folder or a .zip with pictures (.png, .jpg, .webp and the like)."
        )
    order = np.random.default_rng(REAL_SEED).permutation(len(place.names))[:count]
    return [place.names[i] for i in order]


@dataclass(frozen=True)
class _Survey:
    contents: str  # hash of the bytes of the files
    sizes: Counter[tuple[int, int]]  # {(H, W): pictures}

    @property
    def commonest(self) -> tuple[int, int]:
        """The larger one of sizes that are as frequent."""
        return max(self.sizes, key=lambda size: (self.sizes[size], size))


def _surveyed(place: Place, names: list[str]) -> Generator[Progress, None, _Survey]:
    """Raises ConfigError where none of them is a picture."""
    digest, sizes, reasons = hashlib.sha256(), Counter[tuple[int, int]](), []
    for number, name in enumerate(names):
        if number % MOST_AT_ONCE == 0:
            yield Progress(number, len(names), LOOKING_FOR)
        try:
            data = _bytes(place.read(name))
            digest.update(hashlib.sha256(data).digest())
            width, height = dimensions(data)
            sizes[height, width] += 1
        except PictureError as reason:
            digest.update(str(reason).encode())
            reasons.append(f"{name} {reason}")
    if not sizes:
        raise ConfigError(f"None of the {len(names):,} pictures can be read: {reasons[0]}. Mend or replace them.")
    return _Survey(digest.hexdigest(), sizes)


def _bytes(source: Path | bytes) -> bytes:
    """Raises PictureError."""
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise PictureError(f"cannot be read ({error.strerror})") from None


def _drawn(read: Callable[[str], Path | bytes], size: tuple[int, int], channels: Channels, name: str) -> np.ndarray:
    """[C, H, W] uint8: cut in the middle to the shape of `size`, and resized with a filter as wide as that asks for."""
    picture = decode(read(name), channels, WHITE)
    H, W = size
    if picture.size != (W, H):
        scale = min(picture.width / W, picture.height / H)
        left, top = (picture.width - scale * W) / 2, (picture.height - scale * H) / 2
        box = (left, top, left + scale * W, top + scale * H)
        picture = picture.resize((W, H), Image.Resampling.LANCZOS, box)
    return planes(picture)


def _of_planes(pixels: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(pixels), size):
        yield np.ascontiguousarray(pixels[start : start + size].transpose(0, 2, 3, 1))
