"""All runs of a folder, newest first, with a picture each: open, resume, branch, queue, rename, reveal, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QFile,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    QTimer,
    QUrl,
    Signal,
)
from PySide6.QtGui import QColor, QDesktopServices, QFont, QKeyEvent, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QListView,
    QMenu,
    QMessageBox,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ... import runs
from ...runs import Run, State
from .. import theme
from ..session import Session
from ..widgets.preset_list import paint_ground
from ..words import clock
from .record import load

RUN = Qt.ItemDataRole.UserRole
DETAILS = RUN + 1
THUMBNAIL = RUN + 2
STATE = RUN + 3
REFRESH_MS = 2000
PICTURE_PX = 44
MARGIN_PX = 8
STATE_WORDS = {"new": "not started", "queued": "waits in the queue", "interrupted": "interrupted"}


class Row:
    """What is shown of one run, read again only when its files have changed."""

    def __init__(self, run: Run):
        self.run = run
        self._stamp: Any = None
        self.title, self.preset, self.state = run.name, "", State()
        self._picture: QPixmap | None = None

    def update(self) -> bool:
        """Whether something is new."""
        stamp = [_changed_at(self.run.folder / name) for name in ("state.json", "run.json", "samples")]
        if stamp == self._stamp and self.state.name not in ("running", "paused"):
            return False
        before = (self.title, self.state, self._stamp)
        self._stamp = stamp
        about = self.run.about()
        self.title, self.preset = about.get("title", self.run.name), about.get("preset", "")
        self.state = self.run.state()
        if before[2] is None or before[2][2] != stamp[2]:
            self._picture = None
        return before != (self.title, self.state, stamp)

    def details(self) -> str:
        state = self.state
        parts = [STATE_WORDS.get(state.name, state.name)]
        if state.steps:
            parts.append(self._progress())
        if state.seconds >= 1:
            parts.append(clock(state.seconds))
        return " · ".join(parts)

    def _progress(self) -> str:
        """The folder knows of the newest checkpoint only, which is behind what a training run is at."""
        state = self.state
        if state.name == "finished":
            return f"{state.step:,} steps"
        saved = "saved at " if state.name in ("running", "paused") else ""
        return f"{saved}{state.step:,} of {state.steps:,} steps"

    def thumbnail(self) -> QPixmap:
        """The newest samples; read when it is first painted."""
        if self._picture is None:
            newest = self.run.samples()[-1:]
            self._picture = small(newest[0]) if newest else QPixmap()
        return self._picture


class RunsModel(QAbstractListModel):
    """Reads; writes only titles."""

    renamed = Signal(object)  # Run

    def __init__(self, session: Session, parent: QWidget):
        super().__init__(parent)
        self.session = session
        self._rows: list[Row] = []

    def refresh(self) -> None:
        """Look which runs there are and how they stand."""
        found = runs.list_runs(self.session.root)
        if [run.folder for run in found] != [row.run.folder for row in self._rows]:
            known = {row.run.folder: row for row in self._rows}
            self.beginResetModel()
            self._rows = [known.get(run.folder) or Row(run) for run in found]
            for row in self._rows:
                row.update()
            self.endResetModel()
            return
        for number, row in enumerate(self._rows):
            if row.update():
                index = self.index(number)
                self.dataChanged.emit(index, index)

    def number_of(self, run: Run) -> int:
        """-1 where it is not among them."""
        return next((i for i, row in enumerate(self._rows) if row.run.folder == run.folder), -1)

    def rowCount(self, parent: QModelIndex | Any = None) -> int:
        return 0 if parent and parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.title}, {row.details()}"
            case Qt.ItemDataRole.ToolTipRole:
                lines = [row.title, row.details(), row.preset and f"Preset: {row.preset}", row.state.reason]
                return "\n".join(filter(None, [*lines, str(row.run.folder)]))
            case _ if role == RUN:
                return row.run
            case _ if role == DETAILS:
                return row.details()
            case _ if role == THUMBNAIL:
                return row.thumbnail()
            case _ if role == STATE:
                return row.state
        return None

    def setData(self, index: QModelIndex | Any, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A new title; the folder keeps its name, as other runs may name it as their parent."""
        title = str(value).strip()
        row = self._rows[index.row()]
        if not title or title == row.title:
            return False
        runs.write_json(row.run.folder / "run.json", row.run.about() | {"title": title})
        row.update()
        self.dataChanged.emit(index, index)
        self.renamed.emit(row.run)
        return True

    def flags(self, index: QModelIndex | Any) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable


