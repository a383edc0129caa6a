"""Where settings were changed: dotted lines through a plot, named at its top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from .. import theme
from .axes import hairline
from .scale import Scale

Mark = tuple[int, str]  # step and words

NEAR = 5  # pixels
WIDEST = 220  # pixels of words
GAP = 8  # pixels between labels
LISTED = 12  # in a tooltip


@dataclass(frozen=True)
class Label:
    """Words for one marker, or for several whose words would overlap: "3 changes"."""

    place: QRectF
    text: str
    marks: list[Mark]


def paint_marks(painter: QPainter, scale: Scale, marks: Sequence[Mark], ratio: float) -> None:
    area = scale.area
    painter.setPen(hairline(theme.colours().warning, ratio, Qt.PenStyle.DotLine))
    for x in {round(scale.to_x(step)) for step, _ in marks}:
        if area.left() <= x <= area.right():
            painter.drawLine(x, int(area.top()), x, int(area.bottom()))


def paint_labels(painter: QPainter, labels: list[Label]) -> None:
    c = theme.colours()
    painter.setPen(c.warning)
    for label in labels:
        painter.fillRect(label.place.adjusted(-2, 0, 2, 0), c.plot)
        painter.drawText(label.place, Qt.AlignmentFlag.AlignCenter, label.text)


def labels_of(marks: Sequence[Mark], scale: Scale, font: QFont) -> list[Label]:
    """Of the markers that are seen, from left to right."""
    area, metrics = scale.area, QFontMetricsF(font)
    seen = sorted(mark for mark in marks if scale.steps[0] <= mark[0] <= scale.steps[1])
    words = [metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, WIDEST) for _, text in seen]
    places = [scale.to_x(step) + 3 for step, _ in seen]
    widths = [metrics.horizontalAdvance(word) + GAP for word in words]
    found = []
    for group in clusters(places, widths, metrics.horizontalAdvance("00 changes") + GAP):
        text = words[group[0]] if len(group) == 1 else f"{len(group)} changes"
        wide = metrics.horizontalAdvance(text)
        place = QRectF(min(places[group[0]], area.right() - wide), area.top() + 1, wide, metrics.height())
        found.append(Label(place, text, [seen[i] for i in group]))
    return found


def clusters(places: Sequence[float], widths: Sequence[float], joined: float) -> list[list[int]]:
    """Indices of labels, by place, that would overlap; `joined` is the width of the one label of several."""
    groups: list[list[int]] = []
    end = -math.inf
    for i, place in enumerate(places):
        if place < end:
            groups[-1].append(i)
            end = places[groups[-1][0]] + joined
        else:
            groups.append([i])
            end = place + widths[i]
    return groups


def marks_at(place: QPointF, marks: Sequence[Mark], labels: list[Label], scale: Scale) -> list[Mark]:
    """What the label under the mouse stands for, else the markers whose lines are near."""
    for label in labels:
        if label.place.adjusted(-3, -3, 3, 3).contains(place):
            return label.marks
    return sorted(mark for mark in marks if abs(scale.to_x(mark[0]) - place.x()) <= NEAR)


def told(marks: Sequence[Mark]) -> str:
    """One line a marker, for a tooltip."""
    lines = [f"Step {step:,}: {text}" for step, text in marks[:LISTED]]
    more = len(marks) - LISTED
    return "\n".join(lines + ([f"and {more} more"] if more > 0 else []))
