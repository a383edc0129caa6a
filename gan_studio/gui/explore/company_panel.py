"""What the rest of the run says about a picture: D's score, and the training pictures nearest to it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..widgets.fold import quiet
from .film_strip import FilmStrip

COUNT = 5
TIP = "Read the data of this run, up to 20,000 pictures, and compare each picture with it."
HINT = "Is it new, or learnt by heart? Its nearest training pictures, and what D thinks of it."
NO_D = "Nor does it come with a D to ask."
BY_TIP = (
    "Pixels find copies. Features find what D takes for alike: its activations before its answer, or random "
    "convolutions where there is no D."
)
OF_FIRST = "Those of the first picture."
BY_PIXELS = "By pixels: 0 is the same, 255 the most."
BY_FEATURES = "By {}: at 1 it is as far as two training pictures usually are."
STRIP_TIP = "The nearest training pictures, and how far each is"


class CompanyPanel(QWidget):
    wanted = Signal()
    cancel_wanted = Signal()
    by_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hint = quiet(QLabel(HINT))
        self.button = QPushButton("Nearest training pictures")
        self.button.setToolTip(TIP)
        self.button.clicked.connect(self.wanted)
        self.score = QLabel(wordWrap=True)
        self.score.setToolTip("The logit of D at this checkpoint: above 0 it takes the picture for a real one.")
        self.strip = FilmStrip(COUNT, 46, captions=True)
        self.strip.setToolTip(STRIP_TIP)
        self.said = quiet(QLabel())
        self.score.hide()
        self.strip.hide()
        self.said.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.addWidget(self.hint)
        column.addLayout(self._choice())
        for widget in (self.button, self._work(), self.score, self.strip, self.said):
            column.addWidget(widget)
        column.addStretch(1)

    def _choice(self) -> QHBoxLayout:
        self.by = QComboBox()
        self.by.addItems(["Pixels", "Features"])
        self.by.setAccessibleName("Compare by")
        self.by.setToolTip(BY_TIP)
        self.by.currentIndexChanged.connect(self.by_changed)
        label = QLabel("Compare &by")
        label.setBuddy(self.by)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.by, 1)
        return row

    def _work(self) -> QWidget:
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName("Progress of reading the training pictures")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        self.working = QWidget()
        row = QHBoxLayout(self.working)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        self.working.hide()
        return self.working

    @property
    def by_features(self) -> bool:
        return self.by.currentIndex() == 1

    def set_reason(self, reason: str) -> None:
        """Why there is nothing to compare with, nor a D to ask; "" where there is."""
        for widget, tip in ((self.button, TIP), (self.by, BY_TIP)):
            widget.setEnabled(not reason)
            widget.setToolTip(reason or tip)
        self.hint.setText(f"{reason} {NO_D}" if reason else HINT)

    def show_progress(self, done: int, total: int, text: str) -> None:
        self.working.show()
        self.button.hide()
        self.bar.setToolTip(text)
        self.cancel_button.setToolTip(f"Stop: {text[0].lower()}{text[1:]}")
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def end_progress(self) -> None:
        self.working.hide()

    def show_scores(self, scores: np.ndarray | None) -> None:
        """[N], None where there is no D."""
        if scores is None:
            text = "This checkpoint holds no D."
        elif len(scores) == 1:
            text = f"D's score: {scores[0]:+.2f}"
        else:
            text = f"D's scores: {scores.min():+.2f} to {scores.max():+.2f}, the first {scores[0]:+.2f}"
        self.score.setText(text)
        self.score.show()

    def show_nearest(
        self, pictures: np.ndarray, distances: np.ndarray, features: str = "", of_first: bool = False
    ) -> None:
        """`features` names what they were compared by; "" is the pixels. `of_first` of several pictures."""
        digits = 2 if features else 0
        self.strip.show_pictures(pictures, [f"{distance:.{digits}f}" for distance in distances])
        how = BY_FEATURES.format(features) if features else BY_PIXELS
        self.said.setText(f"{OF_FIRST} {how}" if of_first else how)
        self.button.hide()
        self.hint.hide()
        self.strip.show()
        self.said.show()

    def offer_pictures(self) -> None:
        """They were not read."""
        self.working.hide()
        self.button.show()

    def clear(self) -> None:
        """Back to the offer."""
        for widget in (self.working, self.score, self.strip, self.said):
            widget.hide()
        self.button.show()
        self.hint.show()
