"""A number of a Spec as a slider with a field beside it: the slider for playing, the field for exact values."""

from __future__ import annotations

import math

from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from ...config import extra
from ..form_fields import bounds_of, range_text
from .editors import NumberBox

NOTCHES = 1000  # of a slider without whole numbers
BOX_WIDTH = 62


class NumberSlider(QWidget):
    """`low` to `high` is what the slider reaches; the field takes all that the Spec allows."""

    edited = Signal(object)  # by the user, while it is dragged too

    def __init__(self, name: str, field: FieldInfo, low: float, high: float, log: bool = False):
        super().__init__()
        self.low, self.high, self.log = low, high, log
        self.whole = field.annotation is int
        bounds = bounds_of(field)
        self.about = f"{field.description} {range_text(field)}."
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, self._notches())
        self.slider.setMinimumWidth(44)
        self.slider.setPageStep(max(1, self._notches() // 10))
        self.box = NumberBox(
            self.whole,
            bounds.get("ge", bounds.get("gt", -math.inf)),
            bounds.get("le", bounds.get("lt", math.inf)),
            open_low="gt" in bounds,
            open_high="lt" in bounds,
            log=bool(extra(field)["log"]) or log,
        )
        self.box.setFixedWidth(BOX_WIDTH)
        self.label = QLabel(name)
        self.label.setBuddy(self.box)
        self.slider.setAccessibleName(f"{name}, slider")
        self.box.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label)
        row.addWidget(self.slider, 1)
        row.addWidget(self.box)
        self.set_reason("")
        self.slider.valueChanged.connect(self._slid)
        self.box.edited.connect(self._typed)

    def value(self) -> float:
        return self.box.value()

    def set_value(self, value: float) -> None:
        """Silently."""
        self.box.set_value(value)
        if self.value_at(self.slider.value()) != value:
            self.slider.blockSignals(True)
            self.slider.setValue(self.notch_of(value))
            self.slider.blockSignals(False)

    def set_range(self, low: float, high: float) -> None:
        """What the slider reaches; the value stays."""
        self.low, self.high = low, high
        self.slider.blockSignals(True)
        self.slider.setRange(0, self._notches())
        self.slider.setValue(self.notch_of(self.value()))
        self.slider.blockSignals(False)

    def set_reason(self, reason: str) -> None:
        """Why it has no effect now; with "" it has one."""
        self.setEnabled(not reason)
        for widget in (self, self.label, self.slider, self.box):
            widget.setToolTip(reason or self.about)

    # places

    def _notches(self) -> int:
        few = self.whole and not self.log and self.high - self.low <= NOTCHES
        return round(self.high - self.low) if few else NOTCHES

    def value_at(self, notch: int) -> float:
        share = notch / self._notches()
        value = self.low * (self.high / self.low) ** share if self.log else self.low + share * (self.high - self.low)
        return round(value) if self.whole else float(f"{value:.3g}")

    def notch_of(self, value: float) -> int:
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(share * self._notches())

    # the user

    def _slid(self, notch: int) -> None:
        value = self.value_at(notch)
        if value != self.box.value():
            self.box.set_value(value)
            self.edited.emit(value)

    def _typed(self, value: float) -> None:
        self.set_value(value)
        self.edited.emit(value)
