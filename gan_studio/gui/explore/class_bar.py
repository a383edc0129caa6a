"""Which class is drawn, or which two and how much of the second: seen only where the network has classes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from ...classes import Shares, one, told
from ...config import Spec, option
from ..widgets.number_slider import NumberSlider

HALF = 0.5
BY_SEED, NO_OTHER = "By the seed", "none"
NOTHING_TO_BLEND = "Choose a class to blend in first."


class Blend(Spec):
    share: float = option(HALF, "How much there is of the class that is blended in.", title="Share", ge=0, le=1)


class ClassBar(QWidget):
    wanted = Signal(object, str)  # Shares, () being those that the seed draws; and the kind of change

    def __init__(self) -> None:
        super().__init__()
        self._shares: Shares = ()  # that are drawn
        self.first = self._box("Class", 11, "What is drawn. By the seed: each seed draws a class of its own.")
        self.second = self._box("Class to blend in", 5, "A second class: pictures between the two are drawn as one.")
        self.first.activated.connect(self._first_chosen)
        self.second.activated.connect(self._second_chosen)
        self.share = NumberSlider("Share", Blend.model_fields["share"], 0.0, 1.0)
        self.share.slider.setFixedWidth(60)
        self.share.edited.connect(self._shared)
        label, between = QLabel("C&lass"), QLabel("→")
        label.setBuddy(self.first)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (label, self.first, between, self.second, self.share):
            row.addWidget(widget)
        self.hide()

    def _box(self, name: str, letters: int, tip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.setMaxVisibleItems(20)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(letters)
        return box

    # --- what is shown ---

    def show_classes(self, count: int) -> None:
        """Of another network."""
        numbers = [f"{number:,}" for number in range(count)]
        for box, none in ((self.first, BY_SEED), (self.second, NO_OTHER)):
            box.clear()
            box.addItems([none, *numbers])
        self.setVisible(count > 0)

    def show_shares(self, chosen: Shares, drawn: Shares) -> None:
        """`chosen` is () where the seed draws one; what is `drawn` then."""
        self._shares = drawn
        self.first.setItemText(0, BY_SEED if chosen else f"{BY_SEED}: {told(drawn)}")
        numbers = [number for number, _ in chosen]
        is_many = len(numbers) > 2
        self.first.setPlaceholderText(f"A blend of {len(numbers)}" if is_many else "")
        self.first.setCurrentIndex(-1 if is_many else numbers[0] + 1 if numbers else 0)
        self.second.setCurrentIndex(numbers[1] + 1 if len(numbers) == 2 else 0)
        self.share.set_value(chosen[1][1] if len(numbers) == 2 else HALF)
        self.share.set_reason("" if len(numbers) == 2 else NOTHING_TO_BLEND)

    # --- the user ---

    def _first_chosen(self, row: int) -> None:
        if row == 0:
            self.wanted.emit((), "")
        else:
            self._blend(row - 1, self.second.currentIndex() - 1)

    def _second_chosen(self, row: int) -> None:
        first, _ = max(self._shares, key=lambda part: part[1]) if self.first.currentIndex() < 1 else self._shares[0]
        self._blend(first, row - 1)

    def _shared(self, share: float) -> None:
        self._blend(self._shares[0][0], self._shares[1][0], "classes")

    def _blend(self, first: int, second: int, kind: str = "") -> None:
        """Of the first alone where there is no second."""
        share = self.share.value()
        self.wanted.emit(((first, round(1 - share, 6)), (second, share)) if second >= 0 else one(first), kind)
