"""Files that something is done with, one after the other: of each a small picture, how it stands, and why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ...words import duration
from .. import theme
from .preset_list import paint_ground

Index = QModelIndex | QPersistentModelIndex

FILE = Qt.ItemDataRole.UserRole
PICTURE = FILE + 1
THUMB_PX = 40
MARGIN_PX = 6
BAR_PX = 3

STATES = {"waiting": "Waiting", "working": "Working", "done": "Done", "failed": "Failed", "skipped": "Skipped"}
STATE_ICONS = {
    "waiting": "clock-outline",
    "working": "progress-clock",
    "done": "check-circle-outline",
    "failed": "alert-circle-outline",
    "skipped": "debug-step-over",
}


@dataclass(frozen=True)
class QueuedFile:
    """`facts` are its size in words; `target` is where the result is, once it is there."""

    path: Path
    state: str = "waiting"
    facts: str = ""
    reason: str = ""  # why it failed, or was skipped
    seconds: float = 0.0  # it took, 0 where that is not known
    share: float = 0.0  # done of the one that is worked on
    target: Path | None = None

    @property
    def status(self) -> str:
        if self.state == "working":
            return f"Working, {self.share:.0%}"
        took = f"Done in {duration(self.seconds)}" if self.seconds >= 1 else "Done"
        words = took if self.state == "done" else STATES[self.state]
        return f"{words}: {self.reason}" if self.reason else words


class FileQueue(QAbstractListModel):
    """Paths in the order in which they came, each once."""

    look_wanted = Signal(object)  # a path whose picture and size somebody is to look up, as it is in sight
    counted = Signal()  # files came, went, or stand otherwise

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.files: list[QueuedFile] = []
        self._rows: dict[Path, int] = {}
        self._pictures: dict[Path, QPixmap | None] = {}  # None has been asked for

    # --- what there is ---

    def add(self, paths: Sequence[Path]) -> list[Path]:
        """Those that are new."""
        new = [path for path in dict.fromkeys(paths) if path not in self._rows]
        if new:
            first = len(self.files)
            self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
            self.files += [QueuedFile(path) for path in new]
            self._number()
            self.endInsertRows()
            self.counted.emit()
        return new

    def remove(self, paths: Sequence[Path]) -> None:
        gone = set(paths)
        for row in reversed([row for row, file in enumerate(self.files) if file.path in gone]):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self.files[row]
            self.endRemoveRows()
        for path in gone:
            self._pictures.pop(path, None)
        self._number()
        self.counted.emit()

    def clear(self) -> None:
        self.beginResetModel()
        self.files, self._pictures = [], {}
        self._number()
        self.endResetModel()
        self.counted.emit()

    def _number(self) -> None:
        self._rows = {file.path: row for row, file in enumerate(self.files)}

    def file(self, path: Path) -> QueuedFile | None:
        row = self._rows.get(path)
        return None if row is None else self.files[row]

    def row(self, path: Path) -> int:
        return self._rows.get(path, -1)

    def paths(self, *states: str) -> list[Path]:
        return [file.path for file in self.files if file.state in states or not states]

    def count(self, state: str) -> int:
        return sum(file.state == state for file in self.files)

    def change(self, path: Path, **values: Any) -> None:
        """What a file's state, share, reason, seconds, facts or target is now; a path that is gone is nobody's."""
        row = self._rows.get(path)
        if row is None:
            return
        before, self.files[row] = self.files[row], replace(self.files[row], **values)
        if self.files[row] != before:
            index = self.index(row)
            self.dataChanged.emit(index, index)
            if self.files[row].state != before.state:
                self.counted.emit()

    def wait_again(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self.change(path, state="waiting", reason="", share=0.0, seconds=0.0)

    def show_picture(self, path: Path, picture: QImage) -> None:
        if path in self._rows:
            self._pictures[path] = QPixmap.fromImage(picture)
            index = self.index(self._rows[path])
            self.dataChanged.emit(index, index, [PICTURE])

    # --- for views ---

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.files)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.files):
            return None
        file = self.files[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return file.path.name
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join(part for part in (str(file.path), file.facts, file.status) if part)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{file.path.name}, {file.status}"
        return self._own(file, role)

    def _own(self, file: QueuedFile, role: int) -> Any:
        if role == FILE:
            return file
        if role == PICTURE:
            if file.path not in self._pictures:
                self._pictures[file.path] = None
                self.look_wanted.emit(file.path)
            return self._pictures[file.path]
        return None

    # --- results can be dragged out ---

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self.files[index.row()].target:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        targets = [self.files[index.row()].target for index in indexes]
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(target)) for target in targets if target])
        return data


class QueueView(QListView):
    """The mouse or the arrow keys choose, Delete takes out, Enter opens the result."""

    chosen = Signal(object)  # the path of the one that is to be seen
    remove_wanted = Signal(list)
    open_wanted = Signal(object)
    menu_wanted = Signal(QMenu, list)  # for whoever knows what can be done with these paths

    def __init__(self, queue: FileQueue):
        super().__init__()
        self.queue = queue
        self.setModel(queue)
        self.setItemDelegate(QueueDelegate(self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setAccessibleName("Files")
        self.setAccessibleDescription("The files to translate; Delete takes the chosen ones out, Enter opens a result.")
        self.activated.connect(self._open)
        self.selectionModel().currentChanged.connect(self._choose)

    def selected_paths(self) -> list[Path]:
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self.queue.files[row].path for row in rows]

    def current_path(self) -> Path | None:
        index = self.currentIndex()
        return self.queue.files[index.row()].path if index.isValid() else None

    def choose(self, path: Path) -> None:
        row = self.queue.row(path)
        if row >= 0:
            self.setCurrentIndex(self.queue.index(row))
            self.scrollTo(self.queue.index(row))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self.queue.files[index.row()].path)

    def _open(self, index: QModelIndex) -> None:
        self.open_wanted.emit(self.queue.files[index.row()].path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.selectedIndexes():
            self.remove_wanted.emit(self.selected_paths())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if paths := self.selected_paths():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.menu_wanted.emit(menu, paths)
            at = event.globalPos()
            menu.popup(at if not at.isNull() else self.mapToGlobal(self.rect().center()))


class QueueDelegate(QStyledItemDelegate):
    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._icons: dict[tuple[str, int, float], QPixmap] = {}
        theme.changed.connect(self._icons.clear)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, max(THUMB_PX, 2 * option.fontMetrics.lineSpacing() + 2) + 2 * MARGIN_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        file: QueuedFile = index.data(FILE)
        state, rect = option.state, option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        paint_ground(painter, option, selected, bool(state & QStyle.StateFlag.State_MouseOver))
        self._paint_picture(painter, rect, index.data(PICTURE))
        self._paint_words(painter, option, file)
        if file.state == "working":
            self._paint_bar(painter, rect, file.share)
        painter.restore()

    def _paint_picture(self, painter: QPainter, rect: QRect, picture: QPixmap | None) -> None:
        box = QRect(rect.left() + MARGIN_PX, rect.center().y() - THUMB_PX // 2, THUMB_PX, THUMB_PX)
        painter.fillRect(box, theme.colours().grid)
        if picture is not None and not picture.isNull():
            size = picture.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(box.topLeft(), size)
            place.moveCenter(box.center())
            painter.drawPixmap(place, picture)

    def _paint_words(self, painter: QPainter, option: QStyleOptionViewItem, file: QueuedFile) -> None:
        rect, line = option.rect, option.fontMetrics.lineSpacing()
        words = rect.adjusted(2 * MARGIN_PX + THUMB_PX, 0, -MARGIN_PX, 0)
        top = rect.center().y() - line
        side = line - 2
        icon = QRect(words.left(), top + line + 1, side, side)
        painter.drawPixmap(icon, self._icon(file.state, side, painter.device().devicePixelRatio()))
        lines = (
            (file.path.name, option.font, option.palette.text().color(), Qt.TextElideMode.ElideMiddle, 0),
            (second_line(file), small(option.font), state_colour(file.state), Qt.TextElideMode.ElideRight, side + 4),
        )
        for number, (text, font, colour, elide, indent) in enumerate(lines):
            place = QRect(words.left() + indent, top + number * (line + 1), words.width() - indent, line)
            painter.setFont(font)
            painter.setPen(colour)
            cut = painter.fontMetrics().elidedText(text, elide, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, cut)

    def _icon(self, state: str, side: int, ratio: float) -> QPixmap:
        """Drawing an icon of a font for each row would take long."""
        key = state, side, ratio
        if key not in self._icons:
            self._icons[key] = theme.icon(STATE_ICONS[state], state_colour(state)).pixmap(QSize(side, side), ratio)
        return self._icons[key]

    def _paint_bar(self, painter: QPainter, rect: QRect, share: float) -> None:
        whole = QRect(rect.left() + MARGIN_PX, rect.bottom() - BAR_PX - 1, rect.width() - 2 * MARGIN_PX, BAR_PX)
        painter.fillRect(whole, theme.colours().grid)
        painter.fillRect(QRect(whole.topLeft(), QSize(round(whole.width() * share), BAR_PX)), theme.colours().g)


def second_line(file: QueuedFile) -> str:
    return " · ".join(part for part in (file.status, file.facts) if part)


def small(font: QFont) -> QFont:
    smaller = QFont(font)
    smaller.setPointSizeF(max(7.5, font.pointSizeF() * 0.92))
    return smaller


def state_colour(state: str) -> QColor:
    c = theme.colours()
    return {"failed": c.danger, "done": c.third, "working": c.g, "skipped": c.warning}.get(state, c.muted)
