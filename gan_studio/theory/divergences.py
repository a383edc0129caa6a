"""How far two distributions on the line are apart, by every measure of the GAN literature: exact, by quadrature.

`measure(p, q)` is one pair, `curve(p, q, shifts)` what becomes of it as q is moved. Bricks first: where to look, the
f-divergences int q f(p/q), transport, then the table MEASURES and the two functions. Whether a measure is infinite is
decided from supports and tails, never by an overflow: what no float can hold comes out as the largest float.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .densities import Array, Density

Mask = NDArray[np.bool_]

LARGEST = float(np.finfo(float).max)
HUGE = 1e300  # what is above overflows somewhere on the way
LOG2 = math.log(2)
CHUNK = 16_000  # nodes worked on at a time: few enough to stay in the processor's cache
NARROW = 1e-12  # ends of supports that are nearer than this, relative to the whole, are the same

# Gauss-Lobatto with five nodes, exact to degree 7. The ends are drawn in by a hair: a density may jump at a mark.
LOBATTO = np.array([-1, -math.sqrt(3 / 7), 0, math.sqrt(3 / 7), 1]) * (1 - 1e-12)
LOBATTO_WEIGHTS = np.array([1 / 10, 49 / 90, 32 / 45, 49 / 90, 1 / 10])
SCORES = np.arange(-9, 9.25, 0.5)  # of a standard Gaussian, for integrals over quantiles
FAR_MARKS = np.array([-8, -6.5, -5, -4, -3, -2.25, -1.5, -0.75, 0, 0.75, 1.5, 2.25, 3, 4, 5, 6.5, 8])  # of a Gaussian
FALLING_MARKS = np.array([0.5, 1, 1.5, 2, 3, 4, 5, 6.5, 8, 10, 12, 14, 17, 20, 24, 28, 34])  # of an exponential
SIDES, OUTWARDS = (0, 1), (-1, 1)  # left, right, as in Density.tails


# --- where to look: nodes and weights --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Nodes:
    """A rule of quadrature for p and q moved by each of [S] shifts: sums over nodes [S, N] are integrals.

    On atoms the weights are 1 and the logs those of masses. `p_mass` and `q_mass`, the densities times the weights,
    sum to 1; `log_ratio` is log p - log q, inf or -inf where only one is there, NaN where neither is.
    """

    shifts: Array  # [S, 1]
    x: Array
    weights: Array
    log_p: Array
    log_q: Array

    @property
    def p_mass(self) -> Array:
        return self.weights * np.exp(self.log_p)

    @property
    def q_mass(self) -> Array:
        return self.weights * np.exp(self.log_q)

    @property
    def log_ratio(self) -> Array:
        with np.errstate(invalid="ignore"):
            return self.log_p - self.log_q


def nodes(p: Density, q: Density, alpha: float = 0.5) -> Nodes:
    """The rule for one pair: its arrays are [1, N]."""
    return next(_chunks(p, q, np.zeros(1), alpha))


def _chunks(p: Density, q: Density, shifts: Array, alpha: float) -> Iterator[Nodes]:
    """Rules for a few of the shifts at a time."""
    discrete = len(p.atoms) > 0 or len(q.atoms) > 0
    rule = _on_atoms if discrete else _on_the_line
    powers = [] if discrete else [power for power in {2.0, -1.0, float(alpha)} if not 0 <= power <= 1]
    rows = max(1, CHUNK // (5 * (len(p.marks) + len(q.marks) + 2 * len(powers) * len(FAR_MARKS))))
    for start in range(0, len(shifts), rows):
        yield rule(p, q, shifts[start : start + rows, None], powers)


def _on_the_line(p: Density, q: Density, shifts: Array, powers: list[float]) -> Nodes:
    """Five nodes to each piece between marks: of p, of q, and of p^a q^(1-a), which may reach farther."""
    rows = len(shifts)
    places = [np.broadcast_to(p.marks, (rows, len(p.marks))), q.marks + shifts]
    ends = np.minimum(places[0][:, :1], places[1][:, :1]), np.maximum(places[0][:, -1:], places[1][:, -1:])
    places += [_far_marks(_tail_of_power(p, q, shifts, a, side), ends, side) for side in SIDES for a in powers]
    marks = np.sort(np.concatenate(places, axis=1), axis=1)  # [S, K]
    half = np.diff(marks, axis=1)[..., None] / 2  # [S, K - 1, 1]
    half = np.where(half > NARROW * (ends[1] - ends[0])[..., None], half, 0)
    x = (marks[:, :-1, None] + half + half * LOBATTO).reshape(rows, -1)
    weights = (half * LOBATTO_WEIGHTS).reshape(rows, -1)
    return Nodes(shifts, x, weights, p.log_pdf(x), q.log_pdf(x - shifts))


def _far_marks(tail: tuple[float, Array], ends: tuple[Array, Array], side: int) -> Array:
    """Marks [S, K] where p^a q^(1-a) is large far out, maybe far beyond the `ends` [S, 1] of those of p and q."""
    curvature, slope = tail
    if not 0 <= curvature < math.inf:
        return np.empty((len(slope), 0))
    outwards, end, other_end = OUTWARDS[side], ends[side], ends[1 - side]
    fall = np.maximum(outwards * (2 * curvature * end - slope), 1e-3)
    falling = end + outwards * FALLING_MARKS / fall
    if curvature == 0:
        return falling
    centre = slope / (2 * curvature)
    return np.where(outwards * (centre - other_end) < 0, falling, centre + FAR_MARKS / math.sqrt(2 * curvature))


def _tail_of_power(p: Density, q: Density, shifts: Array, a: float, side: int) -> tuple[float, Array]:
    """log p^a q^(1-a) far out, as (curvature, slope [S, 1]); the curvature is inf where p or q ends."""
    (p_curve, p_slope), (q_curve, q_slope) = p.tails[side], q.tails[side]
    if math.isinf(p_curve) or math.isinf(q_curve):
        return math.inf, np.zeros_like(shifts)
    curvature = a * p_curve + (1 - a) * q_curve
    curvature = 0.0 if abs(curvature) < 1e-12 * abs(a * p_curve) else curvature
    return curvature, a * p_slope + (1 - a) * (q_slope + 2 * q_curve * shifts)


def _on_atoms(p: Density, q: Density, shifts: Array, powers: list[float]) -> Nodes:
    """The atoms of either; a density beside atoms is one node with all of its mass, for they have nothing in common."""
    rows = len(shifts)
    own, moved = np.broadcast_to(p.atoms, (rows, len(p.atoms))), q.atoms + shifts  # [S, Kp], [S, Kq]
    same = np.abs(own[:, :, None] - moved[:, None, :]) <= NARROW * (1 + np.abs(moved).max(initial=0))  # [S, Kp, Kq]
    p_whole, q_whole = float(len(p.atoms) == 0), float(len(q.atoms) == 0)
    columns = [  # x, weight, mass of p, mass of q
        (own, 1.0, p.masses, same @ q.masses),
        (moved, ~same.any(axis=1), 0.0, q.masses),
        (np.full((rows, 1), p.mean), p_whole, p_whole, 0.0),
        (q.mean + shifts, q_whole, 0.0, q_whole),
    ]
    wide = [[np.broadcast_to(value, places.shape) for value in values] for places, *values in columns]
    weights, p_mass, q_mass = (np.concatenate(parts, axis=1) for parts in zip(*wide, strict=True))
    with np.errstate(divide="ignore"):
        x = np.concatenate([places for places, *_ in columns], axis=1)
        return Nodes(shifts, x, weights.astype(float), np.log(p_mass), np.log(q_mass))


# --- one piece of work: p against q at a few shifts ------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    p: Density
    q: Density
    alpha: float

    @cached_property
    def shape_gap(self) -> float:
        """W2 squared once both have mean 0: the part of it that no shift changes."""
        p, q = self.p, self.q
        marks = np.unique(np.clip(np.concatenate([SCORES, p.score_marks, q.score_marks]), SCORES[0], SCORES[-1]))
        half = np.diff(marks)[:, None] / 2
        z = (marks[:-1, None] + half + half * LOBATTO).ravel()
        weights = (half * LOBATTO_WEIGHTS).ravel() * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
        return float(weights @ ((p.at_score(z) - p.mean) - (q.at_score(z) - q.mean)) ** 2)


@dataclass(frozen=True)
class Work:
    """What all measures of a pair at a few shifts share; arrays are [S, N], on the nodes."""

    pair: Pair
    nodes: Nodes

    @cached_property
    def p_there(self) -> Mask:
        return self.nodes.log_p > -np.inf

    @cached_property
    def q_there(self) -> Mask:
        return self.nodes.log_q > -np.inf

    @cached_property
    def p(self) -> Array:
        return np.exp(self.nodes.log_p)

    @cached_property
    def q(self) -> Array:
        return np.exp(self.nodes.log_q)

    @cached_property
    def d(self) -> Array:
        """log p/q; 0 where only one of them is there."""
        both = self.p_there & self.q_there
        return np.subtract(self.nodes.log_p, self.nodes.log_q, out=np.zeros_like(self.nodes.x), where=both)

    @cached_property
    def rest(self) -> Array:
        return np.exp(-np.abs(self.d))

    @cached_property
    def weights(self) -> Array:
        """Where both are there."""
        return np.where(self.p_there & self.q_there, self.nodes.weights, 0)

    @cached_property
    def p_alone(self) -> tuple[Mask, Array]:
        return self._mass(self.p, self.p_there & ~self.q_there, _outreaches(self.pair.p, self.pair.q))

    @cached_property
    def q_alone(self) -> tuple[Mask, Array]:
        return self._mass(self.q, self.q_there & ~self.p_there, _outreaches(self.pair.q, self.pair.p))

    def _mass(self, density: Array, alone: Mask, beyond: bool) -> tuple[Mask, Array]:
        """Whether there is a place where one is alone [S], be it `beyond` all nodes, and its mass there [S]."""
        weights = self.nodes.weights
        return beyond | np.any(alone & (weights > 0), axis=1), (weights * density * alone).sum(axis=1)


def _outreaches(one: Density, other: Density) -> bool:
    """Whether one goes on for ever on a side where the other ends."""
    return any(math.isfinite(one.tails[side][0]) and math.isinf(other.tails[side][0]) for side in SIDES)


# --- f-divergences ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Integral:
    """int q f(p/q), for the form of f with f'(1) = 0, so that the integrand is nowhere negative."""

    at_zero: float  # f(0), the cost of a mass of q where p has none
    at_infinity: float  # lim f(u)/u, the cost of a mass of p where q has none
    integrand: Callable[[Work], Array]  # [S, N]; what it says where only one is there does not count
    power: float = 0.5  # a, where the integral holds p^a q^(1-a), by whose tails it may be infinite

    def __call__(self, work: Work) -> Array:
        shared = np.einsum("sn,sn->s", work.weights, self.integrand(work))
        shared = np.where(shared < HUGE, shared, LARGEST)
        alone = _cost(self.at_infinity, *work.p_alone) + _cost(self.at_zero, *work.q_alone)
        return np.where(_diverges(work.pair, work.nodes.shifts, self.power), np.inf, shared + alone)