class RunList(QWidget):
    opened = Signal(object)  # Run
    resumed = Signal(object)  # Run
    branched = Signal(object, int)  # Run, step of the checkpoint
    enqueued = Signal(object)  # Run
    renamed = Signal(object)  # Run
    deleted = Signal(object)  # Run, in the trash now
    problem = Signal(str)  # a sentence

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.session = session
        self.runs = RunsModel(session, self)
        self.runs.renamed.connect(self.renamed)
        self.view = RunsView(self)
        self.view.setModel(self.runs)
        self.view.clicked.connect(self._open)
        self.view.activated.connect(self._open)
        self.view.delete_pressed.connect(self._delete_current)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.nothing = QLabel("No run yet. What you start will be kept here.", wordWrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setMargin(24)
        self.nothing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.pages = QStackedLayout(self)
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.view)
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self._refresh_if_seen)
        self._timer.start()
        session.runs_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        if self.view.state() == QAbstractItemView.State.EditingState:
            return  # a title is being typed, and would be lost
        current = self.current()
        self.runs.refresh()
        self.pages.setCurrentIndex(1 if self.runs.rowCount() else 0)
        if current:
            self.select(current)

    def current(self) -> Run | None:
        index = self.view.currentIndex()
        run: Run | None = index.data(RUN) if index.isValid() else None
        return run

    def select(self, run: Run) -> None:
        """Mark a run; opens nothing."""
        number = self.runs.number_of(run)
        if number >= 0:
            self.view.setCurrentIndex(self.runs.index(number))

    def _refresh_if_seen(self) -> None:
        if self.isVisible():
            self.refresh()

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.data(RUN))

    # the menu of one run

    def _show_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if index.isValid():
            self.view.setCurrentIndex(index)
            self.menu_for(index).popup(self.view.viewport().mapToGlobal(at))

    def menu_for(self, index: QModelIndex) -> QMenu:
        """What can be done with a run as it stands."""
        run: Run = index.data(RUN)
        state = run.state()  # the row may be two seconds old
        busy = state.name in ("running", "paused")
        place = QPersistentModelIndex(index)  # the rows may move while the menu is open
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addAction("&Open").triggered.connect(lambda: self.opened.emit(run))
        resume = menu.addAction("&Resume")
        resume.setEnabled(not busy and state.name != "finished" and not self.session.is_training)
        resume.triggered.connect(lambda: self.resumed.emit(run))
        queue = menu.addAction("Take out of the &queue" if state.name == "queued" else "Add to &queue")
        queue.setEnabled(not busy and state.name != "finished")
        queue.triggered.connect(lambda: self._toggle_queue(run))
        self._add_branches(menu, run)
        menu.addSeparator()
        menu.addAction("Re&name").triggered.connect(lambda: self._edit(place))
        menu.addAction("&Show in the file browser").triggered.connect(lambda: reveal(run.folder))
        delete = menu.addAction("Move to the &trash…")
        delete.setEnabled(not busy)
        delete.triggered.connect(lambda: self.delete(run))
        return menu

    def _edit(self, place: QPersistentModelIndex) -> None:
        if place.isValid():
            self.view.edit(self.runs.index(place.row()))

    def _add_branches(self, menu: QMenu, run: Run) -> None:
        branches = menu.addMenu("&Branch from")
        checkpoints = run.checkpoints()
        branches.setEnabled(bool(checkpoints))
        for checkpoint in reversed(checkpoints):
            text = f"Step {checkpoint.step:,}{' ★' if checkpoint.starred else ''}"
            step = checkpoint.step
            branches.addAction(text).triggered.connect(lambda _=False, step=step: self.branched.emit(run, step))

    def _toggle_queue(self, run: Run) -> None:
        state = run.state()
        if state.name == "queued":
            run.set_state(State("stopped" if state.step else "new", state.step, state.steps, seconds=state.seconds))
            self.session.runs_changed.emit()
        else:
            self.enqueued.emit(run)

    # deleting

    def _delete_current(self) -> None:
        run = self.current()
        if run and run.state().name not in ("running", "paused"):
            self.delete(run)

    def delete(self, run: Run) -> None:
        """Ask, then move the folder to the trash."""
        if not self._agreed(run):
            return
        if self.session.is_at(run) or run.is_being_written():  # begun by the queue while the question stood
            self.problem.emit(f"{run.about().get('title', run.name)} is in training; stop it before it is deleted.")
            return
        if not QFile(str(run.folder)).moveToTrash():
            self.problem.emit(f"{run.folder} could not be moved to a trash; delete the folder in the file browser.")
            return
        self.deleted.emit(run)
        self.session.runs_changed.emit()

    def _agreed(self, run: Run) -> bool:
        title = run.about().get("title", run.name)
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Move to the trash",
            f"Move the run “{title}” with its checkpoints and samples to the trash?",
            parent=self,
        )
        box.setInformativeText(str(run.folder))
        move = box.addButton("Move to the trash", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        box.deleteLater()
        return box.clickedButton() is move


class RunsView(QListView):
    delete_pressed = Signal()

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setItemDelegate(RunDelegate(self))
        self.setAccessibleName("Runs")
        self.setToolTip("Click a run to look at it; the right button shows what can be done with it.")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)  # the cards lie on the window
        self.setMouseTracking(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


class RunDelegate(QStyledItemDelegate):
    """A picture, the title, and how the run stands."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | Any) -> QSize:
        return QSize(160, max(PICTURE_PX, 2 * option.fontMetrics.lineSpacing() + 4) + 2 * MARGIN_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | Any) -> None:
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option, chosen, bool(option.state & QStyle.StateFlag.State_MouseOver))
        painter.restore()
        inside = option.rect.adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
        picture = QRect(inside.left(), inside.center().y() - PICTURE_PX // 2, PICTURE_PX, PICTURE_PX)
        thumbnail: QPixmap = index.data(THUMBNAIL)
        painter.fillRect(picture, theme.colours().grid)
        if not thumbnail.isNull():
            painter.drawPixmap(picture, thumbnail)
        words = inside.adjusted(PICTURE_PX + 2 * MARGIN_PX, 0, 0, 0)
        self._write(painter, option, index, words)

    def _write(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex, words: QRect) -> None:
        line = option.fontMetrics.lineSpacing()
        top = QRect(words.left(), words.center().y() - line, words.width(), line)
        bold = QFont(option.font)
        bold.setBold(True)
        painter.save()
        painter.setFont(bold)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        painter.drawText(
            top, 0, painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, top.width())
        )
        painter.setFont(option.font)
        painter.setPen(state_colour(index.data(STATE).name))
        below = top.translated(0, line + 1)
        text = option.fontMetrics.elidedText(index.data(DETAILS), Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, 0, text)
        painter.restore()


def state_colour(name: str) -> QColor:
    colours = theme.colours()
    known = {
        "running": colours.third,
        "failed": colours.danger,
        "interrupted": colours.warning,
        "paused": colours.warning,
    }
    return known.get(name, colours.muted)


def reveal(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def small(path: Path) -> QPixmap:
    """Saved samples as a thumbnail: the middle of the grid, or the points; sharp on screens of twice the density."""
    side = 2 * PICTURE_PX
    if path.suffix == ".npy":
        return points_in(side, load(path))
    found = QPixmap(str(path))
    if found.isNull():
        return found
    cut = min(found.width(), found.height())
    middle = found.copy((found.width() - cut) // 2, (found.height() - cut) // 2, cut, cut)
    return middle.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def points_in(side: int, points: np.ndarray | None) -> QPixmap:
    """Points [N, 2] in a square of so many pixels, the largest coordinate at its edge."""
    picture = QPixmap(side, side)
    picture.fill(theme.colours().plot)
    if points is None:
        return picture
    extent = max(1e-6, float(np.abs(points).max()))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colours().g, side / 24, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for x, y in points[:400] / (1.1 * extent):
        painter.drawPoint(QPointF((x + 1) / 2 * side, (1 - y) / 2 * side))
    painter.end()
    return picture


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
