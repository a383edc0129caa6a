"""The grid of a plot and its numbers; what else is drawn straight across it."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from .. import theme
from .scale import Scale
from .ticks import labels, log_labels, log_ticks, step_labels, ticks

TOP, RIGHT = 5, 10  # pixels around the lines
BARE = 6  # beneath them, without numbers
BETWEEN = 70  # pixels between numbered steps
AT_LEFT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def area_in(size: QSize, font: QFont, numbered: bool) -> QRectF:
    """Where the lines are; `numbered` leaves room for steps beneath. The left edge depends on the font alone, so that
    plots above each other share their steps."""
    metrics = QFontMetricsF(font)
    left = math.ceil(metrics.horizontalAdvance("-0.00005")) + 6
    below = math.ceil(metrics.height()) + 5 if numbered else BARE
    return QRectF(left, TOP, max(1, size.width() - left - RIGHT), max(1, size.height() - TOP - below))


def paint_axes(painter: QPainter, scale: Scale, numbered: bool, unit_range: bool, ratio: float) -> None:
    c, area, metrics = theme.colours(), scale.area, painter.fontMetrics()
    grid, high = hairline(c.grid, ratio), metrics.height()
    for height, word in height_ticks(scale, unit_range, high):
        y = round(scale.to_y(height))
        painter.setPen(grid)
        painter.drawLine(int(area.left()), y, int(area.right()), y)
        painter.setPen(c.muted)
        painter.drawText(QRectF(0, y - high / 2, area.left() - 4, high), AT_LEFT, word)
    steps = ticks(*scale.steps, most=max(2, int(area.width() / BETWEEN)), whole=True)
    for step, word in zip(steps, step_labels(steps), strict=True):
        x = round(scale.to_x(step))
        painter.setPen(grid)
        painter.drawLine(x, int(area.top()), x, int(area.bottom()))
        if numbered:
            wide = metrics.horizontalAdvance(word)
            left = min(x - wide / 2, area.right() + RIGHT - wide - 1)
            painter.setPen(c.muted)
            painter.drawText(QPointF(left, area.bottom() + 3 + metrics.ascent()), word)


def height_ticks(scale: Scale, unit_range: bool, text_height: float) -> list[tuple[float, str]]:
    """(height, words)"""
    if unit_range:
        return [(0, "0"), (0.5, "0.5"), (1, "1")]
    most = max(2, int(scale.area.height() / (2.2 * text_height)))
    places = log_ticks(*scale.heights, most) if scale.log else ticks(*scale.heights, most)
    return list(zip(places, (log_labels if scale.log else labels)(places), strict=True))


def paint_level(painter: QPainter, scale: Scale, height: float, ratio: float) -> None:
    """A faint line at a height, where it is seen."""
    if scale.heights[0] < height < scale.heights[1]:
        y = round(scale.to_y(height))
        painter.setPen(hairline(theme.colours().muted, ratio, Qt.PenStyle.DashLine))
        painter.drawLine(int(scale.area.left()), y, int(scale.area.right()), y)


def paint_step(painter: QPainter, scale: Scale, step: float, numbered: bool, strong: bool) -> None:
    """A line through the plot at a step, with its number beneath."""
    if not scale.steps[0] <= step <= scale.steps[1]:
        return
    c, area = theme.colours(), scale.area
    x = round(scale.to_x(step))
    painter.setPen(c.text if strong else c.muted)
    painter.drawLine(x, int(area.top()), x, int(area.bottom()))
    if numbered:
        word, metrics = f"{round(step):,}", painter.fontMetrics()
        wide = metrics.horizontalAdvance(word) + 12
        left = min(max(x - wide / 2, 0), area.right() + RIGHT - wide)
        place = QRectF(left, area.bottom() + 2, wide, metrics.height() + 1)
        painter.fillRect(place, c.text if strong else c.grid)
        painter.setPen(c.plot if strong else c.text)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)


def hairline(colour: QColor, ratio: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """One pixel as the user counts them, and equally wide everywhere."""
    pen = QPen(colour, max(1, round(ratio)), style)
    pen.setCosmetic(True)
    return pen