def _cost(price: float, there: Mask, mass: Array) -> Array:
    return np.where(there, np.inf, 0) if math.isinf(price) else price * mass


def _diverges(pair: Pair, shifts: Array, a: float) -> Mask:
    """Whether int p^a q^(1-a) is infinite [S] because of how p and q fall far out."""
    infinite = np.zeros(len(shifts), bool)
    if 0 <= a <= 1:
        return infinite
    for side in SIDES:
        curvature, slope = _tail_of_power(pair.p, pair.q, shifts, a, side)
        infinite |= (curvature < 0) | ((curvature == 0) & (OUTWARDS[side] * slope[:, 0] >= 0))
    return infinite


def _exp(log: Array) -> Array:
    return np.exp(np.minimum(log, 700))


def _js_integrand(w: Work) -> Array:
    log_mean = LOG2 - np.log1p(w.rest)  # log(2 max(p, q) / (p + q))
    return ((w.p + w.q) * log_mean - w.p * np.maximum(-w.d, 0) - w.q * np.maximum(w.d, 0)) / 2


def _alpha(work: Work) -> Array:
    a = work.pair.alpha
    if abs(a * (a - 1)) < 1e-6:
        return KL(work) if a > 0.5 else REVERSE_KL(work)

    def integrand(w: Work) -> Array:
        return (_exp(a * w.d + w.nodes.log_q) - a * w.p - (1 - a) * w.q) / (a * (a - 1))

    return Integral(1 / a if a > 0 else math.inf, 1 / (1 - a) if a < 1 else math.inf, integrand, a)(work)


