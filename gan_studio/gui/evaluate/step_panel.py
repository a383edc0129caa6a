"""The right side: the samples of the step that is looked at, and what can be done with its checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from .. import theme
from ..train.results_panel import heading
from ..widgets.fold import quiet
from ..widgets.image_grid import ImageGrid
from ..widgets.points import PointsView

if TYPE_CHECKING:
    import numpy as np

    from .reading import Seen

NO_STEP = "Choose a run, and the samples of its step are here."
NO_CHECKPOINT = "No checkpoint of this step is kept any more; choose another step."


class StepPanel(QWidget):
    star_wanted = Signal()
    explore_wanted = Signal()
    branch_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.step_title = heading("Samples")
        self.pictures = ImageGrid(NO_STEP)
        self.pictures.setAccessibleName("Samples of this step")
        self.points = PointsView(NO_STEP)
        self.points.setAccessibleName("Real and generated points of this step")
        self.facts = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        holder = QWidget()
        self.layers = QStackedLayout(holder)
        self.layers.addWidget(self.pictures)
        self.layers.addWidget(self.points)
        self.star_button = self._button("Star this checkpoint", "star-outline")
        self.explore_button = self._button("Explore it", "compass-outline")
        self.branch_button = self._button("Branch from it", "source-branch")
        self.star_button.clicked.connect(self.star_wanted)
        self.explore_button.clicked.connect(self.explore_wanted)
        self.branch_button.clicked.connect(self.branch_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.step_title)
        column.addWidget(holder, 1)
        column.addWidget(self.facts)
        for button in (self.star_button, self.explore_button, self.branch_button):
            column.addWidget(button)
        self.offer(NO_STEP, False)

    def _button(self, text: str, icon: str) -> QPushButton:
        button = QPushButton(text)
        theme.tint(button, icon)
        return button

    # what is shown

    def clear(self) -> None:
        self.step_title.setText("Samples")
        self.pictures.clear()
        self.points.clear()
        self.facts.clear()

    def show_real(self, points: np.ndarray | None) -> None:
        """Real points [N, 2] beneath the generated ones; pictures stand alone."""
        if points is not None and points.ndim == 2:
            self.points.show_real(points)

    def show_seen(self, seen: Seen) -> None:
        self.step_title.setText(f"Step {seen.step:,}")
        if seen.frame is None:
            self.pictures.clear()
            self.points.clear()
            self.facts.setText("No samples were drawn near this step.")
            return
        apart = seen.frame.step != seen.step
        self.facts.setText(f"Drawn in training at step {seen.frame.step:,}, the nearest there is." if apart else "")
        self.facts.setVisible(apart)
        if seen.frame.array.ndim == 2:
            self.points.show_generated(seen.frame.array)
            self.layers.setCurrentWidget(self.points)
        else:
            self.pictures.show_images(seen.frame.array)
            self.layers.setCurrentWidget(self.pictures)

    def offer(self, reason: str, starred: bool, no_explore: str = "") -> None:
        """What can be done with the checkpoint; `reason` is why nothing can."""
        self.star_button.setText("Take its star back" if starred else "Star this checkpoint")
        theme.tint(self.star_button, "star" if starred else "star-outline")
        tips = (
            (self.star_button, "A checkpoint with a star is kept for good, and the run list shows it.", reason),
            (self.explore_button, "Walk through what it draws, in the Explore tab.", reason or no_explore),
            (self.branch_button, "Go on from it with changed settings, in the Train tab.", reason),
        )
        for button, tip, why in tips:
            button.setEnabled(not why)
            button.setToolTip(why or tip)
