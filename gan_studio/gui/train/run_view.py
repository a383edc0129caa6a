"""The tree of runs on the screen: what the mouse and the keyboard do there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyle, QStyleOption, QToolTip, QTreeView, QWidget

from .run_delegate import RunDelegate, eye_rect
from .run_rows import RunRows

INDENT_PX = 14
EYE_TIP = "Draw the curves of this run over those of the run that is shown, or take them away."


class RunsView(QTreeView):
    eye_pressed = Signal(QModelIndex)
    menu_wanted = Signal(QPoint)  # on the screen

    def __init__(self, rows: RunRows, parent: QWidget | None = None):
        super().__init__(parent)
        self.rows = rows
        self._folded: set[str] = set()  # by the names of their folders
        self._unfolding = False
        self._on_eye = False  # the button went down on an eye
        self.setModel(rows)
        self.setItemDelegate(RunDelegate(self))
        self.setAccessibleName("Runs")
        self.setAccessibleDescription("Enter opens a run, Space lays its curves over those that are shown.")
        self.setHeaderHidden(True)
        self.setIndentation(INDENT_PX)
        self.setExpandsOnDoubleClick(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)  # not the room left of a branch
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)  # F2 is an action
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)  # the cards lie on the window
        rows.layoutChanged.connect(self.unfold)
        self.collapsed.connect(self._fold)
        self.expanded.connect(self._keep_open)
        self.unfold()

    def unfold(self) -> None:
        """Open all branches but those that the user has closed; a search looks into these too."""
        self._unfolding = True
        parents = self.rows.parents()
        self.setRootIsDecorated(bool(parents))
        for index in parents:  # quick, as the view has not laid its rows out again yet
            entry = self.rows.entry_at(index)
            folded = entry is not None and entry.name in self._folded and not self.rows.search
            self.setExpanded(index, not folded)
        self._unfolding = False

    def _fold(self, index: QModelIndex) -> None:
        entry = self.rows.entry_at(index)
        if entry and not self._unfolding:
            self._folded.add(entry.name)

    def _keep_open(self, index: QModelIndex) -> None:
        entry = self.rows.entry_at(index)
        if entry and not self._unfolding:
            self._folded.discard(entry.name)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        """An arrow where something hangs on a row. The ground of a selection is the card's; the style draws more."""
        painter.fillRect(rect, self.palette().window())
        if not self.rows.rowCount(index):
            return
        option = QStyleOption()
        option.initFrom(self)
        option.rect = QRect(rect.right() - INDENT_PX, rect.top(), INDENT_PX, rect.height()).adjusted(2, 0, -2, 0)
        element = QStyle.PrimitiveElement
        arrow = element.PE_IndicatorArrowDown if self.isExpanded(index) else element.PE_IndicatorArrowRight
        self.style().drawPrimitive(arrow, option, painter, self)

    # the eye of each row, which neither chooses nor opens it

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._on_eye = event.button() == Qt.MouseButton.LeftButton and self._eye_at(event.position().toPoint())
        if self._on_eye:
            self.eye_pressed.emit(self.indexAt(event.position().toPoint()))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._on_eye:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._on_eye:
            self._on_eye = False
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second of two quick clicks is a press as any other."""
        if self._eye_at(event.position().toPoint()):
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def _eye_at(self, place: QPoint) -> bool:
        index = self.indexAt(place)
        can_be_overlaid = bool(self.rows.flags(index) & Qt.ItemFlag.ItemIsUserCheckable) if index.isValid() else False
        return can_be_overlaid and eye_rect(self.visualRect(index)).contains(place)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._eye_at(event.pos()):
            QToolTip.showText(event.globalPos(), EYE_TIP, self)
            return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the keyboard: at the current row."""
        by_keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = self.visualRect(self.currentIndex()).center() if by_keyboard else event.pos()
        if self.rows.entry_at(self.indexAt(place)):
            self.menu_wanted.emit(self.viewport().mapToGlobal(place))
