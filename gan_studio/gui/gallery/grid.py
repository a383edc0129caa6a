"""The grid of pictures: chosen, starred and opened by mouse and keyboard; smooth, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ...jobs.gallery import Mark, Sample
from ...jobs.sheet import novelty_told
from .. import theme
from .pictures import Index, Pictures
from .tiles import Tiles

GAP = 8  # around a picture
SIZES = (32, 512)  # of a picture, at least and at most
USUAL = 112
MARK_PX = 16
FADED = 0.3  # what is rejected
NONE_FITS = "The buttons above let none of the pictures through."
MOST_KNOWN = 5000  # texts
SELECTED, HOVERED, FOCUSED = (  # as numbers: Qt's own flags take microseconds to compare
    flag.value
    for flag in (QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_MouseOver, QStyle.StateFlag.State_HasFocus)
)
MIDDLE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
MARKS: dict[int, Mark | None] = {  # by their keys; None is a star, or none where all have one
    Qt.Key.Key_S: None,
    Qt.Key.Key_P: "starred",
    Qt.Key.Key_X: "rejected",
    Qt.Key.Key_U: "",
}


class Tile(QStyledItemDelegate):
    """Paints one picture with its marks."""

    def __init__(self, model: Pictures, tiles: Tiles, parent: QWidget):
        super().__init__(parent)
        self._model, self._tiles = model, tiles
        self.size = QSize(USUAL, USUAL)  # of a picture
        self.has_captions = True
        self._icons: dict[tuple[str, float], QPixmap] = {}
        self._known: dict[tuple[str, int], str] = {}  # texts, cut to widths
        theme.changed.connect(self._icons.clear)

    def cell(self, line: int) -> QSize:
        """A picture with its surroundings, where a line of text has so many pixels."""
        below = line + 2 if self.has_captions else 0
        return QSize(self.size.width() + GAP, self.size.height() + GAP + below)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.cell(option.fontMetrics.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Some tens of these make a frame, and each line of Python counts."""
        row = index.row()
        sample, place = self._model.sample(row), self._model.places[row]
        rect: QRect = option.rect
        left, top, state = rect.left() + GAP // 2, rect.top() + GAP // 2, option.state.value
        box = QRect(left, top, self.size.width(), self.size.height())
        chosen = bool(state & SELECTED)
        if chosen:
            painter.fillRect(rect.adjusted(1, 1, -1, -1), option.palette.color(QPalette.ColorRole.Highlight))
        elif state & HOVERED:
            painter.fillRect(rect.adjusted(1, 1, -1, -1), theme.colours().grid)
        self._paint_picture(painter, box, place, sample.mark)
        if self.has_captions:
            self._paint_caption(painter, option, box, words(sample, place), chosen)
        if state & FOCUSED:
            painter.setPen(option.palette.color(QPalette.ColorRole.Text))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _paint_picture(self, painter: QPainter, box: QRect, place: int, mark: Mark) -> None:
        found = self._tiles.tile(place)
        if found is None:
            found = self._tiles.raw(place)
        if mark == "rejected":
            painter.setOpacity(FADED)
        painter.drawImage(box, found)
        if mark:
            painter.setOpacity(1.0)
            self._paint_mark(painter, box, mark)

    def _paint_mark(self, painter: QPainter, box: QRect, mark: Mark) -> None:
        colours = theme.colours()
        name, colour = ("star", colours.warning) if mark == "starred" else ("close-thick", colours.danger)
        ratio = painter.device().devicePixelRatioF()
        if (name, ratio) not in self._icons:
            self._icons[name, ratio] = theme.icon(name, colour).pixmap(QSize(MARK_PX, MARK_PX), ratio)
        place = QRect(box.right() - MARK_PX - 2, box.top() + 3, MARK_PX, MARK_PX)
        painter.fillRect(place.adjusted(-2, -2, 2, 2), theme.faded(colours.plot, 0.85))
        painter.drawPixmap(place.topLeft(), self._icons[name, ratio])

    def _paint_caption(
        self, painter: QPainter, option: QStyleOptionViewItem, box: QRect, text: str, chosen: bool
    ) -> None:
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.PlaceholderText
        painter.setPen(option.palette.color(role))
        below = QRect(box.left() - 2, box.bottom() + 2, box.width() + 4, option.fontMetrics.height())
        painter.drawText(below, MIDDLE, self._cut(text, below.width(), option.fontMetrics))

    def _cut(self, text: str, width: int, metrics: QFontMetrics) -> str:
        """With an ellipsis where there is no room."""
        key = (text, width)
        if key not in self._known:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            self._known[key] = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        return self._known[key]


def words(sample: Sample, place: int) -> str:
    """ "12 · D 1.3 · 8.4": short, beneath a picture."""
    parts = [f"#{place + 1}" if sample.view.z else str(sample.view.seed)]
    if sample.score is not None:
        parts.append(f"D {sample.score:.1f}")
    if sample.novelty is not None:
        parts.append(novelty_told(sample.novelty) + ("" if sample.is_novel else "!"))
    return " · ".join(parts)