# (p - q)^2 / q is p^2/q (1 - q/p)^2 where p > q, and q (1 - p/q)^2 elsewhere: nothing cancels, nothing overflows early.
KL = Integral(1, math.inf, lambda w: w.p * w.d - w.p + w.q)
REVERSE_KL = Integral(math.inf, 1, lambda w: w.p - w.q - w.q * w.d)
JENSEN_SHANNON = Integral(LOG2 / 2, LOG2 / 2, _js_integrand)
PEARSON = Integral(1, math.inf, lambda w: _exp(w.nodes.log_q + 2 * np.maximum(w.d, 0)) * (1 - w.rest) ** 2, 2)
NEYMAN = Integral(math.inf, 1, lambda w: _exp(w.nodes.log_p + 2 * np.maximum(-w.d, 0)) * (1 - w.rest) ** 2, -1)
SQUARED_HELLINGER = Integral(1, 1, lambda w: np.maximum(w.p, w.q) * (1 - np.sqrt(w.rest)) ** 2)
JEFFREY = Integral(math.inf, math.inf, lambda w: (w.p - w.q) * w.d)


def _total_variation(work: Work) -> Array:
    """1/2 int |p - q|: by the distribution functions, between the places where p = q."""
    nodes, p, q = work.nodes, work.pair.p, work.pair.q
    if len(p.atoms) or len(q.atoms):
        return np.einsum("sn,sn->s", nodes.weights, np.abs(work.p - work.q)) / 2

    def log_ratio(x: Array, shift: Array) -> Array:
        return p.log_pdf(x) - q.log_pdf(x - shift)

    def height(x: Array, shift: Array) -> Array:
        return p.cdf(x) - q.cdf(x - shift)

    anywhere = work.p_there | work.q_there
    slope = np.subtract(nodes.log_p, nodes.log_q, out=np.zeros_like(nodes.x), where=anywhere)
    return _absolute(nodes.x, nodes.shifts, slope, log_ratio, height, 1e-13) / 2


