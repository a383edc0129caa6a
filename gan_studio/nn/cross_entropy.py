"""Telling two sets of samples apart by cross-entropy, and what its value says about their Jensen-Shannon divergence."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import softplus as sp


def cross_entropy(l_r: Tensor, l_f: Tensor, smoothing: float = 0.0) -> dict[str, Tensor]:
    """Per-sample terms from the logits of real and fake samples; `smoothing` is the share of flipped real labels."""
    return {
        "real": (1 - smoothing) * sp(-l_r) + smoothing * sp(l_r),  # -log D(x)
        "fake": sp(l_f),  # -log(1 - D(G(z)))
    }


def js_lower_bound(terms: dict[str, Tensor], smoothing: float = 0.0) -> Tensor:
    """A lower bound of JSD, reached by the best logits: V(D*, G) = 2 JSD - 2 log 2.

    Smoothing flips some labels, and what can be learnt about flipped labels is less than about true ones: it stays a
    lower bound when the labels' entropy H takes the place of log 2.
    """
    share = (1 - smoothing) / 2  # of the labels that say "real"
    H = -share * math.log(share) - (1 - share) * math.log(1 - share)
    return H - (terms["real"].mean() + terms["fake"].mean()) / 2
