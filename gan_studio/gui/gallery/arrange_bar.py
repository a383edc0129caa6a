"""Which of the pictures are shown, in which order, and how large."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSlider, QWidget

from ...jobs.gallery import Arrangement, Order
from ..form_fields import field_title
from ..widgets.editors import ChoiceBox
from ..widgets.flow import FlowLayout
from ..widgets.fold import quiet
from ..widgets.toggle import Toggle
from .grid import SIZES, USUAL

ORDERS: dict[str, tuple[str, str]] = {
    "seed": ("By seed", "As they were made"),
    "score": ("By D's score", "What D takes for real first"),
    "novelty": ("By novelty", "What is furthest from the training pictures first"),
    "starred": ("Starred first", "Those with a star first"),
}
FILTERS = ("novel_only", "starred_only", "rejected")
NOT_MEASURED = "Tick “{what}” on the left and make them again."


class ArrangeBar(QWidget):
    changed = Signal(object)  # an Arrangement
    size_wanted = Signal(int)
    captions_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        fields = Arrangement.model_fields
        self.order = ChoiceBox([(name, *ORDERS[name]) for name in get_args(Order)])
        self.order.set_value("seed")
        self.order.setAccessibleName("Order")
        self.order.setToolTip(fields["order"].description or "")
        self.order.edited.connect(self._tell)
        row = FlowLayout(self, gap=6)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.order)
        self.toggles: dict[str, Toggle] = {}
        for name in ("backwards", *FILTERS):
            field = fields[name]
            toggle = self.toggles[name] = Toggle(field_title(name, field), field.description or "")
            toggle.clicked.connect(self._tell)
            row.addWidget(toggle)
        self.captions = Toggle("Captions", "Write seed, score and novelty beneath each picture.")
        self.captions.setChecked(True)
        self.captions.toggled.connect(self.captions_wanted)
        row.addWidget(self.captions)
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(*SIZES)
        self.size_slider.setValue(USUAL)
        self.size_slider.setSingleStep(8)
        self.size_slider.setPageStep(32)
        self.size_slider.setFixedWidth(110)
        self.size_slider.setAccessibleName("Size of the pictures")
        self.size_slider.setToolTip("How large the pictures are (Ctrl+wheel)")
        self.size_slider.valueChanged.connect(self.size_wanted)
        row.addWidget(self.size_slider)
        self.count = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.count.setWordWrap(False)
        row.addWidget(self.count)

    def arrangement(self) -> Arrangement:
        toggles = {name: toggle.isChecked() for name, toggle in self.toggles.items()}
        return Arrangement.parse({"order": self.order.value()} | toggles)

    def offer(self, is_scored: bool, is_measured: bool) -> None:
        """What was not found out cannot be sorted by: it says how to."""
        for name, there, what in (("score", is_scored, "Score by D"), ("novelty", is_measured, "Novelty")):
            tip = ORDERS[name][1] if there else NOT_MEASURED.format(what=what)
            row = list(ORDERS).index(name)
            self.order.setItemData(row, None if there else 0, Qt.ItemDataRole.UserRole - 1)  # enabled, or not
            self.order.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
            if not there and self.order.value() == name:
                self.order.set_value("seed")
        novel = self.toggles["novel_only"]
        novel.setEnabled(is_measured)
        novel.setToolTip(
            Arrangement.model_fields["novel_only"].description or ""
            if is_measured
            else NOT_MEASURED.format(what="Novelty")
        )
        if not is_measured:
            novel.setChecked(False)

    def show_counts(self, shown: int, all_: int, starred: int, rejected: int, chosen: int) -> None:
        words = [f"{shown:,} of {all_:,}" if shown != all_ else f"{all_:,}"]
        words += [f"{chosen:,} chosen"] if chosen > 1 else []
        words += [f"{starred:,} starred"] if starred else []
        words += [f"{rejected:,} rejected"] if rejected else []
        self.count.setText(" · ".join(words) if all_ else "")

    def _tell(self) -> None:
        self.changed.emit(self.arrangement())
