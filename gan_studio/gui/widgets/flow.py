"""A layout that breaks its row where the width ends, like words."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

BETWEEN = 2  # pixels between rows


class FlowLayout(QLayout):
    def __init__(self, parent: QWidget | None = None, gap: int = 8):
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._flow(QRect(0, 0, width, 0), place=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        inside = QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))
        return inside.grownBy(self.contentsMargins())

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._flow(rect, place=True)

    def _flow(self, rect: QRect, place: bool) -> int:
        """Put the items into rows, each in the middle of its row's height; the height of all rows."""
        margins = self.contentsMargins()
        inside = rect.marginsRemoved(margins)
        y = inside.top()
        for row in self._rows(inside.width()):
            x, height = inside.left(), max(size.height() for _, size in row)
            for item, size in row:
                if place:
                    item.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2), size))
                x += size.width() + self._gap
            y += height + BETWEEN
        return y - BETWEEN + margins.bottom() - rect.top() if y > inside.top() else 0

    def _rows(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """What is seen, broken where the width ends."""
        rows: list[list[tuple[QLayoutItem, QSize]]] = []
        room = -1
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if size.width() > room:
                rows.append([])
                room = width
            rows[-1].append((item, size))
            room -= size.width() + self._gap
        return rows
