"""Which pictures: of which seeds, how many, how near to the mean, and of which class, where there are some."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from ...jobs.explore import View
from .. import theme
from ..widgets.editors import NumberBox
from ..widgets.flow import FlowLayout
from ..widgets.fold import quiet
from ..widgets.number_slider import NumberSlider
from .class_bar import ClassBar

MOST_SEED = 2**32
OWN = "a latent of its own"
COUNTS = (1, 4, 9, 16, 25, 36, 49, 64, 100)
MANY = "So many pictures at once, of this seed and the next ones; what moves one moves all."
NO_NEXT = "A latent of its own has no next seeds; choose a seed to see several pictures."


class SeedBar(QWidget):
    seed_wanted = Signal(int)
    chance_wanted = Signal()
    count_wanted = Signal(int)
    truncation_wanted = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.by = 1  # seeds that the arrows go
        self.box = NumberBox(True, 0, MOST_SEED, step=1)
        self.box.setFixedWidth(110)
        self.box.setAccessibleName("Seed")
        self.box.setToolTip("The same seed gives the same picture.")
        self.box.edited.connect(self._typed)
        label = QLabel("See&d")
        label.setBuddy(self.box)
        self.back_button = self._tool("chevron-left", "The seed before (Page Up)", -1)
        self.next_button = self._tool("chevron-right", "The next seed (Page Down)", 1)
        self.chance_button = self._tool("dice-5-outline", "A seed by chance (R)", 0)
        self.truncation = NumberSlider("Truncation", View.model_fields["psi"], 0.0, 1.5)
        self.truncation.slider.setMinimumWidth(90)
        self.truncation.edited.connect(self._truncated)
        self.classes = ClassBar()
        self.counts = QComboBox()
        for count in COUNTS:
            self.counts.addItem("1 picture" if count == 1 else f"{count} pictures", count)
        self.counts.setAccessibleName("Pictures at once")
        self.counts.setToolTip(MANY)
        self.counts.activated.connect(self._count_chosen)
        self.own = quiet(QLabel(OWN))
        self.own.setWordWrap(False)
        self.own.setToolTip("From the pad, the clipboard or a picture; no seed gives it.")
        self.own.hide()
        seed = QWidget()
        row = QHBoxLayout(seed)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (label, self.box, self.back_button, self.next_button, self.chance_button, self.counts, self.own):
            row.addWidget(widget)
        both = FlowLayout(self, gap=24)
        both.setContentsMargins(8, 4, 8, 4)
        both.addWidget(seed)
        both.addWidget(self.truncation)
        both.addWidget(self.classes)

    def _tool(self, icon: str, tip: str, by: int) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setProperty("by", by)
        button.clicked.connect(self._go)
        theme.tint(button, icon)
        return button

    def show_view(self, view: View, count: int) -> None:
        self.box.set_value(view.seed)
        self.truncation.set_value(view.psi)
        self.own.setVisible(bool(view.z))
        if self.counts.findData(count) < 0:  # of a preset
            self.counts.addItem(f"{count} pictures", count)
        self.counts.setCurrentIndex(self.counts.findData(count))
        self.counts.setEnabled(not view.z)
        self.counts.setToolTip(NO_NEXT if view.z else MANY)
        self._tell_steps(1 if view.z else count)

    def _tell_steps(self, count: int) -> None:
        """What the arrows do: a page of several pictures is turned whole."""
        self.by = count
        what = "seed" if count == 1 else f"{count} seeds"
        for button, tip in (
            (self.back_button, f"The {what} before (Page Up)"),
            (self.next_button, f"The next {what} (Page Down)"),
        ):
            button.setToolTip(tip)
            button.setAccessibleName(tip.partition(" (")[0])

    def go_by(self, by: int) -> None:
        seed = int(self.box.value())
        wanted = max(0, seed + by * self.by) if seed else seed + by * self.by
        if 0 <= wanted <= MOST_SEED:
            self.seed_wanted.emit(wanted)

    def _count_chosen(self, row: int) -> None:
        self.count_wanted.emit(self.counts.itemData(row))

    def _go(self) -> None:
        by = self.sender().property("by")
        if by:
            self.go_by(by)
        else:
            self.chance_wanted.emit()

    def _typed(self, seed: float) -> None:
        self.seed_wanted.emit(int(seed))

    def _truncated(self, psi: float) -> None:
        self.truncation_wanted.emit(psi)
