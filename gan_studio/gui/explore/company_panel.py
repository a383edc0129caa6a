"""What the rest of the run says about a picture: D's score, and the training pictures nearest to it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..widgets.fold import quiet
from .film_strip import FilmStrip

COUNT = 5
TIP = "Read the data of this run, up to 20,000 pictures, and compare each picture with it."
HINT = "Is it new, or learnt by heart? Its nearest training pictures, by their pixels, and what D thinks of it."


class CompanyPanel(QWidget):
    wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hint = quiet(QLabel(HINT))
        self.button = QPushButton("Nearest training pictures")
        self.button.setToolTip(TIP)
        self.button.clicked.connect(self.wanted)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName("Progress of reading the training pictures")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Do not read the training pictures.")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        self.working = QWidget()
        row = QHBoxLayout(self.working)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        self.working.hide()
        self.score = QLabel()
        self.score.setToolTip("The logit of D at this checkpoint: above 0 it takes the picture for a real one.")
        self.strip = FilmStrip(COUNT, 46, captions=True)
        self.strip.setToolTip(
            "The nearest training pictures, and how far their pixels are: 0 is the same, 255 the most."
        )
        self.score.hide()
        self.strip.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        for widget in (self.hint, self.button, self.working, self.score, self.strip):
            column.addWidget(widget)
        column.addStretch(1)

    def set_reason(self, reason: str) -> None:
        """Why there is nothing to compare with; "" where there is."""
        self.button.setEnabled(not reason)
        self.button.setToolTip(reason or TIP)
        self.hint.setText(reason or HINT)

    def show_progress(self, done: int, total: int, text: str) -> None:
        self.working.show()
        self.button.hide()
        self.bar.setToolTip(text)
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def show_compared(self, nearest: np.ndarray, distances: np.ndarray, score: float | None) -> None:
        self.working.hide()
        self.button.hide()
        self.hint.hide()
        self.strip.show_pictures(nearest, [f"{distance:.0f}" for distance in distances])
        self.score.setText(f"D's score: {score:+.2f}" if score is not None else "This checkpoint holds no D.")
        self.score.show()
        self.strip.show()

    def clear(self) -> None:
        """Back to the offer."""
        for widget in (self.working, self.score, self.strip):
            widget.hide()
        self.button.show()
        self.hint.show()
