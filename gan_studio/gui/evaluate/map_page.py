"""The page of the map: real and generated pictures as points, by t-SNE of what the eye sees; hover shows a picture."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ...jobs.closely import Close
from ...jobs.feature_map import KINDS, Map, drawn_map
from .. import theme
from ..choice_boxes import named_box
from ..widgets.image_grid import tile, to_image
from .closer_page import CloserPage
from .desk import Desk

DOT = 3.0  # pixels, its radius
NEAR = 14.0  # pixels: so near to a point the mouse is on it
SHOWN = 112  # pixels of the picture beside the mouse
NAMES = {"real": "Real", "unseen": "Unseen", "generated": "Generated"}
TIPS = {
    "real": "Pictures of the training",
    "unseen": "Real pictures that training never saw",
    "generated": "What the generator draws",
}
COLOURINGS = {"kind": "Kind", "class": "Class"}


class MapPage(CloserPage):
    title = "Map"
    tip = "Real and generated pictures as points: what is alike to the eye lies together"
    name = "map"
    about = "A map of real and generated pictures, by what the eye sees in them, is drawn here."

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.view = MapView()
        tip = "What the colours mean: real or generated, or the class by the classifier"
        label, self.colouring = named_box("&Coloured by", tip, COLOURINGS)
        self.kinds = {kind: QCheckBox(name) for kind, name in NAMES.items()}
        self.told = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.status = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.status.setForegroundRole(self.status.foregroundRole().PlaceholderText)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.again_button = QPushButton("&Again")
        self.again_button.clicked.connect(self._press)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.colouring)
        row.addSpacing(8)
        for kind, box in self.kinds.items():
            box.setChecked(True)
            box.setToolTip(TIPS[kind])
            box.toggled.connect(self._choose)
            row.addWidget(box)
        row.addStretch(1)
        row.addWidget(self.again_button)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.told)
        column.addWidget(self.view, 1)
        column.addWidget(self.status)
        self.colouring.activated.connect(self._choose)
        theme.changed.connect(self._tint)
        self._tint()

    def work(self, close: Close) -> Generator[Any, None, Any]:
        return drawn_map(close)

    def show_now(self) -> None:
        super().show_now()
        working = self.closer.working == self.name
        self.again_button.setText("&Stop" if working else "&Again")
        self.again_button.setToolTip("Leave the points where they are" if working else "Place the points once more")
        self.status.setText(self.closer.doing if working else self._summary())

    def show_found(self, value: Map, is_done: bool) -> None:
        close = self.closer.close
        assert close
        self.view.show_map(value, close)
        self.kinds["unseen"].setVisible(close.unseen is not None)
        knows = value.classes is not None
        self.colouring.setEnabled(knows)
        self.colouring.setToolTip(
            "What the colours mean: real or generated, or the class by the classifier"
            if knows
            else "These features know no classes; choose a classifier on the left to colour by class."
        )
        self.told.setText(told(value))

    def _summary(self) -> str:
        value, close = self.view.map, self.closer.close
        if value is None or close is None:
            return ""
        rest = "" if value.iteration == value.iterations else f", stopped at {value.iteration} of {value.iterations}"
        return f"{len(value.points):,} pictures by t-SNE{rest}. {HOVER}"

    def _choose(self) -> None:
        shown = {kind for kind, box in self.kinds.items() if box.isChecked()}
        self.view.choose(shown, str(self.colouring.currentData()) == "class")

    def _press(self) -> None:
        if self.closer.working == self.name:
            self.closer.stop()
        else:
            self.begin()

    def _tint(self) -> None:
        for kind, box in self.kinds.items():
            box.setIcon(theme.swatch(colour_of(KINDS.index(kind))))


KEYS = "Left and Right go from point to point."
HOVER = "Rings are real, squares unseen, discs generated. Point at one, or use the arrow keys."


def told(value: Map) -> str:
    percent = round(100 * value.mixed)
    if percent >= 40:
        verdict = "generated pictures lie among real ones"
    elif percent >= 15:
        verdict = "generated pictures keep partly to themselves"
    else:
        verdict = "generated pictures keep to themselves: to this eye they are unlike real ones"
    return (
        f"Of the neighbours of a generated picture {percent} % are real, where 50 % would be even: {verdict}. "
        "Clumps without generated points are what it leaves out. Distances between clumps mean little."
    )


class MapView(QWidget):
    """The points. The one under the mouse, or that the arrow keys came to, shows its picture."""

    def __init__(self) -> None:
        super().__init__()
        self.map: Map | None = None
        self.at = -1
        self.shown = set(KINDS)
        self.by_class = False
        self._close: Close | None = None
        self._places = np.empty((0, 2))
        self._layer: QPixmap | None = None
        self._picture: QImage | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Map of pictures")
        self.setAccessibleDescription(KEYS)
        theme.changed.connect(self._redraw)

    def show_map(self, found: Map, close: Close) -> None:
        if close is not self._close or self.map is None or len(found.points) != len(self.map.points):
            self._point(-1)
        self.map, self._close = found, close
        self._place()

    def choose(self, shown: set[str], by_class: bool) -> None:
        self.shown, self.by_class = shown, by_class
        if self.at >= 0 and not self.visible()[self.at]:
            self._point(-1)
        self._redraw()

    def visible(self) -> np.ndarray:
        """[N] which points are shown."""
        if self.map is None:
            return np.zeros(0, bool)
        return np.isin(self.map.kinds, [KINDS.index(kind) for kind in self.shown])

    def place_of(self, point: int) -> QPointF:
        """Where a point is, in the widget."""
        return QPointF(*self._places[point].tolist())

    # places

    def _place(self) -> None:
        if self.map is None:
            return
        points = self.map.points
        low, high = points.min(axis=0), points.max(axis=0)
        size = max(float((high - low).max()), 1e-12)
        room = max(min(self.width(), self.height()) - 24, 10)
        middle = np.array([self.width() / 2, self.height() / 2])
        self._places = middle + (points - (low + high) / 2) * (room / size) * [1, -1]
        self._redraw()

    def _redraw(self) -> None:
        self._layer = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, c = QPainter(self), theme.colours()
        if self._layer is None:
            self._layer = self._drawn()
        painter.drawPixmap(0, 0, self._layer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if 0 <= self.at < len(self._places):
            self._paint_pointed(painter, c)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _drawn(self) -> QPixmap:
        """All points, which stand still while the mouse moves."""
        ratio = self.devicePixelRatioF()
        layer = QPixmap(self.size() * ratio)
        layer.setDevicePixelRatio(ratio)
        layer.fill(theme.colours().plot)
        if self.map is not None:
            painter = QPainter(layer)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for i in np.flatnonzero(self.visible()).tolist():
                self._paint_point(painter, i)
            if self.by_class:
                self._paint_names(painter)
            painter.end()
        return layer

    def _paint_point(self, painter: QPainter, i: int) -> None:
        """Real ones are rings, so that colours are not needed to tell the kinds apart."""
        assert self.map
        kind, colour = int(self.map.kinds[i]), self._colour(i)
        filled = KINDS[kind] == "generated"
        painter.setPen(Qt.PenStyle.NoPen if filled else QPen(colour, 1))
        painter.setBrush(theme.faded(colour, 0.8) if filled else Qt.BrushStyle.NoBrush)
        place = self.place_of(i)
        if KINDS[kind] == "unseen":
            painter.drawRect(QRectF(place.x() - DOT + 0.5, place.y() - DOT + 0.5, 2 * DOT - 1, 2 * DOT - 1))
        else:
            painter.drawEllipse(place, DOT, DOT)

    def _paint_names(self, painter: QPainter) -> None:
        """The classes in their colours, as many as there is room for."""
        assert self.map
        names = self._close.eye.classes if self._close and self.map.classes is not None else ()
        line, ascent = self.fontMetrics().height(), self.fontMetrics().ascent()
        room = max(1, (self.height() - 12) // line)
        for row, name in enumerate(names[:room]):
            is_last = row == room - 1 and len(names) > room
            painter.setPen(theme.colours().muted if is_last else class_colour(row, names))
            painter.drawText(8, 6 + row * line + ascent, "…" if is_last else name)

    def _colour(self, i: int) -> QColor:
        assert self.map
        if self.by_class and self.map.classes is not None:
            names = self._close.eye.classes if self._close else ()
            return class_colour(int(self.map.classes[i]), names or tuple(map(str, range(self.map.classes.max() + 1))))
        return colour_of(int(self.map.kinds[i]))

    def _paint_pointed(self, painter: QPainter, c: theme.Colours) -> None:
        place = self.place_of(self.at)
        painter.setPen(QPen(c.text, 2))
        painter.setBrush(self._colour(self.at))
        painter.drawEllipse(place, DOT + 2, DOT + 2)
        if self._picture is None:
            return
        words, height = self.words(), self.fontMetrics().height()
        wide = max(SHOWN, self.fontMetrics().horizontalAdvance(words)) + 8
        box = QRectF(0, 0, wide, SHOWN + height + 10)
        left = place.x() + 14 if place.x() + 14 + wide < self.width() else place.x() - 14 - wide
        top = min(max(place.y() - box.height() / 2, 2), self.height() - box.height() - 2)
        box.moveTo(max(2.0, left), max(2.0, top))
        painter.setPen(QPen(c.muted, 1))
        painter.setBrush(self.palette().toolTipBase())
        painter.drawRect(box)
        painter.drawImage(QRectF(box.center().x() - SHOWN / 2, box.top() + 4, SHOWN, SHOWN), self._picture)
        painter.setPen(self.palette().toolTipText().color())
        painter.drawText(box.adjusted(4, SHOWN + 4, -4, 0), int(Qt.AlignmentFlag.AlignCenter), words)

    def words(self) -> str:
        """About the point that is pointed at."""
        assert self.map and self._close
        kind, number = KINDS[int(self.map.kinds[self.at])], int(self.map.numbers[self.at])
        named = ""
        if self.map.classes is not None and self._close.eye.classes:
            named = f", {self._close.eye.classes[int(self.map.classes[self.at])]}"
        return f"{NAMES[kind]} {number}{named}"

    # the user

    def _point(self, at: int) -> None:
        if at == self.at:
            return
        self.at, self._picture = at, None
        if at >= 0 and self.map and self._close:
            seen = (self._close.real, self._close.unseen, self._close.generated)[int(self.map.kinds[at])]
            if seen is not None and seen.pictures is not None:
                image = to_image(tile(seen.pictures[int(self.map.numbers[at])][None]))
                fast = Qt.TransformationMode.FastTransformation if image.width() < SHOWN else SMOOTH
                ratio = round(SHOWN * self.devicePixelRatioF())
                self._picture = image.scaled(ratio, ratio, Qt.AspectRatioMode.IgnoreAspectRatio, fast)
        self.setAccessibleDescription(f"{self.words()}. {KEYS}" if at >= 0 else KEYS)
        self.update()

    def nearest(self, place: QPointF) -> int:
        """The point that is shown there, -1 where none is."""
        shown = np.flatnonzero(self.visible())
        if not len(shown):
            return -1
        far = np.hypot(*(self._places[shown] - [place.x(), place.y()]).T)
        return int(shown[far.argmin()]) if far.min() <= NEAR else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.nearest(event.position()))

    def leaveEvent(self, event: object) -> None:
        self._point(-1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        shown = np.flatnonzero(self.visible())
        if step is None or not len(shown):
            super().keyPressEvent(event)
            return
        order = shown[np.argsort(self._places[shown, 0], kind="stable")]  # from left to right
        here = np.flatnonzero(order == self.at)
        place = int(here[0]) + step if len(here) else 0
        self._point(int(order[place % len(order)]))

    def sizeHint(self) -> QSize:
        return QSize(480, 420)


SMOOTH = Qt.TransformationMode.SmoothTransformation


def colour_of(kind: int) -> QColor:
    c = theme.colours()
    return {"real": c.third, "unseen": c.warning, "generated": c.g}[KINDS[kind]]


def class_colour(number: int, names: Sequence[str]) -> QColor:
    """Its own where classes are named after colours, as of hair; else hues as far apart as so many can be."""
    dark, name = theme.colours().dark, NAMED.get(names[number], names[number])
    if QColor.isValidColorName(name):
        own = QColor(name)
        low, high = (0.4, 0.85) if dark else (0.0, 0.68)
        return QColor.fromHslF(max(own.hslHueF(), 0.0), own.hslSaturationF(), min(max(own.lightnessF(), low), high))
    lightness = (0.62, 0.74) if dark else (0.36, 0.48)
    return QColor.fromHslF((number / max(len(names), 1)) % 1.0, 0.75, lightness[number % 2])


NAMED = {"blonde": "#dcb43c", "pink": "hotpink"}  # that no list of colours has, or has too pale