# --- transport -------------------------------------------------------------------------------------------------------


def _w1(work: Work) -> Array:
    """int |P - Q|: by the integrals of the distribution functions, between the places where P = Q."""
    shifts, p, q = work.nodes.shifts, work.pair.p, work.pair.q
    marks = np.concatenate([np.broadcast_to(p.marks, (len(shifts), len(p.marks))), q.marks + shifts], axis=1)
    marks = np.sort(marks, axis=1)
    half = np.diff(marks, axis=1)[..., None] / 2
    ends = (marks[:, :-1, None] + half + half * LOBATTO[[0, -1]]).reshape(len(shifts), -1)  # of each piece

    def gap(x: Array, shift: Array) -> Array:
        return p.cdf(x) - q.cdf(x - shift)

    def height(x: Array, shift: Array) -> Array:
        return p.cdf_integral(x) - q.cdf_integral(x - shift)

    return _absolute(ends, shifts, gap(ends, shifts), gap, height, 1e-14)


def _w2(work: Work) -> Array:
    pair = work.pair
    return np.sqrt(pair.shape_gap + (pair.q.mean - pair.p.mean + work.nodes.shifts[:, 0]) ** 2)


# --- integrals of absolute values ------------------------------------------------------------------------------------

Moved = Callable[[Array, Array], Array]  # of places x and of the shift of q at each


