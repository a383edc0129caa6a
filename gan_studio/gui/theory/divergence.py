"""Two densities on the line, and how far apart they are by every measure."""

from __future__ import annotations

from .bench import Bench


class DivergenceBench(Bench):
    id = "divergence"
    title = "Divergences"
    summary = "How far apart are two distributions, and does the answer help a generator?"
    keys = ("preset", "tab", "measure", "f", "alpha", "shift")

    def build(self) -> None:
        pass

    def apply(self, settings: dict[str, str]) -> None:
        pass