class Grid(QListView):
    opened = Signal()  # the current one, large
    compare_wanted = Signal()
    fill_wanted = Signal()  # the whole screen with it
    mark_wanted = Signal(object)  # a Mark, or None: a star, or none where all have one
    copy_wanted = Signal()
    menu_wanted = Signal(QPoint)  # on the screen
    chosen = Signal()  # others, or another one is the current one
    size_wanted = Signal(int)  # of the pictures, by the wheel

    def __init__(self, model: Pictures):
        super().__init__()
        self.pictures = model
        self.tiles = Tiles(self.in_sight, self)
        self.tile = Tile(model, self.tiles, self)
        self.setModel(model)
        self.setItemDelegate(self.tile)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setDragDropMode(QAbstractItemView.DragDropMode.NoDragDrop)
        self.setAcceptDrops(False)  # what is dropped is for the window
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # else a layout may go back and forth
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setAccessibleName("Pictures")
        self.setAccessibleDescription(
            "Arrow keys move, Shift and Ctrl choose several, Enter opens one large, S gives a star, X rejects."
        )
        self.doubleClicked.connect(self._open)
        self.tiles.came.connect(self._paint_anew)
        self.selectionModel().selectionChanged.connect(self._tell_chosen)
        self.selectionModel().currentChanged.connect(self._tell_chosen)
        theme.changed.connect(self._dress)
        self._dress()
        self.set_shape((3, USUAL, USUAL), USUAL)

    def _dress(self) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Base, theme.colours().plot)
        self.setPalette(palette)

    # what is shown

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.pictures.places:
            painter = QPainter(self.viewport())
            painter.setPen(theme.colours().muted)
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(24, 24, -24, -24), wrap, NONE_FITS)

    def set_shape(self, shape: tuple[int, ...], px: int) -> None:
        """Pictures of [C, H, W] on the longer side so large."""
        _, height, width = shape
        longer = max(height, width)
        size = QSize(max(8, round(px * width / longer)), max(8, round(px * height / longer)))
        self.tile.size = size
        self.tiles.set_size(size * self.devicePixelRatioF())
        self._lay_out()

    def set_captions(self, on: bool) -> None:
        self.tile.has_captions = on
        self._lay_out()

    def _lay_out(self) -> None:
        """The first in sight stays in sight."""
        first = next(iter(self._rows_in_sight()), None)
        cell = self.tile.cell(self.fontMetrics().height())
        self.setGridSize(cell)
        self.verticalScrollBar().setSingleStep(max(20, cell.height() // 2))
        if first:
            self.scrollTo(self.pictures.index(first), QAbstractItemView.ScrollHint.PositionAtTop)
        self.viewport().update()

    def _paint_anew(self, places: set[int]) -> None:
        for row in self._rows_in_sight():
            if self.pictures.places[row] in places:
                self.update(self.pictures.index(row))

    def in_sight(self) -> list[int]:
        """The places that are seen, from top to bottom."""
        return [self.pictures.places[row] for row in self._rows_in_sight()]

    def _rows_in_sight(self) -> range:
        count, height = self.pictures.rowCount(), self.viewport().height()
        first = _first(count, lambda row: self._rect(row).bottom() >= 0)
        return range(first, _first(count, lambda row: self._rect(row).top() >= height))

    def _rect(self, row: int) -> QRect:
        return self.visualRect(self.pictures.index(row))

    # what is chosen

    def chosen_rows(self) -> list[int]:
        """In their order."""
        return sorted(row for first, last in self._ranges() for row in range(first, last + 1))

    def chosen_count(self) -> int:
        return sum(last - first + 1 for first, last in self._ranges())

    def _ranges(self) -> list[tuple[int, int]]:
        """(first, last) rows: ten thousand indexes would take long."""
        selection = self.selectionModel().selection()
        ranges = [selection.at(i) for i in range(selection.count())]
        return [(one.top(), one.bottom()) for one in ranges]

    def chosen_places(self) -> list[int]:
        return [self.pictures.places[row] for row in self.chosen_rows()]

    def current_row(self) -> int:
        """-1 where there is none."""
        return self.currentIndex().row()

    def choose(self, places: Iterable[int], current: int) -> None:
        """These places, as far as they are shown; `current` is a row."""
        rows = {place: row for row, place in enumerate(self.pictures.places)}
        selection = QItemSelection()
        for first, last in spans(sorted(rows[place] for place in places if place in rows)):
            selection.select(self.pictures.index(first), self.pictures.index(last))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if 0 <= current < len(self.pictures.places):
            index = self.pictures.index(current)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def go_to(self, row: int) -> None:
        """This one alone."""
        if 0 <= row < len(self.pictures.places):
            self.setCurrentIndex(self.pictures.index(row))

    def _tell_chosen(self) -> None:
        self.chosen.emit()

    # the user

    def _open(self) -> None:
        self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier)
        key = event.key()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif plain and key in MARKS:
            self.mark_wanted.emit(MARKS[Qt.Key(key)])
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_E):
            self.opened.emit()
        elif plain and key == Qt.Key.Key_C:
            self.compare_wanted.emit()
        elif plain and key == Qt.Key.Key_F:
            self.fill_wanted.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, text: str) -> None:
        """Letters are keys here."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            longer = max(self.tile.size.width(), self.tile.size.height())
            self.size_wanted.emit(round(longer * (1.15 if event.angleDelta().y() > 0 else 1 / 1.15)))
            event.accept()
        else:
            super().wheelEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        here = self.visualRect(self.currentIndex()).center() if by_key else event.pos()
        self.menu_wanted.emit(self.viewport().mapToGlobal(here))

    def leave(self, seconds: float) -> None:
        self.tiles.leave(seconds)


def _first(count: int, fits: Callable[[int], bool]) -> int:
    """The first of the rows that fits, where all after it do; `count` if none does."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def spans(rows: list[int]) -> list[tuple[int, int]]:
    """Ascending rows as (first, last) of those without a gap."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
