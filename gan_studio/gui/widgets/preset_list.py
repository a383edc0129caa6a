"""Presets as cards with a thumbnail."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPainterPath, QPalette, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
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

from ...presets import Preset
from .. import theme
from .fold import quiet

PICTURE = 56
PAD = 8
TWICE_S = 0.5  # within this a second click on the same card is the first one told again
Index = QModelIndex | QPersistentModelIndex


class PresetList(QWidget):
    """One card a preset, with a filter on top; `chosen(id)` on a click or Enter."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._presets: list[Preset] = []
        self._current = ""
        self._chosen_at = 0.0  # seconds of the monotonic clock
        self.filter = QLineEdit(placeholderText="Find a preset", clearButtonEnabled=True)
        self.filter.setAccessibleName("Find a preset")
        self.filter.setToolTip("Words of a preset's title, paper or what to expect")
        self.filter.textChanged.connect(self._show)
        self.view = QListView()
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setAccessibleName("Presets")
        self.view.setAccessibleDescription("Published settings to start from; Enter chooses one.")
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMouseTracking(True)
        self.view.viewport().setAutoFillBackground(False)  # the cards lie on the window
        self.cards = Cards(self.view)
        self.view.setModel(self.cards)
        self.view.setItemDelegate(Card(self.view, self.cards))
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self.nothing = quiet(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, textFormat=Qt.TextFormat.PlainText))
        self.nothing.setContentsMargins(PAD, 24, PAD, 24)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(PAD, PAD, PAD, PAD)
        head.addWidget(self.filter)
        column.addLayout(head)
        column.addWidget(self.nothing)
        column.addWidget(self.view, 1)
        self._show()

    def set_presets(self, presets: Sequence[Preset]) -> None:
        """Show these, keeping the current one where it is still there."""
        self._presets = list(presets)
        self._show()

    def set_current(self, id: str) -> None:
        """Mark a preset as the one in use; emits nothing."""
        self._current = id
        self._mark()

    def current(self) -> str:
        """The id of the preset in use, "" if there is none."""
        return self._current

    def _show(self) -> None:
        words = self.filter.text().lower().split()
        found = [p for p in self._presets if all(word in search_text(p) for word in words)]
        self.cards.set_presets(found)
        searched = self.filter.text().strip()
        self.nothing.setText(f"No preset matches “{searched}”." if self._presets else "There are no presets.")
        self.nothing.setVisible(not found)
        self.view.setVisible(bool(found))
        self._mark()

    def _mark(self) -> None:
        row = next((i for i, p in enumerate(self.cards.presets) if p.id == self._current), -1)
        index = self.cards.index(row) if row >= 0 else QModelIndex()
        self.view.setCurrentIndex(index)
        if row >= 0:
            self.view.scrollTo(index)

    def _choose(self, index: QModelIndex) -> None:
        preset = self.cards.presets[index.row()]
        now = time.monotonic()
        if preset.id == self._current and now - self._chosen_at < TWICE_S:
            return  # a click is told both as a click and as an activation on some desktops
        self._current, self._chosen_at = preset.id, now
        self.chosen.emit(preset.id)


