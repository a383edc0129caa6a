"""The page of classes: how often each comes, real beside generated, by the classifier; those that are dropped."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ...jobs.classes_shown import Classes, classes_of
from ...jobs.closely import Close
from .. import theme
from ..widgets.chart import RIGHT
from .closer_page import CloserPage
from .desk import Desk

NONE = (
    "These features know no classes. Choose a classifier of the data's own labels on the left, where the data has "
    "some, and look again."
)


class ClassesPage(CloserPage):
    title = "Classes"
    tip = "How often each class comes, real beside generated, by the classifier; classes that are dropped"
    name = "classes"
    about = "How often each class comes among generated pictures, beside real ones, is seen here."

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.told = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.by_gap = QCheckBox("&Most missing first")
        self.by_gap.setToolTip("Sort the classes by what is missing of their share, instead of as the data has them")
        self.bars = ClassBars()
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.bars)
        self.notes = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.addWidget(self.told, 1)
        row.addWidget(self.by_gap, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(8, 8, 8, 8)
        column.addLayout(row)
        column.addWidget(scroll, 1)
        column.addWidget(self.notes)
        self.by_gap.toggled.connect(self.bars.sort)

    def lacking(self, close: Close) -> str:
        return "" if close.knows_classes else NONE

    def work(self, close: Close) -> Generator[Any, None, Classes]:
        yield from ()
        return classes_of(close)

    def show_found(self, value: Classes, is_done: bool) -> None:
        self.told.setText(value.told())
        self.notes.setText(
            f"Green is real, blue generated, by {value.eye}. The lines at the ends of the bars are 95 % intervals."
        )
        self.bars.show_classes(value)


class ClassBars(QWidget):
    """A row each class: its name, the real bar over the generated one."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: Classes | None = None
        self.order: list[int] = []
        self._by_gap = False
        self.setAccessibleName("Shares of the classes")
        theme.changed.connect(self.update)

    def show_classes(self, classes: Classes) -> None:
        self.classes = classes
        self.sort(self._by_gap)
        shares = zip(classes.names, classes.real, classes.generated, strict=True)
        self.setAccessibleDescription("; ".join(f"{name}: real {a:.1%}, generated {b:.1%}" for name, a, b in shares))
        self.setToolTip("Green: real pictures. Blue: generated ones. A class with a red name is dropped.")

    def sort(self, by_gap: bool) -> None:
        self._by_gap = by_gap
        if self.classes:
            gap = self.classes.generated - self.classes.real
            self.order = np.argsort(gap, kind="stable").tolist() if by_gap else list(range(len(gap)))
            self.setMinimumHeight(round(self.row_height() * len(self.order)) + 8)
            self.update()

    def row_height(self) -> float:
        return 2.4 * self.fontMetrics().height()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.classes is None:
            return
        painter, c, font = QPainter(self), theme.colours(), self.fontMetrics()
        names = [self.classes.names[i] for i in self.order]
        wide = min(max(font.horizontalAdvance(name) for name in names) + 12, self.width() // 3)
        room = self.width() - wide - font.horizontalAdvance("100.0 %") - 16
        most = float(max(self.classes.high.max(), 1e-9))
        height = self.row_height()
        for row, i in enumerate(self.order):
            top = row * height + 4
            if not event.rect().intersects(QRectF(0, top, self.width(), height).toRect()):
                continue
            painter.setPen(c.danger if i in self.classes.dropped else c.text)
            painter.drawText(QRectF(0, top, wide - 8, height - 6), RIGHT, font.elidedText(names[row], ELIDE, wide - 8))
            for kind, (shares, colour) in enumerate(((self.classes.real, c.third), (self.classes.generated, c.g))):
                bar = QRectF(wide, top + kind * (height - 8) / 2, room * float(shares[i]) / most, (height - 8) / 2 - 1)
                self._bar(painter, bar, colour, room / most, kind, i)
                ends = wide + room * float(self.classes.highs[kind][i]) / most
                painter.setPen(c.muted)
                text = QRectF(ends + 6, bar.top() - 2, 80, bar.height() + 4)
                painter.drawText(text, LEFT, f"{100 * float(shares[i]):.1f} %")

    def _bar(self, painter: QPainter, bar: QRectF, colour: QColor, scale: float, kind: int, i: int) -> None:
        assert self.classes
        painter.fillRect(bar, theme.faded(colour, 0.75))
        painter.setPen(QPen(theme.colours().text, 1))
        low, high = (bar.left() + scale * float(ends[kind][i]) for ends in (self.classes.lows, self.classes.highs))
        middle = bar.center().y()
        painter.drawLine(round(low), round(middle), round(high), round(middle))
        for x in (low, high):
            painter.drawLine(round(x), round(middle - 3), round(x), round(middle + 3))

    def sizeHint(self) -> QSize:
        return QSize(400, 300)


ELIDE = Qt.TextElideMode.ElideRight
LEFT = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignVCenter)
