"""The channels of one layer: a grid of small maps, or bars where a channel is one number. One of them is chosen."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...jobs.look_inside import Inside
from .. import theme
from .heat import heat, heat_image

COLUMNS = 8
GAP = 1
BARS_HIGH = 72  # pixels, of the strip of bars
FULL = 99.0  # the percentile of the sizes from which on a colour is full


class Look(ABC):
    """How the channels of a layer are painted."""

    columns: int  # of a row

    @abstractmethod
    def height(self, width: float) -> int:
        """Of all of them."""

    @abstractmethod
    def rect(self, place: int, width: float) -> QRectF:
        """Where one of them is."""

    @abstractmethod
    def paint(self, painter: QPainter, place: int, where: QRectF) -> None: ...


class Nothing(Look):
    columns = 1

    def height(self, width: float) -> int:
        return 0

    def rect(self, place: int, width: float) -> QRectF:
        return QRectF()

    def paint(self, painter: QPainter, place: int, where: QRectF) -> None: ...


class Maps(Look):
    """Squares in a grid, on one scale of colours."""

    columns = COLUMNS

    def __init__(self, maps: np.ndarray):
        full = max(float(np.percentile(np.abs(maps), FULL)), 1e-12)
        self._images = [heat_image(one / full) for one in maps]
        self._ratio = maps.shape[1] / maps.shape[2]

    def height(self, width: float) -> int:
        rows = -(-len(self._images) // COLUMNS)
        return round(rows * (self._size(width)[1] + GAP) - GAP)

    def rect(self, place: int, width: float) -> QRectF:
        row, column = divmod(place, COLUMNS)
        wide, high = self._size(width)
        return QRectF(column * (wide + GAP), row * (high + GAP), wide, high)

    def paint(self, painter: QPainter, place: int, where: QRectF) -> None:
        painter.drawImage(where, self._images[place])

    def _size(self, width: float) -> tuple[float, float]:
        wide = (width - (COLUMNS - 1) * GAP) / COLUMNS
        return wide, wide * self._ratio


class Bars(Look):
    """Side by side, up from a common zero or down."""

    def __init__(self, numbers: np.ndarray):
        self._numbers = numbers / max(float(np.abs(numbers).max()), 1e-12)
        self._colours = [QColor(*map(int, rgb)) for rgb in heat(0.55 * np.sign(self._numbers))]
        self.columns = len(numbers)
        low, high = min(float(self._numbers.min()), 0.0), max(float(self._numbers.max()), 0.0)
        self._zero, self._span = high / max(high - low, 1e-12), max(high - low, 1e-12)

    def height(self, width: float) -> int:
        return BARS_HIGH

    def rect(self, place: int, width: float) -> QRectF:
        wide = width / self.columns
        return QRectF(place * wide, 0, wide, BARS_HIGH)

    def paint(self, painter: QPainter, place: int, where: QRectF) -> None:
        zero = where.top() + self._zero * where.height()
        high = -self._numbers[place] / self._span * where.height()
        gap = GAP if where.width() > 3 else 0
        bar = QRectF(where.left(), zero, where.width() - gap, high).normalized()
        painter.fillRect(bar.adjusted(0, 0, 0, max(0.0, 1 - bar.height())), self._colours[place])


def look_of(found: Inside) -> Look:
    if not len(found.channels):
        return Nothing()
    return Bars(found.maps[:, 0, 0]) if found.is_linear else Maps(found.maps)


class ChannelView(QWidget):
    chosen = Signal(int)  # the place of a channel among those that are shown; -1 is none

    def __init__(self) -> None:
        super().__init__()
        self._look: Look = Nothing()
        self._count = 0
        self.place = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Channels of the layer")
        self.setToolTip(
            "The strongest first. Orange is above 0, blue below, and all share one scale. A click or the arrow keys "
            "choose one."
        )

    def show_inside(self, found: Inside) -> None:
        """What is chosen stays: the place, as its channel may be another one now."""
        self._look, self._count = look_of(found), len(found.channels)
        self._fit()
        self.choose(min(self.place, self._count - 1))
        self.update()

    def clear(self) -> None:
        self._look, self._count, self.place = Nothing(), 0, -1
        self._fit()

    def choose(self, place: int) -> None:
        self.place = place
        self.chosen.emit(place)
        self.update()

    def rect_of(self, place: int) -> QRectF:
        return self._look.rect(place, self.width())

    # --- its size ---

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._look.height(width)

    def sizeHint(self) -> QSize:
        return QSize(220, self._look.height(220))

    def _fit(self) -> None:
        self.setFixedHeight(self._look.height(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for place in range(self._count):
            self._look.paint(painter, place, self.rect_of(place))
        if self.place >= 0:
            frame = self.rect_of(self.place).adjusted(0.5, 0.5, -0.5, -0.5)
            for colour, width in ((theme.LIGHT.text, 4), (theme.LIGHT.plot, 2)):  # the maps are the same in both themes
                painter.setPen(QPen(colour, width))
                painter.drawRect(frame)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    # --- the user ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for place in range(self._count):
            if self.rect_of(place).contains(event.position()):
                self.choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._look.columns,
            Qt.Key.Key_Down: self._look.columns,
        }
        step = moves.get(Qt.Key(event.key()))
        if step is None or not self._count:
            super().keyPressEvent(event)
        elif 0 <= (place := max(self.place, 0) + (step if self.place >= 0 else 0)) < self._count:
            self.choose(place)
