"""A list of everything that can be done or found, by a few of its letters. It is worked by the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shiboken6
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen, QTextLayout
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from .. import theme

WIDTH = 640
ROWS = 9  # in sight at once
EDGE = 8  # around everything
KEPT = 30  # choices that are remembered
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Entry:
    """What can be chosen: `keys` is its shortcut, `reason` says why it cannot be had now ("" if it can)."""

    text: str
    detail: str
    call: Callable[[], object]
    keys: str = ""
    reason: str = ""


# --- finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Match:
    entry: Entry
    score: float
    spots: tuple[int, ...] = ()  # of the letters in the text that were typed


def find(entries: Iterable[Entry], typed: str, recent: Sequence[str] = ()) -> list[Match]:
    """The entries that hold every word that was typed, the best first; equally good ones as they were used last."""
    phrase = " ".join(typed.lower().split())
    words = [Word(word) for word in phrase.split()]
    found = [match for entry in entries if (match := match_of(entry, words, phrase)) is not None]
    rank = {text: place for place, text in enumerate(recent)}
    return sorted(found, key=lambda match: (-round(match.score), rank.get(match.entry.text, len(rank))))


class Word:
    """A word that was typed: it stands at the start of a word, within one, or its letters are strewn over several."""

    def __init__(self, word: str):
        letters = [re.escape(letter) for letter in word]
        self.text = word
        self.at_start = re.compile(rf"(?<!\w){re.escape(word)}")
        self.strewn = re.compile(r"(?<!\w)" + ".*?".join(f"({letter})" for letter in letters))

    def look(self, text: str) -> tuple[float, tuple[int, ...]]:
        """How well it fits, 0 to 100, and where its letters are."""
        if whole := self.at_start.search(text):
            return 100 - min(10, whole.start() / 4), tuple(range(*whole.span()))
        if (at := text.find(self.text)) >= 0:
            return 60 - min(10, at / 4), tuple(range(at, at + len(self.text)))
        if strewn := self.strewn.search(text):
            gaps = strewn.end() - strewn.start() - len(self.text)
            return max(1, 40 - gaps), tuple(strewn.start(i + 1) for i in range(len(self.text)))
        return 0, ()


def match_of(entry: Entry, words: Sequence[Word], phrase: str) -> Match | None:
    """None where a word is found neither in the text nor in the sentence beneath."""
    text, spots = entry.text.lower(), set[int]()
    score = 100.0 * closeness(text.partition(": ")[2] or text, phrase) if words else 0.0
    for word in words:
        fit, at = word.look(text)
        fit = fit or (5 if word.text in entry.detail.lower() else 0)
        if not fit:
            return None
        score += fit
        spots.update(at)
    return Match(entry, score, tuple(sorted(spots)))


def closeness(name: str, phrase: str) -> int:
    """How near a name is to what was typed, both in lower case: 4 it is that, 3 but for what stands in brackets, 2 it
    begins so, 1 one of its words does, 0 it may hold the letters."""
    if phrase in (name, name.partition(" (")[0]):
        return 4 if phrase == name else 3
    if name.startswith(phrase):
        return 2
    return int(re.search(rf"(?<!\w){re.escape(phrase)}", name) is not None)


# --- the list --------------------------------------------------------------------------------------------------------


class Matches(QAbstractListModel):
    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.rows: list[Match] = []

    def show(self, rows: list[Match]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return match.entry.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return match.entry.reason or match.entry.detail
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(match.entry)
        return match if role == Qt.ItemDataRole.UserRole else None


def spoken(entry: Entry) -> str:
    """For screen readers: the whole row as one sentence."""
    state = f"not available: {entry.reason}" if entry.reason else entry.detail
    return ", ".join(part for part in (entry.text, entry.keys, state) if part)


class RowPainter(QStyledItemDelegate):
    """Two lines: the text with what was typed in bold and the shortcut at the right; beneath, a quiet sentence."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = option.fontMetrics.height()  # type: ignore[attr-defined]
        return QSize(100, 2 * line + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        match: Match = index.data(Qt.ItemDataRole.UserRole)
        entry, rect, font = match.entry, option.rect, option.font  # type: ignore[attr-defined]
        metrics, palette = option.fontMetrics, option.palette  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        strong = palette.color(QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text)
        weak = strong if chosen else palette.color(QPalette.ColorRole.PlaceholderText)
        painter.save()
        if chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Highlight))
        inner = rect.adjusted(10, 6, -10, -6)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        painter.setFont(font)
        painter.setPen(weak)
        painter.drawText(inner, right, entry.keys)
        room = inner.width() - (metrics.horizontalAdvance(entry.keys) + 16 if entry.keys else 0)
        painter.setPen(weak if entry.reason else strong)
        draw_marked(painter, match, inner.left(), inner.top(), room)
        painter.setPen(weak if chosen or not entry.reason else theme.colours().warning)
        detail = metrics.elidedText(entry.reason or entry.detail, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, detail)
        painter.restore()


def draw_marked(painter: QPainter, match: Match, x: int, y: int, room: int) -> None:
    """A text on one line, the letters that were typed in bold."""
    text = painter.fontMetrics().elidedText(match.entry.text, Qt.TextElideMode.ElideRight, room)
    layout = QTextLayout(text, painter.font())
    ranges = []
    for spot in match.spots:
        if spot < len(text):
            part = QTextLayout.FormatRange()
            part.start, part.length = spot, 1
            part.format.setFontWeight(700)  # type: ignore[attr-defined]
            ranges.append(part)
    layout.setFormats(ranges)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    layout.draw(painter, QPointF(x, y))


