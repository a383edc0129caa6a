"""What measures say of a failure: a row each, with small bars against the amount; and of all failures, a column each.

A bar upward is an alarm, one downward says that the failure looks better than honest pictures; what is grey could be
chance. Both scales are those of the logarithm of deviations of honest sets.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
)

from ...jobs.failures import ALARMED, FAILURES, NOTICED, Failure, Finding, Honest, Verdict, verdict
from ...metrics import Measure
from .. import theme
from ..widgets.quiet_table import ROWS, quiet_table
from .measure_table import number

COLUMNS = {
    "Measure": "Choose the one that is drawn beneath",
    "Honest": "What it says of honest sets: the mean of several",
    "Now": "What it says of this failure, at this amount",
    "Says": "Whether it can tell this failure from honest pictures, by deviations of honest sets",
    "Against the amount": "A bar each amount: up is an alarm, down is fooled, grey is chance. Click to go there.",
}
MEASURE, HONEST, NOW, SAYS, STRIP = range(len(COLUMNS))
MEANINGS: dict[Verdict, str] = {
    "fooled": f"fooled: says it is better than honest pictures, by more than {NOTICED:g} deviations",
    "blind": f"blind: within {NOTICED:g} deviations of what it says of honest pictures",
    "notices": f"notices: worse by {NOTICED:g} to {ALARMED:g} deviations",
    "alarmed": f"alarmed: worse by more than {ALARMED:g} deviations",
}
FULL = 100.0  # deviations: bars are no longer
ALARMS = Qt.ItemDataRole.UserRole  # a number each amount, None where there is none yet
SAID = Qt.ItemDataRole.UserRole + 1
Said = Verdict | Literal["refuses"]
Index = QModelIndex | QPersistentModelIndex


class StripTable(QTableWidget):
    """One failure: its measures, and the amounts at which they were taken."""

    chosen = Signal(str)  # a measure
    amount_wanted = Signal(int)  # the number of an amount

    def __init__(self, amounts: int) -> None:
        super().__init__(0, len(COLUMNS))
        self.amounts = amounts
        self.at = 0  # the amount that is looked at
        self._ids: list[str] = []
        dress(self, COLUMNS, ROWS)
        self.setAccessibleName("What the measures say")
        self.setItemDelegateForColumn(STRIP, StripDelegate(self))
        header = self.horizontalHeader()
        header.setSectionResizeMode(MEASURE, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(STRIP, QHeaderView.ResizeMode.Stretch)
        for column, width in ((HONEST, 62), (NOW, 66), (SAYS, 64)):
            header.resizeSection(column, width)
        self.currentCellChanged.connect(self._choose)
        theme.changed.connect(self._recolour)

    def show_measures(self, honest: Honest | None) -> None:
        """The rows; the one that was chosen stays."""
        before = self.key()
        self.blockSignals(True)
        self._ids = list(honest.measures) if honest else []
        self.setRowCount(len(self._ids))
        for row, id in enumerate(self._ids):
            assert honest
            measure, usual = honest.measures[id], honest.usual[id]
            for column in range(len(COLUMNS)):
                item = QTableWidgetItem()
                item.setToolTip(about(measure))
                if column in (HONEST, NOW):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
            self._item(row, MEASURE).setText(measure.title)
            self._item(row, HONEST).setText(number(usual.mean))
            self._item(row, HONEST).setToolTip(f"{usual.mean:.4g} ± {usual.deviation:.2g} (standard deviation)")
        self.blockSignals(False)
        if self._ids:
            self.choose(before if before in self._ids else self._ids[0])

    def show_findings(self, findings: Mapping[int, Finding], at: int) -> None:
        """{number of an amount: what was found there}, as far as it is there; `at` is looked at."""
        self.at = at
        here = findings.get(at)
        for row, id in enumerate(self._ids):
            value = here.values.get(id) if here else None
            self._set(row, NOW, ("–" if here else "…") if value is None else number(value))
            self._say(self._item(row, SAYS), here, id)
            heights = [findings[i].alarms.get(id) if i in findings else None for i in range(self.amounts)]
            self._item(row, STRIP).setData(ALARMS, heights)
        self.viewport().update()

    def key(self) -> str:
        row = self.currentRow()
        return self._ids[row] if 0 <= row < len(self._ids) else ""

    def choose(self, id: str) -> None:
        self.setCurrentCell(self._ids.index(id), MEASURE)

    def said(self) -> list[str]:
        """What stands in the column that says it."""
        return [text for row in range(len(self._ids)) if (text := self._item(row, SAYS).text())]

    def _say(self, item: QTableWidgetItem, here: Finding | None, id: str) -> None:
        said, tip = told(here, id)
        item.setText(said or "")
        item.setToolTip(tip)
        item.setData(SAID, said)
        item.setForeground(QBrush(colour_of(said)))

    def _recolour(self) -> None:
        for row in range(self.rowCount()):
            item = self._item(row, SAYS)
            item.setForeground(QBrush(colour_of(item.data(SAID))))

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.item(row, column)
        assert item
        return item

    def _set(self, row: int, column: int, text: str) -> None:
        if self._item(row, column).text() != text:
            self._item(row, column).setText(text)

    def _choose(self, row: int, _column: int, before: int, _before: int) -> None:
        if row != before and 0 <= row < len(self._ids):
            self.chosen.emit(self._ids[row])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        """A click in the bars goes to that amount, and so does dragging."""
        index = self.indexAt(event.position().toPoint())
        if index.column() == STRIP and event.buttons() & Qt.MouseButton.LeftButton:
            box = bars_in(QRectF(self.visualRect(index)))
            place = int((event.position().x() - box.left()) / box.width() * self.amounts)
            self.amount_wanted.emit(min(max(place, 0), self.amounts - 1))


class StripDelegate(QStyledItemDelegate):
    """Bars from the middle, up or down, and a frame around the amount that is looked at."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table, c = self.parent(), theme.colours()
        assert isinstance(table, StripTable)
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        own.text = ""
        table.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, table)
        box = bars_in(QRectF(option.rect))
        across, middle = box.width() / table.amounts, box.top() + 0.62 * box.height()
        painter.save()
        painter.fillRect(box, c.plot)
        painter.fillRect(QRectF(box.left() + table.at * across, box.top(), across, box.height()), c.grid)
        for i, alarm in enumerate(index.data(ALARMS) or []):
            if alarm is None or math.isnan(alarm):
                continue
            height = scaled(alarm) * (middle - box.top() if alarm > 0 else box.bottom() - middle)
            bar = QRectF(box.left() + i * across + 0.5, middle, max(across - 1, 1), -height).normalized()
            painter.fillRect(bar.adjusted(0, 0, 0, 1), colour_of(verdict(alarm)))
        painter.setPen(QPen(c.muted, 1))
        painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, option.fontMetrics.height() + 8)


