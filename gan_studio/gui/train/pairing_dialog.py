"""The pairing assistant: which picture of A belongs to which of B, what is left over, and why."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QSplitter,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ..computing import LatestWins, Stream, attempted
from ..widgets.compare import Shown
from ..widgets.compare_panel import ComparePanel
from ..widgets.fold import quiet

if TYPE_CHECKING:
    from ...data.pairing import Pairing, PairsByName

NAMES = Qt.ItemDataRole.UserRole
PATIENCE_S = 2.0
CHOOSE = "Choose a pair: its two pictures are shown here, as they are trained on."


class PairingDialog(QDialog):
    """Reads on a thread while it is open; nothing is changed on the disk."""

    def __init__(self, source: PairsByName, parent: QWidget):
        super().__init__(parent)
        self.source = source
        self.pairing: Pairing | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Pairs")
        self._reader, self._line = Stream(self), LatestWins(self)
        self._build()
        self._reader.told.connect(self._progress)
        self._reader.failed.connect(self._fail)
        self._line.failed.connect(self._fail)
        self._reader.start(_read(source))

    def _build(self) -> None:
        self.summary = QLabel("Looking which pictures belong together …", wordWrap=True)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName("Progress of the pairing")
        self.search = QLineEdit(placeholderText="Find a picture", clearButtonEnabled=True)
        self.search.setAccessibleName("Find a picture")
        self.search.setToolTip("A part of a name, or of a reason")
        self.search.setAcceptDrops(False)
        self.matched = Table(("A", "B"), "Pairs", "The pictures that belong together; the one chosen is shown.")
        self.left = Table(("Picture", "Of", "Why it is left out"), "Left out", "The pictures without a partner.")
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Pairs and pictures that are left out")
        self.tabs.addTab(self.matched, "Pairs")
        self.tabs.addTab(self.left, "Left out")
        for table in (self.matched, self.left):
            self.search.textChanged.connect(table.filter.setFilterFixedString)
        self.matched.selectionModel().currentChanged.connect(self._show_pair)
        self.pictures = ComparePanel(CHOOSE)
        self.pictures.view.set_mode("side")
        splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        splitter.addWidget(self.tabs)
        splitter.addWidget(self.pictures)
        splitter.setSizes([420, 480])
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.button(QDialogButtonBox.StandardButton.Close).setToolTip("Close this window (Esc)")
        self.copy_button = self.buttons.addButton("&Copy list", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setToolTip("Copy what is left out, with the reasons, as text.")
        self.copy_button.clicked.connect(self._copy)
        self.copy_button.setEnabled(False)
        self.buttons.rejected.connect(self.reject)
        head = QHBoxLayout()
        head.addWidget(self.summary, 1)
        head.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(splitter, 1)
        column.addWidget(
            quiet(QLabel("Names count without their ending, and without _A and _B, input and target, x4 behind them."))
        )
        column.addWidget(self.buttons)
        self.resize(940, 560)

    # --- what was found ---

    def _progress(self, mail: list[Any]) -> None:
        from ...progress import Progress

        match mail[-1]:
            case Progress(done, total):
                self.bar.setRange(0, total)
                self.bar.setValue(done)
            case Exception() as error:
                self._fail(error)
            case pairing:
                self.show_pairing(pairing)

    def _fail(self, error: Exception) -> None:
        self.bar.hide()
        self.summary.setText(str(error))

    def show_pairing(self, pairing: Pairing) -> None:
        self.pairing = pairing
        self.bar.hide()
        self.summary.setText(words(pairing))
        self.matched.fill([(names, names) for names in pairing.matched])
        self.left.fill([((left.name, left.side, left.why), None) for left in pairing.left])
        self.tabs.setTabText(0, f"Pairs ({len(pairing.matched):,})")
        self.tabs.setTabText(1, f"Left out ({len(pairing.left):,})")
        self.tabs.setCurrentWidget(self.matched if pairing.matched else self.left)
        self.copy_button.setEnabled(bool(pairing.left))
        if pairing.matched:
            self.matched.setCurrentIndex(self.matched.filter.index(0, 0))

    def _show_pair(self, index: QModelIndex) -> None:
        if names := index.siblingAtColumn(0).data(NAMES):
            read = partial(attempted, partial(self.source.seen_pair, *names))
            self._line.ask("pair", read, partial(self._show_pictures, names))

    def _show_pictures(self, names: tuple[str, str], found: Any) -> None:
        if isinstance(found, Exception):
            self.pictures.clear(str(found))
        else:
            a, b = found
            self.pictures.show_pictures([Shown("A", a), Shown("B", b)], " and ".join(names))

    def _copy(self) -> None:
        assert self.pairing
        lines = [f"{left.side}\t{left.name}\t{left.why}" for left in self.pairing.left]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def done(self, result: int) -> None:
        """However it is closed: nothing is read any more."""
        self._reader.leave(PATIENCE_S)
        self._line.leave(PATIENCE_S)
        self.pictures.leave()
        super().done(result)


class Table(QTreeView):
    """Rows of texts, which can be searched."""

    def __init__(self, columns: tuple[str, ...], name: str, about: str):
        super().__init__()
        self.rows = QStandardItemModel(0, len(columns), self)
        self.rows.setHorizontalHeaderLabels(list(columns))
        self.filter = QSortFilterProxyModel(self)
        self.filter.setSourceModel(self.rows)
        self.filter.setFilterKeyColumn(-1)
        self.filter.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self.filter)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setAccessibleName(name)
        self.setAccessibleDescription(about)

    def fill(self, rows: list[tuple[tuple[str, ...], object]]) -> None:
        """(texts, what stands behind them)"""
        self.rows.removeRows(0, self.rows.rowCount())
        for texts, behind in rows:
            items = [QStandardItem(text) for text in texts]
            for item in items:
                item.setToolTip(item.text())
            items[0].setData(behind, NAMES)
            self.rows.appendRow(items)
        for column in range(self.rows.columnCount() - 1):
            self.resizeColumnToContents(column)


def words(pairing: Pairing) -> str:
    """ "120 pairs. 2 pictures of A and 1 of B are left out." """
    count = len(pairing.matched)
    told = f"{count:,} pair{'s' if count != 1 else ''}."
    sides = [(sum(left.side == side for left in pairing.left), side) for side in ("A", "B")]
    parts = [f"{number:,} of {side}" for number, side in sides if number]
    if not parts:
        return f"{told} Every picture has its partner."
    are = "is" if sum(number for number, _ in sides) == 1 else "are"
    return f"{told} {' and '.join(parts)} {are} left out."


def _read(source: PairsByName) -> Generator[Any, None, None]:
    """On a thread: progress, then the pairing, or why there is none."""
    from ...config import ConfigError

    try:
        yield (yield from source.pairing())
    except (ConfigError, OSError) as error:
        yield error