class Cards(QAbstractListModel):
    """The presets that are shown."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.presets: list[Preset] = []
        self._pictures: dict[str, QPixmap] = {}

    def set_presets(self, presets: list[Preset]) -> None:
        self.beginResetModel()
        self.presets = presets
        self._pictures = {}
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.presets)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        preset = self.presets[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return preset.title
            case Qt.ItemDataRole.ToolTipRole:
                return preset.expect or None
            case Qt.ItemDataRole.AccessibleTextRole:
                return ". ".join(part for part in (preset.title, facts(preset), preset.expect) if part)
            case Qt.ItemDataRole.DecorationRole:
                return self._picture(preset)
        return None

    def _picture(self, preset: Preset) -> QPixmap:
        if preset.id not in self._pictures:
            picture = QPixmap(str(preset.thumbnail)) if preset.thumbnail else QPixmap()
            self._pictures[preset.id] = picture
        return self._pictures[preset.id]


class Card(QStyledItemDelegate):
    """Thumbnail, title, paper and minutes; the card in use also says what to expect."""

    def __init__(self, view: QListView, cards: Cards):
        super().__init__(view)
        self._view, self._cards = view, cards
        view.selectionModel().currentChanged.connect(self._resize)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        return QSize(width, max(PICTURE, self._text_height(index, width - PICTURE - 3 * PAD)) + 2 * PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        preset = self._cards.presets[index.row()]
        current = index == self._view.currentIndex()
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option, current, hovered)
        box = option.rect.adjusted(PAD, PAD, -PAD, -PAD)
        self._paint_picture(painter, QRect(box.left(), box.top(), PICTURE, PICTURE), index)
        self._paint_text(painter, box.adjusted(PICTURE + PAD, 0, 0, 0), preset, current, option)
        painter.restore()

    def _paint_picture(self, painter: QPainter, box: QRect, index: Index) -> None:
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        rounded = QPainterPath()
        rounded.addRoundedRect(box, 4, 4)
        painter.save()
        painter.setClipPath(rounded)
        painter.fillRect(box, theme.colours().plot)
        if picture is not None and not picture.isNull():
            side = min(picture.width(), picture.height())
            middle = QRect((picture.width() - side) // 2, (picture.height() - side) // 2, side, side)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(box, picture, middle)
        else:
            theme.icon("chart-scatter-plot", theme.colours().muted).paint(painter, box.adjusted(16, 16, -16, -16))
        painter.restore()
        painter.setPen(theme.colours().grid)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)

    def _paint_text(
        self, painter: QPainter, box: QRect, preset: Preset, current: bool, option: QStyleOptionViewItem
    ) -> None:
        group = QPalette.ColorGroup.Active if self._view.isEnabled() else QPalette.ColorGroup.Disabled
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        top = box.top()
        for text, font, role in self._lines(preset, current):
            height = self._height(text, font, box.width())
            painter.setFont(font)
            painter.setPen(option.palette.color(group, role))
            painter.drawText(QRect(box.left(), top, box.width(), height), wrap, text)
            top += height + 2

    def _text_height(self, index: Index, width: int) -> int:
        preset = self._cards.presets[index.row()]
        lines = self._lines(preset, index == self._view.currentIndex())
        return sum(self._height(text, font, width) + 2 for text, font, _ in lines)

    def _lines(self, preset: Preset, current: bool) -> list[tuple[str, QFont, QPalette.ColorRole]]:
        title, small = QFont(self._view.font()), QFont(self._view.font())
        title.setBold(True)
        small.setPointSizeF(max(7.5, small.pointSizeF() * 0.92))
        lines = [(preset.title, title, QPalette.ColorRole.Text)]
        if facts(preset):
            lines.append((facts(preset), small, QPalette.ColorRole.PlaceholderText))
        if current and preset.expect:
            lines.append((preset.expect, small, QPalette.ColorRole.Text))
        return lines

    def _height(self, text: str, font: QFont, width: int) -> int:
        room = QRect(0, 0, max(width, 40), 10_000)
        return QFontMetrics(font).boundingRect(room, Qt.TextFlag.TextWordWrap, text).height()

    def _resize(self) -> None:
        self._view.scheduleDelayedItemsLayout()


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, current: bool, hovered: bool) -> None:
    """What lies behind a card: tinted and framed where it is the current one."""
    palette = option.palette
    box = option.rect.adjusted(1, 1, -2, -2)
    accent = palette.color(QPalette.ColorRole.Highlight)
    painter.setPen(accent if current else Qt.PenStyle.NoPen)
    ground = accent if current else palette.color(QPalette.ColorRole.Text)
    ground.setAlphaF(0.14 if current else 0.05 if hovered else 0.0)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 6, 6)


def facts(preset: Preset) -> str:
    """ "Goodfellow et al. 2014 · 2 min" """
    minutes = f"{preset.minutes:.2g} min" if preset.minutes else ""
    own = "Your own" if preset.own else ""
    return " · ".join(part for part in (own, preset.paper, minutes) if part)


def search_text(preset: Preset) -> str:
    return " ".join([preset.id, preset.title, preset.paper, preset.expect]).lower()
