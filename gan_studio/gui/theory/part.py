"""A tab of the divergence bench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from .shapes import Pair

if TYPE_CHECKING:
    from .divergence import DivergenceBench


class Part(QWidget):
    def __init__(self, bench: DivergenceBench):
        super().__init__()
        self.bench = bench

    def show_pair(self, pair: Pair) -> None:
        """The densities were changed, here or elsewhere, or this tab has come into sight."""
        raise NotImplementedError

    def kinds(self) -> list[str]:
        """The f-divergences that can be chosen here, by their kinds."""
        return []

    def choose(self, kind: str) -> None:
        """Show that f-divergence."""

    def train(self) -> None:
        """Let it learn, from scratch."""

    def pause(self) -> None:
        """It goes out of sight: what is under way ends."""