def _absolute(x: Array, shifts: Array, slope: Array, slope_at: Moved, height_at: Moved, nothing: float) -> Array:
    """int |h'| [S] for an h(x, shift) that is 0 at the left end, by parts: what matters is where h' changes sign.

    `slope` [S, N] has the sign of h' at the nodes x [S, N], which rise; up to `nothing` it counts as 0.
    """
    slope = np.where(np.abs(slope) > nothing, slope, 0)
    sign = np.sign(slope)
    row, left = np.nonzero(sign[:, 1:] != sign[:, :-1])
    change, shift = sign[row, left] - sign[row, left + 1], shifts[row, 0]
    ends = x[row, left], x[row, left + 1], slope[row, left], slope[row, left + 1]
    turns = np.bincount(row, change * height_at(_root(slope_at, *ends, shift), shift), minlength=len(x))
    return np.maximum(turns + sign[:, -1] * height_at(x[:, -1], shifts[:, 0]), 0)


def _root(gap: Moved, low: Array, high: Array, at_low: Array, at_high: Array, shift: Array) -> Array:
    """Where gap(x, shift) = 0 between low and high [K], by the Illinois method. Where there is a jump instead, the
    bracket is no wider than a hair, and any answer will do."""
    x, stays = (low + high) / 2, np.zeros(len(low))
    with np.errstate(all="ignore"):
        for _ in range(6):
            guess = (low * at_high - high * at_low) / (at_high - at_low)
            x = np.where((low <= guess) & (guess <= high), guess, (low + high) / 2)
            at_x = gap(x, shift)
            side = np.where(np.sign(at_x) == np.sign(at_low), 1, -1)  # 1: x is the next low, and high stays
            half = np.where(side == stays, 0.5, 1.0)  # an end that stays twice counts half
            low, high = np.where(side > 0, x, low), np.where(side > 0, high, x)
            at_low, at_high = np.where(side > 0, at_x, half * at_low), np.where(side > 0, half * at_high, at_x)
            stays = side
    return x


# --- the table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """A divergence or distance: what to call it, and how to find it."""

    key: str
    title: str
    formula: str  # Unicode; P and Q are the distribution functions
    highest: float  # where p and q share nothing; inf where it has no bound. Of α it is 1/(α(1 − α)) within (0, 1)
    find: Callable[[Work], Array]  # [S]
    in_steps: bool = True  # constant between atoms that do not meet


MEASURES = {
    entry.key: entry
    for entry in (
        Measure("kl", "Kullback-Leibler", "∫ p log(p/q)", math.inf, KL),
        Measure("reverse-kl", "Reverse Kullback-Leibler", "∫ q log(q/p)", math.inf, REVERSE_KL),
        Measure(
            "jensen-shannon",
            "Jensen-Shannon",
            "½ ∫ p log(p/m) + ½ ∫ q log(q/m), m = (p + q)/2",
            LOG2,
            JENSEN_SHANNON,
        ),
        Measure("total-variation", "Total variation", "½ ∫ |p − q|", 1, _total_variation),
        Measure("pearson", "Pearson χ²", "∫ (p − q)²/q", math.inf, PEARSON),
        Measure("neyman", "Neyman χ²", "∫ (p − q)²/p", math.inf, NEYMAN),
        Measure("squared-hellinger", "Squared Hellinger", "∫ (√p − √q)²", 2, SQUARED_HELLINGER),
        Measure("jeffrey", "Jeffrey", "∫ (p − q) log(p/q)", math.inf, JEFFREY),
        Measure("alpha", "α-divergence", "∫ (pᵅ q¹⁻ᵅ − αp − (1 − α)q) / (α(α − 1))", math.inf, _alpha),
        Measure("w1", "Wasserstein-1", "∫ |P − Q|", math.inf, _w1, in_steps=False),
        Measure("w2", "Wasserstein-2", "√∫ (P⁻¹ − Q⁻¹)²", math.inf, _w2, in_steps=False),
    )
}
ALL = tuple(MEASURES)


