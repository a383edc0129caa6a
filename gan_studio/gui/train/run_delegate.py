"""How a row of the run list is painted: a picture, the title, how the run stands, its best, and where it branched."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from .. import theme
from ..widgets.preset_list import paint_ground
from .run_rows import LINES, PICTURE, PICTURE_PX, ROW, Index, Row

MARGIN_PX = 8
EYE_PX = 18
NARROW_PX = 190  # of a row: below it there is no room for the picture
BAR_PX = 2  # how far a training has come, at the lower edge
Line = tuple[str, QFont, QColor]


class RunDelegate(QStyledItemDelegate):
    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._eyes: dict[tuple[str, int, float], QPixmap] = {}  # drawing an icon of a font for each row takes long
        theme.changed.connect(self._eyes.clear)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = option.fontMetrics.lineSpacing()
        if lines := index.data(LINES):
            return QSize(160, max(PICTURE_PX, lines * (line + 1)) + 2 * MARGIN_PX)
        return QSize(80, line + 2 * MARGIN_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | None = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if row is None:
            self._paint_heading(painter, option, index.data())
        else:
            self._paint_run(painter, option, row, index.data(PICTURE))
        painter.restore()

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """What is being typed is not overwritten when the row is painted anew."""
        if not (isinstance(editor, QLineEdit) and editor.isModified()):
            super().setEditorData(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """The title alone is typed anew."""
        words = self._words(option.rect)
        height = editor.sizeHint().height()
        middle = words.top() + option.fontMetrics.lineSpacing() // 2
        editor.setGeometry(words.left() - 4, middle - height // 2, words.width() - EYE_PX, height)

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, words: str) -> None:
        painter.setFont(smaller(option.font))
        painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
        where = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.drawText(option.rect.adjusted(MARGIN_PX, 0, -MARGIN_PX, -4), where, words)

    def _paint_run(self, painter: QPainter, option: QStyleOptionViewItem, row: Row, picture: QPixmap) -> None:
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        paint_ground(painter, option, chosen, bool(state & QStyle.StateFlag.State_MouseOver))
        if state & QStyle.StateFlag.State_HasFocus and not chosen:  # the keyboard went there without choosing it
            painter.setPen(option.palette.color(QPalette.ColorRole.Accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(option.rect.adjusted(1, 1, -2, -2), 6, 6)
        if row.shown:
            mark = QRect(option.rect.left() + 1, option.rect.top() + MARGIN_PX, 3, option.rect.height() - 2 * MARGIN_PX)
            painter.fillRect(mark, option.palette.color(QPalette.ColorRole.Accent))
        if not row.fits:
            painter.setOpacity(0.55)
        if option.rect.width() >= NARROW_PX:
            self._paint_picture(painter, option.rect, picture)
        self._paint_lines(painter, option, row)
        if row.entry.is_live and row.entry.state.steps:
            self._paint_bar(painter, option.rect, row.entry.state.step / row.entry.state.steps)
        if not row.shown:
            self._paint_eye(painter, option, row.overlaid)

    def _paint_picture(self, painter: QPainter, rect: QRect, picture: QPixmap) -> None:
        top = rect.top() + MARGIN_PX
        place = QRect(rect.left() + MARGIN_PX, top, PICTURE_PX, PICTURE_PX)
        painter.fillRect(place, theme.colours().grid)
        if not picture.isNull():
            painter.drawPixmap(place, picture)

    def _paint_lines(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        words = self._words(option.rect)
        line = option.fontMetrics.lineSpacing()
        for number, (text, font, colour) in enumerate(lines(option, row)):
            room = words.width() - (EYE_PX + 4 if number == 0 else 0)
            place = QRect(words.left(), words.top() + number * (line + 1), room, line)
            painter.setFont(font)
            painter.setPen(colour)
            cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, cut)

    def _words(self, rect: QRect) -> QRect:
        """Where the lines stand."""
        beside = PICTURE_PX + MARGIN_PX if rect.width() >= NARROW_PX else 0
        return rect.adjusted(MARGIN_PX + beside, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)

    def _paint_eye(self, painter: QPainter, option: QStyleOptionViewItem, open_: bool) -> None:
        colours = theme.colours()
        name, colour = ("eye", colours.g) if open_ else ("eye-outline", colours.muted)
        ratio = painter.device().devicePixelRatio()
        key = name, colour.rgba(), ratio
        if key not in self._eyes:
            self._eyes[key] = theme.icon(name, colour).pixmap(QSize(EYE_PX, EYE_PX), ratio)
        painter.setOpacity(painter.opacity() * (1.0 if open_ else 0.6))
        painter.drawPixmap(eye_rect(option.rect), self._eyes[key])

    def _paint_bar(self, painter: QPainter, rect: QRect, share: float) -> None:
        whole = QRect(rect.left() + MARGIN_PX, rect.bottom() - BAR_PX - 1, rect.width() - 2 * MARGIN_PX, BAR_PX)
        painter.fillRect(whole, theme.colours().grid)
        done = round(whole.width() * min(1.0, share))
        painter.fillRect(QRect(whole.topLeft(), QSize(done, BAR_PX)), theme.colours().third)


def lines(option: QStyleOptionViewItem, row: Row) -> list[Line]:
    bold, small = QFont(option.font), smaller(option.font)
    bold.setBold(True)
    text, quiet = option.palette.color(QPalette.ColorRole.Text), theme.colours().muted
    rest = [(words, small, quiet) for words in (row.facts, row.origin) if words]
    return [(row.entry.title, bold, text), (row.status, small, state_colour(row.entry.state.name)), *rest]


def eye_rect(rect: QRect) -> QRect:
    """Where the eye stands in a row."""
    return QRect(QPoint(rect.right() - MARGIN_PX - EYE_PX + 1, rect.top() + MARGIN_PX - 2), QSize(EYE_PX, EYE_PX))


def state_colour(name: str) -> QColor:
    colours = theme.colours()
    known = {
        "running": colours.third,
        "failed": colours.danger,
        "interrupted": colours.warning,
        "paused": colours.warning,
    }
    return known.get(name, colours.muted)


def smaller(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(max(7.5, font.pointSizeF() * 0.92))
    return small
