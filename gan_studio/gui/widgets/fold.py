"""A heading that folds what stands beneath it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOption,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

INDENT = 8  # of what is folded, beneath its heading
DOT = 5  # diameter of the mark behind a changed title


class FoldButton(QToolButton):
    """A small arrow: right is folded, down is open."""

    turned = Signal(bool)  # open?

    def __init__(self, what: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(18, 20)
        self.setAccessibleName(f"Show or hide {what}")
        self.setToolTip(f"Show or hide {what}")
        self.toggled.connect(self.turned)

    def set_open(self, open_: bool) -> None:
        self.setChecked(open_)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        option.rect = self.rect().adjusted(4, 5, -4, -5)
        element = QStyle.PrimitiveElement
        arrow = element.PE_IndicatorArrowDown if self.isChecked() else element.PE_IndicatorArrowRight
        painter.setOpacity(1.0 if self.underMouse() or self.hasFocus() else 0.65)
        self.style().drawPrimitive(arrow, option, painter, self)
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.drawRoundedRect(self.rect().adjusted(0, 1, -1, -2), 3, 3)


class Fold(QWidget):
    """A heading, and what it folds; that may be built when it is first opened."""

    opened = Signal()

    def __init__(self, title: str, tip: str):
        super().__init__()
        self.button = FoldButton(title)
        self.button.setToolTip(tip)
        self.title = QLabel(title, textFormat=Qt.TextFormat.PlainText)
        self.title.setToolTip(tip)
        self.inside = QWidget()
        self.inside.hide()
        self.rows = QVBoxLayout(self.inside)
        self.rows.setContentsMargins(INDENT, 0, 0, 0)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.button)
        head.addWidget(self.title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.inside)
        self.button.turned.connect(self._turn)

    def _turn(self, open_: bool) -> None:
        self.inside.setVisible(open_)
        if open_:
            self.opened.emit()


class Title(QLabel):
    """The name of a setting: cut with an ellipsis where there is no room; bold with a dot where it was changed."""

    pressed = Signal()

    def __init__(self, text: str, parent: QWidget | None = None):
        super().__init__(text, parent)
        self._changed = False
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + DOT + 6, self.fontMetrics().height())

    def set_changed(self, changed: bool) -> None:
        if changed != self._changed:
            self._changed = changed
            font = self.font()
            font.setBold(changed)
            self.setFont(font)

    def mousePressEvent(self, event: object) -> None:
        self.pressed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.width() - (DOT + 5 if self._changed else 0)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        if self._changed:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawEllipse(self.fontMetrics().horizontalAdvance(text) + 5, (self.height() - DOT) // 2, DOT, DOT)


def quiet(label: QLabel) -> QLabel:
    """Small and muted, for sentences that explain."""
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return _small(label)


def alarming(label: QLabel) -> QLabel:
    """Small and red, for what is wrong."""
    label.setForegroundRole(QPalette.ColorRole.BrightText)
    return _small(label)


def _small(label: QLabel) -> QLabel:
    font = label.font()
    font.setPointSizeF(max(7.5, font.pointSizeF() * 0.92))
    label.setFont(font)
    label.setWordWrap(True)
    return label
