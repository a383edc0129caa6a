"""What of the Explore tab runs networks or reads data: for threads, it touches no widget."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ... import directions, walks
from ...config import ConfigError
from ...directions import Direction, Layer, plain_numbers
from ...jobs import find_directions
from ...jobs.encoder import Encoding
from ...jobs.explore import View, inputs, keep, latents, pictures, render, search, shares
from ...jobs.features import features_of
from ...jobs.find_directions import Finding
from ...jobs.invert import Found as Near
from ...jobs.invert import Inversion, as_asked, look_for
from ...jobs.look_inside import Inside, Spectrum, inside, spectrum, usual_radial
from ...jobs.neighbours import InFeatures, Judge, Neighbours, in_features, neighbours
from ...jobs.snapshots import Snapshot
from ...progress import Progress

# --- long work -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Directions:
    """What one way has found."""

    found: list[Direction]


def finding(snapshot: Snapshot, how: Finding) -> Iterator[Progress | Directions]:
    """One way after the other; a way that does not fit is left out if another does.

    On a copy of the network, whose layers are looked into. Raises ConfigError where none fits.
    """
    own = replace(snapshot, network=copy.deepcopy(snapshot.network))
    problem: ConfigError | None = None
    fits = False
    for way in how.ways:
        try:
            some = yield from find_directions.find(own, how.model_copy(update={"ways": (way,)}))
        except ConfigError as error:
            problem = error
        else:
            fits = True
            yield Directions([one.renamed(f"{one.name} of {how.layer}") if how.layer else one for one in some])
    if problem and not fits:
        raise problem


def loading(path: Path, snapshot: Snapshot) -> Iterator[Progress | Directions]:
    """Directions of a file of the user's choice, with what they do here: it may have been kept for other weights.

    Raises ConfigError.
    """
    yield Progress(0, 1, f"Reading {path.name}")
    found = directions.load(path, snapshot.z_dim, "choose another file")
    if not found:
        raise ConfigError(f"{path} is not there, or holds no directions; choose another file.")
    yield Directions((yield from find_directions.measured(snapshot, found, Finding())))


@dataclass(frozen=True)
class Sought:
    """The view with the place where its weights are now; None where they are nowhere."""

    view: View | None


def seeking(view: View, root: Path) -> Iterator[Progress | Sought]:
    found = yield from search(view, root)
    yield Sought(found)


@dataclass(frozen=True)
class Company:
    """What a picture is compared with, as far as it is known yet."""

    judge: Judge | None = None
    is_judged: bool = False  # whether it is known that there is a D, or none
    pictures: Neighbours | None = None
    usual: np.ndarray | None = field(default=None, repr=False)  # [R] the mean radial power of the pictures
    seen: InFeatures | None = None  # the pictures in features, where these were wanted


@dataclass(frozen=True)
class Read:
    """The training pictures."""

    pictures: Neighbours
    usual: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Seen:
    """The same in features."""

    pictures: InFeatures


@dataclass(frozen=True)
class Nearest:
    pictures: np.ndarray  # [K, H, W, C] uint8
    distances: np.ndarray  # [K]
    features: str  # what they were compared by: "D's features"; "" is the pixels


@dataclass(frozen=True)
class Compared:
    scores: np.ndarray | None  # [N] D's, of all that are shown; None where there is no D
    nearest: Nearest | None  # to the first; None where the training pictures are not read


def training_pictures(snapshot: Snapshot) -> Generator[Progress | Read, None, None]:
    """Raises ConfigError where the data is not here."""
    pictures = yield from neighbours(snapshot)
    yield Read(pictures, usual_radial(pictures.pictures))


def looked_at(pictures: Neighbours, snapshot: Snapshot) -> Generator[Progress | Seen, None, None]:
    yield Seen((yield from in_features(pictures, features_of(snapshot))))


def compared(company: Company, shown: np.ndarray, count: int, by_features: bool) -> Compared:
    """Pictures [N, H, W, C]; the first by its pixels, where the features are not there yet."""
    seen = company.seen if by_features else None
    held = seen or company.pictures
    nearest = Nearest(*held.nearest(shown[0], count), seen.by if seen else "") if held else None
    return Compared(company.judge(shown) if company.judge else None, nearest)


@dataclass(frozen=True)
class Wanted:
    """A picture that is searched for, as the generator would make it."""

    picture: np.ndarray  # [H, W, C] uint8


def inverting(
    path: Path, view: View, snapshot: Snapshot, how: Inversion, encoding: Encoding | None
) -> Iterator[Progress | Wanted | Near]:
    """Among the classes of a view. Raises ConfigError where it is no picture."""
    own = Own(snapshot.of(shares(view, snapshot))).snapshot  # gradients pass through it
    wanted = as_asked(path, own)
    yield Wanted(wanted)
    yield from look_for(own, wanted, how, encoding)


# --- inside the network ----------------------------------------------------------------------------------------------


class Own:
    """A snapshot with a copy of its network, which nobody else uses; copied when it is first needed."""

    def __init__(self, snapshot: Snapshot):
        self._of = snapshot

    @cached_property
    def snapshot(self) -> Snapshot:
        return replace(self._of, network=copy.deepcopy(self._of.network))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(find_directions.layers(self.snapshot))


@dataclass(frozen=True)
class Looked:
    layers: tuple[Layer, ...]
    inside: Inside
    spectrum: Spectrum


def looked_inside(own: Own, view: View, layer: str) -> Looked:
    """Of the layer of that name, or one in the middle."""
    names = [one.name for one in own.layers]
    chosen = layer if layer in names else names[len(names) // 2]
    rows = inputs([view], own.snapshot)
    return Looked(own.layers, inside(own.snapshot, chosen, rows), spectrum(pictures(rows, own.snapshot)[0]))


# --- pictures --------------------------------------------------------------------------------------------------------


def save_view(view: View, snapshot: Snapshot, path: Path, replace: bool) -> Path:
    """Raises ConfigError."""
    keep(path, view, render(view, snapshot), replace)
    return path


def blended(view: View, seeds: list[int], x: float, y: float, snapshot: Snapshot) -> View:
    """Between four seeds; truncation and edits stay."""
    z = walks.bilinear(_corners(seeds, snapshot), torch.tensor(x), torch.tensor(y))
    return view.model_copy(update={"z": plain_numbers(z.flatten()), "limit": 0.0})


def blends(view: View, seeds: list[int], snapshot: Snapshot, side: int = 5) -> np.ndarray:
    """[side * side, H, W, C] uint8, row by row, with the truncation, the edits and the classes of a view."""
    line = torch.linspace(0, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    z = walks.bilinear(_corners(seeds, snapshot), x.flatten(), y.flatten())
    still = view.model_copy(update={"z": (0.0,) * z.shape[1]})
    z = walks.truncated(z, view.psi) + latents([still], snapshot)
    return pictures(z, snapshot.of(shares(view, snapshot)))


def _corners(seeds: list[int], snapshot: Snapshot) -> Tensor:
    """[2, 2, z_dim]"""
    return torch.stack([snapshot.latents(1, seed)[0].cpu() for seed in seeds]).unflatten(0, (2, 2))


def plane(view: View, across: Direction, up: Direction, reach: float, snapshot: Snapshot, side: int = 5) -> np.ndarray:
    """[side * side, H, W, C] uint8, row by row from the top: -reach to reach along `across`, and along `up`."""
    line = torch.linspace(-reach, reach, side)
    b, a = torch.meshgrid(line.flip(0), line, indexing="ij")
    z = latents([view], snapshot) + a.reshape(-1, 1) * across.step() + b.reshape(-1, 1) * up.step()
    return pictures(z, snapshot.of(shares(view, snapshot)))


def drawn(views: list[View], snapshot: Snapshot) -> np.ndarray:
    """[N, H, W, C] uint8"""
    return pictures(inputs(views, snapshot), snapshot)


def together(view: View, seeds: range, snapshot: Snapshot) -> np.ndarray:
    """The view at each seed, [N, H, W, C] uint8: one alone, to the last bit what a file keeps; several in one pass."""
    if len(seeds) == 1:
        return render(view, snapshot)[None]
    return drawn([view.at_seed(seed) for seed in seeds], snapshot)
