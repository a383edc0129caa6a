"""The Theory tab: a list of benches, the one that is chosen, and its words. A new bench is one line in `BENCHES`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFont, QHideEvent, QPainter, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ..commands import Commands
from ..room import Found, Room
from ..session import Session
from ..worker import Worker, end_all

if TYPE_CHECKING:
    from ..computing import LatestWins
    from ..widgets.notice import Notices
    from .bench import Bench
    from .words import WordsPane

BENCHES = (  # file and class, in the order of the list
    "divergence.DivergenceBench",
    "transport.TransportBench",
    "lipschitz.LipschitzBench",
    "dynamics.DynamicsBench",
    "playground.PlaygroundBench",
    "failures.FailuresBench",
)
WIDTHS = (190, 800, 320)  # of the three columns at first
PATIENCE_S = 2.0  # a closing window waits so long for what is being computed
SUMMARY = Qt.ItemDataRole.UserRole  # of a row of the list
LOADING = "One moment: the benches are being loaded."


class TheoryRoom(Room):
    """Nothing but the frame until it is first seen: then the benches are imported on a thread."""

    title = "Theory"
    words: WordsPane
    latest: LatestWins

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self.benches: dict[str, Bench] = {}  # {id: bench}, in the order of the list
        self._built: set[str] = set()
        self._kept: dict[str, Any] = {}  # what is remembered from the last session
        self._wanted = ""  # the bench to show first
        self._ready = False
        self._loader: Worker | None = None
        self._build()

    # --- the frame ---

    def _build(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName("Benches")
        self.list.setAccessibleDescription("Arrow keys choose what is looked at.")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(TwoLines(self.list))
        self.list.setMinimumWidth(130)
        self.list.currentRowChanged.connect(self._show_row)
        self.pages = QStackedWidget()
        self.waiting = QLabel(LOADING, alignment=Qt.AlignmentFlag.AlignCenter)
        self.waiting.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.pages.addWidget(self.waiting)
        self.beside = QWidget()  # the words, once they are there
        QVBoxLayout(self.beside).setContentsMargins(0, 0, 0, 0)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=True)
        for part in (self.list, self.pages, self.beside):
            self.splitter.addWidget(part)
        self.splitter.setCollapsible(1, False)
        self.splitter.setStretchFactor(1, 1)
        self.reset_layout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)

    # --- the rest, once it is seen ---

    def make_ready(self) -> Iterator[None]:
        self._ready = True
        if self.isVisible():
            self._load()
        yield

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if bench := self.bench():
            bench.enter()
        elif self._ready:
            self._load()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._leave_bench()

    def _load(self) -> None:
        if self._loader is None and not self.benches:
            self._loader = Worker(imported(), parent=self)
            self._loader.events.connect(self._furnish)
            self._loader.failed.connect(self.session.tell)
            self._loader.finished.connect(self._loaded)
            self._loader.start()

    def _furnish(self, found: list[type[Bench]]) -> None:
        """As they come; the first of them is not waited for by the others."""
        from ..computing import LatestWins
        from .words import WordsPane

        if not self.benches:
            self.latest = LatestWins(self)
            self.latest.failed.connect(self.session.tell)
            self.words = WordsPane(self.latest)
            self.words.set_language(str(self._kept.get("language", self.words.language)))
            self.words.fold.turned.connect(self._fold_words)
            self.words.set_open(bool(self._kept.get("words", True)))
            self.words.wanted.connect(self._try)
            self.words.language_changed.connect(self._name_rows)
            layout = self.beside.layout()
            assert layout
            layout.addWidget(self.words)
        for kind in found:
            self._add(kind(self.latest))

    def _fold_words(self, open_: bool) -> None:
        """What they leave goes to the bench, and comes back from it."""
        sizes = self.splitter.sizes()
        self.beside.setMaximumWidth(self.words.maximumWidth())
        if open_ and sizes[2] < WIDTHS[2]:
            self.splitter.setSizes([sizes[0], sum(sizes[1:]) - WIDTHS[2], WIDTHS[2]])

    def _add(self, bench: Bench) -> None:
        bench.failed.connect(self.session.tell)
        self.benches[bench.id] = bench
        self.pages.addWidget(bench)
        self.list.blockSignals(True)
        self.list.addItem(QListWidgetItem())
        self.list.blockSignals(False)
        self._name_rows()

    def _loaded(self) -> None:
        assert self._loader
        self._loader.deleteLater()
        self._loader = None
        if self.benches:
            ids = list(self.benches)
            wanted = self._wanted or str(self._kept.get("bench", ""))
            self.list.setCurrentRow(ids.index(wanted) if wanted in ids else 0)

    def _name_rows(self) -> None:
        """In the language of the words."""
        from .words import read

        for row, id in enumerate(self.benches):
            text, item = read(id, self.words.language), self.list.item(row)
            item.setText(text.title)
            item.setData(SUMMARY, text.summary)
            item.setToolTip(text.summary)

    # --- which bench ---

    def bench(self) -> Bench | None:
        """The one that is shown."""
        page = self.pages.currentWidget()
        return next((bench for bench in self.benches.values() if bench is page), None)

    def show_bench(self, id: str) -> None:
        """Choose a bench, now or when it is there."""
        self._wanted = id
        if id in self.benches:
            self.list.setCurrentRow(list(self.benches).index(id))

    def _show_row(self, row: int) -> None:
        if not 0 <= row < len(self.benches):
            return
        self._leave_bench()
        bench = list(self.benches.values())[row]
        if bench.id not in self._built:
            self._built.add(bench.id)
            bench.build()
        self.pages.setCurrentWidget(bench)
        self.words.show_words(bench.id)
        if self.isVisible():
            bench.enter()

    def _leave_bench(self) -> None:
        if bench := self.bench():
            bench.leave()

    def _try(self, settings: dict[str, str]) -> None:
        bench = self.bench()
        assert bench
        try:
            bench.apply(settings)
        except ValueError as error:  # ConfigError is one
            self.session.tell(error)

    # --- the window's wishes ---

    def show_subject(self, name: str) -> None:
        self.show_bench(name)

    def palette_entries(self) -> Iterator[Found]:
        for row, id in enumerate(self.benches):
            item = self.list.item(row)
            yield f"Bench: {item.text()}", str(item.data(SUMMARY)), partial(self.show_bench, id)

    def leave(self) -> None:
        self._leave_bench()
        if self.benches:
            self.latest.forget_all()
        end_all(self, PATIENCE_S)

    def save_layout(self) -> list[QByteArray]:
        kept = dict(self._kept)
        if bench := self.bench():
            kept |= {"bench": bench.id, "language": self.words.language, "words": self.words.is_open}
        return [self.splitter.saveState(), QByteArray(json.dumps(kept).encode())]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        if len(layout) < 2:
            return
        self.splitter.restoreState(layout[0])
        try:
            self._kept = dict(json.loads(bytes(layout[1].data())))
        except (ValueError, TypeError):
            self._kept = {}

    def show_panels(self, visible: bool) -> None:
        self.list.setVisible(visible)
        self.beside.setVisible(visible)

    def reset_layout(self) -> None:
        self.splitter.setSizes(WIDTHS)
        if self.benches:
            self.words.set_open(True)


def imported() -> Iterator[type[Bench]]:
    """On the thread: some of them bring SciPy or plots."""
    from . import words  # noqa: F401

    for place in BENCHES:
        module, _, name = place.partition(".")
        yield getattr(import_module(f"{__package__}.{module}"), name)


class TwoLines(QStyledItemDelegate):
    """A title, and beneath it a quiet line or two that say what is seen there."""

    PAD = 8

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        own.text = ""
        widget = own.widget
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, widget)
        chosen = bool(own.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole
        box = own.rect.adjusted(self.PAD, self.PAD - 2, -self.PAD, -self.PAD + 2)
        painter.save()
        painter.setFont(bold(own.font))
        painter.setPen(own.palette.color(role.HighlightedText if chosen else role.Text))
        painter.drawText(box, Qt.AlignmentFlag.AlignTop, str(index.data()))
        painter.setFont(own.font)
        painter.setPen(own.palette.color(role.HighlightedText if chosen else role.PlaceholderText))
        below = box.adjusted(0, own.fontMetrics.height() + 3, 0, 0)
        painter.drawText(below, WRAPPED, str(index.data(SUMMARY)))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        view = option.widget
        width = (view.viewport().width() if isinstance(view, QListWidget) else 180) - 2 * self.PAD
        text = option.fontMetrics.boundingRect(0, 0, width, 1000, WRAPPED, str(index.data(SUMMARY)))
        return QSize(width, option.fontMetrics.height() + text.height() + 2 * self.PAD)


WRAPPED = int(Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)


def bold(font: QFont) -> QFont:
    font = QFont(font)
    font.setBold(True)
    return font
