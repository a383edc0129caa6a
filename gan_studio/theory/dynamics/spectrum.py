"""Eigenvalues of a game at its equilibrium and what follows from them, and what a path does in fact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..sentence import Sentence
from . import Array
from .game import Game
from .rules import Rule

Word = Literal["converges", "cycles", "diverges", "misses"]  # misses: comes to rest beside the data

EXACT = 1e-9  # an eigenvalue's modulus is 1 within this
REAL = 1e-6  # an eigenvalue is real within this: two that fall together are known to half the digits only
STEADY = 0.01  # a path whose distance changes by less from a quarter to the next neither comes nor goes
LARGEST_H = 64.0  # no larger step is looked for

TO_FIRST_ORDER = "Near the equilibrium the players circle: to first order they come no nearer and go no farther."
TURN = "One turn takes {period:.3g} steps."
IN = "Near the equilibrium each step brings the players {percent:.3g} % nearer, half the way in {half:.3g} steps."
GLIDE = "They glide in without turning."
STEP_TOO_LARGE = "The flow would come to rest here; a step size below {h:.3g} would too."
OUT = "Near the equilibrium each step carries the players {percent:.3g} % farther off."
HELD = "Near the equilibrium each step carries the players {percent:.3g} % farther off, until clipping holds them."
NO_REST = (
    "At the data the field jumps, so that nothing rests there: the players run around θ = {left:.3g} and {right:.3g}."
)
BESIDE = "At the data the field jumps; beside it, at θ = {left:.3g} and {right:.3g}, players can come to rest."
JUMP_OUT = "At the data the field jumps, and each step carries the players {percent:.3g} % farther off."

PATH_IN = "This path comes nearer: {first:.3g} away at the start, {last:.3g} at the end."
PATH_ROUND = "This path keeps circling, {last:.3g} away."
PATH_OUT = "This path goes away: {first:.3g} away at the start, {last:.3g} at the end."
PATH_GONE = "This path goes away without end: after {steps:.0f} steps it is out of sight."
PATH_BESIDE = "This path comes to rest beside the data, {last:.3g} away."

TEMPLATES = (
    *(TO_FIRST_ORDER, TURN, IN, GLIDE, STEP_TOO_LARGE, OUT, HELD, NO_REST, BESIDE, JUMP_OUT),
    *(PATH_IN, PATH_ROUND, PATH_OUT, PATH_GONE, PATH_BESIDE),
)


@dataclass(frozen=True)
class Spectrum:
    """At the equilibrium; where the regulariser moves the rest (`at` is not 0), there, seen from ψ > 0."""

    field: Array  # [2] complex: of the field's Jacobian, D's learning rate counted; stable where real parts are < 0
    step: Array  # [2] complex: of one iteration of the rule; stable where they lie inside the unit circle
    at: float  # θ; with `at` not 0 there is no derivative at (0, 0), and no equilibrium

    @property
    def radius(self) -> float:
        """The largest modulus of `step`: what remains of a small distance after one iteration, in the long run."""
        return float(np.abs(self.step).max())

    @property
    def period(self) -> float:
        """Iterations for one turn around the equilibrium; inf where nothing turns."""
        angle = float(np.abs(np.angle(self.step[np.abs(self.step.imag) > REAL])).max(initial=0.0))
        return 2 * math.pi / angle if angle else math.inf


@dataclass(frozen=True)
class Verdict:
    """What becomes of players that start near the equilibrium, by the eigenvalues."""

    word: Word
    rate: float  # factor of the distance a step: below 1 they come nearer
    period: float  # steps for one turn; inf without any
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Course:
    """What became of one path, as far as it was followed."""

    word: Word
    rate: float  # mean factor of the distance a step from its third to its last quarter; NaN where it ended before
    sentence: Sentence


def spectrum(game: Game, rule: Rule) -> Spectrum:
    """The eigenvalues of the field and of one iteration."""
    J = game.jacobian()
    field = np.linalg.eigvals(np.diag([1.0, rule.d_rate]) @ J).astype(complex)
    step = np.linalg.eigvals(rule.matrix(J)).astype(complex)
    return Spectrum(field, step, game.regulariser.rest(game.loss))


def largest_step(game: Game, rule: Rule) -> float:
    """The step size h below which the rule converges near the equilibrium; 0 where none does, inf where all do."""
    J = game.jacobian()

    def converges(h: float) -> bool:
        return float(np.abs(np.linalg.eigvals(rule.model_copy(update={"h": h}).matrix(J))).max()) < 1 - 1e-12

    good, bad = 1e-3, 2e-3
    if game.regulariser.rest(game.loss) or not converges(good):
        return 0.0
    while converges(bad):
        good, bad = bad, 2 * bad
        if bad > LARGEST_H:
            return math.inf
    while bad - good > 1e-6 * good:
        middle = (good + bad) / 2
        good, bad = (middle, bad) if converges(middle) else (good, middle)
    return good


def verdict(game: Game, rule: Rule) -> Verdict:
    """What becomes of players that start near the equilibrium. Milliseconds."""
    found = spectrum(game, rule)
    word, sentences = _judged(game, rule, found)
    turning = word in ("converges", "cycles", "diverges") and not found.at and math.isfinite(found.period)
    if turning:
        sentences = (*sentences, Sentence(TURN, {"period": found.period}))
    return Verdict(word, found.radius, found.period, sentences)


def _judged(game: Game, rule: Rule, found: Spectrum) -> tuple[Word, tuple[Sentence, ...]]:
    radius = found.radius
    out = {"percent": 100 * (radius - 1)}
    if found.at:
        places = {"left": -abs(found.at), "right": abs(found.at)}
        if radius >= 1 - EXACT:
            return "diverges", (Sentence(JUMP_OUT, out),)
        node = bool((np.abs(found.step.imag) <= REAL).all() and (found.step.real > 0).all())
        return ("misses", (Sentence(BESIDE, places),)) if node else ("cycles", (Sentence(NO_REST, places),))
    if radius < 1 - EXACT:
        closer = Sentence(IN, {"percent": 100 * (1 - radius), "half": -math.log(2) / math.log(max(radius, 1e-300))})
        return "converges", (closer,) if math.isfinite(found.period) else (closer, Sentence(GLIDE))
    if radius <= 1 + EXACT:
        return "cycles", (Sentence(TO_FIRST_ORDER),)
    if game.regulariser.holds:
        return "cycles", (Sentence(HELD, out),)
    h = largest_step(game, rule)
    return "diverges", (Sentence(OUT, out), *([Sentence(STEP_TOO_LARGE, {"h": h})] if h else []))


def course(path: Array) -> Course:
    """What one path [T + 1, 2] does, by its distance from the equilibrium in its last two quarters.

    A quarter should be one turn or more (`Verdict.period`).
    """
    far = np.linalg.norm(path, axis=1)
    there = np.isfinite(far)
    first = float(far[0])
    if not there.all():
        steps = int(np.argmin(there))
        return Course("diverges", math.nan, Sentence(PATH_GONE, {"steps": steps}))
    quarter = max(1, len(far) // 4)
    before, last = float(far[-2 * quarter : -quarter].max(initial=0.0)), float(far[-quarter:].max())
    ends = {"first": first, "last": last}
    rate = (last / before) ** (1 / quarter) if before > 0 and last > 0 else math.nan
    if last <= 1e-3 * first or last <= 1e-9:
        return Course("converges", rate, Sentence(PATH_IN, ends))
    if np.ptp(path[-quarter:], axis=0).max() < 1e-2 * last:
        return Course("misses", rate, Sentence(PATH_BESIDE, ends))
    if last < (1 - STEADY) * before:
        return Course("converges", rate, Sentence(PATH_IN, ends))
    if last > (1 + STEADY) * before:
        return Course("diverges", rate, Sentence(PATH_OUT, ends))
    return Course("cycles", rate, Sentence(PATH_ROUND, ends))
