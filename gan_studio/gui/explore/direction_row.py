"""One direction: its name, its slider, and a film-strip of what the slider will do."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ... import directions
from ...directions import Direction
from ...jobs.explore import Edit, View
from .. import theme
from ..widgets.number_slider import NumberSlider
from .film_strip import FilmStrip

REACHES = (2.0, 3.0, 5.0, 10.0)  # sigmas that a slider may go to either side; the field takes more
REACH = 3.0
PLACES = (-1.0, -2 / 3, -1 / 3, 0.0, 1 / 3, 2 / 3, 1.0)  # of the strip, in shares of the reach
HOW = {
    "pca": "A principal direction of the activations",
    "sefa": "What changes the first layer's output most",
    "attribute": "From the labels of the data",
    "random": "By chance",
    "axis": "One number of the latent",
}
NAME_WIDTH = 146


class DirectionRow(QWidget):
    edited = Signal(object, float)  # Direction, amount
    rename_wanted = Signal(object)  # Direction
    remove_wanted = Signal(object)

    def __init__(self, direction: Direction, reach: float = REACH):
        super().__init__()
        self.direction = direction
        self.reach = reach
        self.drawn: View | None = None  # whose strip it is
        self.title = self._title(direction)
        self.number = NumberSlider(direction.name, Edit.model_fields["amount"], -reach, reach)
        self.number.label.hide()
        self.number.set_value(0.0)
        self.number.edited.connect(self._edited)
        self.number.slider.installEventFilter(self)
        self.reset_button = QToolButton(autoRaise=True)
        self.reset_button.setToolTip("Take this direction out of the picture")
        self.reset_button.setAccessibleName(f"Reset {direction.name}")
        self.reset_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.reset_button.setEnabled(False)
        self.reset_button.clicked.connect(self._reset)
        theme.tint(self.reset_button, "restore")
        self.strip = FilmStrip(len(PLACES), 48)
        self.strip.setToolTip("What the slider does; a click goes there.")
        self.strip.picked.connect(self._picked)
        self.strip.set_here(PLACES.index(0.0))
        top = QHBoxLayout()
        top.setSpacing(4)
        for widget in (self.title, self.number, self.reset_button):
            top.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(self.strip)

    def _title(self, direction: Direction) -> QToolButton:
        title = _Elided(direction.name)
        title.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        title.setAccessibleName(f"{direction.name}, menu")
        title.setToolTip(about(direction))
        menu = QMenu(title)
        menu.addAction("Re&name…", self._rename)
        menu.addAction("Re&set", self._reset)
        menu.addAction("Take &off the list", self._remove)
        title.setMenu(menu)
        if direction.found_by == "axis":
            for action in (menu.actions()[0], menu.actions()[2]):
                action.setVisible(False)
        return title

    @property
    def amounts(self) -> tuple[float, ...]:
        """Of the strip's pictures."""
        return tuple(round(self.reach * place, 3) for place in PLACES)

    def set_reach(self, reach: float) -> None:
        """So many sigmas to either side; the strip is to be drawn anew."""
        self.reach, self.drawn = reach, None
        self.number.set_range(-reach, reach)
        self._mark(self.amount())

    def amount(self) -> float:
        return float(self.number.value())

    def set_amount(self, amount: float) -> None:
        """Silently. All rows are told of each move, and for most nothing changes."""
        if amount != self.amount():
            self.number.set_value(amount)
            self._mark(amount)

    def show_strip(self, pictures: np.ndarray) -> None:
        """One for each of the amounts."""
        self.strip.show_pictures(pictures)

    def is_seen(self) -> bool:
        return self.isVisible() and not self.visibleRegion().isEmpty()

    def _mark(self, amount: float) -> None:
        self.reset_button.setEnabled(bool(amount))
        amounts = self.amounts
        nearest = min(range(len(PLACES)), key=lambda i: abs(amounts[i] - amount))
        self.strip.set_here(nearest)

    def _edited(self, amount: float) -> None:
        self._mark(amount)
        self.edited.emit(self.direction, amount)

    def _picked(self, place: int) -> None:
        self.set_amount(self.amounts[place])
        self.edited.emit(self.direction, self.amounts[place])

    def _reset(self) -> None:
        self.set_amount(0.0)
        self.edited.emit(self.direction, 0.0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click on the slider resets it, as the button does."""
        if watched is self.number.slider and event.type() == QEvent.Type.MouseButtonDblClick:
            self._reset()
            return True
        return super().eventFilter(watched, event)

    def _rename(self) -> None:
        self.rename_wanted.emit(self.direction)

    def _remove(self) -> None:
        self.remove_wanted.emit(self.direction)


class _Elided(QToolButton):
    def __init__(self, name: str):
        super().__init__(autoRaise=True)
        self.setFixedWidth(NAME_WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._name = name

    def sizeHint(self) -> QSize:
        return QSize(NAME_WIDTH, self.fontMetrics().height() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The name on the left, as over the strip."""
        painter = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        room = self.rect().adjusted(3, 0, -14, 0)
        text = self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.setPen(self.palette().color(QPalette.ColorRole.ButtonText))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def about(direction: Direction) -> str:
    """In a sentence or two."""
    parts = [f"{direction.name}. {HOW[direction.found_by]}"]
    if direction.layer:
        parts.append(f" at layer {direction.layer}")
    if direction.found_by in ("pca", "sefa", "attribute") and direction.share:
        parts.append(f", {direction.share:.0%} of the variance")
    parts.append(".")
    if direction.effect:
        parts.append(f" One sigma changes a pixel by {direction.effect:.1f} of 255 on average.")
    return "".join(parts)


def axis_of(index: int, z_dim: int, spread: float) -> Direction:
    return directions.axis(index, z_dim, spread)
