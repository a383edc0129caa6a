"""How each kind of density is edited: its handles for the mouse, its fields for the keyboard. No Qt here.

A new kind is one more function under `handles` and under `fields`, and a row in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from functools import partial, singledispatch

import numpy as np

from ...theory.densities import Density, Drawn, Gaussian, Mixture, Points, Uniform

X_RANGE = (-8.0, 8.0)  # where densities live
BINS = 128  # of a drawn density
LEAST, WIDEST = 0.05, 4.0  # deviation
LIGHTEST = 0.02  # weight


@dataclass(frozen=True)
class Handle:
    """A place to take hold of; `drag(x, y)` gives the density after it was moved there, y in units of the density."""

    label: str
    x: float
    y: float
    drag: Callable[[float, float], Density]
    sideways: bool = False  # it changes the width: drawn as a square


@dataclass(frozen=True)
class Field:
    """A number of a density; `put(value)` gives the density with another one."""

    label: str
    value: float
    low: float
    high: float
    step: float
    put: Callable[[float], Density]


@dataclass(frozen=True)
class Pair:
    """The data's density and the generator's."""

    p: Density
    q: Density

    @property
    def shift(self) -> float:
        """How far q's mean lies to the right of p's."""
        return self.q.mean - self.p.mean

    def with_shift(self, shift: float) -> Pair:
        return replace(self, q=self.q.moved(shift - self.shift))

    def is_like(self, other: Pair) -> bool:
        """The same but for rounding."""
        return are_alike(self.p, other.p) and are_alike(self.q, other.q)

    def with_density(self, which: str, density: Density) -> Pair:
        return replace(self, **{which: density})


def are_alike(one: Density, other: Density) -> bool:
    if type(one) is not type(other):
        return False
    pairs = [
        (np.atleast_1d(getattr(one, field.name)), np.atleast_1d(getattr(other, field.name)))
        for field in dataclass_fields(one)  # type: ignore[arg-type]
    ]
    return all(len(a) == len(b) and bool(np.allclose(a, b, rtol=0, atol=1e-9)) for a, b in pairs)


PRESETS: dict[str, tuple[str, str, Pair]] = {
    "gaussians": ("Two Gaussians", "Overlapping: every distance is finite.", Pair(Gaussian(-1, 1), Gaussian(1.5, 0.8))),
    "lines": (
        "Parallel lines",
        "The example of the WGAN paper: two lines side by side, seen from their ends. W1 = |θ|, JS = log 2.",
        Pair(Points((0.0,)), Points((1.5,))),
    ),
    "uniforms": ("Disjoint uniforms", "Two blocks that do not touch.", Pair(Uniform(-3, -1), Uniform(1, 3))),
    "mixture": (
        "Two hills and one Gaussian",
        "q cannot become p: what it does instead depends on the divergence.",
        Pair(Mixture((0.6, 0.4), (-2.0, 2.5), (0.6, 0.8)), Gaussian(-1, 1)),
    ),
    "f-gan": (
        "Mixture of the f-GAN paper",
        "What Nowozin et al. 2016 fit one Gaussian to, in the third tab.",
        Pair(Mixture((0.33, 0.67), (-1.0, 2.0), (0.25, 2**0.5)), Gaussian(0, 1)),
    ),
}


# --- kinds -----------------------------------------------------------------------------------------------------------


def as_mixture(old: Density) -> Mixture:
    width = max(old.deviation, LEAST * 2)
    return Mixture((0.5, 0.5), (old.mean - 0.85 * width, old.mean + 0.85 * width), (width / 2, width / 2))


def as_uniform(old: Density) -> Uniform:
    half = max(old.deviation, LEAST) * 3**0.5
    return Uniform(old.mean - half, old.mean + half)


KINDS: dict[str, tuple[type[Density], Callable[[Density], Density]]] = {  # {title: (class, made of another)}
    "Gaussian": (Gaussian, lambda old: Gaussian(old.mean, max(old.deviation, 0.5))),
    "Mixture": (Mixture, as_mixture),
    "Uniform": (Uniform, as_uniform),
    "Points": (Points, lambda old: Points((old.mean,))),
    "Drawn": (Drawn, lambda old: Drawn.of(old, *X_RANGE, BINS)),
}


def kind_of(density: Density) -> str:
    return next(title for title, (kind, _) in KINDS.items() if isinstance(density, kind))


# --- handles ---------------------------------------------------------------------------------------------------------


def bounded(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def at(density: Density, x: float) -> float:
    return float(density.pdf(np.array([x]))[0])


@singledispatch
def handles(density: Density) -> list[Handle]:
    """A drawn one has none: it is moved as a whole, or drawn anew."""
    return []


@handles.register
def _(density: Gaussian) -> list[Handle]:
    mean, deviation = density.mean, density.deviation
    return [
        Handle("mean", mean, at(density, mean), lambda x, y: Gaussian(bounded(x, *X_RANGE), deviation)),
        Handle(
            "width",
            mean + deviation,
            at(density, mean + deviation),
            lambda x, y: Gaussian(mean, bounded(x - mean, LEAST, WIDEST)),
            sideways=True,
        ),
    ]


@handles.register
def _(density: Mixture) -> list[Handle]:
    return [handle for i in range(len(density.means)) for handle in _of_part(density, i)]


def _of_part(density: Mixture, i: int) -> list[Handle]:
    """The top: sideways its mean, upwards its weight; the side: its width."""
    share = density.weights[i] / sum(density.weights)
    part = Gaussian(density.means[i], density.deviations[i])
    peak = at(part, part.mean)

    def top(x: float, y: float) -> Density:
        moved = put(density, "means", i, bounded(x, *X_RANGE))
        return put(moved, "weights", i, weight_for(density.weights, i, bounded(y / peak, LIGHTEST, 0.98)))

    def side(x: float, y: float) -> Density:
        return put(density, "deviations", i, bounded(x - part.mean, LEAST, WIDEST))

    edge = part.mean + part.deviation
    return [
        Handle(f"hill {i + 1}", part.mean, share * peak, top),
        Handle(f"width of hill {i + 1}", edge, share * at(part, edge), side, sideways=True),
    ]


@handles.register
def _(density: Uniform) -> list[Handle]:
    low, high, height = density.low, density.high, 1 / density.width
    return [
        Handle("lower end", low, height / 2, lambda x, y: Uniform(min(x, high - LEAST), high), sideways=True),
        Handle("upper end", high, height / 2, lambda x, y: Uniform(low, max(x, low + LEAST)), sideways=True),
    ]


@handles.register
def _(density: Points) -> list[Handle]:
    return [
        Handle(f"point {i + 1}", place, density.weights[i] / sum(density.weights), point_drag(density, i))
        for i, place in enumerate(density.places)
    ]


def point_drag(density: Points, i: int) -> Callable[[float, float], Density]:
    def drag(x: float, y: float) -> Density:
        others = [place for j, place in enumerate(density.places) if j != i]
        x = bounded(x, *X_RANGE)
        moved = density if x in others else put(density, "places", i, x)
        share = bounded(y, LIGHTEST, 0.98)
        return moved if not others else put(moved, "weights", i, weight_for(density.weights, i, share))

    return drag


# --- fields ----------------------------------------------------------------------------------------------------------


@singledispatch
def fields(density: Density) -> list[Field]:
    """Of a drawn one its place and width, with which it is moved and stretched."""
    mean, deviation = density.mean, density.deviation
    return [
        Field("mean", mean, *X_RANGE, 0.1, lambda value: density.moved(value - mean)),
        Field("width", deviation, LEAST, WIDEST, 0.05, lambda value: density.scaled(value / deviation)),
    ]


@fields.register
def _(density: Gaussian) -> list[Field]:
    return [
        Field("mean", density.mean, *X_RANGE, 0.1, lambda value: replace(density, mean=value)),
        Field("deviation", density.deviation, LEAST, WIDEST, 0.05, lambda value: replace(density, deviation=value)),
    ]


@fields.register
def _(density: Mixture) -> list[Field]:
    return [field for i in range(len(density.means)) for field in _fields_of_part(density, i)]


def _fields_of_part(density: Mixture, i: int) -> list[Field]:
    share = density.weights[i] / sum(density.weights)
    rows = [
        ("mean", density.means[i], *X_RANGE, 0.1, lambda value: put(density, "means", i, value)),
        ("width", density.deviations[i], LEAST, WIDEST, 0.05, lambda value: put(density, "deviations", i, value)),
        ("share", share, LIGHTEST, 0.98, 0.05, lambda v: put(density, "weights", i, weight_for(density.weights, i, v))),
    ]
    return [Field(f"{label} {i + 1}", *row) for label, *row in rows]  # type: ignore[arg-type]


@fields.register
def _(density: Uniform) -> list[Field]:
    low, high = density.low, density.high
    return [
        Field("from", low, X_RANGE[0], high - LEAST, 0.1, lambda value: Uniform(value, high)),
        Field("to", high, low + LEAST, X_RANGE[1], 0.1, lambda value: Uniform(low, value)),
    ]


@fields.register
def _(density: Points) -> list[Field]:
    return [
        Field(f"point {i + 1}", place, *X_RANGE, 0.1, partial(point_put, density, i))
        for i, place in enumerate(density.places)
    ]


def point_put(density: Points, i: int, place: float) -> Density:
    return point_drag(density, i)(place, density.weights[i] / sum(density.weights))


# --- one of several numbers ------------------------------------------------------------------------------------------


def put(density: Density, name: str, i: int, value: float) -> Density:
    values = list(getattr(density, name))
    values[i] = value
    return replace(density, **{name: tuple(values)})  # type: ignore[type-var]


def weight_for(weights: tuple[float, ...], i: int, share: float) -> float:
    """The weight with which entry i has that share of the whole; the others keep theirs."""
    rest = sum(weights) - weights[i]
    return rest * share / (1 - share) if rest > 0 else weights[i]
