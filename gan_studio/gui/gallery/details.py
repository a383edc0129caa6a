"""What is known of the picture that is looked at, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...jobs.gallery import Sample
from ...jobs.neighbours import Held
from .. import theme
from ..widgets.fold import quiet
from ..widgets.image_grid import ImageGrid
from .reading import Nearest

NOTHING = "Choose a picture to see what it is made of."
NO_NOVELTY = "Tick “Novelty” on the left to see the training picture next to it."
ROWS = ("Latent", "Step", "Weights", "Truncation", "Edits", "D's score", "Novelty", "Mark")


class Details(QWidget):
    explore_wanted = Signal()
    recipe_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = QLabel(NOTHING, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._form = QFormLayout()
        self._form.setVerticalSpacing(3)
        self.values = {name: QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True) for name in ROWS}
        for name, label in self.values.items():
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._form.addRow(quiet(QLabel(name)), label)
        self.near_label = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.near = ImageGrid("")
        self.near.setAccessibleName("The training picture next to it")
        self.near.setFixedHeight(140)
        self.explore_button = self._button(
            "Open in Explore", "Go on from this picture in the Explore tab.", "compass-outline"
        )
        self.recipe_button = self._button("Copy recipe", "What it is made of, as JSON.", "text-box-outline")
        self.copy_button = self._button("Copy picture", "The picture itself (Ctrl+C)", "content-copy")
        for button, told in (
            (self.explore_button, self.explore_wanted),
            (self.recipe_button, self.recipe_wanted),
            (self.copy_button, self.copy_wanted),
        ):
            button.clicked.connect(told)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addLayout(self._form)
        for widget in (self.explore_button, self.recipe_button, self.copy_button, self.near_label, self.near):
            column.addWidget(widget)
        column.addStretch(1)
        self.show_sample(None, 0, 0)

    def _button(self, text: str, tip: str, icon: str) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        theme.tint(button, icon)
        return button

    def show_sample(self, sample: Sample | None, place: int, chosen: int, held: Held | None = None) -> None:
        """`held` are the training pictures, where they were read."""
        self.title.setText(NOTHING if sample is None else _title(sample, place, chosen))
        known = facts(sample, held) if sample else {}
        for name, label in self.values.items():
            label.setText(known.get(name, ""))
            self._form.setRowVisible(label, name in known)
        for button in (self.explore_button, self.recipe_button, self.copy_button):
            button.setVisible(sample is not None)
        self.near.setVisible(sample is not None and held is not None)
        self.near_label.setVisible(sample is not None)
        self.near_label.setText("The training picture next to it" if held else NO_NOVELTY)

    def show_nearest(self, found: Nearest) -> None:
        self.near.show_images(found.picture)
        self.near.set_caption(found.told)


def _title(sample: Sample, place: int, chosen: int) -> str:
    what = f"Picture {place + 1:,}" if sample.view.z else f"Seed {sample.view.seed:,}"
    return f"{what} · {chosen:,} are chosen" if chosen > 1 else what


def facts(sample: Sample, held: Held | None = None) -> dict[str, str]:
    view = sample.view
    known = {"Step": f"{view.step:,}", "Weights": view.weights}
    known |= {"Latent": "of its own: no seed gives it"} if view.z else {}
    known |= {"Truncation": f"{view.psi:g}"} if view.psi != 1 else {}
    known |= {"Edits": ", ".join(f"{e.direction.name} {e.amount:+.2g}" for e in view.edits)} if view.edits else {}
    known |= {"D's score": f"{sample.score:.3f}"} if sample.score is not None else {}
    if sample.novelty is not None and held is not None:
        known["Novelty"] = held.told(sample.novelty) + ("" if sample.is_novel else ", a near copy")
    return known | ({"Mark": sample.mark} if sample.mark else {})
