"""A walk through a snapshot's latents: a film (GIF, WebP, APNG, MP4), or a folder of pictures with their recipes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from .. import walks
from ..classes import one
from ..config import ConfigError, Spec, option
from .events import Exported, Progress
from .explore import View, at_input, class_shares, explorable, latents, pictures, put, render
from .exports import refuse_existing, whole
from .snapshots import Snapshot
from .timelapse import FORMATS, MOST_PX, Format, crisp, file_format

BATCH = 16  # pictures that are drawn between two looks at whether to stop
WRITING = "Writing the walk"


class Walk(Spec):
    """How one goes from key-frame to key-frame."""

    frames: int = option(120, "Pictures in the whole walk.", ge=1, le=100_000, learn=True)
    way: Literal["keys", "circle"] = option(
        "keys", "Through all key-frames, or around the circle through the first, in its plane with the second."
    )
    between: Literal["slerp", "lerp"] = option(
        "slerp", "Along the sphere that latents lie on, or straight through its inside.", title="Interpolation"
    )
    easing: Literal["none", "in-out"] = option("none", "At even speed, or resting at each key-frame.")
    loop: bool = option(False, "Go back to the first key-frame, so that the film repeats without a jump.")
    frames_per_second: float = option(24.0, "How fast it plays.", title="Frames a second", ge=0.5, le=50.0)
    zoom: int = option(1, "Each pixel becomes so many pixels wide and high; they stay crisp.", ge=1, le=64)

    @property
    def seconds(self) -> float:
        return self.frames / self.frames_per_second


def way(keys: Tensor, walk: Walk) -> Tensor:
    """[frames, z_dim] float32 through key-frames [K, z_dim]. Raises ConfigError where there are too few."""
    return _WAYS[walk.way](keys, walk)


def _through_all(keys: Tensor, walk: Walk) -> Tensor:
    return walks.path(keys, walk.frames, walks.BETWEEN[walk.between], walks.EASINGS[walk.easing], walk.loop)


def _around(keys: Tensor, walk: Walk) -> Tensor:
    if len(keys) < 2:
        raise ConfigError("A circle lies in the plane of two key-frames; add another one.")
    return walks.circle(keys[0], keys[1], walk.frames)


_WAYS: dict[str, Callable[[Tensor, Walk], Tensor]] = {"keys": _through_all, "circle": _around}


def through(views: Sequence[View], snapshot: Snapshot, walk: Walk) -> Tensor:
    """`inputs` of a network [frames, z_dim + classes] from view to view. Raises ConfigError.

    The shares of classes go straight from key-frame to key-frame; around a circle they stay the first one's.
    """
    z = way(latents(views, snapshot), walk)
    keys = class_shares(views, snapshot)
    seen = keys.any(dim=0)  # of thousands of classes a few
    w = torch.zeros(len(z), keys.shape[1])
    w[:, seen] = _SHARES[walk.way](keys[:, seen].double(), walk).float()  # what two key-frames share stays exactly
    return torch.cat([z, w], dim=1)


def _shares_through_all(keys: Tensor, walk: Walk) -> Tensor:
    return walks.path(keys, walk.frames, walks.lerp, walks.EASINGS[walk.easing], walk.loop)


def _shares_around(keys: Tensor, walk: Walk) -> Tensor:
    return keys[:1].expand(walk.frames, -1)


_SHARES: dict[str, Callable[[Tensor, Walk], Tensor]] = {"keys": _shares_through_all, "circle": _shares_around}


def key_places(keys: Tensor, walk: Walk) -> list[float]:
    """The frames at which the key-frames [K, z_dim] lie, from 0 on; around a circle those of the two that span it."""
    return _PLACES[walk.way](keys, walk)


def _on_the_path(keys: Tensor, walk: Walk) -> list[float]:
    stretches = len(keys) if walk.loop else len(keys) - 1
    return [k * (walk.frames if walk.loop else walk.frames - 1) / max(1, stretches) for k in range(len(keys))]


def _on_the_circle(keys: Tensor, walk: Walk) -> list[float]:
    """The second lies in the plane, at its angle from the first, though not at the same distance."""
    u, v = keys[0].double(), keys[1].double()
    cosine = (u @ v) / (u.norm() * v.norm()).clamp(min=1e-300)
    return [0.0, walk.frames * math.acos(min(max(float(cosine), -1.0), 1.0)) / (2 * math.pi)]


_PLACES: dict[str, Callable[[Tensor, Walk], list[float]]] = {"keys": _on_the_path, "circle": _on_the_circle}


def export_walk(
    snapshot: Snapshot,
    views: Sequence[View],
    path: Path,
    walk: Walk,
    replace: bool = False,
) -> Iterator[Progress | Exported]:
    """Write the walk from view to view: a name that ends in one of FORMATS is a film, one without an end a folder.

    It appears whole or not at all; closing the iterator cancels. In a folder each picture carries its recipe. Raises
    ConfigError where something of that name is there already (a film may `replace` one), or it cannot be written.
    """
    explorable(snapshot)
    if not path.suffix:
        refuse_existing(path)
        write = _write_folder
    else:
        file_format(path)
        write = _write_film
        if not replace:
            refuse_existing(path)
    side = walk.zoom * max(snapshot.shape[1:])
    if side > MOST_PX:
        raise ConfigError(f"The film would be {side:,} pixels wide or high, and {MOST_PX:,} is the most; zoom less.")
    z = through(views, snapshot, walk)  # [F, z_dim + classes]
    with whole(path) as temporary:
        yield from write(snapshot, views[0], z, walk, temporary, path)
    yield Exported(path)


def _write_film(
    snapshot: Snapshot, view: View, z: Tensor, walk: Walk, temporary: Path, path: Path
) -> Iterator[Progress]:
    make: type[Format] = FORMATS[path.suffix.lower()]
    yield Progress(0, len(z), WRITING)
    with contextlib.closing(make(temporary, walk.frames_per_second)) as film:
        for start in range(0, len(z), BATCH):
            for picture in pictures(z[start : start + BATCH], snapshot):
                film.add(crisp(picture, walk.zoom), 1 / walk.frames_per_second)
            yield Progress(min(len(z), start + BATCH), len(z), WRITING)


def _write_folder(
    snapshot: Snapshot, view: View, z: Tensor, walk: Walk, temporary: Path, path: Path
) -> Iterator[Progress]:
    """Without zoom: the pixels are those that the recipe gives."""
    yield Progress(0, len(z), WRITING)
    temporary.mkdir()
    for frame, row in enumerate(z):
        here = at_input(view, row, snapshot)
        put(temporary / f"frame-{frame:05d}.png", here, render(here, snapshot))
        yield Progress(frame + 1, len(z), WRITING)


def key_frames(view: View, seeds: Sequence[int], numbers: Sequence[int] = ()) -> list[View]:
    """The view at each of these seeds, in each of these classes; one seed or one class serves for all of the others.

    Raises ConfigError where there are no seeds, or as many as fit the classes neither way.
    """
    if not seeds:
        raise ConfigError("A walk needs key-frames; name some seeds.")
    if not numbers:
        return [view.at_seed(seed) for seed in seeds]
    count = max(len(seeds), len(numbers))
    if {len(seeds), len(numbers)} - {1, count}:
        raise ConfigError(
            f"{len(seeds)} seeds and {len(numbers)} classes make no pairs; name one of either, or as many."
        )
    pairs = zip(list(seeds) * (count // len(seeds)), list(numbers) * (count // len(numbers)), strict=True)
    return [view.at_seed(seed).of_classes(one(number)) for seed, number in pairs]
