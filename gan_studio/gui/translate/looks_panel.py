"""The middle of the tab: what is looked at, which other networks, and the pictures beside each other."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from ..widgets.compare_panel import ComparePanel
from ..widgets.flow import FlowLayout
from ..widgets.fold import quiet
from ..widgets.toggle import Toggle, ToggleGroup
from .looks import LOOKS, Look

OTHERS = 3  # networks beside the one that is chosen above
NO_PICTURE = (
    "Add pictures at the right and choose one: what becomes of it is shown here. Nothing is written before you "
)
NO_PICTURE += "press Translate."
NONE = "None"


class LooksPanel(QWidget):
    look_chosen = Signal(str)
    others_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.nothing = NO_PICTURE  # what is said where no picture is chosen
        self.compare = ComparePanel(NO_PICTURE)
        self.sentence = QLabel(wordWrap=True)
        self.sentence.setContentsMargins(8, 4, 8, 4)
        self.sentence.hide()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(6)
        self.bar.setAccessibleName("Progress of the preview")
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._looks())
        column.addWidget(self._others())
        column.addWidget(self.sentence)
        column.addWidget(self.bar)
        column.addWidget(self.compare, 1)

    def _looks(self) -> QWidget:
        above = QWidget()
        row = FlowLayout(above, gap=4)
        row.setContentsMargins(8, 4, 8, 0)
        self._group = ToggleGroup(self)
        self.buttons: dict[str, Toggle] = {}
        for look in LOOKS:
            button = Toggle(look.title, look.about)
            button.setAccessibleName(look.title.replace("&", ""))
            button.clicked.connect(partial(self.look_chosen.emit, look.id))
            self._group.addButton(button)
            self.buttons[look.id] = button
            row.addWidget(button)
        self.buttons[LOOKS[0].id].setChecked(True)
        return above

    def _others(self) -> QWidget:
        self.beside = QWidget()
        row = QHBoxLayout(self.beside)
        row.setContentsMargins(8, 4, 8, 0)
        row.addWidget(quiet(QLabel("Beside it:")))
        self.others: list[QComboBox] = []
        for number in range(OTHERS):
            box = QComboBox()
            box.setMinimumContentsLength(8)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setAccessibleName(f"Network beside it, {number + 1} of {OTHERS}")
            box.setToolTip("Another network on the same part of the same picture")
            box.addItem(NONE, None)
            box.activated.connect(self.others_chosen)
            self.others.append(box)
            row.addWidget(box, 1)
        self.beside.hide()
        return self.beside

    # --- what is shown ---

    def show_look(self, look: Look) -> None:
        self.buttons[look.id].setChecked(True)
        self.beside.setVisible(look.needs_others)

    def offer(self, reasons: dict[str, str]) -> None:
        """{look's id: why it cannot be had}; "" can."""
        for look in LOOKS:
            button, reason = self.buttons[look.id], reasons.get(look.id, "")
            button.setEnabled(not reason)
            button.setToolTip(reason or look.about)

    def show_others(self, choices: list[tuple[str, object]]) -> None:
        """What can be chosen beside it; what was chosen stays so where it still can."""
        for box in self.others:
            before = box.currentData()
            box.clear()
            box.addItem(NONE, None)
            for title, what in choices:
                box.addItem(title, what)
            at = next((i for i in range(box.count()) if box.itemData(i) == before), 0)
            box.setCurrentIndex(at)

    def say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))

    def show_progress(self, share: float | None) -> None:
        """None is over; 0 is not known."""
        self.bar.setVisible(share is not None)
        if share is not None:
            self.bar.setRange(0, 1000 if share else 0)
            self.bar.setValue(round(1000 * share))

    def leave(self) -> None:
        self.compare.leave()
