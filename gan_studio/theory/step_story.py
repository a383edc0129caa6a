"""One step of a training on points, told in short sentences: what D saw and thought, what G felt, what came of it.

All is taken from what a training tells of the step: its curves and, where they are at hand, its samples and landscape.
A sentence is told only where everything in it was measured. A term that deserves words of its own gets one line in
`OF_D` or `OF_G`; any other is told by its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .sentence import Sentence

Curves = Mapping[str, float]  # {curve: value at the step}; NaN or absent where not measured
PLAYERS = ("D", "G")

CHAPTERS = ("sees", "finds", "pays", "learns", "shows", "feels", "moves", "outcome")  # D's four, G's three, both's

W1 = "distance/W1, exact"


@dataclass(frozen=True)
class Telling:
    """A sentence filled from curves."""

    template: str
    values: dict[str, tuple[str, float]]  # {name in the template: (curve, factor)}

    def sentence(self, curves: Curves, about: str) -> Sentence | None:
        """None where one of its curves was not measured."""
        values = {name: factor * curves.get(curve, math.nan) for name, (curve, factor) in self.values.items()}
        return Sentence(self.template, values, about) if all(map(math.isfinite, values.values())) else None

    @property
    def curves(self) -> set[str]:
        return {curve for curve, _ in self.values.values()}


@dataclass(frozen=True)
class Seen:
    """What the plane shows after the step; None where it is not known."""

    real_called_real: float | None = None  # share of the real points, 0 to 1
    generated_called_real: float | None = None
    pull: float | None = None  # mean length of what the generated points feel
    moved: float | None = None  # mean way of the generated points in the step


# --- the sentences ---------------------------------------------------------------------------------------------------

SEES = "D sees {batch} real and {batch} generated points."
SEES_OFTEN = "D takes {turns} steps; in each it sees {batch} real and {batch} generated points."
FINDS = "On average it finds the real ones {real:.0f} % real, and the generated ones {generated:.0f} %."
ALIKE = "It can hardly tell them apart."
EASY = "It tells them apart with ease."
D_TERM = "Its term “{name}” is {value:.3g}."
ESTIMATE = "By that it puts the distance called “{name}” at {value:.3g}."
MOVES_AGAINST = "Its weights go against a gradient of length {length:.3g}, at a learning rate of {rate:.2g}."
TAKES_STEP = "Its weights take a step, at a learning rate of {rate:.2g}."
D_STANDS = "D stands still and only answers."
G_TURN = "Then G shows {batch} points to D, which has just learnt."
G_ALONE = "G shows {batch} points to D."
G_TERM = "Its term “{name}” is {value:.3g}."
G_STANDS = "G stands still: its points stay where they are."
PULL = "Each of its points is pulled to where D would find it more real, with a force of {pull:.2g} on average."
MOVED = "Its points have gone {moved:.2g} far on average."
CALLS = "Now D calls {real:.0f} % of the real points real, and {generated:.0f} % of the generated ones."
NEARER = "The exact Wasserstein distance fell from {before:.3g} to {after:.3g}."
FARTHER = "The exact Wasserstein distance rose from {before:.3g} to {after:.3g}."
SAME = "The exact Wasserstein distance is {after:.3g}, as before."
APART = "The exact Wasserstein distance is {after:.3g}."
COVERED = "Modes that the generated points reach: {covered:.0f}; {percent:.0f} % of the points lie close to one."

# fmt: off
OF_D = (
    Telling("It rates the real ones {lead:.3g} above the generated ones on average.", {"lead": ("D/critic", -1)}),
    Telling("Its loss is {real:.3g} for the real ones and {fake:.3g} for the generated ones.",
            {"real": ("D/real", 1), "fake": ("D/fake", 1)}),
    Telling("It pays {value:.3g} for taking the wrong one of two for real.", {"value": ("D/relativistic", 1)}),
    Telling("It pays {value:.3g} where a margin between real and generated ones is not kept.",
            {"value": ("D/margin", 1)}),
    Telling("The gradient penalty adds {value:.3g}: between the two kinds D's slope is {slope:.3g} on average.",
            {"value": ("D/gradient penalty", 1), "slope": ("slope/gradient penalty", 1)}),
    Telling("DRAGAN's penalty adds {value:.3g}: around the real ones D's slope is {slope:.3g} on average.",
            {"value": ("D/dragan", 1), "slope": ("slope/dragan", 1)}),
    Telling("R1 adds {value:.3g}: at the real ones D's slope is {slope:.3g} on average.",
            {"value": ("D/r1", 1), "slope": ("slope/r1", 1)}),
    Telling("R2 adds {value:.3g}: at the generated ones D's slope is {slope:.3g} on average.",
            {"value": ("D/r2", 1), "slope": ("slope/r2", 1)}),
    Telling("The drift penalty adds {value:.3g}, for answers to real ones that are far from 0.",
            {"value": ("D/drift", 1)}),
    Telling("So their Jensen-Shannon divergence is {value:.3g} or more; it is never above 0.693.",
            {"value": ("distance/js", 1)}),
    Telling("That lead is its estimate of the Wasserstein distance: {value:.3g}.",
            {"value": ("distance/wasserstein", 1)}),
    Telling("So the share by which they do not overlap, the total variation, is {value:.3g} or more.",
            {"value": ("distance/total variation", 1)}),
)
OF_G = (
    Telling("D's answers cost it {value:.3g}.", {"value": ("G/adversarial", 1)}),
    Telling("D rates them {value:.3g} on average.", {"value": ("G/critic", -1)}),
    Telling("It pays {value:.3g} for what D finds less real than real points.", {"value": ("G/relativistic", 1)}),
)
# fmt: on
D_FINDS = Telling(FINDS, {"real": ("D(real)", 100), "generated": ("D(fake)", 100)})
MOVES = {
    "D": Telling(MOVES_AGAINST, {"length": ("gradient/D", 1), "rate": ("rate/D", 1)}),
    "G": Telling(MOVES_AGAINST, {"length": ("gradient/G", 1), "rate": ("rate/G", 1)}),
}
STEPS = {"D": Telling(TAKES_STEP, {"rate": ("rate/D", 1)}), "G": Telling(TAKES_STEP, {"rate": ("rate/G", 1)})}
REACHED = Telling(COVERED, {"covered": ("modes/covered", 1), "percent": ("modes/high quality", 100)})

TEMPLATES = (
    *(SEES, SEES_OFTEN, FINDS, ALIKE, EASY, D_TERM, ESTIMATE, MOVES_AGAINST, TAKES_STEP, D_STANDS),
    *(G_TURN, G_ALONE, G_TERM, G_STANDS, PULL, MOVED, CALLS, NEARER, FARTHER, SAME, APART, COVERED),
    *(telling.template for telling in (*OF_D, *OF_G)),
)


# --- the story -------------------------------------------------------------------------------------------------------


def story(
    curves: Curves,
    batch: int,
    players: tuple[str, ...] = PLAYERS,
    d_steps: int = 1,
    before: Curves | None = None,
    seen: Seen = Seen(),
) -> tuple[Sentence, ...]:
    """The story of one step; `Sentence.about` is "D", "G", or "" for what came of it.

    `curves` are the values at that step, {name: value}: the last column of its `Curves` event; `before`, those of the
    step before, tell whether the exact distance fell. `players` are those whose turn it was, `d_steps` how often D
    stepped, `batch` the number of points of each kind; `seen` comes from `look`.
    """
    told = chapters(curves, batch, players, d_steps, before, seen)
    return tuple(sentence for chapter in CHAPTERS for sentence in told[chapter])


def chapters(
    curves: Curves,
    batch: int,
    players: tuple[str, ...] = PLAYERS,
    d_steps: int = 1,
    before: Curves | None = None,
    seen: Seen = Seen(),
) -> dict[str, tuple[Sentence, ...]]:
    """The same story in parts, one for each of `CHAPTERS`, for whoever stops between them; one may be empty."""
    told: dict[str, Iterator[Sentence]] = {chapter: iter(()) for chapter in CHAPTERS}
    if "D" in players:
        told |= _d_turn(curves, batch, d_steps)
    else:
        told["sees"] = iter([Sentence(D_STANDS, about="D")])
    if "G" in players:
        told |= _g_turn(curves, batch, "D" in players, seen)
    else:
        told["shows"] = iter([Sentence(G_STANDS, about="G")])
    told["outcome"] = _outcome(curves, before or {}, seen)
    return {chapter: tuple(sentences) for chapter, sentences in told.items()}


def _d_turn(curves: Curves, batch: int, d_steps: int) -> dict[str, Iterator[Sentence]]:
    sees = Sentence(SEES_OFTEN, {"turns": d_steps, "batch": batch}, "D")
    return {
        "sees": iter([sees if d_steps > 1 else Sentence(SEES, {"batch": batch}, "D")]),
        "finds": _finds(curves),
        "pays": _terms(curves, OF_D, {"D/": D_TERM, "distance/": ESTIMATE}, "D"),
        "learns": _step(curves, "D"),
    }


def _g_turn(curves: Curves, batch: int, after_d: bool, seen: Seen) -> dict[str, Iterator[Sentence]]:
    return {
        "shows": iter([Sentence(G_TURN if after_d else G_ALONE, {"batch": batch}, "G")]),
        "feels": _feels(curves, seen),
        "moves": _moves(curves, seen),
    }


def _finds(curves: Curves) -> Iterator[Sentence]:
    if found := D_FINDS.sentence(curves, "D"):
        yield found
        lead = float(found.values["real"]) - float(found.values["generated"])
        if abs(lead) < 5:
            yield Sentence(ALIKE, about="D")
        elif lead > 90:
            yield Sentence(EASY, about="D")


def _feels(curves: Curves, seen: Seen) -> Iterator[Sentence]:
    yield from _terms(curves, OF_G, {"G/": G_TERM}, "G")
    if seen.pull is not None:
        yield Sentence(PULL, {"pull": seen.pull}, "G")


def _moves(curves: Curves, seen: Seen) -> Iterator[Sentence]:
    yield from _step(curves, "G")
    if seen.moved is not None:
        yield Sentence(MOVED, {"moved": seen.moved}, "G")


def _outcome(curves: Curves, before: Curves, seen: Seen) -> Iterator[Sentence]:
    if seen.real_called_real is not None and seen.generated_called_real is not None:
        shares = {"real": 100 * seen.real_called_real, "generated": 100 * seen.generated_called_real}
        yield Sentence(CALLS, shares)
    after, earlier = curves.get(W1, math.nan), before.get(W1, math.nan)
    if math.isfinite(after):
        yield _distance(earlier, after)
    if reached := REACHED.sentence(curves, ""):
        yield reached


def _distance(before: float, after: float) -> Sentence:
    values = {"before": before, "after": after}
    if not math.isfinite(before):
        return Sentence(APART, {"after": after})
    if f"{before:.3g}" == f"{after:.3g}":
        return Sentence(SAME, {"after": after})
    return Sentence(NEARER if after < before else FARTHER, values)


def _terms(curves: Curves, tellings: tuple[Telling, ...], rest: dict[str, str], about: str) -> Iterator[Sentence]:
    """The terms that have words of their own, in the order of these, then all others by name."""
    own: set[str] = {W1}
    for telling in tellings:
        if sentence := telling.sentence(curves, about):
            own |= telling.curves
            yield sentence
    for prefix, template in rest.items():
        for curve, value in curves.items():
            if curve.startswith(prefix) and curve not in own and math.isfinite(value):
                yield Sentence(template, {"name": curve.removeprefix(prefix), "value": value}, about)


def _step(curves: Curves, player: str) -> Iterator[Sentence]:
    if sentence := MOVES[player].sentence(curves, player) or STEPS[player].sentence(curves, player):
        yield sentence


# --- what can be seen in the plane -----------------------------------------------------------------------------------


def look(
    generated: np.ndarray,
    before: np.ndarray | None = None,
    pull: np.ndarray | None = None,
    real: np.ndarray | None = None,
    scores: np.ndarray | None = None,
    extent: float = 1.0,
) -> Seen:
    """What a step's events show.

    `generated` and `before` [N, 2] are the points of the same latents after the step and before it (by the weights as
    they are, not by their average, where both are told); `pull` [M, 2] and `extent` are the landscape's. `scores`
    [R, R] in [0, 1] is `objective.score` of the landscape's logits: at 1/2 and more D calls a point real. Leave it out
    where the objective has no score.
    """
    on_real = on_generated = None
    if scores is not None and real is not None:
        on_real, on_generated = (share_called_real(scores, extent, points) for points in (real, generated))
    return Seen(
        on_real,
        on_generated,
        None if pull is None else _mean_length(pull),
        None if before is None else _mean_length(generated - before),
    )


def share_called_real(scores: np.ndarray, extent: float, points: np.ndarray) -> float:
    """The share of points [N, 2] where the scores [R, R], read between the places of their grid, are 1/2 or more.

    Row 0 of the grid is at y = -extent, column 0 at x = -extent; a point outside is judged as at the border.
    """
    last = len(scores) - 1
    place = ((points.astype(float) / extent + 1) / 2 * last).clip(0, last)  # [N, 2]: column, row
    low = np.minimum(place.astype(int), last - 1)
    (column, row), (right, up) = low.T, (place - low).T
    lower = scores[row, column] * (1 - right) + scores[row, column + 1] * right
    upper = scores[row + 1, column] * (1 - right) + scores[row + 1, column + 1] * right
    return float((lower * (1 - up) + upper * up >= 0.5).mean())


def _mean_length(vectors: np.ndarray) -> float:
    return float(np.linalg.norm(vectors, axis=1).mean())
