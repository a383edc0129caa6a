"""What a plan costs, beside the cheapest one and the price that proves it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from .. import theme
from ..widgets.chart import RIGHT
from .measure_table import number
from .plan_answer import Answer

SAME = 1e-7  # costs that differ by less are equal
LEFT = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignVCenter)
NOTHING_CARRIED = "Nothing is carried yet. Click or drag in the matrix: rows are from p, columns to q."
NAMES = {1: ("W1", "Σ p φ + Σ q ψ"), 2: ("W2²", "Σ p φ + Σ q ψ")}


class BillView(QWidget):
    """Three bars of costs, and sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.bars = CostBars()
        self.distances, self.words = QLabel(), QLabel(wordWrap=True)
        self.distances.setToolTip("The Wasserstein distances between p and q, exact, whatever plan is shown")
        for label in (self.distances, self.words):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setMinimumHeight(5 * self.fontMetrics().lineSpacing())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        for widget in (self.bars, self.distances, self.words):
            column.addWidget(widget)

    def show_answer(self, answer: Answer) -> None:
        self.bars.show_answer(answer)
        self.distances.setText(f"<b>W1 = {number(answer.w1)}</b> · <b>W2 = {number(answer.w2)}</b>")
        self.words.setText(" ".join([verdict(answer), *critic_words(answer)]))

    def say(self, sentence: str) -> None:
        """Until the next answer."""
        self.words.setText(sentence)


def verdict(answer: Answer) -> str:
    bill, best = answer.bill, answer.best.cost
    if not bill.is_feasible:
        return missing_words(answer)
    if bill.cost <= best + SAME * (1 + best):
        return "No plan is cheaper."
    times = f", {bill.cost / best:.3g} times the lowest" if best > SAME else ""
    return f"A plan, but it costs {number(bill.cost - best)} more than it must{times}."


def missing_words(answer: Answer) -> str:
    """What keeps a matrix from being a plan."""
    if answer.bill.carried < SAME:
        return NOTHING_CARRIED
    rows, columns = answer.bill.row_errors, answer.bill.column_errors
    parts = [
        (-rows[rows < 0].sum(), "of p is left where it is"),
        (-columns[columns < 0].sum(), "of q is not filled"),
        (rows[rows > 0].sum(), "is taken that is not there"),
        (columns[columns > 0].sum(), "arrives where nothing is wanted"),
    ]
    said = [f"{100 * share:.3g} % {what}" for share, what in parts if share > SAME]
    return f"No plan yet: {', '.join(said)}."


def critic_words(answer: Answer) -> list[str]:
    if answer.critic is None:
        return []
    f = answer.critic
    wasted = " Arrows of another colour cost more than f falls." if answer.bill.cost > answer.best.cost + SAME else ""
    colours = " f is high where it is blue, low where it is orange." if f.values.ndim == 2 else ""
    gain = f"E<sub>p</sub> f − E<sub>q</sub> f = {number(f.gain)}"
    return [f"{gain}; f's largest slope is {number(f.steepest)}.{colours}{wasted}"]


class CostBars(QWidget):
    """A row each: what it is, a bar, a number."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, float, bool]] = []  # (name, cost, whether it is to be trusted)
        self.setAccessibleName("What the plan costs")
        self.setToolTip(
            "The cost of this plan, the lowest there is, and the best price by Kantorovich's dual:\n"
            "φ + ψ is nowhere above the cost, so no plan is cheaper than Σ p φ + Σ q ψ."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_answer(self, answer: Answer) -> None:
        name, dual = NAMES[answer.problem.power]
        self.rows = [
            ("This plan", answer.bill.cost, answer.bill.is_feasible),
            (f"Cheapest: {name}", answer.best.cost, True),
            (f"Dual: {dual}", answer.dual, True),
        ]
        told = [f"{name} {number(cost)}{'' if sure else ', not a plan'}" for name, cost, sure in self.rows]
        self.setAccessibleDescription("; ".join(told))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c, font, painter = theme.colours(), self.fontMetrics(), QPainter(self)
        wide = font.horizontalAdvance("Dual: Σ p φ + Σ q ψ") + 8
        figures = font.horizontalAdvance("0000.0000") + 4
        row = font.height() + 4
        room = max(10, self.width() - wide - figures - 4)
        most = max([cost for _, cost, _ in self.rows], default=0) or 1.0
        for i, (name, cost, sure) in enumerate(self.rows):
            top = i * row
            painter.setPen(c.text)
            painter.drawText(QRectF(0, top, wide, row), LEFT, name)
            bar = QRectF(wide, top + 3, max(1.0, room * cost / most), row - 6)
            painter.fillRect(bar, self._colour(i, cost, sure, c))
            painter.setPen(c.text if sure else c.muted)
            told = number(cost) if sure else f"({number(cost)})"
            painter.drawText(QRectF(self.width() - figures - 4, top, figures + 4, row), RIGHT, told)

    def _colour(self, row: int, cost: float, sure: bool, c: theme.Colours) -> QColor:
        if row:
            return theme.faded(c.third if row == 1 else c.d, 0.7)
        dear = cost > self.rows[1][1] + SAME * (1 + self.rows[1][1])
        return theme.faded(c.warning if dear else c.third, 0.8) if sure else theme.faded(c.muted, 0.4)

    def sizeHint(self) -> QSize:
        return QSize(260, 3 * (self.fontMetrics().height() + 4))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.sizeHint().height())
