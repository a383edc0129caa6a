"""The table of numbers: a row each, its interval as a small bar on the scale of its measure. Any column sorts it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QPainter,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidgetItem,
)

from ...jobs.verdict import good_is, ideal_of, interval
from .. import theme
from ..widgets.sorted_table import Copy, SortedTable
from .table import (
    BADGE,
    ENDLESS,
    FEATURES,
    FIELDS,
    INTERVAL,
    MEASURE,
    OF,
    SAMPLES,
    VALUE,
    Row,
    arranged,
    as_csv,
    as_text,
)

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
RIGHT = (VALUE, ENDLESS, SAMPLES)  # numbers stand beneath each other
BAR, LONGEST = 64, 420  # pixels of a bar, at least and at most
WIDEST = 170  # pixels of the column that says whose samples
PAD = 6


class NumbersTable(SortedTable):
    described = Signal(object)  # the Row to tell about, or None
    looked_at = Signal(object)  # the Row that the user chose

    def __init__(self) -> None:
        super().__init__(len(FIELDS), "Table of numbers", "What was measured, with intervals.")
        self.rows: list[Row] = []  # as they were given
        for column, field in enumerate(FIELDS):
            item = QTableWidgetItem(field.title)
            item.setToolTip(f"{field.tip}. A click sorts by it.")
            side = Qt.AlignmentFlag.AlignRight if column in RIGHT else Qt.AlignmentFlag.AlignLeft
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(column, item)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.bars = IntervalDelegate(self)
        self.setItemDelegateForColumn(INTERVAL, self.bars)
        self.setItemDelegateForColumn(BADGE, BadgeDelegate(self))
        header = self.horizontalHeader()
        header.setSectionResizeMode(MEASURE, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(OF, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(INTERVAL, QHeaderView.ResizeMode.Interactive)
        header.moveSection(BADGE, FEATURES)  # seen before the long names of features
        self.itemSelectionChanged.connect(self._look)

    # what is shown

    def show_rows(self, rows: list[Row]) -> None:
        if rows != self.rows:
            self.rows = rows
            self.fill()

    def titles(self) -> list[str]:
        return [field.name.capitalize() for field in FIELDS]

    def sorted_rows(self) -> list[Row]:
        return arranged(self.rows, *self.order)

    def chosen(self) -> Row | None:
        item = self.item(self.currentRow(), MEASURE) if self.selectedItems() else None
        return item.data(ROW) if item else None

    def fill(self) -> None:
        chosen = self.chosen()
        rows = self.sorted_rows()
        self.blockSignals(True)
        self.clearSelection()
        self.setRowCount(len(rows))
        words = [self.fontMetrics().horizontalAdvance(interval(row.number)) for row in rows]
        self.bars.words = max(words, default=0)
        for number, row in enumerate(rows):
            above = rows[number - 1].number.title if number else ""
            for column in range(len(FIELDS)):
                self.setItem(number, column, self._item(column, row, row.number.title == above))
        self.setColumnHidden(BADGE, not any(row.reasons for row in rows))
        self.setColumnHidden(ENDLESS, all(row.number.at_infinity is None for row in rows))
        self.resizeColumnsToContents()
        self._fit()
        same = [i for i, row in enumerate(rows) if chosen and row.number == chosen.number and row.of == chosen.of]
        if rows:
            self.setCurrentCell(same[0] if same else 0, MEASURE)
        self.blockSignals(False)
        self.described.emit(self.chosen())

    def _fit(self) -> None:
        """The bars take what the rest leaves; with less than a bar needs, the table is scrolled."""
        self.setColumnWidth(MEASURE, max(self.sizeHintForColumn(MEASURE) + PAD, 80))
        self.setColumnWidth(OF, min(max(self.sizeHintForColumn(OF) + PAD, 60), WIDEST))
        others = [column for column in range(len(FIELDS)) if column != INTERVAL]
        rest = self.viewport().width() - sum(self.columnWidth(column) for column in others)
        least = self.bars.words + BAR + 3 * PAD
        self.setColumnWidth(INTERVAL, min(max(least, rest), least - BAR + LONGEST))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _item(self, column: int, row: Row, is_said: bool) -> QTableWidgetItem:
        """`is_said`: the row above has the same title."""
        text = FIELDS[column].text(row)
        item = QTableWidgetItem(text)
        item.setData(ROW, row)
        item.setToolTip(self._tip(column, row))
        if column in RIGHT:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if column == FEATURES or (column == MEASURE and is_said):
            item.setForeground(self.palette().color(QPalette.ColorRole.PlaceholderText))
        if column in (OF, VALUE) and row.best:
            font = item.font()
            font.setBold(True)
            item.setFont(font)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, the best")
        return item

    def _tip(self, column: int, row: Row) -> str:
        if column == BADGE and row.reasons:
            return f"Not comparable with {row.reference}: {'; '.join(row.reasons)}."
        if column == OF:
            return row.of
        if column in (MEASURE, VALUE):
            return f"{row.number.title}: {good_is(row.number)}."
        if column == FEATURES:
            return row.number.basis.preprocessing or FIELDS[column].tip
        return FIELDS[column].tip

    def _look(self) -> None:
        if row := self.chosen():
            self.described.emit(row)
            self.looked_at.emit(row)

    # what can be done with it

    def copy_text(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self.sorted_rows()))

    def copy_csv(self) -> None:
        QGuiApplication.clipboard().setText(as_csv(self.sorted_rows()))

    def copies(self) -> list[Copy]:
        return [
            ("&Copy as text", "A line a number, to be read", self.copy_text),
            ("Copy as CS&V", "For a spreadsheet, with all digits", self.copy_csv),
        ]


class IntervalDelegate(QStyledItemDelegate):
    """The interval as a bar with its value as a dot, on the scale that all rows of a measure share; a tick is ideal."""

    words = 0  # pixels of the widest interval in words: the bars begin beneath each other

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self.words + BAR + 3 * PAD, option.fontMetrics.height() + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        self._paint_ground(painter, option, index)
        room = QRectF(option.rect).adjusted(PAD, 0, -PAD, 0)
        bar = room.adjusted(self.words + PAD, 0, 0, 0)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.Text
        painter.save()
        painter.setPen(option.palette.color(role))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, interval(row.number))
        if bar.width() > 24:
            paint_interval(painter, bar, row, is_chosen)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        own.text = ""
        style = own.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, own.widget)


def paint_interval(painter: QPainter, place: QRectF, row: Row, is_chosen: bool) -> None:
    number, (low, high), c = row.number, row.span, theme.colours()
    ink = painter.pen().color() if is_chosen else c.muted if row.reasons else c.g
    middle = place.center().y()

    def x(value: float) -> float:
        return place.left() + place.width() * min(max((value - low) / (high - low), 0.0), 1.0)

    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(c.grid if not is_chosen else theme.faded(ink, 0.4))
    painter.drawLine(QPointF(place.left(), middle), QPointF(place.right(), middle))
    if low <= ideal_of(number) <= high:
        painter.setPen(ink if is_chosen else c.third)
        painter.drawLine(QPointF(x(ideal_of(number)), middle - 6), QPointF(x(ideal_of(number)), middle + 6))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.faded(ink, 0.45))
    left, right = x(number.low), x(number.high)
    painter.drawRoundedRect(QRectF(left, middle - 4, max(2.0, right - left), 8), 2, 2)
    painter.setBrush(ink)
    painter.drawEllipse(QPointF(x(number.value), middle), 3.5, 3.5)


class BadgeDelegate(QStyledItemDelegate):
    """Words in a frame of the colour of warnings."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(option.fontMetrics.horizontalAdvance(str(index.data())) + 3 * PAD, option.fontMetrics.height() + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        text, own.text = own.text, ""
        own.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, own.widget)
        if not text:
            return
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        ink = option.palette.color(QPalette.ColorRole.HighlightedText) if is_chosen else theme.colours().warning
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(ink)
        painter.setBrush(theme.faded(ink, 0.14))
        place = QRectF(option.rect).adjusted(PAD / 2, 3.5, -PAD / 2, -3.5)
        painter.drawRoundedRect(place, 6, 6)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()