class FailureTable(QTableWidget):
    """All failures at one amount: a row each measure, a column each failure."""

    cell_chosen = Signal(str, str)  # failure and measure

    def __init__(self) -> None:
        super().__init__(0, 1 + len(FAILURES))
        self._ids: list[str] = []
        columns = {"Measure": "Enter, or a double click, shows what the measure says of that failure"}
        columns |= {short(failure): f"{failure.title}. {failure.about}" for failure in FAILURES.values()}
        dress(self, columns, QAbstractItemView.SelectionBehavior.SelectItems)
        self.setAccessibleName("What the measures say of all failures")
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(44)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        self.cellActivated.connect(self._activate)
        theme.changed.connect(self._recolour)

    def show_measures(self, honest: Honest | None) -> None:
        self._ids = list(honest.measures) if honest else []
        self.setRowCount(len(self._ids))
        for row, id in enumerate(self._ids):
            assert honest
            for column in range(self.columnCount()):
                item = QTableWidgetItem("" if column else honest.measures[id].title)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                else:
                    item.setToolTip(about(honest.measures[id]))
                self.setItem(row, column, item)

    def show_findings(self, findings: Mapping[str, Finding], lacking: Mapping[str, str]) -> None:
        """{failure: what was found}, as far as it is there, and why some failures cannot be."""
        for column, failure in enumerate(FAILURES.values(), start=1):
            for row, id in enumerate(self._ids):
                item = self.item(row, column)
                assert item
                self._say(item, failure, findings.get(failure.id), id, lacking.get(failure.id, ""))

    def _say(self, item: QTableWidgetItem, failure: Failure, found: Finding | None, id: str, lacking: str) -> None:
        said, tip = told(found, id)
        item.setText("–" if lacking else NARROW.get(said or "", said or "…"))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, "cannot be" if lacking else said or "not measured yet")
        item.setData(SAID, said)
        item.setToolTip(f"{failure.title}. {lacking or tip}")
        self._dress(item)

    def _recolour(self) -> None:
        for row in range(self.rowCount()):
            for column in range(1, self.columnCount()):
                item = self.item(row, column)
                assert item
                self._dress(item)

    def _dress(self, item: QTableWidgetItem) -> None:
        said: Said | None = item.data(SAID)
        c = theme.colours()
        item.setForeground(QBrush(c.muted if said in (None, "blind") else c.text))
        shade = QColor(Qt.GlobalColor.transparent) if said in (None, "blind") else theme.faded(colour_of(said), 0.28)
        item.setBackground(QBrush(shade))

    def _activate(self, row: int, column: int) -> None:
        if column and 0 <= row < len(self._ids):
            self.cell_chosen.emit(list(FAILURES)[column - 1], self._ids[row])


