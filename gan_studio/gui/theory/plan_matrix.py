"""A plan as a matrix, row by row from p, column by column to q, with what each row and column is to add up to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from ..widgets.chart import CENTRE, RIGHT
from .panel_strip import smaller
from .scene_plot import COLOURS, Cell

SUMS = 40  # pixels for the bars beside the rows and beneath the columns
GAP = 4
LEAST_TEXT = 19  # pixels of a cell in which a number is read
NOTHING = 1e-9
KEYS = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
MORE = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Plus, Qt.Key.Key_Equal)
LESS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Minus)


class PlanMatrix(QWidget):
    """Shows a plan; tells which cells are to carry more or less. A stroke of the mouse tells each cell once."""

    more = Signal(int, int)
    less = Signal(int, int)
    pointed = Signal(object)  # the cell beneath the mouse or the keyboard's, None without one

    def __init__(self) -> None:
        super().__init__()
        self.plan = np.zeros((1, 1))  # [N, M]
        self.a, self.b = np.zeros(1), np.zeros(1)  # [N], [M] what is wanted
        self.wasted = np.zeros((1, 1), bool)  # [N, M] cells that cost more than the lowest price
        self.cell: Cell = (0, 0)  # the keyboard's
        self.marked: tuple[str, int] | None = None  # a row (of "p") or column (of "q") that is chosen in the plot
        self._stroke: Callable[[int, int], object] | None = None
        self._last: QPointF | None = None
        self._told: set[Cell] = set()
        self._hover: Cell | None = None
        self.setAccessibleName("The plan as a matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(200, 190)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.about = (
            "Rows: from p. Columns: to q. Numbers are hundredths of all mass.\n"
            "Click or drag: carry more; right button: carry less. Any change makes this the plan by hand.\n"
            "Keys: arrows choose a cell, Space carries more, Delete less.\n"
            "Beside and beneath: filled is what is carried, the frame what is wanted, red is too much."
        )
        self.setToolTip(self.about)
        theme.changed.connect(self.update)

    def show_plan(self, plan: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
        if plan.shape != self.wasted.shape:
            self.wasted = np.zeros(plan.shape, bool)
        self.plan, self.a, self.b = plan, a, b
        self.cell = min(self.cell[0], len(a) - 1), min(self.cell[1], len(b) - 1)
        self._describe()
        self.update()

    def show_wasted(self, wasted: np.ndarray) -> None:
        self.wasted = wasted
        self.update()

    def mark(self, which: str, i: int) -> None:
        self.marked = which, i
        self.update()

    def _describe(self) -> None:
        i, j = self.cell
        self.setAccessibleDescription(f"From {i} to {j}: {100 * self.plan[i, j]:.1f} %")

    # places

    def side(self) -> float:
        """Of a cell, in pixels."""
        across = self.width() - self._left() - SUMS - GAP - 2
        down = self.height() - self._top() - SUMS - GAP - 2
        N, M = self.plan.shape
        side = min(across / M, down / N, 64)
        return max(2.0, float(int(side)) if side > 8 else side)

    def _left(self) -> int:
        return self.fontMetrics().horizontalAdvance("00") + 8

    def _top(self) -> int:
        return self.fontMetrics().height() + 4

    def box(self) -> QRectF:
        """All cells; as near the middle as the sums leave room."""
        side, (N, M) = self.side(), self.plan.shape
        free = self.width() - self._left() - SUMS - GAP - side * M
        return QRectF(self._left() + max(0, int(free / 2)), self._top(), side * M, side * N)

    def rect_of(self, i: int, j: int) -> QRectF:
        side, box = self.side(), self.box()
        return QRectF(box.left() + j * side, box.top() + i * side, side, side)

    def point(self, i: float, j: float) -> QPointF:
        """The middle of a cell, in pixels."""
        box, side = self.box(), self.side()
        return QPointF(box.left() + (j + 0.5) * side, box.top() + (i + 0.5) * side)

    def cell_at(self, pixel: QPointF) -> Cell | None:
        box, side, (N, M) = self.box(), self.side(), self.plan.shape
        i, j = int((pixel.y() - box.top()) // side), int((pixel.x() - box.left()) // side)
        return (i, j) if 0 <= i < N and 0 <= j < M else None

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        c, painter, box = theme.colours(), QPainter(self), self.box()
        painter.setFont(smaller(self.font()))
        painter.fillRect(box, c.plot)
        self._paint_cells(painter, c)
        self._paint_grid(painter, box, c)
        self._paint_sums(painter, box, c)
        self._paint_names(painter, box, c)
        self._paint_chosen(painter, box, c)

    def _paint_cells(self, painter: QPainter, c: theme.Colours) -> None:
        heaviest = max(float(self.a.max()), float(self.b.max()), NOTHING)
        side, box = self.side(), self.box()
        painter.setPen(c.text)
        for i, j in np.argwhere(self.plan > NOTHING).tolist():
            mass, cell = float(self.plan[i, j]), QRectF(box.left() + j * side, box.top() + i * side, side, side)
            strength = min(1.0, mass / heaviest) ** 0.5
            painter.fillRect(cell, theme.faded(c.warning if self.wasted[i, j] else c.third, 0.12 + 0.6 * strength))
            if side >= LEAST_TEXT and mass >= 0.0005:
                painter.drawText(cell, CENTRE, percent(mass))

    def _paint_grid(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        side, (N, M) = self.side(), self.plan.shape
        painter.setPen(QPen(c.grid, 1))
        for j in range(1, M):
            painter.drawLine(QPointF(box.left() + j * side, box.top()), QPointF(box.left() + j * side, box.bottom()))
        for i in range(1, N):
            painter.drawLine(QPointF(box.left(), box.top() + i * side), QPointF(box.right(), box.top() + i * side))
        painter.setPen(QPen(self.palette().highlight().color() if self.hasFocus() else c.muted, 1))
        painter.drawRect(box)

    def _paint_sums(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        rows, columns, side = self.plan.sum(axis=1), self.plan.sum(axis=0), self.side()
        most = max(float(sums.max()) for sums in (rows, columns, self.a, self.b))
        scale, thick = (SUMS - 4) / max(most, NOTHING), max(2.0, side - 4)
        for i, (carried, wanted) in enumerate(zip(rows.tolist(), self.a.tolist(), strict=True)):
            place = QRectF(box.right() + GAP, box.top() + i * side + (side - thick) / 2, 0, thick)
            self._paint_sum(painter, place, carried * scale, wanted * scale, "p", c)
        for j, (carried, wanted) in enumerate(zip(columns.tolist(), self.b.tolist(), strict=True)):
            place = QRectF(box.left() + j * side + (side - thick) / 2, box.bottom() + GAP, thick, 0)
            self._paint_sum(painter, place, carried * scale, wanted * scale, "q", c)

    def _paint_sum(
        self, painter: QPainter, place: QRectF, carried: float, wanted: float, which: str, c: theme.Colours
    ) -> None:
        """A bar that grows to the right from a row, downwards from a column."""

        def bar(start: float, stop: float) -> QRectF:
            if which == "p":
                return QRectF(place.left() + start, place.top(), stop - start, place.height())
            return QRectF(place.left(), place.top() + start, place.width(), stop - start)

        painter.setPen(Qt.PenStyle.NoPen)
        if carried > 0:
            painter.fillRect(bar(0, min(carried, wanted)), theme.faded(COLOURS[which](), 0.6))
        if carried > wanted + 0.01:
            painter.fillRect(bar(wanted, carried), c.danger)
        elif carried < wanted - 0.01:
            painter.fillRect(bar(carried, wanted), QBrush(theme.faded(c.warning, 0.9), Qt.BrushStyle.Dense6Pattern))
        if wanted > 0:
            painter.setPen(QPen(COLOURS[which](), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(bar(0, wanted))

    def _paint_names(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        side, font, (N, M) = self.side(), painter.fontMetrics(), self.plan.shape
        every = next(n for n in (1, 2, 4, 8, 16) if n * side > font.horizontalAdvance("00") + 2 or n == 16)
        painter.setPen(c.muted)
        for j in range(0, M, every):
            painter.drawText(QRectF(box.left() + j * side - 10, box.top() - 18, side + 20, 16), CENTRE, str(j))
        for i in range(0, N, max(1, round(font.height() / side + 0.2))):
            painter.drawText(QRectF(box.left() - 34, box.top() + i * side - 4, 29, side + 8), RIGHT, str(i))
        painter.setFont(self.font())
        painter.setPen(COLOURS["p"]())
        painter.drawText(QRectF(box.right() + GAP, box.top() - 20, SUMS, 18), CENTRE, "from p")
        painter.setPen(COLOURS["q"]())
        painter.drawText(QRectF(box.right() + GAP, box.bottom() + GAP, SUMS, 18), CENTRE, "to q")

    def _paint_chosen(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        side = self.side()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.marked is not None:
            which, i = self.marked
            row = QRectF(box.left(), box.top() + i * side, box.width(), side)
            column = QRectF(box.left() + i * side, box.top(), side, box.height())
            painter.setPen(QPen(COLOURS[which](), 1))
            painter.drawRect(row if which == "p" else column)
        for cell, pen in ((self._hover, QPen(c.muted, 1)), (self.cell if self.hasFocus() else None, QPen(c.text, 2))):
            if cell is not None:
                painter.setPen(pen)
                painter.drawRect(self.rect_of(*cell).adjusted(1, 1, -1, -1))

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        kinds = {Qt.MouseButton.LeftButton: self.more.emit, Qt.MouseButton.RightButton: self.less.emit}
        cell = self.cell_at(event.position())
        if cell is not None and event.button() in kinds:
            self._stroke, self._last, self._told = kinds[event.button()], event.position(), set()
            self._tell(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._stroke is not None and self._last is not None:
            way = event.position() - self._last
            for part in range(1, (count := int(way.manhattanLength() / self.side() * 2) + 1) + 1):
                cell = self.cell_at(self._last + way * (part / count))
                if cell is not None and cell not in self._told:
                    self._tell(cell)
            self._last = event.position()
        self._point(self.cell_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._stroke = self._last = None

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def _tell(self, cell: Cell) -> None:
        assert self._stroke is not None
        self._told.add(cell)
        self.cell = cell
        self._stroke(*cell)

    def _point(self, cell: Cell | None) -> None:
        if cell == self._hover:
            return
        self._hover = cell
        if cell is None:
            self.setToolTip(self.about)
        else:
            self.setToolTip(f"From {cell[0]} to {cell[1]}: {100 * self.plan[cell]:.1f} %\n\n{self.about}")
        self.pointed.emit(cell)
        self.update()

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, (N, M) = Qt.Key(event.key()), self.plan.shape
        if key in KEYS:
            i, j = self.cell[0] + KEYS[key][0], self.cell[1] + KEYS[key][1]
            self.cell = min(max(i, 0), N - 1), min(max(j, 0), M - 1)
            self._describe()
            self.pointed.emit(self.cell)
            self.update()
        elif key in MORE:
            self.more.emit(*self.cell)
        elif key in LESS:
            self.less.emit(*self.cell)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.pointed.emit(self.cell)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.pointed.emit(self._hover)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 320)


def percent(mass: float) -> str:
    """Of all mass, short: "25", "0.4"."""
    hundredths = 100 * mass
    return f"{hundredths:.0f}" if hundredths >= 0.95 else f"{hundredths:.1f}".removeprefix("0")