# --- the palette -----------------------------------------------------------------------------------------------------


class Palette(QFrame):
    """Lies over `parent` while it is open. Arrows choose, Enter does it, Esc or a click elsewhere closes it.

    `collect` gives the entries at each opening, `recent` holds the texts of those that were used, the newest first.
    """

    used = Signal(list)  # `recent`, after each use

    def __init__(self, parent: QWidget, collect: Callable[[], Iterable[Entry]], recent: Sequence[str] = ()):
        super().__init__(parent)
        self._above, self._collect = parent, collect
        self.recent = list(recent)
        self._entries: list[Entry] = []
        self._before: QWidget | None = None  # had the keyboard
        self.setAccessibleName("Commands")
        self.line = QLineEdit(placeholderText="Type a few letters of a command or a setting", clearButtonEnabled=True)
        self.line.setAccessibleName("Find a command or a setting")
        self.line.setToolTip("Up and Down choose, Enter does it, Esc closes.")
        self.line.textChanged.connect(self._find)
        self.line.installEventFilter(self)
        self._matches = Matches(self)
        self.view = QListView(uniformItemSizes=True)
        self.view.setModel(self._matches)
        self.view.setItemDelegate(RowPainter(self.view))
        self.view.setAccessibleName("What was found")
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard stays where one types
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.clicked.connect(self._clicked)
        self.nothing = QLabel("Nothing is called so.", alignment=Qt.AlignmentFlag.AlignCenter)
        self.nothing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        column = QVBoxLayout(self)
        column.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        for widget in (self.line, self.view, self.nothing):
            column.addWidget(widget)
        parent.installEventFilter(self)
        self.hide()

    # opening and closing

    def open(self, typed: str = "") -> None:
        self._before = QApplication.focusWidget()
        self._entries = list(self._collect())
        self.line.setText(typed)
        self._find()
        self.show()
        self.raise_()
        self.line.setFocus()

    def close_up(self) -> None:
        """Hide it, and give the keyboard back."""
        had_keyboard = self.line.hasFocus()
        self.hide()
        self._entries = []
        self._matches.show([])
        before, self._before = self._before, None
        if had_keyboard and before is not None and shiboken6.isValid(before) and before.isVisible():
            before.setFocus()

    # choosing

    def chosen(self) -> Entry | None:
        row = self.view.currentIndex().row()
        return self._matches.rows[row].entry if 0 <= row < len(self._matches.rows) else None

    def found(self) -> list[str]:
        """The texts in the list, from the top."""
        return [match.entry.text for match in self._matches.rows]

    def do(self) -> None:
        """What is chosen; what cannot be had now says so in its row and stays."""
        entry = self.chosen()
        if entry is None or entry.reason:
            return
        self.recent = [entry.text, *(text for text in self.recent if text != entry.text)][:KEPT]
        self.close_up()
        self.used.emit(self.recent)
        entry.call()

    def _find(self) -> None:
        matches = find(self._entries, self.line.text(), self.recent)
        self._matches.show(matches)
        self.view.setVisible(bool(matches))
        self.nothing.setVisible(not matches)
        self._choose(0)
        self._place()

    def _choose(self, row: int) -> None:
        rows = len(self._matches.rows)
        index = self._matches.index(max(0, min(row, rows - 1)))
        self.view.setCurrentIndex(index)
        entry = self.chosen()
        self.line.setAccessibleDescription(spoken(entry) if entry else self.nothing.text())

    def _clicked(self, index: QModelIndex) -> None:
        self._choose(index.row())
        self.do()

    # the keyboard

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._above and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._press(event)
        if watched is self.line and isinstance(event, QFocusEvent) and is_elsewhere(event):
            self.close_up()
        return super().eventFilter(watched, event)

    def _press(self, event: QKeyEvent) -> bool:
        key, row = event.key(), self.view.currentIndex().row()
        last = len(self._matches.rows) - 1
        if key == Qt.Key.Key_Escape:
            self.close_up()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.do()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Tab):
            self._choose(row + 1 if row < last else 0)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab):
            self._choose(row - 1 if row > 0 else last)
        elif key == Qt.Key.Key_PageDown:
            self._choose(row + ROWS - 1)
        elif key == Qt.Key.Key_PageUp:
            self._choose(row - ROWS + 1)
        else:
            return False
        return True

    # the picture

    def _place(self) -> None:
        above = self._above
        width = min(WIDTH, above.width() - 2 * EDGE)
        row = 2 * self.fontMetrics().height() + 12
        rows = max(1, min(ROWS, len(self._matches.rows)))
        height = min(self.line.sizeHint().height() + rows * row + 4 * EDGE, above.height() - 2 * EDGE)
        self.setGeometry((above.width() - width) // 2, EDGE, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colours().muted, 1))
        painter.setBrush(self.palette().color(QPalette.ColorRole.ToolTipBase))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)


def is_elsewhere(event: QFocusEvent) -> bool:
    """Whether the keyboard went to another part of the window, not to a menu or another window for a while."""
    away = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
    return event.lostFocus() and event.reason() not in away
