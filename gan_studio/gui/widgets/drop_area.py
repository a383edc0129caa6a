"""Where files may be dropped, said in words; dropping is never the only way, so that buttons stand in its middle."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from .. import theme


class DropArea(QWidget):
    """The window takes what is dropped; this shows where, and lights up while something is held over the window."""

    def __init__(self, words: str):
        super().__init__()
        self._words = words
        self._lit = False
        self.label = QLabel(words, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 16, 16, 16)
        self._column.addStretch(1)
        self._column.addWidget(self.label)
        self._column.addStretch(1)

    def add_button(self, button: QPushButton) -> None:
        self._column.insertWidget(self._column.count() - 1, button, 0, Qt.AlignmentFlag.AlignHCenter)

    def light_up(self, words: str) -> None:
        """While something is held over the window; "" is over."""
        self._lit = bool(words)
        self.label.setText(words or self._words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(6.5, 6.5, -6.5, -6.5)
        accent = self.palette().color(QPalette.ColorRole.Accent)
        if self._lit:
            painter.setBrush(theme.faded(accent, 0.15))
        painter.setPen(
            QPen(accent if self._lit else theme.colours().muted, 2 if self._lit else 1, Qt.PenStyle.DashLine)
        )
        painter.drawRoundedRect(box, 8, 8)