def measure(p: Density, q: Density, alpha: float = 0.5, keys: Collection[str] = ALL) -> dict[str, float]:
    """The measures of `keys` between p and q; math.inf where one is infinite.

    `alpha` is the α-divergence's, any number: at 1 it is KL, at 0 reverse KL. All of them take about a millisecond.
    """
    return {key: float(values[0]) for key, values in measured(p, q, np.zeros(1), alpha, keys).items()}


def measured(
    p: Density, q: Density, shifts: Array, alpha: float = 0.5, keys: Collection[str] = ALL
) -> dict[str, Array]:
    """The measures [S] of `keys` between p and q moved by each of `shifts` [S]."""
    pair = Pair(p, q, alpha)
    parts = [Work(pair, nodes) for nodes in _chunks(p, q, shifts, alpha)]
    found = [{key: MEASURES[key].find(part) for key in keys} for part in parts]
    return {key: np.concatenate([each[key] for each in found]) for key in keys}


# --- curves ----------------------------------------------------------------------------------------------------------

Zones = list[tuple[float, float]]


@dataclass(frozen=True)
class Curves:
    """Each measure by its key, as q is moved by each of `shifts` [S], rising.

    `values` [S] may be inf; `slopes` [S] are the derivatives by the shift, by differences, NaN where there is none.
    `flat` are the intervals without a gradient worth following: finite, |slope| at most the tolerance, and not around
    a minimum. `infinite` are those where the measure is infinite.
    """

    shifts: Array
    values: dict[str, Array]
    slopes: dict[str, Array]
    flat: dict[str, Zones]
    infinite: dict[str, Zones]


def curve(
    p: Density,
    q: Density,
    shifts: Array,
    alpha: float = 0.5,
    tolerance: float = 1e-3,
    keys: Collection[str] = ALL,
) -> Curves:
    """The measures of `keys` between p and q moved by each of `shifts` [S > 1], which rise, all apart from each other.

    `tolerance` is the |slope| up to which a curve counts as flat.
    """
    shifts = np.asarray(shifts, float)
    values = measured(p, q, shifts, alpha, keys)
    discrete = len(p.atoms) > 0 and len(q.atoms) > 0
    slopes = {
        key: _slope_of_steps(value) if discrete and MEASURES[key].in_steps else _slope(value, shifts)
        for key, value in values.items()
    }
    flat = {key: _flat(slope, shifts, tolerance) for key, slope in slopes.items()}
    infinite = {key: _zones(_runs(np.isinf(value)), shifts) for key, value in values.items()}
    return Curves(shifts, values, slopes, flat, infinite)


def _slope(values: Array, shifts: Array) -> Array:
    with np.errstate(invalid="ignore"):
        slope = np.gradient(values, shifts)
    return np.where(np.isfinite(slope), slope, np.nan)


def _slope_of_steps(values: Array) -> Array:
    """Where atoms meet there is a jump, and no slope; it is 0 elsewhere, and NaN where the measure is infinite."""
    with np.errstate(invalid="ignore"):
        level = np.diff(values) == 0
    return np.where(np.append(level, False) | np.append(False, level), np.where(np.isinf(values), np.nan, 0), np.nan)


def _flat(slope: Array, shifts: Array, tolerance: float) -> Zones:
    runs = _runs(np.abs(slope) <= tolerance)  # NaN is not
    return _zones([run for run in runs if run[1] > run[0] and not _around_a_minimum(slope, *run)], shifts)


def _around_a_minimum(slope: Array, first: int, last: int) -> bool:
    return bool(first > 0 and last + 1 < len(slope) and slope[first - 1] < 0 < slope[last + 1])


def _zones(runs: list[tuple[int, int]], shifts: Array) -> Zones:
    return [(float(shifts[first]), float(shifts[last])) for first, last in runs]


def _runs(where: Mask) -> list[tuple[int, int]]:
    """(first, last) index of every run of True."""
    edges = np.diff(np.concatenate([[False], where, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) - 1).tolist(), strict=True))
