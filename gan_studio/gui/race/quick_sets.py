"""Sets of lanes that are often raced: one line each. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Changes = dict[str, Any]  # {dotted path: value}


@dataclass(frozen=True)
class QuickSet:
    id: str  # in the words' "Try this" buttons
    title: str
    about: str
    lanes: tuple[tuple[str, Changes], ...]


def parts(objective: str | Changes, *penalties: str | Changes, **more: Any) -> Changes:
    """An objective with its penalties; `more` are other places of the recipe."""
    chosen: Changes = {"recipe.objective": objective, "recipe.penalties": list(penalties)}
    return chosen | {f"recipe.{path}": value for path, value in more.items()}


GP = {"kind": "gradient-penalty", "weight": 0.1}  # as Gulrajani et al. 2017 have it on points; on pictures 10

CLASSICS = QuickSet(
    "classics",
    "All classics",
    "The losses of the lecture notes, from the minimax game to the Wasserstein critics",
    (
        ("Minimax", parts("minimax")),
        ("Non-saturating", parts("non-saturating")),
        ("Least squares", parts("least-squares")),
        ("Hinge", parts("hinge")),
        ("WGAN, clipped", parts("wasserstein", "weight-clipping", d_steps=5)),
        ("WGAN-GP", parts("wasserstein", GP, d_steps=5)),
        ("R1", parts("non-saturating", "r1")),
        ("Relativistic", parts("relativistic-average")),
    ),
)
LOSSES = QuickSet(
    "losses",
    "Four losses",
    "One of each family: cross entropy, least squares, hinge, and the Wasserstein critic",
    (
        ("Non-saturating", parts("non-saturating")),
        ("Least squares", parts("least-squares")),
        ("Hinge", parts("hinge")),
        ("WGAN-GP", parts("wasserstein", GP, d_steps=5)),
    ),
)
REMEDIES = QuickSet(
    "remedies",
    "Remedies for collapse",
    "The base as it is, and what was invented against mode collapse",
    (
        ("Plain", {}),
        ("PacGAN 2", {"recipe.pack": 2}),
        ("PacGAN 4", {"recipe.pack": 4}),
        ("Minibatch", {"recipe.discriminator.minibatch_kernels": 16}),
        ("Unrolled", {"recipe.unroll": 5}),
        ("VEEGAN", {"recipe.kind": "veegan"}),
    ),
)
LIPSCHITZ = QuickSet(
    "constraints",
    "Lipschitz critics",
    "The Wasserstein critic held by nothing, by clipping, by a penalty, and by spectral normalisation",
    (
        ("Nothing", parts("wasserstein", d_steps=5)),
        ("Clipping", parts("wasserstein", "weight-clipping", d_steps=5)),
        ("Gradient penalty", parts("wasserstein", GP, d_steps=5)),
        ("Spectral", parts("wasserstein", d_steps=5) | {"recipe.discriminator.spectral": True}),
    ),
)
QUICK_SETS = (CLASSICS, LOSSES, REMEDIES, LIPSCHITZ)
FIRST = (("Non-saturating", parts("non-saturating")), ("WGAN-GP", parts("wasserstein", GP, d_steps=5)))
