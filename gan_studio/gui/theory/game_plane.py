"""The playground's plane: a scene of a game, and above it what the colours of D's map mean."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ...theory.playground import Scene
from .. import theme
from ..widgets.points import PointsView, heat_map
from .plane_map import FULL

SURE = 1e-6  # scores nearer to 0 or 1 are shown as this
STRIPES = 96  # of the colour bar
EMPTY = "One moment: both players get their first weights."


def logits_of(scores: np.ndarray) -> np.ndarray:
    """What `heat_map` turns into colours that are even in the score: tanh(logit / 2) = 2 score - 1."""
    p = np.clip(scores.astype(np.float64), SURE, 1 - SURE)
    return np.log(p / (1 - p))


class GamePlane(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._real: np.ndarray | None = None
        self.view = PointsView(EMPTY)
        self.view.set_layers(["real", "generated", "landscape", "arrows", "grid"])
        self.legend = MapLegend()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        inside = self.view.layout()
        assert isinstance(inside, QVBoxLayout)
        inside.insertWidget(1, self.legend)  # close to what it explains, whatever room is left beneath

    def show_scene(self, scene: Scene, mapped: bool = True, marked: bool = False, caption: str = "") -> None:
        """`mapped`: with D's map; `marked`: with rings around the points that it has wrong."""
        self.legend.show_scene(scene)
        if self._real is None or not np.array_equal(self._real, scene.real):  # else their picture is kept
            self._real = scene.real
            self.view.show_real(scene.real)
        self.view.show_generated(scene.generated)
        field = self._field(scene)
        self.view.show_landscape(field if mapped else np.zeros_like(field), scene.extent, scene.pull, scene.warped)
        self.view.show_ringed(scene.wrong if marked else None)
        self.view.set_caption(caption)

    def _field(self, scene: Scene) -> np.ndarray:
        """[R, R] as `heat_map` wants it."""
        if scene.scores is not None:
            return logits_of(scene.scores)
        return FULL * np.nan_to_num(scene.values - scene.middle) / reach_of(scene)


def reach_of(scene: Scene) -> float:
    """How far D's answers go from their middle."""
    return max(float(np.abs(np.nan_to_num(scene.values - scene.middle)).max()), 1e-12)


class MapLegend(QWidget):
    """A bar of the map's colours: D's probability where its answers are one, else its answers themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks = ("0", "½", "1")
        self.has_scale = True
        self.setAccessibleName("Colours of D's map")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self._describe()

    def show_scene(self, scene: Scene) -> None:
        self.has_scale = scene.scores is not None
        if self.has_scale:
            ticks = ("0", "½", "1")
        else:
            reach = reach_of(scene)
            places = (scene.middle - reach, scene.middle, scene.middle + reach)
            ticks = tuple(f"{place:.3g}".replace("-", "−") for place in places)  # type: ignore[assignment]
        if ticks != self.ticks or not self.toolTip():
            self.ticks = ticks
            self._describe()
            self.update()

    def _describe(self) -> None:
        if self.has_scale:
            about = "How real D finds each place: 0 is surely generated, ½ is undecided, 1 is surely real"
        else:
            about = (
                "What D answers at each place: this objective gives it no scale, only more and less. Colourless is "
                "halfway between its mean answers to real and to generated points"
            )
        self.setToolTip(about)
        self.setAccessibleDescription(f"{about}: {', '.join(self.ticks)}")

    def paintEvent(self, event: QPaintEvent) -> None:
        c, font = theme.colours(), self.fontMetrics()
        painter = QPainter(self)
        fake, real = ("generated", "real") if self.has_scale else ("lower", "higher: more real")
        words = [font.horizontalAdvance(word) + 8 for word in (fake, real)]
        bar = QRectF(8 + words[0], 3, max(40.0, self.width() - 16 - sum(words)), font.height() - 4)
        shades = np.linspace(0, 1, STRIPES)[None, :]
        field = logits_of(shades) if self.has_scale else FULL * (2 * shades - 1)
        painter.drawImage(bar, heat_map(np.repeat(field, 2, axis=0), c))
        painter.setPen(c.grid)
        painter.drawRect(bar)
        painter.setPen(c.muted)
        line = QRectF(0, 0, self.width(), font.height() + 2)
        painter.drawText(QRectF(8, 0, words[0], line.height()), LEFT, fake)
        painter.drawText(QRectF(bar.right() + 8, 0, words[1], line.height()), LEFT, real)
        for share, text in zip((0.0, 0.5, 1.0), self.ticks, strict=True):
            at = bar.left() + share * bar.width()
            painter.drawLine(round(at), round(bar.bottom()), round(at), round(bar.bottom()) + 3)
            painter.drawText(QRectF(at - 60, bar.bottom() + 2, 120, font.height() + 2), CENTRE, text)

    def sizeHint(self) -> QSize:
        return QSize(200, 2 * self.fontMetrics().height() + 5)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())


LEFT = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignVCenter)
CENTRE = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.AlignmentFlag.AlignTop)
