"""Eigenvalues in the complex plane, with the region in which a game comes to rest."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QSizePolicy

from .. import theme
from ..widgets.chart import LINE, Chart

CROSS = 4.5  # half the size of a mark
NARROWER = -20  # pixels by which the numbers at the left are: they are short


class EigenPlot(Chart):
    """A square around 0; a subclass says where it is stable."""

    about = ""  # for the tool tip
    least = 1.0  # half the width, at least

    def __init__(self, name: str, y_title: str):
        super().__init__(name, y_title=y_title)
        self.values = np.zeros(0, complex)
        self.setMinimumSize(110, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.about)

    def show_values(self, values: np.ndarray) -> None:
        """[2] complex."""
        self.values = values
        reach = max(self.least, 1.25 * float(np.abs(values).max(initial=0.0)))
        self.x_range = self.y_range = (-reach, reach)
        self.setAccessibleDescription(pair_text(values))
        self.show_lines([])

    def inside(self) -> QRectF:
        box = super().inside().adjusted(NARROWER, 0, 0, 0)
        side = min(box.width(), box.height())
        return QRectF(box.left() + (box.width() - side) / 2, box.top(), side, side)

    def sizeHint(self) -> QSize:
        return QSize(150, 150)

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        region, edge = self.stable(box)
        painter.fillPath(region, theme.faded(c.third, 0.15))
        painter.setPen(QPen(c.third, LINE))
        painter.drawPath(edge)
        painter.setPen(QPen(c.danger if self.is_unstable() else c.text, LINE))
        for value in self.values.tolist():
            at = self.point(value.real, value.imag)
            painter.drawLine(at - QPointF(CROSS, CROSS), at + QPointF(CROSS, CROSS))
            painter.drawLine(at - QPointF(CROSS, -CROSS), at + QPointF(CROSS, -CROSS))
            painter.drawEllipse(at, CROSS + 1, CROSS + 1)

    def stable(self, box: QRectF) -> tuple[QPainterPath, QPainterPath]:
        """The region in which eigenvalues draw the players in, and its edge."""
        raise NotImplementedError

    def is_unstable(self) -> bool:
        """Whether one of them lies outside."""
        raise NotImplementedError


class FieldEigenPlot(EigenPlot):
    about = "Eigenvalues of the field where all is still: left of the imaginary axis (green) they draw the players in."

    def stable(self, box: QRectF) -> tuple[QPainterPath, QPainterPath]:
        middle = self.point(0, 0).x()
        region, edge = QPainterPath(), QPainterPath(QPointF(middle, box.top()))
        region.addRect(QRectF(box.left(), box.top(), middle - box.left(), box.height()))
        edge.lineTo(middle, box.bottom())
        return region, edge

    def is_unstable(self) -> bool:
        return bool((self.values.real > 1e-9).any())


class StepEigenPlot(EigenPlot):
    about = "Eigenvalues of one step of both players: inside the unit circle (green) they draw the players in."
    least = 1.3

    def stable(self, box: QRectF) -> tuple[QPainterPath, QPainterPath]:
        circle = QPainterPath()
        corner, opposite = self.point(-1, 1), self.point(1, -1)
        circle.addEllipse(QRectF(corner, opposite))
        return circle, circle

    def is_unstable(self) -> bool:
        return bool((np.abs(self.values) > 1 + 1e-9).any())


def pair_text(values: np.ndarray) -> str:
    """ "−0.15 ± 0.477 i", "−0.5 twice", "0.93 and 0.86"."""
    if len(values) < 2:
        return ""
    a, b = values.tolist()
    if abs(a.imag) > 1e-6:
        real = "" if abs(a.real) < 1e-9 else f"{number(a.real)} "
        return f"{real}± {number(abs(a.imag))} i"
    return f"{number(a.real)} twice" if abs(a - b) < 1e-6 else f"{number(a.real)} and {number(b.real)}"


def number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
