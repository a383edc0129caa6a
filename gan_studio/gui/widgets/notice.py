"""Notices inside the window, stacked at its lower right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from .. import theme

Level = Literal["info", "warning", "error"]
Action = tuple[str, Callable[[], object]]

SECONDS = 6
WIDTH = 380
MOST = 4  # notices at once; the oldest make room


class Notices(QWidget):
    """Lies over `parent`. Information goes after some seconds; warnings and errors stay until they are closed."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._above = parent
        self._foot = 0
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.bars: list[Bar] = []
        parent.installEventFilter(self)
        self.hide()

    def show_notice(
        self,
        text: str,
        level: Level = "info",
        details: str = "",
        action: Action | None = None,
        other: Action | None = None,
        seconds: int = SECONDS,
    ) -> Bar:
        """`details` (a traceback) is shown on request and copied with the text; an action is a button (label, call).

        Information stays for so many `seconds`; 0 is until it is closed or taken back.
        """
        for same in [bar for bar in self.bars if (bar.text, bar.level) == (text, level)]:
            self._remove(same)  # said again: once is enough
        for oldest in self.bars[: max(0, len(self.bars) - MOST + 1)]:
            self._remove(oldest)
        bar = Bar(text, level, details, [given for given in (action, other) if given], seconds)
        bar.closed.connect(self._remove)
        bar.resized.connect(self._place)
        self.bars.append(bar)
        self._column.addWidget(bar)
        bar.show()
        self._place()
        return bar

    def set_foot(self, height: int) -> None:
        """So many pixels above the lower edge stay free, for what is always at hand there."""
        self._foot = height
        self._place()

    def clear(self) -> None:
        """Close all notices."""
        for bar in list(self.bars):
            self._remove(bar)

    def take_back(self, bar: Bar) -> None:
        """Close a notice that is no longer true, if it is still there."""
        self._remove(bar)

    def _remove(self, bar: Bar) -> None:
        if bar in self.bars:
            self.bars.remove(bar)
            bar.timer.stop()
            bar.hide()
            self._column.removeWidget(bar)
            bar.deleteLater()
            self._place()

    def _place(self) -> None:
        above = self._above
        width = min(WIDTH, above.width() - 24)
        height = sum(bar.heightForWidth(width) for bar in self.bars) + 8 * max(0, len(self.bars) - 1)
        height = min(height, above.height() - self._foot - 24)
        self.setGeometry(above.width() - width - 16, above.height() - self._foot - height - 16, width, height)
        self.setVisible(bool(self.bars))
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._above:
            self._place()
        return super().eventFilter(watched, event)


class Bar(QWidget):
    """One notice."""

    closed = Signal(object)
    resized = Signal()

    def __init__(self, text: str, level: Level, details: str, actions: list[Action], seconds: int = SECONDS):
        super().__init__()
        self.level, self.details = level, details
        self._goes = level == "info" and seconds > 0
        self._label = label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.say(text)
        self.close_button = QToolButton(autoRaise=True)
        self.close_button.setAccessibleName("Close this notice")
        self.close_button.setToolTip("Close (Esc)")
        self.close_button.clicked.connect(self._close)
        theme.tint(self.close_button, "close")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(label, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.details_view = QPlainTextEdit(details, readOnly=True)
        self.details_view.setAccessibleName("Details")
        self.details_view.setToolTip("What happened, in full")
        self.details_view.setTabChangesFocus(True)
        self.details_view.setFixedHeight(140)
        self.details_view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details_view.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 8, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.details_view)
        buttons = self._buttons(actions)
        if buttons is not None:
            column.addLayout(buttons)
        self.timer = QTimer(self, singleShot=True, interval=seconds * 1000)
        self.timer.timeout.connect(self._close)
        if self._goes:
            self.timer.start()

    def say(self, text: str) -> None:
        """Something else, about the same: how far it is."""
        self.text = text
        self._label.setText(text)
        self.setAccessibleName(f"{self.level.capitalize()}: {text}")

    def _buttons(self, actions: list[Action]) -> QHBoxLayout | None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self.details_button = (
            self._button("Details", "What happened, in full", self._toggle_details) if self.details else None
        )
        self.copy_button = (
            self._button("Copy", "Copy this text, to ask or report", self._copy)
            if self.details or self.level == "error"
            else None
        )
        self.action_buttons = [
            self._button(label, f"{label}, and close this notice", self._act) for label, _ in actions
        ]
        self._calls = [call for _, call in actions]
        self.action_button = next(iter(self.action_buttons), None)
        shown = [b for b in (self.details_button, self.copy_button, *self.action_buttons) if b is not None]
        for button in shown:
            row.addWidget(button)
        return row if shown else None

    def _button(self, text: str, tip: str, call: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.clicked.connect(call)
        return button

    def _toggle_details(self) -> None:
        self.details_view.setVisible(self.details_view.isHidden())
        self.resized.emit()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n\n".join(part for part in (self.text, self.details) if part))

    def _act(self) -> None:
        pressed = self.sender()
        for button, call in zip(self.action_buttons, self._calls, strict=True):
            if button is pressed:
                call()
        self._close()

    def _close(self) -> None:
        self.closed.emit(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEvent) -> None:
        self.timer.stop()  # it is being read

    def leaveEvent(self, event: QEvent) -> None:
        if self._goes:
            self.timer.start()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, self.heightForWidth(WIDTH))

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours()
        stripe = {"info": c.g, "warning": c.warning, "error": c.danger}[self.level]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(c.grid, 1))
        painter.setBrush(self.palette().color(QPalette.ColorRole.ToolTipBase))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(stripe)
        painter.drawRoundedRect(5, 8, 4, self.height() - 16, 2, 2)
