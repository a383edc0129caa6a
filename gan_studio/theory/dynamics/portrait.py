"""A phase portrait of the Dirac-GAN: all settings of the bench, what is drawn of them, and the paper's panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from ...config import Spec, option
from ...registry import OneOf
from . import Array
from .game import Game, field
from .rules import RULES, Rule
from .spectrum import Course, Spectrum, Verdict, course, spectrum, verdict


class Portrait(Spec):
    """Everything that can be set. `parse` makes one from plain values, as those of a `Panel`."""

    game: Game = option(Game(), "The game.", learn=True)
    rule: Annotated[Rule, OneOf(RULES)] = option("alternating", "How the players move.", learn=True)
    theta: float = option(1.0, "θ at the start: where the generated point lies.", ge=-10, le=10, group="Start")
    psi: float = option(1.0, "ψ at the start: D's slope.", ge=-10, le=10, group="Start")
    steps: int = option(500, "How many steps of G a path shows.", ge=1, le=20_000, unit="steps")
    extent: float = option(2.0, "The field is drawn from minus this to this, both ways.", gt=0, le=10)
    arrows: int = option(30, "Arrows along each side.", ge=3, le=100)


@dataclass(frozen=True)
class Drawing:
    """What is seen of a portrait; θ runs to the right and ψ upwards, as in the paper's figures."""

    axis: Array  # [A], of θ and of ψ alike
    arrows: Array  # [A, A, 2] of (θ', ψ'): row by ψ, column by θ; not normalised
    paths: Array  # [steps + 1, N, 2]; NaN after a path has gone out of sight
    courses: tuple[Course, ...]  # one for each path
    spectrum: Spectrum
    verdict: Verdict


def draw(portrait: Portrait, starts: Array | None = None) -> Drawing:
    """Field, paths and what becomes of them; `starts` [N, 2] of (θ, ψ), else the portrait's own.

    With 20 starts, 30 x 30 arrows and 500 steps 6 to 20 ms; the flow takes 50 to 160 ms.
    """
    axis = np.linspace(-portrait.extent, portrait.extent, portrait.arrows)
    starts = np.array([[portrait.theta, portrait.psi]]) if starts is None else starts
    paths = portrait.rule.paths(portrait.game, starts, portrait.steps)
    return Drawing(
        axis,
        field(portrait.game, axis, axis, portrait.rule.balance),
        paths,
        tuple(course(paths[:, i]) for i in range(paths.shape[1])),
        spectrum(portrait.game, portrait.rule),
        verdict(portrait.game, portrait.rule),
    )


@dataclass(frozen=True)
class Panel:
    """One panel of the paper's figures: the same start, 500 alternating steps of 0.2."""

    key: str
    title: str
    game: dict[str, Any]  # plain values of a `Game`

    def portrait(self) -> Portrait:
        return Portrait.parse({"game": self.game, "rule": {"kind": "alternating", "h": 0.2}})


def _panel(key: str, title: str, loss: str, regulariser: str = "none", **values: float) -> Panel:
    return Panel(key, title, {"loss": loss, "regulariser": {"kind": regulariser, **values}})


# What Mescheder et al. 2018 draw of the Dirac-GAN, with the settings of the authors' notebook.
PANELS = (
    _panel("gan", "GAN", "minimax"),
    _panel("non-saturating", "Non-saturating GAN", "non-saturating"),
    _panel("wgan", "WGAN", "wasserstein", "clipping", limit=1.0),
    _panel("wgan-gp", "WGAN-GP", "wasserstein", "gradient-penalty", gamma=0.7, target=1.0),
    _panel("consensus", "Consensus optimisation", "minimax", "consensus", gamma=1.0),
    _panel("instance-noise", "Instance noise", "minimax", "instance-noise", sigma=0.7),
    _panel("r1", "R1 gradient penalty", "minimax", "r1", gamma=0.3),
    _panel("r1-critical", "R1 penalty, critical γ", "minimax", "r1", gamma=1.0),
    _panel("non-saturating-r1", "Non-saturating, R1", "non-saturating", "r1", gamma=0.3),
)
