"""A measure over the steps of a run: its line with the band of its intervals, the best step with a star."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QToolTip

from ...jobs.verdict import Point, good_is, with_interval
from .. import theme
from ..widgets import chart
from ..widgets.chart import Chart, Line

STAR = 7.0  # pixels, its radius
DOT = 3.0
EDGE = 0.015  # of the steps, so that the first and the last dot are whole
HEAD, FOOT = 0.3, 0.1  # of the heights: the title stands above the line
NEAR = 24  # pixels
BACK, ON = (Qt.Key.Key_Left, Qt.Key.Key_Down), (Qt.Key.Key_Right, Qt.Key.Key_Up)


class TimePlot(Chart):
    """A click, or the arrow keys, pick the step of a point."""

    picked = Signal(int)

    def __init__(self, title: str):
        super().__init__(title, y_title=title)
        self.points: list[Point] = []
        self.best: int | None = None  # the step that gets a star
        self.step: int | None = None  # that is looked at
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(130)

    def show_points(self, points: Sequence[Point], last: int, best: int | None) -> None:
        """`last` is the step that the run has come to."""
        self.points, self.best = list(points), best
        steps = np.array([point.step for point in points], float)
        values = np.array([point.number.value for point in points], float)
        end = float(max([last, 1, *(point.step for point in points)]))
        self.x_range = (-EDGE * end, (1 + EDGE) * end)
        self.y_range = heights_of(points)
        self.show_lines([Line(steps, values, chart.of_q)])
        told = "; ".join(f"step {point.step:,}: {with_interval(point.number)}" for point in points)
        star = f" Best is step {best:,}." if best is not None else ""
        how = f"{good_is(points[0].number)}." if points else ""
        self.setAccessibleDescription(f"{told}.{star} {how} Left and Right go from step to step.")

    def look_at(self, step: int | None) -> None:
        self.step = step
        self.update()

    # painting

    def paint_line(self, painter: QPainter, line: Line) -> None:
        """The band lies beneath."""
        band = band_of(self.points)
        if len(band) > 2:
            x, y = self.pixels(band[:, 0], band[:, 1])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.faded(line.colour(), 0.18))
            painter.drawPolygon(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
        for point in self.points:  # also of one alone, which has no band
            low, high = (self.point(point.step, end) for end in (point.number.low, point.number.high))
            painter.setPen(theme.faded(line.colour(), 0.5))
            painter.drawLine(low, high)
        super().paint_line(painter, line)

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for point in self.points:
            centre = self.point(point.step, point.number.value)
            painter.setBrush(c.g)
            painter.drawEllipse(centre, DOT, DOT)
            if point.step == self.step:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(c.text)
                painter.drawLine(QPointF(centre.x(), box.top()), QPointF(centre.x(), box.bottom()))
                painter.drawEllipse(centre, DOT + 3, DOT + 3)
                painter.setPen(Qt.PenStyle.NoPen)
        if best := next((point for point in self.points if point.step == self.best), None):
            painter.setBrush(c.warning)
            painter.drawPolygon(star_at(self.point(best.step, best.number.value)))

    # picking

    def nearest(self, x: float) -> Point | None:
        """By pixels across."""
        distance = {i: abs(self.point(point.step, 0).x() - x) for i, point in enumerate(self.points)}
        return self.points[min(distance, key=distance.__getitem__)] if distance else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (point := self.nearest(event.position().x())):
            self.picked.emit(point.step)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self.nearest(event.position().x())
        if point and abs(self.point(point.step, 0).x() - event.position().x()) < NEAR:
            star = ", the best" if point.step == self.best else ""
            told = f"Step {point.step:,}{star}: {with_interval(point.number)}"
            QToolTip.showText(event.globalPosition().toPoint(), told, self)
        else:
            QToolTip.hideText()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = [point.step for point in self.points]
        key = event.key()
        if not steps or key not in (*BACK, *ON, Qt.Key.Key_Home, Qt.Key.Key_End):
            super().keyPressEvent(event)
            return
        here = self.step if self.step is not None else steps[-1]
        wanted = {
            **{key: max([step for step in steps if step < here], default=steps[0]) for key in BACK},
            **{key: min([step for step in steps if step > here], default=steps[-1]) for key in ON},
            Qt.Key.Key_Home: steps[0],
            Qt.Key.Key_End: steps[-1],
        }
        self.picked.emit(wanted[Qt.Key(key)])

    def sizeHint(self) -> QSize:
        return QSize(360, 190)


def heights_of(points: Sequence[Point]) -> tuple[float, float]:
    """What holds the values and, of intervals, as much as does not press them flat."""
    values = [point.number.value for point in points]
    ends = [end for point in points for end in (point.number.low, point.number.high) if math.isfinite(end)]
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    reach = (high - low) or max((end - low for end in ends), default=0.0) or abs(low) or 1.0
    low, high = max(min([low, *ends]), low - reach), min(max([high, *ends]), high + reach)
    span = (high - low) or 1.0
    return low - FOOT * span, high + HEAD * span


def band_of(points: Sequence[Point]) -> np.ndarray:
    """The outline of the intervals, [2 N, 2]: along the upper ends and back along the lower ones."""
    good = [point for point in points if math.isfinite(point.number.low) and math.isfinite(point.number.high)]
    upper = [(point.step, point.number.high) for point in good]
    lower = [(point.step, point.number.low) for point in reversed(good)]
    return np.array(upper + lower, float).reshape(-1, 2)


def star_at(centre: QPointF) -> QPolygonF:
    corners = []
    for i in range(10):
        radius, angle = (STAR if i % 2 == 0 else STAR * 0.42), math.pi * (i / 5 - 0.5)
        corners.append(QPointF(centre.x() + radius * math.cos(angle), centre.y() + radius * math.sin(angle)))
    return QPolygonF(corners)
