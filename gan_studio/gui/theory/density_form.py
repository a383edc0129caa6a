"""The numbers of one density: its kind, its fields, and the pen that draws it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QToolButton, QWidget

from ...theory.densities import Density
from .. import theme
from ..widgets.flow import FlowLayout
from .density_plot import COLOURS, NAMES
from .shapes import KINDS, Field, fields, kind_of


class DensityForm(QWidget):
    """`edited` carries the new density; `pen_toggled` that it is to be drawn by the mouse, or no more."""

    edited = Signal(object)
    pen_toggled = Signal(bool)

    def __init__(self, which: str):
        super().__init__()
        self.which = which
        self._density: Density | None = None
        self._boxes: list[QDoubleSpinBox] = []
        self._rows: list[QWidget] = []  # a name and its box each
        self.mark = QLabel()
        self.mark.setToolTip(NAMES[which])
        self.kind = QComboBox()
        self.kind.addItems(list(KINDS))
        self.kind.setAccessibleName(f"Kind of {which}")
        self.kind.setToolTip(f"What kind of density {NAMES[which]} is; mean and width are kept where they can be")
        self.kind.activated.connect(self._change_kind)
        self.pen = QToolButton(autoRaise=True)
        self.pen.setCheckable(True)
        self.pen.setAccessibleName(f"Draw {which}")
        self.pen.setToolTip(f"Draw {NAMES[which]}, with the mouse in the plot; what is drawn is scaled to an area of 1")
        self.pen.toggled.connect(self.pen_toggled)
        theme.tint(self.pen, "draw")
        self.flow = FlowLayout(self)
        for widget in (self.mark, self.kind, self.pen):
            self.flow.addWidget(widget)
        theme.changed.connect(self._colour)
        self._colour()

    def show_density(self, density: Density) -> None:
        same = self._density is not None and [f.label for f in fields(self._density)] == [
            f.label for f in fields(density)
        ]
        self._density = density
        self.kind.setCurrentText(kind_of(density))
        if not same:
            self._lay_out(fields(density))
        for box, field in zip(self._boxes, fields(density), strict=True):
            if not box.hasFocus() or abs(box.value() - field.value) > 0.006:
                box.blockSignals(True)
                box.setRange(field.low, field.high)
                box.setValue(field.value)
                box.blockSignals(False)

    def _lay_out(self, rows: list[Field]) -> None:
        for widget in self._rows:
            self.flow.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._boxes, self._rows = [], []
        for i, field in enumerate(rows):
            box = QDoubleSpinBox(decimals=2, singleStep=field.step, minimum=field.low, maximum=field.high)
            box.setAccessibleName(f"{field.label} of {self.which}")
            box.setToolTip(f"{field.label} of {NAMES[self.which]}, {field.low:.2g} to {field.high:.2g}")
            box.setKeyboardTracking(False)
            box.valueChanged.connect(partial(self._put, i))
            name = QLabel(field.label)
            name.setBuddy(box)
            pair = QWidget(self)
            row = QHBoxLayout(pair)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(3)
            row.addWidget(name)
            row.addWidget(box)
            self.flow.addWidget(pair)
            pair.show()
            self._boxes.append(box)
            self._rows.append(pair)

    def _put(self, i: int, value: float) -> None:
        assert self._density
        self.edited.emit(fields(self._density)[i].put(value))

    def _change_kind(self) -> None:
        assert self._density
        make = KINDS[self.kind.currentText()][1]
        if kind_of(self._density) != self.kind.currentText():
            self.edited.emit(make(self._density))

    def _colour(self) -> None:
        self.mark.setText(f'<b><font color="{COLOURS[self.which]().name()}">{self.which}</font></b>')