def dress(table: QTableWidget, columns: Mapping[str, str], choose: QAbstractItemView.SelectionBehavior) -> None:
    """As both tables look."""
    quiet_table(table, columns, choose=choose)
    table.setWordWrap(False)
    table.setAlternatingRowColors(True)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setAccessibleDescription("Arrow keys choose a measure.")


def short(failure: Failure) -> str:
    return SHORT.get(failure.id, failure.title)


NARROW = {"alarmed": "alarm", "notices": "sees"}  # where there is little room
SHORT = {
    "good": "Honest",
    "duplicates": "Dupli-\ncates",
    "one-class": "One\nclass",
    "half-of-classes": "Half of\nclasses",
    "brightness": "Bright-\nness",
    "copies": "Copies",
}


def told(found: Finding | None, id: str) -> tuple[Said | None, str]:
    """The word for what a measure says, and a sentence."""
    if found is None:
        return None, "Not measured yet."
    if id in found.refused:
        return "refuses", f"It cannot be computed, which is a sign of its own: {found.refused[id]}"
    said = verdict(found.alarms[id])
    return said, f"{found.alarms[id]:+.1f} deviations. {MEANINGS[said][0].upper()}{MEANINGS[said][1:]}."


def colour_of(said: Said | None) -> QColor:
    c = theme.colours()
    colours = {"fooled": c.g, "notices": c.warning, "alarmed": c.danger, "refuses": c.danger}
    return colours.get(said or "", c.muted)


def about(measure: Measure) -> str:
    return f"{measure.title}: {wanted(measure)}. {measure.about}"


def wanted(measure: Measure) -> str:
    return {
        "lower": "lower is better",
        "higher": "higher is better",
        "nearer": f"good is near {measure.ideal:g}",
    }[measure.better]


def scaled(alarm: float) -> float:
    """0 to 1 by its logarithm, so that 3 deviations and 100 are both seen."""
    return min(1.0, math.log1p(abs(alarm)) / math.log1p(FULL))


def bars_in(cell: QRectF) -> QRectF:
    return cell.adjusted(4, 2, -4, -2)


def counted(said: Sequence[str]) -> str:
    """ "2 alarmed, 1 notice, 5 blind, 1 fooled"."""
    counts = Counter(said)
    words = {"alarmed": "alarmed", "refuses": "refuse", "notices": "notice", "blind": "blind", "fooled": "fooled"}
    return ", ".join(f"{counts[word]} {told}" for word, told in words.items() if counts[word])
